"""A short part of the random walks of what Pulumi's engine can do: `make test-long` makes a thousand."""

from pathlib import Path

import pytest
from tests.hosts.sandboxed import REPOSITORY, sandboxed_host

pytestmark = [pytest.mark.acceptance, pytest.mark.campaign]


def test_whatever_pulumi_does_the_host_loses_nothing_that_no_preview_named(tmp_path: Path) -> None:
    program = ("python", "-m", "tests.campaigns.walk", "--seed", "1", "--walks", "3", "--rounds", "3", "--shrink", "0")
    with sandboxed_host(tmp_path) as host:
        done = host.run(*program, directory=REPOSITORY, environment={"VIRTNET_SANDBOX": "1"}, check=False)

    assert done.stdout.endswith(" 0 wrong\n"), done.stdout + done.stderr
    assert done.returncode == 0
