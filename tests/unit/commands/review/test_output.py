"""The JSON of a review: the same verdict as the comment's, with all that it tells as values."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.commands.review.digests import DATA, effect, judged, record, refusal, step, urn

from virtnet import cli
from virtnet.commands.review.output import as_json
from virtnet.commands.review.records import Outcome


@pytest.mark.parametrize("form", ["dynamic", "native"])
def test_a_real_preview_as_values(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["review", str(DATA / f"{form}.json"), "--json", "--at-most", "live", "--commit", "4f1c2ab"])

    told = json.loads(capsys.readouterr().out)
    resources = {one["name"]: one for one in told["resources"] if one["name"]}
    assert (code, told["exit_code"], told["outcome"], told["complete"]) == (4, 4, "delete", True)
    assert (told["at_most"], told["commit"], told["stacks"]) == ("live", "4f1c2ab", ["test"])
    assert [name for name, one in resources.items() if one["refused"]] == ["lab"]
    assert sorted(name for name, one in resources.items() if one["above_limit"]) == ["db", "legacy", "mgmt"]
    (refused,) = resources["lab"]["plans"][0]["refusals"]
    assert refused["kind"] == "OVERLAPS_NETWORK"
    subnets = {
        "after": ["10.20.0.0/24"],
        "before": ["10.2.0.0/24"],
        "paths": ["ips[10.2.0.1/24]", "ips[10.20.0.1/24]"],
    }
    moved = [one for one in resources["db"]["effects"] if one["kind"] == "renumbered"]
    assert moved == [{"kind": "renumbered", "who": [], "details": subnets}]
    assert [one["path"] for one in resources["mgmt"]["changes"]] == ["forward.mode"]


def told(*given: Any, at_most: Outcome | None = None) -> Any:
    return json.loads(as_json(judged(*given), at_most=at_most))


def test_what_is_not_known_is_told_as_that() -> None:
    adopted = record("lab", "create", "recorded", partly_unknown=True, may_adopt=True)

    found = told([step("create")], [adopted], at_most=Outcome.DELETE)

    (one,) = found["resources"]
    assert (found["exit_code"], found["outcome"]) == (3, "unknown")
    assert (one["outcome"], one["known"], one["above_limit"]) == ("unknown", False, True)
    assert one["plans"][0]["may_adopt"]


def test_what_is_refused_has_no_effects() -> None:
    disconnected = effect("disconnected", "db1")
    refused = record(refused=True, refusals=[refusal("db1 is attached")], effects=[disconnected])

    assert told([step("update")], [refused])["resources"][0]["effects"] == []
    assert told([step("update")], [record(effects=[disconnected])])["resources"][0]["effects"] == [disconnected]


def test_a_preview_that_failed_is_not_complete() -> None:
    error = {"urn": urn("lab"), "message": "error: mtu: must be at least 68", "severity": "error"}

    found = told([], [], [error])

    assert (found["exit_code"], found["complete"], found["resources"]) == (4, False, [])
    assert found["errors"] == [{"urn": urn("lab"), "text": "mtu: must be at least 68"}]


def test_json_has_no_limit(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["review", str(Path(DATA, "native.json")), "--json", "--limit", "9000"])

    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_the_limits_are_the_outcomes_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["review", "--help"])

    words = " ".join(capsys.readouterr().out.split())
    known = [outcome.name.lower() for outcome in Outcome if outcome is not Outcome.UNKNOWN]
    assert f"costs more than this: {', '.join(known)}, in this order" in words
