"""The verdict on a preview: the outcome of each resource, and whether the check passes. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple, TypeVar

from virtnet.commands.review.digest import RETAIN, Digest, Step, Trouble, kind_of, of_others, parts
from virtnet.commands.review.records import Case, Change, Effect, Outcome, Planned, Record, outcome_of

_Value = TypeVar("_Value")

ItemOperation = Literal["create", "update", "replace", "delete", "import", "forget"]


class ExitCode(IntEnum):
    """How a check ends. With 1 and 2 `virtnet` itself ends, before there is a review: not read, called wrongly."""

    PASSED = 0
    ABOVE_LIMIT = 3
    REFUSED = 4
    """Something would be refused, or the preview itself failed."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A resource of virtnet's that changes."""

    urn: str
    kind: str
    """LibvirtNetwork, HostForwarding or PortForward."""
    resource: str
    """Its name in the program."""
    operation: ItemOperation
    outcome: Outcome
    records: tuple[Record, ...]
    """What the provider's preview found; none where Pulumi asks no provider, or no record was written."""
    step: Step | None

    @property
    def refused(self) -> bool:
        """Whether it would be refused as the host is now."""
        return any(record.refused for record in self.records)

    @property
    def plans(self) -> tuple[Planned, ...]:
        """The possible plans; none if the preview doesn't have them."""
        return tuple(plan for _, plan in self.cases)

    @property
    def cases(self) -> tuple[tuple[Case, Planned], ...]:
        """The same, each with when it holds."""
        return tuple(case for record in self.records for case in record.cases)

    @property
    def is_known(self) -> bool:
        """Whether the preview knows the whole plan; otherwise only the update will."""
        later = any(plan.unknown or plan.partly_unknown for plan in self.plans)
        return self.outcome is not Outcome.UNKNOWN and not later

    @property
    def is_new(self) -> bool:
        """Whether it is created where nothing is replaced, and nothing adopted that others would notice."""
        return self.operation == "create" and self.outcome is Outcome.LIVE

    @property
    def brief(self) -> tuple[str, ...]:
        """What it is, in a few words."""
        return next((record.brief for record in self.records), ())

    @property
    def name(self) -> str:
        """By which people know it: its own name on the host, or that in the program."""
        return next((plan.name for plan in self.plans if plan.name), self.resource)

    @property
    def uri(self) -> str | None:
        """The host; None if it is not known."""
        return next((plan.uri for plan in self.plans if plan.uri), None)

    @property
    def on_delete(self) -> str | None:
        """What a delete does: RETAIN, or the value of `on_delete`; None if its state has neither."""
        return None if self.step is None else self.step.on_delete

    @property
    def stays(self) -> bool:
        """Whether what is on the host stays there though it is deleted from the stack."""
        by = {"LibvirtNetwork": ("keep", "restore"), "HostForwarding": ("keep",)}.get(self.kind, ())
        return self.operation == "delete" and self.on_delete in (RETAIN, *by)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What it means for others, of several plans each thing once."""
        return tuple(_once(effect for plan in self.plans for effect in plan.effects))

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the program changes."""
        return tuple(_once(one for plan in self.plans for one in plan.changes if not self._is_repair(one)))

    @property
    def drift(self) -> tuple[Change, ...]:
        """The drift that the update fixes as well: the host differs from the record."""
        repairs = (one for plan in self.plans for one in plan.changes if self._is_repair(one))
        return tuple(_once((*repairs, *(one for plan in self.plans for one in plan.drift))))

    @property
    def is_gone(self) -> bool:
        """Whether a refresh before the preview did not find it on the host."""
        return any(record.refreshed.gone for record in self.records)

    def _is_repair(self, change: Change) -> bool:
        """Whether a change fixes a problem, or drift that a refresh found at its path."""
        return bool(change.problems) or any(change.path in record.refreshed.paths for record in self.records)


class Review(NamedTuple):
    """A preview, judged."""

    items: tuple[Item, ...]
    """The resources of virtnet's that change, the costliest first."""
    others: tuple[Step, ...]
    """What changes and is none of virtnet's."""
    errors: tuple[Trouble, ...]
    """Why the preview failed, but for refusals."""
    same: int
    """How many resources stay as they are."""
    stacks: tuple[str, ...]
    looked_at: datetime | None
    """When the first host was looked at; None if none was."""

    @property
    def outcome(self) -> Outcome:
        """The costliest of all."""
        return max((item.outcome for item in self.items), default=Outcome.RECORDED)

    @property
    def refused(self) -> tuple[Item, ...]:
        """What would be refused."""
        return tuple(item for item in self.items if item.refused)

    @property
    def is_complete(self) -> bool:
        """Whether the preview is complete, so that a resource without a record doesn't change."""
        return not self.errors

    def exit_code(self, at_most: Outcome | None) -> ExitCode:
        """The result of a check with the limit `at_most`; with None, every known cost passes."""
        if self.refused or self.errors:
            return ExitCode.REFUSED
        return ExitCode.ABOVE_LIMIT if self.above(at_most) else ExitCode.PASSED

    def above(self, at_most: Outcome | None) -> tuple[Item, ...]:
        """What costs more than a check lets pass; what is not known is above every limit, and above none, too."""
        limit = Outcome.DELETE if at_most is None else at_most
        return tuple(item for item in self.items if item.outcome > limit)


#: What Pulumi's operations on one resource come to; those that are not named change nothing (same, read, refresh).
_OPERATIONS: dict[str, ItemOperation] = {
    "create": "create",
    "create-replacement": "replace",
    "delete": "delete",
    "delete-replaced": "replace",
    "discard": "forget",
    "discard-replaced": "replace",
    "import": "import",
    "import-replacement": "replace",
    "replace": "replace",
    "update": "update",
}
#: Of these a provider makes a preview, and its record.
_ASKED = frozenset({"create", "update", "replace"})
_NOTHING = frozenset({"same", "read", "read-discard", "read-replacement", "refresh", "remove-pending-replace"})
#: Of several operations on one resource, the first of these says what becomes of it.
_RANKS: tuple[ItemOperation, ...] = ("replace", "delete", "create", "update", "import", "forget")


def judge(digest: Digest) -> Review:
    """The verdict on a preview."""
    records: dict[str, tuple[Record, ...]] = {}
    for record in digest.records:
        if record.operation != "same":
            records[record.urn] = (*records.get(record.urn, ()), record)
    operations = _by_urn(digest.steps)
    urns = dict.fromkeys([*operations, *records])
    items = [
        _item(urn, kind, operations.get(urn, ()), records.get(urn, ()))
        for urn in urns
        if (kind := kind_of(urn)) is not None
    ]
    told = {item.urn for item in items if item.refused}
    names = [parts(step.urn) for step in digest.steps] + [parts(urn) for urn in records]
    return Review(
        items=tuple(sorted(items, key=_rank)),
        others=tuple(step for step in of_others(digest.steps) if step.op not in _NOTHING),
        errors=tuple(error for error in digest.errors if error.urn not in told),
        same=digest.same,
        stacks=tuple(sorted({name.stack for name in names})),
        looked_at=min((record.at for record in digest.records), default=None),
    )


def _rank(item: Item) -> tuple[bool, int, str, str]:
    return not item.refused, -item.outcome, item.kind, item.urn


def _by_urn(steps: Iterable[Step]) -> dict[str, tuple[Step, ...]]:
    found: dict[str, tuple[Step, ...]] = {}
    for step in steps:
        if step.op not in _NOTHING:
            found[step.urn] = (*found.get(step.urn, ()), step)
    return found


def _item(urn: str, kind: str, steps: tuple[Step, ...], records: tuple[Record, ...]) -> Item:
    """A resource, by all that is said of it: no further record makes it cheaper."""
    named = {_OPERATIONS[step.op] for step in steps if step.op in _OPERATIONS}
    strange = any(step.op not in _OPERATIONS for step in steps)
    told: set[ItemOperation] = {record.operation for record in records if record.operation != "same"}
    operation: ItemOperation = next((one for one in _RANKS if one in named | told), "update")
    return Item(
        urn=urn,
        kind=kind,
        resource=parts(urn).name,
        operation=operation,
        outcome=Outcome.UNKNOWN if strange else _outcome(operation, records),
        records=records,
        step=next((step for step in steps if step.paths), steps[0] if steps else None),
    )


def _outcome(operation: ItemOperation, records: tuple[Record, ...]) -> Outcome:
    """The least cost of an operation, no matter what its records say, because the engine executes it."""
    least = {
        "create": Outcome.LIVE,
        "update": Outcome.RECORDED,
        "replace": Outcome.REPLACE,
        "delete": Outcome.DELETE,
        "import": Outcome.RECORDED,
        "forget": Outcome.RECORDED,
    }[operation]
    if records:
        return max(least, *map(outcome_of, records))
    return Outcome.UNKNOWN if operation in _ASKED else least


def _once(values: Iterable[_Value]) -> Iterator[_Value]:
    """Each value once. They contain dicts, so a set can't hold them."""
    seen: list[_Value] = []
    for value in values:
        if value not in seen:
            seen.append(value)
            yield value
