"""Words of hosts on their way to a terminal. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeAlias

#: Categories of Unicode: controls, what turns the direction of writing or has no width, halves of characters, what is
#: assigned to nothing or to each font's maker, and ends of lines and paragraphs that only some programs know.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})


def escape_controls(text: str) -> str:
    """A text in which nothing moves a terminal's cursor, colours or hides anything, or comes from no character at all.

    Names of interfaces and what a host's programs say come from there as they are; a terminal would obey what is in
    them. All that has no look of its own is shown as Python writes it, but for ends of lines and tabs.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode()


Place: TypeAlias = tuple[str, ...]
"""Where a value is: the keys that lead there, of lists any item."""

#: A text that is shorter says nothing, and hiding it everywhere would make sentences unreadable.
SHORTEST = 4


def redact(text: str, hidden: Iterable[str]) -> str:
    """A text with each of the hidden ones replaced; the longest first, as one may hold another."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def strings(value: object) -> set[str]:
    """All texts in a value, at any depth, and all numbers as lines show them."""
    if isinstance(value, str | int | float):
        shown = "" if isinstance(value, bool) else value if isinstance(value, str) else f"{value:.16g}"
        return {shown} if len(shown) >= SHORTEST else set()
    if isinstance(value, Mapping):
        return set().union(*map(strings, value.values()))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return set()


def strings_at(value: object, place: Place) -> set[str]:
    """All texts in what is found at a place."""
    if isinstance(value, list):
        return set().union(*(strings_at(item, place) for item in value))
    if not place:
        return strings(value)
    return strings_at(value[place[0]], place[1:]) if isinstance(value, Mapping) and place[0] in value else set()
