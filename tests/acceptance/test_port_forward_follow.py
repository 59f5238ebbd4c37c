"""One `pulumi up` of the real engine moves a network's reservation and the forward to it, in both forms."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS, NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.peers import HOST, OTHER, OUTSIDE, WEB, Site, site
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

PROGRAM = '''\
"""A network, and a forward that is given its name: so Pulumi knows what depends on what."""

import json
from pathlib import Path

import pulumi

import {module} as virtnet

told = json.loads(Path(__file__).with_name("resources.json").read_text())
if told.get("secret"):
    for reserved in told["network"]["ips"][0]["dhcp"]["hosts"]:
        reserved["ip"] = pulumi.Output.secret(reserved["ip"])
named = {{"network": virtnet.LibvirtNetwork("lab", **told["network"]).name}} if told["network"]["name"] else {{}}
if told["forward"]:
    virtnet.PortForward("web", **{{**named, **told["forward"]}})
'''

NETWORK: Mapping[str, Any] = {"name": "lab", "forward": {"mode": "nat"}, "bridge": {"name": "virbr7"}}
RESERVED = "<host mac='52:54:00:00:00:50' name='web' ip='{}'/>"
FORWARD: Mapping[str, Any] = {
    "target_name": "web",
    "listen_address": HOST[4],
    "ports": [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
}


@pytest.fixture
def lab(host: Host) -> Iterator[Site]:
    with site(host) as made:
        for name in ("web", "other"):
            made.peers[name].serve(name, "tcp", 80)
        yield made
        host.sh("for link in web other; do ip link set dev $link nomaster; done")


@pytest.fixture(params=FORMS, ids=["dynamic", "native"])
def stack(request: pytest.FixtureRequest, host: Host) -> Stack:
    made: Stack = request.param(host)
    module = "pulumi_virtnet.native" if request.param is NativeStack else "pulumi_virtnet"
    (made.directory / "__main__.py").write_text(PROGRAM.format(module=module))
    return made


def declare(
    stack: Stack,
    address: str,
    *,
    name: str = "lab",
    reserved: str = "web",
    forward: Mapping[str, Any] = FORWARD,
    secret: bool = False,
) -> None:
    hosts = [{"mac": "52:54:00:00:00:50", "name": reserved, "ip": address}]
    ips = [{"address": "192.168.123.1/24", "dhcp": {"hosts": hosts}}]
    told = {"network": {**NETWORK, "name": name, "ips": ips}, "forward": forward, "secret": secret}
    (stack.directory / "resources.json").write_text(json.dumps(told))


def from_outside(lab: Site) -> str:
    return lab.peers["outside"].connect("tcp", HOST[4], 8080)


def test_a_forward_follows_its_guest_in_the_run_that_moves_it(lab: Site, stack: Stack) -> None:
    declare(stack, WEB[4])
    first = stack.preview()
    stack.up()
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    declare(stack, OTHER[4])

    previewed = stack.preview()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    # A refresh compares both as they are recorded, before the program does.
    stack.pulumi("up", "--yes", "--refresh")

    opens = f"opens tcp 8080 of {HOST[4]} to guest web ({{}}:80), from anywhere"
    assert opens.format(WEB[4]) in first
    assert f"the address {OTHER[4]} instead of {WEB[4]}) [live]" in previewed
    assert opens.format(OTHER[4]) in previewed
    assert from_outside(lab) == f"other 80 {OUTSIDE[4]}"
    assert stack.unchanged()
    declare(stack, OTHER[4], reserved="db")
    assert "network 'lab' has no DHCP reservation of web with an address" in stack.preview(check=False)
    assert from_outside(lab) == f"other 80 {OUTSIDE[4]}"
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


@pytest.mark.further
def test_a_forward_that_an_earlier_run_left_behind_follows_in_the_next(lab: Site, stack: Stack) -> None:
    declare(stack, WEB[4])
    stack.up()
    lab.plug_in()
    declare(stack, OTHER[4])
    stack.pulumi("up", "--yes", "--skip-preview", "--target", "**::lab")
    left_behind = from_outside(lab)

    previewed = stack.preview()
    stack.up()

    assert left_behind == f"web 80 {OUTSIDE[4]}"
    assert f"the guest now has {OTHER[4]} instead of {WEB[4]}) [live]" in previewed
    assert from_outside(lab) == f"other 80 {OUTSIDE[4]}"
    assert stack.unchanged()
    declare(stack, OTHER[4], reserved="db")
    stack.pulumi("up", "--yes", "--skip-preview", "--target", "**::lab")
    assert "network 'lab' has no DHCP reservation of web with an address" in stack.preview(check=False)
    declare(stack, OTHER[4])
    stack.up()
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


def test_a_replacement_of_the_network_that_is_refused_closes_nothing(lab: Site, stack: Stack) -> None:
    declare(stack, WEB[4])
    stack.up()
    lab.plug_in()
    declare(stack, WEB[4], name="lap")

    refused = stack.up(check=False)

    assert "was not changed" in refused
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    declare(stack, WEB[4])
    by_command = stack.pulumi("up", "--yes", "--skip-preview", "--replace", "**::lab", check=False).stdout
    assert "'web' on qemu:///system was not changed, because the replacement of network 'lab'" in by_command
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    declare(stack, WEB[4], name="lap")
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    for way in ([], ["--replace", "**::lab"]):
        stack.pulumi("up", "--yes", "--skip-preview", *way)
        lab.plug_in()
        assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
        lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


@pytest.mark.further
def test_a_forward_goes_in_the_run_that_takes_its_network_up_again(lab: Site, stack: Stack) -> None:
    for forward in ({}, {**FORWARD, "network": "lab"}):
        declare(stack, WEB[4], forward=forward)
        stack.up()
    lab.plug_in()
    (network,) = (one["urn"] for one in stack.recorded() if "LibvirtNetwork" in one["type"])
    stack.pulumi("state", "delete", "--yes", network)
    declare(stack, WEB[4], forward={})

    stack.up()

    assert "virtnet_port_forwards" not in lab.host.sh("nft list tables")
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


@pytest.mark.further
def test_a_secret_address_of_a_reservation_stays_one_where_a_forward_leads_to_it(lab: Site, stack: Stack) -> None:
    def nowhere(said: str) -> None:
        kept = json.dumps([one for one in stack.recorded() if "provider" not in one["type"]])
        for address in (WEB[4], OTHER[4]):
            assert address not in kept
            assert address not in said

    # The forward comes with a network that stands, then both move, and then it is looked at alone.
    declare(stack, WEB[4], forward={}, secret=True)
    stack.up()
    declare(stack, WEB[4], secret=True)
    nowhere(stack.preview() + stack.up())
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    declare(stack, OTHER[4], secret=True)
    nowhere(stack.preview() + stack.up())
    assert from_outside(lab) == f"other 80 {OUTSIDE[4]}"
    nowhere(stack.refresh() + stack.preview())
    assert stack.unchanged()
    lab.host.virsh("net-update", "lab", "delete", "ip-dhcp-host", RESERVED.format(OTHER[4]), "--live", "--config")
    lab.host.virsh("net-update", "lab", "add", "ip-dhcp-host", RESERVED.format(WEB[4]), "--live", "--config")
    nowhere(stack.pulumi("refresh", "--yes", "--skip-preview", "--target", "**::web").stdout)
    nowhere(stack.preview() + stack.up())
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    # Of the network's own drift nobody knows before its refresh, and it is fixed once in the forward.
    again = stack.pulumi("preview", "--expect-no-changes", check=False)
    nowhere(again.stdout)
    assert again.returncode == 0
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    nowhere(stack.destroy())


@pytest.mark.further
def test_a_reservation_is_not_renamed_in_the_run_that_replaces_its_network(lab: Site, stack: Stack) -> None:
    declare(stack, WEB[4])
    stack.up()
    lab.plug_in()
    forward = {**FORWARD, "target_name": "db"}
    # A guest that is attached keeps its network from being replaced, and would hide what is tried here.
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    declare(stack, WEB[4], name="lap", reserved="db", forward=forward)

    previewed, refused = stack.preview(check=False), stack.up(check=False)

    reason = "this would be refused then: network 'lap' has no DHCP reservation of web with an address"
    assert "pulumi up would refuse this on the host as it is now: Pulumi deletes this before it replaces" in previewed
    assert reason in previewed
    assert reason in refused
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    declare(stack, WEB[4], reserved="db", forward=forward)
    stack.up()
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    declare(stack, WEB[4], name="lap", reserved="db", forward=forward)
    assert "would refuse" not in stack.preview()
    stack.up()
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    assert stack.unchanged()
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


def test_a_network_stays_while_a_forward_of_the_program_leads_there(lab: Site, stack: Stack) -> None:
    by_name = {**FORWARD, "network": "lab"}
    for forward in ({}, by_name):
        declare(stack, WEB[4], forward=forward)
        stack.up()
    declare(stack, WEB[4], name="", forward=by_name)

    refused = stack.up(check=False)

    assert "network 'lab' on qemu:///system was not deleted: urn:" in refused
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    declare(stack, WEB[4], name="", forward={})
    stack.up()
    assert stack.resources() == []
