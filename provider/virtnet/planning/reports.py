"""What libvirt and the kernel report now, as frozen values. No decisions and no effects.

Made by connection and host, read by the planners.
"""

from collections.abc import Iterable
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from virtnet.spec.failures import Detail, Details


def other_host(recorded: object, now: str) -> bool:
    """Whether a host's UUID says that it is not the recorded one. Where either is not known, it does not."""
    return bool(recorded) and bool(now) and recorded != now


class NetworkReport(NamedTuple):
    """One network by libvirt's account (virNetwork*)."""

    uuid: str
    name: str
    active: bool
    persistent: bool
    autostart: bool
    live_xml: str | None
    """The XML of the running network; None while it is inactive."""
    config_xml: str | None
    """The persistent (inactive) XML; None for a transient network."""


class ObstacleKind(Enum):
    """Why something could not be plugged in again after a restart."""

    MACVTAP = "macvtap"
    HOST_DEVICE = "host device"
    ON_TOP_OF_BRIDGE = "on top of bridge"
    """bridge"""
    SEVERAL_WITH_ONE_MAC = "several with one MAC"
    GUEST_UNKNOWN = "guest unknown"
    """uri: of the libvirt that does not know the guest"""
    GUESTS_NOT_TOLD = "guests not told"
    """uri: it reaches libvirt's network driver alone, instead: the uri that reaches the guests, too"""


class Obstacle(NamedTuple):
    """Why something could surely not be plugged in again."""

    kind: ObstacleKind
    details: Details = MappingProxyType({})

    def as_details(self) -> Details:
        """As plain data, for the details of others."""
        return {"kind": self.kind.value, **self.details}


class Attachment(NamedTuple):
    """Something that hangs on a network's bridge: a guest's port, or a link libvirt knows nothing of."""

    owner: str
    """The guest's name, or "" for a foreign link."""
    interface: str
    """The host-side interface (tap), or "" where libvirt does not tell."""
    mac: str = ""
    port: str = ""
    """The UUID of its port; "" for what libvirt has none of."""
    bridge_by_name: bool = False
    """True for a guest's interface of type='bridge', whose own definition names the bridge."""
    cannot_reattach: "Obstacle | None" = None
    """Why it could surely not be plugged in again after a restart; None when it can."""

    def as_details(self) -> dict[str, str]:
        """What names it, as plain data."""
        return {"owner": self.owner, "interface": self.interface, "mac": self.mac}


def attachment_details(attachments: Iterable[Attachment]) -> Detail:
    """Everything that is plugged in, as plain data."""
    return [entry.as_details() for entry in attachments]


class GuestInterface(NamedTuple):
    """An interface of a running guest that is plugged into a network, by the guest's own XML."""

    guest: str
    guest_uuid: str
    mac: str
    interface: str
    """Its tap on the host."""
    xml: str
    """The `<interface>` element as it runs, merged with what the network gives it."""
    network: str = ""
    """The network that it names; "" where it names a bridge itself."""
    bridge: str = ""
    """The bridge that libvirt plugged it into, or that it names itself."""


class Link(NamedTuple):
    """A network interface of the host."""

    name: str
    mac: str
    kind: str
    """The kernel's kind of a virtual link ("bridge", "veth", "tun"), or "" for others."""
    master: str
    """The bridge it is a port of, or ""."""
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


class ListeningSocket(NamedTuple):
    """A listening TCP or bound UDP socket; `interface` is the device it is bound to, or ""."""

    protocol: str
    address: str
    interface: str
    port: int


class ServiceReport(NamedTuple):
    """A service of systemd."""

    enabled: bool
    """Whether it is started at each boot."""
    active: bool
    """Whether it runs."""
