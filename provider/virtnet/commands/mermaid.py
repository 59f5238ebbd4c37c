"""Texts in diagrams of Mermaid, which GitHub and GitLab draw. Pure."""

import re

from virtnet.commands.plain_text import plain, shortened

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,/_→-]")


def label(text: str, longest: int = 60) -> str:
    """A text in a box: each character that Mermaid, HTML or Markdown would obey by its number."""
    return _UNSAFE.sub(lambda match: f"#{ord(match[0])};", shortened(plain(text), longest))
