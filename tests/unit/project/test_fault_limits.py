"""For how long the faults let guests hear nothing."""

import pytest
from tests.campaigns.faults.at_steps import SECONDS_TO_GIVE_UP, longest_silence
from tests.campaigns.faults.pairs import PAIRS


@pytest.mark.parametrize(
    ("plan", "how", "longest"),
    [
        ("live update", "killed", 0.0),
        ("live update", "stopped", 0.0),
        ("restart with guests, renumbered, STP on", "killed", 30.0),
        ("restart with guests, renumbered, STP on", "restarted", 30.0),
        ("restart with guests, renumbered, STP on", "stopped", 30.0 + SECONDS_TO_GIVE_UP),
    ],
)
def test_only_guests_on_the_holding_network_wait_for_a_daemon_that_is_given_up(
    plan: str, how: str, longest: float
) -> None:
    (pair,) = [pair for pair in PAIRS if pair.forth_name == plan]

    assert longest_silence(pair, how) == longest
