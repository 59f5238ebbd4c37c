"""What libvirt and the kernel report, as frozen values. No decisions and no effects.

The connection and the host client create them, and the planners read them.
"""

from collections.abc import Iterable
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from virtnet.spec.failures import Detail, Details


def other_host(recorded: object, now: str) -> bool:
    """Whether a host's UUID differs from the recorded one. False if either is unknown."""
    return bool(recorded) and bool(now) and recorded != now


class NetworkReport(NamedTuple):
    """A network, as libvirt reports it (virNetwork*)."""

    uuid: str
    name: str
    active: bool
    persistent: bool
    autostart: bool
    live_xml: str | None
    """The XML of the active network; None if it is inactive."""
    config_xml: str | None
    """The persistent (inactive) XML; None for a transient network."""


class ObstacleKind(Enum):
    """Why an interface can't be reattached after a restart."""

    MACVTAP = "macvtap"
    HOST_DEVICE = "host device"
    ON_TOP_OF_BRIDGE = "on top of bridge"
    """bridge"""
    SEVERAL_WITH_ONE_MAC = "several with one MAC"
    GUEST_UNKNOWN = "guest unknown"
    """uri: that of the libvirt that doesn't list the guest"""
    GUESTS_NOT_TOLD = "guests not told"
    """uri: it reaches only libvirt's network driver; instead: the uri that also reaches guests"""


class Obstacle(NamedTuple):
    """Why an interface can't be reattached, known in advance."""

    kind: ObstacleKind
    details: Details = MappingProxyType({})

    def as_details(self) -> Details:
        """As plain data, for the details of findings."""
        return {"kind": self.kind.value, **self.details}


class Attachment(NamedTuple):
    """Something that is attached to a network's bridge: a guest's port, or a link that libvirt doesn't know."""

    owner: str
    """The guest's name, or "" for a foreign link."""
    interface: str
    """The interface on the host (tap), or "" if libvirt doesn't report it."""
    mac: str = ""
    port: str = ""
    """The UUID of its port in libvirt; "" if it has none."""
    bridge_by_name: bool = False
    """True for a guest's interface of type='bridge', whose own definition names the bridge."""
    cannot_reattach: "Obstacle | None" = None
    """Why it can't be reattached after a restart; None if it can."""

    def as_details(self) -> dict[str, str]:
        """Its names, as plain data."""
        return {"owner": self.owner, "interface": self.interface, "mac": self.mac}


def attachment_details(attachments: Iterable[Attachment]) -> Detail:
    """Everything that is attached, as plain data."""
    return [entry.as_details() for entry in attachments]


class GuestInterface(NamedTuple):
    """An interface of a running guest on a network, from the guest's own XML."""

    guest: str
    guest_uuid: str
    mac: str
    interface: str
    """Its tap on the host."""
    xml: str
    """The live `<interface>` element, merged with the network's settings."""
    network: str = ""
    """The network that it refers to; "" if it refers to a bridge itself."""
    bridge: str = ""
    """The bridge that libvirt attached it to, or that it refers to itself."""


class Link(NamedTuple):
    """A network interface of the host."""

    name: str
    mac: str
    kind: str
    """The kernel's kind of a virtual link ("bridge", "veth", "tun"), or "" for others."""
    master: str
    """The bridge that it is a port of, or ""."""
    up: bool


class HostAddress(NamedTuple):
    """An address of one of the host's interfaces, in CIDR form with the host bits kept."""

    interface: str
    address: str


class HostRoute(NamedTuple):
    """A route of the main table. `destination` is "default" or a CIDR."""

    destination: str
    interface: str
    gateway: str
    protocol: str


class HostNeighbour(NamedTuple):
    """A neighbour whose MAC address the kernel knows (ARP and neighbour discovery)."""

    address: str
    """Without a prefix."""
    mac: str


class ListeningSocket(NamedTuple):
    """A listening TCP or bound UDP socket; `interface` is the device it is bound to, or ""."""

    protocol: str
    address: str
    interface: str
    port: int


class ServiceReport(NamedTuple):
    """A service of systemd."""

    enabled: bool
    """Whether systemd starts it at each boot."""
    active: bool
    """Whether it runs."""
