"""The records that previews leave in Pulumi's output (`planning.preview.record`), read strictly. Pure."""

from enum import IntEnum
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from virtnet.commands.review.messages import record_not_read
from virtnet.errors import InvalidInputs
from virtnet.planning.findings import EffectKind
from virtnet.planning.preview.record import FORMAT, PREFIX, Operation

ClassName = Literal["recorded", "live", "restart", "replace"]

Case = Literal["sure", "created", "replaced", "moved"]
"""When a plan holds: always, or by what Pulumi turns out to do; "moved" is a replacement of a record that was moved."""


class Strict(BaseModel):
    """Values of exactly these names and types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Said(Strict):
    """A problem, a note or a step."""

    kind: str
    sentence: str


class Change(Strict):
    """A property that differs."""

    path: str
    kind: Literal["add", "change", "remove"]
    change_class: ClassName = Field(alias="class")
    detail: str
    problems: tuple[Said, ...]


class Refusal(Strict):
    """Why a plan would be refused."""

    kind: str
    reason: str
    fix: str


class GivenUp(Strict):
    """What is in the way, and given up by another resource in the same run."""

    holder: str
    path: str
    value: str
    swaps: bool
    sentence: str


class Effect(Strict):
    """What a plan means for others."""

    kind: EffectKind
    who: tuple[str, ...]
    details: dict[str, Any]


class Planned(Strict):
    """The plan of one resource."""

    noun: str
    name: str | None
    uri: str | None
    change_class: ClassName = Field(alias="class")
    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    steps: tuple[Said, ...]
    notes: tuple[Said, ...]
    refusals: tuple[Refusal, ...]
    given_up: tuple[GivenUp, ...]
    effects: tuple[Effect, ...]
    unknown: tuple[str, ...]
    partly_unknown: bool
    may_adopt: bool
    """Whether it may take over what is there, by changes that are planned only during the update."""


class Refreshed(Strict):
    """What a refresh found before the preview."""

    paths: tuple[str, ...]
    gone: bool


class Record(Strict):
    """The preview of one resource."""

    format: Literal[2]
    at: AwareDatetime
    kind: str
    urn: str
    operation: Operation
    brief: tuple[str, ...]
    refused: bool
    refreshed: Refreshed
    plan: Planned
    plan_if_replaced: Planned | None
    plan_if_moved: Planned | None

    @property
    def cases(self) -> tuple[tuple[Case, Planned], ...]:
        """The possible plans: one, or two if the provider didn't know whether Pulumi replaces the resource."""
        if self.plan_if_replaced is not None:
            return ("created", self.plan), ("replaced", self.plan_if_replaced)
        if self.plan_if_moved is not None:
            return ("created", self.plan), ("moved", self.plan_if_moved)
        return (("sure", self.plan),)

    @property
    def plans(self) -> tuple[Planned, ...]:
        """The same, without the case of each."""
        return tuple(plan for _, plan in self.cases)


class _Format(BaseModel):
    """What any record has, of whichever format."""

    model_config = ConfigDict(extra="ignore", strict=True)
    format: int


def record_in(message: str) -> Record | None:
    """The record that a line of Pulumi's output is; None if it is another line.

    Raises InvalidInputs if it is one of another format, or none that virtnet writes.
    """
    if not message.startswith(PREFIX):
        return None
    text = message.removeprefix(PREFIX).strip()
    try:
        written = _Format.model_validate_json(text).format
        if written != FORMAT:
            raise InvalidInputs(record_not_read(f"it has format {written}, and this virtnet reads {FORMAT}"))
        return Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInputs(record_not_read(f"{place or 'the record'}: {first['msg']}")) from error


class Outcome(IntEnum):
    """What becomes of a resource, in the order of what it costs others."""

    RECORDED = 0
    """Nothing happens on the host."""
    LIVE = 1
    """Nobody who is attached notices. A new resource is live, too."""
    RESTART = 2
    REPLACE = 3
    DELETE = 4
    UNKNOWN = 5
    """The preview doesn't say."""


def outcome_of(record: Record) -> Outcome:
    """The outcome in a record; the worst of several plans."""
    classes = {Outcome.UNKNOWN if plan.may_adopt else Outcome[plan.change_class.upper()] for plan in record.plans}
    least = Outcome.LIVE if record.operation == "create" else Outcome.RECORDED
    return max(least, *classes)
