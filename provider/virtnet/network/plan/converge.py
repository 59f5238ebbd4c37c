"""Bring an existing network to the desired state, with no step of a higher class than reviewed. Pure.

A Course has the decisions; steps, changes, refusals and notes each follow from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from virtnet.network.checks.whole import Judged, judged
from virtnet.network.diff import RECORDED_ONLY
from virtnet.network.live_items import MANY_UPDATES, MODES_WITH_RULES, as_one_restart, updates_can_make
from virtnet.network.observed import ObservedNetwork, ReportedNetwork
from virtnet.network.plan import leftovers
from virtnet.network.plan.kinds import NoteKind, RefusalKind, why_stopped
from virtnet.network.plan.new import autostart_refusals, contradictions, doubts, set_autostart, start_steps
from virtnet.network.plan.preflight import Findings, missed_by_guests, needs_newer_libvirt, preflight, preflight_at_boot
from virtnet.network.plan.restart import (
    cut_off_notes,
    hold_steps,
    plug_in,
    reattach_steps,
    restart_notes,
    restart_refusals,
    seconds_of_restart,
    unseen,
)
from virtnet.network.plan.sections import (
    adds_second_address,
    dhcpv6_begins_or_ends,
    section_updates,
    text_updates,
    tracked,
)
from virtnet.network.plan.targets import Copies, Targets, targets_of
from virtnet.network.problem_kinds import DNSMASQ_PROBLEMS, ProblemKind, mended_by
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps import metadata as network_metadata_steps
from virtnet.network.steps.definition import DefineNetwork
from virtnet.network.steps.kinds import DnsmasqRestart, StepKind
from virtnet.network.steps.probe import probe
from virtnet.network.steps.rules import RestoreRules
from virtnet.network.steps.running import SetBridgeMtu, stop_step
from virtnet.network.steps.sections import AnnounceRestart, RestartDnsmasq
from virtnet.network.steps.step import NetworkStep
from virtnet.network.tree import OWN_BRIDGE_MODES, as_defined, mode_of
from virtnet.network.versions import ADDS_SECOND_ADDRESS
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import NEXT_START, OwnerMark
from virtnet.planning.findings import Note, Problem, Refusal, problem_details
from virtnet.planning.merge import differences
from virtnet.planning.plan import Change, ChangeClass, Plan, Transition
from virtnet.planning.reports import Attachment, attachment_details
from virtnet.spec.failures import Details
from virtnet.spec.part import without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


#: How long libvirt takes to rebuild a network's firewall rules once with iptables; 0.2 with nftables (measured, see
#: docs/performance.md).
SECONDS_OF_REBUILD = 0.35


class Converged(NamedTuple):
    """How an existing network gets to the desired state."""

    steps: tuple[NetworkStep, ...]
    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[Note, ...]
    uuid: str
    copies: Copies
    """The targets of both copies of the configuration."""
    defines: bool
    """Whether a step redefines the network, with the given mark."""
    restarts: bool
    """Whether it is stopped and started."""
    transition: Transition
    """The network before and after, as others notice it."""

    @property
    def edits(self) -> bool:
        """Whether a step changes the network itself, not only flags or whether it is active."""
        return any(step.impact.edits for step in self.steps)

    def plan(self) -> Plan:
        """The plan of an update."""
        # From now on, drift is a difference from this update's result. It also clears the recorded problems.
        details: Details = {"uuid": self.uuid, "__drifted": {}, "problems": []}
        return Plan(
            steps=self.steps,
            changes=self.changes,
            refusals=self.refusals,
            notes=self.notes,
            details=details,
            transition=self.transition,
        )


def converge(
    desired: "NetworkTree",
    before: "NetworkTree",
    observed: ObservedNetwork,
    reviewed_class: ChangeClass,
    *,
    mark: OwnerMark | None = None,
    unmarks: bool = False,
    undefined_after: bool = False,
) -> Converged:
    """Bring an existing network to the desired state, with no step of a higher class than reviewed.

    `before` is the previously desired tree. `mark` is written into each definition; `unmarks` removes marks. With
    `undefined_after`, the definition is removed afterwards, so it needs no autostart flag.
    """
    course = _Course(
        desired=desired,
        before=before,
        observed=observed,
        reviewed_class=reviewed_class,
        targets=targets_of(desired, before, observed.report, reviewed_class),
        mark=mark,
        unmarks=unmarks,
        undefined_after=undefined_after,
    )
    whole, stop, start = _whole(course), _stop_findings(course), _start_findings(course)
    refused = contradictions(whole) if desired.get("adopt") else ()
    return Converged(
        steps=_steps(course),
        changes=_changes(course),
        refusals=(
            *refused,
            *_autostart_findings(course),
            *_too_old(course),
            *_dnsmasq_not_restarted(course),
            *stop.refusals,
            *start.refusals,
        ),
        notes=(*doubts(whole), *start.notes, *stop.notes, *_notes(course)),
        uuid=observed.report.uuid,
        copies=course.targets.copies,
        defines=course.defines,
        restarts=course.restarts,
        transition=_transition(course),
    )


@dataclass(frozen=True, kw_only=True)
class _Course:
    """The decisions about an existing network."""

    desired: "NetworkTree"
    before: "NetworkTree"
    observed: ObservedNetwork
    reviewed_class: ChangeClass
    targets: Targets
    mark: OwnerMark | None
    unmarks: bool
    undefined_after: bool

    @property
    def report(self) -> ReportedNetwork:
        """The current network."""
        return self.observed.report

    @property
    def live(self) -> "NetworkTree":
        """The running network; empty if it is inactive."""
        return {} if self.report.live is None else self.report.live.tree

    @cached_property
    def repairs(self) -> tuple[Problem, ...]:
        """The problems that a restart fixes, if a restart was reviewed."""
        if not self.targets.flags.active or self.reviewed_class < ChangeClass.RESTART:
            return ()
        return tuple(problem for problem in self.observed.problems if mended_by(problem) is ChangeClass.RESTART)

    @cached_property
    def restart_changes(self) -> tuple[Change, ...]:
        """The changes that need a restart."""
        changes = self.targets.copies.live_changes
        return tuple(change for change in changes if change.change_class >= ChangeClass.RESTART)

    @property
    def many_updates(self) -> int:
        """How many updates a restart replaces; 0 if virtnet can't see who would be disconnected."""
        return 0 if self.observed.only_libvirt else self.targets.copies.many_updates

    @property
    def restarts(self) -> bool:
        """Whether the network is stopped and started."""
        needed = bool(self.restart_changes or self.repairs or self.many_updates)
        return needed and self.report.active and self.targets.flags.active

    @property
    def stops_for_good(self) -> bool:
        """Whether the network is stopped and stays inactive."""
        return self.report.active and not self.targets.flags.active

    @property
    def starts(self) -> bool:
        """Whether the network is started, after a stop or without one."""
        return self.targets.flags.active and (self.restarts or not self.report.active)

    @property
    def runs_on(self) -> bool:
        """Whether the network is active and isn't stopped."""
        return self.report.active and not self.restarts and not self.stops_for_good

    @property
    def touches_host(self) -> bool:
        """Whether a change on the host was reviewed."""
        return self.reviewed_class >= ChangeClass.LIVE

    @property
    def texts_change(self) -> bool:
        """Whether the title, the description or an element of metadata differs."""
        return any(change.path.startswith(NEXT_START) for change in self.targets.copies.config_changes)

    @property
    def sets_texts(self) -> bool:
        """Whether this libvirt can set these texts while the network is active."""
        return self.observed.libvirt_version >= network_metadata_steps.SINCE

    @cached_property
    def by_updates(self) -> bool:
        """Whether updates of sections and texts make all changes of both copies, so that nothing is redefined."""
        copies = self.targets.copies
        return (
            self.runs_on
            and self.report.persistent
            and all(c.change_class <= ChangeClass.LIVE for c in (*copies.config_changes, *copies.live_changes))
            and (self.sets_texts or not self.texts_change)
            and updates_can_make(copies.config, copies.config_found)
        )

    @property
    def defines(self) -> bool:
        """Whether the network is redefined."""
        makes_persistent = self.targets.flags.persistent and not self.report.persistent
        return not self.by_updates and (bool(self.targets.copies.config_changes) or makes_persistent)

    @cached_property
    def dhcpv6(self) -> DnsmasqRestart | None:
        """Why dnsmasq must be restarted after the running network is updated; None if it needn't."""
        live = self.targets.copies.live
        return dhcpv6_begins_or_ends(*live) if self.runs_on and live is not None else None

    @property
    def restarts_dnsmasq_on_demand(self) -> bool:
        """Whether virtnet can make libvirt restart dnsmasq: libvirt accepts no DNS record if DNS is disabled."""
        return self.live.get("dns", {}).get("enable") is not False

    @property
    def mends_live(self) -> bool:
        """Whether problems of the running network are fixed one by one, because no restart fixes them."""
        return self.targets.flags.active and not self.restarts

    @property
    def plugged_in(self) -> tuple[Attachment, ...]:
        """Guests' interfaces that aren't on a bridge and are reattached. A restart reattaches everything anyway."""
        if not self.touches_host or self.restarts or not self.targets.flags.active:
            return ()
        mended = self.starts or self.observed.problem(ProblemKind.GUESTS_UNPLUGGED) is not None
        return self.observed.loose.movable if mended else ()

    @property
    def dnsmasq_gone(self) -> bool:
        """Whether dnsmasq isn't running, so that nobody notices its restart."""
        return self.observed.problem(ProblemKind.DNSMASQ_NOT_RUNNING) is not None


def _transition(course: _Course) -> Transition:
    """The running network before and after; if it is inactive, its definition."""
    copies = course.targets.copies
    if copies.live is None:
        # Its guests already have addresses of its subnets, and reach nothing until it starts.
        found = without(copies.config_found, {"forward"}) if course.starts else copies.config_found
        return Transition(found, copies.config)
    target, found = copies.live
    return Transition(found, target if course.runs_on else copies.config)


def _steps(course: _Course) -> tuple[NetworkStep, ...]:
    return (
        *tracked((*_rules(course), *_definition(course), *_updates(course)), course.observed),
        *_stop(course),
        *_start(course),
        *_reattach(course),
        *_autostart(course),
        *_clean_up(course),
        *_restart_of_dnsmasq(course),
        *_mtu(course),
    )


def _rules(course: _Course) -> Iterator[NetworkStep]:
    """Lost firewall rules come first: without libvirt's chains, no network starts, and some updates fail half-way."""
    lost = course.observed.problem(ProblemKind.FIREWALL_RULES_MISSING) is not None
    if lost and course.touches_host and course.targets.flags.active and not course.observed.only_libvirt:
        yield RestoreRules(uuid=course.report.uuid)


def _definition(course: _Course) -> Iterator[NetworkStep]:
    """Define and read back while the network is still active, so that what libvirt drops or refuses costs no packet."""
    report, copies = course.report, course.targets.copies
    if not course.defines:
        return
    base = report.definition
    xml = network_edit.edit(base, copies.config)
    yield DefineNetwork(
        uuid=report.uuid,
        xml=network_edit.with_owner_mark(definition(xml), course.mark) if course.mark or course.unmarks else xml,
        previous_xml=None if report.config is None else report.config.xml,
        previous_autostart=report.autostart,
        purpose=StepKind.CHANGE_DEFINITION if report.persistent else StepKind.MAKE_PERSISTENT,
    )


def _updates(course: _Course) -> tuple[NetworkStep, ...]:
    """Update the running network, with its definition if updates suffice; then restart dnsmasq if needed."""
    updates, reason = _updates_alone(course), course.dhcpv6
    if reason is None:
        return updates
    uuid = course.report.uuid
    restart = RestartDnsmasq(uuid=uuid, reason=reason, announced=True)
    return (AnnounceRestart(uuid=uuid, reason=reason), *updates, restart)


def _updates_alone(course: _Course) -> tuple[NetworkStep, ...]:
    copies, uuid = course.targets.copies, course.report.uuid
    if not course.runs_on:
        return ()
    config = (copies.config, copies.config_found) if course.by_updates else None
    texts = text_updates(uuid, copies.live, config)
    sets_texts = course.texts_change and course.sets_texts
    return (*section_updates(uuid, copies.live, config), *(texts if sets_texts else ()))


def _stop(course: _Course) -> tuple[NetworkStep, ...]:
    report, target = course.report, course.targets.copies.config
    if report.live is None or not (course.restarts or course.stops_for_good):
        return ()
    held = (*probe(target), *hold_steps(target, course.observed)) if course.restarts else ()
    # Without its bridge, the network's stop disconnects nobody who isn't disconnected already.
    bridge_gone = course.observed.problem(ProblemKind.BRIDGE_MISSING) is not None
    disconnects = course.stops_for_good and course.desired.get("on_delete") == "disconnect"
    return (*held, stop_step(report, report.live, bridge=report.live.bridge, disconnects=bridge_gone or disconnects))


def _start(course: _Course) -> tuple[NetworkStep, ...]:
    if not course.starts:
        return ()
    target = course.targets.copies.config
    probed = course.restarts and course.report.live is not None
    return (
        *leftovers.before_start(target, course.observed),
        *start_steps(course.report.uuid, target, course.observed, probed=probed),
    )


def _reattach(course: _Course) -> tuple[NetworkStep, ...]:
    if not course.targets.flags.active or not course.touches_host:
        return ()
    target = course.targets.copies.config
    return (
        *reattach_steps(course.observed, target if course.restarts else None),
        *plug_in(course.report.uuid, course.plugged_in).steps,
    )


def _autostart(course: _Course) -> Iterator[NetworkStep]:
    autostart = course.targets.flags.autostart
    if course.report.autostart != autostart and not course.undefined_after:
        yield set_autostart(course.report.uuid, course.report.name, course.observed, autostart=autostart)


def _clean_up(course: _Course) -> tuple[NetworkStep, ...]:
    """Remove what killed daemons and libvirt left behind. A start removes its own leftovers right before."""
    if not course.touches_host:
        return ()
    rules = () if course.starts else leftovers.rules(course.report.uuid, course.targets.copies.config, course.observed)
    stays_inactive = not course.report.active and not course.targets.flags.active
    dnsmasq = leftovers.dnsmasq(course.observed) if stays_inactive else ()
    bridges = leftovers.bridges(course.observed, its_own=stays_inactive)
    return (*rules, *dnsmasq, *bridges, *leftovers.tracking(course.observed))


def _restart_of_dnsmasq(course: _Course) -> Iterator[NetworkStep]:
    """A restart of dnsmasq for its own problems, unless another step restarts it."""
    needed = any(problem.kind in DNSMASQ_PROBLEMS for problem in course.observed.problems)
    allowed = course.mends_live and course.touches_host and course.restarts_dnsmasq_on_demand
    if needed and allowed and course.dhcpv6 is None:
        reason = DnsmasqRestart.NOT_RUNNING if course.dnsmasq_gone else DnsmasqRestart.CUT_SHORT
        yield RestartDnsmasq(uuid=course.report.uuid, reason=reason)


def _mtu(course: _Course) -> Iterator[NetworkStep]:
    """Set the bridge's MTU if the running network's differs."""
    problem = course.observed.problem(ProblemKind.BRIDGE_MTU_DIFFERS)
    if problem is None or not course.runs_on or not course.touches_host:
        return
    found: Any = problem.details
    yield SetBridgeMtu(uuid=course.report.uuid, bridge=found["bridge"], mtu=found["expected"], previous=found["mtu"])


def _changes(course: _Course) -> tuple[Change, ...]:
    return (
        *_configuration_changes(course),
        *_flag_changes(course),
        *_mended_live(course),
        *_recorded_only(course),
    )


def _configuration_changes(course: _Course) -> tuple[Change, ...]:
    copies = course.targets.copies
    changes = copies.changes
    if course.restarts:
        if course.many_updates and copies.live is not None:
            changes = as_one_restart(changes, *copies.live)
        listed = {change.path for change in changes}
        changes += tuple(change for change in _begun_by_restart(course) if change.path not in listed)
    elif not course.stops_for_good:
        # A change of only the definition needs no restart: the running network has it already.
        changes = tuple(c._replace(change_class=min(c.change_class, ChangeClass.LIVE)) for c in changes)
    if (mode_of(copies.config) in OWN_BRIDGE_MODES) == (mode_of(copies.config_found) in OWN_BRIDGE_MODES):
        return changes
    # The mode decides whether there is a bridge, with its name and MAC address.
    return tuple(change for change in changes if change.path not in ("mac", "bridge.name"))


def _begun_by_restart(course: _Course) -> tuple[Change, ...]:
    """What only the definition has, because others edited it: a start applies it."""
    if course.report.live is None:
        return ()
    runs = definition(network_edit.for_definition(course.report.live)).tree
    return differences(NetworkSpec, course.targets.copies.config, as_defined(runs, course.report.definition.tree))


def _flag_changes(course: _Course) -> Iterator[Change]:
    report, flags, live = course.report, course.targets.flags, ChangeClass.LIVE
    if not report.persistent and course.touches_host:
        yield Change(path="persistent", kind="change", change_class=live, detail="false -> true")
    if report.autostart != flags.autostart:
        detail = f"{_word(report.autostart)} -> {_word(flags.autostart)}"
        yield Change(path="autostart", kind="change", change_class=live, detail=detail)
    if flags.active and not report.active:
        yield Change(path="active", kind="change", change_class=live, detail="false -> true")
    if course.stops_for_good:
        yield Change(path="active", kind="change", change_class=ChangeClass.RESTART, detail="true -> false")


def _word(value: bool) -> str:
    return "true" if value else "false"


def _mended_live(course: _Course) -> Iterator[Change]:
    """The problems that are fixed while the network stays active, or before it restarts."""
    # Lost rules only if the network stays active; leftover rules also if it stays inactive.
    restored = any(_rules(course))
    mended_now: dict[Enum, bool] = {
        ProblemKind.FIREWALL_RULES_MISSING: restored,
        ProblemKind.FIREWALL_RULES_LEFT: bool(course.observed.rules_left),
        ProblemKind.TRACKING_LEFT: True,
    }
    mended = tuple(
        problem
        for problem in course.observed.problems
        if mended_by(problem) is ChangeClass.LIVE
        and (problem.kind not in DNSMASQ_PROBLEMS or course.restarts_dnsmasq_on_demand)
        and mended_now.get(problem.kind, course.mends_live)
    )
    if mended and course.touches_host:
        yield Change(path="problems", kind="change", change_class=ChangeClass.LIVE, problems=mended)


def _recorded_only(course: _Course) -> Iterator[Change]:
    for name in RECORDED_ONLY:
        if course.before and course.desired.get(name) != course.before.get(name):
            yield Change(path=name, kind="change", change_class=ChangeClass.RECORDED)


def _whole(course: _Course) -> Judged:
    """The failures that the changed network has and the network before didn't have."""
    copies = course.targets.copies
    return judged(copies.config, copies.config_found) if copies.config_changes else Judged()


def _autostart_findings(course: _Course) -> tuple[Refusal, ...]:
    """Why the autostart flag can't be set, if it should be."""
    report, wanted = course.report, course.targets.flags.autostart
    sets = wanted and not report.autostart and not course.undefined_after
    return autostart_refusals(report.name, course.observed, autostart=sets)


def _too_old(course: _Course) -> Iterator[Refusal]:
    """What this libvirt would drop from the definition or refuse for the running network, refused in advance."""
    copies, version = course.targets.copies, course.observed.libvirt_version
    if copies.config_changes:
        # A value that is there already has no effect on this libvirt, and stays.
        found = needs_newer_libvirt(copies.config_found, version)
        yield from (refusal for refusal in needs_newer_libvirt(copies.config, version) if refusal not in found)
    if version < ADDS_SECOND_ADDRESS and course.runs_on and copies.live and adds_second_address(*copies.live):
        details: Details = {"path": "dns.hosts", "needed": ADDS_SECOND_ADDRESS, "version": version}
        yield Refusal(RefusalKind.LIBVIRT_TOO_OLD, details)


def _dnsmasq_not_restarted(course: _Course) -> Iterator[Refusal]:
    """Why dnsmasq would not be restarted although it must be."""
    if course.dhcpv6 is not None and not course.restarts_dnsmasq_on_demand:
        yield Refusal(RefusalKind.DNSMASQ_NOT_RESTARTED, {"reason": course.dhcpv6.value})


def _stop_findings(course: _Course) -> Findings:
    """Findings against stopping the network, permanently or for a restart, and whom that affects."""
    desired, observed, target = course.desired, course.observed, course.targets.copies.config
    users, may_disconnect = observed.users, desired.get("on_delete") == "disconnect"
    attachments: Details = {"attachments": attachment_details(users)}
    if observed.held and not course.restarts and not desired.get("active", True) and not may_disconnect:
        return Findings((Refusal(RefusalKind.WOULD_BE_INACTIVE, attachments),))
    if not course.restarts and not course.stops_for_good:
        return Findings()
    why = why_stopped(course.restart_changes, course.repairs, course.many_updates)
    refusals: list[Refusal] = []
    if users and course.restarts:
        refusals += restart_refusals(desired, target, observed, why)
    elif users and not may_disconnect:
        refusals.append(Refusal(RefusalKind.WOULD_BE_STOPPED, {"why": why, **attachments}))
    # A refused plan disconnects nobody.
    costs: Iterator[Note] = iter(())
    if not refusals:
        costs = restart_notes(target, observed) if users and course.restarts else cut_off_notes(users)
    foreign = observed.problem(ProblemKind.FOREIGN_BRIDGE)
    if foreign is not None:
        refusals.append(Refusal(RefusalKind.STOP_DELETES_FOREIGN_BRIDGE, {"problem": problem_details(foreign)}))
    return Findings(tuple(refusals), (*costs, *(() if refusals else unseen(observed))))


def _start_findings(course: _Course) -> Findings:
    """Findings on the host against starting the network, now or at boot."""
    target, flags, desired = course.targets.copies.config, course.targets.flags, course.desired
    if course.starts:
        return preflight(target, course.observed, allow_overlap=bool(desired.get("allow_overlap")), inputs=desired)
    if flags.autostart and not flags.active:
        return preflight_at_boot(target, course.observed, desired)
    return Findings()


def _notes(course: _Course) -> Iterator[Note]:
    """Notes about drift that was not reviewed, and about the cost of live updates, which disconnect nobody."""
    yield from (Note(NoteKind.DRIFT_NOT_REVIEWED, {"path": path}) for path in course.targets.skipped)
    yield from plug_in(course.report.uuid, course.plugged_in).notes
    named_anew = ("forward", "port_groups")
    if not course.starts and any(change.path.startswith(named_anew) for change in course.targets.copies.config_changes):
        yield from missed_by_guests(course.targets.copies.config, course.observed)
    updates, live = _updates_alone(course), course.targets.copies.live
    rebuilt = sum(step.impact.rebuilds_firewall for step in (*_rules(course), *updates))
    if rebuilt and live is not None and mode_of(live[0]) in MODES_WITH_RULES:
        cost_of_rebuilds: Details = {
            "times": rebuilt,
            "seconds": round(rebuilt * SECONDS_OF_REBUILD),
            "connections_survive": course.observed.tracked is not None,
        }
        yield Note(NoteKind.FIREWALL_REBUILT, cost_of_rebuilds)
        if rebuilt >= MANY_UPDATES and not course.observed.only_libvirt:
            by_choice = course.desired.get("on_many_updates") == "live"
            cost: Details = {"seconds": seconds_of_restart(course.observed), "by_choice": by_choice}
            yield Note(NoteKind.ONE_RESTART_INSTEAD, cost)
    if course.restarts and course.many_updates and not course.restart_changes and not course.repairs:
        many = course.many_updates
        yield Note(NoteKind.RESTARTED_FOR_MANY, {"updates": many, "seconds": round(many * SECONDS_OF_REBUILD)})
    restarts = any(step.impact.restarts_dnsmasq for step in updates)
    if restarts or (not course.dnsmasq_gone and (course.dhcpv6 is not None or any(_restart_of_dnsmasq(course)))):
        yield Note(NoteKind.DNSMASQ_RESTARTED)
    if course.dnsmasq_gone and course.mends_live and not course.restarts_dnsmasq_on_demand:
        yield Note(NoteKind.DNSMASQ_GONE_WITHOUT_DNS)
