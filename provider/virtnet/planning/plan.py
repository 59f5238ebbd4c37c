"""Plans: what will be done, decided before any of it is done.

A *step* is a small frozen value: it describes itself by a kind and details, executes itself through the clients it is
given, and names the step that takes it back. A *change* is one property path that differs, with its class. A *plan*
holds both, and the reasons it must not be applied, if there are any. `planning.apply` is the only place where steps
run. Nothing here knows libvirt, files or sockets: the clients are Protocols, implemented by libvirtd.connection and
host.client.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Problem, Refusal, Summary
from virtnet.spec.part import Values


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


class Change(NamedTuple):
    """One property path that differs between what is and what is desired."""

    path: str
    """In Python spelling, list items by key: `ips[192.168.123.1/24].dhcp.hosts[52:54:00:00:00:01]`."""
    kind: Literal["add", "change", "remove"]
    change_class: ChangeClass
    detail: str = ""
    """Old and new value where they may be shown; empty where they may be secret."""
    problems: tuple[Problem, ...] = ()
    """What it mends, where that is the change."""
    covers: tuple[str, ...] = ()
    """The paths that its problems tell of, so that no change in there is told besides, unless it costs more."""


class Step(Protocol):
    """One effect. Frozen data; executing twice must be as good as once, and so must undoing."""

    def describe(self) -> Summary:
        """What will happen."""

    def execute(self, clients: Clients) -> None:
        """Do it; raises a VirtnetError."""

    def undo(self) -> "Step | None":
        """The step that takes it back, whether it was carried out wholly, half or not at all; None: nothing to do."""


class Transition(NamedTuple):
    """What others may notice of a resource, as the inputs that its host has: before the steps, and after them."""

    before: Values | None
    """None where there is nothing."""
    after: Values


class Plan(NamedTuple):
    """Everything decided: the steps in order, the changes they make, and why not to begin, if so."""

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Why it must not be applied; a plan with any of them never is."""
    notes: tuple[Note, ...] = ()
    """What a reviewer should know besides the changes."""
    adopts: bool = False
    """Of a create: whether it takes over what others made, which its changes then edit."""
    takes: tuple[str, ...] = ()
    """The tokens in the marks of what the steps take from other records; "" stands in a mark without one."""
    details: Mapping[str, Any] = MappingProxyType({})
    """What was chosen while planning and the outputs need, such as a new network's UUID."""
    found_own: bool = False
    """Of a create: whether what is there was made or adopted for this very resource.

    Pulumi is about to replace it then, or an earlier run was not recorded. A create cannot tell which.
    """
    found_inputs: Mapping[str, Any] = MappingProxyType({})
    """Of such a create: the inputs that what is there was made by, where a kind can tell them."""
    removes: bool = False
    """Of a delete: whether what other resources build on is gone after the steps."""
    transition: Transition | None = None
    """What the host has before and after the steps; None where that is as recorded, and as desired."""
    held_by_other: Mapping[str, Any] = MappingProxyType({})
    """Of a create with what another's mark is on in its way: what the record of that holds; empty where nothing is.

    Only where that may be this resource by an old name: then its record has been moved or renamed in the state, and
    Pulumi is about to replace it. A create cannot tell that either.
    """

    @property
    def change_class(self) -> ChangeClass:
        """The highest class among the changes; RECORDED when there are none."""
        return max((change.change_class for change in self.changes), default=ChangeClass.RECORDED)

    @property
    def empty(self) -> bool:
        """True when nothing differs and nothing is to be done."""
        return not self.steps and not self.changes
