"""Where the ways into libvirt's chains are put that somebody removed: in libvirt's order, whatever else is there."""

import json

import pytest

from virtnet.network.observe.firewall.libvirt_rules import Backend, ways_missing
from virtnet.network.steps.actions import InsertRule, LoadNft
from virtnet.network.steps.rules import restoring
from virtnet.network.xml.definition import Definition

LAB = Definition(
    "<network><name>lab</name><forward mode='nat'/><bridge name='vn-lab'/>"
    "<ip address='10.9.0.1' prefix='24'/></network>"
)
TABLE = "*filter\n:FORWARD ACCEPT [0:0]\n:LIBVIRT_FWI - [0:0]\n:LIBVIRT_FWO - [0:0]\n:LIBVIRT_FWX - [0:0]\n"
WAYS = ("LIBVIRT_FWX", "LIBVIRT_FWI", "LIBVIRT_FWO")
CHAINS = ("guest_cross", "guest_input", "guest_output")


@pytest.mark.parametrize(
    ("there", "put"),
    [
        (("LIBVIRT_FWX", "LIBVIRT_FWI"), [("3", "LIBVIRT_FWO")]),
        (("LIBVIRT_FWX", "LIBVIRT_FWO"), [("2", "LIBVIRT_FWI")]),
        (("LIBVIRT_FWI", "LIBVIRT_FWO"), [("1", "LIBVIRT_FWX")]),
        (("LIBVIRT_FWX",), [("2", "LIBVIRT_FWO"), ("2", "LIBVIRT_FWI")]),
        (("DOCKER-USER", "LIBVIRT_FWX", "LIBVIRT_FWI"), [("4", "LIBVIRT_FWO")]),
        ((), [("1", "LIBVIRT_FWO"), ("1", "LIBVIRT_FWI"), ("1", "LIBVIRT_FWX")]),
        (WAYS, []),
    ],
)
def test_in_iptables(there: tuple[str, ...], put: list[tuple[str, str]]) -> None:
    listing = TABLE + "".join(f"-A FORWARD -j {chain}\n" for chain in there)

    actions = restoring(list(ways_missing(LAB, {"iptables-save": listing}, Backend.IPTABLES)), Backend.IPTABLES)

    inserted = [one.words for one in actions if isinstance(one, InsertRule) and one.words[0] == "FORWARD"]
    assert inserted == [("FORWARD", number, "-j", chain) for number, chain in put]


@pytest.mark.parametrize(
    ("there", "put"),
    [
        (("guest_cross", "guest_input"), ["add rule {} position 11 counter jump guest_output"]),
        (("guest_cross", "guest_output"), ["add rule {} position 10 counter jump guest_input"]),
        (("guest_input", "guest_output"), ["insert rule {} counter jump guest_cross"]),
        (CHAINS, []),
    ],
)
def test_in_nftables(there: tuple[str, ...], put: list[str]) -> None:
    of = {"family": "ip", "table": "libvirt_network"}
    chains: list[object] = [{"chain": {**of, "name": name}} for name in (*CHAINS, "guest_nat")]
    rules: list[object] = [
        {"rule": {**of, "chain": "forward", "handle": 10 + number, "expr": [{"jump": {"target": chain}}]}}
        for number, chain in enumerate(there)
    ]
    base = {"chain": {**of, "name": "forward", "hook": "forward"}}
    listing = json.dumps({"nftables": [base, *chains, *rules]})

    lost = list(ways_missing(LAB, {"nft-json": listing}, Backend.NFTABLES))
    loaded = [one.commands for one in restoring(lost, Backend.NFTABLES) if isinstance(one, LoadNft)]

    said = [command for commands in loaded for command in commands.split("; ") if " jump " in command]
    assert said == [command.format("ip libvirt_network forward") for command in put]
