"""A review as JSON for programs: the content of its comment, without limits. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from virtnet.commands.review.records import Outcome
from virtnet.commands.review.verdict import Item, Review


def as_json(review: Review, *, at_most: Outcome | None = None, commit: str = "") -> str:
    """One object: the verdict (`exit_code`, `outcome`, `at_most`), what it is about, and a list of `resources`."""
    above = review.above(at_most)
    whole = {
        "exit_code": int(review.exit_code(at_most)),
        "outcome": _word(review.outcome),
        "at_most": None if at_most is None else _word(at_most),
        "complete": review.is_complete,
        "errors": [{"urn": error.urn or None, "text": error.text} for error in review.errors],
        "stacks": list(review.stacks),
        "commit": commit or None,
        "looked_at": None if review.looked_at is None else review.looked_at.isoformat(),
        "same": review.same,
        "others": [{"urn": step.urn, "operation": step.op} for step in review.others],
        "resources": [_resource(item, above=item in above) for item in review.items],
    }
    return json.dumps(whole, indent=2) + "\n"


def _word(outcome: Outcome) -> str:
    return outcome.name.lower()


def _resource(item: Item, *, above: bool) -> dict[str, Any]:
    return {
        "urn": item.urn,
        "kind": item.kind,
        "name": item.name,
        "uri": item.uri,
        "operation": item.operation,
        "outcome": _word(item.outcome),
        "refused": item.refused,
        "above_limit": above,
        "known": item.is_known,
        "gone": item.is_gone,
        "on_delete": item.on_delete,
        "brief": list(item.brief),
        "changes": _plain(item.changes),
        "drift": _plain(item.drift),
        # Nobody notices what is not done.
        "effects": [] if item.refused else _plain(item.effects),
        "plans": [
            {
                "case": case,
                **plan.model_dump(
                    mode="json",
                    by_alias=True,
                    include={"steps", "notes", "refusals", "given_up", "unknown", "partly_unknown", "may_adopt"},
                ),
            }
            for case, plan in item.cases
        ],
    }


def _plain(values: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [value.model_dump(mode="json", by_alias=True) for value in values]
