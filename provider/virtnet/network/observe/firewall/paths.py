"""What a network is for, as packets, and what becomes of them in the host's whole firewall. Pure.

libvirt writes rules that let a network's packets pass. In iptables an accept of its chains ends the kernel's own chain
before a policy that drops (Docker's, ufw's). In nftables it ends libvirt's table alone, so whatever another table drops
is dropped. Packets to and from the host itself, of DHCP and DNS, libvirt lets pass in iptables, and with nftables it
writes nothing about them.

Asked are new connections to the outside, "to an address and a port that no rule names", and what answers them.
"""

import ipaddress
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from virtnet.host.firewall.programs import Program, program_of
from virtnet.host.firewall.ruleset import Hook, Range, Ruleset
from virtnet.host.firewall.verdicts import Fate, Packet, Place, judged
from virtnet.network.tree import gives_addresses
from virtnet.network.xml.definition import Definition, Subnet
from virtnet.spec.failures import Details

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkIpTree

Stages: TypeAlias = list[tuple[Hook, Packet]]


class Path(Enum):
    """A way that a network's packets go."""

    OUTSIDE = "outside"
    """From guests to the outside, and what answers."""
    INSIDE = "inside"
    """From the outside to guests, and what they answer."""
    BETWEEN = "between"
    """From guest to guest on the bridge, where the kernel has iptables see bridged packets."""
    DNS = "dns"
    DHCP = "dhcp"
    DHCPV6 = "dhcpv6"
    TFTP = "tftp"


class Surroundings(NamedTuple):
    """What of a host tells which packets come by."""

    uplinks: Mapping[int, str] = MappingProxyType({})
    """By version of IP the interface that leads to everywhere else; not there where none is known."""
    bridged: frozenset[int] = frozenset()
    """The versions of IP of which packets come through the firewall that only pass a bridge."""


class FoundPath(NamedTuple):
    """What becomes of a network's packets on one way."""

    path: Path
    version: int
    """Of IP."""
    fate: Fate
    places: tuple[Place, ...] = ()
    """That which drops them; where it is not known, the rules that it depends on."""
    programs: tuple[Program, ...] = ()
    """Whose each place is."""

    def as_details(self) -> Mapping[str, str]:
        """As plain data, with the first of its places."""
        told = {"path": self.path.value, "version": str(self.version)}
        if not self.places:
            return told
        place = self.places[0]
        where = {**place._asdict(), "action": place.action.value}
        return {**told, "program": self.programs[0].value, **where}


def paths(live: Definition, ruleset: Ruleset, around: Surroundings) -> tuple[FoundPath, ...]:
    """What becomes of the packets of a network that has a bridge of its own, on each way that it is for."""
    found = []
    for path, version, stages in _asked(live, around):
        fate, places = judged(ruleset, stages)
        programs = tuple(program_of(place, ruleset) for place in places)
        found.append(FoundPath(path, version, fate, places, programs))
    return tuple(found)


def dropped_by_others(found: Sequence[FoundPath]) -> tuple[FoundPath, ...]:
    """Those ways on which somebody else drops packets than libvirt, which does as the network says."""
    return tuple(one for one in found if one.fate is Fate.DROPPED and one.programs[0] is not Program.LIBVIRT)


def dropped_details(live: Definition, found: Sequence[FoundPath], zones: Collection[str]) -> Details:
    """What others drop, as plain data, with what a command that lets it pass has to name; `zones` are firewalld's."""
    by_firewalld = any(one.programs[0] is Program.FIREWALLD for one in found)
    return {
        "bridge": live.bridge,
        "zone": zone_of(live, zones) if by_firewalld else "",
        "dropped": [one.as_details() for one in found],
    }


def zone_of(live: Definition, zones: Collection[str]) -> str:
    """Firewalld's zone that the bridge belongs in: the network's own, or libvirt's choice by the mode.

    In mode open libvirt chooses none; that of routed networks lets pass what comes from the outside, too. Where
    libvirt's are not there, one of firewalld's lets all go out.
    """
    if zone := live.tree.get("bridge", {}).get("zone"):
        return zone
    routed = live.mode in ("route", "open")
    wanted = ["libvirt-routed"] if routed else []
    wanted += ["trusted"] if live.mode == "open" else ["libvirt"]
    return next((zone for zone in wanted if zone in zones), wanted[-1])


def _asked(live: Definition, around: Surroundings) -> Iterator[tuple[Path, int, Stages]]:
    for version in (4, 6):
        subnets = [subnet for subnet in live.subnets if subnet.version == version]
        if not subnets:
            continue
        way = _Way(live.bridge, version, _range(subnets[0]), _uplink(live, around, version))
        nat = live.element.find("forward/nat")
        translated = live.mode == "nat" and (version == 4 or (nat is not None and nat.get("ipv6") == "yes"))
        if live.mode in ("nat", "route", "open"):
            yield Path.OUTSIDE, version, [*way.neighbours(), *way.outwards(translated=translated)]
        if live.mode in ("route", "open"):
            yield Path.INSIDE, version, way.inwards()
        if version in around.bridged:
            yield Path.BETWEEN, version, way.between()
        yield from _served(live, way)


def _served(live: Definition, way: "_Way") -> Iterator[tuple[Path, int, Stages]]:
    """What guests ask of dnsmasq."""
    ips = [ip for ip in live.tree.get("ips", []) if (":" in ip["address"]) == (way.version == 6)]
    own = [address for address in map(_address, ips) if address is not None]
    if live.tree.get("dns", {}).get("enable", True):
        gateway = own[0] if own else way.subnet[0]
        yield Path.DNS, way.version, [*way.neighbours(), *way.to_host(gateway, 53)]
    if any(gives_addresses(ip.get("dhcp", {})) for ip in ips):
        yield (Path.DHCPV6, 6, way.dhcpv6()) if way.version == 6 else (Path.DHCP, 4, way.dhcp())
    for ip in ips:
        if ip.get("tftp_root") and (address := _address(ip)) is not None:
            # What answers comes from a port of its own, and is let out by whatever lets out anything.
            yield Path.TFTP, way.version, way.to_host(address, 69)[:2]


def _address(ip: "NetworkIpTree") -> int | None:
    """The host's address; None of what libvirt accepts and ipaddress does not."""
    try:
        return int(ipaddress.ip_interface(ip["address"]).ip)
    except ValueError:
        return None


def _uplink(live: Definition, around: Surroundings, version: int) -> str | None:
    named = live.tree.get("forward", {}).get("interfaces", [])
    if named and live.mode in ("nat", "route"):
        return named[0]["dev"]
    return around.uplinks.get(version)


def _range(subnet: Subnet) -> Range:
    return int(subnet.network_address), int(subnet.broadcast_address)


_LINK_LOCAL = _range(ipaddress.ip_network("fe80::/64"))
_SOLICITED_NODES = _range(ipaddress.ip_network("ff02::1:ff00:0/104"))
_DHCPV6_SERVERS = (int(ipaddress.ip_address("ff02::1:2")),) * 2
_EVERYBODY = (int(ipaddress.ip_address("255.255.255.255")),) * 2


class _Way(NamedTuple):
    """The packets of one subnet."""

    bridge: str
    version: int
    subnet: Range
    uplink: str | None

    def outwards(self, *, translated: bool) -> Stages:
        sent = Packet(self.version, self.bridge, self.uplink, self.subnet, None)
        answer = Packet(self.version, self.uplink, self.bridge, None, self.subnet, state="established")
        # Before its address is translated back, an answer is one to the host.
        arrives = answer._replace(target=None, target_type="local") if translated else answer
        return [*_routed(sent), *_routed(answer, arrives)]

    def inwards(self) -> Stages:
        sent = Packet(self.version, self.uplink, self.bridge, None, self.subnet)
        answer = Packet(self.version, self.bridge, self.uplink, self.subnet, None, state="established")
        return [*_routed(sent), *_routed(answer)]

    def between(self) -> Stages:
        sent = Packet(self.version, self.bridge, self.bridge, self.subnet, self.subnet, bridged=True)
        return [*_routed(sent), *_routed(sent._replace(state="established"))]

    def neighbours(self) -> Stages:
        """What IPv6 does nothing without: a guest asks for the host's MAC address."""
        if self.version == 4:
            return []
        asked = Packet(6, self.bridge, "", _LINK_LOCAL, _SOLICITED_NODES, "icmpv6", state="untracked")
        asked = asked._replace(target_type="multicast", icmp_type="nd-neighbor-solicit", hop_limit=255)
        told = asked._replace(target=_LINK_LOCAL, target_type="unicast", icmp_type="nd-neighbor-advert")
        return [*_to_host(asked), *_from_host(told, self.bridge)]

    def to_host(self, address: int, port: int) -> Stages:
        host = (address, address)
        asked = Packet(self.version, self.bridge, "", self.subnet, host, "udp", None, port, target_type="local")
        told = Packet(self.version, "", self.bridge, host, self.subnet, "udp", port, None, state="established")
        return [*_to_host(asked), *_from_host(told._replace(source_type="local"), self.bridge)]

    def dhcp(self) -> Stages:
        asked = Packet(4, self.bridge, "", (0, 0), _EVERYBODY, "udp", 68, 67, target_type="broadcast")
        # Not to the address that asked, so that it is no answer to the kernel.
        told = Packet(4, "", self.bridge, self.subnet, self.subnet, "udp", 67, 68, source_type="local")
        return [*_to_host(asked), *_from_host(told, self.bridge)]

    def dhcpv6(self) -> Stages:
        asked = Packet(6, self.bridge, "", _LINK_LOCAL, _DHCPV6_SERVERS, "udp", 546, 547, target_type="multicast")
        told = Packet(6, "", self.bridge, _LINK_LOCAL, _LINK_LOCAL, "udp", 547, 546, source_type="local")
        return [*_to_host(asked), *_from_host(told, self.bridge)]


def _routed(packet: Packet, arrives: Packet | None = None) -> Stages:
    arrives = packet if arrives is None else arrives
    return [
        (Hook.PREROUTING, arrives._replace(output_interface="")),
        (Hook.FORWARD, packet),
        (Hook.POSTROUTING, packet),
    ]


def _to_host(packet: Packet) -> Stages:
    return [(Hook.PREROUTING, packet), (Hook.INPUT, packet)]


def _from_host(packet: Packet, bridge: str) -> Stages:
    sent = packet._replace(input_interface="", output_interface=bridge)
    return [(Hook.OUTPUT, sent), (Hook.POSTROUTING, sent)]
