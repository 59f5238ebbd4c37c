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
        RulesKind.JUMPS: f"way into {named or 'the chains of libvirt'}",
        RulesKind.FILTER: f"rules in {named}" if named else f"rules{of_ipv6}",
        RulesKind.NAT: f"NAT of {subnet}",
    }[RulesKind(kind)]


def _foreign_bridge(*, bridge: str, mac: str, expected: str) -> str:
    return (
        "another interface has the name of the network's bridge: "
        f"{bridge} has the MAC address {mac}, and the network's is {expected}"
    )


def _addresses_missing(*, bridge: str, addresses: Sequence[str]) -> str:
    return f"the network's bridge {bridge} has lost its address {', '.join(addresses)}"


def _firewall_rules_missing(*, missing: Sequence[Mapping[str, str]]) -> str:
    parts = " and ".join(rules(**part) for part in missing)
    return f"the network has lost its firewall ({parts}), as someone flushed the rules"


def _packets_dropped(*, bridge: str, zone: str, dropped: Sequence[Mapping[str, str]]) -> str:
    from virtnet.network.messages.firewall import packets_dropped

    return str(packets_dropped(bridge=bridge, zone=zone, dropped=dropped))


def _guests_unplugged(*, attachments: Attachments) -> str:
    one = len(attachments) == 1
    return (
        f"{names(attachments)} {'belongs' if one else 'belong'} to the network and {'hangs' if one else 'hang'} on no "
        "bridge, as after a stop and start of the network by hand"
    )


def _holding_network_left(*, network: str, attachments: Attachments) -> str:
    waiting = names(attachments) or "nothing"
    return f"a restart that was cut short left the network {network} behind, with {waiting} on it"


def _edit_interrupted(*, paths: Sequence[str], running: bool) -> str:
    place = "the running network" if running else "the definition"
    return f"an update that was cut short left {', '.join(paths)} in {place}, which neither the program nor the state names"


def _holding_bridges_left(*, bridges: Sequence[str]) -> str:
    return f"a restart that was cut short left the bridge {' and '.join(bridges)} behind"


DNSMASQ_NOT_RUNNING = "dnsmasq, which serves DHCP and DNS on the network, is not running"

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    ProblemKind.BRIDGE_MISSING: "the bridge {bridge} is gone though libvirt calls the network active",
    ProblemKind.FOREIGN_BRIDGE: _foreign_bridge,
    ProblemKind.BRIDGE_DOWN: "the network's bridge {bridge} is down",
    ProblemKind.ADDRESSES_MISSING: _addresses_missing,
    ProblemKind.BRIDGE_MTU_DIFFERS: "the bridge {bridge} has the MTU {mtu}, and the network names {expected}",
    ProblemKind.DNSMASQ_NOT_RUNNING: DNSMASQ_NOT_RUNNING,
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: f"a restart of dnsmasq that was cut short left the DNS record {RESTART_RECORD}",
    ProblemKind.FIREWALL_RULES_MISSING: _firewall_rules_missing,
    ProblemKind.PACKETS_DROPPED: _packets_dropped,
    ProblemKind.GUESTS_UNPLUGGED: _guests_unplugged,
    ProblemKind.HOLDING_NETWORK_LEFT: _holding_network_left,
    ProblemKind.HOLDING_BRIDGES_LEFT: _holding_bridges_left,
    ProblemKind.TAKEN_OVER: "it was taken over by '{owner}' since, and is that resource's now",
    ProblemKind.OWNER_CHANGED: "its mark on the host is to name {after} instead of {before}",
    ProblemKind.NOT_MARKED: "it was imported, and is to be marked on the host as {owner}'s",
    ProblemKind.EDIT_INTERRUPTED: _edit_interrupted,
    ProblemKind.CREATE_INTERRUPTED: "it was being made when its host was lost, and how far that went is not known",
    ProblemKind.UNKNOWN: "{text}",
}
