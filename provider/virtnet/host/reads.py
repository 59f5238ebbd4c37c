"""One observation of a host: each answer is kept until it ends, and what is likely to be asked next is read with it.

A round trip over ssh takes as long as many answers do. What is asked beyond need is only read, and an answer that
nobody wants is thrown away.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from virtnet.host.machine import Answer, Machine
from virtnet.planning.clients.reads import Reads, Request

#: Kinds of questions that take milliseconds, because a program answers them. A test of a port is one over ssh.
_PROGRAMS = ("run", "has", "dhcp-port")

_FILES = ("read", "list")


class Dated(NamedTuple):
    """An answer, and when it was asked for, in seconds of a monotonic clock. The answer is at least that new."""

    answer: Answer
    since: float


class ReadCache:
    """The answers of one observation. Raises what the machine raises."""

    def __init__(
        self,
        machine: Machine,
        reads: Reads,
        known: Mapping[Request, Dated] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known` are answers of an earlier observation that will do for this one."""
        self._machine = machine
        self._reads = reads
        self._clock = clock
        self._answers: dict[Request, Dated] = dict(known or {})
        self._likely: dict[Request, None] = {}

    @property
    def reads(self) -> Reads:
        """What was declared to be read together."""
        return self._reads

    @property
    def answers(self) -> Mapping[Request, Dated]:
        """What was answered so far."""
        return self._answers

    def answer(self, request: Request) -> Answer:
        """The answer to one question, asked now or with an earlier one."""
        if request not in self._answers:
            group = next((group for group in self._reads.groups if request in group), ())
            wanted = dict.fromkeys((request, *group, *self._reads.grouped_with(request), *self._likely))
            # By their kinds, as files that come one after the other are read by one program of a far host.
            unknown = sorted((one for one in wanted if one not in self._answers), key=_kind)
            since = self._clock()
            answers = dict(zip(unknown, self._machine.read(*unknown), strict=True))
            self._likely = {}
            for one, answer in answers.items():
                self._answers[one] = Dated(answer, since)
                if answer.error is None:
                    self._likely.update(dict.fromkeys(self._reads.likely_next(one, answer.text)))
        return self._answers[request].answer


class RecentAnswers:
    """What the last observation of a process had from programs, and read of the whole host, for the next.

    Those are previews, which decide nothing, and refreshes that find nothing new. A hundred networks would ask the same
    a hundred times: of programs for 10 ms and more each time, of a table of the kernel for longer the more there are.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._answers: Mapping[Request, Dated] = {}

    def answers(self, max_age: float) -> Mapping[Request, Dated]:
        """The answers that are less than `max_age` seconds old."""
        with self._lock:
            now = self._clock()
            return {request: dated for request, dated in self._answers.items() if now - dated.since < max_age}

    def keep(self, cache: ReadCache) -> None:
        """Keep an observation's answers, without those of files of one resource."""
        of_host = cache.reads.of_host
        found = {one: dated for one, dated in cache.answers.items() if one[0] not in _FILES or one in of_host}
        with self._lock:
            # Another thread may have asked the same since.
            newest = {one: max(dated, self._answers.get(one, dated), key=_since) for one, dated in found.items()}
            self._answers = newest or self._answers


class Prefetched:
    """What programs said to the thread that was next in the queue for the lock, for all that were in it by then.

    Not for a thread that came later: it has to see what happened before it came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Mapping[Request, Dated] = {}

    def answers(self, since: float, max_age: float) -> Mapping[Request, Dated]:
        """The answers asked for after `since`, less than `max_age` seconds ago."""
        with self._lock:
            oldest = max(since, time.monotonic() - max_age)
            return {request: dated for request, dated in self._answers.items() if dated.since > oldest}

    def keep(self, cache: ReadCache) -> None:
        """Keep what programs said, and which there are; the rest is had in microseconds.

        Not what failed: it would fail everybody in the queue, and asked again it may not.
        """
        found = cache.answers.items()
        with self._lock:
            self._answers = {one: dated for one, dated in found if one[0] in _PROGRAMS and dated.answer.error is None}


def _kind(request: Request) -> str:
    return request[0]


def _since(dated: Dated) -> float:
    return dated.since
