"""What a log shows of a run before its end: each failure when it comes, and each minute how many tests are over."""

import time

import pytest

SECONDS = 60.0


class Progress:
    """A plugin of pytest's for the process that reports."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter
        self._over = 0
        self._began = self._said = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What pytest calls when a part of a test is over (setup, call and teardown)."""
        if report.failed:
            self._say(f"FAILED in its {report.when}: {report.nodeid}\n{report.longreprtext}")
        self._over += report.when == "teardown"
        now = time.monotonic()
        if now - self._said >= SECONDS:
            self._said = now
            self._say(f"{self._over} tests are over after {now - self._began:.0f} s")

    def _say(self, text: str) -> None:
        self._reporter.write_line(f"\n{text}", flush=True)


def register(config: pytest.Config) -> None:
    """Of the processes in which tests run side by side none reports."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(reporter), "progress")
