"""What was measured, as tables for a terminal and for the documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

Rows = Sequence[Mapping[str, Any]]
#: What was set out for: at most so many times the floors, at every size.
TARGETS = {
    "create": 1.1,
    "no-op preview": 1.15,
    "no-op up": 1.15,
    "refresh": 1.3,
    "live edit of one": 1.2,
    "live edit of each": 1.2,
    "destroy": 1.1,
}
#: Seconds for which guests hear nothing in a restart that keeps the gateway, the longest in a row.
SILENCE = 0.05
#: A fleet's operations: at most so many times the seconds of something else that was measured.
OF_A_FLEET = {"refresh": 2.0, "create": 1.2, "destroy": 1.2}
#: The cost of one network more is asked from here on; below, what a start costs decides.
MANY = 10


def comparison(rows: Rows, *, style: str) -> str:
    """The table of all sizes, or of those given."""
    return _table([_shown(row) for row in rows], style)


def targets(rows: Rows) -> Sequence[Mapping[str, Any]]:
    """What was set out for beside what was measured, of the floors; bold where it is more."""
    found = []
    for what, target in TARGETS.items():
        ratios = {row["networks"]: row["of the floors"] for row in rows if row["what"] == what}
        shown = {f"{count}": _met(one, target) for count, one in ratios.items()}
        found.append({"what": what, "at most": target, **shown})
    return found


def fleet_targets(fleet: Rows, comparison: Rows) -> Sequence[Mapping[str, Any]]:
    """The same for a fleet: a refresh beside that of as many networks on this machine, the rest beside libvirt's calls.

    libvirt's calls are those of all hosts at once, by processes on the hosts themselves.
    """
    found = []
    for row in fleet:
        what, target = row["what"], OF_A_FLEET.get(row["what"])
        local = [one for one in comparison if (one["what"], one["networks"]) == (what, row["networks"])]
        if target is None or (what == "refresh" and not local):
            continue
        beside = local[0]["virtnet, s"] if what == "refresh" else row["libvirt side by side, s"]
        place = f"refresh of {row['networks']} local networks" if what == "refresh" else "libvirt side by side"
        found.append(
            {"what": what, "beside": place, "at most": target, "measured": _met(row["virtnet, s"] / beside, target)}
        )
    return found


def silence_targets(outages: Rows) -> Sequence[Mapping[str, Any]]:
    """The same for restarts that keep the gateway, in seconds."""
    rows = [row for row in outages if row["what"] == "restart"]
    names = ("gateway: longest, s", "outside: longest, s")
    return [
        {"STP": row["STP"], "at most, s": SILENCE, **{name: _met(row[name], SILENCE) for name in names}} for row in rows
    ]


def _met(measured: float, target: float) -> str:
    return f"{measured:.2f}" if round(measured, 2) <= target else f"**{measured:.2f}**"


def above_the_floors(rows: Rows) -> Sequence[Mapping[str, Any]]:
    """Milliseconds above the floors, for each network of a size."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["networks"] >= MANY and not row["what"].endswith("of one"):
            floors = (row["libvirt's floor, s"] or 0) + (row["engine's floor, s"] or 0)
            shown = found.setdefault(row["what"], {"ms": row["what"]})
            shown[f"{row['networks']}"] = f"{(row['virtnet, s'] - floors) * 1000 / row['networks']:.1f}"
    return list(found.values())


#: A ratio is accurate to about a tenth.
SLOWER = 1.1
_ONE_ROW = ("networks", "hosts", "port forwards", "what")


def slower(measured: Mapping[str, Any], published: Mapping[str, Any]) -> Sequence[str]:
    """What became slower than a tenth since it was published, in lines. Ratios to floors of one run are compared."""
    found = []
    for part in ("comparison", "fleet", "port_forwards"):
        before = {_row_of(row): row.get("of the floors") for row in published.get(part) or []}
        for row in measured.get(part) or []:
            now, then = row.get("of the floors"), before.get(_row_of(row))
            if now and then and now > then * SLOWER:
                what = ", ".join(f"{name} {row[name]}" for name in _ONE_ROW if name in row)
                found.append(f"{what}: {now:.2f} of the floors, {then:.2f} as published")
    return found


def _row_of(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in _ONE_ROW)


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
        rows = measured["comparison"]
        parts.append(comparison(rows, style=style))
        parts += [
            f"Targets, of the floors, by the number of networks (bold: missed):\n\n{_table(targets(rows), style)}",
            f"Above the floors for each network, by their number:\n\n{_table(above_the_floors(rows), style)}",
        ]
    titles = {
        "outages": "Silence for a guest that hears something every 10 ms, of the gateway if a column names nobody:",
        "plugin_start": "Start of the native plugin:",
        "plugin_no_op": "A no-op `pulumi up`, native beside dynamic:",
        "fleet": "A fleet over ssh:",
        "scale": "Simulated hosts over ssh, ten networks each, refreshed by one process:",
        "port_forwards": "Port forwards of one host:",
        "forwarded_traffic": "A connection from outside to a guest, directly and through a forward:",
        "when": "When it was measured:",
    }
    for key, title in titles.items():
        found = measured.get(key)
        if found:
            parts.append(f"{title}\n\n{_table(found if isinstance(found, list) else [found], style)}")
        if beside := _beside(key, measured):
            parts.append(f"{_TITLES_OF_TARGETS[key]}\n\n{_table(beside, style)}")
    return "\n\n".join(parts)


_TITLES_OF_TARGETS = {
    "outages": "Targets of a restart that keeps the gateway (bold: missed):",
    "fleet": "Targets of a fleet (bold: missed):",
}


def _beside(key: str, measured: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The targets of a part that are in a table of their own."""
    if key == "outages":
        return silence_targets(measured.get("outages") or [])
    return fleet_targets(measured.get("fleet") or [], measured.get("comparison") or []) if key == "fleet" else ()


def between_markers(document: str, name: str, text: str) -> str:
    """The document with another text between <!-- NAME --> and <!-- end of NAME -->. Raises ValueError without."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, opened, rest = document.partition(f"{start}\n")
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"the document has no {start} … {end}")
    return f"{before}{start}\n{text.strip()}\n{end}{after}"
