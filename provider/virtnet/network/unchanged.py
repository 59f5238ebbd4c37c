"""A network declared just as it is recorded, which most are in most runs, told from what travels alone. Pure.

A run that changes nothing then needs neither the spec nor pydantic, whose imports take longer than all its checks.
What is not told here is no change yet: it is left to check and diff, and a property test holds both to one answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

AsSent = Callable[[Any], Any]

DEFAULTS = {"autostart": True, "active": True}
"""What check puts in where it is left out."""

COMPUTED = frozenset({"uuid", "bridgeName", "mac", "persistent", "hostUuid", "adoptedFrom", "problems"})
"""diff's COMPUTED as it travels."""

_NEVER_HERE = ("__secret", "__drifted", "__noted")
"""With these there is more to look at than whether values are equal."""


def _plain(value: Any) -> Any:
    return value


def checks_as_recorded(
    recorded: Mapping[str, Any], given: Mapping[str, Any], uri: str, as_sent: AsSent = _plain
) -> bool:
    """Whether check would answer with just the inputs that are recorded. `uri` is that of networks that name none.

    Recorded inputs are in canonical form, and stay as they are when they are checked again.
    """
    nothing, no_owner = as_sent(None), [None, *map(as_sent, (None, "", False, 0, [], {}))]
    if any(side.get("__owner") in no_owner for side in (recorded, given)):
        return False
    named = {key: value for key, value in given.items() if value != nothing and key != "__run"}
    kept = {key: as_sent(value) for key, value in {**DEFAULTS, "uri": uri}.items()}
    return _same({**kept, "name": recorded.get("name"), **named}, recorded)


def stands_as_recorded(
    recorded: Mapping[str, Any], desired: Mapping[str, Any], as_sent: AsSent = _plain, as_read: AsSent = _plain
) -> bool:
    """Whether diff would find no change between recorded outputs and checked inputs."""
    as_it_should_be = {"problems": as_sent([]), "persistent": as_sent(True)}
    # Those of the computed outputs that the program named too.
    also_named = as_read(recorded["__named"]) if "__named" in recorded else None
    if not isinstance(also_named, list):
        return False
    if not all(_equal(recorded.get(key), value) for key, value in as_it_should_be.items()):
        return False
    made = ("__named", "__token", "__edit", "__unnamed", "__unsettled", "__loose")
    inputs = {
        key: value for key, value in recorded.items() if key not in made and (key not in COMPUTED or key in also_named)
    }
    return _same(desired, inputs)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of inputs are equal, types included: True is no 1. The provider's own pickle is none of them."""
    if any(key in side for key in _NEVER_HERE for side in (one, other)):
        return False
    if ("__provider" in one) != ("__provider" in other):
        return False
    return _equal({**one, "__provider": None}, {**other, "__provider": None})


def _equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
