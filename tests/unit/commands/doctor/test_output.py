"""How findings are printed: the table, as wide as the terminal, and the JSON, of everything that can be found."""

import json
import re
from pathlib import Path

import pytest
from tests.golden import assert_golden_text
from tests.unit.commands.doctor.reports import EXAMPLES

from virtnet.commands.doctor.diagnose import examine
from virtnet.commands.doctor.finding import Finding
from virtnet.commands.doctor.output import as_json, table

HERE = Path(__file__).parent
URI = "qemu:///system"


def everything() -> list[Finding]:
    """Every finding of the examples, once."""
    once: list[Finding] = []
    for report in EXAMPLES.values():
        once += [finding for finding in examine(report) if finding not in once]
    return once


def test_the_table_of_every_finding() -> None:
    assert_golden_text(HERE / "table.txt", table(everything(), URI, 100))


def test_the_json_of_every_finding() -> None:
    assert_golden_text(HERE / "findings.json", as_json(everything(), URI))


def test_the_table_is_as_wide_as_the_terminal() -> None:
    findings = [finding for finding in everything() if len(finding.area) <= len("network n1")]

    narrow = table(findings, URI, 64)

    assert max(map(len, narrow.splitlines())) <= 64


@pytest.mark.parametrize("width", range(92, 120, 5))
def test_no_line_ends_within_an_option_or_a_name(width: int) -> None:
    """In a terminal with room for the longest of them."""
    lines = table(everything(), URI, width).splitlines()

    assert [line for line in lines if re.search(r"\w-$", line)] == []


def test_the_last_line_counts_problems_and_notes() -> None:
    report = EXAMPLES["networks that are half made or transient"]

    last = table(examine(report), URI, 100).splitlines()[-1]

    assert last == "qemu:///system: 1 problem, 2 notes."


def test_the_json_counts_problems_and_notes() -> None:
    report = EXAMPLES["networks that are half made or transient"]

    whole = json.loads(as_json(examine(report), URI))

    assert (whole["uri"], whole["problems"], whole["notes"]) == (URI, 1, 2)
