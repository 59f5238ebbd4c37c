"""The outputs of a LibvirtNetwork that a preview can promise. Pure."""

from typing import TYPE_CHECKING

from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree, network_tree_with_unknowns
from virtnet.spec.part import UNKNOWN, Unknown, Values

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree, NetworkTreeWithUnknowns


def predict(recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that are known before a create, or an update, is done; UNKNOWN those that it may change."""
    wanted = network_tree_with_unknowns(desired)
    return _created(wanted) if recorded is None else _updated(network_tree(recorded), wanted)


def _created(desired: "NetworkTreeWithUnknowns") -> dict[str, object]:
    if desired.get("adopt"):  # or unknown: then what is there decides
        return {"persistent": True}
    return {
        "persistent": True,
        "adopted_from": None,
        "problems": [],
        "bridge_name": _bridge_name(desired),
        "mac": _mac(desired),
    }


def _bridge_name(desired: "NetworkTreeWithUnknowns") -> str | Unknown:
    mode, named = mode_of(desired), _named_bridge(desired)
    if UNKNOWN in (mode, named):
        return UNKNOWN
    if named is not None or mode not in OWN_BRIDGE_MODES:
        return "" if named is None else named
    name = desired.get("name", UNKNOWN)
    return UNKNOWN if name is UNKNOWN else bridge_name_for(name)


def _mac(desired: "NetworkTreeWithUnknowns") -> str | Unknown:
    mac, mode, uuid = desired.get("mac"), mode_of(desired), desired.get("uuid", UNKNOWN)
    if mac is not None:
        return mac
    if mode is not UNKNOWN and mode not in OWN_BRIDGE_MODES:
        return ""
    return UNKNOWN if mode is UNKNOWN or uuid is UNKNOWN else mac_for(uuid)


def _updated(recorded: "NetworkTree", desired: "NetworkTreeWithUnknowns") -> dict[str, object]:
    after: dict[str, object] = {"persistent": True, "problems": []}
    named, mode = _named_bridge(desired), mode_of(desired)
    if UNKNOWN in (named, mode) or mode != mode_of(recorded):
        after["bridge_name"] = UNKNOWN if named is None else named
        after["mac"] = desired.get("mac", UNKNOWN)
    elif named is not None:
        after["bridge_name"] = named
    elif _named_bridge(recorded) is not None:
        after["bridge_name"] = UNKNOWN
    return after


def _named_bridge(inputs: "NetworkTreeWithUnknowns") -> str | Unknown | None:
    bridge = inputs.get("bridge")
    if bridge is None or bridge is UNKNOWN:
        return bridge
    return bridge.get("name")
