"""The steps that clear away what killed daemons left of a network: its bridge, its dnsmasq. What is not its own stays.

Executing one twice is as good as once.
"""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from virtnet.errors import AccessDenied, HostFailure
from virtnet.network.names import (
    holding_bridge,
    holding_mac,
    holding_uuid,
    pid_files,
    probe_bridge,
    probe_mac,
    probe_uuid,
)
from virtnet.network.observed import LeftBridge, ReportedNetwork
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import Attachment

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader


def link_address(clients: Clients, link: str) -> str | None:
    """The MAC address of a link of the host; None when there is no such link."""
    text = clients.host.read_file(f"/sys/class/net/{link}/address") if clients.host is not None else None
    return None if text is None else text.strip()


def bridge_ports(host: "FileReader", bridge: str) -> list[str]:
    """The links that are plugged into a bridge."""
    return sorted(host.list_directory(f"/sys/class/net/{bridge}/brif"))


def _on_it(host: "FileReader", bridge: str) -> tuple[Attachment, ...]:
    return tuple(Attachment(owner="", interface=port) for port in bridge_ports(host, bridge))


def bridges_left(clients: Clients, report: ReportedNetwork, *, occupied: bool = False) -> tuple[LeftBridge, ...]:
    """The bridges that killed daemons left of this network, its holding network and its probes, with nothing on them.

    `occupied` tells of the network's own too where something is on it.
    """
    if clients.host is None:
        return ()
    config = report.definition
    made = [
        LeftBridge(uuid=report.uuid, bridge=config.bridge, mac=config.mac),
        LeftBridge(uuid=holding_uuid(report.uuid), bridge=holding_bridge(report.uuid), mac=holding_mac(report.uuid)),
        LeftBridge(uuid=probe_uuid(report.uuid), bridge=probe_bridge(report.uuid), mac=probe_mac(report.uuid)),
    ]
    there = clients.host.list_directory("/sys/class/net")
    found = [
        left._replace(users=_on_it(clients.host, left.bridge))
        for left in made
        if left.bridge in there and not (left.uuid == report.uuid and report.active) and _is_left(clients, left)
    ]
    return tuple(left for left in found if not left.users or (occupied and left.uuid == report.uuid))


def _is_left(clients: Clients, left: LeftBridge) -> bool:
    if link_address(clients, left.bridge) != left.mac:
        return False
    report = clients.libvirt.find_network(uuid=left.uuid)
    return report is None or not report.active


def dnsmasq_process(clients: Clients, network: str) -> int | None:
    """The process id of the dnsmasq that the system's daemon started for the network of that name; None without one.

    A process id may be another program's by now, so the process's own command line has to name the network's file. A
    user's own daemon (/session) keeps its files elsewhere: a network of that name there is not this one.
    """
    host = clients.host
    if host is None or urlsplit(clients.libvirt.uri).path != "/system":
        return None
    try:
        pid = (next(filter(None, map(host.read_file, pid_files(network))), None) or "").strip()
        if not pid.isdigit() or (host.read_file(f"/proc/{pid}/comm") or "").strip() != "dnsmasq":
            return None
        arguments = (host.read_file(f"/proc/{pid}/cmdline") or "").split("\0")
    except (HostFailure, AccessDenied):  # only root can look
        return None
    return int(pid) if f"--conf-file=/var/lib/libvirt/dnsmasq/{network}.conf" in arguments else None
