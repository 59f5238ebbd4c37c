"""What is left of a network and is nobody's: by killed daemons its bridge and dnsmasq, by libvirt firewall rules."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host import messages
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.names import (
    holding_bridge,
    holding_mac,
    holding_uuid,
    pid_files,
    probe_bridge,
    probe_mac,
    probe_uuid,
)
from virtnet.network.observe.firewall.ages import ages_of_listings
from virtnet.network.observe.firewall.backends import backend_of_network, noted_backend
from virtnet.network.observe.firewall.left import Left, Sought, left
from virtnet.network.observe.firewall.libvirt_rules import WRITES_NFTABLES
from virtnet.network.observe.reads import LINK_DIRECTORY
from virtnet.network.observed import LeftBridge, ReportedNetwork
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import Attachment

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader, FirewallLister


def link_address(clients: Clients, link: str) -> str | None:
    """The MAC address of a link of the host; None when there is no such link."""
    text = clients.host.read_file(f"/sys/class/net/{link}/address") if clients.host is not None else None
    return None if text is None else text.strip()


def link_index(clients: Clients, link: str) -> str:
    """The kernel's number of a link, which nft prints of rules that outlive it; "" when there is no such link."""
    text = clients.host.read_file(f"{LINK_DIRECTORY}/{link}/ifindex") if clients.host is not None and link else None
    return (text or "").strip()


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
    found = [
        left._replace(users=_on_it(clients.host, left.bridge))
        for left in _may_be_left(report, clients.host.list_directory(LINK_DIRECTORY))
        if _is_left(clients, left)
    ]
    return tuple(left for left in found if not left.users or (occupied and left.uuid == report.uuid))


def _may_be_left(report: ReportedNetwork, links: Collection[str]) -> Iterator[LeftBridge]:
    """The bridges of these names, by the address that each has if it is the network's."""
    config, uuid = report.definition, report.uuid
    if not report.active and config.bridge in links:
        yield LeftBridge(uuid=uuid, bridge=config.bridge, mac=config.mac)
    if (holding := holding_bridge(uuid)) in links:
        # By its own address, or that of the gateway for which it stood in.
        for mac in (holding_mac(uuid), report.running.mac):
            yield LeftBridge(uuid=holding_uuid(uuid), bridge=holding, mac=mac)
    if (probe := probe_bridge(uuid)) in links:
        yield LeftBridge(uuid=probe_uuid(uuid), bridge=probe, mac=probe_mac(uuid))


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


def rules_left(
    clients: Clients,
    report: ReportedNetwork | None,
    sought: Sought,
    *,
    listers: Sequence["FirewallLister"] = WHOLE_FIREWALL,
    since: float | None = None,
) -> Left | None:
    """The firewall rules that libvirt left of a network, by what it is known by and what else is `sought`.

    None if only libvirt is reached. Of one of `since`, of time.monotonic(), an earlier listing will do to say that
    there are none. A libvirt without a choice of backends forgets no rules but those of a bridge that it leaves too.
    Raises HostFailure if the programs of `listers` list nothing that can be read, and AccessDenied as only root can
    look.
    """
    if clients.libvirt.version() < WRITES_NFTABLES:
        return Left()
    if clients.host is None:
        return None
    live = None if report is None else report.live
    links = clients.host.list_directory(LINK_DIRECTORY)
    if live is not None and live.bridge and live.bridge not in links:
        return Left()  # its rules are by the number of that bridge, and libvirt's to remove
    found = Left()
    for seconds_old in (0.0,) if since is None else ages_of_listings(clients.host, since):
        rules: dict[str, str | None] = {
            one: clients.host.firewall_rules(one, seconds_old=seconds_old) for one in listers
        }
        try:
            found = left(rules, _known(clients.host, report, sought, links, rules), links)
        except ValueError as error:
            raise HostFailure(messages.listing_not_read(clients.host.name, str(error))) from error
        if not found.backends:
            break
    return found


def _known(
    host: "FileReader",
    report: ReportedNetwork | None,
    sought: Sought,
    links: Collection[str],
    rules: Mapping[str, str | None],
) -> Sought:
    """What is sought, and what the network itself is known by."""
    definitions = [] if report is None else [one for one in (report.live, report.config) if one is not None]
    live = None if report is None or report.live is None or not report.live.bridge else report.live
    # A bridge that is there and not the running network's is another's, or is cleared away with its rules.
    others = {link for link in links if live is None or link != live.bridge}
    known = replace(
        sought,
        bridges=(sought.bridges | {one.bridge for one in definitions}) - {""} - others,
        subnets=sought.subnets | {str(subnet) for one in definitions for subnet in one.subnets},
    )
    if report is None or live is None:
        return known
    backend = backend_of_network(host, noted_backend(host, report.name), live.bridge, rules)
    return replace(known, live=live, backend=backend)
