"""`pytest --cpu` adds up what the parts of each test cost, and shows the costliest first."""

from typing import Literal

import pytest
from tests.costs import SECONDS, Costs


class Shown:
    """What is written at the end of a run."""

    def __init__(self) -> None:
        self.title = ""
        self.lines: list[str] = []

    def section(self, title: str) -> None:
        self.title = title

    def write_line(self, line: str) -> None:
        self.lines.append(line)


Part = Literal["setup", "call", "teardown"]
PARTS: tuple[Part, ...] = ("setup", "call", "teardown")


def report(name: str, part: Part, seconds: float) -> pytest.TestReport:
    return pytest.TestReport(name, (name, 0, name), {}, "passed", None, part, user_properties=[(SECONDS, seconds)])


def test_the_costliest_come_first_with_their_parts() -> None:
    costs, shown = Costs(2), Shown()
    for name, seconds in (("cheap", (0.1, 0.1, 0.1)), ("dear", (1.0, 2.5, 0.5)), ("middling", (0.0, 1.0, 0.0))):
        for part, spent in zip(PARTS, seconds, strict=True):
            costs.pytest_runtest_logreport(report(name, part, spent))

    costs.pytest_terminal_summary(shown)

    assert shown.title.startswith("5 s of a processor")
    assert shown.lines == ["  4.00 s:  1.00  2.50  0.50  dear", "  1.00 s:  0.00  1.00  0.00  middling"]
