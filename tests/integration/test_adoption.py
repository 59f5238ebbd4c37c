"""Networks that others made and that no check would let a program make: taken as they were found, and given back."""

import json
from typing import Any

import pytest
from tests.hosts.sandboxed import REPOSITORY, Host
from tests.integration.doctor import run_doctor
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

FOUND_HOST = "<host ip='192.168.122.9'><hostname>nine</hostname></host>"

#: As vagrant-libvirt makes its own: the range begins at the network's address.
VAGRANT = """
<network ipv6='yes'>
  <name>vagrant-libvirt</name>
  <forward mode='nat'/>
  <bridge name='virbr7' stp='on' delay='0'/>
  <ip address='192.168.121.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.121.1' end='192.168.121.254'/></dhcp>
  </ip>
</network>
"""
DOUBTFUL = """
<network>
  <name>doubtful</name>
  <forward mode='nat'/>
  <bridge name='doubt0'/>
  <ip address='10.93.0.1' prefix='24'>
    <dhcp>
      <range start='10.93.0.1' end='10.93.0.99'/>
      <range start='10.93.0.50' end='10.93.0.120'/>
      <host mac='52:54:00:00:00:01' name='web' ip='10.93.0.5'/>
      <host mac='52:54:00:00:00:02' name='web' ip='10.93.0.6'/>
      <host mac='52:54:00:00:00:03' ip='10.94.0.7'/>
    </dhcp>
  </ip>
  <ip address='10.93.0.2' prefix='24'/>
  <ip address='10.95.0.1' prefix='32'/>
  <route address='10.93.0.0' prefix='24' gateway='10.93.0.9'/>
</network>
"""


def defined(host: Host, xml: str, name: str) -> str:
    host.run("virsh", "net-define", "/dev/stdin", given=xml)
    host.virsh("net-start", name)
    return host.virsh("net-dumpxml", name, "--inactive")


@pytest.mark.parametrize(
    ("xml", "name", "taken"),
    [
        pytest.param(
            VAGRANT,
            "vagrant-libvirt",
            ["ips[0].dhcp.ranges[0]: 192.168.121.1 to 192.168.121.254 contains the network's own address"],
            id="as vagrant-libvirt makes its own",
            marks=pytest.mark.further,
        ),
        pytest.param(
            DOUBTFUL,
            "doubtful",
            [
                "ips[0].dhcp.ranges[0]: 10.93.0.1 to 10.93.0.99 contains the network's own address",
                "ips[0].dhcp.ranges[1]: 10.93.0.50 to 10.93.0.120 overlaps ranges[0]",
                "ips[0].dhcp.hosts[1].name: name web is already at ips[0].dhcp.hosts[0]",
                "ips[0].dhcp.hosts[2].ip: 10.94.0.7 is outside 10.93.0.0/24",
                "ips[1].address: 10.93.0.2/24 overlaps ips[0].address",
                "ips[2].address: 10.95.0.1/32 leaves no address",
                "routes[0].address: 10.93.0.0/24 is in the network's own",
            ],
            id="everything that works and is hardly meant",
        ),
    ],
)
def test_what_is_left_out_stays_as_found_with_a_note(
    host: Host, stack: Stack, xml: str, name: str, taken: list[str]
) -> None:
    found = defined(host, xml, name)
    indexes = host.sh("cat /sys/class/net/*/ifindex")
    stack.network(name, name=name, adopt=True, forward={"mode": "nat"}, autostart=False)

    preview = stack.preview()
    stack.up()

    for told in taken:
        assert f"note: adopts the network with a value that virtnet would refuse in a new network. {told}" in preview
    assert "pulumi up would refuse" not in preview
    assert host.sh("cat /sys/class/net/*/ifindex") == indexes
    assert stack.unchanged()
    stack.network(name, name=name, adopt=True, forward={"mode": "nat"}, autostart=False, mtu=1400)
    edited = stack.up()
    assert "mtu" in host.virsh("net-dumpxml", name)
    assert "adopts the network as it is" not in edited

    stack.destroy()

    assert host.virsh("net-dumpxml", name, "--inactive") == found


def test_a_network_that_is_not_there_is_made_of_what_the_program_says_alone(host: Host, stack: Stack) -> None:
    stack.network("lab", adopt=True, forward={"mode": "nat"})

    preview = stack.preview()
    said = stack.up(check=False)

    sentence = "ips: mode nat needs an address of the host on the network. Add one, for example 192.168.123.1/24"
    assert f"pulumi up would refuse this on the host as it is now: {sentence}" in preview
    assert sentence in said
    assert stack.failed
    assert "lab" not in host.virsh("net-list", "--all", "--name").split()


def test_what_the_program_takes_out_of_an_adopted_network_stays_as_it_was_found(host: Host, stack: Stack) -> None:
    defined(host, VAGRANT, "vagrant-libvirt")
    stack.network(
        "lab", name="vagrant-libvirt", adopt=True, forward={"mode": "nat"}, ips=[{"address": "192.168.121.1/24"}]
    )
    stack.up()
    before = host.virsh("net-dumpxml", "vagrant-libvirt")
    stack.network("lab", name="vagrant-libvirt", adopt=True, forward={"mode": "nat"})

    preview = stack.preview()
    stack.up()

    assert "ips is removed [recorded]" in preview
    assert host.virsh("net-dumpxml", "vagrant-libvirt") == before
    assert stack.unchanged()


def test_a_network_that_works_and_is_hardly_meant_is_made_with_a_note(host: Host, stack: Stack) -> None:
    served = {"ranges": [{"start": "10.93.0.1", "end": "10.93.0.99"}]}
    ips = [{"address": "10.93.0.1/24", "dhcp": served}, {"address": "10.93.0.2/24"}]
    stack.network(
        "lab", forward={"mode": "nat"}, ips=ips, routes=[{"address": "10.93.0.128/25", "gateway": "10.93.0.9"}]
    )

    preview = stack.preview()
    stack.up()

    assert "note: ips[0].dhcp.ranges[0]: 10.93.0.1 to 10.93.0.99 contains the network's own address" in preview
    assert "note: ips[1].address: 10.93.0.2/24 overlaps" in preview
    assert stack.unchanged()
    assert "10.93.0.128/25 via 10.93.0.9" in host.sh("ip route show dev vn-lab")
    assert "10.93.0.2/24" in host.sh("ip -4 address show dev vn-lab")


@pytest.mark.each_libvirt
def test_a_whole_host_is_imported_changed_in_nothing_and_given_back(host: Host, stack: Stack) -> None:
    found = {name: defined(host, xml, name) for xml, name in ((VAGRANT, "vagrant-libvirt"), (DOUBTFUL, "doubtful"))}
    found["default"] = host.virsh("net-dumpxml", "default", "--inactive")
    printed = host.virtnet("import", "--all").stdout
    stack.program(printed)

    preview = stack.preview()
    stack.up()

    assert "# Left out, so it stays as it is: ips[0].dhcp.hosts: " in printed
    assert sorted(stack.resources()) == ["default", "doubtful", "vagrant-libvirt"]
    assert sorted(line.partition(": will ")[2] for line in preview.splitlines() if ": will " in line) == [
        f"set 'project/test/{name}' as the owner in the network's metadata, with the configuration from before adoption"
        for name in sorted(found)
    ]
    assert stack.unchanged()
    stack.destroy()
    assert {name: host.virsh("net-dumpxml", name, "--inactive") for name in found} == found


def test_a_host_with_forwarding_networks_and_port_forwards_is_taken_over_and_nothing_changes(
    host: Host, stack: Stack, forks: Forks
) -> None:
    other_stack = Stack(host, forks, "other")
    ports = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]
    mail_ports = [{"protocol": "tcp", "listen_port": "8025", "target_port": "25"}]
    mail = {"mac": "52:54:00:00:00:25", "name": "mail", "ip": "10.94.0.25"}
    subnet = {"address": "10.94.0.1/24", "dhcp": {"hosts": [mail]}}
    stack.declare(
        {"type": "HostForwarding", "name": "ip", "args": {"ipv4": True, "drop_in": "50-lab.conf"}},
        {"type": "LibvirtNetwork", "name": "lab", "args": {"forward": {"mode": "nat"}, "ips": [subnet]}},
        {
            "type": "PortForward",
            "name": "web",
            "args": {"network": "lab", "target_address": "10.94.0.9", "ports": ports},
            "depends_on": ["lab"],
        },
        {
            "type": "PortForward",
            "name": "mail",
            "args": {"network": "lab", "target_name": "mail", "ports": mail_ports},
            "depends_on": ["lab"],
        },
    )
    stack.up()
    what_is_there = (
        "nft list table inet virtnet_port_forwards; sysctl net.ipv4.ip_forward; virsh net-dumpxml lab | grep -v virtnet"
    )
    before = host.sh(what_is_there)
    done = host.run("python", "-m", "virtnet.cli", "import", "--all")
    other_stack.program(done.stdout)

    other_stack.up()

    assert done.stderr == ""
    assert sorted(other_stack.resources()) == ["default", "ip", "lab", "mail", "web"]
    assert 'target_address="10.94.0.9"' in done.stdout
    assert 'target_name="mail"' in done.stdout
    assert host.sh(what_is_there) == before
    assert other_stack.unchanged()
    assert "other" in host.sh("cat /etc/sysctl.d/50-lab.conf")
    other_stack.destroy()
    assert (
        host.sh("nft list tables | grep -c virtnet || true; ls /etc/sysctl.d/50-lab.conf 2>/dev/null || true") == "0\n"
    )


@pytest.mark.parametrize("given", [(), ("--all", "default")], ids=["nothing", "all and one"])
def test_import_wants_names_or_all(host: Host, given: tuple[str, ...]) -> None:
    done = host.virtnet("import", *given, check=False)

    assert done.returncode == 2
    assert "--all" in done.stderr


QUOTES = """it's "R&D" <1>"""


@pytest.mark.further
def test_a_network_with_quotes_in_its_name(host: Host, stack: Stack) -> None:
    name = "<name>it's &quot;R&amp;D&quot; &lt;1&gt;</name>"
    found = defined(host, VAGRANT.replace("<name>vagrant-libvirt</name>", name), QUOTES)
    host.virsh("net-autostart", QUOTES)
    stack.program(host.virtnet("import", QUOTES).stdout)
    stack.up()
    assert stack.unchanged()
    host.sh("kill $(pgrep dnsmasq | head -1); rm /etc/libvirt/qemu/networks/autostart/*")

    problems = [finding for finding in doctor(host) if finding["level"] == "problem"]
    stack.refresh()
    stack.up()

    assert sorted(finding["said"].partition(",")[0] for finding in problems) == [
        "dnsmasq",
        "libvirt reports autostart",
    ]
    assert stack.unchanged()
    assert [finding for finding in doctor(host) if finding["level"] == "problem"] == []
    host.sh("rm /etc/libvirt/qemu/networks/autostart/*")
    (problem,) = [finding for finding in doctor(host) if finding["level"] == "problem"]
    host.sh(problem["command"])
    assert [finding for finding in doctor(host) if finding["level"] == "problem"] == []
    stack.destroy()
    assert host.virsh("net-dumpxml", QUOTES, "--inactive") == found


def doctor(host: Host) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run_doctor(host, "--json").stdout)["findings"]
    return found


def test_files_of_networks_are_imported_adopted_edited_and_given_back(host: Host) -> None:
    files = {"vagrant.xml": VAGRANT, "doubtful.xml": DOUBTFUL, "no-network.xml": "<network/>"}
    for name, text in files.items():
        (host.directory / name).write_text(text)

    done = host.python("-m", "tests.campaigns.network_files", str(host.directory), directory=REPOSITORY)

    assert json.loads(done.stdout) == {"defined": 2, "refused": 1, "wrong": 0, "left_out": {"ips[0].dhcp.hosts": 1}}


@pytest.mark.further
def test_what_is_named_and_then_no_longer_named_is_as_it_was_found(host: Host, stack: Stack) -> None:
    host.virsh("net-update", "default", "add", "dns-host", FOUND_HOST, "--config")
    host.virsh("net-start", "default")
    before = host.virsh("net-dumpxml", "default", "--inactive")
    stack.network("default", adopt=True)
    stack.up()
    hosts = [{"ip": "192.168.122.9", "hostnames": ["nine", "neuf"]}, {"ip": "192.168.122.8", "hostnames": ["eight"]}]
    stack.network("default", adopt=True, dns={"hosts": hosts}, mtu=1400)
    stack.up()
    stack.network("default", adopt=True, mtu=1400)

    preview = stack.preview()
    stack.up()

    assert "dns.hosts[192.168.122.9].hostnames changes" in preview
    assert "dns.hosts[192.168.122.8] is removed" in preview
    for copy in ([], ["--inactive"]):
        xml = host.virsh("net-dumpxml", "default", *copy)
        assert ("nine" in xml, "neuf" in xml, "eight" in xml) == (True, False, False)
    assert stack.unchanged()
    stack.destroy()
    assert host.virsh("net-dumpxml", "default", "--inactive") == before
