"""What the doctor finds of libvirt's firewall chains, of its rules for each network, and of what others drop."""

import re
from typing import cast

import pytest
from tests.unit.commands.doctor.reports import (
    DNSMASQ_GONE,
    DOCKER,
    IPTABLES,
    MARKED,
    NFT,
    beside_ok,
    drops,
    network,
    report,
)

from virtnet.commands.doctor.finding import Finding, Level
from virtnet.commands.doctor.firewall import firewall
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.observed import ObservedNetwork
from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.findings import Problem

NAT_MISSING = {"kind": "nat", "subnet": "10.9.1.0/24"}
FILTER_MISSING = {"kind": "filter"}


def of_chains(*names: str) -> list[dict[str, str]]:
    return [{"kind": "filter", "chain": name} for name in names]


def problems(rules: dict[str, str | None], *networks: ObservedNetwork) -> list[Finding]:
    return [one for one in firewall(report(rules=rules, networks=networks)) if one.level is Level.PROBLEM]


@pytest.mark.parametrize(
    "rules", [{"iptables-save": IPTABLES, "nft-json": ""}, {"iptables-save": None, "nft-json": NFT}]
)
def test_finds_nothing_where_all_is_there(rules: dict[str, str | None]) -> None:
    assert beside_ok(firewall(report(rules=rules, networks=(network(),)))) == []


def test_looks_at_a_network_that_has_a_problem() -> None:
    broken = network(problems=(DNSMASQ_GONE,))

    assert problems({"iptables-save": IPTABLES, "nft-json": ""}, broken) == []


@pytest.mark.parametrize("kind", [ProblemKind.BRIDGE_MISSING, ProblemKind.FOREIGN_BRIDGE])
def test_finds_no_flush_where_a_network_has_lost_its_bridge(kind: ProblemKind) -> None:
    """What nft prints then has the number of the interface that is gone in the place of its name."""
    rules = {"iptables-save": None, "nft-json": NFT.replace('"vbn1"', "7")}

    assert problems(rules, network()) != []
    assert problems(rules, network(problems=(Problem(kind, {"bridge": "vbn1"}),))) == []


@pytest.mark.parametrize("rules", [{"iptables-save": "", "nft-json": ""}, {"iptables-save": None, "nft-json": None}])
def test_finds_that_chains_are_missing(rules: dict[str, str | None]) -> None:
    (finding,) = problems(rules, network())

    assert finding.kind is FindingKind.CHAINS_MISSING
    assert finding.data["networks"] == ["n1"]


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (
            {"iptables-save": IPTABLES.replace("-j MASQUERADE", "-j RETURN"), "nft-json": ""},
            [NAT_MISSING],
        ),
        (
            {
                "iptables-save": None,
                "nft-json": NFT.replace('{"masquerade": {"port"', '{"return": {"port"').replace(
                    '{"masquerade": null}', '{"return": null}'
                ),
            },
            [NAT_MISSING],
        ),
        (
            {"iptables-save": IPTABLES.replace("-o vbn1 ", "-o other "), "nft-json": ""},
            of_chains("LIBVIRT_FWI", "LIBVIRT_FWX", "LIBVIRT_OUT"),
        ),
        ({"iptables-save": None, "nft-json": NFT.replace("vbn1", "other")}, [FILTER_MISSING]),
        (
            {"iptables-save": IPTABLES.replace("-A INPUT -j LIBVIRT_INP\n", ""), "nft-json": ""},
            [{"kind": "jumps", "chain": "LIBVIRT_INP"}],
        ),
    ],
)
def test_finds_what_a_network_has_lost(rules: dict[str, str | None], missing: list[dict[str, str]]) -> None:
    (finding,) = problems(rules, network())

    assert finding.kind is FindingKind.RULES_MISSING
    assert finding.data["network"] == "n1"
    assert finding.data["missing"] == missing


@pytest.mark.parametrize(
    ("backend", "rules", "lost"),
    [
        # The old backend's empty chains stay until the next boot.
        (Backend.NFTABLES, {"iptables-save": re.sub(r"-A LIBVIRT.*\n", "", IPTABLES), "nft-json": NFT}, False),
        (Backend.IPTABLES, {"iptables-save": IPTABLES, "nft-json": NFT.replace("vbn1", "gone")}, False),
        (Backend.NFTABLES, {"iptables-save": IPTABLES, "nft-json": NFT.replace("vbn1", "gone")}, True),
        (Backend.IPTABLES, {"iptables-save": re.sub(r"-A LIBVIRT.*\n", "", IPTABLES), "nft-json": NFT}, True),
    ],
)
def test_judges_by_the_backend_that_libvirt_uses(backend: Backend, rules: dict[str, str | None], *, lost: bool) -> None:
    found = firewall(report(rules=rules, networks=(network(),), backends={"n1": backend}))

    assert [one.kind for one in found if one.level is Level.PROBLEM] == [FindingKind.RULES_MISSING] * lost


def test_finds_nothing_missing_of_an_isolated_network() -> None:
    assert problems({"iptables-save": IPTABLES}, network("i1", "", "10.9.2.1")) == []


def test_looks_for_the_rules_of_isolated_networks() -> None:
    (finding,) = problems({"iptables-save": IPTABLES}, network("i2", "", "10.9.3.1"))

    assert finding.kind is FindingKind.RULES_MISSING
    assert finding.data["missing"] == [FILTER_MISSING]


@pytest.mark.parametrize("one", [network(active=False), network(mode="open"), network(mode="bridge")])
def test_wants_no_rules_of_networks_that_have_none(one: ObservedNetwork) -> None:
    assert beside_ok(firewall(report(rules={"iptables-save": ""}, networks=(one,)))) == []


@pytest.mark.parametrize(
    ("one", "ways"),
    [
        (network(), []),  # libvirt's accept stands in the same chain, before the policy
        (network("n9", "open", "10.9.9.1"), ["outside", "inside"]),
    ],
)
def test_knows_what_dockers_policy_drops(one: ObservedNetwork, ways: list[str]) -> None:
    found = firewall(drops(DOCKER, one))

    dropped = [one.data["dropped"] for one in found if one.kind is FindingKind.PACKETS_DROPPED]

    told = [(way["path"], way["program"]) for found in dropped for way in cast("list[dict[str, str]]", found)]
    assert told == [(way, "docker") for way in ways]


def test_says_what_it_cannot_judge() -> None:
    found = firewall(drops(MARKED, network("n9", "open", "10.9.9.1")))

    (finding,) = [one for one in found if one.kind is FindingKind.PACKETS_NOT_JUDGED]

    assert finding.level is Level.NOTE
    told = cast("list[dict[str, str]]", finding.data["ways"])
    assert [(way["path"], way["rule"]) for way in told] == [
        ("outside", "-m mark --mark 0x1 -j DROP"),
        ("inside", "-m mark --mark 0x1 -j DROP"),
    ]
