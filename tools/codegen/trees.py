"""The types of a resource's trees, so that mypy checks whoever reads and builds them.

Of each part of a spec come two TypedDicts: of values that are all known, and of those that may be UNKNOWN. The first is
a subtype of the second.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.codegen.parts import with_parts_below
from tools.codegen.python.source import MARK

from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import Part, Shape, shapes

#: The end of the names of trees whose values may be UNKNOWN.
UNKNOWNS = "WithUnknowns"


@dataclass(frozen=True)
class Trees:
    """A resource whose trees have types."""

    spec: type[Part]
    resource: str
    package: str
    """The provider's package that has the types in its _generated/trees.py."""


TREES = (Trees(spec=NetworkSpec, resource="LibvirtNetwork", package="network"),)


def module(trees: Trees) -> Iterator[str]:
    """The lines of one resource's module of types."""
    parts = with_parts_below([trees.spec])
    yield MARK
    yield f'"""The trees of a {trees.resource} as types: of each part, where all is known and where it need not be.'
    yield ""
    yield "A name that is missing was left out. For the type checker alone: at run time each name is dict, as making"
    yield "these classes would take 10 ms of every import."
    yield '"""'
    yield from ("", "from typing import TYPE_CHECKING", "", "if TYPE_CHECKING:")
    yield from ("    from collections.abc import Mapping, Sequence", "")
    yield from ("    from typing_extensions import ReadOnly, TypedDict", "")
    yield from ("    from virtnet.spec.part import Unknown", "")
    for part in parts:
        yield from typed_dict(part, unknowns=False)
        yield from typed_dict(part, unknowns=True)
    yield "else:"
    for part in parts:
        yield f"    {tree_name(part, unknowns=False)} = {tree_name(part, unknowns=True)} = dict"


def tree_name(part: type[Part], *, unknowns: bool) -> str:
    """The name of the type of a part's trees."""
    return part.__name__.removesuffix("Spec") + "Tree" + (UNKNOWNS if unknowns else "")


def typed_dict(part: type[Part], *, unknowns: bool) -> Iterator[str]:
    """The lines of one type."""
    about = (part.__doc__ or "").strip().splitlines()[0]
    yield f"    class {tree_name(part, unknowns=unknowns)}(TypedDict, total=False):"
    yield f'        """{about}"""'
    yield ""
    for shape in shapes(part).values():
        yield f"        {shape.name}: ReadOnly[{value_type(shape, unknowns=unknowns)}]"
    yield ""


def value_type(shape: Shape, *, unknowns: bool) -> str:
    """The type of one field. Choices are plain strings: what libvirt has may be another than the spec knows."""
    one = shape.base.__name__ if shape.part is None else tree_name(shape.part, unknowns=unknowns)
    or_unknown = " | Unknown" if unknowns else ""
    match shape.kind:
        case "parts" | "scalars":
            return f"Sequence[{one}{or_unknown}]{or_unknown}"
        case "map":
            return f"Mapping[str, {one}{or_unknown}]{or_unknown}"
    return f"{one}{or_unknown}"
