"""The types of what the functions answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from tools.codegen.parts import scalar_type, with_parts_below
from tools.codegen.python_source import MARK, about_lines, docstring, wrapped

from virtnet.functions.catalogue import Function
from virtnet.planning.resource import Resource
from virtnet.spec.part import Part, Shape, shapes


def module(resources: Sequence[Resource[Any]], functions: Sequence[Function]) -> Iterator[str]:
    """The lines of the module, a TypedDict for each part of an answer.

    An answer that is a resource's inputs and more has none: its groups are plain dicts, as they are as outputs.
    """
    specs = tuple(resource.spec for resource in resources)
    answers = [function.gives for function in functions if not issubclass(function.gives, specs)]
    yield MARK
    yield '"""What the functions answer, as dicts with keys in Python spelling."""'
    parts = with_parts_below(answers)
    any_ = "Any, " if any(shape.base is object for part in parts for shape in shapes(part).values()) else ""
    yield from ("", f"from typing import {any_}TypedDict", "")
    for part in parts:
        yield from typed_dict(part)


def typed_dict(part: type[Part]) -> Iterator[str]:
    """The lines of one type; each key's words stand below it, where editors look for them."""
    yield f"class {part.__name__}(TypedDict):"
    yield from docstring(about_lines((part.__doc__ or "").strip()), "    ")
    for shape in shapes(part).values():
        # Whoever writes the first answer with an optional key decides how a program reads it.
        if not part.model_fields[shape.name].is_required():
            raise ValueError(f"{part.__name__}.{shape.name} may be missing, and answers have all their keys")
        yield f"    {shape.name}: {answered_type(shape)}"
        yield from docstring(wrapped(shape.description, 0), "    ")
    yield ""


def answered_type(shape: Shape) -> str:
    """The type of one key."""
    one = shape.part.__name__ if shape.part is not None else scalar_type(shape)
    if shape.kind in ("parts", "scalars"):
        return f"list[{one}]"
    if shape.kind == "map":
        return f"dict[str, {one}]"
    return one
