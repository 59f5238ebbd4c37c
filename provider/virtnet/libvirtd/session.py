"""A connection to a libvirt daemon: opened in time, closed, opened again; error codes turned into our errors.

The only module that imports libvirt, and it does so when the first connection is opened. Which calls there are is
`connection`'s business. A read that finds the connection lost opens it again and is repeated once; what changes
something is never repeated.
"""

import atexit
import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime  # before Python 3.11 not the one of the language
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache, cached_property
from typing import Any, Protocol, TypeVar

from virtnet.errors import AccessDenied, LibvirtFailure, NotFound, Refused, Unreachable
from virtnet.libvirtd import messages
from virtnet.transport.uri import is_remote, is_test, noninteractive, why_unsafe

Result = TypeVar("Result")

# VIR_ERR_* numbers (include/libvirt/virterror.h); named here because libvirt is imported late.
INTERNAL_ERROR = 1

RPC = 39

SYSTEM_ERROR = 38

NO_NETWORK = 43

OPERATION_INVALID = 55

NO_SUPPORT = 3

NO_DOMAIN = 42

DENIED = frozenset({29, 45, 79, 80, 88})
"""OPERATION_DENIED, AUTH_FAILED, AUTH_CANCELLED, AUTH_UNAVAILABLE, ACCESS_DENIED."""

SECONDS_TO_CONNECT = 10.0

#: A daemon of this machine may only now be started, by systemd.
SECONDS_TO_CONNECT_HERE = 30.0

#: A daemon that is gone, or answers nothing any more, is noticed after SIGNS_OF_LIFE + 1 times as many seconds.
SECONDS_BETWEEN_SIGNS_OF_LIFE = 5

SIGNS_OF_LIFE = 3


class SshTunnel(Protocol):
    """Another way to a remote daemon than libvirt's own; implemented by ssh_tunnel.SshTunnel."""

    def listening(self) -> AbstractContextManager[str]:
        """Give the URI for libvirt to open meanwhile."""

    def close(self) -> None:
        """End what is left of the last conversation."""

    def stderr_tail(self) -> str:
        """The end of what the other side printed on standard error."""


class Session:
    """One connection to one daemon, opened at the first question, and opened again for a read that finds it lost."""

    def __init__(self, uri: str, *, tunnel: SshTunnel | None = None, seconds: float = SECONDS_TO_CONNECT) -> None:
        """`seconds` are how long a remote daemon may take to let us in; one of this machine has more."""
        self._uri = uri
        self._ssh_tunnel = tunnel
        self._seconds = seconds if is_remote(uri) else max(seconds, SECONDS_TO_CONNECT_HERE)
        self._failed: Unreachable | None = None
        # Held for each call: of two threads that wait on a connection which is given up, libvirt's client lets one
        # wait for ever, or writes where the other's stack was (both seen with 9.0 and a daemon that was stopped).
        self._lock = threading.Lock()
        self._handle: Any = None

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._uri

    @cached_property
    def libvirt(self) -> Any:
        """Libvirt's module, imported late."""
        import libvirt

        # Without a handler libvirt prints every error on stderr, and Pulumi shows that to the user.
        libvirt.registerErrorHandler(_print_nothing, None)
        return libvirt

    def give_up(self, why: Unreachable) -> None:
        """Not to be tried by this process any more: a host that is gone costs its first resource the wait, not each."""
        self._failed = why

    def _open(self) -> Any:
        """The connection, alive; the lock is held."""
        if self._handle is not None and self._alive(self._handle):
            return self._handle
        if self._failed is not None:
            raise self._failed
        fault = why_unsafe(self._uri)
        if fault is not None:
            from virtnet.transport.messages import sentence

            raise Refused(sentence(fault))
        try:
            self._handle = self.libvirt.open(self._uri) if is_test(self._uri) else self._open_in_time()
            # Closed before Python takes libvirt's module apart, which its own destructor would trip over.
            atexit.register(self._handle.close)
        except self.libvirt.libvirtError as error:
            self._handle = None
            raise self._remembered_failure(self._open_failure(error)) from error
        return self._handle

    def _open_in_time(self) -> Any:
        """Open in time, and notice when the daemon is gone later; libvirt alone would wait for ever, or for TCP."""
        _start_event_loop()
        opening: Future[Any] = Future()
        target = nullcontext(noninteractive(self._uri)) if self._ssh_tunnel is None else self._ssh_tunnel.listening()
        with target as uri:

            def attempt() -> None:
                try:
                    opening.set_result(self.libvirt.open(uri))
                except self.libvirt.libvirtError as error:
                    opening.set_exception(error)

            threading.Thread(target=attempt, name=f"open {self._uri}", daemon=True).start()
            try:
                handle = opening.result(self._seconds)
            except NotInTime:
                opening.add_done_callback(_close_late)
                if self._ssh_tunnel is not None:
                    self._ssh_tunnel.close()
                self._failed = Unreachable(messages.silent(self._uri, self._seconds, remote=is_remote(self._uri)))
                raise self._failed from None
        with suppress(self.libvirt.libvirtError):
            handle.setKeepAlive(SECONDS_BETWEEN_SIGNS_OF_LIFE, SIGNS_OF_LIFE)
        return handle

    def _remembered_failure(self, failure: Unreachable) -> Unreachable:
        if is_remote(self._uri):
            self._failed = failure
        return failure

    def _alive(self, handle: Any) -> bool:
        try:
            return bool(handle.isAlive())
        except self.libvirt.libvirtError:
            return False

    def _open_failure(self, error: Any) -> Unreachable:
        from virtnet.transport.ssh import SshRefusal, ssh_refusal

        message, number = _message(error), error.get_int1()
        stderr = "" if self._ssh_tunnel is None else self._ssh_tunnel.stderr_tail()
        if stderr:
            message = f"{message}: {stderr}"
        # libvirt itself sees no more than the end of a conversation where the program on the host may not hold it.
        denied = ssh_refusal(stderr) is SshRefusal.DENIED
        if denied or error.get_error_code() in DENIED or number in (errno.EACCES, errno.EPERM):
            return AccessDenied(messages.not_let_in(self._uri, message))
        return Unreachable(messages.not_reached(self._uri, message))

    def read(self, what: str, call: Callable[[Any], Result]) -> Result:
        """A call that changes nothing, and so may be repeated: a connection that was lost is opened once more."""
        with self._lock:
            handle = self._open()
            try:
                return call(handle)
            except self.libvirt.libvirtError as error:
                if self._alive(handle):
                    raise self.failure(what, error) from error
        return self.execute(what, call)

    def execute(self, what: str, call: Callable[[Any], Result]) -> Result:
        """A call that may change something: made once, never repeated, whatever becomes of it."""
        with self._lock:
            handle = self._open()
            try:
                return call(handle)
            except self.libvirt.libvirtError as error:
                if not self._alive(handle):
                    raise Unreachable(messages.lost(what, self._uri, _message(error))) from error
                raise self.failure(what, error) from error

    def failure(self, what: str, error: Any) -> LibvirtFailure | AccessDenied:
        """Libvirt's error as one of ours, by its code."""
        code, message = error.get_error_code(), _message(error)
        if code == NO_NETWORK:
            return NotFound(messages.no_network(what, self._uri, message), code)
        if code in DENIED:
            return AccessDenied(messages.denied(what, self._uri, message))
        return LibvirtFailure(messages.failed(what, self._uri, message), code)


@cache
def _start_event_loop() -> None:
    """Let libvirt see what comes from remote daemons without being asked, signs of life among it; once a process."""
    import libvirt

    def run() -> None:
        # Without it remote daemons still answer; only that one is gone is noticed later.
        with suppress(libvirt.libvirtError):
            while True:
                libvirt.virEventRunDefaultImpl()

    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=run, name="libvirt events", daemon=True).start()


def _close_late(opening: "Future[Any]") -> None:
    """Close a connection that came when nobody waited for it any more."""
    if opening.exception() is None:
        opening.result().close()


def _print_nothing(_context: object, _error: object) -> None:
    """Libvirt's error handler that prints nothing; the error is raised anyway."""


def _message(error: Any) -> str:
    """Libvirt's own words, on one line."""
    return " ".join((error.get_error_message() or messages.NO_MESSAGE).split())
