"""If the engine interrupts a program while only Pulumi's code runs, the program ends at once, without a traceback.

Not for users. When virtnet refuses a resource, the engine sends SIGINT to the program, which only waits for the engine
by then. Python would raise KeyboardInterrupt there, and wait for threads that wait for the engine too. After five
seconds the engine would kill the program, and print the traceback beside the reason.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import NoReturn

_LANGUAGE_HOST = "pulumi-language-python-exec"
"""The script with which Pulumi's language host runs a program. Its frame is below all frames of the program."""

_AT_WORK_FOR_PULUMI = frozenset({"google", "grpc", "pulumi", "pulumi_virtnet"})
"""The packages, besides Python's own, whose code runs while a program waits for the engine."""

_INTERRUPTED = 130
"""The exit status that a shell reports for a program that SIGINT ended."""


def end_quietly_when_interrupted() -> None:
    """Replace Python's own handler of SIGINT, but no other one, in a program that the language host runs."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and is_run_by_language_host():
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    if not only_waits(_frames(frame)):
        signal.default_int_handler(number, frame)
    _end()


def only_waits(frames: Iterable[FrameType]) -> bool:
    """Whether no frame above the language host belongs to the user's code or to a package that it uses."""
    for frame in frames:
        if _is_language_host(frame):
            return True
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in sys.stdlib_module_names and package not in _AT_WORK_FOR_PULUMI:
            return False
    return False


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and its callers, up to the outermost."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_run_by_language_host() -> bool:
    """Whether the caller is a program that Pulumi's language host runs, not a user's own process."""
    return any(map(_is_language_host, _frames(sys._getframe())))


def _is_language_host(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(f"/{_LANGUAGE_HOST}")


def _end() -> NoReturn:
    # Both the engine and the language host interrupt a program.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # The user's functions. The interpreter would call them after it has waited for the threads, so never.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(_INTERRUPTED)
