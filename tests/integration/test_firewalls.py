"""Rules of others that drop a network's packets: told by preview, refresh and doctor, with what lets them pass."""

import re

import pytest
from tests.hosts.firewalled import FIREWALLS, make_uplink, network_for, witness
from tests.hosts.firewalls import installed
from tests.hosts.sandboxed import Host
from tests.integration.doctor import run_doctor
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


@pytest.fixture
def stack(unshared_host: Host, forks: Forks) -> Stack:
    """On a host of its own, as the files of firewalls are mounted there."""
    return Stack(unshared_host, forks)


def start(firewall: str, host: Host) -> None:
    """Start it; the set-up leaves out one that would put a package of the machine out."""
    if not installed(firewall):
        pytest.skip(f"{firewall} is not on this machine")
    FIREWALLS[firewall](host)


def commands_in(told: str) -> list[str]:
    """The commands that a line names."""
    (named,) = set(re.findall(r"To accept them: (.*)\. pulumi up doesn't change that", told))
    return str(named).split("; ")


@pytest.mark.each_libvirt
@pytest.mark.parametrize(
    ("firewall", "mode", "whose", "dropped"),
    [
        ("ufw", "open", "ufw drops", {"outside", "inside", "dns", "dhcp"}),
        ("nftables, policy drop", "nat", "an nftables table that isn't libvirt's drops", {"outside", "dns", "dhcp"}),
        pytest.param("Docker", "open", "Docker drops", {"outside", "inside"}, marks=pytest.mark.further),
    ],
)
def test_what_others_drop_is_told_and_the_commands_let_it_pass(
    unshared_host: Host, stack: Stack, firewall: str, mode: str, whose: str, dropped: set[str]
) -> None:
    host = unshared_host
    make_uplink(host)
    start(firewall, host)
    # libvirt 12.8 leaves that to others in mode open.
    host.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    stack.network("lab", **network_for(mode, 1))

    foreseen = stack.preview()
    stack.up()
    refreshed, preview = stack.refresh(), stack.preview()
    (problem,) = stack.outputs("lab")["problems"]
    said = " ".join(run_doctor(host).stdout.split())
    quiet = stack.unchanged()
    with witness(host, "web", "vn-w1", 1) as web:
        lost = {path for path in ("outside", "inside", "dns", "dhcp") if not web.passes(path, 4)}
        for command in commands_in(preview):
            host.sh(command)
        still_lost = {path for path in dropped if not web.passes(path, 4)}
    stack.refresh()

    assert whose in foreseen
    assert whose in refreshed + preview
    assert whose in said
    assert commands_in(foreseen) == commands_in(preview)
    assert problem["kind"] == "packets-dropped"
    found = {one["path"] for one in problem["details"]["dropped"] if one["version"] == "4"} - {"between"}
    assert found == dropped
    assert lost - ({"inside"} if mode == "nat" else set()) == dropped
    assert quiet
    assert still_lost == set()
    assert stack.outputs("lab")["problems"] == []


@pytest.mark.further
@pytest.mark.each_libvirt
def test_a_bridge_that_was_taken_out_of_firewallds_zone(unshared_host: Host, stack: Stack) -> None:
    host = unshared_host
    make_uplink(host)
    start("firewalld", host)
    stack.network("lab", **network_for("nat", 1))

    foreseen = stack.preview()
    stack.up()
    quiet = stack.unchanged()
    host.sh("firewall-cmd --zone=libvirt --remove-interface=vn-w1")
    stack.refresh()
    preview = stack.preview()
    with witness(host, "web", "vn-w1", 1) as web:
        lost = not web.passes("outside", 4)
        for command in commands_in(preview):
            host.sh(command)
        mended = web.passes("outside", 4)

    assert "firewalld" not in foreseen
    assert quiet
    assert "firewalld drops packets from guests to the outside" in preview
    assert commands_in(preview) == ["firewall-cmd --zone=libvirt --change-interface=vn-w1"]
    assert lost
    assert mended
    assert stack.refresh()
    assert stack.outputs("lab")["problems"] == []
