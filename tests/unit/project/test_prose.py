"""What `make prose` finds in documents and in messages, by the table of docs/style.md."""

import pytest
from tools import prose

STYLE = prose.STYLE.read_text()


@pytest.fixture(autouse=True, scope="module")
def _registered() -> None:
    prose.register(prose.words(STYLE))


def test_the_words_are_those_of_the_table() -> None:
    words = prose.words(STYLE)

    assert words["cut short"] == "interrupted"
    assert words["unplugs"] == words["unplug"] == "detach, detached"
    assert "instead of" not in words
    assert "note" not in words, "it stands in the second table, of words that are said"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It was\nplugged\nin.\n", [2]),
        ("Fine.\n\nIt is Cut Off.\n", [3]),
        ('He said "it cannot be".\n', [1]),
        ("`plugged in` is code.\n", []),
        ("```text\nit is cut off\n```\n", []),
        ("  ```console\n  $ anew\n  ```\nanew\n", [4]),
        ("<!-- it cannot\nbe -->\n", []),
        ("Guests are attached.\n", []),
    ],
)
def test_words_are_found_in_prose_and_not_in_code(text: str, lines: list[int]) -> None:
    found = list(prose.check("a.md", prose.prose_of_markdown(text)))

    assert [one.line for one in found] == lines


def test_strings_of_a_module_are_prose_and_its_names_are_not() -> None:
    text = 'anew = 1\n\nSAID = {\n    "a": "it is cut off",\n    "b": f"{anew} is "\n    "mended",\n}\n'

    found = list(prose.check("messages.py", prose.prose_of_python(text)))

    assert [(one.line, one.reason) for one in found] == [
        (4, "'cut off': say disconnect, disconnected"),
        (5, "'mended': say fix, fixed, wrong"),
    ]
