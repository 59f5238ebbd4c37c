"""Which guest of which network a PortForward's inputs mean, as the network is now. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.observed import ReportedNetwork
from virtnet.network.tree import ROUTED_MODES, mode_of, own_bridge
from virtnet.planning.findings import Refusal
from virtnet.port_forward.check import TARGETS, version_of
from virtnet.port_forward.forward import Forward, ForwardNetwork, is_plain_bridge
from virtnet.port_forward.kinds import Missing, RefusalKind
from virtnet.port_forward.ports import range_of
from virtnet.port_forward.restore.record import Record
from virtnet.spec.failures import Details
from virtnet.spec.part import Values, as_group, as_list

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


class Reservation(NamedTuple):
    """What a network's DHCP server keeps for a guest."""

    address: str
    name: str
    """"" if it has none."""


class Target(NamedTuple):
    """The guest that a forward leads to."""

    address: str
    network: ForwardNetwork
    guest: str = ""
    """The name in its reservation; "" if it has none."""
    may_move: bool = False
    """Whether its address is one of a DHCP range, and no reservation has it."""


class Unresolved(NamedTuple):
    """What is missing for a target to be known."""

    what: Missing
    network: str
    name: str = ""
    """The name or the MAC address of the reservation."""
    others: tuple[str, ...] = ()
    """What could have been meant: the names, or the MAC addresses, of those there are with an address."""


class Side(NamedTuple):
    """Where a guest is in its network."""

    mode: str
    bridge: str
    """"" if it is not named."""
    subnet: str
    gateway: str


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
    subnets = list(_subnets(seen.tree))
    if inputs.get("target_address") is not None:
        address, guest = str(inputs["target_address"]), _name_of(str(inputs["target_address"]), subnets)
    else:
        reserved = _reserved(inputs, subnets)
        if not isinstance(reserved, Reservation):
            return reserved or _without_reservation(inputs, network.name, subnets)
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
    """The forward of inputs that are all known."""
    return Forward(
        id=identity,
        listen_address=str(inputs.get("listen_address") or ""),
        target=target.address,
        ports=tuple(sorted(range_of(as_group(item)) for item in as_list(inputs["ports"]))),
        sources=tuple(sorted(map(str, as_list(inputs.get("sources") or [])))),
        network=target.network,
    )


def named_reservation(inputs: Values) -> str:
    """The name, or the MAC address, of the reservation that inputs mean; "" if they mean an address."""
    return next((str(inputs[name]) for name in TARGETS[1:] if inputs.get(name) is not None), "")


def reservation_in(inputs: Values, tree: "NetworkTree") -> Reservation | None:
    """The reservation of a network's tree that inputs name; None if it has none that they can mean."""
    found = _reserved(inputs, list(_subnets(tree)))
    return found if isinstance(found, Reservation) else None


def reserved_now(record: Record, tree: "NetworkTree") -> str | None:
    """The address that the reservation of a forward's guest has in a network's tree; None if it has none.

    The forward's own where no reservation is known by which its program named the guest.
    """
    named, forward = record.reservation, record.forward
    if named is None:
        return forward.target
    inputs = {f"target_{named.key}": named.value, "listen_address": forward.listen_address, "sources": forward.sources}
    found = reservation_in(inputs, tree)
    return None if found is None else found.address


def side_of(address: str, tree: "NetworkTree") -> Side | None:
    """Where an address is in a network; None outside of all its subnets."""
    parsed = ipaddress.ip_address(address)
    found = next((subnet for subnet in _subnets(tree) if parsed in subnet.network), None)
    return None if found is None else Side(mode_of(tree), own_bridge(tree), str(found.network), found.gateway)


def _without_reservation(inputs: Values, network: str, subnets: list[_Subnet]) -> Unresolved:
    key = "mac" if inputs.get("target_mac") is not None else "name"
    there = sorted({str(one[key]) for one in _reservations(subnets) if one.get(key) and one.get("ip")})
    return Unresolved(Missing.RESERVATION, network, named_reservation(inputs), tuple(there))


def _subnets(tree: "NetworkTree") -> Iterator[_Subnet]:
    for item in tree.get("ips", ()):
        try:
            address = ipaddress.ip_interface(item["address"])
        except ValueError:  # libvirt accepts what ipaddress does not
            continue
        yield _Subnet(address.network, str(address.ip), item.get("dhcp", {}))


def _reservations(subnets: list[_Subnet]) -> Iterator[Mapping[str, object]]:
    for subnet in subnets:
        yield from map(as_group, as_list(subnet.dhcp.get("hosts", [])))


def _reserved(inputs: Values, subnets: list[_Subnet]) -> Reservation | Refusal | None:
    """The reservation of the inputs, with the right version of IP; the reason if it can't be used, or None."""
    key, wanted = ("mac", inputs.get("target_mac")) if "target_mac" in inputs else ("name", inputs.get("target_name"))
    found = [one for one in _reservations(subnets) if one.get(key) == wanted and _version(one.get("ip")) is not None]
    place = next((name for name in ("listen_address", "sources") if inputs.get(name)), None)
    version = version_of(inputs)
    chosen = next((one for one in found if _version(one["ip"]) == version), None)
    if chosen is None and found and place is not None:
        details: Details = {"name": str(wanted), "address": str(found[0]["ip"]), "place": place, "version": version}
        return Refusal(RefusalKind.TARGET_VERSION, details)
    chosen = chosen or next(iter(found), None)
    return None if chosen is None else Reservation(str(chosen["ip"]), str(chosen.get("name") or ""))


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
    """Whether the network's DHCP server may give the address to any client."""
    for item in map(as_group, as_list(subnet.dhcp.get("ranges", []))):
        if None in (_version(item["start"]), _version(item["end"])):
            continue
        first, last = ipaddress.ip_address(str(item["start"])), ipaddress.ip_address(str(item["end"]))
        if first.version == address.version and int(first) <= int(address) <= int(last):
            return True
    return False
