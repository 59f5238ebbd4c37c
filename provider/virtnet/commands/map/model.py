"""What is on a map: frozen values, in the order in which they are drawn. No decisions and no effects."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A problem, as people read it."""

    said: str
    fix: str = ""
    """What to do; "" if nothing is known."""
    command: str = ""
    """What a shell of the host runs to do that; "" if nothing does."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """An address that a network's DHCP server gave to a client."""

    address: str
    """Without its prefix."""
    mac: str
    """"" if the client has another identity."""
    hostname: str = ""
    expires: str = ""
    """As ISO 8601; "" for never."""


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """An address that a network's DHCP server keeps for a client."""

    address: str
    name: str = ""
    mac: str = ""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """An interface of a guest or a container, or another link, that is on a network or on a bridge."""

    guest: str
    """The guest's name; "" for a link that libvirt doesn't know, such as a container's."""
    interface: str
    """The host's side, such as "vnet3"; "" if it is not known."""
    mac: str
    """The guest's MAC address, of other links their own; "" if it is not known."""
    link: str = ""
    """The kernel's kind of link: "tun", "veth"; "" if it has none, or where it is not known."""
    addresses: tuple[str, ...] = ()
    """What its MAC address has leased here."""
    hostname: str = ""
    """As it called itself when it leased them."""
    on_bridge: bool = True
    """False for a guest's interface that names the network and is on no bridge of it."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of libvirt."""

    name: str
    uuid: str
    mode: str
    """The forward mode, such as "nat", or "isolated"; "" if a state does not record it."""
    active: bool
    autostart: bool
    persistent: bool
    bridge: str
    """The bridge that it is on; "" if it is on none."""
    zone: str = ""
    """Firewalld's zone of the bridge; "" if there is none."""
    addresses: tuple[str, ...] = ()
    """The host's own in its subnets, in CIDR form."""
    ranges: tuple[str, ...] = ()
    """Of DHCP: "10.9.0.2 to 10.9.0.99"."""
    reservations: tuple[Reservation, ...] = ()
    routes: tuple[str, ...] = ()
    """Static: "10.92.0.0/24 via 10.91.0.2"."""
    devices: tuple[str, ...] = ()
    """The interfaces by which it leaves the host; none for any."""
    owner: str = ""
    """The resource that manages it, project/stack/resource; "" for none."""
    adopted: bool = False
    attached: tuple[Attached, ...] = ()
    leases: tuple[Lease, ...] = ()
    """Of clients that are not attached now."""
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """A bridge of the host that libvirt didn't create."""

    name: str
    mac: str = ""
    up: bool = True
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    """Of default routes by it; "" for one without a gateway."""
    attached: tuple[Attached, ...] = ()
    """Less what is drawn at a network."""


@dataclass(frozen=True, kw_only=True)
class Uplink:
    """An interface of the host by which packets leave it."""

    name: str
    mac: str = ""
    up: bool = True
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    """Of default routes by it; "" for one without a gateway."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Ports of the host, and those of the guest that they lead to: "8080", "5000-5010"."""

    protocol: str
    listen: str
    target: str


@dataclass(frozen=True, kw_only=True)
class PortForward:
    """Ports of the host that lead to a guest."""

    id: str
    network: str
    """The network's name."""
    target: str
    """The guest's address."""
    ports: tuple[Ports, ...]
    listen_address: str = ""
    """"" for all of the host's addresses."""
    sources: tuple[str, ...] = ()
    """Who may connect, in CIDR form; none for anybody."""
    owner: str = ""
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route of the host's main table through a gateway, the default route included."""

    destination: str
    gateway: str
    interface: str


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host."""

    uri: str
    unreachable: str = ""
    """Why libvirt there could not be asked, so that nothing is known of its networks; "" if it was."""
    host_seen: bool = True
    """False if only libvirt was read: bridges, routes, firewall and kernel aren't known."""
    recorded: bool = False
    """True if it comes from a stack's state, which has no guests: nothing was read."""
    libvirt_version: str = ""
    """"9.0.0"; "" if it is not known."""
    ipv4_forwarding: bool | None = None
    """None if it is not known."""
    ipv6_forwarding: bool | None = None
    zones: tuple[str, ...] = ()
    """Firewalld's; none while it does not run."""
    uplinks: tuple[Uplink, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    routes: tuple[Route, ...] = ()
    networks: tuple[Network, ...] = ()
    port_forwards: tuple[PortForward, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    """Problems of the host, and not of a single network or port forward."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, in sentences that say why."""


@dataclass(frozen=True, kw_only=True)
class Map:
    """Hosts, as they are or as a stack records them."""

    hosts: tuple[Host, ...]
    stack: str = ""
    """The stack whose state it is made of; "" for hosts that were looked at."""

    @property
    def troubles(self) -> int:
        """How many problems are on it."""
        parts: list[Host | Network | PortForward] = []
        for host in self.hosts:
            parts += (host, *host.networks, *host.port_forwards)
        return sum(len(one.troubles) for one in parts)


def natural(text: str) -> list[tuple[bool, int, str]]:
    """What texts with numbers in them are sorted by: "web2" before "web10"."""
    pieces = re.split(r"([0-9]+)", text)
    # As texts, by their lengths: Python reads no number of thousands of digits.
    numbers = [piece.lstrip("0") if piece.isdecimal() else None for piece in pieces]
    return [
        (number is not None, len(number or ""), number or piece) for number, piece in zip(numbers, pieces, strict=True)
    ]
