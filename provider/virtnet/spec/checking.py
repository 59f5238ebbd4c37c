"""What is known of a spec: its values and list items that are not unknown, and duplicates among them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.part import UNKNOWN, Part, is_unknown, shapes

Item = TypeVar("Item")


def if_known(value: Item | None) -> Item | None:
    """The value, or None while it is unknown."""
    return None if is_unknown(value) else value


def any_unknown(*values: object) -> bool:
    """Whether one of the values is unknown."""
    return any(map(is_unknown, values))


def known_items(values: Iterable[Item] | None) -> Iterator[tuple[int, Item]]:
    """The known items of a list with their places."""
    if values is None or is_unknown(values):
        return
    for index, item in enumerate(values):
        if not is_unknown(item):
            yield index, item


def duplicates(path: str, values: Iterable[tuple[int, object]], what: str, *, field: str = "") -> Iterator[Failure]:
    """A failure for each value that an earlier place has already; `field` is the part of the item to name."""
    first: dict[object, int] = {}
    for index, value in values:
        if value is None or value is UNKNOWN:
            continue
        if value in first:
            place = f"{path}[{index}]" + (f".{field}" if field else "")
            yield Failure(
                place, SpecFailure.TWICE, {"what": what, "value": str(value), "path": path, "index": first[value]}
            )
        else:
            first[value] = index


def same_items(
    path: str, part: type[Part], listed: Iterable[Part] | None, *, key: Sequence[str] = ()
) -> Iterator[Failure]:
    """Items alike in all that tells them apart, by default the part's key: planning could not tell which is meant."""
    names = key or part.key
    first: dict[tuple[object, ...], int] = {}
    for index, item in known_items(listed):
        values = [getattr(item, name) for name in names]
        if any_unknown(*values):
            continue
        defaults = [shapes(part)[name].default for name in names]
        known = tuple(default if value is None else value for value, default in zip(values, defaults, strict=True))
        place = first.setdefault(known, index)
        if place != index:
            yield Failure(f"{path}[{index}]", SpecFailure.SAME_ITEM, {"path": path, "index": place})
