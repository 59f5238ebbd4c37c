"""What a holding network needs that stands in for the gateway: rules, routes and neighbours. No libvirt, no host."""

import pytest

from virtnet.network.names import holding_bridge, holding_name
from virtnet.network.steps.stand_in import (
    StandIn,
    gateways,
    guard,
    guests_in,
    led_away,
    led_home,
    plain,
    plugged,
    rest_led_away,
    rest_led_home,
)
from virtnet.network.xml.definition import Definition, definition
from virtnet.network.xml.holding import Journal, parse_journal, render_holding_network
from virtnet.planning.reports import HostNeighbour

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
HOLD, NAME = holding_bridge(UUID), holding_name(UUID)
WEB, DB = HostNeighbour("10.9.0.50", "52:54:00:00:00:01"), HostNeighbour("fd00:9::51", "52:54:00:00:00:02")
LOCAL = HostNeighbour("fe80::1", "52:54:00:00:00:01")
IP4, IP6 = "<ip address='10.9.0.1' prefix='24'/>", "<ip family='ipv6' address='fd00:9::1' prefix='64'/>"


def network(forward: str = "<forward mode='nat'/>", *, ips: str = IP4 + IP6, more: str = "") -> Definition:
    return definition(
        f"<network><name>lab</name>{forward}<bridge name='vn-lab'/><mac address='52:54:00:12:ab:34'/>{ips}"
        f"{more}</network>"
    )


def rules(live: Definition) -> list[str]:
    """Those of the guard alone, in their order."""
    start = f"add rule inet {NAME} guard "
    return [line.removeprefix(start) for line in guard(UUID, live).split("; ") if line.startswith(start)]


SUBNETS = [
    f"iifname {HOLD} ip saddr != {{ 10.9.0.0/24 }} drop",
    f"oifname {HOLD} ip daddr != {{ 10.9.0.0/24 }} drop",
]
KNOWN4, KNOWN6 = (
    [
        f"{way} {HOLD} meta nfproto ipv{version} ct state != {{ established, related }} drop"
        for way in ("iifname", "oifname")
    ]
    for version in (4, 6)
)
SUBNETS6 = [
    f"iifname {HOLD} ip6 saddr != {{ fd00:9::/64 }} drop",
    f"oifname {HOLD} ip6 daddr != {{ fd00:9::/64 }} drop",
]
BETWEEN = f"iifname {HOLD} oifname {HOLD} accept"


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(network(), [BETWEEN, *SUBNETS, *KNOWN4, *SUBNETS6], id="NAT of IPv4"),
        pytest.param(
            network("<forward mode='nat'><nat ipv6='yes'/></forward>"),
            [BETWEEN, *SUBNETS, *KNOWN4, *SUBNETS6, *KNOWN6],
            id="NAT of both",
        ),
        pytest.param(network("<forward mode='route'/>"), [BETWEEN, *SUBNETS, *SUBNETS6], id="route"),
        pytest.param(
            network("<forward mode='route'/>", ips=IP4),
            [
                BETWEEN,
                *SUBNETS,
                *(f"{way} {HOLD} meta nfproto ipv6 drop" for way in ("iifname", "oifname")),
            ],
            id="no IPv6",
        ),
        pytest.param(
            network("<forward mode='route' dev='wan0'><interface dev='wan0'/></forward>"),
            [
                BETWEEN,
                f'iifname {HOLD} oifname != {{ "wan0" }} drop',
                f'oifname {HOLD} iifname != {{ "wan0" }} drop',
                *SUBNETS,
                *SUBNETS6,
            ],
            id="by one interface",
        ),
        pytest.param(network("<forward mode='open'/>"), [], id="open"),
        pytest.param(network(""), [], id="isolated"),
    ],
)
def test_the_guard_lets_pass_what_libvirts_rules_do(live: Definition, expected: list[str]) -> None:
    assert rules(live) == expected


def test_connections_stay_tracked_where_addresses_are_translated() -> None:
    tracked = f"add rule inet {NAME} tracked ct state established counter"

    assert tracked in guard(UUID, network())
    assert tracked not in guard(UUID, network("<forward mode='route'/>"))


def test_guests_are_led_to_the_holding_network_after_their_ports() -> None:
    commands = list(led_away(gateways(network()), HOLD, [WEB, LOCAL, DB]))

    assert commands == [
        f"neighbour replace 10.9.0.50 lladdr {WEB.mac} nud permanent dev {HOLD}",
        f"route replace 10.9.0.50/32 dev {HOLD} src 10.9.0.1",
        f"neighbour replace fe80::1 lladdr {LOCAL.mac} nud permanent dev {HOLD}",
        f"neighbour replace fd00:9::51 lladdr {DB.mac} nud permanent dev {HOLD}",
        f"route replace fd00:9::51/128 dev {HOLD}",
    ]
    assert list(plugged(["veth1"], HOLD)) == [f"link set dev veth1 master {HOLD}"]


def test_whoever_is_not_known_is_led_there_by_halves_of_the_subnets() -> None:
    routes = "<route address='10.62.0.0' prefix='24' gateway='10.9.0.7'/>"

    commands = list(rest_led_away(network(more=routes), HOLD))

    assert commands == [
        f"route replace 10.9.0.0/25 dev {HOLD} src 10.9.0.1",
        f"route replace 10.9.0.128/25 dev {HOLD} src 10.9.0.1",
        f"route replace fd00:9::/65 dev {HOLD}",
        f"route replace fd00:9:0:0:8000::/65 dev {HOLD}",
        f"route replace 10.62.0.0/25 via 10.9.0.7 dev {HOLD} onlink",
        f"route replace 10.62.0.128/25 via 10.9.0.7 dev {HOLD} onlink",
    ]


def test_on_the_way_home_what_leads_to_many_goes_first() -> None:
    there = StandIn(neighbours=(WEB, DB), routes=frozenset({"10.9.0.0/25", "10.9.0.50/32", "10.9.0.99/32"}))

    assert list(rest_led_home(there, HOLD)) == [
        f"route del 10.9.0.0/25 dev {HOLD}",
        f"route del 10.9.0.99/32 dev {HOLD}",
    ]
    assert list(led_home(there, there.of({WEB.mac}), HOLD, "vn-lab")) == [
        f"neighbour replace 10.9.0.50 lladdr {WEB.mac} nud reachable dev vn-lab",
        f"route del 10.9.0.50/32 dev {HOLD}",
    ]
    # A run that was killed has deleted the other's route already.
    assert list(led_home(there, there.but_of({WEB.mac}), HOLD, "vn-lab")) == [
        f"neighbour replace fd00:9::51 lladdr {DB.mac} nud reachable dev vn-lab"
    ]


def test_neighbours_of_other_subnets_are_no_guests() -> None:
    shouted = WEB._replace(mac=WEB.mac.upper())
    found = [shouted, LOCAL, HostNeighbour("192.0.2.7", "02:00:00:00:00:01")]

    assert guests_in(found, network().subnets) == (WEB, LOCAL)


@pytest.mark.parametrize(("name", "expected"), [("vnet0", True), ("a.b-c@d:1", True), ("a#b", False), ("a'b", False)])
def test_names_that_ip_would_read_otherwise_are_not_plain(name: str, expected: bool) -> None:
    assert plain(name) is expected


@pytest.mark.parametrize(("forward", "mode"), [("<forward mode='nat'/>", "open"), ("", None)])
def test_a_holding_network_that_stands_in_has_the_gateways_addresses_alone(forward: str, mode: str | None) -> None:
    held = definition(render_holding_network(UUID, network(forward), Journal(stands_in=True)))

    found = held.element.find("forward")
    assert (None if found is None else found.get("mode")) == mode
    assert held.mac == "52:54:00:12:ab:34"
    assert list(map(str, gateways(held))) == ["10.9.0.1/32", "fd00:9::1/128"]
    assert parse_journal(held).stands_in is True
    assert not held.serves


def test_another_holding_network_has_no_address() -> None:
    held = definition(render_holding_network(UUID, network(), Journal()))

    assert held.subnets == ()
    assert held.mac != "52:54:00:12:ab:34"
    assert parse_journal(held).stands_in is False
