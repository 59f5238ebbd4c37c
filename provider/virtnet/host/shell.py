"""A machine behind a shell: one POSIX shell on the host for the life of this process, and requests as lines for it.

One long-lived `ssh HOST exec sh`, and not a shared connection (ControlMaster) with an ssh for each command: an answer
takes 1 ms (0.1 without a program on the host) against 100 to 300, measured on two busy cores; sudo is asked once;
and the shell ends with this process. libvirt's conversation is carried by libvirtd.ssh_tunnel.
"""

import atexit
import os
import secrets
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

from virtnet.errors import AccessDenied, Unreachable, VirtnetError
from virtnet.host import messages, shell_script
from virtnet.host.machine import SECONDS_FOR_A_PROGRAM, Answer, ConnectionLost, NoAnswer
from virtnet.planning.clients.reads import Request
from virtnet.transport.ssh import SECONDS_TO_CONNECT, SshCommand, SshRefusal, ssh_refusal

#: For what follows the connection itself: authentication, a login shell, sudo.
SECONDS_TO_LOG_IN = 10.0

#: ssh's exit status for a failure of its own; any other is that of the shell it started.
SSH_FAILED = 255

_BLOCK = 65536

_REFUSALS = {
    SshRefusal.DENIED: messages.ssh_denied,
    SshRefusal.HOST_KEY_CHANGED: messages.host_key_changed,
    SshRefusal.HOST_KEY_UNKNOWN: messages.host_key_unknown,
}


def sudo_command() -> SshCommand:
    """A root shell on this machine, for a user whose sudo asks for no password."""
    return SshCommand(name="this host", argv=("sudo", "-n", "sh"), user="this user")


def sudo_works(seconds: float = SECONDS_TO_LOG_IN) -> bool:
    """Whether this user becomes root on this machine without a question."""
    try:
        done = subprocess.run(
            ["sudo", "-n", "sh", "-c", ":"], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class NoShell(Unreachable):
    """The host accepted the login and gave no shell, for example because the account may only use libvirt."""


class ShellMachine:
    """Implements machine.Machine. One thread at a time uses it.

    A host that can't be reached is not tried again by this process: the others of its resources fail at once.
    """

    def __init__(
        self,
        command: SshCommand,
        *,
        seconds: float = SECONDS_FOR_A_PROGRAM,
        seconds_to_log_in: float = SECONDS_TO_CONNECT + SECONDS_TO_LOG_IN,
    ) -> None:
        self._command = command
        self._seconds = seconds
        self._seconds_to_log_in = seconds_to_log_in
        self._lock = threading.Lock()
        self._session: ShellSession | None = None
        self._failed: VirtnetError | None = None
        self.round_trips = 0
        """How often an answer was waited for, to be measured."""

    @property
    def name(self) -> str:
        """The host, for messages."""
        return self._command.name

    @property
    def root_hint(self) -> str:
        """What to do where the host does not let this user, for messages."""
        return messages.root_there(self._command.user)

    def open(self) -> None:
        """Connect, if that was not done yet. Raises Unreachable."""
        with self._lock:
            self._open_session()

    def close(self) -> None:
        """Let go of the shell; the next request opens another."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def read(self, *requests: Request) -> Sequence[Answer]:
        """All in one round trip; once more over a new connection where the old one was lost."""
        with self._lock:
            try:
                return self._exchange(requests)
            except ConnectionLost:
                try:
                    return self._exchange(requests)
                except ConnectionLost as lost:
                    raise Unreachable(messages.lost_twice(self.name, str(lost))) from lost

    def execute(self, request: Request) -> Answer:
        """Run once: never repeated, even if it fails."""
        with self._lock:
            return self._exchange((request,))[0]

    def _exchange(self, requests: Sequence[Request]) -> Sequence[Answer]:
        session = self._open_session()
        self.round_trips += 1
        try:
            return session.exchange(requests, self._seconds)
        except (ConnectionLost, NoAnswer):
            # A late answer would look like the next one.
            self._session = None
            session.close()
            raise

    def _open_session(self) -> "ShellSession":
        if self._failed is not None:
            raise self._failed
        if self._session is not None and not self._session.alive():
            self._session.close()
            self._session = None
        if self._session is None:
            try:
                self._session = ShellSession(self._command, self._seconds_to_log_in)
            except VirtnetError as error:
                self._failed = error
                raise
        return self._session


class ShellSession:
    """One shell, from its greeting on. Raises Unreachable if it can't be had."""

    def __init__(self, command: SshCommand, seconds: float) -> None:
        self._command = command
        self._seconds = seconds
        self._delimiter = secrets.token_hex(16)
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._process, self._stdin, self._stdout = self._start()
        atexit.register(self.close)
        try:
            account = self._greet(shell_script.greeting(self._delimiter))
            if account == "sudo":
                self._greet(shell_script.become_root(self._delimiter))
            self._exchange_bytes(shell_script.preparation(self._delimiter).encode(), lambda _: True, seconds)
        except (ConnectionLost, NoAnswer) as error:
            failure = self._unreachable(error)
            self.close()
            raise failure from error
        except BaseException:
            self.close()
            raise

    def _start(self) -> tuple["subprocess.Popen[bytes]", IO[bytes], IO[bytes]]:
        (its_stdin, our_output), (our_input, its_stdout) = os.pipe(), os.pipe()
        ours = os.fdopen(our_output, "wb", buffering=0), os.fdopen(our_input, "rb", buffering=0)
        try:
            process = subprocess.Popen(
                self._command.argv,
                stdin=its_stdin,
                stdout=its_stdout,
                stderr=self._stderr,
                # Ctrl-C in the user's terminal must not cut the connection over which steps are rolled back.
                start_new_session=True,
            )
        except OSError as error:
            for file in (*ours, self._stderr):
                file.close()
            program, said = self._command.argv[0], str(error.strerror)
            raise Unreachable(messages.no_ssh_program(self._command.name, program, said)) from error
        finally:
            os.close(its_stdin)
            os.close(its_stdout)
        for file in ours:
            os.set_blocking(file.fileno(), False)
        return process, *ours

    def alive(self) -> bool:
        """Whether the program that carries the session runs still."""
        return self._process.poll() is None

    def exchange(self, requests: Sequence[Request], seconds: float) -> Sequence[Answer]:
        """Requests as lines, and the answers to all of them."""
        delimiter = f"\n{self._delimiter}\n".encode()
        lines = shell_script.calls(requests).encode("utf-8", "surrogateescape")
        received = self._exchange_bytes(lines, lambda text: text.count(delimiter) >= 3 * len(requests), seconds)
        return shell_script.answers(received.split(delimiter), requests)

    def close(self) -> None:
        """End it, with what it started here; what runs on another host gets no more input, and ends too."""
        atexit.unregister(self.close)
        for file in (self._stdin, self._stdout, self._stderr):
            file.close()
        # A sudo is root's and can't be ended from here; it ends by itself when its shell has no more input.
        # Not waited for yet, so its number is still its own, and its group's.
        if self._process.poll() is None:
            with suppress(PermissionError, ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)

    def _greet(self, greeting: str) -> str:
        """What the shell answers; all before it is what the host says to everybody who logs in."""
        delimiter = f"\n{self._delimiter} ".encode()
        received = self._exchange_bytes(
            greeting.encode(), lambda text: b"\n" in text.partition(delimiter)[2], self._seconds
        )
        return received.partition(delimiter)[2].decode().strip()

    def _exchange_bytes(self, text: bytes, complete: Callable[[bytes], bool], seconds: float) -> bytes:
        """Write all of it and read meanwhile, until what came is complete: neither side waits for the other to read."""
        deadline, received = time.monotonic() + seconds, b""
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        poll.register(self._stdin, select.POLLOUT)
        while text or not complete(received):
            ready = {number for number, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000)}
            if not ready:
                raise NoAnswer(messages.host_silent(self._command.name))
            try:
                if self._stdin.fileno() in ready:
                    text = text[os.write(self._stdin.fileno(), text) :]
                if self._stdout.fileno() in ready:
                    block = os.read(self._stdout.fileno(), _BLOCK)
                    if not block:
                        raise ConnectionLost(self._stderr_tail())
                    received += block
            except BlockingIOError:
                continue
            except OSError as error:
                raise ConnectionLost(self._stderr_tail()) from error
            if not text and self._stdin.fileno() in ready:
                poll.unregister(self._stdin)
        return received

    def _stderr_tail(self) -> str:
        """What the program that carries the session said at last, and how it ended."""
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return messages.CLOSED
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").split("\n")
        return " ".join(" ".join(line.split()) for line in lines[-4:] if line.strip()) or messages.exit_status(status)

    def _unreachable(self, error: Exception) -> Unreachable:
        stderr, name = str(error), self._command.name
        refusal = ssh_refusal(stderr)
        if refusal is not None:
            return AccessDenied(_REFUSALS[refusal](name, stderr))
        if isinstance(error, ConnectionLost) and self._process.returncode != SSH_FAILED:
            return NoShell(messages.no_shell(name, stderr))
        return Unreachable(messages.not_reached(name, stderr))
