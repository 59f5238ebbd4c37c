"""What planning finds and does, as values: a kind and its details. Sentences are made of them at the edge.

Each package lists its kinds in enumerations, and says in its `messages` module how they read. Plans, states and tests
hold kinds and details, so a reworded sentence changes nothing but what people read. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from virtnet.errors import VirtnetError
from virtnet.spec.failures import Details, Failure


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a resource on its host. The state records its kind's value and its details."""

    kind: Enum
    details: Details = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """Why a plan must not be applied. Its sentence has a reason and, where there is something to do, a fix."""

    kind: Enum
    details: Details = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """What a reviewer should know besides the changes: what they cost, or whom they concern."""

    kind: Enum
    details: Details = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What a step does, for a preview line: "will …"."""

    kind: Enum
    details: Details = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Why a step failed, or would not begin: what the error says that it raised."""

    kind: Enum
    details: Details = field(default_factory=dict)


Said: TypeAlias = Problem | Note | Summary | Fault
"""What reads as one sentence."""
Message: TypeAlias = Said | Refusal


@dataclass(frozen=True)
class Advice:
    """A refusal as people read it."""

    reason: str
    fix: str = ""
    """What to do; "" where there is nothing to do."""

    def __str__(self) -> str:
        return f"{self.reason}; {self.fix}" if self.fix else self.reason


@dataclass(frozen=True, kw_only=True)
class Messages:
    """How one resource's values read. Lifecycle renders by it, so that a test can replace every sentence."""

    sentence: Callable[[Said], str]
    advice: Callable[[Refusal], Advice]
    failure: Callable[[Failure], str]
    """Why a property is refused, and the fix."""
    replacement: str
    """What becomes of a resource that is replaced: it stands behind "network 'lab' on qemu:///system: "."""


def read_refusal(messages: Messages, refusal: Refusal) -> str:
    """A refusal as a sentence: its reason and its fix."""
    return str(messages.advice(refusal))


def read_error(messages: Messages, error: VirtnetError) -> str:
    """An error as a sentence: its own, or that of its kind."""
    return str(error) if error.kind is None else messages.sentence(Fault(error.kind, error.details))


PLAIN = Messages(
    sentence=lambda message: message.kind.name,
    advice=lambda refusal: Advice(refusal.kind.name),
    failure=lambda failure: failure.kind.name,
    replacement="",
)
"""Kinds by their names, for what has no sentences of its own."""
