"""The drop-in and the runtime record: what is written, rewritten and removed, and what speaks against it. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from virtnet.forwarding.boot_files.drop_in import DropIn, is_runtime_record, parse, render, runtime_record_of
from virtnet.forwarding.kinds import NoteKind, RefusalKind
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.plan.owners import Held, recorded_path
from virtnet.forwarding.steps import RemoveDropIn, WriteDropIn
from virtnet.forwarding.sysctl import in_writing_order
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.ownership.marks import Mark
from virtnet.planning.plan import Step
from virtnet.spec.part import Values


class FilePlan(NamedTuple):
    """Files written and removed, what speaks against it, and what there will be."""

    files: Mapping[str, str]
    """Paths and texts after the steps."""
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()


def plan_files(
    goal: Goal, previous: Mapping[str, str], recorded: Values, observed: ForwardingReport, held: Held
) -> FilePlan:
    """The drop-in where values shall persist, and a runtime record where they shall not; none while that is unknown."""
    if goal.unknown & {"persist", "drop_in"}:
        return FilePlan(files=observed.files)
    drop_in = DropIn(mark=goal.mark, settings=_settings(goal), previous=previous)
    if goal.persist is True:
        written, kept = _write_drop_in(goal, drop_in, observed, held), {goal.path}
        records = own_records(held)
    else:
        written, kept = FilePlan(files=observed.files), set()
        records = own_records(held) - {runtime_record_of(goal.mark)}
    left = removed((recorded_path(recorded) | _own_drop_ins(held)) - kept, written.files, held, observed.host)
    record = () if goal.persist is True else _write_record(drop_in, observed)
    gone = removed(records, observed.runtime_records, held, observed.host)
    return FilePlan(
        # New files come before removals, so that a process killed in between leaves a mark.
        steps=(*written.steps, *record, *left.steps, *gone.steps),
        refusals=written.refusals,
        notes=(*written.notes, *left.notes),
        files=left.files,
    )


def marked_anew(mark: Mark, observed: ForwardingReport, held: Held) -> tuple[Step, ...]:
    """The resource's own files with another mark. A file that was edited by hand stays, because it is drift."""
    texts = {**observed.files, **observed.runtime_records}
    steps: list[Step] = []
    for path, there in held.own.items():
        if there.edited or there.mark == mark:
            continue
        content, place = render(there._replace(mark=mark)), path
        if is_runtime_record(path):
            place = runtime_record_of(mark)
        steps.append(WriteDropIn(place, content=content, found=texts.get(place)))
        if place != path:
            steps.append(RemoveDropIn(path, found=texts[path]))
    return tuple(steps)


def own_records(held: Held) -> set[str]:
    """The paths of the own runtime records."""
    return {path for path in held.own if is_runtime_record(path)}


def _own_drop_ins(held: Held) -> set[str]:
    return set(held.own) - own_records(held)


def _settings(goal: Goal) -> tuple[tuple[str, str], ...]:
    return tuple((key, goal.targets[key]) for key in in_writing_order(goal.targets))


def _write_drop_in(goal: Goal, drop_in: DropIn, observed: ForwardingReport, held: Held) -> FilePlan:
    text = observed.files.get(goal.path)
    there = parse(text) if text is not None else None
    refusal = _refusal(goal, text, there, observed)
    if refusal is not None or (there is not None and goal.path not in held.own):
        # `owners` reports what belongs to another resource.
        return FilePlan(refusals=() if refusal is None else (refusal,), files=observed.files)
    edited = there is not None and there.edited
    if there is not None and not edited and (there.mark, there.settings) == (goal.mark, drop_in.settings):
        return FilePlan(files=observed.files)
    content = render(drop_in)
    return FilePlan(
        steps=(WriteDropIn(goal.path, content=content, found=text),),
        notes=(Note(NoteKind.DROP_IN_EDITED, {"path": goal.path}),) if edited else (),
        files={**observed.files, goal.path: content},
    )


def _refusal(goal: Goal, text: str | None, there: DropIn | None, observed: ForwardingReport) -> Refusal | None:
    """Why the drop-in must not be written, if so. `text` is what is at its path now, `there` what that says."""
    place = {"path": goal.path, "host": observed.host}
    if text is None:
        name = goal.path.rpartition("/")[2]
        hidden = [path for path in observed.files if path.rpartition("/")[2] == name]
        return Refusal(RefusalKind.DROP_IN_HIDES_FILES, {**place, "hidden": hidden}) if hidden else None
    return Refusal(RefusalKind.DROP_IN_NOT_OURS, place) if there is None else None


def _write_record(drop_in: DropIn, observed: ForwardingReport) -> tuple[Step, ...]:
    """A record of who owns the values and what they were, if no file has that and the rest may be interrupted."""
    path, content = runtime_record_of(drop_in.mark), render(drop_in)
    found = observed.runtime_records.get(path)
    return () if found == content else (WriteDropIn(path, content=content, found=found),)


def removed(paths: Iterable[str], files: Mapping[str, str], held: Held, host: str) -> FilePlan:
    """Our files at these paths removed, in order; what is not ours, or no longer as we wrote it, is kept and noted."""
    steps: list[Step] = []
    notes: list[Note] = []
    for path in sorted(paths):
        text = files.get(path)
        if text is None:
            continue
        note = _kept(path, parse(text), held, host)
        if note is None:
            steps.append(RemoveDropIn(path, found=text))
            files = {other: text for other, text in files.items() if other != path}
        else:
            notes.append(note)
    return FilePlan(steps=tuple(steps), notes=tuple(notes), files=files)


def _kept(path: str, there: DropIn | None, held: Held, host: str) -> Note | None:
    """Why a file is not removed; None if it is ours."""
    place = {"path": path, "host": host}
    if there is None:
        return Note(NoteKind.FILE_KEPT_NOT_OURS, place)
    if path not in held.own:
        return Note(NoteKind.FILE_KEPT_OF_ANOTHER, {**place, "owner": there.mark.owner})
    return Note(NoteKind.FILE_KEPT_EDITED, place) if there.edited else None
