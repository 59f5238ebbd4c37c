"""A network by libvirt's account, and what is plugged into it: ports, and every other interface on its bridge.

Planning looks at it, and a step that stops the network looks once more right before.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from virtnet.host.parse import parse_up
from virtnet.network.observed import Loose, Misplaced, ReportedNetwork, reported
from virtnet.network.xml.read import read_xml
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import Attachment, GuestInterface, Obstacle, ObstacleKind

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader
    from virtnet.planning.clients.libvirt import NetworkReader

#: A refresh looks at many networks, whose guests are in one listing.
SECONDS_GUESTS_STAND = 2.0


def find_network(
    libvirt: "NetworkReader", *, uuid: str | None = None, name: str | None = None, seconds_old: float = 0.0
) -> ReportedNetwork | None:
    """One network by its UUID or by its name; None when libvirt knows none. `seconds_old` as for the client."""
    found = libvirt.find_network(uuid=uuid, name=name, seconds_old=seconds_old)
    return None if found is None else reported(found)


def attachments(clients: Clients, report: ReportedNetwork | None) -> tuple[Attachment, ...]:
    """Guests' ports by libvirt's account, then links on the bridge and on top of it (VLANs, macvlans).

    A port's tap is told by its MAC: libvirt gives it the guest's with the first byte changed to fe. Where only libvirt
    can be asked, guests with an interface of type='bridge' are found in their own XML, and other links not at all.
    """
    if report is None or report.live is None:
        return ()
    ports = list(clients.libvirt.attachments(report.uuid))
    bridge = report.live.bridge
    if not bridge:
        return tuple(ports)
    if clients.host is None:
        known = {(port.owner, port.mac) for port in ports}
        others = clients.libvirt.guests_on_bridge(bridge)
        return (*ports, *(guest for guest in others if (guest.owner, guest.mac) not in known))
    # A guest and its clone may have one MAC.
    by_tail: dict[str, list[Attachment]] = {}
    for entry in ports:
        by_tail.setdefault(entry.mac.lower()[3:], []).append(entry)
    everything: list[Attachment] = []
    for name in clients.host.list_directory(f"/sys/class/net/{bridge}/brif"):
        address = (clients.host.read_file(f"/sys/class/net/{name}/address") or "").strip()
        same = by_tail.get(address[3:]) if address.startswith("fe:") else None
        port = same.pop(0) if same else None
        owner = port.owner if port is not None else ""
        everything.append(
            Attachment(
                owner=owner,
                interface=name,
                mac=port.mac if port is not None else address,
                port=port.port if port is not None else "",
            )
        )
    entries = clients.host.list_directory(f"/sys/class/net/{bridge}")
    on_top = [
        Attachment(
            owner="",
            interface=name.removeprefix("upper_"),
            cannot_reattach=Obstacle(ObstacleKind.ON_TOP_OF_BRIDGE, {"bridge": bridge}),
        )
        for name in entries
        if name.startswith("upper_")
    ]
    return (*everything, *on_top, *chain.from_iterable(by_tail.values()))


def loose_interfaces(clients: Clients, name: str, report: ReportedNetwork | None) -> Loose:
    """Guests' interfaces that are not where their own definitions have them, as far as it concerns this network.

    `report` is None for a network that is to be made. An interface in a listing of some seconds ago may have been moved
    since, so what is found is looked for once more. A link that is down, in the guest or on the host, is so on purpose.
    Where only libvirt can be asked, an interface without a port of the network hangs nowhere, and nobody sees who is on
    the wrong bridge.
    """
    found = Loose()
    for seconds_old in (SECONDS_GUESTS_STAND, 0.0):
        found = _loose_of(clients, name, report, clients.libvirt.interfaces_of_guests(seconds_old=seconds_old))
        if found == Loose():
            break
    return found


def unplugged_interfaces(clients: Clients, report: ReportedNetwork) -> list[GuestInterface]:
    """Guests' interfaces that name the network, hang on no bridge and can be plugged in, as they are now."""
    interfaces = clients.libvirt.interfaces_of_guests()
    found = _loose_of(clients, report.name, report, interfaces).unplugged
    movable = {(entry.owner, entry.mac) for entry in found if entry.cannot_reattach is None}
    return [entry for entry in interfaces if entry.network == report.name and (entry.guest, entry.mac) in movable]


def _loose_of(
    clients: Clients, name: str, report: ReportedNetwork | None, interfaces: Sequence[GuestInterface]
) -> Loose:
    bridge = "" if report is None else report.running.bridge_name
    named = [entry for entry in interfaces if entry.network == name and _hangs_on_bridge(entry.xml)]
    if report is not None and not bridge:
        return Loose()
    if clients.host is None:
        ports = clients.libvirt.attachments(report.uuid) if named and report is not None and report.active else ()
        plugged = {(port.owner, port.mac.lower()) for port in ports}
        nowhere = [entry for entry in named if (entry.guest, entry.mac) not in plugged]
        return Loose(unplugged=tuple(_unplugged(nowhere, interfaces)))
    active = report is not None and report.active and bool(interfaces)
    on_bridge = set(clients.host.list_directory(f"/sys/class/net/{bridge}/brif")) if active else set()
    masters = {
        entry.interface: _master(clients.host, entry.interface) for entry in named if entry.interface not in on_bridge
    }
    elsewhere = [
        Misplaced(_attached(entry), on=masters[entry.interface] or "", home=bridge, network=name)
        for entry in named
        # One that was plugged in since the bridge was looked at is where it belongs.
        if bridge and masters.get(entry.interface) not in (None, "", bridge)
    ]
    strangers = [
        Misplaced(_attached(entry), on=bridge, home=entry.bridge, network=entry.network)
        for entry in interfaces
        if entry.interface in on_bridge and entry.bridge not in ("", bridge) and entry.network != name
    ]
    nowhere = [entry for entry in named if masters.get(entry.interface) == ""]
    return Loose(unplugged=tuple(_unplugged(nowhere, interfaces)), misplaced=(*strangers, *elsewhere))


def _hangs_on_bridge(interface_xml: str) -> bool:
    """Whether a guest's interface is meant to hang on a bridge of the kernel's now.

    A link that is down is so on purpose, and a virtual port's tap is its switch's, which may be no kernel's bridge.
    """
    element = read_xml(interface_xml)
    link = element.find("link")
    down = link is not None and link.get("state") == "down"
    return not down and element.find("virtualport") is None and element.get("type") in ("network", "bridge")


def _unplugged(nowhere: Sequence[GuestInterface], interfaces: Sequence[GuestInterface]) -> Iterator[Attachment]:
    """What hangs nowhere; of a guest that has one MAC twice libvirt would take the other interface for it."""
    macs = Counter((entry.guest_uuid, entry.mac) for entry in interfaces)
    for entry in nowhere:
        found = _attached(entry)
        twice = macs[entry.guest_uuid, entry.mac] > 1
        yield found._replace(cannot_reattach=Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC)) if twice else found


def _attached(entry: GuestInterface) -> Attachment:
    return Attachment(owner=entry.guest, interface=entry.interface, mac=entry.mac)


def _master(host: "FileReader", link: str) -> str | None:
    """The bridge that a link is plugged into; "" for one in none, None for one that is down or not there."""
    flags = host.read_file(f"/sys/class/net/{link}/flags")
    if flags is None or not parse_up(flags):
        return None
    entries = host.list_directory(f"/sys/class/net/{link}")
    if "master" not in entries:
        return ""
    return next((name.removeprefix("upper_") for name in entries if name.startswith("upper_")), "")
