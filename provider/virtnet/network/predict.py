"""The outputs of a LibvirtNetwork that a preview can promise. Pure."""

from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree_with_unknowns
from virtnet.spec.part import UNKNOWN, Values, as_group


def predict(recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that are known before a create, or an update, is done; UNKNOWN those that it may change."""
    return _created(desired) if recorded is None else _updated(recorded, desired)


def _created(desired: Values) -> dict[str, object]:
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


def _updated(recorded: Values, desired: Values) -> dict[str, object]:
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


def _mode(desired: Values) -> object:
    forward = desired.get("forward", {})
    unknown = forward is UNKNOWN or as_group(forward).get("mode") is UNKNOWN
    return UNKNOWN if unknown else mode_of(network_tree_with_unknowns(desired))


def _named_bridge(inputs: Values) -> object:
    bridge = inputs.get("bridge") or {}
    return UNKNOWN if bridge is UNKNOWN else as_group(bridge).get("name")
