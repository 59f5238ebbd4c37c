"""How far long work is, on standard error, where that is a terminal. What is over soon shows nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TypeAlias

from virtnet.commands.terminal import Terminal

SECONDS_BEFORE = 0.7
"""How long work lasts before anything is shown."""

Advance: TypeAlias = Callable[[str], None]
"""Called with what is done next, such as a host's URI: one of the things to do is over, but for the first call."""


@contextmanager
def progress(total: int, terminal: Terminal) -> Iterator[Advance]:
    """Show how many of `total` things are done while the body runs, and nothing of it afterwards."""
    if not terminal.progress:
        yield lambda _next: None
        return
    shown = _Shown(total)
    timer = Timer(SECONDS_BEFORE, shown.start)
    timer.daemon = True
    timer.start()
    try:
        yield shown.advance
    finally:
        timer.cancel()
        timer.join()
        shown.stop()


class _Shown:
    """A line that rich draws, from the timer's thread on."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        counted = (BarColumn(), MofNCompleteColumn()) if total > 1 else ()
        self._line = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *counted,
            TimeElapsedColumn(),
            console=Console(stderr=True, emoji=False, highlight=False),
            transient=True,
        )
        self._task = self._line.add_task("", total=total)
        self._started = False

    def start(self) -> None:
        """Begin to draw."""
        self._line.start()

    def advance(self, following: str) -> None:
        """Take one as done, and name what follows."""
        from virtnet.spec.text import escape_controls

        self._line.update(self._task, description=escape_controls(following), advance=int(self._started))
        self._started = True

    def stop(self) -> None:
        """Leave nothing of it."""
        self._line.stop()
