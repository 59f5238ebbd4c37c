"""The detailed diff: our paths, with list items by their keys, in Pulumi's spelling."""

from typing import Any

import pytest
from hypothesis import given
from tests.unit.strategies import networks, whole_networks

from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.diff import recorded_changes
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree_with_unknowns
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.property_paths import at, detailed, named, spelled, top
from virtnet.spec.part import UNKNOWN
from virtnet.spec.paths import in_camel_case

LAB = {"uri": "qemu:///system", "name": "lab", "autostart": True, "active": True}


def diff(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    recorded, desired = {**LAB, **before}, {**LAB, **after}
    return {**detailed(NetworkSpec, recorded_changes(network_tree_with_unknowns(desired), recorded), recorded, desired)}


def ips(*hosts: dict[str, str]) -> dict[str, Any]:
    return {"ips": [{"address": "fd00::1/64"}, {"address": "10.9.0.1/24", "dhcp": {"hosts": list(hosts)}}]}


ONE = {"mac": "52:54:00:00:00:01", "ip": "10.9.0.11"}
TWO = {"mac": "52:54:00:00:00:02", "ip": "10.9.0.12"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"mtu": 1400}, {"mtu": "ADD"}),
        ({"mtu": 1400}, {}, {"mtu": "DELETE"}),
        ({"mtu": 1400}, {"mtu": 1450}, {"mtu": "UPDATE"}),
        ({"mtu": 1400}, {"mtu": UNKNOWN}, {"mtu": "UPDATE"}),
        ({}, {"name": "other"}, {"name": "UPDATE_REPLACE"}),
        ({}, {"uuid": "6f1c2a3e-0000-4000-8000-00000012ab34"}, {"uuid": "ADD_REPLACE"}),
        ({}, {"port_isolated": True}, {"portIsolated": "UPDATE"}),
        (ips(ONE), ips(ONE, TWO), {"ips[1].dhcp.hosts[1]": "ADD"}),
        (ips(TWO, ONE), ips(ONE), {"ips[1].dhcp.hosts[0]": "DELETE"}),
        (ips(ONE), ips({**ONE, "ip": "10.9.0.13"}), {"ips[1].dhcp.hosts[0].ip": "UPDATE"}),
        (ips(ONE, TWO), ips(TWO, {**ONE, "ip": "10.9.0.13"}), {"ips[1].dhcp.hosts": "UPDATE"}),
        ({"metadata": {"urn:a.b": "<a/>"}}, {"metadata": {"urn:a.b": "<b/>"}}, {'metadata["urn:a.b"]': "UPDATE"}),
        ({"persistent": False}, {}, {"persistent": "UPDATE"}),
        ({"problems": ["the bridge is gone"]}, {}, {"problems": "UPDATE"}),
    ],
)
def test_each_change_has_its_path_and_kind(before: Any, after: Any, expected: dict[str, str]) -> None:
    assert diff(before, after) == expected


def test_an_interface_is_data_and_its_name_is_quoted_where_it_must_be() -> None:
    recorded = {"interfaces": {"eth0.5": {"ipv4": True}}}
    desired = {"interfaces": {"eth0.5": {"ipv4": False}, "eth1": {"ipv4": True}}}
    changes = [
        Change(path='interfaces["eth0.5"].ipv4', kind="change", change_class=ChangeClass.LIVE),
        Change(path='interfaces["eth1"]', kind="add", change_class=ChangeClass.LIVE),
    ]

    found = detailed(HostForwardingSpec, changes, recorded, desired)

    assert found == {'interfaces["eth0.5"].ipv4': "UPDATE", "interfaces.eth1": "ADD"}


@given(networks(), networks())
def test_a_diff_holds_a_path_exactly_when_something_changes(before: dict[str, Any], after: dict[str, Any]) -> None:
    recorded, _ = NETWORK.check({**LAB, **before}, {})
    desired, _ = NETWORK.check({**LAB, **after}, {})
    changes = recorded_changes(network_tree_with_unknowns(desired), recorded)

    found = detailed(NetworkSpec, changes, recorded, desired)

    assert bool(found) == bool(changes)
    assert {top(path) for path in found} == {top(change.path) for change in changes}
    replaced = {top(change.path) for change in changes if change.change_class is ChangeClass.REPLACE}
    assert {top(path) for path, kind in found.items() if kind.endswith("REPLACE")} == replaced


def test_spelling() -> None:
    assert spelled(("ips", 0, "dhcp", "a.b", 'q"', "id")) == 'ips[0].dhcp["a.b"]["q\\""].id'
    assert in_camel_case('ips[0].local_ptr["my_key"].tftp_root') == 'ips[0].localPtr["my_key"].tftpRoot'


OFFICE: dict[str, Any] = {
    "mtu": 1400,
    "domain": {"name": "a.test"},
    "metadata": {"urn:a": "<a xmlns='urn:a'/>"},
    "ips": [{"address": "10.91.0.1/24", "dhcp": {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.91.0.9"}]}}],
}
HOSTS = "ips[10.91.0.1/24].dhcp.hosts"


@pytest.mark.parametrize(
    ("more", "less", "paths"),
    [
        (OFFICE, OFFICE, []),
        ({"mtu": 1400}, {"mtu": 1300}, []),
        (OFFICE, {}, ['metadata["urn:a"]', "domain.name", "mtu", "ips", HOSTS]),
        (OFFICE, {**OFFICE, "ips": [{"address": "10.91.0.1/24"}]}, [HOSTS]),
        (OFFICE, {**OFFICE, "ips": []}, []),
        (OFFICE, {**OFFICE, "metadata": {"urn:b": "<b xmlns='urn:b'/>"}}, ['metadata["urn:a"]']),
        ({"dns": UNKNOWN}, {}, ["dns"]),
        ({"dns": {"hosts": []}}, {"dns": UNKNOWN}, []),
        ({"dns": {}}, {}, []),
    ],
)
def test_what_one_tree_names_and_another_does_not(more: dict[str, Any], less: dict[str, Any], paths: list[str]) -> None:
    assert sorted(named(NetworkSpec, more, less)) == sorted(paths)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ((), {}),
        (("mtu", "vlan.trunk"), {"mtu": 1400}),
        (("ips",), {"ips": OFFICE["ips"]}),
        ((HOSTS,), {"ips": OFFICE["ips"]}),
        (("ips[10.92.0.1/24].dhcp.hosts",), {}),
        (('metadata["urn:a"]', 'metadata["urn:b"]'), {"metadata": OFFICE["metadata"]}),
        ((f"{HOSTS}[52:54:00:00:00:01].name",), {}),
    ],
)
def test_what_a_tree_holds_at_paths(paths: tuple[str, ...], found: dict[str, Any]) -> None:
    assert at(NetworkSpec, OFFICE, paths) == found


@given(whole_networks())
def test_all_that_a_tree_names_is_at_its_paths(inputs: dict[str, Any]) -> None:
    paths = frozenset(named(NetworkSpec, inputs, {}))

    assert set(named(NetworkSpec, at(NetworkSpec, inputs, paths), {})) == paths
    assert all(at(NetworkSpec, inputs, {path}) for path in paths)
