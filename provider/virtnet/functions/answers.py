"""What the functions answer: a host is asked, and nothing is changed. `spec` declares the results."""

import ipaddress
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone

from virtnet.errors import HostFailure, InvalidInputs, Refused
from virtnet.functions import free_subnet, messages
from virtnet.functions.firewall_rules import NetworkMatch, rules_of_networks
from virtnet.host.default_route import routes_to_networks
from virtnet.libvirtd.connection import Connection
from virtnet.libvirtd.lookup import lookup
from virtnet.network.messages.firewall import place
from virtnet.network.observe.firewall.paths import paths
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall
from virtnet.network.observe.ports import SECONDS_GUESTS_STAND, attachments
from virtnet.network.observe.reads import READS, SECONDS_RULES_STAND
from virtnet.network.observed import ReportedNetwork, reported
from virtnet.network.resource import inputs_of
from virtnet.network.versions import version_text
from virtnet.network.xml.definition import Subnet
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import FirewallLister, HostReader, SysctlReader
from virtnet.planning.clients.libvirt import NetworkReader
from virtnet.planning.reports import GuestInterface
from virtnet.port_forward.observe.survey import Survey, survey
from virtnet.port_forward.ports import Span
from virtnet.port_forward.restore.record import Record
from virtnet.port_forward.target import reserved_now
from virtnet.spec.part import Values

#: What lists the firewall rules of networks, as their programs spell them.
LISTED: tuple[FirewallLister, ...] = ("iptables-save", "ip6tables-save", "nft")


@dataclass
class Asked:
    """Who is asked, and what was given out already."""

    connection: Callable[[str], Connection]
    clients: Callable[[str], Clients]
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: dict[tuple[str, str], Subnet] = field(default_factory=dict)
    """Subnets given to networks in this run, by URI and name: two networks of one program never get the same."""


def _found(connection: Connection, arguments: Values) -> ReportedNetwork:
    name, uuid = arguments.get("name"), arguments.get("uuid")
    if (name is None) == (uuid is None):
        raise InvalidInputs(messages.NAME_OR_UUID)
    return reported(lookup(connection, str(name or uuid)))


def get_network(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    """A network as it is now."""
    connection = asked.connection(uri)
    report = _found(connection, arguments)
    return {
        **inputs_of(report),
        "uri": uri,
        "name": report.name,
        "uuid": report.uuid,
        "active": report.active,
        "autostart": report.autostart,
        "mac": report.definition.mac,
        "bridge_name": report.running.bridge_name,
        "persistent": report.persistent,
        "host_uuid": connection.host_uuid(),
        "xml": report.definition.xml,
    }


def get_networks(asked: Asked, uri: str, _arguments: Values) -> dict[str, object]:
    """All networks of a host."""
    reports = sorted(map(reported, asked.connection(uri).networks()), key=lambda report: report.name)
    return {"networks": [_summary(report) for report in reports]}


def _summary(report: ReportedNetwork) -> dict[str, object]:
    seen = report.definition
    return {
        "uuid": report.uuid,
        "name": report.name,
        "active": report.active,
        "persistent": report.persistent,
        "autostart": report.autostart,
        "mode": seen.mode or "isolated",
        "bridge_name": report.running.bridge_name,
        "addresses": [ip["address"] for ip in seen.tree.get("ips", [])],
    }


def get_leases(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    """The DHCP leases of a network."""
    connection = asked.connection(uri)
    return {"leases": leases_of(connection, _found(connection, arguments).uuid)}


def leases_of(connection: Connection, uuid: str) -> list[dict[str, object]]:
    """The leases of a network that have not ended, by address; none while it is inactive. Raises NotFound for none."""
    return [
        {
            "mac": lease.get("mac") or "",
            "address": lease["ipaddr"],
            "prefix_length": int(lease["prefix"]),
            "hostname": lease.get("hostname") or "",
            "client_id": lease.get("clientid") or "",
            "expires": _time(int(lease.get("expirytime") or 0)),
        }
        for lease in sorted(connection.dhcp_leases(uuid), key=lambda lease: str(lease["ipaddr"]))
    ]


def _time(seconds: int) -> str:
    """Seconds since 1970 as ISO 8601; "" for 0, by which libvirt means never."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def get_guests(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    """Who is attached to a network: running guests, and other interfaces."""
    connection, clients = asked.connection(uri), asked.clients(uri)
    report = _found(connection, arguments)
    with clients.cached_reads(READS):
        attached = attachments(clients, report)
    known = _interfaces(
        connection, report.name, {(entry.owner, entry.mac.lower()) for entry in attached if entry.owner}
    )
    by_tap = {interface.interface: interface for interface in known.values() if interface.interface}
    leased: dict[str, list[str]] = {}
    for lease in leases_of(connection, report.uuid):
        leased.setdefault(str(lease["mac"]).lower(), []).append(str(lease["address"]))
    guests = []
    for entry in attached:
        # The tap first: by a MAC alone, one guest can't be told from its clone.
        interface = by_tap.get(entry.interface) or known.get((entry.owner, entry.mac.lower()))
        # Of an interface that belongs to no guest only the host's side is known.
        mac = interface.mac if interface is not None else entry.mac.lower() if entry.owner else ""
        guests.append(
            {
                "guest": interface.guest if interface is not None else entry.owner,
                "guest_uuid": interface.guest_uuid if interface is not None else "",
                "mac": mac,
                "interface": entry.interface or (interface.interface if interface is not None else ""),
                "addresses": leased.get(mac, []),
            }
        )
    return {"guests": sorted(guests, key=lambda guest: (guest["interface"], guest["mac"]))}


def _interfaces(
    connection: Connection, network: str, attached: Set[tuple[str, str]]
) -> Mapping[tuple[str, str], GuestInterface]:
    """The guests' interfaces on a network by the guests' names and MAC addresses.

    `attached` has those that libvirt reports on it. One listing of all guests serves all networks that are asked about
    within seconds. Where one of `attached` is not in a listing of some seconds ago, its guest may have come since.
    """
    known: dict[tuple[str, str], GuestInterface] = {}
    for seconds_old in (SECONDS_GUESTS_STAND, 0.0):
        interfaces = connection.interfaces_of_guests(seconds_old=seconds_old)
        known = {(one.guest, one.mac): one for one in interfaces if one.network == network}
        if attached <= known.keys():
            break
    return known


def get_host(asked: Asked, uri: str, _arguments: Values) -> dict[str, object]:
    """A host's bridges, routes, IP forwarding and firewall rules of networks."""
    connection, host = asked.connection(uri), _host(asked, uri)
    addresses: dict[str, list[str]] = {}
    for entry in host.addresses():
        addresses.setdefault(entry.interface, []).append(entry.address)
    links = sorted(host.links(), key=lambda link: link.name)
    return {
        "host_uuid": connection.host_uuid(),
        "libvirt_version": version_text(connection.version()),
        "ipv4_forwarding": _is_on(host, "net/ipv4/ip_forward"),
        "ipv6_forwarding": _is_on(host, "net/ipv6/conf/all/forwarding"),
        "bridges": [
            {
                "name": link.name,
                "mac": link.mac,
                "up": link.up,
                "addresses": addresses.get(link.name, []),
                "ports": [port.name for port in links if port.master == link.name],
            }
            for link in links
            if link.kind == "bridge"
        ],
        "routes": [
            {"destination": route.destination, "interface": route.interface, "gateway": route.gateway}
            for route in host.routes()
        ],
        **_firewall(host, [reported(report) for report in connection.networks()]),
    }


def _firewall(host: HostReader, reports: Sequence[ReportedNetwork]) -> dict[str, object]:
    printed: dict[str, str | None] = {}
    ways: list[dict[str, object]] = []
    # Told rather than raised, and each for itself: what is listed is worth having without root, and without the rest.
    problems: list[str] = []
    for program in LISTED:
        try:
            printed[program] = host.firewall_rules(program)
        except HostFailure as failure:
            problems.append(str(failure))
    try:
        ways = list(_paths(host, reports))
    except HostFailure as failure:
        problems.append(str(failure))
    matches = tuple(
        NetworkMatch(report.name, report.running.bridge_name, tuple(map(str, _subnets(report)))) for report in reports
    )
    rules = [asdict(rule) for rule in rules_of_networks(printed, matches)]
    # A program that lists nothing is asked for the paths too.
    problem = "; ".join(dict.fromkeys(problems))
    return {"firewall_rules": rules, "network_paths": ways, "firewall_problem": problem}


def _paths(host: HostReader, reports: Sequence[ReportedNetwork]) -> Iterator[dict[str, object]]:
    """What becomes of each running network's packets."""
    rules, around = whole_firewall(host, seconds_old=SECONDS_RULES_STAND), surroundings(host)
    for report in sorted(reports, key=lambda one: one.name):
        for way in paths(report.live, rules, around) if report.live is not None and report.live.bridge else ():
            yield {
                "network": report.name,
                "path": way.path.value,
                "ip_version": way.version,
                "fate": way.fate.name.lower(),
                "program": way.programs[0].value if way.programs else "",
                "place": place(way.as_details()) if way.places else "",
            }


def _is_on(host: SysctlReader, key: str) -> bool:
    return (host.read_sysctl(key) or "0").strip() != "0"


def _host(asked: Asked, uri: str) -> HostReader:
    host = asked.clients(uri).host
    if host is None:
        raise Refused(messages.host_not_reached(uri))
    return host


def get_forwards(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    """The port forwards of a host, no matter who created them."""
    found, wanted = survey(_host(asked, uri)), arguments.get("network")
    records = [record for record in found.records if wanted in (None, *_network_of(record))]
    networks = _reserving(asked.clients(uri).libvirt, records)
    return {"forwards": [_forward(record, found, networks) for record in records]}


def _reserving(libvirt: NetworkReader, records: Sequence[Record]) -> dict[str, ReportedNetwork]:
    """The networks of forwards whose guests are named by reservations, by their UUIDs."""
    wanted = {record.forward.network.uuid for record in records if record.reservation is not None}
    found = {uuid: libvirt.find_network(uuid=uuid) for uuid in wanted}
    return {uuid: reported(report) for uuid, report in found.items() if report is not None}


def _network_of(record: Record) -> tuple[str, str]:
    return record.forward.network.name, record.forward.network.uuid


def _forward(record: Record, found: Survey, networks: Mapping[str, ReportedNetwork]) -> dict[str, object]:
    forward, network = record.forward, networks.get(record.forward.network.uuid)
    reserved = None if network is None or record.reservation is None else reserved_now(record, network.running.tree)
    return {
        "id": forward.id,
        "owner": record.mark.owner_shown,
        "network": forward.network.name,
        "network_uuid": forward.network.uuid,
        "listen_address": forward.listen_address,
        "target_address": forward.target,
        "reservation": "" if record.reservation is None else record.reservation.value,
        "reserved_address": reserved or "",
        "ports": [
            {
                "protocol": one.protocol,
                "listen_port": str(Span(one.listen, one.last)),
                "target_port": str(Span(one.target, one.target_last)),
            }
            for one in forward.ports
        ],
        "sources": list(forward.sources),
        "rules": found.state(record).name.lower(),
    }


def get_free_subnet(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    """A subnet that nothing on the host uses: no network, address or route.

    No other network of this run was given it either.
    """
    length, name = int(str(arguments["prefix_length"])), str(arguments["network"])
    pool = ipaddress.ip_network(str(arguments.get("within", free_subnet.DEFAULT_POOL)))
    shortest, longest = free_subnet.prefix_lengths(pool)
    if not shortest <= length <= longest:
        raise InvalidInputs(messages.prefix_length_not_possible(length, str(pool), shortest, longest))
    reports = [reported(report) for report in asked.connection(uri).networks()]
    own = [subnet for report in reports if report.name == name for subnet in _subnets(report)]
    used = [subnet for report in reports if report.name != name for subnet in _subnets(report)]
    host = asked.clients(uri).host
    if host is not None:
        # What the network itself has put there is left out by the interface, its bridge.
        bridges = {report.running.bridge_name for report in reports if report.name == name}
        used += [_subnet(entry.address) for entry in host.addresses() if entry.interface not in bridges]
        used += [
            _subnet(route.destination)
            for route in routes_to_networks(tuple(host.routes()))
            if route.interface not in bridges
        ]
    with asked.lock:
        used += [subnet for (at, other), subnet in asked.given.items() if at == uri and other != name]
        chosen = free_subnet.choose(pool, length, name, own=own, used=used)
        if chosen is None:
            raise Refused(messages.no_subnet_free(length, str(pool), uri))
        asked.given[(uri, name)] = chosen
    return dict(free_subnet.addresses_of(chosen))


def _subnets(report: ReportedNetwork) -> list[Subnet]:
    """Those of a network's addresses and routes, but for what libvirt accepts and ipaddress does not."""
    found: list[Subnet] = []
    for said in (report.config, report.live):
        if said is None:
            continue
        found += said.subnets
        for route in said.tree.get("routes", []):
            with suppress(ValueError):
                found.append(_subnet(route["address"]))
    return found


def _subnet(address: str) -> Subnet:
    return ipaddress.ip_interface(address).network
