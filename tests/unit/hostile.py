"""Hostile texts, and every place of a spec where a program can write one.

What becomes of them is for the tests that import this: check refuses a text, or it comes back from XML, from libvirt
and from dnsmasq as it was.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtnet.spec.part import Part, shapes

SshCommand = tuple[str | int, ...]
"""Names of properties and places in lists, from the outside in."""

#: Networks, and host forwarding, in which each property that takes a text has one.
BASES: Mapping[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "data" / "hostile_places.json").read_text()
)

TEXTS: Mapping[str, str] = {
    "nothing": "",
    "a space": " ",
    "a space before": " a",
    "a space behind": "a ",
    "a NUL": "a\0b",
    "a newline": "a\nlog-queries",
    "a carriage return": "a\rlog-queries",
    "a tabulator": "a\tb",
    "a form feed": "a\fb",
    "an escape sequence": "\x1b[31ma",
    "a delete": "a\x7f",
    "a C1 next line": "a\x85log-queries",
    "a line separator": "a\u2028log-queries",
    "a paragraph separator": "a\u2029log-queries",
    "a high surrogate": "a\ud800",
    "a low surrogate": "\udc00a",
    "U+FFFE": "\ufffea",
    "U+FFFF": "a\uffff",
    "a byte order mark": "\ufeffa",
    "text that runs backwards": "a\u202eb",
    "a space of no width": "a\u200bb",
    "an unbreakable space": "a\xa0b",
    "a letter of two": "e\u0301",
    "wide digits": "\uff11\uff10.9.0.5",
    "a character of four bytes": "\U0001f600",
    "an apostrophe": "a'b",
    "a double quote": 'a"b',
    "a quote with a partner": '"a b"',
    "a quoted escape": '"a\\nlog-queries"',
    "less than": "a<b",
    "greater than": "a>b",
    "an ampersand": "a&b",
    "an entity": "a&amp;b",
    "a character reference": "a&#10;b",
    "an end of CDATA": "a]]>b",
    "a CDATA section": "<![CDATA[a]]>",
    "a comment": "<!-- a -->",
    "the end of a comment": "a-->b",
    "an element": "</network><network>",
    "an attribute": "a' evil='b",
    "an attribute in double quotes": 'a" evil="b',
    "two hyphens": "--",
    "an option": "-rf",
    "a long option": "--log-queries",
    "a parent directory": "../../etc/passwd",
    "an absolute path out": "/../../etc/passwd",
    "a path": "/etc/passwd",
    "a slash": "a/b",
    "two commas": "a,b,c",
    "an assignment": "a=b",
    "a hash sign": "a#b",
    "a hash sign after a space": "a #b",
    "a hash sign alone": "#",
    "a backslash": "a\\b",
    "an escaped newline": "a\\nb",
    "a semicolon": "a;b",
    "a command": "$(id)",
    "a command in backquotes": "`id`",
    "a format": "%s%n%x",
    "a template": "{0}{name}",
    "a star": "*",
    "a dot": ".",
    "two dots": "..",
    "an empty label": "a..b",
    "a dot before": ".a",
    "a dot behind": "a.",
    "a label of 64": f"{'a' * 64}.example",
    "a colon": "a:b",
    "an address": "10.9.0.77",
    "an IPv6 address": "fd00:9::77",
    "a number": "7",
    "an octal number": "010",
    "a negative number": "-1",
    "a truth value": "yes",
    "null": "null",
    "16 letters": "a" * 16,
    "254 letters": "a" * 254,
    "300 letters": "a" * 300,
    "an option behind 1023 bytes": "a" * 1008 + "log-queries",
    "2000 letters": "a" * 2000,
    "70000 letters": "a" * 70_000,
    "a path of 2000 letters": "/" + "a" * 2000,
    "a path with a space": "/srv/a b",
    "a path with a comma": "/srv/a,b",
    "a path with a double quote": '/srv/a"b',
    "a path with quotes": '/srv/"a b"',
    "a path with a hash sign": "/srv/a #b",
    "a path with a space behind": "/srv/a ",
    "a path with a backslash": "/srv/a\\b",
}


@dataclass(frozen=True)
class Attempt:
    """Inputs with a hostile text in one place."""

    base: int
    """The number of the network in BASES."""
    place: str
    """As all_places names it; of a map, `place.KEY` where the text is a key."""
    path: SshCommand
    """The way to the text in the inputs; of a key, to the key."""
    text: str
    """The name of the text in TEXTS."""
    inputs: dict[str, Any]

    @property
    def value(self) -> str:
        return TEXTS[self.text]

    def __str__(self) -> str:
        return f"{self.place} of base {self.base}: {self.text}"


def string_places(part: type[Part], path: str = "") -> Iterator[str]:
    """Every property that takes a text, and the keys of every map."""
    for name, shape in shapes(part).items():
        if shape.kind == "map":
            yield f"{path}{name}.KEY"
        if shape.part is not None:
            yield from string_places(shape.part, f"{path}{name}.")
        elif shape.base is str:
            yield path + name


def attempts(kind: str, part: type[Part]) -> Iterator[Attempt]:
    """Every hostile text in every place of every base of a kind of resource ("network", "forwarding")."""
    for number, base in enumerate(BASES[kind]):
        for place, path in _texts_of(part, base):
            for name, value in TEXTS.items():
                yield Attempt(number, place, path, name, _with(base, place, path, value))


def value_at(tree: Any, path: SshCommand) -> Any:
    """The value in a tree at the end of a way; None where the way ends early."""
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError):
            return None
    return tree


def _texts_of(part: type[Part], tree: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, SshCommand]]:
    for name, value in tree.items():
        shape, here = shapes(part)[name], place + name
        if shape.kind == "map":
            for key, item in value.items():
                yield f"{here}.KEY", (name, key)
                if shape.part is None:
                    yield here, (name, key)
                else:
                    yield from ((where, (name, key, *way)) for where, way in _texts_of(shape.part, item, f"{here}."))
        elif shape.kind == "part" and shape.part is not None:
            yield from ((where, (name, *way)) for where, way in _texts_of(shape.part, value, f"{here}."))
        elif shape.kind == "parts" and shape.part is not None:
            for index, item in enumerate(value):
                yield from ((where, (name, index, *way)) for where, way in _texts_of(shape.part, item, f"{here}."))
        elif shape.kind == "scalars" and shape.base is str:
            yield from ((here, (name, index)) for index in range(len(value)))
        elif isinstance(value, str):
            yield here, (name,)


def _with(base: Mapping[str, Any], place: str, path: SshCommand, value: str) -> dict[str, Any]:
    changed: Any = copy.deepcopy(base)
    *way, last = path
    holder = value_at(changed, tuple(way))
    if place.endswith(".KEY"):
        holder[value] = holder.pop(last)
    else:
        holder[last] = value
    inputs: dict[str, Any] = changed
    return inputs
