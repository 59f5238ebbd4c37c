"""A short part of what `make test-long` does for long: the programs themselves say what is wrong."""

from pathlib import Path

import pytest
from tests.hosts.sandboxed import REPOSITORY, sandboxed_host

pytestmark = [pytest.mark.integration, pytest.mark.campaign]


def test_hostile_texts_come_back_from_libvirt_and_stay_texts_in_the_files_of_dnsmasq(tmp_path: Path) -> None:
    program = ("python", "-m", "tests.campaigns.hostile_networks", "--starts", "20", "--seed", "1")
    with sandboxed_host(tmp_path) as host:
        done = host.run(*program, directory=REPOSITORY, check=False)

    assert done.stdout.endswith(" 20 served and 20 others to start, 0 wrong\n"), done.stdout + done.stderr
    assert done.returncode == 0
