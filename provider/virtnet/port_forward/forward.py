"""One PortForward as it is on its host, with nothing left to be looked up: all that its rules are made of. Pure."""

import ipaddress
import re
from typing import Literal, NamedTuple, TypeAlias, get_args

Protocol: TypeAlias = Literal["tcp", "udp"]

LAST_PORT = 65535


class PortRange(NamedTuple):
    """Ports of the host, and those of the guest that they lead to, in the same order."""

    protocol: Protocol
    listen: int
    """The first port of the host."""
    last: int
    """The last one; the same for a single port."""
    target: int
    """The first port of the guest: the range keeps its length."""

    @property
    def target_last(self) -> int:
        """The last port of the guest."""
        return self.target + self.last - self.listen


class ForwardNetwork(NamedTuple):
    """The network that the guest is on, as far as rules need it."""

    uuid: str
    name: str
    bridge: str
    mode: str
    """The forward mode: "nat", "route" or "open"."""
    subnet: str
    """The subnet of the target, in CIDR form: "192.168.123.0/24"."""
    gateway: str
    """The host's own address in it: "192.168.123.1"."""


class Forward(NamedTuple):
    """Ports of a host that lead to a guest. Addresses are as `ipaddress` prints them."""

    id: str
    """By which its file and its rules are known: 16 hexadecimal digits."""
    listen_address: str
    """The host's address; "" for every one of the target's version of IP, loopback excepted."""
    target: str
    """The guest's address."""
    ports: tuple[PortRange, ...]
    sources: tuple[str, ...]
    """Who may connect, as subnets in CIDR form; none for anybody."""
    network: ForwardNetwork

    @property
    def version(self) -> int:
        """The version of IP: 4 or 6."""
        return ipaddress.ip_address(self.target).version


#: What rules, and the script that makes links, can be given.
_PLAIN_BRIDGE = re.compile(r"[A-Za-z0-9_.@+-]{1,15}", re.ASCII)


def is_plain_bridge(name: str) -> bool:
    """Whether a bridge has a name that means nothing else to a shell, or to nft."""
    return _PLAIN_BRIDGE.fullmatch(name) is not None


def is_canonical(forward: Forward) -> bool:
    """Whether nothing of a forward can be read, by nft or by a shell, as anything but what it is.

    Names are of plain characters, addresses of one version of IP and as `ipaddress` prints them.
    """
    network = forward.network
    listens = [forward.listen_address] if forward.listen_address else []
    try:
        hosts = [*map(ipaddress.ip_address, (forward.target, network.gateway, *listens))]
        subnets = [*map(ipaddress.ip_network, (network.subnet, *forward.sources))]
    except ValueError:
        return False
    target, gateway, *_ = hosts
    return (
        re.fullmatch(r"[0-9a-f]{16}", forward.id) is not None
        and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", network.uuid) is not None
        and is_plain_bridge(network.bridge)
        and network.mode in ("nat", "route", "open")
        and [*map(str, hosts)] == [forward.target, network.gateway, *listens]
        and [*map(str, subnets)] == [network.subnet, *forward.sources]
        and len({one.version for one in (*hosts, *subnets)}) == 1
        and target in subnets[0]
        and gateway in subnets[0]
        and forward.ports != ()
        and all(map(_is_range, forward.ports))
    )


def _is_range(ports: PortRange) -> bool:
    return (
        ports.protocol in get_args(Protocol)
        and 1 <= ports.listen <= ports.last <= LAST_PORT
        and 1 <= ports.target <= ports.target_last <= LAST_PORT
    )


def shared_ports(one: Forward, other: Forward) -> tuple[PortRange, ...]:
    """The ranges of the one forward that share a port with the other, on the same address of the host."""
    addresses = {one.listen_address, other.listen_address}
    if one.version != other.version or (len(addresses) > 1 and "" not in addresses):
        return ()
    return tuple(
        mine
        for mine in one.ports
        if any(
            mine.protocol == theirs.protocol and mine.listen <= theirs.last and theirs.listen <= mine.last
            for theirs in other.ports
        )
    )
