"""The kinds of everything that PortForward refuses, notes, does and fails at. Pure.

What each reads like is the business of `messages`.
"""

from enum import Enum


class PortForwardFailure(Enum):
    """What is wrong with a PortForward's inputs."""

    EMPTY_RANGE = "empty_range"
    """The last port of a range comes before the first."""
    LENGTHS_DIFFER = "lengths_differ"
    """listen_port and target_port are ranges of different lengths: length, of listen_port."""
    LISTENS_ON_LOOPBACK = "listens_on_loopback"
    LISTENS_ON_NO_HOST = "listens_on_no_host"
    """No address of one host: multicast, link-local and the like."""
    LISTENS_ON_WILDCARD = "listens_on_wildcard"
    NO_PORT = "no_port"
    NO_PORTS = "no_ports"
    NO_SOURCES = "no_sources"
    """An empty list, which would let nobody in, or everybody."""
    NO_TARGET = "no_target"
    OVERLAP = "overlap"
    """Two items of ports have a listen port in common: place, protocol, common."""
    PORT_RANGE = "port_range"
    """A number that is no port: largest."""
    PORT_ZERO = "port_zero"
    TARGETS = "targets"
    """More than one of the target's properties is named: other."""
    TARGET_BEYOND_PORTS = "target_beyond_ports"
    """The guest's range would end behind the last port: last, largest."""
    TARGET_NO_GUEST = "target_no_guest"
    URI_MISSING = "uri_missing"
    VERSIONS_DIFFER = "versions_differ"
    """Of addresses, one is IPv4 and the other IPv6: place, version, expected."""


class WantedTwice(Enum):
    """What another PortForward of the same run wants too: value, other, holder."""

    PORT = "port"


class RefusalKind(Enum):
    """Why a plan must not be applied."""

    ADDRESS_NOT_ON_HOST = "address_not_on_host"
    """address, host, addresses"""
    BRIDGE_NAME = "bridge_name"
    """The network's bridge has a name that no rule can be given: network, bridge."""
    FORWARDING_OFF = "forwarding_off"
    """key, family, host"""
    HELD_BY_ANOTHER = "held_by_another"
    """Another PortForward has some of the ports: ports, address, host, owner, path, alias."""
    MODE_TAKES_NONE = "mode_takes_none"
    """The network's mode leads nowhere that a forward could: network, mode."""
    NO_NFT = "no_nft"
    """host"""
    NO_RIGHT = "no_right"
    """host"""
    PORT_FORWARDED_BY_OTHERS = "port_forwarded_by_others"
    """A rule that is not virtnet's forwards one of the ports: protocol, first, last, program, rule, host."""
    PORT_IN_USE = "port_in_use"
    """A process of the host has one of the ports: protocol, port, bound, more, host."""
    RECORD_NOT_OURS = "record_not_ours"
    """The file at its place was not written by virtnet: path, host."""
    SSH_PORT = "ssh_port"
    """The host's own ssh server has one of the ports: port, host."""
    TAKEN_OVER = "taken_over"
    """Another PortForward has taken what was recorded: path, owner."""
    TARGET_IS_GATEWAY = "target_is_gateway"
    """target, network"""
    TARGET_OUTSIDE = "target_outside"
    """The target is in no subnet of the network: target, network, subnets."""


class NoteKind(Enum):
    """What a reviewer should know besides the changes."""

    CLOSES = "closes"
    """A port that is forwarded no more: protocol, first, last, address, version, sources."""
    DRIFT_NOT_REVIEWED = "drift_not_reviewed"
    """problem, a kind's value"""
    LEFT_TO_OWNER = "left_to_owner"
    """Another PortForward has taken what is to be deleted."""
    NETWORK_INACTIVE = "network_inactive"
    NOT_RESTORED_AT_BOOT = "not_restored_at_boot"
    """No systemd runs the host: host."""
    OPENS = "opens"
    """A port that is forwarded from now on: protocol, first, last, address, version, sources, guest, target,
    target_first, target_last."""
    OPENS_LESS = "opens_less"
    """Fewer may connect than before: as of OPENS_WIDER."""
    OPENS_PRIVILEGED = "opens_privileged"
    """Among them are ports below 1024: protocol, first, last."""
    OPENS_TO_PUBLIC = "opens_to_public"
    """The listen address is one that the internet routes: address."""
    OPENS_WIDER = "opens_wider"
    """More may connect than before: address, version, sources; sources_before or address_before, or both."""
    PROBLEM_STAYS = "problem_stays"
    """What is wrong and no update mends: kind, and the problem's details."""
    RECORD_EDITED = "record_edited"
    RESUMED = "resumed"
    """A file is there of this very resource, which the state does not know."""
    SSH_GOES_TO_GUEST = "ssh_goes_to_guest"
    """The host's own ssh port is forwarded, as the program allows: port, address."""
    TAKEN_OVER = "taken_over"
    """Another PortForward's ports are taken over, as the program says so."""
    TAKEN_UP = "taken_up"
    """The ports are held by a resource with the same name under other parents."""
    TARGET_MAY_MOVE = "target_may_move"
    """The target is in a DHCP range and no reservation has it: target, network."""
    TARGET_NOT_YET = "target_not_yet"
    """The network, or the reservation, is not there: missing, network, name."""


class ProblemKind(Enum):
    """What can be wrong with a forward. A state records the value, so it stays as it is."""

    ADDRESS_MISSING = "address-missing"
    """The host does not have the listen address any more: address."""
    LINKS_MISSING = "links-missing"
    """The host's own links to networks are not as they should be: missing, of each its kind and name."""
    NETWORK_CHANGED = "network-changed"
    """The network has another bridge or subnet by now: network."""
    NETWORK_MISSING = "network-missing"
    """network"""
    NETWORK_UNFIT = "network-unfit"
    """The network is of another mode by now, or the guest's address in none of its subnets: network."""
    OWNER_CHANGED = "owner-changed"
    """Never observed: Pulumi calls the resource otherwise than when it was recorded: before, after."""
    RECORD_ALTERED = "record-altered"
    """Its file was edited, or an update was cut short: path."""
    RECORD_MISSING = "record-missing"
    """path"""
    RESERVATION_MISSING = "reservation-missing"
    """The reservation that names the target is gone: network, name."""
    RESTORE_MISSING = "restore-missing"
    """What puts the rules back by itself is not as virtnet installed it: paths."""
    RULES_ALTERED = "rules-altered"
    RULES_MISSING = "rules-missing"
    TAKEN_OVER = "taken-over"
    """owner"""
    TARGET_MOVED = "target-moved"
    """The reservation has another address by now: before, after."""
    UNKNOWN = "unknown"
    """Recorded by another version: text."""


class StepKind(Enum):
    """What a step does."""

    AWAIT_TARGET = "await_target"
    """network, name: of the reservation, "" for the network alone"""
    INSTALL_RESTORE = "install_restore"
    """paths, service"""
    LOAD_RULES = "load_rules"
    """ports"""
    REMOVE_RECORD = "remove_record"
    """path"""
    REMOVE_RESTORE = "remove_restore"
    """paths, service"""
    REMOVE_RULES = "remove_rules"
    """ports"""
    REWRITE_RECORD = "rewrite_record"
    """path"""
    WRITE_RECORD = "write_record"
    """path"""


class FaultKind(Enum):
    """Why a step failed, or why the host could not be observed."""

    CHANGED_MEANWHILE = "changed_meanwhile"
    NO_FORWARD = "no_forward"
    """Of an import: there is none of that id or port: wanted, uri, there: of each its id and ports."""
    NO_HOST_ACCESS = "no_host_access"
    NO_NETWORK = "no_network"
    """network, names"""
    NO_RESERVATION = "no_reservation"
    """network, name"""
    SEVERAL_FORWARDS = "several_forwards"
    """Of an import: several have that port: as of NO_FORWARD."""


class Missing(Enum):
    """What of a target is not there yet."""

    NETWORK = "network"
    RESERVATION = "reservation"
