"""Trees on Pulumi's wire and back: camelCase and floats there, snake_case and whole numbers here."""

from typing import Any

import pytest
from hypothesis import given
from tests.unit.strategies import networks

from virtnet.forwarding.spec import ForwardingOutputs, HostForwardingSpec
from virtnet.network.outputs import NetworkOutputs
from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import UNKNOWN
from virtnet.spec.properties import from_properties, to_properties


def as_floats(value: Any) -> Any:
    """Every whole number as Pulumi's protocol has it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict):
        return {name: as_floats(item) for name, item in value.items()}
    return [as_floats(item) for item in value] if isinstance(value, list) else value


@given(networks())
def test_what_travels_comes_back(tree: dict[str, Any]) -> None:
    assert from_properties(NetworkSpec, as_floats(to_properties(NetworkSpec, tree))) == tree


@pytest.mark.parametrize(
    ("tree", "property_map"),
    [
        ({"port_isolated": True}, {"portIsolated": True}),
        ({"bridge": {"mac_table_manager": "kernel"}}, {"bridge": {"macTableManager": "kernel"}}),
        ({"ips": [{"local_ptr": True}]}, {"ips": [{"localPtr": True}]}),
        (
            {"port_groups": [{"name": "a", "vlan": {"tags": [{"id": 5, "native_mode": "tagged"}]}}]},
            {"portGroups": [{"name": "a", "vlan": {"tags": [{"id": 5, "nativeMode": "tagged"}]}}]},
        ),
        ({"metadata": {"urn:my_app": "<my_tag/>"}}, {"metadata": {"urn:my_app": "<my_tag/>"}}),
        ({"__owner": "p/s/r", "host_uuid": "1"}, {"__owner": "p/s/r", "hostUuid": "1"}),
        (
            {"adopted_from": {"xml": "<network/>", "active": True}},
            {"adoptedFrom": {"xml": "<network/>", "active": True}},
        ),
        ({"ips": UNKNOWN, "mtu": UNKNOWN}, {"ips": UNKNOWN, "mtu": UNKNOWN}),
        ({"ips": [UNKNOWN], "dns": {"hosts": [UNKNOWN]}}, {"ips": [UNKNOWN], "dns": {"hosts": [UNKNOWN]}}),
        ({"forward": UNKNOWN}, {"forward": UNKNOWN}),
        ({"ips": [], "dns": {}}, {"ips": [], "dns": {}}),
    ],
)
def test_both_spellings(tree: dict[str, Any], property_map: dict[str, Any]) -> None:
    assert to_properties(NetworkSpec, tree, NetworkOutputs) == property_map
    assert from_properties(NetworkSpec, property_map, NetworkOutputs) == tree


def test_names_of_interfaces_and_kernel_parameters_are_data() -> None:
    tree = {
        "interfaces": {"my_if.100": {"ipv4": True}, "eth0": UNKNOWN},
        "preserve_router_advertisements": True,
        "runtime": {"net/ipv4/ip_forward": "1"},
    }

    property_map = to_properties(HostForwardingSpec, tree, ForwardingOutputs)

    assert property_map["interfaces"] == tree["interfaces"]
    assert property_map["preserveRouterAdvertisements"] is True
    assert property_map["runtime"] == tree["runtime"]
    assert from_properties(HostForwardingSpec, property_map, ForwardingOutputs) == tree


@pytest.mark.parametrize(
    ("property_map", "tree"),
    [
        ({"mtu": 1400.0}, {"mtu": 1400}),
        ({"mtu": 1400.5}, {"mtu": 1400.5}),
        ({"mtu": float("inf")}, {"mtu": float("inf")}),
        ({"vlan": {"tags": [{"id": 5.0}]}}, {"vlan": {"tags": [{"id": 5}]}}),
        ({"autostart": True}, {"autostart": True}),
        ({"port_isolated": True}, {"port_isolated": True}),
    ],
)
def test_numbers_and_pythons_own_spelling(property_map: dict[str, Any], tree: dict[str, Any]) -> None:
    assert from_properties(NetworkSpec, property_map) == tree


@pytest.mark.parametrize(
    "given_by_a_program",
    [
        {"forward": "nat"},
        {"forward": [1]},
        {"ips": {"address": "10.0.0.1/24"}},
        {"ips": ["10.0.0.1/24", 7]},
        {"metadata": ["<x/>"]},
        {"ips": [{"adress": "10.0.0.1/24", "localPointer": True}]},
        {"bridge": {"xYz": {"aB": 1}}},
        {"forward": None},
    ],
)
def test_what_is_wrong_is_left_for_check_to_name(given_by_a_program: dict[str, Any]) -> None:
    assert from_properties(NetworkSpec, given_by_a_program) == given_by_a_program
