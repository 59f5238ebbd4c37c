"""plan(desired, recorded, observed) of a PortForward: what changes on the host, and why not. Pure.

A create or update is decided in this order: which guest is meant, whose what is there is, what the host has against it,
and the steps. Owners are in owners, what the host says in preflight, what a reviewer reads of who may reach what in
exposure.
"""

from collections.abc import Iterator, Sequence

from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.planning.merge import differences
from virtnet.planning.ownership.marks import mark_for, renamed, token_of
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
from virtnet.planning.reports import other_host
from virtnet.port_forward.forward import Forward
from virtnet.port_forward.kinds import Missing, NoteKind, ProblemKind, RefusalKind
from virtnet.port_forward.observed import PortForwardReport, apart, inputs_of, is_same_network, recorded_inputs
from virtnet.port_forward.plan import exposure, preflight
from virtnet.port_forward.plan.owners import (
    Held,
    held_by_create,
    held_by_record,
    met_by,
    old_record,
    shares_link,
    taken_from,
    without_record,
)
from virtnet.port_forward.plan.problems import FORETOLD, by_record, mended_by, problems, with_foretold
from virtnet.port_forward.restore.files import RUN_BY_SERVICE, RUNS, STOPPED, common_files, path_of
from virtnet.port_forward.restore.record import NamedReservation, Record, render
from virtnet.port_forward.rules.render import only_adds
from virtnet.port_forward.rules.table import RulesState, Table, state
from virtnet.port_forward.spec import PortForwardSpec
from virtnet.port_forward.steps import AwaitTarget, FileChange, LoadRules, PutRecord, PutRestore
from virtnet.port_forward.target import Target, Unresolved, forward_of, named_reservation, resolve
from virtnet.spec.failures import Details
from virtnet.spec.part import Values


def plan(desired: Values | None, recorded: Values | None, observed: PortForwardReport | None) -> Plan:
    """What to do, and what differs. None as observed means: just as recorded, so nothing but changes matters."""
    if desired is None:
        return Plan() if recorded is None or observed is None else _delete(recorded, observed)
    recorded = recorded or {}
    if observed is None:
        found = by_record(recorded)
        return Plan(changes=_changes(desired, recorded, found), notes=tuple(_standing(found)))
    before = recorded_inputs(recorded)
    found = with_foretold(problems(before, recorded, observed), recorded) if recorded else []
    changes = _classed(_changes(desired, recorded, found), recorded, observed)
    if recorded and (taken := _taken(recorded, observed, desired)) is not None:
        details = {"owner": taken.mark.owner_shown, "path": path_of(taken.forward.id)}
        return Plan(changes=changes, refusals=(Refusal(RefusalKind.TAKEN_OVER, details),))
    reviewed = _changes(desired, recorded, by_record(recorded))
    if recorded and all(
        change.change_class is ChangeClass.RECORDED for change in _classed(reviewed, recorded, observed)
    ):
        return _record(desired, recorded, observed, changes, found)
    return _converge(desired, recorded, observed, changes)


def _changes(desired: Values, recorded: Values, found: Sequence[Problem]) -> tuple[Change, ...]:
    """What differs between inputs and what is recorded, and what is wrong on the host."""
    if not recorded:
        return differences(PortForwardSpec, desired, {})
    changes = [_same_network(one, desired, recorded) for one in differences(PortForwardSpec, desired, recorded)]
    if names := renamed(recorded, desired):
        problem = Problem(ProblemKind.OWNER_CHANGED, names)
        changes.append(Change(path="owner", kind="change", change_class=ChangeClass.RECORDED, problems=(problem,)))
    for follows in (problem for problem in found if problem.kind in FORETOLD):
        changes.append(Change(path="target", kind="change", change_class=ChangeClass.LIVE, problems=(follows,)))
    if mended := tuple(one for one in found if mended_by(one) is not None and one.kind not in FORETOLD):
        highest = max(mended_by(problem) or ChangeClass.RECORDED for problem in mended)
        changes.append(Change(path="problems", kind="change", change_class=highest, problems=mended))
    return tuple(changes)


def _standing(found: Sequence[Problem]) -> Iterator[Note]:
    """Notes of what no update fixes, and of what isn't known yet."""
    for problem in found:
        if problem.kind is ProblemKind.TARGET_UNKNOWN:
            yield Note(NoteKind.TARGET_UNKNOWN, problem.details)
        elif mended_by(problem) is None:
            yield Note(NoteKind.PROBLEM_STAYS, {"kind": problem.kind.value, **problem.details})


def _same_network(change: Change, desired: Values, recorded: Values) -> Change:
    if change.path != "network" or not is_same_network(desired, recorded):
        return change
    return change._replace(change_class=ChangeClass.RECORDED)


def _classed(changes: tuple[Change, ...], recorded: Values, observed: PortForwardReport) -> tuple[Change, ...]:
    """Changes with what the host says: the same host makes a new uri a spelling."""
    if not recorded or other_host(recorded.get("host_uuid"), observed.host_uuid):
        return changes
    return tuple(
        change._replace(change_class=ChangeClass.RECORDED) if change.path == "uri" else change for change in changes
    )


def _taken(recorded: Values, observed: PortForwardReport, desired: Values | None = None) -> Record | None:
    held = held_by_record(recorded, observed, desired)
    target = resolve(recorded, observed.network)
    before = forward_of(recorded, target, held.id) if isinstance(target, Target) else None
    return taken_from(held, before, observed)


def _record(
    desired: Values,
    recorded: Values,
    observed: PortForwardReport,
    changes: tuple[Change, ...],
    found: Sequence[Problem],
) -> Plan:
    """An update of what is recorded, and of the name in the mark.

    Nobody was shown that anything else happens on the host, so nothing does; drift waits for a refresh.
    """
    notes = tuple(Note(NoteKind.DRIFT_NOT_REVIEWED, {"problem": one.kind.value}) for one in found if mended_by(one))
    held = held_by_record(recorded, observed, desired)
    if not renamed(recorded, desired) or held.own is None or held.own.edited:
        return Plan(changes=changes, notes=notes)
    marked = held.own._replace(mark=mark_for(desired, token_of(recorded)))
    steps = tuple(_put_record(marked, observed))
    return Plan(steps, changes, refusals=_without_right(steps, observed), notes=notes)


def _converge(desired: Values, recorded: Values, observed: PortForwardReport, changes: tuple[Change, ...]) -> Plan:
    """One create or update."""
    target = resolve(desired, observed.network)
    token = token_of(recorded) or observed.fresh_token
    if isinstance(target, Refusal):
        return Plan(changes=changes, refusals=(target,))
    if isinstance(target, Unresolved) and observed.renamed:
        names = {"network": observed.called, "after": observed.renamed}
        return Plan(changes=changes, refusals=(Refusal(RefusalKind.NETWORK_RENAMED, names),))
    if isinstance(target, Unresolved) and not (observed.in_doubt or (observed.comes and observed.network is None)):
        return Plan(changes=changes, refusals=(_missing(target, observed),))
    if isinstance(target, Unresolved):
        notes = (*exposure.announced(desired), _not_yet(target))
        return Plan((AwaitTarget(target),), changes, notes=notes)
    held = (
        held_by_record(recorded, observed, desired)
        if recorded
        else held_by_create(desired, forward_of(desired, target, ""), observed)
    )
    forward = forward_of(desired, target, held.id)
    before = None if held.own is None else held.own.forward
    done = _done_by_rules(before, forward if recorded else None, observed)
    opened = exposure.opened(done, forward)
    told = before if done is None and before is not None and before.id in observed.table.ids else done
    # Where the network is not there, nothing is made by what it will be.
    awaited = (Unresolved(Missing.NETWORK, target.network.name),) if observed.comes else ()
    steps: tuple[Step, ...] = (
        *map(AwaitTarget, awaited),
        *_install(observed),
        *_put_record(Record(mark_for(desired, token), forward, reservation=_named_by(desired)), observed),
        *_let_go(held.taken, observed),
        *_load(before, forward, observed, listed=None if held.taken else observed.table),
        *_enable(observed),
    )
    refusals = (
        *preflight.refusals(forward, opened, desired, observed),
        *met_by(forward, desired, held, observed),
        *without_record(forward, held, observed),
    )
    edited = held.own is not None and held.own.edited
    return Plan(
        steps=steps,
        changes=changes,
        refusals=(*_not_ours(held, observed), *refusals, *_without_right(steps, observed)),
        notes=(
            *held.notes,
            *((Note(NoteKind.RECORD_EDITED, {"path": path_of(held.id)}),) if edited else ()),
            *exposure.exposure(told, forward, target, observed, again=done is None),
            *preflight.notes(target, observed, is_new=before is None),
            *map(_not_yet, awaited),
            *_in_doubt(desired, observed),
        ),
        settles=all(map(_tells_all, steps)) and not observed.in_doubt and not preflight.stays_wrong(forward, observed),
        takes=() if recorded else held.tokens,
        details={
            "__token": token,
            "__forward": held.id,
            "__network": target.network.name,
            "network_uuid": target.network.uuid,
            "target": target.address,
            "addresses": [],  # to be read again
            **apart(recorded, target.address),
        },
        found_own=held.is_of_resource,
        found_inputs=inputs_of(held.own) if held.is_of_resource and held.own is not None else {},
        held_by_other={} if recorded else old_record(forward, desired, held, observed),
    )


def _tells_all(step: Step) -> bool:
    """Whether nothing has to be read after a step succeeded. What the script and systemd start does have to be."""
    return isinstance(step, LoadRules) or (isinstance(step, PutRecord) and not step.links)


def _in_doubt(desired: Values, observed: PortForwardReport) -> Iterator[Note]:
    if observed.in_doubt:
        yield Note(NoteKind.TARGET_UNKNOWN, {"network": str(desired["network"]), "name": named_reservation(desired)})


def _not_yet(awaited: Unresolved) -> Note:
    missing = {"missing": awaited.what.value, "network": awaited.network, "name": awaited.name}
    return Note(NoteKind.TARGET_NOT_YET, missing)


def _missing(target: Unresolved, observed: PortForwardReport) -> Refusal:
    """That a network, or a reservation, is not there, and what was meant."""
    from virtnet.spec.suggestions import nearest

    if target.what is Missing.NETWORK:
        near = nearest(target.network, observed.names) or ""
        details: Details = {"network": target.network, "names": list(observed.names), "nearest": near}
        return Refusal(RefusalKind.NETWORK_MISSING, details)
    near = nearest(target.name, target.others) or ""
    return Refusal(RefusalKind.RESERVATION_MISSING, {"network": target.network, "name": target.name, "nearest": near})


def _done_by_rules(before: Forward | None, after: Forward | None, observed: PortForwardReport) -> Forward | None:
    """What is open now: of what a record says, or should, only what the rules do.

    What is opened again is looked at as what is new.
    """
    if not observed.table.common_intact:
        return None
    known = (one for one in (before, after) if one is not None)
    return next((one for one in known if state(one, observed.table) is RulesState.INTACT), None)


def _install(observed: PortForwardReport) -> Iterator[Step]:
    changes = [FileChange(path, text, observed.restore.get(path)) for path, text in common_files().items()]
    if needed := tuple(change for change in changes if change.content != change.found):
        yield PutRestore(needed, found=observed.service)


def _enable(observed: PortForwardReport) -> Iterator[Step]:
    """Once its files and the rules are there."""
    if observed.service is not None and (observed.service != RUNS or _runs_what_was(observed)):
        yield PutRestore((), RUNS, observed.service)


def _start_anew(observed: PortForwardReport) -> Iterator[Step]:
    """The service as it was found, if it runs."""
    if observed.service is not None and observed.service.active and _runs_what_was(observed):
        yield PutRestore((), observed.service, observed.service)


def _runs_what_was(observed: PortForwardReport) -> bool:
    """Whether the service, where it runs, runs other files than those that are installed now."""
    texts = common_files()
    return any(observed.restore.get(path) != texts[path] for path in RUN_BY_SERVICE)


def _named_by(desired: Values) -> NamedReservation | None:
    name, mac = desired.get("target_name"), desired.get("target_mac")
    if name is not None:
        return NamedReservation("name", str(name))
    return None if mac is None else NamedReservation("mac", str(mac))


def _put_record(record: Record, observed: PortForwardReport) -> Iterator[Step]:
    path, content = path_of(record.forward.id), render(record)
    found = observed.files.get(path)
    there = observed.records.get(record.forward.id)
    same = there is not None and not there.edited and there.forward.network == record.forward.network
    needs_links = bool(observed.links) or not (
        same or (there is None and shares_link(record.forward, observed.records))
    )
    if found != content or observed.links:
        yield PutRecord(FileChange(path, content, found), needs_links)


def _load(before: Forward | None, after: Forward, observed: PortForwardReport, listed: Table | None) -> Iterator[Step]:
    intact = observed.table.common_intact and state(after, observed.table) is RulesState.INTACT
    if before != after or not intact:
        yield LoadRules(after.id, before, after, listed if listed is not None and only_adds(after, listed) else None)


def _let_go(taken: Sequence[Record], observed: PortForwardReport) -> Iterator[Step]:
    for record in taken:
        yield LoadRules(record.forward.id, record.forward, None)
        path = path_of(record.forward.id)
        yield PutRecord(FileChange(path, None, observed.files[path]))


def _not_ours(held: Held, observed: PortForwardReport) -> Iterator[Refusal]:
    path = path_of(held.id)
    if path in observed.files and held.id not in observed.records:
        yield Refusal(RefusalKind.RECORD_NOT_OURS, {"path": path, "host": observed.host})


def _delete(recorded: Values, observed: PortForwardReport) -> Plan:
    if (taken := _taken(recorded, observed)) is not None:
        details = {"owner": taken.mark.owner_shown, "path": path_of(taken.forward.id)}
        return Plan(notes=(Note(NoteKind.LEFT_TO_OWNER, details),))
    held = held_by_record(recorded, observed)
    before = held.own.forward if held.own is not None else _as_recorded(recorded, held.id, observed)
    steps: list[Step] = []
    if held.id in observed.table.ids or (observed.table.present and not observed.table.ids):
        # With the last forward the table goes, and with it anything that others have added to it.
        others = bool(observed.table.ids - {held.id})
        steps.append(LoadRules(held.id, before, None, observed.table if others else None))
    path, there = path_of(held.id), observed.restore
    installs: tuple[Step, ...] = ()
    # Without a file, links may still be left of it.
    if held.own is not None or observed.links:
        # What makes and removes links is virtnet's own script, and nothing that others put in its place.
        if installs := tuple(_install(observed)):
            steps.extend(installs)
            there = common_files()
        stays = held.own is not None and not observed.links and shares_link(held.own.forward, observed.records)
        steps.append(PutRecord(FileChange(path, None, observed.files.get(path)), links=not stays))
    if not set(observed.ids) - {held.id}:
        left = [FileChange(path, None, text) for path, text in there.items() if text is not None]
        runs = observed.service not in (None, STOPPED)
        if left or runs:
            steps.append(PutRestore(tuple(left), STOPPED if runs else None, observed.service))
    elif installs:
        steps.extend(_start_anew(observed))
    # Without it no rule is seen, and those that are in the kernel would stay when their record goes.
    no_nft = (Refusal(RefusalKind.NO_NFT, {"host": observed.host}),) if steps and not observed.has_nft else ()
    return Plan(
        steps=tuple(steps),
        refusals=(*no_nft, *_without_right(steps, observed)),
        notes=tuple(exposure.closed(before)) if before is not None else (),
    )


def _as_recorded(recorded: Values, identity: str, observed: PortForwardReport) -> Forward | None:
    """The forward to remove if its file is gone already, as the state has it."""
    target = resolve(recorded, observed.network)
    return forward_of(recorded, target, identity) if isinstance(target, Target) and identity else None


def _without_right(steps: Sequence[Step], observed: PortForwardReport) -> tuple[Refusal, ...]:
    """Said before the first effect, and so in a preview: this user may not do any of it."""
    if not steps or observed.may_change:
        return ()
    return (Refusal(RefusalKind.NO_RIGHT, {"host": observed.host}),)
