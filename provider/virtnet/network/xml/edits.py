"""What edits name on a host, and what one that was interrupted has left there that no state knows of. Pure.

The mark holds what was named last, written before or with the definition. The state holds the same once Pulumi has
recorded the edit; until then, whoever is killed, everything that the mark names beyond the state is known as left.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple, cast

from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree
from virtnet.network.xml.definition import Definition, definition
from virtnet.network.xml.read import NOT_XML
from virtnet.planning.merge import differences, merge
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.property_paths import at, named
from virtnet.spec.part import TreeType, Values, as_group, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

#: What every network has, named or not; the running one tells what it was.
_IDENTITY = frozenset({"mac", "bridge.name"})

#: What is no part of the configuration, or can't change while the network is the same.
_NEVER = NOT_XML | {"name", "uuid"}


class Left(NamedTuple):
    """What an edit that was interrupted has left."""

    paths: tuple[str, ...]
    running: bool
    """Whether taking it out of the running network is a restart."""


def named_by(desired: "NetworkTree", before: "NetworkTree", left: Collection[str] = ()) -> tuple[str, ...]:
    """The paths that a mark holds while desired is written over what was named before, and what is left besides."""
    wanted, had = without(desired, _NEVER), without(before, _NEVER)
    return tuple(
        sorted({*named(NetworkSpec, wanted, {}), *named(NetworkSpec, had, {}), *named(NetworkSpec, wanted, had), *left})
    )


def names_more(desired: "NetworkTree", before: "NetworkTree") -> bool:
    """Whether what is desired names anything that was not named before."""
    return any(named(NetworkSpec, without(desired, _NEVER), without(before, _NEVER)))


def not_named(paths: Iterable[str], inputs: Values) -> frozenset[str]:
    """Those of the paths that inputs do not name."""
    return frozenset(path for path in paths if not at(NetworkSpec, inputs, {path}))


def also_named(before: "NetworkTree", paths: Collection[str], *copies: Definition | None) -> "NetworkTree":
    """What was named before, and whatever is at the paths in the copies of a network, as if that had been named too."""
    for copy in copies if paths else ():
        if copy is not None:
            before = merge(NetworkSpec, before, {}, network_tree(at(NetworkSpec, copy.tree, set(paths) - _IDENTITY)))
    return before


def as_it_runs(desired: "NetworkTree", paths: Collection[str], live: Definition | None) -> "NetworkTree":
    """What is desired, with the bridge's name and MAC address of the running network where an edit has left others."""
    found = not_named(_IDENTITY.intersection(paths), desired)
    return (
        desired
        if live is None or not found
        else merge(NetworkSpec, desired, {}, network_tree(at(NetworkSpec, live.tree, found)))
    )


def with_found(desired: "NetworkTree", paths: Collection[str], found: Definition) -> "NetworkTree":
    """What is desired, and at the paths what was found."""
    return merge(NetworkSpec, desired, {}, network_tree(at(NetworkSpec, found.tree, paths)))


def with_found_again(desired: TreeType, before: Values, adopted: object) -> TreeType:
    """What is desired of an adopted network, and what is no longer named as it was found: else it would be lost.

    `adopted` is what the state holds of how it was found; None for a network that was not adopted.
    """
    if not adopted:
        return desired
    no_longer = frozenset(named(NetworkSpec, without(before, _NEVER), without(desired, _NEVER)))
    if not no_longer:
        return desired
    found = definition(str(as_group(adopted)["xml"])).tree
    return merge(NetworkSpec, desired, {}, cast("TreeType", at(NetworkSpec, found, no_longer)))


def left_on(inputs: Values, paths: Collection[str], config: "NetworkTree", live: "NetworkTree | None") -> Left | None:
    """What of the paths is there though the inputs do not name it; None if nothing is."""
    found = not_named(paths, inputs)
    running = {path: () if live is None else _removals(path, live) for path in found - _IDENTITY}
    there = [path for path, removals in running.items() if removals or _removals(path, config)]
    if live is not None:
        there += [
            path for path in found & _IDENTITY if at(NetworkSpec, config, {path}) != at(NetworkSpec, live, {path})
        ]
    stops = any(one.change_class >= ChangeClass.RESTART for removals in running.values() for one in removals)
    return Left(tuple(sorted(there)), running=stops) if there else None


def _removals(path: str, copy: "NetworkTree") -> tuple[Change, ...]:
    """What changes when a path is no longer named; nothing where a default is there."""
    rest: Values = merge(NetworkSpec, network_tree({}), at(NetworkSpec, copy, {path}), copy)
    return differences(NetworkSpec, rest, copy)
