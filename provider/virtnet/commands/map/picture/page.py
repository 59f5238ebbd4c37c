"""A map as one page of HTML that needs nothing else: no network, no server, no other file. Pure.

The page's own policy forbids it everything but its one style and its one script, each by its hash. What hosts say comes
in as escaped text, as SVG of lxml, and as JSON in which nothing ends the script; the script sets it as text.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from lxml import etree

from virtnet.commands.map import messages
from virtnet.commands.map.picture.drawing import Box, Picture
from virtnet.commands.map.picture.svg import classes, element, styles
from virtnet.commands.plain_text import plain


def as_page(picture: Picture, title: str, summary: str) -> str:
    """The page."""
    style, script = styles() + _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    name = escape(plain(title))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{name}</title>
<style>{style}</style>
</head>
<body>
<header>
<div><h1>{name}</h1><p class="faint-text">{escape(summary)}</p></div>
<div class="tools">
<label>{messages.SEARCH} <input type="search" id="search" autocomplete="off" spellcheck="false"></label>
<label><input type="checkbox" id="only-problems"> {messages.ONLY_PROBLEMS}</label>
<output id="found" aria-live="polite"></output>
<span>
<button type="button" id="farther" aria-label="{messages.FARTHER}">&minus;</button>
<button type="button" id="closer" aria-label="{messages.CLOSER}">+</button>
<button type="button" id="fit">{messages.FIT}</button>
<button type="button" id="colours">{messages.COLOURS}</button>
</span>
</div>
</header>
<nav aria-label="{messages.CONTENTS}"><ul>
{"".join(_entries(picture))}</ul></nav>
<main id="picture" aria-label="{messages.PICTURE}" tabindex="0">{_drawn(picture)}</main>
<aside id="details" aria-label="{messages.DETAILS}" hidden>
<button type="button" id="close" class="close" aria-label="{messages.CLOSE}">&times;</button>
<div id="content"></div>
</aside>
<script type="application/json" id="data">{_data(picture)}</script>
<script>{script}</script>
</body>
</html>
"""


@cache
def _file(name: str) -> str:
    return (files("virtnet.commands.map.picture") / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _entries(picture: Picture) -> Iterator[str]:
    """The picture as a list, for the keyboard and for those who don't see it."""
    for _, _, box, depth in picture.boxes:
        kind = f'<span class="kind">{escape(box.details.kind)}</span>'
        mark = '<span aria-hidden="true">⚠ </span>' if box.has_problem else ""
        button = f'<button type="button">{mark}{escape(plain(box.details.title))} {kind}</button>'
        yield f'<li class="inside-{depth} {classes(box)}" data-of="{box.id}">{button}</li>\n'


def _drawn(picture: Picture) -> str:
    root = element(picture, names_boxes=False)
    root.set("role", "group")
    root.set("aria-label", messages.PICTURE)
    for position, group in enumerate(one for one in root if "id" in one.attrib):
        group.set("role", "button")
        group.set("tabindex", "-1" if position else "0")
    return etree.tostring(root, encoding="unicode")


def _data(picture: Picture) -> str:
    told = {"boxes": {box.id: _told(box) for _, _, box, _ in picture.boxes}, "words": messages.WORDS}
    text = json.dumps(told, separators=(",", ":"))
    # As a script's text ends at the first "</script", whatever stands around it, and "<!--" changes how it ends.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _told(box: Box) -> dict[str, object]:
    details = box.details
    return {
        "kind": details.kind,
        "title": plain(details.title),
        "troubles": [
            {"said": plain(one.said), "fix": plain(one.fix), "command": plain(one.command)} for one in details.troubles
        ],
        "rows": [[name, [*map(plain, values)]] for name, values in details.rows],
    }
