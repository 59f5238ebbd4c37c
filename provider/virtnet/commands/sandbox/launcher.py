"""The part of a sandbox that stays outside: starts it, hands signals in and the exit code out.

It knows nothing of libvirt; what happens inside is init.py's work.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from virtnet.commands.sandbox import messages, refusals
from virtnet.commands.sandbox.handover import ENTERED, FORWARDED, FROM_TERMINAL, READY, Handover
from virtnet.errors import HostFailure, Refused

_SIGNAL_FROM_KERNEL = 0x80  # SI_KERNEL of signal.h, which Python has no name for: the terminal sent it

# The directory of the running virtnet is put first by hand, because -I, which keeps the caller's working
# directory and PYTHON* variables from meddling with process 1, also drops PYTHONPATH. -S: no site-packages
# are needed, and it is faster.
_START_INIT = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from virtnet.commands.sandbox.init import main
main(sys.argv[1])
"""


def run(command: Sequence[str]) -> int:
    """Run a command in a new sandbox and return its exit code, 128+n if signal n ended it.

    Returns 126 or 127, with a sentence on standard error, for a command that cannot be run or does not exist.
    Raises Refused when this machine lacks something, HostFailure when the sandbox could not be made.
    """
    rootless = os.geteuid() != 0
    refusals.check_programs(rootless=rootless)
    listened = [number for number in FORWARDED if signal.getsignal(number) is not signal.SIG_IGN]
    # A caller that ignores it would make the kernel drop the exit code.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    caller_blocks = signal.pthread_sigmask(signal.SIG_BLOCK, [*listened, signal.SIGCHLD])
    blocked = tuple(sorted(int(number) for number in caller_blocks))
    try:
        with _terminal_given_back():
            status, report = _run_unshared(tuple(command), blocked, listened, rootless=rootless)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, caller_blocks)
    return _conclude(status, report, rootless=rootless)


def _run_unshared(
    command: tuple[str, ...], blocked: tuple[int, ...], listened: list[signal.Signals], *, rootless: bool
) -> tuple[int, list[str]]:
    """Start process 1, pass signals until it ends; return the exit code and what was reported."""
    control_read, control_write = os.pipe()
    report_read, report_write = os.pipe()
    errors = os.dup(2)
    handed_on = (control_read, errors)
    for descriptor in handed_on:
        os.set_inheritable(descriptor, True)
    handover = Handover(command=command, control=control_read, errors=errors, blocked=blocked)
    # unshare inherits the blocked signals: it must outlive a Ctrl-\ that CMD handles. Process 1 unblocks
    # them. close_fds=False: like env or timeout, hand CMD every descriptor the caller meant it to have
    # (make's jobserver).
    unshare = _unshare_command(handover, rootless=rootless)
    process = subprocess.Popen(unshare, stderr=report_write, close_fds=False)
    for descriptor in (*handed_on, report_write):
        os.close(descriptor)
    status = _pass_signals(process, control_write, listened)
    with os.fdopen(report_read, encoding="utf-8", errors="replace") as report:
        lines = report.read().splitlines()
    os.close(control_write)
    return status, lines


def _unshare_command(handover: Handover, *, rootless: bool) -> list[str]:
    namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
    if rootless:
        # --map-auto: all subordinate ids, because dnsmasq gives up root for another user and group.
        namespaces = ["--user", "--map-root-user", "--map-auto", *namespaces]
    package_root = str(Path(__file__).resolve().parents[3])
    init = [sys.executable, "-I", "-S", "-c", _START_INIT, package_root, handover.to_text()]
    return ["unshare", *namespaces, "--", *init]


def _pass_signals(process: subprocess.Popen[bytes], control: int, listened: list[signal.Signals]) -> int:
    """Write each signal to the control pipe until the process ends; return its exit code."""
    while True:
        information = signal.sigwaitinfo([*listened, signal.SIGCHLD])
        if information.si_signo == signal.SIGCHLD:
            status = process.poll()  # also sent when the process was stopped or continued
            if status is not None:
                return status if status >= 0 else 128 - status
            continue
        origin = FROM_TERMINAL if information.si_code == _SIGNAL_FROM_KERNEL else 0
        with contextlib.suppress(BrokenPipeError):
            os.write(control, bytes([information.si_signo | origin]))


def _conclude(status: int, report: list[str], *, rootless: bool) -> int:
    if READY in report:
        return status
    complaint = "\n".join(line for line in report if line != ENTERED).strip()
    if status in (126, 127) and ENTERED in report:
        sys.stderr.write(f"virtnet: {complaint}\n")
        return status
    if status > 128 and not complaint:
        return status  # a signal ended the sandbox before CMD was started
    cause = refusals.find_cause(rootless=rootless)
    if cause:
        raise Refused(messages.cannot_be_made(cause, complaint))
    if ENTERED in report:
        raise HostFailure(complaint or messages.ended(status))
    # unshare's own words: it has no other way to say that it does not know the option.
    if "--map-auto" in complaint:
        raise Refused(messages.OLD_UNSHARE)
    raise HostFailure(messages.no_namespaces(complaint, status))


@contextlib.contextmanager
def _terminal_given_back() -> Iterator[None]:
    """Make the caller's process group the terminal's foreground again after an interactive shell in CMD.

    That shell cannot give it back itself, because the caller's group has no number in its process namespace.
    """
    try:
        foreground = os.tcgetpgrp(0)
    except OSError:
        yield  # no terminal
        return
    yield
    if foreground == os.getpgrp() and os.tcgetpgrp(0) != foreground:
        previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, foreground)
        signal.signal(signal.SIGTTOU, previous)
