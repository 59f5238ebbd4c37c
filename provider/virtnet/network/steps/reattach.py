"""Moving to a holding network and back: from what was read to small actions, in order. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtnet.errors import HostFailure
from virtnet.network.names import holding_bridge
from virtnet.network.steps.actions import (
    Action,
    MoveInterface,
    RunIp,
    SetLinkUp,
    SetMaster,
    SetVlans,
    WriteAttribute,
    WriteSysctl,
)
from virtnet.network.steps.kinds import StepFault
from virtnet.network.steps.stand_in import (
    AT_ONCE,
    StandIn,
    gateways,
    led_away,
    led_home,
    plain,
    plugged,
    rest_led_away,
    rest_led_home,
)
from virtnet.network.xml.holding import HeldLink, Journal, names_mtu, on_holding_network, tap_of
from virtnet.planning.reports import GuestInterface

if TYPE_CHECKING:
    from virtnet.network.observed import ReportedNetwork

#: Settings that a bridge has for each of its ports, and loses when the port leaves
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

#: The settings of a new port (Linux 6.18). Its path_cost depends on the speed of the link.
NEW_PORT: Mapping[str, str | None] = {
    **dict.fromkeys(PORT_SETTINGS, "0"),
    **dict.fromkeys(("broadcast_flood", "learning", "multicast_flood", "multicast_router", "unicast_flood"), "1"),
    "backup_port": "",
    "group_fwd_mask": "0x0",
    "path_cost": None,
    "priority": "32",
}

#: The VLANs of a new port of a VLAN-filtering bridge.
NEW_PORT_VLANS = ("1 pvid untagged",)


@dataclass(frozen=True, kw_only=True)
class Home:
    """The restarted network, to which everything is reattached."""

    name: str
    bridge: str
    """Its own bridge; "" if it has none."""
    spanning_tree: bool = True
    """Whether the network wants STP."""
    isolated: bool = False
    """Whether the network isolates its guests' ports now."""
    mtu: str | None = None
    """Its bridge's MTU, before a port changes it; None if it can't be read or set."""
    may_change_links: bool = True
    """Whether the host is reachable and this user may change its links."""
    new_link: Mapping[str, str] = field(default_factory=dict)
    """The parameters of AT_ONCE that a new link gets, if the bridge has IPv6 addresses."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What is on a holding network."""

    network: str
    """The holding network's name."""
    journal: Journal
    interfaces: tuple[GuestInterface, ...] = ()
    links: tuple[str, ...] = ()
    """Links that no guest has, sorted: on the holding network's bridge, or on none because their bridge was deleted."""
    mtus: Mapping[str, str] = field(default_factory=dict)
    """The MTUs of guests' taps."""
    stand_in: StandIn | None = None
    """What the kernel has of them, if the holding network stands in for the gateway."""
    holding: str = ""
    """The holding network's bridge."""

    @property
    def moved(self) -> frozenset[str]:
        """Every link of the host that is reattached."""
        return frozenset((*self.links, *(interface.interface for interface in self.interfaces)))


@dataclass(frozen=True, kw_only=True)
class Port:
    """A current port of the network's bridge."""

    ifindex: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Files of /sys/class/net/NAME/brport that the journal has, with their values."""
    vlans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attached:
    """What is attached where, after everything should be reattached."""

    held: frozenset[tuple[str, str]]
    """Guests' interfaces on the holding network: the guest's UUID, and the MAC address."""
    there: frozenset[tuple[str, str]]
    """Guests' interfaces on the network itself."""
    macs: frozenset[str]
    """MAC addresses with a port of the network."""
    bridge: str
    on_bridge: frozenset[str] | None
    """Links on its bridge; None if that can't be read."""
    gone: frozenset[str] = frozenset()
    """Links that no longer exist on the host."""


def move_away(
    uuid: str, network: str, interfaces: Sequence[GuestInterface], links: Sequence[str], *, down: bool
) -> Iterator[Action]:
    """The actions that move everything on a network to its holding network, with links down if wanted."""
    for interface in interfaces:
        xml = on_holding_network(interface.xml, uuid, down=down)
        yield MoveInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=xml, source=network)
    for link in links:
        yield SetMaster(link=link, bridge=holding_bridge(uuid))
        if down:
            yield SetLinkUp(link=link, up=False)


def move_away_unnoticed(
    report: "ReportedNetwork", interfaces: Sequence[GuestInterface], links: Sequence[str], there: StandIn
) -> Iterator[Action]:
    """The same to a holding network that stands in for the gateway: each port, and at once the way to it."""
    live, bridge = report.running, holding_bridge(report.uuid)
    own = gateways(live)
    for interface in interfaces:
        xml = on_holding_network(interface.xml, report.uuid, down=False)
        yield MoveInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=xml, source=report.name)
        yield from _run_ip(led_away(own, bridge, there.of({interface.mac.lower()})))
    yield from (SetMaster(link=link, bridge=bridge) for link in links if not plain(link))
    others = there.but_of(_macs(interfaces))
    moved = plugged(filter(plain, links), bridge)
    yield from _run_ip((*moved, *led_away(own, bridge, others), *rest_led_away(live, bridge)))


def _run_ip(commands: Iterable[str]) -> Iterator[Action]:
    if listed := tuple(commands):
        yield RunIp(commands=listed)


def _macs(interfaces: Iterable[GuestInterface]) -> set[str]:
    return {interface.mac.lower() for interface in interfaces}


def detached(journal: Journal, interfaces: Sequence[GuestInterface], masters: Mapping[str, str]) -> list[HeldLink]:
    """Links that were attached and are on no bridge now, because theirs was deleted.

    `masters` are the bridges of the host's links, "" for a link on none.
    """
    # A guest's own tap is reattached with its guest. If that ended, another guest may have a tap of the name.
    taps = {interface.interface for interface in interfaces} | _taps(journal)
    return [link for link in journal.links if link.name not in taps and masters.get(link.name) == ""]


def same_link(link: HeldLink, ifindex: str) -> bool:
    """Whether the link of that name, with this ifindex, is the recorded one, not a new one of the same name."""
    return ifindex == link.ifindex


def wants_mtu(home: Home, interface: GuestInterface) -> bool:
    """Whether to set a tap's MTU to the bridge's: libvirt does that when a guest starts, but not when it moves."""
    return home.mtu is not None and not names_mtu(interface.xml)


def plug_in(home: Home, waiting: Waiting) -> Iterator[Action]:
    """The actions that reattach everything to the network: guests' interfaces, then links."""
    there, holding = waiting.stand_in or StandIn(), waiting.holding
    yield from _run_ip(rest_led_home(there, holding))
    for interface in waiting.interfaces:
        tap_mtu = waiting.mtus.get(interface.interface)
        if home.mtu is not None and wants_mtu(home, interface) and tap_mtu not in (None, home.mtu):
            yield WriteAttribute(link=interface.interface, attribute="mtu", value=home.mtu)
        xml = waiting.journal.home(interface, home.name)
        yield MoveInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=xml, source=waiting.network)
        yield from _run_ip(led_home(there, there.of({interface.mac.lower()}), holding, home.bridge))
    alone = [link for link in waiting.links if waiting.stand_in is None or not plain(link)]
    yield from (SetMaster(link=link, bridge=home.bridge) for link in alone)
    moved = plugged((link for link in waiting.links if link not in alone), home.bridge)
    others = there.but_of(_macs(waiting.interfaces))
    yield from _run_ip((*moved, *led_home(there, others, holding, home.bridge)))


def spanning_tree(home: Home, *, on: bool) -> Iterator[Action]:
    """Turn STP off on the network's own bridge while ports are attached, and on again if the network wants it."""
    if home.bridge and home.spanning_tree and home.may_change_links:
        yield WriteAttribute(link=home.bridge, attribute="bridge/stp_state", value="1" if on else "0")


def usable_at_once(bridge: str) -> Iterator[Action]:
    """Let the IPv6 addresses of a bridge count as soon as it has a port."""
    yield from (WriteSysctl(link=bridge, parameter=name, value=value) for name, value in AT_ONCE.items())


def as_a_new_link(home: Home) -> Iterator[Action]:
    """Undo that on the network's own bridge."""
    yield from (WriteSysctl(link=home.bridge, parameter=name, value=home.new_link[name]) for name in home.new_link)


def to_look_at(home: Home, waiting: Waiting, on_bridge: Sequence[str]) -> list[HeldLink]:
    """The links in the journal, of those on the bridge now, whose settings may have to be restored."""
    if not home.may_change_links:
        return []
    links = waiting.journal.links
    return [link for link in links if link.name in waiting.moved or (link.name in on_bridge and link.ifindex)]


def restore(home: Home, waiting: Waiting, ports: Mapping[str, Port]) -> Iterator[Action]:
    """Restore the port settings that the bridge lost. `ports` are those of `to_look_at`."""
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
    """Restore settings of a port that was just reattached, which the bridge lost when the port left."""
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
    """Restore settings of ports that were reattached by an interrupted run before it restored them.

    A holding network may be days old. So restore only settings of the recorded links, by ifindex, and only those that
    still have the value of a new port: somebody may have changed the others since. A link that a restart brought down
    comes up again. A guest's own link is libvirt's, which restores it with the guest's interface.
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
    """Whether port isolation changed. Then the network's new setting counts, not the recorded one."""
    return home.isolated != journal.isolated


def _taps(journal: Journal) -> set[str]:
    return {tap_of(held.xml) for held in journal.interfaces}


def missing(waiting: Waiting, seen: Attached) -> HostFailure | None:
    """The failure for what isn't attached although it should be, whatever libvirt reported; None if everything is."""
    for interface in waiting.interfaces:
        key = (interface.guest_uuid, interface.mac)
        if key not in seen.held and key not in seen.there:
            continue  # meanwhile the guest ended, or its interface was detached
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
