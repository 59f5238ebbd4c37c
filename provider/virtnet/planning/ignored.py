"""Places that Pulumi's ignoreChanges names, which stay as they are. Pure.

The engine sets ignored inputs to their recorded values before it calls a provider. The provider must leave alone what
others changed there since. A path has a list item's index in one tree; in other trees, the item is found by its key.
"""

from collections.abc import Sequence
from typing import cast

from pydantic.alias_generators import to_camel

from virtnet.planning.merge import ABSENT, paired
from virtnet.spec.part import UNKNOWN, Part, Shape, TreeType, Values, as_group, as_list, shapes
from virtnet.spec.paths import ANY, Steps


def as_recorded(part: type[Part], desired: TreeType, recorded: Values, ignored: Sequence[Steps]) -> TreeType:
    """The desired inputs, with the recorded ones in each ignored place."""
    return _with(part, desired, recorded, ignored, drop=False)


def left_alone(
    part: type[Part], tree: TreeType, found: Values, ignored: Sequence[Steps], *, unnamed_stays: bool
) -> TreeType:
    """The desired or the recorded inputs, for a plan that leaves every ignored place as it was found.

    A plan gets both in this form. For a kind with `unnamed_stays`, ignored lists and maps are removed from both,
    because a running network and its definition may have different ones. Everything else gets the values that were
    found.
    """
    return _with(part, tree, found, ignored, drop=unnamed_stays)


def _with(part: type[Part], tree: TreeType, source: Values, ignored: Sequence[Steps], *, drop: bool) -> TreeType:
    kept: Values = tree
    for steps in ignored:
        kept = _group(part, kept, source, steps, drop=drop)
    # Its values come from trees of this type, under the same names.
    return cast("TreeType", kept)


def _group(part: type[Part], here: Values, there: Values, steps: Steps, *, drop: bool) -> dict[str, object]:
    """A group with the other's values at the place that the steps lead to; without steps, everywhere."""
    kept = dict(here)
    for name, shape in shapes(part).items():
        if steps and steps[0] not in (ANY, to_camel(name)):
            continue
        value = _value(shape, here.get(name, ABSENT), there.get(name, ABSENT), steps[1:], drop=drop)
        if value is ABSENT:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def _value(shape: Shape, here: object, there: object, steps: Steps, *, drop: bool) -> object:
    if here is UNKNOWN and steps:
        return here
    if shape.kind == "part" and shape.part is not None:
        return _part(shape.part, here, there, steps, drop=drop)
    if shape.kind == "parts" and shape.part is not None and steps not in ((), (ANY,)):
        return here if here is ABSENT else _items(shape.part, as_list(here), _list(there), steps, drop=drop)
    if shape.kind == "map" and steps not in ((), (ANY,)):
        return _map(_named(here), _named(there), steps[0], drop=drop) or (ABSENT if here is ABSENT else {})
    # An item of a plain list has no key, so the whole list is ignored.
    return ABSENT if drop and shape.kind != "scalar" else there


def _part(part: type[Part], here: object, there: object, steps: Steps, *, drop: bool) -> object:
    if here is ABSENT and there is ABSENT:
        return ABSENT
    kept = _group(part, _named(here), _named(there), steps, drop=drop)
    was_empty = here is not ABSENT and not _named(here)
    return kept if kept or was_empty else ABSENT


def _items(
    part: type[Part], here: Sequence[object], there: Sequence[Values], steps: Steps, *, drop: bool
) -> list[object]:
    partners = iter(paired(part, [as_group(item) for item in here if item is not UNKNOWN], there))
    kept: list[object] = []
    for index, item in enumerate(here):
        partner = None if item is UNKNOWN else next(partners)[1]
        if item is UNKNOWN or steps[0] not in (ANY, index):
            kept.append(item)
        elif steps[1:]:
            kept.append(item if partner is None else _group(part, as_group(item), partner, steps[1:], drop=drop))
        elif partner is not None or not drop:
            kept.append(item if partner is None else partner)
    return kept


def _map(here: Values, there: Values, key: str | int, *, drop: bool) -> dict[str, object]:
    kept = {name: value for name, value in here.items() if name != key}
    if not drop and isinstance(key, str) and key in there:
        kept[key] = there[key]
    return kept


def _named(value: object) -> Values:
    return {} if value in (ABSENT, UNKNOWN) else as_group(value)


def _list(value: object) -> list[Values]:
    return [] if value in (ABSENT, UNKNOWN) else [as_group(item) for item in as_list(value) if item is not UNKNOWN]
