"""Where the boxes of a map stand, and how lines go between them: by dagre, a library that lays out graphs in layers.

dagre is JavaScript, and runs in QuickJS, an engine that is a Python package without dependencies: so neither a browser
nor another program is needed. What dagre gets are numbers and ids that `boxes` made, and no text from elsewhere.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import TypeAlias

from virtnet.commands.map import messages
from virtnet.commands.map.picture.boxes import HostBoxes
from virtnet.commands.map.picture.drawing import (
    HEIGHTS,
    PADDING,
    WIDTHS,
    Box,
    Inside,
    Line,
    Picture,
    Placed,
    PlacedLine,
    Tone,
    columns,
    extent,
    in_rows,
)
from virtnet.errors import Refused

MARGIN = 24.0
"""Around the picture, and between hosts."""

BETWEEN_LAYERS, BETWEEN_BOXES = 60.0, 22.0

SHAPE = 1.6
"""How much wider than high boxes without lines stand, together, and hosts."""

SECONDS = 120
MEMORY = 2**31
"""What a layout may take: far more than a host needs, and an end."""

LayOut: TypeAlias = Callable[[str], str]
"""JSON of boxes and lines -> JSON of their places (layout.js)."""


def picture(hosts: Sequence[HostBoxes], lay_out: LayOut) -> Picture:
    """The whole picture. The same boxes get the same places."""
    laid = [_host(host, lay_out) for host in hosts]
    frames = in_rows([frame for frame, _ in laid], left=MARGIN, top=MARGIN, gap=MARGIN, ratio=SHAPE)
    boxes: list[Placed] = []
    lines: list[PlacedLine] = []
    for (x, y, frame), (_, ways) in zip(frames, laid, strict=True):
        boxes += _flat(x, y, frame)
        lines += (_moved(way, x, y) for way in ways)
    width, height = extent(frames)
    return Picture(_round(width + MARGIN), _round(height + MARGIN), tuple(boxes), tuple(lines))


def _flat(x: float, y: float, box: Box, depth: int = 0) -> Iterator[Placed]:
    """A box and all in it, by their places in the picture."""
    yield Placed(_round(x), _round(y), box, depth)
    for inside in box.inside:
        yield from _flat(x + inside.x, y + inside.y, inside.box, depth + 1)


def _moved(way: PlacedLine, x: float, y: float) -> PlacedLine:
    points = tuple((_round(left + x), _round(top + y)) for left, top in way.points)
    return PlacedLine(points, way.line, _round(way.x + x), _round(way.y + y))


def _round(number: float) -> float:
    return round(number, 1)


def _host(host: HostBoxes, lay_out: LayOut) -> tuple[Box, tuple[PlacedLine, ...]]:
    """A host's frame around its boxes, those without lines below the others; and its lines."""
    top = host.frame.height + PADDING
    linked = {name for line in host.lines for name in (line.start, line.end)}
    drawn = [box for box in host.boxes if box.id in linked]
    alone = [box for box in host.boxes if box.id not in linked]
    layered, ways = _layered(drawn, host.lines, lay_out)
    moved = tuple(Inside(one.x + PADDING, one.y + top, one.box) for one in layered)
    _, bottom = extent(moved)
    below = in_rows(alone, left=PADDING, top=bottom + BETWEEN_BOXES if moved else top, gap=BETWEEN_BOXES, ratio=SHAPE)
    right, bottom = extent((*moved, *below))
    frame = replace(
        host.frame,
        width=max(host.frame.width, right + PADDING),
        height=max(host.frame.height, bottom + PADDING),
        inside=(*moved, *below),
    )
    return frame, tuple(_moved(way, PADDING, top) for way in ways)


def _layered(
    boxes: Sequence[Box], lines: Sequence[Line], lay_out: LayOut
) -> tuple[Sequence[Inside], Sequence[PlacedLine]]:
    if not boxes:
        return (), ()
    given = {
        "options": {"rankdir": "LR", "ranksep": BETWEEN_LAYERS, "nodesep": BETWEEN_BOXES, "edgesep": 12},
        "boxes": [{"id": box.id, "width": box.width, "height": box.height} for box in boxes],
        "lines": [
            {"start": line.start, "end": line.end, "width": _width(line), "height": HEIGHTS[Tone.FAINT]}
            for line in lines
        ],
    }
    found = json.loads(lay_out(json.dumps(given)))
    placed = [Inside(x, y, box) for (x, y), box in zip(found["places"], boxes, strict=True)]
    ways = [
        PlacedLine(tuple((x, y) for x, y in way["points"]), line, way["x"], way["y"])
        for way, line in zip(found["ways"], lines, strict=True)
    ]
    return placed, _from_side_to_side(placed, _edges_of_layers(placed, found["layers"]), ways)


def _from_side_to_side(
    placed: Sequence[Inside], edges: Mapping[str, tuple[float, float]], ways: Sequence[PlacedLine]
) -> Sequence[PlacedLine]:
    """Lines from right sides to left sides of their boxes, each end at a height of its own.

    dagre ends them where a way to the middle of a box would meet it, which may be above or below other boxes. A narrow
    box may stand below a wide one of the same layer, so a line is level up to the edge of the layer, and curves there.
    """
    boxes = {one.box.id: one for one in placed}
    starts = _heights([(way.line.start, way.points[1][1]) for way in ways], boxes)
    ends = _heights([(way.line.end, way.points[-2][1]) for way in ways], boxes)
    moved = []
    for way, start, end in zip(ways, starts, ends, strict=True):
        first, last = boxes[way.line.start], boxes[way.line.end]
        leaves, enters = (edges[way.line.start][1], start), (edges[way.line.end][0], end)
        points = ((first.x + first.box.width, start), leaves, *way.points[1:-1], enters, (last.x, end))
        moved.append(way._replace(points=tuple(dict.fromkeys(points))))
    return moved


def _edges_of_layers(placed: Sequence[Inside], layers: Sequence[float]) -> Mapping[str, tuple[float, float]]:
    """The left and the right edge of each box's layer. Given of each box: the middle that it shares with its layer."""
    found: dict[float, tuple[float, float]] = {}
    for one, layer in zip(placed, layers, strict=True):
        left, right = found.get(layer, (one.x, one.x))
        found[layer] = min(left, one.x), max(right, one.x + one.box.width)
    return {one.box.id: found[layer] for one, layer in zip(placed, layers, strict=True)}


def _heights(ends: Sequence[tuple[str, float]], boxes: Mapping[str, Inside]) -> Sequence[float]:
    """Where lines meet a side of a box, evenly along it. Given of each: its box, and the height that it comes from."""
    found = [0.0] * len(ends)
    by_box: dict[str, list[int]] = {}
    for number in sorted(range(len(ends)), key=lambda number: ends[number][1]):
        by_box.setdefault(ends[number][0], []).append(number)
    for name, numbers in by_box.items():
        one = boxes[name]
        for place, number in enumerate(numbers, start=1):
            found[number] = one.y + one.box.height * place / (len(numbers) + 1)
    return found


def _width(line: Line) -> float:
    return columns(line.said) * WIDTHS[Tone.FAINT] + PADDING if line.said else 0.0


def by_dagre() -> LayOut:
    """The function that lays out. Raises Refused if the extra `map` of the package is not installed."""
    try:
        import quickjs
    except ModuleNotFoundError as error:
        raise Refused(messages.no_layout(error.name or "quickjs")) from error
    folder = files("virtnet.commands.map.picture")
    source = (folder / "dagre" / "dagre.min.js").read_text("utf-8") + (folder / "layout.js").read_text("utf-8")
    function = quickjs.Function("laidOut", source)
    function.set_memory_limit(MEMORY)
    function.set_time_limit(SECONDS)
    call: LayOut = function
    return call
