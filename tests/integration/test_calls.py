"""What a command costs, in calls instead of seconds: a table that fails when a count grows."""

import json
import os

import pytest
from tests.hosts.daemons import daemon_version
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = [
    pytest.mark.integration,
    # Which daemon answers changes no count.
    pytest.mark.any_libvirt,
]

#: Of ten networks: calls of libvirt, questions to the host that are asked at once, and programs started for them. Who
#: needs less writes it down here, so that it stays so.
TABLE = {
    "create": {"calls": 219, "round trips": 50, "programs": 30},
    "no-op": {"calls": 0, "round trips": 0, "programs": 0},
    "refresh": {"calls": 29, "round trips": 21, "programs": 3},
    "live edit of each": {"calls": 235, "round trips": 41, "programs": 3},
    "destroy": {"calls": 344, "round trips": 51, "programs": 3},
}

#: With a libvirt that may write rules by nft: it can leave some at each stop, so they are looked for after each.
TABLE_WITH_NFT = {
    **TABLE,
    "create": {"calls": 219, "round trips": 51, "programs": 33},
    "destroy": {"calls": 344, "round trips": 91, "programs": 13},
}


def test_no_command_asks_for_more_than_the_table_says(host: Host) -> None:
    done = host.run(
        *("python", "-m", "tests.integration.calls"),
        environment={"PYTHONPATH": f"{REPOSITORY}:{os.environ.get('PYTHONPATH', '')}"},
    )

    table = TABLE_WITH_NFT if daemon_version(host) >= (10, 4, 0) else TABLE
    assert json.loads(done.stdout.splitlines()[-1]) == table
