"""A daemon or the provider killed, stopped or restarted before, while and after each step, by the engine's own runs."""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.stack import Stack
from tests.campaigns.faults.pairs import PAIRS, Pair, Resource
from tests.campaigns.faults.sight import Sight, look
from tests.hosts.daemons import daemons, signal_daemon, start_daemon, wait_until_answered
from tests.hosts.sandboxed import Host, Pings, pinging

from virtnet.commands.sandbox.layout import Layout

LONG = ("StartNetwork", "StopNetwork", "UpdateSection")
#: What keeps modular daemons busy: long for the one of networks, or moving guests.
BUSY = (*LONG, "MoveToHoldingNetwork", "Reattach")
STOP = Path(__file__).parent / "stop"
#: What the plans begin with that change nothing of libvirt's.
OF_THE_HOST = ("HostForwarding", "PortForward")
#: Until an update has given up a daemon that answers nothing, where guests wait on the holding network: two questions,
#: and a new connection for what is to be taken back.
SECONDS_TO_GIVE_UP = 60.0
#: A shorter silence is none: that many seconds. Where a daemon starts, it takes its rules out and puts them back, and
#: bridged packets pass them in a new network namespace: neighbours lose one to three requests in a row (libvirt 9.0).
NOTICED = 0.2
#: By which processes of virtnet's take turns on a host.
LOCK = "/run/virtnet/lock"


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
    call: int = 0
    """For `within`: which of the step's effects is over, from 1."""
    how: str = "killed"
    """What becomes of it: killed, stopped until `pulumi up` has ended, or restarted at once."""

    @property
    def name(self) -> tuple[str, str]:
        """Its fault and its moment, as the table has them."""
        when = f"after call {self.call} of" if self.call else self.when
        return f"{self.who} {self.how}: {self.kind}", f"{when} {self.number + 1}. {self.step}"


@dataclass(frozen=True)
class Done:
    """One step of a plan that nothing happened to."""

    step: str
    seconds: float
    """How long its first effect took."""
    calls: int = 1
    """How many effects it had."""


@dataclass(frozen=True)
class Row:
    """What became of one fault."""

    fault: str
    when: str
    lost: str
    after: str
    next_up: str
    wrong: tuple[str, ...] = ()


def cases_of(kind: str, steps: Sequence[Done]) -> Iterator[Case]:
    """Before the first step, while each is carried out, between its calls, and after each: that is before the next.

    After the last of the steps it is before Pulumi has recorded what was done.
    """
    asks_libvirt = not kind.startswith(OF_THE_HOST)
    if asks_libvirt:
        yield from _around_each(kind, "libvirtd", steps)
    else:
        # It is asked before the first step and after the last, and has no part in what is between.
        yield Case(kind, "libvirtd", "before", 0, steps[0].step)
        yield Case(kind, "libvirtd", "after", len(steps) - 1, steps[-1].step)
    yield from _around_each(kind, "provider", steps)
    for who in ("libvirtd", "provider") if asks_libvirt else ("provider",):
        yield from _within_each(kind, who, steps)
    long = [number for number, done in enumerate(steps) if done.step in LONG]
    if asks_libvirt and long:
        # The last of the steps that take long, in which the engine is seen to end.
        number = long[-1]
        yield Case(kind, "pulumi", "during", number, steps[number].step, steps[number].seconds / 2)


def modular_cases_of(kind: str, steps: Sequence[Done]) -> Iterator[Case]:
    """The faults of modular daemons: each killed between all steps; and in the first of each kind that keeps one busy.

    In such a step each is killed, restarted as by an upgrade, and stopped. virtqemud runs guests, and carries calls to
    virtnetworkd.
    """
    numbers = {done.step: number for number, done in reversed(list(enumerate(steps))) if done.step in BUSY}
    for daemon in [daemon.name for daemon in Layout.MODULAR.daemons]:
        yield Case(kind, daemon, "before", 0, steps[0].step)
        yield from (Case(kind, daemon, "after", number, done.step) for number, done in enumerate(steps))
        for how in ("killed", "restarted", "stopped"):
            for number in sorted(numbers.values()):
                step = steps[number]
                yield Case(kind, daemon, "during", number, step.step, step.seconds / 2, how=how)


def _within_each(kind: str, who: str, steps: Sequence[Done]) -> Iterator[Case]:
    for number, done in enumerate(steps):
        yield from (Case(kind, who, "within", number, done.step, call=call) for call in range(1, done.calls))


def _around_each(kind: str, who: str, steps: Sequence[Done]) -> Iterator[Case]:
    yield Case(kind, who, "before", 0, steps[0].step)
    for number, done in enumerate(steps):
        yield Case(kind, who, "during", number, done.step, done.seconds / 2)
        yield Case(kind, who, "after", number, done.step)


def pairs() -> tuple[Pair, ...]:
    """Those of whose plans the daemons of this run's hosts have a table."""
    if daemons() is Layout.MONOLITHIC:
        return PAIRS
    return tuple(pair for pair in PAIRS if pair.of_modular)


class Bench:
    """A host with a stack on which one pair of plans goes forth and back, with a fault or without."""

    def __init__(self, host: Host, stack: Stack, pair: Pair) -> None:
        self.host, self.stack, self.pair = host, stack, pair
        self._journal = host.directory / "steps"
        stack.environment |= {
            "PYTHONPATH": os.pathsep.join([str(STOP), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "VIRTNET_STEPS": str(self._journal),
        }
        host.sh(pair.prepare)
        stack.declare(*pair.back)
        stack.up()
        host.sh(pair.plug_in)
        before = look(host)
        self.sights = {}
        self.steps = {}
        for name, program in ((pair.forth_name, pair.there), (pair.back_name, pair.back)):
            self.steps[name] = self._clean(program)
            self.sights[name] = look(host)
        self.not_as_before = self._differences(self.sights[pair.back_name], before)

    def cases(self) -> tuple[list[Case], list[Case]]:
        """All cases of either kind; of plans that are alike forth and back, those forth."""
        there = list(self._cases(self.pair.forth_name))
        return there, [] if self.pair.alike else list(self._cases(self.pair.back_name))

    def _cases(self, kind: str) -> Iterator[Case]:
        if daemons() is Layout.MONOLITHIC:
            return cases_of(kind, self.steps[kind])
        return modular_cases_of(kind, self.steps[kind])

    def run(self, wanted: Callable[[Case], bool]) -> Iterator[Row]:
        """The wanted cases, those of either kind in turn."""
        there, back = ([case for case in cases if wanted(case)] for cases in self.cases())
        turns = [
            turn
            for one, other in itertools.zip_longest(there, back)
            for turn in ((one, self.pair.there), (other, self.pair.back))
        ]
        while turns and turns[-1][0] is None:
            turns.pop()  # nobody goes back after the last case
        for case, program in turns:
            if case is None:
                self._clean(program)
            else:
                yield self._fault(case, program, quiet=case in (there[-1:] + back[-1:]))

    def _clean(self, program: Sequence[Resource]) -> list[Done]:
        self._declare(program)
        self._journal.unlink(missing_ok=True)
        self.stack.up()
        steps = self._steps()
        if program is self.pair.back:
            self.host.sh(self.pair.plug_in_again)
        return steps

    def _declare(self, program: Sequence[Resource]) -> None:
        self.stack.declare(*program)
        if self.pair.spoil and program is self.pair.there:
            self.host.sh(self.pair.spoil)
            self.stack.refresh()

    def _steps(self) -> list[Done]:
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        words = [line.split() for line in lines]
        return [Done(step, float(seconds), int(calls)) for step, seconds, calls in words]

    def _fault(self, case: Case, program: Sequence[Resource], *, quiet: bool) -> Row:
        broken, wrong = Path(f"{self._journal}.broken"), []
        self._declare(program)
        broken.unlink(missing_ok=True)
        with self._watched() as heard:
            self.stack.environment["VIRTNET_FAULT"] = " ".join(
                map(str, (self._process(case.who), case.how, case.when, case.number, f"{case.seconds:.4f}", case.call))
            )
            first = self.stack.pulumi("up", "--yes", "--skip-preview", check=False)
            del self.stack.environment["VIRTNET_FAULT"]
            if not broken.exists():
                wrong.append(f"the fault did not come: {first.stdout[-300:]}")
            elif case.who not in ("provider", "pulumi"):
                wrong += self._brought_back(self._process(case.who), case.how)
            # libvirtd goes on with a call whose caller is gone, and so does a provider without its engine.
            time.sleep(3 if case.who == "pulumi" else 0.3)
            after = look(self.host)
            if case.who == "pulumi":
                self.stack.pulumi("cancel", "--yes")
                self.stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
            self._journal.unlink(missing_ok=True)
            finished = self.stack.pulumi("up", "--yes", "--skip-preview", check=False)
            steps = [done.step for done in self._steps()]
            if finished.returncode:
                wrong.append(f"the next up failed: {(finished.stdout + finished.stderr)[-600:]}")
            disconnected = self._disconnected()
        silent = {who: pings.longest_gap for who, pings in heard.items() if pings.silence >= NOTICED}
        wrong += self._differences(look(self.host), self.sights[case.kind])
        wrong += self._lost_too_much(silent, disconnected, longest_silence(self.pair, case.how))
        if quiet and not self.stack.unchanged():
            wrong.append("the next preview or refresh is not quiet")
        fault, when = case.name
        known: list[Sight] = list(self.sights.values())
        did = ", ".join(steps) or "nothing was left to do"
        if case.who == "pulumi":
            did = f"(after pulumi cancel and refresh) {did}"
        lost = _lost(silent, disconnected) if heard else "no guest there"
        state = after.describe(*known)
        if case.how == "restarted":
            state = f"up {'failed' if first.returncode else 'went on'}; {state}"
        return Row(fault, when, lost, state, did, tuple(wrong))

    def _process(self, who: str) -> str:
        """The daemon of networks has a name of its own where it is not libvirtd."""
        return daemons().daemons[0].name if who == "libvirtd" else who

    def _brought_back(self, daemon: str, how: str) -> list[str]:
        """Let a daemon run again; what is wrong until then."""
        if how == "killed":
            start_daemon(self.host, daemon)
        if how != "stopped":
            wait_until_answered(self.host)
            return []
        free = self.host.run("flock", "--nonblock", LOCK, "true", check=False).returncode == 0
        signal_daemon(self.host, daemon, "CONT")
        wait_until_answered(self.host)
        return [] if free else ["the host's lock is held by an up that has ended"]

    @contextlib.contextmanager
    def _watched(self) -> Iterator[Mapping[str, Pings]]:
        """With the silence of everyone whom a guest talks to measured meanwhile, where there are guests."""
        with contextlib.ExitStack() as measuring:
            yield {
                who: measuring.enter_context(pinging(self.host, address, "ip", "netns", "exec", box))
                for who, (box, address) in self.pair.talks.items()
            }

    def _disconnected(self) -> list[str]:
        """Who does not answer a guest, who asks for a while: a link that was down says nothing for a second or more."""
        seconds = 2 if self.pair.cuts_off else 10
        return [
            who
            for who, (box, address) in self.pair.talks.items()
            if self.host.run(
                *f"ip netns exec {box} ping -c 1 -i 0.2 -w {seconds} {address}".split(), check=False
            ).returncode
        ]

    def _differences(self, found: Sight, expected: Sight) -> list[str]:
        return found.differences(expected, but="identity" if self.pair.made_anew else "")

    def _lost_too_much(self, silent: Mapping[str, float], disconnected: Sequence[str], longest: float) -> list[str]:
        if self.pair.cuts_off:
            return [f"{who} still answers" for who in self.pair.talks if who not in disconnected]
        return [f"{who} does not answer after the next up" for who in disconnected] + [
            f"{who} was silent for {seconds:.1f} s" for who, seconds in silent.items() if seconds > longest
        ]


def longest_silence(pair: Pair, how: str) -> float:
    """For how many seconds guests may hear nothing when a process is broken so.

    Where none may be silent for a moment, none waits on the holding network, and a daemon that is silent is not theirs.
    """
    return pair.seconds_of_silence + (SECONDS_TO_GIVE_UP if how == "stopped" and pair.seconds_of_silence else 0.0)


def _lost(silent: Mapping[str, float], disconnected: Sequence[str]) -> str:
    """What a guest lost of whom it talks to."""
    lasting = {who: "for good" if who in disconnected else f"for {seconds:.1f} s" for who, seconds in silent.items()}
    words = [f"{who} {how_long}" for who, how_long in lasting.items()]
    return ", ".join(words) or "nothing"
