"""Why pydantic refused inputs, as failures of ours: with paths in Python spelling and kinds. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from virtnet.spec.failures import Failure, Invalid, SpecFailure
from virtnet.spec.part import Part, Shape, shapes
from virtnet.spec.suggestions import Place, nearest, suggested
from virtnet.spec.values import readable

_KINDS: Mapping[str, SpecFailure] = {
    "missing": SpecFailure.MISSING,
    "string_type": SpecFailure.NO_TEXT,
    "bool_type": SpecFailure.NO_TRUTH_VALUE,
    "int_type": SpecFailure.NO_WHOLE_NUMBER,
    "tuple_type": SpecFailure.NO_LIST,
    "list_type": SpecFailure.NO_LIST,
    "model_type": SpecFailure.NO_GROUP,
    "model_attributes_type": SpecFailure.NO_GROUP,
    "dict_type": SpecFailure.NO_GROUP,
}


def failures_of(spec: type[Part], errors: Sequence[Any]) -> list[Failure]:
    """Each error as a failure; a required name that was only misspelt is not missed a second time."""
    found = [(_failure(spec, details), details["type"]) for details in errors]
    meant = {
        f"{failure.path.rpartition('.')[0]}.{failure.suggestion}".lstrip(".")
        for failure, _ in found
        if failure.kind is SpecFailure.MISSPELT_KEY
    }
    return [failure for failure, kind in found if kind != "missing" or failure.path not in meant]


def _failure(spec: type[Part], details: Any) -> Failure:
    path, holder, place = _path(spec, list(details["loc"]))
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path, str(details["loc"][-1]), holder)
    if kind == "missing":
        return Failure(path, SpecFailure.MISSING)
    failure = Failure(path, SpecFailure.OTHER, {"reason": str(details["msg"])})
    if kind == "value_error":
        error = context["error"]
        if isinstance(error, Invalid):
            failure = Failure(path, error.kind, error.details)
        else:
            failure = Failure(path, SpecFailure.OTHER, {"reason": str(error)})
    elif kind == "greater_than_equal":
        failure = Failure(path, SpecFailure.TOO_SMALL, {"smallest": context["ge"]})
    elif kind == "less_than_equal":
        failure = Failure(path, SpecFailure.TOO_LARGE, {"largest": context["le"]})
    elif kind == "literal_error":
        choices = place.shape.choices if place is not None else ()
        failure = Failure(path, SpecFailure.NO_CHOICE, {"choices": ", ".join(choices)})
    elif kind in _KINDS:
        failure = Failure(path, _KINDS[kind])
    if place is None:
        return failure._replace(of_key="[key]" in details["loc"])
    return failure._replace(suggestion=suggested(place, details["input"]))


def _unknown_key(path: str, name: str, owner: type[Part] | None) -> Failure:
    fields = shapes(owner) if owner is not None else {}
    for field in fields:
        if name in (field, to_camel(field)):  # the other spelling was taken
            return Failure(path, SpecFailure.KEY_TWICE, {"one": field, "other": to_camel(field)}, of_key=True)
    close = nearest(to_snake(name), fields)
    if close is not None:
        return Failure(path, SpecFailure.MISSPELT_KEY, suggestion=close, of_key=True)
    return Failure(path, SpecFailure.UNKNOWN_KEY, {"names": list(fields)}, of_key=True)


def _path(spec: type[Part], location: Sequence[int | str]) -> tuple[str, type[Part] | None, Place | None]:
    """A failure's place: its path in Python spelling, the part that holds the named field, and the field."""
    path = ""
    owner: type[Part] | None = spec
    holder: type[Part] | None = None
    place: Place | None = None
    key_is_data = False
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
            place = place and place._replace(inside="item")
            continue
        if step == "[key]":  # pydantic's word for a key of a map that is wrong itself
            place = None
            continue
        if key_is_data:
            path, key_is_data = f'{path}["{readable(step)}"]', False
            place = place and place._replace(inside="value")
            continue
        holder, place, name = owner, None, step
        if owner is not None:
            name, shape = _field(owner, step)
            owner = shape.part if shape is not None else None
            key_is_data = shape is not None and shape.kind == "map"
            place = Place(holder, shape) if holder is not None and shape is not None else None
        path += f".{readable(name)}" if path else readable(name)
    return path, holder, place


def _field(owner: type[Part], step: str) -> tuple[str, Shape | None]:
    by_alias = {to_camel(field): field for field in owner.model_fields}
    name = by_alias.get(step, step)
    return name, shapes(owner).get(name)
