"""Restarts with guests plugged in, through the real engine: everybody is plugged in again, and the host says so."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.guests import LinuxGuest, linux_guest
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

LAB: dict[str, Any] = {
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.70.0.1/24", "dhcp": {"ranges": [{"start": "10.70.0.2", "end": "10.70.0.99"}]}}],
}
BRIDGE = "vn-lab"
MOMENT = 3.0
"""Seconds a guest may be cut off in a test: the figure itself is measured by the benchmarks, on a quiet machine."""


def ports(host: Host, network: str = "lab") -> str:
    """libvirt's own list of what is plugged in."""
    return host.sh(f"for port in $(virsh -q net-port-list {network}); do virsh net-port-dumpxml {network} $port; done")


def on_bridge(host: Host, bridge: str = BRIDGE) -> set[str]:
    return set(host.sh(f"ls /sys/class/net/{bridge}/brif").split())


def attachments(host: Host, guest: LinuxGuest) -> bool:
    """By the kernel's word and by libvirt's."""
    return guest.bridge == BRIDGE and guest.mac in ports(host)


def attribute(host: Host, path: str) -> str:
    return host.sh(f"cat /sys/class/net/{path}").strip()


@pytest.mark.long_wait
def test_everything_plugged_in_is_plugged_in_again_as_it_was(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    stack.network("lab", **LAB, domain={"name": "lab.example"})
    with (
        linux_guest(host, "web", network="lab", wait=False) as web,
        linux_guest(host, "old", bridge=BRIDGE, mac="52:54:00:01:00:02", wait=False) as old,
        host.guest("box", BRIDGE),
    ):
        host.sh("bridge link set dev box isolated on hairpin on; ip link set dev box type bridge_slave cost 77")
        web.wait_until_up()
        old.wait_until_up()
        taps = {web.tap, old.tap, "box"}

        preview = stack.preview()
        with web.pinging() as pings:
            shown = stack.up()

        assert "domain.name is added (lab.example) [restart]" in preview
        for name in (f"guest 'web' ({web.tap})", f"guest 'old' ({old.tap})", "interface box"):
            assert name in preview
            assert name in shown
        assert attachments(host, web)
        assert old.bridge == BRIDGE
        assert on_bridge(host) == taps
        assert pings.silence < MOMENT
        assert [attribute(host, f"box/brport/{name}") for name in ("isolated", "hairpin_mode", "path_cost")] == [
            "1",
            "1",
            "77",
        ]
        assert attribute(host, f"{BRIDGE}/bridge/stp_state") == "1"
        assert {attribute(host, f"{tap}/brport/state") for tap in taps} == {"3"}  # forwarding
        assert "holding" not in host.virsh("net-list", "--all", "--name")
        assert stack.unchanged()


@pytest.mark.further
def test_two_stacks_restart_their_networks_at_the_same_time(host: Host) -> None:
    stacks = {name: Stack(host, name) for name in ("red", "blue")}
    args = {name: {"ips": [{"address": f"10.{number}.0.1/24"}]} for number, name in ((73, "red"), (74, "blue"))}
    for name, stack in stacks.items():
        stack.network(name, **args[name])
        stack.up()
        stack.network(name, **args[name], domain={"name": "lab.example"})
    with host.guest("one", "vn-red"), host.guest("two", "vn-blue"), ThreadPoolExecutor() as threads:
        list(threads.map(lambda stack: stack.up(), stacks.values()))

        assert on_bridge(host, "vn-red") == {"one"}
        assert on_bridge(host, "vn-blue") == {"two"}
    assert "holding" not in host.virsh("net-list", "--all", "--name")
    assert all("lab.example" in host.virsh("net-dumpxml", name) for name in stacks)


@pytest.mark.further
def test_many_reservations_are_one_restart_unless_the_program_wants_them_live(host: Host, stack: Stack) -> None:
    def lab(reservations: int, **args: Any) -> dict[str, Any]:
        hosts = [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"10.70.0.{n + 100}"} for n in range(reservations)]
        ranges = [{"start": "10.70.0.2", "end": "10.70.0.99"}]
        ips = [{"address": "10.70.0.1/24", "dhcp": {"ranges": ranges, "hosts": hosts}}]
        return {"forward": {"mode": "nat"}, "bridge": {"stp": False}, "ips": ips, **args}

    stack.network("lab", **lab(1))
    stack.up()
    with host.guest("box", BRIDGE):
        stack.network("lab", **lab(41))
        before, preview = attribute(host, f"{BRIDGE}/ifindex"), stack.preview()
        stack.up()
        restarted = attribute(host, f"{BRIDGE}/ifindex")

        stack.network("lab", **lab(21, on_many_updates="live"))
        preview_of_live = stack.preview()
        stack.up()

        assert preview.count("[restart]") == 40
        assert "instead of 40 live changes, virtnet restarts the network once" in preview
        assert "interface box stays connected while the network restarts" in preview
        assert restarted != before
        assert "[restart]" not in preview_of_live
        assert "firewall rules for this (20 times, about 7 s in all)" in preview_of_live
        assert "one restart would take about 0.7 s instead of all these rebuilds" in preview_of_live
        assert attribute(host, f"{BRIDGE}/ifindex") == restarted
        assert on_bridge(host) == {"box"}
        assert host.sh("wc -l < /var/lib/libvirt/dnsmasq/lab.hostsfile").strip() == "21"
    assert stack.unchanged()
