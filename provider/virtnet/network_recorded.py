"""What is recorded of a network against what is desired: the changes with nothing looked at. Pure.

This is all that diff needs, so a preview does not change its answer because a host is down.
"""

from collections.abc import Mapping
from dataclasses import replace

from virtnet.network_preflight import mode_of, own_bridge
from virtnet.ownership import differences, merge
from virtnet.plan import Change, ChangeClass
from virtnet.spec import Tree
from virtnet.spec_network import NetworkSpec

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
    target = with_identity(merge(NetworkSpec, desired, before, present), present)
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
        for change in differences(NetworkSpec, target, present)
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
        changes += _renamed(desired, before)
    if recorded.get("persistent") is False:
        changes.append(Change(path="persistent", kind="change", change_class=ChangeClass.LIVE, detail="false -> true"))
    if recorded.get("problems"):
        # A mend of what is wrong with a running network is a restart of it.
        changes.append(
            Change(
                path="problems",
                kind="change",
                change_class=ChangeClass.RESTART,
                detail="; ".join(recorded["problems"]),
            )
        )
    return tuple(changes)


def _renamed(desired: Mapping[str, Tree], before: Mapping[str, Tree]) -> list[Change]:
    """Inputs newly named, or no longer, with the value they have anyway: recorded, so that a refresh watches them."""
    return [
        Change(path=name, kind="add" if name in desired else "remove", change_class=ChangeClass.RECORDED)
        for name in sorted({*desired, *before})
        if (name in desired) != (name in before) and name not in ("__owner", "uri")
    ]


def with_identity(target: dict[str, Tree], present: Mapping[str, Tree]) -> dict[str, Tree]:
    """UUID, MAC and the bridge's name are kept once there; libvirt makes up new ones where they are left out."""
    for name in ("name", "uuid", "mac"):
        if name not in target and name in present:
            target[name] = present[name]
    bridge = present.get("bridge", {}).get("name")
    if bridge is not None and "name" not in target.get("bridge", {}) and mode_of(target) == mode_of(present):
        target["bridge"] = {"name": bridge, **target.get("bridge", {})}
    return target
