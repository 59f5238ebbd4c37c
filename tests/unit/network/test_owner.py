"""Whom a network belongs to: the mark in its metadata, and what may not be done to another resource's network."""

from typing import Any

import pytest
from tests.builders import THERE, connect_to, host_with_a_network
from tests.builders import THERE_UUID as UUID
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS, said

from virtnet.errors import Refused, VirtnetError
from virtnet.network.diff import recorded_changes
from virtnet.network.observed import reported
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree_with_unknowns
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.planning import lifecycle
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.ownership.claims import Claims

ADOPT = {"name": "there", "uri": "qemu:///system", "adopt": True}


def checked(owner: str, recorded: dict[str, Any] | None = None, **inputs: Any) -> dict[str, Any]:
    canonical, failures = NETWORK.check({**ADOPT, **inputs, "__owner": owner}, recorded or {})
    assert failures == []
    return canonical


def created(libvirt: FakeLibvirt, owner: str, **inputs: Any) -> dict[str, Any]:
    return lifecycle.create(NETWORK_IN_KINDS, checked(owner, **inputs), connect_to(libvirt), lambda line: None)


def updated(libvirt: FakeLibvirt, recorded: dict[str, Any], owner: str, **inputs: Any) -> dict[str, Any]:
    return lifecycle.update(
        NETWORK_IN_KINDS, recorded, checked(owner, recorded, **inputs), connect_to(libvirt), lambda line: None
    )


def deleted(libvirt: FakeLibvirt, recorded: dict[str, Any]) -> list[Note]:
    """The notes of a delete."""
    notes: tuple[Note, ...] = NETWORK.plan(
        None, recorded, NETWORK.observe(connect_to(libvirt)(""), None, recorded)
    ).notes
    shown: list[str] = []
    lifecycle.delete(NETWORK_IN_KINDS, recorded, connect_to(libvirt), shown.append)
    assert shown == [f"network 'there' on qemu:///system: note: {said(note)}" for note in notes]
    return list(notes)


def mark(libvirt: FakeLibvirt) -> OwnerMark | None:
    return reported(libvirt.reports[UUID]).definition.mark


def adopted_by(recorded: dict[str, Any]) -> OwnerMark:
    """The mark that belongs to a record."""
    return OwnerMark(recorded["__owner"], token=recorded["__token"], adopted=True, edit=recorded.get("__edit", ""))


def as_configured(libvirt: FakeLibvirt) -> dict[str, Any]:
    """Definition, flags, and the running network less the mark, which it keeps from its start to the next."""
    (report,) = libvirt.snapshot().values()
    live = None if report.live_xml is None else network_edit.without_owner_mark(definition(report.live_xml))
    return {**report._asdict(), "live_xml": live and " ".join(live.split())}


def test_an_adoption_that_changes_nothing_is_marked_and_given_back_without_the_mark() -> None:
    libvirt = host_with_a_network()
    before = libvirt.snapshot()

    recorded = created(libvirt, "project/stack/a", ips=[{"address": "10.91.0.1/24"}])
    adopted_as, effects = mark(libvirt), [effect.partition(" ")[0] for effect in libvirt.effects.log]
    deleted(libvirt, recorded)

    assert adopted_as == adopted_by(recorded)
    assert effects == ["define"]
    assert libvirt.snapshot() == before


def test_an_adoption_that_changes_something_is_marked_and_given_back_without_the_mark() -> None:
    libvirt = host_with_a_network()
    before = libvirt.snapshot()

    recorded = created(libvirt, "project/stack/a", dns={"hosts": [{"ip": "10.91.0.9", "hostnames": ["web"]}]})
    adopted_as = mark(libvirt)
    notes = deleted(libvirt, recorded)

    assert adopted_as == adopted_by(recorded)
    assert libvirt.snapshot() == before
    assert notes == [Note(NoteKind.GIVEN_BACK)]


@pytest.mark.parametrize("broken", [0, 1, 3])  # the effect before the last is a probe, which is tried twice
def test_an_adoption_that_fails_takes_its_mark_back(broken: int) -> None:
    libvirt = host_with_a_network()
    before, libvirt.effects.fail_at, libvirt.effects.fail_after = libvirt.snapshot(), broken, True

    with pytest.raises(VirtnetError, match=r"all changes were rolled back|nothing was changed"):
        created(libvirt, "project/stack/a", domain={"name": "lab.test"}, active=True, autostart=False)

    assert libvirt.snapshot() == before


def test_an_update_marks_again_what_lost_its_mark() -> None:
    libvirt = host_with_a_network()
    recorded = created(libvirt, "project/stack/a")
    libvirt.reports[UUID] = libvirt.reports[UUID]._replace(config_xml=THERE)

    updated(libvirt, recorded, "project/stack/a", autostart=False)
    unmarked = mark(libvirt)
    again = updated(libvirt, recorded, "project/stack/a", autostart=False, title="a's")

    assert unmarked is None
    assert mark(libvirt) == adopted_by(again)


def test_an_adoption_of_flags_alone_is_marked_and_given_back_without_the_mark() -> None:
    libvirt = host_with_a_network()
    before = as_configured(libvirt)

    recorded = created(libvirt, "project/stack/a", autostart=False, active=False)
    adopted_as = mark(libvirt)
    deleted(libvirt, recorded)

    assert adopted_as == adopted_by(recorded)
    assert as_configured(libvirt) == before


def test_a_network_that_another_resource_adopted_too_is_left_to_it() -> None:
    libvirt = host_with_a_network()
    first = created(libvirt, "project/stack/a")
    created(libvirt, "project/stack/b", title="b's")
    before = libvirt.snapshot()

    notes = deleted(libvirt, first)

    assert libvirt.snapshot() == before
    assert notes == [Note(NoteKind.LEFT_TO_OWNER, {"owner": "project/stack/b"})]


@pytest.mark.parametrize("policy", ["refuse", "disconnect", "keep", "restore"])
def test_what_belongs_to_another_by_now_is_neither_removed_nor_changed(policy: str) -> None:
    libvirt = host_with_a_network()
    recorded = {**created(libvirt, "project/stack/a", title="a's"), "on_delete": policy}
    taken = network_edit.with_owner_mark(reported(libvirt.reports[UUID]).definition, OwnerMark("project/stack/b"))
    libvirt.reports[UUID] = libvirt.reports[UUID]._replace(config_xml=taken)
    before, libvirt.effects.log = libvirt.snapshot(), []

    notes = deleted(libvirt, recorded)

    assert libvirt.effects.log == []
    assert libvirt.snapshot() == before
    assert notes == [Note(NoteKind.LEFT_TO_OWNER, {"owner": "project/stack/b"})]


def test_what_others_changed_in_an_unmarked_network_stays_as_it_is() -> None:
    libvirt = host_with_a_network()
    recorded = created(libvirt, "project/stack/a")
    report = libvirt.reports[UUID]  # its mark is edited away, too
    changed = THERE.replace("</network>", "<domain name='others.test'/></network>")
    libvirt.reports[UUID] = report._replace(config_xml=changed, active=False, live_xml=None)
    before = libvirt.snapshot()

    notes = deleted(libvirt, recorded)

    assert libvirt.snapshot() == before
    assert notes == [Note(NoteKind.NOT_GIVEN_BACK, {"paths": ["domain.name", "active"]})]


def test_a_network_of_the_same_stack_is_refused_with_an_alias_to_write() -> None:
    libvirt = host_with_a_network()
    created(libvirt, "project/stack/group/a", title="a's")

    taken = {"uuid": UUID, "owner": "project/stack/group/a"}

    with pytest.raises(Refused) as same:
        created(libvirt, "project/stack/b", title="b's", adopt=False)
    with pytest.raises(Refused) as other:
        created(libvirt, "project/other/b", title="b's", adopt=False)

    assert said(Refusal(RefusalKind.OWNED_BY_OTHER, {**taken, "alias": "group/a"})) in str(same.value)
    assert said(Refusal(RefusalKind.OWNED_BY_OTHER, {**taken, "alias": ""})) in str(other.value)


def test_the_mark_names_the_resource_as_pulumi_calls_it_by_now_and_keeps_its_token() -> None:
    libvirt = host_with_a_network()
    recorded = created(libvirt, "project/stack/a", title="one")
    renamed = updated(libvirt, recorded, "project/stack/b", title="one")
    marked = mark(libvirt)

    notes = deleted(libvirt, renamed)

    assert (renamed["__owner"], renamed["__token"]) == ("project/stack/b", recorded["__token"])
    assert marked == adopted_by(renamed)
    assert notes == [Note(NoteKind.GIVEN_BACK)]


def test_what_is_taken_over_is_no_longer_its_old_owners_and_his_again_when_it_is_given_back() -> None:
    libvirt = host_with_a_network()
    first = created(libvirt, "project/one/a", title="a's")
    second = created(libvirt, "project/two/b", title="b's")
    before, libvirt.effects.log = libvirt.snapshot(), []

    seen = lifecycle.read(NETWORK_IN_KINDS, first, connect_to(libvirt))
    with pytest.raises(Refused, match=RefusalKind.TAKEN_OVER.name):
        updated(libvirt, first, "project/one/a", title="a's again")
    notes = deleted(libvirt, first)

    assert seen is not None
    assert seen["problems"] == [{"kind": ProblemKind.TAKEN_OVER.value, "details": {"owner": "project/two/b"}}]
    assert notes == [Note(NoteKind.LEFT_TO_OWNER, {"owner": "project/two/b"})]
    assert (libvirt.snapshot(), libvirt.effects.log) == (before, [])
    assert mark(libvirt) == adopted_by(second)
    deleted(libvirt, second)
    assert reported(libvirt.reports[UUID]).definition.tree.get("title") is None


def test_a_network_that_was_made_here_goes_back_to_its_maker_with_its_token() -> None:
    libvirt = FakeLibvirt()
    made = lifecycle.create(
        NETWORK_IN_KINDS, checked("project/one/a", adopt=False), connect_to(libvirt), lambda line: None
    )
    before = libvirt.snapshot()

    taken = created(libvirt, "project/two/b", title="b's")
    deleted(libvirt, taken)
    given_back = libvirt.snapshot()
    deleted(libvirt, made)

    assert given_back == before
    assert libvirt.reports == {}


@pytest.mark.parametrize("urns", [("", ""), ("urn:flat", "urn:component"), ("urn:same", "urn:same")])
def test_a_create_takes_up_what_bears_its_name_and_the_old_records_delete_leaves_it(urns: tuple[str, str]) -> None:
    libvirt = FakeLibvirt()
    inputs: dict[str, Any] = {"adopt": False, "ips": [{"address": "10.91.0.1/24"}], "forward": {}}
    old, new = (checked("project/stack/a", **inputs) | ({"__urn": urn} if urn else {}) for urn in urns)
    first = lifecycle.create(NETWORK_IN_KINDS, old, connect_to(libvirt), lambda line: None)
    uuid = str(first["uuid"])

    second = lifecycle.create(NETWORK_IN_KINDS, new, connect_to(libvirt), lambda line: None)
    deleted(libvirt, first)
    taken_up = libvirt.reports[uuid].active
    deleted(libvirt, second)

    assert (second["uuid"], second["adopted_from"], taken_up) == (uuid, None, True)
    assert libvirt.reports == {}


def test_what_a_resource_of_this_run_has_is_not_taken_from_it() -> None:
    libvirt, claims = host_with_a_network(), Claims()
    a, b = checked("project/stack/a"), checked("project/stack/b")
    lifecycle.create(NETWORK_IN_KINDS, a, connect_to(libvirt), lambda line: None, claims=claims)
    before = libvirt.snapshot()

    with pytest.raises(Refused, match="project/stack/a in this program manages it too"):
        lifecycle.create(NETWORK_IN_KINDS, b, connect_to(libvirt), lambda line: None, claims=claims)
    seen = lifecycle.preview(NETWORK_IN_KINDS, None, b, connect_to(libvirt), claims=claims)

    assert libvirt.snapshot() == before
    assert (seen.claimed_by, seen.steps) == ("project/stack/a", ())


@pytest.mark.parametrize("phase", ["", " phase='first definition'"])
def test_our_mark_on_a_transient_network_is_no_unfinished_work(phase: str) -> None:
    # Kept on delete, then undefined by hand: the running network still has the mark that it was started with.
    owner = f"<virtnet:owner xmlns:virtnet='{network_xml.OWNER_NAMESPACE}' name='project/stack/a'{phase}/>"
    libvirt = host_with_a_network(
        THERE.replace("<bridge", f"<metadata>{owner}</metadata><bridge"),
        persistent=False,
    )
    before = libvirt.snapshot()

    with pytest.raises(Refused, match=RefusalKind.EXISTS.name):
        created(libvirt, "project/stack/a", adopt=False)

    assert libvirt.snapshot() == before


def test_a_transient_network_with_our_old_mark_is_adopted_and_given_back_transient() -> None:
    owner = f"<virtnet:owner xmlns:virtnet='{network_xml.OWNER_NAMESPACE}' name='project/stack/a' phase='old'/>"
    libvirt = host_with_a_network(
        THERE.replace("<bridge", f"<metadata>{owner}</metadata><bridge"),
        persistent=False,
    )

    recorded = created(libvirt, "project/stack/a")
    adopted_as = mark(libvirt)
    deleted(libvirt, recorded)

    assert adopted_as == adopted_by(recorded)
    assert not libvirt.reports[UUID].persistent
    assert libvirt.reports[UUID].active


@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize(
    "inputs",
    [
        {"domain": {"name": "lab.test"}, "autostart": False},
        {"dns": {"hosts": [{"ip": "10.91.0.9", "hostnames": ["web"]}]}, "title": "a's"},
        {"active": False, "autostart": False},
        {"autostart": False},
    ],
)
@pytest.mark.parametrize("killed_after", range(7))
def test_an_adoption_that_was_killed_gives_back_what_it_found_in_the_end(
    inputs: dict[str, Any], persistent: bool, killed_after: int
) -> None:
    libvirt = host_with_a_network(persistent=persistent)
    before, desired = as_configured(libvirt), checked("project/stack/a", **inputs)
    plan = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))
    for step in plan.steps[:killed_after]:
        step.execute(connect_to(libvirt)(""))

    recorded = created(libvirt, "project/stack/a", **inputs)
    same = NETWORK.plan(desired, recorded, NETWORK.observe(connect_to(libvirt)(""), desired, recorded))
    deleted(libvirt, recorded)

    assert len(plan.steps) < 7
    assert same.empty
    assert as_configured(libvirt) == before


def test_a_restore_of_flags_alone_that_was_killed_is_finished() -> None:
    libvirt = host_with_a_network()
    before = as_configured(libvirt)
    recorded = updated(libvirt, created(libvirt, "project/stack/a"), "project/stack/a", autostart=False, active=False)
    plan = NETWORK.plan(None, recorded, NETWORK.observe(connect_to(libvirt)(""), None, recorded))
    plan.steps[0].execute(connect_to(libvirt)(""))

    deleted(libvirt, recorded)

    assert len(plan.steps) == 3
    assert as_configured(libvirt) == before


RESTARTS: dict[str, Any] = {"mtu": 1400}


def live_mark(libvirt: FakeLibvirt) -> OwnerMark | None:
    live = reported(libvirt.reports[UUID]).live
    return None if live is None else live.mark


def defined_as_it_runs(libvirt: FakeLibvirt) -> None:
    """Somebody's virsh net-dumpxml and net-define."""
    libvirt.reports[UUID] = libvirt.reports[UUID]._replace(config_xml=libvirt.reports[UUID].live_xml)


def test_what_runs_after_it_was_given_back_has_no_mark_that_could_be_defined() -> None:
    libvirt = host_with_a_network()
    recorded = created(libvirt, "project/stack/a", **RESTARTS)
    marked = live_mark(libvirt)

    deleted(libvirt, recorded)
    given_back = live_mark(libvirt)
    defined_as_it_runs(libvirt)
    again = created(libvirt, "project/stack/b", **RESTARTS)

    assert marked is not None
    assert given_back is None
    assert "mtu" not in definition(again["adopted_from"]["xml"]).tree


@pytest.mark.parametrize(("on_delete", "version"), [("restore", 9_007_000), ("keep", 9_007_000)])
def test_a_newer_libvirt_takes_the_mark_out_of_what_runs_on(on_delete: str, version: int) -> None:
    libvirt = FakeLibvirt(reports=host_with_a_network().reports, daemon_version=version)
    recorded = created(libvirt, "project/stack/a", **RESTARTS, on_delete=on_delete)
    recorded = updated(libvirt, recorded, "project/stack/a", on_delete=on_delete)
    marked = live_mark(libvirt)

    deleted(libvirt, recorded)

    assert marked is not None
    assert (live_mark(libvirt), mark(libvirt)) == (None, None)


def test_a_mark_of_nobody_is_not_believed_without_a_word() -> None:
    libvirt = host_with_a_network()
    created(libvirt, "project/stack/a", **RESTARTS)
    defined_as_it_runs(libvirt)
    desired = checked("project/stack/b")

    plan = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {}))

    assert Note(NoteKind.FOUND_BY_MARK, {"owner": "project/stack/a"}) in plan.notes


def test_how_a_network_was_found_that_is_still_so_is_no_news() -> None:
    # This libvirt leaves the mark in what runs.
    libvirt = FakeLibvirt(reports=host_with_a_network().reports, daemon_version=9_000_000)
    before = as_configured(libvirt)
    recorded = updated(libvirt, created(libvirt, "project/stack/a", **RESTARTS), "project/stack/a")
    deleted(libvirt, recorded)
    left_in_what_runs = live_mark(libvirt)
    defined_as_it_runs(libvirt)
    desired = checked("project/stack/b")

    notes = NETWORK.plan(desired, None, NETWORK.observe(connect_to(libvirt)(""), desired, {})).notes
    again = created(libvirt, "project/stack/b", **RESTARTS)
    deleted(libvirt, again)

    assert left_in_what_runs is not None
    assert [note.kind for note in notes] == [NoteKind.ADOPTED, NoteKind.TAKEN_OVER]
    assert as_configured(libvirt) == before


@pytest.mark.parametrize("killed_after", range(7))
@pytest.mark.parametrize("inputs", [RESTARTS, {"title": "a's"}, {"domain": {"name": "a.test"}, "autostart": False}])
def test_a_giving_back_that_was_killed_is_finished(inputs: dict[str, Any], killed_after: int) -> None:
    libvirt = host_with_a_network()
    before = as_configured(libvirt)
    recorded = created(libvirt, "project/stack/a", **inputs)
    plan = NETWORK.plan(None, recorded, NETWORK.observe(connect_to(libvirt)(""), None, recorded))
    for step in plan.steps[:killed_after]:
        step.execute(connect_to(libvirt)(""))

    deleted(libvirt, recorded)

    assert len(plan.steps) < 7
    assert as_configured(libvirt) == before


def test_a_refresh_records_whom_the_mark_of_its_own_network_names_so_that_a_preview_tells_the_correction() -> None:
    libvirt = host_with_a_network()
    made = created(libvirt, "project/stack/before")
    old_definition = libvirt.reports[UUID].config_xml
    moved = updated(libvirt, made, "project/stack/after")
    # An undefine by hand and libvirt before 9.7: what runs is all that is left, with the mark of its start.
    libvirt.reports[UUID] = libvirt.reports[UUID]._replace(config_xml=old_definition)

    refreshed = lifecycle.read(NETWORK_IN_KINDS, moved, connect_to(libvirt))
    assert refreshed is not None
    desired = network_tree_with_unknowns(checked("project/stack/after", refreshed))
    changes = recorded_changes(desired, refreshed)

    assert [change.problems[0].kind for change in changes if change.path == "owner"] == [ProblemKind.OWNER_CHANGED]
