"""A process of a test's own that goes where another process is: into the namespaces of a sandbox."""

import ctypes
import os
from pathlib import Path

#: Those of a sandbox (setns(2)): mount, cgroup, uts, ipc, user, pid, net.
NAMESPACES = {"mnt": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000,
              "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}  # fmt: skip
_LIBC = ctypes.CDLL(None, use_errno=True)


def enter(pid: int, directory: str) -> None:
    """As `nsenter --target PID --all` does; in a user namespace of its own, this process is its root.

    Only processes that are forked after it are in the process namespace.
    """
    differing = [name for name in NAMESPACES if _namespace(pid, name) != _namespace(os.getpid(), name)]
    descriptor = os.pidfd_open(pid)
    if differing and _LIBC.setns(descriptor, sum(NAMESPACES[name] for name in differing)) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(descriptor)
    if "user" in differing:
        os.setgid(0)
        os.setuid(0)
    os.chdir(directory)


def _namespace(pid: int, name: str) -> str:
    return str(Path(f"/proc/{pid}/ns/{name}").readlink())
