"""Work that fails or is cancelled half-way: what is taken back, and what the state is told of what is left."""

from typing import Any

import pytest
from tests.builders import checked, connect_to, network_host
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS

from virtnet.errors import ApplyFailed, Cancelled, LibvirtFailure, Refused, Unreachable
from virtnet.network.observed import reported
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

NAT = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24"}],
    "__owner": "project/stack/lab",
}


def a_host() -> tuple[FakeLibvirt, lifecycle.Connect]:
    host = network_host()
    libvirt = FakeLibvirt(links=host.net)
    return libvirt, connect_to(libvirt, host)


def keep_silent(line: str) -> None:
    """A reader who is not there."""


@pytest.mark.parametrize("begun", [0, 1, 2, 3])
def test_a_cancel_between_any_two_steps_takes_all_back(begun: int) -> None:
    libvirt, connect = a_host()
    steps: list[str] = []

    def progress(line: str) -> None:
        if len(steps) == begun:
            raise Cancelled("the work was cancelled")
        steps.append(line)

    with pytest.raises(ApplyFailed, match="the work was cancelled") as raised:
        lifecycle.create(NETWORK, checked(NAT), connect, keep_silent, progress=progress)

    assert libvirt.reports == {}
    assert (raised.value.left, raised.value.outputs) == ((), None)
    assert len(steps) == begun


def test_a_line_is_told_before_each_step() -> None:
    _, connect = a_host()
    steps: list[str] = []

    lifecycle.create(NETWORK, checked(NAT), connect, keep_silent, progress=steps.append)

    assert steps == [
        "network 'lab' on qemu:///system: define a nat network with 10.9.0.1/24 on bridge vn-lab",
        "network 'lab' on qemu:///system: start the network",
        "network 'lab' on qemu:///system: set autostart to true",
        "network 'lab' on qemu:///system: mark the network as complete in its metadata",
    ]


def a_failure(uuid: str, *_: object) -> None:
    raise LibvirtFailure("libvirt does not want to", 1)


def test_a_create_that_cannot_be_taken_back_gives_the_outputs_of_what_is_there() -> None:
    libvirt, connect = a_host()
    libvirt.set_autostart = a_failure  # type: ignore[method-assign, assignment]
    libvirt.undefine_network = a_failure  # type: ignore[method-assign]

    with pytest.raises(ApplyFailed, match="not everything was rolled back: could not remove the definition") as raised:
        lifecycle.create(NETWORK, checked(NAT), connect, keep_silent)

    (report,) = libvirt.reports.values()
    assert raised.value.outputs is not None
    assert raised.value.outputs["uuid"] == report.uuid
    assert raised.value.outputs["active"] == report.active


def test_a_create_whose_host_is_lost_gives_what_was_begun_and_the_next_update_finishes_it() -> None:
    libvirt, connect = a_host()
    working = dict(vars(type(libvirt)))

    def lost(*_: object, **__: object) -> Any:
        raise Unreachable("the connection was lost")

    libvirt.start_network = lost  # type: ignore[method-assign]
    libvirt.stop_network = lost  # type: ignore[method-assign]
    libvirt.undefine_network = lost  # type: ignore[method-assign]
    libvirt.find_network = lost  # type: ignore[method-assign]
    found = working["find_network"].__get__(libvirt)
    # The daemon is there until the network is to be started.
    asked: list[object] = []

    def until_then(**named: Any) -> Any:
        asked.append(named)
        return found(**named) if libvirt.effects.log in ([], ["define"]) and len(asked) < 4 else lost()

    libvirt.find_network = until_then  # type: ignore[method-assign]

    with pytest.raises(ApplyFailed) as raised:
        lifecycle.create(NETWORK, checked(NAT), connect, keep_silent)

    outputs = dict(raised.value.outputs or {})
    (report,) = libvirt.reports.values()
    assert outputs["uuid"] == report.uuid
    for name in ("start_network", "stop_network", "undefine_network", "find_network"):
        delattr(libvirt, name)
    difference = lifecycle.diff(NETWORK, outputs, checked(NAT), connect)
    assert [change.path for change in difference.changes] == ["problems"]

    shown = lifecycle.update(NETWORK, outputs, checked(NAT), connect, keep_silent)

    (report,) = libvirt.reports.values()
    mark = reported(report).definition.mark
    assert (report.active, report.autostart, mark is not None and mark.creating) == (True, True, False)
    assert (shown["uuid"], shown["problems"]) == (report.uuid, [])


def test_an_update_that_cannot_be_taken_back_gives_the_network_as_it_is() -> None:
    libvirt, connect = a_host()
    recorded = lifecycle.create(NETWORK, checked(NAT), connect, keep_silent)
    libvirt.start_network = a_failure  # type: ignore[method-assign]

    with pytest.raises(ApplyFailed) as raised:
        lifecycle.update(NETWORK, recorded, checked(NAT, mtu=1400), connect, keep_silent)

    assert raised.value.left != ()
    assert raised.value.outputs is not None
    assert raised.value.outputs["active"] is False


def test_a_refusal_leaves_nothing_to_record() -> None:
    _, connect = a_host()
    lifecycle.create(NETWORK, checked(NAT), connect, keep_silent)

    with pytest.raises(Refused, match=r"OWNED_BY_OTHER .*'project/stack/lab'"):
        lifecycle.create(NETWORK_IN_KINDS, {**checked(NAT), "__owner": "project/stack/other"}, connect, keep_silent)
