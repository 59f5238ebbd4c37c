"""Networks of every shape are taken over by the program that `virtnet import` prints, and given back as they were."""

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack
from tests.rows import rows

from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition

pytestmark = pytest.mark.integration

#: Shown to libvirtd in this sandbox alone: a PCI device that is an SR-IOV virtual function.
VIRTUAL_FUNCTION = "mount -t tmpfs tmpfs /sys/bus/pci/devices; mkdir -p /sys/bus/pci/devices/0000:03:10.2/physfn"
UPLINK = "ip link add up0 type veth peer name up1; ip link set up0 up"
HOST_BRIDGE = "ip link add br0 type bridge; ip link set br0 up"
SHAPES = {
    "hostdev": (
        VIRTUAL_FUNCTION,
        "<forward mode='hostdev' managed='yes'><driver name='vfio'/>"
        "<address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x2'/></forward>"
        "<vlan><tag id='42'/></vlan>",
    ),
    "bridge": (HOST_BRIDGE, "<forward mode='bridge'/><bridge name='br0'/><port isolated='yes'/>"),
    "bridge of an interface": (UPLINK, "<forward mode='bridge'><interface dev='up0'/></forward>"),
    "passthrough": (UPLINK, "<forward mode='passthrough'><interface dev='up0'/></forward>"),
    "open": ("", "<forward mode='open'/><bridge name='o0'/><ip address='10.94.0.1' prefix='24'/>"),
    "nothing but a bridge": ("", "<bridge name='n0' stp='off'/>"),
    "IPv6 alone": (
        "",
        "<forward mode='route'/><bridge name='s0'/><ip family='ipv6' address='fd00:94::1' prefix='64'/>",
    ),
    "addresses without DHCP beside one with it": (
        "",
        "<bridge name='t0'/><ip address='10.94.0.1' netmask='255.255.255.0'><dhcp>"
        "<host mac='52:54:00:00:00:01' ip='10.94.0.5'/></dhcp></ip>"
        "<ip address='10.95.0.1' netmask='255.255.255.0'/>",
    ),
}


def imported(host: Host, stack: Stack, name: str) -> None:
    printed = host.virtnet("import", name).stdout
    stack.program(printed)


def dumps(host: Host, *, live: bool) -> list[str]:
    return [host.virsh("net-dumpxml", "lab", *flags) for flags in ([["--inactive"], []] if live else [["--inactive"]])]


def unmarked(texts: list[str]) -> list[str]:
    """Definitions less the mark, which says whose the network is."""
    return [network_edit.without_owner_mark(definition(text)) for text in texts]


#: One that libvirt gives no bridge, one on a bridge of the host's, and one with a bridge of libvirt's.
SHOWN = {"hostdev", "bridge", "open"}


@pytest.mark.parametrize("started", [True, pytest.param(False, marks=pytest.mark.further)], ids=["active", "inactive"])
@pytest.mark.parametrize("shape", rows(SHAPES, SHOWN))
def test_a_persistent_network(host: Host, stack: Stack, shape: str, started: bool) -> None:
    prepared, body = SHAPES[shape]
    host.sh(prepared)
    host.run("virsh", "net-define", "/dev/stdin", given=f"<network><name>lab</name>{body}</network>")
    if started:
        host.virsh("net-start", "lab")
    found, before = dumps(host, live=started), host.trace()

    imported(host, stack, "lab")
    stack.up()

    assert unmarked(dumps(host, live=started)) == unmarked(found)
    assert stack.unchanged()

    stack.destroy()

    assert dumps(host, live=started) == found
    assert host.trace() == before
