"""Plans: what will be done, decided before any of it is done.

A *step* is a small frozen value: it describes itself in the words a reviewer reads, executes itself through the
doors it is given, and names the step that takes it back. A *change* is one property path that differs, with
its class. A *plan* holds both, and the reasons it must not be applied, if there are any. `apply` is the only place
where steps run. Nothing here knows libvirt, files or sockets: the doors are Protocols, implemented by connection
and host.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol

from virtnet.errors import AccessDenied, ApplyFailed, Refused, Unreachable, VirtnetError
from virtnet.planning.clients import Clients
from virtnet.planning.findings import PLAIN, Messages, Note, Problem, Refusal, Summary, read_error, read_refusal
from virtnet.spec.values import printable


class ChangeClass(IntEnum):
    """How much a change costs those who use the network, in rising order."""

    RECORDED = 0
    """Nothing happens on the host."""
    LIVE = 1
    """Applied to the running network; nothing plugged in notices."""
    RESTART = 2
    """The network is stopped and started again."""
    REPLACE = 3
    """The network is deleted and made anew."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property path that differs between what is and what is desired."""

    path: str
    """In Python spelling, list items by key: `ips[192.168.123.1/24].dhcp.hosts[52:54:00:00:00:01]`."""
    kind: Literal["add", "change", "remove"]
    change_class: ChangeClass
    detail: str = ""
    """Old and new value where they may be shown; empty where they may be secret."""
    problems: tuple[Problem, ...] = ()
    """What it mends, where that is the change."""

    def describe(self, messages: Messages = PLAIN) -> str:
        """The change in the words of a preview line."""
        words = {"add": "is added", "change": "changes", "remove": "is removed"}[self.kind]
        detail = self.detail or "; ".join(messages.sentence(problem) for problem in self.problems)
        return printable(f"{self.path} {words}" + (f" ({detail})" if detail else ""))


class Step(Protocol):
    """One effect. Frozen data; executing twice must be as good as once, and so must undoing."""

    def describe(self) -> Summary:
        """What will happen."""

    def execute(self, clients: Clients) -> None:
        """Do it; raises a VirtnetError."""

    def undo(self) -> "Step | None":
        """The step that takes it back, whether it was carried out wholly, half or not at all; None: nothing to do."""


@dataclass(frozen=True)
class Plan:
    """Everything decided: the steps in order, the changes they make, and why not to begin, if so."""

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Why it must not be applied; a plan with any of them never is."""
    notes: tuple[Note, ...] = ()
    """What a reviewer should know besides the changes."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What was chosen while planning and the outputs need, such as a new network's UUID."""

    @property
    def change_class(self) -> ChangeClass:
        """The highest class among the changes; RECORDED when there are none."""
        return max((change.change_class for change in self.changes), default=ChangeClass.RECORDED)

    @property
    def empty(self) -> bool:
        """True when nothing differs and nothing is to be done."""
        return not self.steps and not self.changes


def apply(
    plan: Plan,
    clients: Clients,
    subject: str,
    progress: Callable[[str], None] | None = None,
    *,
    messages: Messages = PLAIN,
) -> None:
    """Carry out a plan's steps in order; take all of them back, last first, when one fails.

    `subject` names the object and the host for messages. Raises Refused before the first effect when the plan holds
    refusals, and ApplyFailed after a failed step, whose sentence says whether everything was taken back. `progress`
    gets a line before each step, and fails the step by raising a VirtnetError. Any other exception (a
    KeyboardInterrupt, say) also takes the steps back before it goes on. Who watches the process hears of each step by
    the audit events virtnet.step.begin and virtnet.step.end, with the step; what is taken back is none.
    """
    if plan.refusals:
        refusals = "; ".join(read_refusal(messages, refusal) for refusal in plan.refusals)
        raise Refused(f"{subject} was not touched: {refusals}")
    begun: list[Step] = []
    try:
        for step in plan.steps:
            begun.append(step)
            if progress is not None:
                progress(f"{subject}: {messages.sentence(step.describe())}")
            _execute(step, clients)
    except VirtnetError as error:
        left = _take_back(begun, clients, messages)
        outcome = "everything was taken back" if not left else "left undone: " + "; ".join(left)
        if len(begun) == 1 and not left:
            outcome = "nothing was changed"
        failed = messages.sentence(begun[-1].describe())
        sentence = f"{subject}: could not {failed}: {read_error(messages, error)} ({outcome})"
        raise ApplyFailed(sentence, tuple(left)) from error
    except BaseException:
        _take_back(begun, clients, messages)
        raise


def _execute(step: Step, clients: Clients) -> None:
    """Execute a step, and tell Python's audit hooks when it begins and ends (PEP 578), which costs nothing without."""
    sys.audit("virtnet.step.begin", step)
    try:
        step.execute(clients)
    finally:
        sys.audit("virtnet.step.end", step)


def _take_back(begun: Sequence[Step], clients: Clients, messages: Messages) -> list[str]:
    """Undo steps, last first; the failures as sentences. One that fails does not keep the others from trying.

    Only a host that cannot be reached any more is not asked again.
    """
    left: list[str] = []
    lost = False
    for step in reversed(begun):
        undo = step.undo()
        if undo is None:
            continue
        if lost:
            left.append(f"could not {messages.sentence(undo.describe())} either")
            continue
        try:
            undo.execute(clients)
        except VirtnetError as error:
            left.append(f"could not {messages.sentence(undo.describe())}: {read_error(messages, error)}")
            lost = isinstance(error, Unreachable) and not isinstance(error, AccessDenied)
    return [*left, "when it is reached again, pulumi up goes on from there"] if lost else left
