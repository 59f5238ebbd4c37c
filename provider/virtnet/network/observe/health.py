"""What is wrong with a network that libvirt calls active: its bridge, its addresses, its dnsmasq, its firewall rules.

Looked at through the host's client.
"""

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.parse import parse_ipv6_addresses, parse_local_ipv4, parse_up
from virtnet.network.observe.firewall import FILTERED_MODES, MissingRules, flushed, missing_rules
from virtnet.network.observed import ProblemKind, ReportedNetwork
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.host import FileReader, FirewallReader
from virtnet.planning.findings import Problem

#: A refresh looks at many networks, whose rules are in one listing.
SECONDS_RULES_STAND = 2.0


def health_problems(host: FileReader | None, report: ReportedNetwork | None) -> tuple[Problem, ...]:
    """What is wrong with its bridge, its addresses and its dnsmasq."""
    if host is None or report is None or report.live is None:
        return ()
    live = report.live
    bridge = live.bridge
    if not bridge:
        return ()
    address = host.read_file(f"/sys/class/net/{bridge}/address")
    if address is None:
        return (Problem(ProblemKind.BRIDGE_MISSING, {"bridge": bridge}),)
    if live.mac not in ("", address.strip()):
        found = {"bridge": bridge, "mac": address.strip(), "expected": live.mac}
        return (Problem(ProblemKind.FOREIGN_BRIDGE, found),)
    flags = (host.read_file(f"/sys/class/net/{bridge}/flags") or "").strip()
    if flags and not parse_up(flags):
        return (Problem(ProblemKind.BRIDGE_DOWN, {"bridge": bridge}),)
    if lost := _lost_addresses(host, bridge, live):
        return (Problem(ProblemKind.ADDRESSES_MISSING, {"bridge": bridge, "addresses": lost}),)
    if not live.serves:
        return ()
    try:
        pid = host.read_file(f"/run/libvirt/network/{report.name}.pid")
        if pid is None or not pid.strip().isdigit() or host.read_file("/proc/1/comm") is None:
            return ()  # not this host's /run, or other users' processes are hidden
        program = host.read_file(f"/proc/{pid.strip()}/comm")
    except (HostFailure, AccessDenied):  # the file is root's on some hosts
        return ()
    runs = program is not None and program.strip() == "dnsmasq"
    return () if runs else (Problem(ProblemKind.DNSMASQ_NOT_RUNNING),)


def firewall_problems(host: FirewallReader | None, report: ReportedNetwork | None) -> tuple[Problem, ...]:
    """Whether the running network's rules were flushed, which libvirt does not notice.

    Rules that are missing in a listing of some seconds ago may have come since, so they are listed once more.
    """
    if host is None or report is None or report.live is None:
        return ()
    live = report.live
    if live.mode not in FILTERED_MODES or not live.bridge:
        return ()
    missing: list[MissingRules] = []
    for seconds_old in (SECONDS_RULES_STAND, 0.0):
        try:
            rules = {"iptables-save": host.firewall_rules("iptables-save", seconds_old=seconds_old)}
            if flushed(rules):
                rules |= {"nft": host.firewall_rules("nft", seconds_old=seconds_old)}
        except (HostFailure, AccessDenied):  # only root can look
            return ()
        missing = list(missing_rules(live, rules))
        if not missing or set(rules.values()) == {None}:
            return ()
    return (Problem(ProblemKind.FIREWALL_RULES_MISSING, {"missing": [part.details() for part in missing]}),)


def _lost_addresses(host: FileReader, bridge: str, live: Definition) -> list[str]:
    """The network's addresses that its bridge has no longer (of IPv4: that the host has nowhere).

    Read from the kernel's tables, well below a millisecond; `ip` would be a program started for each network (10 ms).
    """
    lost = []
    for ip in live.tree.get("ips", []):
        address = ip["address"].partition("/")[0]
        table = host.read_file("/proc/net/if_inet6" if ":" in address else "/proc/net/fib_trie")
        if table is None:
            continue
        there = parse_ipv6_addresses(table, bridge) if ":" in address else parse_local_ipv4(table)
        if address not in there:
            lost.append(address)
    return lost
