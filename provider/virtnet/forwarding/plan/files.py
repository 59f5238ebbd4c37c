"""The drop-in and the runtime record: whose a file is that is found, and what may be done to it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from virtnet.forwarding.boot_files.boot import assignments
from virtnet.forwarding.boot_files.drop_in import DropIn, parse, render, runtime_record_of
from virtnet.forwarding.boot_files.paths import DIRECTORY, RUNTIME_RECORDS
from virtnet.forwarding.kinds import NoteKind, RefusalKind
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.steps import RemoveDropIn, WriteDropIn
from virtnet.forwarding.sysctl import IPV4, IPV4_ALIAS, in_writing_order
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.plan import Step
from virtnet.spec.part import Values


class FilePlan(NamedTuple):
    """Files written and removed, what speaks against it, and what there will be."""

    files: Mapping[str, str]
    """Paths and texts after the steps."""
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()


def plan_files(goal: Goal, previous: Mapping[str, str], recorded: Values, observed: ForwardingReport) -> FilePlan:
    """The drop-in where values shall persist, and a runtime record where they shall not; none while that is unknown."""
    if goal.unknown & {"persist", "drop_in"}:
        return FilePlan(files=observed.files)
    drop_in = DropIn(owner=goal.owner, settings=_settings(goal), previous=previous)
    if goal.persist is not True:
        left = _removed_as_recorded(goal, recorded, observed, observed.files)
        record = _write_record(drop_in, observed)
        return FilePlan(steps=(*left.steps, *record), notes=left.notes, files=left.files)
    written = _write_drop_in(goal, drop_in, recorded, observed)
    left = _removed_as_recorded(goal, recorded, observed, written.files)
    record = removed([runtime_record_of(goal.owner)], observed.runtime_records, goal.owner, observed.host).steps
    return FilePlan(
        steps=(*written.steps, *left.steps, *record),
        refusals=written.refusals,
        notes=(*written.notes, *left.notes),
        files=left.files,
    )


def _settings(goal: Goal) -> tuple[tuple[str, str], ...]:
    return tuple((key, goal.targets[key]) for key in in_writing_order(goal.targets))


def _write_drop_in(goal: Goal, drop_in: DropIn, recorded: Values, observed: ForwardingReport) -> FilePlan:
    text = observed.files.get(goal.path)
    there = parse(text) if text is not None else None
    refusal = _refusal(goal, text, there, recorded, observed)
    if refusal is not None:
        return FilePlan(refusals=(refusal,), files=observed.files)
    edited = there is not None and there.edited
    if there is not None and not edited and (there.owner, there.settings) == (goal.owner, drop_in.settings):
        return FilePlan(files=observed.files)
    content = render(drop_in)
    return FilePlan(
        steps=(WriteDropIn(goal.path, content=content, found=text),),
        notes=(Note(NoteKind.DROP_IN_EDITED, {"path": goal.path}),) if edited else (),
        files={**observed.files, goal.path: content},
    )


def _refusal(
    goal: Goal, text: str | None, there: DropIn | None, recorded: Values, observed: ForwardingReport
) -> Refusal | None:
    """Why the drop-in must not be written, if so. `text` is what is at its path now, `there` what that says."""
    place = {"path": goal.path, "host": observed.host}
    if text is None:
        name = goal.path.rpartition("/")[2]
        hidden = [path for path in observed.files if path.rpartition("/")[2] == name]
        return Refusal(RefusalKind.DROP_IN_HIDES_FILES, {**place, "hidden": hidden}) if hidden else None
    if there is None:
        return Refusal(RefusalKind.DROP_IN_NOT_OURS, place)
    if not _is_own(there, goal.owner, recorded):
        return Refusal(RefusalKind.DROP_IN_OF_ANOTHER, {**place, "owner": there.owner})
    return None


def _is_own(there: DropIn, owner: str, recorded: Values) -> bool:
    if recorded:
        return there.owner in (owner, str(recorded.get("__owner", owner)))
    return owner != "" and there.owner == owner


def _write_record(drop_in: DropIn, observed: ForwardingReport) -> tuple[Step, ...]:
    """Where no file tells it: whose the values are, and what they were, should the rest be cut short."""
    path, content = runtime_record_of(drop_in.owner), render(drop_in)
    found = observed.runtime_records.get(path)
    return () if found == content else (WriteDropIn(path, content=content, found=found),)


def _removed_as_recorded(
    goal: Goal, recorded: Values, observed: ForwardingReport, files: Mapping[str, str]
) -> FilePlan:
    """The recorded drop-in, where it is not the one that there shall be."""
    paths = recorded_path(recorded) - ({goal.path} if goal.persist is True else set())
    return removed(paths, files, str(recorded.get("__owner", goal.owner)), observed.host)


def removed(paths: Iterable[str], files: Mapping[str, str], owner: str, host: str) -> FilePlan:
    """Our files at these paths removed, in order; what is not ours, or no longer as we wrote it, is kept and noted."""
    steps: list[Step] = []
    notes: list[Note] = []
    for path in sorted(paths):
        text = files.get(path)
        if text is None:
            continue
        note = _kept(path, parse(text), owner, host)
        if note is None:
            steps.append(RemoveDropIn(path, found=text))
            files = {other: text for other, text in files.items() if other != path}
        else:
            notes.append(note)
    return FilePlan(steps=tuple(steps), notes=tuple(notes), files=files)


def _kept(path: str, there: DropIn | None, owner: str, host: str) -> Note | None:
    """Why a file is not removed; None where it is ours."""
    place = {"path": path, "host": host}
    if there is None:
        return Note(NoteKind.FILE_KEPT_NOT_OURS, place)
    if there.owner != owner:
        return Note(NoteKind.FILE_KEPT_OF_ANOTHER, {**place, "owner": there.owner})
    return Note(NoteKind.FILE_KEPT_EDITED, place) if there.edited else None


def has_own_file(goal: Goal, observed: ForwardingReport) -> bool:
    """Whether a drop-in or a runtime record of this very owner is there."""
    texts = observed.files.get(goal.path), observed.runtime_records.get(runtime_record_of(goal.owner))
    found = [parse(text) for text in texts if text is not None]
    return goal.owner != "" and any(there is not None and there.owner == goal.owner for there in found)


def other_owners(goal: Goal, recorded: Values, observed: ForwardingReport) -> Iterator[Refusal]:
    """Other resources' drop-ins and records that set the same parameters: two owners would undo each other for ever."""
    own_paths = {goal.path} | recorded_path(recorded)
    files = {**observed.files, **observed.runtime_records}
    for path, text in sorted(files.items()):
        if path in own_paths or not path.startswith((DIRECTORY + "/", RUNTIME_RECORDS + "/")):
            continue
        there = parse(text)
        if there is None or (goal.owner != "" and there.owner == goal.owner):
            continue
        keys = {IPV4 if item.key == IPV4_ALIAS else item.key for item in assignments(text, path)}
        both = in_writing_order(keys & set(goal.targets))
        if both:
            details = {"keys": both, "host": observed.host, "owner": there.owner, "path": path}
            yield Refusal(RefusalKind.MANAGED_BY_ANOTHER, details)


def recorded_path(recorded: Values) -> set[str]:
    """The path of the drop-in that is recorded, if one is."""
    path = recorded.get("drop_in_path")
    return {path} if isinstance(path, str) and path else set()
