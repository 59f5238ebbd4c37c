"""What is told of an unchanged port forward at a glance is what check and diff say of it at length."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.port_forward.hosts import applied, at, checked, forwarding_host
from tests.unit.port_forward.test_laws import INPUTS

from virtnet.planning import lifecycle
from virtnet.plugin.struct import as_read, as_sent
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.unchanged import FOUND, checks_as_recorded, stands_as_recorded

URI = "qemu:///system"
WRONG = {"kind": "rules-missing", "details": {}}


def travelled(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree as it comes back from Pulumi: every number a float."""
    found: dict[str, Any] = json.loads(json.dumps(PORT_FORWARD.to_properties(tree)), parse_int=float)
    return found


def message(values: Mapping[str, Any]) -> Any:
    made = struct_pb2.Struct()
    made.update(values)
    return made.fields


def stands(outputs: Mapping[str, Any], desired: Mapping[str, Any]) -> bool:
    """The answer for plain values, which is that for protobuf's."""
    answer = stands_as_recorded(outputs, desired)
    assert stands_as_recorded(message(outputs), message(desired), as_sent, as_read) is answer
    return answer


def checks(recorded: Mapping[str, Any], given: Mapping[str, Any], uri: str = URI) -> bool:
    """The same of a check."""
    answer = checks_as_recorded(recorded, given, uri)
    assert checks_as_recorded(message(recorded), message(given), uri, as_sent) is answer
    return answer


@given(INPUTS)
def test_what_is_as_declared_stands(desired: dict[str, Any]) -> None:
    outputs, inputs = travelled(applied(at(forwarding_host()), desired)), travelled(desired)

    assert checks(inputs, {**inputs, "__run": {"name": "web"}})
    assert stands(outputs, inputs)


@given(INPUTS, INPUTS, st.booleans())
def test_a_glance_is_what_check_and_diff_say(before: dict[str, Any], desired: dict[str, Any], is_wrong: bool) -> None:
    recorded = applied(at(forwarding_host()), before) | ({"problems": [WRONG]} if is_wrong else {})
    found = lifecycle.diff(PORT_FORWARD, recorded, desired, lambda uri: pytest.fail(f"{uri} was asked"))

    if stands(travelled(recorded), travelled(desired)):
        assert found == lifecycle.Diff(())
    if checks(travelled(before), travelled(desired)):
        assert PORT_FORWARD.check(desired, before) == (before, [])


@pytest.mark.parametrize(
    "found",
    [
        {"problems": [WRONG]},
        {"problems": None},
        {"description": "the shop"},
        {"allowSsh": True},
        {"adopt": 1.0},
        {"listenAddress": "198.51.100.1"},
        {"__owner": "project/stack/other"},
        {"__secret": [["sources"]]},
    ],
    ids=lambda found: next(iter(found)),
)
def test_what_a_refresh_found_is_looked_at(found: dict[str, Any]) -> None:
    outputs, desired = travelled(applied(at(forwarding_host()), checked())), travelled(checked())
    assert stands(outputs, desired)

    assert not stands({**outputs, **found}, desired)


@pytest.mark.parametrize(
    "given",
    [{"uri": "qemu+ssh://root@host/system"}, {"sources": ["10.0.0.0/8"]}, {"ports": []}, {"__owner": None}],
    ids=lambda given: next(iter(given)),
)
def test_what_is_given_otherwise_is_checked(given: dict[str, Any]) -> None:
    recorded = travelled(checked())
    assert checks(recorded, recorded)

    assert not checks(recorded, {**recorded, **given})


def test_a_moved_default_uri_is_a_change() -> None:
    recorded = travelled(checked())
    without_uri = {key: value for key, value in recorded.items() if key != "uri"}

    assert checks(recorded, without_uri)
    assert not checks(recorded, without_uri, "qemu+ssh://root@host/system")


def test_the_words_are_those_of_the_outputs() -> None:
    assert {key for name in PORT_FORWARD.computed for key in PORT_FORWARD.to_properties({name: None})} == FOUND
