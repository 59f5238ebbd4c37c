"""What a network wants of its host for itself, by its inputs alone."""

from typing import Any

import pytest

from virtnet.network.checks.failures import WantedTwice
from virtnet.network.resource import NETWORK
from virtnet.spec.part import UNKNOWN

URI = "qemu:///system"
NAME = ("name", WantedTwice.NAME, "lab")
BRIDGE = ("bridge.name", WantedTwice.BRIDGE, "vn-lab")
IP = {"address": "10.9.0.1/24"}


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({}, [NAME, BRIDGE]),
        ({"uri": UNKNOWN}, []),
        ({"name": UNKNOWN}, []),
        ({"uuid": "6f1c2a3e-0000-4000-8000-00000012ab34"}, [NAME, "uuid", BRIDGE]),
        ({"bridge": {"name": "br7"}}, [NAME, ("bridge.name", WantedTwice.BRIDGE, "br7")]),
        ({"bridge": {"name": UNKNOWN}}, [NAME]),
        ({"bridge": UNKNOWN}, [NAME]),
        ({"forward": UNKNOWN, "ips": [IP]}, [NAME]),
        # The bridge of what is adopted is whatever it has, and a host's bridge may have many networks.
        ({"adopt": True}, [NAME]),
        ({"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}}, [NAME]),
        (
            {"ips": [IP, UNKNOWN, {"address": UNKNOWN}, {"address": "fd00:9::1/64"}]},
            [
                NAME,
                BRIDGE,
                ("ips[0].address", WantedTwice.SUBNET, "10.9.0.0/24"),
                ("ips[3].address", WantedTwice.SUBNET, "fd00:9::/64"),
            ],
        ),
        ({"ips": UNKNOWN}, [NAME, BRIDGE]),
        ({"ips": [IP], "allow_overlap": True}, [NAME, BRIDGE]),
        ({"ips": [IP], "active": False}, [NAME, BRIDGE]),
        ({"ips": [IP], "active": UNKNOWN}, [NAME, BRIDGE]),
        # Nothing starts it, so nothing makes its bridge.
        ({"ips": [IP], "active": False, "autostart": False}, [NAME]),
    ],
)
def test_a_network_wants(inputs: dict[str, Any], wanted: list[Any]) -> None:
    canonical, failures = NETWORK.check({"name": "lab", "uri": URI, **inputs}, {})

    found = list(NETWORK.wants(canonical))

    assert failures == []
    assert [one.host for one in found] == [URI] * len(found)
    shown = [(one.path, one.kind, one.value) for one in found]
    assert [one[0] if one[0] in wanted else one for one in shown] == wanted
