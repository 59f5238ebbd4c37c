"""One observation of a host: each answer is kept until it ends, and what is likely to be asked next is read with it.

A round trip over ssh takes as long as many answers do. What is asked beyond need is only read, and an answer that
nobody wants is thrown away.
"""

import threading
import time
from collections.abc import Mapping

from virtnet.host.machine import Answer, Machine
from virtnet.planning.clients.reads import Reads, Request

_PROGRAMS = ("run", "has")


class ReadCache:
    """The answers of one observation. Raises what the machine raises."""

    def __init__(self, machine: Machine, reads: Reads, known: Mapping[Request, Answer] | None = None) -> None:
        """`known` are answers of an earlier observation that will do for this one."""
        self._machine = machine
        self._reads = reads
        self._answers: dict[Request, Answer] = dict(known or {})
        self._likely: dict[Request, None] = {}

    @property
    def answers(self) -> Mapping[Request, Answer]:
        """What was answered so far."""
        return self._answers

    def answer(self, request: Request) -> Answer:
        """The answer to one question, asked now or with an earlier one."""
        if request not in self._answers:
            group = next((group for group in self._reads.groups if request in group), ())
            wanted = dict.fromkeys((request, *group, *self._reads.grouped_with(request), *self._likely))
            unknown = [one for one in wanted if one not in self._answers]
            self._answers.update(zip(unknown, self._machine.read(*unknown), strict=True))
            self._likely = {}
            for one in unknown:
                if self._answers[one].error is None:
                    self._likely.update(dict.fromkeys(self._reads.likely_next(one, self._answers[one].text)))
        return self._answers[request]


class RecentCommands:
    """What the last observation of a process had from programs, for the next previews, which decide nothing.

    A preview of a hundred new networks would ask the same a hundred times, for 10 ms and more each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = 0.0
        self._answers: Mapping[Request, Answer] = {}

    def answers(self, max_age: float) -> Mapping[Request, Answer]:
        """The answers, if they are less than `max_age` seconds old."""
        with self._lock:
            return self._answers if time.monotonic() - self._since < max_age else {}

    def keep(self, cache: ReadCache) -> None:
        """Keep an observation's answers, less those that are had in microseconds anyway."""
        found = {request: answer for request, answer in cache.answers.items() if request[0] not in ("read", "list")}
        with self._lock:
            # An observation that lived on what is kept makes it no younger.
            if found and found.items() - self._answers.items():
                self._answers, self._since = found, time.monotonic()


class Prefetched:
    """What programs said to the thread that was next in the queue for the lock, for all that were in it by then.

    Not for a thread that came later: it has to see what happened before it came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began, self._answers = 0.0, dict[Request, Answer]()

    def answers(self, since: float, max_age: float) -> tuple[float, Mapping[Request, Answer]]:
        """When they were read, and the answers read after `since`, less than `max_age` seconds ago; or now and none."""
        with self._lock:
            now = time.monotonic()
            if self._began >= since and now - self._began < max_age:
                return self._began, self._answers
            return now, {}

    def keep(self, began: float, cache: ReadCache) -> None:
        """Keep what programs said, and which there are; the rest is had in microseconds.

        Not what failed: it would fail everybody in the queue, and asked again it may not.
        """
        found = cache.answers.items()
        with self._lock:
            self._began = began
            self._answers = {one: answer for one, answer in found if one[0] in _PROGRAMS and answer.error is None}
