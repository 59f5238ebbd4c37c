"""`virtnet doctor` in a sandbox, by a fork of a Python that has its imports done (tests/preloaded)."""

import subprocess
import sys
from pathlib import Path

from tests.hosts.sandboxed import REPOSITORY, Host

CLIENT = REPOSITORY / "tests" / "preloaded" / "client.py"
PROGRAM = Path(sys.executable).with_name("virtnet")


def run_doctor(host: Host, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `virtnet doctor` prints, and how it ends: with 1 where it finds a problem."""
    command = [sys.executable, "-I", "-S", str(CLIENT), str(PROGRAM), "doctor", *arguments]
    return host.run(*command, check=False, environment={"VIRTNET_PYTHON": sys.executable})
