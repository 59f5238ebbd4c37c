"""What planning finds and does, as values: a kind and its details. Sentences are made of them at the edge.

Each package lists its kinds in enumerations, and says in its `messages` module how they read. Plans, states and tests
hold kinds and details, so a reworded sentence changes nothing but what people read. Pure.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from virtnet.errors import VirtnetError
from virtnet.spec.failures import Details


class Problem(NamedTuple):
    """Something that is wrong with a resource on its host. The state records its kind's value and its details."""

    kind: Enum
    details: Details = MappingProxyType({})


class Refusal(NamedTuple):
    """Why a plan must not be applied. Its sentence has a reason and, where there is something to do, a fix."""

    kind: Enum
    details: Details = MappingProxyType({})


class Note(NamedTuple):
    """What a reviewer should know besides the changes: what they cost, or whom they concern."""

    kind: Enum
    details: Details = MappingProxyType({})


class Summary(NamedTuple):
    """What a step does, for a preview line: "will …"."""

    kind: Enum
    details: Details = MappingProxyType({})


class Fault(NamedTuple):
    """Why a step failed, or would not begin: what the error says that it raised."""

    kind: Enum
    details: Details = MappingProxyType({})


class EffectKind(Enum):
    """What a plan means for others than the resource itself. Records of previews have the value: it stays as it is."""

    INTERRUPTED = "interrupted"
    """They are disconnected while the network restarts: seconds, together: whether they reach each other meanwhile."""
    DISCONNECTED = "disconnected"
    """They lose the network for good; unseen: the bridge on which nobody can see who they are."""
    ATTACHED = "attached"
    """They had lost the bridge, and are attached again."""
    DHCP_RENEWED = "dhcp-renewed"
    """Their links go down and up, so that DHCP clients ask for an address again."""
    RENUMBERED = "renumbered"
    """before, after: subnets that only the old network has, and only the new one; paths: of the changes behind it."""
    CONNECTIONS_RESET = "connections-reset"
    """TCP connections through the host break."""
    SPANNING_TREE_DELAY = "spanning-tree-delay"
    """What is attached again may be silent for longer: seconds."""
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
    """What a plan means for others than the resource itself: who notices, for how long, what opens to whom."""

    kind: EffectKind
    who: tuple[str, ...] = ()
    """Guests by their names, other interfaces by theirs."""
    details: Details = MappingProxyType({})


class Subject(NamedTuple):
    """The object that a line is about."""

    noun: str
    """Its kind, as a sentence names one: "network"."""
    name: str | None
    """None for a kind without names, and while it is known only when applied."""
    uri: str | None
    """The connection URI of its host; None while it is known only when applied."""
    urn: str = ""
    """By which Pulumi's commands name its resource; "" where that is not known."""


Said: TypeAlias = Problem | Note | Summary | Fault
"""What reads as one sentence."""
Message: TypeAlias = Said | Refusal


class Advice(NamedTuple):
    """A refusal as people read it."""

    reason: str
    fix: str = ""
    """What to do, as a sentence of its own; "" where there is nothing to do."""

    def __str__(self) -> str:
        return f"{self.reason}. {self.fix}" if self.fix else self.reason


class Messages(NamedTuple):
    """How one resource's values read. Lifecycle renders by it, so that a test can replace every sentence."""

    sentence: Callable[[Said], str]
    advice: Callable[[Refusal], Advice]
    failure: Callable[..., str]
    """Why a property is refused, and the fix: of a Failure, and of a `spec.messages.Spelling` as `spelling`."""
    replacement: str
    """What becomes of a resource that is replaced: it stands behind "network 'lab' on qemu:///system: "."""


def problem_details(problem: Problem) -> Details:
    """A problem as plain data: in a state, and in the details of others."""
    return {"kind": problem.kind.value, "details": dict(problem.details)}


def recorded_problem(recorded: object, unknown: Enum) -> Problem:
    """The problem that `problem_details` gave; `unknown` is the kind for what another version recorded, its `text`.

    Such a one is a sentence, or a kind that is none of those beside `unknown`.
    """
    code, details = (recorded.get("kind"), recorded.get("details")) if isinstance(recorded, Mapping) else (recorded, {})
    kind = next((kind for kind in type(unknown) if kind.value == code), None)
    if kind is None:
        return Problem(unknown, {"text": str(code)})
    return Problem(kind, details if isinstance(details, Mapping) else {})


def read_error(messages: Messages, error: VirtnetError) -> str:
    """An error as a sentence: its own, or that of its kind."""
    return str(error) if error.kind is None else messages.sentence(Fault(error.kind, error.details))


def in_words(messages: Messages, error: VirtnetError) -> VirtnetError:
    """An error of a kind as one with its kind's sentence for a text, for those who know no resource's messages."""
    return type(error)(read_error(messages, error), kind=error.kind, details=error.details)
