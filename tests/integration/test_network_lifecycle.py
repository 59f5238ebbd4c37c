"""A network's life on a real libvirtd: made, changed in place, repaired, refused, taken down."""

import re
from typing import Any

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
RESERVATION = {"mac": "52:54:00:00:00:10", "ip": "10.91.0.10", "name": "web"}


@pytest.mark.each_libvirt
def test_a_live_edit_costs_a_guest_no_packet(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    changed = {**SUBNET, "dhcp": {**SUBNET["dhcp"], "hosts": [RESERVATION]}}  # type: ignore[dict-item]
    stack.network(
        "lab", forward={"mode": "nat"}, ips=[changed], dns={"hosts": [{"ip": "10.91.0.10", "hostnames": ["web"]}]}
    )

    with host.guest("g1", "vn-lab") as guest:
        guest.sh("ip address add 10.91.0.20/24 dev eth0; for i in $(seq 60); do ping -c1 -W1 10.91.0.1 && break; done")
        preview = stack.preview()
        with guest.pinging("10.91.0.1") as pings:
            stack.up()

    assert "dhcp.hosts[52:54:00:00:00:10] is added" in preview
    assert "[live]" in preview
    assert pings.sent > 10
    assert pings.lost == 0
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    for flags in ([], ["--inactive"]):
        xml = host.virsh("net-dumpxml", "lab", *flags)
        assert "<host mac='52:54:00:00:00:10' name='web' ip='10.91.0.10'/>" in xml
        assert "<hostname>web</hostname>" in xml
    assert stack.unchanged()


def test_a_reservations_address_moves_to_another_and_two_swap(host: Host, stack: Stack) -> None:
    def declared(*hosts: tuple[str, str]) -> None:
        reservations = [{"mac": mac, "ip": ip} for mac, ip in hosts]
        stack.network("lab", forward={}, ips=[{**SUBNET, "dhcp": {"hosts": reservations}}])

    one, two = "52:54:00:00:00:01", "52:54:00:00:00:02"
    declared((one, "10.91.0.11"), (two, "10.91.0.12"))
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")

    declared((one, "10.91.0.12"), (two, "10.91.0.11"))
    stack.up()

    xml = host.virsh("net-dumpxml", "lab")
    assert f"<host mac='{one}' ip='10.91.0.12'/>" in xml
    assert f"<host mac='{two}' ip='10.91.0.11'/>" in xml
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_a_change_of_mode_restarts_under_the_same_identity(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    before = stack.outputs("lab")
    stack.network("lab", forward={"mode": "route"}, ips=[SUBNET], mtu=1400)

    preview = stack.preview()
    stack.up()

    assert "forward.mode changes (nat -> route) [restart]" in preview
    assert "mtu is added (1400) [restart]" in preview
    after = stack.outputs("lab")
    assert [after[key] for key in ("uuid", "mac", "bridgeName")] == [
        before[key] for key in ("uuid", "mac", "bridgeName")
    ]
    assert host.sh("cat /sys/class/net/vn-lab/mtu").strip() == "1400"
    assert "masquerade" not in host.sh("iptables-save; nft list ruleset").lower()
    assert stack.unchanged()


def test_destroy_is_refused_while_something_is_plugged_in(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()

    with host.guest("g1", "vn-lab"):
        refused = stack.destroy(check=False)
        assert (
            "was not changed: deleting it would disconnect interface g1. Detach everything from the network first"
            in refused
        )
        assert host.network("lab") is not None
    stack.destroy()

    assert host.network("lab") is None


def test_disconnect_takes_a_network_down_from_under_its_guests(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET], on_delete="disconnect")
    stack.up()

    with host.guest("g1", "vn-lab"):
        stack.destroy()

        assert host.network("lab") is None


@pytest.mark.parametrize(
    ("by_hand", "shown"),
    [
        ("virsh net-autostart lab --disable", "autostart"),
        ("virsh net-destroy lab", "active"),
        ('virsh net-update lab delete ip-dhcp-range \'<range start="10.91.0.50" end="10.91.0.99"/>\' --live', "ips"),
        ('virsh net-update lab delete ip-dhcp-range \'<range start="10.91.0.50" end="10.91.0.99"/>\' --config', "ips"),
        (
            'virsh net-update lab add ip-dhcp-host \'<host mac="52:54:00:00:00:77" ip="10.91.0.7"/>\' --live --config',
            "ips",
        ),
        ("virsh net-undefine lab", "persistent"),
        ("ip link delete vn-lab", "problems"),
        ("kill $(cat /run/libvirt/network/lab.pid); sleep 0.3", "problems"),
        ("rm /etc/libvirt/qemu/networks/autostart/lab.xml", "autostart"),
    ],
)
def test_drift_is_shown_by_refresh_and_mended_by_up(host: Host, stack: Stack, by_hand: str, shown: str) -> None:
    hosts = [{"mac": "52:54:00:00:00:01", "ip": "10.91.0.11"}]
    stack.network("lab", forward={}, ips=[{**SUBNET, "dhcp": {**SUBNET["dhcp"], "hosts": hosts}}])  # type: ignore[dict-item]
    stack.up()
    xml = host.virsh("net-dumpxml", "lab", "--inactive")
    host.sh(by_hand)

    refreshed = stack.refresh()
    preview = stack.preview()
    stack.up()

    assert shown in refreshed
    assert f"network 'lab' on qemu:///system: {shown}" in preview
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
    assert stack.unchanged()


def test_a_network_removed_by_hand_is_made_again(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("virsh net-destroy lab; virsh net-undefine lab")

    stack.refresh()
    assert stack.resources() == []
    stack.up()

    assert (host.network("lab") or {})["Active"] == "yes"
    assert stack.unchanged()


def test_default_is_adopted_and_given_back_as_it_was(host: Host, stack: Stack) -> None:
    before, found = host.trace(), host.virsh("net-dumpxml", "default", "--inactive")
    stack.network("default", adopt=True)

    preview = stack.preview()
    stack.up()

    assert "network 'default' on qemu:///system: will start the network" in preview
    info = host.network("default") or {}
    assert (info["Active"], info["Autostart"]) == ("yes", "yes")
    marked = host.virsh("net-dumpxml", "default", "--inactive")
    assert 'name="project/test/default"' in marked
    assert 'adopted="yes"' in marked
    unmarked = [network_edit.without_owner_mark(definition(xml)) for xml in (marked, found)]
    assert unmarked[0] == unmarked[1]
    assert stack.unchanged()

    stack.destroy()

    info = host.network("default") or {}
    assert (info["Active"], info["Autostart"]) == ("no", "no")
    assert host.virsh("net-dumpxml", "default", "--inactive") == found
    assert host.trace() == before


def test_adopting_a_running_network_that_is_as_desired_touches_nothing(host: Host, stack: Stack) -> None:
    host.sh("virsh net-start default; virsh net-autostart default")
    index = host.sh("cat /sys/class/net/virbr0/ifindex")
    stack.network(
        "default",
        adopt=True,
        forward={"mode": "nat"},
        ips=[
            {
                "address": "192.168.122.1/24",
                "dhcp": {"ranges": [{"start": "192.168.122.2", "end": "192.168.122.254"}]},
            }
        ],
    )

    with host.guest("g1", "virbr0"):
        stack.up()

    assert host.sh("cat /sys/class/net/virbr0/ifindex") == index
    assert stack.outputs("default")["bridgeName"] == "virbr0"
    assert stack.unchanged()


def test_what_the_program_leaves_out_stays_as_others_made_it(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])
    stack.up()
    host.sh(
        "virsh net-update lab add dns-host '<host ip=\"10.91.0.5\"><hostname>printer</hostname></host>' --live --config"
    )
    stack.network("lab", forward={}, ips=[SUBNET], domain={"name": "lab.test"})

    stack.up()

    assert "<hostname>printer</hostname>" in host.virsh("net-dumpxml", "lab", "--inactive")
    assert "<hostname>printer</hostname>" in host.virsh("net-dumpxml", "lab")
    assert stack.unchanged()


def test_a_create_that_fails_at_start_leaves_nothing(host: Host, stack: Stack) -> None:
    before = host.trace()
    # dnsmasq alone knows that there is no such option.
    stack.network("lab", ips=[SUBNET], dnsmasq_options=["no-such-option"])

    failed = stack.up(check=False)

    assert "network 'lab' on qemu:///system: could not start the network: libvirt at qemu:///system could not" in failed
    assert "dnsmasq" in failed
    assert "(all changes were rolled back)" in failed
    assert host.trace() == before
    assert stack.resources() == []


def test_a_restart_that_fails_brings_the_old_network_back(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    before = [host.virsh("net-dumpxml", "lab", *flags) for flags in ([], ["--inactive"])]
    # dnsmasq alone knows that there is no such option.
    stack.network("lab", ips=[SUBNET], dnsmasq_options=["no-such-option"])

    failed = stack.up(check=False)

    assert "could not start the network" in failed
    assert "(all changes were rolled back)" in failed
    after = [host.virsh("net-dumpxml", "lab", *flags) for flags in ([], ["--inactive"])]
    # The running network was started with our mark in an earlier phase, which it shows until it is started again.
    assert after == [re.sub(" phase=(['\"])first definition\\1", "", xml) for xml in before]
    info = host.network("lab") or {}
    assert (info["Active"], info["Autostart"]) == ("yes", "yes")
    assert "10.91.0.1/24" in host.sh("ip -br address show vn-lab")
    stack.network("lab", ips=[SUBNET])
    assert stack.unchanged()


def test_what_the_host_has_not_is_found_before_the_network_stops(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    stack.network("lab", ips=[SUBNET], bridge={"zone": "public"})  # and there is no firewalld

    failed = stack.up(check=False)

    assert "was not changed: the host has no firewalld zone public, or firewalld isn't running" in failed
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index


def test_dual_stack_with_dhcp_for_both_and_a_route(host: Host, stack: Stack) -> None:
    six = {
        "address": "fd00:91::1/64",
        "dhcp": {
            "ranges": [{"start": "fd00:91::100", "end": "fd00:91::1ff"}],
            "hosts": [{"id": "0:3:0:1:52:54:0:0:0:10", "name": "web", "ip": "fd00:91::10"}],
        },
    }
    stack.network(
        "lab",
        forward={"mode": "route"},
        ips=[SUBNET, {"address": "10.91.1.1/24"}, six],
        routes=[{"address": "10.99.0.0/16", "gateway": "10.91.0.7"}],
        domain={"name": "lab.test", "local_only": True},
        dns={"forwarders": [{"address": "192.0.2.53"}], "hosts": [{"ip": "10.91.0.8", "hostnames": ["a", "b"]}]},
        mtu=1400,
        mac="52:54:00:91:91:91",
        bridge={"name": "br-lab", "stp": False},
    )

    stack.up()

    addresses = host.sh("ip -br address show br-lab")
    assert "10.91.0.1/24" in addresses
    assert "10.91.1.1/24" in addresses
    assert "fd00:91::1/64" in addresses
    assert host.sh("cat /sys/class/net/br-lab/address /sys/class/net/br-lab/mtu").split() == [
        "52:54:00:91:91:91",
        "1400",
    ]
    assert host.sh("cat /sys/class/net/br-lab/bridge/stp_state").strip() == "0"
    assert "10.99.0.0/16 via 10.91.0.7 dev br-lab" in host.sh("ip route")
    settings = host.sh("cat /var/lib/libvirt/dnsmasq/lab.conf")
    assert "server=192.0.2.53" in settings
    assert "local=/lab.test/" in settings
    assert "dhcp-range=fd00:91::100,fd00:91::1ff,64" in settings
    assert stack.unchanged()


@pytest.mark.further
def test_a_network_can_be_changed_while_it_does_not_run(host: Host, stack: Stack) -> None:
    steps: list[dict[str, Any]] = [
        {"active": False},
        {"active": False, "mtu": 1300},
        {"mtu": 1300},
        {"active": False},
        {},
    ]
    stack.network("lab", ips=[SUBNET])
    stack.up()

    for more in steps:
        stack.network("lab", ips=[SUBNET], **more)
        stack.up()
        assert stack.unchanged(), more
        assert (host.network("lab") or {})["Active"] == ("no" if "active" in more else "yes")
        assert ("<mtu size='1300'/>" in host.virsh("net-dumpxml", "lab", "--inactive")) == ("mtu" in more)


def test_a_network_adopted_in_mode_bridge_is_given_back_after_a_change_of_mode(host: Host, stack: Stack) -> None:
    host.sh("ip link add br0 type bridge; ip link set br0 up")
    xml = "<network><name>lan</name><forward mode='bridge'/><bridge name='br0'/></network>"
    host.run("virsh", "net-define", "/dev/stdin", given=xml)
    found = host.virsh("net-dumpxml", "lan", "--inactive")
    stack.network("lan", adopt=True, forward={"mode": "nat"}, ips=[SUBNET], bridge={"name": "lan0"})
    stack.up()

    stack.destroy()

    assert host.virsh("net-dumpxml", "lan", "--inactive") == found
    assert (host.network("lan") or {})["Active"] == "no"
    assert {"br0", "lo"} == host.links()


def test_a_network_that_the_state_lost_is_taken_up_again(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    made = dict(stack.outputs("lab"))
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    stack.forget("lab")

    preview = stack.preview()
    stack.up()

    assert "manages the existing network" in preview
    assert "its owner mark names this resource" in preview
    taken_up = dict(stack.outputs("lab"))
    assert taken_up.pop("__token") != made.pop("__token")
    assert taken_up == made
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    stack.destroy()
    assert host.network("lab") is None


@pytest.mark.further
def test_another_driver_in_the_uri_is_another_spelling(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET], uri="qemu:///system")
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    for before, after in (("qemu:///system", "network:///system"), ("network:///system", "qemu+unix:///system")):
        stack.network("lab", ips=[SUBNET], uri=after)

        preview = stack.preview()
        stack.up()

        assert f"uri changes ({before} -> {after}) [recorded]" in preview
        assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
        assert stack.unchanged()
