"""What moving to a holding network and back takes: from what was looked at to small actions, in their order. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from virtnet.errors import HostFailure
from virtnet.network.names import holding_bridge
from virtnet.network.steps.actions import Action, MoveInterface, SetLinkUp, SetMaster, SetVlans, WriteAttribute
from virtnet.network.steps.kinds import StepFault
from virtnet.network.xml.holding import HeldLink, Journal, names_mtu, on_holding_network, tap_of
from virtnet.planning.reports import GuestInterface

#: What a bridge keeps of each of its ports, and forgets when the port leaves it
#: (https://docs.kernel.org/networking/bridge.html).
PORT_SETTINGS = (
    "backup_port",
    "bpdu_guard",
    "broadcast_flood",
    "group_fwd_mask",
    "hairpin_mode",
    "isolated",
    "learning",
    "multicast_fast_leave",
    "multicast_flood",
    "multicast_router",
    "multicast_to_unicast",
    "neigh_suppress",
    "path_cost",
    "priority",
    "proxyarp",
    "proxyarp_wifi",
    "root_block",
    "unicast_flood",
)

#: What a new port of a bridge has (Linux 6.18); its path_cost is by the speed of the link.
NEW_PORT: Mapping[str, str | None] = {
    **dict.fromkeys(PORT_SETTINGS, "0"),
    **dict.fromkeys(("broadcast_flood", "learning", "multicast_flood", "multicast_router", "unicast_flood"), "1"),
    "backup_port": "",
    "group_fwd_mask": "0x0",
    "path_cost": None,
    "priority": "32",
}

#: What a new port of a bridge that filters VLANs is in.
NEW_PORT_VLANS = ("1 pvid untagged",)


@dataclass(frozen=True, kw_only=True)
class Home:
    """The network that was started again, into which everything is plugged."""

    name: str
    bridge: str
    """Its own; "" where it has none."""
    spanning_tree: bool = True
    """Whether it wants STP."""
    isolated: bool = False
    """Whether it keeps its guests' ports apart now."""
    mtu: str | None = None
    """Its bridge's, before any port brings its own; None where it cannot be told or given."""
    may_change_links: bool = True
    """Whether there is a host whose links this user may change."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits on a holding network."""

    network: str
    """The holding network's name."""
    journal: Journal
    interfaces: tuple[GuestInterface, ...] = ()
    links: tuple[str, ...] = ()
    """What is no guest's, sorted: on the holding network's bridge, or on none as its own was deleted under it."""
    mtus: Mapping[str, str] = field(default_factory=dict)
    """The MTUs of guests' taps."""

    @property
    def moved(self) -> frozenset[str]:
        """Every link of the host that is plugged in."""
        return frozenset((*self.links, *(interface.interface for interface in self.interfaces)))


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the network's bridge as it is now."""

    ifindex: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Files of /sys/class/net/NAME/brport, of those that the journal has."""
    vlans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attached:
    """Who is plugged in where, once everything should be."""

    held: frozenset[tuple[str, str]]
    """Guests' interfaces on the holding network: the guest's UUID, and the MAC address."""
    there: frozenset[tuple[str, str]]
    """Those on the network itself."""
    macs: frozenset[str]
    """Those that have a port of the network."""
    bridge: str
    on_bridge: frozenset[str] | None
    """Links on its bridge; None where that cannot be seen."""
    gone: frozenset[str] = frozenset()
    """Links that are not on the host any more."""


def move_away(
    uuid: str, network: str, interfaces: Sequence[GuestInterface], links: Sequence[str], *, down: bool
) -> Iterator[Action]:
    """Everything that is plugged into a network goes to its holding network; with its links down, if so."""
    for interface in interfaces:
        xml = on_holding_network(interface.xml, uuid, down=down)
        yield MoveInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=xml, source=network)
    for link in links:
        yield SetMaster(link=link, bridge=holding_bridge(uuid))
        if down:
            yield SetLinkUp(link=link, up=False)


def detached(journal: Journal, interfaces: Sequence[GuestInterface], masters: Mapping[str, str]) -> list[HeldLink]:
    """Links that were plugged in and are on no bridge now, as theirs was deleted while they were on it.

    `masters` are the bridges of the host's links, "" for a link on none.
    """
    # A guest's own tap comes home by its guest; where that ended, another may have a tap of the name.
    taps = {interface.interface for interface in interfaces} | _taps(journal)
    return [link for link in journal.links if link.name not in taps and masters.get(link.name) == ""]


def same_link(link: HeldLink, ifindex: str) -> bool:
    """Whether the link of that name, with this number, is the one that was held, and not one that was made anew."""
    return ifindex == link.ifindex


def wants_mtu(home: Home, interface: GuestInterface) -> bool:
    """Whether a tap gets the bridge's MTU: libvirt gives it when a guest starts, and not at a move."""
    return home.mtu is not None and not names_mtu(interface.xml)


def plug_in(home: Home, waiting: Waiting) -> Iterator[Action]:
    """Everything goes back to the network: guests' interfaces, then links."""
    for interface in waiting.interfaces:
        tap_mtu = waiting.mtus.get(interface.interface)
        if home.mtu is not None and wants_mtu(home, interface) and tap_mtu not in (None, home.mtu):
            yield WriteAttribute(link=interface.interface, attribute="mtu", value=home.mtu)
        xml = waiting.journal.home(interface, home.name)
        yield MoveInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=xml, source=waiting.network)
    for link in waiting.links:
        yield SetMaster(link=link, bridge=home.bridge)


def spanning_tree(home: Home, *, on: bool) -> Iterator[Action]:
    """STP off on the network's own bridge while ports come to it, and on again as the network wants it."""
    if home.bridge and home.spanning_tree and home.may_change_links:
        yield WriteAttribute(link=home.bridge, attribute="bridge/stp_state", value="1" if on else "0")


def to_look_at(home: Home, waiting: Waiting, on_bridge: Sequence[str]) -> list[HeldLink]:
    """The links of the journal that may have to be restored, of those on the bridge now."""
    if not home.may_change_links:
        return []
    links = waiting.journal.links
    return [link for link in links if link.name in waiting.moved or (link.name in on_bridge and link.ifindex)]


def restore(home: Home, waiting: Waiting, ports: Mapping[str, Port]) -> Iterator[Action]:
    """What the bridge forgot of its ports. `ports` are those `to_look_at`."""
    if not home.may_change_links:
        return
    for link in waiting.journal.links:
        if link.name in ports and link.name not in waiting.moved and same_link(link, ports[link.name].ifindex):
            yield from _restore_at_home(home, waiting.journal, link, ports[link.name])
    for name in (*waiting.links, *(interface.interface for interface in waiting.interfaces)):
        held = waiting.journal.link(name)
        if held is not None:
            of_guest = name not in waiting.links
            yield from _restore_moved(home, waiting.journal, held, ports.get(name, Port()), of_guest=of_guest)


def _restore_moved(home: Home, journal: Journal, link: HeldLink, port: Port, *, of_guest: bool) -> Iterator[Action]:
    """Give a port that was just plugged in what the bridge forgot of it when it left."""
    for setting, value in link.settings:
        if setting == "isolated" and of_guest and _isolates_anew(home, journal):
            continue
        if port.settings.get(setting, value) != value:
            yield WriteAttribute(link=link.name, attribute=f"brport/{setting}", value=value)
    if link.vlans:
        yield SetVlans(link=link.name, vlans=link.vlans)
    if link.up:
        yield SetLinkUp(link=link.name, up=True)


def _restore_at_home(home: Home, journal: Journal, link: HeldLink, port: Port) -> Iterator[Action]:
    """Restore what somebody plugged in again who was killed before he had restored it.

    A holding network may be days old, so only of the very links that were held, by the kernel's number, and only what
    they have as a new port has it: all else is what somebody chose since. A link comes up where a restart took it down;
    a guest's own is libvirt's, which gives it back with the guest's interface.
    """
    of_guest = link.name in _taps(journal)
    for setting, value in link.settings:
        if setting == "isolated" and of_guest and _isolates_anew(home, journal):
            continue
        there = port.settings.get(setting)
        if there is not None and there == NEW_PORT.get(setting) != value:
            yield WriteAttribute(link=link.name, attribute=f"brport/{setting}", value=value)
    if link.vlans and port.vlans == NEW_PORT_VLANS:
        yield SetVlans(link=link.name, vlans=link.vlans)
    if link.up and journal.lowered and not of_guest:
        yield SetLinkUp(link=link.name, up=True)


def _isolates_anew(home: Home, journal: Journal) -> bool:
    """Whether the network changed its mind about guests' ports being kept apart: then it is the network's to say."""
    return home.isolated != journal.isolated


def _taps(journal: Journal) -> set[str]:
    return {tap_of(held.xml) for held in journal.interfaces}


def missing(waiting: Waiting, seen: Attached) -> HostFailure | None:
    """What is not plugged in though it should be, whatever libvirt said; None where everything is."""
    for interface in waiting.interfaces:
        key = (interface.guest_uuid, interface.mac)
        if key not in seen.held and key not in seen.there:
            continue  # the guest ended, or its interface was taken out, meanwhile
        details = {"guest": interface.guest, "interface": interface.interface}
        if key in seen.held or interface.mac not in seen.macs:
            return HostFailure(kind=StepFault.NOT_ON_NETWORK, details=details)
        if seen.on_bridge is not None and interface.interface not in seen.on_bridge:
            return HostFailure(kind=StepFault.GUEST_NOT_ON_BRIDGE, details={**details, "bridge": seen.bridge})
    for link in waiting.links:
        if link not in (seen.on_bridge or ()) and link not in seen.gone:
            details = {"interface": link, "bridge": seen.bridge}
            return HostFailure(kind=StepFault.LINK_NOT_ON_BRIDGE, details=details)
    return None
