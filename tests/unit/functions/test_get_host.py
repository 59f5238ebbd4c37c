"""What is told of a host, and what of it is told all the same where a program lists nothing."""

from pathlib import Path
from typing import Any, cast

import pytest
from tests.builders import network, network_host
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.libvirt import FakeLibvirt

from virtnet.functions.answers import Asked, get_host
from virtnet.libvirtd.connection import Connection
from virtnet.planning.clients.clients import Clients

DATA = Path(__file__).parents[1] / "data" / "firewall"
LAB = network("lab", "nat", "10.9.1.0/24", bridge="vbn1")
IPTABLES = (DATA / "iptables-save.txt").read_text()
PRINTED = {
    "iptables-save": IPTABLES,
    "ip6tables-save": IPTABLES,
    "nft": (DATA / "nft.txt").read_text(),
    "nft-json": (DATA / "nft.json").read_text(),
}
ALL = {"iptables", "ip6tables", "nft"}


@pytest.mark.parametrize(
    ("denied", "changed", "programs", "has_paths", "said"),
    [
        pytest.param((), {}, ALL, True, (), id="all is listed"),
        pytest.param((), {"nft-json": "{}"}, ALL, False, ("libnftables-json",), id="data of nft that is not read"),
        pytest.param(("nft-json",), {}, ALL, False, ("nft-json",), id="no data of nft"),
        pytest.param(("nft",), {}, ALL - {"nft"}, True, ("nft may",), id="no text of nft"),
        pytest.param(("ip6tables-save",), {}, ALL - {"ip6tables"}, False, ("ip6tables-save",), id="one of iptables"),
        pytest.param(tuple(PRINTED), {}, set(), False, ("iptables-save", "ip6tables-save", "nft"), id="not root"),
    ],
)
def test_what_is_listed_is_told_whatever_else_is_not(
    denied: tuple[str, ...], changed: dict[str, str], programs: set[str], said: tuple[str, ...], *, has_paths: bool
) -> None:
    host = network_host()
    host.sysctl = FakeSysctl(host.effects, FakeKernel())
    host.firewall.listings = {**PRINTED, **changed}
    host.firewall.denied = {*denied}
    libvirt = FakeLibvirt(reports={LAB.uuid: LAB})
    asked = Asked(connection=lambda _: cast(Connection, libvirt), clients=lambda _: Clients(libvirt=libvirt, host=host))

    answer: Any = get_host(asked, "qemu:///system", {})

    assert {rule["program"] for rule in answer["firewall_rules"]} == programs
    assert {way["network"] for way in answer["network_paths"]} == ({"lab"} if has_paths else set())
    problems = answer["firewall_problem"].split("; ") if said else []
    assert len(problems) == len(said)
    assert all(told in problem for told, problem in zip(said, problems, strict=True))
    assert bool(answer["firewall_problem"]) is bool(said)
