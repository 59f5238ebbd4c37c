"""Run a test's function in network and mount namespaces of its own, with private sysctl.d directories.

Nothing reaches the machine: its interfaces and its files stay as they are, and so do its kernel parameters, of which
only the network's own can be written. The function runs in a forked process; what it raises is raised again here.
"""

import ctypes
import os
import subprocess
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 0x1000, 0x4000, 1 << 18
#: Made private; /run as a whole, because /run/sysctl.d is not there everywhere.
DIRECTORIES = ("/etc/sysctl.d", "/usr/lib/sysctl.d", "/run")
_LIBC = ctypes.CDLL(None, use_errno=True)


def in_namespaces(function: Callable[[], None], *interfaces: str) -> None:
    """Call `function` where only `lo` and the given interfaces (veth links) exist; raise what it raises."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # The forked process calls nothing that the threads of a test runner could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(reader)
        said = b""
        try:
            _enter(interfaces)
            function()
        except BaseException:
            said = traceback.format_exc().encode()
        os.write(writer, said[-60_000:])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        failure = pipe.read().decode()
    os.waitpid(pid, 0)
    assert not failure, f"in the namespaces:\n{failure}"


def make_read_only(directory: str) -> None:
    """Make one of the private directories read-only: for root too, so that writing to it fails."""
    _mount("none", directory, None, MS_REMOUNT | MS_RDONLY)


def mount_read_only_sysfs() -> None:
    """Show this network namespace's interfaces in a /sys that nothing can be written to."""
    _mount("sysfs", "/sys", "sysfs", MS_RDONLY)


def drop_capabilities() -> None:
    """Take from this process what only root may do (capset(2), version 3): it goes on as any user would."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if _LIBC.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _enter(interfaces: tuple[str, ...]) -> None:
    user, group = os.geteuid(), os.getegid()
    _unshare((CLONE_NEWUSER if user else 0) | CLONE_NEWNS | CLONE_NEWNET)
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    for directory in DIRECTORIES:
        _mount("tmpfs", directory, "tmpfs", 0)
    Path("/run/sysctl.d").mkdir()
    _make_local_directory()
    _protect_parameters()
    if Path("/etc/sysctl.conf").exists():
        Path("/run/sysctl.conf").touch()
        _mount("/run/sysctl.conf", "/etc/sysctl.conf", None, MS_BIND)
    _run("ip", "link", "set", "dev", "lo", "up")
    for index, name in enumerate(interfaces):
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", f"peer{index}")


def _make_local_directory() -> None:
    """/usr/local/lib/sysctl.d, which is not there everywhere: beside what is there."""
    local, copy = Path("/usr/local/lib"), Path("/run/local-lib")
    copy.mkdir()
    for path in local.iterdir():
        (copy / path.name).mkdir() if path.is_dir() else (copy / path.name).touch()
        _mount(str(path), str(copy / path.name), None, MS_BIND | MS_REC)
    (copy / "sysctl.d").mkdir(exist_ok=True)
    _mount(str(copy), str(local), None, MS_BIND | MS_REC)
    _mount("tmpfs", "/usr/local/lib/sysctl.d", "tmpfs", 0)


def _protect_parameters() -> None:
    """Make /proc/sys read-only but for /proc/sys/net, which is this network namespace's."""
    for path in ("/proc/sys", "/proc/sys/net"):
        _mount(path, path, None, MS_BIND)
    _mount("none", "/proc/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def _unshare(flags: int) -> None:
    if _LIBC.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    if _LIBC.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
