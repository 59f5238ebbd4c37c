"""The laws of planning, over generated networks and a libvirt in memory."""

import contextlib
import re
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from tests.builders import connect_to
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS, preview_lines, said
from tests.unit.strategies import networks, whole_networks

from virtnet.errors import Refused, VirtnetError
from virtnet.network.diff import recorded_inputs
from virtnet.network.observed import reported
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps.definition import DefineNetwork, MarkNetwork
from virtnet.network.steps.running import StopNetwork
from virtnet.network.tree import network_tree
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning import lifecycle
from virtnet.planning.findings import Refusal
from virtnet.planning.merge import differences
from virtnet.planning.plan import ChangeClass
from virtnet.planning.reports import Attachment
from virtnet.spec.part import only

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"


def checked(inputs: dict[str, Any]) -> dict[str, Any]:
    canonical, failures = NETWORK.check({"__owner": "project/stack/lab", **inputs}, {})
    assert failures == []
    return canonical


def created(libvirt: FakeLibvirt, desired: dict[str, Any]) -> dict[str, Any]:
    return lifecycle.create(NETWORK, desired, connect_to(libvirt), lambda line: None)


def plan(libvirt: FakeLibvirt, desired: dict[str, Any], recorded: dict[str, Any]) -> Any:
    return NETWORK.plan(desired, recorded, NETWORK.observe(connect_to(libvirt)(""), desired, recorded))


@given(whole_networks())
def test_what_is_rendered_is_parsed_as_it_was(inputs: dict[str, Any]) -> None:
    target = new_tree(network_tree(checked(inputs)), inputs.get("uuid", UUID))

    parsed = definition(network_edit.render(target)).tree

    in_xml = {name: value for name, value in target.items() if name not in network_xml.NOT_XML}
    assert _without_empty(parsed) == _without_empty(in_xml)


def _without_empty(tree: Any) -> Any:
    """Empty lists and groups mean nothing to libvirt, and cannot be told from absent ones in XML."""
    if isinstance(tree, dict):
        kept = {name: _without_empty(value) for name, value in tree.items()}
        return {name: value for name, value in kept.items() if value not in ([], {})}
    if isinstance(tree, list):
        return [_without_empty(item) for item in tree]
    return tree


@given(whole_networks())
def test_check_gives_its_own_output_back(inputs: dict[str, Any]) -> None:
    once = checked(inputs)

    assert checked(once) == once


@given(whole_networks())
def test_a_preview_right_after_create_is_empty(inputs: dict[str, Any]) -> None:
    libvirt, desired = FakeLibvirt(), checked(inputs)

    recorded = created(libvirt, desired)

    assert lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes == ()
    assert plan(libvirt, desired, recorded).empty
    assert lifecycle.read(NETWORK, recorded, connect_to(libvirt)) == recorded


@given(whole_networks(), whole_networks())
def test_after_any_update_nothing_is_left_to_do(before: dict[str, Any], after: dict[str, Any]) -> None:
    before, after = ({name: value for name, value in one.items() if name != "uuid"} for one in (before, after))
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))

    updated = lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)

    assert plan(libvirt, desired, updated).empty
    assert lifecycle.diff(NETWORK, updated, desired, connect_to(libvirt)).changes == ()
    assert updated["uuid"] == recorded["uuid"]


@given(networks(), networks())
def test_after_an_update_nothing_is_left_to_do(before: dict[str, Any], after: dict[str, Any]) -> None:
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))

    updated = lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)

    assert plan(libvirt, desired, updated).empty
    assert lifecycle.diff(NETWORK, updated, desired, connect_to(libvirt)).changes == ()
    assert updated["uuid"] == recorded["uuid"]
    assert updated["mac"] == recorded["mac"]


@given(whole_networks(), whole_networks())
def test_where_nothing_drifted_a_preview_speaks_of_no_drift(before: dict[str, Any], after: dict[str, Any]) -> None:
    before, after = ({name: value for name, value in one.items() if name != "uuid"} for one in (before, after))
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))
    changes = lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes

    shown = lifecycle.preview(NETWORK, recorded, desired, connect_to(libvirt), changes)

    assert shown.error is None
    assert shown.drift == ()


@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate], max_examples=settings().max_examples * 3 // 2)
@given(whole_networks(), whole_networks(), st.sampled_from(["both", "config", "live"]), st.booleans())
def test_all_that_an_update_does_stands_in_its_preview(
    before: dict[str, Any], by_others: dict[str, Any], copies: str, restarts: bool
) -> None:
    libvirt = FakeLibvirt()
    recorded = created(libvirt, checked(before))
    report = libvirt.reports[recorded["uuid"]]
    made = definition(report.config_xml or "")
    theirs = {name: value for name, value in checked(by_others).items() if name not in network_xml.NOT_XML}
    identity = only(made.tree, {"name", "uuid", "mac", "bridge"})
    drifted = network_edit.edit(made, network_tree({**theirs, **identity}))
    libvirt.reports[recorded["uuid"]] = report._replace(
        config_xml=report.config_xml if copies == "live" else drifted,
        live_xml=report.live_xml if copies == "config" or not report.active else drifted,
    )
    edit = {"domain": {"name": "edited.test"}} if restarts else {"autostart": not before.get("autostart", True)}
    desired, failures = NETWORK.check({"__owner": "project/stack/lab", **before, **edit}, {})
    assume(failures == [])  # a domain is not for every mode
    changes = lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes
    found = reported(libvirt.reports[recorded["uuid"]])

    shown = lifecycle.preview(NETWORK, recorded, desired, connect_to(libvirt), changes)
    with contextlib.suppress(Refused):
        lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)

    after = reported(libvirt.reports[recorded["uuid"]])
    done = [*_changed(found.config, after.config), *_changed(found.live, after.live)]
    said = {change.path for change in (*shown.changes, *shown.drift)}
    # A bridge comes or goes with the mode.
    assert set(done) <= said | ({"bridge.name", "mac"} if "forward.mode" in said else set())


def _changed(before: Definition | None, after: Definition | None) -> list[str]:
    if before is None or after is None:
        return []
    return [change.path for change in differences(NetworkSpec, after.tree, before.tree)]


@given(networks(), networks())
def test_an_update_stops_only_what_was_previewed_as_a_restart(before: dict[str, Any], after: dict[str, Any]) -> None:
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))

    previewed = max(
        (change.change_class for change in lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes),
        default=ChangeClass.RECORDED,
    )
    planned = plan(libvirt, desired, recorded)

    assert planned.change_class <= previewed
    stops = any(isinstance(step, StopNetwork) for step in planned.steps)
    assert stops == (previewed is ChangeClass.RESTART)


@given(networks(), networks(), st.integers(0, 12), st.booleans())
def test_an_update_broken_at_any_step_gives_back_what_was(
    before: dict[str, Any], after: dict[str, Any], broken: int, after_effect: bool
) -> None:
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))
    was, libvirt.effects.log = libvirt.snapshot(), []
    libvirt.effects.fail_at, libvirt.effects.fail_after = broken, after_effect

    try:
        lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)
    except VirtnetError:
        assert libvirt.snapshot() == was
    else:
        assert len(libvirt.effects.log) <= broken or libvirt.effects.log[broken] == "probe"  # which is tried twice


@given(networks(), st.integers(0, 4), st.booleans())
def test_a_create_broken_at_any_step_leaves_nothing(inputs: dict[str, Any], broken: int, after_effect: bool) -> None:
    libvirt, desired = FakeLibvirt(), checked(inputs)
    libvirt.effects.fail_at, libvirt.effects.fail_after = broken, after_effect

    try:
        created(libvirt, desired)
    except VirtnetError:
        assert libvirt.snapshot() == {}
    else:
        assert len(libvirt.effects.log) <= broken


@given(networks())
def test_observed_as_desired_plans_nothing(inputs: dict[str, Any]) -> None:
    libvirt = FakeLibvirt()
    made = created(libvirt, checked(inputs))
    report = libvirt.reports[made["uuid"]]
    seen = reported(report).definition.tree
    flags = {"autostart": report.autostart, "active": report.active, "adopt": True, "uri": libvirt.uri}
    desired, failures = NETWORK.check({**seen, **flags, "__owner": "project/stack/lab"}, {})

    planned = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))

    assert failures == []
    assert planned.changes == ()
    assert [type(step) for step in planned.steps] == [MarkNetwork]  # whose it is now
    assert planned.refusals == ()


@given(networks(), networks())
def test_what_nobody_names_survives_an_update(before: dict[str, Any], after: dict[str, Any]) -> None:
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))
    report = libvirt.reports[recorded["uuid"]]
    foreign = "<later xmlns:x='urn:x'><x:kept deep='1'/></later>"
    assert report.config_xml is not None
    libvirt.define_network(report.config_xml.replace("</network>", f"{foreign}</network>"))

    lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)

    root = network_xml.read_xml(libvirt.reports[recorded["uuid"]].config_xml or "")
    kept = root.find("later/{urn:x}kept")
    assert kept is not None
    assert kept.get("deep") == "1"


@given(networks(), networks())
def test_a_guest_keeps_its_link_or_the_update_is_refused(before: dict[str, Any], after: dict[str, Any]) -> None:
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))
    libvirt.plugged.ports[recorded["uuid"]] = (Attachment(owner="web", interface="vnet0", mac="52:54:00:00:00:01"),)
    was, libvirt.effects.log = libvirt.snapshot(), []

    refusals = plan(libvirt, desired, recorded).refusals
    if refusals:
        with pytest.raises(Refused, match="'web', 'interface': 'vnet0'"):
            lifecycle.update(NETWORK_IN_KINDS, recorded, desired, connect_to(libvirt), lambda line: None)
        assert libvirt.snapshot() == was
    else:
        lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)
    assert "stop" not in libvirt.effects.log


def test_a_deleted_network_leaves_nothing_and_deleting_again_is_success() -> None:
    libvirt = FakeLibvirt()
    recorded = created(libvirt, checked({"name": "lab", "uri": "qemu:///system"}))

    lifecycle.delete(NETWORK, recorded, connect_to(libvirt), lambda line: None)
    lifecycle.delete(NETWORK, recorded, connect_to(libvirt), lambda line: None)

    assert libvirt.reports == {}


@pytest.mark.parametrize("killed_after", range(1, 4))
def test_a_create_killed_after_any_step_is_finished_by_the_next(killed_after: int) -> None:
    libvirt = FakeLibvirt()
    desired = checked({"name": "lab", "uri": "qemu:///system", "forward": {}, "ips": [{"address": "10.9.0.1/24"}]})
    whole = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))
    for step in whole.steps[:killed_after]:
        step.execute(connect_to(libvirt)(""))

    recorded = created(libvirt, desired)

    assert recorded["uuid"] == whole.details["uuid"]
    assert plan(libvirt, desired, recorded).empty
    mark = reported(libvirt.reports[recorded["uuid"]]).definition.mark
    assert mark == network_xml.OwnerMark("project/stack/lab", token=recorded["__token"], creating=False)


def test_a_create_and_its_finish_read_back_what_libvirt_made_of_the_definition_before_they_start_it() -> None:
    libvirt = FakeLibvirt()
    desired = checked({"name": "lab", "uri": "qemu:///system"})
    made = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))
    made.steps[0].execute(connect_to(libvirt)(""))
    finished = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))

    defined = [
        [step.was_read_back for step in plan.steps if isinstance(step, DefineNetwork)] for plan in (made, finished)
    ]

    assert defined == [[False, True], [False, True]]
    assert [type(whole.steps[0]) for whole in (made, finished)] == [DefineNetwork, DefineNetwork]


def test_what_libvirt_is_too_old_for_is_a_line_and_is_refused_before_the_first_effect() -> None:
    libvirt = FakeLibvirt(daemon_version=9_000_000)
    titled = checked({"name": "lab", "uri": "qemu:///system", "title": "secret"})
    refusal = said(Refusal(RefusalKind.LIBVIRT_TOO_OLD, {"path": "title", "needed": 9_007_000, "version": 9_000_000}))

    lines = preview_lines(NETWORK_IN_KINDS, None, titled, connect_to(libvirt))
    with pytest.raises(Refused, match=re.escape(refusal)):
        lifecycle.create(NETWORK_IN_KINDS, titled, connect_to(libvirt), lambda line: None)
    recorded = created(libvirt, checked({"name": "lab", "uri": "qemu:///system"}))
    libvirt.effects.log = []
    with pytest.raises(Refused, match=re.escape(refusal)):
        lifecycle.update(NETWORK_IN_KINDS, recorded, titled, connect_to(libvirt), lambda line: None)

    assert f"network 'lab' on qemu:///system: pulumi up would refuse this on the host as it is now: {refusal}" in lines
    assert libvirt.effects.log == []


@pytest.mark.parametrize(
    ("before", "after", "path", "kind"),
    [
        ({"name": "br-lab"}, {"name": "br-lab", "stp": True}, "bridge.stp", "add"),
        ({"name": "br-lab", "stp": True}, {"name": "br-lab"}, "bridge.stp", "remove"),
        ({"name": "br-lab"}, {"name": "br-lab", "delay": 0}, "bridge.delay", "add"),
    ],
)
def test_a_nested_value_newly_named_as_it_is_anyway_is_watched_from_then_on(
    before: dict[str, Any], after: dict[str, Any], path: str, kind: str
) -> None:
    libvirt = FakeLibvirt()
    recorded = created(libvirt, checked({"name": "lab", "uri": "qemu:///system", "bridge": before}))
    desired, libvirt.effects.log = checked({"name": "lab", "uri": "qemu:///system", "bridge": after}), []

    changes = lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes
    updated = lifecycle.update(NETWORK, recorded, desired, connect_to(libvirt), lambda line: None)

    assert [(change.path, change.kind, change.change_class) for change in changes] == [
        (path, kind, ChangeClass.RECORDED)
    ]
    assert libvirt.effects.log == []
    assert updated["bridge"] == after
    assert lifecycle.diff(NETWORK, updated, desired, connect_to(libvirt)).changes == ()


def test_what_was_wrong_before_is_no_news_to_a_refresh_and_still_a_change_to_up() -> None:
    libvirt = FakeLibvirt()
    desired = checked({"name": "lab", "uri": "qemu:///system"})
    recorded = created(libvirt, desired)
    libvirt.undefine_network(recorded["uuid"])

    first = lifecycle.read(NETWORK, recorded, connect_to(libvirt)) or {}
    second = lifecycle.read(NETWORK, first, connect_to(libvirt)) or {}
    changes = lifecycle.diff(NETWORK, second, recorded_inputs(first), connect_to(libvirt))

    assert "persistent" not in lifecycle.found_as_recorded(NETWORK, recorded, first)
    assert "persistent" in lifecycle.found_as_recorded(NETWORK, first, second)
    assert [change.path for change in changes.changes] == ["persistent"]
    assert changes.without(lifecycle.found_as_recorded(NETWORK, first, second)).changes == ()


#: Of what is recorded, that by which the network is found again.
FOUND_BY = ("uri", "uuid")


@given(whole_networks(), whole_networks(), st.data())
def test_a_state_that_lacks_what_another_version_recorded_is_answered_in_our_words(
    before: dict[str, Any], after: dict[str, Any], data: st.DataObject
) -> None:
    before, after = ({name: value for name, value in one.items() if name != "uuid"} for one in (before, after))
    libvirt, desired = FakeLibvirt(), checked(after)
    recorded = created(libvirt, checked(before))
    gone = data.draw(st.sets(st.sampled_from(sorted(recorded.keys() - {*FOUND_BY})), min_size=1))
    older = {name: value for name, value in recorded.items() if name not in gone}

    changes = lifecycle.diff(NETWORK, older, desired, connect_to(libvirt)).changes
    lifecycle.preview(NETWORK, older, desired, connect_to(libvirt), changes)
    lifecycle.read(NETWORK, older, connect_to(libvirt))
    with contextlib.suppress(VirtnetError):
        older = lifecycle.update(NETWORK, older, desired, connect_to(libvirt), lambda line: None)
    lifecycle.delete(NETWORK, older, connect_to(libvirt), lambda line: None)

    assert libvirt.reports == {} or older.get("on_delete") == "keep"
