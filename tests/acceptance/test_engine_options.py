"""What a user tells Pulumi's engine rather than us: options of a resource, and of a command."""

from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS, NATIVE_PROGRAM, NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

FIRST = {"mac": "52:54:00:00:00:01", "ip": "10.92.0.10"}
SECOND = {"mac": "52:54:00:00:00:02", "ip": "10.92.0.11"}


def lab(*hosts: dict[str, str], **options: Any) -> dict[str, Any]:
    """A network with reservations, declared with options of Pulumi's."""
    subnet = {"address": "10.92.0.1/24", "dhcp": {"hosts": hosts}}
    return {
        "type": "LibvirtNetwork",
        "name": "lab",
        "args": {"forward": {"mode": "nat"}, "ips": [subnet]},
        "options": options,
    }


@pytest.fixture(params=FORMS)
def either(request: pytest.FixtureRequest, host: Host) -> Stack:
    """A stack of either form."""
    made: Stack = request.param(host)
    return made


def test_a_replacement_that_the_user_asks_for_is_previewed_like_our_own(host: Host, either: Stack) -> None:
    either.declare(lab(FIRST))
    either.up()
    with host.guest("db", "vn-lab"):
        by_command = either.pulumi("preview", "--replace", "**::lab").stdout
        either.declare(lab(FIRST, SECOND, replace_on_changes=["ips[*].dhcp.hosts"]))
        by_option = either.preview()

    assert "+-1 to replace" in by_command
    assert "if Pulumi replaces it (+-): is deleted and created again" in by_command
    assert "+-1 to replace" in by_option
    assert "hosts[52:54:00:00:00:02] is added (mac 52:54:00:00:00:02, ip 10.92.0.11) [replace]" in by_option
    assert "network 'lab' on qemu:///system: is deleted and created again" in by_option
    assert "manages the existing" not in by_option
    for preview in (by_command, by_option):
        assert "pulumi up would refuse this on the host as it is now: deleting it would disconnect" in preview
        assert "db" in preview


def test_a_replacement_for_which_the_engine_asks_for_no_diff_is_previewed_too(host: Host, either: Stack) -> None:
    either.declare(lab(FIRST, replacement_trigger="1"))
    either.up()
    either.declare(lab(FIRST, replacement_trigger="2"))
    with host.guest("db", "vn-lab"):
        preview = either.preview()

    assert "+-1 to replace" in preview
    assert "if Pulumi replaces it (+-): is deleted and created again" in preview
    assert "pulumi up would refuse this on the host as it is now: deleting it would disconnect" in preview


def test_what_is_ignored_stays_as_others_left_it(host: Host, either: Stack) -> None:
    ignoring = lab(FIRST, ignore_changes=["ips[0].dhcp.hosts"])
    either.declare(ignoring)
    either.up()
    second = f"<host mac='{SECOND['mac']}' ip='{SECOND['ip']}'/>"
    host.virsh("net-update", "lab", "add", "ip-dhcp-host", second, "--live", "--config")

    refresh = either.pulumi("refresh", "--preview-only", "--expect-no-changes", check=False)
    either.declare({**ignoring, "args": {**ignoring["args"], "autostart": False}})
    up = either.up()
    after = either.pulumi("preview", "--expect-no-changes", check=False)

    assert refresh.returncode == 0, refresh.stdout
    assert "firewall rules" not in up
    assert (host.network("lab") or {})["Autostart"] == "no"
    for copy in ("", "--inactive"):
        assert SECOND["mac"] in host.virsh("net-dumpxml", "lab", *filter(None, [copy]))
    assert after.returncode == 0, after.stdout


@pytest.mark.further
def test_what_is_ignored_is_not_said_either(host: Host, either: Stack) -> None:
    args: dict[str, Any] = {"ips": [{"address": "10.92.0.1/24"}]}
    program: dict[str, Any] = {"type": "LibvirtNetwork", "name": "lab", "args": args}
    either.declare(program)
    either.up()
    edit = r"s,</network>,<mtu size='1400'/><dns enable='no'/></network>,"
    host.sh(f'virsh net-dumpxml lab --inactive | sed "{edit}" >/run/lab.xml; virsh net-define /run/lab.xml')
    either.refresh()

    said = either.preview()
    either.declare({**program, "options": {"ignore_changes": ["mtu"]}})
    of_dns = either.preview()
    either.declare({**program, "options": {"ignore_changes": ["mtu", "dns.enable"]}})
    silent = either.preview()
    either.declare(
        {**program, "args": {**program["args"], "autostart": False}, "options": {"ignore_changes": ["mtu", "dns"]}}
    )
    edited = either.up()

    assert "mtu is added (1400); dns.enable changes" in said
    assert "says nothing: dns.enable changes" in of_dns
    assert "differs from virtnet's defaults" not in silent + edited
    assert "dns enable='no'" in host.virsh("net-dumpxml", "lab", "--inactive")


@pytest.mark.further
def test_a_value_that_becomes_secret_is_kept_encrypted(host: Host) -> None:
    stack = NativeStack(host)
    record = {"dns": {"txts": [{"name": "key", "value": "hunter2"}]}}
    stack.declare({"type": "LibvirtNetwork", "name": "lab", "args": record})
    stack.up()
    in_clear = "hunter2" in stack.state_text()
    stack.write(NATIVE_PROGRAM.replace('**entry["args"]', '**{"dns": pulumi.Output.secret(entry["args"]["dns"])}'))

    up = stack.up()
    after = stack.pulumi("preview", "--expect-no-changes", check=False)

    assert in_clear
    assert "~ 1 updated" in up
    assert "hunter2" not in stack.state_text()
    assert after.returncode == 0, after.stdout


def test_a_refresh_that_runs_an_unchanged_program_finds_nothing(either: Stack) -> None:
    either.declare(
        lab(FIRST), {"type": "HostForwarding", "name": "forwarding", "args": {"uri": "qemu:///system", "ipv6": True}}
    )
    either.up()

    found = [
        either.pulumi("refresh", *flags, "--run-program", "--expect-no-changes", check=False)
        for flags in (("--preview-only",), ("--yes", "--skip-preview"))
    ]

    assert [one.returncode for one in found] == [0, 0], found[1].stdout
    assert "unchanged" in found[1].stdout
