"""plan(desired, recorded, observed) of a HostForwarding: which parameters and which file change, and why not. Pure.

A create or update is decided in this order: the goal by the inputs, what is remembered of the host as it was found, the
parameters, the files, and what a reviewer should know. How parameters are written and restored is in parameters, whose
a file is in files, and what others do in notes.
"""

import json
from collections.abc import Iterator, Sequence

from virtnet.forwarding.boot_files.drop_in import path_of, runtime_record_of
from virtnet.forwarding.kinds import NoteKind, ProblemKind, RefusalKind
from virtnet.forwarding.observed import ForwardingReport, drop_in_of, previous_of, project, setting
from virtnet.forwarding.plan.files import has_own_file, other_owners, plan_files, recorded_path, removed
from virtnet.forwarding.plan.goal import Goal, goal_of, lost_routes, preserve_advertisements
from virtnet.forwarding.plan.notes import (
    overridden_as_recorded,
    overridden_at_boot,
    overridden_at_runtime,
    what_docker_does,
)
from virtnet.forwarding.plan.parameters import SimulatedWrites, plan_parameters, restore
from virtnet.forwarding.plan.previous import released, remember, remembered
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.forwarding.sysctl import WHOLE_HOST, interface_of, is_ipv6, is_on
from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.planning.merge import differences
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
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
    if recorded:
        reviewed = tuple(change for change in _changes(desired, recorded) if change.path != "uri")
        if all(change.change_class is ChangeClass.RECORDED for change in reviewed):
            # Nobody was shown that anything happens on the host, so nothing does; drift waits for a refresh.
            return Plan(changes=reviewed, notes=tuple(_drift_not_reviewed(recorded, observed)))
    return _converge(desired, recorded, observed)


def _changes(desired: Values, current: Values) -> tuple[Change, ...]:
    """What differs between inputs and what is recorded, or what is there."""
    changes = differences(HostForwardingSpec, desired, current)
    if current and desired.get("__owner", "") != current.get("__owner", ""):
        changes += (_mending("drop_in", ProblemKind.OWNER_CHANGED),)
    return changes


def _mending(path: str, problem: ProblemKind) -> Change:
    return Change(path=path, kind="change", change_class=ChangeClass.LIVE, problems=(Problem(problem),))


def _drift_not_reviewed(recorded: Values, observed: ForwardingReport) -> Iterator[Note]:
    for change in differences(HostForwardingSpec, recorded, project(recorded, recorded, observed)):
        yield Note(NoteKind.DRIFT_NOT_REVIEWED, {"property": change.path})


def _converge(desired: Values, recorded: Values, observed: ForwardingReport) -> Plan:
    """One create or update."""
    named = goal_of(desired)
    before = remembered(named, recorded, observed)
    goal = preserve_advertisements(named, before, observed)
    gone = released(goal, recorded, before)
    previous = remember(goal, before, gone, observed)
    parameters = plan_parameters(goal, previous, gone, observed)
    files = plan_files(goal, parameters.previous, recorded, observed)
    # The file first: it keeps the values found, should the rest be cut short.
    steps: tuple[Step, ...] = (*files.steps, *parameters.steps)
    refusals = (*_impossible(named, observed), *other_owners(named, recorded, observed), *files.refusals)
    boot = overridden_at_boot(goal, files.files, observed) if not refusals else ()
    current = project(recorded, recorded, observed) if recorded else {}
    return Plan(
        steps=steps,
        changes=_classed(_changes(desired, current), recorded, observed, writes_files=bool(files.steps)),
        refusals=(*refusals, *_without_right(steps, observed)),
        notes=(
            *_missing_interfaces(named, observed),
            *lost_routes(named, observed),
            *parameters.notes,
            *files.notes,
            *boot,
            *overridden_at_runtime(goal, observed),
            *(what_docker_does(goal, observed) if steps else ()),
        ),
        details={"previous": json.dumps(dict(parameters.previous), sort_keys=True)},
        found_own=not recorded and has_own_file(named, observed),
    )


def _impossible(goal: Goal, observed: ForwardingReport) -> Iterator[Refusal]:
    """What the program names and this host cannot have."""
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
        return (_mending("persist", ProblemKind.DROP_IN_ALTERED),)
    if recorded.get("host_uuid") != observed.host_uuid:
        return changes
    return tuple(
        change._replace(change_class=ChangeClass.RECORDED) if change.path == "uri" else change for change in changes
    )


def _delete(recorded: Values, observed: ForwardingReport) -> Plan:
    owner = str(recorded.get("__owner", ""))
    record = runtime_record_of(owner)
    if setting(recorded, "on_delete", default="restore") == "keep":
        gone = removed([record], observed.runtime_records, owner, observed.host)
        return Plan(steps=gone.steps, notes=(Note(NoteKind.KEPT_ON_DELETE),))
    restored = restore(SimulatedWrites(observed.values), previous_of(recorded), observed, owner=owner, targets={})
    paths = {path_of(drop_in_of(recorded)), *recorded_path(recorded), record}
    files = removed(paths, {**observed.files, **observed.runtime_records}, owner, observed.host)
    steps: tuple[Step, ...] = (*restored.writes.steps, *files.steps)
    return Plan(steps=steps, refusals=_without_right(steps, observed), notes=(*restored.notes, *files.notes))


def _without_right(steps: Sequence[Step], observed: ForwardingReport) -> tuple[Refusal, ...]:
    """Said before the first effect, and so in a preview: this user may not do any of it."""
    if not steps or observed.may_change:
        return ()
    return (Refusal(RefusalKind.NO_RIGHT, {"host": observed.host}),)
