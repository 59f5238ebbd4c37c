"""What a HostForwarding wants of its host for itself, by its inputs alone."""

from typing import Any

import pytest
from tests.builders import checked_forwarding

from virtnet.forwarding.kinds import WantedTwice
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.forwarding.sysctl import IPV4, IPV6
from virtnet.spec.part import UNKNOWN

FOUR, SIX = ("ipv4", WantedTwice.PARAMETER, IPV4), ("ipv6", WantedTwice.PARAMETER, IPV6)
FILE = ("drop_in", WantedTwice.DROP_IN, "/etc/sysctl.d/90-virtnet-forwarding.conf")
MINE = ("drop_in", WantedTwice.DROP_IN, "/etc/sysctl.d/95-mine.conf")
ETH0 = ('interfaces["eth0.1"].ipv6', WantedTwice.PARAMETER, "net/ipv6/conf/eth0.1/forwarding")


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({}, [FOUR, FILE]),
        ({"ipv4": False, "ipv6": UNKNOWN}, [FOUR, SIX, FILE]),
        ({"interfaces": {"eth0.1": {"ipv6": True}}, "drop_in": "95-mine.conf"}, [ETH0, MINE]),
        ({"interfaces": UNKNOWN, "ipv6": True, "drop_in": UNKNOWN}, [SIX]),
        ({"persist": False}, [FOUR]),
        ({"persist": UNKNOWN}, [FOUR]),
        ({"uri": UNKNOWN}, []),
    ],
)
def test_a_host_forwarding_wants(inputs: dict[str, Any], wanted: list[Any]) -> None:
    found = HOST_FORWARDING.wants(checked_forwarding(**inputs))

    assert [(one.path, one.kind, one.value) for one in found] == wanted
