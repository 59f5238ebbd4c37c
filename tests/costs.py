"""What each test costs: seconds of a processor, of all that it starts, daemons and guests too (`pytest --cpu=60`).

The time of a test on a busy machine doesn't show that, because tests wait for each other. So each process in which
tests run has a control group, which is read after each part of a test. Making one needs root.
"""

from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

import pytest
from tests.control_group import own_group, seconds_used

PARTS = ("setup", "call", "teardown")
SECONDS = "seconds of a processor"
"""The property of a report that holds what its part of the test cost."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cpu", type=int, default=0, metavar="N", help="show the N tests that use most of a processor")


def register(config: pytest.Config) -> None:
    """Each process in which tests run counts, and the one that reports adds up; a single process does both."""
    if not config.getoption("--cpu"):
        return
    side_by_side = config.getoption("numprocesses", None)
    if hasattr(config, "workerinput") or not side_by_side:
        config.pluginmanager.register(Counter(own_group()), "cpu-counter")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Costs(config.getoption("--cpu")), "cpu-costs")


class Counter:
    """A plugin of pytest's for a process in which tests run."""

    def __init__(self, group: Path) -> None:
        self._group = group
        self._before = seconds_used(group)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What pytest calls when a part of a test is over: its report takes along what the part cost."""
        report = yield
        now = seconds_used(self._group)
        report.user_properties.append((SECONDS, now - self._before))
        self._before = now
        return report


class Summary(Protocol):
    """What pytest shows at the end."""

    def section(self, title: str, /) -> None: ...

    def write_line(self, line: str, /) -> None: ...


class Costs:
    """A plugin of pytest's for the process that reports."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._of: dict[str, dict[str, float]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What pytest calls with each report, in whatever process it was made."""
        spent = [value for name, value in report.user_properties if name == SECONDS and isinstance(value, float)]
        self._of[report.nodeid][str(report.when)] = sum(spent)

    def pytest_terminal_summary(self, terminalreporter: Summary) -> None:
        """What pytest calls at the end."""
        costs = sorted(self._of.items(), key=lambda cost: -sum(cost[1].values()))
        total = sum(sum(parts.values()) for _, parts in costs)
        terminalreporter.section(f"{total:.0f} s of a processor; the costliest (set-up, test, tear-down)")
        for name, parts in costs[: self._shown]:
            each = " ".join(f"{parts.get(part, 0.0):5.2f}" for part in PARTS)
            terminalreporter.write_line(f"{sum(parts.values()):6.2f} s: {each}  {name}")
