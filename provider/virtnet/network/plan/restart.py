"""What a restart means for those who are plugged in: whether it may be done, and what it costs. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from virtnet.network.observed import ObservedNetwork
from virtnet.network.steps.holding import MoveToHoldingNetwork, Reattach, RemoveHoldingNetwork, StartHoldingNetwork
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge
from virtnet.planning.plan import Step
from virtnet.planning.reports import Attachment
from virtnet.spec.part import Tree

#: What stopping and starting the network takes, and what each interface adds (measured, see docs/design.md).
_SECONDS, _SECONDS_EACH = 0.7, 0.01


def describe_attachments(attachments: Sequence[Attachment]) -> str:
    """Everything plugged in, by name."""
    return ", ".join(entry.describe() for entry in attachments)


def restart_refusals(
    desired: Mapping[str, Tree], target: Tree, live: Tree, observed: ObservedNetwork, what: str
) -> Iterator[str]:
    """Why the network must not be restarted under what is plugged in: it could surely not be plugged in again."""
    users = observed.users
    cut_off = f"{what}, which would cut off {describe_attachments(users)}"
    if desired.get("on_restart") == "refuse":
        yield f"{cut_off}; on_restart is refuse, so unplug it from the network first"
        return
    if observed.host is None:
        yield (
            f"{cut_off}, and only libvirt is reached by this uri, not the host, so it could not surely be plugged in "
            "again; unplug it from the network first"
        )
        return
    staying = [entry for entry in users if entry.cannot_reattach]
    for entry in staying:
        yield f"{what}, and {entry.describe()} could not be plugged in again: {entry.cannot_reattach}; unplug it first"
    if staying:
        return
    if not observed.host.may_change_links:
        yield f"{cut_off}, and this user may not plug interfaces in again; run as root, or unplug it first"
    bridge = own_bridge(live)
    if bridge in observed.host.vlan_filtering_bridges and not _asks_for_vlans(live):
        yield (
            f"{what}, and {bridge} filters VLANs, which was set by hand and would be forgotten, so that what it keeps "
            "apart would meet; unplug it from the network first"
        )
    yield from _elsewhere(target, live, users, what)


def _asks_for_vlans(tree: Tree) -> bool:
    """Whether libvirt itself has the network's bridge filter VLANs."""
    return any("vlan" in part for part in (tree, *tree.get("port_groups", [])))


def _elsewhere(target: Tree, live: Tree, users: Sequence[Attachment], what: str) -> Iterator[str]:
    """Where the network becomes another kind of thing, what hangs on its bridge has no place any more."""
    after, before = own_bridge(target), own_bridge(live)
    mode = mode_of(target)
    on_host_bridge = mode == "bridge" and target.get("bridge", {}).get("name")
    foreign = [entry for entry in users if not entry.owner or entry.bridge_by_name]
    if mode not in OWN_BRIDGE_MODES and not on_host_bridge:
        yield f"{what}, and forward mode {mode} has no bridge for {describe_attachments(users)}; unplug it first"
    elif foreign and before and not after:
        yield (
            f"{what}, and {describe_attachments(foreign)} hangs on the bridge {before}, which goes; plug it in "
            "elsewhere first"
        )
    named = [entry for entry in users if entry.bridge_by_name]
    if named and after and after != before:
        yield (
            f"{what}, and {describe_attachments(named)} names the bridge {before} itself (type='bridge'), which "
            f"becomes {after}; keep bridge.name, or plug it in elsewhere first"
        )
    if target.get("virtual_port") or any(group.get("virtual_port") for group in target.get("port_groups", [])):
        names = describe_attachments(users)
        yield f"{what}, and a virtualport is made for {names} only when it starts; unplug it first"


def unseen(live: Tree, observed: ObservedNetwork) -> Iterator[str]:
    """That a stop may cut off somebody whom libvirt does not know of, where nobody else can be asked."""
    bridge = own_bridge(live)
    if observed.only_libvirt and bridge:
        yield (
            f"only libvirt is reached by this uri, not the host, so what hangs on the bridge {bridge} and is no guest "
            "of libvirt's, a container say, cannot be seen, and is cut off"
        )


def cut_off_notes(users: Sequence[Attachment]) -> Iterator[str]:
    """Whom a stop for good cuts off where on_delete is disconnect, by name."""
    if users:
        yield f"{describe_attachments(users)} {'is' if len(users) == 1 else 'are'} cut off, as on_delete is disconnect"


def restart_notes(target: Tree, live: Tree, observed: ObservedNetwork) -> Iterator[str]:
    """What a restart does to those who are plugged in, by name and in seconds."""
    users = observed.users
    bridge_gone = any(problem.startswith("the bridge ") for problem in observed.problems)
    seconds = _SECONDS + _SECONDS_EACH * len(users)
    host_bridge = "" if own_bridge(target) else str(target.get("bridge", {}).get("name", ""))
    spans = observed.host is not None and host_bridge in observed.host.spanning_tree_bridges
    names, subnets = describe_attachments(users), subnets_change(target, live)
    be, have = ("is", "has") if len(users) == 1 else ("are", "have")
    if bridge_gone:
        yield f"{names} {have} lost the bridge already, and {be} plugged in again"
    else:
        yield (
            f"{names} {be} cut off for about {seconds:.1f} s while the network is stopped and started, and {be} then "
            "plugged in again" + (", and can talk to each other meanwhile" if len(users) > 1 and not subnets else "")
        )
    yield from _forgotten(live, observed)
    if spans:
        yield f"STP is on in {host_bridge}, so that what is plugged in again may say nothing for up to 30 s more"
    if subnets:
        yield f"the addresses of the network change, so the links of {names} go down and up: DHCP clients ask again"


def _forgotten(live: Tree, observed: ObservedNetwork) -> Iterator[str]:
    """What others gave the bridge goes with it: libvirt makes a new one."""
    bridge, host = own_bridge(live), observed.host
    ours = {str(ipaddress.ip_interface(ip["address"]).ip) for ip in live.get("ips", [])}
    found = [a.address for a in host.addresses if a.interface == bridge] if host is not None and bridge else []
    extra = [text for text in found if not _link_local(text) and text.partition("/")[0] not in ours]
    if extra:
        yield f"{', '.join(extra)} on {bridge}, which the network does not name, goes with the bridge; add it again"


def _link_local(address: str) -> bool:
    return ipaddress.ip_interface(address).ip.is_link_local


def subnets_change(target: Tree, live: Tree) -> bool:
    """Whether guests need other addresses after the restart."""
    return {ip["address"] for ip in target.get("ips", [])} != {ip["address"] for ip in live.get("ips", [])}


def hold_steps(target: Tree, live: Tree, observed: ObservedNetwork) -> list[Step]:
    """Before the stop: what is plugged in moves to the holding network."""
    report = observed.report
    if report is None or not observed.users:
        return []
    steps: list[Step] = []
    if observed.holding:
        steps += _reattach(report.uuid, observed.held)
    toggle_links = subnets_change(target, live)
    return [
        *steps,
        StartHoldingNetwork(uuid=report.uuid, toggle_links=toggle_links),
        MoveToHoldingNetwork(uuid=report.uuid, attachments=tuple(observed.users), toggle_links=toggle_links),
    ]


def reattach_steps(uuid: str, observed: ObservedNetwork, *, restarts: bool) -> list[Step]:
    """After the start: what is on the holding network moves back, that of a restart which was cut short too."""
    users = (*(observed.attachments if restarts else ()), *observed.held)
    return _reattach(uuid, users) if users or observed.holding else []


def _reattach(uuid: str, users: Sequence[Attachment]) -> list[Step]:
    return [Reattach(uuid=uuid, attachments=tuple(users)), RemoveHoldingNetwork(uuid=uuid)]
