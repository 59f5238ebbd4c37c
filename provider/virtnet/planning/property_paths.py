"""Property paths: Pulumi's, in options and detailed diffs, and virtnet's own, in trees and lines. Pure.

virtnet's paths have the keys of list items (`ips[192.168.123.1/24].dhcp`), Pulumi's their indexes (`ips[0].dhcp`).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic.alias_generators import to_camel

from virtnet.planning.merge import ABSENT, item_key, label
from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import UNKNOWN, Part, Shape, Values, as_group, as_list, shapes
from virtnet.spec.paths import ANY, Steps, names

Kind: TypeAlias = Literal["ADD", "ADD_REPLACE", "DELETE", "DELETE_REPLACE", "UPDATE", "UPDATE_REPLACE"]
"""Pulumi's PropertyDiff.Kind, by name."""

_KINDS: Mapping[str, Kind] = {"add": "ADD", "remove": "DELETE", "change": "UPDATE"}

_REPLACING: Mapping[str, Kind] = {"add": "ADD_REPLACE", "remove": "DELETE_REPLACE", "change": "UPDATE_REPLACE"}


def detailed(part: type[Part], changes: Iterable[Change], recorded: Values, desired: Values) -> dict[str, Kind]:
    """Pulumi's path of each change, with its kind. Additions are located in desired, removals in recorded.

    If an item has moved within its list, a change inside it becomes a change of the list. Otherwise Pulumi would show
    the values of two different items side by side.
    """
    found: dict[str, Kind] = {}
    for change in changes:
        before, now = places(part, change, recorded, desired)
        if change.kind == "add":
            steps = now
        elif change.kind == "remove":
            steps = before
        else:
            steps = before if before == now else _common(before, now)
        path = spelled(steps)
        replaces = change.change_class is ChangeClass.REPLACE
        kind = (_REPLACING if replaces else _KINDS)[change.kind]
        if found.setdefault(path, kind) != kind:
            found[path] = "UPDATE_REPLACE" if replaces or found[path].endswith("REPLACE") else "UPDATE"
    return found


def places(part: type[Part], change: Change, recorded: Values, desired: Values) -> tuple[Steps, Steps]:
    """The places of a change in the recorded and in the desired inputs."""
    return _locate(part, change.path, recorded), _locate(part, change.path, desired)


def is_within(part: type[Part], path: str, tree: Values, paths: Iterable[Steps]) -> bool:
    """Whether one of Pulumi's paths leads to the place of our path in a tree, or to something around it."""
    return within(_locate(part, path, tree), paths)


def within(steps: Steps, paths: Iterable[Steps]) -> bool:
    """Whether one of the paths leads to this place, or to something around it."""
    return any(
        0 < len(path) <= len(steps) and all(wanted in (ANY, step) for wanted, step in zip(path, steps, strict=False))
        for path in paths
    )


def top(path: str) -> str:
    """The property at the top of a path, in Pulumi's spelling."""
    return to_camel(names(path)[0])


def _common(one: Steps, other: Steps) -> Steps:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[: max(length, 1)]


def _locate(part: type[Part], path: str, tree: object) -> Steps:
    """The steps of a path, as far as the tree has them; at least the property at the top."""
    fits = [name for name in shapes(part) if path == name or path.startswith((f"{name}.", f"{name}["))]
    if not fits:
        return (to_camel(path),)
    name = max(fits, key=len)
    value = tree.get(name) if isinstance(tree, Mapping) else None
    return (to_camel(name), *_inside(shapes(part)[name], path[len(name) :], value))


def _inside(shape: Shape, rest: str, value: object) -> Steps:
    if not rest:
        return ()
    if rest.startswith("."):
        return _locate(shape.part, rest[1:], value) if shape.part is not None else ()
    if rest.startswith('["'):
        key, _, behind = rest[2:].partition('"]')
        return (key, *_limited_to(shape.part, behind, value.get(key) if isinstance(value, Mapping) else None))
    if shape.part is None or not isinstance(value, list):
        return ()
    part = shape.part
    labels = {f"[{label(part, item)}]": index for index, item in enumerate(value) if item is not UNKNOWN}
    fits = [text for text in labels if rest.startswith(text)]
    if not fits:
        return ()
    longest = max(fits, key=len)
    return (labels[longest], *_limited_to(part, rest[len(longest) :], value[labels[longest]]))


def _limited_to(part: type[Part] | None, rest: str, value: object) -> Steps:
    return _locate(part, rest[1:], value) if part is not None and rest.startswith(".") else ()


def spelled(steps: Steps) -> str:
    """Steps as Pulumi writes a property path: names with characters other than letters and digits are quoted."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", step):
            path += f".{step}" if path else step
        else:
            quoted = step.replace('"', '\\"')
            path += f'["{quoted}"]'
    return path


def named(part: type[Part], tree: Values, but: Values, place: str = "") -> Iterator[str]:
    """The paths that one tree sets and another doesn't, as deep as ownership goes.

    If the other tree doesn't set a list, these are the path of the list and those of groups in its items. If both set
    it, they are the paths inside the items that both have. An unknown value counts as set.
    """
    for name, shape in shapes(part).items():
        value, other = tree.get(name, ABSENT), but.get(name, ABSENT)
        path = f"{place}.{name}" if place else name
        if value is ABSENT or other is UNKNOWN:
            continue
        if value is UNKNOWN:
            if other is ABSENT:
                yield path
        elif shape.kind == "part" and shape.part is not None:
            yield from named(shape.part, as_group(value), {} if other is ABSENT else as_group(other), path)
        elif shape.kind == "map":
            there = {} if other is ABSENT else as_group(other)
            yield from (f'{path}["{key}"]' for key in as_group(value) if key not in there)
        elif other is ABSENT:
            yield path
            if shape.part is not None:
                for item in _known_items(value):
                    yield from _groups(shape.part, item, f"{path}[{label(shape.part, item)}]")
        elif shape.part is not None:
            before = {item_key(shape.part, item): item for item in _known_items(other)}
            for item in _known_items(value):
                if (key := item_key(shape.part, item)) in before:
                    yield from named(shape.part, item, before[key], f"{path}[{label(shape.part, item)}]")


def _groups(part: type[Part], item: Values, place: str) -> Iterator[str]:
    """The paths of an item's groups and lists. Its scalars are too many, and mostly its key."""
    inside = {name for name, shape in shapes(part).items() if shape.part is not None or shape.kind == "map"}
    yield from named(part, {name: value for name, value in item.items() if name in inside}, {}, place)


def at(part: type[Part], tree: Values, paths: Collection[str], place: str = "") -> dict[str, object]:
    """The values of a tree at these paths, and the keys of the items on the way."""
    found: dict[str, object] = {}
    for name, shape in shapes(part).items():
        value = tree.get(name, ABSENT)
        path = f"{place}.{name}" if place else name
        inside: object = ABSENT
        if value is ABSENT or path in paths:
            inside = value
        elif value is UNKNOWN:
            inside = value if any(one.startswith((f"{path}.", f"{path}[")) for one in paths) else ABSENT
        elif shape.kind == "part" and shape.part is not None:
            inside = at(shape.part, as_group(value), paths, path) or ABSENT
        elif shape.kind == "map":
            inside = {key: item for key, item in as_group(value).items() if f'{path}["{key}"]' in paths} or ABSENT
        elif shape.kind == "parts" and shape.part is not None:
            inside = _items_at(shape.part, _known_items(value), paths, path) or ABSENT
        if inside is not ABSENT:
            found[name] = inside
    return found


def _items_at(part: type[Part], items: Sequence[Values], paths: Collection[str], place: str) -> list[Values]:
    found: list[Values] = []
    for item in items:
        if inside := at(part, item, paths, f"{place}[{label(part, item)}]"):
            found.append({**{name: item[name] for name in part.key if name in item}, **inside})
    return found


def _known_items(value: object) -> Sequence[Values]:
    return [as_group(item) for item in as_list(value) if item is not UNKNOWN]
