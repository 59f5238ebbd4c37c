"""Texts that others wrote, in Markdown as GitHub and GitLab draw it: shown as they are, and obeyed by nothing. Pure."""

import re
from collections.abc import Iterable, Sequence

from virtnet.commands.plain_text import few, plain, shortened

#: Between these, nothing is read as a link, a mention, an issue or an emoji; it has no width.
_APART = "&#8203;"
#: What the two sites make links of: @user, #12, !34, ~label, %milestone, $snippet, and addresses.
_REFERENCE = re.compile(r"(?<=[@#!~%$])(?=\w)|(?<=:)(?=//)|(?<=[wW]{3}\.)|(?<=[gG][hH]-)(?=\d)")
_EMOJI = re.compile(r"(?<=:)(?=[A-Za-z0-9_+-]+:)")
_PUNCTUATION = re.compile(r"[\\`*_\[\]()|~$#!{}]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def code(text: str, longest: int = 120) -> str:
    """A text as code, in which nothing is read as Markdown, HTML or a reference."""
    shown = shortened(plain(text), longest) or " "
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if shown[0] == "`" or shown[-1] == "`" or (shown[0] == shown[-1] == " " and shown.strip()) else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def codes(texts: Sequence[str], most: int) -> str:
    """Several texts as code, and how many were left out."""
    shown = few([code(text) for text in texts], most)
    last = " and " if len(texts) <= most else " "
    return last.join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def prose(text: str, longest: int = 600) -> str:
    """A sentence that others' names may be in. It never begins a line."""
    pieces = [shortened(plain(text), longest)]
    for apart in (_REFERENCE, _EMOJI):
        pieces = [part for piece in pieces for part in apart.split(piece)]
    return _APART.join(map(_escaped, pieces))


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in _PUNCTUATION.sub(r"\\\g<0>", text))


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Lines in a block of code."""
    shown = [f"{' ' * (len(line) - len(line.lstrip(' ')))}{plain(line)}" for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return "\n".join([f"{fence}{language}", *shown, fence])


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def row(cells: Iterable[str]) -> str:
    """A row of a table, of cells that are Markdown."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def details(summary: str, body: str) -> str:
    """A part that is folded until somebody opens it. The summary is ours."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def length(text: str) -> int:
    """How long a text is by the sites' count, in which a character beyond the first 65,536 is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
