"""Guests of two networks on one host: who reaches whom, by the networks' modes."""

import pytest
from tests.hosts.sandboxed import Guest, Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

GATEWAYS = {"blue": "10.95.0.1", "green": "10.96.0.1"}


def networks(modes: tuple[str, str]) -> list[dict[str, object]]:
    return [
        {
            "type": "LibvirtNetwork",
            "name": name,
            "args": {"forward": {"mode": mode}, "bridge": {"stp": False}, "ips": [{"address": f"{gateway}/24"}]},
        }
        for (name, gateway), mode in zip(GATEWAYS.items(), modes, strict=True)
    ]


def reaches(guest: Guest, address: str) -> bool:
    return "1 received" in guest.sh(f"ping -c 1 -W 2 {address}", check=False)


@pytest.mark.each_libvirt
@pytest.mark.parametrize(
    ("modes", "blue_reaches_green", "green_reaches_blue"),
    [
        (("route", "route"), True, True),
        (("nat", "route"), True, False),
        (("route", "nat"), False, True),
        (("nat", "nat"), False, False),
    ],
    ids=["route and route", "nat and route", "route and nat", "nat and nat"],
)
def test_guests_reach_those_of_a_routed_network(
    host: Host, stack: Stack, modes: tuple[str, str], *, blue_reaches_green: bool, green_reaches_blue: bool
) -> None:
    stack.declare(*networks(modes))
    stack.up()

    with host.guest("b1", "vn-blue") as blue, host.guest("g1", "vn-green") as green:
        for guest, (name, gateway) in zip((blue, green), GATEWAYS.items(), strict=True):
            address = gateway.removesuffix("1") + "9"
            guest.sh(f"ip address add {address}/24 dev eth0; ip route add default via {gateway}; : {name}")

        assert reaches(blue, "10.95.0.1")
        assert reaches(blue, "10.96.0.9") == blue_reaches_green
        assert reaches(green, "10.95.0.9") == green_reaches_blue
