"""Kernel parameters written and restored on paper: every write played through the kernel's rules first. Pure.

So a plan knows what a write does to other interfaces, puts back only what was someone's choice, and never writes a
value that will be there anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from virtnet.forwarding.boot import by_systemd
from virtnet.forwarding.drop_in import parse
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.steps import WriteSysctl
from virtnet.forwarding.sysctl import (
    WHOLE_HOST,
    after_write,
    in_writing_order,
    is_accept_ra,
    is_ipv6,
    is_on,
    shown,
    touched_by,
    whole_of,
)
from virtnet.planning.plan import Step


@dataclass
class SimulatedWrites:
    """Steps for kernel parameters, and what the kernel will hold after them."""

    values: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    def write(self, key: str, value: str, *, exactly: bool = False) -> bool:
        """Add a step, unless the value will be there anyway. Any non-zero value is as good as another."""
        now = self.values.get(key)
        if now is None or now == value or (not exactly and is_on(now) == is_on(value)):
            return False
        touched = touched_by(self.values, key)
        self.steps.append(WriteSysctl(key, value, tuple((name, self.values[name]) for name in touched)))
        self.values = after_write(self.values, key, value)
        return True

    def not_restored_by(self, key: str, value: str) -> dict[str, str]:
        """Values that writing `key`, and later writing back what it holds now, would not bring back."""
        there = after_write(self.values, key, value)
        back = after_write(there, key, self.values[key])
        return {name: held for name, held in self.values.items() if back[name] != held}


class Restoring:
    """Parameters going back to the values found at create, as far as nobody else needs them as they are."""

    def __init__(
        self,
        released: Mapping[str, str],
        observed: ForwardingReport,
        writes: SimulatedWrites,
        owner: str,
        targets: Mapping[str, str],
    ) -> None:
        self.released, self.observed, self.writes, self.targets = released, observed, writes, targets
        self.owner = owner
        self.notes: list[str] = []
        self.left_on: set[str] = set()

    def run(self) -> None:
        """The whole host first, then its parts, then the advertisements, which forwarding must not outlive."""
        keys = list(in_writing_order(self.released))
        wholes = [key for key in keys if key in WHOLE_HOST]
        advertisements = [key for key in keys if is_accept_ra(key)]
        for key in wholes:
            if not self._stays_on(key):
                self.writes.write(key, self.released[key], exactly=True)
        for key in keys:
            if key not in wholes and key not in advertisements and not self._follows(key):
                self.writes.write(key, self.released[key], exactly=True)
        for key in advertisements:
            if not any(map(is_ipv6, self.left_on)):
                self.writes.write(key, self.released[key], exactly=True)

    def _stays_on(self, key: str) -> bool:
        """Whether a parameter found off must stay on; says why."""
        if is_on(self.released[key]) or not is_on(self.writes.values.get(key)):
            return False
        reasons = self._reasons(whole_of(key))
        if not reasons:
            return False
        self.left_on.add(key)
        self.notes.append(f"{shown(key)} stays on, though it was off before: {listed(reasons)} needs it")
        return True

    def _reasons(self, whole: str) -> tuple[str, ...]:
        docker = ("Docker (interface docker0)",) if self.observed.docker else ()
        others = {path: text for path, text in self.observed.files.items() if not self._is_own(text)}
        boot = by_systemd(others, self.observed.interfaces)[whole]
        file = (boot.source,) if is_on(boot.value) else ()
        return (*self.observed.users[whole], *docker, *file)

    def _is_own(self, text: str) -> bool:
        there = parse(text)
        return there is not None and there.owner == self.owner

    def _follows(self, key: str) -> bool:
        """Whether a part stays as its whole is now: it went with the whole when it was found, or must stay on."""
        whole = whole_of(key)
        if whole in self.left_on or whole in self.targets:
            # Left on for others, or still managed: the part goes back to what the whole gives it.
            if key.endswith("/forwarding"):
                self.writes.write(key, self.writes.values[whole])
            return True
        return whole not in self.released and key.endswith("/forwarding") and self._stays_on(key)


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
