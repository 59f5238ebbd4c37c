"""Restarts with attached interfaces: whether they are allowed, what they cost, and their steps. Pure."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from virtnet.network.observed import ObservedNetwork, StandInObstacle
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.plan.new import PlugIn
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.steps.holding import MoveToHoldingNetwork, Reattach, RemoveHoldingNetwork, StartHoldingNetwork
from virtnet.network.steps.step import NetworkStep
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge
from virtnet.network.xml.definition import Definition
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.reports import Attachment, attachment_details
from virtnet.spec.failures import Details

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

#: How long a stop and a start take, and how much each interface adds (measured, see docs/design.md).
_SECONDS, _SECONDS_EACH = 0.7, 0.01


def seconds_of_restart(observed: ObservedNetwork) -> float:
    """How long a restart disconnects attached interfaces, or leaves them without DNS and DHCP."""
    return _SECONDS + _SECONDS_EACH * len(observed.users)


def restart_refusals(
    desired: "NetworkTree", target: "NetworkTree", observed: ObservedNetwork, why: Details
) -> Iterator[Refusal]:
    """Why the network must not be restarted with what is attached: something could not be reattached.

    `why` is the reason for the restart.
    """
    users = observed.users
    cut_off = {"why": why, "attachments": attachment_details(users)}
    if desired.get("on_restart") == "refuse":
        yield Refusal(RefusalKind.ON_RESTART_IS_REFUSE, cut_off)
        return
    if observed.host is None:
        yield Refusal(RefusalKind.HOST_NOT_REACHED, cut_off)
        return
    staying = [(entry, entry.cannot_reattach) for entry in users if entry.cannot_reattach is not None]
    for entry, obstacle in staying:
        details: Details = {"why": why, "attachment": entry.as_details(), "obstacle": obstacle.as_details()}
        yield Refusal(RefusalKind.CANNOT_REATTACH, details)
    if staying:
        return
    if not observed.host.may_change_links:
        yield Refusal(RefusalKind.MAY_NOT_REATTACH, cut_off)
    live = observed.report.running
    if live.bridge in observed.host.vlan_filtering_bridges and not _asks_for_vlans(live.tree):
        yield Refusal(RefusalKind.VLAN_FILTERING_BY_HAND, {"why": why, "bridge": live.bridge})
    yield from _elsewhere(target, live, users, why)


def _asks_for_vlans(tree: "NetworkTree") -> bool:
    """Whether libvirt itself makes the network's bridge filter VLANs."""
    return any("vlan" in part for part in (tree, *tree.get("port_groups", [])))


def _elsewhere(target: "NetworkTree", live: Definition, users: Sequence[Attachment], why: Details) -> Iterator[Refusal]:
    """If the network gets another kind of bridge, attached interfaces have no place any more."""
    after, before = own_bridge(target), live.bridge
    mode = mode_of(target)
    on_host_bridge = mode == "bridge" and target.get("bridge", {}).get("name")
    foreign = [entry for entry in users if not entry.owner or entry.bridge_by_name]
    if mode not in OWN_BRIDGE_MODES and not on_host_bridge:
        details = {"why": why, "mode": mode, "attachments": attachment_details(users)}
        yield Refusal(RefusalKind.MODE_WITHOUT_BRIDGE, details)
    elif foreign and before and not after:
        details = {"why": why, "bridge": before, "attachments": attachment_details(foreign)}
        yield Refusal(RefusalKind.BRIDGE_GOES, details)
    named = [entry for entry in users if entry.bridge_by_name]
    if named and after and after != before:
        details = {"why": why, "before": before, "after": after, "attachments": attachment_details(named)}
        yield Refusal(RefusalKind.BRIDGE_RENAMED, details)
    if target.get("virtual_port") or any(group.get("virtual_port") for group in target.get("port_groups", [])):
        yield Refusal(RefusalKind.VIRTUAL_PORT, {"why": why, "attachments": attachment_details(users)})


def unseen(observed: ObservedNetwork) -> Iterator[Note]:
    """The note that a stop may disconnect something that libvirt doesn't know, if the host can't be read."""
    bridge = observed.report.running.bridge
    if observed.only_libvirt and bridge:
        yield Note(NoteKind.OTHERS_UNSEEN, {"bridge": bridge})


def cut_off_notes(users: Sequence[Attachment]) -> Iterator[Note]:
    """Whom a permanent stop disconnects, if on_delete is disconnect."""
    if users:
        yield Note(NoteKind.DISCONNECTED, {"attachments": attachment_details(users)})


def restart_notes(target: "NetworkTree", observed: ObservedNetwork) -> Iterator[Note]:
    """How a restart affects attached interfaces, and for how long."""
    users = observed.users
    host_bridge = "" if own_bridge(target) else target.get("bridge", {}).get("name", "")
    spans = observed.host is not None and host_bridge in observed.host.spanning_tree_bridges
    attachments, toggles = {"attachments": attachment_details(users)}, _subnets_change(target, observed)
    if observed.problem(ProblemKind.BRIDGE_MISSING) is not None:
        yield Note(NoteKind.BRIDGE_LOST_ALREADY, attachments)
    else:
        obstacle = cannot_stand_in(target, observed)
        if obstacle is None:
            yield _stays_connected(observed)
        else:
            cost = {
                "seconds": seconds_of_restart(observed),
                "together": len(users) > 1 and not toggles,
                "gateway": bool(observed.report.running.tree.get("ips")),
                "obstacle": obstacle.value,
            }
            yield Note(NoteKind.DISCONNECTED_BY_RESTART, {**attachments, **cost})
        if obstacle is not None and observed.tracked is False and not _tracks(target, observed):
            yield Note(NoteKind.CONNECTIONS_RESET)
    yield from _forgotten(observed)
    if spans:
        yield Note(NoteKind.SPANNING_TREE_DELAYS, {"bridge": host_bridge})
    if toggles:
        yield Note(NoteKind.LINKS_TOGGLED, attachments)


def _stays_connected(observed: ObservedNetwork) -> Note:
    live = observed.report.running
    cost: Details = {
        "seconds": seconds_of_restart(observed),
        "served": live.serves,
        "waits": any(subnet.version in live.translated for subnet in live.subnets),
    }
    return Note(NoteKind.STAYS_CONNECTED, {"attachments": attachment_details(observed.users), **cost})


def cannot_stand_in(target: "NetworkTree", observed: ObservedNetwork) -> StandInObstacle | None:
    """Why the holding network can't stand in for the gateway while the network restarts; None if it can.

    A network without addresses has no gateway: its guests lose one another, not more.
    """
    live, host = observed.report.running, observed.host
    ips = live.tree.get("ips", [])
    found = {
        StandInObstacle.NOT_SEEN: host is None or observed.stand_in_obstacle is StandInObstacle.NOT_SEEN or not ips,
        StandInObstacle.HOST_BRIDGE: not live.bridge or not own_bridge(target),
        StandInObstacle.BRIDGE_GONE: observed.problem(ProblemKind.BRIDGE_MISSING) is not None,
        StandInObstacle.ADDRESSES: _subnets_change(target, observed),
        StandInObstacle.NETMASK: len(live.subnets) != len(ips),
        StandInObstacle.MODE: mode_of(target) != live.mode,
        StandInObstacle.MAC: target.get("mac", live.mac) != live.mac,
        StandInObstacle.VLANS: host is not None and live.bridge in host.vlan_filtering_bridges,
    }
    return next((obstacle for obstacle, there in found.items() if there), observed.stand_in_obstacle)


def _forgotten(observed: ObservedNetwork) -> Iterator[Note]:
    """Settings that others made on the bridge are lost, because libvirt creates a new bridge."""
    live, host = observed.report.running, observed.host
    bridge = live.bridge
    ours = {ip["address"].partition("/")[0] for ip in live.tree.get("ips", [])}
    found = [a.address for a in host.addresses if a.interface == bridge] if host is not None and bridge else []
    extra = [text for text in found if not _link_local(text) and text.partition("/")[0] not in ours]
    if extra:
        yield Note(NoteKind.ADDRESSES_GO, {"addresses": extra, "bridge": bridge})


def _link_local(address: str) -> bool:
    return ipaddress.ip_interface(address).ip.is_link_local


def _subnets_change(target: "NetworkTree", observed: ObservedNetwork) -> bool:
    """Whether guests need other addresses after the restart."""
    live = observed.report.running.tree
    return {ip["address"] for ip in target.get("ips", [])} != {ip["address"] for ip in live.get("ips", [])}


def hold_steps(target: "NetworkTree", observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """Before the stop, move everything attached to the holding network."""
    if not observed.users:
        return ()
    uuid, toggle_links = observed.report.uuid, _subnets_change(target, observed)
    stands_in = cannot_stand_in(target, observed) is None
    tracks = not stands_in and _tracks(target, observed)
    return (
        *(_reattach(uuid, observed.held) if observed.holding else ()),
        StartHoldingNetwork(uuid=uuid, toggle_links=toggle_links, tracks=tracks, stands_in=stands_in),
        MoveToHoldingNetwork(uuid=uuid, attachments=tuple(observed.users), toggle_links=toggle_links),
    )


def _tracks(target: "NetworkTree", observed: ObservedNetwork) -> bool:
    """Whether tracking connections meanwhile keeps them alive: nothing else tracks them, and NAT stays."""
    return observed.tracked is False and mode_of(target) == "nat" and not _subnets_change(target, observed)


def reattach_steps(observed: ObservedNetwork, restarted: "NetworkTree | None" = None) -> tuple[NetworkStep, ...]:
    """After the start, reattach everything on the holding network, also from an interrupted restart.

    `restarted` is the tree with which the network starts, if it was stopped for that.
    """
    users = (*(() if restarted is None else observed.attachments), *observed.held)
    stands_in = restarted is not None and cannot_stand_in(restarted, observed) is None
    tracks = restarted is not None and not stands_in and _tracks(restarted, observed)
    uuid = observed.report.uuid
    return _reattach(uuid, users, tracks=tracks, stands_in=stands_in) if users or observed.holding else ()


def plug_in(uuid: str, unplugged: tuple[Attachment, ...]) -> PlugIn:
    """Reattach interfaces that aren't on a bridge, and nothing else: libvirt attaches an interface only if it moves."""
    if not unplugged:
        return PlugIn()
    return PlugIn(
        steps=(
            StartHoldingNetwork(uuid=uuid, unplugged_only=True),
            MoveToHoldingNetwork(uuid=uuid, attachments=unplugged, unplugged_only=True),
            Reattach(uuid=uuid, attachments=unplugged, unplugged_only=True),
            RemoveHoldingNetwork(uuid=uuid, unplugged_only=True),
        ),
        notes=(Note(NoteKind.PLUGGED_IN, {"attachments": attachment_details(unplugged)}),),
    )


def _reattach(
    uuid: str, users: Sequence[Attachment], *, tracks: bool = False, stands_in: bool = False
) -> tuple[NetworkStep, ...]:
    return (
        Reattach(uuid=uuid, attachments=tuple(users)),
        RemoveHoldingNetwork(uuid=uuid, tracks=tracks, stands_in=stands_in),
    )
