"""A connection to a libvirt daemon: opened in time, closed, opened again; error codes turned into our errors.

The only module that imports libvirt, and it does so when the first connection is opened. `connection` has the calls. A
read that finds the connection lost opens it again and is repeated once; what changes something is never repeated.

Where libvirt is modular, several daemons serve one connection: libvirt's client reaches virtqemud, perhaps through
virtproxyd, and for networks each of its connections gets one from there to virtnetworkd. libvirt's client knows of the
first daemon alone: it says that the connection is alive when virtnetworkd ended, and waits forever for one that is
stopped. So networks are asked after, by a question that any daemon of theirs answers at once.
"""

import atexit
import errno
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cache, cached_property
from typing import Any, Protocol, TypeVar

from virtnet.errors import AccessDenied, LibvirtFailure, NotFound, Refused, Unreachable, VirtnetError
from virtnet.libvirtd import messages
from virtnet.libvirtd.caller import Caller
from virtnet.transport.uri import is_remote, is_test, noninteractive, why_unsafe

Result = TypeVar("Result")

# VIR_ERR_* numbers (include/libvirt/virterror.h); named here because libvirt is imported late.
INTERNAL_ERROR = 1

SYSTEM_ERROR = 38

NO_NETWORK = 43

OPERATION_INVALID = 55

NO_SUPPORT = 3

NO_DOMAIN = 42

OPERATION_UNSUPPORTED = 84

FROM_RPC = 7
"""VIR_FROM_RPC (virErrorDomain): what a daemon, or libvirt's client, says of the way to another daemon."""

DENIED = frozenset({29, 45, 79, 80, 88})
"""OPERATION_DENIED, AUTH_FAILED, AUTH_CANCELLED, AUTH_UNAVAILABLE, ACCESS_DENIED."""

SECONDS_TO_CONNECT = 10.0

#: A daemon of this machine may only now be started, by systemd.
SECONDS_TO_CONNECT_HERE = 30.0

#: A daemon that is gone, or answers nothing anymore, is noticed after SIGNS_OF_LIFE + 1 times as many seconds.
SECONDS_BETWEEN_SIGNS_OF_LIFE = 5

SIGNS_OF_LIFE = 3

#: A call that lasts is waited for as long as networks are answered for on another connection, asked this often. Of a
#: daemon that libvirt's client sees itself, libvirt's own word comes first.
SECONDS_UNTIL_ASKED_AFTER = 12.0

#: A daemon that ended is started again by systemd, or by who restarted it: what was begun can be rolled back then.
SECONDS_TO_COME_BACK = 3.0

SECONDS_BETWEEN_TRIES = 0.1

#: A network that no host has: whoever looks for networks says so at once, whatever else is being done.
NOBODY = "00000000-0000-4000-8000-000000000000"


Ask = Callable[[Any], object]
"""A question to a daemon, on a connection."""


class SshTunnel(Protocol):
    """Another way to a remote daemon than libvirt's own; implemented by ssh_tunnel.SshTunnel."""

    def listening(self) -> AbstractContextManager[str]:
        """Give the URI for libvirt to open meanwhile."""

    def close(self) -> None:
        """End what is left of the last conversation."""

    def stderr_tail(self) -> str:
        """The end of what the other side printed on standard error."""


class _Silent(Exception):
    """A daemon took a question and gave no answer in time."""


class _Link:
    """An open connection, which each call gets."""

    def __init__(self, name: str, tunnel: SshTunnel | None) -> None:
        self.handle: Any = None
        self.tunnel = tunnel
        self.used = False
        self.caller = Caller(f"libvirt at {name}")
        self._abandoned = False

    def opened(self, handle: Any) -> None:
        """Note the connection; one that came when nobody waited for it anymore is closed."""
        self.handle = handle
        # Closed before Python takes libvirt's module apart, which its own destructor would trip over.
        atexit.register(handle.close)
        if self._abandoned:
            self._close()

    def close(self) -> None:
        """Close it, and wait for nobody: who is at the other end may be gone."""
        self.caller.begin(self._close)
        self.caller.end()

    def abandon(self) -> None:
        """Leave it to a call that may never end, to be closed when it does: who closed it now would wait as well."""
        self._abandoned = True
        if self.handle is not None:
            atexit.unregister(self.handle.close)
        if self.tunnel is not None:
            self.tunnel.close()
        self.close()

    def _close(self) -> None:
        if self.handle is not None:
            atexit.unregister(self.handle.close)
            with suppress(Exception):  # libvirt's, of a connection that is lost
                self.handle.close()
        if self.tunnel is not None:
            self.tunnel.close()


class Session:
    """One connection to one daemon, opened at the first question, and opened again for a read that finds it lost."""

    def __init__(
        self,
        uri: str,
        *,
        tunnel: Callable[[], SshTunnel | None] = lambda: None,
        seconds: float = SECONDS_TO_CONNECT,
        asked_after: float = SECONDS_UNTIL_ASKED_AFTER,
        comes_back: float = SECONDS_TO_COME_BACK,
        library: Any = None,
    ) -> None:
        """`seconds` are how long a remote daemon may take to let us in; one of this machine has more.

        After `asked_after` seconds of a call another connection asks whether networks are answered for, and has as long
        again. A daemon that ended under an open connection is waited for `comes_back` seconds. `library` stands in for
        libvirt's module.
        """
        self._uri = uri
        self._new_tunnel = tunnel
        self._seconds = seconds if is_remote(uri) else max(seconds, SECONDS_TO_CONNECT_HERE)
        self._asked_after = asked_after
        self._library = library
        self._failed: Unreachable | None = None
        # Held for each call: of two threads that wait on a connection which is given up, libvirt's client lets one
        # wait forever, or writes where the other's stack was (both seen with 9.0 and a daemon that was stopped).
        self._lock = threading.Lock()
        self._link: _Link | None = None
        self._comes_back, self._dropped = comes_back, False

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._uri

    @cached_property
    def libvirt(self) -> Any:
        """Libvirt's module, imported late."""
        if self._library is not None:
            return self._library
        import libvirt

        # Without a handler libvirt prints every error on stderr, and Pulumi shows that to the user.
        libvirt.registerErrorHandler(_print_nothing, None)
        return libvirt

    def give_up(self, why: Unreachable) -> None:
        """Not to be tried by this process anymore: a host that is gone costs its first resource the wait, not each."""
        self._failed = why

    def read(self, what: str, call: Callable[[Any], Result], ask: Ask | None = None) -> Result:
        """A call that changes nothing, and so may be repeated: a connection that was lost is opened once more.

        `ask` is answered at once by the daemon that serves the call, where that is not the one of networks.
        """
        with self._lock:
            link = self._open()
            try:
                return self._made(link, what, call, ask)
            except self.libvirt.libvirtError as error:
                if not self._lost(link, what, error):
                    raise self.failure(what, error) from error
        return self.execute(what, call, ask)

    def execute(self, what: str, call: Callable[[Any], Result], ask: Ask | None = None) -> Result:
        """A call that may change something: made once, never repeated, even if it fails. `ask` as for read."""
        with self._lock:
            link = self._open()
            if link.used and not self._still_serves(link, what):
                link = self._open()
            try:
                return self._made(link, what, call, ask)
            except self.libvirt.libvirtError as error:
                if self._lost(link, what, error):
                    raise Unreachable(messages.lost(what, self._uri, _message(error))) from error
                raise self.failure(what, error) from error

    def failure(self, what: str, error: Any) -> LibvirtFailure | AccessDenied:
        """Libvirt's error as one of ours, by its code."""
        code, message = error.get_error_code(), _message(error)
        if code == NO_NETWORK:
            return NotFound(messages.no_network(what, self._uri, message), code)
        if code in DENIED:
            return AccessDenied(messages.denied(what, self._uri, message))
        return LibvirtFailure(messages.failed(what, self._uri, message), code, error.get_error_domain())

    # Each of the following is called with the lock held.

    def _open(self) -> _Link:
        """The connection, alive."""
        if self._link is not None and self._alive(self._link):
            return self._link
        self._drop()
        if self._failed is not None:
            raise self._failed
        fault = why_unsafe(self._uri)
        if fault is not None:
            from virtnet.transport.messages import sentence

            raise Refused(sentence(fault))
        if not is_test(self._uri) and self._library is None:
            _start_event_loop()
        until = time.monotonic() + (self._comes_back if self._dropped else 0.0)
        self._dropped = False
        while True:
            link = _Link(self._uri, self._new_tunnel())
            try:
                self._open_in_time(link, self._seconds)
            except _Silent:
                self._failed = Unreachable(self._silence(link))
                raise self._failed from None
            except self.libvirt.libvirtError as error:
                failure = self._open_failure(link, error)
                link.close()
                if isinstance(failure, AccessDenied) or time.monotonic() >= until:
                    raise self._remembered_failure(failure) from error
                time.sleep(SECONDS_BETWEEN_TRIES)
            else:
                self._link = link
                return link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
            self._dropped = True

    def _open_in_time(self, link: _Link, seconds: float) -> None:
        """Open within a limit, until a daemon answers about networks. libvirt alone would wait forever, or for TCP."""
        with ExitStack() as stack:
            uri = noninteractive(self._uri)
            if link.tunnel is not None:
                uri = stack.enter_context(link.tunnel.listening())

            def attempt() -> None:
                handle = self.libvirt.open(uri)
                link.opened(handle)
                if is_test(self._uri):
                    return
                with suppress(self.libvirt.libvirtError):
                    # Noticed when the daemon is gone later.
                    handle.setKeepAlive(SECONDS_BETWEEN_SIGNS_OF_LIFE, SIGNS_OF_LIFE)
                self._ask_networks(handle)

            made = link.caller.begin(attempt)
            if not made.ended(seconds):
                link.abandon()
                raise _Silent
            made.result()

    def _ask_networks(self, handle: Any) -> None:
        """Ask the daemon that serves networks. Raises libvirt's error if none answers."""
        self._asked(handle, lambda: handle.networkLookupByUUIDString(NOBODY))

    def _asked(self, handle: Any, ask: Callable[[], object]) -> None:
        try:
            ask()
        except self.libvirt.libvirtError as error:
            if _on_the_way(error) or error.get_error_code() in DENIED or not handle.isAlive():
                raise

    def _made(self, link: _Link, what: str, call: Callable[[Any], Result], ask: Ask | None = None) -> Result:
        """The result of a call, which may take long: it is given up only if another connection gets no answer either.

        An interrupt (Ctrl-C) is raised after the call, because its handler uses this connection too.
        """
        link.used = True
        made = link.caller.begin(lambda: call(link.handle))
        other: _Link | None = None
        interrupt: BaseException | None = None
        while True:
            try:
                if made.ended(self._asked_after):
                    break
                other = other or self._another_link()
                answers = other is not None and self._answers(other, ask)
            except (KeyboardInterrupt, SystemExit) as error:
                interrupt = error
                continue
            if not answers and not made.ended(0):
                link.abandon()
                self._link = None
                if other is not None:
                    other.close()
                raise interrupt or Unreachable(messages.given_up(what, self._uri, self._asked_after))
        if other is not None:
            other.close()
        if interrupt is not None:
            raise interrupt
        return made.result()

    def _another_link(self) -> _Link | None:
        """For a question whether a call is still served; None if nothing is left to make one of."""
        try:
            return _Link(self._uri, self._new_tunnel())
        except (OSError, RuntimeError):
            return None

    def _answers(self, other: _Link, ask: Ask | None) -> bool:
        """Whether who serves a call answers on another connection, in time."""
        try:
            if other.handle is None:
                self._open_in_time(other, self._asked_after)
            handle = other.handle
            asked = other.caller.begin(
                lambda: self._ask_networks(handle) if ask is None else self._asked(handle, lambda: ask(handle))
            )
            if not asked.ended(self._asked_after):
                other.abandon()
                return False
            asked.result()
        except (_Silent, VirtnetError, self.libvirt.libvirtError):
            return False
        except (OSError, RuntimeError):
            return False  # no place, file or thread is left for another connection
        return True

    def _still_serves(self, link: _Link, what: str) -> bool:
        """Whether networks are still answered for behind a connection; it is dropped if not."""
        try:
            self._made(link, what, self._ask_networks)
        except self.libvirt.libvirtError:
            self._drop()
            return False
        return True

    def _lost(self, link: _Link, what: str, error: Any) -> bool:
        """Whether an error means that the connection is of no use anymore; it is dropped then."""
        if not self._alive(link):
            self._drop()
            return True
        # Of several daemons behind the connection it may be another one than that of networks.
        return _on_the_way(error) and not self._still_serves(link, what)

    def _alive(self, link: _Link) -> bool:
        try:
            return bool(link.handle.isAlive())
        except self.libvirt.libvirtError:
            return False

    def _remembered_failure(self, failure: Unreachable) -> Unreachable:
        if is_remote(self._uri):
            self._failed = failure
        return failure

    def _silence(self, link: _Link) -> str:
        if link.handle is not None:
            return messages.networks_silent(self._uri, self._seconds)
        return messages.silent(self._uri, self._seconds, remote=is_remote(self._uri))

    def _open_failure(self, link: _Link, error: Any) -> Unreachable:
        from virtnet.transport.ssh import SshRefusal, ssh_refusal

        message, number = _message(error), error.get_int1()
        stderr = "" if link.tunnel is None else link.tunnel.stderr_tail()
        if stderr:
            message = f"{message}: {stderr}"
        # libvirt itself sees no more than the end of a conversation where the program on the host may not hold it.
        denied = ssh_refusal(stderr) is SshRefusal.DENIED
        if denied or error.get_error_code() in DENIED or number in (errno.EACCES, errno.EPERM):
            return AccessDenied(messages.not_let_in(self._uri, message))
        if link.handle is not None:
            return Unreachable(messages.networks_not_reached(self._uri, message))
        return Unreachable(messages.not_reached(self._uri, message))


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


def _on_the_way(error: Any) -> bool:
    """Whether an error is of the way to a daemon, and no daemon's answer."""
    return error.get_error_domain() == FROM_RPC and error.get_error_code() in (INTERNAL_ERROR, SYSTEM_ERROR)


def _print_nothing(_context: object, _error: object) -> None:
    """Libvirt's error handler that prints nothing; the error is raised anyway."""


def _message(error: Any) -> str:
    """Libvirt's own words, on one line."""
    return " ".join((error.get_error_message() or messages.NO_MESSAGE).split())
