"""What is declared just as it is recorded, which most is in most runs, told from what travels alone. Pure.

A run that changes nothing then needs neither specs nor pydantic, whose imports take longer than all their checks. What
is not told here is no change yet: it is left to check and diff, and a property test of each kind holds both to one
answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

AsSent = Callable[[Any], Any]

_NEVER_HERE = ("__secret", "__drifted", "__noted")
"""With these there is more to look at than whether values are equal."""


def plain(value: Any) -> Any:
    """As it travels where nothing is wrapped."""
    return value


def checks(
    recorded: Mapping[str, Any], given: Mapping[str, Any], left_out: Mapping[str, Any], as_sent: AsSent = plain
) -> bool:
    """Whether check would answer with just the inputs that are recorded. `left_out` is what it puts in, as it travels.

    Recorded inputs are in canonical form, and stay as they are when they are checked again.
    """
    nothing, no_owner = as_sent(None), [None, *map(as_sent, (None, "", False, 0, [], {}))]
    if any(side.get("__owner") in no_owner for side in (recorded, given)):
        return False
    named = {key: value for key, value in given.items() if value != nothing and key != "__run"}
    return same({**left_out, **named}, recorded)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of inputs are equal, types included: True is no 1. The provider's own pickle is none of them."""
    if any(key in side for key in _NEVER_HERE for side in (one, other)):
        return False
    if ("__provider" in one) != ("__provider" in other):
        return False
    return equal({**one, "__provider": None}, {**other, "__provider": None})


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal, types included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)
