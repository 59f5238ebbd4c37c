"""The plan of a LibvirtNetwork: from desired, recorded and observed to steps. Pure.

nothing recorded    make it, finish a half-made one of our own, or adopt (create)
both                converge what is observed on what is desired (update)
nothing desired     take it down, give it back, or leave it (delete)
nothing observed    the changes alone, as recorded (diff)

Each line is imported when it is come to: most runs come to one of them.
"""

from collections.abc import Mapping
from dataclasses import replace

from virtnet.network.diff import recorded_changes, recorded_inputs
from virtnet.network.observed import ObservedNetwork
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.xml import read as network_xml
from virtnet.planning.findings import Refusal
from virtnet.planning.plan import ChangeClass, Plan
from virtnet.spec.part import Tree


def plan_network(
    desired: Mapping[str, Tree] | None, recorded: Mapping[str, Tree] | None, observed: ObservedNetwork | None
) -> Plan:
    """Decide everything; see the module's table. At least one of desired and recorded is given."""
    if observed is None:
        return Plan(changes=recorded_changes(desired or {}, recorded or {}))
    if recorded is None:
        return _create(desired or {}, observed)
    if observed.report is None and (refusal := _wrong_host(recorded, observed)):
        return Plan(refusals=(refusal,))
    if desired is None:
        from virtnet.network.plan.delete import plan_delete

        return plan_delete(recorded, observed)
    return _update(desired, recorded, observed)


def _create(desired: Mapping[str, Tree], observed: ObservedNetwork) -> Plan:
    if observed.report is None:
        from virtnet.network.plan.new import plan_new

        return plan_new(desired, observed)
    from virtnet.network.plan.existing import plan_create

    return plan_create(desired, observed, observed.report)


def _update(desired: Mapping[str, Tree], recorded: Mapping[str, Tree], observed: ObservedNetwork) -> Plan:
    from virtnet.network.plan.adoption import adoption_mark
    from virtnet.network.plan.converge import converge
    from virtnet.network.steps.definition import MarkNetwork

    report = observed.report
    if report is None:
        return Plan(refusals=(Refusal(RefusalKind.GONE, {"uuid": recorded.get("uuid")}),))
    reviewed_class = max(
        # Here the uri reaches the same host: diff has made sure, and would have replaced otherwise.
        (change.change_class for change in recorded_changes(desired, recorded) if change.path != "uri"),
        default=ChangeClass.RECORDED,
    )
    plan = converge(desired, recorded_inputs(recorded), observed, report, reviewed_class)
    if recorded.get("adopted_from") and network_xml.owner_mark(report.any_xml) is None:
        # Adopted as it was, so it was left unmarked; from now on it holds what a later delete takes back.
        mark = adoption_mark(plan.steps, report.uuid, desired.get("__owner", ""), recorded["adopted_from"])
        return replace(plan, steps=(*plan.steps, *mark))
    found = network_xml.owner_mark(report.any_xml)
    if found is not None and found.creating and found.owner == recorded.get("__owner"):
        # A create that failed half-way was recorded as it was left; what it lacked is there now.
        whole = MarkNetwork(uuid=report.uuid, mark=replace(found, creating=False), previous=found)
        return replace(plan, steps=(*plan.steps, whole))
    return plan


def _wrong_host(recorded: Mapping[str, Tree], observed: ObservedNetwork) -> Refusal | None:
    """That a network that is not there may be on another host than the one asked; None when that is the recorded one.

    A host without a UUID in its firmware gets a new one at every start of the daemon, so a network that is there is
    enough, and this is asked only when it is not.
    """
    if recorded.get("host_uuid") in (None, observed.host_uuid):
        return None
    return Refusal(RefusalKind.OTHER_HOST, {"host": observed.host_uuid, "recorded": recorded.get("host_uuid")})
