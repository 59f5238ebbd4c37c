"""The plan of a create that finds an existing network: complete it, manage it again, or adopt it. Pure.

Each writes a new token into the mark, so that no other record's delete or update changes the network after that.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from virtnet.network.checks.whole import taken_as_found
from virtnet.network.observed import ObservedNetwork, ReportedNetwork
from virtnet.network.plan.adoption import adoption_mark, as_found, is_as, owned_by_other
from virtnet.network.plan.converge import converge
from virtnet.network.plan.kinds import NoteKind, RefusalKind, failure_details
from virtnet.network.plan.leftovers import before_start
from virtnet.network.plan.new import (
    finishing,
    new_tree,
    outline,
    own_mark,
    plugged_in,
    set_autostart,
    start_findings,
    start_steps,
)
from virtnet.network.plan.targets import at_next_start
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps.definition import DefineNetwork, MarkNetwork
from virtnet.network.steps.kinds import StepKind
from virtnet.network.steps.probe import probe
from virtnet.network.steps.running import stop_step
from virtnet.network.tree import own_bridge
from virtnet.network.xml import edits
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.merge import differences
from virtnet.planning.ownership.marks import owner_of
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
from virtnet.planning.reports import attachment_details

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def plan_create(desired: "NetworkTree", observed: ObservedNetwork) -> Plan:
    """Complete or manage again a network of this resource, adopt one if the program says so, or refuse."""
    report, owner = observed.report, owner_of(desired)
    mark = report.definition.mark
    if mark is not None and owner and mark.owner == owner and not mark.adopted and report.persistent:
        plan = _finish(desired, observed) if mark.creating else _take_up(desired, observed, mark)
        return plan._replace(takes=(mark.token,), found_own=mark.is_of_resource(desired))
    if not desired.get("adopt"):
        if mark is not None and mark.owner and mark.owner != owner:
            return _owned_by_other(desired, report, mark)
        return Plan(refusals=(Refusal(RefusalKind.EXISTS, {"uuid": report.uuid}),))
    if "uuid" in desired and desired["uuid"] != report.uuid:
        differing = {"uuid": report.uuid, "desired": desired["uuid"]}
        return Plan(refusals=(Refusal(RefusalKind.ADOPTED_UUID_DIFFERS, differing),))
    return _adopt(desired, observed)


def _owned_by_other(desired: "NetworkTree", report: ReportedNetwork, mark: OwnerMark) -> Plan:
    record: dict[str, object] = {"uuid": report.uuid, "__token": mark.token}
    if mark.adopted:
        record["adopted_from"] = as_found(report).as_details()
    return Plan(
        refusals=(owned_by_other(mark, desired, report.uuid),),
        held_by_other=record if mark.may_be_old_name_of(desired) else {},
    )


def _take_up(desired: "NetworkTree", observed: ObservedNetwork, mark: OwnerMark) -> Plan:
    """A complete network whose mark names this resource, and which the state doesn't have.

    An interrupted run created it before Pulumi recorded it, or it is still recorded under another parent, because a
    program moved it into a component without an alias. It was never anyone else's, so a delete removes it and restores
    nothing. The mark is written first: after any later failure, no other record's delete changes the network.
    """
    report = observed.report
    # What the program no longer sets is removed, as after any edit.
    left = edits.not_named(mark.named, desired)
    own = replace(own_mark(desired, observed.fresh_token), named=edits.named_by(desired, {}, left))
    named_before = edits.also_named({}, left, report.config, report.live)
    plan = converge(desired, named_before, observed, ChangeClass.REPLACE, mark=own).plan()
    if mark.is_of_resource(desired):
        note = Note(NoteKind.RESUMED, {"uuid": report.uuid})
    else:
        note = Note(NoteKind.TAKEN_UP, {"uuid": report.uuid, "urn": mark.urn})
    return plan._replace(
        steps=(MarkNetwork(uuid=report.uuid, mark=own, previous=mark), *plan.steps),
        notes=(note, *plan.notes),
        details={**plan.details, "__token": observed.fresh_token},
        edits_existing=True,
    )


def _adopt(desired: "NetworkTree", observed: ObservedNetwork) -> Plan:
    """An adoption first writes the mark, which contains what was found.

    If it were written last, a killed adoption would leave a half-changed network, and the next adoption would take that
    for the original. A transient network has no definition to mark; the step that defines it includes the mark.
    """
    report, token = observed.report, observed.fresh_token
    found, previous = as_found(report), report.definition.mark
    # What a killed adoption had set and this one doesn't is restored.
    own_before = previous is not None and previous.adopted and previous.is_of_resource(desired)
    left = edits.not_named(previous.named, desired) if previous is not None and own_before else frozenset[str]()
    mark = adoption_mark(desired, token, found, left)
    aim = edits.with_found(desired, left, definition(found.xml)) if left else desired
    named_before = edits.also_named({}, left, report.config, report.live)
    converged = converge(aim, named_before, observed, ChangeClass.REPLACE, mark=mark)
    marks_first = mark is not None and report.persistent
    marked = (MarkNetwork(uuid=report.uuid, mark=mark, previous=previous),) if marks_first else ()
    notes = [Note(NoteKind.ADOPTED, {"uuid": report.uuid, "on_delete": desired.get("on_delete")})]
    gives_back = desired.get("on_delete") in (None, "restore")
    if previous is not None and previous.found and gives_back and not is_as(found, report):
        notes.append(Note(NoteKind.FOUND_BY_MARK, {"owner": previous.owner_shown}))
    if previous is not None and previous.owner and not previous.is_of_resource(desired):
        notes.append(Note(NoteKind.TAKEN_OVER, {"owner": previous.owner, "alias": previous.alias_for(desired)}))
    as_it_is = taken_as_found(converged.copies.config, report.definition.tree)
    notes += [Note(NoteKind.TAKEN_AS_FOUND, failure_details(failure)) for failure in as_it_is]
    return converged.plan()._replace(
        steps=(*marked, *converged.steps),
        notes=(*notes, *converged.notes),
        details={"uuid": report.uuid, "adopted_from": found.as_details(), "__token": token},
        edits_existing=True,
        takes=() if previous is None else (previous.token,),
        found_own=bool(owner_of(desired)) and previous is not None and previous.is_of_resource(desired),
    )


def _finish(desired: "NetworkTree", observed: ObservedNetwork) -> Plan:
    """Complete a killed create with the current inputs, under the UUID that the network has."""
    report = observed.report
    target = new_tree(desired, report.uuid)
    steps: list[Step] = []
    if "uuid" in desired and desired["uuid"] != report.uuid:
        differing = {"uuid": report.uuid, "desired": desired["uuid"]}
        return Plan(refusals=(Refusal(RefusalKind.HALF_MADE_UUID_DIFFERS, differing),))
    wanted_active = bool(desired.get("active", True))
    running_alike = report.live is not None and not differences(
        NetworkSpec, at_next_start(target), at_next_start(report.live.tree)
    )
    stops = report.active and not (running_alike and wanted_active)
    if stops and observed.attachments:
        users = {"attachments": attachment_details(observed.users)}
        return Plan(refusals=(Refusal(RefusalKind.HALF_MADE_WOULD_BE_STOPPED, users),))
    findings = start_findings(desired, target, observed)
    if stops and report.live is not None:
        steps += probe(target)
        steps.append(stop_step(report, report.live, bridge=own_bridge(target)))
    steps += before_start(target, observed)
    creating = network_edit.render(target, own_mark(desired, observed.fresh_token, creating=True))
    steps.append(
        DefineNetwork(
            uuid=report.uuid,
            xml=creating,
            previous_xml=None if report.config is None else report.config.xml,
            previous_autostart=report.autostart,
            purpose=StepKind.FINISH_DEFINITION,
            outline=outline(target),
        )
    )
    if wanted_active and (stops or not report.active):
        steps += start_steps(report.uuid, target, observed, probed=stops and report.live is not None)
    if not desired.get("autostart", True) and report.autostart:
        steps.append(set_autostart(report.uuid, report.name, observed, autostart=False))
    steps += finishing(desired, target, report.uuid, creating, observed)
    plugged = plugged_in(desired, target, report.uuid, observed)
    steps += plugged.steps
    return Plan(
        steps=tuple(steps),
        changes=(Change(path="name", kind="add", change_class=ChangeClass.LIVE, detail=target["name"]),),
        refusals=findings.refusals,
        notes=(*findings.notes, *plugged.notes, Note(NoteKind.FINISHED)),
        details={"uuid": report.uuid, "__token": observed.fresh_token},
    )
