"""Which guest of which network a PortForward's inputs mean, as the network is now. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from virtnet.network.observed import ReportedNetwork
from virtnet.network.tree import ROUTED_MODES
from virtnet.planning.findings import Refusal
from virtnet.port_forward.check import TARGETS, version_of
from virtnet.port_forward.forward import Forward, ForwardNetwork, is_plain_bridge
from virtnet.port_forward.kinds import Missing, RefusalKind
from virtnet.port_forward.ports import range_of
from virtnet.spec.part import Values, as_group, as_list


class Target(NamedTuple):
    """The guest that a forward leads to."""

    address: str
    network: ForwardNetwork
    guest: str = ""
    """The name in its reservation; "" where it has none."""
    may_move: bool = False
    """Whether its address is one of a DHCP range, and no reservation has it."""


class Unresolved(NamedTuple):
    """What is missing for a target to be known."""

    what: Missing
    network: str
    name: str = ""
    """The name or the MAC address of the reservation."""


class _Subnet(NamedTuple):
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    gateway: str
    dhcp: Mapping[str, object]


def resolve(inputs: Values, network: ReportedNetwork | None) -> Target | Unresolved | Refusal:
    """The guest that inputs mean, what is missing to know it, or why it can be none."""
    wanted = str(inputs["network"])
    if network is None:
        return Unresolved(Missing.NETWORK, wanted)
    seen = network.running
    if seen.mode not in ROUTED_MODES or not seen.bridge:
        return Refusal(RefusalKind.MODE_TAKES_NONE, {"network": network.name, "mode": seen.mode})
    if not is_plain_bridge(seen.bridge):
        return Refusal(RefusalKind.BRIDGE_NAME, {"network": network.name, "bridge": seen.bridge})
    subnets = list(_subnets(network))
    by_name = next((str(inputs[name]) for name in TARGETS[1:] if inputs.get(name) is not None), None)
    if by_name is None:
        address, guest = str(inputs["target_address"]), _name_of(str(inputs["target_address"]), subnets)
    else:
        reserved = _reserved(inputs, subnets)
        if reserved is None:
            return Unresolved(Missing.RESERVATION, network.name, by_name)
        address, guest = reserved
    parsed = ipaddress.ip_address(address)
    inside = next((subnet for subnet in subnets if parsed in subnet.network), None)
    if inside is None:
        listed = [str(subnet.network) for subnet in subnets]
        return Refusal(RefusalKind.TARGET_OUTSIDE, {"target": address, "network": network.name, "subnets": listed})
    if address in {subnet.gateway for subnet in subnets}:
        return Refusal(RefusalKind.TARGET_IS_GATEWAY, {"target": address, "network": network.name})
    side = ForwardNetwork(network.uuid, network.name, seen.bridge, seen.mode, str(inside.network), inside.gateway)
    return Target(
        address, side, guest, may_move=_is_given_out(parsed, inside) and not _has_reservation(address, subnets)
    )


def forward_of(inputs: Values, target: Target, identity: str) -> Forward:
    """What inputs that are all known forward."""
    return Forward(
        id=identity,
        listen_address=str(inputs.get("listen_address") or ""),
        target=target.address,
        ports=tuple(sorted(range_of(as_group(item)) for item in as_list(inputs["ports"]))),
        sources=tuple(sorted(map(str, as_list(inputs.get("sources") or [])))),
        network=target.network,
    )


def _subnets(network: ReportedNetwork) -> Iterator[_Subnet]:
    for item in network.running.tree.get("ips", ()):
        try:
            address = ipaddress.ip_interface(item["address"])
        except ValueError:  # libvirt accepts what ipaddress does not
            continue
        yield _Subnet(address.network, str(address.ip), item.get("dhcp", {}))


def _reservations(subnets: list[_Subnet]) -> Iterator[Mapping[str, object]]:
    for subnet in subnets:
        yield from map(as_group, as_list(subnet.dhcp.get("hosts", [])))


def _reserved(inputs: Values, subnets: list[_Subnet]) -> tuple[str, str] | None:
    """The address and the name of the reservation that is meant, of the version of IP that is."""
    key, wanted = ("mac", inputs.get("target_mac")) if "target_mac" in inputs else ("name", inputs.get("target_name"))
    found = [one for one in _reservations(subnets) if one.get(key) == wanted and one.get("ip")]
    named = any(inputs.get(name) for name in ("listen_address", "sources"))
    version = version_of(inputs)
    fitting = [one for one in found if _version(one["ip"]) == version]
    others = [] if named else [one for one in found if _version(one["ip"]) is not None]
    chosen = next(iter([*fitting, *others]), None)
    return None if chosen is None else (str(chosen["ip"]), str(chosen.get("name") or ""))


def _version(address: object) -> int | None:
    """The version of IP; None of what libvirt accepts and ipaddress does not, as 192.168.123.050."""
    try:
        return ipaddress.ip_address(str(address)).version
    except ValueError:
        return None


def _name_of(address: str, subnets: list[_Subnet]) -> str:
    return next((str(one.get("name") or "") for one in _reservations(subnets) if one.get("ip") == address), "")


def _has_reservation(address: str, subnets: list[_Subnet]) -> bool:
    return any(one.get("ip") == address for one in _reservations(subnets))


def _is_given_out(address: ipaddress.IPv4Address | ipaddress.IPv6Address, subnet: _Subnet) -> bool:
    """Whether the network's DHCP server may give it to whoever asks."""
    for item in map(as_group, as_list(subnet.dhcp.get("ranges", []))):
        if None in (_version(item["start"]), _version(item["end"])):
            continue
        first, last = ipaddress.ip_address(str(item["start"])), ipaddress.ip_address(str(item["end"]))
        if first.version == address.version and int(first) <= int(address) <= int(last):
            return True
    return False
