"""What libvirt and the kernel report now, as frozen values. No decisions and no effects.

Made by connection and host, read by the planners.
"""

from dataclasses import dataclass

from virtnet.planning.reports import Attachment, HostAddress, HostRoute, Link, ListeningSocket, NetworkReport

PARKED = "a restart that was cut short left"
"""How a problem begins that is mended live: a restart was cut short while guests waited on the holding network."""

DNSMASQ_GONE = "dnsmasq, which serves DHCP and DNS on the network, is not running"
"""A problem that is mended live: libvirt starts dnsmasq anew with the next update it needs to know of."""

RESTART_RECORD = "virtnet-restart.invalid"
"""The TXT record of the running network that comes and goes to have libvirt restart dnsmasq."""

RECORD_LEFT = f"a restart of dnsmasq that was cut short left the DNS record {RESTART_RECORD}"
"""A problem that is mended live: the record goes."""

RESTARTS_DNSMASQ = (DNSMASQ_GONE, RECORD_LEFT)
"""The problems that a restart of dnsmasq mends."""

FOREIGN_BRIDGE = "another interface has the name of the network's bridge"
"""How a problem begins that nobody but the host's administrator can mend: stopping the network would delete that."""

FIREWALL_GONE = "the network has lost its firewall"
"""How a problem begins that a restart of libvirt's daemon mends, which is not ours to do; it leaves guests alone."""


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
class ObservedNetwork:
    """Everything that planning one network looks at."""

    uri: str
    host_uuid: str
    libvirt_version: int
    report: NetworkReport | None
    """The network itself; None when libvirt says that there is none."""
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
    problems: tuple[str, ...] = ()
    """What is wrong with the active network though libvirt calls it active: bridge gone, dnsmasq gone."""
    others: tuple[NetworkReport, ...] = ()
    """The host's other networks; looked at only when something may be started or defined anew."""
    host: HostReport | None = None
    """The host itself; None when there is no way to ask it, or no need to."""
    interface_names: frozenset[str] | None = None
    """The host's interfaces by libvirt's account, asked where `host` is not there to be asked."""
    only_libvirt: bool = False
    """Whether there is no way to the host itself, so that only libvirt can be asked."""
    fresh_uuid: str = ""
    """A random UUID for a network that does not exist yet: chance comes in with what is observed, so planning is
    pure."""

    @property
    def users(self) -> tuple[Attachment, ...]:
        """Everything that a stop concerns: what is plugged in, and what waits to be plugged in again."""
        return (*self.attachments, *self.held)
