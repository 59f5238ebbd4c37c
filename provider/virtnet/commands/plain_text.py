"""Texts that others wrote, on their way into something drawn: on one line, with nothing in them unseen. Pure."""

from collections.abc import Sequence

from virtnet.spec.text import escape_controls


def plain(text: str) -> str:
    """A text on one line, with invisible characters escaped as in Python."""
    return escape_controls(" ".join(text.split()))


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def few(texts: Sequence[str], most: int) -> list[str]:
    """At most so many texts, and behind them how many were left out."""
    return [*texts] if len(texts) <= most else [*texts[:most], f"and {len(texts) - most} more"]
