"""The plan of a LibvirtNetwork: from desired, recorded and observed to steps. Pure.

nothing recorded    create it, complete an incomplete one of our own, or adopt one (create)
both                bring the observed network to the desired state (update)
nothing desired     remove it, restore its old configuration, or keep it (delete)
nothing observed    only the changes against the record (diff)

Each planner is imported when it is needed: most runs need one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from virtnet.network.diff import recorded_changes, recorded_inputs
from virtnet.network.observed import Observed, ObservedAbsent, ObservedNetwork
from virtnet.network.outputs import HIDDEN, noted
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.problem_kinds import TOLD_ALONE, problem_of
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree, network_tree_with_unknowns
from virtnet.planning.findings import Note, Refusal, problem_details
from virtnet.planning.merge import Unnamed, unnamed
from virtnet.planning.ownership.marks import owner_of, token_of, urn_of
from virtnet.planning.plan import Change, ChangeClass, Plan
from virtnet.planning.property_paths import at, is_within
from virtnet.planning.reports import other_host
from virtnet.spec.part import Values, as_group, as_list, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree
    from virtnet.network.xml.read import OwnerMark
    from virtnet.spec.failures import Detail, Details
    from virtnet.spec.paths import Steps


def plan_network(desired: Values | None, recorded: Values | None, observed: Observed | None) -> Plan:
    """Make the plan, by the module's table. At least one of desired and recorded is given."""
    if observed is None:
        changes = recorded_changes(network_tree_with_unknowns(desired or {}), recorded or {})
        return Plan(changes=changes, notes=tuple(_standing(desired or {}, recorded or {}, changes)))
    if recorded is None:
        return _create(network_tree(desired or {}), observed)
    if isinstance(observed, ObservedAbsent):
        return _gone(recorded, observed, deleting=desired is None)
    if desired is None:
        from virtnet.network.plan.delete import plan_delete

        return plan_delete(recorded, observed)
    return _update(network_tree(desired), recorded, observed)


def _standing(desired: Values, recorded: Values, changes: Iterable[Change] = ()) -> Iterator[Note]:
    """Notes about what no update would change: others set it, or must move it themselves.

    `changes` are those of the plan, which may undo what others set: a change of mode does.
    """
    changed = {change.path for change in changes}
    for problem in map(problem_of, as_list(recorded.get("problems") or ())):
        if problem.kind in TOLD_ALONE:
            yield Note(NoteKind.STANDING_PROBLEM, {"problem": problem_details(problem)})
    if not recorded.get("__noted"):
        return
    if not recorded.get("adopted_from"):
        found = unnamed(NetworkSpec, as_group(recorded.get("__unnamed") or {}), desired)
        places = [one for one in found if not changed.issuperset(change.path for change in one.changes)]
        if places:
            yield Note(NoteKind.UNNAMED, {"places": [_place(one) for one in places]})
    loose = as_group(recorded.get("__loose") or {})
    for kind, name in ((NoteKind.MISPLACED, "misplaced"), (NoteKind.CANNOT_PLUG_IN, "stuck")):
        yield from (Note(kind, cast("Details", one)) for one in as_list(loose.get(name, ())))


def _not_seen(observed: ObservedNetwork) -> Iterator[Note]:
    """Recorded problems that an update would fix, but that virtnet can't read from here."""
    for problem in observed.unseen:
        details: Details = {"problem": problem_details(problem), "only_libvirt": observed.only_libvirt}
        yield Note(NoteKind.RULES_NOT_SEEN, details)


def less_ignored(note: Note, desired: Values, ignored: "Sequence[Steps]") -> Note | None:
    """A note about settings that nobody set, without places of ignoreChanges; None if nothing remains."""
    if note.kind is not NoteKind.UNNAMED:
        return note
    places = []
    for place in map(as_group, as_list(note.details["places"])):
        changes = [
            change
            for change in map(as_group, as_list(place["changes"]))
            if not is_within(NetworkSpec, str(change["path"]), desired, ignored)
        ]
        if changes:
            places.append({**place, "changes": changes})
    return note._replace(details={"places": cast("Detail", places)}) if places else None


def notes_on_host(observed: ObservedNetwork) -> tuple[Note, ...]:
    """The same notes without a state: the network's mark says what the program sets."""
    report = observed.report
    mark, config = report.definition.mark, report.definition.tree
    named: Values = config
    if mark is not None and mark.named and not mark.adopted and not mark.creating:
        paths = set(mark.named)
        named = {**at(NetworkSpec, report.running.tree, paths), **at(NetworkSpec, config, paths)}
    return tuple(_standing(named, noted(network_tree(named), observed, adopted=named is config)))


def _place(one: Unnamed) -> "Details":
    changes = [{"path": change.path, "kind": change.kind, "detail": change.detail} for change in one.changes]
    return {"path": one.path, "changes": changes, "undo": json.dumps(one.undo)}


def _create(desired: "NetworkTree", observed: Observed) -> Plan:
    if isinstance(observed, ObservedAbsent):
        from virtnet.network.plan.new import plan_new

        return plan_new(desired, observed)
    from virtnet.network.plan.existing import plan_create

    return plan_create(desired, observed)


def _gone(recorded: Values, observed: ObservedAbsent, *, deleting: bool) -> Plan:
    if refusal := _wrong_host(recorded, observed):
        return Plan(refusals=(refusal,))
    if deleting:
        return Plan(notes=(Note(NoteKind.GONE_ALREADY),))
    return Plan(refusals=(Refusal(RefusalKind.GONE, {"uuid": str(recorded.get("uuid"))}),))


def _update(desired: "NetworkTree", recorded: Values, observed: ObservedNetwork) -> Plan:
    uuid, mark = observed.report.uuid, observed.report.definition.mark
    if mark is not None and not mark.is_of_record(recorded) and not mark.is_of_resource(desired):
        return Plan(refusals=(Refusal(RefusalKind.TAKEN_OVER, {"uuid": uuid, "owner": mark.owner_shown}),))
    reviewed_class = max(
        # The uri reaches the same host: diff has checked that, and would have asked for a replacement otherwise.
        (change.change_class for change in recorded_changes(desired, recorded) if change.path != "uri"),
        default=ChangeClass.RECORDED,
    )
    return _updated(desired, recorded, observed, reviewed_class)


def _updated(desired: "NetworkTree", recorded: Values, observed: ObservedNetwork, reviewed_class: ChangeClass) -> Plan:
    from virtnet.network.plan.converge import converge
    from virtnet.network.steps.definition import MarkNetwork
    from virtnet.network.xml import edits

    report, before = observed.report, recorded_inputs(recorded)
    mark = report.definition.mark
    token = token_of(recorded) or observed.fresh_token
    unrecorded = frozenset[str]() if mark is None else mark.unrecorded(recorded)
    identified = _mark(desired, recorded, mark, token)
    edited = identified
    if identified is not None and (mark is None or edits.names_more(desired, before)):
        named = edits.named_by(desired, before, unrecorded)
        edited = replace(identified, edit=observed.fresh_token, named=named)
    aim = edits.with_found_again(desired, before, recorded.get("adopted_from"))
    converged = converge(
        edits.as_it_runs(aim, unrecorded, report.live),
        edits.also_named(before, unrecorded, report.config, report.live),
        observed,
        reviewed_class,
        mark=edited,
    )
    if not converged.edits:
        # Without an edit, no change of the host was reviewed. So a network without a mark gets none, except an import.
        edited = None if mark is None and not recorded.get("__imported") else identified
    plan = converged.plan()
    hidden = noted(before, observed, adopted=bool(recorded.get("adopted_from")), left=unrecorded)
    now = {**without(recorded, HIDDEN), **hidden, "problems": [problem_details(one) for one in observed.problems]}
    plan = plan._replace(notes=(*plan.notes, *_standing(desired, now, plan.changes), *_not_seen(observed)))
    details = dict(plan.details)
    live = None if converged.copies.live is None else converged.copies.live[0]
    if edited is not None and edits.left_on(desired, unrecorded, converged.copies.config, live) is None:
        details["__edit"] = edited.edit
    if edited == mark or (not report.persistent and not converged.edits):
        return plan._replace(details=details)
    steps = plan.steps
    if not converged.defines:
        marking = MarkNetwork(uuid=report.uuid, mark=edited, previous=mark)
        # The mark says what the program sets before the network has it.
        steps = (*steps, marking) if edited == identified else (marking, *steps)
    return plan._replace(steps=steps, details={**details, "__token": token})


def _mark(desired: "NetworkTree", recorded: Values, mark: "OwnerMark | None", token: str) -> "OwnerMark | None":
    """The mark with the resource's current name (after an alias or a state move); a new one if there is none."""
    from virtnet.network.plan.adoption import adoption_mark, as_found_of
    from virtnet.network.plan.new import own_mark

    if not owner_of(desired):
        return mark
    if mark is not None:
        # A create that failed half-way was recorded as incomplete. Now it is complete.
        return replace(mark, owner=owner_of(desired), urn=urn_of(desired), token=token, creating=False)
    if recorded.get("adopted_from"):
        return adoption_mark(desired, token, as_found_of(recorded["adopted_from"]))
    return own_mark(desired, token)


def _wrong_host(recorded: Values, observed: ObservedAbsent) -> Refusal | None:
    """The refusal if a missing network may be on another host than this one; None if this is the recorded host.

    A host without a UUID in its firmware gets a new one at every start of the daemon. So an existing network is proof
    enough, and UUIDs are compared only if it is missing.
    """
    if not other_host(recorded.get("host_uuid"), observed.host_uuid):
        return None
    hosts = {"host": observed.host_uuid, "recorded": str(recorded.get("host_uuid"))}
    return Refusal(RefusalKind.OTHER_HOST, {**hosts, "urn": urn_of(recorded)})
