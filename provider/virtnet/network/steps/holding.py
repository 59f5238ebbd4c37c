"""The steps of a restart that keeps interfaces attached: to a holding network, and then to the network again.

    StartHoldingNetwork, MoveToHoldingNetwork, … stop, start …, Reattach, RemoveHoldingNetwork

Each reads the current state and does what is left. So a step may be executed twice or undone half-way, and another
process may complete it after this one was killed. The holding network itself records how everything was attached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtnet.errors import Refused
from virtnet.host.parse import parse_up
from virtnet.network.names import holding_bridge, holding_mac, holding_name, holding_uuid
from virtnet.network.observe.ports import attachments, find_network, unplugged_interfaces
from virtnet.network.observe.reads import LINK_DIRECTORY
from virtnet.network.observed import ReportedNetwork
from virtnet.network.steps.actions import LoadNft, carry_out
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.reattach import (
    PORT_SETTINGS,
    Attached,
    Home,
    Port,
    Waiting,
    as_a_new_link,
    detached,
    missing,
    move_away,
    move_away_unnoticed,
    plug_in,
    restore,
    same_link,
    spanning_tree,
    to_look_at,
    usable_at_once,
    wants_mtu,
)
from virtnet.network.steps.running import delete_orphaned_ports
from virtnet.network.steps.stand_in import AT_ONCE, StandIn, guard, guests_in, without_guard
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.xml.definition import Definition
from virtnet.network.xml.holding import (
    HeldLink,
    Journal,
    parse_journal,
    remembered,
    render_holding_network,
)
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.planning.plan import Step
from virtnet.planning.reports import Attachment, GuestInterface

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostClient


@dataclass(frozen=True, kw_only=True)
class StartHoldingNetwork:
    """Start the holding network, which records everything that is attached to the network now."""

    uuid: str
    toggle_links: bool = False
    """Whether links are brought down meanwhile, which the holding network records."""
    tracks: bool = False
    """Whether the kernel continues to track connections meanwhile, for which it needs a rule."""
    stands_in: bool = False
    """Whether the holding network stands in for the gateway, so that guests stay connected."""
    unplugged_only: bool = False
    """Whether only guests that aren't on a bridge move there."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(
            StepKind.START_HOLDING_NETWORK,
            {"holding": holding_name(self.uuid), "tracks": self.tracks, "stands_in": self.stands_in},
        )

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None:
            return
        if find_network(clients.libvirt, uuid=holding_uuid(self.uuid)) is not None:
            return
        live = report.live
        if self.unplugged_only:
            # An interface without a bridge has no port settings to record.
            interfaces: Sequence[GuestInterface] = unplugged_interfaces(clients, report)
            ports: Sequence[str] = ()
            if not interfaces:
                return
        else:
            interfaces, ports = _plugged_in(clients, report)
        bridge = live.bridge
        journal = Journal(
            isolated=bool(live.tree.get("port_isolated")),
            lowered=self.toggle_links,
            tracks=self.tracks and clients.host is not None,
            stands_in=self.stands_in and clients.host is not None,
            interfaces=remembered(interfaces, live, report.name),
            links=tuple(_as_attached(clients.host, name, bridge) for name in ports) if clients.host is not None else (),
        )
        # Leftovers of a daemon that was killed while it started or stopped another holding network of this network.
        _remove_bridge(clients, self.uuid, live)
        clients.libvirt.start_transient_network(render_holding_network(self.uuid, live, journal))
        if journal.tracks and clients.host is not None:
            clients.host.track_connections(holding_name(self.uuid), live.translated)
        if journal.stands_in:
            rules = guard(self.uuid, live)
            carry_out(clients, [LoadNft(commands=rules)] if rules else [])
            carry_out(clients, usable_at_once(holding_bridge(self.uuid)))

    def undo(self) -> Step:
        return RemoveHoldingNetwork(
            uuid=self.uuid, unplugged_only=self.unplugged_only, tracks=self.tracks, stands_in=self.stands_in
        )


@dataclass(frozen=True, kw_only=True)
class RemoveHoldingNetwork:
    """Stop the holding network, to which nothing is attached any more."""

    uuid: str
    tracks: bool = False
    """Whether connections were tracked meanwhile. An undo tracks them again."""
    stands_in: bool = False
    """Whether it stood in for the gateway. An undo lets it do so again."""
    disconnects: bool = False
    """Whether what is still attached to it is disconnected, because its network is deleted."""
    unplugged_only: bool = False
    """Whether only guests without a bridge were there. They stay attached, whatever fails later."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.REMOVE_HOLDING_NETWORK, {"holding": holding_name(self.uuid), "tracks": self.tracks})

    def execute(self, clients: Clients) -> None:
        holding = find_network(clients.libvirt, uuid=holding_uuid(self.uuid))
        if holding is None:
            return
        delete_orphaned_ports(clients, holding)
        waiting = () if self.disconnects else attachments(clients, holding)
        if waiting:
            details = {"attachments": [entry.as_details() for entry in waiting], "holding": holding.name}
            raise Refused(kind=StepFault.STILL_WAITING, details=details)
        journal = parse_journal(holding.running)
        if clients.host is not None and journal.tracks:
            clients.host.stop_tracking(holding.name)
        if clients.host is not None and journal.stands_in:
            carry_out(clients, [LoadNft(commands=without_guard(self.uuid))])
        clients.libvirt.stop_network(holding.uuid)
        _remove_bridge(clients, self.uuid, holding.running)

    def undo(self) -> Step | None:
        if self.unplugged_only or self.disconnects:
            return None
        return StartHoldingNetwork(uuid=self.uuid, tracks=self.tracks, stands_in=self.stands_in)


@dataclass(frozen=True, kw_only=True)
class MoveToHoldingNetwork:
    """Move everything that is attached to the network to its holding network."""

    uuid: str
    attachments: tuple[Attachment, ...]
    """What is attached, for the summary."""
    toggle_links: bool = False
    """Whether to bring the links down meanwhile, so that guests ask for new addresses afterwards."""
    unplugged_only: bool = False
    """Whether to move only interfaces that aren't on a bridge."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        attachments = [entry.as_details() for entry in self.attachments]
        return Summary(
            StepKind.MOVE_TO_HOLDING_NETWORK, {"attachments": attachments, "holding": holding_name(self.uuid)}
        )

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None:
            return
        links: list[str] = []
        if self.unplugged_only:
            reviewed = {(entry.owner, entry.mac) for entry in self.attachments}
            found = unplugged_interfaces(clients, report)
            interfaces: Sequence[GuestInterface] = [entry for entry in found if (entry.guest, entry.mac) in reviewed]
        else:
            interfaces = clients.libvirt.guest_interfaces(report.name)
            links = _foreign_links(clients, report, interfaces)
        holding = find_network(clients.libvirt, uuid=holding_uuid(self.uuid))
        if holding is not None and parse_journal(holding.running).stands_in and clients.host is not None:
            there = _stand_in(clients.host, report.live.bridge, report.live)
            carry_out(clients, move_away_unnoticed(report, interfaces, links, there))
        else:
            carry_out(clients, move_away(self.uuid, report.name, interfaces, links, down=self.toggle_links))

    def undo(self) -> Step:
        return Reattach(uuid=self.uuid, attachments=self.attachments, unplugged_only=self.unplugged_only)


@dataclass(frozen=True, kw_only=True)
class Reattach:
    """Reattach everything on the holding network to the network, with its settings, and verify that.

    On a bridge with STP, a new port forwards nothing for four seconds. If it is attached while STP is off, and STP is
    turned on afterwards, it forwards all the time (https://docs.kernel.org/networking/bridge.html).
    """

    uuid: str
    attachments: tuple[Attachment, ...]
    """What was attached, for the summary."""
    unplugged_only: bool = False
    """Whether it wasn't on a bridge before. Then it stays attached, whatever fails later."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.REATTACH, {"attachments": [entry.as_details() for entry in self.attachments]})

    def execute(self, clients: Clients) -> None:
        holding = find_network(clients.libvirt, uuid=holding_uuid(self.uuid))
        if holding is None or holding.live is None:
            return
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None:
            details = {"attachments": [entry.as_details() for entry in self.attachments], "holding": holding.name}
            raise Refused(kind=StepFault.NOT_ACTIVE, details=details)
        stands_in = parse_journal(holding.running).stands_in
        home = _home(clients, report, stands_in=stands_in)
        waiting = _waiting(clients, holding, home, report)
        carry_out(clients, spanning_tree(home, on=False))
        try:
            carry_out(clients, usable_at_once(home.bridge) if home.new_link else ())
            carry_out(clients, plug_in(home, waiting))
            carry_out(clients, restore(home, waiting, _ports(clients.host, home, waiting)))
        finally:
            carry_out(clients, spanning_tree(home, on=True))
            carry_out(clients, as_a_new_link(home))
        delete_orphaned_ports(clients, report)
        lost = missing(waiting, _attached(clients, report, waiting))
        if lost is not None:
            raise lost

    def undo(self) -> Step | None:
        return None if self.unplugged_only else MoveToHoldingNetwork(uuid=self.uuid, attachments=self.attachments)


def _plugged_in(clients: Clients, report: ReportedNetwork) -> tuple[Sequence[GuestInterface], list[str]]:
    """Guests' interfaces on the network, and the names of all links on its bridge. All can be moved."""
    delete_orphaned_ports(clients, report)
    for entry in attachments(clients, report):
        if entry.cannot_reattach is not None:
            details = {"attachment": entry.as_details(), "obstacle": entry.cannot_reattach.as_details()}
            raise Refused(kind=StepFault.CANNOT_REATTACH, details=details)
    interfaces = clients.libvirt.guest_interfaces(report.name)
    if not report.running.bridge:
        return interfaces, []
    return interfaces, [*(i.interface for i in interfaces), *_foreign_links(clients, report, interfaces)]


def _remove_bridge(clients: Clients, uuid: str, said: Definition) -> None:
    """Remove a leftover bridge of the holding network, which has a MAC address of its own or that of the gateway."""
    mac = said.element.find("mac")
    gateway = () if mac is None else (mac.get("address", ""),)
    remove_own_bridge(clients, holding_bridge(uuid), holding_mac(uuid), *gateway)


def _home(clients: Clients, report: ReportedNetwork, *, stands_in: bool) -> Home:
    """The restarted network."""
    live, bridge, host = report.running.tree, report.running.bridge, clients.host
    may_change_links = host is not None and host.may_change_links()
    mtu = host.read_file(f"/sys/class/net/{bridge}/mtu") if host is not None and bridge and may_change_links else None
    new_link: dict[str, str] = {}
    if host is not None and stands_in and report.running.bridge and _has_ipv6(report):
        found = ((name, host.read_sysctl(f"net/ipv6/conf/default/{name}")) for name in AT_ONCE)
        new_link = {name: value for name, value in found if value is not None}
    return Home(
        name=report.name,
        bridge=bridge,
        spanning_tree=live.get("bridge", {}).get("stp", True),
        isolated=bool(live.get("port_isolated")),
        mtu=None if mtu is None else mtu.strip(),
        may_change_links=may_change_links,
        new_link=new_link,
    )


def _has_ipv6(report: ReportedNetwork) -> bool:
    return any(subnet.version == 6 for subnet in report.running.subnets)


def _stand_in(host: "HostClient", bridge: str, live: Definition, holding: str = "") -> StandIn:
    """What the kernel has of the guests on a bridge of a network, and of routes to the bridge `holding`."""
    there = host.list_directory(LINK_DIRECTORY)
    found = host.neighbours(bridge) if bridge in there else ()
    ours = (one for one in host.routes() if holding and one.interface == holding and one.protocol != "kernel")
    return StandIn(neighbours=guests_in(found, live.subnets), routes=frozenset(one.destination for one in ours))


def _waiting(clients: Clients, holding: ReportedNetwork, home: Home, report: ReportedNetwork) -> Waiting:
    """What is on the holding network, and what is on no bridge since its bridge was deleted."""
    journal, host = parse_journal(holding.running), clients.host
    interfaces = clients.libvirt.guest_interfaces(holding.name)
    links = set(_foreign_links(clients, holding, interfaces))
    mtus: dict[str, str] = {}
    if host is not None:
        masters = {link.name: link.master for link in host.links()}
        loose = detached(journal, interfaces, masters)
        links |= {link.name for link in loose if not link.ifindex or same_link(link, _ifindex(host, link.name))}
        taps = [interface.interface for interface in interfaces if wants_mtu(home, interface)]
        found = ((tap, host.read_file(f"/sys/class/net/{tap}/mtu")) for tap in taps)
        mtus = {tap: text.strip() for tap, text in found if text is not None}
    bridge, stands_in = holding.running.bridge, host is not None and journal.stands_in and bool(report.running.bridge)
    return Waiting(
        network=holding.name,
        journal=journal,
        interfaces=tuple(interfaces),
        links=tuple(sorted(links)),
        mtus=mtus,
        holding=bridge,
        stand_in=_stand_in(host, bridge, report.running, bridge) if host is not None and stands_in else None,
    )


def _ports(host: "HostClient | None", home: Home, waiting: Waiting) -> dict[str, Port]:
    """The current ports of the network's bridge whose settings may have to be restored."""
    if host is None:
        return {}
    on_bridge = host.list_directory(f"/sys/class/net/{home.bridge}/brif") if home.bridge else ()
    return {link.name: _port(host, link, waiting) for link in to_look_at(home, waiting, on_bridge)}


def _port(host: "HostClient", link: HeldLink, waiting: Waiting) -> Port:
    found = ((name, host.read_file(f"/sys/class/net/{link.name}/brport/{name}")) for name, _ in link.settings)
    return Port(
        ifindex=_ifindex(host, link.name),
        settings={name: text.strip() for name, text in found if text is not None},
        vlans=tuple(host.bridge_vlans(link.name)) if link.vlans and link.name not in waiting.moved else (),
    )


def _ifindex(host: "HostClient", link: str) -> str:
    return (host.read_file(f"/sys/class/net/{link}/ifindex") or "").strip()


def _foreign_links(clients: Clients, report: ReportedNetwork, interfaces: Sequence[GuestInterface]) -> list[str]:
    """Links on the network's own bridge that aren't guests' taps according to libvirt."""
    bridge = report.running.bridge
    if clients.host is None or not bridge:
        return []
    taps = {interface.interface for interface in interfaces}
    return [name for name in clients.host.list_directory(f"/sys/class/net/{bridge}/brif") if name not in taps]


def _as_attached(host: "HostClient", link: str, bridge: str) -> HeldLink:
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


def _attached(clients: Clients, report: ReportedNetwork, waiting: Waiting) -> Attached:
    """What is attached where now."""
    bridge = report.running.bridge_name
    held = clients.libvirt.guest_interfaces(holding_name(report.uuid))
    there = clients.libvirt.guest_interfaces(report.name)
    ports = clients.libvirt.attachments(report.uuid)
    host = clients.host
    on_bridge = frozenset(host.list_directory(f"/sys/class/net/{bridge}/brif")) if host is not None and bridge else None
    off_bridge = [link for link in waiting.links if link not in (on_bridge or ())]
    return Attached(
        held=frozenset((entry.guest_uuid, entry.mac) for entry in held),
        there=frozenset((entry.guest_uuid, entry.mac) for entry in there),
        macs=frozenset(port.mac.lower() for port in ports),
        bridge=bridge,
        on_bridge=on_bridge,
        gone=frozenset(
            link for link in off_bridge if host is None or host.read_file(f"/sys/class/net/{link}/flags") is None
        ),
    )
