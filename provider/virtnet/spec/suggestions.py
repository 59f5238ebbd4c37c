"""What a value that is refused was meant to be: the nearest that its place takes, by the place's type. Pure.

Imported when something is refused.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from virtnet.spec.failures import Invalid
from virtnet.spec.part import Part, Shape, Unknown, shapes, validated
from virtnet.spec.values import domain_name, some_text, text

TO_BE_FILLED_IN = "..."
"""Stands for a required value of which nothing is known."""

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

#: Types that take nearly any text, so others are tried before them.
_LOOSE = (domain_name, some_text, text)


class Place(NamedTuple):
    """Where a value is refused."""

    part: type[Part]
    """The part that holds the field."""
    shape: Shape
    inside: Literal["", "item", "value"] = ""
    """"item" where it is one of the field's list, "value" where it is one of its map."""


def nearest(given: str, words: Iterable[str]) -> str | None:
    """The word that a text was meant to be, whatever its case; None if none is like it."""
    spelled = {word.casefold(): word for word in words}
    close = difflib.get_close_matches(given.strip().casefold(), spelled, n=1)
    return spelled[close[0]] if close else None


def suggested(place: Place, value: object) -> Any:
    """The nearest value that is taken in a place, itself taken by a check; None if nothing comes near."""
    if place.inside == "value" and place.shape.part is None:
        return None
    if place.inside:
        shape = place.shape._replace(kind="part" if place.shape.part is not None else "scalar")
        lists = place.inside == "item"
    else:
        shape, lists = place.shape, False
    for candidate in _candidates(shape, value):
        whole = [candidate] if lists else {"any": candidate} if place.inside == "value" else candidate
        if _is_taken(place.part, place.shape.name, whole):
            return _completed(shape, candidate)
    return None


def _candidates(shape: Shape, value: object) -> Iterator[Any]:
    """What a field might take in place of a value, likeliest first."""
    if shape.kind == "scalar":
        yield from _scalars(shape, value)
    elif shape.kind == "scalars":
        items = [next(_scalars(shape, item), item) for item in _items(value)]
        yield items
    elif shape.kind == "part" and shape.part is not None:
        if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], Mapping):
            yield value[0]
        yield from _groups(shape.part, value)
    elif shape.kind == "parts" and shape.part is not None:
        part = shape.part
        found = [item if isinstance(item, Mapping) else next(_groups(part, item), None) for item in _items(value)]
        if None not in found:
            yield found


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _scalars(shape: Shape, value: object) -> Iterator[Any]:
    if isinstance(value, Mapping | list | tuple | Unknown):
        return
    if shape.base is bool:
        said = str(value).strip().casefold()
        if said in _TRUE or said in _FALSE:
            yield said in _TRUE
    elif shape.base is int:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
            yield int(value)
    elif shape.base is str and isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, str) and shape.choices:
        word = nearest(value, shape.choices)
        if word is not None:
            yield word
    elif isinstance(value, str) and shape.canonical is not None:
        try:
            shape.canonical(value)
        except Invalid as error:
            if error.suggestion is not None:
                yield error.suggestion
        else:
            yield value
    if type(value) is shape.base:
        yield value


def _groups(part: type[Part], value: object) -> Iterator[dict[str, Any]]:
    """A part with the value in the field that it is for."""
    if value is None or isinstance(value, Mapping):
        return
    fields = [*shapes(part).values()]
    if isinstance(value, bool):
        # True and False are taken for "with it" and "without it", which a part can mean by these fields only.
        fields = [shape for shape in fields if shape.name == "enable" or all(one.base is bool for one in fields)]
    for shape in sorted(fields, key=lambda shape: (shape.kind == "map", shape.canonical in _LOOSE)):
        if not (shape.name in part.key or shape is fields[0] or part.model_fields[shape.name].is_required()):
            continue
        for inner in (*_candidates(shape, value), value):
            if _is_taken(part, shape.name, inner):
                yield {shape.name: inner}
                break


def _is_taken(part: type[Part], name: str, value: object) -> bool:
    """Whether a field takes a value, as far as it goes: what else the part needs is no matter."""
    try:
        validated(part, {name: value})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return all(fault["loc"][0] not in (name, to_camel(name)) or fault["type"] == "missing" for fault in faults)
    return True


def _completed(shape: Shape, value: Any) -> Any:
    """A value with a mark for each required one that is missing in it."""
    if shape.part is None:
        return value
    if isinstance(value, list):
        return [_completed(shape, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    fields = shapes(shape.part)
    found = {name: _completed(fields[name], item) if name in fields else item for name, item in value.items()}
    for name, info in shape.part.model_fields.items():
        if info.is_required() and name not in found and to_camel(name) not in found:
            found[name] = TO_BE_FILLED_IN
    return found
