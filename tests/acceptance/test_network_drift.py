"""What others did to a running network: a refresh shows it once, and the next `pulumi up` mends it."""

import time
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.hosts.guests import linux_guest
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNETS = [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}]


@pytest.fixture(params=FORMS)
def either(request: pytest.FixtureRequest, host: Host) -> Stack:
    """A stack of either form."""
    made: Stack = request.param(host)
    return made


def quiet(stack: Stack) -> bool:
    """Whether a refresh finds nothing that the one before did not find."""
    refresh = stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", check=False)
    print(refresh.stdout, refresh.stderr)  # noqa: T201 - shown by pytest when the assertion fails
    return refresh.returncode == 0


@pytest.mark.further
def test_a_bridge_that_is_there_and_not_as_it_was(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=SUBNETS)
    stack.up()
    host.sh("ip link set vn-lab down")

    refreshed = stack.refresh()
    again = quiet(stack)
    preview = stack.preview()
    stack.up()

    assert "1 updated" in refreshed or "~ 1" in refreshed
    assert again
    assert "problems changes (the network's bridge vn-lab is down) [restart]" in preview
    shown = host.sh("ip -br address show vn-lab")
    assert "10.91.0.1/24" in shown
    assert "fd00:91::1/64" in shown
    assert "UP" in host.sh("ip -br link show vn-lab").split("<")[1]
    assert stack.unchanged()


def test_a_note_is_said_once(stack: Stack) -> None:
    stack.network("default", adopt=True)

    said = stack.up()

    # Each line stands where it came, and once more in the summary.
    assert said.partition("Diagnostics:")[2].count("note: adopts the existing network") == 1


@pytest.mark.further
def test_a_guest_that_hangs_on_no_bridge_is_plugged_in(host: Host, either: Stack) -> None:
    either.network("lab", ips=SUBNETS)
    either.up()
    with linux_guest(host, "web", network="lab", address="10.91.0.7/24") as web:
        host.virsh("net-destroy", "lab")
        host.virsh("net-start", "lab")
        cut_off, index = web.bridge, host.sh("cat /sys/class/net/vn-lab/ifindex")

        refreshed, again = either.refresh(), quiet(either)
        preview = either.preview()
        up = either.up()
        with web.pinging() as pings:
            time.sleep(1)
        plugged_in, tap, unchanged = web.bridge, web.tap, either.unchanged()

    assert (cut_off, plugged_in) == (None, "vn-lab")
    assert "~ 1" in refreshed
    assert again
    named = f"guest 'web' ({tap})"
    assert f"problems changes ({named} belongs to the network and isn't attached to a bridge" in preview
    assert f"note: {named} isn't attached to a bridge and is reattached" in preview
    assert "~ 1 updated" in up
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert pings.received > 0
    assert unchanged


@pytest.mark.parametrize("form", FORMS)
def test_drift_that_an_edit_puts_right_stands_in_its_preview(host: Host, form: type[Stack]) -> None:
    stack = form(host)
    reserved = {"mac": "52:54:00:00:00:01", "ip": "10.91.0.11"}
    lab = {"forward": {}, "ips": [{"address": "10.91.0.1/24", "dhcp": {"hosts": [reserved]}}]}
    forwarding = {"uri": "qemu:///system", "ipv6": True}
    stack.declare(*declared(lab, forwarding))
    stack.up()
    by_hand = "<host mac='52:54:00:00:00:02' ip='10.91.0.12'/>"
    host.virsh("net-update", "lab", "add", "ip-dhcp-host", by_hand, "--live", "--config")
    host.sh("virsh net-dumpxml lab --inactive | sed 's,<ip ,<domain name=\"hand.test\"/><ip ,' > x; virsh net-define x")
    host.sh("echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")

    quiet = stack.preview()
    stack.declare(*declared({**lab, "autostart": False}, {**forwarding, "ipv4": True}))
    preview = stack.preview()
    stack.up()
    copies = [host.virsh("net-dumpxml", "lab", *flags) for flags in ((), ("--inactive",))]

    drift = "fixes drift on the host: "
    assert "drift" not in quiet
    assert "network 'lab' on qemu:///system: autostart changes (true -> false) [live]" in preview
    assert f"network 'lab' on qemu:///system: {drift}ips[10.91.0.1/24].dhcp.hosts[52:54:00:00:00:02] is rem" in preview
    assert f"IP forwarding on qemu:///system: {drift}ipv6 changes (false -> true) [live]" in preview
    assert [("52:54:00:00:00:02" in copy, "52:54:00:00:00:01" in copy) for copy in copies] == [(False, True)] * 2
    assert "hand.test" in copies[1]  # which nobody but others names
    assert host.sh("cat /proc/sys/net/ipv6/conf/all/forwarding") == "1\n"
    assert stack.unchanged()


def declared(lab: dict[str, Any], forwarding: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "LibvirtNetwork", "name": "lab", "args": lab},
        {"type": "HostForwarding", "name": "forwarding", "args": forwarding, "depends_on": ["lab"]},
    ]


@pytest.mark.further
def test_what_nobody_named_and_others_changed_is_a_note_and_no_difference(host: Host, either: Stack) -> None:
    either.network("lab", ips=SUBNETS)
    either.up()
    xml = host.virsh("net-dumpxml", "lab", "--inactive")
    edited = xml.replace("</network>", "<dns enable='no'/><mtu size='1400'/></network>")
    host.run("virsh", "net-define", "/dev/stdin", given=edited)

    looked = either.pulumi("refresh", "--preview-only", "--expect-no-changes", check=False)
    refreshed = either.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", check=False)
    preview = either.pulumi("preview", "--expect-no-changes", check=False)
    up = either.pulumi("up", "--yes", "--expect-no-changes", check=False)
    either.network("lab", ips=SUBNETS, dns={}, mtu=0)
    undoing = either.preview()
    either.up()
    after = either.pulumi("preview", "--expect-no-changes", check=False)

    note = (
        "note: the network differs from virtnet's defaults where the program says nothing: mtu is added (1400); "
        "dns.enable changes"
    )
    for done in (looked, refreshed, preview, up):
        assert done.returncode == 0, done.stdout + done.stderr
        said = " ".join((done.stdout + done.stderr).split())
        assert note in said.partition("Diagnostics:")[2], said
        assert "To undo it, set mtu: 0, dns: {}" in said
    assert "mtu is removed" in undoing
    assert "<mtu" not in host.virsh("net-dumpxml", "lab", "--inactive")
    assert "enable='no'" not in host.virsh("net-dumpxml", "lab", "--inactive")
    assert after.returncode == 0
    assert note not in " ".join(after.stdout.split())
