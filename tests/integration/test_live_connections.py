"""Connections of guests through the host live through updates for which libvirt rebuilds firewall rules."""

from typing import Any

import pytest
from tests.hosts.daemons import daemon_version
from tests.hosts.outside import OUTSIDE, behind, connected, ended, left, set_up
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

from virtnet.network.names import holding_name

pytestmark = pytest.mark.integration

BRIDGE = "vn-lab"
WEB = {"mac": "52:54:00:00:00:01", "ip": "10.77.0.50"}
#: The libvirt that uses nftables if it is not told otherwise.
BY_NFTABLES = (10, 4, 0)


def lab(*reserved: dict[str, str], **forward: Any) -> dict[str, Any]:
    """The host's only network, so that nothing else on the host tracks connections."""
    dhcp = {"ranges": [{"start": "10.77.0.100", "end": "10.77.0.199"}], "hosts": list(reserved)}
    ips = [{"address": "10.77.0.1/24", "dhcp": dhcp}, {"address": "fd00:77::1/64"}]
    return {"forward": {"mode": "nat", **forward}, "ips": ips, "bridge": {"stp": False}}


@pytest.mark.parametrize(
    ("forward", "outside"),
    [
        pytest.param({}, OUTSIDE[:1], id="IPv4", marks=pytest.mark.each_libvirt),
        pytest.param({"nat": {"ipv6": True}}, OUTSIDE, id="both", marks=pytest.mark.further),
    ],
)
def test_translated_connections_survive_a_reservation(
    host: Host, stack: Stack, forward: dict[str, Any], outside: tuple[str, ...]
) -> None:
    stack.network("lab", **lab(**forward))
    stack.up()
    with behind(host), host.guest("web", BRIDGE):
        set_up(host, "web", 50)
        for address in outside:
            host.sh(f"ip netns exec web ping -c 1 -w 10 {address}")
        connected(host, *outside)
        stack.network("lab", **lab(WEB, **forward))

        preview = stack.preview()
        stack.up()

        assert ended(host, len(outside)) == ["lived"] * len(outside)
        assert "Established connections survive" in preview
        assert "but translated ones" not in preview
        assert WEB["mac"] in host.sh("virsh net-dumpxml lab")
        assert left(host) == ""
    assert stack.unchanged()


def test_what_an_interrupted_update_left_is_found_and_removed(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab())
    stack.up()
    name = holding_name(host.sh("virsh net-uuid lab").strip())
    if daemon_version(host) >= BY_NFTABLES:
        host.sh(
            f"nft 'add table ip {name}; add chain ip {name} tracked {{ type filter hook prerouting priority -10 ; }};"
            f" add rule ip {name} tracked ct state established counter'"
        )
    else:
        host.sh(f"iptables -I FORWARD -m conntrack --ctstate ESTABLISHED -m comment --comment {name}")

    refresh = stack.refresh()
    preview = stack.preview()
    stack.up()

    assert name in refresh
    assert f"an interrupted update left the firewall rule {name}" in preview
    assert left(host) == ""
    assert stack.unchanged()
