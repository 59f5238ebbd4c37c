"""A network's life through the real engine: made, changed in place, repaired, refused, taken down."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}


def test_a_nat_network_comes_up_and_goes_again(host: Host, stack: Stack) -> None:
    before = host.trace()
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])

    preview = stack.preview()
    stack.up()

    assert "network 'lab' on qemu:///system: will define a nat network with 10.91.0.1/24 on bridge vn-lab" in preview
    assert host.network("lab") is not None
    info = host.network("lab") or {}
    assert (info["Active"], info["Persistent"], info["Autostart"], info["Bridge"]) == ("yes", "yes", "yes", "vn-lab")
    assert "10.91.0.1/24" in host.sh("ip -br address show vn-lab")
    assert "10.91.0.0/24 dev vn-lab" in host.sh("ip route")
    assert "10.91.0.0/24" in host.sh("(iptables-save; nft list ruleset) | grep -i masquerade")
    assert stack.outputs("lab")["bridgeName"] == "vn-lab"
    assert stack.unchanged_by_each()

    stack.destroy()

    assert host.trace() == before
    assert stack.resources() == []


def test_drift_is_shown_by_refresh_and_mended_by_up(host: Host, stack: Stack) -> None:
    hosts = [{"mac": "52:54:00:00:00:01", "ip": "10.91.0.11"}]
    stack.network("lab", forward={}, ips=[{**SUBNET, "dhcp": {**SUBNET["dhcp"], "hosts": hosts}}])  # type: ignore[dict-item]
    stack.up()
    xml = host.virsh("net-dumpxml", "lab", "--inactive")
    host.virsh("net-autostart", "lab", "--disable")

    refreshed = _text(stack, "refresh", "--yes", "--skip-preview", "--diff")
    preview = stack.preview()
    stack.up()

    assert "autostart" in refreshed
    assert "network 'lab' on qemu:///system: autostart" in preview
    info = host.network("lab") or {}
    assert (info["Active"], info["Persistent"], info["Autostart"]) == ("yes", "yes", "yes")
    # Items put back stand at the end of their lists, which means nothing to libvirt.
    for flags in ([], ["--inactive"]):
        mended = host.virsh("net-dumpxml", "lab", *flags)
        assert "<range start='10.91.0.50' end='10.91.0.99'/>" in mended
        assert mended.count("<host mac") == 1
    assert "UUID" in info
    assert info["UUID"] in xml
    assert "10.91.0.1/24" in host.sh("ip -br address show vn-lab")
    assert host.sh("cat /proc/$(cat /run/libvirt/network/lab.pid)/comm").strip() == "dnsmasq"
    assert host.sh("ls /etc/libvirt/qemu/networks/autostart") == "lab.xml\n"
    assert stack.unchanged_by_each()


def _text(stack: Stack, *arguments: str) -> str:
    done = stack.pulumi(*arguments)
    return done.stdout + done.stderr


@pytest.mark.further
def test_twelve_networks_made_side_by_side_get_bridges_of_their_own(host: Host, stack: Stack) -> None:
    before = host.trace()
    stack.declare(
        *(
            {"type": "LibvirtNetwork", "name": f"parallel-{n}", "args": {"ips": [{"address": f"10.92.{n}.1/24"}]}}
            for n in range(12)
        )
    )

    stack.up()

    bridges = {(host.network(f"parallel-{n}") or {})["Bridge"] for n in range(12)}
    assert len(bridges) == 12
    assert bridges <= host.links()
    stack.destroy()
    assert host.trace() == before


def test_a_renamed_network_is_replaced_and_its_old_self_goes_first(host: Host, stack: Stack) -> None:
    stack.network("lab", name="one", ips=[SUBNET])
    stack.up()
    stack.network("lab", name="two", ips=[SUBNET])

    preview = stack.preview()
    stack.up()

    assert "name changes (one -> two) [replace]" in preview
    assert host.network("one") is None
    assert (host.network("two") or {})["Active"] == "yes"


@pytest.mark.further
def test_a_replacement_that_pulumi_is_told_to_make_deletes_first(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET], adopt=True)
    stack.up()
    before = stack.outputs("lab")["uuid"]

    stack.pulumi("up", "--yes", "--skip-preview", "--replace", "**::lab")

    assert stack.outputs("lab")["uuid"] != before
    assert (host.network("lab") or {})["Active"] == "yes"
    assert stack.unchanged_by_each()
