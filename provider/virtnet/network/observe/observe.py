"""What libvirt and the kernel report of a network, and of the rest of the host as far as it matters. No decisions."""

import uuid as uuids
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from virtnet.errors import AccessDenied, HostFailure
from virtnet.network.diff import recorded_changes
from virtnet.network.names import holding_uuid
from virtnet.network.observe.health import firewall_problems, health_problems
from virtnet.network.observe.host_facts import host_facts, host_facts_for_new
from virtnet.network.observe.leftovers import bridges_left, dnsmasq_process
from virtnet.network.observe.ports import attachments
from virtnet.network.observed import HostReport, LeftBridge, ObservedNetwork, ProblemKind, attachment_details
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge
from virtnet.network.xml import read as network_xml
from virtnet.planning.clients import Clients
from virtnet.planning.findings import Problem
from virtnet.planning.host_client import FileReader, HostReader
from virtnet.planning.plan import ChangeClass
from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport, Obstacle, ObstacleKind
from virtnet.spec.part import Tree, walk_unknown

AUTOSTART_LINKS = "/etc/libvirt/qemu/networks/autostart"


def observe(clients: Clients, desired: Mapping[str, Tree] | None, recorded: Mapping[str, Tree]) -> ObservedNetwork:
    """What libvirt and the kernel report of this network; of the rest of the host only when it may matter."""
    libvirt = clients.libvirt
    report = _find(clients, desired or {}, recorded)
    problems = health_problems(clients.host, report)
    if not problems and recorded.get("host_uuid"):
        # Not right after it was made or changed, when its rules are as new as it is.
        problems = firewall_problems(clients.host, report)
    if report is not None and network_xml.restart_record_left(report.live_xml):
        problems = (*problems, Problem(ProblemKind.DNSMASQ_RESTART_INTERRUPTED))
    deleting = desired is None
    may_start = _may_start(report, desired or {}, recorded, problems) or (deleting and recorded.get("adopted_from"))
    users = attachments(clients, report)
    holding = libvirt.find_network(uuid=holding_uuid(report.uuid)) if report is not None else None
    held = attachments(clients, holding)
    if holding is not None:
        held = _with_guests(clients, holding, held)
        waiting = {"network": holding.name, "attachments": attachment_details(held)}
        problems = (*problems, Problem(ProblemKind.HOLDING_NETWORK_LEFT, waiting))
    left = bridges_left(clients, report, occupied=deleting and recorded.get("on_delete") == "disconnect")
    if report is not None and any(entry.users for entry in left):
        left = _with_owners(clients, report.name, left)
    if forgotten := [entry.bridge for entry in left if report is not None and entry.uuid != report.uuid]:
        problems = (*problems, Problem(ProblemKind.HOLDING_BRIDGES_LEFT, {"bridges": forgotten}))
    return ObservedNetwork(
        uri=libvirt.uri,
        host_uuid=libvirt.host_uuid(),
        libvirt_version=libvirt.version(),
        report=report,
        attachments=_with_guests(clients, report, users) if (may_start or deleting) and report is not None else users,
        holding="" if holding is None else holding.name,
        held=held,
        shut_off_guests=tuple(libvirt.shut_off_guests(report.name)) if report is not None and deleting else (),
        dnsmasq_left=report is not None and not report.active and dnsmasq_process(clients, report.name) is not None,
        bridges_left=left,
        problems=problems,
        others=_others(clients, report) if may_start else (),
        host=_host_facts(clients.host, desired or {}, recorded, report)
        if may_start and clients.host is not None
        else None,
        interface_names=libvirt.interface_names() if may_start and clients.host is None else None,
        only_libvirt=clients.host is None,
        fresh_uuid=str(uuids.uuid4()) if report is None else "",
    )


def prefetch(clients: Clients, desired: Mapping[str, Tree]) -> None:
    """Let the host's programs tell of addresses, routes and sockets while another network starts, which takes longer.

    What other resources of virtnet's do meanwhile to addresses is told by libvirt, which is asked when it counts.
    """
    if clients.host is None or desired.get("adopt") or not desired.get("active", True):
        return
    if mode_of(desired) in OWN_BRIDGE_MODES:
        with clients.prefetch():
            _host_facts(clients.host, desired, {}, None)


def _others(clients: Clients, report: NetworkReport | None) -> tuple[NetworkReport, ...]:
    """The host's other networks. Where only libvirt tells which addresses and names are taken, as they are now."""
    found = clients.libvirt.networks() if clients.host is None else clients.cached_networks()
    return tuple(other for other in found if report is None or other.uuid != report.uuid)


def _host_facts(
    host: HostReader, desired: Mapping[str, Tree], recorded: Mapping[str, Tree], report: NetworkReport | None
) -> HostReport:
    """The host as far as this network's start may depend on it: of 500 interfaces, less where nothing is plugged in."""
    if report is None and mode_of(desired) in OWN_BRIDGE_MODES and not list(walk_unknown(desired)):
        addresses = [str(ip.get("address", "")) for ip in desired.get("ips", [])]
        return host_facts_for_new(host, {6 if ":" in address else 4 for address in addresses})
    xmls = () if report is None else (report.live_xml, report.config_xml)
    trees = [desired, recorded, *(network_xml.parse(xml) for xml in xmls if xml is not None)]
    named = [tree.get("bridge") for tree in trees]
    return host_facts(
        host, {str(bridge["name"]) for bridge in named if isinstance(bridge, Mapping) and "name" in bridge}
    )


def _with_guests(clients: Clients, report: NetworkReport, users: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """What is plugged in, with all that planning a stop asks of guests: whose they are, and whether they move."""
    if not report.active:
        return users
    bridge = own_bridge(network_xml.parse(report.live_xml or report.any_xml))
    by_name = {guest.interface: guest for guest in clients.libvirt.guests_on_bridge(bridge)} if bridge else {}
    interfaces = clients.libvirt.guest_interfaces(report.name)
    taps = {interface.interface: interface for interface in interfaces}
    orphans = set(clients.libvirt.orphaned_ports(report.uuid)) if any(user.port for user in users) else set()
    found = [
        _named(user, taps, by_name, clients.libvirt.uri)
        for user in users
        # A tap that is there tells whose it is; of a port alone libvirt may have lost sight.
        if user.port not in orphans or user.interface in taps
    ]
    known = {(user.owner, user.mac.lower()) for user in found}
    # Guests that name the network and hang loose, after a virsh net-destroy and net-start say.
    found += [
        Attachment(owner=detached.guest, interface=detached.interface, mac=detached.mac)
        for detached in interfaces
        if (detached.guest, detached.mac) not in known
    ]
    twice = [key for key, count in Counter((i.guest, i.mac) for i in interfaces).items() if count > 1]
    return tuple(
        replace(user, cannot_reattach=Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC))
        if (user.owner, user.mac.lower()) in twice
        else user
        for user in found
    )


def _with_owners(clients: Clients, name: str, left: tuple[LeftBridge, ...]) -> tuple[LeftBridge, ...]:
    """Bridges that libvirt has forgotten, with the guests whose interfaces are on them still."""
    taps = {interface.interface: interface for interface in clients.libvirt.guest_interfaces(name)}
    found = []
    for entry in left:
        by_name = {guest.interface: guest for guest in clients.libvirt.guests_on_bridge(entry.bridge)}
        named = tuple(_named(user, taps, by_name, clients.libvirt.uri) for user in entry.users)
        found.append(replace(entry, users=named))
    return tuple(found)


def _named(
    user: Attachment, taps: Mapping[str, GuestInterface], by_name: Mapping[str, Attachment], uri: str
) -> Attachment:
    """One that is plugged in, with the guest it belongs to."""
    if user.interface in taps:
        return replace(user, owner=taps[user.interface].guest, mac=taps[user.interface].mac)
    if not user.owner and user.interface in by_name:
        return replace(by_name[user.interface], bridge_by_name=True)
    movable = {interface.mac for interface in taps.values()}
    if user.owner and not user.cannot_reattach and user.mac.lower() not in movable:
        return replace(user, cannot_reattach=Obstacle(ObstacleKind.GUEST_UNKNOWN, {"uri": uri}))
    return user


def _may_start(
    report: NetworkReport | None,
    desired: Mapping[str, Tree],
    recorded: Mapping[str, Tree],
    problems: tuple[Problem, ...],
) -> bool:
    """Whether the plan may have to start the network, so that the whole host is worth a look."""
    if not desired:
        return False
    if report is None or not report.active or not recorded or problems or recorded.get("problems"):
        return True
    return any(change.change_class >= ChangeClass.RESTART for change in recorded_changes(desired, recorded))


def _find(clients: Clients, desired: Mapping[str, Tree], recorded: Mapping[str, Tree]) -> NetworkReport | None:
    if recorded.get("uuid"):
        report = clients.libvirt.find_network(uuid=recorded["uuid"])
    else:
        report = clients.libvirt.find_network(name=desired["name"])
    return None if report is None else _effective_autostart(clients.host, report, clients.libvirt.uri)


def _effective_autostart(host: FileReader | None, report: NetworkReport, uri: str) -> NetworkReport:
    """The autostart flag as the next boot sees it: the daemon goes on saying true when its link has vanished."""
    if host is None or not report.autostart or not uri.endswith("/system"):
        return report
    try:
        if AUTOSTART_LINKS.rpartition("/")[2] not in host.list_directory(AUTOSTART_LINKS.rpartition("/")[0]):
            return report  # this libvirt keeps its links elsewhere
        links = host.list_directory(AUTOSTART_LINKS)
    except (HostFailure, AccessDenied):  # only root can look; the daemon's word stands
        return report
    return replace(report, autostart=f"{report.name}.xml" in links)
