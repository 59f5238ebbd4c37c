"""A preview as one line of JSON, which `virtnet review` reads instead of the sentences.

The engine passes on only lines of text of a plan, so a record is such a line, with a prefix. Everything that decides
something is a value in it: classes, kinds and effects. It also has the sentences, for people. Pure.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from virtnet.planning import messages as sentences
from virtnet.planning.findings import Advice, Effect, Messages, Note, Problem, Summary, read_error
from virtnet.planning.ownership.claims import GivenUp
from virtnet.planning.ownership.marks import urn_of
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.preview.found import Preview
from virtnet.planning.resource import Resource
from virtnet.spec.failures import Detail
from virtnet.spec.part import UNKNOWN, Values

PREFIX = "virtnet-preview: "
"""The prefix of every record, and of no sentence."""

FORMAT = 2
"""The format's version. Increase it if a reader of this version would misread a record."""

Operation = Literal["create", "update", "replace", "same"]


class Refreshed(NamedTuple):
    """What a refresh found in a preview's run (`pulumi preview --refresh`). Pulumi's output doesn't contain it."""

    paths: tuple[str, ...] = ()
    """Inputs that differed from the record."""
    is_gone: bool = False
    """Whether the resource no longer existed."""


def record(
    resource: Resource[Any],
    operation: Operation,
    recorded: Values | None,
    desired: Values,
    found: Preview,
    *,
    refreshed: Refreshed,
    at: str,
    readable: Callable[[str], str],
) -> str:
    """The record of a preview, without a line end.

    `at`: when the host was read, in ISO 8601. `readable` hides secrets in a text. Only texts for people go through it,
    one by one, so a secret that is spelled like a class or a kind breaks no record.
    """
    case = _Case(resource, recorded, desired, resource.messages(), readable)
    value = {
        "format": FORMAT,
        "at": at,
        "kind": resource.name,
        "urn": urn_of(desired),
        "operation": operation,
        "brief": [readable(word) for word in resource.in_brief(desired)],
        "refused": found.is_refused,
        "refreshed": {"paths": [readable(path) for path in refreshed.paths], "gone": refreshed.is_gone},
        "plan": case.plan(found),
        "plan_if_replaced": None if found.if_replaced is None else case.plan(found.if_replaced),
        "plan_if_moved": None if found.if_moved is None else case.plan(found.if_moved),
    }
    # The engine removes text between <{% and %}>, which it takes for a colour.
    return PREFIX + json.dumps(value).replace("<", "\\u003c")


def change_class(found: Preview) -> ChangeClass:
    """The highest class of all changes to an existing object."""
    if found.replaced is not None:
        return ChangeClass.REPLACE
    return max((one.change_class for one in (*found.changes, *found.drift)), default=ChangeClass.RECORDED)


@dataclass(frozen=True)
class _Case:
    """Writes the values of one resource's preview."""

    resource: Resource[Any]
    recorded: Values | None
    desired: Values
    messages: Messages
    readable: Callable[[str], str]

    def plan(self, found: Preview) -> dict[str, Detail]:
        subject = found.replaced or found.subject
        notes = (*found.notes, *found.notes_anew)
        before, after = found.transition or (self.recorded, self.desired)
        return {
            "noun": subject.noun,
            "name": None if subject.name is None else self.readable(subject.name),
            "uri": None if subject.uri is None else self.readable(subject.uri),
            "class": change_class(found).name.lower(),
            "changes": [self._change(one) for one in found.changes],
            "drift": [self._change(one) for one in found.drift],
            "steps": [self._said(one) for one in found.steps],
            "notes": [self._said(one) for one in notes],
            "refusals": [*self._refusals(found)],
            "given_up": [self._given_up(one) for one in found.given_up],
            "effects": [self._effect(one) for one in self.resource.effects(before, after, notes)],
            "unknown": list(found.unknown),
            "partly_unknown": found.partly_unknown,
            "may_adopt": self._may_adopt(found),
        }

    def _change(self, change: Change) -> dict[str, Detail]:
        return {
            "path": self.readable(change.path),
            "kind": change.kind,
            "class": change.change_class.name.lower(),
            "detail": self.readable(change.detail),
            "problems": [self._said(one) for one in change.problems],
        }

    def _said(self, said: Problem | Note | Summary) -> dict[str, Detail]:
        # Without details, because those may contain secrets that the sentences leave out.
        return {"kind": said.kind.name, "sentence": self.readable(self.messages.sentence(said))}

    def _refusals(self, found: Preview) -> Iterator[dict[str, Detail]]:
        if found.error is not None:
            kind = "" if found.error.kind is None else found.error.kind.name
            yield self._refusal(kind, Advice(read_error(self.messages, found.error)))
        if found.claimed_by:
            yield self._refusal("CLAIMED", Advice(sentences.belongs_to(found.claimed_by)))
        for key in found.left_behind:
            yield self._refusal("LEAVES_BEHIND", sentences.leaves_behind(key))
        if found.deleted_first:
            reasons = found.deleted_first
            yield self._refusal("DELETED_FIRST", sentences.deleted_first(reasons, self.messages))
        for refusal in (*found.refusals, *found.against_anew):
            yield self._refusal(refusal.kind.name, self.messages.advice(refusal))

    def _given_up(self, one: GivenUp) -> dict[str, Detail]:
        return {
            "holder": self.readable(one.holder),
            "path": self.readable(one.want.path),
            "value": self.readable(one.want.value),
            "swaps": one.swaps,
            "sentence": self.readable(sentences.given_up(one)),
        }

    def _may_adopt(self, found: Preview) -> bool:
        """Whether a create may adopt an existing object, with changes that aren't planned yet."""
        adopt = self.desired.get("adopt")
        planned = not (found.unknown or found.partly_unknown)
        return self.recorded is None and not planned and (adopt is True or adopt is UNKNOWN)

    def _refusal(self, kind: str, advice: Advice) -> dict[str, Detail]:
        return {"kind": kind, "reason": self.readable(advice.reason), "fix": self.readable(advice.fix)}

    def _effect(self, effect: Effect) -> dict[str, Detail]:
        who = [self.readable(name) for name in effect.who]
        return {"kind": effect.kind.value, "who": who, "details": self._plain(effect.details)}

    def _plain(self, value: Detail) -> Detail:
        """Details as JSON values, with secrets hidden in each text."""
        if isinstance(value, str):
            return self.readable(value)
        if isinstance(value, Mapping):
            return {self.readable(str(name)): self._plain(item) for name, item in value.items()}
        if isinstance(value, Sequence):
            return [self._plain(item) for item in value]
        return value
