"""Texts of others in Markdown: seen as they are, and never more than a text. CommonMark's own parser is the witness."""

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from virtnet.commands.mermaid import label
from virtnet.commands.plain_text import plain
from virtnet.commands.review.fair import shares
from virtnet.commands.review.markdown import code, codes, fenced, length, prose, row

GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": False}).disable("linkify")
#: What Markdown, HTML, tables, mentions and Mermaid are made of, beside any other character.
ODD = st.text(
    st.one_of(st.sampled_from(list("`|\\*_[]()<>#@!~$%&:-+.'\"{}\n\r\t \u200b\u202e/w1a")), st.characters()),
    max_size=40,
)


def seen(markdown: str) -> tuple[str, set[str]]:
    """What a reader sees of it, without what has no width, and by which tags."""
    html = GITHUB.render(f"x {markdown} x")
    text = unescape(re.sub(r"<[^>]*>", "", html)).replace("\u200b", "").strip()
    return text.removeprefix("x ").removesuffix(" x"), set(re.findall(r"<(\w+)", html))


@given(ODD)
def test_code_shows_a_text_and_nothing_else(text: str) -> None:
    shown, tags = seen(code(text))

    assert tags == {"p", "code"}
    assert shown.strip() == plain(text).strip()


@given(ODD)
def test_prose_shows_a_text_and_nothing_else(text: str) -> None:
    shown, tags = seen(prose(text))

    assert tags == {"p"}
    assert shown.strip() == plain(text).strip()


@given(ODD)
def test_prose_names_nobody_and_links_nothing(text: str) -> None:
    # GitHub and GitLab look for these in the text that is left, after Markdown.
    html = unescape(GITHUB.render(f"x {prose(text)} x"))

    assert not re.search(r"[@#!~%$]\w|://|(?i:www)\.|(?i:gh)-\d|:[A-Za-z0-9_+-]+:", re.sub(r"<[^>]*>", "", html))


@given(st.lists(ODD, min_size=5, max_size=5))
def test_a_row_has_its_cells_and_no_more(texts: list[str]) -> None:
    table = "\n".join([row("abcde"), row(["---"] * 5), row(f"{code(text)} {prose(text)}" for text in texts)])

    html = GITHUB.render(table)

    cells = [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", html, re.DOTALL)]
    assert html.count("<tr>") == 2
    assert [cell.replace("\u200b", "").strip() for cell in cells] == [
        f"{plain(text) or ' '} {plain(text)}".strip() for text in texts
    ]


@given(st.lists(ODD, max_size=6))
def test_a_block_of_lines_ends_where_it_ends(lines: list[str]) -> None:
    html = GITHUB.render(fenced(lines) + "\nafter")

    assert html.count("<pre>") == 1
    assert html.endswith("<p>after</p>\n")
    inside = unescape(html[html.index(">", html.index("<code")) + 1 : html.index("</code>")]).split("\n")[:-1]
    assert [line.strip() for line in inside] == [plain(line) for line in lines]


@given(ODD)
def test_a_label_holds_nothing_that_a_diagram_would_obey(text: str) -> None:
    shown = label(text)

    assert re.fullmatch(r"(?:[A-Za-z0-9 .,/_→-]|#\d+;)*", shown)
    assert re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label(text, 10_000)) == plain(text)


def test_many_names_say_how_many_were_left_out() -> None:
    assert codes(["a"], 3) == "`a`"
    assert codes(["a", "b", "c"], 3) == "`a`, `b` and `c`"
    assert codes(["a", "b", "c", "d"], 2) == "`a`, `b` and 2 more"


def test_what_hides_or_turns_a_text_is_seen() -> None:
    assert plain("a\u202eb\u200bc\x1b[2J\nd") == "a\\u202eb\\u200bc\\x1b[2J d"


def test_length_counts_as_the_sites_do() -> None:
    assert length("ab→🟢") == 5


@given(needs=st.lists(st.integers(0, 1000), max_size=20), room=st.integers(-5, 5000))
def test_room_is_shared_fairly(needs: list[int], room: int) -> None:
    given_out = shares(needs, room)

    short = [share for share, need in zip(given_out, needs, strict=True) if share < need]
    assert all(0 <= share <= need for share, need in zip(given_out, needs, strict=True))
    assert sum(given_out) <= max(room, 0)
    # Whoever gets less than it needs gets as much as anybody, but for what can't be divided.
    assert not short or min(short) >= max(given_out) - 1
    assert not short or sum(given_out) >= room - len(needs)
