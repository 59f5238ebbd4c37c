"""Contradictions among a network's addresses, DHCP ranges, reservations and routes, by the inputs alone. Pure."""

import ipaddress
from collections.abc import Iterator

from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.spec import Dhcp, DhcpRange, Lease, NetworkSpec
from virtnet.network.tree import OWN_BRIDGE_MODES, forward_mode
from virtnet.spec.checking import any_unknown, duplicates, if_known, known_items, same_items
from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.part import is_unknown

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def interface_of(value: str | None) -> Interface | None:
    """An address with its prefix, where it is known."""
    return None if value is None or is_unknown(value) else ipaddress.ip_interface(value)


def check_addresses(spec: NetworkSpec) -> Iterator[Failure]:
    """What is wrong with the addresses, and with what DHCP gives on them."""
    seen: list[tuple[int, Interface]] = []
    served = None
    for index, entry in known_items(spec.ips):
        path = f"ips[{index}]"
        interface = interface_of(entry.address)
        if interface is not None:
            yield from _own_address(f"{path}.address", interface)
            for other_index, other in seen:
                if interface.ip == other.ip:
                    yield Failure(
                        f"{path}.address",
                        SpecFailure.TWICE,
                        {"what": "address", "value": str(interface.ip), "path": "ips", "index": other_index},
                    )
                elif interface.version == other.version and interface.network.overlaps(other.network):
                    yield Failure(
                        f"{path}.address",
                        NetworkFailure.ADDRESSES_OVERLAP,
                        {"interface": str(interface), "other_index": other_index, "other": str(other)},
                    )
            seen.append((index, interface))
        dhcp = if_known(entry.dhcp)
        if interface is not None and interface.version == 6:
            if entry.tftp_root is not None:
                yield Failure(f"{path}.tftp_root", NetworkFailure.IPV4_ONLY)
            if dhcp is not None and dhcp.bootp is not None:
                yield Failure(f"{path}.dhcp.bootp", NetworkFailure.IPV4_ONLY)
        if dhcp is None:
            continue
        if interface is not None and interface.version == 4:
            if served is not None:
                yield Failure(f"{path}.dhcp", NetworkFailure.DHCP_TWICE, {"served": served})
            served = index
        if interface is not None:
            yield from _dhcp(f"{path}.dhcp", dhcp, interface)
            yield from _reservations(f"{path}.dhcp.hosts", dhcp, interface)
        if (
            not dhcp.ranges
            and not dhcp.hosts
            and dhcp.bootp is not None
            and (interface is None or interface.version == 4)
        ):
            yield Failure(f"{path}.dhcp.bootp", NetworkFailure.BOOTP_ALONE)
        yield from _host_duplicates(f"{path}.dhcp.hosts", dhcp)
    yield from _network_wide_hosts(spec)


def _own_address(path: str, interface: Interface) -> Iterator[Failure]:
    address, network = interface.ip, interface.network
    if interface.version == 4 and network.prefixlen == 32:
        yield Failure(path, NetworkFailure.NO_ROOM, {"interface": str(interface)})
        return
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        unusable = NetworkFailure.ADDRESS_LOOPBACK
        if address.is_multicast or address.is_unspecified:
            unusable = NetworkFailure.ADDRESS_MULTICAST if address.is_multicast else NetworkFailure.ADDRESS_UNSPECIFIED
        yield Failure(path, unusable, {"address": str(address)})
    elif _is_edge(address, interface):
        lowest = address == network.network_address
        edge = NetworkFailure.NETWORK_ADDRESS if lowest else NetworkFailure.BROADCAST_ADDRESS
        first = str(network.network_address + 1)
        yield Failure(path, edge, {"address": str(address), "network": str(network), "first": first})
    elif interface.version == 4 and int(address) < 1 << 24:
        yield Failure(path, NetworkFailure.RESERVED_ZERO, {"address": str(address)})
    elif address.is_reserved and interface.version == 4:
        yield Failure(path, NetworkFailure.RESERVED, {"address": str(address)})


def _dhcp(path: str, dhcp: Dhcp, interface: Interface) -> Iterator[Failure]:
    yield from same_items(f"{path}.ranges", DhcpRange, dhcp.ranges)
    spans: list[tuple[int, int, int]] = []
    for index, entry in known_items(dhcp.ranges):
        place = f"{path}.ranges[{index}]"
        start, end = (
            None if if_known(value) is None else ipaddress.ip_address(value) for value in (entry.start, entry.end)
        )
        fine = True
        yield from _lease(f"{place}.lease", entry.lease)
        for name, address in (("start", start), ("end", end)):
            if address is not None and address not in interface.network:
                fine = False
                yield Failure(
                    f"{place}.{name}",
                    NetworkFailure.OUTSIDE,
                    {"address": str(address), "network": str(interface.network)},
                )
            elif address is not None and _is_edge(address, interface):
                fine = False
                yield Failure(f"{place}.{name}", NetworkFailure.EDGE, {"address": str(address)})
        if start is None or end is None or not fine:
            continue
        if int(start) > int(end):
            yield Failure(place, NetworkFailure.REVERSED, {"start": str(start), "end": str(end)})
            continue
        if int(start) <= int(interface.ip) <= int(end):
            yield Failure(
                place,
                NetworkFailure.HOLDS_OWN_ADDRESS,
                {"start": str(start), "end": str(end), "own": str(interface.ip)},
            )
        if int(end) >> 16 != int(start) >> 16:
            widest = interface.max_prefixlen - 16
            yield Failure(
                place, NetworkFailure.RANGE_TOO_WIDE, {"start": str(start), "end": str(end), "widest": widest}
            )
        for other_index, other_start, other_end in spans:
            first, last = int(start), int(end)
            if (first, last) != (other_start, other_end) and first <= other_end and other_start <= last:
                yield Failure(
                    place,
                    NetworkFailure.RANGES_OVERLAP,
                    {
                        "start": str(start),
                        "end": str(end),
                        "other_index": other_index,
                        "other_start": str(type(start)(other_start)),
                        "other_end": str(type(start)(other_end)),
                    },
                )
        spans.append((index, int(start), int(end)))


def _reservations(path: str, dhcp: Dhcp, interface: Interface) -> Iterator[Failure]:
    for index, host in known_items(dhcp.hosts):
        place = f"{path}[{index}]"
        if host.mac is None and host.id is None and host.name is None:
            yield Failure(place, NetworkFailure.NO_CLIENT)
        name = if_known(host.name)
        if name is not None and not name[0].isalnum():
            yield Failure(f"{place}.name", NetworkFailure.NO_HOST_NAME, {"name": name})
        if interface.version == 4 and host.id is not None:
            yield Failure(f"{place}.id", NetworkFailure.IPV6_RESERVATION)
        if interface.version == 6 and host.mac is not None:
            yield Failure(f"{place}.mac", NetworkFailure.IPV4_RESERVATION)
        if host.ip is None:
            yield Failure(place, NetworkFailure.NO_RESERVED_ADDRESS)
        yield from _lease(f"{place}.lease", host.lease)
        mac = if_known(host.mac)
        if mac is not None and int(mac[:2], 16) & 1:
            yield Failure(f"{place}.mac", NetworkFailure.MULTICAST_MAC, {"mac": mac})
        given = if_known(host.ip)
        if given is None:
            continue
        address = ipaddress.ip_address(given)
        if address not in interface.network:
            yield Failure(
                f"{place}.ip", NetworkFailure.OUTSIDE, {"address": str(address), "network": str(interface.network)}
            )
        elif _is_edge(address, interface):
            yield Failure(f"{place}.ip", NetworkFailure.EDGE, {"address": str(address)})
        elif address == interface.ip:
            yield Failure(f"{place}.ip", NetworkFailure.OWN_ADDRESS, {"address": str(address)})


def _lease(path: str, lease: Lease | None) -> Iterator[Failure]:
    """Libvirt refuses to define what is shorter than two minutes; dnsmasq would not honour it."""
    known = if_known(lease)
    if known is None or any_unknown(known.expiry, known.unit):
        return
    seconds = known.expiry * {"seconds": 1, "hours": 3600}.get(known.unit or "minutes", 60)
    if 0 < seconds < 120:
        yield Failure(path, NetworkFailure.LEASE_TOO_SHORT)


def _is_edge(address: Address, interface: Interface) -> bool:
    network = interface.network
    # A prefix of 31 is two hosts and nothing else (RFC 3021).
    return (
        interface.version == 4
        and network.prefixlen < 31
        and address in (network.network_address, network.broadcast_address)
    )


def _host_duplicates(path: str, dhcp: Dhcp) -> Iterator[Failure]:
    for name in ("mac", "id", "name", "ip"):
        values = [(index, getattr(host, name)) for index, host in known_items(dhcp.hosts)]
        yield from duplicates(path, values, name, field=name)


def _network_wide_hosts(spec: NetworkSpec) -> Iterator[Failure]:
    """A MAC may have one reservation in all; libvirt refuses a second one live."""
    first: dict[str, str] = {}
    for index, entry in known_items(spec.ips):
        dhcp = if_known(entry.dhcp)
        for host_index, host in known_items(dhcp.hosts if dhcp is not None else None):
            mac = if_known(host.mac)
            place = f"ips[{index}].dhcp.hosts[{host_index}]"
            if mac is not None and mac in first and not first[mac].startswith(f"ips[{index}]"):
                yield Failure(f"{place}.mac", NetworkFailure.MAC_TWICE, {"mac": mac, "place": first[mac]})
            elif mac is not None:
                first.setdefault(mac, place)


def check_routes(spec: NetworkSpec) -> Iterator[Failure]:
    """What is wrong with the routes through guests."""
    if forward_mode(spec) not in (None, *OWN_BRIDGE_MODES):  # refused as a whole, by _mode_fields
        return
    interfaces = [interface_of(entry.address) for _, entry in known_items(spec.ips)]
    there = [interface for interface in interfaces if interface is not None]
    unknown = len(there) < len(interfaces) or is_unknown(spec.ips) or any_unknown(*(spec.ips or ()))
    for index, route in known_items(spec.routes):
        path = f"routes[{index}]"
        if if_known(route.address) is None or if_known(route.gateway) is None:
            continue
        destination, gateway = ipaddress.ip_network(route.address), ipaddress.ip_address(route.gateway)
        if destination.version != gateway.version:
            yield Failure(
                f"{path}.gateway",
                NetworkFailure.GATEWAY_FAMILY,
                {"gateway": str(gateway), "destination": str(destination), "version": destination.version},
            )
        elif not unknown and not any(gateway in interface.network for interface in there):
            yield Failure(f"{path}.gateway", NetworkFailure.GATEWAY_ELSEWHERE, {"gateway": str(gateway)})
        elif any(gateway == interface.ip for interface in there):
            yield Failure(f"{path}.gateway", NetworkFailure.GATEWAY_IS_NETWORK, {"gateway": str(gateway)})
        for interface in there:
            # A wider destination is fine: the more specific subnet goes first.
            if _is_inside(destination, interface.network):
                yield Failure(
                    f"{path}.address",
                    NetworkFailure.ROUTE_NOT_NEEDED,
                    {"destination": str(destination), "network": str(interface.network)},
                )
    yield from duplicates(
        "routes", [(i, r.address) for i, r in known_items(spec.routes)], "destination", field="address"
    )


def _is_inside(one: Network, other: Network) -> bool:
    return (
        one.version == other.version
        and int(one.network_address) >= int(other.network_address)
        and int(one.broadcast_address) <= int(other.broadcast_address)
    )
