"""What a host's programs print, as observed values. Pure; `client` does the asking.

`ip -json` is iproute2's own promise of a stable form; `ss` has none, so its columns are read.
"""

import ipaddress
import json
import re
from functools import lru_cache
from typing import Any

from virtnet.planning.reports import HostAddress, HostNeighbour, HostRoute, Link, ListeningSocket, ServiceReport

IFF_UP = 1

#: What was prefetched, or listed for another network a moment ago, is parsed once: its length grows with the networks.
_once = lru_cache(maxsize=2)


# A refresh asks for the same few long directories for each network, and for a short one of each.
@lru_cache(maxsize=32)
def parse_names(text: str) -> tuple[str, ...]:
    """The names in a directory, sorted, from names that end in a slash each (machine)."""
    return tuple(sorted(filter(None, text.split("/"))))


@_once
def parse_links(text: str) -> tuple[Link, ...]:
    """The answer to `ip -json -details link show`."""
    return tuple(
        Link(
            name=item["ifname"],
            mac=item.get("address", "") if item.get("link_type") == "ether" else "",
            kind=item.get("linkinfo", {}).get("info_kind", ""),
            master=item.get("master", ""),
            up="UP" in item.get("flags", ()),
        )
        for item in _items(text)
    )


@_once
def parse_addresses(text: str) -> tuple[HostAddress, ...]:
    """The answer to `ip -json [-brief] address show`."""
    return tuple(
        HostAddress(interface=item["ifname"], address=f"{info['local']}/{info['prefixlen']}")
        for item in _items(text)
        for info in item.get("addr_info", ())
        if "local" in info
    )


def parse_bridge_vlans(text: str) -> tuple[str, ...]:
    """The answer to `bridge -json vlan show dev LINK`, each VLAN as `bridge vlan add` takes it: "10 pvid untagged"."""
    words = {"PVID": "pvid", "Egress Untagged": "untagged"}
    return tuple(
        " ".join([_vlan_range(vlan), *(words[flag] for flag in vlan.get("flags", ()) if flag in words)])
        for item in _items(text)
        for vlan in item.get("vlans", ())
    )


def _vlan_range(vlan: dict[str, Any]) -> str:
    return f"{vlan['vlan']}-{vlan['vlanEnd']}" if "vlanEnd" in vlan else str(vlan["vlan"])


@_once
def parse_routes(text: str, *, longest_prefix: int) -> tuple[HostRoute, ...]:
    """The answer to `ip -json [-6] route show table main`. A route over several paths gives one item a path."""
    routes = []
    for item in _items(text):
        destination = item.get("dst", "default")
        if destination != "default" and "/" not in destination:
            destination = f"{destination}/{longest_prefix}"
        for path in item.get("nexthops") or (item,):
            routes.append(
                HostRoute(
                    destination=destination,
                    interface=path.get("dev", ""),
                    gateway=path.get("gateway") or path.get("via", {}).get("host", ""),
                    protocol=item.get("protocol", ""),
                )
            )
    return tuple(routes)


def parse_neighbours(text: str) -> tuple[HostNeighbour, ...]:
    """The answer to `ip -json neighbour show dev INTERFACE`: those that have answered, and have a MAC address."""
    return tuple(
        HostNeighbour(address=item["dst"], mac=item["lladdr"])
        for item in _items(text)
        if "dst" in item and "lladdr" in item and "FAILED" not in item.get("state", ())
    )


@_once
def parse_listening_sockets(text: str) -> tuple[ListeningSocket, ...]:
    """The answer to `ss -Hlntu`: protocol, state, two queue lengths, local address and port, peer."""
    sockets = []
    for line in text.splitlines():
        columns = line.split()
        if len(columns) < 5:
            continue
        local, _, port = columns[4].rpartition(":")
        if not port.isdigit():
            continue
        address, _, interface = local.partition("%")
        # An IPv6 address may carry its device inside or outside of the brackets: [fe80::1]%eth0, [fe80::1%eth0].
        address, interface = address.strip("[]"), interface.strip("]")
        sockets.append(ListeningSocket(protocol=columns[0], address=address, interface=interface, port=int(port)))
    return tuple(sockets)


def parse_denied(complaint: str) -> bool:
    """Whether ip, bridge or iptables failed because of missing rights.

    Only the C library's text for EPERM shows that, because they end with 2 or 4 for every error of the kernel. They run
    in the C locale.
    """
    return "Operation not permitted" in complaint


def parse_up(flags: str) -> bool:
    """Whether an interface is up by its /sys/class/net/NAME/flags, "0x1003" say (IFF_UP, netdevice(7))."""
    return bool(int(flags, 16) & IFF_UP)


@_once
def parse_local_ipv4(text: str) -> frozenset[str]:
    """The host's own IPv4 addresses in /proc/net/fib_trie: each leaf that the kernel has as LOCAL."""
    own, leaf = set(), ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            leaf = words[1]
        elif words == ["/32", "host", "LOCAL"]:
            own.add(leaf)
    return frozenset(own)


def parse_ipv6_addresses(text: str, interface: str) -> frozenset[str]:
    """An interface's IPv6 addresses in /proc/net/if_inet6: address, index, prefix, scope, flags and name a line."""
    lines = [line.split() for line in text.splitlines()]
    return frozenset(
        str(ipaddress.IPv6Address(int(words[0], 16))) for words in lines if len(words) == 6 and words[5] == interface
    )


def _items(text: str) -> list[dict[str, Any]]:
    """A JSON list of objects; older iproute2 prints nothing at all for an empty answer, or empty objects."""
    if not text.strip():
        return []
    return [item for item in json.loads(text) if item]


def parse_nft_tables(text: str) -> frozenset[tuple[str, str]]:
    """The answer to `nft -j list tables`: families and names."""
    tables = [item["table"] for item in json.loads(text)["nftables"] if "table" in item]
    return frozenset((table["family"], table["name"]) for table in tables)


def parse_service(text: str) -> ServiceReport:
    """The answer to `systemctl show`, a property a line."""
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return ServiceReport(
        enabled=properties.get("UnitFileState") == "enabled", active=properties.get("ActiveState") == "active"
    )


#: When iptables-save made a listing, and what passed a chain's policy.
_OF_IPTABLES = re.compile(r"^(# \w+.*?) on .*$|^(:\S+ \S+) \[\d+:\d+\]$", re.MULTILINE)

_OF_NFTABLES = re.compile(r'"packets": \d+, "bytes": \d+')


def without_counts(listing: str) -> str:
    """A firewall's rules as a program lists them, without what is another from one moment to the next.

    So rules that stay the same are the same text, which is parsed once.
    """
    if listing.startswith("{"):
        return _OF_NFTABLES.sub('"packets": 0, "bytes": 0', listing)
    return _OF_IPTABLES.sub(lambda found: found[1] or found[2], listing)
