"""A map as SVG, by lxml, which escapes all that is text. Pure."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from lxml import etree

from virtnet.commands.map.picture.drawing import HEIGHTS, PADDING, Box, Kind, Picture, Placed, PlacedLine, Tone
from virtnet.commands.plain_text import plain

NAMESPACE = "http://www.w3.org/2000/svg"

_ROUND = {Kind.GUEST: 10, Kind.LINK: 10, Kind.PORT_FORWARD: 10}
"""How round corners are, where not a little."""

_HEAD = 7.0
"""The length of an arrow's head."""

#: How far below the top of its line the letters of a text stand.
_BASE = 0.76


def as_svg(picture: Picture, title: str, description: str) -> str:
    """A file of its own, which takes the viewer's dark or light colours."""
    root = element(picture)
    root.set("role", "img")
    for position, (tag, said) in enumerate((("title", title), ("desc", description))):
        told = etree.Element(f"{{{NAMESPACE}}}{tag}")
        told.text = plain(said)
        root.insert(position, told)
    style = etree.Element(f"{{{NAMESPACE}}}style")
    style.text = styles()
    root.insert(2, style)
    return etree.tostring(root, encoding="unicode", pretty_print=True)


@cache
def styles() -> str:
    """The colours and letters of a picture."""
    return (files("virtnet.commands.map.picture") / "picture.css").read_text("utf-8")


def element(picture: Picture, *, names_boxes: bool = True) -> etree._Element:
    """The picture without its styles: first the hosts, then the lines, then all other boxes.

    A box has its name as a title, which viewers show where a pointer is; without `names_boxes`, its texts are its name.
    """
    width, height = _number(picture.width), _number(picture.height)
    root = etree.Element(
        f"{{{NAMESPACE}}}svg",
        {"class": "picture", "width": width, "height": height, "viewBox": f"0 0 {width} {height}"},
        nsmap={None: NAMESPACE},
    )
    _add(root, "rect", {"class": "ground", "width": width, "height": height})
    for placed in picture.boxes:
        if placed.box.kind is Kind.HOST:
            _draw(root, placed, names_boxes=names_boxes)
    for line in picture.lines:
        _draw_line(root, line)
    for placed in picture.boxes:
        if placed.box.kind is not Kind.HOST:
            _draw(root, placed, names_boxes=names_boxes)
    return root


def classes(box: Box) -> str:
    """What a box is, and how it is, for styles."""
    return " ".join([box.kind.value, *["inactive"][: box.faint], *["has-problem"][: box.has_problem]])


def _draw(root: etree._Element, placed: Placed, *, names_boxes: bool) -> None:
    x, y, box, _ = placed
    group = _add(root, "g", {"class": f"box {classes(box)}", "id": box.id})
    if names_boxes:
        _add(group, "title", {}).text = box.label
    _add(
        group,
        "rect",
        {
            "x": _number(x),
            "y": _number(y),
            "width": _number(box.width),
            "height": _number(box.height),
            "rx": str(_ROUND.get(box.kind, 4)),
        },
    )
    top = y + 0.8 * PADDING
    for text in box.texts:
        height = HEIGHTS[text.tone]
        place = {"x": _number(x + PADDING), "y": _number(top + height * _BASE), "class": text.tone.value}
        _add(group, "text", place).text = text.said
        top += height
    if box.has_problem:
        # Not only by its color.
        place = {"x": _number(x + box.width - PADDING - 12), "y": _number(y + 24), "class": "title problem"}
        _add(group, "text", {**place, "aria-hidden": "true"}).text = "⚠"


def _draw_line(root: etree._Element, placed: PlacedLine) -> None:
    group = _add(root, "g", {"class": "line dashed" if placed.line.dashed else "line"})
    _add(group, "path", {"d": _path(placed.points)})
    if placed.line.arrow:
        x, y = placed.points[-1]
        left, right = (x - _HEAD, y - _HEAD / 2), (x - _HEAD, y + _HEAD / 2)
        _add(group, "path", {"class": "head", "d": f"M{_point((x, y))}L{_point(left)}L{_point(right)}Z"})
    if placed.line.said:
        text = _add(group, "text", {"x": _number(placed.x), "y": _number(placed.y + HEIGHTS[Tone.FAINT] * 0.25)})
        text.text = placed.line.said


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line that is level at each of its points, and curved between them."""
    told = f"M{_point(points[0])}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        told += f"C{_point((middle, y0))} {_point((middle, y1))} {_point((x1, y1))}"
    return told


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _add(parent: etree._Element, tag: str, attributes: dict[str, str]) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)
