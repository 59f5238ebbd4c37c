"""Guests that belong to a network and hang on no bridge, on a libvirt and a host in memory."""

from typing import Any

import pytest
from tests.builders import checked, connect_to, network_host, observe_there
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink
from tests.kinds import NETWORK_IN_KINDS, preview_lines, said

from virtnet.errors import VirtnetError
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.findings import Note, Problem

NAT = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24"}],
    "__owner": "project/stack/lab",
}
BRIDGE = "vn-lab"
LOOSE = [{"owner": "g2", "interface": "vnet2", "mac": "52:54:00:00:00:02"}]


def plug(libvirt: FakeLibvirt, host: FakeHost, number: int, *, master: str, **more: Any) -> None:
    """A guest that names the network, with its tap there."""
    mac = f"52:54:00:00:00:0{number}"
    guest = FakeGuest(name=f"g{number}", mac=mac, tap=f"vnet{number}", network="lab", port=bool(master), **more)
    libvirt.guests.append(guest)
    host.net.by_name[guest.tap] = FakeLink(mac="fe" + mac[2:])
    if master:
        host.net.plug(guest.tap, master)


def a_host() -> tuple[FakeLibvirt, FakeHost, lifecycle.Connect]:
    host = network_host()
    libvirt = FakeLibvirt(links=host.net)
    return libvirt, host, connect_to(libvirt, host)


def with_one_unplugged() -> tuple[FakeLibvirt, FakeHost, lifecycle.Connect, dict[str, Any]]:
    """A running network with one guest on its bridge, one that hangs loose, and one whose link is down."""
    libvirt, host, connect = a_host()
    recorded = lifecycle.create(NETWORK, checked(NAT), connect, lambda line: None)
    plug(libvirt, host, 1, master=BRIDGE)
    plug(libvirt, host, 2, master="")
    plug(libvirt, host, 3, master="", link="down")
    libvirt.effects.log.clear()
    host.effects.log.clear()
    return libvirt, host, connect, recorded


def masters(host: FakeHost) -> dict[str, str]:
    return {name: link.master for name, link in host.net.by_name.items()}


PLUGGED_IN = {"vnet1": BRIDGE, "vnet2": BRIDGE, "vnet3": ""}


def test_a_refresh_names_it_and_an_update_plugs_it_in_without_a_restart() -> None:
    libvirt, host, connect, recorded = with_one_unplugged()

    seen = lifecycle.read(NETWORK, recorded, connect)
    assert seen is not None
    changes = lifecycle.diff(NETWORK, seen, checked(NAT), connect).changes
    lines = preview_lines(NETWORK_IN_KINDS, seen, checked(NAT), connect, changes)
    shown = lifecycle.update(NETWORK, seen, checked(NAT), connect, lambda line: None)

    unplugged = Problem(ProblemKind.GUESTS_UNPLUGGED, {"attachments": LOOSE})
    assert seen["problems"] == [{"kind": "guests-unplugged", "details": {"attachments": LOOSE}}]
    assert lines == [
        f"network 'lab' on qemu:///system: problems changes ({said(unplugged)}) [live]",
        "network 'lab' on qemu:///system: note: " + said(Note(NoteKind.PLUGGED_IN, {"attachments": LOOSE})),
    ]
    assert libvirt.effects.log == ["start transient", "plug in", "plug in", "stop"]
    assert masters(host) == PLUGGED_IN
    assert [(guest.network, guest.port, guest.link) for guest in libvirt.guests] == [
        ("lab", True, "up"),
        ("lab", True, "up"),
        ("lab", False, "down"),
    ]
    assert host.net.bridges[BRIDGE]["stp_state"] == "1"
    assert [report.name for report in libvirt.reports.values()] == ["lab"]
    assert shown["problems"] == []
    assert NETWORK.plan(checked(NAT), shown, observe_there(connect(""), checked(NAT), shown)).empty


def test_an_update_of_what_is_only_recorded_plugs_nothing_in() -> None:
    libvirt, host, connect, recorded = with_one_unplugged()

    lifecycle.update(NETWORK, recorded, checked(NAT, on_delete="keep"), connect, lambda line: None)

    assert libvirt.effects.log == []
    assert masters(host)["vnet2"] == ""


def test_a_start_plugs_in_who_was_left_by_the_stop() -> None:
    libvirt, host, connect = a_host()
    recorded = lifecycle.create(NETWORK, checked(NAT), connect, lambda line: None)
    plug(libvirt, host, 1, master=BRIDGE)
    libvirt.stop_network(str(recorded["uuid"]))
    seen = lifecycle.read(NETWORK, recorded, connect)
    assert seen is not None
    left = masters(host)

    shown = lifecycle.update(NETWORK, seen, checked(NAT), connect, lambda line: None)

    assert left == {"vnet1": ""}
    assert seen["problems"] == []
    assert masters(host) == {"vnet1": BRIDGE}
    assert shown["problems"] == []


def test_a_create_plugs_in_who_runs_already_and_names_the_network() -> None:
    libvirt, host, connect = a_host()
    plug(libvirt, host, 1, master="")

    lines = preview_lines(NETWORK_IN_KINDS, None, checked(NAT), connect, ())
    shown = lifecycle.create(NETWORK, checked(NAT), connect, lambda line: None)

    (waiting,) = libvirt.guests
    attachments = [{"owner": waiting.name, "interface": waiting.tap, "mac": waiting.mac}]
    assert lines[-1].endswith(said(Note(NoteKind.PLUGGED_IN, {"attachments": attachments})))
    assert masters(host) == {"vnet1": BRIDGE}
    assert shown["problems"] == []


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("broken", range(4))
def test_broken_at_any_step_nobody_else_is_touched_and_the_next_update_plugs_in(
    broken: int, after_effect: bool
) -> None:
    libvirt, host, connect, recorded = with_one_unplugged()
    seen = lifecycle.read(NETWORK, recorded, connect)
    assert seen is not None
    was = libvirt.snapshot()
    libvirt.effects.fail_at, libvirt.effects.fail_after = broken, after_effect

    try:
        lifecycle.update(NETWORK, seen, checked(NAT), connect, lambda line: None)
    except VirtnetError:
        assert libvirt.snapshot() == was
    assert {**masters(host), "vnet2": ""} == {**PLUGGED_IN, "vnet2": ""}
    libvirt.effects.fail_at = None
    lifecycle.update(NETWORK, seen, checked(NAT), connect, lambda line: None)
    assert masters(host) == PLUGGED_IN
    assert libvirt.snapshot() == was


@pytest.mark.parametrize("killed_after", range(1, 5))
def test_killed_after_any_step_the_next_update_finishes(killed_after: int) -> None:
    libvirt, host, connect, recorded = with_one_unplugged()
    seen = lifecycle.read(NETWORK, recorded, connect)
    assert seen is not None
    clients, was = connect(""), libvirt.snapshot()
    whole = NETWORK.plan(checked(NAT), seen, observe_there(clients, checked(NAT), seen))
    assert len(whole.steps) == 4
    for step in whole.steps[:killed_after]:
        step.execute(clients)

    again = lifecycle.read(NETWORK, seen, connect)
    assert again is not None
    shown = lifecycle.update(NETWORK, again, checked(NAT), connect, lambda line: None)

    assert masters(host) == PLUGGED_IN
    assert libvirt.snapshot() == was
    assert shown["problems"] == []
