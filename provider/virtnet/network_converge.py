"""Bring an existing network to what is desired, by no step of a higher class than was reviewed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from virtnet import network_xml
from virtnet.network_preflight import Findings, is_leftover, mode_of, own_bridge, preflight
from virtnet.network_recorded import RECORDED_ONLY, with_identity
from virtnet.network_sections import section_updates
from virtnet.network_steps import (
    DefineNetwork,
    ProbeStart,
    RemoveLeftoverBridge,
    SetAutostart,
    StartNetwork,
    StopNetwork,
)
from virtnet.network_xml import NEXT_START, NOT_XML
from virtnet.observed import NetworkReport, ObservedNetwork, PluggedIn
from virtnet.ownership import differences, merge, restrict
from virtnet.plan import Change, ChangeClass, Plan, Step
from virtnet.spec import Tree
from virtnet.spec_network import NetworkSpec


@dataclass(frozen=True, kw_only=True)
class _Targets:
    """Where both copies of the configuration should go, and from where."""

    config: dict[str, Tree]
    config_found: dict[str, Tree]
    live: dict[str, Tree] | None
    live_found: dict[str, Tree] | None


def converge(
    desired: Mapping[str, Tree],
    before: Mapping[str, Tree],
    observed: ObservedNetwork,
    report: NetworkReport,
    reviewed: ChangeClass,
) -> Plan:
    """Bring an existing network to what is desired, by no step of a higher class than was reviewed."""
    wanted, had = _in_xml(desired), _in_xml(before)
    found = network_xml.parse(report.any_xml)
    live_found = network_xml.parse(report.live_xml) if report.live_xml is not None else None
    targets = _Targets(
        config=with_identity(merge(NetworkSpec, wanted, had, found), found),
        config_found=found,
        live=None if live_found is None else with_identity(merge(NetworkSpec, wanted, had, live_found), live_found),
        live_found=live_found,
    )
    wanted_active = bool(desired.get("active", True))
    stops_for_good = report.active and not wanted_active
    left: tuple[str, ...] = ()
    if reviewed < ChangeClass.RESTART:
        targets, left = _within(targets)
        if stops_for_good:
            left, stops_for_good = (*left, "active"), False
    config_changes = differences(NetworkSpec, targets.config, targets.config_found)
    live_changes = _live_changes(targets)
    restart_changes = [change for change in live_changes if change.change_class >= ChangeClass.RESTART]
    mends = tuple(observed.problems) if wanted_active and reviewed >= ChangeClass.RESTART else ()
    restarts = bool(restart_changes or mends) and report.active and wanted_active
    changes = _merged(config_changes, live_changes)
    if not restarts and not stops_for_good:
        # What only the definition needs is no restart: the running network has it already.
        changes = tuple(replace(c, change_class=min(c.change_class, ChangeClass.LIVE)) for c in changes)
    changes += _flag_changes(desired, report, stops_for_good)
    notes = tuple(
        f"{path} differs on the host and mending it would restart the network, which nobody reviewed; run pulumi "
        "refresh, then pulumi up"
        for path in left
    )
    findings = Findings()
    refusals: list[str] = []
    if restarts or stops_for_good:
        reason = "; ".join([*(change.describe() for change in restart_changes), *mends]) or "active becomes false"
        disconnecting = stops_for_good and desired.get("on_delete") == "disconnect"
        if observed.plugged_in and not disconnecting:
            refusals.append(in_use(observed, f"the network would be stopped ({reason})"))
    if restarts or (wanted_active and not report.active):
        findings = preflight(targets.config, observed, allow_overlap=bool(desired.get("allow_overlap")))
    steps = _converging_steps(desired, targets, observed, report, restarts=restarts, stops=stops_for_good)
    recorded_only = tuple(
        Change(path=name, kind="change", change_class=ChangeClass.RECORDED)
        for name in RECORDED_ONLY
        if before and desired.get(name) != before.get(name)
    )
    return Plan(
        steps=steps,
        changes=changes + recorded_only,
        refusals=(*refusals, *findings.refusals),
        notes=(*findings.notes, *notes),
        details={"uuid": report.uuid},
    )


def _in_xml(tree: Mapping[str, Tree]) -> dict[str, Tree]:
    return {name: value for name, value in tree.items() if name in NetworkSpec.model_fields and name not in NOT_XML}


def at_next_start(tree: Tree) -> dict[str, Tree]:
    """A tree less what a running network shows only after its next start."""
    return {name: value for name, value in tree.items() if name not in NEXT_START}


def _live_changes(targets: _Targets) -> tuple[Change, ...]:
    if targets.live is None or targets.live_found is None:
        return ()
    return differences(NetworkSpec, at_next_start(targets.live), at_next_start(targets.live_found))


def _within(targets: _Targets) -> tuple[_Targets, tuple[str, ...]]:
    """The targets less everything above the reviewed class, and the paths that were left."""
    config = restrict(NetworkSpec, targets.config, targets.config_found, ChangeClass.LIVE)
    live = None
    if targets.live is not None and targets.live_found is not None:
        live = restrict(NetworkSpec, targets.live, targets.live_found, ChangeClass.LIVE)
    narrowed = replace(targets, config=config, live=live)
    wide = {change.path for change in _merged(_config_changes(targets), _live_changes(targets))}
    narrow = {change.path for change in _merged(_config_changes(narrowed), _live_changes(narrowed))}
    return narrowed, tuple(sorted(wide - narrow))


def _config_changes(targets: _Targets) -> tuple[Change, ...]:
    return differences(NetworkSpec, targets.config, targets.config_found)


def _merged(*lists: Sequence[Change]) -> tuple[Change, ...]:
    """Changes of both copies, each path once."""
    by_path: dict[str, Change] = {}
    for changes in lists:
        for change in changes:
            by_path.setdefault(change.path, change)
    return tuple(by_path.values())


def _flag_changes(desired: Mapping[str, Tree], report: NetworkReport, stops: bool) -> tuple[Change, ...]:
    changes = []
    autostart, active = bool(desired.get("autostart", True)), bool(desired.get("active", True))
    if not report.persistent:
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
    desired: Mapping[str, Tree],
    targets: _Targets,
    observed: ObservedNetwork,
    report: NetworkReport,
    *,
    restarts: bool,
    stops: bool,
) -> tuple[Step, ...]:
    wanted_active, autostart = bool(desired.get("active", True)), bool(desired.get("autostart", True))
    config_changes = _config_changes(targets)
    live_only = all(change.change_class <= ChangeClass.LIVE for change in (*config_changes, *_live_changes(targets)))
    texts = any(change.path.startswith(NEXT_START) for change in config_changes)
    by_sections = report.active and report.persistent and live_only and not texts and not restarts
    steps: list[Step] = []
    if by_sections and not stops:
        live = None if targets.live is None else (targets.live, targets.live_found)
        steps += section_updates(report.uuid, live, (targets.config, targets.config_found))
    else:
        # Defined, and read back, while the network still runs: what libvirt drops or refuses costs nobody a packet.
        if config_changes or not report.persistent:
            steps.append(_define(targets, report))
        if report.active and not (restarts or stops) and targets.live is not None:
            steps += section_updates(report.uuid, (targets.live, targets.live_found), None)
    if (restarts or stops) and report.live_xml is not None:
        if restarts:
            steps += probe(targets.config)
        steps.append(stop_step(report, targets.live_found or {}))
    bridge = own_bridge(targets.config)
    if wanted_active and (restarts or not report.active):
        if is_leftover(targets.config, observed):
            mac = str(targets.config.get("mac", ""))
            steps.append(RemoveLeftoverBridge(uuid=report.uuid, bridge=bridge, mac=mac))
        steps.append(StartNetwork(uuid=report.uuid, bridge=bridge))
    if report.autostart != autostart:
        steps.append(SetAutostart(uuid=report.uuid, autostart=autostart))
    return tuple(steps)


def _define(targets: _Targets, report: NetworkReport) -> DefineNetwork:
    base = report.config_xml if report.config_xml is not None else network_xml.for_definition(report.any_xml)
    return DefineNetwork(
        uuid=report.uuid,
        xml=network_xml.edit(base, targets.config),
        previous_xml=report.config_xml,
        previous_autostart=report.autostart,
        purpose="change the network's definition" if report.persistent else "make the network persistent",
    )


def probe(target: Tree) -> list[Step]:
    """Only modes with firewall rules of their own can fail to start for a reason that a probe shows."""
    mode = mode_of(target)
    return [ProbeStart(mode=mode)] if own_bridge(target) and mode != "open" else []


def stop_step(report: NetworkReport, live: Tree) -> StopNetwork:
    """The step that stops an active network, with all that taking it back needs."""
    return StopNetwork(
        uuid=report.uuid,
        bridge=own_bridge(live),
        config_xml=report.config_xml,
        live_xml=report.live_xml or "",
        autostart=report.autostart,
    )


def in_use(observed: ObservedNetwork, what: str) -> str:
    """The refusal of what would cut off what is plugged in."""
    return f"{what}, which would cut off {describe_plugged_in(observed.plugged_in)}; unplug it from the network first"


def describe_plugged_in(plugged_in: Sequence[PluggedIn]) -> str:
    """Everything plugged in, by name."""
    return ", ".join(entry.describe() for entry in plugged_in)
