"""Where packets are forwarded from now on, and where no longer."""

from typing import Any

import pytest
from tests.builders import checked_forwarding as desired
from tests.builders import clients, forwarding_host, network
from tests.fakes.kernel import FakeKernel

from virtnet.forwarding.predict import effects, in_brief
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.forwarding.sysctl import IPV4, IPV6
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import EffectKind
from virtnet.planning.reports import NetworkReport
from virtnet.spec.part import UNKNOWN

ON, OFF = EffectKind.FORWARDING_ON, EffectKind.FORWARDING_OFF


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, {}, [(ON, "IPv4", "")]),
        (None, {"ipv6": True}, [(ON, "IPv6", "")]),
        (None, {"ipv4": False}, []),
        ({"ipv4": True}, {"ipv4": False}, [(OFF, "IPv4", "")]),
        ({"ipv4": True}, {"ipv4": True}, []),
        ({"ipv4": True}, {"ipv4": True, "interfaces": {"eth0": {"ipv6": True}}}, [(ON, "IPv6", "eth0")]),
        ({"ipv4": True}, {"ipv4": UNKNOWN, "interfaces": {"eth0": UNKNOWN}}, []),
        ({"ipv4": True}, {"ipv6": True, "interfaces": UNKNOWN}, [(ON, "IPv6", "")]),
    ],
)
def test_what_is_switched(before: Any, now: Any, told: list[tuple[EffectKind, str, str]]) -> None:
    found = effects(before, now, ())

    assert [(one.kind, one.details["family"], one.details["interface"]) for one in found] == told


BOTH = {"ipv4": True, "ipv6": True}
NAT = network("default", "nat", "192.168.122.1/24")


@pytest.mark.parametrize(
    ("on", "networks", "made", "now", "told"),
    [
        ([IPV4], [], None, {"ipv4": False}, [(OFF, "IPv4", "")]),
        ([], [], None, {"ipv4": False}, []),
        ([IPV4], [], None, {"ipv4": True}, []),
        ([], [], None, {"ipv4": True}, [(ON, "IPv4", "")]),
        ([], [], None, {"interfaces": {"later": {"ipv4": True}}}, [(ON, "IPv4", "later")]),
        # A family that is no longer named goes back to what it was.
        ([], [], BOTH, {"ipv4": True}, [(OFF, "IPv6", "")]),
        ([IPV6], [], BOTH, {"ipv4": True}, []),
        ([], [NAT], BOTH, {"ipv6": True}, []),
        ([], [], {**BOTH, "interfaces": {"eth0": {"ipv6": False}}}, BOTH, [(ON, "IPv6", "eth0")]),
    ],
)
def test_the_host_tells_what_is_switched(
    on: list[str],
    networks: list[NetworkReport],
    made: dict[str, Any] | None,
    now: dict[str, Any],
    told: list[tuple[EffectKind, str, str]],
) -> None:
    host = forwarding_host(FakeKernel(), advertised=())
    for key in on:
        host.sysctl.kernel.write(key, "1")

    def connect(_uri: str) -> Clients:
        return clients(host, networks)

    recorded = None
    if made is not None:
        recorded = lifecycle.create(HOST_FORWARDING, desired(**made), connect, lambda line: None)
    changes = () if recorded is None else lifecycle.diff(HOST_FORWARDING, recorded, desired(**now), connect).changes

    found = lifecycle.preview(HOST_FORWARDING, recorded, desired(**now), connect, changes)

    assert found.transition is not None
    shown = effects(*found.transition, found.notes)
    assert [(one.kind, one.details["family"], one.details["interface"]) for one in shown] == told


def test_it_in_brief() -> None:
    assert list(in_brief({"ipv6": False, "interfaces": {"eth0": {"ipv4": True}}})) == ["IPv6 off", "IPv4 of eth0 on"]
    assert list(in_brief({})) == ["IPv4 on"]
