"""How the notes of a plan read: each a sentence with its kind's details in it. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.network.messages import failures
from virtnet.network.messages.attachments import Attachments, be, names, obstacle_sentence
from virtnet.network.messages.limits import MODULES_OF_LIMITS
from virtnet.network.messages.problems import DNSMASQ_NOT_RUNNING, problem_sentence
from virtnet.network.observed import StandInObstacle
from virtnet.network.plan.kinds import SECONDS_OF_SPANNING_TREE, NoteKind, failure_of
from virtnet.network.problem_kinds import problem_of
from virtnet.planning.messages import alias_option, changed, if_own
from virtnet.spec.messages import reason


def _adopted(*, uuid: str, on_delete: str | None) -> str:
    destroy = {
        "refuse": "removes it",
        "disconnect": "removes it, even while interfaces are attached",
        "keep": "keeps it",
    }.get(str(on_delete), "restores its current configuration")
    return (
        f"adopts the existing network (UUID {uuid}). Settings that the program doesn't set stay as they are, except "
        f"active and autostart, which default to true. pulumi destroy {destroy}"
    )


def _taken_up(*, uuid: str, urn: str) -> str:
    return (
        f"manages the existing network (UUID {uuid}): its owner mark names {urn}, which seems to be this resource under "
        "another parent. Deleting that resource after this doesn't change the network. If that resource depends on one "
        "that this run replaces, Pulumi deletes it first, and the network is created again. To keep its record, "
        f"{alias_option(urn)}. If it is a different resource, choose another name"
    )


def _taken_over(*, owner: str, alias: str) -> str:
    return (
        f"takes the network over from '{owner}', which its owner mark names and which can no longer change or delete it"
        f"{if_own(alias)}"
    )


def _taken_as_found(**failure: Any) -> str:
    found = failure_of(**failure)
    return (
        "adopts the network with a value that virtnet would refuse in a new network. "
        f"{found.path}: {reason(found, failures.SENTENCES)}"
    )


def _doubtful(**failure: Any) -> str:
    found = failure_of(**failure)
    return f"{found.path}: {reason(found, failures.SENTENCES)}, unless this is intended"


def _unnamed(*, places: Sequence[Mapping[str, Any]]) -> str:
    found = [said for place in places for said in _summed_up(place["changes"])]
    undone = ", ".join(f"{place['path']}: {place['undo']}" for place in places)
    return (
        f"the network differs from virtnet's defaults where the program says nothing: {'; '.join(found)}. pulumi up "
        f"doesn't change that. To keep it, add it to the program. To undo it, set {undone}. To hide this note, list it in "
        "ignore_changes"
    )


#: As many items of one list are listed one by one.
_MOST_ITEMS = 3


def _summed_up(changes: Sequence[Mapping[str, str]]) -> list[str]:
    """The changes, and many items of one list in one."""
    lists = Counter(_list_of(change["path"]) for change in changes)
    one_by_one = [changed(**change) for change in changes if lists[_list_of(change["path"])] <= _MOST_ITEMS]
    return one_by_one + [f"{path} has {count} items" for path, count in lists.items() if count > _MOST_ITEMS]


def _list_of(path: str) -> str:
    """The list that a path leads to an item of; the path itself where it leads to none."""
    return path.rpartition("[")[0] if path.endswith("]") else path


def _misplaced(*, attachment: Mapping[str, str], on: str, home: str, network: str) -> str:
    named = f"the network {network}" if network else f"the bridge {home}"
    return (
        f"{names([attachment])} is attached to the bridge {on}, but its own definition names {named}. To move it there: "
        f"ip link set dev {attachment['interface']} master {home}"
    )


def _cannot_plug_in(*, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> str:
    return (
        f"{names([attachment])} isn't attached to a bridge, and can't be reattached while the guest runs: "
        f"{obstacle_sentence(**obstacle)}. Shut the guest down and start it again to reattach it"
    )


def _firewall_rebuilt(*, times: int, seconds: int, connections_survive: bool) -> str:
    count = "once" if times == 1 else f"{times} times, {_duration(seconds)} in all"
    silence = "about 0.2 s" if times == 1 else "most of that time"
    unless = (
        ", but translated ones only if something else on the host tracks connections, as another NAT network, Docker or "
        "firewalld does"
    )
    return (
        f"libvirt rebuilds the network's firewall rules for this ({count}). Packets that guests send through the host can "
        f"be rejected for {silence}. Established connections survive{'' if connections_survive else unless}"
    )


def _restarted_for_many(*, updates: int, seconds: int) -> str:
    return (
        f"instead of {updates} live changes, virtnet restarts the network once. The live changes would take "
        f"{_duration(seconds)}, because libvirt rebuilds the network's firewall rules for each, and guests would reach nothing "
        'outside for most of that time. To make them anyway, set on_many_updates="live"'
    )


def _one_restart_instead(*, seconds: float, by_choice: bool) -> str:
    what = (
        f"one restart would take about {seconds:.1f} s instead of all these rebuilds, and its preview says whether what is "
        "attached stays connected"
    )
    how = 'remove on_many_updates="live"' if by_choice else "run pulumi refresh, then pulumi up"
    return f"{what}. To restart the network, {how}"


def _duration(seconds: int) -> str:
    return f"about {seconds} s" if seconds < _LONG else f"about {round(seconds / 60)} minutes"


#: Seconds from which on minutes say enough.
_LONG = 120


def _plugged_in(*, attachments: Attachments) -> str:
    have = "isn't attached to a bridge and is" if len(attachments) == 1 else "aren't attached to a bridge and are"
    return f"{names(attachments)} {have} reattached. Nothing else changes"


def _disconnected_by_restart(
    *, attachments: Attachments, seconds: float, together: bool, gateway: bool, obstacle: str
) -> str:
    one = len(attachments) == 1
    # Those that still reach each other lose the host alone, and that only where the host has an address there.
    what = (
        f"lose{'s' if one else ''} the network's gateway" if together and gateway else f"{be(attachments)} disconnected"
    )
    return (
        f"{names(attachments)} {what} for about {seconds:.1f} s while the network restarts, and "
        f"{'it is' if one else 'they are'} then reattached"
        + (". They can reach each other during the restart" if together else "")
        + _why_not_connected(StandInObstacle(obstacle), one=one)
    )


def _why_not_connected(obstacle: StandInObstacle, *, one: bool) -> str:
    reason = _OBSTACLES.get(obstacle)
    return f". virtnet can't keep {'it' if one else 'them'} connected, because {reason}" if reason else ""


_OBSTACLES: Mapping[StandInObstacle, str] = {
    StandInObstacle.HOST_BRIDGE: "the network has no bridge of its own, or will have none",
    StandInObstacle.ADDRESSES: "the network's addresses change",
    StandInObstacle.NETMASK: "a netmask of the network has gaps",
    StandInObstacle.MODE: "the forward mode changes",
    StandInObstacle.MAC: "the gateway's MAC address changes",
    StandInObstacle.VLANS: "the bridge filters VLANs",
    StandInObstacle.NO_NFTABLES: "that needs nft and a kernel with nftables",
    StandInObstacle.FIREWALL: "the host's firewall drops what guests send through the host while the network's own rules "
    "are away",
}


def _stays_connected(*, attachments: Attachments, seconds: float, served: bool, waits: bool) -> str:
    stay = f"{names(attachments)} stay{'s' if len(attachments) == 1 else ''} connected while the network restarts"
    how_long = f"for about {seconds:.1f} s"
    away = [f"DNS and DHCP on the network are away {how_long}"] if served else []
    if waits:
        away.append(
            f"{'new' if served else 'New'} connections through the host wait {'for as long' if served else how_long}"
        )
    return ". ".join([stay, *filter(None, [", and ".join(away)])])


def _bridge_lost_already(*, attachments: Attachments) -> str:
    have = "has" if len(attachments) == 1 else "have"
    return f"{names(attachments)} {have} already lost the bridge, and {be(attachments)} reattached"


def _addresses_go(*, addresses: Sequence[str], bridge: str) -> str:
    one, it = ("is", "it") if len(addresses) == 1 else ("are", "them")
    return (
        f"{', '.join(addresses)} on {bridge} {one} not in the network's definition and {one} lost when the bridge is "
        f"removed. Add {it} again afterwards"
    )


def _kernel_cannot_limit_guests(*, way: str) -> str:
    return (
        f"guests of a port group that limits {way} traffic can't start: the host's kernel lacks at least one of "
        f"{MODULES_OF_LIMITS[way]}. Install the kernel's extra modules"
    )


def _chains_gone(*, chains: Sequence[Mapping[str, str]]) -> str:
    return (
        f"libvirt's own firewall chains are missing ({_chains(chains)}), as after a flush. Without these chains, libvirt "
        "can't start a network. If the start fails because of that, virtnet recreates the chains and tries again"
    )


def _chains_not_reached(*, chains: Sequence[Mapping[str, str]]) -> str:
    return (
        f"the jumps to libvirt's own firewall chains are missing ({_chains(chains)}), as after a flush, and libvirt doesn't "
        "notice. The network's rules have no effect until you run pulumi refresh, then pulumi up"
    )


def _chains(chains: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(one["chain"] + (" of IPv6" if one.get("version") else "") for one in chains)


def _links_toggled(*, attachments: Attachments) -> str:
    return (
        f"the network's addresses change, so virtnet sets the links of {names(attachments)} down and up, which makes DHCP "
        "clients renew"
    )


def _disconnected(*, attachments: Attachments) -> str:
    return f'{names(attachments)} {be(attachments)} disconnected, because on_delete is "disconnect"'


def _not_given_back(*, paths: Sequence[str]) -> str:
    return (
        "leaves the network as it is and doesn't restore the configuration from before adoption, because others changed "
        f"{', '.join(paths)} since. Use virsh net-edit to change it by hand"
    )


def _shut_off_guests(*, guests: Sequence[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in guests)
    return f"shut-off guests with an interface on the network, which can't start without it: {quoted}"


def _standing_problem(*, problem: Mapping[str, object]) -> str:
    return f"{problem_sentence(problem_of(problem))}. pulumi up doesn't change that"


def _rules_not_seen(*, problem: Mapping[str, object], only_libvirt: bool) -> str:
    how = "with a uri that reaches the host as root" if only_libvirt else "as root"
    return (
        f"a refresh found that {problem_sentence(problem_of(problem))}. {_not_read(only_libvirt=only_libvirt)}, so it neither "
        f"checks nor fixes that. Run pulumi refresh, then pulumi up, {how}"
    )


def _rules_may_stay(*, only_libvirt: bool) -> str:
    return (
        f"{_not_read(only_libvirt=only_libvirt)}. If libvirt leaves rules of the network, they stay. To look for them, run as "
        "root on the host: nft list ruleset"
    )


def _not_read(*, only_libvirt: bool) -> str:
    why = "because this uri reaches only libvirt" if only_libvirt else "which only root can list"
    return f"virtnet couldn't read the host's firewall rules, {why}"


SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    NoteKind.RESUMED: "manages the existing network (UUID {uuid}): its owner mark names this resource. An earlier run "
    "created it and didn't record it, or its record was removed from the state",
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.ADOPTED: _adopted,
    NoteKind.TAKEN_AS_FOUND: _taken_as_found,
    NoteKind.DOUBTFUL: _doubtful,
    NoteKind.FOUND_BY_MARK: "'{owner}' adopted the network before, as its owner mark says. pulumi destroy restores the "
    "configuration from before that adoption, not the current one. To restore the current one instead, first remove the "
    "element virtnet:owner with virsh net-edit",
    NoteKind.FINISHED: "an earlier run left the network incomplete, and this run completes it",
    NoteKind.DRIFT_NOT_REVIEWED: "{path} has drifted, and fixing it needs more than the preview showed. Run pulumi "
    "refresh, then pulumi up",
    NoteKind.INSIDE_ROUTE: "{subnet} is inside {other}, which the host reaches through {gateway} ({interface}). This host "
    "can no longer reach other hosts in {subnet}",
    NoteKind.OUTSIDE_INTERFACE_MISSING: "the host has no interface {interface}, the only one that guests' packets may "
    "leave through. Guests reach nothing outside until it exists",
    NoteKind.KERNEL_CANNOT_LIMIT_GUESTS: _kernel_cannot_limit_guests,
    NoteKind.CHAINS_GONE: _chains_gone,
    NoteKind.CHAINS_NOT_REACHED: _chains_not_reached,
    NoteKind.STANDING_PROBLEM: _standing_problem,
    NoteKind.UNNAMED: _unnamed,
    NoteKind.MISPLACED: _misplaced,
    NoteKind.CANNOT_PLUG_IN: _cannot_plug_in,
    NoteKind.FIREWALL_REBUILT: _firewall_rebuilt,
    NoteKind.RESTARTED_FOR_MANY: _restarted_for_many,
    NoteKind.ONE_RESTART_INSTEAD: _one_restart_instead,
    NoteKind.DNSMASQ_RESTARTED: "libvirt restarts dnsmasq for this, so DNS and DHCP on the network pause briefly",
    NoteKind.DNSMASQ_GONE_WITHOUT_DNS: f"{DNSMASQ_NOT_RUNNING}, and virtnet can't start it while DNS is disabled. Restart "
    "virtnetworkd (or libvirtd), which starts it",
    NoteKind.PLUGGED_IN: _plugged_in,
    NoteKind.DISCONNECTED_BY_RESTART: _disconnected_by_restart,
    NoteKind.STAYS_CONNECTED: _stays_connected,
    NoteKind.CONNECTIONS_RESET: "TCP connections of guests through the host break: the host resets them, because nothing "
    "else on it tracks connections, as another NAT network, Docker or firewalld would",
    NoteKind.BRIDGE_LOST_ALREADY: _bridge_lost_already,
    NoteKind.ADDRESSES_GO: _addresses_go,
    NoteKind.SPANNING_TREE_DELAYS: "STP is on in {bridge}, so reattached interfaces may forward no packets for up to "
    f"{SECONDS_OF_SPANNING_TREE} s more",
    NoteKind.LINKS_TOGGLED: _links_toggled,
    NoteKind.DISCONNECTED: _disconnected,
    NoteKind.OTHERS_UNSEEN: "this uri reaches only libvirt, not the host. Anything on the bridge {bridge} that isn't a "
    "guest of libvirt, a container for example, is disconnected without being listed here",
    NoteKind.GONE_ALREADY: "the network no longer exists",
    NoteKind.LEFT_TO_OWNER: "the network now belongs to '{owner}', so it isn't changed",
    NoteKind.KEPT: 'keeps the network, because on_delete is "keep"',
    NoteKind.GIVEN_BACK: "restores the configuration from before adoption",
    NoteKind.NOT_GIVEN_BACK: _not_given_back,
    NoteKind.SHUT_OFF_GUESTS: _shut_off_guests,
    NoteKind.RULES_NOT_SEEN: _rules_not_seen,
    NoteKind.RULES_MAY_STAY: _rules_may_stay,
}
