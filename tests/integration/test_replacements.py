"""What is deleted to be made anew: only where the new one can be made."""

from typing import Any

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET: dict[str, Any] = {"forward": {"mode": "nat"}, "ips": [{"address": "10.94.0.1/24"}]}
OTHER: dict[str, Any] = {"forward": {"mode": "nat"}, "ips": [{"address": "10.95.0.1/24"}]}


def network(resource: str, **args: Any) -> dict[str, Any]:
    return {"type": "LibvirtNetwork", "name": resource, "args": args}


def uuid(host: Host, name: str) -> str:
    return (host.network(name) or {}).get("UUID", "")


@pytest.mark.further
def test_a_name_that_others_have_costs_nobody_the_network(host: Host, stack: Stack, forks: Forks) -> None:
    others = Stack(host, forks, "others")
    others.network("theirs", **OTHER)
    others.up()
    stack.declare(network("lab", name="mine", **SUBNET))
    stack.up()
    before = host.trace(), uuid(host, "mine")
    stack.declare(network("lab", name="theirs", **SUBNET))

    preview, up = stack.preview(), stack.up(check=False)

    taken = "a network of this name (UUID"
    assert (
        f"network 'theirs' on qemu:///system: pulumi up would refuse this on the host as it is now: {taken}" in preview
    )
    assert (
        "network 'mine' on qemu:///system was not changed, because its replacement would be refused: "
        f"network 'theirs' on qemu:///system: {taken}" in up
    )
    assert (host.trace(), uuid(host, "mine")) == before
    stack.declare(network("lab", name="mine", **SUBNET))
    assert stack.unchanged()


def test_a_subnet_that_the_host_has_costs_nobody_the_network(host: Host, stack: Stack) -> None:
    stack.declare(network("lab", name="old", **SUBNET))
    stack.up()
    host.sh("ip link add lan0 type bridge; ip address add 10.95.0.9/24 dev lan0; ip link set lan0 up")
    before = host.trace(), uuid(host, "old")
    stack.declare(network("lab", name="new", **OTHER))

    preview, up = stack.preview(), stack.up(check=False)

    assert "10.95.0.0/24 overlaps 10.95.0.0/24 of the host's interface lan0" in preview
    assert "network 'old' on qemu:///system was not changed" in up
    assert (host.trace(), uuid(host, "old")) == before


def test_what_the_old_one_has_is_the_new_ones(host: Host, stack: Stack) -> None:
    bridge = {"bridge": {"name": "vn-stays"}, "uuid": "6f1c2a3e-0000-4000-8000-0000000000aa"}
    stack.declare(network("lab", name="old", **SUBNET, **bridge))
    stack.up()
    stack.declare(network("lab", name="new", **SUBNET, **bridge))

    preview = stack.preview()
    stack.up()

    assert "pulumi up would refuse" not in preview
    assert host.network("old") is None
    assert "10.94.0.1/24" in host.sh("ip -br address show vn-stays")
    assert stack.unchanged()


def test_names_that_swap_in_one_run_are_refused(host: Host, stack: Stack) -> None:
    stack.declare(network("a", name="x", **SUBNET), network("b", name="y", **OTHER))
    stack.up()
    before = {name: uuid(host, name) for name in "xy"}
    stack.declare({**network("a", name="y", **SUBNET)}, {**network("b", name="x", **OTHER), "depends_on": ["a"]})

    preview, up = stack.preview(), stack.up(check=False)

    assert preview.count("pulumi up would refuse this on the host as it is now: a network of this name") == 2
    assert "network 'x' on qemu:///system was not changed, because its replacement would be refused" in up
    assert {name: uuid(host, name) for name in "xy"} == before
