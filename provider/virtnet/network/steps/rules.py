"""The steps on an active network's firewall rules: restore lost ones, and keep connections tracked during a rebuild.

libvirt's daemon creates its own chains, and the jumps to them, when it starts, and never checks them again. So
RestoreRules recreates what is missing of them as libvirt creates it, without a stop and without a restart of a daemon.
Then libvirt itself writes the network's rules.

To rebuild rules, libvirt removes all of the network's and then writes them anew. If no other rule on the host asks the
kernel to track connections, the kernel stops tracking for that moment, and the host resets TCP connections that it had
translated (seen on 9.0 with a byte every 10 ms). A rule of virtnet's own, which only counts packets, prevents that.

Executing is idempotent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from virtnet.errors import AccessDenied, HostFailure, Refused
from virtnet.network.names import holding_name
from virtnet.network.observe.firewall.backends import rules_of_network
from virtnet.network.observe.firewall.chains import lost_chains
from virtnet.network.observe.firewall.libvirt_rules import (
    Backend,
    RulesKind,
    Way,
    decides,
    listers,
    missing_rules,
    ways_missing,
)
from virtnet.network.observe.ports import find_network
from virtnet.network.observe.reads import NETWORK_CONF
from virtnet.network.steps.actions import Action, AddChain, InsertRule, LoadNft, carry_out
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.step import NO_IMPACT, Impact
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary


@dataclass(frozen=True, kw_only=True)
class RestoreRules:
    """Restore an active network's lost firewall rules. It has no undo, because it is a repair."""

    uuid: str

    impact = Impact(rebuilds_firewall=True)

    def describe(self) -> Summary:
        return Summary(StepKind.RESTORE_RULES)

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None or clients.host is None:
            return
        backend, listed = rules_of_network(clients.host, report.name, report.live, clients.libvirt.version())
        missing = list(missing_rules(report.live, listed, backend or Backend.NFTABLES))
        if not missing:
            return
        if backend is None:
            raise Refused(kind=StepFault.BACKEND_UNKNOWN, details={"file": NETWORK_CONF, "host": clients.host.name})
        carry_out(clients, restoring(list(ways_missing(report.live, listed, backend)), backend))
        if any(part.kind is not RulesKind.JUMPS for part in missing):
            clients.libvirt.rebuild_firewall(self.uuid)
        listed = {lister: clients.host.firewall_rules(lister) for lister in listers(report.live, backend)}
        left = list(missing_rules(report.live, listed, backend))
        if left:
            details = {"missing": [part.as_details() for part in left]}
            raise Refused(kind=StepFault.RULES_NOT_RESTORED, details=details)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class TrackConnections:
    """Add the rule with which the kernel continues to track connections."""

    uuid: str
    versions: tuple[int, ...]
    """The versions of IP whose connections are tracked."""
    program: Literal["nft", "iptables"]
    """The program that adds the rule: the one that lists the network's own rules, so that a look at them shows a
    leftover."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.TRACK_CONNECTIONS, {"rule": holding_name(self.uuid)})

    def execute(self, clients: Clients) -> None:
        if clients.host is not None:
            clients.host.track_connections(holding_name(self.uuid), self.versions, self.program)

    def undo(self) -> "StopTracking":
        return StopTracking(uuid=self.uuid, versions=self.versions, program=self.program)


@dataclass(frozen=True, kw_only=True)
class StopTracking:
    """Remove the rule, if it is there."""

    uuid: str
    versions: tuple[int, ...]
    program: Literal["nft", "iptables"]
    is_leftover: bool = False
    """Whether an interrupted update left it. Then no undo adds it again."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.STOP_TRACKING, {"rule": holding_name(self.uuid)})

    def execute(self, clients: Clients) -> None:
        if clients.host is not None:
            clients.host.stop_tracking(holding_name(self.uuid), self.program)

    def undo(self) -> TrackConnections | None:
        if self.is_leftover:
            return None
        return TrackConnections(uuid=self.uuid, versions=self.versions, program=self.program)


def remake_chains(clients: Clients, network: Definition) -> bool:
    """Recreate libvirt's missing chains if their absence prevents the network's start, and return whether it did.

    Also False if libvirt's firewall backend is unknown, or if this user may not read the rules. Raises HostFailure.
    """
    if clients.host is None:
        return False
    try:
        lost = lost_chains(clients.host, network, clients.libvirt.version())
    except (HostFailure, AccessDenied):
        return False
    if lost is None or all(way.has_chain or not decides(way, network) for way in lost.ways):
        return False
    carry_out(clients, restoring(lost.ways, lost.backend))
    return True


def restoring(lost: Sequence[Way], backend: Backend) -> Iterator[Action]:
    """The actions that create libvirt's missing chains and jumps. Pure."""
    if backend is Backend.NFTABLES:
        if lost:
            yield LoadNft(commands="; ".join(_in_nft(lost)))
        return
    for way in lost:
        program: Literal["iptables", "ip6tables"] = "ip6tables" if way.version == 6 else "iptables"
        if not way.has_chain:
            yield AddChain(program=program, table=way.table, chain=way.chain)
        yield InsertRule(program=program, table=way.table, words=(way.base, str(way.behind + 1), "-j", way.chain))


def _in_nft(lost: Sequence[Way]) -> Iterator[str]:
    """As one transaction, which accepts existing chains."""
    for family in dict.fromkeys(way.table for way in lost):
        yield f"add table {family} libvirt_network"
        yield f"add chain {family} libvirt_network forward {{ type filter hook forward priority 0; }}"
        yield f"add chain {family} libvirt_network guest_nat {{ type nat hook postrouting priority 100; }}"
    for way in lost:
        yield f"add chain {way.table} libvirt_network {way.chain}"
        if way.base:
            put = f"add rule {way.table} libvirt_network {way.base} position {way.behind}"
            first = f"insert rule {way.table} libvirt_network {way.base}"
            yield f"{put if way.behind else first} counter jump {way.chain}"
