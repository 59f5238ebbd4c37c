"""What a look at a host costs: which programs are started for a new network, and what previews share."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.machine import FakeMachine

from virtnet.errors import HostFailure
from virtnet.host.client import Host
from virtnet.host.local import LocalMachine
from virtnet.host.machine import Answer
from virtnet.host.reads import Prefetched, ReadCache, RecentAnswers
from virtnet.network.observe.host_facts import host_facts, host_facts_for_new
from virtnet.network.observe.reads import READS
from virtnet.planning.clients.reads import Reads, Request

PRINTED = {
    ("ip", "-json", "-brief", "address", "show"): (
        '[{"ifname":"eth0","addr_info":[{"local":"192.0.2.1","prefixlen":24}]},{"ifname":"vb0","addr_info":[]}]'
    ),
    ("ip", "-json", "route", "show", "table", "main"): '[{"dst":"192.0.2.0/24","dev":"eth0","protocol":"kernel"}]',
    ("ip", "-json", "-6", "route", "show", "table", "main"): '[{"dst":"default","dev":"eth0","protocol":"ra"}]',
    ("ip", "-json", "-details", "link", "show"): (
        '[{"ifname":"eth0"},{"ifname":"vb0","linkinfo":{"info_kind":"bridge"}},'
        '{"ifname":"vb1","linkinfo":{"info_kind":"bridge"}}]'
    ),
    ("ss", "-Hlntu"): "",
}
FILES = {
    "/sys/class/net/eth0/address": "52:54:00:00:00:01\n",
    "/proc/self/status": "CapEff: ffffffffffffffff\n",
    "/proc/sys/net/ipv6/conf/all/forwarding": "0\n",
    "/proc/sys/net/ipv6/conf/eth0/accept_ra": "1\n",
    "/sys/class/net/vb0/bridge/stp_state": "1\n",
    "/sys/class/net/vb1/bridge/stp_state": "1\n",
}


def printing_machine() -> FakeMachine:
    return FakeMachine(files=dict(FILES), printed=dict(PRINTED))


def test_a_new_network_starts_three_programs_in_one_round_trip() -> None:
    machine = printing_machine()
    host = Host(machine)

    with host.cached_reads(READS):
        found = host_facts_for_new(host, {4})

    assert sorted(machine.programs) == [
        "ip -json -brief address show",
        "ip -json route show table main",
        "ss -Hlntu",
    ]
    assert len(machine.trips) == 1
    assert found.names == {"eth0", "vb0", "vb1"}
    assert [route.destination for route in found.routes] == ["192.0.2.0/24"]
    assert [address.address for address in found.addresses] == ["192.0.2.1/24"]


def test_a_new_network_of_ipv6_sees_routes_learnt_from_advertisements() -> None:
    machine = printing_machine()
    host = Host(machine)

    with host.cached_reads(READS):
        found = host_facts_for_new(host, {4, 6})

    assert found.advertised_interfaces == ("eth0",)
    assert [route.destination for route in found.routes] == ["192.0.2.0/24", "default"]


def test_what_programs_said_ahead_stands_for_the_next_look_alone() -> None:
    machine = printing_machine()
    host = Host(machine)
    with host.prefetch(READS):
        ahead = host_facts_for_new(host, {4})
    machine.trips.clear()

    with host.cached_reads(READS):
        found = host_facts_for_new(host, {4})

    assert (machine.programs, found) == ([], ahead)
    assert ("list", "/sys/class/net") in machine.asked
    assert ("dhcp-port",) not in machine.asked
    with host.cached_reads(READS):
        host_facts_for_new(host, {4})
    assert len(machine.programs) == 3


def test_what_was_said_ahead_serves_all_who_were_in_the_line_and_nobody_who_came_later() -> None:
    machine, queue = printing_machine(), Prefetched()
    hosts = [Host(machine, prefetched=queue), Host(machine, prefetched=queue)]
    for host in hosts:
        with host.prefetch(READS):
            host_facts_for_new(host, {4})
    said_to_the_first = len(machine.programs)
    late = Host(machine, prefetched=queue)
    machine.trips.clear()

    for host in hosts:
        with host.cached_reads(READS):
            host_facts_for_new(host, {4})
    said_to_the_others = machine.programs
    with late.prefetch(READS):
        host_facts_for_new(late, {4})

    assert (said_to_the_first, said_to_the_others, len(machine.programs)) == (3, [], 3)


def test_what_failed_ahead_is_asked_again_by_everybody() -> None:
    machine, queue = printing_machine(), Prefetched()
    machine.fails = True
    first, second = Host(machine, prefetched=queue), Host(machine, prefetched=queue)
    with pytest.raises(HostFailure, match="could not list the addresses"), first.prefetch(READS):
        host_facts_for_new(first, {4})
    machine.fails = False
    with second.prefetch(READS):
        host_facts_for_new(second, {4})

    found = []
    for host in (first, second):
        with host.cached_reads(READS):
            found.append(host_facts_for_new(host, {4}))

    assert [address.address for report in found for address in report.addresses] == ["192.0.2.1/24"] * 2


def test_who_did_not_look_ahead_is_not_told_what_another_was_told() -> None:
    machine, queue = printing_machine(), Prefetched()
    other, host = Host(machine, prefetched=queue), Host(machine, prefetched=queue)
    with other.prefetch(READS):
        host_facts_for_new(other, {4})
    machine.trips.clear()

    with host.cached_reads(READS):
        host_facts_for_new(host, {4})

    assert len(machine.programs) == 3


def test_the_next_in_the_line_has_older_answers_renewed_for_those_behind_him() -> None:
    machine, queue = printing_machine(), Prefetched()
    first, second = (
        Host(machine, prefetched=queue, prefetch_max_age=1.0),
        Host(machine, prefetched=queue, prefetch_max_age=1.0),
    )
    with first.prefetch(READS):
        host_facts_for_new(first, {4})
    time.sleep(0.55)
    machine.trips.clear()

    with first.cached_reads(READS):
        host_facts_for_new(first, {4})
    still_good = machine.programs
    with second.prefetch(READS):
        host_facts_for_new(second, {4})

    assert (still_good, len(machine.programs)) == ([], 3)


def test_what_programs_said_too_long_ago_is_asked_again() -> None:
    machine = printing_machine()
    host = Host(machine, prefetch_max_age=0.0)
    with host.prefetch(READS):
        host_facts_for_new(host, {4})
    machine.trips.clear()

    with host.cached_reads(READS):
        host_facts_for_new(host, {4})

    assert len(machine.programs) == 3


def test_bridges_that_do_not_matter_are_not_read() -> None:
    machine = printing_machine()
    host = Host(machine)

    with host.cached_reads(READS):
        found = host_facts(host, {"vb0"})

    assert found.spanning_tree_bridges == ("vb0",)
    assert not [request for request in machine.asked if "vb1" in request[-1]]


def test_previews_share_what_programs_said_a_moment_ago() -> None:
    machine = printing_machine()
    recent = RecentAnswers()
    for _ in range(3):
        host = Host(machine, recent=recent)
        with host.cached_reads(READS, max_age=2.0):
            host_facts_for_new(host, {4})

    assert len(machine.programs) == 3


def test_what_programs_said_longer_ago_is_not_shared() -> None:
    machine = printing_machine()
    recent = RecentAnswers()
    for _ in range(2):
        host = Host(machine, recent=recent)
        with host.cached_reads(READS, max_age=1e-9):
            host_facts_for_new(host, {4})

    assert len(machine.programs) == 6


def test_an_apply_looks_for_itself_whatever_previews_saw() -> None:
    machine = printing_machine()
    recent = RecentAnswers()
    for max_age in (2.0, 0.0):
        host = Host(machine, recent=recent)
        with host.cached_reads(READS, max_age=max_age):
            host_facts_for_new(host, {4})

    assert len(machine.programs) == 6


class TellingTheTime(FakeMachine):
    """Each program prints when it was run, in seconds of a clock that a test sets."""

    now = 0.0

    def _answer(self, request: Request) -> Answer:
        return Answer(str(self.now))


OBSERVATIONS = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.5]),
        st.sampled_from([0.0, 1.0, 2.0]),
        st.lists(st.sampled_from(["ip", "ss", "nft"]), max_size=3, unique=True),
    ),
    max_size=8,
)


@given(OBSERVATIONS)
def test_no_answer_gets_younger_by_what_is_asked_after_it(observations: list[tuple[float, float, list[str]]]) -> None:
    machine = TellingTheTime()
    recent = RecentAnswers(clock=lambda: machine.now)
    for passed, max_age, programs in observations:
        machine.now += passed
        cache = ReadCache(machine, Reads(), recent.answers(max_age), clock=lambda: machine.now)

        ages = [machine.now - float(cache.answer(("run", program)).text) for program in programs]

        assert all(age < max_age or age == 0 for age in ages)
        recent.keep(cache)
        # Whatever was asked for just now is there for whoever comes next.
        assert {("run", program) for program in programs} <= recent.answers(max_age or 1.0).keys()


@pytest.mark.parametrize(
    ("read", "times"),
    [(("read", "/proc/self/status"), 2), (("list", "/sys/class/net"), 1)],
    ids=["of this user alone", "of the whole host"],
)
def test_previews_share_the_files_that_tell_of_the_whole_host(read: Request, times: int) -> None:
    machine = printing_machine()
    recent = RecentAnswers()
    for _ in range(2):
        host = Host(machine, recent=recent)
        with host.cached_reads(READS, max_age=2.0):
            host_facts_for_new(host, {4})

    assert machine.asked.count(read) == times


def test_programs_of_one_question_run_side_by_side(tmp_path: Path) -> None:
    fifo = tmp_path / "meeting"
    os.mkfifo(fifo)
    machine = LocalMachine(seconds=20)

    # Each waits for the other at the FIFO, so that one after the other neither would end.
    wrote, read = machine.read(("run", "sh", "-c", 'echo met > "$0"', str(fifo)), ("run", "cat", str(fifo)))

    assert (wrote.error, read.text) == (None, "met\n")
