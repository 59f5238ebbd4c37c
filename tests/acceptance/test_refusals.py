"""What the host speaks against: a line at preview, a sentence at up before the first effect, nothing left behind."""

import re
import shlex

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.hosts.daemons import socket_path, start_libvirtd, stop_libvirtd, unreached
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
OTHER = "<network><name>other</name><bridge name='other0'/><ip address='10.91.0.129' prefix='25'/></network>"


def refused(host: Host, stack: Stack, sentence: str) -> None:
    """Preview says it, up refuses it in one sentence, and the host is as it was."""
    before = host.trace()

    preview = stack.preview()
    up = stack.pulumi("up", "--yes", "--skip-preview", check=False)

    said = up.stdout + up.stderr
    assert f"pulumi up would refuse this on the host as it is now: {sentence}" in preview
    assert f"error: network 'lab' on qemu:///system was not changed: {sentence}" in said
    assert "Traceback" not in said
    assert up.returncode != 0
    assert host.trace() == before


def then_made(stack: Stack) -> None:
    stack.up()
    assert stack.unchanged()


def test_overlap_with_an_active_network(host: Host, stack: Stack) -> None:
    host.run("virsh", "net-define", "/dev/stdin", given=OTHER)
    host.virsh("net-start", "other")
    stack.network("lab", ips=[SUBNET])

    refused(host, stack, "10.91.0.0/24 overlaps 10.91.0.128/25 of the active network 'other'. Choose another subnet")

    host.virsh("net-destroy", "other")
    then_made(stack)


IN_BOTH_FORMS = pytest.mark.parametrize("form", FORMS, ids=["dynamic", "native"])
OF_A_NETWORK = "10.91.0.0/24 overlaps 10.91.0.128/25 of the active network 'other'. Choose another subnet"
OF_FORWARDING = "virtnet didn't write /etc/sysctl.d/90-virtnet-forwarding.conf on "


def review(stack: Stack, sentence: str) -> None:
    """A preview shows the refusal as the resource's error, first of its lines, and fails where the stack wants it."""
    shown = stack.pulumi("preview", check=False)
    stack.pulumi("config", "set", "virtnet:refusals", "fail")
    failed = stack.pulumi("preview", check=False)
    up = stack.pulumi("up", "--yes", check=False)
    stack.pulumi("config", "rm", "virtnet:refusals")

    assert (shown.returncode, failed.returncode, up.returncode) == (0, 1, 1)
    assert re.search(
        rf"\): *\n    error: [^\n]*pulumi up would refuse this on the host as it is now: {re.escape(sentence)}",
        shown.stdout + shown.stderr,
    )
    for done in (failed, up):
        said = done.stdout + done.stderr
        assert re.search(
            rf"    error: [^\n]*pulumi up would refuse this on the host as it is now: {re.escape(sentence)}", said
        )
        assert "Traceback" not in said
    assert "Updating" not in up.stdout


@IN_BOTH_FORMS
@pytest.mark.parametrize("made", [False, True], ids=["create", "change"])
def test_a_refused_network_in_a_review(host: Host, form: type[Stack], made: bool) -> None:
    stack = form(host)
    if made:
        stack.network("lab", ips=[{"address": "10.92.0.1/24"}])
        stack.up()
    host.run("virsh", "net-define", "/dev/stdin", given=OTHER)
    host.virsh("net-start", "other")
    stack.network("lab", ips=[SUBNET])
    before = host.trace()

    review(stack, OF_A_NETWORK)

    assert host.trace() == before


@IN_BOTH_FORMS
def test_a_preview_that_fails_by_refusals_tells_of_all(host: Host, form: type[Stack]) -> None:
    stack, taken = form(host), ("one", "two")
    for name in taken:
        host.run("virsh", "net-define", "/dev/stdin", given=OTHER.replace("other", name))
    stack.declare(
        *({"type": "LibvirtNetwork", "name": name, "args": {}} for name in taken),
        {"type": "LibvirtNetwork", "name": "first", "args": {}},
        {"type": "LibvirtNetwork", "name": "behind", "args": {}, "depends_on": ["first"]},
    )
    stack.pulumi("config", "set", "virtnet:refusals", "fail")
    before = host.trace()

    preview = stack.pulumi("preview", check=False)
    up = stack.pulumi("up", "--yes", check=False)
    left = host.trace()
    for name in taken:
        host.virsh("net-undefine", name)
    mended = stack.pulumi("preview", check=False)

    for done in (preview, up):
        said = done.stdout + done.stderr
        assert done.returncode == 1
        for name in taken:
            refusal = "pulumi up would refuse this on the host as it is now: a network of"
            assert re.search(rf"    error: [^\n]*network '{name}' on qemu:///system: {refusal}", said), said
        assert "network 'behind' on qemu:///system: will define" in said
        assert "Traceback" not in said
        assert "exited" not in said
    assert "Updating" not in up.stdout
    assert left == before
    assert mended.returncode == 0, mended.stdout


@IN_BOTH_FORMS
def test_a_refused_forwarding_in_a_review(host: Host, form: type[Stack]) -> None:
    stack = form(host)
    host.sh("echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-virtnet-forwarding.conf")
    stack.declare({"type": "HostForwarding", "name": "forwarding", "args": {"ipv4": True}})
    before = host.trace()

    review(stack, OF_FORWARDING)

    assert host.trace() == before


def test_a_host_that_is_down_keeps_its_state(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    recorded = stack.outputs("lab")
    stop_libvirtd(host)

    failed = stack.refresh(check=False)
    undeleted = stack.destroy(check=False)
    stack.pulumi("config", "set", "virtnet:unreachable", "recorded")
    # A refresh takes the configuration of the last up, unless it runs the program.
    run = stack.pulumi("refresh", "--yes", "--skip-preview", "--run-program")
    warned = run.stdout + run.stderr

    assert f"libvirt at qemu:///system {unreached(host)}" in failed
    (command,) = set(re.findall(r"remove it from the state: (pulumi state delete \S+)", undeleted))
    assert "warning: the refresh kept the recorded values, because virtnet:unreachable is" in warned
    assert stack.outputs("lab") == recorded
    start_libvirtd(host)
    assert stack.unchanged()
    forgotten = stack.pulumi(*shlex.split(command)[1:], "--yes")
    assert "Resource deleted" in forgotten.stdout + forgotten.stderr


def test_this_user_may_not_use_the_socket(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    host.sh(f"chmod 000 {socket_path(host)}")
    # Root less its power over files is like anybody who is not in the group.
    as_anybody = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "pulumi")
    options = ("--yes", "--non-interactive")

    up = host.run(*as_anybody, "up", *options, check=False, directory=stack.directory, environment=stack.environment)

    said = up.stdout + up.stderr
    assert up.returncode != 0
    assert (
        "pulumi up would fail on the host as it is now: libvirt at qemu:///system doesn't let this user connect" in said
    )
    assert "error: libvirt at qemu:///system doesn't let this user connect" in said
    assert "Traceback" not in said
    assert stack.resources() == []
    host.sh(f"chmod 770 {socket_path(host)}")
    then_made(stack)
