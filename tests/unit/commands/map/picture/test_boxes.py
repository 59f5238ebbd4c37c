"""What is drawn of a map: boxes of texts, and lines."""

import pytest
from tests.unit.commands.map.maps import EVERYTHING, FLEET, LAB, attached, many, network

from virtnet.commands.map.model import Host, Map, Trouble
from virtnet.commands.map.picture.boxes import MOST_TROUBLES, boxes
from virtnet.commands.map.picture.drawing import PADDING, WIDTHS, Box, Kind, Tone, columns, fitted, in_rows, wrapped


def everything() -> tuple[Box, ...]:
    return boxes(FLEET)[0].boxes


def box(title: str, kind: Kind) -> Box:
    (one,) = [one for one in everything() if one.details.title == title and one.kind is kind]
    return one


def said(one: Box, tone: Tone | None = None) -> list[str]:
    return [text.said for text in one.texts if tone in (None, text.tone)]


def test_a_network_says_what_it_is() -> None:
    lab = box("lab", Kind.NETWORK)

    assert said(lab)[:7] == [
        "lab",
        "nat · active · autostart",
        "bridge vn-lab · zone libvirt",
        "10.9.1.1/24",
        "DHCP 10.9.1.2 to 10.9.1.99",
        "route 10.92.0.0/24 via 10.9.1.4",
        "1 reservation",
    ]
    assert "managed by project/stack/lab" in said(lab)


def test_a_problem_is_in_the_box_and_whole_in_its_details() -> None:
    lab = box("lab", Kind.NETWORK)

    assert lab.has_problem
    assert said(lab, Tone.PROBLEM)[0].startswith("network 'lab' has lost")
    assert lab.details.troubles == LAB.troubles
    assert lab.label == "network lab, 1 problem"


def test_what_is_attached_is_in_its_networks_box() -> None:
    lab = box("lab", Kind.NETWORK)

    assert [inside.box.details.title for inside in lab.inside] == ["db", "web", "veth7"]
    assert said(lab.inside[1].box) == ["web", "tap vnet2", "52:54:00:00:00:02", "10.9.1.2", "tcp 8080 → 80"]
    assert said(lab.inside[2].box)[:2] == ["veth7", "veth veth7"]


def test_a_guest_on_several_networks_has_one_box_and_a_line_to_each() -> None:
    drawn = boxes(FLEET)[0]
    router = box("router", Kind.GUEST)
    names = {one.id: one.details.title for one in drawn.boxes}

    found = [(names[line.start], line.said) for line in drawn.lines if line.end == router.id and not line.arrow]

    assert found == [("back", "vnet5"), ("lab", "vnet4")]


def test_a_port_forward_leads_to_its_network_or_to_a_guest_of_its_own_box() -> None:
    drawn = boxes(Map(hosts=(EVERYTHING,)))[0]
    names = {one.id: one.details.title for one in drawn.boxes}

    assert [(names[line.start], names[line.end]) for line in drawn.lines if line.arrow] == [
        ("tcp 8080", "lab"),
        ("tcp 8080", "back"),
    ]


def test_a_network_that_is_not_forwarded_says_so_at_its_line() -> None:
    host = Host(uri="", ipv4_forwarding=False, uplinks=EVERYTHING.uplinks, networks=(network(),))

    (line,) = boxes(Map(hosts=(host,)))[0].lines

    assert (line.said, line.dashed) == ("not forwarded", True)


def test_more_problems_than_there_is_room_for_are_counted() -> None:
    troubles = tuple(Trouble(said=f"problem {number}") for number in range(MOST_TROUBLES + 2))
    ((one,),) = [host.boxes for host in boxes(Map(hosts=(Host(uri="", networks=(network(troubles=troubles),)),)))]

    assert said(one, Tone.PROBLEM) == ["problem 0", "problem 1", "problem 2", "and 2 more problems"]


def test_no_text_is_wider_than_its_box() -> None:
    long = "a" * 300
    entry = attached(long, 1, interface=long, hostname=long)
    host = Host(uri=long, networks=(network(long, addresses=(long,), attached=(entry,)),))
    found = [one for drawn in boxes(Map(hosts=(host,))) for one in (drawn.frame, *drawn.boxes)]
    found += [inside.box for one in found for inside in one.inside]

    wide = [
        (one.id, text.said)
        for one in found
        for text in one.texts
        if columns(text.said) * WIDTHS[text.tone] > one.width - 2 * PADDING + 0.01
    ]

    assert wide == []


def test_two_hundred_guests_are_about_as_wide_as_high() -> None:
    big = next(one for one in boxes(many(200))[0].boxes if one.details.title == "big")

    assert len(big.inside) == 195
    assert 0.8 < big.width / big.height < 2.5


def test_many_networks_with_one_way_out_stand_in_rows_with_one_line() -> None:
    networks = tuple(network(f"n{number}", mode="nat") for number in range(30))
    routed = network("routed", mode="route")
    host = Host(uri="", uplinks=EVERYTHING.uplinks, networks=(*networks, routed))

    (drawn,) = boxes(Map(hosts=(host,)))

    crowd = next(one for one in drawn.boxes if one.kind is Kind.CROWD)
    assert (crowd.details.title, len(crowd.inside)) == ("30 networks", 30)
    assert [(line.end == crowd.id, line.said) for line in drawn.lines] == [(True, "nat"), (False, "route")]


FITTED = {
    "short": ("lab", 100.0, "lab"),
    "long": ("a" * 50, 70.0, "aaaaaaaaa…"),
    "wide letters": ("網" * 50, 70.0, "網網網網…"),
    "no letter at all": ("\u202eab", 100.0, "\\u202eab"),
}


@pytest.mark.parametrize(("text", "width", "shown"), FITTED.values(), ids=FITTED)
def test_a_text_is_cut_where_there_is_no_room(text: str, width: float, shown: str) -> None:
    assert fitted(text, Tone.PLAIN, width) == shown


def test_a_sentence_takes_no_more_lines_than_it_may() -> None:
    lines = wrapped("one two three four five six seven eight nine ten", Tone.PLAIN, 70.0, 3)

    assert lines == ["one two", "three four", "five six…"]


def test_boxes_in_rows_do_not_overlap() -> None:
    inside = [one.box for one in box("lab", Kind.NETWORK).inside]

    placed = in_rows(inside * 20, left=5.0, top=7.0, gap=3.0, ratio=1.6)

    assert min(one.x for one in placed) == 5.0
    assert min(one.y for one in placed) == 7.0
    assert not [
        (one, other)
        for number, one in enumerate(placed)
        for other in placed[number + 1 :]
        if one.x < other.x + other.box.width
        and other.x < one.x + one.box.width
        and one.y < other.y + other.box.height
        and other.y < one.y + one.box.height
    ]
