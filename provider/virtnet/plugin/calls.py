"""The engine's calls that are being answered: what ends a preview waits for the others, so that they are heard."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: The program may take as long from one resource to the next.
SECONDS_OF_SILENCE = 1.0
LONGEST_WAIT = 30.0


class Calls:
    """How many calls are being answered, and since when none has come. Calls may be made from any thread."""

    def __init__(
        self,
        silence: float = SECONDS_OF_SILENCE,
        longest: float = LONGEST_WAIT,
        *,
        clock: Callable[[], float] = time.monotonic,
        changed: threading.Condition | None = None,
    ) -> None:
        """`silence`: the seconds without a call after which none is expected; `longest`: how long is waited at most."""
        self._silence, self._longest, self._clock = silence, longest, clock
        self._changed = changed or threading.Condition()
        self._answering = 0
        self._waiting = 0
        self._waited: set[int] = set()
        """The threads of calls that have waited, and end next."""
        self._last = clock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Answer a call in the block."""
        with self._changed:
            self._answering += 1
            self._last = self._clock()
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                if threading.get_ident() in self._waited:
                    # The program was refused something, and asks for nothing because of that.
                    self._waited.remove(threading.get_ident())
                else:
                    self._last = self._clock()
                self._changed.notify_all()

    def wait_for_others(self) -> None:
        """Within a call, wait until no other is answered but such as wait likewise, and none has come for a while."""
        late = self._clock() + self._longest
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                while (now := self._clock()) < late:
                    silent_at = self._last + self._silence
                    if self._answering > self._waiting:
                        self._changed.wait(late - now)
                    elif now < silent_at:
                        self._changed.wait(min(silent_at, late) - now)
                    else:
                        return
            finally:
                self._waiting -= 1
                self._waited.add(threading.get_ident())
