"""What observing a network reads of its host, together in few round trips. Pure."""

import re

from virtnet.host.requests import (
    ADDRESSES,
    CAPABILITIES,
    DHCP_PORT,
    LINKS,
    LISTENING_SOCKETS,
    WHOLE_FIREWALL,
    directory,
    file,
    firewall_rules,
    program,
    routes,
    sysctl,
)
from virtnet.planning.clients.reads import Reads, Request

LINK_DIRECTORY = "/sys/class/net"

DEFINITIONS = "/etc/libvirt/qemu/networks"

AUTOSTART_LINKS = f"{DEFINITIONS}/autostart"

#: Without which libvirt starts no network of some mode.
PROGRAMS = ("dnsmasq", "iptables", "nft")

#: Of bridges whose ports are put back.
BRIDGE_ATTRIBUTES = ("stp_state", "vlan_filtering")

#: By version of IP whether the host forwards packets.
FORWARDING = {4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}

#: Which decides whether routes are learnt from router advertisements, too.
_IPV6_FORWARDING = sysctl(FORWARDING[6])

_ANY_START = (ADDRESSES, LISTENING_SOCKETS, *map(program, PROGRAMS), DHCP_PORT, CAPABILITIES)

#: Which may name the program with which libvirt writes rules.
NETWORK_CONF = "/etc/libvirt/network.conf"

#: Where libvirt keeps what it has to know of a network while it runs: NAME.xml, and NAME.pid of its dnsmasq.
STATUS_DIRECTORY = "/run/libvirt/network"

#: Those of the main tables, of IPv4 and of IPv6.
ROUTES_IN_PROC = ("/proc/net/route", "/proc/net/ipv6_route")

#: By version of IP whether packets that only pass a bridge come through iptables and nftables (br_netfilter).
BRIDGED_TO_IPTABLES = {
    4: "/proc/sys/net/bridge/bridge-nf-call-iptables",
    6: "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
}

#: Which tell of all bridges, or of the host that they are on.
_OF_ALL_BRIDGES: tuple[Request, ...] = (
    file("/proc/net/fib_trie"),
    file("/proc/net/if_inet6"),
    file("/proc/1/comm"),
    directory(LINK_DIRECTORY),
    *map(file, (*ROUTES_IN_PROC, *BRIDGED_TO_IPTABLES.values())),
    *map(sysctl, FORWARDING.values()),
)

#: A refresh looks at many networks, whose rules are in one listing.
SECONDS_RULES_STAND = 2.0

_GROUPS: tuple[frozenset[Request], ...] = (
    # A network's firewall rules, and those of others.
    frozenset(
        request for name in WHOLE_FIREWALL for request in (program(firewall_rules(name)[1]), firewall_rules(name))
    ),
    # Before a new network starts.
    frozenset({*_ANY_START, routes(4), directory(LINK_DIRECTORY), directory(AUTOSTART_LINKS)}),
    # Before one with IPv6 starts.
    frozenset({routes(4), routes(6), _IPV6_FORWARDING}),
    # Before one that was there starts again.
    frozenset(
        {
            *_ANY_START,
            LINKS,
            routes(4),
            routes(6),
            directory(LINK_DIRECTORY),
            _IPV6_FORWARDING,
        }
    ),
    # A network that is there.
    frozenset({directory(DEFINITIONS), directory(AUTOSTART_LINKS)}),
)


def _grouped_with(request: Request) -> list[Request]:
    link = re.fullmatch(rf"{AUTOSTART_LINKS}/([^/]+)\.xml", request[-1])
    if link is not None:
        definition, running = file(f"{DEFINITIONS}/{link[1]}.xml"), _while_it_runs(f"{STATUS_DIRECTORY}/{link[1]}")
        return [definition, directory(DEFINITIONS), directory(AUTOSTART_LINKS), *running]
    process = re.fullmatch(rf"({STATUS_DIRECTORY}/[^/]+)\.(pid|xml)", request[-1])
    if process is not None:
        return _while_it_runs(process[1])
    setting = re.fullmatch(rf"({LINK_DIRECTORY}/[^/]+/bridge)/[^/]+", request[-1])
    if setting is not None:
        return [file(f"{setting[1]}/{attribute}") for attribute in BRIDGE_ATTRIBUTES]
    bridge = re.fullmatch(rf"{LINK_DIRECTORY}/([^/]+)/(address|brif)", request[-1])
    if bridge is None:
        return []
    place = f"{LINK_DIRECTORY}/{bridge[1]}"
    return [
        file(f"{place}/address"),
        file(f"{place}/flags"),
        file(f"{place}/mtu"),
        directory(place),
        directory(f"{place}/brif"),
        *_OF_ALL_BRIDGES,
    ]


def _while_it_runs(place: str) -> list[Request]:
    return [file(f"{place}.pid"), file(f"{place}.xml")]


def _likely_next(request: Request, text: str) -> list[Request]:
    kind, place = request[0], request[-1]
    if kind == "list" and place.endswith("/brif"):
        return [file(f"{LINK_DIRECTORY}/{name}/address") for name in text.rstrip("/").split("/") if name]
    if kind == "read" and re.fullmatch(rf"{STATUS_DIRECTORY}/[^/]+\.pid", place) and text.strip().isdigit():
        return [file(f"/proc/{text.strip()}/comm")]
    return []


READS = Reads(
    groups=_GROUPS,
    grouped_with=_grouped_with,
    likely_next=_likely_next,
    of_host=frozenset({*_OF_ALL_BRIDGES, directory(DEFINITIONS), directory(AUTOSTART_LINKS)}),
)
