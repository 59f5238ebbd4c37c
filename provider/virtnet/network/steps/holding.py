"""The steps of a restart that loses nobody: park what is plugged in, and plug it in again.

    MakePark, ParkGuests, … stop, start …, PlugGuestsIn, RemovePark

Each looks at what is there and does what is left, so that a step may be executed twice, taken back half-way, and
finished by another process after this one was killed: the park itself remembers how everything was plugged in.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from virtnet.errors import HostFailure, LibvirtFailure, Refused
from virtnet.network.names import park_bridge, park_mac, park_name, park_uuid
from virtnet.network.observe.ports import plugged_in
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.running import forget_orphans
from virtnet.network.tree import own_bridge
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.holding import (
    Journal,
    ParkedLink,
    at_park,
    names_mtu,
    parse_journal,
    remembered,
    render_park,
    tap_of,
)
from virtnet.planning.clients import Doors, HostDoor
from virtnet.planning.plan import Step
from virtnet.planning.reports import GuestInterface, NetworkReport

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
_NEW_PORT = {
    **dict.fromkeys(PORT_SETTINGS, "0"),
    **dict.fromkeys(("broadcast_flood", "learning", "multicast_flood", "multicast_router", "unicast_flood"), "1"),
    "backup_port": "",
    "group_fwd_mask": "0x0",
    "path_cost": None,
    "priority": "32",
}

IFF_UP = 1


@dataclass(frozen=True, kw_only=True)
class MakePark:
    """Start the park, which remembers everything that is plugged into the network now."""

    uuid: str
    bounce: bool = False
    """Whether links are taken down meanwhile, which the park remembers."""

    def describe(self) -> str:
        return f"start the network {park_name(self.uuid)}, on which what is plugged in waits"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            return
        if doors.libvirt.find_network(uuid=park_uuid(self.uuid)) is not None:
            return
        forget_orphans(doors, report)
        for entry in plugged_in(doors, report):
            if entry.stays_away:
                raise Refused(f"{entry.describe()} was plugged in since the plan was made: {entry.stays_away}")
        interfaces = doors.libvirt.guest_interfaces(report.name)
        live = network_xml.parse(report.live_xml)
        bridge = own_bridge(live)
        ports = [*(i.interface for i in interfaces), *_foreign_links(doors, report, interfaces)] if bridge else []
        journal = Journal(
            isolated=bool(live.get("port_isolated")),
            lowered=self.bounce,
            interfaces=remembered(interfaces, report.live_xml, report.name),
            links=tuple(_as_plugged_in(doors.host, name, bridge) for name in ports) if doors.host is not None else (),
        )
        # What a daemon left that was killed while it started or stopped another park of this network.
        remove_own_bridge(doors, park_bridge(self.uuid), park_mac(self.uuid))
        doors.libvirt.start_transient_network(render_park(self.uuid, report.live_xml, journal))

    def undo(self) -> Step:
        return RemovePark(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class RemovePark:
    """Stop the park, which nothing waits on any more."""

    uuid: str

    def describe(self) -> str:
        return f"remove the network {park_name(self.uuid)}"

    def execute(self, doors: Doors) -> None:
        park = doors.libvirt.find_network(uuid=park_uuid(self.uuid))
        if park is None:
            return
        forget_orphans(doors, park)
        waiting = plugged_in(doors, park)
        if waiting:
            names = ", ".join(entry.describe() for entry in waiting)
            raise Refused(f"{names} still waits on the network {park.name}, which is kept for it")
        doors.libvirt.stop_network(park.uuid)
        remove_own_bridge(doors, park_bridge(self.uuid), park_mac(self.uuid))

    def undo(self) -> Step:
        return MakePark(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class ParkGuests:
    """Move everything that is plugged into the network to its park."""

    uuid: str
    names: str
    """What is plugged in, for the reader."""
    bounce: bool = False
    """True to take the links down meanwhile, so that guests ask for new addresses afterwards."""

    def describe(self) -> str:
        return f"move {self.names} to the network {park_name(self.uuid)} meanwhile"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            return
        interfaces = doors.libvirt.guest_interfaces(report.name)
        links = _foreign_links(doors, report, interfaces)
        for interface in interfaces:
            _move(doors, interface, at_park(interface.xml, self.uuid, down=self.bounce), report.name)
        for link in links:
            host = _host(doors, link)
            host.set_master(link, park_bridge(self.uuid))
            if self.bounce:
                host.set_link_up(link, False)

    def undo(self) -> Step:
        return PlugGuestsIn(uuid=self.uuid, names=self.names)


@dataclass(frozen=True, kw_only=True)
class PlugGuestsIn:
    """Plug everything that waits on the park into the network again, as it was, and see that it is.

    On a bridge with STP a new port says nothing for four seconds; one that is put in while STP is off, and STP turned
    on afterwards, forwards all the time (https://docs.kernel.org/networking/bridge.html).
    """

    uuid: str
    names: str

    def describe(self) -> str:
        return f"plug {self.names} in again"

    def execute(self, doors: Doors) -> None:
        park = doors.libvirt.find_network(uuid=park_uuid(self.uuid))
        if park is None or park.live_xml is None:
            return
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            raise Refused(
                f"the network is not active, so {self.names} cannot be plugged in and waits on the network {park.name}"
            )
        journal = parse_journal(park.live_xml)
        bridge = own_bridge(network_xml.parse(report.live_xml))
        interfaces = doors.libvirt.guest_interfaces(park.name)
        waiting = set(_foreign_links(doors, park, interfaces)) | _loose(doors, journal, interfaces)
        mtu = _mtu_of(doors.host, bridge)
        with _spanning_tree_off(doors.host, report.live_xml, bridge):
            for interface in interfaces:
                _give_mtu(doors.host, interface, mtu)
                _move(doors, interface, journal.home(interface, report.name), park.name)
            for name in sorted(waiting):
                _host(doors, name).set_master(name, bridge)
            kept_apart = bool(network_xml.parse(report.live_xml).get("port_isolated"))
            moved = {*waiting, *(interface.interface for interface in interfaces)}
            _restore_at_home(doors, journal, bridge, moved, isolates=kept_apart != journal.isolated)
            for name in (*sorted(waiting), *(interface.interface for interface in interfaces)):
                # Whether guests' ports are kept apart is the network's to say, where it changed its mind.
                isolates = name not in waiting and kept_apart != journal.isolated
                _restore_port(doors.host, journal.link(name), without="isolated" if isolates else "")
        forget_orphans(doors, report)
        _see_plugged_in(doors, report, interfaces, waiting)

    def undo(self) -> Step:
        return ParkGuests(uuid=self.uuid, names=self.names)


def _move(doors: Doors, interface: GuestInterface, xml: str, source: str) -> None:
    """Move a guest's interface off the network `source`; a guest that ended meanwhile needs nothing."""
    try:
        doors.libvirt.update_guest_interface(interface.guest_uuid, xml)
    except LibvirtFailure:
        still = doors.libvirt.guest_interfaces(source)
        if any(entry.guest_uuid == interface.guest_uuid and entry.mac == interface.mac for entry in still):
            raise


def _mtu_of(host: HostDoor | None, bridge: str) -> str | None:
    """The MTU of the network's own bridge, before any port brings its own; None where it cannot be told or given."""
    if host is None or not bridge or not host.may_change_links():
        return None
    return host.read_file(f"/sys/class/net/{bridge}/mtu")


def _give_mtu(host: HostDoor | None, interface: GuestInterface, mtu: str | None) -> None:
    """The bridge's MTU for a tap whose guest names none: libvirt gives it when a guest starts, and not at a move."""
    path = f"/sys/class/net/{interface.interface}/mtu"
    if host is None or mtu is None or names_mtu(interface.xml):
        return
    there = host.read_file(path)
    if there is not None and there.strip() != mtu.strip():
        host.write_attribute(path, mtu.strip())


def _restore_port(host: HostDoor | None, link: ParkedLink | None, *, without: str) -> None:
    """Give a port what the bridge forgot of it when it left."""
    if host is None or link is None or not host.may_change_links():
        return
    for setting, value in link.settings:
        path = f"/sys/class/net/{link.name}/brport/{setting}"
        there = host.read_file(path) if setting != without else None
        if there is not None and there.strip() != value:
            host.write_attribute(path, value)
    if link.vlans:
        host.set_bridge_vlans(link.name, link.vlans)
    if link.up:
        host.set_link_up(link.name, True)


def _loose(doors: Doors, journal: Journal, interfaces: Sequence[GuestInterface]) -> set[str]:
    """Links that were plugged in and hang nowhere now: their bridge was deleted while they were on it."""
    if doors.host is None:
        return set()
    # A guest's own tap comes home by its guest; where that ended, another may have a tap of the name.
    taps = {interface.interface for interface in interfaces} | {tap_of(parked.xml) for parked in journal.interfaces}
    there = {link.name: link.master for link in doors.host.links()}
    loose = [link for link in journal.links if link.name not in taps and there.get(link.name) == ""]
    return {link.name for link in loose if not link.ifindex or _same_link(doors.host, link)}


def _same_link(host: HostDoor, link: ParkedLink) -> bool:
    """Whether the link of that name is the one that was parked, and not one that was made anew."""
    return (host.read_file(f"/sys/class/net/{link.name}/ifindex") or "").strip() == link.ifindex


def _restore_at_home(doors: Doors, journal: Journal, bridge: str, moved: set[str], *, isolates: bool) -> None:
    """Restore what somebody plugged in again who was killed before he had restored it.

    A park may be days old, so only of the very links that were parked, by the kernel's number, and only what they have
    as a new port has it: all else is what somebody chose since. A link comes up where a restart took it down; a guest's
    own is libvirt's, which gives it back with the guest's interface. With `isolates` the network says anew
    whether guests' ports are kept apart.
    """
    host = doors.host
    if host is None or not bridge or not host.may_change_links():
        return
    taps = {tap_of(parked.xml) for parked in journal.interfaces}
    ports = set(host.list_directory(f"/sys/class/net/{bridge}/brif")) - moved
    for link in (link for link in journal.links if link.name in ports and link.ifindex):
        place = f"/sys/class/net/{link.name}"
        if not _same_link(host, link):
            continue
        for setting, value in link.settings:
            if setting == "isolated" and isolates and link.name in taps:
                continue
            there = host.read_file(f"{place}/brport/{setting}")
            if there is not None and there.strip() == _NEW_PORT.get(setting) != value:
                host.write_attribute(f"{place}/brport/{setting}", value)
        if link.vlans and list(host.bridge_vlans(link.name)) == ["1 pvid untagged"]:
            host.set_bridge_vlans(link.name, link.vlans)
        if link.up and journal.lowered and link.name not in taps:
            host.set_link_up(link.name, True)


def _foreign_links(doors: Doors, report: NetworkReport, interfaces: Sequence[GuestInterface]) -> list[str]:
    """What hangs on the network's own bridge and is no guest's tap by libvirt's account of networks."""
    bridge = own_bridge(network_xml.parse(report.live_xml or report.any_xml))
    if doors.host is None or not bridge:
        return []
    taps = {interface.interface for interface in interfaces}
    return [name for name in doors.host.list_directory(f"/sys/class/net/{bridge}/brif") if name not in taps]


def _as_plugged_in(host: HostDoor, link: str, bridge: str) -> ParkedLink:
    place = f"/sys/class/net/{link}"
    found = ((name, host.read_file(f"{place}/brport/{name}")) for name in PORT_SETTINGS)
    filters = (host.read_file(f"/sys/class/net/{bridge}/bridge/vlan_filtering") or "0").strip() != "0"
    flags = int((host.read_file(f"{place}/flags") or "0x0").strip(), 16)
    return ParkedLink(
        name=link,
        up=bool(flags & IFF_UP),
        ifindex=(host.read_file(f"{place}/ifindex") or "").strip(),
        settings=tuple((name, text.strip()) for name, text in found if text is not None),
        vlans=tuple(host.bridge_vlans(link)) if filters else (),
    )


def _see_plugged_in(doors: Doors, report: NetworkReport, interfaces: Sequence[GuestInterface], links: set[str]) -> None:
    """Make sure that everything hangs on the network again, whatever libvirt said."""
    bridge = str(network_xml.parse(report.live_xml or report.any_xml).get("bridge", {}).get("name", ""))
    parked = {(entry.guest_uuid, entry.mac) for entry in doors.libvirt.guest_interfaces(park_name(report.uuid))}
    there = {(entry.guest_uuid, entry.mac) for entry in doors.libvirt.guest_interfaces(report.name)}
    ports = {port.mac.lower() for port in doors.libvirt.plugged_in(report.uuid)}
    on_bridge = set(doors.host.list_directory(f"/sys/class/net/{bridge}/brif")) if doors.host and bridge else None
    for interface in interfaces:
        key = (interface.guest_uuid, interface.mac)
        if key not in parked and key not in there:
            continue  # the guest ended, or its interface was taken out, meanwhile
        if key in parked or interface.mac not in ports:
            raise HostFailure(
                f"guest '{interface.guest}' ({interface.interface}) is not plugged in by libvirt's account"
            )
        if on_bridge is not None and interface.interface not in on_bridge:
            raise HostFailure(f"the interface {interface.interface} of guest '{interface.guest}' is not in {bridge}")
    for name in sorted(links - (on_bridge or set())):
        # One that is gone from the host was removed meanwhile.
        if doors.host is not None and doors.host.read_file(f"/sys/class/net/{name}/flags") is not None:
            raise HostFailure(f"the interface {name} is not in {bridge}")


def _host(doors: Doors, link: str) -> HostDoor:
    if doors.host is None:
        raise Refused(f"the interface {link} cannot be moved from here, as only libvirt is reached")
    return doors.host


@contextmanager
def _spanning_tree_off(host: HostDoor | None, live_xml: str, bridge: str) -> Iterator[None]:
    """STP off on the network's own bridge meanwhile; afterwards as the network wants it, whatever happened."""
    wants = network_xml.parse(live_xml).get("bridge", {}).get("stp", True)
    path = f"/sys/class/net/{bridge}/bridge/stp_state"
    if host is None or not bridge or not wants or not host.may_change_links():
        yield
        return
    host.write_attribute(path, "0")
    try:
        yield
    finally:
        host.write_attribute(path, "1")
