"""Rules that send a host's ports elsewhere, of all that its programs list."""

import json
from typing import Any

import pytest

from virtnet.host.firewall.listings import ruleset
from virtnet.host.firewall.redirections import redirections


def of_iptables(*rules: str) -> list[tuple[Any, ...]]:
    listing = "\n".join(
        ["*nat", ":PREROUTING ACCEPT [0:0]", ":X - [0:0]", *(f"-A X {one}" for one in rules), "COMMIT\n"]
    )
    found = redirections(ruleset({"iptables-save": listing}))
    return [(one.address, one.protocol, one.ports) for one in found]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", [("", "tcp", ((80, 80),))]),
        ("-p udp -m multiport --dports 53,60:70 -j REDIRECT --to-ports 5353", [("", "udp", ((53, 53), (60, 70)))]),
        ("-d 198.51.100.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080",
         [("198.51.100.7", "tcp", ((80, 80),))]),
        ("! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", [("", "tcp", ((80, 80),))]),
        ("! -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", [("", "tcp", ((80, 80),))]),
        ("-p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1",
         [("", "tcp", ((80, 80),))]),
        ("-i wg0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("-s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("-d 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("! -d 198.51.100.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("-p tcp -m mark --mark 0x1 -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("-p tcp -m tcp ! --dport 80 -j DNAT --to-destination 10.0.0.1", []),
        ("-p tcp -j DNAT --to-destination 10.0.0.1", []),
        ("-p tcp -m tcp --dport 80 -j MASQUERADE", []),
    ],
)  # fmt: skip
def test_a_rule_is_told_where_it_concerns_every_packet_to_its_ports(rule: str, found: list[tuple[Any, ...]]) -> None:
    assert of_iptables(rule) == found


@pytest.mark.parametrize(
    ("family", "left", "versions"),
    [
        ("inet", {"meta": {"key": "iifname"}}, None),
        ("inet", {"meta": {"key": "nfproto"}}, (6,)),
        ("ip6", None, (6,)),
        ("inet", None, (4, 6)),
    ],
)
def test_of_nftables_the_version_of_ip_is_known_too(
    family: str, left: dict[str, Any] | None, versions: tuple[int, ...] | None
) -> None:
    right = "wan0" if left == {"meta": {"key": "iifname"}} else "ipv6"
    condition = [] if left is None else [{"match": {"op": "==", "left": left, "right": right}}]
    place = {"family": family, "table": "mine"}
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}
    listing = [
        {"table": {"family": family, "name": "mine"}},
        {"chain": {**place, "name": "way", "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}},
        {"rule": {**place, "chain": "way", "expr": [*condition, port, {"redirect": {"port": 22}}]}},
    ]

    found = [one.versions for one in redirections(ruleset({"nft-json": json.dumps({"nftables": listing})}))]

    assert found == ([] if versions is None else [versions])


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"redirect": None}, "redirect"),
        ({"redirect": {"port": 22}}, "redirect to :22"),
        ({"dnat": {"addr": "10.0.0.1"}}, "dnat to 10.0.0.1"),
        ({"dnat": {"family": "ip6", "addr": "fd00::1", "port": 80}}, "dnat ip6 to [fd00::1]:80"),
    ],
)
def test_it_is_shown_in_the_words_of_its_program(statement: dict[str, Any], words: str) -> None:
    place = {"family": "inet", "table": "mine", "chain": "way"}
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}
    listing = [
        {"chain": {"family": "inet", "table": "mine", "name": "way"}},
        {"rule": {**place, "expr": [port, statement]}},
    ]

    (found,) = redirections(ruleset({"nft-json": json.dumps({"nftables": listing})}))

    assert found.rule == f"tcp dport 80 {words}"
