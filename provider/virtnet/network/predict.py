"""What a preview can promise of a LibvirtNetwork: its outputs, and what the plan means for others. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING

from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.plan.kinds import SECONDS_OF_SPANNING_TREE, NoteKind
from virtnet.network.spec import NetworkIp
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree, network_tree_with_unknowns
from virtnet.planning.findings import Effect, EffectKind, Note
from virtnet.planning.merge import label
from virtnet.spec.failures import Details
from virtnet.spec.part import UNKNOWN, Unknown, Values, as_group, as_list, only

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


#: Who may begin connections in each forward mode: the outside with guests, and guests with the outside. Libvirt's other
#: modes connect guests to a network of the host's, where both may.
_OUTSIDE_REACHES, _GUESTS_REACH = frozenset({"route", "open"}), frozenset({"nat", "route", "open"})


def effects(before: Values | None, after: Values, notes: Sequence[Note]) -> Iterator[Effect]:
    """What the plan means for guests and for whoever reaches them, by its notes and by what changes of the network."""
    for note in notes:
        yield from _of_note(note)
    wanted = network_tree_with_unknowns(after)
    found = None if before is None else network_tree(before)
    mode = mode_of(wanted)
    if mode is not UNKNOWN and not (found is None and wanted.get("adopt")):  # of which nothing was seen yet
        yield from _reach(None if found is None else mode_of(found), mode)
    if found is not None:
        was, now = _subnets(found), _subnets(wanted)
        if was is not None and now is not None and (before_only := was.keys() - now.keys()):
            after_only = now.keys() - was.keys()
            paths = [path for subnet in before_only for path in was[subnet]]
            paths += [path for subnet in after_only for path in now[subnet]]
            details: Details = {"before": sorted(before_only), "after": sorted(after_only), "paths": sorted(paths)}
            yield Effect(EffectKind.RENUMBERED, details=details)


def _of_note(note: Note) -> Iterator[Effect]:
    kind, details = note.kind, note.details
    who = tuple(
        str(entry["owner"] or entry["interface"]) for entry in map(as_group, as_list(details.get("attachments") or []))
    )
    if kind is NoteKind.DISCONNECTED_BY_RESTART:
        yield Effect(EffectKind.INTERRUPTED, who, only(details, {"seconds", "together"}))
    elif kind is NoteKind.STAYS_CONNECTED:
        if details["served"]:
            yield Effect(EffectKind.DNSMASQ_RESTARTED, who)
        if details["waits"]:
            yield Effect(EffectKind.NEW_CONNECTIONS_WAIT, who, only(details, {"seconds"}))
    elif kind is NoteKind.OTHERS_UNSEEN:
        yield Effect(EffectKind.DISCONNECTED, details={"unseen": details["bridge"]})
    elif kind is NoteKind.SPANNING_TREE_DELAYS:
        yield Effect(EffectKind.SPANNING_TREE_DELAY, details={"seconds": SECONDS_OF_SPANNING_TREE})
    elif kind is NoteKind.FIREWALL_REBUILT:
        yield Effect(EffectKind.FIREWALL_REBUILT, details=only(details, {"times"}))
    elif kind in _OF_NOTES:
        yield Effect(_OF_NOTES[kind], who)


#: What notes mean that have nothing but attachments for details.
_OF_NOTES: Mapping[Enum, EffectKind] = {
    NoteKind.BRIDGE_LOST_ALREADY: EffectKind.ATTACHED,
    NoteKind.CONNECTIONS_RESET: EffectKind.CONNECTIONS_RESET,
    NoteKind.DISCONNECTED: EffectKind.DISCONNECTED,
    NoteKind.DNSMASQ_RESTARTED: EffectKind.DNSMASQ_RESTARTED,
    NoteKind.LINKS_TOGGLED: EffectKind.DHCP_RENEWED,
    NoteKind.PLUGGED_IN: EffectKind.ATTACHED,
}


def _reach(before: str | None, mode: str) -> Iterator[Effect]:
    """Who reaches whom by another mode than before; None is no network at all."""
    for reaching, gained, lost in (
        (_OUTSIDE_REACHES, EffectKind.OUTSIDE_REACHES_GUESTS, EffectKind.OUTSIDE_LOSES_GUESTS),
        (_GUESTS_REACH, EffectKind.GUESTS_REACH_OUTSIDE, EffectKind.GUESTS_LOSE_OUTSIDE),
    ):
        was, now = before is not None and _may(before, reaching), _may(mode, reaching)
        if was != now:
            yield Effect(gained if now else lost, details={"mode": mode or "none"})


def _may(mode: str, reaching: frozenset[str]) -> bool:
    return mode in reaching or mode not in OWN_BRIDGE_MODES


def in_brief(desired: Values) -> Iterator[str]:
    """The mode and the subnets."""
    wanted = network_tree_with_unknowns(desired)
    mode = mode_of(wanted)
    if mode is not UNKNOWN and not ("forward" not in wanted and wanted.get("adopt")):
        yield mode or "isolated"
    yield from sorted(_subnets(wanted) or ())


def _subnets(tree: "NetworkTreeWithUnknowns") -> dict[str, list[str]] | None:
    """The subnets, each with the paths of its addresses; None if one of them is unknown."""
    ips = tree.get("ips", [])
    if ips is UNKNOWN:
        return None
    subnets: dict[str, list[str]] = {}
    for ip in ips:
        if ip is UNKNOWN or ip["address"] is UNKNOWN:
            return None
        with suppress(ValueError):  # libvirt accepts what ipaddress does not
            subnet = str(ipaddress.ip_interface(ip["address"]).network)
            subnets.setdefault(subnet, []).append(f"ips[{label(NetworkIp, ip)}]")
    return subnets
