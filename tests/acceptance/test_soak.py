"""A short part of what `make test-long` does for long: the programs themselves say what is wrong."""

from pathlib import Path

import pytest
from tests.hosts.sandboxed import REPOSITORY, sandboxed_host

pytestmark = [pytest.mark.acceptance, pytest.mark.campaign]


def test_actions_of_all_kinds_leave_nothing_behind_and_nothing_grows(tmp_path: Path) -> None:
    program = ("python", "-m", "tests.campaigns.soak", "--seed", "3", "--actions", "16", "--engine", "1")
    with sandboxed_host(tmp_path) as host:
        done = host.run(*program, directory=REPOSITORY, check=False)

    assert done.stdout.endswith("\n0 wrong\n"), done.stdout + done.stderr
    assert done.returncode == 0
