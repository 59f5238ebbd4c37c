"""Kernel parameters written and restored on paper: every write played through the kernel's rules first. Pure.

So a plan knows what a write does to other interfaces, restores only what was someone's choice, and never writes a
value that will be there anyway.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from virtnet.forwarding.boot_files.boot import by_systemd
from virtnet.forwarding.kinds import NoteKind, UserKind
from virtnet.forwarding.observed import ForwardingReport, ForwardingUser
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.steps import WriteSysctl
from virtnet.forwarding.sysctl import (
    WHOLE_HOST,
    after_write,
    in_writing_order,
    is_accept_ra,
    is_ipv6,
    is_on,
    touched_by,
    whole_of,
)
from virtnet.planning.findings import Note


class SimulatedWrites(NamedTuple):
    """Steps for kernel parameters, and what the kernel will hold after them."""

    values: Mapping[str, str]
    steps: tuple[WriteSysctl, ...] = ()

    def write(self, key: str, value: str, *, exactly: bool = False) -> "SimulatedWrites":
        """With a step more, unless the value will be there anyway. Any non-zero value is as good as another."""
        now = self.values.get(key)
        if now is None or now == value or (not exactly and is_on(now) == is_on(value)):
            return self
        found = tuple((name, self.values[name]) for name in touched_by(self.values, key))
        return SimulatedWrites(after_write(self.values, key, value), (*self.steps, WriteSysctl(key, value, found)))

    def not_restored_by(self, key: str, value: str) -> dict[str, str]:
        """Values that writing `key`, and later writing back what it holds now, would not bring back."""
        there = after_write(self.values, key, value)
        back = after_write(there, key, self.values[key])
        return {name: held for name, held in self.values.items() if back[name] != held}


class ParameterPlan(NamedTuple):
    """The parameters to write to the kernel, and the values to remember for restoring them."""

    steps: tuple[WriteSysctl, ...]
    previous: Mapping[str, str]
    """The values found before anything of ours was written."""
    notes: tuple[Note, ...]
    values: Mapping[str, str]
    """What the kernel will hold."""


def plan_parameters(
    goal: Goal,
    previous: Mapping[str, str],
    released: Mapping[str, str],
    observed: ForwardingReport,
    own: Collection[str],
) -> ParameterPlan:
    """Set the targets and restore what is `released`: the whole host first, then what goes back, then the parts.

    `own` are the paths of the resource's own files.
    """
    writes = SimulatedWrites(observed.values)
    order = in_writing_order(goal.targets)
    parts = [key for key in order if key not in WHOLE_HOST and not is_accept_ra(key)]
    for key in order:
        if key not in parts:
            previous = _remembering_others(goal, key, previous, writes)
            writes = writes.write(key, goal.targets[key], exactly=is_accept_ra(key))
    written = {step.key for step in writes.steps}
    restored = restore(writes, released, observed, own=own, targets=goal.targets)
    writes = restored.writes
    for key in parts:
        writes = writes.write(key, goal.targets[key])
    for key, value in previous.items():
        whole = whole_of(key)
        came_back = whole in written and is_on(goal.targets[whole]) == is_on(previous.get(whole))
        if came_back and key not in goal.named and key not in goal.targets:
            writes = writes.write(key, value, exactly=True)
    return ParameterPlan(steps=writes.steps, previous=previous, notes=restored.notes, values=writes.values)


def _remembering_others(
    goal: Goal, key: str, previous: Mapping[str, str], writes: SimulatedWrites
) -> Mapping[str, str]:
    """The values to remember before `key` is written: also those that it changes and wouldn't restore.

    It matters if the values found on the host are changed: a value that didn't follow the kernel's rule was someone's
    choice.
    """
    value, now = goal.targets[key], writes.values.get(key)
    if key not in WHOLE_HOST or now is None:
        return previous
    as_found = is_on(now) == is_on(previous.get(key))
    changes = is_on(now) != is_on(value)
    if not as_found or not changes:
        return previous
    others = {
        name: held
        for name, held in writes.not_restored_by(key, value).items()
        if name not in goal.targets and name not in goal.named and name not in previous
    }
    return {**previous, **others}


class Restored(NamedTuple):
    """The writes with those that put values back, and notes on what stays as it is."""

    writes: SimulatedWrites
    notes: tuple[Note, ...]


def restore(
    writes: SimulatedWrites,
    released: Mapping[str, str],
    observed: ForwardingReport,
    *,
    own: Collection[str],
    targets: Mapping[str, str],
) -> Restored:
    """Parameters going back to the values found at create, as far as nobody else needs them as they are.

    The whole host first, then its parts, then the advertisements, which forwarding must not outlive.
    """
    keys = in_writing_order(released)
    wholes = [key for key in keys if key in WHOLE_HOST]
    advertisements = [key for key in keys if is_accept_ra(key)]
    left_on: dict[str, tuple[ForwardingUser, ...]] = {}
    for key in wholes:
        needed_by = _needed_by(key, released[key], writes, observed, own)
        if needed_by:
            left_on[key] = needed_by
        else:
            writes = writes.write(key, released[key], exactly=True)
    for key in keys:
        if key in wholes or key in advertisements:
            continue
        whole, follows = whole_of(key), key.endswith("/forwarding")
        if whole in left_on or whole in targets:
            # Left on for others, or still managed: the part goes back to what the whole gives it.
            writes = writes.write(key, writes.values[whole]) if follows else writes
            continue
        # It followed the whole host's parameter when it was found, if that one isn't released itself.
        alone = follows and whole not in released
        needed_by = _needed_by(key, released[key], writes, observed, own) if alone else ()
        if needed_by:
            left_on[key] = needed_by
        else:
            writes = writes.write(key, released[key], exactly=True)
    if not any(map(is_ipv6, left_on)):
        for key in advertisements:
            writes = writes.write(key, released[key], exactly=True)
    return Restored(writes, tuple(_stays_on(key, needed_by) for key, needed_by in left_on.items()))


def _stays_on(key: str, needed_by: tuple[ForwardingUser, ...]) -> Note:
    return Note(NoteKind.STAYS_ON, {"key": key, "needed_by": [user.as_details() for user in needed_by]})


def _needed_by(
    key: str, found: str, writes: SimulatedWrites, observed: ForwardingReport, own: Collection[str]
) -> tuple[ForwardingUser, ...]:
    """The users that need a parameter to stay on, which is on now and was found off."""
    if is_on(found) or not is_on(writes.values.get(key)):
        return ()
    whole = whole_of(key)
    docker = (ForwardingUser(UserKind.DOCKER, "docker0"),) if observed.docker else ()
    others = {path: text for path, text in observed.files.items() if path not in own}
    boot = by_systemd(others, observed.interfaces)[whole]
    file = (ForwardingUser(UserKind.FILE, boot.source),) if is_on(boot.value) else ()
    return (*observed.users[whole], *docker, *file)
