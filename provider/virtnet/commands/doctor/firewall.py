"""`virtnet doctor` on the firewall: whether libvirt's chains and rules are there, and what others drop. Pure.

libvirt calls a network active no matter what happened to its rules. Nothing tells it that they were flushed, and then
guests are cut off, or not kept apart, and networks cannot start. What rules of others drop it never looks at.
"""

from collections.abc import Iterator

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.host.firewall.verdicts import Fate
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    Backend,
    backend_by_rules,
    backends,
    backends_by_rules,
    chains_of,
    missing_rules,
)
from virtnet.network.observe.firewall.paths import dropped_by_others, dropped_details, paths
from virtnet.network.observed import ObservedNetwork
from virtnet.network.problem_kinds import ProblemKind


def firewall(report: DoctorReport) -> Iterator[Finding]:
    """The backend in use, the chains, and the rules of every active network with a bridge.

    nftables knows interfaces by their numbers, so a network whose bridge is gone has no rules that name it.
    """
    if not report.rules:
        return
    # No keys of a table: what was observed holds details, which are no keys.
    networks = [(network, _backend(network, report)) for network in report.networks if _has_rules(network)]
    chains = chains_of(report.rules.get("iptables-save") or "")
    there = backends_by_rules(report.rules)
    in_use = sorted({backend.value for _, backend in networks})
    configured = "" if report.firewall_backend is None else report.firewall_backend.value
    some = "nftables" if Backend.NFTABLES in there else "iptables" if chains else configured
    shown = " and ".join(in_use) or some
    if networks and not any(backend in there for _, backend in networks):
        yield Finding(
            area="firewall",
            level=Level.PROBLEM,
            kind=FindingKind.CHAINS_MISSING,
            data={"backend": shown, "chains": sorted(chains), "networks": [_name(network) for network, _ in networks]},
            details={"host": report.host_name},
        )
        return
    if shown:
        yield Finding(
            area="firewall",
            level=Level.OK,
            kind=FindingKind.FIREWALL_BACKEND if there else FindingKind.FIREWALL_NOT_NEEDED,
            data={"backend": shown, "chains": sorted(chains)},
        )
    for network, backend in networks:
        missing = [part.as_details() for part in missing_rules(network.report.running, report.rules, backend)]
        if missing:
            yield Finding(
                area="firewall",
                level=Level.PROBLEM,
                kind=FindingKind.RULES_MISSING,
                data={"backend": backend.value, "network": _name(network), "missing": missing},
            )
            continue
        yield from _paths(network, report)
    for network in report.networks:
        if network.report.active and network.report.running.mode == "open":
            yield from _paths(network, report)
    if report.legacy_tables:
        tables = {program: list(names) for program, names in report.legacy_tables.items()}
        yield Finding(area="firewall", level=Level.NOTE, kind=FindingKind.LEGACY_TABLES, data={"tables": tables})


def _paths(network: ObservedNetwork, report: DoctorReport) -> Iterator[Finding]:
    """What becomes of a network's packets, where they are not simply let pass."""
    if report.firewall is None:
        return
    live, name = network.report.running, _name(network)
    found = paths(live, report.firewall, report.surroundings)
    if dropped := dropped_by_others(found):
        yield Finding(
            area="firewall",
            level=Level.PROBLEM,
            kind=FindingKind.PACKETS_DROPPED,
            data={"network": name, **dropped_details(live, dropped, report.zones)},
        )
    if unknown := [path.as_details() for path in found if path.fate is Fate.UNKNOWN]:
        yield Finding(
            area="firewall",
            level=Level.NOTE,
            kind=FindingKind.PACKETS_NOT_JUDGED,
            data={"network": name, "ways": unknown},
        )


def _backend(network: ObservedNetwork, report: DoctorReport) -> Backend:
    """The one that it has, or the first that it may have."""
    known = report.backends.get(_name(network)) or backend_by_rules(network.report.running.bridge, report.rules)
    made = backends_by_rules(report.rules)
    return known or backends(report.firewall_backend, made, report.libvirt_version)[0]


def _has_rules(network: ObservedNetwork) -> bool:
    if network.problem(ProblemKind.BRIDGE_MISSING) or network.problem(ProblemKind.FOREIGN_BRIDGE):
        return False
    return network.report.active and network.report.running.mode in FILTERED_MODES


def _name(network: ObservedNetwork) -> str:
    return network.report.name
