"""Which subnet a network is given."""

import ipaddress
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import network
from tests.fakes.host import FakeHost, FakeRouting
from tests.fakes.libvirt import FakeLibvirt

from virtnet.functions.answers import Asked, get_free_subnet
from virtnet.functions.free_subnet import addresses_of, choose, first_free, prefix_lengths
from virtnet.libvirtd.connection import Connection
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import HostRoute

POOL = ipaddress.ip_network("10.0.0.0/24")


@st.composite
def subnets(draw: st.DrawFn) -> Any:
    length = draw(st.integers(23, 32))
    return ipaddress.ip_network((int(POOL.network_address) + draw(st.integers(0, 255)), length), strict=False)


@given(st.integers(24, 30), st.lists(subnets(), max_size=6), st.text())
def test_a_free_subnet_is_found_exactly_when_there_is_one(length: int, used: list[Any], name: str) -> None:
    chosen = first_free(POOL, length, used, name)

    free = [one for one in POOL.subnets(new_prefix=length) if not any(one.overlaps(other) for other in used)]
    assert chosen in free if free else chosen is None


@given(st.text(), st.lists(subnets(), max_size=3))
def test_the_answer_is_the_same_each_time(name: str, used: list[Any]) -> None:
    assert first_free(POOL, 28, used, name) == first_free(POOL, 28, list(reversed(used)), name)


def test_a_large_pool_is_searched_past_what_is_in_the_way_and_not_one_by_one() -> None:
    pool = ipaddress.IPv6Network("fd00::/8")
    used = [ipaddress.IPv6Network("fd00::/9")]

    chosen = first_free(pool, 64, used, "lab")

    assert isinstance(chosen, ipaddress.IPv6Network)
    assert chosen.subnet_of(pool)
    assert not chosen.overlaps(used[0])


def test_two_names_seldom_want_the_same_subnet() -> None:
    chosen = {first_free(ipaddress.ip_network("10.0.0.0/8"), 24, [], f"network-{number}") for number in range(20)}

    assert len(chosen) == 20


def test_a_subnet_of_a_pool_of_low_ipv6_addresses_is_one_of_ipv6() -> None:
    pool = ipaddress.ip_network("::/96")

    chosen = first_free(pool, 112, [], "lab")

    assert isinstance(chosen, ipaddress.IPv6Network)


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ("10.0.0.64/28", True),
        ("10.0.0.64/27", False),
        ("10.0.1.64/28", False),
        ("fd00::/28", False),
    ],
)
def test_the_subnet_that_a_network_has_stays_where_it_is_of_the_pool_and_the_length(own: str, kept: bool) -> None:
    has = ipaddress.ip_network(own)

    chosen = choose(POOL, 28, "lab", own=[has], used=[has])

    assert (chosen == has) is kept


@pytest.mark.parametrize(
    ("subnet", "expected"),
    [
        (
            "10.11.12.0/24",
            {"subnet": "10.11.12.0/24", "address": "10.11.12.1/24", "first": "10.11.12.2", "last": "10.11.12.254"},
        ),
        (
            "fd00:1::/126",
            {"subnet": "fd00:1::/126", "address": "fd00:1::1/126", "first": "fd00:1::2", "last": "fd00:1::3"},
        ),
    ],
)
def test_names_the_addresses_of_a_subnet(subnet: str, expected: dict[str, str]) -> None:
    assert addresses_of(ipaddress.ip_network(subnet)) == expected


@pytest.mark.parametrize(("pool", "lengths"), [("10.0.0.0/8", (8, 30)), ("fd00:1::/48", (48, 126))])
def test_a_subnet_has_two_addresses_for_hosts_at_least(pool: str, lengths: tuple[int, int]) -> None:
    assert prefix_lengths(ipaddress.ip_network(pool)) == lengths


def test_an_address_that_only_libvirt_accepts_is_no_subnet_in_use() -> None:
    odd = network("odd", "", "10.0.0.1/255.0.255.0", "10.7.0.1/25")
    libvirt = FakeLibvirt(reports={odd.uuid: odd})
    asked = Asked(connection=lambda _: cast(Connection, libvirt), clients=lambda _: Clients(libvirt=libvirt, host=None))
    wanted = {"network": "lab", "prefix_length": 25, "within": "10.7.0.0/24"}

    assert get_free_subnet(asked, "qemu:///system", wanted)["subnet"] == "10.7.0.128/25"


@pytest.mark.parametrize(
    ("within", "routed", "free"),
    [
        pytest.param("10.7.0.0/24", ("0.0.0.0/1", "128.0.0.0/1", "10.7.0.0/25"), "10.7.0.128/25", id="IPv4"),
        pytest.param("fd00:7::/63", ("::/1", "8000::/1", "fd00:7::/64"), "fd00:7:0:1::/64", id="IPv6"),
    ],
)
def test_the_default_route_of_a_vpn_leaves_subnets_free(within: str, routed: tuple[str, ...], free: str) -> None:
    routes = [HostRoute(destination=given, interface="tun0", gateway="", protocol="static") for given in routed]
    libvirt, host = FakeLibvirt(), FakeHost(routing=FakeRouting(held_routes=routes))
    asked = Asked(
        connection=lambda uri: cast(Connection, libvirt), clients=lambda uri: Clients(libvirt=libvirt, host=host)
    )
    length = int(free.rpartition("/")[2])

    answer = get_free_subnet(asked, "qemu:///system", {"network": "lab", "prefix_length": length, "within": within})

    assert answer["subnet"] == free
