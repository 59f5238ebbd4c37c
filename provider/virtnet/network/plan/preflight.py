"""What on the host speaks against starting a network. Pure: findings in, sentences out.

libvirt itself sees an address conflict only when a subnet equals a route exactly, and never one of IPv6; it starts
a network in mode bridge without the bridge, and on some versions deletes a link that has its bridge's name.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from virtnet.network.observed import HostReport, ObservedNetwork
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge, serves
from virtnet.network.xml import read as network_xml
from virtnet.spec.part import Tree

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Findings:
    """What was found: refusals stop an apply before its first effect, notes do not."""

    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def preflight_at_boot(tree: Tree, observed: ObservedNetwork) -> Findings:
    """What speaks against libvirt starting the network by itself: its bridge's name alone can do harm."""
    return Findings(refusals=tuple(_bridge_names(tree, observed)))


def preflight(tree: Tree, observed: ObservedNetwork, *, allow_overlap: bool) -> Findings:
    """What speaks against starting the network that `tree` describes on the host as it is now."""
    refusals = [*_bridge_names(tree, observed)]
    notes: list[str] = []
    overlaps = [] if allow_overlap else list(_overlaps(tree, observed))
    refusals += overlaps
    if observed.host is not None:
        refusals += _host(tree, observed.host, observed, overlapping=bool(overlaps))
        notes += _routes(tree, observed.host)
    return Findings(tuple(refusals), tuple(notes))


def _bridge_names(tree: Tree, observed: ObservedNetwork) -> Iterator[str]:
    bridge = own_bridge(tree)
    if not bridge:
        return
    for other in observed.others:
        if _bridge_of(other.any_xml) == bridge:
            yield (f"the bridge name {bridge} belongs to network '{other.name}' already; choose another bridge.name")
            return
    if observed.host is None and observed.interface_names is None:
        yield (
            f"whether an interface named {bridge} is on the host already cannot be seen from here, and starting the "
            "network could delete it; install libvirt's interface driver there (libvirt-daemon-driver-interface)"
        )
        return
    if bridge == _running_bridge(observed):
        return
    if _has_link(observed, bridge) and not is_leftover(tree, observed):
        yield (
            f"an interface named {bridge} is on the host already, and libvirt could delete it; choose "
            "another bridge.name or remove that interface"
        )


def _running_bridge(observed: ObservedNetwork) -> str:
    """The bridge that this very network has now; "" while it is inactive or has none of its own."""
    report = observed.report
    return "" if report is None or report.live_xml is None else own_bridge(network_xml.parse(report.live_xml))


def _has_link(observed: ObservedNetwork, name: str) -> bool:
    if observed.host is not None:
        return observed.host.has_interface(name)
    return name in (observed.interface_names or ())


def is_leftover(tree: Tree, observed: ObservedNetwork) -> bool:
    """Whether the link of the bridge's name was left by a broken start of this very network."""
    bridge = own_bridge(tree)
    if observed.host is None or observed.report is None or observed.report.active or not bridge:
        return False
    link = observed.host.link(bridge)
    recorded = network_xml.parse(observed.report.any_xml).get("mac")
    return (
        link is not None
        and link.kind == "bridge"
        and link.mac == recorded
        # A daemon that starts puts guests of type='bridge' back on it; with a holding network there, they wait on that.
        and (bool(observed.holding) or not any(other.master == bridge for other in observed.host.links))
    )


# Of 500 networks' XML each create would read every one again.
@lru_cache(maxsize=2048)
def _bridge_of(xml: str) -> str:
    element = network_xml.read_xml(xml).find("bridge")
    return "" if element is None else element.get("name", "")


def _subnets(tree: Tree) -> list[Subnet]:
    return [_subnet(ip["address"]) for ip in tree.get("ips", [])]


@lru_cache(maxsize=8192)
def _subnet(address: str) -> Subnet:
    """The subnet of an address with its prefix, or of a destination."""
    return ipaddress.ip_interface(address).network


def _overlap(one: Subnet, other: Subnet) -> bool:
    # ipaddress's own overlaps() takes five times as long, and each of 500 creates compares with 1500 subnets.
    return (
        one.version == other.version
        and int(one.network_address) <= int(other.broadcast_address)
        and int(other.network_address) <= int(one.broadcast_address)
    )


def _overlaps(tree: Tree, observed: ObservedNetwork) -> Iterator[str]:
    fix = "choose another subnet, or set allow_overlap if this is meant"
    own = {own_bridge(tree), _running_bridge(observed)}
    named: set[tuple[str, str]] = set()
    addresses = observed.host.addresses if observed.host is not None else ()
    for subnet in _subnets(tree):
        for other in observed.others:
            if not other.active:
                continue
            for theirs in _readable_subnets(other.live_xml or other.any_xml):
                if _overlap(subnet, theirs):
                    named.add((str(subnet), _bridge_of(other.live_xml or other.any_xml)))
                    yield f"{subnet} overlaps {theirs} of the active network '{other.name}'; {fix}"
        for address in addresses:
            theirs = _subnet(address.address)
            if not _overlap(subnet, theirs) or theirs.is_link_local:
                continue
            if address.interface not in own and (str(subnet), address.interface) not in named:
                yield f"{subnet} overlaps {theirs}, which interface {address.interface} is in; {fix}"
        for route in observed.host.routes if observed.host is not None else ():
            if route.gateway or route.destination == "default" or route.interface in {"", *own}:
                continue
            theirs = _subnet(route.destination)
            if not _overlap(subnet, theirs) or theirs.is_link_local or theirs.is_multicast:
                continue
            connected = any(
                address.interface == route.interface and _subnet(address.address) == theirs for address in addresses
            )
            if not connected:
                yield f"{subnet} overlaps {theirs}, which is reached by {route.interface}; {fix}"


@lru_cache(maxsize=2048)
def _readable_subnets(xml: str) -> tuple[Subnet, ...]:
    subnets = []
    for ip in network_xml.parse(xml).get("ips", []):
        try:
            subnets.append(_subnet(ip["address"]))
        except ValueError:  # others' networks may hold what libvirt accepts and ipaddress does not
            continue
    return tuple(subnets)


def _routes(tree: Tree, host: HostReport) -> Iterator[str]:
    for subnet in _subnets(tree):
        for route in host.routes:
            if not route.gateway or route.destination == "default":
                continue
            theirs = _subnet(route.destination)
            if _overlap(subnet, theirs):
                yield (
                    f"{subnet} is inside {theirs}, which the host reaches through {route.gateway} "
                    f"({route.interface}); guests there will no longer be reached from this host"
                )


def _host(tree: Tree, host: HostReport, observed: ObservedNetwork, *, overlapping: bool) -> Iterator[str]:
    mode = mode_of(tree)
    bridge = tree.get("bridge", {}).get("name", "")
    if mode == "bridge" and bridge:
        link = host.link(bridge)
        if link is None:
            yield f"the host has no bridge {bridge}; make it first, or correct bridge.name"
        elif link.kind not in ("bridge", "openvswitch"):
            yield f"{bridge} is on the host, and is no bridge; correct bridge.name"
    for interface in tree.get("forward", {}).get("interfaces", []):
        if not host.has_interface(interface["dev"]) and mode not in ("nat", "route"):
            yield f"the host has no interface {interface['dev']}; correct forward.interfaces"
    if mode not in OWN_BRIDGE_MODES:
        return
    if serves(tree):
        if "dnsmasq" in host.missing_programs:
            yield "dnsmasq is missing on the host; install it (package dnsmasq-base)"
        # Where the subnet is another's already, its server may be on our address too; that goes without saying.
        yield from _ports(tree, host, set() if overlapping else _addresses(tree) - _own_dnsmasq(observed))
    if mode != "open" and {"iptables", "nft"} <= set(host.missing_programs):
        yield "neither iptables nor nft is on the host; install iptables"
    forwards = mode in ("nat", "route", "open") and any(subnet.version == 6 for subnet in _subnets(tree))
    if forwards and host.advertised_interfaces:
        names = ", ".join(host.advertised_interfaces)
        yield (
            f"it turns on IPv6 forwarding, and the host would lose its routes learnt from router "
            f"advertisements on {names}; set net.ipv6.conf.INTERFACE.accept_ra=2 there first"
        )


def _addresses(tree: Tree) -> set[str]:
    return {ip["address"].split("/")[0] for ip in tree.get("ips", [])}


def _own_dnsmasq(observed: ObservedNetwork) -> set[str]:
    """The addresses at which this network's own dnsmasq listens: while active, or left behind and ended first."""
    report = observed.report
    if report is None:
        return set()
    xmls = (report.live_xml, report.config_xml if observed.dnsmasq_left else None)
    return {address for xml in xmls if xml is not None for address in _addresses(network_xml.parse(xml))}


def _ports(tree: Tree, host: HostReport, addresses: set[str]) -> Iterator[str]:
    """`addresses` are those at which nobody else may listen, besides everywhere."""
    anywhere = {"0.0.0.0", "*", "::", "[::]"}  # noqa: S104 - compared with, never bound
    taken = [
        socket
        for socket in host.listening_sockets
        if socket.port == 53 and not socket.interface and socket.address in anywhere | addresses
    ]
    if tree.get("dns", {}).get("enable", True) and taken:
        yield (
            f"{taken[0].protocol} port 53 is taken on {taken[0].address} by another program, which DNS on "
            "this network needs; stop it, bind it to single addresses, or set dns.enable to false"
        )
    dhcp = any(":" not in ip["address"] and ip.get("dhcp") for ip in tree.get("ips", []))
    if dhcp and not host.dhcp_port_free:
        yield (
            "udp port 67 is taken by another program that does not share it, which DHCP on this network "
            "needs; stop it or bind it to its interface"
        )
