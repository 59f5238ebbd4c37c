"""What several writers ask of a spec's parts."""

from collections.abc import Iterable, Iterator

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


def scalar_type(shape: Shape) -> str:
    """The type of one value that is no part, as programs see it."""
    return "Any" if shape.base is object else shape.base.__name__
