"""With which backend the rules of a running network are looked for, where libvirt doesn't note it.

data/firewall/modes: networks of each mode, and what the programs list while all of them run.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.builders import network_host
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt

from virtnet.network.observe.firewall.backends import rules_of_network
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.observe.problems import running_problems
from virtnet.network.observed import ReportedNetwork
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients

DATA = Path(__file__).parents[3] / "data" / "firewall" / "modes"
IPTABLES: Mapping[str, str] = {name: (DATA / f"{name}.txt").read_text() for name in ("iptables-save", "ip6tables-save")}
NFT = (DATA / "nft.json").read_text()
NAT = Definition((DATA / "nat.xml").read_text())
OLD, NEW = 9_000_000, 11_003_000
NOT_NOTED = "<networkstatus/>"


def noted(backend: Backend) -> str:
    return f"<networkstatus><firewall name='x' backend='{backend.value}'/></networkstatus>"


def a_host(listings: Mapping[str, str], own: str = NOT_NOTED, other: str = NOT_NOTED) -> FakeHost:
    """The network and another one run there; what libvirt keeps of each, and what programs list."""
    host = network_host(
        {
            "/run/libvirt/network/nat.xml": own,
            "/run/libvirt/network/other.xml": other,
            f"/sys/class/net/{NAT.bridge}/address": NAT.mac,
        }
    )
    host.firewall.listings = dict(listings)
    return host


@pytest.mark.parametrize(
    ("version", "host", "backend"),
    [
        (OLD, a_host(IPTABLES), Backend.IPTABLES),
        (NEW, a_host(IPTABLES, own=noted(Backend.IPTABLES)), Backend.IPTABLES),
        (NEW, a_host({"nft-json": NFT}, own=noted(Backend.NFTABLES)), Backend.NFTABLES),
        (NEW, a_host({**IPTABLES, "nft-json": ""}), Backend.IPTABLES),
        (NEW, a_host({**IPTABLES, "nft-json": NFT}, other=noted(Backend.NFTABLES)), Backend.NFTABLES),
        (NEW, a_host({**IPTABLES, "nft-json": NFT}, other=noted(Backend.IPTABLES)), Backend.IPTABLES),
        (NEW, a_host({**IPTABLES, "nft-json": NFT}), None),
    ],
    ids=[
        "a libvirt without a choice, so nft isn't asked",
        "noted, so nft isn't asked",
        "noted, so iptables isn't asked",
        "who has rules of it",
        "both have, and another network is written with nftables",
        "both have, and another network is written with iptables",
        "both have, and nothing tells",
    ],
)
def test_the_backend_of_a_running_network(version: int, host: FakeHost, backend: Backend | None) -> None:
    found, listed = rules_of_network(host, "nat", NAT, version)

    assert found is backend
    assert listed == host.firewall.listings


def test_rules_that_iptables_has_from_earlier_hide_nothing_that_nftables_has_lost() -> None:
    lost = NFT.replace('"masquerade"', '"accept"')
    host = a_host({**IPTABLES, "nft-json": lost}, other=noted(Backend.NFTABLES))
    clients = Clients(libvirt=FakeLibvirt(daemon_version=NEW), host=host)
    report = ReportedNetwork("", "nat", active=True, persistent=True, autostart=True, live=NAT, config=NAT)

    found = running_problems(clients, report, checks_firewall=True, since=time.monotonic())

    assert [problem.kind for problem in found.problems] == [ProblemKind.FIREWALL_RULES_MISSING]
