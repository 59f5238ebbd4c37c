"""Plans: everything is decided before anything is done.

A *step* is a small frozen value: it describes itself by a kind and details, executes itself through the given clients,
and returns the step that undoes it. A *change* is one property path that differs, with its class. A *plan* has both,
and its refusals. Only `planning.apply` runs steps. Nothing here knows libvirt, files or sockets: the clients are
Protocols, which libvirtd.connection and host.client implement.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Problem, Refusal, Summary
from virtnet.spec.part import Values


class ChangeClass(IntEnum):
    """The cost of a change for users of the network, in rising order."""

    RECORDED = 0
    """Nothing happens on the host."""
    LIVE = 1
    """Applied to the active network; nothing attached notices."""
    RESTART = 2
    """The network is stopped and started again."""
    REPLACE = 3
    """The network is deleted and created again."""


class Change(NamedTuple):
    """One property path in which the current and the desired state differ."""

    path: str
    """In Python spelling, list items by key: `ips[192.168.123.1/24].dhcp.hosts[52:54:00:00:00:01]`."""
    kind: Literal["add", "change", "remove"]
    change_class: ChangeClass
    detail: str = ""
    """Old and new value; empty if they may be secret."""
    problems: tuple[Problem, ...] = ()
    """The problems that it fixes."""
    covers: tuple[str, ...] = ()
    """The paths that its problems include: changes inside aren't shown as well, unless they cost more."""


class Step(Protocol):
    """One effect. Frozen data. Executing and undoing must be idempotent."""

    def describe(self) -> Summary:
        """What will happen."""

    def execute(self, clients: Clients) -> None:
        """Do it; raises a VirtnetError."""

    def undo(self) -> "Step | None":
        """The step that undoes this one after a full, partial or missing execution; None if there is nothing to do."""


class Transition(NamedTuple):
    """What others may notice: a resource's inputs as its host has them, before the steps and after them."""

    before: Values | None
    """None if there is nothing."""
    after: Values


class Plan(NamedTuple):
    """Everything decided: the steps in order, their changes, and the refusals."""

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Why it must not be applied. A plan with refusals never is."""
    notes: tuple[Note, ...] = ()
    """What a reviewer should know in addition to the changes."""
    edits_existing: bool = False
    """Of a create: whether it adopts or takes up an existing object, which its changes then edit."""
    takes: tuple[str, ...] = ()
    """The tokens of objects that the steps take over from other records; "" for a mark without a token."""
    details: Mapping[str, Any] = MappingProxyType({})
    """Choices of the plan that the outputs need, such as a new network's UUID."""
    found_own: bool = False
    """Of a create: whether the existing object was created or adopted for this same resource.

    Then Pulumi is about to replace it, or an earlier run was not recorded. A create can't tell which.
    """
    found_inputs: Mapping[str, Any] = MappingProxyType({})
    """Of such a create: the inputs that what is there was made by, where a kind can tell them."""
    settles: bool = False
    """Whether nothing is wrong once all steps are done, so that their success tells the outputs (`outputs_after`)."""
    removes: bool = False
    """Of a delete: whether what other resources build on is gone after the steps."""
    transition: Transition | None = None
    """What the host has before and after the steps; None for the record and the desired inputs."""
    held_by_other: Mapping[str, Any] = MappingProxyType({})
    """Of a create that finds an object with another's mark: the record of that object; otherwise empty.

    Only if the mark may be an old name of this resource: then its record was moved or renamed in the state, and Pulumi
    is about to replace it. A create can't tell that either.
    """

    @property
    def change_class(self) -> ChangeClass:
        """The highest class among the changes; RECORDED if there are none."""
        return max((change.change_class for change in self.changes), default=ChangeClass.RECORDED)

    @property
    def empty(self) -> bool:
        """Whether nothing differs and there is nothing to do."""
        return not self.steps and not self.changes
