"""Findings on the host against starting a network. Pure.

libvirt itself detects an address conflict only if a subnet equals a route exactly, and never for IPv6. It starts a
network in mode bridge without the bridge, and some versions delete a link that has its bridge's name.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from virtnet.host.default_route import routes_to_networks
from virtnet.network.names import holding_bridge
from virtnet.network.observe.firewall.libvirt_rules import decides
from virtnet.network.observe.named import named_on_host
from virtnet.network.observed import HostReport, Observed, ObservedAbsent, ObservedNetwork, ReportedNetwork
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.tree import OWN_BRIDGE_MODES, ROUTED_MODES, mode_of, own_bridge, serves
from virtnet.network.versions import LIBVIRT_OF_PROPERTY, LIBVIRT_OF_USE, SETS_BRIDGE_MTU
from virtnet.network.xml.definition import Definition, Subnet
from virtnet.planning.findings import Note, Refusal
from virtnet.spec.failures import Details
from virtnet.transport.uri import with_system

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree
    from virtnet.network.observe.firewall.chains import LostChains


class Findings(NamedTuple):
    """Findings: refusals stop an update before its first effect, notes don't."""

    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()


def preflight_at_boot(tree: "NetworkTree", observed: Observed, inputs: Mapping[str, object]) -> Findings:
    """Findings against libvirt's own start at boot, which is harmful only if another link has the bridge's name."""
    return Findings(refusals=tuple(_bridge_names(tree, observed, inputs)))


def of_network(other: ReportedNetwork, inputs: Mapping[str, object]) -> dict[str, str]:
    """The details of a refusal about another network, with the alias of the resource of this stack that has it."""
    mark = other.definition.mark
    known = mark is not None and not mark.is_of_resource(inputs)
    return {"network": other.name, "alias": mark.alias_for(inputs) if mark is not None and known else ""}


def preflight(
    tree: "NetworkTree", observed: Observed, *, allow_overlap: bool, inputs: Mapping[str, object] | None = None
) -> Findings:
    """Findings against starting the network of `tree` on the host as it is now.

    `inputs`: the resource's, which tell a network of another resource of its stack; None if no resource asks.
    """
    inputs = inputs or {}
    instead = with_system(observed.uri)
    if observed.unprivileged and instead and own_bridge(tree):
        return Findings((Refusal(RefusalKind.USERS_OWN_LIBVIRT, {"uri": observed.uri, "instead": instead}),))
    refusals = [*_bridge_names(tree, observed, inputs)]
    notes: list[Note] = []
    overlaps = [] if allow_overlap else list(_overlaps(tree, observed, inputs))
    led_away = [] if allow_overlap else list(_led_away(tree, observed, inputs))
    refusals += [*overlaps, *led_away, *_named(tree, observed), *_mtu(tree, observed)]
    notes += missed_by_guests(tree, observed)
    if observed.host is not None:
        refusals += _host(tree, observed.host, observed, overlapping=bool(overlaps))
        notes += _routes(tree, observed.host)
    return Findings(tuple(refusals), tuple(notes))


def _mtu(tree: "NetworkTree", observed: Observed) -> Iterator[Refusal]:
    """An MTU that neither libvirt nor virtnet can set on the bridge."""
    version = observed.libvirt_version
    if "mtu" in tree and observed.only_libvirt and version < SETS_BRIDGE_MTU:
        details: Details = {"path": "mtu", "needed": SETS_BRIDGE_MTU, "version": version}
        yield Refusal(RefusalKind.LIBVIRT_TOO_OLD, details)


def _bridge_names(tree: "NetworkTree", observed: Observed, inputs: Mapping[str, object]) -> Iterator[Refusal]:
    bridge = own_bridge(tree)
    if not bridge:
        return
    for other in observed.others:
        if other.definition.bridge_name == bridge:
            yield Refusal(RefusalKind.BRIDGE_NAME_TAKEN, {"bridge": bridge, **of_network(other, inputs)})
            return
    if observed.host is None and observed.interface_names is None:
        yield Refusal(RefusalKind.INTERFACES_UNSEEN, {"bridge": bridge})
        return
    if bridge == _running_bridge(observed):
        return
    if _has_link(observed, bridge) and not is_leftover(tree, observed):
        yield Refusal(RefusalKind.INTERFACE_EXISTS, {"bridge": bridge})


def _running_bridge(observed: Observed) -> str:
    """The bridge that this network has now; "" if it is inactive or has no bridge of its own."""
    if isinstance(observed, ObservedAbsent) or observed.report.live is None:
        return ""
    return observed.report.live.bridge


def _has_link(observed: Observed, name: str) -> bool:
    if observed.host is not None:
        return observed.host.has_interface(name)
    return name in (observed.interface_names or ())


def is_leftover(tree: "NetworkTree", observed: Observed) -> bool:
    """Whether a broken start of this same network left the link of the bridge's name."""
    bridge = own_bridge(tree)
    if observed.host is None or isinstance(observed, ObservedAbsent) or observed.report.active or not bridge:
        return False
    link = observed.host.link(bridge)
    return (
        link is not None
        and link.kind == "bridge"
        and link.mac == observed.report.definition.tree.get("mac")
        # A starting daemon reattaches guests of type='bridge' to it. If there is a holding network, they move to that.
        and (bool(observed.holding) or not any(other.master == bridge for other in observed.host.links))
    )


def _own_links(tree: "NetworkTree", observed: Observed) -> set[str]:
    """The links that have the network's addresses: its bridge, and that of a holding network that stands in for it."""
    held = {holding_bridge(observed.report.uuid)} if isinstance(observed, ObservedNetwork) else set[str]()
    return {own_bridge(tree), _running_bridge(observed), *held}


def _subnets(tree: "NetworkTree") -> list[Subnet]:
    """The subnets of its addresses, except what libvirt accepts and ipaddress doesn't: a netmask with gaps."""
    found: list[Subnet] = []
    for ip in tree.get("ips", []):
        with suppress(ValueError):
            found.append(_subnet(ip["address"]))
    return found


@lru_cache(maxsize=8192)
def _subnet(address: str) -> Subnet:
    """The subnet of an address with prefix, or of a destination."""
    return ipaddress.ip_interface(address).network


def _overlap(one: Subnet, other: Subnet) -> bool:
    # ipaddress's own overlaps() takes five times as long, and each of 500 creates compares with 1500 subnets.
    return (
        one.version == other.version
        and int(one.network_address) <= int(other.broadcast_address)
        and int(other.network_address) <= int(one.broadcast_address)
    )


def _overlaps(tree: "NetworkTree", observed: Observed, inputs: Mapping[str, object]) -> Iterator[Refusal]:
    own = _own_links(tree, observed)
    named: set[tuple[str, str]] = set()
    addresses = observed.host.addresses if observed.host is not None else ()
    for subnet in _subnets(tree):
        for other in observed.others:
            if not other.active:
                continue
            for theirs in other.running.subnets:
                if _overlap(subnet, theirs):
                    named.add((str(subnet), other.running.bridge_name))
                    yield Refusal(RefusalKind.OVERLAPS_NETWORK, {**_both(subnet, theirs), **of_network(other, inputs)})
        for address in addresses:
            theirs = _subnet(address.address)
            if not _overlap(subnet, theirs) or theirs.is_link_local:
                continue
            if address.interface not in own and (str(subnet), address.interface) not in named:
                found = {**_both(subnet, theirs), "interface": address.interface}
                yield Refusal(RefusalKind.OVERLAPS_INTERFACE, found)
        for route in routes_to_networks(observed.host.routes) if observed.host is not None else ():
            if route.gateway or route.interface in {"", *own}:
                continue
            theirs = _subnet(route.destination)
            if not _overlap(subnet, theirs) or theirs.is_link_local or theirs.is_multicast:
                continue
            connected = any(
                address.interface == route.interface and _subnet(address.address) == theirs for address in addresses
            )
            if not connected:
                yield Refusal(RefusalKind.OVERLAPS_ROUTE, {**_both(subnet, theirs), "interface": route.interface})


def _led_away(tree: "NetworkTree", observed: Observed, inputs: Mapping[str, object]) -> Iterator[Refusal]:
    """Routes of the network into subnets that are directly connected elsewhere.

    libvirt detects only a route that equals such a subnet, and only when it starts the network. A narrower route wins
    over the subnet that contains it. A wider one loses, so it isn't a conflict.
    """
    own = _own_links(tree, observed)
    addresses = observed.host.addresses if observed.host is not None else ()
    for item in tree.get("routes", []):
        destination = _subnet(item["address"])
        told = {"route": str(destination)}
        bridges = set(own)
        for other in observed.others:
            if not other.active:
                continue
            for theirs in other.running.subnets:
                if _is_within(destination, theirs):
                    bridges.add(other.running.bridge_name)
                    yield Refusal(
                        RefusalKind.ROUTE_INTO_NETWORK, {**told, "other": str(theirs), **of_network(other, inputs)}
                    )
        for address in addresses:
            theirs = _subnet(address.address)
            if address.interface not in bridges and _is_within(destination, theirs):
                bridges.add(address.interface)
                found = {**told, "other": str(theirs), "interface": address.interface}
                yield Refusal(RefusalKind.ROUTE_INTO_INTERFACE, found)


def _is_within(one: Subnet, other: Subnet) -> bool:
    return one.version == other.version and one.prefixlen >= other.prefixlen and _overlap(one, other)


def _both(subnet: Subnet, other: Subnet) -> dict[str, str]:
    return {"subnet": str(subnet), "other": str(other)}


def _routes(tree: "NetworkTree", host: HostReport) -> Iterator[Note]:
    for subnet in _subnets(tree):
        for route in routes_to_networks(host.routes):
            if not route.gateway:
                continue
            theirs = _subnet(route.destination)
            if _overlap(subnet, theirs):
                way = {"gateway": route.gateway, "interface": route.interface}
                yield Note(NoteKind.INSIDE_ROUTE, {**_both(subnet, theirs), **way})


def _host(tree: "NetworkTree", host: HostReport, observed: Observed, *, overlapping: bool) -> Iterator[Refusal]:
    mode = mode_of(tree)
    bridge = tree.get("bridge", {}).get("name", "")
    if mode == "bridge" and bridge:
        link = host.link(bridge)
        if link is None:
            yield Refusal(RefusalKind.HOST_BRIDGE_MISSING, {"bridge": bridge})
        elif link.kind not in ("bridge", "openvswitch", *(("tun",) if _has_open_vswitch(tree) else ())):
            yield Refusal(RefusalKind.NOT_A_BRIDGE, {"interface": bridge})
    for path, interface in () if mode in ("nat", "route") else _pool(tree):
        if not host.has_interface(interface):
            yield Refusal(RefusalKind.HOST_INTERFACE_MISSING, {"interface": interface, "path": path})
    if mode not in OWN_BRIDGE_MODES:
        return
    if serves(tree):
        if "dnsmasq" in host.missing_programs:
            yield Refusal(RefusalKind.DNSMASQ_MISSING)
        # If another network has the subnet, its server may use our address too. The overlap says enough.
        yield from _ports(tree, host, set() if overlapping else _addresses(tree) - _own_dnsmasq(observed))
    if mode != "open" and {"iptables", "nft"} <= set(host.missing_programs):
        yield Refusal(RefusalKind.FIREWALL_PROGRAMS_MISSING)
    forwards = mode in ROUTED_MODES and any(subnet.version == 6 for subnet in _subnets(tree))
    if forwards and host.advertised_interfaces:
        yield Refusal(RefusalKind.ADVERTISED_ROUTES_LOST, {"interfaces": host.advertised_interfaces})


def _pool(tree: "NetworkTree") -> Iterator[tuple[str, str]]:
    """The host's interfaces that guests are on, each with the property that names it."""
    forward = tree.get("forward", {})
    yield from (("forward.interfaces", interface["dev"]) for interface in forward.get("interfaces", []))
    if "pf" in forward:
        yield "forward.pf.dev", forward["pf"]["dev"]


def _has_open_vswitch(tree: "NetworkTree") -> bool:
    """Whether guests' ports are on an Open vSwitch, whose device is a tap if its datapath is netdev."""
    switches = [part.get("virtual_port", {}) for part in (tree, *tree.get("port_groups", []))]
    return any(switch.get("type") == "openvswitch" for switch in switches)


def _named(tree: "NetworkTree", observed: Observed) -> Iterator[Refusal]:
    """Things that the network refers to, and without which dnsmasq or libvirt doesn't start."""
    named, missing = named_on_host(tree), observed.missing
    for directory in sorted(named.directories & missing.directories):
        yield Refusal(RefusalKind.TFTP_ROOT_MISSING, {"directory": directory})
    for zone in sorted(named.zones & missing.zones):
        yield Refusal(RefusalKind.ZONE_MISSING, {"zone": zone})
    for address in sorted(named.virtual_functions & missing.virtual_functions):
        yield Refusal(RefusalKind.NO_VIRTUAL_FUNCTION, {"address": address})
    for way in sorted(named.limits & missing.limits):
        yield Refusal(RefusalKind.KERNEL_CANNOT_LIMIT, {"way": way})


def missed_by_guests(tree: "NetworkTree", observed: Observed) -> Iterator[Note]:
    """Missing things that the network refers to, and without which libvirt starts it: only guests need them."""
    named, missing = named_on_host(tree), observed.missing
    for interface in sorted(named.interfaces & missing.interfaces):
        yield Note(NoteKind.OUTSIDE_INTERFACE_MISSING, {"interface": interface})
    for way in sorted(named.guest_limits & missing.guest_limits):
        yield Note(NoteKind.KERNEL_CANNOT_LIMIT_GUESTS, {"way": way})


def chains_missed(network: Definition, lost: "LostChains | None") -> Iterator[Note]:
    """Missing chains of libvirt's own, if a start of the network recreates them or guests need them."""
    ways = [way for way in lost.ways if decides(way, network)] if lost is not None else []
    gone = [way for way in ways if not way.has_chain]
    if not ways:
        return
    chains = [{"chain": way.chain, **({"version": "6"} if way.version == 6 else {})} for way in gone or ways]
    yield Note(NoteKind.CHAINS_GONE if gone else NoteKind.CHAINS_NOT_REACHED, {"chains": chains})


def _addresses(tree: "NetworkTree") -> set[str]:
    return {ip["address"].split("/")[0] for ip in tree.get("ips", [])}


def _own_dnsmasq(observed: Observed) -> set[str]:
    """The addresses on which this network's own dnsmasq listens: an active one, or a leftover that is ended first."""
    if isinstance(observed, ObservedAbsent):
        return set()
    served = (observed.report.live, observed.report.config if observed.dnsmasq_left else None)
    return {address for said in served if said is not None for address in _addresses(said.tree)}


def _ports(tree: "NetworkTree", host: HostReport, addresses: set[str]) -> Iterator[Refusal]:
    """Ports in use. No other program may listen on these `addresses`, nor on all addresses."""
    anywhere = {"0.0.0.0", "*", "::", "[::]"}  # noqa: S104 - compared with, never bound
    taken = [
        socket
        for socket in host.listening_sockets
        if socket.port == 53 and not socket.interface and socket.address in anywhere | addresses
    ]
    if tree.get("dns", {}).get("enable", True) and taken:
        yield Refusal(RefusalKind.DNS_PORT_TAKEN, {"protocol": taken[0].protocol, "address": taken[0].address})
    dhcp = any(":" not in ip["address"] and ip.get("dhcp") for ip in tree.get("ips", []))
    if dhcp and not host.dhcp_port_free:
        yield Refusal(RefusalKind.DHCP_PORT_TAKEN)


def needs_newer_libvirt(tree: "NetworkTree", version: int) -> tuple[Refusal, ...]:
    """Settings that a libvirt of this version would drop from a definition, refuse, or not apply."""
    driver = tree.get("forward", {}).get("driver", {})
    served = [(ip, ip.get("dhcp", {})) for ip in tree.get("ips", [])]
    reserved = [host.get("name", "") for _, dhcp in served for host in dhcp.get("hosts", [])]
    named = {
        "title": "title" in tree,
        "description": "description" in tree,
        "forward.driver.model": "model" in driver,
        "forward.driver.name": driver.get("name") == "xen",
        "domain.register": tree.get("domain", {}).get("register") is True,
        "vlan": mode_of(tree) == "bridge" and _tags_without_open_vswitch(tree),
        "dns.forwarders": any("port" in forwarder for forwarder in tree.get("dns", {}).get("forwarders", [])),
        "ips.tftp_root": any(
            "tftp_root" in ip and not (dhcp.get("ranges") or dhcp.get("hosts")) for ip, dhcp in served
        ),
        "ips.dhcp.hosts.name": any(name[:1].isdigit() for name in reserved),
        "ips": mode_of(tree) == "open" and not served,
        "bridge.zone": mode_of(tree) == "open" and "zone" in tree.get("bridge", {}),
    }
    return tuple(
        Refusal(RefusalKind.LIBVIRT_TOO_OLD, {"path": path, "needed": needed, "version": version})
        for path, needed in (LIBVIRT_OF_PROPERTY | LIBVIRT_OF_USE).items()
        if named[path] and version < needed
    )


def _tags_without_open_vswitch(tree: "NetworkTree") -> bool:
    """Whether ports would have VLAN tags without Open vSwitch. Groups inherit virtual port and VLAN."""
    groups = tree.get("port_groups", [])
    tagged = [group for group in groups if "vlan" in tree or "vlan" in group]
    switches = [group.get("virtual_port", tree.get("virtual_port", {})) for group in tagged]
    if "vlan" in tree:
        switches.append(tree.get("virtual_port", {}))
    return any(switch.get("type") != "openvswitch" for switch in switches)
