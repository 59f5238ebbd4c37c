"""Trees as they travel: camelCase keys and floats on Pulumi's wire, snake_case keys and whole numbers inside. Pure.

Keys that are data (metadata namespaces, interface names, sysctl keys) are never translated.
"""

from collections.abc import Mapping
from functools import cache

from pydantic.alias_generators import to_camel, to_snake

from virtnet.spec.part import UNKNOWN, Part, Shape, Values, as_group, as_list, shapes


@cache
def _fields(part: type[Part], outputs: type[Part] | None) -> Mapping[str, Shape]:
    return shapes(part) if outputs is None else {**shapes(outputs), **shapes(part)}


def to_properties(part: type[Part], tree: Values, outputs: type[Part] | None = None) -> dict[str, object]:
    """A tree as Pulumi keeps it: the inputs of a part, and beside them the outputs of another."""
    fields = _fields(part, outputs)
    property_map = {}
    for name, value in tree.items():
        shape = fields.get(name)
        if shape is None:
            property_map[name if name.startswith("__") else to_camel(name)] = value
        else:
            property_map[to_camel(name)] = _value_to_properties(shape.part, shape.kind, value)
    return property_map


def _value_to_properties(part: type[Part] | None, kind: str, value: object) -> object:
    if part is None or value is None or value is UNKNOWN:
        return value
    if kind == "part":
        return to_properties(part, as_group(value))
    if kind == "parts":
        return [item if item is UNKNOWN else to_properties(part, as_group(item)) for item in as_list(value)]
    return {
        name: item if item is UNKNOWN else to_properties(part, as_group(item)) for name, item in as_group(value).items()
    }


def from_properties(part: type[Part], property_map: Values, outputs: type[Part] | None = None) -> dict[str, object]:
    """What came over the wire as a tree. Unknown keys stay as they are, for check to name them."""
    fields = _fields(part, outputs)
    tree = {}
    for key, value in property_map.items():
        name = key if key.startswith("__") or key in fields else to_snake(key)
        if name != key and name in property_map:
            tree[key] = _plain(value)  # in both spellings: check says so
            continue
        shape = fields.get(name)
        if shape is None:
            tree[key] = _plain(value)
        else:
            tree[name] = _value_from_properties(shape.part, shape.kind, value)
    return tree


def _value_from_properties(part: type[Part] | None, kind: str, value: object) -> object:
    if part is not None and kind == "part" and isinstance(value, Mapping):
        return from_properties(part, value)
    if part is not None and kind == "parts" and isinstance(value, list):
        return [from_properties(part, item) if isinstance(item, Mapping) else _plain(item) for item in value]
    if part is not None and kind == "map" and isinstance(value, Mapping):
        return {
            name: from_properties(part, item) if isinstance(item, Mapping) else item for name, item in value.items()
        }
    return _plain(value)


def _plain(value: object) -> object:
    """Numbers arrive as floats; whole ones are whole numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
