"""What stands where libvirt's link to a network is to be: mended where that hurts nobody, named where it might."""

import json
from typing import Any

import pytest
from tests.hosts.daemons import kill_libvirtd, start_libvirtd
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

LINKS = "/etc/libvirt/qemu/networks/autostart"
LINK = f"{LINKS}/lab.xml"


def problems(host: Host) -> list[dict[str, Any]]:
    found = json.loads(host.virtnet("doctor", "--json", check=False).stdout)["findings"]
    return [finding for finding in found if finding["level"] == "problem"]


def starts_at_boot(host: Host) -> bool:
    return host.sh(f"readlink -e {LINK} || true").strip() == "/etc/libvirt/qemu/networks/lab.xml"


def with_another_daemon(host: Host) -> None:
    kill_libvirtd(host)
    start_libvirtd(host)


@pytest.fixture
def lab(host: Host, stack: Stack) -> Stack:
    stack.network("lab", forward={"mode": "nat"}, ips=[{"address": "10.91.0.1/24"}])
    stack.up()
    assert starts_at_boot(host)
    return stack


@pytest.mark.parametrize("daemon_knows", [True, False])
def test_a_link_to_nowhere_is_mended_and_the_network_starts(host: Host, lab: Stack, daemon_knows: bool) -> None:
    host.sh(f"ln -sf /gone.xml {LINK}; virsh net-destroy lab")
    if daemon_knows:
        with_another_daemon(host)

    (problem,) = problems(host)
    refreshed = lab.refresh()
    lab.up()

    assert f"{LINK} is a dangling link" in problem["said"]
    assert "autostart" in refreshed
    assert starts_at_boot(host)
    assert "lab" in host.virsh("net-list", "--name").split()
    assert lab.unchanged()
    assert problems(host) == []


def test_a_link_that_is_there_before_libvirt_makes_it_is_taken_for_it(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=[{"address": "10.91.0.1/24"}], autostart=False)
    stack.up()
    # 12.8 makes the directory with the first link of its own.
    host.sh(f"mkdir -p {LINKS}; ln -s /etc/libvirt/qemu/networks/lab.xml {LINK}")

    stack.refresh()
    stack.network("lab", forward={"mode": "nat"}, ips=[{"address": "10.91.0.1/24"}])
    stack.up()
    starts = starts_at_boot(host)
    stack.network("lab", forward={"mode": "nat"}, ips=[{"address": "10.91.0.1/24"}], autostart=False)
    stack.up()

    assert starts
    assert host.sh(f"ls {LINKS}") == ""
    assert stack.unchanged()


def test_a_file_of_somebody_elses_is_named_with_the_fix_and_left(host: Host, lab: Stack) -> None:
    host.sh(f"rm {LINK}; echo '<network/>' > {LINK}")
    with_another_daemon(host)

    (problem,) = problems(host)
    lab.refresh()
    preview = lab.preview()
    said = lab.up(check=False)

    assert f"{LINK} exists and isn't libvirt's link to the network" in problem["said"]
    refusal = f"{LINK} exists and isn't libvirt's link to this network"
    assert f"pulumi up would refuse this on the host as it is now: {refusal}" in preview
    assert "Remove that file, or set autostart to false" in said
    assert host.sh(f"cat {LINK}") == "<network/>\n"
    host.sh(f"rm {LINK}")
    lab.up()
    assert starts_at_boot(host)
    assert problems(host) == []


def test_a_link_that_an_earlier_network_left_is_no_end_of_a_new_one(host: Host, stack: Stack) -> None:
    host.sh(f"mkdir -p {LINKS}; ln -s /etc/libvirt/qemu/networks/lab.xml {LINK}")
    stack.network("lab", forward={"mode": "nat"}, ips=[{"address": "10.91.0.1/24"}])

    preview = stack.preview()
    stack.up()

    assert f"remove {LINK}" in preview
    assert starts_at_boot(host)
    assert stack.unchanged()
    stack.destroy()
    assert host.sh(f"ls {LINKS}") == ""
