"""The plan of a delete: remove the network, restore its old configuration, or keep it. Pure."""

from typing import TYPE_CHECKING

from virtnet.network.diff import recorded_inputs
from virtnet.network.observed import ObservedNetwork, ReportedNetwork
from virtnet.network.plan import leftovers
from virtnet.network.plan.adoption import AsFound, as_found_of
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.plan.restart import cut_off_notes, unseen
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps.definition import DefineNetwork, MarkNetwork, UndefineNetwork
from virtnet.network.steps.holding import RemoveHoldingNetwork
from virtnet.network.steps.kinds import DnsmasqRestart, StepKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge
from virtnet.network.steps.running import stop_step
from virtnet.network.tree import OWN_BRIDGE_MODES, network_tree
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.edits import also_named
from virtnet.network.xml.read import NOT_XML
from virtnet.planning.findings import Note, Refusal, problem_details
from virtnet.planning.merge import differences, merge, project
from virtnet.planning.ownership.marks import urn_of
from virtnet.planning.plan import ChangeClass, Plan, Step
from virtnet.planning.reports import attachment_details
from virtnet.spec.part import Values, only, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def plan_delete(recorded: Values, observed: ObservedNetwork) -> Plan:
    """By the recorded on_delete: refuse while anything is attached, disconnect, keep, or restore an adopted network."""
    report = observed.report
    mark = report.definition.mark
    if mark is not None and not mark.is_of_record(recorded):
        return Plan(notes=(Note(NoteKind.LEFT_TO_OWNER, {"owner": mark.owner_shown}),))
    adopted = recorded.get("adopted_from")
    policy = recorded.get("on_delete") or ("restore" if adopted else "refuse")
    if policy == "keep":
        return _keep(observed)
    if policy == "restore" and adopted:
        return _restore(as_found_of(adopted), recorded, observed)
    refusals = []
    foreign = observed.problem(ProblemKind.FOREIGN_BRIDGE)
    if foreign is not None and report.active:
        refusals.append(Refusal(RefusalKind.DELETE_DELETES_FOREIGN_BRIDGE, {"problem": problem_details(foreign)}))
    users = observed.users
    if users and policy != "disconnect":
        refusals.append(
            Refusal(RefusalKind.DELETE_DISCONNECTS, {"attachments": attachment_details(users), "urn": urn_of(recorded)})
        )
    steps: list[Step] = []
    if report.live is not None:
        stop = stop_step(
            report,
            report.live,
            bridge=report.live.bridge,
            disconnects=policy == "disconnect",
            leaves_no_rules=observed.rules_left is not None,
        )
        steps.append(stop)
    if observed.holding:
        steps.append(RemoveHoldingNetwork(uuid=report.uuid, disconnects=policy == "disconnect"))
    if observed.dnsmasq_left:
        steps.append(EndLeftoverDnsmasq(uuid=report.uuid, name=report.name))
    steps += [
        RemoveLeftoverBridge(uuid=left.uuid, bridge=left.bridge, mac=left.mac, users=tuple(left.users))
        for left in observed.bridges_left
    ]
    steps += leftovers.rules(report.uuid, report.running.tree, observed)
    steps += leftovers.tracking(observed)
    if report.config is not None:
        steps.append(UndefineNetwork(uuid=report.uuid, config_xml=report.config.xml, autostart=report.autostart))
    notes: tuple[Note, ...] = ()
    if observed.shut_off_guests:
        notes = (Note(NoteKind.SHUT_OFF_GUESTS, {"guests": observed.shut_off_guests}),)
    if not refusals:
        left_on = [user for left in observed.bridges_left for user in left.users]
        notes += tuple(cut_off_notes((*observed.users, *left_on)))
    if report.live is not None and not refusals:
        notes += tuple(unseen(observed))
    if observed.rules_left is None and not refusals:
        notes += (Note(NoteKind.RULES_MAY_STAY, {"only_libvirt": observed.only_libvirt}),)
    return Plan(steps=tuple(steps), refusals=tuple(refusals), notes=notes, removes=True)


def _keep(observed: ObservedNetwork) -> Plan:
    """Keep the network, and remove only the owner mark, because virtnet no longer owns the network."""
    from virtnet.network.plan.restart import reattach_steps

    report, note = observed.report, Note(NoteKind.KEPT)
    if observed.held and not report.active:
        waiting = {"attachments": attachment_details(observed.held), "network": observed.holding}
        return Plan(refusals=(Refusal(RefusalKind.STILL_HELD, waiting),))
    home: tuple[Step, ...] = tuple(reattach_steps(observed))
    if observed.problem(ProblemKind.DNSMASQ_RESTART_INTERRUPTED) is not None:
        from virtnet.network.steps.sections import RestartDnsmasq

        home += (RestartDnsmasq(uuid=report.uuid, reason=DnsmasqRestart.CUT_SHORT),)
    home += leftovers.tracking(observed)
    if report.config is None or report.config.mark is None:
        return Plan(steps=home, notes=(note,))
    unmarked = DefineNetwork(
        uuid=report.uuid,
        xml=network_edit.without_owner_mark(report.config),
        previous_xml=report.config.xml,
        previous_autostart=report.autostart,
        purpose=StepKind.UNMARK,
    )
    return Plan(steps=(*home, unmarked, *_unmark_running(observed)), notes=(note,))


def _restore(adopted: AsFound, recorded: Values, observed: ObservedNetwork) -> Plan:
    """Restore an adopted network: what the program had set, as it was found; the rest as others have set it since.

    Without virtnet's mark, virtnet has changed only the flags. Other differences come from others, and stay.
    """
    from virtnet.network.plan.converge import converge

    report = observed.report
    found, now = definition(adopted.xml), report.definition
    mark = now.mark
    unrecorded = frozenset[str]() if mark is None else mark.unrecorded(recorded)
    named = also_named(recorded_inputs(recorded), unrecorded, report.config, report.live)
    if mark is None and (others := _changed_by_others(adopted, recorded, report)):
        return Plan(notes=(Note(NoteKind.NOT_GIVEN_BACK, {"paths": others}),))
    if (found.mode in OWN_BRIDGE_MODES) == (now.mode in OWN_BRIDGE_MODES):
        was = project(NetworkSpec, named, found.tree)
    else:
        # A bridge of its own or the host's: the settings of one make little sense for the other, so restore all.
        was, named = found.tree, now.tree
    desired: NetworkTree = {
        **was,
        "active": adopted.active,
        "autostart": adopted.autostart,
        "allow_overlap": True,  # it existed before, so its overlaps don't matter
        **only(network_tree(recorded), {"on_many_updates"}),
    }
    undefined = None if adopted.persistent else report.config
    # With another record's mark, from which it had been taken over, it belongs to that record again. A restarted
    # network starts from a definition without our mark. Otherwise the running network keeps it, and a definition made
    # from its XML would contain it.
    converged = converge(
        desired,
        named,
        observed,
        ChangeClass.REPLACE,
        mark=found.mark,
        unmarks=found.mark is None,
        undefined_after=undefined is not None,
    )
    plan = converged.plan()
    steps = list(plan.steps)
    if undefined is not None:
        steps.append(UndefineNetwork(uuid=report.uuid, config_xml=undefined.xml, autostart=report.autostart))
    elif mark is not None and not converged.defines:
        steps.insert(0, MarkNetwork(uuid=report.uuid, mark=found.mark, previous=mark))
    unmarked_by_restart = converged.restarts and (converged.defines or undefined is None)
    if adopted.active and found.mark is None and not unmarked_by_restart:
        steps += _unmark_running(observed)
    return plan._replace(steps=tuple(steps), notes=(*plan.notes, Note(NoteKind.GIVEN_BACK)))


def _unmark_running(observed: ObservedNetwork) -> list[Step]:
    """The step that removes the mark from the running network, if there is one and this libvirt can."""
    from virtnet.network.steps.metadata import SINCE, UnmarkRunning

    live = observed.report.live
    marked = live is not None and live.mark is not None and observed.libvirt_version >= SINCE
    return [UnmarkRunning(uuid=observed.report.uuid)] if marked else []


def _changed_by_others(adopted: AsFound, recorded: Values, report: ReportedNetwork) -> list[str]:
    """The paths in which the network differs from the adopted configuration with the recorded values merged over it."""
    named, found = recorded_inputs(recorded), definition(adopted.xml).tree
    expected = merge(NetworkSpec, without(named, NOT_XML), {}, found)
    there = report.definition.tree
    put_back = {change.path for change in differences(NetworkSpec, found, expected)}
    put_back -= {change.path for change in differences(NetworkSpec, found, there)}
    paths = [change.path for change in differences(NetworkSpec, expected, there) if change.path not in put_back]
    flags = {
        "active": (report.active, adopted.active),
        "autostart": (report.autostart, adopted.autostart),
        "persistent": (report.persistent, adopted.persistent),
    }
    if put_back:
        flags.pop("active")  # by an interrupted delete, perhaps between a stop and a start
    # A value from before the adoption has been restored already.
    paths += [name for name, (now, then) in flags.items() if now not in (recorded.get(name, then), then)]
    return paths
