"""The tables of docs/reliability.md: read, and written with the rows of a run. Pure but for the number of cores."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.campaigns.faults.at_steps import Row
from tests.hosts.daemons import daemons
from tests.hosts.sandboxed import REPOSITORY

from virtnet.commands.sandbox.layout import Layout

DOCUMENT = REPOSITORY / "docs" / "reliability.md"
#: Where the tables begin: that of libvirtd, and that of modular daemons.
BEGIN, BEGIN_MODULAR = "<!-- Written by make faults. -->", "<!-- Written by make faults-modular. -->"
END = "<!-- The table ends here. -->"
HEAD = """\
| fault | when | what a guest lost | the host after it | the next `pulumi up` |
| --- | --- | --- | --- | --- |
"""


def begin() -> str:
    """Where the table of the daemons of this run's hosts begins."""
    return BEGIN if daemons() is Layout.MONOLITHIC else BEGIN_MODULAR


def read(text: str, begin: str = BEGIN) -> list[Row]:
    """The rows of a table of the document."""
    table = [line for line in _part(text, begin).splitlines() if line.startswith("|")]
    rows = []
    for line in table[2:]:
        fault, when, lost, after, next_up = (cell.strip() for cell in line.strip("|").split("|"))
        rows.append(Row(fault, when, lost, after, next_up))
    return rows


def named(path: Path = DOCUMENT) -> list[tuple[str, str]]:
    """The faults and moments that the committed table of the daemons of this run's hosts names."""
    return [(row.fault, row.when) for row in read(path.read_text(), begin())]


def merged(there: Iterable[Row], measured: Iterable[Row], order: Sequence[tuple[str, str]]) -> list[Row]:
    """Rows of the cases in their order: as measured now, or as they were there."""
    rows = {(row.fault, row.when): row for row in (*there, *measured)}
    return [rows[name] for name in order if name in rows]


def written(text: str, rows: Iterable[Row], measured: str, begin: str = BEGIN) -> str:
    """The document with these rows in one of its tables, and with what they were measured on."""
    before, _, rest = text.partition(begin)
    lines = [f"| {' | '.join(_cells(row))} |\n" for row in rows]
    return f"{before}{begin}\n\n{measured}\n\n{HEAD}{''.join(lines)}\n{END}{rest.partition(END)[2]}"


def measured_on(text: str, now: str, *, minutes: int | None, begin: str = BEGIN) -> str:
    """The line above a table. A run that measured all rows has taken minutes; another one adds itself to the line."""
    if minutes is not None:
        return f"Measured: all rows on {now} ({minutes} minutes on {os.cpu_count()} cores)."
    there = next((line for line in _part(text, begin).splitlines() if line.startswith("Measured: ")), "")
    if not now or now in there:
        return there
    return f"{there.removesuffix('.')}; some rows on {now}." if there else f"Measured: some rows on {now}."


def _part(text: str, begin: str) -> str:
    return text.partition(begin)[2].partition(END)[0]


def _cells(row: Row) -> list[str]:
    last = f"{row.next_up}; **not as it should be**: {'; '.join(row.wrong)}" if row.wrong else row.next_up
    cells = (row.fault, row.when, row.lost, row.after, last)
    return [" ".join(cell.replace("|", "/").split()) for cell in cells]
