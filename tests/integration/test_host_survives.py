"""What the host and other networks have outlives a network that is refused, fails, or was broken by hand.

libvirt 9 and 11 clean up after a failed start in different ways: 11 deletes a link of the bridge's name whoever made
it, 9 leaves its own dnsmasq behind. These tests say the same of both.
"""

import pytest
from tests.hosts.daemons import WRITES_NFTABLES, choose_firewall, daemon_version, kill_libvirtd, start_libvirtd
from tests.hosts.sandboxed import Host
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
IN_THE_WAY = "the host already has an interface named br0"


def make_bridge(host: Host, name: str = "br0") -> None:
    """A bridge of the host's own, with an address and something plugged in."""
    host.sh(
        f"ip link add {name} type bridge; ip address add 172.20.0.1/24 dev {name}; ip link set {name} up;"
        f"ip link add p-{name} type veth peer name q-{name}; ip link set p-{name} master {name} up"
    )


def bridge(host: Host, name: str = "br0") -> str:
    """What there is to lose of it; another link of the same name has another index."""
    return host.sh(
        f"ip -o address show dev {name} | grep -o '^[0-9]*: *[^ ]* *inet [^ ]*';"
        f"cat /sys/class/net/{name}/address; ls /sys/class/net/{name}/brif"
    )


def restart_killed(host: Host) -> None:
    kill_libvirtd(host)
    start_libvirtd(host)


def test_the_hosts_bridge_outlives_a_definition_that_names_it(host: Host, stack: Stack) -> None:
    host.run(
        "virsh",
        "net-define",
        "/dev/stdin",
        given="<network><name>lab</name><bridge name='br0'/><ip address='10.91.0.1' prefix='24'/></network>",
    )
    make_bridge(host)
    before, there = host.trace(), bridge(host)
    stack.network("lab", adopt=True)

    preview = stack.preview()
    refused = stack.up(check=False)

    assert f"pulumi up would refuse this on the host as it is now: {IN_THE_WAY}" in preview
    assert f"was not changed: {IN_THE_WAY}" in refused
    assert bridge(host) == there
    assert host.trace() == before


def test_the_hosts_bridge_outlives_a_running_network_that_is_to_take_its_name(host: Host, stack: Stack) -> None:
    make_bridge(host)
    stack.network("lab", ips=[SUBNET])
    stack.up()
    before, there = host.trace(), bridge(host)
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    stack.network("lab", ips=[SUBNET], bridge={"name": "br0"})

    refused = stack.up(check=False)

    assert f"was not changed: {IN_THE_WAY}" in refused
    assert bridge(host) == there
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert host.trace() == before


@pytest.mark.further
def test_a_bridge_that_others_made_under_a_stopped_networks_name_is_theirs(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.virsh("net-destroy", "lab")
    make_bridge(host, "vn-lab")
    there = bridge(host, "vn-lab")

    stack.refresh()
    refused = stack.up(check=False)

    assert "was not changed: the host already has an interface named vn-lab" in refused
    assert bridge(host, "vn-lab") == there
    stack.destroy()
    assert bridge(host, "vn-lab") == there
    assert host.network("lab") is None


@pytest.mark.further
def test_a_bridge_lost_before_libvirtd_was_killed_comes_back(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    host.sh("ip link delete vn-lab")
    restart_killed(host)
    # libvirt 9 forgets the network's dnsmasq then, which keeps its port, so that no start succeeds before it is ended.
    host.sh("kill $(cat /run/libvirt/network/lab.pid) 2>/dev/null && sleep 0.3 || true")

    stack.refresh()
    stack.up()

    assert (host.network("lab") or {})["Active"] == "yes"
    assert "10.91.0.1/24" in host.sh("ip -br address show vn-lab")
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_a_network_outlives_a_killed_libvirtd_and_changes_live_after_it(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    restart_killed(host)
    assert stack.unchanged()
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET], dns={"txts": [{"name": "n", "value": "v"}]})

    stack.up()

    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert "<txt name='n' value='v'/>" in host.virsh("net-dumpxml", "lab")
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_a_network_lives_under_the_nftables_backend_too(unshared_host: Host, forks: Forks) -> None:
    host, stack = unshared_host, Stack(unshared_host, forks)
    choose_firewall(host, "nftables")
    # An older libvirt passes over the setting: there it is shown that the network lives with iptables all the same. In
    # the list of all rules iptables' would be seen as well.
    heeded = daemon_version(host) >= WRITES_NFTABLES
    rules = "nft list table ip libvirt_network" if heeded else "iptables-save -t nat | grep LIBVIRT_PRT"
    masquerades = f"{rules} | grep 10.91.0.0/24 | grep -ci masquerade || true"
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    assert ("table ip libvirt_network" in host.sh("nft list tables")) == heeded
    assert ("LIBVIRT_" in host.sh("iptables-save")) == (not heeded)
    assert host.sh(masquerades) != "0\n"
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET], mtu=1400)

    stack.up()

    assert host.sh("cat /sys/class/net/vn-lab/mtu") == "1400\n"
    assert host.sh(masquerades) != "0\n"
    assert stack.unchanged()
    stack.network("lab", forward={"mode": "route"}, ips=[SUBNET], mtu=1400)
    stack.up()
    assert host.sh(masquerades) == "0\n"
    assert stack.unchanged()
    stack.destroy()
    assert host.network("lab") is None
    assert "vn-lab" not in host.sh("iptables-save; nft list ruleset")
