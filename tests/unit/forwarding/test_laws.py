"""The laws of design.md, for HostForwarding, over generated hosts, inputs and histories."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import checked_forwarding, clients, forwarding_host
from tests.fakes.host import FakeHost
from tests.fakes.kernel import FakeKernel
from tests.kinds import FORWARDING, IN_KINDS

from virtnet.errors import ApplyFailed
from virtnet.forwarding.observe import observe
from virtnet.forwarding.plan.once_gone import once_gone
from virtnet.forwarding.plan.plan import plan
from virtnet.forwarding.resource import HOST_FORWARDING, outputs
from virtnet.planning.apply import apply
from virtnet.planning.plan import ChangeClass, Plan

INTERFACES = ("eth0", "eth0.100", "lo")
VALUES = st.sampled_from([0, 0, 1, 1, 2])


@st.composite
def hosts(draw: st.DrawFn) -> FakeHost:
    kernel = FakeKernel(INTERFACES)
    for held in (kernel.ipv4, kernel.ipv6):
        held.update({name: draw(VALUES) for name in held})
    kernel.accept_ra.update({name: draw(VALUES) for name in kernel.accept_ra})
    kernel.accept_redirects = draw(st.sampled_from([0, 1]))
    lines = st.sampled_from(["net.ipv4.ip_forward=0", "net.ipv4.conf.all.forwarding = 0", "# nothing"])
    paths = st.sampled_from(["/etc/sysctl.d/10-a.conf", "/usr/lib/sysctl.d/99-z.conf", "/etc/sysctl.conf"])
    files = draw(st.dictionaries(paths, lines, max_size=2))
    return forwarding_host(kernel, files, advertised=draw(st.sets(st.sampled_from(["eth0", "eth0.100"]))))


FLAGS = st.fixed_dictionaries({}, optional={"ipv4": st.booleans(), "ipv6": st.booleans()})
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "ipv4": st.booleans(),
        "ipv6": st.booleans(),
        "interfaces": st.dictionaries(st.sampled_from(INTERFACES), FLAGS.filter(bool)),
        "preserve_router_advertisements": st.booleans(),
        "persist": st.booleans(),
        "drop_in": st.sampled_from(["90-virtnet-forwarding.conf", "99-ours.conf"]),
    },
).filter(lambda inputs: inputs.get("interfaces") != {} or not inputs.keys().isdisjoint({"ipv4", "ipv6"}))
INPUTS = GIVEN.map(lambda inputs: checked_forwarding(**inputs))


def planned(host: FakeHost, desired: Mapping[str, Any] | None, recorded: Mapping[str, Any] | None) -> Plan:
    return plan(desired, recorded, observe(clients(host), desired, recorded or {}))


def applied(host: FakeHost, desired: Mapping[str, Any], recorded: Mapping[str, Any] | None) -> dict[str, Any]:
    decided = planned(host, desired, recorded)
    apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)
    details = {**(recorded or {}), **decided.details}
    shown = outputs(desired, details, observe(clients(host), {}, details))
    assert shown is not None
    return shown


@given(hosts(), st.lists(INPUTS, min_size=1, max_size=4))
def test_after_each_apply_nothing_is_left_to_do(host: FakeHost, history: list[dict[str, Any]]) -> None:
    recorded = None
    for desired in history:
        recorded = applied(host, desired, recorded)

        assert plan(desired, recorded, None).changes == ()
        again = planned(host, desired, recorded)
        assert (again.steps, again.changes) == ((), ())
        shown = HOST_FORWARDING.recorded_inputs(recorded)
        assert planned(host, shown, recorded).empty
        for key, value in recorded["runtime"].items():
            assert host.kernel.values()[key] == value


@given(hosts(), st.lists(INPUTS, min_size=1, max_size=4))
def test_delete_leaves_everything_as_it_was_found(host: FakeHost, history: list[dict[str, Any]]) -> None:
    found, recorded = host.state(), None
    for desired in history:
        recorded = applied(host, desired, recorded)

    apply(planned(host, None, recorded), clients(host), FORWARDING, messages=lambda: IN_KINDS)

    assert host.state() == found
    assert planned(host, None, recorded).empty


@given(hosts(), st.lists(INPUTS, min_size=1, max_size=3), st.sampled_from(["restore", "keep"]), INPUTS)
def test_what_a_replacement_is_planned_by_is_what_the_delete_leaves(
    host: FakeHost, history: list[dict[str, Any]], policy: str, anew: dict[str, Any]
) -> None:
    recorded = None
    for desired in history:
        recorded = applied(host, {**desired, "on_delete": policy}, recorded)
    assert recorded is not None
    foreseen = once_gone(observe(clients(host), anew, {}), recorded)

    apply(planned(host, None, recorded), clients(host), FORWARDING, messages=lambda: IN_KINDS)

    left = observe(clients(host), anew, {})
    assert (foreseen.values, foreseen.files, foreseen.runtime_records) == (
        left.values,
        left.files,
        left.runtime_records,
    )


@given(hosts(), st.lists(INPUTS, max_size=2), INPUTS, st.data())
def test_broken_at_any_step_gives_back_what_was(
    host: FakeHost, history: list[dict[str, Any]], last: dict[str, Any], data: st.DataObject
) -> None:
    recorded = None
    for desired in history:
        recorded = applied(host, desired, recorded)
    steps = planned(host, last, recorded).steps
    if not steps:
        return
    host.effects.log, before = [], host.state()
    host.effects.fail_at = data.draw(st.integers(0, len(steps) - 1))
    host.effects.fail_after = data.draw(st.booleans())

    with pytest.raises(ApplyFailed, match="declared to fail"):
        applied(host, last, recorded)

    assert host.state() == before


@given(hosts(), INPUTS, INPUTS)
def test_an_update_shows_what_its_preview_showed(host: FakeHost, first: dict[str, Any], second: dict[str, Any]) -> None:
    recorded = applied(host, first, None)

    previewed, decided = plan(second, recorded, None), planned(host, second, recorded)

    assert decided.changes == previewed.changes
    assert decided.change_class <= previewed.change_class <= ChangeClass.LIVE


@given(hosts(), INPUTS)
def test_executing_twice_is_as_good_as_once(host: FakeHost, desired: dict[str, Any]) -> None:
    steps = planned(host, desired, None).steps
    for step in steps:
        step.execute(clients(host))
    once = host.state()

    for step in steps:
        step.execute(clients(host))

    assert host.state() == once
