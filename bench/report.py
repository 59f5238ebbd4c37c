"""What was measured, as tables for a terminal and for the documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

Rows = Sequence[Mapping[str, Any]]


def comparison(rows: Rows, *, style: str) -> str:
    """The table of all sizes, or of those given."""
    return _table([_shown(row) for row in rows], style)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "OpenTofu replaces"}
    if row.get("OpenTofu replaces"):
        shown["OpenTofu, s"] = f"{row['OpenTofu, s']:.2f} (replaces)"
    return shown


def _table(rows: Rows, style: str) -> str:
    # Figures as they were rounded: 0.50 is no 0.5.
    cells = [
        {name: f"{value:.2f}" if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]
    return tabulate(cells, headers="keys", missingval="-", tablefmt=style, disable_numparse=True)


def everything(measured: Mapping[str, Any], *, style: str) -> str:
    """All tables, each under its title."""
    parts = []
    if measured.get("comparison"):
        parts.append(comparison(measured["comparison"], style=style))
    titles = {
        "outages": "Silence of the gateway, for a guest that pings it every 10 ms:",
        "plugin_start": "Start of the native plugin:",
        "plugin_no_op": "A no-op `pulumi up`, native beside dynamic:",
        "fleet": "A fleet over ssh:",
    }
    for key, title in titles.items():
        found = measured.get(key)
        if found:
            parts.append(f"{title}\n\n{_table(found if isinstance(found, list) else [found], style)}")
    return "\n\n".join(parts)


def between_markers(document: str, name: str, text: str) -> str:
    """The document with another text between <!-- NAME --> and <!-- end of NAME -->. Raises ValueError without."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, opened, rest = document.partition(f"{start}\n")
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"the document has no {start} … {end}")
    return f"{before}{start}\n{text.strip()}\n{end}{after}"
