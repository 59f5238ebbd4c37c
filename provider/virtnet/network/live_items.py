"""Which items of a section go and which come, and whether libvirt can be told so while the network runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from virtnet.network.spec import Srv
from virtnet.planning.merge import differences, paired
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import Part, Tree


def item_changes(part: type[Part], wanted: Sequence[Tree], found: Sequence[Tree]) -> tuple[list[Tree], list[Tree]]:
    """The found items to remove, in that order, and then the wanted ones to add."""
    return _srv_changes(wanted, found) if part is Srv else _plain_changes(part, wanted, found)


def updates_can_make(wanted: Tree, found: Tree) -> bool:
    """Whether libvirt can be told each change of the sections.

    It cannot for SRV records of one service, protocol, domain and target that differ in port, priority or weight: it
    takes one for the other, refuses to add the second and to remove either (9.0).
    """
    there = list(_srvs(found))
    removals, additions = _srv_changes(_srvs(wanted), there)
    for item in removals:
        if sum(_takes_for(item, other) for other in there) != 1:
            return False
        there.remove(item)
    for item in additions:
        if any(_takes_for(item, other) for other in there):
            return False
        there.append(item)
    return True


def as_updates_can(changes: tuple[Change, ...], wanted: Tree, found: Tree) -> tuple[Change, ...]:
    """The changes, with those as a restart that libvirt cannot be told while the network runs."""
    of_srvs = [change for change in changes if change.path.startswith("dns.srvs[")]
    if not of_srvs or updates_can_make(wanted, found):
        return changes
    return tuple(
        replace(change, change_class=max(change.change_class, ChangeClass.RESTART)) if change in of_srvs else change
        for change in changes
    )


def _plain_changes(part: type[Part], wanted: Sequence[Tree], found: Sequence[Tree]) -> tuple[list[Tree], list[Tree]]:
    """The found items to remove and the wanted ones to add."""
    unlike = [(item, there) for item, there in paired(part, wanted, found) if not _alike(part, item, there)]
    removals = [there for _, there in unlike if there is not None]
    return removals, [item for item, _ in unlike if item is not None]


def _srv_changes(wanted: Sequence[Tree], found: Sequence[Tree]) -> tuple[list[Tree], list[Tree]]:
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


def _takes_for(one: Tree, other: Tree) -> bool:
    """Whether libvirt takes `other` for a record that is named as `one` (virNetworkDefUpdateDNSSrv)."""
    return all(one.get(name) == other.get(name) for name in ("service", "protocol")) and all(
        name not in one or one[name] == other.get(name) for name in ("domain", "target")
    )


def _says_much(record: Tree) -> int:
    return sum(name in record for name in ("domain", "target"))


def _srvs(tree: Mapping[str, Tree]) -> Sequence[Tree]:
    srvs: Sequence[Tree] = tree.get("dns", {}).get("srvs", [])
    return srvs


def _alike(part: type[Part], one: Tree | None, other: Tree | None) -> bool:
    """Whether two items mean the same: in another order, or with a default spelled out, they do."""
    return one is not None and other is not None and not differences(part, one, other)
