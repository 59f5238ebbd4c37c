"""What the host speaks against: a line at preview, a sentence at up before the first effect, nothing left behind."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.hosts.daemons import daemon_version, libvirtd_pid, start_libvirtd, stop_libvirtd, unanswered, unreached
from tests.hosts.sandboxed import Host
from tests.integration.doctor import run_doctor
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
OTHER = "<network><name>other</name><bridge name='other0'/><ip address='10.91.0.129' prefix='25'/></network>"


def refused(host: Host, stack: Stack, sentence: str) -> None:
    """Preview says it, up refuses it in one sentence, and the host is as it was."""
    before = host.trace()

    preview = stack.preview()
    said = stack.up(check=False)

    assert f"pulumi up would refuse this on the host as it is now: {sentence}" in preview
    assert f"was not changed: {sentence}" in said
    assert stack.failed
    assert host.trace() == before


def then_made(stack: Stack) -> None:
    stack.up()
    assert stack.unchanged()


def test_overlap_with_a_connected_subnet_and_its_silencing(host: Host, stack: Stack) -> None:
    host.sh("ip link add lan0 type bridge; ip address add 10.91.0.200/16 dev lan0; ip link set lan0 up")
    stack.network("lab", ips=[SUBNET])

    refused(host, stack, "10.91.0.0/24 overlaps 10.91.0.0/16 of the host's interface lan0. Choose another subnet")

    stack.network("lab", ips=[SUBNET], allow_overlap=True)
    then_made(stack)


def test_a_route_into_the_subnet_of_another_network(host: Host, stack: Stack) -> None:
    host.sh("ip link add lan0 type bridge; ip address add 10.92.0.1/24 dev lan0; ip link set lan0 up")
    far = {"type": "LibvirtNetwork", "name": "far", "args": {"ips": [{"address": "10.94.0.1/24"}]}}
    stack.declare(far)
    stack.up()

    def led(address: str) -> dict[str, Any]:
        routes = [{"address": address, "gateway": "10.91.0.7"}]
        return {"type": "LibvirtNetwork", "name": "lab", "args": {"ips": [SUBNET], "routes": routes}}

    stack.declare(far, led("10.94.0.0/24"))
    refused(host, stack, "the route to 10.94.0.0/24 takes addresses from 10.94.0.0/24 of the active network 'far'.")
    stack.declare(far, led("10.92.0.128/25"))
    refused(host, stack, "the route to 10.92.0.128/25 takes addresses from 10.92.0.0/24 of the host's interface lan0.")
    stack.declare(far, led("10.92.0.0/16"))
    then_made(stack)


def test_a_route_through_a_gateway_is_a_note_and_no_refusal(host: Host, stack: Stack) -> None:
    host.sh("ip link add lan0 type bridge; ip address add 172.20.0.2/24 dev lan0; ip link set lan0 up")
    host.sh("ip route add 10.0.0.0/8 via 172.20.0.1; ip route add default via 172.20.0.1")
    stack.network("lab", ips=[SUBNET])

    preview = stack.preview()
    then_made(stack)

    assert "note: 10.91.0.0/24 is inside 10.0.0.0/8, which the host reaches through 172.20.0.1 (lan0)" in preview
    assert "inside 0.0.0.0/0" not in preview


def test_the_default_route_of_a_vpn_in_halves_is_no_overlap(host: Host, stack: Stack) -> None:
    host.sh("ip link add tun0 type bridge; ip address add 10.8.0.2/24 dev tun0; ip link set tun0 up")
    host.sh("for half in 0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1; do ip route add $half dev tun0; done")
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET, {"address": "fd00:91::1/64"}])

    preview = stack.preview()
    then_made(stack)
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET, {"address": "fd00:91::1/64"}], mtu=1400)
    restarted = stack.up()
    doctor = run_doctor(host, "--json").stdout

    assert "pulumi up would refuse" not in preview
    assert "note:" not in preview
    assert "overlap" not in restarted
    assert host.sh("cat /sys/class/net/vn-lab/mtu").strip() == "1400"
    assert json.loads(doctor)["problems"] == 0


def test_a_bridge_name_that_is_the_hosts_own_bridge(host: Host, stack: Stack) -> None:
    host.sh("ip link add br0 type bridge; ip address add 172.21.0.1/24 dev br0; ip link set br0 up")
    address = host.sh("ip -4 -o address show br0; cat /sys/class/net/br0/ifindex")
    stack.network("lab", ips=[SUBNET], bridge={"name": "br0"})

    refused(host, stack, "the host already has an interface named br0, which libvirt could delete")

    assert host.sh("ip -4 -o address show br0; cat /sys/class/net/br0/ifindex") == address
    host.sh("ip link delete br0")
    then_made(stack)


def test_a_bridge_name_of_an_inactive_network(host: Host, stack: Stack) -> None:
    host.run("virsh", "net-define", "/dev/stdin", given=OTHER)
    stack.network("lab", ips=[{"address": "10.95.0.1/24"}], bridge={"name": "other0"})

    refused(host, stack, "the bridge name other0 already belongs to network 'other'. Choose another bridge.name")

    host.virsh("net-undefine", "other")
    then_made(stack)


def test_a_network_that_exists(host: Host, stack: Stack) -> None:
    uuid = host.virsh("net-uuid", "default").strip()
    stack.network("default")

    refused(host, stack, f"a network of this name already exists (UUID {uuid}). Set adopt=True to manage it")

    stack.network("default", adopt=True)
    then_made(stack)


def test_a_host_bridge_that_is_absent_and_one_that_is_none(host: Host, stack: Stack) -> None:
    stack.network("lan", forward={"mode": "bridge"}, bridge={"name": "br0"})
    refused(host, stack, "the host has no bridge br0. Create it first, or correct bridge.name")

    host.sh("ip link add br0 type veth peer name br0-peer")
    refused(host, stack, "the host's interface br0 isn't a bridge. Correct bridge.name")

    host.sh("ip link delete br0; ip link add br0 type bridge; ip link set br0 up")
    then_made(stack)


@pytest.mark.further
def test_an_open_vswitch_whose_device_is_a_tap(host: Host, stack: Stack) -> None:
    host.sh("ip tuntap add dev ovsbr0 mode tap; ip link set ovsbr0 up")
    switch = {"forward": {"mode": "bridge"}, "bridge": {"name": "ovsbr0"}}
    stack.network("lan", **switch)
    refused(host, stack, "the host's interface ovsbr0 isn't a bridge. Correct bridge.name")

    stack.network("lan", **switch, virtual_port={"type": "openvswitch"})
    then_made(stack)

    assert "<virtualport type='openvswitch'/>" in host.virsh("net-dumpxml", "lan")


def test_a_directory_for_tftp_that_is_not_there(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[{**SUBNET, "tftp_root": "/run/boot"}])
    refused(host, stack, "the host has no directory /run/boot, without which dnsmasq doesn't start. Create it,")

    host.sh("mkdir /run/boot")
    then_made(stack)


@pytest.mark.further
def test_a_zone_without_firewalld_or_that_it_has_not(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET], bridge={"zone": "lab"})
    missing = (
        "the host has no firewalld zone lab, or firewalld isn't running. Start firewalld and create the zone, or remove"
    )
    refused(host, stack, missing)

    # No firewalld runs in the sandbox: its program's answers stand in for it.
    tell = 'printf \'#!/bin/sh\\necho "%s" >&2; echo "%s"; exit %s\\n\''
    program = "/usr/local/sbin/firewall-cmd; chmod +x /usr/local/sbin/firewall-cmd"
    host.sh(f"mount -t tmpfs none /usr/local/sbin; {tell} 'FirewallD is not running' '' 252 > {program}")
    refused(host, stack, missing)
    host.sh(f"{tell} '' 'public trusted' 0 > {program}")
    refused(host, stack, missing)
    host.sh(f"{tell} '' 'lab public' 0 > {program}")
    preview = stack.preview()
    host.sh("umount /usr/local/sbin")

    assert "pulumi up would refuse" not in preview


def test_an_interface_to_the_outside_that_is_not_there_is_a_note(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    stack.network("lab", forward={"mode": "nat", "dev": "eno9"}, ips=[SUBNET])

    preview = stack.preview()
    said = stack.up()
    doctor = json.loads(run_doctor(host, "--json").stdout)["findings"]

    note = "the host has no interface eno9, the only one that guests' packets may leave through"
    assert f"note: {note}" in preview
    assert f"note: {note}" in said
    assert [finding["area"] for finding in doctor if finding["said"].startswith(note)] == ["network lab"]
    stack.destroy()
    stack.network("lab", forward={"mode": "nat", "dev": "eno9"}, ips=[SUBNET])
    assert f"note: {note}" in stack.preview()


def test_dnsmasq_missing(host: Host, stack: Stack) -> None:
    # Mounts of the sandbox are its own: the machine's dnsmasq is not touched.
    host.sh("touch nothing; mount --bind nothing $(readlink -f $(command -v dnsmasq))")
    stack.network("lab", ips=[SUBNET])

    refused(
        host, stack, "dnsmasq isn't installed on the host. Install it (Debian and Ubuntu: the package dnsmasq-base)"
    )

    host.sh("umount $(readlink -f $(command -v dnsmasq))")
    then_made(stack)


@contextlib.contextmanager
def listening(host: Host, code: str) -> Iterator[None]:
    host.sh(f"python -c '{code}' >listener.out 2>&1 & echo $! >listener; for i in $(seq 50); do "
            "grep -q bound listener.out && exit 0; sleep 0.1; done; cat listener.out; exit 1")  # fmt: skip
    try:
        yield
    finally:
        host.sh("kill $(cat listener)")


BIND = (
    'import socket, time; s = socket.socket(socket.AF_INET, socket.{kind}); s.bind(("{address}", {port})); '
    'getattr(s, "listen", print)() if "{kind}" == "SOCK_STREAM" else None; print("bound", flush=True); time.sleep(100)'
)


@pytest.mark.parametrize(
    ("kind", "port", "sentence"),
    [
        ("SOCK_STREAM", 53, "another program uses tcp port 53 of 0.0.0.0, which DNS on this network needs"),
        pytest.param(
            *("SOCK_DGRAM", 53, "another program uses udp port 53 of 0.0.0.0, which DNS on this network needs"),
            marks=pytest.mark.further,
        ),
        ("SOCK_DGRAM", 67, "another program uses udp port 67 exclusively"),
    ],
)
def test_a_port_that_dnsmasq_needs_is_taken(host: Host, stack: Stack, kind: str, port: int, sentence: str) -> None:
    stack.network("lab", ips=[SUBNET])

    with listening(host, BIND.format(kind=kind, address="0.0.0.0", port=port)):  # noqa: S104 - inside the sandbox
        refused(host, stack, sentence)

    then_made(stack)


@pytest.mark.each_libvirt
def test_flushed_firewall_chains_are_made_before_a_running_network_is_stopped(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    daemon = libvirtd_pid(host)
    host.sh("for t in filter nat mangle; do iptables -t $t -F; iptables -t $t -X; done; nft flush ruleset")
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET], mtu=1400)

    preview = stack.preview()
    stack.up()

    assert "has lost firewall rules" in preview
    assert host.sh("cat /sys/class/net/vn-lab/mtu") == "1400\n"
    assert libvirtd_pid(host) == daemon
    then_made(stack)


@pytest.mark.each_libvirt
def test_libvirtd_is_down(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    before = host.sh("ls /sys/class/net")
    stop_libvirtd(host)

    preview, up = stack.preview(), stack.up(check=False)

    said = f"libvirt at qemu:///system {unreached(host)} ("
    assert f"pulumi up would fail on the host as it is now: {said}" in preview
    assert f"virtnet.errors.Unreachable: {said}" in up
    assert host.sh("ls /sys/class/net") == before
    assert stack.resources() == []
    start_libvirtd(host)
    then_made(stack)


@pytest.mark.each_libvirt
def test_a_local_libvirtd_that_answers_nothing_is_given_up(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    pid = libvirtd_pid(host)
    host.sh(f"kill -STOP {pid}")
    began = time.monotonic()

    up = stack.up(check=False)

    # Looked at before and during the create: once waited for, once remembered.
    assert time.monotonic() - began < 60
    assert f"libvirt at qemu:///system {unanswered(host, 30)}" in up
    assert stack.resources() == []
    host.sh(f"kill -CONT {pid}")
    then_made(stack)


@pytest.mark.long_wait
@pytest.mark.each_libvirt
def test_a_local_libvirtd_that_stops_half_way_is_given_up_and_finished_later(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    pid = libvirtd_pid(host)
    stop = f"until [ -e /sys/class/net/vn-lab ]; do sleep 0.002; done; kill -STOP {pid}"
    watching = threading.Thread(target=lambda: host.sh(stop))
    watching.start()
    began = time.monotonic()

    up = stack.up(check=False)
    watching.join()

    assert time.monotonic() - began < 120
    assert re.search(
        r"the connection to libvirt at qemu:///system was lost during|virtnet closed the connection to libvirt", up
    )
    host.sh(f"kill -CONT {pid}")
    then_made(stack)


@pytest.mark.each_libvirt
def test_a_second_address_for_a_name_is_added_while_the_network_runs_or_refused_with_the_version(
    host: Host, stack: Stack
) -> None:
    subnets = [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}]
    both = [{"ip": ip, "hostnames": ["web"]} for ip in ("10.91.0.5", "fd00:91::5")]
    stack.network("lab", ips=subnets, dns={"hosts": both[:1]})
    stack.up()
    stack.network("lab", ips=subnets, dns={"hosts": both})

    if daemon_version(host) < (7, 1):
        refused(host, stack, "a second address for a name of dns.hosts, while the network runs, needs libvirt 7.1.0")
        # A network that is made anew has both.
        stack.destroy()
        stack.network("lab", ips=subnets, dns={"hosts": both})
    stack.up()

    assert [host.virsh("net-dumpxml", "lab").count(f"<host ip='{one['ip']}'>") for one in both] == [1, 1]
    assert stack.unchanged()
