"""Whose the drop-ins and runtime records on a host are: this resource's, to go on with or to take, or others'. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from virtnet.forwarding.boot_files.boot import assignments
from virtnet.forwarding.boot_files.drop_in import DropIn, parse, path_of, runtime_record_of
from virtnet.forwarding.boot_files.paths import DIRECTORY, RUNTIME_RECORDS
from virtnet.forwarding.kinds import NoteKind, RefusalKind
from virtnet.forwarding.observed import ForwardingReport, drop_in_of, wanted
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.sysctl import IPV4, IPV4_ALIAS, in_writing_order
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.ownership.marks import mark_for, owner_of, token_of
from virtnet.spec.part import Values


class Held(NamedTuple):
    """The files with a mark, by their paths."""

    own: Mapping[str, DropIn]
    """Those of the record; in a create those that it takes up, or over."""
    others: Mapping[str, DropIn]
    notes: tuple[Note, ...] = ()
    """From whom a create takes what."""
    is_of_resource: bool = False
    """Of a create: whether one of them was written for this very resource."""

    @property
    def keys(self) -> set[str]:
        """The parameters that its own files set."""
        return {key for there in self.own.values() for key, _ in there.settings}

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those in the marks of its own files."""
        return tuple(there.mark.token for there in self.own.values())


class Met(NamedTuple):
    """Another's file that is in the way, and why nothing is done."""

    file: DropIn
    refusal: Refusal


def held_by_create(goal: Goal, desired: Values, observed: ForwardingReport) -> Held:
    """What a create goes on with: its own by its name, where they meet, and with `adopt` whosever they meet.

    Two resources under different parents may have one name, and files that do not concern each other.
    """
    own: dict[str, DropIn] = {}
    others: dict[str, DropIn] = {}
    notes: list[Note] = []
    for path, there in _marked(observed).items():
        mark = there.mark
        meets = path in _paths(goal) or bool(_keys(path, observed) & set(goal.targets))
        if mark.owner and mark.is_of_resource(desired) and (meets or mark.urn):
            note = Note(NoteKind.RESUMED, {"path": path})
        elif mark.owner and mark.owner == goal.mark.owner and meets:
            note = Note(NoteKind.TAKEN_UP, {"path": path, "urn": mark.urn})
        elif desired.get("adopt") is True and meets:
            details = {"path": path, "owner": mark.owner_shown, "alias": mark.alias_for(desired)}
            note = Note(NoteKind.TAKEN_OVER, details)
        else:
            others[path] = there
            continue
        own[path] = there
        notes.append(note)
    of_resource = any(there.mark.is_of_resource(desired) for there in own.values())
    return Held(own, others, tuple(notes), is_of_resource=of_resource)


def held_by_record(recorded: Values, observed: ForwardingReport, desired: Values | None = None) -> Held:
    """What belongs to a record: by its token, or, where it or the file has none, by its name at the places it knows."""
    own: dict[str, DropIn] = {}
    others: dict[str, DropIn] = {}
    known = _recorded_paths(recorded)
    for path, there in _marked(observed).items():
        mark, token = there.mark, token_of(recorded)
        by_token = token != "" and mark.token == token
        by_name = path in known and mark.is_of_record(recorded) and (mark.owner != "" or owner_of(recorded) == "")
        # Written for this very resource in a run that was not recorded.
        by_resource = desired is not None and mark.urn != "" and mark.is_of_resource(desired)
        (own if by_token or by_name or by_resource else others)[path] = there
    return Held(own, others)


def taken_from(recorded: Values, held: Held, observed: ForwardingReport) -> tuple[str, DropIn] | None:
    """The file of another resource that has taken over what is recorded, with its path; None if none has."""
    if held.own:
        return None
    places, keys = _recorded_paths(recorded), set(wanted(recorded))
    met = (item for item in held.others.items() if item[0] in places or _keys(item[0], observed) & keys)
    return next(met, None)


def met_by(goal: Goal, desired: Values, held: Held, observed: ForwardingReport) -> tuple[Met, ...]:
    """Others' files at the drop-in's path, or with the same parameters: two owners would undo each other forever."""
    return tuple(_met_by(goal, desired, held, observed))


def _met_by(goal: Goal, desired: Values, held: Held, observed: ForwardingReport) -> Iterator[Met]:
    for path, there in held.others.items():
        details = {
            "host": observed.host,
            "owner": there.mark.owner,
            "path": path,
            "alias": there.mark.alias_for(desired),
        }
        if path == goal.path and goal.persist is True:
            yield Met(there, Refusal(RefusalKind.DROP_IN_OF_ANOTHER, details))
        elif both := in_writing_order(_keys(path, observed) & set(goal.targets)):
            yield Met(there, Refusal(RefusalKind.MANAGED_BY_ANOTHER, {"keys": both, **details}))


def recorded_path(recorded: Values) -> set[str]:
    """The path of the drop-in that is recorded, if one is."""
    path = recorded.get("drop_in_path")
    return {path} if isinstance(path, str) and path else set()


def _recorded_paths(recorded: Values) -> set[str]:
    """Where a record's files are."""
    mark = mark_for(recorded, "")
    records = {runtime_record_of(mark), runtime_record_of(mark_for({"__owner": mark.owner}, ""))}
    return {path_of(drop_in_of(recorded)), *recorded_path(recorded), *records}


def _paths(goal: Goal) -> set[str]:
    """Where a goal's files will be, as far as that is known."""
    return {runtime_record_of(goal.mark), *((goal.path,) if goal.persist is not False else ())}


def _marked(observed: ForwardingReport) -> dict[str, DropIn]:
    files = {**observed.files, **observed.runtime_records}
    ours = {path: text for path, text in sorted(files.items()) if path.startswith((f"{DIRECTORY}/", RUNTIME_RECORDS))}
    return {path: there for path, text in ours.items() if (there := parse(text)) is not None}


def _keys(path: str, observed: ForwardingReport) -> set[str]:
    """The parameters that a file sets."""
    text = {**observed.files, **observed.runtime_records}[path]
    return {IPV4 if item.key == IPV4_ALIAS else item.key for item in assignments(text, path)}
