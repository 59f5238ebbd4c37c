"""Which firewall rules are said to be left of a network, by listings of real hosts and what libvirt leaves there.

data/firewall/modes: networks of each mode, and what the programs list while all of them run (libvirt 9.0 with iptables,
11.3 with nftables).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from virtnet.network.observe.firewall.backends import backends_with_rules
from virtnet.network.observe.firewall.left import (
    Left,
    NftRule,
    Sought,
    left,
    nft_rules_left,
    rules_left,
)
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.xml.definition import Definition

DATA = Path(__file__).parents[3] / "data" / "firewall" / "modes"
IPTABLES = {name: (DATA / f"{name}.txt").read_text() for name in ("iptables-save", "ip6tables-save")}
NFT = (DATA / "nft.json").read_text()
NETWORKS = ["nat", "nat66", "route", "isolated", "quiet"]
#: Of a bridge that is gone, as nft prints it.
GONE = "17"

RULES = (DATA.parent / "iptables-save-lab.txt").read_text()


def network(name: str) -> Definition:
    return Definition((DATA / f"{name}.xml").read_text())


def links() -> tuple[str, ...]:
    return ("lo", *(network(name).bridge for name in NETWORKS))


def known(of: Definition, **more: Any) -> Sought:
    return Sought(bridges=frozenset({of.bridge}), subnets=frozenset(map(str, of.subnets)), **more)


def rules_of(listing: str, live: Definition) -> list[dict[str, Any]]:
    """A network's rules, as nft prints them: those that name its bridge, and those of NAT that name its subnets."""
    names = [f'"right": "{live.bridge}"']
    names += [f'"field": "saddr"}}}}, "right": {{"prefix": {{"addr": "{s.network_address}"' for s in live.subnets]
    printed = [entry["rule"] for entry in json.loads(listing)["nftables"] if "rule" in entry]
    return [rule for rule in printed if any(name in json.dumps(rule["expr"]) for name in names)]


def with_rules(listing: str, *more: Mapping[str, Any], newer: int = 0) -> str:
    """A listing with other rules in it, and with its own rules that much newer."""
    entries = json.loads(listing)["nftables"]
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        rule["handle"] += newer
    return json.dumps({"nftables": [*entries, *({"rule": rule} for rule in more)]})


def once_gone(rules: Sequence[Mapping[str, Any]], bridge: str) -> list[dict[str, Any]]:
    """Rules as they are printed when their bridge is gone."""
    return [json.loads(json.dumps(rule).replace(f'"right": "{bridge}"', f'"right": "{GONE}"')) for rule in rules]


def told(rules: Sequence[Mapping[str, Any]]) -> set[NftRule]:
    return {NftRule(rule["family"], rule["chain"], rule["handle"]) for rule in rules}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("backend", Backend)
def test_nothing_is_left_of_a_network_that_has_just_started(name: str, backend: Backend) -> None:
    live = network(name)
    rules: dict[str, str | None] = {"nft-json": NFT} if backend is Backend.NFTABLES else {**IPTABLES}

    assert left(rules, known(live, live=live, backend=backend), links()) == Left()


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_stop_has_left_is_found_by_the_number_that_the_bridge_had(name: str) -> None:
    stopped = network(name)
    of_it = rules_of(NFT, stopped)
    listing = NFT.replace(f'"{stopped.bridge}"', f'"{GONE}"')

    found, _ = nft_rules_left(listing, known(stopped, indexes=frozenset({GONE})), links())

    assert len(of_it) > 2
    assert set(found) == told(of_it)


@pytest.mark.parametrize(("name", "seen"), [("nat", True), ("nat66", True), ("route", True), ("isolated", False)])
@pytest.mark.parametrize("runs", [True, False])
def test_what_an_earlier_time_has_left_is_told_from_what_is_in_use_by_its_subnets(
    name: str, *, seen: bool, runs: bool
) -> None:
    """Of a network without rules by a subnet nothing tells them from another's, and they do nothing."""
    live = network(name)
    earlier = once_gone(rules_of(NFT, live), live.bridge)
    in_use = rules_of(with_rules(NFT, newer=1000), live)
    listing = with_rules(NFT, *earlier, newer=1000)
    sought = known(live, live=live, backend=Backend.NFTABLES) if runs else known(live)

    found, twice = nft_rules_left(listing, sought, links())

    earlier_told = told(earlier) if seen else set()
    assert bool(found) is (seen or not runs)
    assert {*found, *twice} == (earlier_told if runs else earlier_told | told(in_use))


@pytest.mark.parametrize("name", NETWORKS)
def test_of_rules_that_are_there_twice_the_older_are_copies(name: str) -> None:
    live = network(name)
    older = rules_of(NFT, live)

    found, twice = nft_rules_left(
        with_rules(NFT, *older, newer=1000), known(live, live=live, backend=Backend.NFTABLES), links()
    )

    assert found == ()
    assert set(twice) == told(older)


def test_nat_to_another_device_than_the_network_names_is_left() -> None:
    live = network("nat")
    renamed = Definition(live.xml.replace("<forward mode='nat'", "<forward dev='eth9' mode='nat'"))

    found, _ = nft_rules_left(NFT, known(renamed, live=renamed, backend=Backend.NFTABLES), links())

    assert renamed.forward_device == "eth9"
    assert set(found) == told([rule for rule in rules_of(NFT, live) if rule["chain"] == "guest_nat"])


def test_nat_of_a_network_that_is_routed_now_is_left() -> None:
    before = network("nat")
    routed = Definition(before.xml.replace("mode='nat'", "mode='route'").replace('mode="nat"', 'mode="route"'))

    found, _ = nft_rules_left(NFT, known(routed, live=routed, backend=Backend.NFTABLES), links())

    assert routed.mode == "route"
    assert {rule.chain for rule in found} == {"guest_nat"}


def test_nat_of_a_subnet_that_another_bridge_has_stays() -> None:
    """As two networks may have it, where an overlap is allowed."""
    other = network("nat")
    stopped = Definition(other.xml.replace(other.bridge, "vn-gone"))

    assert nft_rules_left(NFT, known(stopped), links()) == ((), ())


def test_a_link_that_has_a_number_for_its_name_is_there() -> None:
    live = network("nat")
    listing = NFT.replace(f'"{live.bridge}"', f'"{GONE}"')

    found, _ = nft_rules_left(listing, Sought(subnets=known(live).subnets), (*links(), GONE))

    assert found == ()


OTHERS: list[dict[str, Any]] = [
    {"accept": None},
    {"xt": {"type": "target", "name": "LOG"}},
    {"drop": None},
]


@pytest.mark.parametrize("verdict", OTHERS)
@pytest.mark.parametrize("counts", [True, False])
def test_what_others_have_put_into_libvirts_tables_stays(verdict: dict[str, Any], *, counts: bool) -> None:
    stopped = network("nat")
    saddr = {"payload": {"protocol": "ip", "field": "saddr"}}
    subnet = next(subnet for subnet in stopped.subnets if subnet.version == 4)
    prefix = {"prefix": {"addr": str(subnet.network_address), "len": subnet.prefixlen}}
    matches = [{"match": {"op": "==", "left": saddr, "right": prefix}}]
    counted = [{"counter": {"packets": 0, "bytes": 0}}] if counts else []
    place = {"family": "ip", "table": "libvirt_network", "chain": "guest_nat", "handle": 900}
    mine = {**place, "expr": [*matches, *counted, verdict]}
    commented = {**rules_of(NFT, stopped)[-1], "handle": 901, "comment": "mine"}

    found, _ = nft_rules_left(with_rules(NFT, mine, commented), known(stopped), links())

    assert {rule.handle for rule in found}.isdisjoint({900, 901})
    assert set(found) == told(rules_of(NFT, stopped))


@pytest.mark.parametrize(
    ("mode", "backend", "there"),
    [
        ("nat", Backend.NFTABLES, (Backend.IPTABLES,)),
        ("nat", Backend.IPTABLES, (Backend.NFTABLES,)),
        ("open", None, tuple(Backend)),
        ("nat", None, ()),
    ],
)
def test_rules_of_the_backend_that_a_host_had_before_are_left(
    mode: str, backend: Backend | None, there: tuple[Backend, ...]
) -> None:
    was = network("nat")
    live = Definition(was.xml.replace("mode='nat'", f"mode='{mode}'").replace('mode="nat"', f'mode="{mode}"'))

    found = left({**IPTABLES, "nft-json": NFT}, known(live, live=live, backend=backend), links())

    assert live.mode == mode
    assert found.backends == there


@pytest.mark.parametrize(
    ("listers", "backends"),
    [
        (("iptables-save",), (Backend.IPTABLES,)),
        (("nft-json",), (Backend.NFTABLES,)),
        (("iptables-save", "nft-json"), (Backend.NFTABLES, Backend.IPTABLES)),
        ((), ()),
    ],
)
def test_either_backend_or_both_may_have_rules_of_a_network(
    listers: Sequence[str], backends: tuple[Backend, ...]
) -> None:
    listings = {**IPTABLES, "nft-json": NFT}

    assert backends_with_rules(network("nat").bridge, {lister: listings[lister] for lister in listers}) == backends


def test_the_rules_of_a_bridge_that_is_gone_are_told_from_all_others() -> None:
    found = rules_left(RULES, "vn-lab")

    assert [(rule.table, rule.words[:5]) for rule in found] == [
        ("nat", ("LIBVIRT_PRT", "-s", "10.91.0.0/24", "-d", "224.0.0.0/24")),
        ("filter", ("LIBVIRT_FWI", "-d", "10.91.0.0/24", "-o", "vn-lab")),
        ("filter", ("LIBVIRT_FWI", "-o", "vn-lab", "-j", "REJECT")),
    ]


def test_rules_of_a_subnet_that_another_bridge_has_too_stay() -> None:
    shared = RULES.replace("10.92.0.0/24", "10.91.0.0/24")

    found = rules_left(shared, "vn-lab")

    assert {rule.table for rule in found} == {"filter"}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("program", IPTABLES)
def test_each_rule_that_libvirt_wrote_in_iptables_is_known(name: str, program: str) -> None:
    of_it = network(name)
    version = 6 if program == "ip6tables-save" else 4
    names = [of_it.bridge, *(f"-s {subnet}" for subnet in of_it.subnets if subnet.version == version)]
    lines = [line for line in IPTABLES[program].splitlines() if any(f" {one} " in line for one in names)]

    found = rules_left(IPTABLES[program], of_it.bridge)

    assert len(lines) > 2 or (name, version) == ("isolated", 6)
    assert sorted(" ".join(("-A", *rule.words)) for rule in found) == sorted(lines)


#: As libvirt writes them for what the networks of the data have not: a device, addresses to go out by, TFTP.
LIBVIRTS_OTHER_FORMS = """\
*mangle
-A LIBVIRT_PRT -o vn-lab -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill
*filter
-A LIBVIRT_FWO -s 10.91.0.0/24 -i vn-lab -o eth9 -j ACCEPT
-A LIBVIRT_FWI -d 10.91.0.0/24 -i eth9 -o vn-lab -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_INP -i vn-lab -p udp -m udp --dport 69 -j ACCEPT
-A LIBVIRT_OUT -o vn-lab -p udp -m udp --dport 69 -j ACCEPT
*nat
-A LIBVIRT_PRT -s 10.91.0.0/24 -d 224.0.0.0/24 -o eth9 -j RETURN
-A LIBVIRT_PRT -s 10.91.0.0/24 ! -d 10.91.0.0/24 -o eth9 -p tcp -j SNAT --to-source 192.0.2.1-192.0.2.9:1024-65535
-A LIBVIRT_PRT -s 10.91.0.0/24 ! -d 10.91.0.0/24 -o eth9 -j SNAT --to-source 192.0.2.1-192.0.2.9
"""


def test_libvirts_other_forms_are_known_too() -> None:
    assert len(rules_left(LIBVIRTS_OTHER_FORMS, "vn-lab")) == LIBVIRTS_OTHER_FORMS.count("-A ")


OTHERS_IN_IPTABLES = [
    "*filter\n-A LIBVIRT_FWI -d 10.91.0.10/32 -o vn-lab -p tcp -m tcp --dport 22 -j ACCEPT",
    "*filter\n-A LIBVIRT_FWI -d 10.91.0.10/32 -o vn-lab -j ACCEPT",
    "*filter\n-A LIBVIRT_FWI -o vn-lab -m mark --mark 0x1 -j ACCEPT",
    '*filter\n-A LIBVIRT_FWI -d 10.91.0.0/24 -o vn-lab -m comment --comment "the office" -j ACCEPT',
    "*filter\n-A LIBVIRT_FWO -i vn-lab -j LOG",
    "*filter\n-A LIBVIRT_INP -i vn-lab -p tcp -m tcp --dport 22 -j ACCEPT",
    "*filter\n-A LIBVIRT_INP",
    "*nat\n-A LIBVIRT_PRT -s 10.91.0.0/24 -d 10.8.0.0/24 -j RETURN",
    "*filter\n-A LIBVIRT_FWO -s 10.92.0.0/24 -i vn-far -o vn-lab -j ACCEPT",
    "*nat\n-A LIBVIRT_PRT -s 10.92.0.0/24 ! -d 10.92.0.0/24 -o vn-lab -j MASQUERADE",
]


@pytest.mark.parametrize("others", OTHERS_IN_IPTABLES)
def test_what_others_have_put_into_libvirts_chains_of_iptables_stays(others: str) -> None:
    assert rules_left(f"{RULES}{others}\n", "vn-lab") == rules_left(RULES, "vn-lab")


@pytest.mark.parametrize("newer", [0, 1000])
@pytest.mark.parametrize(
    "matches",
    [[("oifname", "wg0")], [("oifname", "wg0"), ("saddr", "subnet")], [("oifname", "virbr9"), ("state", "new")]],
)
def test_what_others_let_through_from_a_running_bridge_stays_and_libvirts_own_too(
    matches: list[tuple[str, str]], newer: int
) -> None:
    """Libvirt's own of an earlier time are by another number than the bridge has now."""
    live = network("nat")
    subnet = next(subnet for subnet in live.subnets if subnet.version == 4)
    prefix = {"prefix": {"addr": str(subnet.network_address), "len": subnet.prefixlen}}
    sides: dict[str, dict[str, Any]] = {
        "saddr": {"left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": prefix},
        "state": {"left": {"ct": {"key": "state"}}, "right": "new"},
    }
    expr = [
        {"match": {"op": "==", **sides.get(key, {"left": {"meta": {"key": key}}, "right": value})}}
        for key, value in [("iif", live.bridge), *matches]
    ]
    counted = {"counter": {"packets": 0, "bytes": 0}}
    place = {"family": "ip", "table": "libvirt_network", "chain": "guest_output", "handle": 900}
    listing = with_rules(NFT, {**place, "expr": [*expr, counted, {"accept": None}]}, newer=newer)

    assert nft_rules_left(listing, known(live, live=live, backend=Backend.NFTABLES), links()) == ((), ())


#: As nft prints them (nft 1.0.6): the MSS clamped, several addresses, a mark, limits and jumps.
OTHERS_MATCHES: list[list[dict[str, Any]]] = [
    [
        {
            "match": {
                "op": "==",
                "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "rst"]]},
                "right": "syn",
            }
        },
        {"counter": {"packets": 0, "bytes": 0}},
        {"mangle": {"key": {"tcp option": {"name": "maxseg", "field": "size"}}, "value": {"rt": {"key": "mtu"}}}},
    ],
    [
        {
            "match": {
                "op": "==",
                "left": {
                    "concat": [
                        {"payload": {"protocol": "ip", "field": "saddr"}},
                        {"payload": {"protocol": "tcp", "field": "dport"}},
                    ]
                },
                "right": {"set": [{"concat": ["10.0.0.1", 22]}]},
            }
        },
        {"counter": {"packets": 0, "bytes": 0}},
        {"accept": None},
    ],
    [
        {"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 255]}, "right": 1}},
        {"counter": {"packets": 0, "bytes": 0}},
        {"accept": None},
    ],
    [
        {
            "match": {
                "op": "==",
                "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                "right": {"set": ["10.0.0.1", "10.0.0.2"]},
            }
        },
        {"counter": {"packets": 0, "bytes": 0}},
        {"accept": None},
    ],
    [
        {"limit": {"rate": 1, "burst": 5, "per": "second"}},
        {"counter": {"packets": 0, "bytes": 0}},
        {"accept": None},
    ],
    [{"counter": {"packets": 0, "bytes": 0}}, {"jump": {"target": "guest_cross"}}],
    [{"counter": {"packets": 0, "bytes": 0}}],
]


@pytest.mark.parametrize("matches", OTHERS_MATCHES)
def test_what_others_match_in_libvirts_tables_is_none_of_its_rules(matches: list[dict[str, Any]]) -> None:
    stopped = network("nat")
    of_bridge = {"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": stopped.bridge}}
    place = {"family": "ip", "table": "libvirt_network", "chain": "guest_output", "handle": 900}

    found, _ = nft_rules_left(with_rules(NFT, {**place, "expr": [of_bridge, *matches]}), known(stopped), links())

    assert set(found) == told(rules_of(NFT, stopped))
