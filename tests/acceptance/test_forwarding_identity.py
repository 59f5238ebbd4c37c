"""A HostForwarding is refactored, carelessly too: what is forwarded stays, with one owner, in both forms."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance


@pytest.fixture(params=FORMS)
def either(request: pytest.FixtureRequest, host: Host) -> Stack:
    """A stack of either form."""
    made: Stack = request.param(host)
    return made


def router(name: str = "router", **more: Any) -> dict[str, Any]:
    """IPv4 forwarding of the host, as the resource of a name."""
    return {"type": "HostForwarding", "name": name, "args": {"ipv4": True, **more.pop("args", {})}, **more}


def urns(stack: Stack) -> Sequence[str]:
    """The URNs of our resources in the state."""
    return [entry["urn"] for entry in stack.recorded() if "virtnet:" in entry["type"]]


def forwards(host: Host) -> str:
    """Whether the host forwards IPv4."""
    return host.sh("cat /proc/sys/net/ipv4/ip_forward").strip()


def forwarding_marks(host: Host) -> list[str]:
    """The URNs in the marks of the host's drop-ins and runtime records."""
    files = "/etc/sysctl.d/*.conf /run/virtnet/forwarding-*.conf"
    return re.findall(r"^# virtnet-urn: (\S+)$", host.sh(f"cat {files} 2>/dev/null || true"), re.MULTILINE)


@pytest.mark.parametrize("persist", [True, pytest.param(False, marks=pytest.mark.further)])
def test_forwarding_that_moves_into_a_component_stays_on(host: Host, either: Stack, persist: bool) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    either.declare(router(args={"persist": persist}))
    either.up()
    either.declare(router(component="office", args={"persist": persist}))

    preview = either.preview()
    up = either.up()

    (old,) = re.findall(r"its owner mark names (\S+),", preview)
    assert f"aliases=['{old}']" in preview
    assert "if Pulumi replaces it" not in preview
    assert "isn't changed" in up
    assert forwards(host) == "1"
    assert forwarding_marks(host) == urns(either)
    assert ["Component$" in urn for urn in urns(either)] == [True]
    assert either.unchanged()
    either.destroy()
    assert (forwards(host), forwarding_marks(host)) == ("0", [])


@pytest.mark.parametrize("first", [True, pytest.param(False, marks=pytest.mark.further)])
def test_a_replacement_of_forwarding_in_either_order_ends_with_one_owner(
    host: Host, either: Stack, first: bool
) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    either.declare(router(options={"delete_before_replace": first}))
    either.up()

    either.pulumi("up", "--yes", "--skip-preview", "--replace", "**::router")

    assert forwards(host) == "1"
    assert forwarding_marks(host) == urns(either)
    assert either.unchanged()
    either.destroy()
    assert (forwards(host), forwarding_marks(host)) == ("0", [])


@pytest.mark.further
def test_forwarding_that_is_renamed_keeps_its_record_by_the_alias_of_the_preview(host: Host, either: Stack) -> None:
    either.declare(router("a"))
    either.up()
    (first,) = urns(either)
    either.declare(router("b", component="office"))
    refused = either.preview(check=False)
    (alias,) = re.findall(r"aliases=\['(\S+)'\]", refused)
    either.declare(router("b", component="office", options={"aliases": [alias]}))

    preview = either.preview()
    either.up()

    assert alias == first
    assert "pulumi up would refuse this" in refused
    assert "owner changes (the owner mark on the host must name" in preview
    assert (forwards(host), forwarding_marks(host)) == ("1", urns(either))
    assert "::b" in urns(either)[0]
    assert either.unchanged()
    either.pulumi("state", "rename", urns(either)[0], "c", "--yes")
    either.declare(router("c", component="office"))
    moved = either.preview()
    either.up()
    assert "owner changes (the owner mark on the host must name" in moved
    assert forwarding_marks(host) == urns(either)
    assert "::c" in urns(either)[0]


@pytest.mark.further
def test_ignored_forwarding_stays_as_others_left_it_and_drift_stands_in_a_preview(host: Host, either: Stack) -> None:
    program = router(args={"ipv4": True, "ipv6": True}, options={"ignore_changes": ["ipv4"]})
    either.declare(program)
    either.up()
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")

    before = either.pulumi("refresh", "--preview-only").stdout
    either.declare({**program, "args": {**program["args"], "on_delete": "keep", "drop_in": "95-router.conf"}})
    preview = either.preview()
    either.up()

    assert "ipv6" in before
    assert "fixes drift on the host: ipv6 changes (false -> true)" in preview
    assert "ipv4 changes" not in preview
    assert (forwards(host), host.sh("cat /proc/sys/net/ipv6/conf/all/forwarding").strip()) == ("0", "1")
    assert either.unchanged()


@pytest.mark.further
def test_an_alias_of_another_kind_takes_nothing(host: Host, either: Stack) -> None:
    either.declare({"type": "LibvirtNetwork", "name": "lab", "args": {}})
    either.up()
    (network,) = urns(either)
    before = host.virsh("net-dumpxml", "lab")
    either.declare(router(options={"aliases": [network]}))

    refused = either.up(check=False)

    assert f"is a HostForwarding, and its alias {network} isn't, so Pulumi would lose that resource" in refused
    assert (urns(either), host.virsh("net-dumpxml", "lab"), forwarding_marks(host)) == ([network], before, [])


@pytest.mark.further
def test_forwarding_of_nobody_is_taken_over_and_of_another_stack_left_by_its_old_owner(
    host: Host, either: Stack
) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    other = type(either)(host, "other")
    either.declare(router())
    either.up()
    (owner,) = urns(either)
    other.declare(router())
    refused = other.up(check=False)
    other.declare(router(args={"adopt": True}))

    preview = other.preview()
    other.up()
    taken = (forwards(host), forwarding_marks(host))
    left = either.destroy()

    assert "belongs to HostForwarding 'project/test/router'" in refused
    assert f"over from '{owner}', which its owner mark names" in preview
    assert taken == ("1", urns(other))
    assert "isn't changed" in left
    assert (forwards(host), forwarding_marks(host)) == taken
    other.destroy()
    assert (forwards(host), forwarding_marks(host)) == ("0", [])
