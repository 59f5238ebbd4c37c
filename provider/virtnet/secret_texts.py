"""Texts that no line and no error may repeat: where they are in what travels, and how a sentence is told without them.

Pure. Imported by the adapters: Pulumi hands a provider the values of secrets in clear, and prints what it says.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str, ...]
"""Where a value is: the keys that lead there, of lists any item."""

#: A text that is shorter says nothing, and hiding it everywhere would make sentences unreadable.
SHORTEST = 4


def conceal(text: str, hidden: Iterable[str]) -> str:
    """A text with each of the hidden ones replaced; the longest first, as one may hold another."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def texts(value: Any) -> set[str]:
    """All texts in a value, at any depth."""
    if isinstance(value, str):
        return {value} if len(value) >= SHORTEST else set()
    if isinstance(value, Mapping):
        return set().union(*map(texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts, value))
    return set()


def texts_at(value: Any, place: Place) -> set[str]:
    """All texts in what is found at a place."""
    if isinstance(value, list):
        return set().union(*(texts_at(item, place) for item in value))
    if not place:
        return texts(value)
    return texts_at(value[place[0]], place[1:]) if isinstance(value, Mapping) and place[0] in value else set()
