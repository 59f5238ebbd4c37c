"""Fast path: finds unchanged resources by comparing values in wire form, without the spec. Pure.

Most resources are unchanged in most runs. A run that changes nothing then needs neither specs nor pydantic, whose
imports take longer than all their checks. If this path isn't sure, check and diff decide. A property test of each kind
compares the answers of both.
"""

from collections.abc import Callable, Mapping
from typing import Any

AsSent = Callable[[Any], Any]

_NEVER_HERE = ("__secret", "__drifted", "__noted")
"""With these inputs, equal values aren't enough."""


def plain(value: Any) -> Any:
    """A value in wire form, without Pulumi's wrappers."""
    return value


def checks(
    recorded: Mapping[str, Any], given: Mapping[str, Any], left_out: Mapping[str, Any], as_sent: AsSent = plain
) -> bool:
    """Whether check would return exactly the recorded inputs. `left_out` is what check adds, in wire form.

    Recorded inputs are in canonical form, which check doesn't change.
    """
    nothing, no_owner = as_sent(None), [None, *map(as_sent, (None, "", False, 0, [], {}))]
    if any(side.get("__owner") in no_owner for side in (recorded, given)):
        return False
    named = {key: value for key, value in given.items() if value != nothing and key != "__run"}
    return same({**left_out, **named}, recorded)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of inputs are equal, types included: True isn't 1. The provider's pickle doesn't count."""
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
