"""Which subnet a network is given: the one that it has, or one that nothing on its host uses. Pure."""

import hashlib
from collections.abc import Iterable, Sequence

from virtnet.network.xml.definition import Subnet

DEFAULT_POOL = "10.0.0.0/8"
"""The larger subnet to take one from, where none is named."""


def prefix_lengths(pool: Subnet) -> tuple[int, int]:
    """The shortest and the longest prefix length of a subnet of a pool; the longest leaves two addresses for hosts."""
    return pool.prefixlen, pool.max_prefixlen - 2


def choose(pool: Subnet, length: int, name: str, *, own: Sequence[Subnet], used: Iterable[Subnet]) -> Subnet | None:
    """The subnet of the network of that name; None if none is free.

    A subnet of the pool and of that length that is the network's `own` already stays, so that a second run changes
    nothing. `used` are those of others.
    """
    kept = [subnet for subnet in own if subnet.prefixlen == length and _inside(subnet, pool)]
    return kept[0] if kept else first_free(pool, length, used, name)


def first_free(pool: Subnet, length: int, used: Iterable[Subnet], name: str) -> Subnet | None:
    """The first free subnet from a place on that the name decides, so that two networks seldom want the same one."""
    taken = sorted(_span(other) for other in used if other.version == pool.version)
    count, size = 1 << (length - pool.prefixlen), 1 << (pool.max_prefixlen - length)
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big") % count
    first = int(pool.network_address)
    for begin, end in ((start, count), (0, start)):
        index = begin
        while index < end:
            low, high = first + index * size, first + (index + 1) * size - 1
            hit = max((upper for lower, upper in taken if lower <= high and upper >= low), default=None)
            if hit is None:
                return type(pool)((low, length))
            index = (hit - first) // size + 1  # past what is in the way, not one by one
    return None


def addresses_of(subnet: Subnet) -> dict[str, str]:
    """The result of getFreeSubnet: the subnet, the host's address on it, and the range that is left for DHCP."""
    base = int(subnet.network_address)
    # The last address of an IPv4 subnet is for broadcasts.
    last = int(subnet.broadcast_address) - (1 if subnet.version == 4 else 0)
    address = type(subnet.network_address)
    return {
        "subnet": str(subnet),
        "address": f"{address(base + 1)}/{subnet.prefixlen}",
        "first": str(address(base + 2)),
        "last": str(address(last)),
    }


def _span(subnet: Subnet) -> tuple[int, int]:
    """The first and the last address, as numbers."""
    return int(subnet.network_address), int(subnet.broadcast_address)


def _inside(subnet: Subnet, pool: Subnet) -> bool:
    (low, high), (first, last) = _span(subnet), _span(pool)
    return subnet.version == pool.version and first <= low and high <= last
