"""What belongs together on the map of a host."""

from dataclasses import replace

import pytest
from tests.unit.commands.map.maps import BACK, EVERYTHING, LAB, ROUTER, SHARED, WEB, attached, forward, network

from virtnet.commands.map import relations
from virtnet.commands.map.model import Host, Network


def test_a_guest_on_several_networks_is_told_with_each_interface() -> None:
    found = relations.in_several(EVERYTHING)

    assert {guest: [(one.place.name, one.entry) for one in interfaces] for guest, interfaces in found.items()} == {
        "router": [("back", ROUTER[1]), ("lab", ROUTER[0])]
    }


def test_two_interfaces_on_one_network_are_no_second_network() -> None:
    twice = network(attached=(attached("web", 1), attached("web", 2)))

    assert relations.in_several(Host(uri="", networks=(twice,))) == {}


def test_a_port_forward_leads_to_who_leased_its_target() -> None:
    found = relations.target(EVERYTHING, forward(target="10.9.1.2"))

    assert found == (LAB, WEB)


def test_a_port_forward_leads_to_whom_its_target_is_reserved_for() -> None:
    host = replace(EVERYTHING, networks=(replace(LAB, attached=(attached("db", 3, addresses=()),)),))

    found = relations.target(host, forward(target="10.9.1.3"))

    assert found is not None
    assert found.entry.guest == "db"


@pytest.mark.parametrize(("name", "target"), [("lab", "10.9.1.200"), ("back", "10.9.1.2"), ("gone", "10.9.1.2")])
def test_a_port_forward_to_nobody_that_is_known_leads_to_no_interface(name: str, target: str) -> None:
    assert relations.target(EVERYTHING, forward(name, target)) is None


WAYS = {
    "nat by the default routes": (LAB, ["eth0", "br0"]),
    "nat by its own device": (network(devices=("eth1",)), []),
    "nat by a device that is drawn": (network(devices=("br0",)), ["br0"]),
    "isolated": (BACK, []),
    "on a bridge of the host": (SHARED, ["br0"]),
    "macvtap on an interface": (network(mode="private", bridge="", devices=("eth0",)), ["eth0"]),
}


@pytest.mark.parametrize(("one", "names"), WAYS.values(), ids=WAYS)
def test_the_ways_by_which_a_network_leaves_its_host(one: Network, names: list[str]) -> None:
    assert [*relations.ways_out(EVERYTHING, one)] == names


OFF = {
    "IPv4 is off": (network(), {"ipv4_forwarding": False}, True),
    "IPv4 is on": (network(), {"ipv4_forwarding": True}, False),
    "not known": (network(), {}, False),
    "one of its two is on": (
        network(addresses=("10.9.1.1/24", "fd00::1/64")),
        {"ipv4_forwarding": True, "ipv6_forwarding": False},
        False,
    ),
    "not routed": (BACK, {"ipv4_forwarding": False, "ipv6_forwarding": False}, False),
}


@pytest.mark.parametrize(("one", "host", "is_off"), OFF.values(), ids=OFF)
def test_whether_the_kernel_forwards_anything_of_a_network(one: Network, host: dict[str, bool], is_off: bool) -> None:
    assert relations.is_off(Host(uri="", **host), one) == is_off  # type: ignore[arg-type]
