"""Three-way merge by ownership, on plain data: set values are owned, no longer set ones go, and the rest stays.

The spec's types are walked along with the trees, so that list items are matched by key, never by index. Pure.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeVar, cast

from virtnet.planning.plan import Change, ChangeClass
from virtnet.spec.part import UNKNOWN, Part, Shape, TreeType, Values, as_group, as_list, holds_secret, says_none, shapes


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "ABSENT"


ABSENT: Final = Absent.ABSENT
"""No value at all, as opposed to any value that a tree can contain."""

KNOWN_LATER = "known only when applied"
"""The detail of a change to a value that a preview doesn't know."""

Item = TypeVar("Item", bound=Values)

CLASSES = {
    "recorded": ChangeClass.RECORDED,
    "live": ChangeClass.LIVE,
    "restart": ChangeClass.RESTART,
    "replace": ChangeClass.REPLACE,
}


def item_key(part: type[Part], item: Values) -> Hashable:
    """The key that identifies a list item among the others."""
    if part.whole_key:
        return tuple(item.get(name, shapes(part)[name].default) for name in part.key)
    for name in part.key:
        if name in item and not says_none(shapes(part)[name], item[name]):
            return (name, item[name])
    return tuple(sorted((name, repr(value)) for name, value in item.items()))


def paired(
    part: type[Part], wanted: Sequence[Item], found: Sequence[Item]
) -> list[tuple[Item, Item | None] | tuple[None, Item]]:
    """Each wanted item with the found one of its key, or None; then None with each found one that isn't wanted.

    A list may have a key several times (two TXT records of one name). Then the equal item is paired with the wanted
    one, and the others are left over.
    """
    times = Counter(item_key(part, item) for item in wanted)
    left: dict[Hashable, list[Item]] = {}
    for item in found:
        left.setdefault(item_key(part, item), []).append(item)
    partners: dict[int, Item] = {}
    for alike in (True, False):
        for index, item in enumerate(wanted):
            candidates = left.get(item_key(part, item), [])
            if index in partners or (alike and len(candidates) < 2 and times[item_key(part, item)] < 2):
                continue
            for place, candidate in enumerate(candidates):
                if not alike or not differences(part, item, candidate):
                    partners[index] = candidates.pop(place)
                    break
    pairs: list[tuple[Item, Item | None] | tuple[None, Item]] = []
    pairs += [(item, partners.get(index)) for index, item in enumerate(wanted)]
    pairs += [(None, item) for unwanted in left.values() for item in unwanted]
    return pairs


def merge(part: type[Part], desired: TreeType, recorded: Values, observed: TreeType) -> TreeType:
    """The target tree: desired over observed, without what only the record still sets.

    A set list is owned as a whole. Of a set group, only its set values are owned, or all of it if it is set to none.
    With observed as desired, the result is observed.
    """
    # Its values come from trees of this type, under the same names.
    return cast("TreeType", _merged(part, desired, recorded, observed))


def _merged(part: type[Part], desired: Values, recorded: Values, observed: Values) -> dict[str, object]:
    merged: dict[str, object] = {}
    for name, shape in shapes(part).items():
        value = _merge_value(shape, desired.get(name, ABSENT), recorded.get(name, ABSENT), observed.get(name, ABSENT))
        if value is not ABSENT:
            merged[name] = value
    return merged


def _merge_value(shape: Shape, desired: object, recorded: object, observed: object) -> object:
    if desired is ABSENT:
        return observed if recorded is ABSENT else _without(shape, observed, recorded)
    if desired is UNKNOWN:
        return desired
    if shape.kind in ("scalar", "part", "map") and says_none(shape, desired):
        return observed if says_none(shape, observed) else ABSENT
    if shape.kind == "part" and shape.part is not None:
        return _merged(shape.part, as_group(desired), _group(recorded), _group(observed))
    if shape.kind == "parts" and shape.part is not None:
        return _merge_items(shape.part, as_list(desired), _parts(recorded), _parts(observed))
    if shape.kind == "map":
        left = {name: value for name, value in _group(observed).items() if name not in _group(recorded)}
        return {**left, **as_group(desired)}
    return desired


def _merge_items(
    part: type[Part], desired: Sequence[object], recorded: Sequence[Values], observed: Sequence[Values]
) -> list[object]:
    before = {item_key(part, item): item for item in recorded}
    merged = (
        _merged(part, item, before.get(item_key(part, item), {}), {} if now is None else now)
        for item, now in paired(part, [as_group(item) for item in desired if item is not UNKNOWN], observed)
        if item is not None
    )
    return [item if item is UNKNOWN else next(merged) for item in desired]


def _without(shape: Shape, observed: object, recorded: object) -> object:
    """The observed value without what was set according to the record: a whole scalar or list, or values of a group."""
    if observed is ABSENT:
        return ABSENT
    if shape.kind == "part" and shape.part is not None:
        fields, before = shapes(shape.part), as_group(recorded)
        left = {}
        for name, value in as_group(observed).items():
            kept = _without(fields[name], value, before[name]) if name in before else value
            if kept is not ABSENT:
                left[name] = kept
        return left if left else ABSENT
    if shape.kind == "map":
        left = {name: value for name, value in as_group(observed).items() if name not in as_group(recorded)}
        return left if left else ABSENT
    return ABSENT


def project(part: type[Part], named: TreeType, observed: TreeType) -> TreeType:
    """The observed values of what is set, in the form in which it is set: what a refresh shows.

    If a group is set to none, everything observed is shown. If nothing is observed, a value that equals libvirt's
    default counts as observed. Extra items of a set list are shown whole.
    """
    # Its values come from trees of this type, under the same names.
    return cast("TreeType", _projected(part, named, observed))


def _projected(part: type[Part], named: Values, observed: Values) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, shape in shapes(part).items():
        if name not in named:
            continue
        value = _project_value(shape, named[name], observed.get(name, ABSENT))
        if value is not ABSENT:
            shown[name] = value
    return shown


def _project_value(shape: Shape, named: object, observed: object) -> object:
    if observed is ABSENT:
        return named if is_default(shape, named) else ABSENT
    if says_none(shape, named):
        return named if same(shape, named, observed) else observed
    if shape.kind == "part" and shape.part is not None:
        return _projected(shape.part, as_group(named), as_group(observed))
    if shape.kind == "parts" and shape.part is not None:
        part = shape.part
        there = _parts(observed)
        pairs = [pair for pair in paired(part, _parts(named), there) if pair[1] is not None]
        if shape.ordered:
            places = {id(item): place for place, item in enumerate(there)}
            pairs.sort(key=lambda pair: places[id(pair[1])])
        return [found if item is None else _projected(part, item, found) for item, found in pairs if found is not None]
    if shape.kind == "map":
        return {name: value for name, value in as_group(observed).items() if name in as_group(named)}
    if same(shape, named, observed):
        return named
    return observed


def beyond(part: type[Part], found: TreeType, named: Values) -> TreeType:
    """What is found and not set, without default values: others set it.

    An item of a set list is included with its key and what it has beyond the set one. Maps are left out, because others
    use keys of a map for themselves.
    """
    # Its values come from a tree of this type, under the same names.
    return cast("TreeType", _beyond(part, found, named))


def _beyond(part: type[Part], found: Values, named: Values) -> dict[str, object]:
    rest = {
        name: _value_beyond(shape, found[name], named.get(name, ABSENT))
        for name, shape in shapes(part).items()
        if name in found and shape.kind != "map"
    }
    return {name: value for name, value in rest.items() if value is not ABSENT}


def _value_beyond(shape: Shape, found: object, named: object) -> object:
    if named is ABSENT:
        return ABSENT if is_default(shape, found) else found
    if named is UNKNOWN or says_none(shape, named) or shape.part is None:
        return ABSENT
    if shape.kind == "part":
        return _beyond(shape.part, as_group(found), as_group(named)) or ABSENT
    part, items = shape.part, []
    for item, there in paired(part, _known_parts(named), _parts(found)):
        rest = {} if item is None or there is None else _beyond(part, there, item)
        if rest and item is not None:
            items.append({**{name: item[name] for name in part.key if name in item}, **rest})
    return items or ABSENT


class Unnamed(NamedTuple):
    """Something that exists and isn't set."""

    path: str
    changes: tuple[Change, ...]
    """What it changes compared with the defaults."""
    undo: object
    """The value to set so that it becomes the default, once it is owned."""


def unnamed(part: type[Part], found: Values, named: Values) -> tuple[Unnamed, ...]:
    """What `beyond` returns, place by place: each is the topmost that isn't set."""
    return tuple(_unnamed(part, _beyond(part, found, named), named, "", _Within(CLASSES[part.default_level])))


def _unnamed(part: type[Part], rest: Values, named: Values, path: str, enclosing: "_Within") -> Iterator[Unnamed]:
    for name, shape in shapes(part).items():
        if name not in rest:
            continue
        place, within, given = f"{path}.{name}" if path else name, enclosing.field(shape), named.get(name, ABSENT)
        if given is ABSENT:
            changes = tuple(_differences(shape, rest[name], ABSENT, place, within))
            yield Unnamed(place, changes, shape.default if shape.none is None else shape.none)
        elif shape.kind == "part" and shape.part is not None:
            yield from _unnamed(shape.part, as_group(rest[name]), as_group(given), place, within)
        elif shape.part is not None:
            for item, there in paired(shape.part, _known_parts(given), _parts(rest[name])):
                if item is not None and there is not None:
                    labelled = f"{place}[{label(shape.part, item)}]"
                    yield from _unnamed(shape.part, there, item, labelled, within)


def is_default(shape: Shape, value: object) -> bool:
    """Whether this value means the same to libvirt as no value."""
    if says_none(shape, value):
        return True
    if shape.kind == "part" and shape.part is not None:
        fields = shapes(shape.part)
        return all(is_default(fields[name], item) for name, item in as_group(value).items())
    if shape.kind == "map":
        return len(as_group(value)) == 0
    if shape.kind in ("parts", "scalars"):
        return len(as_list(value)) == 0
    return shape.default is not None and value == shape.default


class _Within(NamedTuple):
    """What contains a value, as far as its changes depend on that."""

    level: ChangeClass
    secret: bool = False

    def field(self, shape: Shape) -> "_Within":
        """The same for a field's value."""
        level = CLASSES[shape.level] if shape.level is not None else self.level
        return _Within(level, self.secret or shape.secret)

    def item(self, part: type[Part]) -> "_Within":
        """The same for an item that is shown whole."""
        return _Within(self.level, self.secret or holds_secret(part))


def same(shape: Shape, one: object, other: object) -> bool:
    """Whether two values mean the same; ABSENT counts as libvirt's default."""
    return not _differences(shape, one, other, "", _Within(ChangeClass.RESTART))


def differences(part: type[Part], wanted: Values, found: Values) -> tuple[Change, ...]:
    """Every property path in which two trees differ, with its class. List items have their keys."""
    return tuple(_part_differences(part, wanted, found, "", _Within(CLASSES[part.default_level])))


def _part_differences(part: type[Part], wanted: Values, found: Values, path: str, enclosing: _Within) -> list[Change]:
    changes: list[Change] = []
    for name, shape in shapes(part).items():
        within = enclosing.field(shape)
        place = f"{path}.{name}" if path else name
        changes += _differences(shape, wanted.get(name, ABSENT), found.get(name, ABSENT), place, within)
    return changes


def naming(part: type[Part], desired: Values, recorded: Values, path: str = "") -> tuple[Change, ...]:
    """Every property path that only one of two trees sets, at any depth. List items have their keys."""
    changes: list[Change] = []
    for name, shape in shapes(part).items():
        place = f"{path}.{name}" if path else name
        wanted, before = desired.get(name, ABSENT), recorded.get(name, ABSENT)
        if (wanted is ABSENT) != (before is ABSENT):
            kind: Literal["add", "remove"] = "remove" if wanted is ABSENT else "add"
            changes.append(Change(path=place, kind=kind, change_class=ChangeClass.RECORDED))
        elif wanted in (ABSENT, UNKNOWN) or before is UNKNOWN or shape.part is None:
            continue
        elif shape.kind == "part":
            changes += naming(shape.part, as_group(wanted), as_group(before), place)
        elif shape.kind == "parts":
            there = {item_key(shape.part, item): item for item in _known_parts(before)}
            for item in _known_parts(wanted):
                if (key := item_key(shape.part, item)) in there:
                    changes += naming(shape.part, item, there[key], f"{place}[{label(shape.part, item)}]")
    return tuple(changes)


def _differences(shape: Shape, wanted: object, found: object, path: str, within: _Within) -> list[Change]:
    if wanted is UNKNOWN:
        return [Change(path=path, kind="change", change_class=within.level, detail=KNOWN_LATER)]
    wanted, found = (ABSENT if says_none(shape, value) else value for value in (wanted, found))
    if wanted is ABSENT and found is ABSENT:
        return []
    if shape.kind == "part" and shape.part is not None:
        return _part_differences(shape.part, _group(wanted), _group(found), path, within)
    if shape.kind == "parts" and shape.part is not None:
        return _item_differences(shape, _items(wanted), _parts(found), path, within)
    if shape.kind == "scalars":
        return _scalars_differences(shape, _items(wanted), _items(found), path, within)
    if shape.kind == "map":
        return _map_differences(_group(wanted), _group(found), path, within)
    return _scalar_differences(shape, wanted, found, path, within)


def _scalar_differences(shape: Shape, wanted: object, found: object, path: str, within: _Within) -> list[Change]:
    meant, there = (shape.default if value is ABSENT else value for value in (wanted, found))
    if meant == there:
        return []
    if found is ABSENT and shape.default is None:
        return [Change(path=path, kind="add", change_class=within.level, detail=_shown(within, meant))]
    if wanted is ABSENT and shape.default is None:
        return [Change(path=path, kind="remove", change_class=within.level)]
    detail = f"{_shown(within, there)} -> {_shown(within, meant)}" if _shown(within, there) else ""
    return [Change(path=path, kind="change", change_class=within.level, detail=detail)]


def _scalars_differences(
    shape: Shape, wanted: Sequence[object], found: Sequence[object], path: str, within: _Within
) -> list[Change]:
    if UNKNOWN not in wanted and sorted(map(str, wanted)) == sorted(map(str, found)):
        if not shape.ordered or list(wanted) == list(found):
            return []
        detail = _shown_order(within, list(map(str, found)), list(map(str, wanted)))
        return [Change(path=path, kind="change", change_class=within.level, detail=detail)]
    kind: Literal["add", "remove", "change"] = "add" if not found else "remove" if not wanted else "change"
    detail = KNOWN_LATER if UNKNOWN in wanted else ""
    return [Change(path=path, kind=kind, change_class=within.level, detail=detail)]


def _map_differences(wanted: Values, found: Values, path: str, within: _Within) -> list[Change]:
    changes = []
    for name in sorted({*wanted, *found}):
        place = f'{path}["{name}"]'
        if name not in found:
            changes.append(Change(path=place, kind="add", change_class=within.level))
        elif name not in wanted:
            changes.append(Change(path=place, kind="remove", change_class=within.level))
        elif wanted[name] != found[name]:
            changes.append(Change(path=place, kind="change", change_class=within.level))
    return changes


def _item_differences(
    shape: Shape, wanted: Sequence[object], found: Sequence[Values], path: str, within: _Within
) -> list[Change]:
    part = shape.part or Part
    if any(item is UNKNOWN for item in wanted):
        return [Change(path=path, kind="change", change_class=within.level, detail=KNOWN_LATER)]
    known = _known_parts(wanted)
    meant = {item_key(part, item) for item in known}
    changes: list[Change] = []
    pairs = paired(part, known, found)
    if shape.ordered and (order := _order_difference(part, pairs, found, path, within)) is not None:
        changes.append(order)
    any_may_stay = any(_key_known_later(part, item) for item, there in pairs if item is not None and there is None)
    for item, there in pairs:
        if item is None:
            if there is None:
                continue  # one of each pair exists
            place = f"{path}[{label(part, there)}]"
            again = "it is there more than once" if item_key(part, there) in meant else ""
            may_stay = "unless an added one, known only when applied, is the same" if any_may_stay else ""
            changes.append(Change(path=place, kind="remove", change_class=within.level, detail=again or may_stay))
            continue
        place = f"{path}[{label(part, item)}]"
        if there is None:
            changes.append(
                Change(path=place, kind="add", change_class=within.level, detail=_shown(within.item(part), item))
            )
        else:
            changes += _part_differences(part, item, there, place, within)
    return changes


def _order_difference(
    part: type[Part],
    pairs: Sequence[tuple[Item, Item | None] | tuple[None, Item]],
    found: Sequence[Item],
    path: str,
    within: _Within,
) -> Change | None:
    """The change of the order of items that are on both sides; None if the order is the same."""
    places = {id(item): place for place, item in enumerate(found)}
    wanted = [there for item, there in pairs if item is not None and there is not None]
    as_found = sorted(wanted, key=lambda item: places[id(item)])
    if all(one is other for one, other in zip(wanted, as_found, strict=True)):
        return None
    names = ([label(part, item) for item in order] for order in (as_found, wanted))
    return Change(path=path, kind="change", change_class=within.level, detail=_shown_order(within.item(part), *names))


def _shown_order(within: _Within, found: Sequence[str], wanted: Sequence[str]) -> str:
    """Two orders of the same names, for a line; empty if they may be secret."""
    return "" if within.secret else f"{', '.join(found)} -> {', '.join(wanted)}"


def _key_known_later(part: type[Part], item: Values) -> bool:
    """Whether a part of an item's key is known only when applied."""
    return any(item.get(name) is UNKNOWN for name in part.key)


def label(part: type[Part], item: Values) -> str:
    """A list item's key as paths show it, with "?" for what is known only when applied."""
    shown = ["?" if item[name] is UNKNOWN else str(item[name]) for name in part.key if name in item]
    if part.whole_key:
        return " ".join(shown) or "?"
    return next((name for name in shown if name != "?"), "?")


def _shown(within: _Within, value: object) -> str:
    """A value for a line; empty if it may be secret (a TXT record, a key in dnsmasq's options)."""
    if value is UNKNOWN:
        return KNOWN_LATER
    if within.secret or value is None:
        return ""
    if isinstance(value, Mapping):
        texts = {name: _shown(within, item) for name, item in value.items() if not _is_group(item)}
        return ", ".join(f"{name} {text}" for name, text in texts.items() if text)
    if isinstance(value, list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_group(value: object) -> bool:
    return isinstance(value, Mapping | list)


def _group(value: object) -> Values:
    return {} if value is ABSENT else as_group(value)


def _items(value: object) -> Sequence[object]:
    return [] if value is ABSENT else as_list(value)


def _parts(value: object) -> Sequence[Values]:
    """The items of a list of parts; empty if there is no list."""
    return [as_group(item) for item in _items(value)]


def _known_parts(value: object) -> Sequence[Values]:
    return [as_group(item) for item in as_list(value) if item is not UNKNOWN]


def restrict(part: type[Part], wanted: TreeType, found: TreeType, highest: ChangeClass) -> TreeType:
    """The wanted tree, but with everything that would cost more than `highest` as it was found."""
    # Its values come from trees of this type, under the same names.
    return cast("TreeType", _restrict_part(part, wanted, found, highest, CLASSES[part.default_level]))


def _restrict_part(
    part: type[Part], wanted: Values, found: Values, highest: ChangeClass, enclosing: ChangeClass
) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, shape in shapes(part).items():
        level = CLASSES[shape.level] if shape.level is not None else enclosing
        want, there = wanted.get(name, ABSENT), found.get(name, ABSENT)
        value = _restrict_value(shape, want, there, highest, level)
        if value is not ABSENT:
            kept[name] = value
    return kept


def _restrict_value(shape: Shape, want: object, there: object, highest: ChangeClass, level: ChangeClass) -> object:
    if shape.kind == "part" and shape.part is not None:
        value = _restrict_part(shape.part, _group(want), _group(there), highest, level)
        return ABSENT if not value and there is ABSENT else value
    if level <= highest:
        return want
    if shape.kind == "parts" and shape.part is not None:
        part: type[Part] = shape.part
        narrowed = [
            _restrict_part(part, item if wanted is None else wanted, item, highest, level)
            for item, wanted in paired(part, _parts(there), _parts(want))
            if item is not None
        ]
        return narrowed if narrowed else ABSENT
    return there
