"""A network by libvirt's account, and what is plugged into it: ports, and every other interface on its bridge.

Planning looks at it, and a step that stops the network looks once more right before.
"""

from typing import TYPE_CHECKING

from virtnet.network.observed import ReportedNetwork, reported
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import Attachment, Obstacle, ObstacleKind

if TYPE_CHECKING:
    from virtnet.planning.clients.libvirt import NetworkReader


def find_network(
    libvirt: "NetworkReader", *, uuid: str | None = None, name: str | None = None
) -> ReportedNetwork | None:
    """One network by its UUID or by its name; None when libvirt knows none."""
    found = libvirt.find_network(uuid=uuid, name=name)
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
        known = {port.mac for port in ports}
        return (*ports, *(guest for guest in clients.libvirt.guests_on_bridge(bridge) if guest.mac not in known))
    by_tail = {port.mac.lower()[3:]: port for port in ports}
    everything: list[Attachment] = []
    for name in clients.host.list_directory(f"/sys/class/net/{bridge}/brif"):
        address = (clients.host.read_file(f"/sys/class/net/{name}/address") or "").strip()
        port = by_tail.pop(address[3:], None) if address.startswith("fe:") else None
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
    return (*everything, *on_top, *by_tail.values())
