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


def printed(asked: dict[int, float], unanswered: set[int], *, waited: float = 0.0001) -> str:
    """What ping -O -D prints of requests by their numbers, each asked at a time of the clock.

    An answer is printed when it comes, and that a request has none when the next one is asked.
    """
    sent, lines = len(asked), ["64(92) bytes of data."]
    for number, at in asked.items():
        if number - 1 in unanswered:
            lines.append(f"[{at:.6f}] no answer yet for icmp_seq={number - 1}")
        if number not in unanswered:
            lines.append(f"[{at:.6f}] 64 bytes from 10.250.0.2: icmp_seq={number} ttl=64 time={waited * 1000:.3f} ms")
    return "\n".join([*lines, f"{sent} packets transmitted, {sent - len(unanswered)} received"])


STEADY = {number: number * BETWEEN_REQUESTS for number in range(1, 101)}
#: Nobody asks for 0.7 s behind the 50th request.
PAUSED = {number: at + (0.7 if number > 50 else 0) for number, at in STEADY.items()}
#: A busy machine asks every 80 ms.
SELDOM = {number: at * 4 for number, at in STEADY.items()}


@pytest.mark.parametrize(
    ("asked", "unanswered", "waited", "silence", "gap"),
    [
        pytest.param(STEADY, set(), 0.0001, 0.0001, BETWEEN_REQUESTS, id="all answered"),
        pytest.param(PAUSED, set(), 0.0001, 0.0001, 0.72, id="asker paused"),
        pytest.param(PAUSED, {50}, 0.0001, 0.02, 0.74, id="asker paused behind a lost one"),
        pytest.param(PAUSED, {49, 50, 51}, 0.0001, 0.76, 0.78, id="lost before and behind a pause"),
        pytest.param(STEADY, set(range(0, 100, 10)) - {0}, 0.0001, 0.02, 0.04, id="single ones lost"),
        pytest.param(STEADY, set(range(40, 55)), 0.0001, 0.3, 0.32, id="cut off"),
        pytest.param(STEADY, {*range(20, 25), *range(40, 55)}, 0.0001, 0.3, 0.32, id="cut off twice"),
        pytest.param(SELDOM, set(range(40, 44)), 0.0001, 0.26, 0.4, id="cut off while seldom asked"),
        pytest.param(STEADY, set(), 0.4, 0.4, BETWEEN_REQUESTS, id="answered late"),
        pytest.param(STEADY, set(range(90, 101)), 0.0001, 0.21, 0.23, id="cut off to the end"),
        pytest.param(STEADY, set(STEADY), 0.0, 1.99, 2.01, id="never answered"),
    ],
)
def test_a_silence_is_told_by_requests_that_were_not_answered_and_not_by_a_machine_that_did_not_ask(
    asked: dict[int, float], unanswered: set[int], waited: float, silence: float, gap: float
) -> None:
    pings = Pings()

    pings.read(printed(asked, unanswered, waited=waited), began=0.0, ended=asked[100] + 0.01)

    assert pings.silence == pytest.approx(silence)
    assert pings.longest_gap == pytest.approx(gap)
    assert (pings.silence >= NOTICED) == (silence >= 0.2)


def test_a_request_that_a_router_refused_is_unanswered_from_then_on() -> None:
    told = printed(STEADY, set(range(40, 55))).replace(
        "no answer yet for icmp_seq=40", "From 10.250.0.1 icmp_seq=40 Destination Host Unreachable"
    )
    pings = Pings()

    pings.read(told, began=0.0, ended=2.01)

    assert pings.lost == 15
    assert pings.silence == pytest.approx(0.3)
