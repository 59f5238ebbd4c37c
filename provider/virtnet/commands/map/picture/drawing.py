"""The drawing before and after its layout: boxes with texts, lines, and the details of boxes. Pure.

All measures are pixels. Letters are measured by the widest of the fonts that are common for each tone, so that a text
is never wider than its box, whatever font a viewer has.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from textwrap import wrap
from typing import NamedTuple

from virtnet.commands.map.model import Trouble
from virtnet.commands.plain_text import plain


class Kind(Enum):
    """What a box is of."""

    HOST = "host"
    CROWD = "crowd"
    """Several networks that leave by the same way."""
    NETWORK = "network"
    BRIDGE = "bridge"
    UPLINK = "uplink"
    PORT_FORWARD = "port-forward"
    GUEST = "guest"
    LINK = "link"


class Tone(Enum):
    """How a text looks."""

    TITLE = "title"
    PLAIN = "plain"
    CODE = "code"
    FAINT = "faint"
    PROBLEM = "problem"


#: Of each tone, the width of a letter and the height of a line.
WIDTHS = {Tone.TITLE: 9.0, Tone.PLAIN: 7.0, Tone.CODE: 6.8, Tone.FAINT: 6.4, Tone.PROBLEM: 6.8}
HEIGHTS = {Tone.TITLE: 19.0, Tone.PLAIN: 16.0, Tone.CODE: 15.0, Tone.FAINT: 15.0, Tone.PROBLEM: 16.0}

PADDING = 10.0
"""Between a box and its texts."""


class Text(NamedTuple):
    """A line of a box."""

    tone: Tone
    said: str


class Details(NamedTuple):
    """The details that a box shows when it is chosen."""

    kind: str
    title: str
    troubles: tuple[Trouble, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Each what it is, and its values."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box, not yet anywhere."""

    id: str
    kind: Kind
    label: str
    """What it is, for those who don't see it."""
    texts: tuple[Text, ...]
    width: float
    height: float
    details: Details
    faint: bool = False
    """Of something that is not active."""
    inside: tuple["Inside", ...] = ()

    @property
    def has_problem(self) -> bool:
        """Whether something is wrong with what it is of."""
        return bool(self.details.troubles)


class Inside(NamedTuple):
    """A box in another one, by its place there."""

    x: float
    y: float
    box: Box


class Line(NamedTuple):
    """A line between two boxes."""

    start: str
    end: str
    said: str = ""
    arrow: bool = False
    dashed: bool = False


class Placed(NamedTuple):
    """A box in the picture."""

    x: float
    y: float
    box: Box
    depth: int = 0
    """How many boxes it is in."""


class PlacedLine(NamedTuple):
    """A line in the picture."""

    points: tuple[tuple[float, float], ...]
    line: Line
    x: float = 0.0
    """The middle of its text."""
    y: float = 0.0


class Picture(NamedTuple):
    """All of it, what is behind first."""

    width: float
    height: float
    boxes: tuple[Placed, ...]
    lines: tuple[PlacedLine, ...]


def columns(text: str) -> int:
    """How many letters wide a text is; those of East Asia are two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def fitted(said: str, tone: Tone, width: float) -> str:
    """A text from elsewhere on one line, with as much of it as there is room for."""
    text, room = plain(said), int(width / WIDTHS[tone] + 0.01)
    if columns(text) <= room:
        return text
    text = text[: room - 1]
    while text and columns(text) >= room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(said: str, tone: Tone, width: float, most: int) -> list[str]:
    """A sentence on at most so many lines."""
    letters = max(int(width / WIDTHS[tone]), 8)
    # What is looked at of a sentence takes time, and more of it would not be shown.
    lines = wrap(plain(said)[: letters * (most + 1)], letters) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [fitted(line, tone, width) for line in lines]


def width_of(texts: Iterable[Text]) -> float:
    """The room that texts need."""
    return max((columns(plain(text.said)) * WIDTHS[text.tone] for text in texts), default=0.0)


def height_of(texts: Iterable[Text]) -> float:
    """The room that texts need below one another."""
    return sum(HEIGHTS[text.tone] for text in texts)


def in_rows(boxes: Sequence[Box], *, left: float, top: float, gap: float, ratio: float) -> tuple[Inside, ...]:
    """Boxes in rows, as a page has its words: all about `ratio` times as wide as high."""
    if not boxes:
        return ()
    area = sum((box.width + gap) * (box.height + gap) for box in boxes)
    widest = max(*(box.width for box in boxes), (area * ratio) ** 0.5)
    placed, x, y, row = [], left, top, 0.0
    for box in boxes:
        if x > left and x + box.width > left + widest:
            x, y, row = left, y + row + gap, 0.0
        placed.append(Inside(x, y, box))
        x, row = x + box.width + gap, max(row, box.height)
    return tuple(placed)


def extent(inside: Iterable[Inside]) -> tuple[float, float]:
    """How far boxes reach to the right and down."""
    found = [(one.x + one.box.width, one.y + one.box.height) for one in inside]
    return max((x for x, _ in found), default=0.0), max((y for _, y in found), default=0.0)
