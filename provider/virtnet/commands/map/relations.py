"""What belongs together on a host's map: a guest's interfaces, a port forward's guest, a network's ways out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from virtnet.commands.map.model import Attached, Bridge, Host, Network, PortForward, Uplink

Place: TypeAlias = Network | Bridge
"""What an interface may be on."""

LEAVES_BY_ROUTES = ("nat", "route", "open")
"""The modes whose packets the host routes."""


class Connected(NamedTuple):
    """One interface, and what it is on."""

    place: Place
    entry: Attached


def places(host: Host) -> tuple[Place, ...]:
    """All that interfaces are on, networks first."""
    return (*host.networks, *host.bridges)


def guests(host: Host) -> Mapping[str, Sequence[Connected]]:
    """The interfaces of each guest, by its name."""
    found: dict[str, list[Connected]] = {}
    for place in places(host):
        for entry in place.attached:
            if entry.guest:
                found.setdefault(entry.guest, []).append(Connected(place, entry))
    return found


def in_several(host: Host) -> Mapping[str, Sequence[Connected]]:
    """The guests that are on more than one network or bridge."""
    return {
        guest: interfaces
        for guest, interfaces in guests(host).items()
        if len({id(one.place) for one in interfaces}) > 1
    }


def target(host: Host, forward: PortForward) -> Connected | None:
    """The interface that has the address that a port forward leads to, by its lease or its reservation."""
    network = network_of(host, forward)
    if network is None:
        return None
    reserved = {one.mac for one in network.reservations if one.address == forward.target and one.mac}
    found = [entry for entry in network.attached if forward.target in entry.addresses]
    found += [entry for entry in network.attached if entry.mac in reserved]
    return Connected(network, found[0]) if found else None


def network_of(host: Host, forward: PortForward) -> Network | None:
    """The network of a port forward; None if there is none of that name."""
    return next((network for network in host.networks if network.name == forward.network), None)


def led_to(host: Host) -> Mapping[int, Sequence[PortForward]]:
    """The port forwards that lead to an interface, by the identity of its `Attached`."""
    found: dict[int, list[PortForward]] = {}
    for forward in host.port_forwards:
        if (one := target(host, forward)) is not None:
            found.setdefault(id(one.entry), []).append(forward)
    return found


def ways_out(host: Host, network: Network) -> Iterator[str]:
    """The interfaces and bridges of the host by which a network leaves it, by their names."""
    interfaces: tuple[Uplink | Bridge, ...] = (*host.uplinks, *host.bridges)
    drawn = {one.name for one in interfaces}
    if network.mode == "bridge" and network.bridge in drawn:
        yield network.bridge
    elif network.mode in LEAVES_BY_ROUTES and not network.devices:
        yield from (one.name for one in interfaces if one.gateways)
    else:
        yield from (name for name in network.devices if name in drawn)


def is_off(host: Host, network: Network) -> bool:
    """Whether the kernel forwards none of the packets of a network that leaves by routes."""
    if network.mode not in LEAVES_BY_ROUTES:
        return False
    states = [host.ipv6_forwarding if ":" in address else host.ipv4_forwarding for address in network.addresses]
    return bool(states) and all(state is False for state in states)
