"""What Linux guests under QEMU notice of changes: nothing, where the preview says live."""

import re
import time
from typing import Any

import pytest
from tests.hosts.guests import LinuxGuest, linux_guest
from tests.hosts.sandboxed import Host
from tests.integration.doctor import run_doctor
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

WEB, STORE, OTHER = "52:54:00:00:01:01", "52:54:00:00:01:02", "52:54:00:00:01:10"


def lab(*, hosts: tuple[dict[str, str], ...] = (), dns: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A NAT network with a reservation for the guest "web", so that dnsmasq need not try its address first."""
    reservations = [{"mac": WEB, "ip": "10.91.0.10", "name": "web"}, *hosts]
    ranges = [{"start": "10.91.0.50", "end": "10.91.0.99"}]
    return {
        "forward": {"mode": "nat"},
        "bridge": {"stp": False},
        "ips": [{"address": "10.91.0.1/24", "dhcp": {"ranges": ranges, "hosts": reservations}}],
        "dns": {"hosts": list(dns)},
    }


def place(guest: LinuxGuest) -> tuple[str, str | None, str, str]:
    """What a guest hangs on, the tap's number included: a new tap of the same name would have another."""
    index = guest.host.sh(f"cat /sys/class/net/{guest.tap}/ifindex")
    return guest.tap, guest.bridge, index, guest.console()


def test_live_edits_cost_a_running_guest_no_packet(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab())
    stack.up()

    with linux_guest(host, "web", network="lab", mac=WEB) as web:
        before = place(web)
        stack.network(
            "lab",
            **lab(
                hosts=({"mac": OTHER, "ip": "10.91.0.11", "name": "db"},),
                dns=({"ip": "10.91.0.11", "hostnames": ["db"]},),
            ),
        )
        preview = stack.preview()
        with web.pinging() as pings:
            stack.up()
        after = place(web)

    assert f"dhcp.hosts[{OTHER}] is added" in preview
    assert "dns.hosts[10.91.0.11] is added" in preview
    assert web.address == "10.91.0.10"
    assert pings.sent > 10
    assert (pings.lost, pings.silence < 1) == (0, True), pings
    assert after == before
    assert before[1] == "vn-lab"
    assert f"<host mac='{OTHER}' name='db' ip='10.91.0.11'/>" in host.virsh("net-dumpxml", "lab")
    assert stack.unchanged()


@pytest.mark.further
def test_drift_by_virsh_and_its_repair_cost_guests_no_packet(host: Host, stack: Stack) -> None:
    stack.declare(
        {"type": "LibvirtNetwork", "name": "lab", "args": lab()},
        {
            "type": "LibvirtNetwork",
            "name": "store",
            "args": {"bridge": {"stp": False}, "ips": [{"address": "10.92.0.1/24"}]},
        },
    )
    stack.up()
    drifted = f"<host mac='{OTHER}' ip='10.91.0.12'/>"

    with (
        linux_guest(host, "web", network="lab", mac=WEB, wait=False) as web,
        linux_guest(host, "store", network="store", mac=STORE, address="10.92.0.7/24", wait=False) as store,
    ):
        web.wait_until_up()
        store.wait_until_up()
        before = place(web), place(store)
        with web.pinging() as to_web, store.pinging() as to_store:
            host.virsh("net-update", "lab", "add", "ip-dhcp-host", drifted, "--live", "--config")
            found = stack.refresh()
            stack.up()
        after = place(web), place(store)

    assert (web.address, store.address) == ("10.91.0.10", "10.92.0.7")
    assert "lab: ips: " in found
    assert drifted not in host.virsh("net-dumpxml", "lab")
    for pings in (to_web, to_store):
        assert pings.sent > 10
        assert (pings.lost, pings.silence < 1) == (0, True), pings
    assert after == before
    assert stack.unchanged()


@pytest.mark.further
def test_guests_that_a_stop_and_start_by_hand_cut_off_are_plugged_in_without_a_restart(
    host: Host, stack: Stack
) -> None:
    stack.network("lab", **lab())
    stack.up()

    with (
        linux_guest(host, "web", network="lab", mac=WEB, wait=False) as web,
        linux_guest(host, "off", network="lab", mac=STORE, address="10.91.0.20/24", wait=False) as off,
    ):
        web.wait_until_up()
        off.wait_until_up()
        off.set_link("down")
        host.virsh("net-destroy", "lab")
        host.virsh("net-start", "lab")
        index = host.sh("cat /sys/class/net/vn-lab/ifindex")
        with linux_guest(host, "late", network="lab", mac=OTHER, address="10.91.0.30/24") as late:
            cut_off, tap = (web.bridge, off.bridge, late.bridge), web.tap
            found, again = stack.refresh(), stack.finds_nothing()
            doctor = run_doctor(host).stdout
            preview = stack.preview()
            with late.pinging() as to_late:
                stack.up()
            with web.pinging() as to_web:
                time.sleep(1)
            plugged_in = web.bridge, off.bridge, late.bridge
            ports = host.virsh("net-port-list", "lab")
            unchanged = stack.unchanged()

    assert cut_off == (None, None, "vn-lab")
    assert "lab: problems: [] => " in found
    assert "'owner': 'web'" in found
    assert "'owner': 'off'" not in found
    assert again
    named = f"guest 'web' ({tap})"
    assert f"problems changes ({named} belongs to the network and isn't attached to a bridge" in preview
    assert f"note: {named} isn't attached to a bridge and is reattached. Nothing else changes" in preview
    assert "restart]" not in preview
    assert f"{named} belongs to the network" in " ".join(doctor.split())
    # Off on purpose, it was not changed.
    assert plugged_in == ("vn-lab", None, "vn-lab")
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert (to_late.lost, to_late.silence < 1) == (0, True), to_late
    assert to_web.received > 0
    assert len(re.findall(r"[0-9a-f-]{36}", ports)) == 2
    assert unchanged


@pytest.mark.further
def test_guests_that_wait_for_a_network_are_plugged_in_by_its_start(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab())
    stack.up()

    with linux_guest(host, "web", network="lab", mac=WEB) as web:
        host.virsh("net-destroy", "lab")
        stack.refresh()
        preview = stack.preview()
        stack.up()
        with web.pinging() as pings:
            time.sleep(1)
        bridge, unchanged = web.bridge, stack.unchanged()

    assert "active changes (false -> true) [live]" in preview
    assert "guest 'web' (" in preview
    assert bridge == "vn-lab"
    assert pings.received > 0
    assert unchanged


@pytest.mark.further
def test_an_outage_shows_in_the_pings_and_on_the_console(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab())
    stack.up()

    with linux_guest(host, "web", network="lab", mac=WEB) as web:
        said = len(web.console())
        with web.pinging() as pings:
            web.set_link("down")
            web.wait_for("guest: eth0 link down", after=said)
            time.sleep(1)
            web.set_link("up")
            web.wait_for("guest: eth0 link up", after=said)
            web.wait_for("guest: eth0 renewed 10.91.0.10", after=said)

    # A busy machine asks less often: the clock tells that it was as long, and the requests that it was not longer.
    assert pings.lost > 0
    assert pings.longest_gap > 1
    assert pings.silence < 10
    assert pings.received > 0
