"""The laws of design.md, for PortForward, over generated inputs and histories."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.port_forward.hosts import applied, at, checked, deleted, forwarding_host, planned, refreshed, traces

from virtnet.errors import ApplyFailed
from virtnet.planning.clients.clients import Clients
from virtnet.planning.plan import ChangeClass
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.plan.once_gone import once_gone
from virtnet.port_forward.plan.plan import plan
from virtnet.port_forward.resource import PORT_FORWARD

RANGES = st.sampled_from(
    [
        {"listen_port": "8080", "target_port": "80"},
        {"listen_port": "443"},
        {"listen_port": "5000-5010"},
        {"listen_port": "6000-6010", "target_port": "7000"},
    ]
)
PORTS = st.lists(
    st.tuples(st.sampled_from(["tcp", "udp"]), RANGES).map(lambda pair: {"protocol": pair[0], **pair[1]}),
    min_size=1,
    max_size=4,
    unique_by=lambda item: (item["protocol"], item["listen_port"]),
)
OF_IPV4: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"ports": PORTS},
    optional={
        "listen_address": st.just("198.51.100.1"),
        "sources": st.lists(st.sampled_from(["203.0.113.0/24", "203.0.113.7", "10.0.0.0/8"]), min_size=1, unique=True),
        "target_address": st.sampled_from(["192.168.123.50", "192.168.123.60", "192.168.123.150"]),
        "description": st.sampled_from(["the shop", "another"]),
    },
)
OF_IPV6: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"ports": PORTS, "target_address": st.just("fd00:123::50")},
    optional={"listen_address": st.just("2001:db8::1"), "sources": st.just(["2001:db8:1::/48"])},
)
BY_NAME: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"ports": PORTS}, optional={"target_name": st.just("web")}
).map(lambda inputs: inputs if "target_name" in inputs else {**inputs, "target_mac": "52:54:00:00:00:50"})
INPUTS = st.one_of(OF_IPV4, OF_IPV6, BY_NAME).map(lambda inputs: checked(**inputs))
HISTORIES = st.lists(INPUTS, min_size=1, max_size=4)


@given(HISTORIES)
def test_after_each_apply_nothing_is_left_to_do(history: list[dict[str, Any]]) -> None:
    clients, recorded = at(forwarding_host()), None
    for desired in history:
        recorded = applied(clients, desired, recorded)

        assert recorded["problems"] == []
        assert plan(desired, recorded, None).changes == ()
        again = planned(clients, desired, recorded)
        assert (again.steps, again.changes, again.refusals) == ((), (), ())
        assert planned(clients, PORT_FORWARD.recorded_inputs(recorded), recorded).empty
        assert refreshed(clients, recorded) == recorded


@given(HISTORIES)
def test_delete_leaves_everything_as_it_was_found(history: list[dict[str, Any]]) -> None:
    host, recorded = forwarding_host(files={"/etc/ssh/sshd_config": "Port 2222\n"}), None
    clients = at(host)
    files, table, _ = traces(host)
    for desired in history:
        recorded = applied(clients, desired, recorded)
    assert recorded is not None

    deleted(clients, recorded)

    assert traces(host)[:2] == (files, table)
    assert not any(report.enabled for report in host.services.found.values())
    assert planned(clients, None, recorded).steps == ()


@given(st.lists(INPUTS, max_size=2), INPUTS, st.data())
def test_broken_at_any_effect_gives_back_what_was(
    history: list[dict[str, Any]], last: dict[str, Any], data: st.DataObject
) -> None:
    host, recorded = forwarding_host(), None
    clients = at(host)
    for desired in history:
        recorded = applied(clients, desired, recorded)
    if not planned(clients, last, recorded).steps:
        return
    before = traces(host)[0], _rules(clients, recorded or last)
    host.effects.log = []
    host.effects.fail_at = data.draw(st.integers(0, 2))
    host.effects.fail_after = data.draw(st.booleans())

    made, failed = None, ""
    try:
        made = applied(clients, last, recorded)
    except ApplyFailed as error:
        failed = str(error)

    if made is not None:
        # nft failed, and the rules are there: that counts.
        assert host.effects.fail_after
        assert host.effects.log[host.effects.fail_at] == "load rules into nftables"
        assert planned(clients, last, made).steps == ()
        return
    host.effects.fail_at = None
    assert "declared to fail" in failed
    assert (traces(host)[0], _rules(clients, recorded or last)) == before


@given(st.lists(INPUTS, max_size=2), INPUTS, st.integers(0, 7))
def test_killed_at_any_effect_the_next_run_gets_there(
    history: list[dict[str, Any]], last: dict[str, Any], effects: int
) -> None:
    host, recorded = forwarding_host(), None
    clients = at(host)
    for desired in history:
        recorded = applied(clients, desired, recorded)
    steps = planned(clients, last, recorded).steps
    host.effects.kill_after = effects
    try:
        for step in steps:
            step.execute(clients)
    except KeyboardInterrupt:
        pass
    host.effects.kill_after = None

    seen = None if recorded is None else refreshed(clients, recorded)
    after = applied(clients, last, seen)

    assert after["problems"] == []
    assert planned(clients, last, after).empty
    deleted(clients, after)
    assert traces(host)[:2] == ({}, None)


@given(HISTORIES, st.booleans(), INPUTS)
def test_what_a_replacement_is_planned_by_is_what_the_delete_leaves(
    history: list[dict[str, Any]], others: bool, anew: dict[str, Any]
) -> None:
    host, recorded = forwarding_host(), dict[str, Any]()
    clients = at(host)
    if others:
        applied(clients, checked(__owner="a/b/other", __urn=None, ports=[{"protocol": "udp", "listen_port": "53"}]))
    for desired in history:
        recorded = applied(clients, desired, recorded or None)
    foreseen = once_gone(observe(clients, anew, {}), recorded)

    deleted(clients, recorded)

    left = observe(clients, anew, {})
    assert foreseen.table == left.table
    assert (foreseen.files, foreseen.records, foreseen.ids) == (left.files, left.records, left.ids)
    assert plan(anew, None, foreseen).refusals == plan(anew, None, left).refusals
    assert plan(anew, None, foreseen).notes == plan(anew, None, left).notes


@given(INPUTS, INPUTS)
def test_an_update_does_what_its_preview_showed(first: dict[str, Any], second: dict[str, Any]) -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, first)

    previewed, decided = plan(second, recorded, None), planned(clients, second, recorded)

    assert decided.changes == previewed.changes
    assert decided.change_class <= previewed.change_class <= ChangeClass.LIVE


@given(INPUTS)
def test_executing_twice_is_as_good_as_once(desired: dict[str, Any]) -> None:
    host = forwarding_host()
    clients = at(host)
    steps = planned(clients, desired).steps
    for step in steps:
        step.execute(clients)
    once = traces(host)[0], _rules(clients, desired)

    for step in steps:
        step.execute(clients)

    assert (traces(host)[0], _rules(clients, desired)) == once


def _rules(clients: Clients, inputs: Mapping[str, Any]) -> object:
    """What the rules say, whatever the numbers that nft gives them."""
    table = observe(clients, {}, inputs).table
    return set(table.listeners), table.rules
