"""An import obeys the mark: what another owns is refused, and what has none gets one with the first update."""

from typing import Any

import pytest
from tests.builders import THERE, connect_to, host_with_a_network
from tests.builders import THERE_UUID as UUID
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS

from virtnet.errors import Refused
from virtnet.network.observed import reported
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.program import program
from virtnet.network.resource import NETWORK
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.planning import lifecycle
from virtnet.planning.engine_session import EngineSession
from virtnet.planning.plan import Change, ChangeClass

OWNER, URN = "project/stack/there", "urn:there"
GIVEN = {"uri": "qemu:///system", "__owner": OWNER, "__urn": URN}


def host_with(mark: OwnerMark | None, *, persistent: bool = True) -> FakeLibvirt:
    """A host with a network of that mark."""
    return host_with_a_network(network_edit.with_owner_mark(definition(THERE), mark), persistent=persistent)


def imported(libvirt: FakeLibvirt, **given: Any) -> lifecycle.Imported:
    return lifecycle.import_existing(NETWORK_IN_KINDS, "there", {**GIVEN, **given}, connect_to(libvirt))


def updated(libvirt: FakeLibvirt, found: lifecycle.Imported, **given: Any) -> dict[str, Any]:
    """What the first update after an import makes of what it recorded."""
    desired, failures = NETWORK.check({**found.inputs, **GIVEN, **given}, found.inputs)
    assert failures == []
    return lifecycle.update(NETWORK_IN_KINDS, found.outputs, desired, connect_to(libvirt), lambda line: None)


def changes(recorded: Any, **given: Any) -> tuple[Change, ...]:
    """What the next preview shows."""
    desired, _ = NETWORK.check({**NETWORK.recorded_inputs(recorded), **GIVEN, **given}, recorded)
    return NETWORK.plan(desired, recorded, None).changes


@pytest.mark.parametrize(
    ("mark", "alias"),
    [
        (OwnerMark("project/other/there", urn="urn:other", token="1"), False),
        (OwnerMark("another/stack/there"), False),
        (OwnerMark("project/stack/before", urn="urn:before", token="1"), True),
        (OwnerMark("project/stack/before"), True),
        (OwnerMark(OWNER, urn="urn:component$there", token="1"), True),
    ],
)
def test_what_another_owns_is_not_imported(mark: OwnerMark, alias: bool) -> None:
    libvirt = host_with(mark)

    with pytest.raises(Refused) as refused:
        imported(libvirt)
    looked_at = lifecycle.import_existing(NETWORK_IN_KINDS, "there", GIVEN, connect_to(libvirt), to_own=False)

    assert f"its owner mark names '{mark.owner_shown}'" in str(refused.value)
    assert ("aliases=[" in str(refused.value)) == alias
    assert 'release the network in that program (set on_delete="keep"' in str(refused.value)
    assert looked_at.outputs["uuid"] == UUID
    assert libvirt.effects.log == []


@pytest.mark.parametrize("urn", [URN, ""])
def test_what_the_resource_owns_already_is_imported_with_its_token(urn: str) -> None:
    libvirt = host_with(OwnerMark(OWNER, urn=urn, token="1"))

    found = imported(libvirt)

    assert found.outputs["__token"] == "1"
    assert changes(found.outputs) == ()


@pytest.mark.parametrize("mark", [None, OwnerMark(OWNER), OwnerMark("")])
def test_what_has_no_mark_gets_one_by_an_update_that_is_previewed(mark: OwnerMark | None) -> None:
    libvirt = host_with(mark)

    found = imported(libvirt)
    refreshed = lifecycle.read(NETWORK_IN_KINDS, found.outputs, connect_to(libvirt))
    previewed = changes(refreshed)
    untouched = list(libvirt.effects.log)
    recorded = updated(libvirt, found)

    assert found.failures == ()
    assert [(change.path, change.kind, change.change_class) for change in previewed] == [
        ("owner", "add", ChangeClass.RECORDED)
    ]
    assert previewed[0].problems[0].kind is ProblemKind.NOT_MARKED
    assert previewed[0].problems[0].details == {"owner": URN}
    assert untouched == []
    assert reported(libvirt.reports[UUID]).definition.mark == OwnerMark(OWNER, urn=URN, token=recorded["__token"])
    assert recorded["__token"]
    assert changes(recorded) == ()
    assert reported(libvirt.reports[UUID]).definition.tree == definition(THERE).tree


def test_a_refresh_after_an_import_finds_nothing_and_a_preview_the_mark() -> None:
    libvirt = host_with(None)
    found, session = imported(libvirt), EngineSession(lambda: connect_to(libvirt))
    desired, _ = NETWORK.check({**found.inputs, **GIVEN}, found.inputs)

    shown = session.read(NETWORK_IN_KINDS, UUID, found.outputs).outputs
    assert shown is not None
    refreshed = session.diff(NETWORK_IN_KINDS, URN, UUID, shown, desired)
    session.checked(URN)
    previewed = session.diff(NETWORK_IN_KINDS, URN, UUID, shown, desired)

    assert (refreshed[0].changes, refreshed[1]) == ((), False)
    assert ([change.path for change in previewed[0].changes], previewed[1]) == (["owner"], True)


def test_of_two_that_import_one_network_the_first_that_updates_has_it() -> None:
    libvirt = host_with(None)
    other = {"__owner": "project/other/there", "__urn": "urn:other"}
    first, second = imported(libvirt), imported(libvirt, **other)

    recorded = updated(libvirt, first)
    before = libvirt.snapshot()
    seen = lifecycle.read(NETWORK_IN_KINDS, second.outputs, connect_to(libvirt))
    with pytest.raises(Refused, match=RefusalKind.TAKEN_OVER.name):
        updated(libvirt, second, **other)
    lifecycle.delete(NETWORK_IN_KINDS, second.outputs, connect_to(libvirt), lambda line: None)
    with pytest.raises(Refused, match="its owner mark names 'urn:there'"):
        imported(libvirt, **other)

    assert seen is not None
    assert seen["problems"] == [{"kind": ProblemKind.TAKEN_OVER.value, "details": {"owner": URN}}]
    assert libvirt.snapshot() == before
    assert changes(recorded) == ()


def test_a_transient_network_is_marked_with_its_definition() -> None:
    libvirt = host_with(None, persistent=False)

    found = imported(libvirt)
    recorded = updated(libvirt, found)

    assert {change.path for change in changes(found.outputs)} == {"owner", "persistent"}
    assert libvirt.reports[UUID].persistent
    mark = reported(libvirt.reports[UUID]).definition.mark
    assert mark is not None
    assert (mark.urn, mark.token) == (URN, recorded["__token"])


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (None, ""),
        (OwnerMark(""), ""),
        (
            OwnerMark("project/stack/before"),
            "takes the network over from 'project/stack/before'",
        ),
        (OwnerMark("project/stack/before", urn="urn:b\nimport os"), "takes the network over from 'urn:b�import os'"),
    ],
)
def test_the_program_that_virtnet_import_prints_names_the_owner_in_a_comment(mark: OwnerMark | None, said: str) -> None:
    printed = program([reported(host_with(mark).reports[UUID])], "qemu:///system")

    comments = [line for line in printed.splitlines() if line.startswith("#")]

    assert (comments[0].startswith(f"# Note: {said}") if said else comments == []) is True
    compile(printed, "__main__.py", "exec")
