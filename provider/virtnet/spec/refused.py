"""Why pydantic refused inputs, as failures of ours: with paths in Python spelling and kinds. Pure."""

from collections.abc import Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from virtnet.spec.failures import Failure, Invalid, SpecFailure
from virtnet.spec.part import Part, shapes
from virtnet.spec.values import readable


def failures_of(spec: type[Part], errors: Sequence[Any]) -> list[Failure]:
    """Each error as a failure; a required name that was only misspelt is not missed a second time."""
    misspelt = set()
    for details in errors:
        if details["type"] == "extra_forbidden":
            path, owner = _path(spec, details["loc"])
            misspelt.add(f"{path.rpartition('.')[0]}.{_closest(str(details['loc'][-1]), owner)}".lstrip("."))
    found = [(_failure(spec, details), details["type"]) for details in errors]
    return [failure for failure, kind in found if kind != "missing" or failure.path not in misspelt]


def _failure(spec: type[Part], details: Any) -> Failure:
    location = list(details["loc"])
    path, owner = _path(spec, location)
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "missing":
            return Failure(path, SpecFailure.MISSING)
        case "extra_forbidden":
            return _unknown_key(path, str(location[-1]), owner)
        case "value_error":
            error = context["error"]
            if isinstance(error, Invalid):
                return Failure(path, error.kind, error.details)
            return Failure(path, SpecFailure.OTHER, {"reason": str(error)})
        case "string_type":
            return Failure(path, SpecFailure.NO_TEXT)
        case "bool_type":
            return Failure(path, SpecFailure.NO_TRUTH_VALUE)
        case "int_type":
            return Failure(path, SpecFailure.NO_WHOLE_NUMBER)
        case "greater_than_equal":
            return Failure(path, SpecFailure.TOO_SMALL, {"value": details["input"], "smallest": context["ge"]})
        case "less_than_equal":
            return Failure(path, SpecFailure.TOO_LARGE, {"value": details["input"], "largest": context["le"]})
        case "literal_error":
            return Failure(path, SpecFailure.NO_CHOICE, {"choices": ", ".join(_choices(location, owner))})
        case "tuple_type" | "list_type":
            return Failure(path, SpecFailure.NO_LIST)
        case "model_type" | "model_attributes_type" | "dict_type":
            return Failure(path, SpecFailure.NO_GROUP)
        case _:
            return Failure(path, SpecFailure.OTHER, {"reason": str(details["msg"])})


def _unknown_key(path: str, name: str, owner: type[Part] | None) -> Failure:
    fields = shapes(owner) if owner is not None else {}
    for field in fields:
        if name in (field, to_camel(field)):  # the other spelling was taken
            return Failure(path, SpecFailure.KEY_TWICE, {"one": field, "other": to_camel(field)})
    if close := _closest(name, owner):
        return Failure(path, SpecFailure.MISSPELT_KEY, {"closest": close})
    return Failure(path, SpecFailure.UNKNOWN_KEY, {"names": ", ".join(fields)})


def _choices(location: Sequence[int | str], owner: type[Part] | None) -> tuple[str, ...]:
    """What a property may be, by its own name or its camelCase one."""
    names = [step for step in location if isinstance(step, str)]
    fields = shapes(owner) if owner is not None else {}
    return next((shape.choices for name, shape in fields.items() if names[-1] in (name, to_camel(name))), ())


def _closest(name: str, owner: type[Part] | None) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(name, shapes(owner) if owner is not None else (), n=1)), "")


def _path(spec: type[Part], location: Sequence[int | str]) -> tuple[str, type[Part] | None]:
    """A failure's place as a path in Python spelling, and the part that holds the named field."""
    path = ""
    owner: type[Part] | None = spec
    holder: type[Part] | None = None
    key_is_data = False
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
            continue
        if step == "[key]":  # pydantic's word for a key of a map that is wrong itself
            continue
        if key_is_data:
            path, key_is_data = f'{path}["{readable(step)}"]', False
            continue
        holder = owner
        name = step
        if owner is not None:
            by_alias = {to_camel(field): field for field in owner.model_fields}
            name = by_alias.get(step, step)
            shape = shapes(owner).get(name)
            owner = shape.part if shape is not None else None
            key_is_data = shape is not None and shape.kind == "map"
        path += f".{readable(name)}" if path else readable(name)
    return path, holder
