"""The rules of port forwards: what is loaded, what is read back, and what one change leaves of all others."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fakes.nft import RECORDED, FakeNft, NftError

from virtnet.port_forward.forward import Forward, ForwardNetwork, PortRange, shared_ports
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.render import COMMON, body, change
from virtnet.port_forward.rules.table import Listener, RulesState, Table, gateway_of, state

UUID, UUID2 = "6f1c2a3e-0000-4000-8000-000000000001", "6f1c2a3e-0000-4000-8000-000000000002"
LAB = ForwardNetwork(UUID, "lab", "virbr0", "nat", "192.168.123.0/24", "192.168.123.1")
LAB6 = LAB._replace(subnet="fd00:1::/64", gateway="fd00:1::1")

WEB = Forward(
    id="0123456789abcdef",
    listen_address="198.51.100.1",
    target="192.168.123.50",
    ports=(PortRange("tcp", 8080, 8080, 80), PortRange("udp", 5000, 5010, 5000), PortRange("tcp", 9000, 9005, 7000)),
    sources=("203.0.113.0/24", "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"),
    network=LAB,
)
SSH = WEB._replace(id="a" * 16, listen_address="", ports=(PortRange("tcp", 22, 22, 22),), sources=("1.2.3.4/32",))
WEB6 = WEB._replace(
    id="b" * 16, listen_address="2001:db8::1", target="fd00:1::50", sources=("2001:db8:1::/48",), network=LAB6
)
TLS6 = WEB6._replace(id="c" * 16, listen_address="", ports=(PortRange("tcp", 443, 443, 8443),), sources=())

ALL = (WEB, SSH, WEB6, TLS6)

identifiers = st.text("0123456789abcdef", min_size=16, max_size=16)


@st.composite
def port_ranges(draw: st.DrawFn) -> PortRange:
    first = draw(st.integers(1, 65_535))
    length = draw(st.integers(0, min(12, 65_535 - first)))
    target = draw(st.one_of(st.just(first), st.integers(1, 65_535 - length)))
    return PortRange(draw(st.sampled_from(["tcp", "udp"])), first, first + length, target)


@st.composite
def forwards(draw: st.DrawFn) -> Forward:
    six = draw(st.booleans())
    network = draw(st.sampled_from([LAB6, LAB6._replace(uuid=UUID2, subnet="fd00:2::/64", gateway="fd00:2::1")]))
    if not six:
        network = draw(st.sampled_from([LAB, LAB._replace(uuid=UUID2, subnet="10.2.0.0/16", gateway="10.2.0.1")]))
    prefix = network.gateway.removesuffix("1")
    sources = ["2001:db8::/32", "2001:db8:1::/48", "fd00::7/128"] if six else ["203.0.113.0/24", "10.0.0.9/32"]
    ranges = draw(st.lists(port_ranges(), min_size=1, max_size=4))
    return Forward(
        id=draw(identifiers),
        listen_address=draw(st.sampled_from(["", "2001:db8::1"] if six else ["", "198.51.100.1", "198.51.100.2"])),
        target=f"{prefix}{draw(st.integers(2, 9))}",
        ports=tuple(one for at, one in enumerate(ranges) if not any(_meet(one, other) for other in ranges[:at])),
        sources=tuple(draw(st.lists(st.sampled_from(sources), unique=True))),
        network=network,
    )


def _meet(one: PortRange, other: PortRange) -> bool:
    return one.protocol == other.protocol and one.listen <= other.last and other.listen <= one.last


def there(nft: FakeNft) -> Table:
    return parse(nft.listed("inet", TABLE) or "")


def give(nft: FakeNft, forward: Forward) -> None:
    nft.load(change(forward, forward.id, there(nft)))


def test_a_forward_as_nft_is_told_it() -> None:
    assert body(WEB).splitlines() == [
        "# virtnet-link: vnpf221544db vnpb221544db virbr0 192.168.123.0/24 192.168.123.1",
        f"add chain inet {TABLE} forward_0123456789abcdef",
        f"flush chain inet {TABLE} forward_0123456789abcdef",
        f"add rule inet {TABLE} forward_0123456789abcdef ip saddr {{ 10.0.0.0/23, 10.0.2.0/24, 203.0.113.0/24 }} "
        "tcp dport 8080 ct mark set ct mark | 0x10000000 dnat ip to 192.168.123.50:80 "
        'comment "virtnet 0123456789abcdef"',
        f"add rule inet {TABLE} forward_0123456789abcdef ip saddr {{ 10.0.0.0/23, 10.0.2.0/24, 203.0.113.0/24 }} "
        "udp dport 5000-5010 ct mark set ct mark | 0x10000000 dnat ip to 192.168.123.50 "
        'comment "virtnet 0123456789abcdef"',
        f"add rule inet {TABLE} forward_0123456789abcdef ip saddr {{ 10.0.0.0/23, 10.0.2.0/24, 203.0.113.0/24 }} "
        "tcp dport 9000-9005 ct mark set ct mark | 0x10000000 dnat ip to 192.168.123.50 : tcp dport map "
        "{ 9000 : 7000, 9001 : 7001, 9002 : 7002, 9003 : 7003, 9004 : 7004, 9005 : 7005 } "
        'comment "virtnet 0123456789abcdef"',
        f"add element inet {TABLE} gateways4 {{ 192.168.123.0/24 . 192.168.123.0/24 : 192.168.123.1 }}",
        f"add element inet {TABLE} listeners4 {{ 198.51.100.1 . tcp . 8080 : jump forward_0123456789abcdef, "
        "198.51.100.1 . udp . 5000-5010 : jump forward_0123456789abcdef, "
        "198.51.100.1 . tcp . 9000-9005 : jump forward_0123456789abcdef }",
    ]


@pytest.mark.parametrize("forward", ALL, ids=lambda forward: forward.id[:2])
def test_what_nft_lists_is_what_it_was_told(forward: Forward) -> None:
    listed = parse(RECORDED.read_text())

    assert listed.common_intact
    assert listed.foreign == ()
    assert state(forward, listed) is RulesState.INTACT
    assert change(forward, forward.id, listed) == ""


def test_who_listens_is_in_the_listing() -> None:
    found = parse(RECORDED.read_text()).listeners

    assert set(found) >= {
        Listener(WEB.id, "198.51.100.1", 4, "udp", 5000, 5010),
        Listener(SSH.id, "", 4, "tcp", 22, 22),
        Listener(TLS6.id, "", 6, "tcp", 443, 443),
    }


def _rules(listing: Any, chain: str) -> list[Any]:
    return [one["rule"] for one in listing["nftables"] if one.get("rule", {}).get("chain") == chain]


CHAIN = f"forward_{WEB.id}"


def _another_port(listing: Any) -> None:
    _rules(listing, CHAIN)[0]["expr"][-1]["dnat"]["port"] = 81


def _another_guest(listing: Any) -> None:
    _rules(listing, CHAIN)[1]["expr"][-1]["dnat"]["addr"] = "192.168.123.51"


def _from_anywhere(listing: Any) -> None:
    del _rules(listing, CHAIN)[0]["expr"][0]


def _from_others(listing: Any) -> None:
    _rules(listing, CHAIN)[0]["expr"][0]["match"]["op"] = "!="


def _without_the_mark(listing: Any) -> None:
    del _rules(listing, CHAIN)[0]["expr"][-2]


def _one_port_elsewhere(listing: Any) -> None:
    _rules(listing, CHAIN)[2]["expr"][-1]["dnat"]["port"]["map"]["data"]["set"][3] = [9003, 22]


def _one_rule_less(listing: Any) -> None:
    listing["nftables"].remove({"rule": _rules(listing, CHAIN)[1]})


def _one_rule_more(listing: Any) -> None:
    rule = _rules(listing, CHAIN)[0]
    listing["nftables"].append({"rule": {**rule, "expr": [{"accept": None}]}})


def _not_listening(listing: Any) -> None:
    listeners = next(one["map"] for one in listing["nftables"] if one.get("map", {}).get("name") == "listeners4")
    listeners["elem"] = [one for one in listeners["elem"] if one[0]["concat"][1] != "udp"]


def _no_gateway(listing: Any) -> None:
    del next(one["map"] for one in listing["nftables"] if one.get("map", {}).get("name") == "gateways4")["elem"]


@pytest.mark.parametrize(
    "alter",
    [
        _another_port,
        _another_guest,
        _from_anywhere,
        _from_others,
        _without_the_mark,
        _one_port_elsewhere,
        _one_rule_less,
        _one_rule_more,
        _not_listening,
        _no_gateway,
    ],
)
def test_what_was_changed_by_hand_is_seen_and_mended(alter: Callable[[Any], None]) -> None:
    listing = json.loads(RECORDED.read_text())
    alter(listing)

    listed = parse(json.dumps(listing))

    assert state(WEB, listed) is RulesState.ALTERED
    assert state(WEB6, listed) is RulesState.INTACT
    assert body(WEB) in change(WEB, WEB.id, listed)


def _no_policy_of_ours(listing: Any) -> None:
    next(one["chain"] for one in listing["nftables"] if one.get("chain", {}).get("name") == "hairpin")["policy"] = (
        "drop"
    )


def _elsewhere_in_the_kernel(listing: Any) -> None:
    next(one["chain"] for one in listing["nftables"] if one.get("chain", {}).get("name") == "hairpin")["prio"] = 200


def _loopback_too(listing: Any) -> None:
    listing["nftables"].remove({"rule": _rules(listing, "forwards")[0]})


def _without_a_map(listing: Any) -> None:
    listing["nftables"] = [one for one in listing["nftables"] if one.get("map", {}).get("name") != "gateways6"]


@pytest.mark.parametrize("alter", [_no_policy_of_ours, _elsewhere_in_the_kernel, _loopback_too, _without_a_map])
def test_the_common_part_is_mended_with_any_forward(alter: Callable[[Any], None]) -> None:
    listing = json.loads(RECORDED.read_text())
    alter(listing)

    listed = parse(json.dumps(listing))

    assert not listed.common_intact
    assert COMMON in change(SSH, SSH.id, listed)


def test_what_is_nobodys_in_the_table_is_named_and_keeps_the_table() -> None:
    nft = FakeNft()
    give(nft, WEB)
    listing = json.loads(nft.listed("inet", TABLE) or "")
    listing["nftables"].append({"chain": {"family": "inet", "table": TABLE, "name": "mine", "handle": 99}})
    rule = {**copy.deepcopy(_rules(listing, "forwards")[0]), "handle": 100, "expr": [{"drop": None}]}
    listing["nftables"].append({"rule": rule})

    listed = parse(json.dumps(listing))

    assert sorted(listed.foreign) == ["forwards 100", "mine"]
    assert "delete table" not in change(None, WEB.id, listed)


@given(st.lists(forwards(), min_size=1, max_size=4, unique_by=lambda forward: forward.id), forwards())
def test_each_change_is_of_its_forward_alone(made: list[Forward], edited: Forward) -> None:
    first, *others = made
    edited = edited._replace(id=first.id)
    every = [edited, *made]
    assume(not any(shared_ports(one, two) for one in every for two in every if one.id != two.id))
    nft = FakeNft()
    for forward in made:
        give(nft, forward)

    give(nft, edited)

    assert [state(forward, there(nft)) for forward in (edited, *others)] == [RulesState.INTACT] * len(made)
    assert there(nft).common_intact
    assert set(there(nft).gateways) == {gateway_of(forward) for forward in (edited, *others)}
    assert [change(forward, forward.id, there(nft)) for forward in (edited, *others)] == [""] * len(made)

    for forward in (edited, *others):
        nft.load(change(None, forward.id, there(nft)))
        assert state(forward, there(nft)) is RulesState.MISSING
    assert there(nft) == Table()


@given(st.lists(forwards(), min_size=1, max_size=4, unique_by=lambda forward: forward.id))
def test_a_boot_makes_what_the_changes_made(made: list[Forward]) -> None:
    assume(not any(shared_ports(one, two) for one in made for two in made if one.id != two.id))
    changed, booted = FakeNft(), FakeNft()
    for forward in made:
        give(changed, forward)

    booted.load(COMMON + "".join(map(body, made)))
    once = there(booted)
    booted.load(COMMON + "".join(map(body, made)))

    assert there(booted) == once
    assert once.listeners == there(changed).listeners
    assert once.rules == there(changed).rules
    assert once.gateways == there(changed).gateways


def test_a_second_owner_of_a_port_is_refused_by_the_kernel() -> None:
    nft = FakeNft()
    give(nft, SSH)
    before = there(nft)

    with pytest.raises(NftError):
        give(nft, SSH._replace(id="d" * 16, listen_address="198.51.100.1"))

    assert there(nft) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "0123456789abcde"},
        {"id": "0123456789abcdeF"},
        {"id": "0123456789abcde\n"},
        {"listen_address": "198.51.100.01"},
        {"listen_address": "198.51.100.1 }"},
        {"listen_address": "2001:db8::1"},
        {"target": "192.168.124.50"},
        {"target": "192.168.123.50; flush ruleset"},
        {"sources": ("203.0.113.0/24, 0.0.0.0/0",)},
        {"sources": ("203.0.113.7/24",)},
        {"sources": ("2001:db8::/32",)},
        {"ports": ()},
        {"ports": (PortRange("tcp", 0, 0, 80),)},
        {"ports": (PortRange("tcp", 80, 79, 80),)},
        {"ports": (PortRange("tcp", 80, 90, 65_530),)},
        {"ports": (PortRange("sctp", 80, 80, 80),)},  # type: ignore[arg-type]
        {"network": LAB._replace(bridge="virbr0 x")},
        {"network": LAB._replace(bridge="virbr0\nadd table inet x")},
        {"network": LAB._replace(bridge="../virbr0")},
        {"network": LAB._replace(bridge="")},
        {"network": LAB._replace(bridge='virbr0"')},
        {"network": LAB._replace(bridge="virbr0;reboot")},
        {"network": LAB._replace(bridge="$(reboot)")},
        {"network": LAB._replace(bridge="virbr0" * 3)},
        {"network": LAB._replace(uuid="$(id)")},
        {"network": LAB._replace(uuid="")},
        {"network": LAB._replace(mode="nat; reboot")},
        {"network": LAB._replace(mode="bridge")},
        {"network": LAB._replace(gateway="192.168.122.1")},
    ],
    ids=str,
)
def test_what_could_be_read_as_more_is_never_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Forward\("):
        body(WEB._replace(**wrong))
