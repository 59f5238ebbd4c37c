"""What is read of Pulumi's output, and that nothing else is."""

import json
from typing import Any

import pytest
from tests.unit.commands.review.digests import DATA, STACK, printed, record, step, urn

from virtnet import dynamic
from virtnet.commands.review import digest
from virtnet.commands.review.digest import Trouble
from virtnet.errors import InvalidInputs
from virtnet.planning.preview.record import PREFIX


@pytest.mark.parametrize("form", ["dynamic", "native"])
def test_a_real_preview_is_read_with_a_record_of_each_resource_but_the_deleted(form: str) -> None:
    found = digest.read((DATA / f"{form}.json").read_text())

    named = {digest.parts(entry.urn).name: entry.op for entry in found.steps}
    told = {digest.parts(one.urn).name: one.operation for one in found.records}
    assert named == {
        **dict.fromkeys(("db", "mgmt", "web", "drifty", "fwd", "site"), "update"),
        **dict.fromkeys(("lab", "fresh"), "create"),
        "legacy": "delete",
    }
    assert told == {name: op for name, op in named.items() if op != "delete"}
    assert [digest.parts(error.urn).name for error in found.errors] == ["lab"]
    assert found.same == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "printed nothing"),
        ("error: no stack selected", "Invalid JSON"),
        ("[]", "should be an object"),
        ("{}", "no duration, changeSummary or diagnostics"),
        ('{"steps": [{"op": "update"}], "duration": 1}', "steps.0.urn"),
        ('{"steps": [{"op": 3, "urn": "u"}], "duration": 1}', "steps.0.op"),
        ('{"steps": [{"op": "update", "urn": "urn:other"}], "duration": 1}', "'urn:other' isn't a URN"),
        ('{"changeSummary": {"same": "two"}}', "changeSummary.same"),
    ],
)
def test_what_is_no_preview_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInputs) as refused:
        digest.read(text)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"format": 1},
        {"format": 3},
        {"operation": "destroy"},
        {"more": 1},
        {"refused": "no"},
        {"at": "yesterday"},
        {"plan": {}},
        {"plan": {**record()["plan"], "class": "harmless"}},
        {"plan": {**record()["plan"], "effects": [{"kind": "unheard-of", "who": [], "details": {}}]}},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_a_record_that_this_version_does_not_know_is_no_line_to_pass_over(spoilt: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputs, match="a record of the preview can't be read"):
        digest.read(printed(records=[{**record(), **spoilt}]))


def test_a_cut_record_is_no_line_to_pass_over() -> None:
    diagnostic = {"urn": urn("lab"), "message": f"{PREFIX}{json.dumps(record())[:100]}", "severity": "info"}

    with pytest.raises(InvalidInputs, match="a record of the preview can't be read"):
        digest.read(printed(errors=[diagnostic]))


def test_what_a_refresh_found_is_told_from_what_is_to_be_done() -> None:
    steps = [
        {"op": "refresh", "urn": STACK},
        step("refresh", "web"),
        step("update", "db", detailedDiff={"autostart": {"kind": "update", "inputDiff": False}}),
        {"op": "same", "urn": STACK},
        step("update", "db", detailedDiff={"mtu": {"kind": "update", "inputDiff": True}}),
    ]

    found = digest.read(printed(steps))

    assert [(one.urn, one.paths) for one in found.steps] == [(urn("db"), (("mtu", "update"),))]


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"onDelete": "disconnect"}, "disconnect"),
        ({}, None),
        ({"onDelete": "[secret]"}, None),
        ({"onDelete": {"4dabf18193072939515e22adb298388d": "x"}}, None),
        ({"onDelete": "<b>hunter2</b>"}, None),
        ({"onDelete": "keep", "__secret": [["onDelete"]]}, None),
        ({"onDelete": "keep", "__secret": [["mtu"]]}, "keep"),
    ],
)
def test_of_a_state_no_more_is_taken_than_a_word_that_cannot_be_secret(inputs: dict[str, Any], told: object) -> None:
    found = digest.read(printed([step("delete", oldState={"inputs": inputs})]))

    assert found.steps[0].on_delete == told


ADOPTED = {"adoptedFrom": "[secret]"}


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        ({"adopt": True}, ADOPTED, "restore"),
        # It stays as adopted when the program no longer says so.
        ({}, ADOPTED, "restore"),
        ({"adopt": True, "onDelete": "restore"}, ADOPTED, "restore"),
        ({"adopt": True, "onDelete": "disconnect"}, ADOPTED, "disconnect"),
        # There was none to adopt, so it was created: a native plugin's state has the output then, the other form's not.
        ({"adopt": True}, {"adoptedFrom": None}, None),
        ({"adopt": True}, {}, None),
        ({"adopt": True, "onDelete": "restore"}, {}, None),
        ({"adopt": True, "__secret": [["adopt"]]}, ADOPTED, None),
        ({"adopt": "[secret]"}, ADOPTED, None),
        ({"adopt": True, "onDelete": "refuse", "__secret": [["onDelete"]]}, ADOPTED, None),
        ({"adopt": True, "onDelete": "[secret]"}, ADOPTED, None),
    ],
)
def test_what_was_adopted_is_restored(inputs: dict[str, Any], outputs: dict[str, Any], told: object) -> None:
    found = digest.read(printed([step("delete", oldState={"inputs": inputs, "outputs": outputs})]))

    assert found.steps[0].on_delete == told


@pytest.mark.parametrize("kind", ["LibvirtNetwork", "HostForwarding", "PortForward"])
def test_what_pulumi_retains_is_no_matter_of_on_delete(kind: str) -> None:
    state = {"inputs": {"onDelete": "disconnect"}, "retainOnDelete": True}

    found = digest.read(printed([step("delete", kind=kind, oldState=state)]))

    assert found.steps[0].on_delete == digest.RETAIN


def test_a_forwarding_keeps_its_word() -> None:
    inputs = {"onDelete": "restore", "__secret": [["adopt"]]}

    found = digest.read(printed([step("delete", kind="HostForwarding", oldState={"inputs": inputs})]))

    assert found.steps[0].on_delete == "restore"


def test_the_places_of_secrets_are_where_the_sdk_says() -> None:
    assert digest.PLACES_OF_SECRETS == dynamic.PLACES


def test_errors_are_kept_with_their_resource() -> None:
    error = {"urn": urn("lab"), "message": "error: ips[0].address: no\n", "severity": "error"}

    assert digest.read(printed(errors=[error])).errors == (Trouble(urn("lab"), "ips[0].address: no"),)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("virtnet:index:PortForward", "PortForward"),
        ("pulumi-python:dynamic/virtnet:LibvirtNetwork", "LibvirtNetwork"),
        ("my:index:Host$virtnet:index:LibvirtNetwork", "LibvirtNetwork"),
        ("pulumi-python:dynamic/other:LibvirtNetwork", None),
        ("aws:s3/bucket:Bucket", None),
    ],
)
def test_whose_a_resource_is(kind: str, told: str | None) -> None:
    assert digest.kind_of(f"urn:pulumi:prod::kvm::{kind}::a::b") == told
