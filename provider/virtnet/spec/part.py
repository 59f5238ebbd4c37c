"""The base of a specification: typed, frozen parts, with every failure reported under its property path.

A *spec* is the typed form of checked inputs. A *tree* is the same as plain data (dicts, lists, scalars) that holds
only what was named; trees are what is recorded, compared and merged. Keys of trees are in Python spelling
(snake_case); specs also accept libvirt's and Pulumi's camelCase. Pure; imported by everything above it.
"""

import threading
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from virtnet.spec.failures import Failure
from virtnet.spec.paths import names
from virtnet.spec.values import Canonical

LevelName = Literal["recorded", "live", "restart", "replace"]


class Unknown(Enum):
    """The type of `UNKNOWN`: an enum, as the type checker tells its one value from all others by `is`."""

    UNKNOWN = "UNKNOWN"

    def __repr__(self) -> str:
        return "UNKNOWN"

    __str__ = __repr__


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that only the apply will know. Accepted at any depth of a spec and of a tree."""

Values: TypeAlias = Mapping[str, object]
"""A tree: named plain data, that is scalars, lists, and values again, with snake_case names; UNKNOWN at any depth.

`object`, so that whoever reads a value narrows it first. A resource's own trees, which are TypedDicts, are Values too;
they would not be a mapping to a union of plain types, as what a TypedDict may hold beside its keys is any object.
"""

TreeType = TypeVar("TreeType", bound=Values)
"""A resource's own tree, or Values."""


def as_group(value: object) -> Values:
    """A value of a tree that must be named values. Raises TypeError for any other."""
    if isinstance(value, Mapping):
        return value
    raise TypeError(f"a group was expected, not {type(value).__name__}")


def as_list(value: object) -> Sequence[object]:
    """A value of a tree that must be a list. Raises TypeError for any other."""
    if isinstance(value, list | tuple):
        return value
    raise TypeError(f"a list was expected, not {type(value).__name__}")


def without(tree: TreeType, names: Collection[str]) -> TreeType:
    """A tree less those of its names. It has the same type, as any name of a tree may be left out."""
    return cast("TreeType", {name: value for name, value in tree.items() if name not in names})


def only(tree: TreeType, names: Collection[str]) -> TreeType:
    """A tree with none but those of its names. It has the same type, as any name of a tree may be left out."""
    return cast("TreeType", {name: value for name, value in tree.items() if name in names})


def is_unknown(value: object) -> bool:
    """Whether a field of a spec is UNKNOWN, which its declared type doesn't say (pydantic lets it through)."""
    return value is UNKNOWN


class Part(BaseModel):
    """A group of named values: the whole of a resource's inputs or an element inside them."""

    # Built when first checked by, which a delete never does: a validator for each part takes longer than for the whole.
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )

    key: ClassVar[tuple[str, ...]] = ()
    """For list items: the fields that tell one item from another (the first that is set, unless `whole_key`)."""
    whole_key: ClassVar[bool] = False
    """True when all the fields of `key` together make the key."""
    default_level: ClassVar[LevelName] = "restart"
    """For all inputs of a resource: the class of a change of those that have none, nor any field around them."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _tolerate_unknown_field(cls, value: Any, handler: Callable[[Any], Any], info: ValidationInfo) -> Any:
        if value is UNKNOWN:
            return UNKNOWN
        shape = shapes(cls)[info.field_name or ""]
        kind = shape.kind
        if says_none(shape, value):
            return _nothing_of(shape, value, handler)
        if kind == "map" and isinstance(value, Mapping) and UNKNOWN in value.values():
            known = handler({name: item for name, item in value.items() if item is not UNKNOWN})
            return {name: known.get(name, UNKNOWN) for name in value}
        if kind == "scalars" and isinstance(value, list | tuple) and UNKNOWN in value:
            remaining = iter(handler([item for item in value if item is not UNKNOWN]))
            return tuple(UNKNOWN if item is UNKNOWN else next(remaining) for item in value)
        return handler(value)

    @model_validator(mode="wrap")
    @classmethod
    def _tolerate_unknown_part(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        return UNKNOWN if value is UNKNOWN else handler(value)


SpecType = TypeVar("SpecType", bound=Part)


def _nothing_of(shape: "Shape", value: Any, handler: Callable[[Any], Any]) -> Any:
    """A value that says that there is none, though its type would refuse it: a group without what it requires."""
    if shape.kind == "scalar":
        return value
    if shape.kind == "part" and shape.part is not None and not value:
        needed = [name for name, info in shape.part.model_fields.items() if info.is_required()]
        return shape.part.model_construct(_fields_set=set(), **dict.fromkeys(needed))
    return handler(value)


def _field(description: str, default: Any, annotations: Mapping[str, object]) -> Any:
    extra: dict[str, Any] = {name: value for name, value in annotations.items() if value not in (None, "", ())}
    if default is ...:
        return Field(description=description, json_schema_extra=extra)
    return Field(default=None, description=description, json_schema_extra={**extra, "libvirt_default": default})


def required(
    description: str,
    level: LevelName | None = None,
    *,
    secret: bool = False,
    repeats: Sequence[str] = (),
    ordered: bool | None = None,
) -> Any:
    """A field that must be named; of outputs and results, one that is always there.

    `level`, `secret` and `ordered` as for optional. `repeats`: the inputs whose values this output holds; it is secret
    where one of them is.
    """
    annotations = {"level": level, "secret": secret, "repeats": tuple(repeats), "ordered": ordered}
    return _field(description, ..., annotations)


def optional(
    description: str,
    level: LevelName | None = None,
    *,
    default: Any = None,
    change: str = "",
    secret: bool = False,
    ordered: bool | None = None,
    none: Any = None,
) -> Any:
    """A field that may be left out. `default` is what leaving it out means; `level` the class of its change.

    Without a level the nearest enclosing field's counts, and the spec's `default_level` where none has one. `change` is
    a sentence on what a change does, where the class alone would say too little. `secret`: an input that may hold a
    secret is not shown in lines and failures; an output is marked as a secret for the engine. `ordered`: of a list,
    whether libvirt, or what it runs, gives the order of its items a meaning, so that another order is a change. `none`:
    the value that says that there is none, whatever is there, where that is not an empty group, list or map: "" or 0,
    where those are no values of its own; False if there always is one.
    """
    annotations = {"level": level, "change": change, "secret": secret, "ordered": ordered}
    field = _field(description, default, annotations)
    field.json_schema_extra["none"] = none
    return field


class Shape(NamedTuple):
    """What one field of a spec is, read off its type once: for walking trees beside their types."""

    name: str
    kind: Literal["scalar", "scalars", "part", "parts", "map"]
    part: type[Part] | None
    """The part's class, for kinds part and parts, and for a map whose values are parts."""
    base: type
    """The Python type of a scalar; object for plain data of any kind."""
    canonical: Callable[[str], str] | None
    level: LevelName | None
    default: Any
    description: str
    choices: tuple[str, ...]
    change: str
    """A sentence on what a change does, where the class alone would say too little; "" otherwise."""
    secret: bool
    repeats: tuple[str, ...]
    """Of an output: the inputs whose values it holds."""
    none: Any
    """The value that says that there is none: a program's way to have nothing where others put something. None if
    there is no such value: it must be given, has a default that says it, or is what the object is known by."""
    ordered: bool | None
    """Of a list: whether its order has a meaning; None if nothing was said, which counts as none."""


def says_none(shape: Shape, value: object) -> bool:
    """Whether a value says that there is none."""
    return shape.none is not None and type(value) is type(shape.none) and value == shape.none


def without_nones(part: type[Part], tree: TreeType) -> TreeType:
    """A tree less whatever says that there is none: how something is made where nothing is yet."""
    return cast("TreeType", _without_nones(part, tree))


def _without_nones(part: type[Part], tree: Values) -> dict[str, object]:
    fields = shapes(part)
    kept: dict[str, object] = {}
    for name, value in tree.items():
        shape = fields.get(name)
        if shape is None or value is UNKNOWN or shape.kind in ("scalars", "map") or shape.part is None:
            if shape is None or not says_none(shape, value):
                kept[name] = value
        elif shape.kind == "parts":
            items = as_list(value)
            kept[name] = [i if i is UNKNOWN else _without_nones(shape.part, as_group(i)) for i in items]
        elif not says_none(shape, value):
            kept[name] = _without_nones(shape.part, as_group(value))
    return kept


def spec_without_nones(spec: SpecType) -> SpecType:
    """A spec with None wherever it says that there is none."""
    found = {name: _value_without_nones(shape, getattr(spec, name)) for name, shape in shapes(type(spec)).items()}
    return spec.model_copy(update={name: value for name, value in found.items() if value is not getattr(spec, name)})


def _value_without_nones(shape: Shape, value: Any) -> Any:
    if isinstance(value, Part):
        return None if says_none(shape, tree(value)) else spec_without_nones(value)
    if shape.kind == "parts" and isinstance(value, tuple):
        return tuple(spec_without_nones(item) if isinstance(item, Part) else item for item in value)
    return None if shape.kind in ("scalar", "map") and says_none(shape, value) else value


@cache
def shapes(part: type[Part]) -> Mapping[str, Shape]:
    """The fields of a part by name, in the order of declaration."""
    return {name: _shape(name, info) for name, info in part.model_fields.items()}


def holds_secret(part: type[Part] | None) -> bool:
    """Whether a field of a part may be secret."""
    return part is not None and any(shape.secret for shape in shapes(part).values())


def conceals(part: type[Part], path: str) -> bool:
    """Whether what a path leads to may be secret, or hold at any depth something that may be.

    In Python spelling and with keys of items.
    """
    inside: type[Part] | None = part
    for name in names(path):
        shape = None if inside is None else shapes(inside).get(name)
        if shape is None:
            return False
        if shape.secret:
            return True
        inside = shape.part
    return _conceals(inside)


def _conceals(part: type[Part] | None) -> bool:
    return part is not None and any(shape.secret or _conceals(shape.part) for shape in shapes(part).values())


def _shape(name: str, info: Any) -> Shape:
    annotation, metadata = _without_none(info.annotation), list(info.metadata)
    kind: Literal["scalar", "scalars", "part", "parts", "map"] = "scalar"
    origin = typing.get_origin(annotation)
    if origin is tuple:
        annotation, kind = _without_none(typing.get_args(annotation)[0]), "scalars"
    elif origin is dict:
        annotation, kind = _without_none(typing.get_args(annotation)[1]), "map"
    if typing.get_origin(annotation) is Annotated:
        metadata += annotation.__metadata__
        annotation = annotation.__origin__
    part = annotation if isinstance(annotation, type) and issubclass(annotation, Part) else None
    if part is not None and kind != "map":
        kind = "part" if kind == "scalar" else "parts"
    choices = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    extra = info.json_schema_extra or {}
    return Shape(
        name=name,
        kind=kind,
        part=part,
        base=str if choices or part is not None else object if annotation is Any else annotation,
        canonical=next((mark.of for mark in metadata if isinstance(mark, Canonical)), None),
        level=extra.get("level"),
        default=extra.get("libvirt_default"),
        description=info.description or "",
        choices=choices,
        change=extra.get("change", ""),
        secret=extra.get("secret", False),
        repeats=extra.get("repeats", ()),
        none=_none(kind, info, extra),
        ordered=extra.get("ordered"),
    )


def _none(kind: str, info: Any, extra: Mapping[str, Any]) -> Any:
    told = extra.get("none")
    if info.is_required() or told is False:
        return None
    empty: Mapping[str, object] = {"part": {}, "map": {}, "parts": [], "scalars": []}
    return empty.get(kind) if told is None else told


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        remaining = [choice for choice in typing.get_args(annotation) if choice is not type(None)]
        return remaining[0]
    return annotation


#: Pydantic before 2.13 lets each thread that needs a deferred validator build it into the same class.
_building = threading.Lock()


def validated(spec: type[SpecType], inputs: Values) -> SpecType:
    """Inputs as a spec. Raises pydantic's ValidationError."""
    with _building:
        spec.model_rebuild()
    return spec.model_validate(inputs)


def from_inputs(spec: type[SpecType], inputs: Values) -> tuple[SpecType | None, list[Failure]]:
    """Inputs as a spec, or None with every failure of type, spelling and range. Keys with null count as absent."""
    try:
        return validated(spec, _without_nulls(spec, inputs) or {}), []
    except ValidationError as error:
        from virtnet.spec.refused import failures_of

        return None, failures_of(spec, error.errors(include_url=False, include_context=True))


def tree(part: Part) -> dict[str, object]:
    """A spec as plain data: only what was named, in canonical spelling, in the order of declaration."""
    return {name: _plain(getattr(part, name)) for name in type(part).model_fields if name in part.model_fields_set}


def _plain(value: object) -> object:
    if isinstance(value, Part):
        return tree(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _without_nulls(part: type[Part] | None, value: Any) -> Any:
    """A value less its nulls. A group of nothing else is absent too, as an empty one says that there is none.

    A group in the place of a single value stays, to be refused.
    """
    if isinstance(value, Mapping):
        fields = {} if part is None else _by_both_spellings(part)
        found = {name: _field_without_nulls(fields.get(name), item) for name, item in value.items()}
        kept = {name: item for name, item in found.items() if item is not None}
        return kept if kept or not value else None
    if isinstance(value, list | tuple):
        items = [(item, _without_nulls(part, item)) for item in value]
        return [{} if left is None and isinstance(item, Mapping) else left for item, left in items]
    return value


def _field_without_nulls(shape: Shape | None, value: Any) -> Any:
    if shape is not None and shape.kind == "scalar" and isinstance(value, Mapping):
        return value
    return _without_nulls(None if shape is None or shape.kind == "map" else shape.part, value)


@cache
def _by_both_spellings(part: type[Part]) -> Mapping[str, Shape]:
    return {spelled: shape for name, shape in shapes(part).items() for spelled in (name, to_camel(name))}


def walk_unknown(value: object, path: str = "") -> Iterator[str]:
    """The paths of everything unknown in a tree."""
    if value is UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from walk_unknown(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from walk_unknown(item, f"{path}[{index}]")
