"""A connection behind which several daemons are: libvirt's client knows the first one alone."""

import _thread
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from virtnet.errors import LibvirtFailure, Unreachable
from virtnet.libvirtd.connection import Connection
from virtnet.libvirtd.session import FROM_RPC, INTERNAL_ERROR, NO_NETWORK, SYSTEM_ERROR, Session

REMOTE = "qemu+tcp://kvm1.example/system"
"""A daemon of this machine has longer to let us in than a test can wait."""


class Said(Exception):
    """libvirt's error."""

    def __init__(self, code: int, domain: int, message: str = "in libvirt's words") -> None:
        super().__init__(message)
        self._code, self._domain = code, domain

    def get_error_code(self) -> int:
        return self._code

    def get_error_domain(self) -> int:
        return self._domain

    def get_error_message(self) -> str:
        return str(self)

    def get_int1(self) -> int:
        return 0


class Handle:
    """A connection to virtqemud, as it behaves with what is behind it (libvirt 11.3)."""

    def __init__(self, library: "Modular") -> None:
        self._library = library
        self._behind: int | None = None
        self.closed = threading.Event()

    def isAlive(self) -> int:  # noqa: N802 - libvirt's name
        return 1

    def setKeepAlive(self, *_: int) -> None:  # noqa: N802 - libvirt's name
        pass

    def close(self) -> None:
        self.closed.set()

    def networkLookupByUUIDString(self, _uuid: str) -> Any:  # noqa: N802 - libvirt's name
        self.ask()
        raise Said(NO_NETWORK, 19)

    def ask(self) -> str:
        """Any call for networks."""
        self._library.stopped.wait()
        if self._behind is None:
            if not self._library.started:
                raise Said(SYSTEM_ERROR, FROM_RPC, "Failed to connect socket")
            self._behind = self._library.started
        if self._behind != self._library.started:
            raise Said(INTERNAL_ERROR, FROM_RPC, "internal error: client socket is closed")
        return "answer"

    def interfaceLookupByName(self, _name: str) -> Any:  # noqa: N802 - libvirt's name
        raise Said(SYSTEM_ERROR, FROM_RPC, "Failed to connect socket")

    def listAllInterfaces(self, _flags: int) -> Any:  # noqa: N802 - libvirt's name
        raise Said(SYSTEM_ERROR, FROM_RPC, "Failed to connect socket")


class Modular:
    """libvirt's module, and the daemon of networks: which start of it runs (0: none), and whether it answers."""

    libvirtError = Said  # noqa: N815 - libvirt's name

    def __init__(self) -> None:
        self.handles: list[Handle] = []
        self.started = 1
        self.stopped = threading.Event()
        self.stopped.set()

    def open(self, _uri: str) -> Handle:
        self.handles.append(Handle(self))
        return self.handles[-1]

    def restart(self) -> None:
        self.started += 1

    @contextmanager
    def silence(self) -> Iterator[None]:
        """The daemon is stopped meanwhile (SIGSTOP)."""
        self.stopped.clear()
        try:
            yield
        finally:
            self.stopped.set()


def session_of(library: Modular, asked_after: float = 0.1) -> Session:
    return Session(REMOTE, seconds=0.2, asked_after=asked_after, comes_back=0.3, library=library)


def counted(calls: list[str], then: Callable[[], object] = lambda: None) -> Callable[[Handle], str]:
    """A call, and what happens when its answer is under way."""

    def call(handle: Handle) -> str:
        calls.append("called")
        handle.ask()
        then()
        return handle.ask()

    return call


@pytest.mark.parametrize("verb", ["read", "execute"])
def test_after_a_restart_of_the_daemon_of_networks_the_connection_is_opened_anew(verb: str) -> None:
    library, calls = Modular(), list[str]()
    session = session_of(library)
    session.read("look", Handle.ask)
    library.restart()

    answer = getattr(session, verb)("do it", counted(calls))

    assert answer == "answer"
    assert len(library.handles) == 2
    # What changes something is made once, and on the connection that serves it.
    assert calls == ["called"] * (2 if verb == "read" else 1)


def test_a_change_during_which_the_daemon_of_networks_ends_is_of_unknown_outcome_and_made_once() -> None:
    library, calls = Modular(), list[str]()
    session = session_of(library)

    with pytest.raises(Unreachable, match=r"lost during an attempt to do it \(.*\)\. It may or may not have been done"):
        session.execute("do it", counted(calls, library.restart))

    assert calls == ["called"]
    assert session.execute("do the next", Handle.ask) == "answer"


def test_a_read_during_which_the_daemon_of_networks_ends_is_repeated() -> None:
    library, restarts = Modular(), list[int]()
    session = session_of(library)

    def restart_once() -> None:
        if not restarts:
            restarts.append(1)
            library.restart()

    answer = session.read("look", counted([], restart_once))

    assert answer == "answer"


@pytest.mark.parametrize("asked_before", [True, False])
@pytest.mark.parametrize("verb", ["read", "execute"])
def test_without_a_daemon_of_networks_the_host_is_unreachable(verb: str, *, asked_before: bool) -> None:
    library, calls = Modular(), list[str]()
    session = session_of(library)
    if asked_before:
        session.read("look", Handle.ask)
    library.started = 0

    with pytest.raises(Unreachable, match="can't reach its network daemon"):
        getattr(session, verb)("do it", counted(calls))

    assert calls == (["called"] if verb == "read" and asked_before else [])


@pytest.mark.parametrize("verb", ["read", "execute"])
def test_a_daemon_of_networks_that_is_started_again_is_waited_for(verb: str) -> None:
    library = Modular()
    session = session_of(library)
    session.read("look", Handle.ask)
    library.started = 0
    threading.Timer(0.1, library.restart).start()

    assert getattr(session, verb)("do it", Handle.ask) == "answer"


@pytest.mark.parametrize("verb", ["read", "execute"])
def test_a_daemon_of_networks_that_answers_nothing_any_more_is_given_up(verb: str) -> None:
    library = Modular()
    session = session_of(library)
    session.read("look", Handle.ask)
    began = time.monotonic()

    with library.silence(), pytest.raises(Unreachable):
        getattr(session, verb)("do it", Handle.ask)

    assert time.monotonic() - began < 5


def test_what_is_given_up_half_way_may_have_been_done_and_nothing_is_tried_after_it() -> None:
    library, silenced = Modular(), list[Any]()
    session = session_of(library)

    def stop_half_way() -> None:
        silenced.append(library.silence())
        silenced[0].__enter__()

    with pytest.raises(Unreachable, match=r"virtnet closed the connection to .* during an attempt to do it"):
        session.execute("do it", counted([], stop_half_way))
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"its network daemon didn't answer in 0\.2 s"):
            session.read("look", Handle.ask)

    assert time.monotonic() - began < 2
    silenced[0].__exit__(None, None, None)


def test_a_call_that_lasts_is_waited_for_while_others_are_answered() -> None:
    library = Modular()
    session = session_of(library, asked_after=1)

    def slow(handle: Handle) -> str:
        time.sleep(1.5)
        return handle.ask()

    answer = session.execute("do it", slow)

    assert answer == "answer"
    assert library.handles[1].closed.wait(5)
    assert not library.handles[0].closed.is_set()


def test_a_daemon_that_is_missing_for_something_else_costs_nobody_the_connection() -> None:
    library = Modular()
    session = session_of(library)

    with pytest.raises(LibvirtFailure) as failure:
        session.read("list interfaces", lambda handle: handle.listAllInterfaces(0))

    assert (failure.value.code, failure.value.domain) == (SYSTEM_ERROR, FROM_RPC)
    assert len(library.handles) == 1


def test_without_a_daemon_of_interfaces_their_names_are_not_known() -> None:
    connection = Connection(REMOTE, library=Modular())

    assert connection.interface_names() is None


def test_an_interrupt_is_raised_when_the_call_has_ended() -> None:
    library, ended = Modular(), list[bool]()
    session = session_of(library)
    session.read("look", Handle.ask)
    interrupt = threading.Timer(0.05, _thread.interrupt_main)

    def slow(_handle: Handle) -> None:
        interrupt.start()
        time.sleep(0.3)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        session.execute("do it", slow)

    assert ended == [True]


def test_the_thread_of_a_call_that_was_given_up_ends_with_the_call() -> None:
    library, before = Modular(), set(threading.enumerate())
    session = session_of(library)
    session.read("look", Handle.ask)

    with library.silence(), pytest.raises(Unreachable, match="virtnet closed the connection"):
        session.execute("do it", Handle.ask)
    waiting = set(threading.enumerate()) - before
    for thread in waiting:
        thread.join(5)

    assert not any(thread.is_alive() for thread in waiting)
    assert all(handle.closed.is_set() for handle in library.handles)
