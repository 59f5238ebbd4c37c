"""Which routes are the default route, whole or in pieces, and which lead to a network."""

import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtnet.host.default_route import routes_to_networks
from virtnet.planning.reports import HostRoute


def routes(*given: str, protocol: str = "static") -> tuple[HostRoute, ...]:
    """Each as "DESTINATION INTERFACE [GATEWAY]"."""
    words = [text.split() for text in given]
    return tuple(
        HostRoute(destination=destination, interface=interface, gateway=gateway, protocol=protocol)
        for destination, interface, gateway in ([*word, ""][:3] for word in words)
    )


def all_but(excluded: str, interface: str) -> list[str]:
    left_out = ipaddress.ip_network(excluded)
    whole = ipaddress.ip_network("0.0.0.0/0" if left_out.version == 4 else "::/0")
    return [f"{piece} {interface}" for piece in whole.address_exclude(left_out)]  # type: ignore[arg-type]


LAN = "192.168.1.0/24 eth0"
PIECES = {
    "whole": ["default eth0 192.168.1.1", "default ppp0"],
    "halves": ["0.0.0.0/1 tun0", "128.0.0.0/1 tun0"],
    "halves through a gateway": ["0.0.0.0/1 tun0 10.8.0.1", "128.0.0.0/1 tun0 10.8.0.1"],
    "halves on two interfaces": ["0.0.0.0/1 tun0", "128.0.0.0/1 tun1"],
    "halves over several paths": ["0.0.0.0/1 tun0", "0.0.0.0/1 tun1", "128.0.0.0/1 tun0", "128.0.0.0/1 tun1"],
    "one half": ["0.0.0.0/1 tun0"],
    "quarters": ["0.0.0.0/2 tun0", "64.0.0.0/2 tun0", "128.0.0.0/2 tun0", "192.0.0.0/2 tun0"],
    "quarters of many": ["0.0.0.0/2 tun0", "64.0.0.0/2 tun1", "128.0.0.0/2 tun2", "192.0.0.0/2 tun3"],
    "all but the server": all_but("203.0.113.7/32", "wg0"),
    "all but the local network": all_but("192.168.1.0/24", "wg0"),
    "all but a private block": all_but("10.0.0.0/8", "wg0"),
    "halves of IPv6": ["::/1 tun0", "8000::/1 tun0"],
    "OpenVPN's IPv6": ["::/3 tun0", "2000::/4 tun0", "3000::/4 tun0", "fc00::/7 tun0"],
    "IPv6 in use": ["2000::/3 wg0"],
    "all but the IPv6 server": all_but("2001:db8::1/128", "wg0"),
}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
def test_the_default_route_in_pieces_leads_to_no_network(pieces: Sequence[str]) -> None:
    connected = routes(LAN, "10.8.0.0/24 tun0", "10.8.0.0/24 wg0", "fd00:8::/64 tun0", protocol="kernel")
    server = routes("203.0.113.7/32 eth0 192.168.1.1")

    assert routes_to_networks((*routes(*pieces), *connected, *server)) == (*connected, *server)


@pytest.mark.parametrize(
    "destinations",
    [
        pytest.param(["10.0.0.0/8 tun0", "172.16.0.0/12 tun0", "192.168.0.0/16 tun0"], id="all private blocks"),
        pytest.param(["fc00::/7 wg0"], id="all private IPv6"),
        pytest.param(["0.0.0.0/8 a", "10.0.0.0/8 b"], id="the widest networks"),
        pytest.param([f"{first}.0.0.0/8 tun0" for first in range(64, 191)], id="nearly half of all, in networks"),
    ],
)
def test_what_leads_to_networks_stays(destinations: Sequence[str]) -> None:
    found = routes(*destinations)

    assert routes_to_networks(found) == found


@given(st.integers(0, 2**32 - 1), st.integers(9, 32))
def test_everything_but_any_one_subnet_is_the_default_route(address: int, length: int) -> None:
    excluded = ipaddress.ip_network((address, length), strict=False)

    assert routes_to_networks(routes(*all_but(str(excluded), "wg0"), f"{excluded} eth0")) == routes(f"{excluded} eth0")


def test_a_network_behind_the_vpn_is_one_beside_its_default_route() -> None:
    halves, network = routes("0.0.0.0/1 tun0", "128.0.0.0/1 tun0"), routes("10.91.0.0/16 tun0")

    assert routes_to_networks((*halves, *network)) == network
