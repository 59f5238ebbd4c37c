"""Everything that inputs alone prove wrong, as a table; and that what is right or unknown passes."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import networks

from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.checks.whole import Judged, judged, taken_as_found
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.spec.part import UNKNOWN

DATA = Path(__file__).parents[1] / "data"
BAD = json.loads((DATA / "bad_networks.json").read_text())
GOOD = json.loads((DATA / "good_networks.json").read_text())


def check(inputs: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """The canonical inputs, and the failures as the table has them: path, kind, details, and a suggestion if any."""
    canonical, failures = NETWORK.check({"uri": "qemu:///system", "name": "lab", **inputs}, {})
    return canonical, [
        (failure.path, failure.kind.value, failure.details, *([failure.suggestion] if failure.suggestion else []))
        for failure in failures
    ]


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["case"])
def test_what_is_wrong_is_said_with_its_path_and_fix(row: dict[str, Any]) -> None:
    _, failures = check(row["inputs"])

    assert failures == [tuple(failure) for failure in row["failures"]]


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["case"])
def test_what_is_right_passes(row: dict[str, Any]) -> None:
    _, failures = check(row["inputs"])

    assert failures == []


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["case"])
def test_what_works_and_is_hardly_meant_is_a_doubt(row: dict[str, Any]) -> None:
    inputs = {name: value for name, value in row["inputs"].items() if name not in ("uri", "adopt", "on_delete")}

    found = judged(network_tree({"name": "lab", **check(inputs)[0]}))

    doubts = [[failure.path, failure.kind.value, failure.details] for failure in found.doubtful]
    assert (found.refused, doubts) == ((), row.get("doubts", []))


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_unknown(inputs: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """A copy of the inputs with the value in one place unknown."""
    changed = holder = copy.deepcopy(inputs)
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = UNKNOWN
    return changed


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["case"])
def test_an_unknown_value_in_any_place_of_what_is_right_passes(row: dict[str, Any]) -> None:
    refused = {path: check(with_unknown(row["inputs"], path))[1] for path in places(row["inputs"])}

    assert {path: failures for path, failures in refused.items() if failures} == {}


@given(networks(), st.data())
def test_an_unknown_value_at_any_depth_is_no_failure(inputs: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(places(inputs))))

    _, failures = check(with_unknown(inputs, path))

    assert failures == []


@pytest.mark.parametrize(
    "inputs",
    [
        {"domain": {"name": "lab.test", "local_only": UNKNOWN, "register": True}},
        {"forward": {"mode": "private", "dev": "eth0", "interfaces": [UNKNOWN]}},
        {"forward": {"mode": "private", "dev": "eth0", "interfaces": [{"dev": UNKNOWN}]}},
        {"virtual_port": {"type": UNKNOWN}},
        {"metadata": {"urn:x": UNKNOWN}},
        {"forward": {"mode": "hostdev", "addresses": [{"bus": UNKNOWN, "slot": 0, "function": 0}, UNKNOWN]}},
        {"routes": [{"address": "10.60.0.0/16", "gateway": "10.9.0.2"}], "ips": [UNKNOWN]},
        {"routes": [{"address": "10.60.0.0/16", "gateway": "10.9.0.2"}], "ips": [{"address": UNKNOWN}]},
    ],
)
def test_what_an_unknown_value_may_make_right_is_not_refused(inputs: dict[str, Any]) -> None:
    _, failures = check(inputs)

    assert failures == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"forward": {}}, {"forward": {"mode": "nat"}}),
        ({"forward": {"mode": "nat", "dev": "eth0"}}, {"forward": {"mode": "nat", "interfaces": [{"dev": "eth0"}]}}),
        ({"mac": "52:54:0:AB:2:9"}, {"mac": "52:54:00:ab:02:09"}),
        ({"ips": [{"address": "FD00:0:0::1/64"}]}, {"ips": [{"address": "fd00::1/64"}]}),
        ({"portIsolated": True}, {"port_isolated": True}),
        ({"title": None}, {}),
        (
            {
                "ips": [
                    {
                        "address": "10.0.1.1/24",
                        "dhcp": {"hosts": [{"name": "a", "lease": {"expiry": 0, "unit": "hours"}}]},
                    }
                ]
            },
            {"ips": [{"address": "10.0.1.1/24", "dhcp": {"hosts": [{"name": "a", "lease": {"expiry": 0}}]}}]},
        ),
        (
            {"metadata": {"urn:x": "<x:a xmlns:x='urn:x'  b='1'/>"}},
            {"metadata": {"urn:x": '<x:a xmlns:x="urn:x" b="1"></x:a>'}},
        ),
    ],
)
def test_equal_meanings_have_one_form(one: dict[str, Any], other: dict[str, Any]) -> None:
    subnet = {"ips": [{"address": "10.0.1.1/24"}]}

    assert check({**subnet, **one}) == check({**subnet, **other})


FOUND = {
    "name": "lab",
    "uuid": "6f1c2a3e-0000-4000-8000-00000012ab34",
    "forward": {"mode": "nat"},
    "bridge": {"name": "virbr9"},
    "ips": [{"address": "10.9.0.1/24", "dhcp": {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.8.0.9"}]}}],
}


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({"forward": {"mode": "nat"}}, id="ips"),
        pytest.param({"forward": {"mode": "bridge"}}, id="the host's bridge"),
        pytest.param({"forward": {"mode": "hostdev"}}, id="devices"),
        pytest.param({"routes": [{"address": "10.60.0.0/16", "gateway": "10.9.0.2"}]}, id="what a gateway is in"),
        pytest.param({"ips": [{"address": "10.9.0.1/24", "dhcp": {"bootp": {"file": "a"}}}]}, id="ranges for bootp"),
        pytest.param({"bridge": {"name": "br0"}, "vlan": {"tags": [{"id": 5}]}}, id="the forward mode"),
        pytest.param({"domain": {"name": "a.test", "register": True}}, id="whether a domain is local"),
    ],
)
def test_what_is_left_out_of_a_network_to_adopt_may_be_there(inputs: dict[str, Any]) -> None:
    assert check({**inputs, "adopt": True})[1] == []
    assert check({**inputs, "adopt": UNKNOWN})[1] == []
    assert [kind for _, kind, _ in check({**inputs, "adopt": False})[1]] != []


@pytest.mark.parametrize("file", ["#pxe", "pxe#1", "pxe linux"])
def test_a_boot_file_may_be_what_dnsmasq_reads_whole(file: str) -> None:
    dhcp = {"ranges": [{"start": "10.9.0.2", "end": "10.9.0.9"}], "bootp": {"file": file}}

    assert check({"ips": [{"address": "10.9.0.1/24", "dhcp": dhcp}]})[1] == []


def test_what_was_found_and_stays_is_no_contradiction_of_the_change() -> None:
    changed = {**FOUND, "mtu": 1400, "ips": [{"address": "10.0.0.1/24"}, *FOUND["ips"]]}

    assert judged(network_tree(changed), network_tree(FOUND)) == Judged()
    assert [failure.path for failure in taken_as_found(network_tree(changed), network_tree(FOUND))] == [
        "ips[0].dhcp.hosts[0].ip"
    ]


def test_what_a_change_contradicts_is_told_apart_by_whether_it_works() -> None:
    changed = {**FOUND, "ips": [], "routes": [{"address": "10.9.0.0/25", "gateway": "10.9.0.2"}]}
    own = {**FOUND, "routes": [{"address": "10.9.0.0/25", "gateway": "10.9.0.2"}]}

    refused = judged(network_tree(changed), network_tree(FOUND)).refused

    assert [failure.kind for failure in refused] == [NetworkFailure.GATEWAY_ELSEWHERE, NetworkFailure.NEEDS_ADDRESS]
    assert [failure.kind for failure in judged(network_tree(own), network_tree(FOUND)).doubtful] == [
        NetworkFailure.ROUTE_NOT_NEEDED
    ]
