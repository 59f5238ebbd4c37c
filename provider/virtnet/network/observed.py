"""A network and its host as observed, as frozen values. No effects."""

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.findings import Problem
from virtnet.planning.reports import Attachment, HostAddress, HostRoute, Link, ListeningSocket, NetworkReport
from virtnet.spec.failures import Details

if TYPE_CHECKING:
    from virtnet.planning.clients.host import Way


class HostReport(NamedTuple):
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
    """Whether a DHCP server that shares its port, as dnsmasq does, can be bound; True if it cannot be tried."""
    advertised_interfaces: tuple[str, ...] = ()
    """Interfaces with routes that the kernel learnt from router advertisements and drops once it forwards IPv6
    (accept_ra is 1); empty when it forwards already."""

    def link(self, name: str) -> Link | None:
        """The interface of that name, if there is one."""
        return next((link for link in self.links if link.name == name), None)

    def has_interface(self, name: str) -> bool:
        """Whether there is an interface of that name."""
        return name in self.names or self.link(name) is not None


class Named(NamedTuple):
    """What networks name of their host, which has to be there."""

    interfaces: frozenset[str] = frozenset()
    """By which guests may leave the host."""
    directories: frozenset[str] = frozenset()
    """Which TFTP serves."""
    zones: frozenset[str] = frozenset()
    """Firewalld's, of a bridge of the network's own."""
    virtual_functions: frozenset[str] = frozenset()
    """PCI addresses of a pool, as the kernel writes them: "0000:0a:00.1"."""
    limits: "frozenset[Way]" = frozenset()
    """The ways in which its bridge limits traffic, for which the kernel has to have the means."""
    guest_limits: "frozenset[Way]" = frozenset()
    """Those in which port groups limit the traffic of guests."""

    def joined(self, other: "Named") -> "Named":
        """What either names."""
        return Named(
            interfaces=self.interfaces | other.interfaces,
            directories=self.directories | other.directories,
            zones=self.zones | other.zones,
            virtual_functions=self.virtual_functions | other.virtual_functions,
            limits=self.limits | other.limits,
            guest_limits=self.guest_limits | other.guest_limits,
        )


class AutostartObstacle(Enum):
    """What in the place of libvirt's link to a network keeps libvirt from making the link, or from removing it."""

    DANGLING = "dangling"
    """A link that leads nowhere."""
    UNKNOWN_TO_LIBVIRT = "unknown to libvirt"
    """The link, which the daemon has not seen."""
    OTHER = "other"
    """Something else, which is not ours to remove."""


class StandInObstacle(Enum):
    """Why a holding network can't stand in for the gateway, so that a restart disconnects guests."""

    NOT_SEEN = "not seen"
    """Nobody looked, because nothing is attached, or nothing is to be started."""
    HOST_BRIDGE = "host bridge"
    """The network has no bridge of its own, or will have none."""
    ADDRESSES = "addresses"
    """Its addresses change."""
    NETMASK = "netmask"
    """One of its netmasks has gaps, so that it is no subnet."""
    MODE = "mode"
    """Its forward mode changes."""
    MAC = "mac"
    """The MAC address of the gateway changes."""
    VLANS = "vlans"
    """Its bridge filters VLANs."""
    BRIDGE_GONE = "bridge gone"
    """Its bridge is missing already."""
    NO_NFTABLES = "no nftables"
    """The host can't load or list rules of nftables."""
    FIREWALL = "firewall"
    """The host's firewall drops what passes without the network's own rules."""


class LeftBridge(NamedTuple):
    """A bridge that a killed daemon left of a network that does not run."""

    uuid: str
    """Of that network, which libvirt may not know any more."""
    bridge: str
    mac: str
    """By which it is known as the network's own."""
    users: tuple[Attachment, ...] = ()
    """What is plugged into it still, as may be where a stop was broken."""


class Misplaced(NamedTuple):
    """A guest's interface on a bridge that its own definition does not name."""

    attachment: Attachment
    on: str
    """The bridge that it is on."""
    home: str
    """The bridge that its definition, or the network there, has for it."""
    network: str
    """The network that its definition names; "" if that names a bridge."""

    def as_details(self) -> Details:
        """As plain data: in a state, and in a note."""
        return {**self._asdict(), "attachment": self.attachment.as_details()}


class Loose(NamedTuple):
    """Guests' interfaces that are not where their definitions have them, of those that concern one network."""

    unplugged: tuple[Attachment, ...] = ()
    """They name the network and hang on no bridge."""
    misplaced: tuple[Misplaced, ...] = ()
    """They name the network and hang on another bridge, or hang on its bridge and name another."""

    @property
    def movable(self) -> tuple[Attachment, ...]:
        """Those on no bridge that can be plugged in."""
        return tuple(entry for entry in self.unplugged if entry.cannot_reattach is None)


class ReportedNetwork(NamedTuple):
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
        """The persistent definition; of a transient network the one that starts the same as runs."""
        if self.config is not None:
            return self.config
        if self.live is None:  # a network is active or persistent, or it is not there
            raise ValueError(f"libvirt reported network {self.name} neither active nor persistent")
        from virtnet.network.xml.write import for_definition

        return definition(for_definition(self.live))

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


class ObservedAbsent(NamedTuple):
    """Everything that planning a network looks at of which libvirt says that there is none."""

    uri: str
    host_uuid: str
    libvirt_version: int
    fresh_uuid: str = ""
    """A random UUID for the network: chance comes in with what is observed, so planning is pure."""
    autostart_obstacle: AutostartObstacle | None = None
    rules_left: tuple[str, ...] | None = ()
    missing: Named = Named()
    fresh_token: str = ""
    """As for ObservedNetwork, like the rest."""
    loose: Loose = Loose()
    others: tuple[ReportedNetwork, ...] = ()
    host: HostReport | None = None
    interface_names: frozenset[str] | None = None
    only_libvirt: bool = False
    unprivileged: bool = False


class ObservedNetwork(NamedTuple):
    """Everything that planning one network looks at that is there."""

    uri: str
    host_uuid: str
    libvirt_version: int
    report: ReportedNetwork
    """The network itself."""
    autostart_obstacle: AutostartObstacle | None = None
    """What keeps libvirt from setting the autostart flag."""
    rules_left: tuple[str, ...] | None = ()
    """The backends with firewall rules that libvirt left of an earlier time of the network; looked for where it may
    start or is deleted, and by a refresh. None if nobody can look."""
    missing: Named = Named()
    """What the network names of its host, or is to name, and what is not there."""
    fresh_token: str = ""
    """A random token for the mark of whoever takes the network."""
    attachments: tuple[Attachment, ...] = ()
    holding: str = ""
    """The name of the network's holding network, where a restart that was cut short left it; "" if there is none."""
    held: tuple[Attachment, ...] = ()
    """What a restart that was cut short left on the network's holding network."""
    shut_off_guests: tuple[str, ...] = ()
    dnsmasq_left: bool = False
    """Whether the inactive network's own dnsmasq still runs, as libvirt forgot it."""
    bridges_left: tuple["LeftBridge", ...] = ()
    """Bridges of the network, its holding network and its probes that a killed daemon left: nobody's now.

    Nothing is on them, but for the network's own when it is to be deleted with what is plugged in."""
    loose: Loose = Loose()
    """Guests' interfaces that are not where they belong; of an inactive network those that its start leaves so."""
    tracked: bool | None = True
    """Whether connections that it translates stay tracked while its rules are gone; None if nobody can tell."""
    stand_in_obstacle: StandInObstacle | None = StandInObstacle.NOT_SEEN
    """Why the host's firewall doesn't let the holding network stand in for the gateway; None if it does."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the active network though libvirt calls it active: bridge gone, dnsmasq gone."""
    unseen: tuple[Problem, ...] = ()
    """Recorded problems that nobody can look for here, so that they are neither found nor gone."""
    others: tuple[ReportedNetwork, ...] = ()
    """The host's other networks; looked at only when something may be started or defined anew."""
    host: HostReport | None = None
    """The host itself; None when there is no way to ask it, or no need to."""
    interface_names: frozenset[str] | None = None
    """The host's interfaces by libvirt's account, asked where `host` is not there to be asked."""
    only_libvirt: bool = False
    """Whether there is no way to the host itself, so that only libvirt can be asked."""
    unprivileged: bool = False
    """Whether it is an ordinary user's own libvirt, which may make no bridge."""

    @property
    def users(self) -> tuple[Attachment, ...]:
        """Everything that a stop concerns: what is plugged in, and what waits to be plugged in again."""
        return (*self.attachments, *self.held)

    def problem(self, kind: ProblemKind) -> Problem | None:
        """The problem of that kind, if there is one."""
        return next((problem for problem in self.problems if problem.kind is kind), None)


Observed: TypeAlias = ObservedAbsent | ObservedNetwork
