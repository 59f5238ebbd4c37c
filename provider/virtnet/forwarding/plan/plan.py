"""plan(desired, recorded, observed) of a HostForwarding: which parameters and which file change, and why not. Pure.

A create or update is decided in this order: the goal by the inputs, what is remembered of the host as it was found, the
parameters, the files, and what a reviewer should know. How parameters are written and restored is in parameters, whose
a file is in files, and what others do in notes.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from virtnet.forwarding.boot_files.drop_in import DropIn, path_of
from virtnet.forwarding.kinds import NoteKind, ProblemKind, RefusalKind
from virtnet.forwarding.observed import ForwardingReport, drop_in_of, named_as, project, setting, wanted
from virtnet.forwarding.plan.files import marked_anew, own_records, plan_files, removed
from virtnet.forwarding.plan.goal import Goal, goal_of, lost_routes, preserve_advertisements
from virtnet.forwarding.plan.notes import (
    overridden_as_recorded,
    overridden_at_boot,
    overridden_at_runtime,
    own_file_says_otherwise,
    what_docker_does,
)
from virtnet.forwarding.plan.owners import Held, held_by_create, held_by_record, met_by, recorded_path, taken_from
from virtnet.forwarding.plan.parameters import SimulatedWrites, plan_parameters, restore
from virtnet.forwarding.plan.previous import released, remember, remembered
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.forwarding.sysctl import WHOLE_HOST, interface_of, is_ipv6, is_on
from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.planning.merge import differences
from virtnet.planning.ownership.marks import mark_for, renamed, token_of
from virtnet.planning.plan import Change, ChangeClass, Plan, Step, Transition
from virtnet.planning.reports import other_host
from virtnet.spec.failures import Details
from virtnet.spec.part import Values


def plan(
    desired: Values | None,
    recorded: Values | None,
    observed: ForwardingReport | None,
) -> Plan:
    """What to do, and what differs. None as observed means: just as recorded, so nothing but changes matters."""
    if desired is None:
        return Plan() if recorded is None or observed is None else _delete(recorded, observed)
    recorded = recorded or {}
    if observed is None:
        return Plan(changes=_changes(desired, recorded), notes=tuple(overridden_as_recorded(desired, recorded)))
    if not recorded:
        mark = goal_of(desired, observed.fresh_token)
        return _converge(desired, recorded, observed, held_by_create(mark, desired, observed))
    held = held_by_record(recorded, observed, desired)
    if taken := taken_from(recorded, held, observed):
        return Plan(refusals=(Refusal(RefusalKind.TAKEN_OVER, _by_whom(taken)),))
    reviewed = tuple(change for change in _changes(desired, recorded) if change.path != "uri")
    if all(change.change_class is ChangeClass.RECORDED for change in reviewed):
        return _record(desired, recorded, observed, held, reviewed)
    return _converge(desired, recorded, observed, held)


def _by_whom(taken: tuple[str, DropIn]) -> Details:
    path, there = taken
    return {"path": path, "owner": there.mark.owner_shown}


def _changes(desired: Values, current: Values) -> tuple[Change, ...]:
    """What differs between inputs and what is recorded, or what is there."""
    changes = differences(HostForwardingSpec, desired, current)
    if names := renamed(current, desired):
        problem = Problem(ProblemKind.OWNER_CHANGED, names)
        changes += (Change(path="owner", kind="change", change_class=ChangeClass.RECORDED, problems=(problem,)),)
    if any(own_file_says_otherwise(desired, current)):
        altered = Problem(ProblemKind.DROP_IN_ALTERED)
        changes += (Change(path="at_boot", kind="change", change_class=ChangeClass.LIVE, problems=(altered,)),)
    return changes


def _record(
    desired: Values, recorded: Values, observed: ForwardingReport, held: Held, changes: tuple[Change, ...]
) -> Plan:
    """An update of what is recorded, and of the name in the mark.

    Nobody was shown that anything else happens on the host, so nothing does; drift waits for a refresh.
    """
    notes = tuple(_drift_not_reviewed(recorded, observed))
    if not renamed(recorded, desired):
        return Plan(changes=changes, notes=notes)
    token = token_of(recorded) or observed.fresh_token
    steps = marked_anew(mark_for(desired, token), observed, held)
    details = {"__token": token} if steps else {}
    return Plan(steps, changes, refusals=_without_right(steps, observed), notes=notes, details=details)


def _drift_not_reviewed(recorded: Values, observed: ForwardingReport) -> Iterator[Note]:
    for change in differences(HostForwardingSpec, recorded, project(recorded, recorded, observed)):
        yield Note(NoteKind.DRIFT_NOT_REVIEWED, {"property": change.path})


def _converge(desired: Values, recorded: Values, observed: ForwardingReport, held: Held) -> Plan:
    """One create or update, going on with the files that are `held`."""
    token = token_of(recorded) or observed.fresh_token
    named = goal_of(desired, token)
    before = remembered(held, recorded)
    goal = preserve_advertisements(named, before, observed)
    gone = released(goal, recorded, before, held)
    previous = remember(goal, before, gone, observed)
    parameters = plan_parameters(goal, previous, gone, observed, held.own)
    files = plan_files(goal, parameters.previous, recorded, observed, held)
    # The file first: it keeps the values found, should the rest be interrupted.
    steps: tuple[Step, ...] = (*files.steps, *parameters.steps)
    met = met_by(named, desired, held, observed)
    refusals = (*_impossible(named, observed), *(one.refusal for one in met), *files.refusals)
    boot = overridden_at_boot(goal, files.files, observed) if not refusals else ()
    current = project(recorded, recorded, observed) if recorded else {}
    return Plan(
        steps=steps,
        changes=_classed(_changes(desired, current), recorded, observed, writes_files=bool(files.steps)),
        refusals=(*refusals, *_without_right(steps, observed)),
        notes=(
            *held.notes,
            *_missing_interfaces(named, observed),
            *lost_routes(named, observed),
            *parameters.notes,
            *files.notes,
            *boot,
            *overridden_at_runtime(goal, observed),
            *(what_docker_does(goal, observed) if steps else ()),
        ),
        takes=() if recorded else held.tokens,
        details={"previous": json.dumps(dict(parameters.previous), sort_keys=True), "__token": token},
        found_own=held.is_of_resource,
        transition=_transition(
            _named_ever(goal.named, recorded, held), observed, {**goal.targets, **parameters.values}
        ),
        held_by_other=next((_record_of(one.file) for one in met if one.file.mark.may_be_old_name_of(desired)), {}),
    )


def _named_ever(named: Iterable[str], recorded: Values, held: Held) -> set[str]:
    """The parameters that the program names, or has named."""
    return {*named, *wanted(recorded), *held.keys}


def _transition(keys: Collection[str], observed: ForwardingReport, after: Mapping[str, str]) -> Transition:
    """What the kernel has of these parameters before and after; of an interface that is not there yet, what it gets."""
    return Transition(named_as(keys, observed.values), named_as(keys, after))


def _record_of(there: DropIn) -> Values:
    """The record of a file with a mark, as far as the file has it."""
    return {"previous": json.dumps(dict(there.previous), sort_keys=True), "__token": there.mark.token}


def _impossible(goal: Goal, observed: ForwardingReport) -> Iterator[Refusal]:
    """What the program names and this host can't have."""
    host = observed.host
    for key, value in goal.targets.items():
        now, interface = observed.values.get(key), interface_of(key)
        if now is None and not interface and is_on(value):
            yield Refusal(RefusalKind.NO_IPV6, {"host": host, "key": key})
        if now is None and interface and goal.persist is False:
            yield Refusal(RefusalKind.NO_INTERFACE, {"host": host, "interface": interface})
        if key in WHOLE_HOST and value == "0" and is_on(now) and observed.users[key]:
            needed_by = [user.as_details() for user in observed.users[key]]
            family = "ipv6" if is_ipv6(key) else "ipv4"
            yield Refusal(
                RefusalKind.STILL_NEEDED, {"key": key, "family": family, "host": host, "needed_by": needed_by}
            )


def _missing_interfaces(goal: Goal, observed: ForwardingReport) -> Iterator[Note]:
    """Interfaces that the drop-in waits for."""
    for key in goal.targets:
        interface = interface_of(key)
        if interface and key not in observed.values and goal.persist is not False:
            yield Note(NoteKind.INTERFACE_MISSING, {"interface": interface, "path": goal.path})


def _classed(
    changes: tuple[Change, ...], recorded: Values, observed: ForwardingReport, *, writes_files: bool
) -> tuple[Change, ...]:
    """Changes with what the host says: the same host makes a new uri a spelling."""
    if writes_files and not changes:
        altered = Problem(ProblemKind.DROP_IN_ALTERED)
        return (Change(path="persist", kind="change", change_class=ChangeClass.LIVE, problems=(altered,)),)
    if other_host(recorded.get("host_uuid"), observed.host_uuid):
        return changes
    return tuple(
        change._replace(change_class=ChangeClass.RECORDED) if change.path == "uri" else change for change in changes
    )


def _delete(recorded: Values, observed: ForwardingReport) -> Plan:
    held = held_by_record(recorded, observed)
    if taken := taken_from(recorded, held, observed):
        return Plan(notes=(Note(NoteKind.LEFT_TO_OWNER, _by_whom(taken)),))
    if setting(recorded, "on_delete", default="restore") == "keep":
        gone = removed(own_records(held), observed.runtime_records, held, observed.host)
        return Plan(steps=gone.steps, notes=(Note(NoteKind.KEPT_ON_DELETE),))
    restored = restore(SimulatedWrites(observed.values), remembered(held, recorded), observed, own=held.own, targets={})
    paths = {path_of(drop_in_of(recorded)), *recorded_path(recorded), *held.own}
    files = removed(paths, {**observed.files, **observed.runtime_records}, held, observed.host)
    steps: tuple[Step, ...] = (*restored.writes.steps, *files.steps)
    return Plan(
        steps=steps,
        refusals=_without_right(steps, observed),
        notes=(*restored.notes, *files.notes),
        transition=_transition(_named_ever((), recorded, held), observed, restored.writes.values),
    )


def _without_right(steps: Sequence[Step], observed: ForwardingReport) -> tuple[Refusal, ...]:
    """Said before the first effect, and so in a preview: this user may not do any of it."""
    if not steps or observed.may_change:
        return ()
    return (Refusal(RefusalKind.NO_RIGHT, {"host": observed.host}),)
