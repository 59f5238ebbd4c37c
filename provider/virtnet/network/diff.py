"""What is recorded of a network against what is desired: the changes with nothing looked at. Pure.

This is all that diff needs, so a preview does not change its answer because a host is down.
"""

from collections.abc import Mapping
from dataclasses import replace

from virtnet.network.live_items import as_updates_can
from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.observed import mended_by, problem_of
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge
from virtnet.planning.merge import differences, merge, naming
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import UNKNOWN, Tree

RECORDED_ONLY = ("adopt", "allow_overlap", "on_restart", "on_delete")
"""Inputs that nothing on the host follows from."""

COMPUTED = frozenset({"uuid", "bridge_name", "mac", "persistent", "host_uuid", "adopted_from", "problems"})
"""Names of outputs that are made, not named by the program (uuid and mac may be both)."""


def recorded_inputs(recorded: Mapping[str, Tree]) -> dict[str, Tree]:
    """What the program named when the outputs were recorded."""
    also_named = recorded.get("__named", [])
    return {
        name: value
        for name, value in recorded.items()
        if name == "__owner" or (name in NetworkSpec.model_fields and (name not in COMPUTED or name in also_named))
    }


def recorded_changes(desired: Mapping[str, Tree], recorded: Mapping[str, Tree]) -> tuple[Change, ...]:
    """The changes between what is recorded and what is desired, with nothing looked at: what diff reports."""
    before = recorded_inputs(recorded)
    present = dict(before)
    for name in ("uuid", "mac"):
        if recorded.get(name):
            present[name] = recorded[name]
    if own_bridge({**desired, "bridge": {"name": "x"}}) and recorded.get("bridge_name"):
        present["bridge"] = {**present.get("bridge", {}), "name": recorded["bridge_name"]}
    target = with_identity(merge(NetworkSpec, {**desired}, before, present), present)
    for name in RECORDED_ONLY:
        target.pop(name, None)
        if name in desired:
            target[name] = desired[name]
    for name in ("autostart", "active"):
        target[name] = desired.get(name, True)
    changes = [
        # Starting is live; only stopping takes something away.
        replace(change, change_class=ChangeClass.LIVE)
        if change.path == "active" and target["active"] is True
        else change
        for change in as_updates_can(differences(NetworkSpec, target, present), target, present)
    ]
    if recorded.get("active") is False:
        # Nothing runs, so nothing is stopped; a start takes the new definition.
        changes = [
            replace(change, change_class=min(change.change_class, ChangeClass.LIVE))
            if change.change_class is ChangeClass.RESTART
            else change
            for change in changes
        ]
    if not changes and desired != before:
        # Newly named, or no longer, with the value they have anyway: recorded, so that a refresh watches them.
        changes += [change for change in naming(NetworkSpec, desired, before) if change.path != "uri"]
    if recorded.get("persistent") is False:
        changes.append(Change(path="persistent", kind="change", change_class=ChangeClass.LIVE, detail="false -> true"))
    problems = tuple(problem_of(entry) for entry in recorded.get("problems") or ())
    if problems:
        # What no update mends is live: an update may do whatever disturbs nobody, and says what is left.
        change_class = max(mended_by(problem) or ChangeClass.LIVE for problem in problems)
        changes.append(Change(path="problems", kind="change", change_class=change_class, problems=problems))
    return tuple(changes)


def with_identity(target: dict[str, Tree], present: Mapping[str, Tree]) -> dict[str, Tree]:
    """UUID, MAC and the bridge's name are kept once there; libvirt makes up new ones where they are left out."""
    for name in ("name", "uuid", "mac"):
        if name not in target and name in present:
            target[name] = present[name]
    if UNKNOWN in (target.get("bridge"), present.get("bridge")):
        return target
    bridge = present.get("bridge", {}).get("name")
    both_own = mode_of(target) in OWN_BRIDGE_MODES and mode_of(present) in OWN_BRIDGE_MODES
    if (
        bridge is not None
        and "name" not in target.get("bridge", {})
        and (both_own or mode_of(target) == mode_of(present))
    ):
        target["bridge"] = {"name": bridge, **target.get("bridge", {})}
    return target


def with_own_bridge(target: dict[str, Tree], uuid: str) -> dict[str, Tree]:
    """A network with a bridge of its own and its whole identity: what is not named is chosen, not left to libvirt."""
    bridge = target.get("bridge", {})
    if bridge is UNKNOWN:
        return target
    target["bridge"] = {"name": bridge_name_for(str(target["name"])), **bridge}
    target.setdefault("mac", mac_for(uuid))
    return target
