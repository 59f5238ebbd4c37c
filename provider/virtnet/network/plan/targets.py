"""The targets of both copies of a network and of libvirt's flags, as far as reviewed. Pure."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.diff import merged, with_own_bridge
from virtnet.network.live_items import MANY_UPDATES, as_found_where_updates_cannot, as_updates_can, rebuilds
from virtnet.network.observed import ReportedNetwork
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import OWN_BRIDGE_MODES, as_defined, mode_of
from virtnet.network.xml.read import NEXT_START, NOT_XML
from virtnet.planning.merge import differences, restrict
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import only, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

#: Settings that only networks with a bridge of their own have.
_OF_OWN_BRIDGE = frozenset({"ips", "routes", "dns", "domain", "dnsmasq_options", "mtu", "mac", "ipv6"})


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Both copies of a network's configuration: the target and the current tree of each."""

    config: "NetworkTree"
    config_found: "NetworkTree"
    """The persistent configuration, or the running one of a transient network."""
    live: "tuple[NetworkTree, NetworkTree] | None"
    """The running network: target and current tree. None if it is inactive."""
    restart_for_many: bool = False
    """Whether one restart, which was reviewed, replaces many updates."""

    @cached_property
    def config_changes(self) -> tuple[Change, ...]:
        """The changes of the definition."""
        return differences(NetworkSpec, self.config, self.config_found)

    @cached_property
    def live_changes(self) -> tuple[Change, ...]:
        """The changes of the running network, without those that apply at its next start."""
        if self.live is None:
            return ()
        target, found = self.live
        return as_updates_can(differences(NetworkSpec, at_next_start(target), at_next_start(found)), target, found)

    @cached_property
    def many_updates(self) -> int:
        """How many updates of the running network one restart replaces; 0 if none."""
        if not self.restart_for_many or self.live is None:
            return 0
        count = rebuilds(*self.live)
        return count if count >= MANY_UPDATES else 0

    @property
    def changes(self) -> tuple[Change, ...]:
        """Changes of both copies, each path once."""
        of_config = {change.path: change for change in self.config_changes}
        only_live = (change for change in self.live_changes if change.path not in of_config)
        return (*self.config_changes, *only_live)


class Flags(NamedTuple):
    """The wanted flags of libvirt."""

    active: bool
    autostart: bool
    persistent: bool
    """Whether the network is persistent, or must become so."""


class Targets(NamedTuple):
    """The targets of a network."""

    copies: Copies
    flags: Flags
    skipped: tuple[str, ...] = ()
    """The differing paths whose change would cost more than was reviewed."""


def targets_of(
    desired: "NetworkTree", before: "NetworkTree", report: ReportedNetwork, reviewed_class: ChangeClass
) -> Targets:
    """The targets for an existing network, from the desired and the previously desired tree."""
    wanted, had = _in_xml(desired), _in_xml(before)
    found = report.definition.tree
    running = None if report.live is None else as_defined(report.live.tree, found)
    live = None if running is None else (_target(wanted, had, running), running)
    copies = Copies(
        config=_target(wanted, had, found),
        config_found=found,
        live=live,
        restart_for_many=reviewed_class >= ChangeClass.RESTART and desired.get("on_many_updates") != "live",
    )
    flags = Flags(
        active=bool(desired.get("active", True)), autostart=bool(desired.get("autostart", True)), persistent=True
    )
    if reviewed_class >= ChangeClass.RESTART:
        return Targets(copies=copies, flags=flags)
    within = _copies_within(copies, reviewed_class)
    beyond = {change.path for change in copies.changes} - {change.path for change in within.changes}
    allowed, skipped = _flags_within(flags, report, reviewed_class)
    return Targets(copies=within, flags=allowed, skipped=(*sorted(beyond), *skipped))


def at_next_start(tree: "NetworkTree") -> "NetworkTree":
    """A tree without settings that a running network shows only after its next start."""
    return without(tree, NEXT_START)


def _in_xml(tree: "NetworkTree") -> "NetworkTree":
    return only(tree, NetworkSpec.model_fields.keys() - NOT_XML)


def target_of(desired: "NetworkTree", before: "NetworkTree", found: "NetworkTree") -> "NetworkTree":
    """The target of one copy, from the desired and the previously desired tree."""
    return _target(_in_xml(desired), _in_xml(before), found)


def _target(wanted: "NetworkTree", had: "NetworkTree", found: "NetworkTree") -> "NetworkTree":
    """The target of one copy: merged, with its identity, and without settings that its mode refuses."""
    target = merged(wanted, had, found)
    if mode_of(target) in OWN_BRIDGE_MODES:
        return with_own_bridge(target, found["uuid"])
    if mode_of(found) not in OWN_BRIDGE_MODES:
        return target
    # From a bridge of its own to none: settings of others can't stay, because libvirt no longer accepts them.
    kept = without(target, {"bridge", *(_OF_OWN_BRIDGE - wanted.keys())})
    return {**kept, "bridge": wanted["bridge"]} if "bridge" in wanted else kept


def _copies_within(copies: Copies, reviewed_class: ChangeClass) -> Copies:
    """The copies without changes above the reviewed class."""
    # A change that only the definition needs stops nothing, so it counts as live.
    stops = any(change.change_class > reviewed_class for change in copies.live_changes)
    if not stops and reviewed_class >= ChangeClass.LIVE:
        config = copies.config
    else:
        config = _within(copies.config, copies.config_found, reviewed_class)
    live = None if copies.live is None else (_live_within(*copies.live, reviewed_class), copies.live[1])
    return replace(copies, config=config, live=live)


def _within(target: "NetworkTree", found: "NetworkTree", reviewed_class: ChangeClass) -> "NetworkTree":
    """A copy without changes above the reviewed class. If others changed the mode, its settings stay as they are.

    Settings of one mode mean something else in another: an interface alone turns an isolated network into a NAT one. If
    one of the two modes has no bridge of its own, that holds for all settings.
    """
    if mode_of(target) != mode_of(found):
        if not {mode_of(target), mode_of(found)} <= set(OWN_BRIDGE_MODES):
            return found
        target = without(target, {"forward"})
        if "forward" in found:
            target = {**target, "forward": found["forward"]}
    return restrict(NetworkSpec, target, found, reviewed_class)


def _live_within(target: "NetworkTree", found: "NetworkTree", reviewed_class: ChangeClass) -> "NetworkTree":
    live = _within(target, found, reviewed_class)
    return as_found_where_updates_cannot(live, found)


def _flags_within(flags: Flags, report: ReportedNetwork, reviewed_class: ChangeClass) -> tuple[Flags, tuple[str, ...]]:
    """The flags without changes above the reviewed class, and the names of those that stay as they are."""
    if reviewed_class >= ChangeClass.LIVE:
        stops = report.active and not flags.active
        return (flags._replace(active=True), ("active",)) if stops else (flags, ())
    there = Flags(active=report.active, autostart=report.autostart, persistent=report.persistent)
    differing = (
        ("active", flags.active != there.active),
        ("autostart", flags.autostart != there.autostart),
        ("persistent", not there.persistent),
    )
    return there, tuple(name for name, differs in differing if differs)
