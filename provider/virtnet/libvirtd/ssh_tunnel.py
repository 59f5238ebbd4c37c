"""Carries libvirt's conversation with a daemon over an ssh that we start, instead of one that libvirt starts.

libvirt starts its own by fork(), and a fork in a process with gRPC's threads, such as Pulumi's plugin, runs handlers of
gRPC's: they print into the user's preview, and sometimes the new connection breaks ("Bad file descriptor", seen with
grpcio under Pulumi 3.259). Python starts programs by vfork(), which runs no handlers. So libvirt is given a local
socket, and the ssh behind it runs on the host what libvirt's own would: virt-ssh-helper, or netcat where libvirt is
older than 6.8.
"""

import atexit
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from virtnet.transport.ssh import ssh_command
from virtnet.transport.uri import SshTarget

#: Where the daemons' sockets are, for netcat; virt-ssh-helper finds them by itself.
SOCKETS = "/var/run/libvirt"

# As in virNetClientSSHHelperCommand of libvirt's src/rpc/virnetclient.c, which lets netcat ask libvirtd's socket alone.
# $1: the daemon's URI, $2: netcat, $3: whether to take that, $4: the first socket that is there of this and the next.
_SCRIPT = (
    "LC_ALL=C; export LC_ALL; uri=$1; nc=$2; "
    'if [ -z "$3" ] && command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper "$uri"; fi; '
    'shift 3; for socket in "$@"; do if [ -S "$socket" ]; then break; fi; done; '
    'if "$nc" -q 2>&1 | grep "requires an argument" >/dev/null; then exec "$nc" -q0 -U "$socket"; fi; '
    'exec "$nc" -U "$socket"'
)


def remote_command(driver: str, path: str, parameters: Mapping[str, str], sockets: str = SOCKETS) -> str:
    """The command to run on the host. `parameters` are the URI's: `netcat` and `socket` as in libvirt.

    If a modular daemon has a socket of its own, that is used, as libvirt's client does on the host itself.
    """
    by_netcat = "yes" if "netcat" in parameters or "socket" in parameters else ""
    named = parameters.get("socket")
    found = (named,) if named else (f"{sockets}/virt{driver}d-sock", f"{sockets}/libvirt-sock")
    words = (f"{driver}://{path}", parameters.get("netcat", "nc"), by_netcat, *found)
    return f"exec {shlex.join(['sh', '-c', _SCRIPT, 'sh', *words])}"


class SshTunnel:
    """One conversation at a time, dialled when libvirt opens its connection."""

    def __init__(self, target: SshTarget) -> None:
        self._argv = ssh_command(target, remote_command(target.driver, target.path, target.parameters)).argv
        self._local = f"{target.driver}+unix://{target.path}"
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Give the URI for libvirt to open meanwhile; who connects to its socket is carried on afterwards too."""
        # Only for this user: anyone who reaches the socket talks to the daemon as ssh's user.
        directory = tempfile.mkdtemp(prefix="virtnet-")
        path = str(Path(directory, "libvirt-sock"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            try:
                listener.bind(path)
                listener.listen(1)
                threading.Thread(target=self._carry, args=(listener,), name="ssh tunnel", daemon=True).start()
                yield f"{self._local}?socket={quote(path)}"
            finally:
                # Wakes the thread where nobody connected.
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                shutil.rmtree(directory, ignore_errors=True)

    def _carry(self, listener: socket.socket) -> None:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        with caller:
            self.close()
            atexit.register(self.close)
            # In a session of its own: Ctrl-C must not cut the connection over which steps are rolled back.
            with suppress(OSError):
                self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
                self._process = subprocess.Popen(
                    self._argv,
                    stdin=caller.fileno(),
                    stdout=caller.fileno(),
                    stderr=self._stderr,
                    start_new_session=True,
                )

    def close(self) -> None:
        """End what is left of the last conversation; nothing more is known of it."""
        atexit.unregister(self.close)
        # By the thread of a call that was given up, too.
        process, self._process = self._process, None
        stderr, self._stderr = self._stderr, None
        if process is not None:
            process.kill()
            process.wait()
        if stderr is not None:
            stderr.close()

    def stderr_tail(self) -> str:
        """What ssh, or the program on the host, said at last."""
        with suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(1)
        if self._stderr is None:
            return ""
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").splitlines()
        return " ".join(" ".join(line.split()) for line in lines[-3:])
