"""The outputs that a preview can promise: what is known before anything is done, and UNKNOWN for the rest. Pure.

What it promises must come true, because other resources' previews are built on it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from virtnet.forwarding.drop_in import path_of
from virtnet.forwarding.observed import drop_in_of
from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree_with_unknowns
from virtnet.planning.resource import Resource
from virtnet.spec.part import UNKNOWN, Values, as_group


def predict_create(resource: Resource[Any], desired: Values) -> dict[str, object]:
    """The outputs of a create."""
    made = {name: UNKNOWN for name in resource.computed if desired.get(name) is None}
    return {**desired, **made, **_CREATED.get(resource.name, _nothing)(desired)}


def predict_update(resource: Resource[Any], recorded: Values, desired: Values) -> dict[str, object]:
    """The outputs of an update."""
    kept = {name: recorded.get(name) for name in resource.computed if desired.get(name) is None}
    return {**desired, **kept, **_UPDATED.get(resource.name, _nothing_new)(recorded, desired)}


def _nothing(_desired: Values) -> dict[str, object]:
    return {}


def _nothing_new(_recorded: Values, _desired: Values) -> dict[str, object]:
    return {}


def _network_created(desired: Values) -> dict[str, object]:
    if desired.get("adopt"):  # or unknown: then what is there decides
        return {"persistent": True}
    return {
        "persistent": True,
        "adopted_from": None,
        "problems": [],
        "bridge_name": _bridge_name(desired),
        "mac": _mac(desired),
    }


def _bridge_name(desired: Values) -> object:
    mode, named = _mode(desired), _named_bridge(desired)
    if UNKNOWN in (mode, named):
        return UNKNOWN
    if named is not None or mode not in OWN_BRIDGE_MODES:
        return "" if named is None else named
    name = desired.get("name")
    return UNKNOWN if name is UNKNOWN else bridge_name_for(str(name))


def _mac(desired: Values) -> object:
    if desired.get("mac") is not None:
        return desired["mac"]
    mode, uuid = _mode(desired), desired.get("uuid", UNKNOWN)
    if mode is not UNKNOWN and mode not in OWN_BRIDGE_MODES:
        return ""
    return UNKNOWN if UNKNOWN in (mode, uuid) else mac_for(str(uuid))


def _mode(desired: Values) -> object:
    forward = desired.get("forward", {})
    unknown = forward is UNKNOWN or as_group(forward).get("mode") is UNKNOWN
    return UNKNOWN if unknown else mode_of(network_tree_with_unknowns(desired))


def _network_updated(recorded: Values, desired: Values) -> dict[str, object]:
    after: dict[str, object] = {"persistent": True, "problems": []}
    named = _named_bridge(desired)
    if UNKNOWN in (named, _mode(desired)) or _mode(desired) != _mode(recorded):
        after["bridge_name"] = UNKNOWN if named is None else named
        after["mac"] = desired.get("mac", UNKNOWN)
    elif named is not None:
        after["bridge_name"] = named
    elif _named_bridge(recorded) is not None:
        after["bridge_name"] = UNKNOWN
    return after


def _named_bridge(inputs: Values) -> object:
    bridge = inputs.get("bridge") or {}
    return UNKNOWN if bridge is UNKNOWN else as_group(bridge).get("name")


def _forwarding_created(desired: Values) -> dict[str, object]:
    return {"drop_in_path": _drop_in_path(desired)}


def _forwarding_updated(_recorded: Values, desired: Values) -> dict[str, object]:
    changing = dict.fromkeys(("runtime", "previous", "at_boot"), UNKNOWN)
    return {**changing, "drop_in_path": _drop_in_path(desired)}


def _drop_in_path(desired: Values) -> object:
    persist = desired.get("persist", True)
    if UNKNOWN in (desired.get("drop_in"), persist):
        return UNKNOWN
    return path_of(drop_in_of(desired)) if persist else ""


_CREATED: Mapping[str, Callable[[Values], dict[str, object]]] = {
    "LibvirtNetwork": _network_created,
    "HostForwarding": _forwarding_created,
}

_UPDATED: Mapping[str, Callable[[Values, Values], dict[str, object]]] = {
    "LibvirtNetwork": _network_updated,
    "HostForwarding": _forwarding_updated,
}
