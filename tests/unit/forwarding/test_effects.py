"""Where packets are forwarded from now on, and where no longer."""

from typing import Any

import pytest

from virtnet.forwarding.predict import effects, in_brief
from virtnet.planning.findings import EffectKind
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


def test_it_in_brief() -> None:
    assert list(in_brief({"ipv6": False, "interfaces": {"eth0": {"ipv4": True}}})) == ["IPv6 off", "IPv4 of eth0 on"]
    assert list(in_brief({})) == ["IPv4 on"]
