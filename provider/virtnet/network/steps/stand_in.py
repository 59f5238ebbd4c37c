"""A holding network that stands in for the gateway while its network restarts. Pure.

Its bridge has the MAC address of the network's own and the gateway's addresses, each alone in its subnet (/32, /128).
So guests notice no other gateway, and libvirt's check of routes sees no overlap with the network's subnets. The host
reaches each guest there by a route of its own, and by a neighbour entry, because the answer to ARP or neighbour
discovery may come too late.

A guest's port moves before its route does: for that moment nothing answers it, which is shorter than the other way
round, as libvirt needs longer to begin a move than the kernel needs for a route. At last, routes to both halves of each
subnet lead to the guests of whom no neighbour entry tells.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from virtnet.network.names import holding_bridge, holding_name
from virtnet.network.xml.holding import GUARDED_MODES
from virtnet.planning.reports import HostNeighbour

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition, Subnet

#: With which an address counts as soon as the bridge has a port (duplicate address detection, RFC 4862): the kernel
#: waits for up to a second, probes for another, and until then answers no neighbour solicitation and sends none.
AT_ONCE: Mapping[str, str] = {"dad_transmits": "0", "router_solicitation_delay": "0"}

Gateway: TypeAlias = ipaddress.IPv4Interface | ipaddress.IPv6Interface

#: Names that `ip -batch` takes as they are.
_PLAIN = re.compile(r"[\w.:@-]+")


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """What the kernel has of the guests of a network, on the bridge that they are to leave."""

    neighbours: tuple[HostNeighbour, ...] = ()
    """Those of guests, with the MAC addresses in small letters."""
    routes: frozenset[str] = frozenset()
    """Destinations that lead to the holding network's bridge."""

    def of(self, macs: Collection[str]) -> tuple[HostNeighbour, ...]:
        """The neighbours that have one of these MAC addresses."""
        return tuple(one for one in self.neighbours if one.mac in macs)

    def but_of(self, macs: Collection[str]) -> tuple[HostNeighbour, ...]:
        """The other neighbours: containers, and what is behind a guest."""
        return tuple(one for one in self.neighbours if one.mac not in macs)


def guard(uuid: str, live: "Definition") -> str:
    """Commands of nft that do for the holding network what libvirt's own rules do for the network; "" for none.

    Without the network's rules, nothing translates new connections, so they wait; what is established goes on. A rule
    that asks for the state of a connection also keeps the kernel tracking them.
    """
    if live.mode not in GUARDED_MODES:
        return ""
    table, bridge = f"inet {holding_name(uuid)}", holding_bridge(uuid)
    chains = [
        f"add chain {table} tracked {{ type filter hook prerouting priority -10 ; }}",
        f"add chain {table} guard {{ type filter hook forward priority -10 ; }}",
    ]
    rules = [f"iifname {bridge} oifname {bridge} accept", *_of_devices(bridge, live)]
    for version, family in ((4, "ip"), (6, "ip6")):
        subnets = [subnet for subnet in live.subnets if subnet.version == version]
        if not subnets:
            rules += [f"{way} {bridge} meta nfproto ipv{version} drop" for way in ("iifname", "oifname")]
            continue
        listed = f"{{ {', '.join(map(str, subnets))} }}"
        rules += [
            f"iifname {bridge} {family} saddr != {listed} drop",
            f"oifname {bridge} {family} daddr != {listed} drop",
        ]
        if version in live.translated:
            known = f"meta nfproto ipv{version} ct state != {{ established, related }} drop"
            rules += [f"{way} {bridge} {known}" for way in ("iifname", "oifname")]
    commands = [f"add rule {table} tracked ct state established counter"] if live.mode == "nat" else []
    commands += [f"add rule {table} guard {rule}" for rule in rules]
    return "; ".join((without_guard(uuid), f"add table {table}", *chains, *commands))


def without_guard(uuid: str) -> str:
    """Commands of nft that remove the guard, if it is there: older ones can't delete a table that isn't."""
    table = f"inet {holding_name(uuid)}"
    return f"add table {table}; delete table {table}"


def _of_devices(bridge: str, live: "Definition") -> Iterator[str]:
    """Packets go only by the interfaces that the network names, if it names some."""
    devices = [interface["dev"] for interface in live.tree.get("forward", {}).get("interfaces", [])]
    if devices:
        quoted = ", ".join(f'"{device}"' for device in devices)
        listed = f"{{ {quoted} }}"
        yield f"iifname {bridge} oifname != {listed} drop"
        yield f"oifname {bridge} iifname != {listed} drop"


def gateways(live: "Definition") -> tuple[Gateway, ...]:
    """The network's own addresses, with their subnets."""
    return tuple(ipaddress.ip_interface(ip["address"]) for ip in live.tree.get("ips", []))


def guests_in(found: Sequence[HostNeighbour], subnets: Collection["Subnet"]) -> tuple[HostNeighbour, ...]:
    """The neighbours in the network's subnets, and by their link-local addresses."""
    addresses = ((one, ipaddress.ip_address(one.address)) for one in found)
    return tuple(
        one._replace(mac=one.mac.lower())
        for one, address in addresses
        if address.is_link_local or any(address in subnet for subnet in subnets)
    )


def plain(name: str) -> bool:
    """Whether `ip -batch` takes a link's name as it is: it reads quotes, backslashes and comments."""
    return _PLAIN.fullmatch(name) is not None


def plugged(links: Iterable[str], bridge: str) -> Iterator[str]:
    """Commands of `ip` that attach links to a bridge."""
    yield from (f"link set dev {link} master {bridge}" for link in links)


def led_away(gateways: Sequence[Gateway], bridge: str, neighbours: Iterable[HostNeighbour]) -> Iterator[str]:
    """Commands of `ip` that lead to guests on the holding network's bridge."""
    for one in neighbours:
        # An entry of another state goes when the bridge loses its carrier.
        yield f"neighbour replace {one.address} lladdr {one.mac} nud permanent dev {bridge}"
        gateway = next((own for own in gateways if ipaddress.ip_address(one.address) in own.network), None)
        if gateway is not None:
            yield _route(_alone(one), bridge, gateway)


def rest_led_away(live: "Definition", bridge: str) -> Iterator[str]:
    """The same for everybody else in the subnets, and for what lies behind guests by the network's static routes."""
    for gateway in gateways(live):
        yield from (_route(str(half), bridge, gateway) for half in _halves(gateway.network))
    for route in live.tree.get("routes", []):
        for half in _halves(ipaddress.ip_network(route["address"], strict=False)):
            yield f"route replace {half} via {route['gateway']} dev {bridge} onlink"


def rest_led_home(there: StandIn, bridge: str) -> Iterator[str]:
    """Commands of `ip` that undo `rest_led_away`, before the first guest leaves the holding network's bridge."""
    alone = {_alone(one) for one in there.neighbours}
    yield from (f"route del {route} dev {bridge}" for route in sorted(there.routes - alone))


def led_home(there: StandIn, neighbours: Iterable[HostNeighbour], bridge: str, home: str) -> Iterator[str]:
    """Commands of `ip` that lead to guests on the network's own bridge again, who have just come there.

    The kernel would ask for their MAC addresses, and can't while the bridge's IPv6 addresses are tentative. It forgets
    a reachable neighbour by itself.
    """
    for one in neighbours:
        yield f"neighbour replace {one.address} lladdr {one.mac} nud reachable dev {home}"
        if _alone(one) in there.routes:
            yield f"route del {_alone(one)} dev {bridge}"


def _alone(one: HostNeighbour) -> str:
    """The destination of one guest."""
    return f"{one.address}/{128 if ':' in one.address else 32}"


def _route(destination: str, bridge: str, gateway: Gateway) -> str:
    # The kernel refuses a tentative IPv6 address as a source, and takes the bridge's only one without being told.
    source = f" src {gateway.ip}" if gateway.version == 4 else ""
    return f"route replace {destination} dev {bridge}{source}"


def _halves(subnet: "Subnet") -> Iterator["Subnet"]:
    """Longer prefixes win, so the two halves lead away from the route to the whole."""
    if subnet.prefixlen < subnet.max_prefixlen:
        yield from subnet.subnets()
