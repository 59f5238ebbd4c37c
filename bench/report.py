"""What was measured, as tables for a terminal and for the documents, and as a picture."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style
from tabulate import tabulate

Rows = Sequence[Mapping[str, Any]]
PICTURED = ("create", "no-op up", "refresh", "live edit of one", "restart of one", "destroy")
SERIES = {
    "libvirt's floor": "libvirt's floor, s",
    "Pulumi's floor": "engine's floor, s",
    "virtnet": "virtnet, s",
    "OpenTofu": "OpenTofu, s",
}


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


def picture(rows: Rows, networks: int) -> str:
    """Bars of seconds for one size, on a scale of tens, as SVG without a script."""
    chosen = [next(row for row in rows if row["networks"] == networks and row["what"] == what) for what in PICTURED]
    style = Style(
        background="white",
        plot_background="white",
        font_family="sans-serif",
        colors=("#b0b0b0", "#707070", "#1f6fb2", "#e08e2b"),
        title_font_size=18,
        label_font_size=13,
        legend_font_size=14,
    )
    chart = pygal.Bar(
        style=style,
        js=(),
        logarithmic=True,
        width=1000,
        height=420,
        margin=14,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        disable_xml_declaration=True,
        no_prefix=True,
        title=f"{networks} networks: seconds (less is better, each line is ten times the one below)",
    )
    chart.x_labels = list(PICTURED)
    for title, column in SERIES.items():
        values = [row[column] for row in chosen]
        if any(value is not None for value in values):
            chart.add(title, [value or None for value in values])
    return str(chart.render(is_unicode=True)) + "\n"


def put_between_markers(document: Path, name: str, text: str) -> None:
    """Replace what stands between <!-- NAME --> and <!-- end of NAME -->."""
    old = document.read_text()
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    found = re.search(f"{re.escape(start)}.*?{re.escape(end)}", old, re.DOTALL)
    if found is None:
        raise SystemExit(f"{document} has no {start} … {end}")
    document.write_text(f"{old[: found.start()]}{start}\n{text.strip()}\n{end}{old[found.end() :]}")
