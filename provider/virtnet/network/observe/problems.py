"""What a look at a network calls a problem: everything that a refresh records as one is found here.

That is what is wrong with what runs (its bridge, its addresses, its dnsmasq, its firewall rules), what interrupted
restarts left, the rules that libvirt left, and that another resource has taken the network.
`network.problem_kinds` lists the kinds, and what fixes each.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.parse import parse_ipv6_addresses, parse_local_ipv4, parse_up
from virtnet.network.names import holding_name, pid_files
from virtnet.network.observe.firewall.ages import ages_of_listings
from virtnet.network.observe.firewall.backends import rules_of_network
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    Backend,
    MissingRules,
    missing_rules,
)
from virtnet.network.observe.reads import FORWARDING
from virtnet.network.observed import LeftBridge, Loose, ReportedNetwork
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.tree import ROUTED_MODES
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Problem
from virtnet.planning.reports import Attachment, attachment_details
from virtnet.spec.failures import Details
from virtnet.spec.part import Values

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader, HostReader, SysctlReader


class Running(NamedTuple):
    """What is wrong with a network that runs."""

    problems: tuple[Problem, ...] = ()
    rules_unseen: bool = False
    """Whether its firewall rules were to be looked at, and nobody can look."""


def running_problems(clients: Clients, report: ReportedNetwork, *, checks_firewall: bool, since: float) -> Running:
    """What is wrong with the network that runs; nothing with one that does not.

    The first of bridge, addresses, dnsmasq and firewall rules, of which each needs those before it; then the bridge's
    MTU, and the record that a restart of dnsmasq has left. `checks_firewall` is whether the rules are looked at,
    and `since` when the network was read, of time.monotonic().
    """
    host, live = clients.host, report.live
    if live is None:
        return Running()
    problems: tuple[Problem, ...] = ()
    unseen = host is None
    if host is not None:
        problems = _health_problems(host, report.name, live)
        if not problems and checks_firewall:
            found = _firewall_problems(host, report.name, live, clients.libvirt.version(), since)
            problems, unseen = found or (), found is None
        if not problems and checks_firewall and (off := not_forwarded(host, live)):
            problems = (Problem(ProblemKind.NOT_FORWARDED, off),)
        if not any(problem.kind in (ProblemKind.BRIDGE_MISSING, ProblemKind.FOREIGN_BRIDGE) for problem in problems):
            problems = (*problems, *_mtu_problems(host, live))
    if live.restart_record_left:
        problems = (*problems, Problem(ProblemKind.DNSMASQ_RESTART_INTERRUPTED))
    return Running(problems, unseen)


def loose_problems(report: ReportedNetwork, loose: Loose, others: Sequence[Problem]) -> tuple[Problem, ...]:
    """That guests' interfaces which belong to the running network hang on no bridge, and can be plugged in. Pure.

    `others` are its other problems: a network without its bridge is restarted, and everybody plugged in then.
    """
    movable = loose.movable
    no_bridge = any(problem.kind in (ProblemKind.BRIDGE_MISSING, ProblemKind.FOREIGN_BRIDGE) for problem in others)
    if not report.active or no_bridge or not movable:
        return ()
    return (Problem(ProblemKind.GUESTS_UNPLUGGED, {"attachments": attachment_details(movable)}),)


def leftover_problems(
    report: ReportedNetwork,
    holding: ReportedNetwork | None,
    held: Sequence[Attachment],
    bridges_left: Sequence[LeftBridge],
) -> tuple[Problem, ...]:
    """What interrupted restarts left: a holding network, and bridges of it that libvirt has forgotten. Pure.

    The network's own bridge, where that is left, is no problem: a start or a delete clears it away.
    """
    problems: list[Problem] = []
    if holding is not None:
        waiting: Details = {"network": holding.name, "attachments": attachment_details(held)}
        problems.append(Problem(ProblemKind.HOLDING_NETWORK_LEFT, waiting))
    if forgotten := [left.bridge for left in bridges_left if left.uuid != report.uuid]:
        problems.append(Problem(ProblemKind.HOLDING_BRIDGES_LEFT, {"bridges": forgotten}))
    return tuple(problems)


def rules_left_problem(backends: Sequence[str]) -> Problem | None:
    """That libvirt left firewall rules in these backends; None if there are none. Pure."""
    return Problem(ProblemKind.FIREWALL_RULES_LEFT, {"backends": list(backends)}) if backends else None


def tracking_problems(report: ReportedNetwork) -> tuple[Problem, ...]:
    """That an interrupted update left its firewall rule. Pure."""
    return (Problem(ProblemKind.TRACKING_LEFT, {"rule": holding_name(report.uuid)}),)


def owner_problems(report: ReportedNetwork, recorded: Values) -> tuple[Problem, ...]:
    """That another resource has taken the network since it was recorded. Pure."""
    mark = report.definition.mark
    if not recorded or mark is None or mark.is_of_record(recorded) or mark.is_of_resource(recorded):
        return ()
    return (Problem(ProblemKind.TAKEN_OVER, {"owner": mark.owner_shown}),)


def _health_problems(host: "FileReader", name: str, live: Definition) -> tuple[Problem, ...]:
    """What is wrong with its bridge, its addresses and its dnsmasq."""
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
        pid = next(filter(None, map(host.read_file, pid_files(name))), None)
        if pid is None or not pid.strip().isdigit() or host.read_file("/proc/1/comm") is None:
            return ()  # not this host's /run, or other users' processes are hidden
        program = host.read_file(f"/proc/{pid.strip()}/comm")
    except (HostFailure, AccessDenied):  # the file is root's on some hosts
        return ()
    runs = program is not None and program.strip() == "dnsmasq"
    return () if runs else (Problem(ProblemKind.DNSMASQ_NOT_RUNNING),)


def _mtu_problems(host: "FileReader", live: Definition) -> tuple[Problem, ...]:
    """Whether the bridge has another MTU than the network names: given by hand, or not given by an old libvirt."""
    expected = live.tree.get("mtu")
    if not live.bridge or expected is None:
        return ()
    mtu = (host.read_file(f"/sys/class/net/{live.bridge}/mtu") or "").strip()
    if not mtu.isdecimal() or int(mtu) == expected:
        return ()
    return (Problem(ProblemKind.BRIDGE_MTU_DIFFERS, {"bridge": live.bridge, "mtu": int(mtu), "expected": expected}),)


def not_forwarded(host: "SysctlReader", live: Definition) -> Details | None:
    """The versions of IP that the kernel doesn't forward for a routed network, as plain data; None if it forwards all.

    libvirt turns forwarding on when it starts such a network, except in mode open since a release between 11.3 and
    12.8. It doesn't notice when others turn it off. A bridge that is yet to come gets what the whole host has.
    """
    if not live.bridge or live.mode not in ROUTED_MODES:
        return None
    off = [
        str(version)
        for version, whole_host in FORWARDING.items()
        # The whole host's is one read for all networks. A bridge's own value decides, and may differ.
        if any(subnet.version == version for subnet in live.subnets)
        and host.read_sysctl(whole_host) == "0"
        and host.read_sysctl(f"net/ipv{version}/conf/{live.bridge}/forwarding") in ("0", None)
    ]
    return {"bridge": live.bridge, "versions": off} if off else None


def _firewall_problems(
    host: "HostReader", name: str, live: Definition, libvirt_version: int, since: float
) -> tuple[Problem, ...] | None:
    """Whether the running network's rules were flushed, which libvirt does not notice, or others drop its packets.

    None if nobody can look.
    """
    if not live.bridge:
        return ()
    from virtnet.network.observe.firewall.whole import dropped

    try:
        if missing := _missing_rules(host, name, live, libvirt_version, since):
            details: Details = {"missing": [part.as_details() for part in missing]}
            return (Problem(ProblemKind.FIREWALL_RULES_MISSING, details),)
        if found := dropped(host, live, since=since):
            return (Problem(ProblemKind.PACKETS_DROPPED, found),)
    except (HostFailure, AccessDenied, ValueError):  # only root can look, and not each listing can be read
        return None
    return ()


def _missing_rules(
    host: "HostReader", name: str, live: Definition, libvirt_version: int, since: float
) -> list[MissingRules]:
    """What the network has lost of its rules.

    Rules that are missing in a listing of some seconds ago may have come since, so they are listed once more.
    """
    if live.mode not in FILTERED_MODES:
        return []
    missing: list[MissingRules] = []
    for seconds_old in ages_of_listings(host, since):
        backend, rules = rules_of_network(host, name, live, libvirt_version, seconds_old=seconds_old)
        # Of a network that nobody has rules of, by either backend the same is missing.
        missing = list(missing_rules(live, rules, backend or Backend.IPTABLES))
        if not missing or set(rules.values()) == {None}:
            return []
    return missing


def _lost_addresses(host: "FileReader", bridge: str, live: Definition) -> list[str]:
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
