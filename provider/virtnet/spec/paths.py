"""Property paths as Pulumi and failures write them, `ips[0].dhcp`, taken apart and followed. Pure."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from pydantic.alias_generators import to_camel, to_snake

Steps: TypeAlias = tuple[str | int, ...]
"""A path taken apart: names, indexes of lists, keys of maps."""

ANY = "*"
"""The step of an option's path that is any name, any key or any index."""

_STEP = re.compile(r'\.?(?P<name>[^.\["\]]+)|\["(?P<key>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+|\*)\]')


def parsed(path: str) -> Steps:
    """A path taken apart; nothing where it is none."""
    steps: list[str | int] = []
    end = 0
    while end < len(path):
        found = _STEP.match(path, end)
        if found is None:
            return ()
        end, index = found.end(), found["index"]
        if index is not None:
            steps.append(ANY if index == ANY else int(index))
        else:
            steps.append(found["name"] if found["name"] is not None else re.sub(r"\\(.)", r"\1", found["key"]))
    return tuple(steps)


def names(path: str) -> tuple[str, ...]:
    """The names on a path without the items between them, told by indexes (`ips[0]`) or keys (`ips[10.9.0.1/24]`)."""
    return tuple(re.sub(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]]*\]', "", path).split("."))


def in_camel_case(path: str) -> str:
    """A path in the spelling of the wire; quoted keys are data and stay."""
    outside_quotes = re.split(r'("[^"]*")', path)
    return "".join(
        text if text.startswith('"') else re.sub(r"(?<=[a-zA-Z0-9])_([a-z0-9])", lambda found: found[1].upper(), text)
        for text in outside_quotes
    )


def value_at(tree: object, path: str) -> object:
    """What a path leads to, whichever spelling its names have in the tree; None if nothing is there."""
    for step in parsed(path):
        if isinstance(step, int):
            tree = tree[step] if isinstance(tree, list | tuple) and step < len(tree) else None
        else:
            names = (step, to_camel(step), to_snake(step))
            tree = next((tree[name] for name in names if name in tree), None) if isinstance(tree, Mapping) else None
    return tree
