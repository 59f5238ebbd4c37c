"""What planning finds and does, as values: a kind and its details. The adapters render sentences from them.

Each package has its kinds in enumerations, and their sentences in its `messages` module. Plans, states and tests
contain kinds and details, so a reworded sentence changes only what people read. Pure.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from virtnet.errors import VirtnetError
from virtnet.spec.failures import Details


class Problem(NamedTuple):
    """A problem of a resource on its host. The state records the kind's value and the details."""

    kind: Enum
    details: Details = MappingProxyType({})


class Refusal(NamedTuple):
    """Why a plan must not be applied. Its sentence has a reason, and a fix if there is one."""

    kind: Enum
    details: Details = MappingProxyType({})


class Note(NamedTuple):
    """What a reviewer should know in addition to the changes: their cost, and whom they affect."""

    kind: Enum
    details: Details = MappingProxyType({})


class Summary(NamedTuple):
    """What a step does, for a preview line: "will …"."""

    kind: Enum
    details: Details = MappingProxyType({})


class Fault(NamedTuple):
    """Why a step failed or didn't begin: the kind of the error that it raised."""

    kind: Enum
    details: Details = MappingProxyType({})


class EffectKind(Enum):
    """A plan's effect on others. Records of previews contain the values, so never change them."""

    INTERRUPTED = "interrupted"
    """They are disconnected while the network restarts: seconds; together: whether they reach each other then."""
    DISCONNECTED = "disconnected"
    """They lose the network permanently; unseen: the bridge whose interfaces virtnet can't list."""
    ATTACHED = "attached"
    """They had lost the bridge, and are reattached."""
    DHCP_RENEWED = "dhcp-renewed"
    """Their links go down and up, so that DHCP clients renew."""
    RENUMBERED = "renumbered"
    """before, after: subnets of only the old network, and of only the new one; paths: the changes that cause it."""
    CONNECTIONS_RESET = "connections-reset"
    """TCP connections through the host break."""
    NEW_CONNECTIONS_WAIT = "new-connections-wait"
    """New connections through the host wait while the network restarts, and established ones go on: seconds"""
    SPANNING_TREE_DELAY = "spanning-tree-delay"
    """Reattached interfaces may be silent for longer: seconds."""
    DNSMASQ_RESTARTED = "dnsmasq-restarted"
    """DNS and DHCP pause for a moment."""
    FIREWALL_REBUILT = "firewall-rebuilt"
    """Packets through the host can be refused for about 0.2 s: times."""
    OUTSIDE_REACHES_GUESTS = "outside-reaches-guests"
    """mode: the forward mode from now on."""
    OUTSIDE_LOSES_GUESTS = "outside-loses-guests"
    """mode"""
    GUESTS_REACH_OUTSIDE = "guests-reach-outside"
    """mode"""
    GUESTS_LOSE_OUTSIDE = "guests-lose-outside"
    """mode"""
    FORWARDING_ON = "forwarding-on"
    """family, interface: "" for the whole host."""
    FORWARDING_OFF = "forwarding-off"
    """family, interface"""
    PORT_OPENED = "port-opened"
    """protocol, first, last, address: "" for all of the host's, version, sources: none for anybody, guest, target,
    target_first, target_last"""
    PORT_CLOSED = "port-closed"
    """protocol, first, last, address, version, sources"""
    PORT_WIDENED = "port-widened"
    """address, version, sources; sources_before or address_before, or both; version_before
    where that was another"""
    PORT_NARROWED = "port-narrowed"
    """as of PORT_WIDENED"""
    PORT_IS_PUBLIC = "port-is-public"
    """address: one that the internet routes"""
    PORT_IS_SSH = "port-is-ssh"
    """The host's own ssh port leads to a guest: port."""


class Effect(NamedTuple):
    """A plan's effect on others: who notices, for how long, and what opens to whom."""

    kind: EffectKind
    who: tuple[str, ...] = ()
    """Names of guests, and of interfaces that no guest has."""
    details: Details = MappingProxyType({})


class Subject(NamedTuple):
    """The object that a line is about."""

    noun: str
    """Its kind, as sentences say it: "network"."""
    name: str | None
    """None for a kind without names, and if the name is known only when applied."""
    uri: str | None
    """The connection URI of its host; None if it is known only when applied."""
    urn: str = ""
    """Its resource's URN, for Pulumi's commands; "" if unknown."""


Said: TypeAlias = Problem | Note | Summary | Fault
"""What has one sentence."""
Message: TypeAlias = Said | Refusal


class Advice(NamedTuple):
    """A refusal's sentences."""

    reason: str
    fix: str = ""
    """What to do, as a sentence; "" if there is nothing to do."""

    def __str__(self) -> str:
        return f"{self.reason}. {self.fix}" if self.fix else self.reason


class Messages(NamedTuple):
    """The sentences of one resource. Lifecycle renders with them, so that a test can replace every sentence."""

    sentence: Callable[[Said], str]
    advice: Callable[[Refusal], Advice]
    failure: Callable[..., str]
    """(Failure, spelling: `spec.messages.Spelling`) -> why a property is refused, and the fix."""
    replacement: str
    """What happens to a replaced resource. The text follows "network 'lab' on qemu:///system: "."""


def problem_details(problem: Problem) -> Details:
    """A problem as plain data, for the state and for details of other findings."""
    return {"kind": problem.kind.value, "details": dict(problem.details)}


def recorded_problem(recorded: object, unknown: Enum) -> Problem:
    """The problem that `problem_details` wrote. `unknown` is the kind for problems that another version recorded.

    Another version recorded a sentence, or a kind that the enumeration of `unknown` doesn't have. It becomes the
    `text`.
    """
    code, details = (recorded.get("kind"), recorded.get("details")) if isinstance(recorded, Mapping) else (recorded, {})
    kind = next((kind for kind in type(unknown) if kind.value == code), None)
    if kind is None:
        return Problem(unknown, {"text": str(code)})
    return Problem(kind, details if isinstance(details, Mapping) else {})


def read_error(messages: Messages, error: VirtnetError) -> str:
    """An error's sentence: its own text, or that of its kind."""
    return str(error) if error.kind is None else messages.sentence(Fault(error.kind, error.details))


def in_words(messages: Messages, error: VirtnetError) -> VirtnetError:
    """The same error with its kind's sentence as text, for callers without the resource's messages."""
    return type(error)(read_error(messages, error), kind=error.kind, details=error.details)
