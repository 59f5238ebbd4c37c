"""Values on their way between the engine and the plugin: unknowns, secrets and outputs at any depth."""

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from virtnet.plugin.struct import OUTPUT, RESOURCE, SECRET, SIGNATURE, UNKNOWN_TEXT, received, sendable
from virtnet.spec.part import UNKNOWN
from virtnet.spec.text import redact


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def output(**fields: Any) -> dict[str, Any]:
    return {SIGNATURE: OUTPUT, **fields}


def plain(message: struct_pb2.Struct) -> Any:
    return json_format.MessageToDict(message)


def test_the_signatures_are_those_of_pulumis_own_sdk() -> None:
    assert (rpc._special_sig_key, rpc.UNKNOWN) == (SIGNATURE, UNKNOWN_TEXT)
    assert (
        rpc._special_secret_sig,
        rpc._special_output_value_sig,
        rpc._special_resource_sig,
    ) == (SECRET, OUTPUT, RESOURCE)


@pytest.mark.parametrize(
    ("sent", "value", "places"),
    [
        (UNKNOWN_TEXT, UNKNOWN, set()),
        ([1.0, {"b": UNKNOWN_TEXT}], [1.0, {"b": UNKNOWN}], set()),
        (secret("hunter2"), "hunter2", {("a",)}),
        (secret(UNKNOWN_TEXT), UNKNOWN, {("a",)}),
        ({"b": [{"c": secret("hunter2")}, {"c": "open"}]}, {"b": [{"c": "hunter2"}, {"c": "open"}]}, {("a", "b", "c")}),
        (output(), UNKNOWN, set()),
        (output(secret=True), UNKNOWN, {("a",)}),
        (output(value={"b": secret("hunter2")}), {"b": "hunter2"}, {("a", "b")}),
        (output(value=[output(value="x", secret=True)], dependencies=["urn"]), ["x"], {("a",)}),
        ({SIGNATURE: RESOURCE, "urn": "urn:x", "id": "id-1"}, "id-1", set()),
        ({SIGNATURE: RESOURCE, "urn": "urn:x", "id": ""}, UNKNOWN, set()),
        ({SIGNATURE: RESOURCE, "urn": "urn:x"}, "urn:x", set()),
        (None, None, set()),
    ],
)
def test_what_arrives(sent: Any, value: Any, places: set[tuple[str, ...]]) -> None:
    taken = received(struct({"a": sent}))

    assert taken.values == {"a": value}
    assert taken.secret == places


def test_a_secret_goes_back_as_one_with_all_of_the_same_place_in_other_items() -> None:
    taken = received(struct({"txts": [{"name": "a", "value": secret("hunter2")}, {"name": "b", "value": "open"}]}))

    sent = sendable(taken.values, taken.secret)

    assert plain(sent) == {
        "txts": [{"name": "a", "value": secret("hunter2")}, {"name": "b", "value": secret("open")}],
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": secret(1.0)}}}),
        ({"a": {"b": {"d": 1}}}, {"a": {"b": secret({"d": 1.0})}}),
        ({"a": {"e": [1]}}, {"a": secret({"e": [1.0]})}),
        ({"a": UNKNOWN}, {"a": secret(UNKNOWN_TEXT)}),
        ({"a": {"b": []}}, {"a": {"b": secret([])}}),
        ({"a": {"b": [{"c": 1}, {"d": 2}]}}, {"a": {"b": [{"c": secret(1.0)}, {"d": 2.0}]}}),
    ],
)
def test_a_secret_whose_place_is_gone_covers_what_is_left_of_the_way(values: Any, expected: Any) -> None:
    assert plain(sendable(values, [("a", "b", "c")])) == expected


def test_no_sentence_repeats_a_secret() -> None:
    taken = received(struct({"a": secret({"key": "hunter2", "n": "abc"}), "b": "plain"}))

    assert taken.hidden == {"hunter2"}
    assert redact("'hunter2' is plain, and abc too short to hide", taken.hidden) == (
        "'[secret]' is plain, and abc too short to hide"
    )


def test_a_secret_inside_a_longer_one_uncovers_nothing() -> None:
    assert redact("it is hunter2000", {"hunter2", "hunter2000"}) == "it is [secret]"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
MESSAGES = st.dictionaries(st.sampled_from("abc"), VALUES)
PLACES = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple), max_size=3)


@given(MESSAGES, PLACES)
def test_what_is_sent_arrives_as_it_was_whatever_is_secret(values: dict[str, Any], places: list[Any]) -> None:
    there = [place for place in places if place[0] in values]

    taken = received(sendable(values, there))

    assert taken.values == values
    # Each place is covered, by itself or by something around it (empty lists and groups apart, which hold nothing).
    for place in there:
        assert any(place[: len(covered)] == covered for covered in taken.secret)
