"""Makes calls in a thread of its own, one after another, so that one that never returns can be given up."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

Result = TypeVar("Result")


class Made(Generic[Result]):
    """A call that was handed over, and what became of it."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._ended = threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None

    def make(self) -> None:
        """Make the call, by whose thread it may be."""
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()

    def ended(self, seconds: float) -> bool:
        """Whether it ended within so many seconds from now."""
        return self._ended.wait(seconds)

    def result(self) -> Result:
        """What it gave, once it ended; raises what it raised."""
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback names this frame
        return cast("Result", self._result)


class Caller:
    """A thread that makes calls. It ends with the process at the latest, even if it still waits."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[Made[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, call: Callable[[], Result]) -> Made[Result]:
        """Hand a call over, to be made when those before it have ended."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        made = Made(call)
        self._calls.put(made)
        return made

    def end(self) -> None:
        """Let the thread end when all that was handed over has ended. Nothing may be handed over after that."""
        self._calls.put(None)

    def _run(self) -> None:
        for made in iter(self._calls.get, None):
            made.make()
