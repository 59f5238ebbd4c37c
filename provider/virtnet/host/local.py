"""The machine this process runs on, in its network namespace: requests are carried out here."""

import errno
import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from virtnet.host import messages
from virtnet.host.machine import DHCP_SERVER_PORT, SBIN, SECONDS_FOR_A_PROGRAM, Answer, HostError, NoAnswer
from virtnet.planning.clients.reads import Request

#: libvirt's, by the names of their programs: each may listen where networks are asked for.
DAEMONS = frozenset({"libvirtd", "virtnetworkd", "virtqemud", "virtproxyd"})


def shares_our_network(sockets: Sequence[str]) -> bool:
    """Whether the daemon behind the first of these sockets that answers runs in our network namespace.

    Told by the daemon's process id, which the kernel gives for its socket (unix(7), SO_PEERCRED). Only root may read
    another user's namespaces; for others it has to do that the process is one of libvirt's that we can see. True if
    no daemon answers: then there is no host to mistake for another.
    """
    for path in sockets:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(path)
                credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            except OSError:
                continue
        pid = struct.unpack("3i", credentials)[0]
        try:
            return pid > 0 and Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        except PermissionError:
            # systemd listens for a daemon that is not running yet.
            return Path(f"/proc/{pid}/comm").read_text().strip() in (*DAEMONS, "systemd")
        except OSError:
            return False
    return True


class LocalMachine:
    """Implements machine.Machine."""

    name = "this host"
    root_hint = messages.ROOT_HERE

    def __init__(self, *, search_path: str | None = None, seconds: float = SECONDS_FOR_A_PROGRAM) -> None:
        """`search_path` is where programs are looked for instead of PATH and the sbin directories."""
        self._search_path = search_path or os.pathsep.join((os.environ.get("PATH", ""), *SBIN))
        self._seconds = seconds
        self._lock_descriptor: int | None = None
        self._environment = {**os.environb, b"LC_ALL": b"C"}

    def read(self, *requests: Request) -> Sequence[Answer]:
        """Programs side by side, which take milliseconds each; the rest, of microseconds, one after the other."""
        with ExitStack() as processes:
            started = {request: self._start(processes, *request[1:]) for request in requests if request[0] == "run"}
            return [self._finish(one[1], started[one]) if one in started else self.execute(one) for one in requests]

    def execute(self, request: Request) -> Answer:
        """The system's refusals become errors."""
        kind, *words = request
        actions: dict[str, Callable[..., Answer]] = {
            "read": _read,
            "list": _list,
            "has": self._has,
            "dhcp-port": _dhcp_port,
            "run": self._run,
            "write": _write_existing,
            "replace": _replace,
            "remove": _remove,
            "remove-directory": _remove_directory,
            "end": _end,
            "lock": self._lock,
            "unlock": self._unlock,
        }
        try:
            return actions[kind](*words)
        except OSError as error:
            return Answer(error=HostError(error.errno, error.strerror or str(error)))

    def _lock(self, path: str) -> Answer:
        """Take the host's lock, which other processes see. A user without the right to open it works without it."""
        try:
            Path(path).parent.mkdir(mode=0o755, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return Answer()
        # Only for root: anyone who can read the file can lock it.
        with suppress(PermissionError):
            os.fchmod(descriptor, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return Answer(error=HostError(errno.EADDRINUSE, messages.LOCK_HELD))
        self._lock_descriptor = descriptor
        return Answer()

    def _unlock(self) -> Answer:
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None
        return Answer()

    def _has(self, name: str) -> Answer:
        return Answer(shutil.which(name, path=self._search_path) or "")

    def _run(self, program: str, *arguments: str) -> Answer:
        with ExitStack() as processes:
            return self._finish(program, self._start(processes, program, *arguments))

    def _start(self, processes: ExitStack, program: str, *arguments: str) -> "subprocess.Popen[str] | Answer":
        """Start a program, which does not outlive `processes`; an answer at once where that fails."""
        path = shutil.which(program, path=self._search_path)
        if path is None:
            return Answer(error=HostError(errno.ENOENT, os.strerror(errno.ENOENT)))
        try:
            process = processes.enter_context(
                subprocess.Popen(
                    [path, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._environment,
                    encoding="utf-8",
                    errors="surrogateescape",
                )
            )
        except OSError as error:
            return Answer(error=HostError(None, messages.does_not_run(path, str(error.strerror))))
        processes.callback(process.kill)
        return process

    def _finish(self, program: str, started: "subprocess.Popen[str] | Answer") -> Answer:
        if isinstance(started, Answer):
            return started
        try:
            output, stderr = started.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise NoAnswer(messages.program_silent(program, self._seconds)) from None
        if started.returncode != 0:
            said = " ".join(stderr.split()) or messages.exit_status(started.returncode)
            return Answer(error=HostError(None, said, started.returncode))
        return Answer(output)


def _read(path: str) -> Answer:
    return Answer(Path(path).read_text(encoding="utf-8", errors="surrogateescape"))


def _list(path: str) -> Answer:
    # No name holds a slash.
    return Answer("".join(f"{name}/" for name in os.listdir(path)))  # noqa: PTH208 - names are wanted, not paths


def _dhcp_port() -> Answer:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as probe:
        # As dnsmasq does: the port is free for it beside any server that shares it too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("0.0.0.0", DHCP_SERVER_PORT))  # noqa: S104 - closed again before anything is read
    return Answer()


def _write_existing(path: str, text: str) -> Answer:
    # Opened without creating: what is not there must be an error, not a permission problem.
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)
    return Answer()


def _replace(directory: str, name: str, content: str) -> Answer:
    """Put a file in place with everything in it on the disk before its name is."""
    Path(directory).mkdir(mode=0o755, parents=True, exist_ok=True)
    _sweep(directory, name)
    # Not ending in .conf: `sysctl --system` reads every name that does, dot files too.
    descriptor, temporary = tempfile.mkstemp(prefix=_temporary(name), dir=directory)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(temporary).replace(Path(directory, name))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(directory)
    return Answer()


def _temporary(name: str) -> str:
    """The prefix of temporary files that will be renamed to that name; shell_script uses the same prefix."""
    return f".{name}.new."


def _sweep(directory: str, name: str) -> None:
    """Remove what writes of this file that were killed left; one process at a time has the lock."""
    for entry in os.listdir(directory):  # noqa: PTH208 - names are compared, not paths
        if entry.startswith(_temporary(name)):
            Path(directory, entry).unlink(missing_ok=True)


def _remove(path: str) -> Answer:
    Path(path).unlink(missing_ok=True)
    if Path(path).parent.is_dir():
        _sweep(str(Path(path).parent), Path(path).name)
        _sync_directory(str(Path(path).parent))
    return Answer()


def _remove_directory(path: str) -> Answer:
    Path(path).rmdir()
    _sync_directory(str(Path(path).parent))
    return Answer()


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end(pid: str, seconds: str) -> Answer:
    try:
        descriptor = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return Answer()
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        ending = select.poll()
        ending.register(descriptor, select.POLLIN)
        if not ending.poll(float(seconds) * 1000):
            return Answer(error=HostError(errno.ETIME, messages.STILL_RUNS))
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)
    return Answer()
