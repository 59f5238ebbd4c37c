"""How a program ends when the engine interrupts it: at once and without a traceback, where only Pulumi is at work.

Not for users. When a resource is refused, the engine sends SIGINT to the program, which has nothing left to do but
wait for the engine. Python would raise KeyboardInterrupt there, and then wait for threads that wait for the engine
too, until the engine kills it after five seconds and prints the traceback beside the reason.
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
"""The script by which Pulumi's language host runs a program; its frame is below all those of the program."""

_AT_WORK_FOR_PULUMI = frozenset({"google", "grpc", "pulumi", "pulumi_virtnet"})
"""The packages beside Python's own that are at work while a program waits for the engine."""

_INTERRUPTED = 130
"""What a shell reports of a program that SIGINT ended."""


def end_quietly_when_interrupted() -> None:
    """Take the place of Python's own handler of SIGINT, and of no other, in a program that the language host runs."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and is_run_by_language_host():
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    if not only_waits(_frames(frame)):
        signal.default_int_handler(number, frame)
    _end()


def only_waits(frames: Iterable[FrameType]) -> bool:
    """Whether there is nothing of the user's own code, or of what it uses, among the frames above the language host."""
    for frame in frames:
        if _is_language_host(frame):
            return True
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in sys.stdlib_module_names and package not in _AT_WORK_FOR_PULUMI:
            return False
    return False


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and those that it was called from, to the outermost."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_run_by_language_host() -> bool:
    """Whether this is called in a program that Pulumi's language host runs, and not in a user's own process."""
    return any(map(_is_language_host, _frames(sys._getframe())))


def _is_language_host(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(f"/{_LANGUAGE_HOST}")


def _end() -> NoReturn:
    # Both the engine and the language host interrupt a program.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # What the user has registered; the interpreter's own end would come to it after the threads, that is never.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(_INTERRUPTED)
