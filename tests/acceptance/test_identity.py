"""A program is refactored, carelessly too: what a host has stays, with one owner, in both forms."""

import re
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.hosts.daemons import socket_path
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.93.0.1/24", "dhcp": {"ranges": [{"start": "10.93.0.2", "end": "10.93.0.99"}]}}


@pytest.fixture(params=FORMS)
def either(request: pytest.FixtureRequest, host: Host) -> Stack:
    """A stack of either form."""
    made: Stack = request.param(host)
    return made


def lab(name: str = "lab", **more: Any) -> dict[str, Any]:
    """A NAT network called lab, as the resource of a name."""
    args = {"name": "lab", "forward": {"mode": "nat"}, "ips": [SUBNET], **more.pop("args", {})}
    return {"type": "LibvirtNetwork", "name": name, "args": args, **more}


def urns(stack: Stack) -> Sequence[str]:
    """The URNs of the networks in the state."""
    return [entry["urn"] for entry in stack.recorded() if "LibvirtNetwork" in entry["type"]]


def marked(host: Host) -> str:
    """The URN in the mark of the network."""
    found = re.search(r"<virtnet:owner [^>]*urn=.([^'\"]+)", host.virsh("net-dumpxml", "lab", "--inactive"))
    return found[1] if found else ""


def test_a_network_that_moves_into_a_component_stays(host: Host, either: Stack) -> None:
    either.declare(lab())
    either.up()
    before = host.network("lab")
    with host.guest("web", "vn-lab"):
        either.declare(lab(component="office"))

        preview = either.preview()
        up = either.up()

        (old,) = re.findall(r"its owner mark names (\S+),", preview)
        assert f"aliases=['{old}']" in preview
        assert "if Pulumi replaces it" not in preview
        assert "isn't changed" in up
        assert host.network("lab") == before
        assert (urns(either), marked(host)) == ([marked(host)], urns(either)[0])
        assert "Component$" in marked(host)
        assert either.unchanged()
    either.destroy()
    assert host.network("lab") is None


def test_an_alias_as_the_preview_gives_it_keeps_the_record(host: Host, either: Stack) -> None:
    either.declare(lab("a"))
    either.up()
    (first,) = urns(either)
    either.declare(lab("b", component="office"))
    refused = either.preview()
    (alias,) = re.findall(r"aliases=\['(\S+)'\]", refused)
    either.declare(lab("b", component="office", options={"aliases": [alias]}))

    preview = either.preview()
    either.up()

    assert alias == first
    assert "pulumi up would refuse this" in refused
    assert "the owner mark on the host must name" in preview
    assert "LibvirtNetwork: (create)" not in preview
    assert (urns(either), marked(host)) == ([marked(host)], urns(either)[0])
    assert either.unchanged()


@pytest.mark.further
@pytest.mark.parametrize("way", ["alias", "destroy"])
def test_a_resource_that_is_renamed_without_a_network_name_gets_out_of_its_own_way(host: Host, way: str) -> None:
    stack = Stack(host)
    args = {"forward": {"mode": "nat"}, "ips": [SUBNET]}
    renamed = {"type": "LibvirtNetwork", "name": "new", "args": args}
    stack.declare({**renamed, "name": "old"})
    stack.up()
    stack.declare(renamed)

    refused = stack.preview()
    (alias,) = set(re.findall(r"aliases=\['(\S+)'\]", refused))
    (command,) = set(re.findall(r"(pulumi destroy --target '?[^'\n]+)", refused))
    if way == "alias":
        stack.declare({**renamed, "options": {"aliases": [alias]}})
    else:
        stack.pulumi(*shlex.split(command)[1:], "--yes")
    stack.up()

    assert "overlaps 10.93.0.0/24 of the active network 'old'" in refused
    assert host.virsh("net-list", "--name").split() == ["old" if way == "alias" else "new"]
    assert stack.unchanged()


@pytest.mark.further
def test_an_alias_of_the_root_keeps_the_record(host: Host, either: Stack) -> None:
    either.declare(lab())
    either.up()
    before = host.network("lab")
    either.declare(lab(component="office", was_without_parent=True))

    preview = either.preview()
    either.up()

    assert "the owner mark on the host must name" in preview
    assert "LibvirtNetwork: (create)" not in preview
    assert (urns(either), marked(host)) == ([marked(host)], urns(either)[0])
    assert host.network("lab") == before
    assert either.unchanged()


@pytest.mark.parametrize("first", [True, False])
def test_a_replacement_in_either_order_ends_with_one_network(host: Host, either: Stack, first: bool) -> None:
    either.declare(lab(options={"delete_before_replace": first}))
    either.up()

    either.pulumi("up", "--yes", "--skip-preview", "--replace", "**::lab")

    assert (host.network("lab") or {})["Active"] == "yes"
    assert len(urns(either)) == 1
    assert either.unchanged()
    either.destroy()
    assert host.network("lab") is None


def test_two_resources_of_one_run_do_not_take_a_network_from_each_other(host: Host, either: Stack) -> None:
    # Spelled otherwise, the host of both is known for one only when it is looked at.
    spelled = {"adopt": True, "uri": f"qemu+unix:///system?socket={socket_path(host)}"}
    either.declare(lab("a"), lab("b", args=spelled, depends_on=["a"]))

    up = either.up(check=False)

    assert "in this program manages it too" in up
    assert "::a" in marked(host)
    assert len(urns(either)) == 1


@pytest.mark.further
def test_a_mark_of_nobody_hinders_nobody(host: Host, either: Stack) -> None:
    either.declare(lab("gone"))
    either.up()
    either.pulumi("state", "delete", urns(either)[0], "--yes")
    either.declare(lab("new", args={"adopt": True}))

    preview = either.preview()
    either.up()

    assert "takes the network over from 'project/test/gone'" in preview
    assert "::new" in marked(host)
    assert either.unchanged()


def test_a_record_that_is_renamed_in_the_state_is_followed_by_the_mark(host: Host, either: Stack) -> None:
    either.declare(lab("a"))
    either.up()
    before = host.network("lab")
    either.pulumi("state", "rename", urns(either)[0], "b", "--yes")
    either.declare(lab("b"))

    preview = either.preview()
    either.up()

    assert "owner changes (the owner mark on the host must name" in preview
    assert "LibvirtNetwork: (create)" not in preview
    assert (marked(host), host.network("lab")) == (urns(either)[0], before)
    assert either.unchanged()


@pytest.mark.further
def test_two_resources_of_one_name_do_not_pass_for_one_another(host: Host, either: Stack) -> None:
    either.declare(lab())
    either.up()
    (first,) = urns(either)
    either.declare(lab(), lab(component="annex", depends_on=["lab"]))

    preview = either.preview()
    up = either.up(check=False)

    assert f"{first} in this program manages it too" in preview
    assert f"{first} in this program manages it too" in up
    assert (marked(host), list(urns(either))) == (first, [first])


@pytest.fixture(params=FORMS)
def pair(request: pytest.FixtureRequest, host: Host) -> tuple[Stack, Stack]:
    """Two stacks of either form whose states are in one place."""
    place = host.directory / "states"
    place.mkdir()
    one, other = (request.param(host, name, backend=f"file://{place}") for name in ("one", "other"))
    return one, other


def test_a_network_moves_between_stacks_with_its_record(host: Host, pair: tuple[Stack, Stack]) -> None:
    one, other = pair
    one.declare(lab())
    one.up()
    before = host.network("lab")
    stacks = ("--source", "organization/project/one", "--dest", "organization/project/other")
    one.pulumi("state", "move", *stacks, "--yes", urns(one)[0])
    one.declare()
    other.declare(lab())

    preview = other.preview()
    other.up()
    one.up()

    assert "owner changes (the owner mark on the host must name" in preview
    assert "LibvirtNetwork: (create)" not in preview
    assert (list(urns(one)), host.network("lab")) == ([], before)
    assert urns(other) == [marked(host)]
    assert (one.unchanged(), other.unchanged()) == (True, True)


@pytest.mark.further
def test_what_moved_between_stacks_and_is_replaced_at_once_is_previewed_as_that(
    host: Host, pair: tuple[Stack, Stack]
) -> None:
    one, other = pair
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    web = {"network": "lab", "target_address": "10.93.0.50", "ports": [{"protocol": "tcp", "listen_port": "8080"}]}
    program = (
        lab(),
        {"type": "HostForwarding", "name": "router", "args": {"ipv6": True}},
        {"type": "PortForward", "name": "web", "args": web, "depends_on": ["lab"]},
    )
    one.declare(*program)
    one.up()
    moved = [entry["urn"] for entry in one.recorded() if "virtnet:" in entry["type"]]
    stacks = ("--source", "organization/project/one", "--dest", "organization/project/other")
    one.pulumi("state", "move", *stacks, "--yes", *moved)
    one.declare()
    other.declare(*program)
    replaced = [flag for name in ("lab", "router", "web") for flag in ("--replace", f"**::{name}")]

    preview = other.pulumi("preview", *replaced).stdout
    up = other.pulumi("up", "--yes", "--skip-preview", *replaced).stdout

    for found in ("network 'lab'", "IP forwarding", "port forward 'web'"):
        created, anew = (f"{found} on qemu:///system: if Pulumi {does} it" for does in ("creates", "replaces"))
        assert f"{created} (+): pulumi up would refuse this on the host as it is now" in preview
        assert f"{anew} (+-), because its record was moved or renamed in the state: " in preview
    assert "+-3 to replace" in preview
    assert "+-3 replaced" in up
    assert (host.network("lab") or {})["Active"] == "yes"
    assert marked(host).startswith("urn:pulumi:other::")
    assert (
        host.sh("grep -h virtnet-urn /etc/sysctl.d/*.conf /etc/virtnet/port-forwards/*.nft").count("pulumi:other") == 2
    )
    assert other.unchanged()
    other.destroy()
    assert (host.network("lab"), one.unchanged()) == (None, True)


def test_a_network_that_pulumi_retains_is_taken_up_again_or_over(host: Host, pair: tuple[Stack, Stack]) -> None:
    one, other = pair
    one.declare(lab(options={"retain_on_delete": True}))
    one.up()
    before = host.network("lab")
    one.declare()
    one.up()
    retained = host.network("lab")
    other.declare(lab())

    refused = other.up(check=False)
    other.declare(lab(args={"adopt": True}))
    preview = other.preview()
    other.up()

    assert (retained, host.network("lab")) == (before, before)
    assert "belongs to 'project/one/lab'" in refused
    assert "takes the network over from 'project/one/lab'" in preview
    assert marked(host) == urns(other)[0]
    assert other.unchanged()


@pytest.mark.further
def test_of_two_programs_at_once_one_gets_the_network(host: Host, pair: tuple[Stack, Stack]) -> None:
    for stack in pair:
        stack.declare(lab())

    with ThreadPoolExecutor(2) as both:
        said = list(both.map(lambda stack: stack.up(check=False), pair))

    owners = [list(urns(stack)) for stack in pair]
    assert sorted(map(len, owners)) == [0, 1]
    assert [marked(host)] in owners
    assert sum("belongs to 'project/" in text for text in said) == 1
    winner = pair[0] if owners[0] else pair[1]
    assert winner.unchanged()


def test_a_refused_delete_of_what_left_the_program_names_ways_that_can_be_gone(host: Host, either: Stack) -> None:
    either.declare(lab())
    either.up()
    (urn,) = urns(either)
    with host.guest("web", "vn-lab"):
        either.declare()
        refused = either.up(check=False)
        kept = host.network("lab")
        command = re.findall(r"remove it from the state only: (pulumi state delete \S+)", refused)[0]

        either.declare(lab(args={"on_delete": "disconnect"}))
        either.up()
        either.declare()
        either.up()

    assert "deleting it would disconnect" in refused
    assert "if the network was removed or renamed in the program, put it back as it was" in refused
    assert (kept or {})["Active"] == "yes"
    assert shlex.split(command) == ["pulumi", "state", "delete", urn]
    assert host.network("lab") is None


@pytest.mark.further
def test_the_command_of_a_refused_delete_has_pulumi_forget_the_network(host: Host, either: Stack) -> None:
    either.declare(lab(component="office"))
    either.up()
    with host.guest("web", "vn-lab"):
        either.declare()
        refused = either.up(check=False)
        command = re.findall(r"remove it from the state only: (pulumi state delete '[^']+')", refused)[0]

        either.pulumi(*shlex.split(command)[1:], "--yes")
        after = either.up()

        assert "Component$" in command
        assert (host.network("lab") or {})["Active"] == "yes"
        assert "error" not in after
        assert urns(either) == []


@pytest.mark.further
def test_a_name_that_another_stack_has_costs_nobody_the_network(host: Host, either: Stack) -> None:
    others = type(either)(host, "others")
    others.declare(lab("o", args={"name": "theirs", "ips": [{"address": "10.94.0.1/24"}]}))
    others.up()
    either.declare(lab())
    either.up()
    before = host.network("lab")
    either.declare(lab(args={"name": "theirs"}))

    preview, up = either.preview(), either.up(check=False)

    assert (
        "network 'theirs' on qemu:///system: pulumi up would refuse this on the host as it is now: a network of this"
        in preview
    )
    assert "network 'lab' on qemu:///system was not changed, because its replacement would be refused" in up
    assert host.network("lab") == before
    either.declare(lab())
    assert either.unchanged()
