"""What hosts say reaches a terminal as text that can only be read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtnet.spec.text import escape_controls


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("interface vnet0 is plugged in", "interface vnet0 is plugged in"),
        ("two\nlines,\ta tab, \u00fc and \u5b57", "two\nlines,\ta tab, \u00fc and \u5b57"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("all is well\rERROR", "all is well\\rERROR"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200fb\u061cc", "a\\u200fb\\u061cc"),
        ("no\u200bwidth\ufeff", "no\\u200bwidth\\ufeff"),
        ("a line\u2028another", "a line\\u2028another"),
        ("bytes that were no text: \udcff", "bytes that were no text: \\udcff"),
    ],
)
def test_controls_are_shown_and_text_is_left_alone(said: str, shown: str) -> None:
    assert escape_controls(said) == shown


@given(st.text(alphabet=st.characters(codec=None)))
def test_what_is_left_can_be_printed_by_any_terminal(said: str) -> None:
    shown = escape_controls(said)

    assert escape_controls(shown) == shown
    shown.encode()
    seen = shown.replace("\n", "").replace("\t", "")
    assert "".join(one for one in seen if unicodedata.category(one) != "Zs").isprintable()
