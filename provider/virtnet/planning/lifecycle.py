"""The verbs, once, over any resource: check, diff, create, read, update, delete.

`plan(desired, recorded, observed)` is the program. create = plan(desired, nothing, observed) · update =
plan(desired, recorded, observed) · delete = plan(nothing, recorded, observed) · diff = the changes of
plan(desired, recorded, as recorded) · read = observe. Never imports pulumi; the adapters above translate.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from virtnet.errors import ApplyFailed, Refused, Unreachable, VirtnetError
from virtnet.planning import messages as sentences
from virtnet.planning.announcements import Announced
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Refusal, Subject, in_words
from virtnet.planning.ignored import as_recorded, left_alone
from virtnet.planning.merge import differences
from virtnet.planning.ownership.claims import Claims, key_of
from virtnet.planning.ownership.marks import token_of, urn_of
from virtnet.planning.plan import Change, ChangeClass, Plan, Transition
from virtnet.planning.preview.found import Preview
from virtnet.planning.property_paths import places, within
from virtnet.planning.reports import other_host
from virtnet.planning.resource import Observed, Resource
from virtnet.spec.failures import Failure
from virtnet.spec.part import UNKNOWN, TreeType, Values, only, walk_unknown
from virtnet.spec.paths import Steps
from virtnet.transport.uri import same_place

Connect = Callable[[str], Clients]
"""Returns the clients of the host of a connection URI."""

Show = Callable[[str], None]
"""Shows one line to the user."""

PREVIEW_MAX_AGE = 2.0
"""How old, in seconds, the output of a host's programs may be for a preview, and for a read that finds nothing new."""


class Diff(NamedTuple):
    """What an update would change, compared with the record."""

    changes: tuple[Change, ...]
    notes: tuple[Note, ...] = ()
    """Notes about what no update would change."""

    @property
    def replaces(self) -> tuple[str, ...]:
        """The properties that need a replacement."""
        return tuple(change.path for change in self.changes if change.change_class is ChangeClass.REPLACE)

    def without(self, paths: Collection[str]) -> "Diff":
        """The same without the changes of these properties."""
        return self._replace(changes=tuple(change for change in self.changes if change.path not in paths))


def diff(
    resource: Resource[Observed],
    recorded: Values,
    desired: Values,
    connect: Connect,
    ignored: Sequence[Steps] = (),
    *,
    announced: Announced | None = None,
) -> Diff:
    """The changes against the record. Reads no host, except to see whether a changed uri reaches the same one.

    `ignored`: places of ignoreChanges, about which there are no notes. `announced`: what this run makes of another
    resource that this one builds on.
    Raises Unreachable if the host of a changed uri can't be asked: another spelling must never destroy a network.
    """
    plan = resource.plan(desired, _foretold(resource, recorded, desired, announced), None)
    changes = tuple(_same_host(change, recorded, desired, connect) for change in plan.changes)
    return Diff(changes, _less_ignored(resource, plan.notes, desired, ignored))


def _foretold(resource: Resource[Observed], recorded: Values, desired: Values, announced: Announced | None) -> Values:
    if announced is None or resource.builds_on is None:
        return recorded
    return resource.builds_on.foretold(desired, recorded, announced)


def _once_there(resource: Resource[Observed], observed: Observed, announced: Announced | None) -> Observed:
    if announced is None or announced.stands or resource.builds_on is None:
        return observed
    return resource.builds_on.once_there(observed, announced)


def not_ignored(
    resource: Resource[Observed], recorded: Values, desired: TreeType, ignored: Sequence[Steps]
) -> TreeType:
    """The desired inputs, with the recorded ones in places of ignoreChanges. Pure."""
    return as_recorded(resource.spec, desired, resource.recorded_inputs(recorded), ignored) if ignored else desired


def replaced_on_changes(
    resource: Resource[Observed], found: Diff, recorded: Values, desired: Values, paths: Sequence[Steps]
) -> Diff:
    """The same, but a change at or inside one of these paths is a replacement (replaceOnChanges). Pure."""
    if not paths:
        return found
    changes = (
        change._replace(change_class=ChangeClass.REPLACE)
        if any(within(place, paths) for place in places(resource.spec, change, recorded, desired))
        else change
        for change in found.changes
    )
    return found._replace(changes=tuple(changes))


def _less_ignored(
    resource: Resource[Observed], found: tuple[Note, ...], desired: Values, ignored: Sequence[Steps]
) -> tuple[Note, ...]:
    if not ignored:
        return found
    left = (resource.less_ignored(note, desired, ignored) for note in found)
    return tuple(note for note in left if note is not None)


def _same_host(change: Change, recorded: Values, desired: Values, connect: Connect) -> Change:
    uri, before = desired.get("uri"), str(recorded.get("uri"))
    if change.path != "uri" or not isinstance(uri, str):
        return change
    try:
        same = same_place(uri, before) or _same_uuid(uri, recorded, connect)
    except Unreachable as error:
        raise Unreachable(sentences.same_host_unknown(uri, before, error)) from error
    return change._replace(change_class=ChangeClass.RECORDED if same else ChangeClass.REPLACE)


def _same_uuid(uri: str, recorded: Values, connect: Connect) -> bool:
    """Whether a URI reaches the host with the recorded UUID. Raises Unreachable if there is no UUID to compare."""
    now = connect(uri).libvirt.host_uuid()
    if now and now == recorded.get("host_uuid"):
        return True
    # A host without a UUID in its firmware gets a new one at each start of the daemon, so the old URI is asked too.
    present = _present_uuid(recorded, connect)
    if not now or not (present or recorded.get("host_uuid")):
        raise Unreachable(sentences.no_uuid_told(uri if not now else str(recorded.get("uri"))))
    return now == present


def _present_uuid(recorded: Values, connect: Connect) -> str | None:
    """The current UUID of the host behind the recorded uri; None if it can't be asked."""
    try:
        return connect(str(recorded["uri"])).libvirt.host_uuid() or None
    except Unreachable:
        return None


def preview(
    resource: Resource[Observed],
    recorded: Values | None,
    desired: Values,
    connect: Connect,
    changes: tuple[Change, ...] = (),
    *,
    replaced: bool = False,
    ignored: Sequence[Steps] = (),
    claims: Claims | None = None,
    announced: Announced | None = None,
) -> Preview:
    """What is to be reviewed: the changes against the record, then what the host, as it is now, adds to them.

    `ignored`: places that an update leaves as it finds them. `replaced`: Pulumi replaces the resource even if no change
    asks for that. `announced` as for diff; it counts as done. Never raises VirtnetError.
    """
    identity = {name: desired.get(name) for name in resource.identified_by}
    unknown = tuple(name for name, value in identity.items() if list(walk_unknown(value)))
    known = {name: value for name, value in desired.items() if name not in unknown}
    found = Preview(subject=subject_of(resource, known, recorded), changes=changes, unknown=unknown)
    replaces = any(change.change_class is ChangeClass.REPLACE for change in changes)
    if replaced and not replaces:
        # The replacement makes each of them.
        found = found._replace(changes=tuple(one._replace(change_class=ChangeClass.REPLACE) for one in changes))
    if recorded is not None and (replaced or replaces):
        found = _with_replaced(found, resource, recorded, desired, connect, announced=announced)
        return found._replace(notes_anew=_less_ignored(resource, found.notes_anew, desired, ignored))
    if unknown:
        return found
    try:
        clients = connect(str(desired["uri"]))
        if list(walk_unknown(desired)):
            _look(resource, clients, desired, recorded or {}, recent=True)
            return found._replace(partly_unknown=True)
        plan, _ = _planned(resource, clients, desired, recorded, recent=True, ignored=ignored, announced=announced)
        if plan.found_own:
            record = _record_by_plan(plan)
            again = _if_replaced(resource, clients, desired, record, connect, announced=announced)
            # The engine has asked a diff of the other: it is recorded, so what builds on it is deleted first.
            if again is not None and announced is not None and announced.is_replaced and announced.recorded:
                was = {**plan.found_inputs, **only(desired, ("uri", "__owner", "__urn"))}
                return again._replace(deleted_first=_deleted_first(resource, record, was, connect, announced))
            found = found._replace(if_replaced=again)
        elif plan.held_by_other and not _is_held(plan.held_by_other, desired, claims):
            record = {**plan.details, **plan.held_by_other}
            again = _if_replaced(resource, clients, desired, record, connect, announced=announced)
            found = found._replace(if_moved=again)
    except VirtnetError as error:
        return found._replace(error=error)
    notes = _less_ignored(resource, plan.notes, desired, ignored)
    found = found._replace(refusals=plan.refusals, notes=notes, transition=plan.transition)
    if recorded is not None:
        return found._replace(drift=tuple(_besides(plan.changes, changes)))
    if claims is not None and (holder := claims.holder(plan.takes, key_of(desired))):
        return found._replace(notes=(), if_replaced=None, claimed_by=holder)
    taken_over = plan.changes if plan.edits_existing else ()
    if not plan.refusals:
        found = found._replace(notes=(*found.notes, *_foreseen(resource, clients, desired)))
    return found._replace(changes=(*changes, *taken_over), steps=tuple(step.describe() for step in plan.steps))


def _foreseen(resource: Resource[Observed], clients: Clients, desired: Values) -> Sequence[Note]:
    """Notes from reads that only a preview makes. Nothing depends on them, so failed reads aren't reported."""
    if resource.foresee is None:
        return ()
    found: list[Note] = []
    with suppress(VirtnetError), clients.cached_reads(resource.reads, max_age=PREVIEW_MAX_AGE):
        for note in resource.foresee(clients, desired):
            found.append(note)  # one by one, to keep what was found before a read fails
    return found


def _besides(planned: Iterable[Change], reviewed: Sequence[Change]) -> Iterator[Change]:
    """The planned changes, without those that the comparison with the record has shown."""
    paths = {change.path for change in reviewed}
    mended = [problem for change in reviewed for problem in change.problems]
    for change in planned:
        if change.problems:
            left = tuple(problem for problem in change.problems if problem not in mended)
            if left:
                yield change._replace(problems=left)
        elif (
            change.path not in paths
            and change.change_class > ChangeClass.RECORDED
            and not any(_covers(one, change) for one in reviewed)
        ):
            yield change


def _covers(reviewed: Change, change: Change) -> bool:
    """Whether a reviewed change includes another change."""
    within = (change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in reviewed.covers)
    return change.change_class <= reviewed.change_class and any(within)


def _is_held(record: Values, desired: Values, claims: Claims | None) -> bool:
    """Whether another resource of this run has the recorded object."""
    return claims is not None and claims.holder((token_of(record),), key_of(desired)) is not None


def _if_replaced(
    resource: Resource[Observed],
    clients: Clients,
    desired: Values,
    recorded: Values,
    connect: Connect,
    *,
    announced: Announced | None,
) -> Preview | None:
    """The preview of a replacement of an existing object, if the create got no record; None if it no longer exists.

    `recorded` is what the existing object tells of the record. Never raises VirtnetError, because the create's own
    preview is shown in any case.
    """
    subject = subject_of(resource, desired, None)
    try:
        observed = _look(resource, clients, {}, {**desired, **recorded}, recent=True)
        there = resource.outputs(desired, recorded, observed)
    except VirtnetError as error:
        return Preview(subject=subject, replaced=subject, error=error)
    if there is None:
        return None
    found = Preview(subject=subject_of(resource, desired, there))
    return _with_replaced(found, resource, there, desired, connect, announced=announced)


def _with_replaced(
    found: Preview,
    resource: Resource[Observed],
    recorded: Values,
    desired: Values,
    connect: Connect,
    *,
    announced: Announced | None = None,
) -> Preview:
    """The preview of a replacement: the delete, under the old name, and the refusals of both."""
    transition = Transition(recorded, desired)
    found = found._replace(replaced=subject_of(resource, {}, recorded), transition=transition)
    try:
        clients = connect(str(recorded["uri"]))
        plan = resource.plan(None, recorded, _look(resource, clients, None, recorded))
        anew = _anew(resource, recorded, desired, connect, announced)
    except VirtnetError as error:
        return found._replace(error=error)
    transition = Transition((plan.transition or transition).before, (anew.transition or transition).after)
    return found._replace(
        refusals=plan.refusals,
        notes=plan.notes,
        against_anew=anew.refusals,
        notes_anew=anew.notes,
        transition=transition,
    )


def _anew(
    resource: Resource[Observed],
    recorded: Values,
    desired: Values,
    connect: Connect,
    announced: Announced | None = None,
) -> Plan:
    """The plan of a replacement's create once the old object is gone; empty if too little is known."""
    if resource.once_gone is None or list(walk_unknown(desired)):
        return Plan()
    observed = _look(resource, connect(str(desired["uri"])), desired, {})
    observed = _once_there(resource, observed, announced)
    return resource.plan(desired, None, resource.once_gone(observed, recorded))


def create(
    resource: Resource[Observed],
    desired: Values,
    connect: Connect,
    show: Show,
    *,
    progress: Show | None = None,
    claims: Claims | None = None,
    announced: Announced | None = None,
) -> dict[str, object]:
    """Create the resource and return its outputs: refused before any effect, or done, or rolled back.

    `progress` gets a line before each step. If it raises, the create is rolled back. If the rollback fails, ApplyFailed
    has the outputs of what is left. An object that another resource has by `claims` is refused. `announced` as for
    diff.
    """
    clients = connect(str(desired["uri"]))
    plan = None
    try:
        with clients.lock(lambda: _prefetch(resource, clients, desired)):
            plan, found = _planned(resource, clients, desired, None, announced=announced)
            if claims is not None and (holder := claims.holder(plan.takes, key_of(desired))):
                raise Refused(sentences.claimed(subject_of(resource, desired, None), holder))
            _apply(resource, plan, clients, subject_of(resource, desired, None), show=show, progress=progress)
            if claims is not None:
                claims.claim(plan.details.get("__token"), key_of(desired))
        # The next in line may begin to read, because reading changes nothing.
        settled = _settled(plan, found, announced)
        return _outputs(resource, clients, desired, desired, plan.details, settled=settled)
    except VirtnetError as error:
        if plan is None or _undone(error):
            raise
        raise _with_outputs(error, _left_by_create(resource, clients, desired, plan.details)) from error


def update(
    resource: Resource[Observed],
    recorded: Values,
    desired: Values,
    connect: Connect,
    show: Show,
    *,
    progress: Show | None = None,
    ignored: Sequence[Steps] = (),
    announced: Announced | None = None,
    left_behind: Sequence[str] = (),
) -> dict[str, object]:
    """Observe again, plan again, apply; return the new outputs.

    `progress` as for create, `ignored` and `announced` as for preview. `left_behind` are the keys of resources that
    would have to follow and would not: then it is refused.
    """
    if left_behind:
        raise Refused(sentences.would_leave_behind(subject_of(resource, desired, recorded), left_behind))
    clients = connect(str(desired["uri"]))
    plan = None
    try:
        with clients.lock():
            plan, found = _planned(resource, clients, desired, recorded, ignored=ignored, announced=announced)
            plan = plan._replace(notes=_less_ignored(resource, plan.notes, desired, ignored))
            _apply(resource, plan, clients, subject_of(resource, desired, recorded), show=show, progress=progress)
        details, settled = {**recorded, **plan.details}, _settled(plan, found, announced)
        return _outputs(resource, clients, desired, recorded, details, settled=settled)
    except VirtnetError as error:
        if plan is None or _undone(error):
            raise
        raise _with_outputs(error, _left_by_update(resource, clients, recorded, desired)) from error


def _undone(error: VirtnetError) -> bool:
    """Whether the failure left nothing behind: it was refused, or fully rolled back."""
    return isinstance(error, Refused) or (isinstance(error, ApplyFailed) and not error.left)


def _with_outputs(error: VirtnetError, outputs: Values | None) -> ApplyFailed:
    return ApplyFailed(str(error), error.left if isinstance(error, ApplyFailed) else (), outputs)


def _left_by_create(resource: Resource[Observed], clients: Clients, desired: Values, details: Values) -> Values | None:
    """The outputs of what a failed create left. If the host can't be asked, the object counts as created."""
    try:
        observed = _look(resource, clients, {}, {**desired, **details})
        return resource.outputs(desired, details, observed)
    except VirtnetError:
        return {**desired, **details, **resource.unknown_after_create}


def _left_by_update(resource: Resource[Observed], clients: Clients, recorded: Values, desired: Values) -> Values | None:
    """The outputs of what a failed update left; None if nothing beyond the record is known."""
    named = {**resource.recorded_inputs(recorded), **desired}
    try:
        return resource.outputs(named, recorded, _look(resource, clients, {}, recorded))
    except VirtnetError:
        return None


def read(resource: Resource[Observed], recorded: Values, connect: Connect) -> dict[str, object] | None:
    """The current outputs; None only if libvirt, on a live connection, says that the object no longer exists."""
    inputs = resource.recorded_inputs(recorded)
    clients = connect(str(recorded["uri"]))
    if resource.looks_are_shared:
        shared = clients._replace(seconds_old=PREVIEW_MAX_AGE)
        shown = resource.outputs(inputs, recorded, _look(resource, shared, {}, recorded, recent=True))
        if shown is not None and _without_nones(shown) == _without_nones(recorded):
            return shown
        # A difference may come from a cached answer, so the host is read again before it is reported.
        if not resource.lists_rules_again:
            clients.invalidate()
    observed = _look(resource, clients, {}, recorded)
    shown = resource.outputs(inputs, recorded, observed)
    before = recorded.get("host_uuid")
    # No record of a host UUID, no need to ask for it.
    if shown is None and before is not None and other_host(before, now := clients.libvirt.host_uuid()):
        subject = subject_of(resource, inputs, recorded)
        raise Refused(sentences.other_host(subject, recorded["uri"], now, before))
    return shown


def _without_nones(values: Values) -> dict[str, object]:
    """Outputs as they are recorded: Pulumi keeps none that is None."""
    return {name: value for name, value in values.items() if value is not None}


def found_as_recorded(resource: Resource[Observed], recorded: Values, shown: Values) -> frozenset[str]:
    """Findings, for example problems, that are recorded already: nothing new to a refresh, although up will fix them.

    The owner that the mark should name comes from the program, so it is never a finding.
    """
    made = resource.computed - set(resource.spec.model_fields)
    return frozenset(name for name in made if shown.get(name) == recorded.get(name)) | {"owner"}


def drifted(resource: Resource[Observed], recorded: Values, shown: Values) -> tuple[str, ...]:
    """The paths of inputs that a refresh found different from the record. Pure."""
    before, now = resource.recorded_inputs(recorded), resource.recorded_inputs(shown)
    return tuple(change.path for change in differences(resource.spec, now, before))


class Imported(NamedTuple):
    """An existing object, from which a program can be written."""

    inputs: Values
    """All its settings, in canonical form; as found, if check refuses them."""
    outputs: Values
    failures: tuple[Failure, ...]
    """What must be corrected before a program can use it."""


def import_existing(
    resource: Resource[Observed], wanted: str, given: Values, connect: Connect, *, to_own: bool = True
) -> Imported:
    """The object that the user calls `wanted`. `given`: inputs that the adapter knows, `uri` and the owner's mark.

    Raises Refused if there is none, and for a kind that is declared rather than imported. With `to_own`, it also
    refuses an object whose mark names another resource. Importing changes nothing: an object without the owner's mark
    is recorded as such, and its first update writes the mark.
    """
    if resource.import_existing is None:
        raise Refused(sentences.not_imported(resource.name))
    clients = connect(str(given["uri"]))
    try:
        existing = resource.import_existing(clients, wanted)
    except VirtnetError as error:
        if error.kind is None:
            raise
        raise in_words(resource.messages(), error) from error
    seen = {"uri": given["uri"], **existing.inputs}
    mark = existing.mark
    if to_own and mark is not None and mark.owner and not mark.is_of_resource(given):
        owned = sentences.owned_by_other(
            subject_of(resource, seen, None),
            mark.owner_shown,
            mark.alias_for(given),
            can_stay="on_delete" in resource.spec.model_fields,
        )
        raise Refused(owned)
    canonical, failures = resource.check({**seen, **given}, {})
    inputs = seen if failures else canonical
    outputs = resource.outputs(inputs, {"__imported": True}, resource.observe(clients, {}, existing.identity))
    if outputs is None:
        raise Refused(sentences.went_away(subject_of(resource, seen, None)))
    return Imported(inputs, outputs, tuple(failures))


def predict(resource: Resource[Observed], recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that a preview can promise, and UNKNOWN for the rest. Pure."""
    made = {
        name: UNKNOWN if recorded is None else recorded.get(name)
        for name in resource.computed
        if desired.get(name) is None
    }
    return {**desired, **made, **resource.predict(recorded, desired)}


def delete(
    resource: Resource[Observed],
    recorded: Values,
    connect: Connect,
    show: Show,
    *,
    progress: Show | None = None,
    anew: Values | None = None,
    announced: Announced | None = None,
    left_behind: Sequence[str] = (),
    used_by: Sequence[str] = (),
) -> None:
    """Undo what create did, unless something is attached. A missing object counts as deleted. `progress` as for create.

    `anew` is what is then made in its place: where that would be refused, nothing is deleted. Nor is it where another
    resource that this one builds on is replaced by this run (`announced`) and that would be refused, or this one on it:
    the engine deletes first what builds on another. `left_behind` as for update, where it is replaced; `used_by` are
    the keys of resources of the program that build on it, where it is not.
    """
    inputs = resource.recorded_inputs(recorded)
    subject = subject_of(resource, inputs, recorded)
    clients = connect(str(recorded["uri"]))
    with clients.lock():
        observed = _observe_for_delete(resource, clients, recorded, subject)
        plan = resource.plan(None, recorded, observed)
        if left_behind and plan.steps:
            raise Refused(sentences.would_leave_behind(subject, left_behind))
        if used_by and plan.removes and not plan.refusals:
            raise Refused(sentences.used_by_others(subject, used_by))
        if announced is not None and announced.is_replaced and plan.steps:
            _refuse_with_other(subject, announced, connect)
            if anew is None and (lost := _deleted_first(resource, recorded, inputs, connect, announced)):
                raise Refused(sentences.not_deleted_first(subject, lost, resource.messages()))
        if (
            anew is not None
            and plan.steps
            and (against := _anew(resource, recorded, anew, connect, announced).refusals)
        ):
            place = subject_of(resource, anew, None)
            raise Refused(sentences.not_replaced(subject, place, against, resource.messages()))
        _apply(resource, plan, clients, subject, show=show, progress=progress)


def _refuse_with_other(subject: Subject, announced: Announced, connect: Connect) -> None:
    """Raises Refused if the replacement of another resource would be refused or fail."""
    other, desired = announced.resource, announced.desired
    of_other = subject_of(other, {**desired, **other.recorded_inputs(announced.recorded)}, announced.recorded)
    try:
        recorded = announced.recorded if announced.has_outputs else _by_mark(announced, connect)
    except VirtnetError as error:
        raise Refused(sentences.not_deleted_as_other_fails(subject, of_other, error, other.messages())) from error
    if recorded is None:
        return
    found = _with_replaced(Preview(of_other), other, recorded, desired, connect)
    if found.error is not None:
        failed = sentences.not_deleted_as_other_fails(subject, of_other, found.error, other.messages())
        raise Refused(failed) from found.error
    against = (*found.refusals, *found.against_anew)
    if against:
        raise Refused(sentences.not_deleted_with_other(subject, of_other, against, other.messages()))


def _deleted_first(
    resource: Resource[Observed], recorded: Values, inputs: Values, connect: Connect, announced: Announced
) -> tuple[Refusal, ...]:
    """Why the same inputs would be refused on what replaces another resource, which is after this one is deleted.

    How the program changes them is told only then.
    """
    if resource.builds_on is None:
        return ()
    return _anew(resource, recorded, resource.builds_on.moved(inputs, announced), connect, announced).refusals


def _by_mark(announced: Announced, connect: Connect) -> Values | None:
    """The record of another resource, according to its mark on the host; None if there is none to replace."""
    resource, inputs = announced.resource, announced.recorded or announced.desired
    clients = connect(str(inputs["uri"]))
    plan, _ = _planned(resource, clients, inputs, None)
    if not plan.found_own:
        return None
    record = _record_by_plan(plan)
    return resource.outputs(inputs, record, _look(resource, clients, {}, {**inputs, **record}))


def _record_by_plan(plan: Plan) -> dict[str, object]:
    """What is known of the record of an object that a create found as its own."""
    return {**plan.details, "__token": next(iter(plan.takes), "")}  # a replaced object still belongs to the old record


def _observe_for_delete(resource: Resource[Observed], clients: Clients, recorded: Values, subject: Subject) -> Observed:
    try:
        return _look(resource, clients, None, recorded)
    except Unreachable as error:
        raise Unreachable(sentences.not_deleted(subject, error)) from error


def _look(
    resource: Resource[Observed],
    clients: Clients,
    desired: Values | None,
    recorded: Values,
    *,
    recent: bool = False,
) -> Observed:
    reads = (
        resource.reads if desired is not None or resource.reads_before_delete is None else resource.reads_before_delete
    )
    try:
        with clients.cached_reads(reads, max_age=PREVIEW_MAX_AGE if recent else 0.0):
            return resource.observe(clients, desired, recorded)
    except VirtnetError as error:
        if error.kind is None:
            raise
        raise in_words(resource.messages(), error) from error  # callers don't know a resource's sentences


def _prefetch(resource: Resource[Observed], clients: Clients, desired: Values) -> None:
    if resource.prefetch is not None:
        with suppress(VirtnetError):  # the read that counts reports it
            resource.prefetch(clients, desired)


def _planned(
    resource: Resource[Observed],
    clients: Clients,
    desired: Values,
    recorded: Values | None,
    *,
    recent: bool = False,
    ignored: Sequence[Steps] = (),
    announced: Announced | None = None,
) -> tuple[Plan, Observed]:
    """The plan, and the observation that it was made from.

    Cached reads never refuse anything: before a refusal, the host is read again.
    """
    before = None if recorded is None else _foretold(resource, recorded, desired, announced)

    def planned(found: Observed) -> tuple[Plan, Observed]:
        observed = _once_there(resource, found, announced)
        return resource.plan(*_left_alone(resource, desired, before, observed, ignored), observed), observed

    plan, found = planned(_look(resource, clients, desired, recorded or {}, recent=recent))
    if not plan.refusals:
        return plan, found
    clients.invalidate()
    return planned(_look(resource, clients, desired, recorded or {}))


def _left_alone(
    resource: Resource[Observed],
    desired: Values,
    recorded: Values | None,
    observed: Observed,
    ignored: Sequence[Steps],
) -> tuple[Values, Values | None]:
    """The desired and the recorded inputs, both with what others changed in ignored places."""
    if recorded is None or not ignored:
        return desired, recorded
    before = resource.recorded_inputs(recorded)
    shown = resource.outputs(before, recorded, observed)
    if shown is None:
        return desired, recorded
    found, stays = resource.recorded_inputs(shown), resource.unnamed_stays
    made = {name: value for name, value in recorded.items() if name not in before}
    kept = left_alone(resource.spec, before, found, ignored, unnamed_stays=stays)
    return left_alone(resource.spec, desired, found, ignored, unnamed_stays=stays), {**made, **kept}


def _apply(
    resource: Resource[Observed], plan: Plan, clients: Clients, subject: Subject, *, show: Show, progress: Show | None
) -> None:
    # Notes describe what happens. With a refused plan, nothing does.
    if plan.notes and not plan.refusals:
        for line in sentences.notes(subject, plan.notes, resource.messages()):
            show(line)
    apply(plan, clients, subject, progress, messages=resource.messages)


def _settled(plan: Plan, found: Observed, announced: Announced | None) -> Observed | None:
    """What a plan was made for whose steps tell the rest. What others of the run make may be there by now, or not."""
    return found if plan.settles and (announced is None or announced.stands) else None


def _outputs(
    resource: Resource[Observed],
    clients: Clients,
    inputs: Values,
    place: Values,
    details: Values,
    *,
    settled: Observed | None,
) -> dict[str, object]:
    """`settled` is what a plan was made for whose steps tell the rest."""
    if settled is not None and resource.outputs_after is not None:
        return resource.outputs_after(inputs, details, settled)
    # Read again after the last step: outputs describe the host, not the intention.
    observed = _look(resource, clients, {}, {**place, **details})
    shown = resource.outputs(inputs, details, observed)
    if shown is None:
        raise VirtnetError(sentences.gone_again(subject_of(resource, inputs, place)))
    return shown


def subject_of(resource: Resource[Observed], inputs: Values, recorded: Values | None) -> Subject:
    """How lines name a resource: by its inputs as far as known, otherwise by its record."""
    uri = inputs.get("uri") or (recorded or {}).get("uri")
    return Subject(
        resource.subject,
        resource.name_of({**(recorded or {}), **inputs}),
        uri if isinstance(uri, str) else None,
        urn_of(recorded or {}) or urn_of(inputs),
    )
