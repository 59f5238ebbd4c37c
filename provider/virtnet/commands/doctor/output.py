"""Findings of `virtnet doctor` as a table for people and as JSON for programs. Pure."""

import json
from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

from virtnet.commands.doctor.finding import Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.messages import advice, command, data, network_cells
from virtnet.commands.hosts import Answered
from virtnet.commands.tables import Column, table_of
from virtnet.commands.terminal import Terminal, styled
from virtnet.spec.text import escape_controls

NARROWEST = 40
"""Columns that the widest part of the table has at least, however narrow the terminal is."""


_WORDS = {Level.PROBLEM: "PROBLEM", Level.NOTE: "note", Level.OK: "ok"}
"""How a level stands in the table, in the order of its parts: what is amiss comes first."""

_STYLES = {Level.PROBLEM: "bold red", Level.NOTE: "yellow", Level.OK: "green"}

_FIXED = 4
"""How many of the columns are never wrapped."""

_NARROWEST_CELL = 12
"""The least room for a cell that is."""

_TITLES = ("network", "state", "autostart", "mode", "addresses", "attached", "managed by")

_CELLS = {"state": {"active": "green", "inactive": "dim"}, "autostart": {"off": "dim"}}

_COLUMNS = tuple(Column(title, _CELLS.get(title, {})) for title in _TITLES)


def table(findings: Sequence[Finding], uri: str, terminal: Terminal) -> str:
    """What is wrong, a row for each network, then what is in order; as wide as the terminal. The last line counts."""
    amiss = [finding for level in (Level.PROBLEM, Level.NOTE) for finding in findings if finding.level is level]
    networks = [finding for finding in findings if finding.kind is FindingKind.NETWORK]
    fine = [finding for finding in findings if finding.level is Level.OK and finding not in networks]
    rows = _networks(networks, terminal)
    if networks and not rows:
        fine += networks
    # One width for both lists, so that their columns stand below one another.
    area = max((len(escape_controls(finding.area)) for finding in (*amiss, *fine)), default=0)
    parts = [_list(amiss, area, terminal), rows, _list(fine, area, terminal), escape_controls(summary(findings, uri))]
    return "\n\n".join(filter(None, parts)) + "\n"


def _list(findings: Sequence[Finding], area: int, terminal: Terminal) -> str:
    level = max(map(len, _WORDS.values()))
    room = max(terminal.prose_width - level - area - 4, NARROWEST)
    lines = []
    for finding in findings:
        text = escape_controls(_text(finding))
        first, *more = (line for part in text.split("\n") for line in _wrapped(part, room))
        word = styled(f"{_WORDS[finding.level]:<{level}}", _STYLES[finding.level], terminal)
        lines.append(f"{word}  {escape_controls(finding.area):<{area}}  {first}")
        lines += [f"{'':<{level + area + 4}}{line}" for line in more]
    return "\n".join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    """A line in lines, no option or name of which is broken at its hyphen: a fix is copied."""
    return wrap(text, room, break_on_hyphens=False) or [""]


def _networks(findings: Sequence[Finding], terminal: Terminal) -> str:
    """A row for each network, with several lines in its last cells where room is short; "" if there is none."""
    if not findings:
        return ""
    rows = [network_cells(finding) for finding in findings]
    widths = [max(len(escape_controls(row[column])) for row in (_TITLES, *rows)) for column in range(len(_COLUMNS))]
    fixed = sum(widths[:_FIXED]) + 2 * (len(_COLUMNS) - 1)
    each = (terminal.prose_width - fixed) // (len(_COLUMNS) - _FIXED)
    fits = fixed + sum(widths[_FIXED:]) <= terminal.prose_width
    if not fits and each < _NARROWEST_CELL:
        return ""
    columns = [
        column if fits or place < _FIXED else column._replace(widest=each) for place, column in enumerate(_COLUMNS)
    ]
    return table_of(columns, rows, terminal).rstrip("\n")


def _text(finding: Finding) -> str:
    message = advice(finding)
    return f"{message.reason}\n-> {message.fix}" if message.fix else message.reason


def summary(findings: Sequence[Finding], uri: str) -> str:
    """The last line: how many problems and notes there are."""
    counts = Counter(finding.level for finding in findings)
    problems, notes = counts[Level.PROBLEM], counts[Level.NOTE]
    noted = f", {notes} {'note' if notes == 1 else 'notes'}" if notes else ""
    if problems == 0:
        return f"{uri}: no problems{noted}."
    return f"{uri}: {problems} {'problem' if problems == 1 else 'problems'}{noted}."


def as_json(findings: Sequence[Finding], uri: str) -> str:
    """One object: `uri`, `problems` and `notes` (counts), and `findings` with level, area, said, fix, command, data."""
    return json.dumps(_of_host(findings, uri), indent=2) + "\n"


def json_of_hosts(answered: Sequence[Answered[Sequence[Finding]]]) -> str:
    """A list of such objects, one for each host; of a host that failed, `uri` and `error`."""
    hosts = [
        {"uri": one.uri, "error": str(one.error)} if one.answer is None else _of_host(one.answer, one.uri)
        for one in answered
    ]
    return json.dumps(hosts, indent=2) + "\n"


def _of_host(findings: Sequence[Finding], uri: str) -> dict[str, object]:
    counts = Counter(finding.level for finding in findings)
    found = [
        {
            "level": finding.level.value,
            "area": finding.area,
            "said": message.reason,
            "fix": message.fix or None,
            "command": command(finding) or None,
            "data": data(finding),
        }
        for finding, message in zip(findings, map(advice, findings), strict=True)
    ]
    return {"uri": uri, "problems": counts[Level.PROBLEM], "notes": counts[Level.NOTE], "findings": found}
