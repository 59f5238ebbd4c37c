"""What can be wrong with a network: the kinds of problems, and what mends each. Pure.

`observe.problems` finds them, `messages.problems` says how they read.
"""

from collections.abc import Mapping
from enum import Enum

from virtnet.planning.findings import Problem, recorded_problem
from virtnet.planning.plan import ChangeClass


class ProblemKind(Enum):
    """What can be wrong with a network. A state records the value, so it stays as it is."""

    BRIDGE_MISSING = "bridge-missing"
    """bridge"""
    FOREIGN_BRIDGE = "foreign-bridge"
    """Another interface has the name of the network's bridge: bridge, mac, expected."""
    BRIDGE_DOWN = "bridge-down"
    """bridge"""
    ADDRESSES_MISSING = "addresses-missing"
    """bridge, addresses"""
    BRIDGE_MTU_DIFFERS = "bridge-mtu-differs"
    """bridge, mtu, expected"""
    DNSMASQ_NOT_RUNNING = "dnsmasq-not-running"
    DNSMASQ_RESTART_INTERRUPTED = "dnsmasq-restart-interrupted"
    """A restart of dnsmasq that was cut short left its record."""
    FIREWALL_RULES_MISSING = "firewall-rules-missing"
    """missing: of each part its kind, and its subnet where it has one"""
    FIREWALL_RULES_LEFT = "firewall-rules-left"
    """Of an earlier time of the network, which runs or does not: backends, in which there are some."""
    TRACKING_LEFT = "tracking-left"
    """The firewall rule by which an interrupted update kept connections tracked: rule"""
    PACKETS_DROPPED = "packets-dropped"
    """Rules of others drop packets of the network: bridge, zone: of firewalld, and dropped: of each way its path,
    version of IP and program, and the place that drops them: family, table, chain, base, rule, action."""
    NOT_FORWARDED = "not-forwarded"
    """The kernel doesn't forward what guests send elsewhere: bridge, versions: of IP, as text."""
    GUESTS_UNPLUGGED = "guests-unplugged"
    """Guests whose definitions name it hang on no bridge: attachments."""
    HOLDING_NETWORK_LEFT = "holding-network-left"
    """A restart that was cut short left it, with what waits on it: network, attachments."""
    HOLDING_BRIDGES_LEFT = "holding-bridges-left"
    """The same of bridges that libvirt has forgotten: bridges."""
    TAKEN_OVER = "taken-over"
    """Another resource has taken it since: owner, its URN or its name."""
    OWNER_CHANGED = "owner-changed"
    """Never observed: Pulumi calls the resource otherwise than when it was recorded: before, after, URNs or owners."""
    NOT_MARKED = "not-marked"
    """Never observed: it was imported, and nothing on the host says that it is this resource's: owner."""
    EDIT_INTERRUPTED = "edit-interrupted"
    """An edit that was cut short has left what the state does not name: paths, running: whether a restart is needed to
    take it out of the running network."""
    CREATE_INTERRUPTED = "create-interrupted"
    """Its host was lost while it was made. Never observed, but recorded until the next look."""
    UNKNOWN = "unknown"
    """Recorded by another version: text."""


_MENDED_BY: Mapping[Enum, ChangeClass | None] = {
    ProblemKind.BRIDGE_MISSING: ChangeClass.RESTART,
    ProblemKind.FOREIGN_BRIDGE: None,
    ProblemKind.BRIDGE_DOWN: ChangeClass.RESTART,
    ProblemKind.ADDRESSES_MISSING: ChangeClass.RESTART,
    ProblemKind.BRIDGE_MTU_DIFFERS: ChangeClass.LIVE,
    ProblemKind.DNSMASQ_NOT_RUNNING: ChangeClass.LIVE,
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: ChangeClass.LIVE,
    ProblemKind.FIREWALL_RULES_MISSING: ChangeClass.LIVE,
    ProblemKind.FIREWALL_RULES_LEFT: ChangeClass.LIVE,
    ProblemKind.TRACKING_LEFT: ChangeClass.LIVE,
    ProblemKind.PACKETS_DROPPED: None,
    ProblemKind.NOT_FORWARDED: None,
    ProblemKind.GUESTS_UNPLUGGED: ChangeClass.LIVE,
    ProblemKind.HOLDING_NETWORK_LEFT: ChangeClass.LIVE,
    ProblemKind.HOLDING_BRIDGES_LEFT: ChangeClass.LIVE,
    ProblemKind.TAKEN_OVER: None,
    ProblemKind.OWNER_CHANGED: ChangeClass.RECORDED,
    ProblemKind.NOT_MARKED: ChangeClass.RECORDED,
    ProblemKind.EDIT_INTERRUPTED: ChangeClass.LIVE,
    ProblemKind.CREATE_INTERRUPTED: ChangeClass.RESTART,
    ProblemKind.UNKNOWN: ChangeClass.RESTART,
}

NOT_MENDED = tuple(kind for kind, change_class in _MENDED_BY.items() if change_class is None)
"""What no update mends.

Another interface has the bridge's name, and a stop would delete it. What others' rules drop is for others to accept.
Whether the host forwards is for a HostForwarding, or for others, to say. What another resource has taken is not this
one's to change.
"""

TOLD_ALONE = frozenset({ProblemKind.FOREIGN_BRIDGE, ProblemKind.PACKETS_DROPPED, ProblemKind.NOT_FORWARDED})
"""What neither an update mends nor anything is refused for: it is told, and no change.

A change that does nothing would be there again after each `pulumi up`, which had called it done.
"""

OF_RULES = frozenset({ProblemKind.FIREWALL_RULES_MISSING, ProblemKind.FIREWALL_RULES_LEFT, ProblemKind.TRACKING_LEFT})
"""What only root on the host can look for.

A refresh by anybody else keeps what is recorded of these. An update by anybody else can't mend them: it says so and
records them no longer, so that it isn't there again after each `pulumi up`. A refresh by root finds them again.
"""

DNSMASQ_PROBLEMS = frozenset({ProblemKind.DNSMASQ_NOT_RUNNING, ProblemKind.DNSMASQ_RESTART_INTERRUPTED})
"""What a restart of dnsmasq mends."""


def mended_by(problem: Problem) -> ChangeClass | None:
    """The class of the change that mends it; None if no update does."""
    if problem.kind is ProblemKind.EDIT_INTERRUPTED and problem.details["running"]:
        return ChangeClass.RESTART
    return _MENDED_BY[problem.kind]


def problem_of(recorded: object) -> Problem:
    """A problem as a state has it, and as the details of others have it."""
    return recorded_problem(recorded, ProblemKind.UNKNOWN)
