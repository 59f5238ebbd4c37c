"""Tables for people, as wide as the terminal. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from virtnet.commands.terminal import Terminal, styled
from virtnet.spec.text import escape_controls

_GAP = 2
"""Blanks between columns."""

#: Blanks at the end of a line, also where a style ends behind them.
_BLANKS_AT_END = re.compile(r"[ ]+((?:\x1b\[0m)?)[ ]*$")


class Column(NamedTuple):
    """A column of a table."""

    title: str
    styles: Mapping[str, str] = {}
    """Styles of rich's for cells, by what stands in them."""
    widest: int | None = None
    """Columns of the terminal that it has at most; None for as many as there are."""

    def styled(self, cell: str, terminal: Terminal) -> str:
        """A cell's text in its style."""
        return styled(cell, self.styles.get(cell, ""), terminal)


def table_of(columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal) -> str:
    """Rows below titles, each column as wide as its widest cell; cells wrap between words where room is short.

    Where not even the words fit, each row is a paragraph instead, with a line for each cell that is not empty. Cells
    may hold what a host says: nothing in them is taken for a style, or moves the cursor.
    """
    shown = [[escape_controls(cell) for cell in row] for row in rows]
    if any(column.widest is not None for column in columns):
        return _grid(columns, shown, [None] * len(columns), terminal)
    narrowest = [_widest_word([column.title, *(row[place] for row in shown)]) for place, column in enumerate(columns)]
    if sum(narrowest) + _GAP * (len(columns) - 1) > terminal.width:
        return _paragraphs(columns, shown, terminal)
    return _grid(columns, shown, narrowest, terminal)


def _widest_word(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _paragraphs(columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal) -> str:
    width = max(len(column.title) for column in columns)
    paragraphs = (
        "".join(
            f"{styled(f'{column.title:<{width}}', 'bold', terminal)}  {column.styled(cell, terminal)}\n"
            for column, cell in zip(columns, row, strict=True)
            if cell
        )
        for row in rows
    )
    return "\n".join(paragraphs)


def _grid(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], narrowest: Sequence[int | None], terminal: Terminal
) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, width in zip(columns, narrowest, strict=True):
        grid.add_column(column.title, overflow="fold", max_width=column.widest, min_width=width)
    for row in rows:
        grid.add_row(
            *(Text(cell, style=column.styles.get(cell, "")) for column, cell in zip(columns, row, strict=True))
        )
    printed = StringIO()
    console = Console(
        file=printed,
        width=terminal.width,
        color_system="standard" if terminal.colours else None,
        force_terminal=terminal.colours,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(grid)
    return "\n".join(_BLANKS_AT_END.sub(r"\1", line) for line in printed.getvalue().splitlines()) + "\n"
