"""Whose a host's forwarding is: the mark in the drop-in and the runtime record, and who may do what by it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.builders import FORWARDING_OWNER, clients, forwarding_host
from tests.fakes.host import FakeHost
from tests.kinds import IN_KINDS

from virtnet.errors import Refused
from virtnet.forwarding.boot_files.drop_in import DropIn, parse, render
from virtnet.forwarding.kinds import NoteKind, ProblemKind, RefusalKind
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.forwarding.sysctl import IPV4, IPV6
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.ownership.claims import Claims
from virtnet.planning.ownership.marks import Mark
from virtnet.planning.plan import Plan

RESOURCE = replace(HOST_FORWARDING, messages=lambda: IN_KINDS)
PATH = "/etc/sysctl.d/90-virtnet-forwarding.conf"
FLAT, INSIDE, OTHER = "urn:flat", "urn:component$flat", "urn:other"
OLD, NEW = {"__urn": FLAT}, {"__urn": INSIDE}
ANOTHER = {"__owner": "project/stack/another", "__urn": OTHER}


def inputs(*more: Mapping[str, Any], **named: Any) -> dict[str, Any]:
    """A HostForwarding's inputs as check leaves them; `more` says whose they are."""
    given: dict[str, Any] = {"uri": "qemu:///system", "__owner": FORWARDING_OWNER, "ipv4": True, **named}
    for one in more:
        given |= one
    canonical, failures = RESOURCE.check(given, {})
    assert failures == []
    return canonical


class Life:
    """A host, and the verbs on it."""

    def __init__(self, host: FakeHost | None = None) -> None:
        self.host = host or forwarding_host(advertised=())
        self.claims = Claims()

    def connect(self, _uri: str) -> Clients:
        return clients(self.host)

    def plan(self, desired: Mapping[str, Any] | None, recorded: Mapping[str, Any] | None = None) -> Plan:
        return RESOURCE.plan(desired, recorded, RESOURCE.observe(self.connect(""), desired, recorded or {}))

    def create(self, desired: Mapping[str, Any], *, together: bool = False) -> dict[str, Any]:
        claims = self.claims if together else None
        return lifecycle.create(RESOURCE, desired, self.connect, lambda line: None, claims=claims)

    def update(self, recorded: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
        return lifecycle.update(RESOURCE, recorded, desired, self.connect, lambda line: None)

    def delete(self, recorded: Mapping[str, Any]) -> list[NoteKind]:
        """The kinds of its notes."""
        notes = self.plan(None, recorded).notes
        lifecycle.delete(RESOURCE, recorded, self.connect, lambda line: None)
        return [note.kind for note in notes]  # type: ignore[misc]

    @property
    def forwards(self) -> tuple[str, str]:
        """Of IPv4 and of IPv6."""
        held = self.host.kernel.values()
        return held[IPV4], held[IPV6]

    @property
    def marks(self) -> dict[str, tuple[str, str]]:
        """The owner's URN, or its name, and the token in each file."""
        found = {path: parse(text) for path, text in self.host.files.texts.items()}
        return {path: (there.mark.owner_shown, there.mark.token) for path, there in found.items() if there is not None}


def without_identity(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """As versions recorded it that knew the owner's name alone."""
    return {name: value for name, value in recorded.items() if name not in ("__urn", "__token")}


def as_before_tokens(life: Life, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The same on the host too; what is recorded."""
    for path, text in life.host.files.texts.items():
        there = parse(text)
        assert there is not None
        life.host.files.texts[path] = render(there._replace(mark=Mark(there.mark.owner)))
    return without_identity(recorded)


@pytest.mark.parametrize("persist", [True, False])
def test_what_is_made_has_the_mark_of_its_record(persist: bool) -> None:
    life = Life()

    recorded = life.create(inputs(OLD, persist=persist))

    assert list(life.marks.values()) == [(FLAT, recorded["__token"])]
    assert recorded["__token"]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"persist": False}, {"persist": False}),
        ({"persist": False}, {}),
        ({}, {"persist": False}),
        ({}, {"drop_in": "95-mine.conf"}),
        ({"ipv6": True}, {"ipv6": True, "drop_in": "95-mine.conf"}),
    ],
)
@pytest.mark.parametrize("urn", [INSIDE, FLAT])
def test_a_create_takes_up_what_bears_its_name_and_the_old_records_delete_leaves_it(
    urn: str, before: dict[str, Any], after: dict[str, Any], legacy: bool
) -> None:
    life = Life()
    found = life.host.state()
    old = life.create(inputs(OLD, **before))
    if legacy:
        old = as_before_tokens(life, old)

    notes = [note.kind for note in life.plan(inputs({"__urn": urn}, **after)).notes]
    new = life.create(inputs({"__urn": urn}, **after))
    on = life.forwards
    left = life.delete(old)

    assert notes == [NoteKind.TAKEN_UP if urn == INSIDE and not legacy else NoteKind.RESUMED]
    assert new["__token"] != old.get("__token")
    assert left == [NoteKind.LEFT_TO_OWNER]
    assert (life.forwards, on[0]) == (on, "1")
    assert list(life.marks.values()) == [(urn, new["__token"])]
    assert life.plan(inputs({"__urn": urn}, **after), new).empty
    life.delete(new)
    assert life.host.state() == found


def test_what_is_taken_up_and_named_no_longer_goes_back() -> None:
    life = Life()
    old = life.create(inputs(OLD, ipv6=True))

    life.create(inputs(NEW))
    life.delete(old)

    assert life.forwards == ("1", "0")


@pytest.mark.parametrize("persist", [True, False])
def test_a_delete_takes_back_what_an_update_did_that_nobody_recorded(persist: bool) -> None:
    life = Life()
    found = life.host.state()
    old = life.create(inputs(OLD, persist=persist))
    for step in life.plan(inputs(OLD, persist=persist, ipv6=True), old).steps:
        step.execute(life.connect(""))  # and here the provider is killed

    life.delete(old)

    assert life.host.state() == found


def test_two_of_one_name_that_do_not_meet_leave_each_other_alone() -> None:
    life = Life()
    first = life.create(inputs(OLD))
    second = life.create(inputs(NEW, ipv4=None, ipv6=True, drop_in="95-mine.conf"))

    notes = life.delete(first)

    assert notes == []
    assert life.forwards == ("0", "1")
    assert list(life.marks.values()) == [(INSIDE, second["__token"])]


@pytest.mark.parametrize("meets", [{}, {"drop_in": "95-mine.conf"}, {"persist": False}])
@pytest.mark.parametrize("persist", [True, False])
def test_anothers_is_refused_and_with_adopt_taken_over(persist: bool, meets: dict[str, Any]) -> None:
    life = Life()
    found = life.host.state()
    old = life.create(inputs(OLD, persist=persist))
    before = life.host.state()

    with pytest.raises(Refused) as refused:
        life.create(inputs(ANOTHER, **meets))
    untouched = life.host.state()
    new = life.create(inputs(ANOTHER, adopt=True, **meets))

    assert f"'alias': '{FLAT}'" in str(refused.value)
    assert untouched == before
    assert life.plan(inputs(OLD, ipv6=True, persist=persist), old).refusals[0].kind is RefusalKind.TAKEN_OVER
    assert life.delete(old) == [NoteKind.LEFT_TO_OWNER]
    assert list(life.marks.values()) == [(OTHER, new["__token"])]
    assert life.forwards == ("1", "0")
    life.delete(new)
    assert life.host.state() == found


@pytest.mark.parametrize("on_delete", ["restore", "keep"])
@pytest.mark.parametrize("change", [{"on_delete": "keep"}, {"ipv6": True}, {}])
def test_a_record_whose_forwarding_is_anothers_changes_nothing(change: dict[str, Any], on_delete: str) -> None:
    life = Life()
    old = life.create(inputs(OLD, on_delete=on_delete))
    life.create(inputs(ANOTHER, adopt=True))
    before = life.host.state()

    shown = lifecycle.read(RESOURCE, old, life.connect)
    with pytest.raises(Refused, match=RefusalKind.TAKEN_OVER.name):
        life.update(old, inputs(OLD, **{"on_delete": on_delete, **change}))
    notes = life.delete(old)

    assert shown is not None
    assert shown["persist"] is False, "a refresh shows that the drop-in is no longer its own"
    assert notes == [NoteKind.LEFT_TO_OWNER]
    assert life.host.state() == before


@pytest.mark.parametrize("persist", [True, False])
def test_the_mark_names_the_resource_as_pulumi_calls_it_by_now(persist: bool) -> None:
    life = Life()
    found = life.host.state()
    old = life.create(inputs(OLD, persist=persist))
    desired = inputs(ANOTHER, persist=persist)

    changes = lifecycle.diff(RESOURCE, old, desired, life.connect).changes
    new = life.update(old, desired)

    assert [(change.path, change.problems[0].kind) for change in changes] == [("owner", ProblemKind.OWNER_CHANGED)]
    assert changes[0].problems[0].details == {"before": FLAT, "after": OTHER}
    assert list(life.marks.values()) == [(OTHER, old["__token"])]
    assert life.plan(desired, new).empty
    life.delete(new)
    assert life.host.state() == found


def test_a_rename_mends_no_drift_that_nobody_reviewed() -> None:
    life = Life()
    old = life.create(inputs(OLD))
    life.host.kernel.write(IPV4, "0")

    decided = life.plan(inputs(ANOTHER), old)
    life.update(old, inputs(ANOTHER))

    assert [note.kind for note in decided.notes] == [NoteKind.DRIFT_NOT_REVIEWED]
    assert life.forwards[0] == "0"
    assert [urn for urn, _ in life.marks.values()] == [OTHER]


def test_a_record_from_before_tokens_goes_on_and_has_one_after_its_next_change() -> None:
    life = Life()
    found = life.host.state()
    old = as_before_tokens(life, life.create(inputs(OLD)))
    before = life.host.state()

    quiet = lifecycle.diff(RESOURCE, old, inputs(OLD), life.connect).changes
    refreshed = lifecycle.read(RESOURCE, old, life.connect)
    kept = life.update(old, inputs(OLD, on_delete="restore"))
    untouched = life.host.state()
    new = life.update(kept, inputs(OLD, ipv6=True))

    assert quiet == ()
    assert refreshed == old
    assert untouched == before
    assert list(life.marks.values()) == [(FLAT, new["__token"])]
    assert life.forwards == ("1", "1")
    life.delete(new)
    assert life.host.state() == found


def test_a_drop_in_that_is_gone_belongs_to_nobody_else() -> None:
    life = Life()
    recorded = life.create(inputs(OLD))
    life.host.files.texts.clear()

    life.update({**recorded, "persist": False}, inputs(OLD))
    mended = life.marks
    life.host.files.texts.clear()
    notes = life.delete(recorded)

    assert list(mended.values()) == [(FLAT, recorded["__token"])]
    assert (notes, life.forwards[0]) == ([], "0")


def test_what_a_resource_of_this_run_has_is_not_taken_from_it() -> None:
    life = Life()
    life.create(inputs(OLD), together=True)
    before = life.host.state()

    with pytest.raises(Refused, match=f"{FLAT} in this program manages it too"):
        life.create(inputs(ANOTHER, adopt=True), together=True)
    seen = lifecycle.preview(RESOURCE, None, inputs(NEW), life.connect, claims=life.claims)

    assert life.host.state() == before
    assert (seen.claimed_by, seen.steps) == (FLAT, ())


@pytest.mark.parametrize(
    "mark",
    [Mark("project/stack/a"), Mark("a b\n#/$%", urn="urn:a$b::c d\n", token="0123"), Mark("", token="0123"), Mark("")],
)
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    written = DropIn(mark=mark, settings=((IPV4, "1"),), previous={IPV4: "0"})

    assert parse(render(written)) == written
