"""A map as a diagram of Mermaid."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.golden import assert_golden_text
from tests.unit.commands.map.maps import (
    FLEET,
    HOSTILE,
    LAB,
    UPLINK,
    URI,
    attached,
    forward,
    many,
    named,
    network,
)

from virtnet.commands.map.mermaid import MOST_ATTACHED, diagram
from virtnet.commands.map.model import Host, Map, Trouble

#: All that the diagram itself is made of; a label has none of it but letters, entities, blanks and breaks.
LABEL = re.compile(r'"((?:<b>|</b>|<br/>|⚠|#\d+;|[A-Za-z0-9 .,/_→-])*)"')


def test_everything_is_in_the_diagram() -> None:
    assert_golden_text(Path(__file__).parent / "everything.mermaid", diagram(FLEET))


def test_many_guests_are_counted() -> None:
    text = diagram(many(200))

    # The five that are on both networks have boxes of their own.
    assert len(re.findall(r"^    h0p0a\d+|--- h0p0a\d+\(", text, re.MULTILINE)) == MOST_ATTACHED
    assert f"and {200 - 5 - MOST_ATTACHED} more" in text
    assert len(text) < 50_000
    assert len(re.findall(r"---|-->|-\.-", text)) < 500


def of_fleet(hosts: int, networks: int, guests: int) -> Map:
    """Hosts with networks that go out, and guests on each."""
    return Map(
        hosts=tuple(
            Host(
                uri=f"qemu+ssh://root@host{number}/system",
                uplinks=(UPLINK,),
                networks=tuple(
                    network(f"net{of}", attached=tuple(attached(f"guest-{of}-{one}", one) for one in range(guests)))
                    for of in range(networks)
                ),
            )
            for number in range(hosts)
        )
    )


def of_forwards(number: int) -> Map:
    """A network with many forwards, the last of which has a problem."""
    forwards = [forward(id=f"{one:016x}") for one in range(number)]
    troubled = replace(forwards[-1], troubles=(Trouble(said="its rules are missing"),))
    return Map(hosts=(Host(uri=URI, networks=(LAB,), port_forwards=(*forwards[:-1], troubled)),))


def on_several(number: int) -> Map:
    """Guests that each are on two networks."""
    both = [tuple(attached(f"guest{one}", start + one) for one in range(number)) for start in (0, 20_000)]
    return Map(hosts=(Host(uri=URI, networks=(network("a", attached=both[0]), network("b", attached=both[1]))),))


def troubled(number: int) -> Map:
    """Networks and hosts with long problems, of characters that take most."""
    troubles = tuple(Trouble(said="\U000e0100" * 130) for _ in range(4))
    networks = tuple(network(f"{one}" + "\U000e0100" * 80, troubles=troubles) for one in range(2))
    hosts = (Host(uri=f"{one}" + "\U000e0100" * 80, troubles=troubles, networks=networks) for one in range(number))
    return Map(hosts=tuple(hosts))


LARGE = {
    "50 networks of 12 guests": of_fleet(1, 50, 12),
    "3 hosts, 15 networks, 12 guests": of_fleet(3, 15, 12),
    "8 hosts, 10 networks, 8 guests": of_fleet(8, 10, 8),
    "550 networks": of_fleet(1, 550, 1),
    "120 hosts": of_fleet(120, 3, 2),
    "600 port forwards": of_forwards(600),
    "400 guests on two networks": on_several(400),
    "long problems": troubled(20),
}


def arrows(text: str) -> int:
    return len(re.findall(r"---|-->|-\.-", re.sub(r'"[^"\n]*"', "", text)))


@pytest.mark.parametrize("drawn", LARGE.values(), ids=LARGE)
def test_what_draws_it_takes_all_of_it(drawn: Map) -> None:
    text = diagram(drawn)

    assert len(text) <= 50_000
    assert arrows(text) <= 500
    # Each arrow is between boxes that are there.
    boxes = set(re.findall(r"(h\d+\w+)[\[(>]", text))
    ends = [end for line in text.splitlines() if arrows(line) for end in re.findall(r"h\d+[a-z]\w*", bare(line))]
    assert set(ends) <= boxes


def bare(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def test_each_network_of_a_fleet_keeps_its_box_and_the_rest_is_counted() -> None:
    text = diagram(of_fleet(8, 10, 8))

    assert len(re.findall(r":::network$", text, re.MULTILINE)) == 80
    drawn, counted = len(re.findall(r"<b>guest-", text)), [int(one) for one in re.findall(r"and (\d+) more", text)]
    assert drawn > 0
    assert drawn + sum(counted) == 8 * 10 * 8


def test_of_many_forwards_those_with_problems_are_drawn_and_the_rest_is_counted() -> None:
    text = diagram(of_forwards(600))

    drawn = len(re.findall(r"^    h0f\d+>", text, re.MULTILINE))
    assert "its rules are missing" in text
    assert f"and {600 - drawn} more port forwards" in text


def test_a_guest_on_several_networks_that_is_not_drawn_is_counted_on_each() -> None:
    text = diagram(on_several(400))

    drawn = len(re.findall(r"^    h0g\d+\(", text, re.MULTILINE))
    assert drawn > 0
    assert text.count(f"and {400 - drawn} more") == 2


def test_networks_and_hosts_are_counted_where_they_are_too_many() -> None:
    assert re.search(r"and \d+ more networks", diagram(of_fleet(1, 550, 1)))
    assert re.search(r"and \d+ more hosts", diagram(troubled(20)))


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_nothing_but_a_label(name: str) -> None:
    expected = re.sub(r'"[^"\n]*"', '""', diagram(named("name")))

    text = diagram(named(name))

    assert LABEL.sub('""', text) == expected
