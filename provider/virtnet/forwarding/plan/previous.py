"""The values found at create: which are remembered, and which go back when nobody manages them anymore. Pure."""

from collections.abc import Mapping

from virtnet.forwarding.observed import ForwardingReport, managed, parameters, previous_of
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.plan.owners import Held
from virtnet.forwarding.sysctl import is_accept_ra, whole_of
from virtnet.spec.part import Values


def remembered(held: Held, recorded: Values) -> dict[str, str]:
    """The values found by those who came before: as recorded, or as the files say that they left."""
    left: dict[str, str] = {}
    for there in held.own.values():
        left |= parameters(there.previous)
    return left | previous_of(recorded)


def released(goal: Goal, recorded: Values, previous: Mapping[str, str], held: Held) -> dict[str, str]:
    """The remembered values of parameters that the program no longer sets."""
    if "interfaces" in goal.unknown:
        return {}
    # What its files set and no record names was written by an update that was interrupted.
    before = set(managed(recorded, previous)) | held.keys if recorded else held.keys
    gone = {
        key: previous[key] for key in before if key in previous and key not in goal.targets and key not in goal.named
    }
    # What was remembered beside a released parameter goes back with it.
    beside = {
        key: value
        for key, value in previous.items()
        if key not in before and whole_of(key) in gone and key not in goal.named
    }
    return gone | beside


def remember(
    goal: Goal, previous: Mapping[str, str], gone: Mapping[str, str], observed: ForwardingReport
) -> dict[str, str]:
    """What is remembered from now on: what was, without those that are `released`, and each new target's value.

    A part whose whole is still managed goes on being remembered: its own value may have to come back.
    """
    kept = {
        key: value
        for key, value in previous.items()
        if key not in gone or (not is_accept_ra(key) and whole_of(key) in goal.targets)
    }
    new = {
        key: _found(key, previous, observed.values)
        for key in goal.targets
        if key not in kept and key in observed.values
    }
    return kept | new


def _found(key: str, previous: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The value that a parameter had before anything of ours was written."""
    whole = whole_of(key)
    if whole in previous and key.endswith("/forwarding"):
        whole_was_changed = values[whole] != previous[whole]
        if whole_was_changed and values[key] == values[whole]:
            # It went with the whole when we changed that: what it had is what the whole had.
            return previous[whole]
    return values[key]
