"""Restarts with guests plugged in: everybody is plugged in again, and the host says so."""

import re
from typing import Any

import pytest
from tests.hosts.daemons import network_daemon
from tests.hosts.guests import LinuxGuest, linux_guest
from tests.hosts.sandboxed import LIST_NFT, REPOSITORY, Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

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


@pytest.mark.further
def test_mtu_and_isolation_of_guests_come_back(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB, port_isolated=True, mtu=1400)
    stack.up()
    stack.network("lab", **LAB, port_isolated=True, mtu=1300)
    with linux_guest(host, "web", network="lab") as web:
        before = [attribute(host, f"{web.tap}/{name}") for name in ("brport/isolated", "mtu")]

        stack.up()

        assert attachments(host, web)
        assert before == ["1", "1400"]
        assert [attribute(host, f"{web.tap}/{name}") for name in ("brport/isolated", "mtu")] == ["1", "1300"]
        host.sh(f"ping -c 2 -i 0.2 -W 2 {web.address}")
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_neighbours_go_on_talking_while_the_network_restarts(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB, bridge={"stp": False})
    stack.up()
    stack.network("lab", **LAB, bridge={"stp": False}, domain={"name": "lab.example"})
    with host.guest("one", BRIDGE) as one, host.guest("two", BRIDGE) as two:
        one.sh("ip address add 10.71.0.1/24 dev eth0")
        two.sh("ip address add 10.71.0.2/24 dev eth0")
        with one.pinging("10.71.0.2") as pings:
            stack.up()

    assert pings.silence < 0.3  # moved one after the other, each in an instant


def test_guests_get_an_address_of_the_new_subnet(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    with linux_guest(host, "web", network="lab") as web:
        assert web.address.startswith("10.70.0.")
        ips = [{"address": "10.72.0.1/24", "dhcp": {"ranges": [{"start": "10.72.0.2", "end": "10.72.0.99"}]}}]
        stack.network("lab", forward={"mode": "nat"}, ips=ips)

        preview, said = stack.preview(), len(web.console())
        stack.up()

        assert "the links of guest 'web'" in preview
        web.wait_for("bound 10.72.0.", after=said)
        host.sh(f"ping -c 2 -i 0.2 -W 2 {web.address}")
        assert attachments(host, web)


def test_on_restart_refuse_leaves_guest_and_network_alone(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB, on_restart="refuse")
    stack.up()
    stack.network("lab", **LAB, on_restart="refuse", mtu=1400)
    before = attribute(host, f"{BRIDGE}/ifindex")
    with host.guest("box", BRIDGE):
        preview, shown = stack.preview(), stack.up(check=False)

        assert "pulumi up would refuse this on the host as it is now" in preview
        assert "reattached" not in preview
        assert re.search(r'was not changed: .*disconnect interface box, and on_restart is "refuse"', shown)
        assert attribute(host, f"{BRIDGE}/ifindex") == before
        assert on_bridge(host) == {"box"}


def test_a_macvtap_guest_refuses_the_restart(host: Host, stack: Stack) -> None:
    host.sh("ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up")
    stack.network("lab", forward={"mode": "private", "interfaces": [{"dev": "up0"}]})
    stack.up()
    stack.network("lab", forward={"mode": "vepa", "interfaces": [{"dev": "up0"}]})
    with linux_guest(host, "web", network="lab", address="10.70.0.5/24"):
        shown = stack.up(check=False)

        assert re.search(r"was not changed: .*guest 'web' \(up0\) could not be reattached: .*macvtap", shown)
        assert "mode='private'" in host.virsh("net-dumpxml", "lab")


@pytest.mark.further
def test_a_uri_that_reaches_no_guests_refuses_the_restart_and_names_one_that_does(host: Host, stack: Stack) -> None:
    uri = "network:///system"
    stack.network("lab", **LAB, uri=uri)
    stack.up()
    with linux_guest(host, "web", network="lab", address="10.70.0.5/24") as web:
        stack.network("lab", **LAB, uri=uri, mtu=1400)
        refused = stack.up(check=False)
        stack.network("lab", **LAB, uri="qemu:///system", mtu=1400)

        stack.up()

        assert re.search(r"was not changed: .*guest 'web' .* could not be reattached: .*Use the uri qemu:", refused)
        assert web.bridge == BRIDGE


def test_what_is_made_on_top_of_the_bridge_refuses_the_restart(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    stack.network("lab", **LAB, mtu=1400)
    host.sh(f"ip link add link {BRIDGE} name mac0 type macvlan mode bridge")

    shown = stack.up(check=False)

    assert re.search(r"was not changed: .*interface mac0 could not be reattached: it is stacked on", shown)
    assert "mac0" in host.links()


@pytest.mark.each_libvirt
def test_a_start_that_fails_gives_everybody_the_old_network_back(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    # dnsmasq refuses it, which no look at the host can know.
    stack.network("lab", **LAB, dnsmasq_options=["no-such-option=1"])
    with linux_guest(host, "web", network="lab") as web, host.guest("box", BRIDGE):
        old = host.virsh("net-dumpxml", "lab", "--inactive")

        with web.pinging() as pings:
            shown = stack.up(check=False)

        assert "all changes were rolled back" in shown
        assert host.virsh("net-dumpxml", "lab", "--inactive") == old
        assert attachments(host, web)
        assert on_bridge(host) == {web.tap, "box"}
        assert pings.silence < 2 * MOMENT  # stopped and started twice
        assert "holding" not in host.virsh("net-list", "--all", "--name")


@pytest.mark.further
def test_a_bridge_deleted_by_hand_comes_back_with_its_guests(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    with linux_guest(host, "web", network="lab") as web:
        host.sh(f"ip link delete dev {BRIDGE}")
        assert web.bridge is None

        stack.refresh()
        problems, shown = stack.outputs("lab")["problems"], stack.up()

        assert problems == [{"kind": "bridge-missing", "details": {"bridge": BRIDGE}}]
        assert "already lost the bridge" in shown
        assert attachments(host, web)
        host.sh(f"ping -c 2 -i 0.2 -W 2 {web.address}")


@pytest.mark.further
def test_a_network_on_a_host_bridge_takes_its_guests_to_another(host: Host, stack: Stack) -> None:
    host.sh("for bridge in br0 br1; do ip link add $bridge type bridge stp_state 0; ip link set $bridge up; done")
    stack.network("lab", forward={"mode": "bridge"}, bridge={"name": "br0"})
    stack.up()
    stack.network("lab", forward={"mode": "bridge"}, bridge={"name": "br1"})
    with linux_guest(host, "web", network="lab", address="10.70.0.5/24") as web:
        stack.up()

        assert web.bridge == "br1"
        assert web.mac in ports(host)
        assert on_bridge(host, "br0") == set()


@pytest.mark.further
def test_a_change_waits_for_another_process_that_changes_the_host(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    stack.network("lab", **LAB, domain={"name": "lab.example"})
    # What another process of virtnet's holds while it changes something.
    host.sh("(flock 9; sleep 8; echo done > /run/other) 9>>/run/virtnet/lock >/dev/null 2>&1 &")

    stack.up()

    assert host.sh("cat /run/other") == "done\n"
    assert "lab.example" in host.virsh("net-dumpxml", "lab")


@pytest.mark.further
@pytest.mark.each_libvirt
def test_libvirtd_killed_between_any_two_steps_loses_nobody(host: Host) -> None:
    shown = host.run("python", "-m", "tests.campaigns.killed_restarts", directory=REPOSITORY)

    assert "lost nobody" in shown.stdout


@pytest.mark.campaign
def test_previews_agree_with_witnesses_over_random_edits(host: Host) -> None:
    command = ("python", "-m", "tests.campaigns.random_edits", "--seed", "1", "--edits", "30")

    shown = host.run(*command, directory=REPOSITORY, check=False)

    assert shown.returncode == 0, shown.stdout[-4000:] + shown.stderr[-4000:]
    assert "30 edits with seed 1" in shown.stdout


#: A server outside, behind the host. The guest reads from it through NAT, a byte every 50 ms, until it has read some
#: after the restart, and says how it ended.
OUTSIDE = (
    "ip netns add outside; ip link add out0 type veth peer name eth0 netns outside;"
    "ip address add 203.0.113.1/24 dev out0; ip link set out0 up;"
    "ip -n outside link set eth0 up; ip -n outside address add 203.0.113.9/24 dev eth0"
)
SERVE = "import socket,time\ns=socket.create_server(('',8000))\nc,_=s.accept()\nwhile 1: c.send(b'x'); time.sleep(0.05)"
READ = (
    "import os,socket\ns=socket.create_connection(('203.0.113.9',8000)); s.settimeout(8); n=0\n"
    "try:\n while n<20: n+=len(s.recv(1))*os.path.exists('/run/restarted')\n print('lived')\n"
    "except OSError as e: print(type(e).__name__)"
)


FURTHER = pytest.mark.further
NFT = "$(readlink -f $(command -v nft))"


@pytest.mark.parametrize(
    ("prepare", "change", "lives"),
    [
        pytest.param("true", {"mtu": 1400}, True, id="the only NAT network"),
        pytest.param("virsh -q net-start default", {"mtu": 1400}, True, id="another beside it", marks=FURTHER),
        pytest.param(
            f"touch /run/no; mount --bind /run/no {NFT}", {"mtu": 1400}, True, id="no nft on the host", marks=FURTHER
        ),
        pytest.param(
            f"printf '#!/bin/sh\\nexit 1\\n' >/run/no; chmod +x /run/no; mount --bind /run/no {NFT}",
            {"mtu": 1400},
            True,
            id="a kernel without nf_tables, where nft does nothing",
            marks=FURTHER,
        ),
        pytest.param("true", {"forward": {"mode": "route"}}, False, id="nothing translates afterwards"),
    ],
)
def test_connections_through_the_host_live_or_are_said_to_be_reset(
    host: Host, stack: Stack, prepare: str, change: dict[str, Any], lives: bool
) -> None:
    if NFT in prepare and network_daemon(host) != "libvirtd":
        pytest.skip("this libvirt writes its own rules with nft")
    host.sh(f"{OUTSIDE}; {prepare}")
    network = {"forward": {"mode": "nat"}, "bridge": {"stp": False}, "ips": [{"address": "10.91.0.1/24"}]}
    stack.network("lab", **network)
    stack.up()
    with host.guest("web", "vn-lab") as guest:
        guest.sh("ip address add 10.91.0.5/24 dev eth0; ip route add default via 10.91.0.1")
        host.sh(f'(ip netns exec outside python3 -c "{SERVE}" >/dev/null 2>&1 & echo $! > /run/serve.pid); sleep 0.5')
        host.sh(f'(ip netns exec web python3 -c "{READ}" > /run/read.txt 2>&1 &) ; sleep 0.6')
        stack.network("lab", **{**network, **change})
        preview = stack.preview()
        stack.up()
        host.sh("touch /run/restarted")
        ended = host.sh("for i in $(seq 100); do [[ -s /run/read.txt ]] && break; sleep 0.1; done; cat /run/read.txt")
        host.sh(
            "kill $(cat /run/serve.pid) || true; ip netns del outside; ip link del out0 2>/dev/null || true;"
            "rm /run/serve.pid /run/read.txt /run/restarted"
        )
    host.sh(f"if mountpoint -q {NFT}; then umount {NFT}; rm /run/no; fi")

    # The reset goes to the outside; the guest waits in vain.
    assert (ended.strip() == "lived") is lives
    assert ("TCP connections of guests through the host break" in preview) is not lives
    rules = host.sh(f"iptables-save; {LIST_NFT}")
    assert "virtnet-holding" not in rules, rules
