"""Processes that are killed half-way: the next `pulumi up` finishes the work, under the same UUID and only once."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.campaigns.faults.at_steps import STOP
from tests.hosts.daemons import hold_starts, kill_libvirtd, kill_provider, network_daemon, start_libvirtd
from tests.hosts.sandboxed import Host

from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}
CREATING = 'phase="first definition"'
#: How many dnsmasq processes of the network there are, less the helper that runs libvirt's lease script as root; and
#: how many sockets serve DNS on it.
DNSMASQ = "ps -C dnsmasq -o user=,args= | grep -v ^root | grep -c dnsmasq/lab.conf || true"
LISTENING = "ss -Hlnu src 10.91.0.1:53 | wc -l"


@pytest.fixture
def hooked(host: Host) -> Host:
    """A host whose networks wait while they start, at what /run/hold names, as long as it is there."""
    hold_starts(host)
    return host


@dataclass
class Run:
    """A `pulumi up` that goes on meanwhile; how it ended is known afterwards."""

    code: int = 0
    said: str = ""


@contextlib.contextmanager
def held_at(stack: Stack, moment: str) -> Iterator[Run]:
    """Within the block `pulumi up` stands still: where libvirt is about to start the network, or has just done so."""
    host, run = stack.host, Run()
    host.sh(f"rm -f /run/held; echo {moment} > /run/hold")
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color=never"]
    settings = [f"{name}={value}" for name, value in stack.environment.items()]
    process = subprocess.Popen(
        host.command("env", *settings, *command, directory=stack.directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        host.sh("for i in $(seq 200); do [ -e /run/held ] && exit 0; sleep 0.05; done; exit 1")
        yield run
    finally:
        host.sh("rm -f /run/hold")
        run.said, _ = process.communicate(timeout=60)
        run.code = process.returncode


def dump(host: Host) -> str:
    return host.virsh("net-dumpxml", "lab", "--inactive")


def is_whole(stack: Stack, uuid: str) -> None:
    """The network runs as declared, as one, and says no longer that it is being made."""
    info = stack.host.network("lab") or {}
    assert (info["UUID"], info["Active"], info["Persistent"], info["Autostart"]) == (uuid, "yes", "yes", "yes")
    assert CREATING not in dump(stack.host)
    assert sorted(stack.host.virsh("net-list", "--all", "--name").split()) == ["default", "lab"]
    assert stack.host.links() == {"lo", "vn-lab"}
    assert stack.outputs("lab")["uuid"] == uuid
    assert stack.unchanged()


@pytest.mark.parametrize("then_started", [True, pytest.param(False, marks=pytest.mark.further)])
def test_a_provider_killed_in_create(hooked: Host, stack: Stack, then_started: bool) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])
    hooked.sh("true" if then_started else "touch /run/fail")

    with held_at(stack, "start") as run:
        kill_provider(hooked)
    for _ in range(100):  # libvirtd carries on with a call whose caller is gone
        if (hooked.network("lab") or {})["Active"] == ("yes" if then_started else "no"):
            break
        time.sleep(0.05)
    half_made, uuid = dump(hooked), (hooked.network("lab") or {})["UUID"]
    preview = stack.preview()
    stack.up()

    assert run.code != 0
    assert CREATING in half_made
    assert "note: an earlier run left the network incomplete, and this run completes it" in preview
    is_whole(stack, uuid)


def test_libvirtd_killed_in_create(hooked: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])

    with held_at(stack, "start") as run:
        uuid = hooked.sh("grep -oP '(?<=<uuid>).*(?=</uuid>)' /etc/libvirt/qemu/networks/lab.xml").strip()
        kill_libvirtd(hooked)
    start_libvirtd(hooked)
    stack.up()

    assert run.code != 0
    assert (
        "network 'lab' on qemu:///system: could not start the network: the connection to libvirt at qemu:///system "
        "was lost during an attempt to start the network ("
    ) in run.said
    assert "). It may or may not have been done. Run pulumi up, which checks that first" in run.said
    assert "did not try to remove the definition; run pulumi up when the host can be reached again)" in run.said
    is_whole(stack, uuid)


@pytest.mark.further
def test_libvirtd_killed_when_it_has_started_the_network_and_not_yet_noted_so(hooked: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])

    with held_at(stack, "started") as run:
        uuid = hooked.sh("grep -oP '(?<=<uuid>).*(?=</uuid>)' /etc/libvirt/qemu/networks/lab.xml").strip()
        kill_libvirtd(hooked)
    left = hooked.sh(LISTENING)
    start_libvirtd(hooked)
    preview = stack.preview()
    stack.up()

    assert run.code != 0
    assert left == "1\n"
    assert "pulumi up would refuse this" not in preview
    assert hooked.sh(LISTENING) == "1\n"
    is_whole(stack, uuid)


@pytest.mark.further
def test_libvirtd_killed_after_someone_deleted_the_bridge(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])
    stack.up()
    uuid = stack.outputs("lab")["uuid"]
    host.sh("ip link delete vn-lab")
    kill_libvirtd(host)
    start_libvirtd(host)

    stack.refresh()
    stack.up()

    assert host.sh(DNSMASQ) == "1\n"
    assert host.sh(LISTENING) == "1\n"
    is_whole(stack, uuid)


@pytest.mark.further
def test_a_network_that_a_killed_libvirtd_forgot_is_deleted_with_its_dnsmasq(host: Host, stack: Stack) -> None:
    before = host.sh(DNSMASQ)
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("ip link delete vn-lab")
    kill_libvirtd(host)
    start_libvirtd(host)

    stack.destroy()

    assert host.sh(DNSMASQ) == before == "0\n"


def test_a_provider_killed_between_the_stop_and_the_start_of_a_restart(hooked: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[SUBNET])
    stack.up()
    uuid = stack.outputs("lab")["uuid"]
    stack.network("lab", forward={}, ips=[SUBNET], mtu=1400)
    hooked.sh("touch /run/fail")

    with held_at(stack, "start") as run:
        kill_provider(hooked)
    stack.up()

    assert run.code != 0
    assert hooked.sh("cat /sys/class/net/vn-lab/mtu") == "1400\n"
    is_whole(stack, uuid)


EDIT: dict[str, Any] = {"domain": {"name": "new.test"}, "mtu": 1400, "dns": {"txts": [{"name": "a", "value": "b"}]}}


def killed_edit(stack: Stack, moment: str, kind: str, **args: Any) -> None:
    """An up that is killed at a moment of its steps, and of which nothing is recorded; VIRTNET_FAULT has its form."""
    journal, paths = stack.host.directory / "steps", [str(STOP), os.environ.get("PYTHONPATH", "")]
    given = {
        "VIRTNET_STEPS": str(journal),
        "VIRTNET_FAULT": moment.replace("libvirtd", network_daemon(stack.host)),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    stack.declare({"type": kind, "name": "lab", "args": args})
    stack.environment |= given
    stack.pulumi("up", "--yes", "--skip-preview", check=False)
    for name in given:
        del stack.environment[name]
    assert Path(f"{journal}.broken").exists()
    if moment.startswith("libvirtd"):
        start_libvirtd(stack.host)
    if moment.startswith("pulumi"):
        time.sleep(1)  # the provider goes on without its engine
        stack.pulumi("cancel", "--yes")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("moment", "place", "change_class"),
    [
        pytest.param("libvirtd killed after 0 0 0", "definition", "live", marks=pytest.mark.further),
        pytest.param("provider killed after 0 0 0", "definition", "live", marks=pytest.mark.further),
        pytest.param("provider killed after 2 0 0", "definition", "live", marks=pytest.mark.further),
        ("pulumi killed after 3 0 0", "running network", "restart"),
    ],
    ids=["libvirtd, defined", "provider, defined", "provider, stopped", "pulumi, done"],
)
def test_an_edit_that_is_killed_and_then_taken_out_of_the_program(
    host: Host, form: type[Stack], moment: str, place: str, change_class: str
) -> None:
    stack = form(host)
    before: dict[str, Any] = {"forward": {"mode": "nat"}, "ips": [SUBNET]}
    stack.network("lab", **before)
    stack.up()
    was = [without_mark(host.virsh("net-dumpxml", "lab", *flags)) for flags in ((), ("--inactive",))]
    killed_edit(stack, moment, "LibvirtNetwork", **before, **EDIT)
    left = dump(host)
    stack.network("lab", **before)

    refreshed = stack.refresh()
    preview = stack.preview()
    stack.up()

    assert "new.test" in left
    assert "edit-interrupted" in refreshed or "~ 1 updated" in refreshed
    found = f"an interrupted update left settings in the {place} that the program and the state lack"
    assert f"({found}: dns.txts, domain.name, mtu) [{change_class}]" in preview
    assert [without_mark(host.virsh("net-dumpxml", "lab", *flags)) for flags in ((), ("--inactive",))] == was
    assert host.sh("cat /sys/class/net/vn-lab/mtu") == "1500\n"
    assert stack.unchanged()


def without_mark(xml: str) -> str:
    return network_edit.without_owner_mark(definition(xml))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "moment",
    [pytest.param("provider killed after 0 0 0", marks=pytest.mark.further), "pulumi killed after 1 0 0"],
    ids=["provider, written", "pulumi, done"],
)
def test_forwarding_that_a_killed_edit_turned_on_and_nobody_names_is_turned_off(
    host: Host, form: type[Stack], moment: str
) -> None:
    stack = form(host)
    ipv6, drop_in = (
        "cat /proc/sys/net/ipv6/conf/all/forwarding",
        "grep -v '^#' /etc/sysctl.d/90-virtnet-forwarding.conf",
    )
    before: dict[str, Any] = {"uri": "qemu:///system", "ipv4": True}
    stack.declare({"type": "HostForwarding", "name": "lab", "args": before})
    stack.up()
    killed_edit(stack, moment, "HostForwarding", **before, ipv6=True)
    left = host.sh(drop_in)
    stack.declare({"type": "HostForwarding", "name": "lab", "args": before})

    stack.refresh()
    preview = stack.preview()
    stack.up()

    assert "net/ipv6/conf/all/forwarding = 1" in left
    assert "ipv6 is removed" in preview
    assert (host.sh(ipv6), host.sh(drop_in)) == ("0\n", "net/ipv4/ip_forward = 1\n")
    assert stack.unchanged()
