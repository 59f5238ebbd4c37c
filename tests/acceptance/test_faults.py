"""A few of the faults of docs/reliability.md, chosen by a seed; `make faults` runs all of them."""

import random
from collections.abc import Iterable

import pytest
from tests.acceptance.stack import Stack
from tests.campaigns.faults import table
from tests.campaigns.faults.at_steps import Bench, Done, Row, cases_of, modular_cases_of, pairs
from tests.campaigns.faults.on_the_host import host_faults
from tests.campaigns.faults.pairs import TEXTS, UNNOTICED, Pair
from tests.hosts.daemons import daemon_version
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SEED = 7


@pytest.mark.campaign
@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.forth_name)
def test_a_fault_of_each_kind_of_plan_loses_nothing(host: Host, stack: Stack, pair: Pair) -> None:
    chance = random.Random(f"{SEED} {pair.forth_name}")  # noqa: S311 - a choice, no secret
    bench = Bench(host, stack, pair)
    there, back = bench.cases()
    cases = [*there, *back]
    chosen = chance.choice(cases)

    rows = list(bench.run(lambda case: case == chosen))

    kinds = (f": {pair.forth_name}", f": {pair.back_name}")
    committed = [name for name in table.named() if name[0].endswith(kinds)]
    assert all(done.calls for steps in bench.steps.values() for done in steps), "effects were not seen"
    assert _without_calls(case.name for case in cases) == _without_calls(committed), "make faults writes the table anew"
    assert bench.not_as_before == []
    assert [row.wrong for row in rows] == [()]


def _without_calls(names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Less those between two calls of a step, whose number is another for another libvirt."""
    return [name for name in names if not name[1].startswith("after call ")]


@pytest.mark.campaign
def test_faults_while_texts_are_set_on_a_running_network_lose_nothing(host: Host, stack: Stack) -> None:
    if daemon_version(host) < (9, 7):
        pytest.skip("this libvirt sets no texts on a running network")
    bench = Bench(host, stack, TEXTS)

    rows = list(bench.run(lambda _: True))

    assert [(row.when, row.wrong) for row in rows if row.wrong] == []
    # What an edit names anew is noted in the mark before its first effect.
    assert {row.when.rpartition(" ")[2] for row in rows} == {"MarkNetwork", "SetMetadata"}
    assert {row.lost for row in rows} == {"nothing"}


@pytest.mark.campaign
@pytest.mark.parametrize("who", ["libvirtd", "provider"])
def test_faults_in_a_restart_that_guests_do_not_notice_leave_nothing(host: Host, stack: Stack, who: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a choice, no secret
    bench = Bench(host, stack, UNNOTICED)
    steps = ("StartHoldingNetwork", "MoveToHoldingNetwork", "StopNetwork", "Reattach", "RemoveHoldingNetwork")
    cases = [case for case in bench.cases()[0] if case.who == who and case.step in steps]
    chosen = {chance.choice([case for case in cases if case.step == step]) for step in steps}

    rows = list(bench.run(lambda case: case in chosen))

    assert len(rows) == len(steps)
    assert [(row.when, row.wrong) for row in rows if row.wrong] == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", [("dnsmasq killed", "network runs"), ("host rebooted", "network runs")])
def test_a_fault_of_the_host_loses_nothing(host: Host, stack: Stack, name: tuple[str, str]) -> None:
    row = host_faults()[name](host, stack)

    assert (row.fault, row.when) == name
    assert row.wrong == ()


def test_the_table_names_the_faults_of_the_host() -> None:
    kinds = tuple(f": {name}" for pair in pairs() for name in (pair.forth_name, pair.back_name))

    committed = [name for name in table.named() if not name[0].endswith(kinds)]

    assert committed == list(host_faults()), "make faults writes the table anew"


def test_the_table_is_read_as_it_was_written_and_says_what_it_was_measured_on() -> None:
    rows = [Row("libvirtd killed: create", "before 1. DefineNetwork", "nothing", "lab not there", "DefineNetwork")]
    empty = f"before\n{table.BEGIN}\n{table.END}\nafter\n"

    whole = table.written(empty, rows, table.measured_on(empty, "libvirt 9", minutes=9))
    in_part = table.measured_on(whole, "libvirt 11", minutes=None)

    assert table.read(whole) == rows
    assert whole.startswith("before\n")
    assert whole.endswith("after\n")
    assert table.measured_on(empty, "libvirt 9", minutes=None) == "Measured: some rows on libvirt 9."
    assert in_part.startswith("Measured: all rows on libvirt 9 (9 minutes on ")
    assert in_part.endswith("; some rows on libvirt 11.")
    assert table.measured_on(table.written(whole, rows, in_part), "libvirt 11", minutes=None) == in_part


def test_both_are_killed_before_the_first_step_during_each_and_after_each() -> None:
    moments = ["before 1. A", "during 1. A", "after 1. A", "during 2. StopNetwork", "after 2. StopNetwork"]

    names = [case.name for case in cases_of("restart", [Done("A", 0.1, 3), Done("StopNetwork", 0.2)])]

    assert names == [
        *(("libvirtd killed: restart", moment) for moment in moments),
        *(("provider killed: restart", moment) for moment in moments),
        *(
            (f"{who} killed: restart", f"after call {call} of 1. A")
            for who in ("libvirtd", "provider")
            for call in (1, 2)
        ),
        ("pulumi killed: restart", "during 2. StopNetwork"),
    ]


def test_each_modular_daemon_is_killed_between_all_steps_and_broken_in_each_kind_that_keeps_it_busy() -> None:
    steps = [Done(name, 0.1) for name in ("A", "UpdateSection", "UpdateSection", "StopNetwork")]
    between = ["before 1. A", "after 1. A", "after 2. UpdateSection", "after 3. UpdateSection", "after 4. StopNetwork"]
    busy = ["during 2. UpdateSection", "during 4. StopNetwork"]

    names = [case.name for case in modular_cases_of("restart", steps)]

    assert names == [
        (f"{daemon} {how}: restart", moment)
        for daemon in ("virtnetworkd", "virtqemud")
        for how, moments in (("killed", between), ("killed", busy), ("restarted", busy), ("stopped", busy))
        for moment in moments
    ]
