"""What several writers ask of a spec's parts."""

import json
from collections.abc import Iterable, Iterator
from functools import cache

from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import Part, Shape, shapes


def parts_below(*tops: type[Part]) -> Iterator[type[Part]]:
    """The parts inside these parts, each once, those that others need first."""
    seen: set[type[Part]] = set()

    def walk(inside: type[Part]) -> Iterator[type[Part]]:
        for shape in shapes(inside).values():
            if shape.part is not None and shape.part not in seen:
                seen.add(shape.part)
                yield from walk(shape.part)
                yield shape.part

    for top in tops:
        yield from walk(top)


def with_parts_below(tops: Iterable[type[Part]]) -> list[type[Part]]:
    """These parts and those inside them, each once, those that others need first."""
    found: dict[type[Part], None] = {}
    for top in tops:
        found |= dict.fromkeys((*parts_below(top), top))
    return list(found)


@cache
def may_be_empty() -> frozenset[type[Part]]:
    """The groups that require something and are empty all the same where there is to be none."""
    held = (shape for part in with_parts_below([NetworkSpec]) for shape in shapes(part).values())
    return frozenset(shape.part for shape in held if shape.kind == "part" and shape.part and shape.none == {})


def must_be_given(part: type[Part], shape: Shape) -> bool:
    """Whether a program that names the part at all has to give the field."""
    return part.model_fields[shape.name].is_required() and part not in may_be_empty()


def none_words(part: type[Part], shape: Shape) -> str:
    """How a program says that there is none; "" if it cannot. A network alone keeps what nobody names."""
    return "" if shape.none is None or part not in with_parts_below([NetworkSpec]) else json.dumps(shape.none)


def scalar_type(shape: Shape) -> str:
    """The type of one value that is no part, as programs see it."""
    return "Any" if shape.base is object else shape.base.__name__
