"""The outputs that a preview can promise: what is known before anything is done, and UNKNOWN for the rest. Pure.

What it promises must come true, because other resources' previews are built on it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from virtnet.forwarding.drop_in import path_of
from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of
from virtnet.planning.resource import Resource
from virtnet.spec.part import UNKNOWN, Tree


def predict_create(resource: Resource[Any], desired: Mapping[str, Tree]) -> dict[str, Tree]:
    """The outputs of a create."""
    made = {name: UNKNOWN for name in resource.computed if desired.get(name) is None}
    return {**desired, **made, **_CREATED.get(resource.name, _nothing)(desired)}


def predict_update(
    resource: Resource[Any], recorded: Mapping[str, Tree], desired: Mapping[str, Tree]
) -> dict[str, Tree]:
    """The outputs of an update."""
    kept = {name: recorded.get(name) for name in resource.computed if desired.get(name) is None}
    return {**desired, **kept, **_UPDATED.get(resource.name, _nothing_new)(recorded, desired)}


def _nothing(_desired: Mapping[str, Tree]) -> dict[str, Tree]:
    return {}


def _nothing_new(_recorded: Mapping[str, Tree], _desired: Mapping[str, Tree]) -> dict[str, Tree]:
    return {}


def _network_created(desired: Mapping[str, Tree]) -> dict[str, Tree]:
    if desired.get("adopt"):  # or unknown: then what is there decides
        return {"persistent": True}
    return {
        "persistent": True,
        "adopted_from": None,
        "problems": [],
        "bridge_name": _bridge_name(desired),
        "mac": _mac(desired),
    }


def _bridge_name(desired: Mapping[str, Tree]) -> Tree:
    mode = _mode(desired)
    bridge = desired.get("bridge", {})
    if mode is UNKNOWN or bridge is UNKNOWN:
        return UNKNOWN
    if bridge.get("name") is not None or mode not in OWN_BRIDGE_MODES:
        return bridge.get("name", "")
    name = desired.get("name")
    return UNKNOWN if name is UNKNOWN else bridge_name_for(str(name))


def _mac(desired: Mapping[str, Tree]) -> Tree:
    if desired.get("mac") is not None:
        return desired["mac"]
    mode, uuid = _mode(desired), desired.get("uuid", UNKNOWN)
    if mode is not UNKNOWN and mode not in OWN_BRIDGE_MODES:
        return ""
    return UNKNOWN if UNKNOWN in (mode, uuid) else mac_for(uuid)


def _mode(desired: Mapping[str, Tree]) -> Tree:
    forward = desired.get("forward", {})
    return UNKNOWN if forward is UNKNOWN or forward.get("mode") is UNKNOWN else mode_of(desired)


def _network_updated(recorded: Mapping[str, Tree], desired: Mapping[str, Tree]) -> dict[str, Tree]:
    after: dict[str, Tree] = {"persistent": True, "problems": []}
    named = _named_bridge(desired)
    if UNKNOWN in (named, _mode(desired)) or _mode(desired) != _mode(recorded):
        after["bridge_name"] = UNKNOWN if named is None else named
        after["mac"] = desired.get("mac", UNKNOWN)
    elif named is not None:
        after["bridge_name"] = named
    elif _named_bridge(recorded) is not None:
        after["bridge_name"] = UNKNOWN
    return after


def _named_bridge(inputs: Mapping[str, Tree]) -> Tree:
    bridge = inputs.get("bridge") or {}
    return UNKNOWN if bridge is UNKNOWN else bridge.get("name")


def _forwarding_created(desired: Mapping[str, Tree]) -> dict[str, Tree]:
    return {"drop_in_path": _drop_in_path(desired)}


def _forwarding_updated(_recorded: Mapping[str, Tree], desired: Mapping[str, Tree]) -> dict[str, Tree]:
    changing = dict.fromkeys(("runtime", "previous", "at_boot"), UNKNOWN)
    return {**changing, "drop_in_path": _drop_in_path(desired)}


def _drop_in_path(desired: Mapping[str, Tree]) -> Tree:
    name, persist = desired.get("drop_in"), desired.get("persist", True)
    if UNKNOWN in (name, persist):
        return UNKNOWN
    return path_of(name) if persist else ""


_CREATED: Mapping[str, Callable[[Mapping[str, Tree]], dict[str, Tree]]] = {
    "LibvirtNetwork": _network_created,
    "HostForwarding": _forwarding_created,
}

_UPDATED: Mapping[str, Callable[[Mapping[str, Tree], Mapping[str, Tree]], dict[str, Tree]]] = {
    "LibvirtNetwork": _network_updated,
    "HostForwarding": _forwarding_updated,
}
