"""The private file systems of a sandbox, and the environment that goes with them.

Runs in process 1 of a sandbox only, inside its mount namespace: nothing mounted here is seen outside, and
nothing written to it outlives the sandbox.
"""

import contextlib
import ctypes
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from virtnet.commands.sandbox import messages
from virtnet.errors import HostFailure

_PRIVATE_DIRECTORIES = (
    "/etc/libvirt",
    # Empty, not a copy: the machine's drop-ins were never applied to this network namespace, so with them the
    # provider would see settings in files that no kernel here has, other ones on each machine.
    "/etc/sysctl.d",
    # For the same reason: files of port forwards, and the service that restores them.
    "/etc/virtnet",
    "/etc/systemd/system",
    "/var/cache/libvirt",
    "/var/lib/libvirt",
    "/var/log/libvirt",
)
_ETC = Path("/etc")
_EMPTIED_FILE = Path("/etc/sysctl.conf")  # for the same reason
_ACCOUNT = "libvirt-qemu"  # the number is the one that Debian reserves for it
_ACCOUNT_LINES = {
    "/etc/passwd": f"{_ACCOUNT}:x:64055:64055:Libvirt Qemu:/var/lib/libvirt:/usr/sbin/nologin\n",
    "/etc/group": f"{_ACCOUNT}:x:64055:\n",
}
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

# mount(2), in sys/mount.h
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC = 2, 4, 8, 0x1000, 0x4000

_MNT_DETACH = 2
#: What a namespace's user ids are where they are the machine's own.
_ALL_IDS = "0 0 4294967295"

_libc = ctypes.CDLL(None, use_errno=True)


def make_private(environment: Mapping[str, str]) -> None:
    """Give this mount namespace its own /proc, /sys, /run and directories of libvirt and sysctl.

    Raises HostFailure when the kernel refuses one of the mounts.
    """
    guarded = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    # /proc and /sys show the namespaces of whoever mounts them; without a /sys of their own the bridges would
    # have no attributes. Control groups stay out of it: libvirtd would make some, and they would stay.
    _mount("proc", "/proc", "proc", guarded)
    _mount("sysfs", "/sys", "sysfs", guarded)
    _make_private_directory(Path("/run"), layered=False)
    layered = _lay_over(_ETC, Path("/run/virtnet-layers"))
    for directory in _PRIVATE_DIRECTORIES:
        _make_private_directory(Path(directory), layered=layered)
    if _EMPTIED_FILE.exists():
        _replace_file(_EMPTIED_FILE, b"", layered=layered)
    Path("/run/lock").mkdir()
    for file, line in _ACCOUNT_LINES.items():
        _add_account(Path(file), line, layered=layered)
    _make_runtime_directory(environment.get("XDG_RUNTIME_DIR", ""))


def system_path(environment: Mapping[str, str]) -> str:
    """Return the caller's PATH with the directories of system programs behind it.

    An ordinary user's PATH does not have /usr/sbin, where ip and iptables are, and in here everyone is root.
    """
    given = [directory for directory in environment.get("PATH", "").split(":") if directory]
    return ":".join([*given, *(directory for directory in _SYSTEM_PATH if directory not in given)])


def command_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return CMD's environment: the caller's, a full PATH, and a mark that it is in a sandbox."""
    return {**environment, "PATH": system_path(environment), "VIRTNET_SANDBOX": "1"}


def _lay_over(directory: Path, layers: Path) -> bool:
    """Have all that is written to a directory go into a layer of the sandbox's own, and return whether it does.

    `layers` is a path where the layer can be mounted for a moment. It does not where the kernel has no overlays,
    forbids them in user namespaces (before 5.11), or has too many of them already; nor in a user namespace when
    something is mounted below, which can't be separated from the directory.
    """
    layers.mkdir()
    _mount("tmpfs", str(layers), "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=700")
    originals = [(os.open(path, os.O_PATH), path) for path in _mounts_below(directory)]
    try:
        (layers / "upper").mkdir(mode=stat.S_IMODE(directory.stat().st_mode))
        (layers / "work").mkdir()
        options = f"lowerdir={directory},upperdir={layers}/upper,workdir={layers}/work"
        # What the overlay notes of a file is in attributes that only the machine's root may write, or in the user's.
        own_ids = " ".join(Path("/proc/self/uid_map").read_text().split()) != _ALL_IDS
        try:
            _mount("overlay", str(directory), "overlay", _MS_NOSUID | _MS_NODEV, options + ",userxattr" * own_ids)
        except HostFailure:
            return False
        for original, path in originals:
            _mount(f"/proc/self/fd/{original}", str(path), "", _MS_BIND | _MS_REC)
        return True
    finally:
        for original, _ in originals:
            os.close(original)
        _libc.umount2(os.fsencode(layers), _MNT_DETACH)
        layers.rmdir()


def _mounts_below(directory: Path) -> list[Path]:
    """What is mounted below a directory, but for what is mounted below that again."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    # Spaces and the like are written in octal.
    points = {Path(os.fsdecode(line.split()[4].decode("unicode_escape").encode("latin-1"))) for line in lines}
    below = {point for point in points if directory in point.parents}
    return sorted(point for point in below if below.isdisjoint(point.parents))


def _make_private_directory(path: Path, *, layered: bool) -> None:
    if layered and _ETC in path.parents:
        # In a user namespace not in a directory whose owner it does not know.
        with contextlib.suppress(OSError):
            path.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        _make_parent_private(path)
    _mount("tmpfs", str(path), "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755")


def _make_parent_private(path: Path) -> None:
    """Make a directory that the machine does not have, without writing to the machine.

    The nearest parent that is there becomes a private directory, in which everything that the machine has there is
    mounted again.
    """
    parent = next(parent for parent in path.parents if parent.is_dir())
    mode = stat.S_IMODE(parent.stat().st_mode)
    original = os.open(parent, os.O_PATH | os.O_DIRECTORY)
    try:
        source = f"/proc/self/fd/{original}"
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in os.scandir(source)]
        _mount("tmpfs", str(parent), "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode={mode:o}")
        for name, is_directory in entries:
            _show_again(Path(source, name), parent / name, is_directory=is_directory)
    finally:
        os.close(original)
    path.mkdir(parents=True)


def _show_again(source: Path, target: Path, *, is_directory: bool) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    if is_directory:
        target.mkdir()
    else:
        target.touch()
    # Recursive: in a user namespace what is mounted below can't be separated from it.
    _mount(str(source), str(target), "", _MS_BIND | _MS_REC)


def _add_account(file: Path, line: str, *, layered: bool) -> None:
    """Add libvirt's account for guests, which only the package that starts libvirtd as a service makes.

    Debian's libvirtd does not start without it, although qemu.conf here names another.
    """
    known = file.read_bytes()
    if b"\n" + _ACCOUNT.encode() + b":" in b"\n" + known:
        return
    _replace_file(file, known + line.encode(), layered=layered)


def _replace_file(file: Path, content: bytes, *, layered: bool) -> None:
    """Give a file another content, in the layer, or else in a file that is mounted over it."""
    private = file.with_name(f".virtnet-{file.name}") if layered else Path("/run", f"virtnet-{file.name}")
    private.write_bytes(content)
    if layered:
        # What is mounted over a file could not be replaced by another one, as passwd and visudo do.
        shutil.copymode(file, private)
        private.replace(file)
    else:
        _mount(str(private), str(file), "", _MS_BIND)


def _make_runtime_directory(path: str) -> None:
    """Make the caller's XDG_RUNTIME_DIR, which the new /run hid, so that programs that use it work."""
    if path.startswith("/run/"):
        Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    result = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    if result != 0:
        reason = os.strerror(ctypes.get_errno())
        masked = kind in ("proc", "sysfs")
        raise HostFailure(messages.not_mounted(target, reason, masked=masked))
