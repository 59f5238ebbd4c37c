"""The functions of `pulumi_virtnet`, called as a program calls them, beside what virsh says."""

import json

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
PROGRAM = """\
import json, sys
import pulumi_virtnet as virtnet

loaded = "libvirt" in sys.modules
free = [virtnet.get_free_subnet(name, 24, within="10.91.0.0/16")["subnet"] for name in ("lab", "one", "two")]
errors = []
for ask in (
    lambda: virtnet.get_network("nosuch"),
    lambda: virtnet.get_network(),
    lambda: virtnet.get_free_subnet("one", 200),
):
    try:
        ask()
    except Exception as error:
        errors.append([type(error).__name__, str(error)])
print(json.dumps({
    "loaded": loaded,
    "network": virtnet.get_network("lab"),
    "networks": [one["name"] for one in virtnet.get_networks()],
    "guests": virtnet.get_guests("lab"),
    "leases": virtnet.get_leases("lab"),
    "bridges": [one["name"] for one in virtnet.get_host()["bridges"]],
    "forwards": virtnet.get_forwards(),
    "free": free,
    "errors": errors,
}))
"""


def test_a_program_asks_a_host_without_the_plugin(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()

    with host.guest("g1", "vn-lab"):
        answered = json.loads(host.run("python", "-c", PROGRAM).stdout)

    network = answered["network"]
    assert not answered["loaded"]
    assert (network["bridge_name"], network["forward"], network["active"]) == ("vn-lab", {"mode": "nat"}, True)
    assert network["uuid"] == host.virsh("net-uuid", "lab").strip()
    assert network["ips"] == [SUBNET]
    assert sorted(answered["networks"]) == sorted(host.virsh("net-list", "--all", "--name").split())
    assert [(one["interface"], one["guest"]) for one in answered["guests"]] == [("g1", "")]
    assert (answered["leases"], answered["forwards"]) == ([], [])
    assert "vn-lab" in answered["bridges"]
    # Its own, and none that another was given in this run.
    assert answered["free"][0] == "10.91.0.0/24"
    assert len(set(answered["free"])) == 3
    kinds = [kind for kind, _ in answered["errors"]]
    assert kinds == ["Refused", "InvalidInputs", "InvalidInputs"]
    assert "lab" in answered["errors"][0][1]
    assert "prefix_length" in answered["errors"][2][1]
