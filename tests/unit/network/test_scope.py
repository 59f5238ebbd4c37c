"""How much is looked at before planning, by what is desired and recorded."""

from typing import Any

import pytest

from virtnet.network.diff import needs
from virtnet.network.observe.scope import Scope, Start
from virtnet.spec.part import UNKNOWN

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
LAB: dict[str, Any] = {
    "name": "lab",
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.9.0.1/24"}, {"address": "fd00:9::1/64"}],
    "active": True,
    "autostart": True,
}
MADE: dict[str, Any] = {**LAB, "uuid": UUID, "bridge": {"name": "br-lab"}, "persistent": True, "problems": []}


@pytest.mark.parametrize(
    ("desired", "recorded", "start"),
    [
        ({}, MADE, Start.NEVER),
        (LAB, {}, Start.PLANNED),
        (MADE, MADE, Start.IF_AMISS),
        ({**MADE, "dns": {"txts": [{"name": "a", "value": "b"}]}}, MADE, Start.IF_AMISS),
        ({**MADE, "mtu": 1400}, MADE, Start.PLANNED),
        ({**MADE, "mtu": UNKNOWN}, MADE, Start.PLANNED),
        (MADE, {**MADE, "problems": [{"kind": "bridge-down", "details": {}}]}, Start.PLANNED),
        (MADE, {**MADE, "problems": ["a sentence"]}, Start.PLANNED),
        (None, MADE, Start.NEVER),
        (None, {**MADE, "adopted_from": {"xml": "<network/>"}}, Start.PLANNED),
    ],
)
def test_the_host_is_looked_at_where_the_network_may_be_started(desired: Any, recorded: Any, start: Start) -> None:
    assert needs(desired, recorded).start is start


def test_a_network_is_known_by_its_uuid_and_a_new_one_by_its_name() -> None:
    assert (needs({}, MADE).uuid, needs(LAB, {}).uuid, needs(LAB, {}).name) == (UUID, "", "lab")


def test_rules_are_looked_for_once_the_network_was_recorded_whole() -> None:
    recorded = {**MADE, "host_uuid": "host"}
    of_a_host_without_uuid = {**MADE, "host_uuid": ""}

    checks = [needs({}, one).checks_firewall for one in (MADE, recorded, of_a_host_without_uuid)]

    assert checks == [False, True, True]


@pytest.mark.parametrize(
    ("desired", "versions"),
    [
        (LAB, {4, 6}),
        ({**LAB, "ips": LAB["ips"][:1]}, {4}),
        ({**LAB, "ips": []}, set()),
        ({**LAB, "ips": UNKNOWN}, None),
        ({**LAB, "forward": {"mode": "bridge"}}, None),
    ],
)
def test_a_new_network_with_its_own_bridge_needs_less_of_the_host(desired: Any, versions: set[int] | None) -> None:
    assert needs(desired, {}).ip_versions == versions


def test_the_bridges_of_both_are_looked_at() -> None:
    assert needs({**LAB, "bridge": {"name": "br-new"}}, MADE).bridges == {"br-new", "br-lab"}
    assert needs({**LAB, "bridge": {"name": UNKNOWN}}, {}).bridges == frozenset()


@pytest.mark.parametrize(
    ("inputs", "prefetches"),
    [({}, True), ({"adopt": True}, False), ({"active": False}, False), ({"forward": {"mode": "bridge"}}, False)],
)
def test_only_what_a_new_network_needs_is_asked_ahead(inputs: dict[str, Any], prefetches: bool) -> None:
    assert needs({**LAB, **inputs}, {}).prefetches is prefetches


@pytest.mark.parametrize(("on_delete", "disconnects"), [("refuse", False), ("disconnect", True), (None, False)])
def test_a_delete_looks_at_what_it_may_cut_off(on_delete: str | None, disconnects: bool) -> None:
    scope = needs(None, {**MADE, "on_delete": on_delete})

    assert (scope.deletes, scope.disconnects) == (True, disconnects)
    assert not needs(MADE, {**MADE, "on_delete": on_delete}).disconnects


def test_reading_alone_looks_at_the_network_only() -> None:
    assert needs({}, {"uuid": UUID}) == Scope(uuid=UUID)
