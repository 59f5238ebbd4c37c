"""The plugin's functions: questions to a host that a program may ask. They change nothing.

Arguments and results are parts like a resource's inputs, so that the same declaration checks them, translates their
spelling and describes them in the schema.
"""

import hashlib
import ipaddress
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Annotated, Any

from pydantic import Field

from virtnet.errors import HostFailure, InvalidInputs, Refused
from virtnet.libvirtd.connection import Connection
from virtnet.libvirtd.lookup import lookup
from virtnet.network.existing import inputs_of
from virtnet.network.observe.ports import attachments
from virtnet.network.observed import reported
from virtnet.network.spec import NetworkSpec
from virtnet.network.versions import version_text
from virtnet.network.xml.definition import Subnet, definition
from virtnet.planning.clients import Clients
from virtnet.planning.host_client import FirewallReader, HostReader, SysctlReader
from virtnet.planning.reports import NetworkReport
from virtnet.plugin.firewall_rules import NetworkMatch, rules_of_networks
from virtnet.spec.part import Part, Values, optional, required
from virtnet.spec.values import Bool, Integer, NetworkAddress, NetworkName, Text, Uri, Uuid

DEFAULT_POOL = "10.0.0.0/8"

_URI = "Connection URI of the host. Left out: virtnet:uri of the stack's configuration, as for a resource."


class OfHost(Part):
    """A question about a host."""

    uri: Uri | None = optional(_URI)


class OfNetwork(Part):
    """A question about one network, by its name or its UUID."""

    uri: Uri | None = optional(_URI)
    name: NetworkName | None = optional("The network's name.")
    uuid: Uuid | None = optional("The network's UUID, instead of its name.")


class OfFreeSubnet(Part):
    """A question for a subnet."""

    uri: Uri | None = optional(_URI)
    network: NetworkName = required(
        "The name of the network that the subnet is for. Once that network has one, it is the answer, so that a second "
        "run changes nothing."
    )
    prefix_length: Annotated[Integer, Field(ge=1, le=126)] = required("The prefix length of the subnet, 24 for a /24.")
    within: NetworkAddress | None = optional(
        'The larger subnet to take it from, "192.168.0.0/16" or "fd00:1::/48".', default=DEFAULT_POOL
    )


class NetworkSummary(Part):
    """A network of a host, in brief."""

    uuid: Text = required("The network's UUID.")
    name: Text = required("The network's name.")
    active: Bool = required("Whether it runs.")
    persistent: Bool = required("Whether libvirt keeps its configuration when it stops.")
    autostart: Bool = required("Whether it starts when the host boots.")
    mode: Text = required('The forward mode, "isolated" without one.')
    bridge_name: Text = required("Its bridge; empty where the mode has none.")
    addresses: tuple[Text, ...] = required("The host's addresses on it, with their prefix lengths.")


class Networks(Part):
    """The networks of a host."""

    networks: tuple[NetworkSummary, ...] = required("All networks that libvirt knows, by name.")


class DhcpLease(Part):
    """An address that a network's DHCP server gave to a client."""

    mac: Text = required("The client's MAC address; empty where a DHCPv6 client sent none.")
    address: Text = required("The address, without a prefix length.")
    prefix_length: Integer = required("The prefix length of its subnet.")
    hostname: Text = required("The client's name; empty where it sent none.")
    client_id: Text = required("The client's id (DHCPv6: its DUID); empty where it sent none.")
    expires: Text = required('When the lease ends, "2026-01-31T12:00:00Z"; empty when never.')


class Leases(Part):
    """The leases of a network."""

    leases: tuple[DhcpLease, ...] = required("The leases that have not ended; none while the network is inactive.")


class PluggedGuest(Part):
    """A guest's interface on a network, or another interface on the network's bridge."""

    guest: Text = required("The guest's name; empty for an interface that libvirt knows nothing of.")
    guest_uuid: Text = required("The guest's UUID; empty likewise.")
    mac: Text = required("The MAC address of the guest's side; empty where it is not known.")
    interface: Text = required("The host's side of it (tap); empty where libvirt does not tell.")
    addresses: tuple[Text, ...] = required("The addresses that the network's DHCP server gave to this MAC address.")


class Guests(Part):
    """What is plugged into a network."""

    guests: tuple[PluggedGuest, ...] = required("Running guests and other interfaces, by the host's interface.")


class HostBridge(Part):
    """A bridge of the host, a network's or another's."""

    name: Text = required("The interface's name.")
    mac: Text = required("Its MAC address.")
    up: Bool = required("Whether it is up.")
    addresses: tuple[Text, ...] = required("Its addresses, with their prefix lengths.")
    ports: tuple[Text, ...] = required("The interfaces that are plugged into it.")


class ReportedRoute(Part):
    """A route of the host's main tables."""

    destination: Text = required('The destination in CIDR form, or "default".')
    interface: Text = required("The interface it leaves by.")
    gateway: Text = required("The gateway; empty for a subnet that the host is connected to.")


class NetworkFirewallRule(Part):
    """A firewall rule of a virtual network, or of all of them."""

    program: Text = required('Whose rule it is: "iptables", "ip6tables" or "nft".')
    table: Text = required('The table: "filter", "nat", "mangle", or "ip libvirt_network" of nftables.')
    chain: Text = required('The chain, "LIBVIRT_FWI".')
    network: Text = required("The network whose bridge or subnet it names; empty for one that serves all.")
    rule: Text = required(
        'The rule in its program\'s words: "-o virbr0 -j REJECT --reject-with icmp-port-unreachable".'
    )


class HostFacts(Part):
    """A host, as far as networks depend on it."""

    host_uuid: Text = required("The UUID by which libvirt knows the host.")
    libvirt_version: Text = required('The daemon\'s version, "9.0.0".')
    ipv4_forwarding: Bool = required("Whether the kernel forwards IPv4 now.")
    ipv6_forwarding: Bool = required("Whether the kernel forwards IPv6 now.")
    bridges: tuple[HostBridge, ...] = required("The bridges, by name.")
    routes: tuple[ReportedRoute, ...] = required("The routes, IPv4 and IPv6.")
    firewall_rules: tuple[NetworkFirewallRule, ...] = required("The firewall rules of the virtual networks, in order.")
    firewall_problem: Text = required("Why the rules could not be listed (only root may); empty otherwise.")


class FreeSubnet(Part):
    """A subnet that is free on a host."""

    subnet: Text = required('The subnet, "10.11.12.0/24".')
    address: Text = required('Its first address with the prefix length, for `ips`: "10.11.12.1/24".')
    first: Text = required('The first address behind that one, for a DHCP range: "10.11.12.2".')
    last: Text = required('The last address for hosts: "10.11.12.254".')


class NetworkFacts(NetworkSpec):
    """A network as it is: its whole configuration in the spelling of a LibvirtNetwork's inputs, and its state."""

    bridge_name: Text = required("Its bridge; empty where the mode has none.")
    persistent: Bool = required("Whether libvirt keeps its configuration when it stops.")
    host_uuid: Text = required("The UUID by which libvirt knows the host.")
    xml: Text = required("libvirt's own XML of it: the persistent configuration, or the live one of a transient one.")


@dataclass
class Asked:
    """Who is asked, and what was given out already."""

    connection: Callable[[str], Connection]
    clients: Callable[[str], Clients]
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Subnets given to networks in this run, by URI and name: two networks of one program never get the same."""


@dataclass(frozen=True)
class Function:
    """A function: its name, what it takes and gives, and what answers it."""

    name: str
    summary: str
    takes: type[Part]
    gives: type[Part]
    answer: Callable[[Asked, str, Values], dict[str, object]]
    always: frozenset[str] = frozenset()
    """Results that are always there, though their part, which has another use too, may leave them out."""


def _found(connection: Connection, arguments: Values) -> NetworkReport:
    name, uuid = arguments.get("name"), arguments.get("uuid")
    if (name is None) == (uuid is None):
        raise InvalidInputs("name or uuid is needed, and only one of them")
    return lookup(connection, str(name or uuid))


def _bridge_of(report: NetworkReport) -> str:
    return definition(report.live_xml or report.any_xml).bridge_name


def _get_network(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    connection = asked.connection(uri)
    report = _found(connection, arguments)
    return {
        **inputs_of(report),
        "uri": uri,
        "name": report.name,
        "uuid": report.uuid,
        "active": report.active,
        "autostart": report.autostart,
        "mac": definition(report.any_xml).mac,
        "bridge_name": _bridge_of(report),
        "persistent": report.persistent,
        "host_uuid": connection.host_uuid(),
        "xml": report.any_xml,
    }


def _get_networks(asked: Asked, uri: str, _arguments: Values) -> dict[str, object]:
    reports = sorted(asked.connection(uri).networks(), key=lambda report: report.name)
    return {"networks": [_summary(report) for report in reports]}


def _summary(report: NetworkReport) -> dict[str, object]:
    seen = definition(report.any_xml)
    return {
        "uuid": report.uuid,
        "name": report.name,
        "active": report.active,
        "persistent": report.persistent,
        "autostart": report.autostart,
        "mode": seen.mode or "isolated",
        "bridge_name": _bridge_of(report),
        "addresses": [ip["address"] for ip in seen.tree.get("ips", [])],
    }


def _get_leases(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    connection = asked.connection(uri)
    return {"leases": _leases(connection, _found(connection, arguments).uuid)}


def _leases(connection: Connection, uuid: str) -> list[dict[str, object]]:
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


def _get_guests(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    connection, clients = asked.connection(uri), asked.clients(uri)
    report = _found(connection, arguments)
    known = {interface.mac: interface for interface in connection.guest_interfaces(report.name)}
    leased: dict[str, list[str]] = {}
    for lease in _leases(connection, report.uuid):
        leased.setdefault(str(lease["mac"]).lower(), []).append(str(lease["address"]))
    guests = []
    for entry in attachments(clients, reported(report)):
        # Of an interface that is nobody's we know the host's side alone.
        mac = entry.mac.lower() if entry.owner else ""
        interface = known.get(mac)
        guests.append(
            {
                "guest": entry.owner,
                "guest_uuid": interface.guest_uuid if interface is not None else "",
                "mac": mac,
                "interface": entry.interface or (interface.interface if interface is not None else ""),
                "addresses": leased.get(mac, []),
            }
        )
    return {"guests": sorted(guests, key=lambda guest: (guest["interface"], guest["mac"]))}


def _get_host(asked: Asked, uri: str, _arguments: Values) -> dict[str, object]:
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
        **_firewall(host, connection.networks()),
    }


def _firewall(host: FirewallReader, reports: Sequence[NetworkReport]) -> dict[str, object]:
    try:
        printed = {program: host.firewall_rules(program) for program in ("iptables-save", "ip6tables-save", "nft")}
    except HostFailure as failure:
        # Told rather than raised: bridges and routes are worth having without root too.
        return {"firewall_rules": [], "firewall_problem": str(failure)}
    matches = tuple(
        NetworkMatch(report.name, _bridge_of(report), tuple(map(str, _subnets(report)))) for report in reports
    )
    rules = [asdict(rule) for rule in rules_of_networks(printed, matches)]
    return {"firewall_rules": rules, "firewall_problem": ""}


def _is_on(host: SysctlReader, key: str) -> bool:
    return (host.read_sysctl(key) or "0").strip() != "0"


def _host(asked: Asked, uri: str) -> HostReader:
    host = asked.clients(uri).host
    if host is None:
        raise Refused(
            f"of {uri} only libvirt can be asked, and not the host's own addresses and routes; run the program on that "
            "host with a local URI such as qemu:///system"
        )
    return host


def _get_free_subnet(asked: Asked, uri: str, arguments: Values) -> dict[str, object]:
    length, name = int(str(arguments["prefix_length"])), str(arguments["network"])
    pool = ipaddress.ip_network(str(arguments.get("within", DEFAULT_POOL)))
    if not pool.prefixlen <= length <= pool.max_prefixlen - 2:
        raise InvalidInputs(
            f"prefix_length is {length}; within {pool} it may be {pool.prefixlen} to {pool.max_prefixlen - 2}"
        )
    reports = asked.connection(uri).networks()
    own = [subnet for report in reports if report.name == name for subnet in _subnets(report)]
    host = asked.clients(uri).host
    used = [subnet for report in reports if report.name != name for subnet in _subnets(report)]
    if host is not None:
        # What the network itself has put there is left out by the interface, its bridge.
        bridges = {_bridge_of(report) for report in reports if report.name == name}
        used += [_subnet(entry.address) for entry in host.addresses() if entry.interface not in bridges]
        used += [
            _subnet(route.destination)
            for route in host.routes()
            if route.destination != "default" and route.interface not in bridges
        ]
    with asked.lock:
        used += [subnet for (at, other), subnet in asked.given.items() if at == uri and other != name]
        kept = [subnet for subnet in own if subnet.prefixlen == length and _inside(subnet, pool)]
        chosen = kept[0] if kept else _free(pool, length, used, name)
        if chosen is None:
            raise Refused(f"no /{length} within {pool} is free on {uri}; name another larger subnet in within")
        asked.given[(uri, name)] = chosen
    base = int(chosen.network_address)
    last = int(chosen.broadcast_address) - (1 if chosen.version == 4 else 0)
    address = type(chosen.network_address)
    return {
        "subnet": str(chosen),
        "address": f"{address(base + 1)}/{length}",
        "first": str(address(base + 2)),
        "last": str(address(last)),
    }


def _subnets(report: NetworkReport) -> list[Subnet]:
    seen = [definition(xml).tree for xml in (report.config_xml, report.live_xml) if xml is not None]
    return [_subnet(item["address"]) for tree in seen for item in (*tree.get("ips", []), *tree.get("routes", []))]


def _subnet(address: str) -> Subnet:
    return ipaddress.ip_interface(address).network


def _inside(subnet: Any, pool: Any) -> bool:
    return bool(subnet.version == pool.version and subnet.subnet_of(pool))


def _free(pool: Any, length: int, used: list[Any], name: str) -> Any:
    """The first free subnet from a place on that the name decides, so that two networks seldom want the same one."""
    taken = sorted(
        (int(other.network_address), int(other.broadcast_address))
        for other in used
        if other.version == pool.version and other.overlaps(pool)
    )
    count, size = 1 << (length - pool.prefixlen), 1 << (pool.max_prefixlen - length)
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big") % count
    first = int(pool.network_address)
    for begin, end in ((start, count), (0, start)):
        index = begin
        while index < end:
            low, high = first + index * size, first + (index + 1) * size - 1
            hit = max((upper for lower, upper in taken if lower <= high and upper >= low), default=None)
            if hit is None:
                return ipaddress.ip_network((low, length))
            index = (hit - first) // size + 1  # past what is in the way, not one by one
    return None


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "getNetwork",
        "A network as it is now.",
        OfNetwork,
        NetworkFacts,
        _get_network,
        always=frozenset({"uri", "uuid", "active", "autostart", "mac"}),
    ),
    Function("getNetworks", "All networks of a host.", OfHost, Networks, _get_networks),
    Function("getLeases", "The DHCP leases of a network.", OfNetwork, Leases, _get_leases),
    Function(
        "getGuests", "Who is plugged into a network: guests, and other interfaces.", OfNetwork, Guests, _get_guests
    ),
    Function(
        "getHost",
        "A host's bridges, routes, IP forwarding and firewall rules of networks.",
        OfHost,
        HostFacts,
        _get_host,
    ),
    Function(
        "getFreeSubnet",
        "A subnet that nothing on the host uses: no network, address or route.",
        OfFreeSubnet,
        FreeSubnet,
        _get_free_subnet,
    ),
)
