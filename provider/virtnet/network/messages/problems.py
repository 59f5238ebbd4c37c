"""How the problems of a network read: each a sentence with its kind's details in it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from virtnet.network.messages.attachments import Attachments, names
from virtnet.network.observe.firewall.libvirt_rules import RulesKind
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.xml.read import RESTART_RECORD
from virtnet.planning.findings import Problem


def problem_sentence(problem: Problem) -> str:
    """What is wrong."""
    told = SENTENCES[problem.kind]
    return told(**problem.details) if callable(told) else told.format(**problem.details)


def rules(kind: str, subnet: str = "", chain: str = "", version: str = "") -> str:
    """A part of a network's firewall that is not there."""
    of_ipv6 = " of IPv6" if version == "6" else ""
    named = f"{chain}{of_ipv6}" if chain else ""
    return {
        # A state of an older version names no chain.
        RulesKind.JUMPS: f"jumps to {named or 'the chains of libvirt'}",
        RulesKind.FILTER: f"rules in {named}" if named else f"rules{of_ipv6}",
        RulesKind.NAT: f"NAT of {subnet}",
    }[RulesKind(kind)]


def _foreign_bridge(*, bridge: str, mac: str, expected: str) -> str:
    return (
        f"another interface has the name of the network's bridge: {bridge} has the MAC address {mac}, and the network's "
        f"bridge has {expected}"
    )


def _addresses_missing(*, bridge: str, addresses: Sequence[str]) -> str:
    noun = "address" if len(addresses) == 1 else "addresses"
    return f"the network's bridge {bridge} has lost its {noun} {', '.join(addresses)}"


def _firewall_rules_missing(*, missing: Sequence[Mapping[str, str]]) -> str:
    parts = " and ".join(rules(**part) for part in missing)
    return f"the network has lost firewall rules ({parts}), as after a flush"


def _packets_dropped(*, bridge: str, zone: str, dropped: Sequence[Mapping[str, str]]) -> str:
    from virtnet.network.messages.firewall import packets_dropped

    return str(packets_dropped(bridge=bridge, zone=zone, dropped=dropped))


def _not_forwarded(*, bridge: str, versions: Sequence[str]) -> str:
    keys = {"4": "net.ipv4.ip_forward", "6": "net.ipv6.conf.all.forwarding"}
    off = " and ".join(f"{keys[version]} is 0" for version in versions)
    return (
        f"the host's kernel doesn't forward packets from the bridge {bridge} ({off}), so guests reach only the host. "
        f"To forward them, add a HostForwarding with {' and '.join(f'ipv{version}' for version in versions)}"
    )


def _guests_unplugged(*, attachments: Attachments) -> str:
    verbs = "belongs to the network and isn't" if len(attachments) == 1 else "belong to the network and aren't"
    return f"{names(attachments)} {verbs} attached to a bridge, as after a manual restart of the network"


def _holding_network_left(*, network: str, attachments: Attachments) -> str:
    if not attachments:
        return f"an interrupted restart left the holding network {network} behind, with nothing attached"
    return f"an interrupted restart left {names(attachments)} on the holding network {network}"


def _edit_interrupted(*, paths: Sequence[str], running: bool) -> str:
    place = "the running network" if running else "the definition"
    return f"an interrupted update left settings in {place} that the program and the state lack: {', '.join(paths)}"


def _holding_bridges_left(*, bridges: Sequence[str]) -> str:
    return f"an interrupted restart left the bridge {' and '.join(bridges)} behind"


def _firewall_rules_left(*, backends: Sequence[str]) -> str:
    return f"libvirt left firewall rules from an earlier run of the network in {' and '.join(backends)}"


DNSMASQ_NOT_RUNNING = "dnsmasq, which serves DHCP and DNS on the network, is not running"

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    ProblemKind.BRIDGE_MISSING: "the bridge {bridge} no longer exists, although libvirt reports the network as active",
    ProblemKind.FOREIGN_BRIDGE: _foreign_bridge,
    ProblemKind.BRIDGE_DOWN: "the network's bridge {bridge} is down",
    ProblemKind.ADDRESSES_MISSING: _addresses_missing,
    ProblemKind.BRIDGE_MTU_DIFFERS: "the bridge {bridge} has the MTU {mtu}, and the network's definition says {expected}",
    ProblemKind.DNSMASQ_NOT_RUNNING: DNSMASQ_NOT_RUNNING,
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: f"an interrupted restart of dnsmasq left the DNS record {RESTART_RECORD}",
    ProblemKind.FIREWALL_RULES_MISSING: _firewall_rules_missing,
    ProblemKind.FIREWALL_RULES_LEFT: _firewall_rules_left,
    ProblemKind.TRACKING_LEFT: "an interrupted update left the firewall rule {rule}, which only counts packets",
    ProblemKind.PACKETS_DROPPED: _packets_dropped,
    ProblemKind.NOT_FORWARDED: _not_forwarded,
    ProblemKind.GUESTS_UNPLUGGED: _guests_unplugged,
    ProblemKind.HOLDING_NETWORK_LEFT: _holding_network_left,
    ProblemKind.HOLDING_BRIDGES_LEFT: _holding_bridges_left,
    ProblemKind.TAKEN_OVER: "'{owner}' took the network over and manages it now",
    ProblemKind.OWNER_CHANGED: "the owner mark on the host must name {after} instead of {before}",
    ProblemKind.NOT_MARKED: "the network was imported, and the host has no owner mark of {owner} yet",
    ProblemKind.EDIT_INTERRUPTED: _edit_interrupted,
    ProblemKind.CREATE_INTERRUPTED: "the connection to the host was lost during the create, and the result is unknown",
    ProblemKind.UNKNOWN: "{text}",
}
