"""`virtnet list`, `guests` and `leases` on a real host, beside what virsh says."""

import json

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}


@pytest.mark.each_libvirt
def test_lists_say_what_virsh_says(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    virsh = [line.split() for line in host.virsh("net-list", "--all", "--name").splitlines()]

    with host.guest("g1", "vn-lab"):
        listed = json.loads(host.virtnet("list", "--json").stdout)
        table = host.virtnet("list").stdout.splitlines()
        guests = json.loads(host.virtnet("guests", "lab", "--json").stdout)
        of_all = host.virtnet("guests").stdout
    leases = host.virtnet("leases", "lab").stdout
    unknown = host.virtnet("guests", "nosuch", check=False)

    assert sorted(entry["name"] for entry in listed["networks"]) == sorted(name for line in virsh for name in line)
    assert [line.split() for line in table if line.startswith("lab ")] == [
        ["lab", "nat", "10.91.0.1/24", "vn-lab", "active", "yes", "yes"]
    ]
    assert [(entry["network"], entry["interface"], entry["guest"]) for entry in guests["guests"]] == [("lab", "g1", "")]
    assert "g1" in of_all
    assert leases == "qemu:///system: no leases\n"
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("virtnet: ")
    assert "lab" in unknown.stderr
