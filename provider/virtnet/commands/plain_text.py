"""Texts that others wrote, on their way into something drawn: on one line, with nothing in them unseen. Pure."""

import unicodedata
from collections.abc import Sequence


def plain(text: str) -> str:
    """A text on one line, with all that has no look of its own written as Python does it."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(map(_shown, line))


def _shown(character: str) -> str:
    # Controls, what turns the direction of writing, what has no width, and halves of characters.
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return character.encode("unicode_escape").decode() if hidden else character


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def few(texts: Sequence[str], most: int) -> list[str]:
    """At most so many texts, and behind them how many were left out."""
    return [*texts] if len(texts) <= most else [*texts[:most], f"and {len(texts) - most} more"]
