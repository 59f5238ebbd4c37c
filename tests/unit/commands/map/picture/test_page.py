"""A map as a page of HTML: what it is made of. tests/integration/test_map_page.py tries in a browser what it does."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.unit.commands.map.maps import FLEET, HOSTILE, named
from tests.unit.commands.map.picture.pictures import below_one_another

from virtnet.commands.map import messages
from virtnet.commands.map.model import Map
from virtnet.commands.map.picture.page import as_page
from virtnet.commands.plain_text import plain


class Reader(HTMLParser):
    """The tags of a page with their attributes, and the texts of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in self.raw and self.lasttag == self.tags[-1][0] and self.cdata_elem:
            self.raw[self.tags[-1][0]].append(data)

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Tags and the names of their attributes; lines of texts left out."""
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.tags if tag != "text"]


def page(one: Map) -> str:
    return as_page(below_one_another(one), messages.title(one), messages.summary(one))


def data(text: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    whole: dict[str, Any] = json.loads(found)
    return whole


def policy(text: str) -> dict[str, str]:
    (content,) = [
        attributes["content"] or ""
        for tag, attributes in Reader(text).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in content.split(";"))}


def test_its_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    text = page(FLEET)

    def allowed(content: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy(text) == {
        "default-src": "'none'",
        "style-src": allowed(style),
        "script-src": allowed(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_it_names_nothing_elsewhere() -> None:
    text = page(FLEET)

    assert re.findall(r"https?://[^\"' ]*", text) == ["http://www.w3.org/2000/svg"]
    assert not [tag for tag, _ in Reader(text).tags if tag in ("link", "img", "iframe", "object", "base", "a")]
    named_attributes = {name for _, attributes in Reader(text).tags for name in attributes}
    assert not named_attributes & {"src", "href", "style"}
    assert not [name for name in named_attributes if name.startswith("on")]


def test_each_box_is_in_the_list_and_has_its_details() -> None:
    text = page(FLEET)

    ids = [one.box.id for one in below_one_another(FLEET).boxes]
    listed = [attributes["data-of"] for tag, attributes in Reader(text).tags if tag == "li"]
    assert listed == ids
    assert list(data(text)["boxes"]) == ids
    lab = next(box for box in data(text)["boxes"].values() if box["title"] == "lab")
    assert lab["troubles"][0]["command"] == "systemctl restart virtnetworkd"
    assert ["DHCP ranges", ["10.9.1.2 to 10.9.1.99"]] in lab["rows"]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    expected = Reader(page(named("name")))

    text = page(named(name))

    assert Reader(text).shape == expected.shape
    titles = [box["title"] for box in data(text)["boxes"].values()]
    assert titles[:2] == [plain(name), plain(name)]


SCRIPTS = ["</script><script>alert(1)</script>", "<!--<script>", "]]><script>", "\u2028alert(1)", "&lt;/script&gt;"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_name_ends_the_data_or_begins_a_script(name: str) -> None:
    text = page(named(name))

    assert len(re.findall(r"<script", text)) == len(re.findall(r"</script>", text)) == 2
    assert next(iter(data(text)["boxes"].values()))["title"] == plain(name)
