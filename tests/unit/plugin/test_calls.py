"""What ends a preview waits until the engine has asked for everything else."""

import threading
import time
from collections.abc import Callable
from functools import partial

from virtnet.plugin.calls import Calls


class Engine:
    """Calls a plugin as the engine does, each in a thread, and notes when they are answered."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.answered: list[str] = []
        self._threads: list[threading.Thread] = []

    def call(self, name: str, verb: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._answer, args=(name, verb))
        self._threads.append(thread)
        thread.start()

    def _answer(self, name: str, verb: Callable[[], object]) -> None:
        with self.calls.one():
            verb()
        self.answered.append(name)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(10)


def test_a_refusal_comes_after_calls_that_are_answered_and_those_that_follow() -> None:
    engine, begun, released = Engine(Calls(silence=1.0, longest=20.0)), threading.Event(), threading.Event()

    def refused() -> None:
        begun.set()
        engine.calls.wait_for_others()

    engine.call("slow", partial(released.wait, 20))
    engine.call("refused", refused)
    begun.wait(5)
    time.sleep(1.5)
    while_slow = list(engine.answered)
    engine.call("behind", lambda: None)
    released.set()
    engine.end()

    assert while_slow == []
    assert engine.answered[-1] == "refused"
    assert sorted(engine.answered) == ["behind", "refused", "slow"]


def test_two_refusals_do_not_wait_for_each_other() -> None:
    engine, began = Engine(Calls(silence=0.1, longest=20.0)), time.monotonic()

    for name in ("one", "other"):
        engine.call(name, engine.calls.wait_for_others)
    engine.end()

    assert sorted(engine.answered) == ["one", "other"]
    assert time.monotonic() - began < 10


def test_a_call_that_never_ends_does_not_keep_a_refusal_for_ever() -> None:
    engine, released = Engine(Calls(silence=0.05, longest=0.3)), threading.Event()

    engine.call("stuck", partial(released.wait, 10))
    engine.call("refused", engine.calls.wait_for_others)
    time.sleep(1.5)
    answered = list(engine.answered)
    released.set()
    engine.end()

    assert answered == ["refused"]


class Told(threading.Condition):
    """A condition on a clock of its own: what waits has one scripted event happen, or else sees time pass."""

    def __init__(self) -> None:
        super().__init__(threading.RLock())
        self.now, self.told = 0.0, False
        self.events: list[Callable[[], None]] = []

    def notify_all(self) -> None:
        self.told = True

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        late, self.told = self.now + timeout, False
        while self.events and not self.told:
            self.events.pop(0)()
        self.now = self.now if self.told else max(self.now, late)
        return self.told


def test_refusals_wait_together_and_not_in_turn() -> None:
    told = Told()
    calls = Calls(silence=1.0, longest=20.0, clock=lambda: told.now, changed=told)

    def refused() -> None:
        told.now += 0.25
        with calls.one():
            calls.wait_for_others()

    told.events = [refused, refused, refused]
    refused()

    assert told.now == 4 * 0.25 + 1.0
