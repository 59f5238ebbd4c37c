"""`virtnet import` prints a program that takes a network over and changes nothing."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

ODD = """
<network ipv6='yes'>
  <name>odd one</name>
  <metadata><x:note xmlns:x='urn:x'>keep "me"</x:note></metadata>
  <forward mode='route'/>
  <bridge name='odd0' stp='off' delay='3'/>
  <domain name='odd.test' localOnly='yes'/>
  <dns forwardPlainNames='no'>
    <forwarder domain='example.org' addr='192.0.2.1'/>
    <txt name='note' value='v=1 it&apos;s'/>
    <host ip='10.93.0.9'><hostname>b</hostname><hostname>a</hostname></host>
  </dns>
  <ip address='10.93.0.1' netmask='255.255.255.0' localPtr='yes'>
    <tftp root='/tmp'/>
    <dhcp>
      <range start='10.93.0.100' end='10.93.0.200'><lease expiry='2' unit='hours'/></range>
      <host mac='52:54:00:AA:00:09' name='nine' ip='10.93.0.9'/>
      <bootp file='pxe.0' server='10.93.0.1'/>
    </dhcp>
  </ip>
  <portgroup name='slow' default='yes'><bandwidth><inbound average='100'/></bandwidth></portgroup>
</network>
"""


def imported(host: Host, stack: Stack, name: str) -> str:
    printed = host.virtnet("import", name).stdout
    (stack.directory / "__main__.py").write_text(printed)
    return printed


def test_an_unusual_network_is_taken_over_and_given_back_byte_for_byte(host: Host, stack: Stack) -> None:
    host.run("virsh", "net-define", "/dev/stdin", given=ODD)
    host.sh("virsh net-start 'odd one'; virsh net-autostart 'odd one'")
    found = host.virsh("net-dumpxml", "odd one", "--inactive")
    before = host.trace()

    printed = imported(host, stack, "odd one")
    preview = stack.preview()
    stack.up()

    assert printed.startswith('"""The network odd one of qemu:///system, taken over as it is."""')
    assert "adopt=True" in printed
    assert "adopts the existing network" in preview
    assert preview.count(": will ") == 1
    assert (
        "set 'project/test/odd one' as the owner in the network's metadata, with the configuration from before adoption"
        in preview
    )
    assert 'name="project/test/odd one"' in host.virsh("net-dumpxml", "odd one", "--inactive").replace("'", '"')
    assert stack.unchanged_by_each()

    stack.destroy()

    assert host.virsh("net-dumpxml", "odd one", "--inactive") == found
    assert host.trace() == before


def test_a_whole_host_moves_to_another_stack_by_the_program_of_import(host: Host, stack: Stack) -> None:
    ports = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]
    stack.declare(
        {"type": "HostForwarding", "name": "ip", "args": {"ipv4": True}},
        {
            "type": "LibvirtNetwork",
            "name": "lab",
            "args": {"forward": {"mode": "nat"}, "ips": [{"address": "10.94.0.1/24"}]},
        },
        {
            "type": "PortForward",
            "name": "web",
            "args": {"network": "lab", "target_address": "10.94.0.9", "ports": ports},
            "depends_on": ["lab"],
        },
    )
    stack.up()
    there = "nft list table inet virtnet_port_forwards; sysctl net.ipv4.ip_forward; cat /sys/class/net/vn-lab/ifindex"
    before = host.sh(there)
    other = Stack(host, "other")
    (other.directory / "__main__.py").write_text(host.virtnet("import", "--all").stdout)

    preview = other.preview()
    other.up()

    assert sorted(other.resources()) == ["default", "ip", "lab", "web"]
    assert "opens tcp" not in preview
    assert host.sh(there) == before
    assert other.unchanged()
