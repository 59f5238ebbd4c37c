"""Which of a host's routes lead to some network, and which are the way to everywhere else. Pure.

A VPN that shall beat the host's default route without removing it writes it in pieces: 0.0.0.0/1 and 128.0.0.0/1, or
everything but the address of its own server. Nobody is connected to such a destination.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

from virtnet.planning.reports import HostRoute

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_OF_NO_NETWORK = {4: 7, 6: 6}
"""The longest prefix, by version of IP, that is wider than any network: the largest that people have are 10.0.0.0/8 and
fc00::/7."""

_REACHABLE = {version: ipaddress.ip_network(given) for version, given in ((4, "0.0.0.0/0"), (6, "2000::/3"))}
"""Of which half has to be covered: of IPv6, what is in use on the internet."""


@lru_cache(maxsize=4)
def routes_to_networks(routes: tuple[HostRoute, ...]) -> tuple[HostRoute, ...]:
    """All routes but the default route, whole or in pieces.

    Pieces are destinations that are wider than any network, and the widest destinations of an interface by which half
    of all addresses are reached. A narrower destination of the same interface, inside one of them, is a network's, and
    so is what the kernel routes to an interface because of its address.
    """
    subnets = [None if route.destination == "default" else _subnet(route.destination) for route in routes]
    by_way: dict[tuple[str, int], set[Subnet]] = {}
    for route, subnet in zip(routes, subnets, strict=True):
        if subnet is not None and route.interface and route.protocol != "kernel":
            by_way.setdefault((route.interface, subnet.version), set()).add(subnet)
    pieces = {(interface, piece) for (interface, _), found in by_way.items() for piece in _pieces(found)}
    return tuple(
        route
        for route, subnet in zip(routes, subnets, strict=True)
        if subnet is not None
        and subnet.prefixlen > LONGEST_OF_NO_NETWORK[subnet.version]
        and (route.protocol == "kernel" or (route.interface, subnet) not in pieces)
    )


@lru_cache(maxsize=8192)
def _subnet(destination: str) -> Subnet:
    return ipaddress.ip_network(destination)


def _pieces(subnets: Iterable[Subnet]) -> list[Subnet]:
    """The widest of the subnets, of one version of IP, where they cover half of what can be reached; else none."""
    widest: list[Subnet] = []
    for subnet in sorted(subnets, key=lambda subnet: (int(subnet.network_address), subnet.prefixlen)):
        if not widest or int(subnet.network_address) > int(widest[-1].broadcast_address):
            widest.append(subnet)
    reachable = _REACHABLE[widest[0].version]
    covered = sum(_shared(subnet, reachable) for subnet in widest)
    return widest if 2 * covered >= reachable.num_addresses else []


def _shared(one: Subnet, other: Subnet) -> int:
    """How many addresses two subnets have in common."""
    low = max(int(one.network_address), int(other.network_address))
    high = min(int(one.broadcast_address), int(other.broadcast_address))
    return max(0, high - low + 1)


@lru_cache(maxsize=2)
def interfaces_to_everywhere(ipv4: str, ipv6: str) -> Mapping[int, str]:
    """The interface of the default route, by version of IP; without a key if there is no default route.

    By /proc/net/route and /proc/net/ipv6_route (proc_net(5)), which are the main tables and take no program. Of a
    default route in pieces the pieces count, as they do in the kernel; of two alike the one of the lower metric.
    """
    found: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
    for line in ipv4.splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and int(words[3], 16) & _FLAGS == _USABLE:
            found[4].append((int(words[7], 16).bit_count(), -int(words[6]), words[0]))
    for line in ipv6.splitlines():
        words = line.split()
        if len(words) > 9 and int(words[8], 16) & _FLAGS == _USABLE and words[9] != "lo" and int(words[2], 16) == 0:
            found[6].append((int(words[1], 16), -int(words[5], 16), words[9]))
    return {
        version: max(wide)[2]
        for version, routes in found.items()
        if (wide := [route for route in routes if route[0] <= LONGEST_OF_NO_NETWORK[version]])
    }


#: RTF_UP without RTF_REJECT (linux/route.h): a route by which nothing is reached leads nowhere.
_FLAGS, _USABLE = 0x201, 0x001
