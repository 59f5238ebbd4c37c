"""What distributions call the packages that have what a sandbox needs: data in packages.txt, read when that is missing.

The set-up of the repository reads the same data.
"""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

_NAMES = Path(__file__).with_name("packages.txt")


class Manager(Enum):
    """A program that installs packages; the value is how it is called to."""

    APT = "apt-get install --no-install-recommends"
    DNF = "dnf install"
    ZYPPER = "zypper install"
    PACMAN = "pacman -S --needed"

    @property
    def program(self) -> str:
        """Its name."""
        return self.value.split()[0]


def names_in(manager: Manager, packages: Iterable[str]) -> tuple[str, ...]:
    """The names, each once and sorted, that the manager has for packages with these names in Debian."""
    place = list(Manager).index(manager)
    rows = [line.split() for line in _NAMES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    known = {row[0]: row[place] for row in rows}
    return tuple(sorted({known[package] for package in packages} - {"-"}))
