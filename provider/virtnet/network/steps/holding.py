"""The steps of a restart that loses nobody: holding network what is plugged in, and plug it in again.

    StartHoldingNetwork, MoveToHoldingNetwork, … stop, start …, Reattach, RemoveHoldingNetwork

Each looks at what is there and does what is left, so that a step may be executed twice, taken back half-way, and
finished by another process after this one was killed: the holding network itself remembers how everything was
plugged in.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from virtnet.errors import HostFailure, LibvirtFailure, Refused
from virtnet.host.parse import parse_up
from virtnet.network.names import holding_bridge, holding_mac, holding_name, holding_uuid
from virtnet.network.observe.ports import attachments
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.running import delete_orphaned_ports
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.tree import own_bridge
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.holding import (
    HeldLink,
    Journal,
    names_mtu,
    on_holding_network,
    parse_journal,
    remembered,
    render_holding_network,
    tap_of,
)
from virtnet.planning.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.planning.host_client import HostClient
from virtnet.planning.plan import Step
from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport

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


@dataclass(frozen=True, kw_only=True)
class StartHoldingNetwork:
    """Start the holding network, which remembers everything that is plugged into the network now."""

    uuid: str
    toggle_links: bool = False
    """Whether links are taken down meanwhile, which the holding network remembers."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.START_HOLDING_NETWORK, {"holding": holding_name(self.uuid)})

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            return
        if clients.libvirt.find_network(uuid=holding_uuid(self.uuid)) is not None:
            return
        delete_orphaned_ports(clients, report)
        for entry in attachments(clients, report):
            if entry.cannot_reattach is not None:
                details = {"attachment": entry.details(), "obstacle": entry.cannot_reattach.as_details()}
                raise Refused(kind=StepFault.CANNOT_REATTACH, details=details)
        interfaces = clients.libvirt.guest_interfaces(report.name)
        live = network_xml.parse(report.live_xml)
        bridge = own_bridge(live)
        ports = [*(i.interface for i in interfaces), *_foreign_links(clients, report, interfaces)] if bridge else []
        journal = Journal(
            isolated=bool(live.get("port_isolated")),
            lowered=self.toggle_links,
            interfaces=remembered(interfaces, report.live_xml, report.name),
            links=tuple(_as_attached(clients.host, name, bridge) for name in ports) if clients.host is not None else (),
        )
        # What a daemon left that was killed while it started or stopped another holding network of this network.
        remove_own_bridge(clients, holding_bridge(self.uuid), holding_mac(self.uuid))
        clients.libvirt.start_transient_network(render_holding_network(self.uuid, report.live_xml, journal))

    def undo(self) -> Step:
        return RemoveHoldingNetwork(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class RemoveHoldingNetwork:
    """Stop the holding network, which nothing waits on any more."""

    uuid: str

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.REMOVE_HOLDING_NETWORK, {"holding": holding_name(self.uuid)})

    def execute(self, clients: Clients) -> None:
        holding = clients.libvirt.find_network(uuid=holding_uuid(self.uuid))
        if holding is None:
            return
        delete_orphaned_ports(clients, holding)
        waiting = attachments(clients, holding)
        if waiting:
            details = {"attachments": [entry.details() for entry in waiting], "holding": holding.name}
            raise Refused(kind=StepFault.STILL_WAITING, details=details)
        clients.libvirt.stop_network(holding.uuid)
        remove_own_bridge(clients, holding_bridge(self.uuid), holding_mac(self.uuid))

    def undo(self) -> Step:
        return StartHoldingNetwork(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class MoveToHoldingNetwork:
    """Move everything that is plugged into the network to its holding network."""

    uuid: str
    attachments: tuple[Attachment, ...]
    """What is plugged in, for the reader."""
    toggle_links: bool = False
    """True to take the links down meanwhile, so that guests ask for new addresses afterwards."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        attachments = [entry.details() for entry in self.attachments]
        return Summary(
            StepKind.MOVE_TO_HOLDING_NETWORK, {"attachments": attachments, "holding": holding_name(self.uuid)}
        )

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            return
        interfaces = clients.libvirt.guest_interfaces(report.name)
        links = _foreign_links(clients, report, interfaces)
        for interface in interfaces:
            _move(clients, interface, on_holding_network(interface.xml, self.uuid, down=self.toggle_links), report.name)
        for link in links:
            host = _host(clients, link)
            host.set_master(link, holding_bridge(self.uuid))
            if self.toggle_links:
                host.set_link_up(link, False)

    def undo(self) -> Step:
        return Reattach(uuid=self.uuid, attachments=self.attachments)


@dataclass(frozen=True, kw_only=True)
class Reattach:
    """Plug everything that waits on the holding network into the network again, as it was, and see that it is.

    On a bridge with STP a new port says nothing for four seconds; one that is put in while STP is off, and STP turned
    on afterwards, forwards all the time (https://docs.kernel.org/networking/bridge.html).
    """

    uuid: str
    attachments: tuple[Attachment, ...]
    """What was plugged in, for the reader."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.REATTACH, {"attachments": [entry.details() for entry in self.attachments]})

    def execute(self, clients: Clients) -> None:
        holding = clients.libvirt.find_network(uuid=holding_uuid(self.uuid))
        if holding is None or holding.live_xml is None:
            return
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            details = {"attachments": [entry.details() for entry in self.attachments], "holding": holding.name}
            raise Refused(kind=StepFault.NOT_ACTIVE, details=details)
        journal = parse_journal(holding.live_xml)
        bridge = own_bridge(network_xml.parse(report.live_xml))
        interfaces = clients.libvirt.guest_interfaces(holding.name)
        waiting = set(_foreign_links(clients, holding, interfaces)) | _detached(clients, journal, interfaces)
        mtu = _mtu_of(clients.host, bridge)
        with _spanning_tree_off(clients.host, report.live_xml, bridge):
            for interface in interfaces:
                _give_mtu(clients.host, interface, mtu)
                _move(clients, interface, journal.home(interface, report.name), holding.name)
            for name in sorted(waiting):
                _host(clients, name).set_master(name, bridge)
            kept_apart = bool(network_xml.parse(report.live_xml).get("port_isolated"))
            moved = {*waiting, *(interface.interface for interface in interfaces)}
            _restore_at_home(clients, journal, bridge, moved, isolates=kept_apart != journal.isolated)
            for name in (*sorted(waiting), *(interface.interface for interface in interfaces)):
                # Whether guests' ports are kept apart is the network's to say, where it changed its mind.
                isolates = name not in waiting and kept_apart != journal.isolated
                _restore_port(clients.host, journal.link(name), without="isolated" if isolates else "")
        delete_orphaned_ports(clients, report)
        _verify_attached(clients, report, interfaces, waiting)

    def undo(self) -> Step:
        return MoveToHoldingNetwork(uuid=self.uuid, attachments=self.attachments)


def _move(clients: Clients, interface: GuestInterface, xml: str, source: str) -> None:
    """Move a guest's interface off the network `source`; a guest that ended meanwhile needs nothing."""
    try:
        clients.libvirt.update_guest_interface(interface.guest_uuid, xml)
    except LibvirtFailure:
        still = clients.libvirt.guest_interfaces(source)
        if any(entry.guest_uuid == interface.guest_uuid and entry.mac == interface.mac for entry in still):
            raise


def _mtu_of(host: HostClient | None, bridge: str) -> str | None:
    """The MTU of the network's own bridge, before any port brings its own; None where it cannot be told or given."""
    if host is None or not bridge or not host.may_change_links():
        return None
    return host.read_file(f"/sys/class/net/{bridge}/mtu")


def _give_mtu(host: HostClient | None, interface: GuestInterface, mtu: str | None) -> None:
    """The bridge's MTU for a tap whose guest names none: libvirt gives it when a guest starts, and not at a move."""
    path = f"/sys/class/net/{interface.interface}/mtu"
    if host is None or mtu is None or names_mtu(interface.xml):
        return
    there = host.read_file(path)
    if there is not None and there.strip() != mtu.strip():
        host.write_attribute(path, mtu.strip())


def _restore_port(host: HostClient | None, link: HeldLink | None, *, without: str) -> None:
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


def _detached(clients: Clients, journal: Journal, interfaces: Sequence[GuestInterface]) -> set[str]:
    """Links that were plugged in and hang nowhere now: their bridge was deleted while they were on it."""
    if clients.host is None:
        return set()
    # A guest's own tap comes home by its guest; where that ended, another may have a tap of the name.
    taps = {interface.interface for interface in interfaces} | {tap_of(held.xml) for held in journal.interfaces}
    there = {link.name: link.master for link in clients.host.links()}
    detached = [link for link in journal.links if link.name not in taps and there.get(link.name) == ""]
    return {link.name for link in detached if not link.ifindex or _same_link(clients.host, link)}


def _same_link(host: HostClient, link: HeldLink) -> bool:
    """Whether the link of that name is the one that was parked, and not one that was made anew."""
    return (host.read_file(f"/sys/class/net/{link.name}/ifindex") or "").strip() == link.ifindex


def _restore_at_home(clients: Clients, journal: Journal, bridge: str, moved: set[str], *, isolates: bool) -> None:
    """Restore what somebody plugged in again who was killed before he had restored it.

    A holding network may be days old, so only of the very links that were held, by the kernel's number, and only what
    they have as a new port has it: all else is what somebody chose since. A link comes up where a restart took it down;
    a guest's own is libvirt's, which gives it back with the guest's interface. With `isolates` the network says anew
    whether guests' ports are kept apart.
    """
    host = clients.host
    if host is None or not bridge or not host.may_change_links():
        return
    taps = {tap_of(held.xml) for held in journal.interfaces}
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


def _foreign_links(clients: Clients, report: NetworkReport, interfaces: Sequence[GuestInterface]) -> list[str]:
    """What hangs on the network's own bridge and is no guest's tap by libvirt's account of networks."""
    bridge = own_bridge(network_xml.parse(report.live_xml or report.any_xml))
    if clients.host is None or not bridge:
        return []
    taps = {interface.interface for interface in interfaces}
    return [name for name in clients.host.list_directory(f"/sys/class/net/{bridge}/brif") if name not in taps]


def _as_attached(host: HostClient, link: str, bridge: str) -> HeldLink:
    place = f"/sys/class/net/{link}"
    found = ((name, host.read_file(f"{place}/brport/{name}")) for name in PORT_SETTINGS)
    filters = (host.read_file(f"/sys/class/net/{bridge}/bridge/vlan_filtering") or "0").strip() != "0"
    return HeldLink(
        name=link,
        up=parse_up(host.read_file(f"{place}/flags") or "0x0"),
        ifindex=(host.read_file(f"{place}/ifindex") or "").strip(),
        settings=tuple((name, text.strip()) for name, text in found if text is not None),
        vlans=tuple(host.bridge_vlans(link)) if filters else (),
    )


def _verify_attached(
    clients: Clients, report: NetworkReport, interfaces: Sequence[GuestInterface], links: set[str]
) -> None:
    """Make sure that everything hangs on the network again, whatever libvirt said."""
    bridge = str(network_xml.parse(report.live_xml or report.any_xml).get("bridge", {}).get("name", ""))
    held = {(entry.guest_uuid, entry.mac) for entry in clients.libvirt.guest_interfaces(holding_name(report.uuid))}
    there = {(entry.guest_uuid, entry.mac) for entry in clients.libvirt.guest_interfaces(report.name)}
    ports = {port.mac.lower() for port in clients.libvirt.attachments(report.uuid)}
    on_bridge = set(clients.host.list_directory(f"/sys/class/net/{bridge}/brif")) if clients.host and bridge else None
    for interface in interfaces:
        key = (interface.guest_uuid, interface.mac)
        if key not in held and key not in there:
            continue  # the guest ended, or its interface was taken out, meanwhile
        if key in held or interface.mac not in ports:
            details = {"guest": interface.guest, "interface": interface.interface}
            raise HostFailure(kind=StepFault.NOT_ON_NETWORK, details=details)
        if on_bridge is not None and interface.interface not in on_bridge:
            details = {"interface": interface.interface, "guest": interface.guest, "bridge": bridge}
            raise HostFailure(kind=StepFault.GUEST_NOT_ON_BRIDGE, details=details)
    for name in sorted(links - (on_bridge or set())):
        # One that is gone from the host was removed meanwhile.
        if clients.host is not None and clients.host.read_file(f"/sys/class/net/{name}/flags") is not None:
            raise HostFailure(kind=StepFault.LINK_NOT_ON_BRIDGE, details={"interface": name, "bridge": bridge})


def _host(clients: Clients, link: str) -> HostClient:
    if clients.host is None:
        raise Refused(kind=StepFault.HOST_NOT_REACHED, details={"interface": link})
    return clients.host


@contextmanager
def _spanning_tree_off(host: HostClient | None, live_xml: str, bridge: str) -> Iterator[None]:
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
