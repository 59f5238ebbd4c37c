"""Breaks a process at a given step of a plan: read by Python itself in the provider's process, from PYTHONPATH.

Nothing of the provider is replaced. `planning.apply` raises an audit event (sys.audit) when a step begins and when
it ends, and Python tells a profile function (sys.setprofile) of every call and return, those of C functions too, so a
process can be killed, stopped or restarted right before and after a step, and while libvirt or the kernel is busy with
it.

VIRTNET_STEPS names a file that gets a line for each step that is done: its name, how many seconds its first effect
took, and how many effects it had. VIRTNET_FAULT is "WHO HOW WHEN NUMBER SECONDS CALL": who (provider, pulumi or the
name of a daemon), what becomes of it (killed; of a daemon also stopped, or restarted), when (before, during, within or
after), the step's number from 0, for `during` how long after the first effect has begun, and for `within` which effect,
from 1, is over.
"""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

#: The calls that change something: of libvirt's client library, and of the kernel by the host's client.
EFFECTS = frozenset(
    f"virNetwork{name}"
    for name in (
        "Create",
        "CreateXML",
        "DefineXML",
        "DefineXMLFlags",
        "Destroy",
        "SetAutostart",
        "SetMetadata",
        "Undefine",
        "Update",
    )
) | {"virDomainUpdateDeviceFlags", "virNetworkPortDelete"}
#: With when a fault comes that is to come meanwhile: a file is written but has not its name yet; a parameter or a link
#: is changed and has not been looked at again.
HOST_EFFECTS = {
    "posix.replace": "c_call",
    "posix.unlink": "c_return",
    "posix.write": "c_return",
    "_posixsubprocess.fork_exec": "c_return",
    "posix.posix_spawn": "c_return",  # by which subprocess starts programs from Python 3.13 on
}


class Stopper:
    """Follows the plan that a process carries out."""

    def __init__(self, journal: str, fault: str) -> None:
        self._journal = journal
        words = fault.split() or ["nobody", "killed", "never", "-1", "0", "0"]
        self._who, self._how, self._when = words[:3]
        self._number, self._seconds = int(words[3]), float(words[4])
        self._call = int(words[5])
        self._step: object = None
        self._thread = 0
        self._count = -1
        self._effects = 0
        self._once, self._done = threading.Lock(), False
        self._began = 0.0
        self._took: float | None = None

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python is told of (https://docs.python.org/3/library/sys.html#sys.addaudithook)."""
        if event == "virtnet.step.begin" and self._step is None:
            self._step, self._thread, self._took = arguments[0], threading.get_ident(), None
            self._effects = 0
            self._count += 1
            self._at("before")
        elif event == "virtnet.step.end" and self._step is arguments[0]:
            self._step = None
            with Path(self._journal).open("a") as journal:
                journal.write(f"{type(arguments[0]).__name__} {self._took or 0:.4f} {self._effects}\n")
            self._at("after")

    def watch(self, frame: FrameType, event: str, arg: Any) -> None:
        """What Python calls (https://docs.python.org/3/library/sys.html#sys.setprofile)."""
        if event not in ("c_call", "c_return") or self._step is None:
            return
        # libvirt is called by a thread of its own (libvirtd.caller), and the step's waits meanwhile.
        if threading.get_ident() == self._thread or getattr(arg, "__name__", "") in EFFECTS:
            self._effect(event, arg)

    def _effect(self, event: str, function: Any) -> None:
        """Of the first effect of a step: how long it takes; and the fault that is to come meanwhile, or after any."""
        name = getattr(function, "__name__", "")
        host_effect = HOST_EFFECTS.get(f"{getattr(function, '__module__', '')}.{name}")
        if name not in EFFECTS and host_effect is None:
            return
        broken = self._when == "during" and self._number == self._count and not self._took
        if event == "c_call" and self._took is None:
            self._began, self._took = time.monotonic(), 0.0
            if broken and host_effect is None:
                threading.Timer(self._seconds, self._break).start()
        if broken and event == host_effect:
            self._break()
        if event == "c_return" and self._took == 0.0:
            self._took = time.monotonic() - self._began
            if broken:
                self._break()  # this time it was quicker; the step is not over yet
        if event == "c_return":
            self._effects += 1
            if (self._when, self._number, self._call) == ("within", self._count, self._effects):
                self._break()

    def _at(self, when: str) -> None:
        if (self._when, self._number) == (when, self._count):
            self._break()

    def _break(self) -> None:
        with self._once:
            if self._done:
                return
            self._done = True
        others = {"provider": os.getpid, "pulumi": _pulumi}
        pid = others[self._who]() if self._who in others else int(Path(f"/run/{self._who}.pid").read_text())
        Path(f"{self._journal}.broken").touch()
        os.kill(pid, {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP, "restarted": signal.SIGTERM}[self._how])
        while self._how != "stopped" and _lives(pid):
            time.sleep(0.001)
        if self._how == "restarted":
            _start(self._who)


def _start(daemon: str) -> None:
    """Not by subprocess, which is watched."""
    program = shutil.which(daemon)
    assert program is not None
    os.waitpid(os.posix_spawn(program, [daemon, "--daemon"], os.environ), 0)


def _pulumi() -> int:
    """The engine's process: the ancestor of that name. A fork is no child of it (tests/preloaded)."""
    pid = int(os.environ.get("VIRTNET_STARTED_BY", os.getpid()))
    while Path(f"/proc/{pid}/comm").read_text().strip() != "pulumi":
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


serves = "pulumi.dynamic" in sys.orig_argv or any(word.endswith("/pulumi-resource-virtnet") for word in sys.orig_argv)
if serves and os.environ.get("VIRTNET_STEPS"):
    stopper = Stopper(os.environ["VIRTNET_STEPS"], os.environ.get("VIRTNET_FAULT", ""))
    sys.addaudithook(stopper.hear)
    threading.setprofile(stopper.watch)
