"""Hosts that only libvirt can be asked of: what cannot be seen is not risked."""

from typing import Any

import pytest
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS, preview_lines, said

from virtnet.errors import Refused
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.resource import NETWORK
from virtnet.network.steps.kinds import StepKind
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note


def create(libvirt: FakeLibvirt, **inputs: Any) -> dict[str, Any]:
    desired, failures = NETWORK.check({"uri": libvirt.uri, "name": "lab", **inputs}, {})
    assert failures == []
    return lifecycle.create(
        NETWORK_IN_KINDS, desired, lambda uri: Clients(libvirt=libvirt, host=None), lambda line: None
    )


def test_a_bridge_name_that_is_an_interface_of_the_host_is_refused() -> None:
    libvirt = FakeLibvirt(uri="qemu+ssh://far/system", interfaces=frozenset({"lo", "br0"}))

    with pytest.raises(Refused, match=r"INTERFACE_EXISTS .*'br0'"):
        create(libvirt, bridge={"name": "br0"})

    assert libvirt.effects.log == []


def test_where_interfaces_cannot_be_seen_nothing_is_started() -> None:
    libvirt = FakeLibvirt(uri="qemu+ssh://far/system", interfaces=None)

    with pytest.raises(Refused, match=r"INTERFACES_UNSEEN .*'br0'"):
        create(libvirt, bridge={"name": "br0"})

    assert libvirt.effects.log == []


def test_a_network_that_is_not_to_run_needs_no_look_at_the_interfaces() -> None:
    libvirt = FakeLibvirt(uri="qemu+ssh://far/system", interfaces=None)

    made = create(libvirt, active=False, autostart=False)

    assert made["active"] is False
    assert libvirt.reports[made["uuid"]].config_xml is not None


def test_a_stop_says_that_what_only_the_host_shows_would_be_cut_off_unseen() -> None:
    libvirt = FakeLibvirt(uri="qemu+tcp://far/system", interfaces=frozenset({"lo"}))
    made = create(libvirt, ips=[{"address": "10.9.0.1/24"}])
    shown: list[str] = []
    wanted, _ = NETWORK.check({"uri": libvirt.uri, "name": "lab", "ips": [{"address": "10.9.0.1/24"}], "mtu": 1400}, {})

    def clients(uri: str) -> Clients:
        return Clients(libvirt=libvirt, host=None)

    changes = lifecycle.diff(NETWORK, made, wanted, clients).changes
    preview = preview_lines(NETWORK_IN_KINDS, made, wanted, clients, changes)
    lifecycle.delete(NETWORK_IN_KINDS, made, clients, shown.append)

    for lines in (preview, shown):
        unseen = said(Note(NoteKind.OTHERS_UNSEEN, {"bridge": "vn-lab"}))
        assert f"network 'lab' on qemu+tcp://far/system: note: {unseen}" in lines


def test_limits_are_tried_once_before_a_restart_stops_what_runs() -> None:
    libvirt = FakeLibvirt(uri="qemu+tcp://far/system", interfaces=frozenset({"lo"}))
    program = {
        "forward": {"mode": "nat"},
        "ips": [{"address": "10.9.0.1/24"}],
        "dns": {"enable": False},
        "bandwidth": {"inbound": {"average": 1000}},
    }
    made = create(libvirt, **program)
    wanted, _ = NETWORK.check({"uri": libvirt.uri, "name": "lab", **program, "forward": {"mode": "route"}}, {})
    observed = NETWORK.observe(Clients(libvirt=libvirt, host=None), wanted, made)

    kinds = [step.describe().kind for step in NETWORK.plan(wanted, made, observed).steps]

    assert kinds.count(StepKind.PROBE_LIMITS) == 1
    assert kinds.index(StepKind.PROBE_LIMITS) < kinds.index(StepKind.STOP)
