"""A fork that stands for a Python says, does and ends as that Python would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sandboxed import REPOSITORY, wait_until
from tests.preloaded.server import ADDRESS, preloaded

FORKED = REPOSITORY / "tests" / "preloaded" / "client.py"
#: Programs, and the arguments with which Python runs them; a program is the file program.py in the directory.
PROGRAMS = {
    "begins": "import os, sys; print(__name__, __file__, sys.argv, sys.orig_argv[1:], sys.path[0], os.getcwd())",
    "environment": "import os; print(os.environ['OF_THE_TEST'], os.environ.get('HYPOTHESIS_PROFILE'))",
    "reads": "print(input())",
    "ends": "import atexit; atexit.register(print, 'at exit'); print('no end of line', end='')",
    "exits": "raise SystemExit(7)",
    "exits with a sentence": "import sys; print('said'); sys.exit('wrong')",
    "fails": "def f():\n    raise ValueError('x')\nf()",
    "is interrupted": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('never')",
    "is terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nprint('never')",
    "is killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nprint('never')",
    "has threads": "import threading\nsaid = threading.Event()\n"
    "threading.Thread(target=lambda: said.wait() and print('later')).start()\nprint('now')\nsaid.set()",
    "is in the group": "import os; print(os.getpgrp() == int(os.environ['GROUP'] or os.getpgrp()))",
}


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    with preloaded():
        yield


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "HYPOTHESIS_PROFILE"}
    return {**kept, "OF_THE_TEST": "given", "VIRTNET_PYTHON": sys.executable, "GROUP": str(os.getpgrp())}


def ended(directory: Path, *command: str) -> tuple[int, str, str]:
    done = subprocess.run(
        command, cwd=directory, env=environment(), input="a line\n", capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments", [["{}/program.py", "one"], ["-u", "-m", "program", "one"]], ids=["file", "module"]
)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_fork_is_what_python_would_be(tmp_path: Path, name: str, arguments: list[str]) -> None:
    (tmp_path / "program.py").write_text(PROGRAMS[name])
    given = [word.format(tmp_path) for word in arguments]

    forked = ended(tmp_path, sys.executable, "-I", "-S", str(FORKED), *given)
    python = ended(tmp_path, sys.executable, *given)

    assert forked == python
    assert forked != (0, "", "")


@pytest.mark.parametrize("code", ["import sys; print(__name__, sys.argv, sys.path[0])", "1 / 0"])
def test_a_fork_runs_code_as_python_does(tmp_path: Path, code: str) -> None:
    forked = ended(tmp_path, sys.executable, "-I", "-S", str(FORKED), "-c", code, "one")
    python = ended(tmp_path, sys.executable, "-c", code, "one")

    assert (forked[0], forked[1].replace(str(tmp_path), "")) == python[:2]
    assert forked[2].splitlines()[-1:] == python[2].splitlines()[-1:]


def test_without_one_that_forks_python_is_started(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", str(FORKED), "-c", "import os; print(os.environ.get('VIRTNET_STARTED_BY'))"]
    settings = {name: value for name, value in environment().items() if name != ADDRESS}

    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=True)

    assert done.stdout == "None\n"


def test_a_fork_ends_with_what_it_stands_for(tmp_path: Path) -> None:
    waiting = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    (tmp_path / "program.py").write_text(waiting)
    command = [sys.executable, "-I", "-S", str(FORKED), str(tmp_path / "program.py")]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment())
    wait_until(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
    pid = int((tmp_path / "pid").read_text())
    name = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")

    process.kill()
    process.wait()

    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert name == [sys.executable, str(tmp_path / "program.py")]
