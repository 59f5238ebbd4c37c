"""The random walks' judgement: what of a host's changes a preview has spoken of, and what nobody named."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.campaigns.walk.promises import missing_of, unannounced, untold_guests
from tests.campaigns.walk.stacks import Declared, Done
from tests.campaigns.walk.witnesses import Forwarded, Mark, Network, Sight

IPV4 = "net/ipv4/ip_forward"
DROP_IN = "/etc/sysctl.d/90-virtnet-forwarding.conf"
RECORD = "/run/virtnet/forwarding-0123456789ab.conf"
NETWORK = Network(
    uuid="u",
    active=True,
    persistent=True,
    autostart=True,
    config={"ip": '<ip><host ip="10.60.0.10" mac="52:54:00:00:00:0a"></host></ip>', "forward": "nat"},
    live={"ip": '<ip><host ip="10.60.0.10" mac="52:54:00:00:00:0a"></host></ip>', "forward": "nat"},
    mark=Mark("urn:a", "t", creating=False),
    ifindex="7",
    plugged=frozenset({"plug-lab0"}),
)


def sight(network: Network | None = NETWORK, ipv4: str = "1", files: Mapping[str, str] | None = None) -> Sight:
    networks = {} if network is None else {"lab0": network}
    return Sight(networks, {IPV4: ipv4, "net/ipv6/conf/all/forwarding": "0"}, files or {})


def preview(*lines: str, op: str = "update", kind: str = "LibvirtNetwork", **outputs: Any) -> Done:
    outputs = {"name": "lab0", **outputs} if kind == "LibvirtNetwork" else outputs
    return planned([step(kind, "a", op, recorded=outputs)], lines)


def planned(steps: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> Done:
    told = {"steps": steps, "diagnostics": [{"message": line} for line in lines]}
    return Done("pulumi preview", 0, json.dumps(told, indent=1))


def step(
    kind: str, name: str, op: str, *, recorded: Mapping[str, Any] | None = None, wanted: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    urn = f"urn:pulumi:dev::shop::pulumi-python:dynamic/virtnet:{kind}::{name}"
    return {"op": op, "urn": urn, "oldState": {"outputs": recorded}, "newState": {"inputs": wanted}}


def of_network(text: str) -> str:
    return f"network 'lab0' on qemu:///system: {text}"


def of_host(text: str) -> str:
    return f"IP forwarding on qemu:///system: {text}"


EDITED = NETWORK._replace(live={**NETWORK.live, "ip": "<ip></ip>"})
STOPPED = NETWORK._replace(active=False, live={}, ifindex="", plugged=frozenset())
RESTARTED = NETWORK._replace(ifindex="9")
UNPLUGGED = NETWORK._replace(plugged=frozenset())
TAKEN = NETWORK._replace(mark=Mark("urn:b", "s", creating=False))
BY_HOSTS = of_network("ips[10.60.0.1/24].dhcp.hosts[52:54:00:00:00:0a] is removed [live]")
STOPS = of_network("if Pulumi creates it (+): will stop the network")
AUTOSTART = of_network("autostart changes (true -> false) [live]")


@pytest.mark.parametrize(
    ("becomes", "said", "left"),
    [
        (EDITED, preview(BY_HOSTS), []),
        (EDITED, preview(AUTOSTART), ["running"]),
        (EDITED, preview(of_network("note: ips has drifted, and fixing it needs more")), ["running"]),
        (EDITED, preview(BY_HOSTS.replace("lab0", "lab1")), ["running"]),
        (EDITED, preview(op="delete"), []),
        (STOPPED, preview(of_network("active changes (true -> false) [restart]")), ["unplugged"]),
        (STOPPED, preview(STOPS), ["unplugged"]),
        (STOPPED, preview(STOPS, of_network("will start the network")), ["unplugged", "stopped"]),
        (STOPPED, preview(AUTOSTART), ["unplugged", "stopped"]),
        (STOPPED, preview(op="delete"), ["unplugged"]),
        (STOPPED, preview(op="delete", onDelete="disconnect"), []),
        (RESTARTED, preview(of_network("mtu is added (1400) [restart]")), []),
        (RESTARTED, preview(of_network("mtu is added (1400) [live]")), ["restarted"]),
        (UNPLUGGED, preview(of_network('note: link plug-lab0 is disconnected, because on_delete is "disconnect"')), []),
        (
            UNPLUGGED,
            preview(of_network("note: link plug-lab0 is disconnected for about 0.7 s")),
            ["unplugged"],
        ),
        (
            UNPLUGGED,
            preview(of_network('note: link plug-lab1 is disconnected, because on_delete is "disconnect"')),
            ["unplugged"],
        ),
        (NETWORK._replace(autostart=False), preview(AUTOSTART), []),
        (NETWORK._replace(autostart=False), preview(BY_HOSTS), ["autostart"]),
        (TAKEN, preview(of_network("note: takes the network over from 'a', which its owner mark names")), []),
        (TAKEN, preview(BY_HOSTS), ["mark"]),
        (NETWORK._replace(uuid="v"), preview(of_network("mtu is added (1400) [restart]")), ["made anew"]),
        (NETWORK._replace(uuid="v"), preview(of_network("name changes (lab1 -> lab0) [replace]")), []),
        (None, preview(op="delete"), ["unplugged"]),
        (None, preview(of_network("mtu is added (1400) [restart]")), ["removed", "unplugged"]),
    ],
)
def test_what_became_of_a_network(becomes: Network | None, said: Done, left: Sequence[str]) -> None:
    found = unannounced(sight(), sight(becomes), [said])

    assert [effect.kind for effect in found] == left


@pytest.mark.parametrize(
    ("becomes", "note", "untold"),
    [
        (RESTARTED, "note: link plug-lab0 is disconnected for about 0.7 s", []),
        (RESTARTED, "note: link plug-lab00 is disconnected for about 0.7 s", ["lab0: plug-lab0"]),
        (EDITED, "", []),
    ],
)
def test_who_is_plugged_into_what_is_restarted(becomes: Network, note: str, untold: Sequence[str]) -> None:
    said = preview(of_network("mtu is added (1400) [restart]"), of_network(note))

    assert untold_guests(sight(), sight(becomes), [said]) == untold


def on_host(*lines: str, op: str = "update", **outputs: Any) -> Done:
    return preview(*map(of_host, lines), op=op, kind="HostForwarding", **outputs)


FOUND_OFF: Mapping[str, Any] = {"previous": {IPV4: "0"}, "dropInPath": DROP_IN}


@pytest.mark.parametrize(
    ("before", "after", "said", "left"),
    [
        (sight(ipv4="0"), sight(), on_host("ipv4 is added (true) [live]"), []),
        (sight(ipv4="0"), sight(), on_host("will set net.ipv4.ip_forward to 1 (now 0), and …", op="create"), []),
        (sight(ipv4="0"), sight(), on_host("ipv6 is added (true) [live]"), ["forwarding on"]),
        (sight(ipv4="0"), sight(), on_host("note: net.ipv4.ip_forward stays on"), ["forwarding on"]),
        (sight(ipv4="0"), sight(RESTARTED), preview(of_network("mtu is added (1400) [restart]")), []),
        (sight(), sight(RESTARTED, ipv4="0"), preview(of_network("mtu is added [restart]")), ["forwarding off"]),
        (sight(), sight(ipv4="0"), on_host(op="delete", **FOUND_OFF), []),
        (sight(), sight(ipv4="0"), on_host(op="delete", previous={IPV4: "1"}), ["forwarding off"]),
        (sight(), sight(files={DROP_IN: "x"}), on_host(f"will write {DROP_IN}", op="create"), []),
        (sight(), sight(files={DROP_IN: "x"}), on_host("on_delete is added (keep) [recorded]"), ["file made"]),
        (sight(files={DROP_IN: "x"}), sight(), on_host(op="delete", **FOUND_OFF), []),
        (sight(files={"/etc/sysctl.d/other": "x"}), sight(), on_host(op="delete", **FOUND_OFF), ["file removed"]),
        (sight(files={RECORD: "x"}), sight(), on_host(op="delete", previous={}), []),
        (sight(files={DROP_IN: "x"}), sight(files={DROP_IN: "y"}), on_host(op="replace", **FOUND_OFF), []),
        (
            sight(files={DROP_IN: "x"}),
            sight(files={DROP_IN: "y"}),
            on_host(op="replace", previous={}),
            ["file written"],
        ),
        (sight(files={RECORD: "x"}), sight(), on_host("owner changes (its mark is to name b) [recorded]"), []),
        (sight(files={DROP_IN: "x"}), sight(), on_host("owner changes [recorded]"), ["file removed"]),
        (sight(files={DROP_IN: "x"}), sight(), on_host("ipv6 is added (true) [live]"), ["file removed"]),
        (sight(files={DROP_IN: "x"}), sight(), on_host("persist is added (false) [live]"), []),
    ],
)
def test_what_became_of_forwarding(before: Sight, after: Sight, said: Done, left: Sequence[str]) -> None:
    found = unannounced(before, after, [said])

    assert [effect.kind for effect in found] == left


RULES = "/etc/virtnet/port-forwards/0123456789abcdef.nft"
TO_LAB0 = Forwarded("0.0.0.0/0", "10.60.0.50:80", "")


def open_ports(**ports: Forwarded) -> Sight:
    """A host whose guest is plugged in and answers at what leads to it: `tcp8080` is port 8080."""
    told = {int(name.removeprefix("tcp")): forwarded for name, forwarded in ports.items()}
    seen = sight()._replace(ports=told, files={RULES: "x"} if ports else {})
    return seen._replace(reached={port: seen.leads_to(port) for port in told})


def of_forward(*lines: str, op: str = "update", port: str = "8080", said_of: str = "web", replaced: str = "") -> Done:
    """A preview of one step of the forward 'web'; with what is replaced, a network's beside it."""
    values = {"ports": [{"protocol": "tcp", "listenPort": port, "targetPort": "80"}]}
    recorded, wanted = None if op == "create" else values, None if op == "delete" else values
    steps = [step("PortForward", "web", op, recorded=recorded, wanted=wanted)]
    if replaced:
        steps.append(step("LibvirtNetwork", replaced, "replace", recorded={"name": replaced}))
    return planned(steps, [f"port forward '{said_of}' on qemu:///system: {line}" for line in lines])


OPEN, CLOSED = open_ports(tcp8080=TO_LAB0), open_ports()
BOTH = open_ports(tcp8080=TO_LAB0, tcp8081=TO_LAB0)
NARROW = open_ports(tcp8080=TO_LAB0._replace(sources='"198.51.100.7"'))
ELSEWHERE = open_ports(tcp8080=TO_LAB0._replace(target="10.61.0.50:80"))
SILENT = OPEN._replace(reached={8080: ""})
OPENS = "note: opens tcp 8080 of every IPv4 address of the host to 10.60.0.50:80, from anywhere"
CLOSES = "note: closes tcp 8080 of every IPv4 address of the host, which was open from anywhere"
TAKES = f"note: takes the ports of {RULES} over from 'a', which its owner mark names"
TAKES_UP = (
    f"note: manages the existing {RULES}: its owner mark names urn:a, which seems to be this resource under another "
    "parent. If that resource depends on one that this run replaces, Pulumi deletes it first, and the ports are closed "
    "until they are opened again"
)
LESS = "note: this opens less than before: 198.51.100.7/32 may connect (before: anybody)"
WRITES = f"will write {RULES}"
CHANGES = "ports[tcp 8081] is added [live]"


@pytest.mark.parametrize(
    ("before", "after", "said", "left"),
    [
        (CLOSED, OPEN, of_forward(OPENS, WRITES, op="create"), []),
        (CLOSED, OPEN, of_forward(WRITES, op="create"), ["opened"]),
        (CLOSED, OPEN, of_forward(OPENS, op="create"), ["file made"]),
        (OPEN, CLOSED, of_forward(op="delete"), []),
        (OPEN, CLOSED, of_forward(CLOSES, CHANGES), ["file removed"]),
        (OPEN, CLOSED, of_forward(CHANGES), ["file removed", "closed"]),
        (OPEN, CLOSED, of_forward(CLOSES, TAKES), []),
        (OPEN, CLOSED, of_forward(CLOSES, TAKES.replace("abcdef", "fedcba")), ["file removed"]),
        (OPEN, BOTH, of_forward(OPENS.replace("8080", "8080-8081"), CHANGES), []),
        (OPEN, BOTH, of_forward(OPENS, CHANGES), ["opened"]),
        (BOTH, OPEN, of_forward(CLOSES, CHANGES), ["closed"]),
        (OPEN, NARROW, of_forward(LESS), []),
        (OPEN, NARROW, of_forward(CHANGES), ["open to others"]),
        (OPEN, ELSEWHERE, of_forward(OPENS), []),
        (OPEN, ELSEWHERE, of_forward(CLOSES), ["leads elsewhere"]),
        (OPEN, SILENT, of_forward(OPENS, CLOSES, CHANGES), ["no longer reached"]),
        (OPEN, SILENT._replace(networks={}), preview(op="delete", onDelete="disconnect"), []),
        (OPEN, CLOSED, of_forward(TAKES_UP, op="create", replaced="lab1"), []),
        (OPEN, CLOSED, of_forward(TAKES_UP, op="create"), ["file removed", "closed"]),
        (OPEN, CLOSED, of_forward(TAKES_UP, op="create", port="8081", replaced="lab1"), ["closed"]),
        (OPEN, CLOSED, of_forward(TAKES_UP, op="create", said_of="ssh", replaced="lab1"), ["closed"]),
        (
            OPEN,
            CLOSED,
            of_forward(TAKES_UP.replace("abcdef", "fedcba"), op="create", replaced="lab1"),
            ["file removed"],
        ),
        (OPEN, NARROW, of_forward(LESS, said_of="ssh"), ["open to others"]),
        (BOTH, OPEN, of_forward(CLOSES.replace("8080", "8081"), op="create"), []),
    ],
)
def test_what_became_of_ports(before: Sight, after: Sight, said: Done, left: Sequence[str]) -> None:
    found = unannounced(before, after, [said])

    assert [effect.kind for effect in found] == left


def forward(**args: Any) -> Declared:
    ports = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]
    return Declared("PortForward", "web", {"network": "lab0", "ports": ports, **args})


@pytest.mark.parametrize(
    ("one", "after", "missing"),
    [
        (forward(), OPEN, []),
        (forward(), CLOSED, ["tcp 8080 is to lead to 10.60.0.50:80 and leads to None"]),
        (forward(), ELSEWHERE, ["tcp 8080 is to lead to 10.60.0.50:80 and leads to 10.61.0.50:80"]),
        (forward(listen_address="198.51.100.1"), OPEN, ["tcp 8080 listens on 0.0.0.0/0"]),
        (forward(sources=["203.0.113.0/24"]), NARROW, ['tcp 8080 is open to "198.51.100.7"']),
        (forward(), SILENT, ["tcp 8080 reaches '' and not 'lab0 80'"]),
        (forward(), SILENT._replace(forwarding={**SILENT.forwarding, IPV4: "0"}), []),
    ],
)
def test_what_a_program_forwards_and_is_not_there(one: Declared, after: Sight, missing: Sequence[str]) -> None:
    assert list(missing_of(one, after)) == missing


def declared(**args: Any) -> Declared:
    hosts = [{"mac": "52:54:00:00:00:0a", "ip": "10.60.0.10"}]
    return Declared("LibvirtNetwork", "a", {"name": "lab0", "ips": [{"dhcp": {"hosts": hosts}}], **args})


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (declared(), []),
        (declared(autostart=False), ["autostart of lab0 is True"]),
        (declared(active=False), ["network lab0 is active"]),
        (declared(name="lab1"), ["network lab1 is gone"]),
        (declared(mtu=1400), ["mtu of lab0 is None"] * 2),
        (declared(domain={"name": "lab.example"}), ["domain of lab0 is None"] * 2),
        (declared(ips=[{"dhcp": {"hosts": []}}]), ["reservations of lab0 are for ['52:54:00:00:00:0a']"] * 2),
        (Declared("HostForwarding", "a", {"ipv4": True}), []),
        (Declared("HostForwarding", "a", {"ipv4": False}), [f"ipv4=False: {IPV4} is 1"]),
    ],
)
def test_what_a_program_names_and_is_not_there(one: Declared, missing: Sequence[str]) -> None:
    assert list(missing_of(one, sight())) == missing


def test_an_ignored_property_may_be_as_others_have_it() -> None:
    one = declared(autostart=False, mtu=1400, ips=[{"dhcp": {"hosts": []}}])
    one.options["ignore_changes"] = ["ips[0].dhcp.hosts", "autostart", "mtu"]

    assert list(missing_of(one, sight())) == []
