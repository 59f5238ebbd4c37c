"""What a host has against ports that are to be opened, as a table; and what stands as a note."""

import json
from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import LAB, applied, at, checked, forwarding_host, lab, planned, refreshed

from virtnet.errors import Refused
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import ListeningSocket
from virtnet.port_forward.kinds import NoteKind, RefusalKind
from virtnet.port_forward.messages import messages
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.plan.problems import problem_of
from virtnet.port_forward.resource import PORT_FORWARD

DOCKER = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER -i wg0 -p tcp -m tcp --dport 9090 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER -d 198.51.100.7/32 -p udp -m udp --dport 53:60 -j DNAT --to-destination 172.17.0.2
COMMIT
*filter
-A FORWARD -p tcp -m tcp --dport 7070 -j ACCEPT
COMMIT
"""


def nat_rule(table: str, name: str, *expression: Any) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": table, "chain": name, "handle": 2, "expr": list(expression)}}


def is_port(protocol: str, port: Any) -> dict[str, Any]:
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    return {"match": {"op": "==", "left": left, "right": port}}


def is_address(name: str, address: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": name}}, "right": address}}


ALLOWED = ("firewalld", "nat_PRE_public_allow")
OURS_IN_NFT = ("virtnet_port_forwards", "forward_137af69ba997f66e")
TO_443 = {"dnat": {"family": "ip", "addr": "192.168.123.60", "port": 443}}
SOMEWHERE = {"prefix": {"addr": "203.0.113.0", "len": 24}}
NFT = json.dumps(
    {
        "nftables": [
            {"chain": {"family": "inet", "table": ALLOWED[0], "name": ALLOWED[1], "handle": 1}},
            {"chain": {"family": "inet", "table": OURS_IN_NFT[0], "name": OURS_IN_NFT[1], "handle": 1}},
            nat_rule(*ALLOWED, is_port("tcp", 8443), {"counter": {"packets": 5, "bytes": 300}}, TO_443),
            nat_rule(
                *ALLOWED,
                is_address("daddr", "198.51.100.7"),
                is_port("udp", {"set": [53, {"range": [69, 70]}]}),
                {"redirect": {"port": 5353}},
            ),
            nat_rule(*ALLOWED, is_address("saddr", SOMEWHERE), is_port("tcp", 9000), TO_443),
            nat_rule(*OURS_IN_NFT, is_port("tcp", 6060), TO_443),
        ]
    }
)


def one_port(port: str, protocol: str = "tcp") -> dict[str, Any]:
    return {"ports": [{"protocol": protocol, "listen_port": port}]}


def socket(port: int, address: str = "0.0.0.0", protocol: str = "tcp") -> ListeningSocket:  # noqa: S104
    return ListeningSocket(protocol=protocol, address=address, interface="", port=port)


def refused(host: FakeHost, inputs: dict[str, Any], *networks: Any) -> list[RefusalKind]:
    return [one.kind for one in planned(at(host, *networks), checked(**inputs)).refusals]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("inputs", "kinds"),
    [
        ({}, []),
        ({"listen_address": "198.51.100.1"}, []),
        ({"listen_address": "198.51.100.2"}, [RefusalKind.ADDRESS_NOT_ON_HOST]),
        ({"target_address": "192.168.124.5"}, [RefusalKind.TARGET_OUTSIDE]),
        ({"target_address": "192.168.123.1"}, [RefusalKind.TARGET_IS_GATEWAY]),
        ({"target_address": "fd00:123::1"}, [RefusalKind.TARGET_IS_GATEWAY]),
        (one_port("22"), [RefusalKind.SSH_PORT]),
        (one_port("20-30"), [RefusalKind.SSH_PORT]),
        (one_port("22", "udp"), []),
        ({**one_port("22"), "allow_ssh": True}, []),
    ],
)
def test_a_host_without_anything_else(inputs: dict[str, Any], kinds: list[RefusalKind]) -> None:
    assert refused(forwarding_host(), inputs) == kinds


def test_what_is_refused_is_not_told_as_if_it_happened() -> None:
    shown: list[str] = []

    with pytest.raises(Refused):
        lifecycle.create(PORT_FORWARD, checked(**one_port("22")), lambda uri: at(forwarding_host()), shown.append)

    assert shown == []


@pytest.mark.parametrize(
    ("configuration", "port", "kinds"),
    [
        ("#Port 22\n", "22", [RefusalKind.SSH_PORT]),
        ("Port 2222\n", "22", []),
        ("Port 2222\n", "2222", [RefusalKind.SSH_PORT]),
        ("port=2222 \nPort 22\n", "22", [RefusalKind.SSH_PORT]),
        ("ListenAddress 198.51.100.1:2200\n", "2200", [RefusalKind.SSH_PORT]),
        ("ListenAddress [2001:db8::1]:2201 rdomain mgmt\n", "2201", [RefusalKind.SSH_PORT]),
        ("ListenAddress 2001:db8::1\n", "22", [RefusalKind.SSH_PORT]),
        ("Match User root\n  Port 2222\n", "2222", []),
    ],
)
def test_the_ssh_servers_own_configuration_counts(configuration: str, port: str, kinds: list[RefusalKind]) -> None:
    files = {"/etc/ssh/sshd_config": configuration}

    assert refused(forwarding_host(files=files), one_port(port)) == kinds


def test_the_port_in_the_uri_is_a_way_in() -> None:
    uri = "qemu+ssh://root@kvm1:2022/system"
    clients = at(forwarding_host())
    clients.libvirt.uri = uri  # type: ignore[misc]

    found = planned(clients, checked(uri=uri, **one_port("2022"))).refusals

    assert [one.kind for one in found] == [RefusalKind.SSH_PORT]


@pytest.mark.parametrize(
    ("bound", "inputs", "taken"),
    [
        (socket(8080), {}, True),
        (socket(8080, "*"), {}, True),
        (socket(8080, "::"), {}, True),
        (socket(8080, "127.0.0.1"), {}, False),
        (socket(8080, "::1"), {}, False),
        (socket(8080, "198.51.100.1"), {}, True),
        (socket(8080, "198.51.100.1"), {"listen_address": "198.51.100.1"}, True),
        (socket(8080, "192.168.123.1"), {"listen_address": "198.51.100.1"}, False),
        (socket(8080, "192.168.123.1"), {}, True),
        (socket(8080, "2001:db8::1"), {}, False),
        (socket(8080, protocol="udp"), {}, False),
        (socket(8081), {}, False),
        (socket(8085), one_port("8080-8090"), True),
    ],
)
def test_a_process_that_would_no_longer_be_reached(bound: ListeningSocket, inputs: dict[str, Any], taken: bool) -> None:
    found = refused(forwarding_host(sockets=[bound]), inputs)

    assert found == ([RefusalKind.PORT_IN_USE] if taken else [])


@pytest.mark.parametrize(
    ("inputs", "taken"),
    [
        (one_port("8080"), True),
        (one_port("8000-9000"), True),
        (one_port("8080", "udp"), False),
        (one_port("9090"), False),
        (one_port("7070"), False),
        (one_port("6060"), False),
        (one_port("9000"), False),
        (one_port("8443"), True),
        ({**one_port("60", "udp")}, True),
        ({**one_port("70", "udp")}, True),
        ({**one_port("60", "udp"), "listen_address": "198.51.100.1"}, False),
        ({**one_port("8080"), "target_address": "fd00:123::50"}, False),
    ],
)
def test_a_rule_of_others_that_sends_the_port_elsewhere(inputs: dict[str, Any], taken: bool) -> None:
    host = forwarding_host(listings={"iptables-save": DOCKER, "nft-json": NFT})

    assert refused(host, inputs) == ([RefusalKind.PORT_FORWARDED_BY_OTHERS] if taken else [])


@pytest.mark.parametrize(
    "listed",
    [
        "-A",
        "*nat\n-A X -j DNAT '",
        "*nat\n:X -\n-A X -p tcp --dport x:y -j DNAT\nCOMMIT",
        '{"nftables": [{"rule": {}}]}',
    ],
)
def test_what_a_program_lists_may_be_anything(listed: str) -> None:
    host = forwarding_host(listings={"iptables-save": listed, "nft-json": listed})

    assert refused(host, {}) == []


def chain(name: str, hook: str, policy: str) -> dict[str, Any]:
    place = {"family": "inet", "table": "mine", "name": name, "handle": 1}
    return {"chain": {**place, "type": "filter", "hook": hook, "prio": 0, "policy": policy}}


def rule(name: str, *expression: Any) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "mine", "chain": name, "handle": 2, "expr": list(expression)}}


def equal(left: Any, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


MINE = {"table": {"family": "inet", "name": "mine", "handle": 1}}
DNAT = equal({"ct": {"key": "status"}}, "dnat")
TCP_8080 = equal({"payload": {"protocol": "tcp", "field": "dport"}}, 8080)
TCP_80 = equal({"payload": {"protocol": "tcp", "field": "dport"}}, 80)
OWN_LINK = equal({"meta": {"key": "oifname"}}, "vnpf*")
DOCKERS_POLICY = """*filter
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
COMMIT
"""


@pytest.mark.parametrize(
    ("listed", "blocked"),
    [
        ([chain("forward", "forward", "accept")], False),
        ([chain("forward", "forward", "drop")], True),
        ([chain("forward", "forward", "drop"), rule("forward", DNAT, {"accept": None})], False),
        # It depends on where the answer leaves, and to which port, which is not known: so it is not called a drop.
        ([chain("forward", "forward", "drop"), rule("forward", OWN_LINK, {"accept": None})], False),
        ([chain("forward", "forward", "drop"), rule("forward", TCP_80, {"accept": None})], False),
        ([chain("forward", "forward", "accept"), rule("forward", TCP_80, {"drop": None})], True),
        ([chain("forward", "forward", "accept"), rule("forward", TCP_8080, {"drop": None})], False),
        ([chain("pre", "prerouting", "accept"), rule("pre", TCP_8080, {"drop": None})], True),
        ([chain("input", "input", "drop")], False),
    ],
)
def test_a_chain_of_others_that_drops_has_the_last_word(listed: list[Any], blocked: bool) -> None:
    host = forwarding_host(listings={"nft-json": json.dumps({"nftables": [MINE, *listed]})})

    found = planned(at(host), checked()).refusals

    assert [one.kind for one in found] == ([RefusalKind.BLOCKED] if blocked else [])


def test_what_docker_drops_in_iptables_virtnets_own_rule_lets_pass_before() -> None:
    assert refused(forwarding_host(listings={"iptables-save": DOCKERS_POLICY}), {}) == []


OURS = (
    "-A FORWARD -m connmark --mark 0x10000000/0x10000000 -m conntrack --ctstate DNAT"
    " -m comment --comment virtnet_port_forwards -j ACCEPT"
)
DROP = "-A FORWARD -p tcp -j DROP"


@pytest.mark.parametrize(
    ("rules", "kinds"),
    [
        ([DROP], []),
        ([OURS], []),
        ([OURS, DROP], []),
        ([DROP, OURS], [RefusalKind.BLOCKED]),
        (["-A FORWARD -s 203.0.113.0/24 -j DROP", OURS], []),
        (["-A FORWARD -j MINE", OURS, "-A MINE -p tcp -j DROP"], [RefusalKind.BLOCKED]),
    ],
)
def test_what_stands_before_virtnets_own_rule_has_its_say_first(rules: list[str], kinds: list[RefusalKind]) -> None:
    listed = "\n".join(["*filter", ":FORWARD DROP [0:0]", ":MINE - [0:0]", *rules, "COMMIT", ""])

    assert refused(forwarding_host(listings={"iptables-save": listed}), {}) == kinds


@pytest.mark.parametrize(("priority", "translated"), [(-150, False), (-105, False), (-90, True)])
def test_what_drops_before_the_translation_does_not_know_virtnets_mark(priority: int, translated: bool) -> None:
    before = chain("pre", "prerouting", "drop")
    before["chain"]["prio"] = priority
    host = forwarding_host(listings={"nft-json": json.dumps({"nftables": [MINE, before]})})

    (found,) = planned(at(host), checked()).refusals

    assert (found.kind, found.details["translated"]) == (RefusalKind.BLOCKED, translated)


def test_a_chain_that_drops_later_on_is_named_by_a_refresh() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    host.firewall.listings["nft-json"] = json.dumps({"nftables": [MINE, chain("forward", "forward", "drop")]})

    (problem,) = refreshed(clients, recorded)["problems"]

    assert messages().sentence(problem_of(problem)) == (
        "chain forward of table inet mine drops packets to the guest, by its policy drop. To accept them: nft "
        "insert rule inet mine forward ct status dnat ct mark and 0x10000000 == 0x10000000 accept"
    )


def test_a_host_that_does_not_forward() -> None:
    host = forwarding_host()
    host.kernel.ipv4["all"] = 0

    assert refused(host, {}) == [RefusalKind.FORWARDING_OFF]
    assert refused(host, {}, lab(active=False)) == [], "its start turns forwarding on"
    assert refused(host, {"target_address": "fd00:123::50"}) == []


def test_a_host_without_nft() -> None:
    host = forwarding_host()
    host.programs.clear()

    assert refused(host, {}) == [RefusalKind.NO_NFT]


def test_without_nft_nothing_is_deleted_as_its_rules_would_stay() -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked())
    host.programs.clear()

    plan = planned(at(host), None, recorded)

    assert [refusal.kind for refusal in plan.refusals] == [RefusalKind.NO_NFT]


def test_a_user_who_may_not_is_told_before_anything_is_done() -> None:
    host = forwarding_host()
    host.privileges.is_root = False

    assert refused(host, {}) == [RefusalKind.NO_RIGHT]


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("<forward mode='nat'/>", []),
        ("<forward mode='route'/>", []),
        ("<forward mode='open'/>", []),
        ("<forward mode='bridge'/>", [RefusalKind.MODE_TAKES_NONE]),
        ("", [RefusalKind.MODE_TAKES_NONE]),
    ],
)
def test_a_networks_mode(mode: str, kinds: list[RefusalKind]) -> None:
    xml = LAB.replace("<forward mode='nat'/>", mode)

    assert refused(forwarding_host(), {}, lab(xml)) == kinds


@pytest.mark.parametrize("bridge", ["a;b", "a b", "a{b}", "br$(id)", "é"])
def test_a_bridge_whose_name_no_rule_can_hold(bridge: str) -> None:
    assert refused(forwarding_host(), {}, lab(LAB.replace("virbr7", bridge))) == [RefusalKind.BRIDGE_NAME]


def test_no_host_to_ask_is_said_by_the_uri() -> None:
    clients = Clients(libvirt=at(forwarding_host()).libvirt, host=None)

    with pytest.raises(Refused, match="NO_HOST_ACCESS"):
        observe(clients, checked(), {})


@pytest.mark.parametrize(
    ("inputs", "active", "kinds"),
    [
        ({"target_address": "192.168.123.120"}, True, [NoteKind.TARGET_MAY_MOVE]),
        ({"target_address": "192.168.123.150"}, True, []),
        ({"target_address": "192.168.123.60"}, True, []),
        ({}, False, [NoteKind.NETWORK_INACTIVE]),
    ],
)
def test_what_may_keep_it_from_leading_there_is_a_note(
    inputs: dict[str, Any], active: bool, kinds: list[NoteKind]
) -> None:
    found = planned(at(forwarding_host(), lab(active=active)), checked(**inputs)).notes

    assert [note.kind for note in found if note.kind is not NoteKind.OPENS] == kinds


@pytest.mark.parametrize(
    ("inputs", "kind", "nearest"),
    [
        ({"network": "other"}, RefusalKind.NETWORK_MISSING, ""),
        ({"network": "Lab1"}, RefusalKind.NETWORK_MISSING, "lab"),
        ({"network": "00000000-0000-4000-8000-000000000000"}, RefusalKind.NETWORK_MISSING, ""),
        ({"target_name": "nobody"}, RefusalKind.RESERVATION_MISSING, ""),
        ({"target_name": "wbe"}, RefusalKind.RESERVATION_MISSING, "web"),
        ({"target_mac": "52:54:00:00:00:01"}, RefusalKind.RESERVATION_MISSING, "52:54:00:00:00:50"),
    ],
)
def test_what_is_not_there_and_nothing_in_this_run_makes_is_refused_with_what_was_meant(
    inputs: dict[str, Any], kind: RefusalKind, nearest: str
) -> None:
    plan = planned(at(forwarding_host()), checked(**inputs))

    assert [(one.kind, one.details["nearest"]) for one in plan.refusals] == [(kind, nearest)]
    assert plan.steps == ()


@pytest.mark.parametrize(
    ("inputs", "place", "version", "address"),
    [
        ({"listen_address": "2001:db8::1"}, "listen_address", 6, "192.168.123.150"),
        ({"sources": ["2001:db8::/32"]}, "sources", 6, "192.168.123.150"),
    ],
)
def test_a_reservation_of_the_other_version_of_ip_is_refused_as_such(
    inputs: dict[str, Any], place: str, version: int, address: str
) -> None:
    plan = planned(at(forwarding_host()), checked(target_name="moving", **inputs))

    (refusal,) = plan.refusals
    assert refusal.kind is RefusalKind.TARGET_VERSION
    assert refusal.details == {"name": "moving", "address": address, "place": place, "version": version}


@pytest.mark.parametrize(
    ("inputs", "target", "guest"),
    [
        ({"target_address": "192.168.123.50"}, "192.168.123.50", "web"),
        ({"target_address": "192.168.123.60"}, "192.168.123.60", ""),
        ({"target_name": "web"}, "192.168.123.50", "web"),
        ({"target_name": "web", "listen_address": "2001:db8::1"}, "fd00:123::50", "web"),
        ({"target_name": "web", "sources": ["2001:db8::/32"]}, "fd00:123::50", "web"),
        ({"target_mac": "52:54:00:00:00:50"}, "192.168.123.50", "web"),
    ],
)
@pytest.mark.parametrize("network", ["lab", "6f1c2a3e-0000-4000-8000-00000000001a"])
def test_a_guest_is_found_by_its_address_or_its_reservation(
    inputs: dict[str, Any], target: str, guest: str, network: str
) -> None:
    clients = at(forwarding_host())

    plan = planned(clients, checked(network=network, **inputs))

    assert plan.details["target"] == target
    assert plan.notes[0].details["guest"] == guest
    assert applied(clients, checked(network=network, **inputs))["target"] == target


def test_another_of_the_same_ports_counts_only_where_it_is_new() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    host.sockets.listening = [socket(8080)]

    again = planned(clients, checked(sources=["203.0.113.0/24"]), recorded)

    assert again.refusals == ()


def test_every_refusal_reads_as_a_sentence_with_its_fix() -> None:
    host = forwarding_host(sockets=[socket(8080)], listings={"nft-json": NFT})
    found = planned(at(host), checked(listen_address="198.51.100.2", ports=[
        {"protocol": "tcp", "listen_port": "22"}, {"protocol": "tcp", "listen_port": "8000-8500"},
    ])).refusals  # fmt: skip

    assert [str(messages().advice(one)) for one in found] == [
        "this host doesn't have the address 198.51.100.2: it has 198.51.100.1 and 192.168.123.1. Correct "
        "listen_address, or add the address",
        "tcp 22 is the port of this host's own ssh server, and may be your only way to log in. Choose another "
        "listen_port. If you have another way to log in, set allow_ssh",
        "a process of this host already listens on tcp 8080 of 0.0.0.0, and would no longer be reachable. Choose "
        "another listen_port, or stop that process",
        "another rule already redirects tcp 8443 of this host (nft: inet firewalld: tcp dport 8443 dnat ip to "
        "192.168.123.60:443). Choose another listen_port, or remove that rule with the program that added it",
    ]
