"""Which items of a section go and which come, and whether libvirt can be told so while the network runs. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from virtnet.network.spec import Dhcp, DhcpHost, DhcpRange, Forward, ForwardInterface, Srv, Txt
from virtnet.network.tree import mode_of, network_tree_with_unknowns
from virtnet.planning.merge import Item, differences, paired
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import UNKNOWN, Part, Values, as_group, as_list, shapes
from virtnet.spec.paths import names

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

Kind: TypeAlias = Literal["srvs", "txts"]

MANY_UPDATES = 20
"""From so many updates on for which libvirt rebuilds the network's firewall rules, one restart disturbs less.

Guests reach nothing outside for most of the seconds that those take (measured, see docs/design.md).
"""

#: The lists of which libvirt can change an item only with the network's rules.
_LISTS_WITH_RULES = frozenset({("ips", "dhcp", "ranges"), ("ips", "dhcp", "hosts"), ("forward", "interfaces")})

#: The modes whose networks have rules to rebuild.
MODES_WITH_RULES = frozenset({"", "nat", "route"})


class ItemChange(NamedTuple):
    """An item that goes or comes."""

    item: Values
    first: bool = False
    """Whether its place is before all others; else it is behind them."""


def item_changes(
    part: type[Part], wanted: Sequence[Item], found: Sequence[Item], *, ordered: bool
) -> tuple[list[ItemChange], list[ItemChange]]:
    """The found items to remove, in that order, and then the wanted ones to add."""
    if ordered:
        return _ordered_changes(part, wanted, found)
    removals, additions = _srv_changes(wanted, found) if part is Srv else _plain_changes(part, wanted, found)
    return [ItemChange(item) for item in removals], [ItemChange(item) for item in additions]


def updates_can_make(wanted: Values, found: Values) -> bool:
    """Whether libvirt can be told each change of the sections.

    It cannot where it takes one record for another: it refuses to add the second, and removes none or the first that it
    finds (9.0). So it is with TXT records of one name, and with SRV records of one service, protocol, domain and target
    that differ in port, priority or weight.
    """
    return all(_can_make(kind, wanted, found) for kind in _RECORDS)


def as_updates_can(changes: tuple[Change, ...], wanted: Values, found: Values) -> tuple[Change, ...]:
    """The changes, with those as a restart that libvirt cannot be told while the network runs."""
    kinds = [kind for kind in _RECORDS if any(change.path.startswith(f"dns.{kind}[") for change in changes)]
    prefixes = tuple(f"dns.{kind}[" for kind in kinds if not _can_make(kind, wanted, found))
    if not prefixes:
        return changes
    return tuple(
        change._replace(change_class=max(change.change_class, ChangeClass.RESTART))
        if change.path.startswith(prefixes)
        else change
        for change in changes
    )


def rebuilds(wanted: Values, found: Values) -> int:
    """How many updates of a running network make libvirt rebuild its firewall rules.

    A list counts as unchanged while it is known only when applied; an item that is, counts as one that comes.
    """
    target, there = network_tree_with_unknowns(wanted), network_tree_with_unknowns(found)
    if mode_of(there) not in MODES_WITH_RULES:
        return 0
    meant = {
        str(ip["address"]): ip for ip in _known(target.get("ips", [])) if ip.get("address", UNKNOWN) is not UNKNOWN
    }
    count = 0
    for ip in _known(there.get("ips", [])):
        if (same := meant.get(str(ip["address"]))) is not None:
            dhcp, had = same.get("dhcp", {}), ip.get("dhcp", {})
            count += _updates(DhcpRange, Dhcp, "ranges", dhcp, had) + _updates(DhcpHost, Dhcp, "hosts", dhcp, had)
    return count + _updates(
        ForwardInterface, Forward, "interfaces", wanted.get("forward", {}), found.get("forward", {})
    )


def as_one_restart(changes: tuple[Change, ...], wanted: Values, found: Values) -> tuple[Change, ...]:
    """The changes, with those as a restart that many updates would make, each with the rules rebuilt."""
    if not any(map(_rebuilds_rules, changes)) or rebuilds(wanted, found) < MANY_UPDATES:
        return changes
    return tuple(
        change._replace(change_class=max(change.change_class, ChangeClass.RESTART))
        if _rebuilds_rules(change)
        else change
        for change in changes
    )


def _rebuilds_rules(change: Change) -> bool:
    place = names(change.path)
    return place[:3] in _LISTS_WITH_RULES or place[:2] in _LISTS_WITH_RULES


def _updates(part: type[Part], within: type[Part], field: str, wanted: object, found: object) -> int:
    """How many items of a list go and come."""
    if wanted is UNKNOWN or (meant := as_group(wanted).get(field, ())) is UNKNOWN:
        return 0
    known, there = _known(meant), _known(as_group(found).get(field, ()))
    removals, additions = item_changes(part, known, there, ordered=bool(shapes(within)[field].ordered))
    return len(removals) + len(additions) + len(as_list(meant)) - len(known)


def _known(items: object) -> Sequence[Values]:
    """The items of which something is known; none of a list of which nothing is."""
    return [] if items is UNKNOWN else [as_group(item) for item in as_list(items) if item is not UNKNOWN]


def as_found_where_updates_cannot(wanted: "NetworkTree", found: "NetworkTree") -> "NetworkTree":
    """What is wanted, with those records as they are found that libvirt cannot be told of while the network runs."""
    dns, there = wanted.get("dns", {}), found.get("dns", {})
    if not _can_make("srvs", wanted, found):
        dns = {**dns, "srvs": there.get("srvs", [])}
    if not _can_make("txts", wanted, found):
        dns = {**dns, "txts": there.get("txts", [])}
    return wanted if dns is wanted.get("dns", dns) else {**wanted, "dns": dns}


def _can_make(kind: Kind, wanted: Values, found: Values) -> bool:
    part, takes_for = _RECORDS[kind]
    there = list(_records(kind, found))
    removals, additions = item_changes(part, _records(kind, wanted), there, ordered=False)
    for item, _ in removals:
        if sum(takes_for(item, other) for other in there) != 1:
            return False
        there.remove(item)
    for item, _ in additions:
        if any(takes_for(item, other) for other in there):
            return False
        there.append(item)
    return True


def _plain_changes(part: type[Part], wanted: Sequence[Item], found: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """The found items to remove and the wanted ones to add."""
    unlike = [(item, there) for item, there in paired(part, wanted, found) if not _alike(part, item, there)]
    removals = [there for _, there in unlike if there is not None]
    return removals, [item for item, _ in unlike if item is not None]


def _ordered_changes(
    part: type[Part], wanted: Sequence[Item], found: Sequence[Item]
) -> tuple[list[ItemChange], list[ItemChange]]:
    """The same where the order counts, as libvirt adds at either end alone.

    What stays is the longest run that is the same in both. What goes leaves from the ends of it, so that taking back,
    which adds in the opposite order, ends in the order there was.
    """
    places = {id(item): place for place, item in enumerate(found)}
    partners = [
        places[id(there)] if there is not None and _alike(part, item, there) else None
        for item, there in paired(part, wanted, found)
        if item is not None
    ]
    begin, length = _longest_run(partners)
    there = (partners[begin] or 0) if length else 0
    before, behind = found[:there], found[there + length :]
    removals = [ItemChange(item, first=True) for item in before] + [ItemChange(item) for item in reversed(behind)]
    additions = [ItemChange(item, first=True) for item in reversed(wanted[:begin])]
    return removals, additions + [ItemChange(item) for item in wanted[begin + length :]]


def _longest_run(places: Sequence[int | None]) -> tuple[int, int]:
    """Where the longest run of consecutive places begins, and how long it is; the first of several."""
    best = begin = 0
    length = 0
    for index, place in enumerate(places):
        if place is None:
            length = 0
            continue
        length = length + 1 if length and places[index - 1] == place - 1 else 1
        if length > best:
            best, begin = length, index - length + 1
    return begin, best


def _srv_changes(wanted: Sequence[Item], found: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """The same for SRV records, which libvirt finds by what they say: one that says less fits those that say more.

    So what stays and would be taken for a changed one goes first and comes back, those that say most go first, and
    those that say least come first.
    """
    removals, additions = _plain_changes(Srv, wanted, found)
    staying = [there for item, there in paired(Srv, wanted, found) if there is not None and _alike(Srv, there, item)]
    while moved := [one for one in staying if any(_takes_for(other, one) for other in (*removals, *additions))]:
        removals, additions = removals + moved, additions + moved
        staying = [one for one in staying if one not in moved]
    return sorted(removals, key=_says_much, reverse=True), sorted(additions, key=_says_much)


def _takes_for(one: Values, other: Values) -> bool:
    """Whether libvirt takes `other` for a record that is named as `one` (virNetworkDefUpdateDNSSrv)."""
    return all(one.get(name) == other.get(name) for name in ("service", "protocol")) and all(
        name not in one or one[name] == other.get(name) for name in ("domain", "target")
    )


def _says_much(record: Values) -> int:
    return sum(name in record for name in ("domain", "target"))


def _same_name(one: Values, other: Values) -> bool:
    """Whether libvirt takes one TXT record for the other (virNetworkDefUpdateDNSTxt)."""
    return one.get("name") == other.get("name")


def _records(kind: Kind, tree: Values) -> Sequence[Values]:
    """The records of that kind; none while they are known only when applied, nor those of which nothing is known."""
    dns = network_tree_with_unknowns(tree).get("dns")
    records = None if dns is None or dns is UNKNOWN else dns.get(kind)
    return [] if records is None or records is UNKNOWN else [record for record in records if record is not UNKNOWN]


def _alike(part: type[Part], one: Values | None, other: Values | None) -> bool:
    """Whether two items mean the same: in another order, or with a default spelled out, they do."""
    return one is not None and other is not None and not differences(part, one, other)


#: The records that libvirt may take for one another: whether it takes the second for the first.
_RECORDS: Mapping[Kind, tuple[type[Part], Callable[[Values, Values], bool]]] = {
    "srvs": (Srv, _takes_for),
    "txts": (Txt, _same_name),
}
