"""libvirt's daemons in a sandbox: their configuration, their start, and the wait until they answer.

Runs in process 1 of a sandbox only, after mounts.py made its directories private. Everything is at the paths
where a distribution has it, so `libvirtd --daemon` (or `virtnetworkd --daemon`) in CMD starts one again after it was
killed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from virtnet.commands.sandbox import messages
from virtnet.commands.sandbox.layout import Daemon, layout
from virtnet.commands.sandbox.mounts import system_path
from virtnet.errors import HostFailure

CONNECT_DEADLINE = 60.0
"""Seconds in which libvirt must answer; it takes well under one unless the machine is very busy."""

_LOGS = Path("/var/log/libvirt")
_SOCKETS = Path("/run/libvirt")
_VIRTLOGD = Daemon("virtlogd", "virtlogd-sock")
_NETWORKS = Path("/etc/libvirt/qemu/networks")
_DEFAULT_NETWORK = Path("/usr/share/libvirt/networks/default.xml")
_LOG_TAIL = 10

_CONFIGURATION = """\
# In a sandbox, anyone who reaches the socket is its owner. There is no polkit.
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0770"
# Each sandbox is a host of its own; the machine's own UUID would be the same in all of them.
host_uuid = "{host_uuid}"
"""

_QEMU_CONFIGURATION = """\
user = "root"
group = "root"
# None of these could be set up without the machine's root, or each would leave something on the machine:
# AppArmor profiles, device nodes, control groups, directories in hugetlbfs, file attributes, files that belong to
# root from then on.
security_driver = "none"
namespaces = []
cgroup_controllers = []
hugetlbfs_mount = []
remember_owner = 0
dynamic_ownership = 0
"""


def start() -> None:
    """Bring `lo` up, start the daemons with the default network defined, and wait until they answer.

    Raises HostFailure, with the end of the daemons' logs, when they do not.
    """
    path = system_path(os.environ)
    environment = {"PATH": path, "LC_ALL": "C", "VIRTNET_SANDBOX": "1"}
    daemons = layout(os.environ, path).daemons
    _write_configuration(daemons)
    _run(["ip", "link", "set", "lo", "up"], environment)
    with _on_one_processor() as started:
        processes = {daemon: _start_daemon(daemon.name, environment) for daemon in (_VIRTLOGD, *daemons)}
        started += [process.pid for process in processes.values()]
        _wait(processes, environment)


@contextlib.contextmanager
def _on_one_processor() -> Iterator[list[int]]:
    """Keep what is started in the block on the first processor until the block is left; it names the processes.

    As it starts, libvirtd reads what CPUID says (9.0, 11.3), and takes an answer of QEMU's for outdated that was kept
    with other words. Leaf 1fH holds the number of the processor that it is read on, so on some machines every other
    sandbox asked QEMU again, for 1.5 s (see capabilities.py).
    """
    started: list[int] = []
    allowed = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {min(allowed)})
    try:
        yield started
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, allowed)
        for process in started:
            _let_run_on(allowed, process)


def _let_run_on(allowed: Iterable[int], process: int) -> None:
    """For all threads of a process, with those that start meanwhile."""
    done: set[str] = set()
    with contextlib.suppress(OSError):
        while more := {entry.name for entry in Path(f"/proc/{process}/task").iterdir()} - done:
            for thread in more:
                with contextlib.suppress(OSError):  # it has ended
                    os.sched_setaffinity(int(thread), allowed)
            done |= more


def _write_configuration(daemons: Iterable[Daemon]) -> None:
    directory = _NETWORKS.parents[1]
    host_uuid = uuid.uuid4()
    for daemon in daemons:
        (directory / daemon.configuration).write_text(_CONFIGURATION.format(host_uuid=host_uuid), "utf-8")
    (directory / "qemu.conf").write_text(_QEMU_CONFIGURATION, "utf-8")
    # As Debian installs it: defined, not started, not on autostart. libvirt adds the UUID and the MAC
    # address.
    _NETWORKS.mkdir(parents=True)
    shutil.copyfile(_DEFAULT_NETWORK, _NETWORKS / "default.xml")


def _start_daemon(name: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in CMD's terminal is not for the daemons.
    with (_LOGS / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [name, "--pid-file", f"/run/{name}.pid"],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(processes: Mapping[Daemon, "subprocess.Popen[bytes]"], environment: dict[str, str]) -> None:
    """Return when all daemons take connections and libvirt answered calls through them."""
    deadline = time.monotonic() + CONNECT_DEADLINE
    while not all(_takes_connections(_SOCKETS / daemon.socket) for daemon in processes):
        for daemon, process in processes.items():
            if process.poll() is not None:
                raise HostFailure(messages.daemon_ended(daemon.name) + _log_tails())
        if time.monotonic() > deadline:
            raise HostFailure(messages.no_socket(CONNECT_DEADLINE) + _log_tails())
        time.sleep(0.01)
    # A daemon answers only after all its drivers are up, so one call is enough to know that they are; of modular ones
    # virtqemud asks virtnetworkd.
    call = ["virsh", "--connect", "qemu:///system", "net-info", "default"]
    _run(call, environment, deadline - time.monotonic())


def _takes_connections(path: Path) -> bool:
    """Whether somebody listens at a socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _run(command: list[str], environment: dict[str, str], seconds: float = CONNECT_DEADLINE) -> None:
    called = " ".join(command)
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HostFailure(messages.no_answer(called, seconds) + _log_tails()) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise HostFailure(messages.command_failed(called, said) + _log_tails())


def _log_tails() -> str:
    lines = []
    for log in sorted(_LOGS.glob("*.log")):
        text = log.read_text("utf-8", errors="replace").splitlines()
        lines += [f"{log.stem}: {line}" for line in text[-_LOG_TAIL:]]
    return "".join(f"\n  {line}" for line in lines)
