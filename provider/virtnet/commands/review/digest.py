"""What `pulumi preview --json` prints (Pulumi's `display.PreviewDigest`), as far as a review needs it. Pure.

Values of programs and states are not taken from it: they may be secret, and a dynamic provider's are not even marked.
The one exception is what a delete depends on, which no record tells, as Pulumi asks no provider before a delete: the
word of `on_delete`, and whether a network was adopted. Pulumi's option `retain_on_delete` is no value of a program's.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from virtnet.commands.review import messages
from virtnet.commands.review.records import Record, record_in
from virtnet.errors import InvalidInputs

ROOT = "pulumi:pulumi:Stack"
"""The type of the stack itself, which is a resource to Pulumi."""

PLACES_OF_SECRETS = "__secret"
"""Where a dynamic provider's inputs hold secrets, which are in plain text there (`virtnet.dynamic.PLACES`)."""


RETAIN = "retain"
"""What is done on a delete that no provider hears of: Pulumi's own retain_on_delete leaves everything on the host."""


class _Lenient(BaseModel):
    """Values that Pulumi prints, which may print more with each version."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _State(_Lenient):
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    retain_on_delete: bool = Field(default=False, alias="retainOnDelete")


class _Difference(_Lenient):
    kind: str


class _Step(_Lenient):
    op: str
    urn: str
    old_state: _State | None = Field(default=None, alias="oldState")
    detailed_diff: dict[str, _Difference] | None = Field(default=None, alias="detailedDiff")


class _Diagnostic(_Lenient):
    urn: str = ""
    message: str = ""
    severity: str = ""


class _Digest(_Lenient):
    steps: tuple[_Step, ...] = ()
    diagnostics: tuple[_Diagnostic, ...] = ()
    duration: int | None = None
    change_summary: dict[str, int] | None = Field(default=None, alias="changeSummary")


class Urn(NamedTuple):
    """A resource's URN in its parts."""

    stack: str
    project: str
    kind: str
    """The resource's own type, without its parents' types."""
    name: str


class Step(NamedTuple):
    """What Pulumi means to do with a resource."""

    op: str
    urn: str
    paths: tuple[tuple[str, str], ...]
    """The properties that differ, in Pulumi's spelling, and how: "add", "update-replace"."""
    on_delete: str | None
    """The on_delete of a deleted resource, if its state has it; None if nothing is to be shown."""


class Trouble(NamedTuple):
    """An error of Pulumi's or of a program."""

    urn: str
    text: str


class Digest(NamedTuple):
    """A preview as Pulumi printed it."""

    steps: tuple[Step, ...]
    records: tuple[Record, ...]
    errors: tuple[Trouble, ...]
    same: int
    """How many resources stay as they are, the stack itself not counted."""


def read(text: str) -> Digest:
    """A digest from what Pulumi printed. Raises InvalidInputs if that is anything else."""
    if not text.strip():
        raise InvalidInputs(messages.EMPTY)
    try:
        found = _Digest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInputs(messages.not_a_preview(f"{place}: {first['msg']}" if place else first["msg"])) from error
    if found.duration is None and found.change_summary is None and not found.diagnostics:
        raise InvalidInputs(messages.not_a_preview("it has no duration, changeSummary or diagnostics"))
    steps = _after_refresh(found.steps)
    said = [(entry, record_in(entry.message)) for entry in found.diagnostics]
    summary = found.change_summary or {}
    is_root_same = any(step.op == "same" and parts(step.urn).kind == ROOT for step in steps)
    return Digest(
        steps=tuple(_step(step) for step in steps if parts(step.urn).kind != ROOT),
        records=tuple(record for _, record in said if record is not None),
        errors=tuple(
            Trouble(entry.urn, entry.message.strip().removeprefix("error: "))
            for entry, record in said
            if entry.severity == "error" and record is None
        ),
        same=max(summary.get("same", 0) - int(is_root_same), 0),
    )


def _after_refresh(steps: tuple[_Step, ...]) -> tuple[_Step, ...]:
    """The steps of the preview itself. Those of a refresh come first, and each part begins with the stack itself.

    Pulumi turns what a refresh finds into an update like any other where the provider says by path what differs
    (`ShowPreviewDigest`), so only its place tells.
    """
    roots = [index for index, step in enumerate(steps) if parts(step.urn).kind == ROOT]
    if not roots or steps[roots[0]].op != "refresh":
        return steps
    return steps[roots[1] :] if len(roots) > 1 else ()


def _step(step: _Step) -> Step:
    return Step(
        op=step.op,
        urn=step.urn,
        paths=tuple((path, one.kind) for path, one in sorted((step.detailed_diff or {}).items())),
        on_delete=None if step.old_state is None else _on_delete(step.old_state, kind_of(step.urn)),
    )


def _on_delete(state: _State, kind: str | None) -> str | None:
    """RETAIN, or one of the words that the input can have, and no other text, whatever a state holds there.

    "restore" is of a network that was adopted. The output tells that, and not `adopt`: with it a network is created
    where there is none. The output's value is a secret; that there is one is none.
    """
    if state.retain_on_delete:
        return RETAIN
    secret = state.inputs.get(PLACES_OF_SECRETS)
    places: Iterable[Any] = secret if isinstance(secret, list) else ()
    hidden = {place[0] for place in places if isinstance(place, list) and place}
    word = state.inputs.get("onDelete")
    if "onDelete" in hidden or word not in (None, "refuse", "disconnect", "restore", "keep"):
        return None
    if kind == "LibvirtNetwork" and word in (None, "restore"):
        tells = "adopt" not in hidden and state.inputs.get("adopt") in (None, False, True)
        return "restore" if tells and state.outputs.get("adoptedFrom") is not None else None
    return None if word is None else str(word)


def parts(urn: str) -> Urn:
    """A URN's parts. Raises InvalidInputs if it is none."""
    pieces = urn.split("::", 3)
    if len(pieces) != 4 or not pieces[0].startswith("urn:pulumi:"):
        raise InvalidInputs(messages.not_a_preview(messages.no_urn(urn)))
    kind = pieces[2].rpartition("$")[2]
    return Urn(pieces[0].removeprefix("urn:pulumi:"), pieces[1], kind, pieces[3])


def kind_of(urn: str) -> str | None:
    """Which of virtnet's kinds a resource is, in either form; None for anybody else's."""
    kind = parts(urn).kind
    for prefix in ("virtnet:index:", "pulumi-python:dynamic/virtnet:"):
        if kind.startswith(prefix):
            return kind.removeprefix(prefix)
    return None


def of_others(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps of resources that are none of virtnet's."""
    return (step for step in steps if kind_of(step.urn) is None)
