"""What people see on a terminal, and programs in a pipe: width, colours, tables, progress, several hosts."""

import os
import pty
import subprocess
import sys
import threading
from io import StringIO

import pytest

from virtnet.commands.hosts import Answered, each_host
from virtnet.commands.progress import progress
from virtnet.commands.tables import Column, table_of
from virtnet.commands.terminal import PLAIN, PROSE, UNLIMITED, Terminal, styled, terminal_of
from virtnet.errors import Unreachable


class Screen(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "on_screen", "in_a_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_where_colours_are(environment: dict[str, str], on_screen: bool, in_a_pipe: bool) -> None:
    assert terminal_of(Screen(), StringIO(), environment).colours == on_screen
    assert terminal_of(StringIO(), StringIO(), environment).colours == in_a_pipe


def test_what_goes_into_a_pipe_is_not_wrapped_unless_columns_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = terminal_of(StringIO(), StringIO(), {})
    monkeypatch.setenv("COLUMNS", "60")
    narrow = terminal_of(StringIO(), StringIO(), {"COLUMNS": "60"})

    assert (piped.width, piped.prose_width, piped.progress) == (UNLIMITED, PROSE, False)
    assert (narrow.width, narrow.prose_width) == (60, 60)


def test_progress_is_for_standard_error() -> None:
    assert terminal_of(StringIO(), Screen(), {}).progress
    assert not terminal_of(Screen(), StringIO(), {}).progress


def test_styles_are_for_terminals_with_colours() -> None:
    assert styled("PROBLEM", "bold red", PLAIN) == "PROBLEM"
    assert styled("PROBLEM", "bold red", Terminal(colours=True)) == "\x1b[1;31mPROBLEM\x1b[0m"


def test_a_table_has_columns_below_one_another_and_no_blanks_behind() -> None:
    printed = table_of([Column("NAME"), Column("STATE")], [["a", "active"], ["longer", ""]], PLAIN)

    assert printed == "NAME    STATE\na       active\nlonger\n"


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "[bold]red[/bold]", ":warning:", "a\rb", "\u202egnp"])
@pytest.mark.parametrize("colours", [True, False])
def test_a_hosts_words_neither_style_nor_move_anything(hostile: str, colours: bool) -> None:
    printed = table_of([Column("NAME")], [[hostile]], Terminal(colours=colours))

    shown = printed.splitlines()[1]
    assert shown == hostile.encode("unicode_escape").decode() if not hostile.isprintable() else shown == hostile


WORDS = "10.0.0.1/24, 10.0.1.1/24, fd00:0:0:1::1/64"


def test_a_cell_wraps_between_words_where_a_terminal_is_narrow() -> None:
    printed = table_of([Column("NAME"), Column("ADDRESSES")], [["lab", WORDS]], Terminal(width=24))

    assert [line.split() for line in printed.splitlines()] == [
        ["NAME", "ADDRESSES"],
        ["lab", "10.0.0.1/24,"],
        ["10.0.1.1/24,"],
        ["fd00:0:0:1::1/64"],
    ]


def test_where_not_even_words_fit_each_row_is_a_paragraph() -> None:
    rows = [["lab", WORDS, ""], ["other", "10.9.0.1/24", "x"]]

    printed = table_of([Column("NAME"), Column("ADDRESSES"), Column("NOTE")], rows, Terminal(width=12))

    assert printed == f"NAME       lab\nADDRESSES  {WORDS}\n\nNAME       other\nADDRESSES  10.9.0.1/24\nNOTE       x\n"


def test_hosts_are_asked_side_by_side_and_answer_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def question(uri: str) -> str:
        both.wait()
        if uri == "second":
            raise Unreachable("down")
        return f"{uri} answers"

    first, second = each_host(["first", "second"], question, PLAIN)

    assert first == Answered("first", "first answers")
    assert (second.uri, second.answer, str(second.error)) == ("second", None, "down")


def test_one_host_is_asked_without_a_thread() -> None:
    (answered,) = each_host(["only"], lambda uri: threading.current_thread().name, PLAIN)

    assert answered.answer == threading.current_thread().name


def test_no_terminal_sees_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(2, PLAIN) as advance:
        advance("alpha")

    assert capsys.readouterr() == ("", "")


SLOW = """
import sys, time
from virtnet.commands import progress
from virtnet.commands.terminal import Terminal
with progress.progress(3, Terminal(progress=True)) as advance:
    advance("first")
    time.sleep(float(sys.argv[1]))
    advance("sec\\x1b[2Jond")
    time.sleep(float(sys.argv[1]))
"""


def on_a_terminal(program: str, *arguments: str) -> str:
    """What a program writes to standard error where that is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 4096)
        except OSError:  # the other end was closed
            break
    os.close(ours)
    assert process.wait() == 0
    return seen.decode()


def test_long_work_says_how_far_it_is_and_leaves_nothing() -> None:
    seen = on_a_terminal(SLOW, "1")

    assert "first" in seen
    assert "1/3" in seen
    assert "\x1b[2Jond" not in seen
    assert seen.endswith(("\x1b[2K", "\x1b[?25h", "\r\x1b[1A\x1b[2K"))


def test_short_work_says_nothing() -> None:
    assert on_a_terminal(SLOW, "0") == ""
