"""A network and its host as observed, as frozen values; the kinds of its problems, and what mends each. No effects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.findings import Problem
from virtnet.planning.plan import ChangeClass
from virtnet.planning.reports import Attachment, HostAddress, HostRoute, Link, ListeningSocket, NetworkReport
from virtnet.spec.failures import Detail, Details


class ProblemKind(Enum):
    """What can be wrong with a network that libvirt calls active. A state records the value, so it stays as it is."""

    BRIDGE_MISSING = "bridge-missing"
    """bridge"""
    FOREIGN_BRIDGE = "foreign-bridge"
    """Another interface has the name of the network's bridge: bridge, mac, expected."""
    BRIDGE_DOWN = "bridge-down"
    """bridge"""
    ADDRESSES_MISSING = "addresses-missing"
    """bridge, addresses"""
    DNSMASQ_NOT_RUNNING = "dnsmasq-not-running"
    DNSMASQ_RESTART_INTERRUPTED = "dnsmasq-restart-interrupted"
    """A restart of dnsmasq that was cut short left its record."""
    FIREWALL_RULES_MISSING = "firewall-rules-missing"
    """missing: of each part its kind, and its subnet where it has one"""
    HOLDING_NETWORK_LEFT = "holding-network-left"
    """A restart that was cut short left it, with what waits on it: network, attachments."""
    HOLDING_BRIDGES_LEFT = "holding-bridges-left"
    """The same of bridges that libvirt has forgotten: bridges."""
    CREATE_INTERRUPTED = "create-interrupted"
    """Its host was lost while it was made. Never observed, but recorded until the next look."""
    UNKNOWN = "unknown"
    """Recorded by another version: text."""


_MENDED_BY: Mapping[Enum, ChangeClass | None] = {
    ProblemKind.BRIDGE_MISSING: ChangeClass.RESTART,
    ProblemKind.FOREIGN_BRIDGE: None,
    ProblemKind.BRIDGE_DOWN: ChangeClass.RESTART,
    ProblemKind.ADDRESSES_MISSING: ChangeClass.RESTART,
    ProblemKind.DNSMASQ_NOT_RUNNING: ChangeClass.LIVE,
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: ChangeClass.LIVE,
    ProblemKind.FIREWALL_RULES_MISSING: None,
    ProblemKind.HOLDING_NETWORK_LEFT: ChangeClass.LIVE,
    ProblemKind.HOLDING_BRIDGES_LEFT: ChangeClass.LIVE,
    ProblemKind.CREATE_INTERRUPTED: ChangeClass.RESTART,
    ProblemKind.UNKNOWN: ChangeClass.RESTART,
}

DNSMASQ_PROBLEMS = frozenset({ProblemKind.DNSMASQ_NOT_RUNNING, ProblemKind.DNSMASQ_RESTART_INTERRUPTED})
"""What a restart of dnsmasq mends."""


def mended_by(problem: Problem) -> ChangeClass | None:
    """The class of the change that mends it; None where no update does: the host's administrator has to.

    That is another interface of the bridge's name, which a stop would delete, and lost firewall rules, which a restart
    of libvirt's daemon brings back, with guests left alone.
    """
    return _MENDED_BY[problem.kind]


def as_details(problem: Problem) -> Details:
    """A problem as plain data: in a state, and in the details of others."""
    return {"kind": problem.kind.value, "details": dict(problem.details)}


def problem_of(recorded: object) -> Problem:
    """The problem that `as_details` gave. What another version recorded is of unknown kind: a sentence, or a kind."""
    code, details = (recorded.get("kind"), recorded.get("details")) if isinstance(recorded, Mapping) else (recorded, {})
    kind = next((kind for kind in ProblemKind if kind.value == code), None)
    return Problem(ProblemKind.UNKNOWN, {"text": str(code)}) if kind is None else Problem(kind, details or {})


def attachment_details(attachments: Iterable[Attachment]) -> Detail:
    """Everything that is plugged in, as plain data."""
    return [entry.details() for entry in attachments]


@dataclass(frozen=True, kw_only=True)
class HostReport:
    """The host itself, as far as planning needs it."""

    links: tuple[Link, ...]
    """Its interfaces; empty where their names are enough."""
    addresses: tuple[HostAddress, ...]
    routes: tuple[HostRoute, ...]
    listening_sockets: tuple[ListeningSocket, ...]
    missing_programs: tuple[str, ...]
    names: frozenset[str] = frozenset()
    """The names of all interfaces."""
    may_change_links: bool = True
    """Whether this user may plug interfaces in and out."""
    vlan_filtering_bridges: tuple[str, ...] = ()
    """Bridges that filter VLANs, of those that matter to the plan."""
    spanning_tree_bridges: tuple[str, ...] = ()
    """Those of them with STP on, where a port that is plugged in waits before it forwards."""
    dhcp_port_free: bool = True
    """Whether a DHCP server that shares its port, as dnsmasq does, can be bound; True where it cannot be tried."""
    advertised_interfaces: tuple[str, ...] = ()
    """Interfaces with routes that the kernel learnt from router advertisements and drops once it forwards IPv6
    (accept_ra is 1); empty when it forwards already."""

    def link(self, name: str) -> Link | None:
        """The interface of that name, if there is one."""
        return next((link for link in self.links if link.name == name), None)

    def has_interface(self, name: str) -> bool:
        """Whether there is an interface of that name."""
        return name in self.names or self.link(name) is not None


@dataclass(frozen=True, kw_only=True)
class LeftBridge:
    """A bridge that a killed daemon left of a network that does not run."""

    uuid: str
    """Of that network, which libvirt may not know any more."""
    bridge: str
    mac: str
    """By which it is known as the network's own."""
    users: tuple[Attachment, ...] = ()
    """What is plugged into it still, as may be where a stop was broken."""


@dataclass(frozen=True, kw_only=True)
class ReportedNetwork:
    """One network by libvirt's account, as `planning.reports.NetworkReport`, with its XML as definitions."""

    uuid: str
    name: str
    active: bool
    persistent: bool
    autostart: bool
    live: Definition | None
    """What runs; None while it is inactive."""
    config: Definition | None
    """What is persistent; None for a transient network."""

    @property
    def definition(self) -> Definition:
        """The persistent definition, or the live one of a transient network."""
        found = self.live if self.config is None else self.config
        if found is None:  # a network is active or persistent, or it is not there
            raise ValueError(f"libvirt reported network {self.name} neither active nor persistent")
        return found

    @property
    def running(self) -> Definition:
        """What runs, or what would be started where it is inactive."""
        return self.definition if self.live is None else self.live


def reported(report: NetworkReport) -> ReportedNetwork:
    """What libvirt's client reports, with its texts as definitions."""
    return ReportedNetwork(
        uuid=report.uuid,
        name=report.name,
        active=report.active,
        persistent=report.persistent,
        autostart=report.autostart,
        live=None if report.live_xml is None else definition(report.live_xml),
        config=None if report.config_xml is None else definition(report.config_xml),
    )


@dataclass(frozen=True, kw_only=True)
class ObservedAbsent:
    """Everything that planning a network looks at of which libvirt says that there is none."""

    uri: str
    host_uuid: str
    libvirt_version: int
    fresh_uuid: str = ""
    """A random UUID for the network: chance comes in with what is observed, so planning is pure."""
    others: tuple[ReportedNetwork, ...] = ()
    """As for ObservedNetwork, like the rest."""
    host: HostReport | None = None
    interface_names: frozenset[str] | None = None
    only_libvirt: bool = False


@dataclass(frozen=True, kw_only=True)
class ObservedNetwork:
    """Everything that planning one network looks at that is there."""

    uri: str
    host_uuid: str
    libvirt_version: int
    report: ReportedNetwork
    """The network itself."""
    attachments: tuple[Attachment, ...] = ()
    holding: str = ""
    """The name of the network's holding network, where a restart that was cut short left it; "" where there is none."""
    held: tuple[Attachment, ...] = ()
    """What a restart that was cut short left on the network's holding network."""
    shut_off_guests: tuple[str, ...] = ()
    dnsmasq_left: bool = False
    """Whether the inactive network's own dnsmasq still runs, as libvirt forgot it."""
    bridges_left: tuple["LeftBridge", ...] = ()
    """Bridges of the network, its holding network and its probes that a killed daemon left: nobody's now.

    Nothing is on them, but for the network's own when it is to be deleted with what is plugged in."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the active network though libvirt calls it active: bridge gone, dnsmasq gone."""
    others: tuple[ReportedNetwork, ...] = ()
    """The host's other networks; looked at only when something may be started or defined anew."""
    host: HostReport | None = None
    """The host itself; None when there is no way to ask it, or no need to."""
    interface_names: frozenset[str] | None = None
    """The host's interfaces by libvirt's account, asked where `host` is not there to be asked."""
    only_libvirt: bool = False
    """Whether there is no way to the host itself, so that only libvirt can be asked."""

    @property
    def users(self) -> tuple[Attachment, ...]:
        """Everything that a stop concerns: what is plugged in, and what waits to be plugged in again."""
        return (*self.attachments, *self.held)

    def problem(self, kind: ProblemKind) -> Problem | None:
        """The problem of that kind, if there is one."""
        return next((problem for problem in self.problems if problem.kind is kind), None)


Observed: TypeAlias = ObservedAbsent | ObservedNetwork
