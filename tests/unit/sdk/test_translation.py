"""How the SDK spells inputs for the wire and outputs for the program: pure functions, no engine."""

from typing import Any

import pytest
from pydantic.alias_generators import to_camel

import pulumi_virtnet as virtnet
from pulumi_virtnet._resource import Args, WireKey, camel_case, from_properties, to_properties
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import Part, shapes

NETWORK, FORWARDING = virtnet.LibvirtNetworkArgs, virtnet.HostForwardingArgs


def test_args_and_dicts_mean_the_same() -> None:
    with_classes = virtnet.LibvirtNetworkArgs(
        forward=virtnet.ForwardArgs(mode="nat", interfaces=[virtnet.ForwardInterfaceArgs(dev="eth0")]),
        ips=[virtnet.NetworkIpArgs(address="10.0.0.1/24", local_ptr=True)],
    )
    with_dicts: virtnet.LibvirtNetworkArgsDict = {
        "forward": {"mode": "nat", "interfaces": [{"dev": "eth0"}]},
        "ips": [{"address": "10.0.0.1/24", "local_ptr": True}],
    }
    wanted = {
        "forward": {"mode": "nat", "interfaces": [{"dev": "eth0"}]},
        "ips": [{"address": "10.0.0.1/24", "localPtr": True}],
    }
    assert to_properties(with_classes, NETWORK) == wanted
    assert to_properties(with_dicts, NETWORK) == wanted


def test_args_in_dicts_and_dicts_in_args() -> None:
    mixed = {"bridge": virtnet.BridgeArgs(mac_table_manager="libvirt"), "dns": {"hosts": ({"ip": "10.0.0.1"},)}}
    assert to_properties(mixed, NETWORK) == {
        "bridge": {"macTableManager": "libvirt"},
        "dns": {"hosts": [{"ip": "10.0.0.1"}]},
    }


def test_none_is_left_out_at_every_depth() -> None:
    assert to_properties({"title": None, "bridge": {"name": None, "stp": False}, "mtu": 0}, NETWORK) == {
        "bridge": {"stp": False},
        "mtu": 0,
    }


def test_an_empty_group_travels_and_one_of_nothing_but_none_is_left_out() -> None:
    written = {"domain": {}, "dns": virtnet.DnsArgs(), "mtu": 0, "bridge": {"zone": None}, "bandwidth": {"inbound": {}}}

    assert to_properties(written, NETWORK) == {"domain": {}, "dns": {}, "mtu": 0, "bandwidth": {"inbound": {}}}


def test_a_key_nobody_knows_is_left_for_check_to_name() -> None:
    written = {"ips": [{"adress": "10.0.0.1/24", "local_pointer": True}], "dns_masq": 1}
    assert to_properties(written, NETWORK) == written


def test_the_wire_spelling_is_accepted_too() -> None:
    wire = {"dnsmasqOptions": ["a=b"], "portGroups": [{"name": "one", "virtualPort": {"type": "openvswitch"}}]}
    assert to_properties(wire, NETWORK) == wire


@pytest.mark.parametrize("first", ["local_ptr", "localPtr"])
def test_a_key_in_both_spellings_is_left_for_check_to_name(first: str) -> None:
    second = {"local_ptr": "localPtr", "localPtr": "local_ptr"}[first]

    property_map = to_properties({"ips": [{first: True, second: False}]}, NETWORK)

    assert set(property_map["ips"][0]) == {"local_ptr", "localPtr"}


def test_keys_that_are_data_stay() -> None:
    metadata = {"http://example.org/my_app/on_delete": "<x/>", "on_delete": "<y/>"}
    assert to_properties({"metadata": metadata}, NETWORK) == {"metadata": metadata}
    interfaces = {"my_if.100": {"ipv4": True}, "drop_in": virtnet.InterfaceForwardingArgs(ipv6=None, ipv4=False)}
    assert to_properties({"interfaces": interfaces, "drop_in": "50-x.conf"}, FORWARDING) == {
        "interfaces": {"my_if.100": {"ipv4": True}, "drop_in": {"ipv4": False}},
        "dropIn": "50-x.conf",
    }


def test_every_key_on_the_wire_is_marked_as_final() -> None:
    def keys(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [*value, *(key for item in value.values() for key in keys(item))]
        return [key for item in value for key in keys(item)] if isinstance(value, list) else []

    written = {"interfaces": {"my_if": {"ipv4": True}}, "dorp_in": [{"x_y": 1}]}
    assert {type(key) for key in keys(to_properties(written, FORWARDING))} == {WireKey}


def test_outputs_come_back_in_python_spelling_with_whole_numbers() -> None:
    wire = [{"address": "10.0.0.1/24", "localPtr": True, "dhcp": {"ranges": [{"lease": {"expiry": 2.0}}]}}]
    read = from_properties(wire, virtnet.NetworkIpArgs)
    assert read == [{"address": "10.0.0.1/24", "local_ptr": True, "dhcp": {"ranges": [{"lease": {"expiry": 2}}]}}]
    assert isinstance(read[0]["dhcp"]["ranges"][0]["lease"]["expiry"], int)


def test_there_and_back_is_the_same() -> None:
    written = {
        "port_groups": [{"name": "a", "trust_guest_rx_filters": True, "vlan": {"tags": [{"id": 4}]}}],
        "metadata": {"urn:portGroups": "<a/>"},
    }
    assert from_properties(to_properties(written, NETWORK), NETWORK) == written


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("autostart", "autostart"),
        ("dnsmasq_options", "dnsmasqOptions"),
        ("ips[0].local_ptr", "ips[0].localPtr"),
        ('interfaces["my_if"].ipv4', 'interfaces["my_if"].ipv4'),
        ("on_delete.mac_table_manager", "onDelete.macTableManager"),
        ("__provider", "__provider"),
    ],
)
def test_property_paths(path: str, wanted: str) -> None:
    assert camel_case(path) == wanted


def parts_below(part: type[Part], args: type[Args]) -> dict[type[Part], type[Args]]:
    found = {part: args}
    for name, shape in shapes(part).items():
        inside = args.FIELDS[name]
        assert (shape.part is None) == (inside is None)
        if shape.part is not None and inside is not None and shape.part not in found:
            found |= parts_below(shape.part, inside)
    return found


@pytest.mark.parametrize(("spec", "args"), [(NetworkSpec, NETWORK), (HostForwardingSpec, FORWARDING)])
def test_spec_and_sdk_agree_on_every_name(spec: type[Part], args: type[Args]) -> None:
    for part, inside in parts_below(spec, args).items():
        assert list(inside.FIELDS) == list(shapes(part)), part
        maps = {name for name, shape in shapes(part).items() if shape.kind == "map"}
        assert maps == inside.MAPS
        assert [camel_case(name) for name in inside.FIELDS] == [to_camel(name) for name in shapes(part)]


def test_args_show_and_compare_what_they_hold() -> None:
    args = virtnet.ForwardArgs(mode="nat")
    assert repr(args) == "ForwardArgs(mode='nat')"
    assert args == virtnet.ForwardArgs(mode="nat")
    assert args != virtnet.ForwardArgs(mode="route")
    args.mode = "route"
    assert to_properties(args, None) == {"mode": "route"}
