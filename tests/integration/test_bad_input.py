"""Inputs that are wrong by themselves: one clear sentence at preview, and nothing left behind.

Every case alone is in tests/unit/data/bad_networks.json; check reports all that is wrong at once, so here are many
in a program.
"""

import re
from typing import Any

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

#: check refuses all of it before libvirt is asked.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

SINGLE_VALUES = {
    "name": "a/b",
    "title": "ding\u0007",
    "mac": "52:54:00:00:00",
    "mtu": 65536,
    "bridge": {"name": "br-of-16-letters"},
    "forward": {"mode": "routed"},
    "ips": [{"address": "10.9.0.1"}, {"address": "10.055.0.01/24"}, {"adress": "10.9.0.1/24"}],
    "routes": [{"address": "10.60.0.1/16", "gateway": "10.9.0.300"}],
}
RANGES = [
    {"start": "10.8.0.2", "end": "10.9.0.9"},
    {"start": "10.9.0.30", "end": "10.9.0.20"},
    {"start": "10.9.0.40", "end": "10.9.0.59"},
    {"start": "10.9.0.50", "end": "10.9.0.69"},
    {"start": "10.9.0.90", "end": "10.9.0.110"},
]
HOSTS = [
    {"mac": "52:54:00:00:00:01", "ip": "10.8.0.2"},
    {"mac": "52:54:00:00:00:02", "ip": "10.9.0.3"},
    {"mac": "52:54:00:00:00:02", "ip": "10.9.0.3"},
]
TOGETHER: dict[str, Any] = {
    "ips": [
        {"address": "10.9.0.100/24", "dhcp": {"ranges": RANGES, "hosts": HOSTS}},
        {"address": "10.9.0.129/25"},
        {"address": "10.10.0.0/24"},
        {"address": "10.11.0.255/24"},
    ],
    "routes": [{"address": "10.60.0.0/16", "gateway": "10.8.0.2"}],
}
CASES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"name": ""}, {"name": "is empty. Give the network a name"}),
    ({"name": "a/b"}, {"name": "contains '/'. Use letters, digits, '-', '_' and '.', for example \"a-b\""}),
    (
        SINGLE_VALUES,
        {
            "name": "contains '/'. Use letters, digits, '-', '_' and '.', for example \"a-b\"",
            "mac": "isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56",
            "mtu": "is too large. The largest allowed value is 65535",
            "bridge.name": "is 16 characters long, and the kernel allows 15. Choose a shorter name",
            "forward.mode": "must be one of nat, route, open, bridge, private, vepa, passthrough, hostdev, none. "
            'Did you mean "route"?',
            "ips[0].address": 'has no prefix length. Add one, for example "10.9.0.1/24"',
            "ips[1].address": 'has a number with a leading zero, which libvirt reads as octal. Write "10.55.0.1/24"',
            "ips[2].adress": "is an unknown property. Did you mean 'address'?",
            "routes[0].address": 'has bits set after its prefix. Write "10.60.0.0/16"',
            "routes[0].gateway": "isn't a valid IP address. Use a form like 192.168.123.1 or fd00:123::1",
        },
    ),
    (
        TOGETHER,
        {
            "ips[0].dhcp.ranges[0].start": "10.8.0.2 is outside 10.9.0.0/24. Use an address inside it",
            "ips[0].dhcp.ranges[1]": "start 10.9.0.30 is after end 10.9.0.20. Swap them",
            "ips[0].dhcp.hosts[0].ip": "10.8.0.2 is outside 10.9.0.0/24. Use an address inside it",
            "ips[0].dhcp.hosts[2].mac": "mac 52:54:00:00:00:02 is already at ips[0].dhcp.hosts[1]. Remove one of them",
            "ips[0].dhcp.hosts[2].ip": "ip 10.9.0.3 is already at ips[0].dhcp.hosts[1]. Remove one of them",
            "ips[2].address": "10.10.0.0 is the network address of 10.10.0.0/24. "
            "Use a host address, for example 10.10.0.1",
            "ips[3].address": "10.11.0.255 is the broadcast address of 10.11.0.0/24. "
            "Use a host address, for example 10.11.0.1",
            "routes[0].gateway": "10.8.0.2 isn't in any of the network's subnets. Use a host on this network",
        },
    ),
    (
        {"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}, "ips": TOGETHER["ips"][:1]},
        {"ips": "isn't supported in mode bridge, in which libvirt runs no DNS or DHCP. Remove it"},
    ),
]


@pytest.mark.parametrize(("inputs", "failures"), CASES)
def test_preview_says_what_is_wrong(host: Host, stack: Stack, inputs: dict[str, Any], failures: dict[str, str]) -> None:
    before = host.trace()
    stack.network("lab", **inputs)

    said = stack.preview(check=False)

    assert stack.failed
    assert host.trace() == before
    for path, reason in failures.items():
        assert re.search(rf"resource 'lab': has a problem: {re.escape(path)}(=.*)?: {re.escape(reason)}\n", said)
