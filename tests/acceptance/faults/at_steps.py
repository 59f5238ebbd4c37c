"""libvirtd or the provider killed before, while and after each step of a plan, by the engine's own runs."""

import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.daemons import start_libvirtd
from tests.acceptance.faults.pairs import Pair, Resource
from tests.acceptance.faults.sight import Sight, look
from tests.acceptance.sandboxed import Host, Pings, Stack, pinging

LONG = ("StartNetwork", "StopNetwork", "UpdateSection")
STOP = Path(__file__).parent / "stop"


@dataclass(frozen=True)
class Case:
    """One fault at one moment of one kind of plan."""

    kind: str
    who: str
    when: str
    number: int
    step: str
    seconds: float = 0.0
    """For `during`: how long after the step's first effect has begun."""

    @property
    def name(self) -> tuple[str, str]:
        """Its fault and its moment, as the table has them."""
        return f"{self.who} killed: {self.kind}", f"{self.when} {self.number + 1}. {self.step}"


@dataclass(frozen=True)
class Row:
    """What became of one fault."""

    fault: str
    when: str
    lost: str
    after: str
    next_up: str
    wrong: tuple[str, ...] = ()


def cases_of(kind: str, steps: Sequence[tuple[str, float]]) -> Iterator[Case]:
    """Before the first step, while each is carried out, and after each; that is before the next: nothing is between.

    A provider that is killed meanwhile has its call finished by libvirtd, so that this is after the step as well.
    """
    asks_libvirt = not kind.startswith("HostForwarding")
    for who in ("libvirtd", "provider"):
        if who == "libvirtd":
            yield Case(kind, who, "before", 0, steps[0][0])
        if who == "libvirtd" and not asks_libvirt:
            # It is asked before the first step and after the last, and has no part in what is between.
            yield Case(kind, who, "after", len(steps) - 1, steps[-1][0])
            continue
        for number, (step, seconds) in enumerate(steps):
            yield Case(kind, who, "during", number, step, seconds / 2)
            if who == "libvirtd":
                yield Case(kind, who, "after", number, step)
    if not kind.startswith("HostForwarding"):
        # The last of the steps that take long, in which the engine is seen to end.
        number = max(n for n, (step, _) in enumerate(steps) if step in LONG)
        yield Case(kind, "pulumi", "during", number, steps[number][0], steps[number][1] / 2)


class Bench:
    """A host with a stack on which one pair of plans goes forth and back, with a fault or without."""

    def __init__(self, host: Host, stack: Stack, pair: Pair) -> None:
        self.host, self.stack, self.pair = host, stack, pair
        self._journal = host.directory / "steps"
        stack.environment |= {
            "PULUMI_PYTHON_CMD": str(Path(__file__).with_name("python")),
            "VIRTNET_PYTHON": sys.executable,
            "PYTHONPATH": str(STOP),
            "VIRTNET_STEPS": str(self._journal),
        }
        host.sh(pair.prepare)
        stack.declare(*pair.back)
        stack.up()
        host.sh(pair.plug_in)
        self._sights = {pair.forth_name: look(host), pair.back_name: look(host)}
        before = look(host)
        self.steps = {}
        for name, program in ((pair.forth_name, pair.there), (pair.back_name, pair.back)):
            self.steps[name] = self._clean(program)
            self._sights[name] = look(host)
        self.not_as_before = self._sights[pair.back_name].differences(before)

    def cases(self) -> tuple[list[Case], list[Case]]:
        """All cases of either kind; of plans that are alike forth and back, those forth."""
        there = cases_of(self.pair.forth_name, self.steps[self.pair.forth_name])
        back = cases_of(self.pair.back_name, self.steps[self.pair.back_name])
        return list(there), [] if self.pair.alike else list(back)

    def run(self, wanted: Callable[[Case], bool]) -> Iterator[Row]:
        """The wanted cases, those of either kind in turn."""
        there, back = ([case for case in cases if wanted(case)] for cases in self.cases())
        for one, other in itertools.zip_longest(there, back):
            for case, program in ((one, self.pair.there), (other, self.pair.back)):
                if case is None:
                    self._clean(program)
                else:
                    yield self._fault(case, program, quiet=case in (there[-1:] + back[-1:]))

    def _clean(self, program: Sequence[Resource]) -> list[tuple[str, float]]:
        self._journal.unlink(missing_ok=True)
        self.stack.declare(*program)
        self.stack.up()
        return self._steps()

    def _steps(self) -> list[tuple[str, float]]:
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        return [(line.split()[0], float(line.split()[1])) for line in lines]

    def _fault(self, case: Case, program: Sequence[Resource], *, quiet: bool) -> Row:
        killed, wrong = Path(f"{self._journal}.killed"), []
        killed.unlink(missing_ok=True)
        self.stack.declare(*program)
        with self._watched() as pings:
            self.stack.environment["VIRTNET_KILL"] = f"{case.who} {case.when} {case.number} {case.seconds:.4f}"
            failed = self.stack.up(check=False)
            del self.stack.environment["VIRTNET_KILL"]
            if not killed.exists():
                wrong.append(f"the fault did not come: {failed[-300:]}")
            elif case.who == "libvirtd":
                start_libvirtd(self.host)
            # libvirtd goes on with a call whose caller is gone, and so does a provider without its engine.
            time.sleep(3 if case.who == "pulumi" else 0.3)
            after = look(self.host)
            if case.who == "pulumi":
                self.stack.pulumi("cancel", "--yes")
                self.stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
            self._journal.unlink(missing_ok=True)
            finished = self.stack.pulumi("up", "--yes", "--skip-preview", check=False)
            steps = [name for name, _ in self._steps()]
            if finished.returncode:
                wrong.append(f"the next up failed: {(finished.stdout + finished.stderr)[-600:]}")
        wrong += look(self.host).differences(self._sights[case.kind])
        if quiet and not self.stack.unchanged():
            wrong.append("the next preview or refresh is not quiet")
        fault, when = case.name
        known: list[Sight] = list(self._sights.values())
        did = ", ".join(steps) or "nothing was left to do"
        if case.who == "pulumi":
            did = f"(after pulumi cancel and refresh) {did}"
        return Row(fault, when, _lost(pings), after.describe(*known), did, tuple(wrong))

    @contextlib.contextmanager
    def _watched(self) -> Iterator[Pings | None]:
        """With the silence between two neighbours measured meanwhile, where there are any."""
        if not self.pair.plug_in:
            yield None
            return
        with pinging(self.host, "10.250.0.2", "ip", "netns", "exec", "box1") as pings:
            yield pings


def _lost(pings: Pings | None) -> str:
    """What two neighbours on the network lost of each other."""
    if pings is None:
        return "no guest there"
    if pings.longest_gap < 0.2:
        return "nothing"
    return f"its neighbour for {pings.longest_gap:.1f} s"
