"""How the notes of a plan read: each a sentence with its kind's details in it. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.network.messages import failures
from virtnet.network.messages.attachments import Attachments, names, obstacle_sentence
from virtnet.network.messages.limits import MODULES_OF_LIMITS
from virtnet.network.messages.problems import DNSMASQ_NOT_RUNNING, problem_sentence
from virtnet.network.plan.kinds import SECONDS_OF_SPANNING_TREE, NoteKind, failure_of
from virtnet.network.problem_kinds import problem_of
from virtnet.planning.messages import alias_option, changed
from virtnet.spec.messages import reason


def _adopted(*, uuid: str, on_delete: str | None) -> str:
    destroy = {
        "refuse": "removes it",
        "disconnect": "removes it, whatever is plugged in",
        "keep": "leaves it",
    }.get(str(on_delete), "gives it back as it is now")
    return (
        f"takes over the network that exists (UUID {uuid}); what the program leaves out stays as it is, except active "
        f"and autostart, which are true when left out, and a destroy {destroy}"
    )


def _taken_up(*, uuid: str, urn: str) -> str:
    return (
        f"takes up the network that is there (UUID {uuid}): its mark names {urn}, which seems to be this resource under "
        "another parent; if its record is deleted in this run, that leaves the network alone. To keep the record, "
        f"{alias_option(urn)}; if it is another resource, choose another name"
    )


def _taken_over(*, owner: str, alias: str) -> str:
    old_name = f"; if that is this resource before it was renamed or moved, {alias_option(alias)} instead"
    return (
        f"it belongs to '{owner}' by its mark, from which it is taken over: nothing there changes it or deletes it any "
        "more" + (old_name if alias else "")
    )


def _taken_as_found(**failure: Any) -> str:
    found = failure_of(**failure)
    return f"it is taken as it was found, though {found.path}: {reason(found, failures.SENTENCES)}"


def _doubtful(**failure: Any) -> str:
    found = failure_of(**failure)
    return f"{found.path}: {reason(found, failures.SENTENCES)}, unless it is meant so"


def _unnamed(*, places: Sequence[Mapping[str, Any]]) -> str:
    found = [said for place in places for said in _summed_up(place["changes"])]
    undone = ", ".join(f"{place['path']}: {place['undo']}" for place in places)
    return (
        f"the program leaves out what is not as virtnet makes it: {'; '.join(found)}. It stays so; name it as it is to own "
        f"it, undo it with {undone}, or list it in ignore_changes to be told no more"
    )


#: As many items of one list are told one by one.
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
        f"{names([attachment])} hangs on the bridge {on}, and its own definition names {named}; if nobody meant that, ip "
        f"link set dev {attachment['interface']} master {home} moves it there"
    )


def _cannot_plug_in(*, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> str:
    return (
        f"{names([attachment])} hangs on no bridge, and cannot be plugged in while the guest runs: "
        f"{obstacle_sentence(**obstacle)}; a start of the guest plugs it in"
    )


def _firewall_rebuilt(*, times: int) -> str:
    count = "once" if times == 1 else f"{times} times, about 0.4 s each"
    return (
        f"libvirt makes the network's firewall rules anew for this ({count}), so packets that guests send through the "
        "host can be refused for some milliseconds; connections go on"
    )


def _plugged_in(*, attachments: Attachments) -> str:
    one = len(attachments) == 1
    be, hang = ("is", "hangs") if one else ("are", "hang")
    return f"{names(attachments)} {hang} on no bridge and {be} plugged in; nobody else is touched"


def _cut_off_by_restart(*, attachments: Attachments, seconds: float, together: bool) -> str:
    be = "is" if len(attachments) == 1 else "are"
    return (
        f"{names(attachments)} {be} cut off for about {seconds:.1f} s while the network is stopped and started, and "
        f"{be} then plugged in again" + (", and can talk to each other meanwhile" if together else "")
    )


def _bridge_lost_already(*, attachments: Attachments) -> str:
    be, have = ("is", "has") if len(attachments) == 1 else ("are", "have")
    return f"{names(attachments)} {have} lost the bridge already, and {be} plugged in again"


def _addresses_go(*, addresses: Sequence[str], bridge: str) -> str:
    return f"{', '.join(addresses)} on {bridge}, which the network does not name, goes with the bridge; add it again"


def _kernel_cannot_limit_guests(*, way: str) -> str:
    return (
        f"guests of a port group that limits {way} traffic do not start: the host's kernel lacks at least one of "
        f"{MODULES_OF_LIMITS[way]}"
    )


def _chains_gone(*, chains: Sequence[Mapping[str, str]]) -> str:
    return (
        f"libvirt's own firewall chains are gone ({_chains(chains)}), as after a flush, and libvirt starts no network "
        "without them: the start makes them as libvirt does"
    )


def _chains_not_reached(*, chains: Sequence[Mapping[str, str]]) -> str:
    return (
        f"nothing leads into libvirt's own firewall chains any more ({_chains(chains)}), as after a flush, and libvirt does "
        "not look: its rules of the network do nothing until pulumi refresh, and the pulumi up after it, put that right"
    )


def _chains(chains: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(one["chain"] + (" of IPv6" if one.get("version") else "") for one in chains)


def _links_toggled(*, attachments: Attachments) -> str:
    return (
        f"the addresses of the network change, so the links of {names(attachments)} go down and up: DHCP clients ask "
        "again"
    )


def _cut_off(*, attachments: Attachments) -> str:
    be = "is" if len(attachments) == 1 else "are"
    return f"{names(attachments)} {be} cut off, as on_delete is disconnect"


def _not_given_back(*, paths: Sequence[str]) -> str:
    return (
        "it is left as it is and not given back as it was adopted, as others changed it since: "
        f"{', '.join(paths)}; virsh net-edit changes it by hand"
    )


def _shut_off_guests(*, guests: Sequence[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in guests)
    return f"shut-off guests that have an interface on it, and will not start without it: {quoted}"


def _standing_problem(*, problem: Mapping[str, object]) -> str:
    return f"{problem_sentence(problem_of(problem))}; no update changes that"


SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    NoteKind.RESUMED: "takes up the network that is there (UUID {uuid}): its mark names this very resource, so an earlier "
    "run made it and did not record it, or its record was dropped",
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.ADOPTED: _adopted,
    NoteKind.TAKEN_AS_FOUND: _taken_as_found,
    NoteKind.DOUBTFUL: _doubtful,
    NoteKind.FOUND_BY_MARK: "by the mark in its metadata '{owner}' adopted it before, and how that found it is what a "
    "destroy gives back, not how it is now; where that is over, take the mark out first (virsh net-edit, the element "
    "virtnet:owner)",
    NoteKind.FINISHED: "it was left half-made by an earlier run and is finished now",
    NoteKind.DRIFT_NOT_REVIEWED: "{path} differs on the host and mending it is more than was reviewed; run pulumi "
    "refresh, then pulumi up",
    NoteKind.INSIDE_ROUTE: "{subnet} is inside {other}, which the host reaches through {gateway} ({interface}); guests "
    "there will no longer be reached from this host",
    NoteKind.OUTSIDE_INTERFACE_MISSING: "the host has no interface {interface}, by which alone guests may leave it: they "
    "reach nothing outside before it is there",
    NoteKind.KERNEL_CANNOT_LIMIT_GUESTS: _kernel_cannot_limit_guests,
    NoteKind.CHAINS_GONE: _chains_gone,
    NoteKind.CHAINS_NOT_REACHED: _chains_not_reached,
    NoteKind.STANDING_PROBLEM: _standing_problem,
    NoteKind.UNNAMED: _unnamed,
    NoteKind.MISPLACED: _misplaced,
    NoteKind.CANNOT_PLUG_IN: _cannot_plug_in,
    NoteKind.FIREWALL_REBUILT: _firewall_rebuilt,
    NoteKind.DNSMASQ_RESTARTED: "dnsmasq is restarted for this, so DNS and DHCP on the network pause for a moment",
    NoteKind.DNSMASQ_GONE_WITHOUT_DNS: f"{DNSMASQ_NOT_RUNNING}; DNS is disabled on it, so restart virtnetworkd (or "
    "libvirtd), which starts dnsmasq",
    NoteKind.PLUGGED_IN: _plugged_in,
    NoteKind.CUT_OFF_BY_RESTART: _cut_off_by_restart,
    NoteKind.CONNECTIONS_RESET: "TCP connections of guests through the host break, as the host resets them: nothing else "
    "on it tracks connections, as another NAT network, Docker or firewalld would",
    NoteKind.BRIDGE_LOST_ALREADY: _bridge_lost_already,
    NoteKind.ADDRESSES_GO: _addresses_go,
    NoteKind.SPANNING_TREE_DELAYS: "STP is on in {bridge}, so that what is plugged in again may say nothing for up to "
    f"{SECONDS_OF_SPANNING_TREE} s more",
    NoteKind.LINKS_TOGGLED: _links_toggled,
    NoteKind.CUT_OFF: _cut_off,
    NoteKind.OTHERS_UNSEEN: "only libvirt is reached by this uri, not the host, so what hangs on the bridge {bridge} "
    "and is no guest of libvirt's, a container say, cannot be seen, and is cut off",
    NoteKind.GONE_ALREADY: "it is gone already",
    NoteKind.LEFT_TO_OWNER: "it belongs to '{owner}' now, and is left as it is",
    NoteKind.KEPT: "it stays, as on_delete is keep",
    NoteKind.GIVEN_BACK: "it is given back as it was adopted",
    NoteKind.NOT_GIVEN_BACK: _not_given_back,
    NoteKind.SHUT_OFF_GUESTS: _shut_off_guests,
}
