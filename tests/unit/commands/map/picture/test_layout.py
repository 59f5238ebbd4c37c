"""Where boxes stand: by the real library."""

import sys
from collections.abc import Iterator
from itertools import pairwise

import pytest
from tests.unit.commands.map.maps import FLEET, many
from tests.unit.commands.map.picture.pictures import dagre, laid_out

from virtnet.commands.map.model import Host, Map
from virtnet.commands.map.picture.boxes import boxes
from virtnet.commands.map.picture.drawing import Kind, Picture, Placed, PlacedLine
from virtnet.commands.map.picture.layout import by_dagre, picture
from virtnet.errors import Refused

MAPS = {
    "everything": FLEET,
    "two hundred guests": many(200),
    "no host": Map(hosts=()),
    "no network": Map(hosts=(Host(uri="a"),)),
}


def inside(one: Placed, other: Placed) -> bool:
    return (
        other.x <= one.x
        and other.y <= one.y
        and one.x + one.box.width <= other.x + other.box.width + 0.2
        and one.y + one.box.height <= other.y + other.box.height + 0.2
    )


def apart(one: Placed, other: Placed) -> bool:
    return (
        one.x + one.box.width <= other.x + 0.2
        or other.x + other.box.width <= one.x + 0.2
        or one.y + one.box.height <= other.y + 0.2
        or other.y + other.box.height <= one.y + 0.2
    )


@pytest.mark.parametrize("drawn", MAPS.values(), ids=MAPS)
def test_boxes_stand_inside_one_another_or_apart(drawn: Map) -> None:
    placed = laid_out(drawn).boxes

    wrong = [
        (one.box.label, other.box.label)
        for number, one in enumerate(placed)
        for other in placed[number + 1 :]
        if not (apart(one, other) or inside(other, one))
    ]

    assert wrong == []


@pytest.mark.parametrize("drawn", MAPS.values(), ids=MAPS)
def test_all_of_it_is_in_the_picture(drawn: Map) -> None:
    found = laid_out(drawn)

    rights = [one.x + one.box.width for one in found.boxes] + [x for line in found.lines for x, _ in line.points]
    bottoms = [one.y + one.box.height for one in found.boxes] + [y for line in found.lines for _, y in line.points]
    assert max(rights, default=0) <= found.width
    assert max(bottoms, default=0) <= found.height


def test_a_line_goes_from_box_to_box() -> None:
    found = laid_out(FLEET)
    by_id = {one.box.id: one for one in found.boxes}

    def touches(point: tuple[float, float], one: Placed) -> bool:
        x, y = point
        return one.x - 1 <= x <= one.x + one.box.width + 1 and one.y - 1 <= y <= one.y + one.box.height + 1

    assert len(found.lines) == 9
    for line in found.lines:
        assert touches(line.points[0], by_id[line.line.start])
        assert touches(line.points[-1], by_id[line.line.end])


def along(line: PlacedLine) -> Iterator[tuple[float, float]]:
    """Points of a line as it is drawn: level at each end of a part, and curved between them."""
    for (x0, y0), (x1, y1) in pairwise(line.points):
        for number in range(21):
            part = number / 20
            bend = 3 * part**2 - 2 * part**3
            yield (x0 + x1) / 2 * 3 * part * (1 - part) + x0 * (1 - part) ** 3 + x1 * part**3, y0 + (y1 - y0) * bend


@pytest.mark.parametrize("drawn", MAPS.values(), ids=MAPS)
def test_no_line_goes_behind_a_box(drawn: Map) -> None:
    found = laid_out(drawn)

    wrong = {
        (line.line.start, line.line.end, one.box.label)
        for line in found.lines
        for one in found.boxes
        if one.box.kind is not Kind.HOST
        for x, y in along(line)
        if one.x + 1 < x < one.x + one.box.width - 1 and one.y + 1 < y < one.y + one.box.height - 1
    }

    assert wrong == set()


def test_ways_out_stand_left_of_networks_and_guests_of_several_right_of_them() -> None:
    def lefts(found: Picture, kind: Kind) -> list[float]:
        return [one.x for one in found.boxes if one.box.kind is kind]

    found = laid_out(FLEET)
    router = next(one for one in found.boxes if one.box.details.title == "router")
    lab = next(one for one in found.boxes if one.box.details.title == "lab")

    assert max(lefts(found, Kind.UPLINK)) < lab.x < router.x


def test_hosts_do_not_hide_one_another() -> None:
    frames = [one for one in laid_out(FLEET).boxes if one.box.kind is Kind.HOST]

    assert len(frames) == 2
    assert all(apart(one, other) for one, other in pairwise(frames))


def test_the_same_map_is_the_same_picture() -> None:
    # A second engine, as another run has.
    assert laid_out(many(60)) == picture(boxes(many(60)), by_dagre())


def test_without_the_library_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quickjs", None)

    with pytest.raises(Refused, match=r"pip install 'pulumi-virtnet\[map\]'"):
        by_dagre()


def test_the_library_gets_no_text_of_a_host() -> None:
    given = []

    def lay_out(text: str) -> str:
        given.append(text)
        return dagre()(text)

    picture(boxes(FLEET), lay_out)

    assert not [word for text in given for word in ("lab", "web", "vnet", "10.9") if word in text]
