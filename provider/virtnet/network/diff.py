"""What is recorded of a network against what is desired: the changes with nothing looked at, and how much to look at.

The changes are all that diff needs, so a preview does not change its answer because a host is down. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from virtnet.network.live_items import as_one_restart, as_updates_can
from virtnet.network.names import bridge_name_for, mac_for
from virtnet.network.observe.named import named_on_host
from virtnet.network.observe.scope import Scope, Start
from virtnet.network.outputs import NetworkOutputs, revealed
from virtnet.network.problem_kinds import OF_RULES, TOLD_ALONE, ProblemKind, mended_by, problem_of
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import (
    OWN_BRIDGE_MODES,
    mode_of,
    network_tree,
    network_tree_with_unknowns,
    own_bridge,
    subnets_of,
)
from virtnet.network.xml.edits import not_named, with_found_again
from virtnet.planning.findings import Problem
from virtnet.planning.merge import differences, merge, naming
from virtnet.planning.ownership.marks import mark_for, owner_of, renamed
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import UNKNOWN, TreeType, Values, as_group, as_list, only, walk_unknown, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import (
        BridgeTree,
        BridgeTreeWithUnknowns,
        NetworkTree,
        NetworkTreeWithUnknowns,
    )

RECORDED_ONLY = ("adopt", "allow_overlap", "on_restart", "on_many_updates", "on_delete")
"""Inputs that nothing on the host follows from."""

_SETTINGS_OF_MODE = {
    "nat": ("nat", "interfaces"),
    "route": ("interfaces",),
    "bridge": ("interfaces",),
    "private": ("interfaces",),
    "vepa": ("interfaces",),
    "passthrough": ("interfaces", "pf"),
    "hostdev": ("managed", "pf", "addresses", "driver"),
}
"""The settings of `forward` that libvirt accepts in a mode."""

COMPUTED = frozenset(NetworkOutputs.model_fields)
"""Names of outputs that are made, not named by the program (uuid and mac may be both)."""


def recorded_inputs(recorded: Values) -> "NetworkTree":
    """What the program named when the outputs were recorded."""
    also_named = as_list(recorded.get("__named", []))
    inputs = {name for name in NetworkSpec.model_fields if name not in COMPUTED or name in also_named}
    return network_tree(only(recorded, {"__owner", "__urn", *inputs}))


def recorded_changes(desired: "NetworkTreeWithUnknowns", recorded: Values) -> tuple[Change, ...]:
    """The changes between what is recorded and what is desired, with nothing looked at: what diff reports."""
    before, present = recorded_inputs(recorded), _recorded_tree(desired, recorded)
    aim = with_found_again(desired, before, recorded.get("adopted_from"))
    found = {
        change.path: change
        for there in _with_unnamed(present, recorded, desired)
        for change in _made(aim, before, there)
    }
    changes = list(found.values())
    if recorded.get("active") is False:
        # Nothing runs, so nothing is stopped; a start takes the new definition.
        changes = [
            change._replace(change_class=min(change.change_class, ChangeClass.LIVE))
            if change.change_class is ChangeClass.RESTART
            else change
            for change in changes
        ]
    if not changes and desired != before:
        # Newly named, or no longer, with the value they have anyway: recorded, so that a refresh watches them.
        changes += [change for change in naming(NetworkSpec, desired, before) if change.path != "uri"]
    if recorded.get("persistent") is False:
        changes.append(Change(path="persistent", kind="change", change_class=ChangeClass.LIVE, detail="false -> true"))
    if names := renamed(recorded, desired):
        problem = Problem(ProblemKind.OWNER_CHANGED, names)
        changes.append(Change(path="owner", kind="change", change_class=ChangeClass.RECORDED, problems=(problem,)))
    elif recorded.get("__imported") and owner_of(desired):
        problem = Problem(ProblemKind.NOT_MARKED, {"owner": mark_for(desired, "").owner_shown})
        changes.append(Change(path="owner", kind="add", change_class=ChangeClass.RECORDED, problems=(problem,)))
    problems = tuple(_still_amiss(desired, map(problem_of, as_list(recorded.get("problems") or ()))))
    if problems:
        # What no update mends is live: an update may do whatever disturbs nobody, and says what is left.
        change_class = max(mended_by(problem) or ChangeClass.LIVE for problem in problems)
        covers = tuple(str(path) for problem in problems for path in as_list(problem.details.get("paths") or ()))
        change = Change(path="problems", kind="change", change_class=change_class, problems=problems, covers=covers)
        changes.append(change)
    return tuple(changes)


def by_record(desired: "NetworkTree", recorded: Values) -> "tuple[NetworkTree, NetworkTree]":
    """What is there by what is recorded, what nobody named included, and where an update takes it."""
    before = recorded_inputs(recorded)
    there = next(_with_unnamed(_recorded_tree(desired, recorded), recorded, desired))
    aim = with_found_again(desired, before, recorded.get("adopted_from"))
    return there, merged(aim, before, there)


def _recorded_tree(desired: "NetworkTreeWithUnknowns", recorded: Values) -> "NetworkTree":
    """What the program named, and what was made, as recorded."""
    made = network_tree(only(recorded, {name for name in ("uuid", "mac") if recorded.get(name)}))
    present: NetworkTree = {**recorded_inputs(recorded), **made}
    if mode_of(desired) in OWN_BRIDGE_MODES and recorded.get("bridge_name"):
        present = {**present, "bridge": {**present.get("bridge", {}), "name": str(recorded["bridge_name"])}}
    return present


def _with_unnamed(present: "NetworkTree", recorded: Values, desired: Values) -> "Iterator[NetworkTree]":
    """What is there, with what nobody named, which may be named by now, or said not to be.

    Where what runs and what is defined differ in that, both ways: a change of either is one.
    """
    others = revealed(NetworkSpec, as_group(recorded.get("__unnamed") or {}), desired)
    yield merge(NetworkSpec, present, {}, network_tree(others)) if others else present
    if unsettled := {str(name) for name in as_list(recorded.get("__unsettled") or ())}:
        yield merge(NetworkSpec, present, {}, network_tree(without(others, unsettled)))


def _made(desired: "NetworkTreeWithUnknowns", before: "NetworkTree", present: "NetworkTree") -> list[Change]:
    """The changes that make what is desired of what is there."""
    wanted = merged(desired, before, present)
    target: NetworkTreeWithUnknowns = {
        **without(wanted, RECORDED_ONLY),
        **only(desired, RECORDED_ONLY),
        "autostart": desired.get("autostart", True),
        "active": desired.get("active", True),
    }
    changes = as_updates_can(differences(NetworkSpec, target, present), target, present)
    if target.get("on_many_updates") != "live":
        changes = as_one_restart(changes, target, present)
    return [
        # Starting is live; only stopping takes something away.
        change._replace(change_class=ChangeClass.LIVE)
        if change.path == "active" and target.get("active") is True
        else change
        for change in changes
    ]


def _still_amiss(desired: "NetworkTreeWithUnknowns", problems: Iterable[Problem]) -> Iterator[Problem]:
    """The recorded problems that count as changes.

    What an edit has left that the program names by now is a change of its own.
    """
    for problem in problems:
        if problem.kind in TOLD_ALONE:
            continue
        if problem.kind is not ProblemKind.EDIT_INTERRUPTED:
            yield problem
        elif left := not_named(map(str, as_list(problem.details["paths"])), desired):
            yield problem._replace(details={**problem.details, "paths": sorted(left)})


def needs(desired: Values | None, recorded: Values) -> Scope:
    """How much is to be looked at before planning. Desired is {} when only reading, and None before a delete."""
    wanted, deletes = network_tree_with_unknowns(desired or {}), desired is None
    named = (_named_bridge(wanted), _named_bridge(network_tree_with_unknowns(recorded)))
    has_own_bridge = bool(wanted) and mode_of(wanted) in OWN_BRIDGE_MODES
    whole = has_own_bridge and not list(walk_unknown(wanted))
    addresses = [ip.get("address", "") for ip in network_tree(wanted).get("ips", [])] if whole else []
    problems = map(problem_of, as_list(recorded.get("problems") or ()))
    start, names = _start(wanted, recorded, deletes=deletes), named_on_host(wanted)
    return Scope(
        uuid=str(recorded.get("uuid") or ""),
        name=str(wanted.get("name", "")),
        start=start,
        deletes=deletes,
        recorded=only(recorded, {"__token", "__owner", "__urn"}),
        disconnects=deletes and recorded.get("on_delete") == "disconnect",
        checks_firewall=recorded.get("host_uuid") is not None,
        attachments=deletes or bool(wanted),
        updates=bool(wanted),
        bridges=frozenset(name for name in named if name),
        own_bridge=own_bridge(wanted),
        subnets=subnets_of(network_tree(wanted)) if whole else frozenset(),
        of_rules=tuple(problem for problem in problems if problem.kind in OF_RULES),
        ip_versions=frozenset(6 if ":" in address else 4 for address in addresses) if whole else None,
        # A start alone needs the means of its limits, and the kernel takes 30 ms to tell.
        named=names if start is Start.PLANNED else names._replace(limits=frozenset()),
        prefetches=has_own_bridge and not wanted.get("adopt") and bool(wanted.get("active", True)),
    )


def _start(wanted: "NetworkTreeWithUnknowns", recorded: Values, *, deletes: bool) -> Start:
    if deletes:
        # What was adopted is given back as it was found, running maybe.
        return Start.PLANNED if recorded.get("adopted_from") else Start.NEVER
    if not wanted:
        return Start.NEVER
    if not recorded or recorded.get("problems"):
        return Start.PLANNED
    restarts = any(change.change_class >= ChangeClass.RESTART for change in recorded_changes(wanted, recorded))
    return Start.PLANNED if restarts else Start.IF_AMISS


def _named_bridge(inputs: "NetworkTreeWithUnknowns") -> str:
    """The bridge's name that inputs give; "" if they give none, or none is known yet."""
    bridge = inputs.get("bridge", UNKNOWN)
    name = "" if bridge is UNKNOWN else bridge.get("name", "")
    return "" if name is UNKNOWN else name


def merged(desired: TreeType, before: Values, present: "NetworkTree") -> TreeType:
    """The target tree of a network: what is desired, what nobody set as it is, and the identity."""
    # Only settings go.
    target = cast("TreeType", _of_its_mode(merge(NetworkSpec, desired, before, present), desired, before, present))
    return with_identity(target, present)


def _of_its_mode(target: Values, desired: Values, before: Values, present: "NetworkTree") -> Values:
    """The target without settings of others that belong to a mode that it no longer has.

    libvirt would refuse them in another mode. In an isolated network, which has no `forward`, they would mean mode nat.
    """
    forward = target.get("forward")
    if forward is None or forward is UNKNOWN:
        return target
    if "forward" in before and "forward" not in desired:
        return without(target, {"forward"})
    mode = mode_of(network_tree_with_unknowns(target))
    if mode is UNKNOWN or mode == mode_of(present):
        return target
    # A bridge and interfaces exclude each other.
    bridged = mode == "bridge" and "bridge" in desired
    stay = {"mode", *as_group(desired.get("forward", {})), *(() if bridged else _SETTINGS_OF_MODE.get(mode, ()))}
    return {**target, "forward": only(as_group(forward), stay)}


def with_identity(target: TreeType, present: "NetworkTree") -> TreeType:
    """UUID, MAC and the bridge's name are kept once there; libvirt makes up new ones where they are left out.

    `target` is a network's tree, with or without unknowns.
    """
    tree = network_tree_with_unknowns(target)
    nothing: BridgeTreeWithUnknowns = {}
    bridge = tree.get("bridge", nothing)
    name = present.get("bridge", {}).get("name")
    both_own = mode_of(tree) in OWN_BRIDGE_MODES and mode_of(present) in OWN_BRIDGE_MODES
    alike = both_own or mode_of(tree) == mode_of(present)
    named: NetworkTreeWithUnknowns = {**only(present, {"name", "uuid", "mac"}), **tree}
    if alike and name is not None and bridge is not UNKNOWN and "name" not in bridge:
        named = {**named, "bridge": {"name": name, **bridge}}
    # Only what is known was added.
    return cast("TreeType", named)


def with_own_bridge(target: "NetworkTree", uuid: str) -> "NetworkTree":
    """A network with a bridge of its own and its whole identity: what is not named is chosen, not left to libvirt."""
    bridge: BridgeTree = {"name": bridge_name_for(target["name"]), **target.get("bridge", {})}
    return {"mac": mac_for(uuid), **target, "bridge": bridge}
