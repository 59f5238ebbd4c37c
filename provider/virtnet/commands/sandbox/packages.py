"""What distributions call the packages that have what a sandbox needs: data in packages.txt, read when that is missing.

The set-up of the repository reads the same data.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

_NAMES = Path(__file__).with_name("packages.txt")


class Manager(NamedTuple):
    """A program that installs packages."""

    column: int
    """Of the data that has its names, from 1."""
    call: str
    """How it is called to, without the packages."""

    @property
    def program(self) -> str:
        """Its name."""
        return self.call.split()[0]


def managers() -> Sequence[Manager]:
    """All that are known, Debian's first."""
    calls = (line.split(maxsplit=2) for line in _lines() if line.startswith("="))
    return [Manager(int(column), call) for _, column, call in calls]


def names_in(manager: Manager, packages: Iterable[str]) -> tuple[str, ...]:
    """The names, each once and sorted, that the manager has for packages with these names in Debian."""
    rows = [line.split() for line in _lines() if not line.startswith("=")]
    known = {row[0]: row[manager.column - 1] for row in rows}
    return tuple(sorted({known[package] for package in packages} - {"-"}))


@cache
def _lines() -> Sequence[str]:
    return [line for line in _NAMES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
