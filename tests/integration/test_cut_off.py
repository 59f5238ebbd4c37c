"""Nobody is cut off, and nothing of the host's is deleted, in the orders where that could happen."""

import pytest
from tests.hosts.daemons import restart_libvirtd, run_at_starts, show_interfaces
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24"}


def index_of(host: Host, link: str) -> str:
    return host.sh(f"cat /sys/class/net/{link}/ifindex").strip()


def test_a_rename_of_the_bridge_to_the_hosts_own_costs_nobody_a_bounce(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("ip link add br0 type bridge; ip address add 172.21.0.1/24 dev br0; ip link set br0 up")
    before = (index_of(host, "br0"), index_of(host, "vn-lab"))
    stack.network("lab", ips=[SUBNET], bridge={"name": "br0"})

    refused = stack.up(check=False)

    assert "was not changed: the host already has an interface named br0" in refused
    assert (index_of(host, "br0"), index_of(host, "vn-lab")) == before
    assert "172.21.0.1/24" in host.sh("ip -br address show br0")


@pytest.mark.further
def test_a_bridge_can_be_renamed_and_keeps_its_addresses(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    stack.network("lab", ips=[SUBNET], bridge={"name": "lab-new"})

    stack.up()

    assert "10.91.0.1/24" in host.sh("ip -br address show lab-new")
    assert "vn-lab" not in host.links()
    assert stack.outputs("lab")["bridgeName"] == "lab-new"
    assert stack.unchanged()


def test_an_inactive_network_on_autostart_may_not_name_the_hosts_bridge(host: Host, stack: Stack) -> None:
    host.sh("ip link add br0 type bridge; ip link set br0 up")
    before = host.trace()
    stack.network("lab", ips=[SUBNET], bridge={"name": "br0"}, active=False)

    refused = stack.up(check=False)

    assert "was not changed: the host already has an interface named br0" in refused
    assert host.trace() == before


def test_an_interface_that_took_the_bridges_name_is_not_deleted_with_the_network(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("ip link delete vn-lab; ip link add vn-lab type bridge; ip address add 172.22.0.1/24 dev vn-lab")

    refreshed = stack.refresh()
    refused = stack.destroy(check=False)

    assert [problem["kind"] for problem in stack.outputs("lab")["problems"]] == ["foreign-bridge"], refreshed
    assert "was not changed: another interface has the name of the network's bridge" in refused
    assert "172.22.0.1/24" in host.sh("ip -br address show vn-lab")


def test_what_is_plugged_in_after_the_plan_was_made_stops_the_stop(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    stack.network("lab", ips=[SUBNET], mtu=1400)
    # Attached at the start of the throw-away network that is started and stopped before the stop.
    attach = "ip link add g1 type veth peer name g1-peer; ip link set g1 master vn-lab up"
    run_at_starts(host, f'#!/bin/sh\n[ "$1" = lab ] || [ "$2" != started ] || {{ {attach}; }}\n')
    before = index_of(host, "vn-lab")

    refused = stack.up(check=False)

    assert "interface g1 was attached after the plan was made" in refused
    assert "(all changes were rolled back)" in refused
    assert index_of(host, "vn-lab") == before
    assert "mtu" not in host.virsh("net-dumpxml", "lab", "--inactive")
    host.sh("rm /etc/libvirt/hooks/network")
    restart_libvirtd(host)


def test_an_interface_on_top_of_the_bridge_counts_as_plugged_in(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("ip link add link vn-lab name mv0 type macvlan mode bridge")

    refused = stack.destroy(check=False)

    assert "deleting it would disconnect interface mv0" in refused
    assert "mv0" in host.links()


def test_a_container_that_only_shares_the_socket_does_not_take_itself_for_the_host(host: Host, stack: Stack) -> None:
    host.sh("ip link add br0 type bridge; ip link set br0 up")
    show_interfaces(host)
    before = host.trace()
    program = (
        "from virtnet.libvirtd.connection import Connections\n"
        "from virtnet.connect import connect\n"
        "clients = connect('qemu:///system', Connections())\n"
        "print(clients.host, 'br0' in (clients.libvirt.interface_names() or ()))\n"
    )

    inside = host.run("python", "-c", program).stdout
    outside = host.run("unshare", "--net", "python", "-c", program).stdout

    assert "this host" in inside
    assert outside == "None True\n"
    assert host.trace() == before


def test_an_adopted_network_keeps_what_others_added_meanwhile(host: Host, stack: Stack) -> None:
    stack.network("default", adopt=True, domain={"name": "lab.test"})
    stack.up()
    host.sh(
        'virsh net-update default add ip-dhcp-host \'<host mac="52:54:00:00:00:77" ip="192.168.122.7"/>\''
        " --live --config"
    )

    stack.destroy()

    xml = host.virsh("net-dumpxml", "default", "--inactive")
    assert "192.168.122.7" in xml
    assert "lab.test" not in xml
    assert (host.network("default") or {})["Active"] == "no"


@pytest.mark.further
def test_modes_change_into_one_another_and_back(host: Host, stack: Stack) -> None:
    host.sh("ip link add br0 type bridge; ip link set br0 up")
    own: dict[str, object] = {"ips": [SUBNET]}
    modes: list[dict[str, object]] = [
        {**own, "forward": {"mode": "nat"}},
        {"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}},
        {**own, "forward": {"mode": "open"}},
        {"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}},
        own,
    ]

    for args in modes:
        stack.network("lab", **args)
        stack.up()
        assert stack.unchanged(), args

    assert "br0" in host.links()
    assert "10.91.0.1/24" in host.sh("ip -br address show vn-lab")
