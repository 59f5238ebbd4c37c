"""Bring an existing network to what is desired, by no step of a higher class than was reviewed. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from virtnet.network._generated.trees import NetworkTree
from virtnet.network.diff import RECORDED_ONLY, with_identity, with_own_bridge
from virtnet.network.live_items import as_updates_can, updates_can_make
from virtnet.network.observed import (
    DNSMASQ_PROBLEMS,
    ObservedNetwork,
    ProblemKind,
    ReportedNetwork,
    as_details,
    attachment_details,
    mended_by,
)
from virtnet.network.plan.kinds import NoteKind, RefusalKind, why_stopped
from virtnet.network.plan.preflight import Findings, is_leftover, needs_newer_libvirt, preflight, preflight_at_boot
from virtnet.network.plan.restart import (
    cut_off_notes,
    hold_steps,
    reattach_steps,
    restart_notes,
    restart_refusals,
    unseen,
)
from virtnet.network.plan.sections import dhcpv6_begins_or_ends, rebuilds_firewall, restarts_dnsmasq, section_updates
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps import metadata as network_metadata_steps
from virtnet.network.steps.definition import DefineNetwork
from virtnet.network.steps.kinds import DnsmasqRestart, StepKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge
from virtnet.network.steps.metadata import text_updates
from virtnet.network.steps.probe import ProbeStart
from virtnet.network.steps.running import SetAutostart, StartNetwork, StopNetwork, stop_step
from virtnet.network.steps.sections import AnnounceRestart, RestartDnsmasq, UpdateSection
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import NEXT_START, NOT_XML
from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.planning.merge import differences, merge, restrict
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
from virtnet.spec.failures import Details
from virtnet.spec.part import only, without

#: What only networks with a bridge of their own have.
_OF_OWN_BRIDGE = frozenset({"ips", "routes", "dns", "domain", "dnsmasq_options", "mtu", "mac", "ipv6"})


@dataclass(frozen=True, kw_only=True)
class _Targets:
    """Where both copies of the configuration should go, and from where."""

    config: NetworkTree
    config_found: NetworkTree
    live: NetworkTree | None
    live_found: NetworkTree | None


@dataclass(frozen=True, kw_only=True)
class _Flags:
    """What is wanted of libvirt's flags."""

    active: bool
    autostart: bool
    keeps: bool = True
    """Whether a transient network is to be made persistent."""

    def persists(self, report: ReportedNetwork) -> bool:
        return self.keeps and not report.persistent


def converge(desired: NetworkTree, before: NetworkTree, observed: ObservedNetwork, reviewed_class: ChangeClass) -> Plan:
    """Bring an existing network to what is desired, by no step of a higher class than was reviewed."""
    report = observed.report
    wanted, had = _in_xml(desired), _in_xml(before)
    found = report.definition.tree
    live_found = None if report.live is None else report.live.tree
    targets = _Targets(
        config=_target(wanted, had, found),
        config_found=found,
        live=None if live_found is None else _target(wanted, had, live_found),
        live_found=live_found,
    )
    flags = _Flags(active=bool(desired.get("active", True)), autostart=bool(desired.get("autostart", True)))
    left: tuple[str, ...] = ()
    if reviewed_class < ChangeClass.RESTART:
        targets, flags, left = _limited_to(targets, flags, report, reviewed_class)
    stops_for_good = report.active and not flags.active
    config_changes = differences(NetworkSpec, targets.config, targets.config_found)
    live_changes = _live_changes(targets)
    restart_changes = [change for change in live_changes if change.change_class >= ChangeClass.RESTART]
    repairs = _mends(observed, flags, reviewed_class)
    restarts = bool(restart_changes or repairs) and report.active and flags.active
    changes = _merged(config_changes, live_changes)
    if not restarts and not stops_for_good:
        # What only the definition needs is no restart: the running network has it already.
        changes = tuple(replace(c, change_class=min(c.change_class, ChangeClass.LIVE)) for c in changes)
    changes += _flag_changes(flags, report, reviewed_class, stops=stops_for_good)
    notes = [Note(NoteKind.DRIFT_NOT_REVIEWED, {"path": path}) for path in left]
    # What libvirt would drop from the definition, said before it is tried.
    too_old = needs_newer_libvirt(targets.config, observed.libvirt_version) if config_changes else ()
    why = why_stopped(restart_changes, repairs)
    stop = _stop_findings(desired, targets, observed, why, restarts=restarts, stops=stops_for_good)
    start = _start_findings(desired, targets, observed, flags, restarts=restarts)
    steps = _converging_steps(targets, flags, observed, reviewed_class, restarts=restarts, stops=stops_for_good)
    if stops_for_good and desired.get("on_delete") == "disconnect":
        steps = tuple(replace(step, disconnects=True) if isinstance(step, StopNetwork) else step for step in steps)
    if reviewed_class >= ChangeClass.LIVE:
        steps += _forgotten(observed, stays_inactive=not report.active and not flags.active)
    if flags.active and not restarts:
        if not any(isinstance(step, RestartDnsmasq) for step in steps):
            steps += _restart_dnsmasq(observed, reviewed_class)
        changes += _mended_live(observed, reviewed_class) if _restarts_dnsmasq(report) else ()
    notes += _cost_of_updates(steps, targets, observed)
    dnsmasq_gone = observed.problem(ProblemKind.DNSMASQ_NOT_RUNNING) is not None
    if dnsmasq_gone and flags.active and not restarts and not _restarts_dnsmasq(report):
        notes.append(Note(NoteKind.DNSMASQ_GONE_WITHOUT_DNS))
    recorded_only = tuple(
        Change(path=name, kind="change", change_class=ChangeClass.RECORDED)
        for name in RECORDED_ONLY
        if before and desired.get(name) != before.get(name)
    )
    return Plan(
        steps=steps,
        changes=changes + recorded_only,
        refusals=(*too_old, *_not_restarted(steps, report), *stop.refusals, *start.refusals),
        notes=(*start.notes, *stop.notes, *notes),
        # Drift is measured by what is made now.
        details={"uuid": report.uuid, "__drifted": {}},
    )


def _stop_findings(
    desired: NetworkTree,
    targets: _Targets,
    observed: ObservedNetwork,
    why: Details,
    *,
    restarts: bool,
    stops: bool,
) -> Findings:
    """What speaks against stopping the network, for good or to start it again, and what that does to whom."""
    if observed.held and not restarts and not desired.get("active", True) and desired.get("on_delete") != "disconnect":
        waiting = {"attachments": attachment_details(observed.users)}
        return Findings((Refusal(RefusalKind.WOULD_BE_INACTIVE, waiting),))
    if not restarts and not stops:
        return Findings()
    refusals: list[Refusal] = []
    notes: list[Note] = []
    users = observed.users
    live: NetworkTree = targets.live_found or {}
    if users and restarts:
        refusals += restart_refusals(desired, targets.config, live, observed, why)
        # Nobody is cut off by what is refused.
        notes += () if refusals else restart_notes(targets.config, live, observed)
    elif users and desired.get("on_delete") != "disconnect":
        refusals.append(
            Refusal(RefusalKind.WOULD_BE_STOPPED, {"why": why, "attachments": attachment_details(observed.users)})
        )
    else:
        notes += cut_off_notes(observed.users)
    foreign = observed.problem(ProblemKind.FOREIGN_BRIDGE)
    if foreign is not None:
        refusals.append(Refusal(RefusalKind.STOP_DELETES_FOREIGN_BRIDGE, {"problem": as_details(foreign)}))
    notes += () if refusals else unseen(own_bridge(live), observed)
    return Findings(tuple(refusals), tuple(notes))


def _start_findings(
    desired: NetworkTree, targets: _Targets, observed: ObservedNetwork, flags: _Flags, *, restarts: bool
) -> Findings:
    """What on the host speaks against starting the network, now or at boot."""
    if restarts or (flags.active and not observed.report.active):
        return preflight(targets.config, observed, allow_overlap=bool(desired.get("allow_overlap")))
    if flags.autostart and not flags.active:
        return preflight_at_boot(targets.config, observed)
    return Findings()


def _cost_of_updates(steps: Sequence[Step], targets: _Targets, observed: ObservedNetwork) -> Iterator[Note]:
    """What live updates cost those who use the network, though nobody is cut off."""
    updates = [step for step in steps if isinstance(step, UpdateSection)]
    rebuilt = rebuilds_firewall(updates) if mode_of(targets.live or {}) != "open" else 0
    if rebuilt:
        yield Note(NoteKind.FIREWALL_REBUILT, {"times": rebuilt})
    restarted = restarts_dnsmasq(updates, targets.live or {}, targets.live_found or {})
    gone = observed.problem(ProblemKind.DNSMASQ_NOT_RUNNING) is not None
    if restarted or (any(isinstance(step, RestartDnsmasq) for step in steps) and not gone):
        yield Note(NoteKind.DNSMASQ_RESTARTED)


def _restart_dnsmasq(observed: ObservedNetwork, reviewed_class: ChangeClass) -> tuple[Step, ...]:
    needed = any(problem.kind in DNSMASQ_PROBLEMS for problem in observed.problems)
    if reviewed_class < ChangeClass.LIVE or not needed or not _restarts_dnsmasq(observed.report):
        return ()
    gone = observed.problem(ProblemKind.DNSMASQ_NOT_RUNNING) is not None
    reason = DnsmasqRestart.NOT_RUNNING if gone else DnsmasqRestart.CUT_SHORT
    return (RestartDnsmasq(uuid=observed.report.uuid, reason=reason),)


def _restarts_dnsmasq(report: ReportedNetwork) -> bool:
    """Whether libvirt can be had to restart dnsmasq: it takes no record where DNS is disabled."""
    return report.live is None or report.live.tree.get("dns", {}).get("enable") is not False


def _not_restarted(steps: Sequence[Step], report: ReportedNetwork) -> Iterator[Refusal]:
    """Why dnsmasq would go on as it is where it must be restarted."""
    reasons = [step.reason for step in steps if isinstance(step, AnnounceRestart)]
    if reasons and not _restarts_dnsmasq(report):
        yield Refusal(RefusalKind.DNSMASQ_NOT_RESTARTED, {"reason": reasons[0].value})


def _mended_live(observed: ObservedNetwork, reviewed_class: ChangeClass) -> tuple[Change, ...]:
    """The problems that are mended while the network runs on."""
    mended = tuple(problem for problem in observed.problems if mended_by(problem) is ChangeClass.LIVE)
    if not mended or reviewed_class < ChangeClass.LIVE:
        return ()
    return (Change(path="problems", kind="change", change_class=ChangeClass.LIVE, problems=mended),)


def _mends(observed: ObservedNetwork, flags: _Flags, reviewed_class: ChangeClass) -> tuple[Problem, ...]:
    """The problems that a restart mends, where one was reviewed."""
    if not flags.active or reviewed_class < ChangeClass.RESTART:
        return ()
    return tuple(problem for problem in observed.problems if mended_by(problem) is ChangeClass.RESTART)


def _target(wanted: NetworkTree, had: NetworkTree, found: NetworkTree) -> NetworkTree:
    """Where one copy of the configuration goes: merged, with its identity, and with nothing its mode refuses."""
    target = with_identity(merge(NetworkSpec, wanted, had, found), found)
    if mode_of(target) in OWN_BRIDGE_MODES:
        return with_own_bridge(target, found["uuid"])
    if mode_of(found) not in OWN_BRIDGE_MODES:
        return target
    # From a bridge of its own to none: what others named there cannot stay, as libvirt takes none of it any more.
    kept = without(target, {"bridge", *(_OF_OWN_BRIDGE - wanted.keys())})
    return {**kept, "bridge": wanted["bridge"]} if "bridge" in wanted else kept


def _in_xml(tree: NetworkTree) -> NetworkTree:
    return only(tree, NetworkSpec.model_fields.keys() - NOT_XML)


def at_next_start(tree: NetworkTree) -> NetworkTree:
    """A tree less what a running network shows only after its next start."""
    return without(tree, NEXT_START)


def _live_changes(targets: _Targets) -> tuple[Change, ...]:
    if targets.live is None or targets.live_found is None:
        return ()
    changes = differences(NetworkSpec, at_next_start(targets.live), at_next_start(targets.live_found))
    return as_updates_can(changes, targets.live, targets.live_found)


def _limited_to(
    targets: _Targets, flags: _Flags, report: ReportedNetwork, reviewed_class: ChangeClass
) -> tuple[_Targets, _Flags, tuple[str, ...]]:
    """The targets and flags less everything above the reviewed class, and the paths that were left."""
    # While nothing runs, no change of the definition stops anything: each is as good as live.
    free = not report.active and reviewed_class >= ChangeClass.LIVE
    config = targets.config if free else restrict(NetworkSpec, targets.config, targets.config_found, reviewed_class)
    live = None
    if targets.live is not None and targets.live_found is not None:
        live = restrict(NetworkSpec, targets.live, targets.live_found, reviewed_class)
        if not updates_can_make(live, targets.live_found):
            srvs = targets.live_found.get("dns", {}).get("srvs", [])
            live = {**live, "dns": {**live.get("dns", {}), "srvs": srvs}}
    narrowed = replace(targets, config=config, live=live)
    wide = {change.path for change in _merged(_config_changes(targets), _live_changes(targets))}
    narrow = {change.path for change in _merged(_config_changes(narrowed), _live_changes(narrowed))}
    left = sorted(wide - narrow)
    allowed = flags
    if (report.active and not flags.active) or (flags.active != report.active and reviewed_class < ChangeClass.LIVE):
        allowed = replace(allowed, active=report.active)
        left.append("active")
    if flags.autostart != report.autostart and reviewed_class < ChangeClass.LIVE:
        allowed = replace(allowed, autostart=report.autostart)
        left.append("autostart")
    if not report.persistent and reviewed_class < ChangeClass.LIVE:
        allowed = replace(allowed, keeps=False)
        left.append("persistent")
    return narrowed, allowed, tuple(left)


def _config_changes(targets: _Targets) -> tuple[Change, ...]:
    return differences(NetworkSpec, targets.config, targets.config_found)


def _merged(*lists: Sequence[Change]) -> tuple[Change, ...]:
    """Changes of both copies, each path once."""
    by_path: dict[str, Change] = {}
    for changes in lists:
        for change in changes:
            by_path.setdefault(change.path, change)
    return tuple(by_path.values())


def _flag_changes(
    flags: _Flags, report: ReportedNetwork, reviewed_class: ChangeClass, *, stops: bool
) -> tuple[Change, ...]:
    changes = []
    autostart, active = flags.autostart, flags.active
    if not report.persistent and reviewed_class >= ChangeClass.LIVE:
        changes.append(Change(path="persistent", kind="change", change_class=ChangeClass.LIVE, detail="false -> true"))
    if report.autostart != autostart:
        detail = f"{_word(report.autostart)} -> {_word(autostart)}"
        changes.append(Change(path="autostart", kind="change", change_class=ChangeClass.LIVE, detail=detail))
    if active and not report.active:
        changes.append(Change(path="active", kind="change", change_class=ChangeClass.LIVE, detail="false -> true"))
    if stops:
        changes.append(Change(path="active", kind="change", change_class=ChangeClass.RESTART, detail="true -> false"))
    return tuple(changes)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _converging_steps(
    targets: _Targets,
    flags: _Flags,
    observed: ObservedNetwork,
    reviewed_class: ChangeClass,
    *,
    restarts: bool,
    stops: bool,
) -> tuple[Step, ...]:
    report = observed.report
    both = None if targets.live is None or targets.live_found is None else (targets.live, targets.live_found)
    wanted_active, autostart = flags.active, flags.autostart
    config_changes = _config_changes(targets)
    live_only = all(change.change_class <= ChangeClass.LIVE for change in (*config_changes, *_live_changes(targets)))
    texts = any(change.path.startswith(NEXT_START) for change in config_changes)
    sets_texts = observed.libvirt_version >= network_metadata_steps.SINCE
    by_sections = report.active and report.persistent and live_only and (sets_texts or not texts) and not restarts
    by_sections = by_sections and updates_can_make(targets.config, targets.config_found)
    steps: list[Step] = []
    if by_sections and not stops:
        steps += section_updates(report.uuid, both, (targets.config, targets.config_found))
        if texts:
            steps += text_updates(report.uuid, targets.config, targets.live_found, targets.config_found)
    else:
        # Defined, and read back, while the network still runs: what libvirt drops or refuses costs nobody a packet.
        if config_changes or flags.persists(report):
            steps.append(_define(targets, report))
        if report.active and not (restarts or stops) and both is not None:
            steps += section_updates(report.uuid, both, None)
            if texts and sets_texts:
                steps += text_updates(report.uuid, targets.config, targets.live_found, None)
    if report.active and not (restarts or stops) and both is not None:
        reason = dhcpv6_begins_or_ends(*both)
        if reason is not None:
            first = next((n for n, step in enumerate(steps) if isinstance(step, UpdateSection)), len(steps))
            steps.insert(first, AnnounceRestart(uuid=report.uuid, reason=reason))
            steps.append(RestartDnsmasq(uuid=report.uuid, reason=reason, announced=True))
    if (restarts or stops) and report.live is not None:
        if restarts:
            steps += probe(targets.config)
            steps += hold_steps(targets.config, report.live.tree, observed)
        # Without its bridge the network cuts nobody off that is not cut off already.
        bridge_gone = observed.problem(ProblemKind.BRIDGE_MISSING) is not None
        steps.append(stop_step(report, report.live, bridge=report.live.bridge, disconnects=bridge_gone))
    bridge = own_bridge(targets.config)
    if wanted_active and (restarts or not report.active):
        steps += leftover_steps(targets.config, observed)
        steps.append(StartNetwork(uuid=report.uuid, bridge=bridge))
    if wanted_active and reviewed_class >= ChangeClass.LIVE:
        steps += reattach_steps(report.uuid, observed, restarts=restarts)
    if report.autostart != autostart:
        steps.append(SetAutostart(uuid=report.uuid, autostart=autostart))
    return tuple(steps)


def _define(targets: _Targets, report: ReportedNetwork) -> DefineNetwork:
    base = report.config if report.config is not None else definition(network_edit.for_definition(report.definition))
    return DefineNetwork(
        uuid=report.uuid,
        xml=network_edit.edit(base, targets.config),
        previous_xml=None if report.config is None else report.config.xml,
        previous_autostart=report.autostart,
        purpose=StepKind.CHANGE_DEFINITION if report.persistent else StepKind.MAKE_PERSISTENT,
    )


def leftover_steps(target: NetworkTree, observed: ObservedNetwork) -> list[Step]:
    """Clear away what a killed daemon left of this inactive network: its dnsmasq, then the bridge."""
    report = observed.report
    steps: list[Step] = []
    if observed.dnsmasq_left:
        steps.append(EndLeftoverDnsmasq(uuid=report.uuid, name=report.name))
    if is_leftover(target, observed):
        steps.append(RemoveLeftoverBridge(uuid=report.uuid, bridge=own_bridge(target), mac=target.get("mac", "")))
    return steps


def _forgotten(observed: ObservedNetwork, *, stays_inactive: bool) -> tuple[Step, ...]:
    """Remove what killed daemons left of the holding network and probes; of the network itself when it will not start.

    What starts clears its own away right before, see leftover_steps.
    """
    report = observed.report
    dnsmasq = [EndLeftoverDnsmasq(uuid=report.uuid, name=report.name)] if observed.dnsmasq_left else []
    bridges = [
        RemoveLeftoverBridge(uuid=left.uuid, bridge=left.bridge, mac=left.mac)
        for left in observed.bridges_left
        if stays_inactive or left.uuid != report.uuid
    ]
    return (*(dnsmasq if stays_inactive else ()), *bridges)


def probe(target: NetworkTree) -> list[Step]:
    """A throw-away network with what of the target asks something of the host: firewall rules, a zone, an MTU, tc."""
    if not own_bridge(target):
        return []
    mode = mode_of(target)
    asks: NetworkTree = {
        **only(target, {"mtu", "bandwidth"}),
        "bridge": {**without(target.get("bridge", {}), {"name"}), "delay": 0},
        "dns": {"enable": False},
    }
    if mode:
        asks = {**asks, "forward": {"mode": mode}}
    return [ProbeStart(uuid=target["uuid"], xml=network_edit.render(asks))]
