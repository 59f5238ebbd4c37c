"""The kinds of a network plan's refusals and notes.

`messages.refusals` and `messages.notes` have their sentences. The text below a kind lists its details. `why` is the
reason for a stop (`why_stopped`); `attachments` come from `attachment_details`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto

from virtnet.network.checks.failures import NetworkFailure
from virtnet.planning.findings import Problem, problem_details
from virtnet.planning.plan import Change
from virtnet.spec.failures import Detail, Details, Failure, SpecFailure

#: How long reattached interfaces may be silent on a bridge with STP.
SECONDS_OF_SPANNING_TREE = 30


class RefusalKind(Enum):
    """Why a plan must not be applied."""

    # The existing network isn't the one that the program or the state expects.
    EXISTS = auto()
    """uuid"""
    OWNED_BY_OTHER = auto()
    """uuid, owner, alias: the URN or name in the mark, if it may be this resource's old one; otherwise """ ""
    TAKEN_OVER = auto()
    """uuid, owner: the current one"""
    ADOPTED_UUID_DIFFERS = auto()
    """uuid, desired"""
    HALF_MADE_UUID_DIFFERS = auto()
    """uuid, desired"""
    UUID_TAKEN = auto()
    """uuid, network"""
    GONE = auto()
    """uuid"""
    OTHER_HOST = auto()
    """host, recorded: UUIDs; urn"""

    # The host prevents a start.
    USERS_OWN_LIBVIRT = auto()
    """uri, instead: the system's uri"""
    BRIDGE_NAME_TAKEN = auto()
    """bridge, network"""
    INTERFACES_UNSEEN = auto()
    """bridge"""
    INTERFACE_EXISTS = auto()
    """bridge"""
    OVERLAPS_NETWORK = auto()
    """subnet, other, network"""
    OVERLAPS_INTERFACE = auto()
    """subnet, other, interface"""
    OVERLAPS_ROUTE = auto()
    """subnet, other, interface"""
    ROUTE_INTO_NETWORK = auto()
    """A route of the network leads into a subnet of another: route, other, network"""
    ROUTE_INTO_INTERFACE = auto()
    """The same into the subnet of an interface of the host: route, other, interface"""
    HOST_BRIDGE_MISSING = auto()
    """bridge"""
    NOT_A_BRIDGE = auto()
    """interface"""
    HOST_INTERFACE_MISSING = auto()
    """interface"""
    TFTP_ROOT_MISSING = auto()
    """directory"""
    ZONE_MISSING = auto()
    NO_VIRTUAL_FUNCTION = auto()
    """zone"""
    KERNEL_CANNOT_LIMIT = auto()
    """way"""
    DNSMASQ_MISSING = auto()
    FIREWALL_PROGRAMS_MISSING = auto()
    ADVERTISED_ROUTES_LOST = auto()
    """interfaces"""
    DNS_PORT_TAKEN = auto()
    """protocol, address"""
    DHCP_PORT_TAKEN = auto()
    AUTOSTART_PLACE_TAKEN = auto()
    """path"""
    LIBVIRT_TOO_OLD = auto()
    """path, needed, version"""
    CONTRADICTION = auto()
    """path, failure, details: as `failure_details` gives them"""
    DNSMASQ_NOT_RESTARTED = auto()
    """reason"""

    # Something would be disconnected.
    WOULD_BE_INACTIVE = auto()
    """attachments"""
    WOULD_BE_STOPPED = auto()
    """why, attachments"""
    HALF_MADE_WOULD_BE_STOPPED = auto()
    """attachments"""
    DELETE_DISCONNECTS = auto()
    """attachments, urn"""
    STILL_HELD = auto()
    """attachments, network"""
    STOP_DELETES_FOREIGN_BRIDGE = auto()
    """problem"""
    DELETE_DELETES_FOREIGN_BRIDGE = auto()
    """problem"""

    # Something could not be reattached after a restart.
    ON_RESTART_IS_REFUSE = auto()
    """why, attachments"""
    HOST_NOT_REACHED = auto()
    """why, attachments"""
    CANNOT_REATTACH = auto()
    """why, attachment, obstacle"""
    MAY_NOT_REATTACH = auto()
    """why, attachments"""
    VLAN_FILTERING_BY_HAND = auto()
    """why, bridge"""
    MODE_WITHOUT_BRIDGE = auto()
    """why, mode, attachments"""
    BRIDGE_GOES = auto()
    """why, bridge, attachments"""
    BRIDGE_RENAMED = auto()
    """why, before, after, attachments"""
    VIRTUAL_PORT = auto()
    """why, attachments"""


class NoteKind(Enum):
    """What a reviewer should know in addition to the changes."""

    RESUMED = auto()
    """uuid"""
    TAKEN_UP = auto()
    """uuid, urn: of the resource with the same name under other parents"""
    TAKEN_OVER = auto()
    """owner, alias: as for RefusalKind.OWNED_BY_OTHER"""
    ADOPTED = auto()
    """uuid, on_delete"""
    FOUND_BY_MARK = auto()
    """owner: the one that adopted it, according to the mark"""
    TAKEN_AS_FOUND = auto()
    """path, failure, details: as `failure_details` gives them"""
    DOUBTFUL = auto()
    """path, failure, details: as `failure_details` gives them"""
    FINISHED = auto()
    DRIFT_NOT_REVIEWED = auto()
    """path"""
    INSIDE_ROUTE = auto()
    """subnet, other, gateway, interface"""
    OUTSIDE_INTERFACE_MISSING = auto()
    """interface"""
    KERNEL_CANNOT_LIMIT_GUESTS = auto()
    """way"""
    CHAINS_GONE = auto()
    """chains: each with its chain and, of IPv6, its version"""
    CHAINS_NOT_REACHED = auto()
    """chains, likewise"""

    STANDING_PROBLEM = auto()
    """problem: one that no update fixes"""
    UNNAMED = auto()
    """places: settings that nobody set and a create wouldn't make, each with its changes and the value that undoes
    it"""
    MISPLACED = auto()
    """attachment, on, home: bridges, network: the one in its definition, or "" if the definition has a bridge"""
    CANNOT_PLUG_IN = auto()
    """attachment, obstacle"""
    FIREWALL_REBUILT = auto()
    """times, seconds: in all"""
    RESTARTED_FOR_MANY = auto()
    """updates: how many the restart replaces, seconds: how long they would take"""
    ONE_RESTART_INSTEAD = auto()
    """seconds: how long a restart takes, by_choice: whether the program wants updates"""
    DNSMASQ_RESTARTED = auto()
    DNSMASQ_GONE_WITHOUT_DNS = auto()

    PLUGGED_IN = auto()
    """attachments"""
    DISCONNECTED_BY_RESTART = auto()
    """attachments, seconds, together: whether they reach each other then, gateway: whether there is one now, obstacle:
    why the holding network doesn't stand in for it"""
    STAYS_CONNECTED = auto()
    """attachments, seconds, served: whether there is DNS or DHCP, waits: whether new connections through the host do"""
    CONNECTIONS_RESET = auto()
    BRIDGE_LOST_ALREADY = auto()
    """attachments"""
    ADDRESSES_GO = auto()
    """addresses, bridge"""
    SPANNING_TREE_DELAYS = auto()
    """bridge"""
    LINKS_TOGGLED = auto()
    """attachments"""
    DISCONNECTED = auto()
    """attachments"""
    OTHERS_UNSEEN = auto()
    """bridge"""

    GONE_ALREADY = auto()
    LEFT_TO_OWNER = auto()
    """owner"""
    KEPT = auto()
    GIVEN_BACK = auto()
    NOT_GIVEN_BACK = auto()
    """paths"""
    SHUT_OFF_GUESTS = auto()
    """guests"""
    RULES_NOT_SEEN = auto()
    """problem: a recorded one about firewall rules, only_libvirt: whether the uri reaches only libvirt"""
    RULES_MAY_STAY = auto()
    """only_libvirt"""


def why_stopped(changes: Iterable[Change], problems: Iterable[Problem], updates: int = 0) -> Details:
    """The reason for a stop: changes that need a restart and problems that it fixes; if there are none, `active`.

    `updates` is how many updates the restart replaces.
    """
    listed: list[Mapping[str, Detail]] = [
        {"path": change.path, "kind": change.kind, "detail": change.detail} for change in changes
    ]
    return {"changes": listed, "problems": [problem_details(problem) for problem in problems], "updates": updates}


def failure_details(failure: Failure) -> Details:
    """A failure of inputs, as details of a refusal or a note."""
    return {
        "path": failure.path,
        "failure": [type(failure.kind).__name__, failure.kind.name],
        "details": failure.details,
    }


def failure_of(*, path: str, failure: Sequence[str], details: Details) -> Failure:
    """The inverse of `failure_details`."""
    enumeration, name = failure
    of = {kinds.__name__: kinds for kinds in (NetworkFailure, SpecFailure)}[enumeration]
    return Failure(path, of[name], details)
