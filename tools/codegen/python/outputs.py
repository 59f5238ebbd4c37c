"""The types of what a program gets back: groups of a resource's outputs, and what functions answer."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tools.codegen.parts import must_be_given, parts_below, scalar_type, with_parts_below
from tools.codegen.python.source import MARK, about_lines, docstring, wrapped

from virtnet.functions.catalogue import Function
from virtnet.planning.resource import Resource
from virtnet.spec.part import Part, Shape, shapes


def module(resources: Sequence[Resource[Any]], functions: Sequence[Function]) -> Iterator[str]:
    """The lines of the module, a TypedDict for each part of an output or of an answer.

    Raises ValueError for an answer with a key that may be missing, unless it is a resource's inputs and more: whoever
    writes the first of these decides how a program reads it.
    """
    specs = tuple(resource.spec for resource in resources)
    of_resources = list(parts_below(*specs, *(resource.outputs_spec for resource in resources)))
    answers = {function.gives: function.always for function in functions}
    missing = {
        part: may_be_missing(part) - answers.get(part, frozenset())
        for part in dict.fromkeys((*of_resources, *with_parts_below(answers)))
    }
    for part, names in missing.items():
        if names and part not in of_resources and not issubclass(part, specs):
            raise ValueError(f"{part.__name__}.{min(names)} may be missing, and answers have all their keys")
    yield MARK
    yield '"""Groups of outputs and results of functions, as dicts with keys in Python spelling."""'
    yield from ("", "from typing import Any, Literal", "", "from typing_extensions import NotRequired, TypedDict", "")
    yield from (f"__all__ = {sorted(part.__name__ for part in missing)!r}", "")
    for part, names in missing.items():
        yield from typed_dict(part, names)


def may_be_missing(part: type[Part]) -> frozenset[str]:
    """The names of a part that a program may leave out, and so doesn't get back."""
    return frozenset(name for name, shape in shapes(part).items() if not must_be_given(part, shape))


def typed_dict(part: type[Part], missing: Collection[str] = ()) -> Iterator[str]:
    """The lines of one type; each key's words stand below it, where editors look for them.

    `missing`: the names of keys that may be missing.
    """
    yield f"class {part.__name__}(TypedDict):"
    yield from docstring(about_lines((part.__doc__ or "").strip()), "    ")
    for shape in shapes(part).values():
        type_ = value_type(shape)
        yield f"    {shape.name}: {f'NotRequired[{type_}]' if shape.name in missing else type_}"
        yield from docstring(wrapped(shape.description, 0), "    ")
    yield ""


def value_type(shape: Shape, place: str = "") -> str:
    """The type of one value. `place` is what comes before the name of a group's type: "outputs."."""
    if shape.part is not None:
        one = f"{place}{shape.part.__name__}"
    elif shape.choices:
        one = "Literal[" + ", ".join(f'"{choice}"' for choice in shape.choices) + "]"
    else:
        one = scalar_type(shape)
    if shape.kind in ("parts", "scalars"):
        return f"list[{one}]"
    if shape.kind == "map":
        return f"dict[str, {one}]"
    return one
