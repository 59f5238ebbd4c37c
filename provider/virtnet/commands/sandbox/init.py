"""Process 1 of a sandbox: prepares it, runs CMD in it, reaps, and by its end ends everything.

Run by launcher.py through `unshare`, never imported by anything else. Only the standard library is available
here. libvirt's dnsmasq outlives libvirtd by design and becomes this process's child: were it not reaped at
once, each restart of a network would wait 15 s for it.
"""

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import NoReturn

from virtnet.commands.sandbox import capabilities, daemons, mounts
from virtnet.commands.sandbox.handover import ENTERED, FORWARDED, FROM_TERMINAL, READY, Handover
from virtnet.errors import VirtnetError

_LAUNCHER_GONE = 128 + signal.SIGKILL


def main(argument: str) -> NoReturn:
    """Do all of it, and leave: with CMD's exit code, 125 if the sandbox failed, 126 or 127 if CMD did."""
    handover = Handover.from_text(argument)
    for descriptor in (handover.control, handover.errors):
        os.set_inheritable(descriptor, False)
    _report(ENTERED)
    running = _RunningCommand()
    _ignore_signals(handover.blocked)
    threading.Thread(target=running.obey, args=(handover.control,), daemon=True).start()
    try:
        _prepare()
    except (VirtnetError, OSError) as error:
        _leave(125, str(error))
    try:
        running.start(handover)
    except FileNotFoundError:
        _leave(127, f"The command {handover.command[0]!r} was not found.")
    except OSError as error:
        _leave(126, f"The command {handover.command[0]!r} cannot be run: {error.strerror}.")
    code = running.reap()
    capabilities.take_out(os.environ)
    os._exit(code)


def _prepare() -> None:
    directory = Path.cwd()
    mounts.make_private(os.environ)
    # The same path may now be a private directory; if it is hidden, CMD stays in the one that the caller
    # named.
    with contextlib.suppress(OSError):
        os.chdir(directory)
    capabilities.bring_in(os.environ)
    daemons.start()


class _RunningCommand:
    """CMD, and the signals that are passed on to it."""

    def __init__(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()

    def start(self, handover: Handover) -> None:
        """Start CMD; raises OSError when it can't be."""
        with self._lock:
            # close_fds=False: see the launcher. Our own descriptors are not inheritable.
            command = subprocess.Popen(
                handover.command,
                env=mounts.command_environment(os.environ),
                stderr=handover.errors,
                close_fds=False,
            )
            self._pid = command.pid
        command.returncode = 0  # reap() waits for it, not Popen
        _report(READY)
        os.dup2(handover.errors, 2)

    def obey(self, control: int) -> NoReturn:
        """Pass on what the launcher writes; when it is gone, leave, and with that end the sandbox."""
        while True:
            order = os.read(control, 1)
            if not order:
                os._exit(_LAUNCHER_GONE)
            number = order[0] & ~FROM_TERMINAL
            with self._lock:
                if not self._pid:
                    os._exit(128 + number)
                if not order[0] & FROM_TERMINAL:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._pid, number)

    def reap(self) -> int:
        """Reap every child that ends until it is CMD; return its exit code."""
        while True:
            pid, status = os.wait()
            if pid == self._pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def _ignore_signals(caller_blocks: tuple[int, ...]) -> None:
    """Let signals to the whole process group pass by this process, and CMD start with the caller's settings.

    By handlers that do nothing, not by SIG_IGN: a new program gets the default action back for a handler.
    What the caller ignores stays ignored, as nohup wants it.
    """
    for number in FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, caller_blocks)


def _report(line: str) -> None:
    """Say something to the launcher; standard error leads to it until CMD was started."""
    os.write(2, f"{line}\n".encode())


def _leave(code: int, sentence: str) -> NoReturn:
    _report(sentence)
    os._exit(code)
