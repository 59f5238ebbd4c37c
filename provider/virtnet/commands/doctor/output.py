"""Findings of `virtnet doctor` as a table for people and as JSON for programs. Pure."""

import json
from collections import Counter
from collections.abc import Sequence

from virtnet.commands.doctor.finding import Finding, Level
from virtnet.commands.doctor.messages import advice, data

NARROWEST = 40
"""Columns that the widest part of the table has at least, however narrow the terminal is."""


def table(findings: Sequence[Finding], uri: str, width: int) -> str:
    """A table as wide as the terminal, and a last line that counts."""
    from tabulate import tabulate

    rows = [
        (finding.level.value if finding.level is not Level.PROBLEM else "PROBLEM", finding.area, _text(finding))
        for finding in findings
    ]
    area = max((len(row[1]) for row in rows), default=0)
    message_width = max(width - len("PROBLEM") - area - 4, NARROWEST)
    body = tabulate(rows, tablefmt="plain", maxcolwidths=[None, None, message_width], disable_numparse=True)
    return f"{body}\n\n{summary(findings, uri)}\n"


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
    """One object: `uri`, `problems` and `notes` (counts), and `findings` with level, area, said, fix and data."""
    counts = Counter(finding.level for finding in findings)
    found = [
        {
            "level": finding.level.value,
            "area": finding.area,
            "said": message.reason,
            "fix": message.fix or None,
            "data": data(finding),
        }
        for finding, message in zip(findings, map(advice, findings), strict=True)
    ]
    whole = {"uri": uri, "problems": counts[Level.PROBLEM], "notes": counts[Level.NOTE], "findings": found}
    return json.dumps(whole, indent=2) + "\n"
