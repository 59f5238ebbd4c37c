"""What libvirt learned about the machine's QEMU, kept from one sandbox to the next.

libvirtd starts each QEMU binary that it finds to ask what it can do, at the first call that needs to know, and
writes the answers below /var/cache/libvirt. In a sandbox that directory is private and empty, so each of them
would ask again, which takes 1.5 s for the two binaries of Debian's qemu-system-x86 and longer where there are more.
So the answers are copied in from the caller's cache directory (virtnet/qemu-capabilities in $XDG_CACHE_HOME or
~/.cache) when a sandbox starts, and back when its command has ended. They are the one thing that a sandbox leaves
behind, and may be removed at any time. Sandboxes side by side share nothing but whole files.

An answer can't be out of date for long: libvirt notes in it the times of change of QEMU and of itself, its version
and the kernel's, and asks again when one of them differs. Nothing here can fail a sandbox: without a cache directory
of the caller's own, or with a damaged file in it, libvirt asks as it does on any fresh machine.

Runs in process 1 of a sandbox only.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_LIBVIRTS = Path("/var/cache/libvirt/qemu/capabilities")
_LAST_TAG = b"</qemuCaps>"


def bring_in(environment: Mapping[str, str]) -> None:
    """Copy what is kept to where libvirtd, which is not running yet, looks for it."""
    with contextlib.suppress(OSError):
        _LIBVIRTS.mkdir(parents=True)
        for file in _kept(environment).glob("*.xml"):
            (_LIBVIRTS / file.name).write_bytes(file.read_bytes())


def take_out(environment: Mapping[str, str]) -> None:
    """Keep what libvirtd learned, unless another sandbox does so at this moment."""
    with contextlib.suppress(OSError):
        kept = _kept(environment)
        with _locked(kept):
            for file in _LIBVIRTS.glob("*.xml"):
                learnt = file.read_bytes()
                # libvirtd may be in the middle of writing it.
                if learnt.rstrip().endswith(_LAST_TAG) and learnt != _content(kept / file.name):
                    # Killed in between, a sandbox leaves a file that the next one writes over.
                    new = kept / f"{file.name}.new"
                    new.write_bytes(learnt)
                    new.replace(kept / file.name)


def _kept(environment: Mapping[str, str]) -> Path:
    """Make the directory if it is missing, and return it; raises OSError where there is to be none."""
    base = Path(environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", ""), ".cache"))
    # Root with the environment of a user would leave directories that the user can't write to.
    owned = base if base.exists() else base.parent
    if not base.is_absolute() or owned.stat().st_uid != os.geteuid():
        raise PermissionError(f"{owned} is not the caller's own")
    base.mkdir(mode=0o700, exist_ok=True)
    directory = base / "virtnet" / "qemu-capabilities"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Be the only writer; raises OSError when another one is at work."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
