"""What stands behind standard output and standard error: whether people read it, how wide it is, and its colours."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import NamedTuple, TextIO

from virtnet.spec.text import escape_controls

UNLIMITED = 10_000
"""The width of what goes into a file or another program: a row is a line there, however long."""

PROSE = 100
"""The width of sentences that go into a file or another program."""


class Terminal(NamedTuple):
    """How output is printed. Width and colours are those of standard output, progress is shown on standard error."""

    width: int = UNLIMITED
    """Columns that a row of a table may have."""
    prose_width: int = PROSE
    """Columns that a line of sentences may have."""
    colours: bool = False
    progress: bool = False
    """Whether long work says how far it is."""


PLAIN = Terminal()
"""No terminal."""


def terminal_of(output: TextIO, error: TextIO, environment: Mapping[str, str] = os.environ) -> Terminal:
    """What the two streams lead to.

    COLUMNS sets the width (shutil.get_terminal_size). There are colours on a terminal, unless NO_COLOR is set and not
    empty (no-color.org) or TERM is "dumb"; FORCE_COLOR has them elsewhere too.
    """
    dumb = environment.get("TERM") == "dumb"
    is_terminal = output.isatty()
    colours = bool(environment.get("FORCE_COLOR")) or (is_terminal and not dumb)
    columns = shutil.get_terminal_size((PROSE, 24)).columns
    return Terminal(
        width=columns if is_terminal or "COLUMNS" in environment else UNLIMITED,
        prose_width=columns,
        colours=colours and not environment.get("NO_COLOR"),
        progress=error.isatty() and not dumb,
    )


def styled(text: str, style: str, terminal: Terminal) -> str:
    """A text in a style of rich's ("bold red"), where there are colours; otherwise the text."""
    if not terminal.colours or not text:
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


def complain(sentence: object) -> None:
    """Say on standard error why something failed."""
    sys.stderr.write(escape_controls(f"virtnet: {sentence}\n"))
