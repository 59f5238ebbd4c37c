"""What a preview comes to: what becomes of each resource, and how a check ends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.commands.review.digests import change, judged, record, refusal, step, urn

from virtnet.commands.review.records import Outcome
from virtnet.commands.review.verdict import ExitCode

LEVELS = ("recorded", "live", "restart", "replace")
RECORDS = st.builds(
    record,
    name=st.sampled_from(["lab", "db"]),
    operation=st.sampled_from(["create", "update", "replace", "same"]),
    change_class=st.sampled_from(LEVELS),
    refused=st.booleans(),
)
STEPS = st.builds(
    step, st.sampled_from(["create", "update", "replace", "delete", "same"]), st.sampled_from(["lab", "db"])
)
LIMITS = st.sampled_from([None, *Outcome])


@pytest.mark.parametrize(
    ("steps", "records", "operation", "outcome"),
    [
        (["create"], [record(operation="create", change_class="recorded")], "create", Outcome.LIVE),
        (["create"], [record(operation="create", change_class="restart")], "create", Outcome.RESTART),
        (["update"], [record(change_class="recorded")], "update", Outcome.RECORDED),
        (["update"], [record(change_class="restart")], "update", Outcome.RESTART),
        (
            ["create-replacement", "replace", "delete-replaced"],
            [record(change_class="live")],
            "replace",
            Outcome.REPLACE,
        ),
        (["delete"], [], "delete", Outcome.DELETE),
        (["discard"], [], "forget", Outcome.RECORDED),
        (["import"], [], "import", Outcome.RECORDED),
        # Nothing tells what these come to.
        (["create"], [], "create", Outcome.UNKNOWN),
        (["update"], [], "update", Outcome.UNKNOWN),
        (["update"], [record(operation="same", change_class="recorded")], "update", Outcome.UNKNOWN),
        (["replace"], [], "replace", Outcome.UNKNOWN),
        (["transmogrify"], [record()], "update", Outcome.UNKNOWN),
        (["create"], [record(operation="create", change_class="recorded", may_adopt=True)], "create", Outcome.UNKNOWN),
        # The engine ended before it came to the step.
        ([], [record(operation="create", change_class="recorded", refused=True)], "create", Outcome.LIVE),
    ],
)
def test_what_becomes_of_a_resource(
    steps: list[str], records: list[dict[str, Any]], operation: str, outcome: Outcome
) -> None:
    (item,) = judged([step(op) for op in steps], records).items

    assert (item.operation, item.outcome) == (operation, outcome)


@pytest.mark.parametrize("op", ["same", "read", "refresh", "read-replacement", "remove-pending-replace"])
def test_what_changes_nothing_is_not_told(op: str) -> None:
    assert judged([step(op)], [record(operation="same", change_class="recorded")]).items == ()


def test_of_two_plans_the_worse_one_counts() -> None:
    either = record(operation="create", change_class="recorded")
    either["plan_if_replaced"] = record(change_class="replace")["plan"]

    (item,) = judged([step("create")], [either]).items

    assert item.outcome is Outcome.REPLACE


@pytest.mark.parametrize("case", ["plan_if_replaced", "plan_if_moved"])
def test_each_plan_is_told_with_when_it_holds(case: str) -> None:
    either = record(operation="create", change_class="recorded", refused=True, refusals=[refusal("it is there")])
    either[case] = record(change_class="replace", refusals=[refusal("db1 is attached")])["plan"]

    (item,) = judged([step("create")], [either]).items

    assert [(when, one.reason) for when, plan in item.cases for one in plan.refusals] == [
        ("created", "it is there"),
        (case.removeprefix("plan_if_"), "db1 is attached"),
    ]


@pytest.mark.parametrize(
    ("operation", "kind", "state", "stays"),
    [
        ("delete", "LibvirtNetwork", {}, False),
        ("delete", "LibvirtNetwork", {"inputs": {"onDelete": "disconnect"}}, False),
        ("delete", "LibvirtNetwork", {"inputs": {"onDelete": "keep"}}, True),
        ("delete", "LibvirtNetwork", {"outputs": {"adoptedFrom": "[secret]"}}, True),
        ("delete", "HostForwarding", {"inputs": {"onDelete": "restore"}}, False),
        ("delete", "HostForwarding", {"inputs": {"onDelete": "keep"}}, True),
        ("delete", "PortForward", {}, False),
        ("delete", "PortForward", {"retainOnDelete": True}, True),
        ("delete", "LibvirtNetwork", {"inputs": {"onDelete": "disconnect"}, "retainOnDelete": True}, True),
        ("update", "LibvirtNetwork", {"inputs": {"onDelete": "keep"}}, False),
    ],
)
def test_what_stays_on_the_host_without_its_resource(
    operation: str, kind: str, state: dict[str, Any], *, stays: bool
) -> None:
    (item,) = judged([step(operation, kind=kind, oldState=state)], []).items

    assert item.stays is stays


@pytest.mark.parametrize(
    ("outcome", "at_most", "code"),
    [
        ("live", None, ExitCode.PASSED),
        ("restart", None, ExitCode.PASSED),
        ("live", Outcome.LIVE, ExitCode.PASSED),
        ("restart", Outcome.LIVE, ExitCode.ABOVE_LIMIT),
        ("replace", Outcome.REPLACE, ExitCode.PASSED),
    ],
)
def test_how_a_check_ends(outcome: str, at_most: Outcome | None, code: ExitCode) -> None:
    review = judged([step("update")], [record(change_class=outcome)])

    assert review.exit_code(at_most) is code


@pytest.mark.parametrize("at_most", [None, *(one for one in Outcome if one is not Outcome.UNKNOWN)])
def test_what_is_not_known_is_above_every_limit(at_most: Outcome | None) -> None:
    assert judged([step("update")]).exit_code(at_most) is ExitCode.ABOVE_LIMIT


def test_a_refusal_fails_a_check_without_a_limit_and_is_not_told_twice() -> None:
    refused = record(operation="create", refused=True, refusals=[refusal("10.1.0.0/24 overlaps 'web'")])
    error = {"urn": urn("lab"), "message": "error: network 'lab': this would be refused", "severity": "error"}

    review = judged([step("create")], [refused], [error])

    assert review.exit_code(None) is ExitCode.REFUSED
    assert review.errors == ()


def test_a_preview_that_failed_fails_the_check() -> None:
    error = {"urn": urn("lab"), "message": "error: lab has a problem: mtu: must be at least 68", "severity": "error"}

    review = judged(errors=[error])

    assert review.exit_code(None) is ExitCode.REFUSED
    assert len(review.errors) == 1


@given(records=st.lists(RECORDS, max_size=4), steps=st.lists(STEPS, max_size=4), more=RECORDS, limit=LIMITS)
def test_no_further_record_makes_a_check_pass_or_a_resource_cheaper(
    records: list[dict[str, Any]], steps: list[dict[str, Any]], more: dict[str, Any], limit: Outcome | None
) -> None:
    # The program under review could print one, too. A record that fills a gap is the only one that says less.
    known = {one["urn"] for one in records if one["operation"] != "same"}
    before = judged(steps, records)

    after = judged(steps, [*records, more])

    costs = {item.urn: item.outcome for item in after.items}
    assert all(costs[item.urn] >= item.outcome for item in before.items if item.urn in known)
    if before.exit_code(limit) is ExitCode.REFUSED:
        assert after.exit_code(limit) is ExitCode.REFUSED


def test_drift_is_told_apart_from_what_the_program_changes() -> None:
    problem = {"kind": "NOT_ACTIVE", "sentence": "the network is not active"}
    changes = [change("mtu", "1500 -> 1400", "restart"), change("problems", problems=[problem])]
    drift = [change("autostart", "false -> true")]
    found = change("domain", "lan -> example.org")

    (item,) = judged(
        [step("update")], [record(changes=[*changes, found], drift=drift, refreshed=["domain", "title"])]
    ).items

    assert [one.path for one in item.changes] == ["mtu"]
    assert [one.path for one in item.drift] == ["problems", "domain", "autostart"]


def test_what_others_change_is_not_judged() -> None:
    other = {"op": "delete", "urn": "urn:pulumi:prod::kvm::aws:s3/bucket:Bucket::logs"}

    review = judged([other])

    assert review.items == ()
    assert [one.op for one in review.others] == ["delete"]
    assert review.exit_code(Outcome.RECORDED) is ExitCode.PASSED
