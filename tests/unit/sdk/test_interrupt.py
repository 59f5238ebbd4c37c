"""How a program ends that the engine interrupts: in a process, run by a script of the language host's name."""

import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest

from pulumi_virtnet._interrupt import only_waits

HOST = '''\
"""Runs a program as Pulumi's language host does, then waits in an event loop for an engine that interrupts it."""

import asyncio, os, runpy, signal, sys, threading

async def program():
    runpy.run_path(sys.argv[1], run_name="__main__")
    # What waits for the engine: Python waits for this thread before it ends by itself.
    threading.Thread(target=lambda: threading.Event().wait(20)).start()
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    await asyncio.sleep(10)

loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(program())
except RuntimeError as error:
    print(error)
    os._exit(3)
'''
TAKES_PLACE = """\
import atexit, signal
from pulumi_virtnet._interrupt import end_quietly_when_interrupted
end_quietly_when_interrupted()
atexit.register(print, "what the program registered was run")
"""
OWN_HANDLER = """
def own(number, frame):
    raise RuntimeError("the program's own handler was called")
signal.signal(signal.SIGINT, own)
"""
AT_WORK = """
import os
try:
    os.kill(os.getpid(), signal.SIGINT)
finally:
    print("the program's own code was left by its finally")
"""


def ends(directory: Path, program: str, host: str = "pulumi-language-python-exec") -> tuple[int, str, str]:
    """What becomes of a program: its exit code, and what it prints."""
    (directory / host).write_text(HOST)
    (directory / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, str(directory / host), str(directory / "program.py")],
        check=False,
        capture_output=True,
        text=True,
        timeout=15,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_program_that_only_waits_for_the_engine_ends_at_once_and_says_nothing(tmp_path: Path) -> None:
    assert ends(tmp_path, TAKES_PLACE) == (130, "what the program registered was run\n", "")


@pytest.mark.parametrize("program", [OWN_HANDLER + TAKES_PLACE, TAKES_PLACE + OWN_HANDLER], ids=["before", "after"])
def test_the_programs_own_handler_is_left_alone(tmp_path: Path, program: str) -> None:
    code, said, _ = ends(tmp_path, "import signal\n" + program)

    assert (code, said) == (3, "the program's own handler was called\n")


def test_a_second_interrupt_changes_nothing(tmp_path: Path) -> None:
    again = "import os\natexit.register(os.kill, os.getpid(), signal.SIGINT)\n"

    assert ends(tmp_path, TAKES_PLACE + again) == (130, "what the program registered was run\n", "")


def test_a_program_that_is_at_work_is_interrupted_as_ever(tmp_path: Path) -> None:
    _, said, complaint = ends(tmp_path, TAKES_PLACE + AT_WORK)

    assert said.startswith("the program's own code was left by its finally\n")
    assert complaint.endswith("KeyboardInterrupt\n")
    assert "program.py" in complaint


def test_a_program_that_nobody_runs_for_the_engine_keeps_pythons_handler(tmp_path: Path) -> None:
    handler = f"{TAKES_PLACE}print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)\n"
    handler += "import os\nos._exit(0)\n"

    _, here, _ = ends(tmp_path, handler)
    _, elsewhere, _ = ends(tmp_path, handler, host="automation.py")

    assert (here, elsewhere) == ("False\n", "True\n")


HOST_SCRIPT = "/root/.pulumi/bin/pulumi-language-python-exec"


def frame(module: str, file: str = "module.py") -> FrameType:
    """A frame of a function in a module of that name."""
    found: dict[str, FrameType] = {}
    code = compile("import sys\nfound['frame'] = sys._getframe()", file, "exec")
    exec(code, {"__name__": module, "found": found})  # noqa: S102
    return found["frame"]


@pytest.mark.parametrize(
    ("innermost_first", "waits"),
    [
        (["selectors", "asyncio.base_events"], True),
        (["threading", "concurrent.futures.thread"], True),
        (["weakref", "contextvars", "asyncio.events"], True),
        (["google.protobuf.internal", "grpc._channel", "pulumi.runtime.rpc"], True),
        (["pulumi_virtnet._resource", "pulumi.output"], True),
        (["time", "__main__"], False),
        (["asyncio.base_events", "pulumi.runtime.sync_await", "__main__"], False),
        (["socket", "requests.sessions", "asyncio.events"], False),
        (["company.networks"], False),
    ],
)
def test_whether_a_program_only_waits(innermost_first: list[str], waits: bool) -> None:
    frames = [*map(frame, innermost_first), frame("asyncio.runners"), frame("__main__", HOST_SCRIPT), frame("keeper")]

    assert only_waits(frames) is waits


def test_a_program_that_is_no_language_hosts_waits_for_nobody_we_know() -> None:
    assert not only_waits([frame("selectors"), frame("asyncio.runners")])
