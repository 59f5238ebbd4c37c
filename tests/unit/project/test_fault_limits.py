"""For how long the faults let guests hear nothing, and what counts as such a time."""

import pytest
from tests.campaigns.faults.at_steps import NOTICED, SECONDS_TO_GIVE_UP, longest_silence
from tests.campaigns.faults.pairs import PAIRS
from tests.hosts.sandboxed import BETWEEN_REQUESTS, Pings


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


def printed(answers: dict[int, float], *, sent: int, waited: float = 0.0001) -> str:
    """What ping -D prints of answers to requests by their numbers, each with the time at which it was printed."""
    lines = [
        f"[{at:.6f}] 64 bytes from 10.250.0.2: icmp_seq={number} ttl=64 time={waited * 1000:.3f} ms"
        for number, at in answers.items()
    ]
    return "\n".join(["64(92) bytes of data.", *lines, f"{sent} packets transmitted, {len(lines)} received"])


STEADY = {number: number * BETWEEN_REQUESTS for number in range(1, 101)}


@pytest.mark.parametrize(
    ("answers", "waited", "silence", "gap"),
    [
        pytest.param(STEADY, 0.0001, 0.0001, BETWEEN_REQUESTS, id="all answered"),
        pytest.param(
            {n: at + (0.7 if n > 50 else 0) for n, at in STEADY.items()}, 0.0001, 0.0001, 0.72, id="asker paused"
        ),
        pytest.param({n: at for n, at in STEADY.items() if n % 10}, 0.0001, 0.02, 0.04, id="single ones lost"),
        pytest.param({n: at for n, at in STEADY.items() if not 40 <= n < 55}, 0.0001, 0.3, 0.32, id="cut off"),
        pytest.param(STEADY, 0.4, 0.4, BETWEEN_REQUESTS, id="answered late"),
        pytest.param({}, 0.0, 1.9, 2.02, id="never answered"),
    ],
)
def test_a_silence_is_told_by_requests_that_were_not_answered_and_not_by_a_machine_that_did_not_ask(
    answers: dict[int, float], waited: float, silence: float, gap: float
) -> None:
    pings = Pings()

    pings.read(printed(answers, sent=100, waited=waited), began=0.0, ended=max(answers.values(), default=2.0) + 0.02)

    assert pings.silence == pytest.approx(silence)
    assert pings.longest_gap == pytest.approx(gap)
    assert (pings.silence >= NOTICED) == (silence >= 0.2)
