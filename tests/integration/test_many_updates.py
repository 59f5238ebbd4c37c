"""Many reservations at once: one restart makes them all, or as many live updates where the program asks for those."""

from typing import Any

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

from virtnet.network.live_items import MANY_UPDATES

pytestmark = pytest.mark.integration

BRIDGE = "vn-lab"


def lab(reservations: int) -> dict[str, Any]:
    hosts = [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"10.70.0.{n + 10}"} for n in range(reservations)]
    ranges = [{"start": "10.70.0.200", "end": "10.70.0.250"}]
    ips = [{"address": "10.70.0.1/24", "dhcp": {"ranges": ranges, "hosts": hosts}}]
    return {"forward": {"mode": "nat"}, "bridge": {"stp": False}, "ips": ips}


def served(host: Host) -> int:
    """The reservations that dnsmasq has."""
    return int(host.sh("wc -l < /var/lib/libvirt/dnsmasq/lab.hostsfile"))


def bridge(host: Host) -> str:
    """What is another one after a restart."""
    return host.sh(f"cat /sys/class/net/{BRIDGE}/ifindex").strip()


@pytest.mark.parametrize(
    ("before", "after", "args", "restarts"),
    [
        pytest.param(1, 1 + MANY_UPDATES, {}, True, id="added"),
        pytest.param(1 + MANY_UPDATES, 1, {}, True, id="removed"),
        pytest.param(1, 1 + MANY_UPDATES, {"on_many_updates": "live"}, False, id="live"),
    ],
)
def test_many_reservations(
    host: Host, stack: Stack, before: int, after: int, args: dict[str, Any], *, restarts: bool
) -> None:
    stack.network("lab", **lab(before), **args)
    stack.up()
    stack.network("lab", **lab(after), **args)
    was = bridge(host)
    with host.guest("box", BRIDGE) as box:
        box.sh("ip address add 10.70.0.9/24 dev eth0")

        preview, shown = stack.preview(), stack.up()

        assert (f"instead of {MANY_UPDATES} live changes, virtnet restarts the network once" in preview) is restarts
        assert (f"firewall rules for this ({MANY_UPDATES} times" in preview) is not restarts
        assert ("one restart would take about" in preview) is not restarts
        assert ("interface box" in shown) is restarts
        assert (bridge(host) != was) is restarts
        assert served(host) == after
        box.sh("ping -c 1 -W 2 10.70.0.1")
    assert stack.unchanged()
