"""The picture of one size: bars of seconds on a scale of tens, as SVG that needs no script and no font of its own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import svg

PICTURED = ("create", "no-op up", "refresh", "live edit of one", "restart of one", "destroy")
#: Title, column and colour of each bar of a group.
SERIES = (
    ("libvirt's floor", "libvirt's floor, s", "#b8b8b8"),
    ("the engine's floor", "engine's floor, s", "#7a7a7a"),
    ("virtnet", "virtnet, s", "#1f6fb2"),
    ("OpenTofu", "OpenTofu, s", "#e08e2b"),
)
WIDTH, HEIGHT = 960, 400
LEFT, RIGHT, TOP, BOTTOM = 52, 948, 48, 320
FONT = "sans-serif"


def picture(rows: Sequence[Mapping[str, Any]], networks: int) -> str:
    """Bars for what of `rows` is about that many networks."""
    chosen = [next(row for row in rows if row["networks"] == networks and row["what"] == what) for what in PICTURED]
    values = [row[column] for row in chosen for _, column, _ in SERIES if row[column]]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    elements: list[svg.Element] = [
        svg.Rect(width=WIDTH, height=HEIGHT, fill="white"),
        _text(WIDTH / 2, 26, f"{networks} networks: seconds, each line ten times the one below", size=17),
        *_lines(low, high),
        *_bars(chosen, low, high),
        *_legend(),
    ]
    return f"{svg.SVG(viewBox=svg.ViewBoxSpec(0, 0, WIDTH, HEIGHT), elements=elements)}\n"


def _height(value: float, low: int, high: int) -> float:
    return round((math.log10(value) - low) / (high - low) * (BOTTOM - TOP), 1)


def _lines(low: int, high: int) -> Iterator[svg.Element]:
    for power in range(low, high + 1):
        y = BOTTOM - _height(10**power, low, high)
        yield svg.Line(x1=LEFT, y1=y, x2=RIGHT, y2=y, stroke="#dddddd")
        yield _text(LEFT - 6, y + 4, f"{10**power:g}", anchor="end")


def _bars(chosen: Sequence[Mapping[str, Any]], low: int, high: int) -> Iterator[svg.Element]:
    group = (RIGHT - LEFT) / len(chosen)
    wide = group * 0.8 / len(SERIES)
    for place, row in enumerate(chosen):
        begin = LEFT + place * group + group * 0.1
        yield _text(begin + group * 0.4, BOTTOM + 20, row["what"], size=14)
        for number, (_, column, colour) in enumerate(SERIES):
            # Rounded to nothing: libvirt's reads of one network.
            if not row[column]:
                continue
            x, tall = round(begin + number * wide, 1), _height(row[column], low, high)
            yield svg.Rect(x=x, y=BOTTOM - tall, width=round(wide * 0.92, 1), height=tall, fill=colour)
            yield _text(x + wide * 0.46, BOTTOM - tall - 4, f"{row[column]:g}", size=10)


def _legend() -> Iterator[svg.Element]:
    for number, (title, _, colour) in enumerate(SERIES):
        x = LEFT + 130 + number * 170
        yield svg.Rect(x=x, y=HEIGHT - 32, width=14, height=14, fill=colour)
        yield _text(x + 20, HEIGHT - 20, title, anchor="start", size=14)


def _text(x: float, y: float, text: str, *, anchor: Any = "middle", size: int = 12) -> svg.Text:
    return svg.Text(
        x=round(x, 1), y=round(y, 1), text=text, text_anchor=anchor, font_size=size, font_family=FONT, fill="#333333"
    )
