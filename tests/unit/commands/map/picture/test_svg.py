"""A map as SVG."""

import re

import pytest
from lxml import etree
from tests.unit.commands.map.maps import FLEET, HOSTILE, named
from tests.unit.commands.map.picture.pictures import below_one_another

from virtnet.commands.map import messages
from virtnet.commands.map.model import Map
from virtnet.commands.map.picture.svg import NAMESPACE, as_svg
from virtnet.commands.plain_text import plain


def drawn(one: Map) -> str:
    return as_svg(below_one_another(one), messages.title(one), messages.summary(one))


def tags(root: etree._Element) -> list[tuple[str, tuple[str, ...]]]:
    """The elements in their order, each with the names of its attributes, and lines of texts left out."""
    found = [(str(element.tag), tuple(sorted(element.attrib))) for element in root.iter()]
    return [one for one in found if not one[0].endswith("}text")]


def test_all_names_are_in_it_as_text() -> None:
    root = etree.fromstring(drawn(FLEET).encode())

    said = set(root.itertext())
    for name in ("lab", "back", "asleep", "router", "web", "db", "veth7", "eth0", "br0", "10.9.1.1/24", "vnet5"):
        assert name in said
    assert root.findtext(f"{{{NAMESPACE}}}title") == "Networks of qemu:///system, qemu+ssh://far/system"


def test_what_has_a_problem_is_red_and_has_a_sign() -> None:
    root = etree.fromstring(drawn(FLEET).encode())
    groups = {group.get("id"): group for group in root.iter(f"{{{NAMESPACE}}}g") if group.get("id")}

    wrong = {
        group.findtext(f"{{{NAMESPACE}}}title"): [text.text for text in group if text.text == "⚠"]
        for group in groups.values()
        if "has-problem" in (group.get("class") or "").split()
    }

    assert wrong == {
        "host qemu:///system, 1 problem": ["⚠"],
        "network lab, 1 problem": ["⚠"],
        "host qemu+ssh://far/system, 1 problem": ["⚠"],
    }


def test_it_asks_nobody_for_anything() -> None:
    text = drawn(FLEET)

    assert re.findall(r"https?://[^\"' ]*", text) == [NAMESPACE]
    assert not re.search(r"url\(|@import|href|<script|<image|<foreignObject", text)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    expected = etree.fromstring(drawn(named("name")).encode())

    root = etree.fromstring(drawn(named(name)).encode())

    assert tags(root) == tags(expected)
    titles = [title.text or "" for title in root.iter(f"{{{NAMESPACE}}}title")]
    assert titles[2].startswith(plain(f"interface of the host {name}"))


def test_the_same_map_is_the_same_file() -> None:
    assert drawn(FLEET) == drawn(FLEET)
