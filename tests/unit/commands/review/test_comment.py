"""The comment: what stands in it, as prose in golden files, and that it never gets longer than a site takes."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.golden import assert_golden_text
from tests.unit.commands.review.digests import DATA, change, effect, judged, record, refusal, step, urn

from virtnet.commands.review import digest, messages
from virtnet.commands.review.comment import LONGEST, MARKER, SHORTEST, comment
from virtnet.commands.review.markdown import length
from virtnet.commands.review.mermaid import diagram
from virtnet.commands.review.records import Outcome
from virtnet.commands.review.verdict import judge
from virtnet.planning.findings import EffectKind

REPOSITORY = Path(__file__).parents[4]
DETAILS: dict[EffectKind, dict[str, Any]] = {
    EffectKind.INTERRUPTED: {"seconds": 0.72, "together": True},
    EffectKind.DISCONNECTED: {},
    EffectKind.RENUMBERED: {"before": ["10.2.0.0/24"], "after": ["10.20.0.0/24"], "paths": []},
    EffectKind.NEW_CONNECTIONS_WAIT: {"seconds": 0.72},
    EffectKind.SPANNING_TREE_DELAY: {"seconds": 30},
    EffectKind.FIREWALL_REBUILT: {"times": 2},
    EffectKind.FORWARDING_ON: {"family": "IPv4", "interface": ""},
    EffectKind.FORWARDING_OFF: {"family": "IPv6", "interface": "eth0"},
    EffectKind.PORT_IS_PUBLIC: {"address": "198.51.100.1"},
    EffectKind.PORT_IS_SSH: {"port": 22, "address": ""},
    EffectKind.PORT_WIDENED: {"address": "", "version": 4, "sources": [], "sources_before": ["192.0.2.0/24"]},
    EffectKind.PORT_NARROWED: {"address": "192.0.2.1", "version": 4, "sources": [], "address_before": ""},
    EffectKind.PORT_CLOSED: {"protocol": "tcp", "first": 1, "last": 2, "address": "", "version": 6, "sources": []},
    EffectKind.PORT_OPENED: {
        **{"protocol": "udp", "first": 53, "last": 53, "address": "", "version": 4, "sources": ["192.0.2.0/24"]},
        **{"guest": "ns", "target": "", "target_first": 5353, "target_last": 5353},
    },
}
MODE = {"mode": "route"}
EVERY_EFFECT = [effect(kind.value, "db1", "db2", **DETAILS.get(kind, MODE)) for kind in EffectKind]


@pytest.mark.parametrize(
    ("form", "golden"),
    [("dynamic", REPOSITORY / "docs/ci/review-example.md"), ("native", DATA / "native.md")],
    ids=["dynamic", "native"],
)
def test_a_real_preview_as_prose(form: str, golden: Path) -> None:
    review = judge(digest.read((DATA / f"{form}.json").read_text()))

    shown = comment(review, at_most=Outcome.LIVE, commit="4f1c2ab")

    assert_golden_text(golden, shown)


def test_every_effect_as_prose() -> None:
    review = judged([step("update")], [record(change_class="restart", effects=EVERY_EFFECT)])

    assert_golden_text(DATA / "effects.md", comment(review))


def test_the_rarer_things_as_prose() -> None:
    either = record("either", "create", "recorded")
    either["plan_if_replaced"] = record("either", change_class="replace")["plan"]
    theirs = [refusal("it has the mark of kvm/prod/old")]
    moved = record("moved", "create", "recorded", refused=True, refusals=theirs)
    moved["plan_if_moved"] = record("moved", change_class="replace", refusals=[refusal("db1 is attached")])["plan"]
    in_the_way = {"holder": "a", "path": "name", "value": "b", "swaps": True, "sentence": "a has name b, so swap them"}
    swapped = record("swapped", refused=True, refusals=[refusal("it is there")], given_up=[in_the_way])
    problem = {"kind": "NOT_ACTIVE", "sentence": "the network is not active"}
    review = judged(
        [
            *(step(op, op) for op in ("replace", "delete", "discard", "import", "update")),
            step("delete", "kept", oldState={"inputs": {"onDelete": "keep"}}),
            step("delete", "lent", oldState={"inputs": {"adopt": True}, "outputs": {"adoptedFrom": "[secret]"}}),
            step("delete", "site", "PortForward"),
            step("delete", "ssh", "PortForward", oldState={"retainOnDelete": True}),
            step("delete", "fwd", "HostForwarding"),
            {"op": "update", "urn": "urn:pulumi:prod::kvm::aws:s3/bucket:Bucket::logs"},
        ],
        [
            record("replace", "replace", "replace"),
            either,
            moved,
            swapped,
            record("adopted", "create", "recorded", partly_unknown=True, may_adopt=True),
            record("later", "create", "recorded", uri=None, unknown=["uri"]),
            record("gone", "create", "recorded", gone=True),
            record("partly", "update", "restart", partly_unknown=True, uri="qemu+ssh://kvm8/system"),
            record(
                "drifted",
                drift=[change("autostart", "false -> true")],
                changes=[change("problems", problems=[problem])],
            ),
        ],
    )

    assert_golden_text(DATA / "rare.md", comment(review))


def test_the_documentation_quotes_the_example() -> None:
    quoted = [line[2:] for line in (REPOSITORY / "docs/review.md").read_text().splitlines() if line.startswith("> ")]

    example = (REPOSITORY / "docs/ci/review-example.md").read_text().splitlines()
    assert len(quoted) == 3
    assert [line for line in quoted if line not in example] == []


def test_each_effect_is_asked_about_or_noticed() -> None:
    assert {*EffectKind} == {*messages.QUESTIONS, *messages.NOTICES}


@pytest.mark.parametrize(
    ("operation", "change_class", "told"),
    [("update", "restart", True), ("create", "restart", True), ("create", "recorded", False)],
)
def test_that_guests_reach_the_outside_is_asked_of_what_was_there(
    operation: str, change_class: str, *, told: bool
) -> None:
    reaching = effect("guests-reach-outside", mode="nat")

    shown = comment(judged([step(operation)], [record("lab", operation, change_class, effects=[reaching])]))

    assert ("- [ ] Guests of network `lab` may reach the outside from now on (mode `nat`)." in shown) is told
    assert ("guests, which may reach the outside" in shown) is told
    assert ("nothing needs a decision" in shown) is not told


def test_a_renumbering_hides_the_changes_that_bring_it_and_no_other() -> None:
    moved = effect("renumbered", before=["10.2.0.0/24"], after=["10.3.0.0/24"], paths=["ips[10.2.0.1/24]"])
    changes = [change("ips[10.2.0.1/24]"), change("ips[10.9.0.1/24]"), change("mtu")]

    shown = comment(judged([step("update")], [record(changes=changes, effects=[moved])]))

    assert "| `10.2.0.0/24` → `10.3.0.0/24`<br>`ips[10.9.0.1/24]`<br>`mtu` |" in shown


@pytest.mark.parametrize(
    ("operation", "change_class", "told"), [("update", "restart", False), ("replace", "replace", True)]
)
def test_what_a_failure_loses_is_told_where_something_is_replaced(
    operation: str, change_class: str, *, told: bool
) -> None:
    shown = comment(judged([step(operation)], [record("lab", operation, change_class)]))

    assert "virtnet rolls back the resource that failed" in shown
    assert ("the old resource is gone" in shown) is told


def test_drift_of_which_no_line_fits_is_drift() -> None:
    assert "none" not in messages.drifted([], 3)
    assert "- and 3 more" in messages.drifted([], 3)


def test_what_is_not_known_is_drawn_otherwise_than_what_is_only_recorded() -> None:
    unknown, recorded = step("update", "later"), record("known", change_class="recorded")

    drawn = diagram(judged([unknown, step("update", "known")], [recorded]).items)

    assert '"network <b>later</b>"]:::unknown' in drawn
    assert '"network <b>known</b>"]:::quiet' in drawn
    assert "classDef unknown " in drawn


def test_a_preview_without_changes() -> None:
    shown = comment(judged())

    assert shown.startswith(f"{MARKER}\n## ✅ Networks")
    assert "**Nothing changes.**" in shown
    assert "mermaid" not in shown


FAILED = {"message": "error: Program failed with an unhandled exception: <@admin>", "severity": "error"}


def test_a_preview_that_failed_says_so_first() -> None:
    lines = comment(judged(errors=[FAILED])).splitlines()

    assert lines[1].startswith("## ⛔")
    assert lines[3] == "**The preview is incomplete because it failed. The changes are not known.**"
    assert lines[4] == (
        "- ⛔ **The preview failed:** Program failed with an unhandled exception: &lt;@&#8203;admin&gt;"
    )


def test_a_preview_that_ended_half_way_promises_nothing() -> None:
    lines = comment(judged([step("update")], [record()], [FAILED])).splitlines()

    assert lines[3] == (
        "**1 resource changes: 1 changes live. The preview is incomplete because it failed. More may change.**"
    )
    assert "**Before you approve**: nothing in this incomplete preview needs a decision." in lines


def test_errors_and_questions_that_do_not_fit_are_counted() -> None:
    errors = [{**FAILED, "urn": urn(f"lab{number}"), "message": f"error: {'x' * 500}"} for number in range(60)]
    asked = [record(f"lab{number}", operation="replace", change_class="replace") for number in range(200)]

    shown = comment(judged([], asked, errors), limit=SHORTEST)

    by_hand = r"left out here for length\. `virtnet review` on your own machine prints all with `--limit 0`\."
    errors_left = re.search(rf"^- and (\d+) more, {by_hand}$", shown, re.MULTILINE)
    questions_left = re.search(rf"^- \[ \] and (\d+) more of these, {by_hand}$", shown, re.MULTILINE)
    assert errors_left is not None
    assert questions_left is not None
    assert int(errors_left[1]) + shown.count("**The preview failed:**") == 60
    assert int(questions_left[1]) + shown.count(" is deleted and created again.") == 200


@pytest.mark.parametrize("kind", ["LibvirtNetwork", "PortForward"])
def test_what_is_refused_is_not_drawn_as_done(kind: str) -> None:
    refused = record(kind=kind, refused=True, effects=EVERY_EFFECT)

    drawn = diagram(judged([step("update", kind=kind)], [refused]).items).splitlines()

    assert [line for line in drawn if "-->" in line or ".-" in line or "0.7 s" in line] == []
    assert [line for line in drawn if ":::refused" in line] != []


def test_what_is_not_known_makes_the_comment_red_without_a_limit() -> None:
    adopted = record("lab", "create", "recorded", partly_unknown=True, may_adopt=True)

    shown = comment(judged([step("create")], [adopted])).splitlines()

    assert shown[1].startswith("## ⛔")
    assert "- ⛔ **Their cost is not known:** `lab`" in shown


def test_a_preview_without_records_says_how_to_get_them() -> None:
    assert "`VIRTNET_REVIEW=1`" in comment(judged([step("update")]))
    assert "`VIRTNET_REVIEW=1`" not in comment(judged([step("update")], [record()]))


def test_nothing_of_a_state_is_shown() -> None:
    secret = {"inputs": {"name": "hunter2", "onDelete": "hunter2"}, "outputs": {"xml": "hunter2"}}
    steps = [step("delete", "old", oldState=secret), step("update", newState=secret, oldState=secret)]

    assert "hunter2" not in comment(judged(steps, [record()], config={"kvm:password": "hunter2"}))


def fleet(number: int, names: int, lines: int, refused: int = 0) -> dict[str, Any]:
    """Records of many networks, each with as much as is asked for."""
    made = []
    for place in range(number):
        name = f"network-of-customer-{place:03}"
        guests = [f"guest-{place}-{guest}" for guest in range(names)]
        notes = [{"kind": "NOTE", "sentence": f"note {line} of {name}, " + "x" * 80} for line in range(lines)]
        effects = [
            effect("interrupted", *guests, seconds=0.7, together=True),
            effect("renumbered", before=[f"10.{place}.0.0/24"], after=[f"10.{place}.1.0/24"], paths=[]),
        ]
        changes = [change(f"ips[10.{place}.{line}.1/24].dhcp.hosts[52:54:00:00:00:01]", "x" * 60) for line in range(8)]
        is_refused = place < refused
        told: dict[str, Any] = {"effects": effects, "notes": notes, "changes": changes}
        told |= {"refusals": [refusal("no " * 40, "do " * 40)]} if is_refused else {}
        made.append(record(name, change_class="restart", refused=is_refused, **told))
    return {"steps": [step("update", one["plan"]["name"]) for one in made], "records": made}


@pytest.mark.parametrize(("names", "lines", "refused"), [(0, 0, 0), (12, 6, 0), (60, 40, 200)])
def test_two_hundred_networks_fit_and_say_what_was_left_out(names: int, lines: int, refused: int) -> None:
    given = fleet(200, names, lines, refused)

    shown = comment(judged(given["steps"], given["records"]))

    rows = shown.count("\n| ⛔ |" if refused else "\n| 🟠 |")
    assert length(shown) < LONGEST
    assert rows == 200 or "*Left out here for length: " in shown
    assert rows > 60
    if lines:
        assert " more" in shown
        # A resource is told of, or counted among those that are not, which are those that cost least.
        told = sum(f"\nnetwork network-of-customer-{place:03} on" in shown for place in range(200))
        silent = re.search(r"… (\d+) resources more, left out for length", shown)
        assert told + (int(silent[1]) if silent else 0) == 200
        assert told > 20


def test_without_a_limit_nothing_is_left_out() -> None:
    given = fleet(200, 12, 6)

    shown = comment(judged(given["steps"], given["records"]), limit=0)

    assert "left out" not in shown
    assert all(f"note 5 of network-of-customer-{place:03}" in shown for place in range(200))


@settings(max_examples=12, deadline=None)
@given(
    number=st.integers(0, 30),
    names=st.integers(0, 40),
    lines=st.integers(0, 30),
    limit=st.integers(SHORTEST, 70_000),
)
def test_a_comment_keeps_to_its_limit(number: int, names: int, lines: int, limit: int) -> None:
    given = fleet(number, names, lines, number // 3)

    assert length(comment(judged(given["steps"], given["records"]), limit=limit)) <= limit
