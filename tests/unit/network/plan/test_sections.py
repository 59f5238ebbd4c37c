"""Live updates: all removals before the additions, each item once, one call where both copies need the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import networks

from virtnet.network._generated.trees import NetworkIpTree, NetworkTree
from virtnet.network.live_items import updates_can_make
from virtnet.network.plan.sections import adds_second_address, dhcpv6_begins_or_ends, section_updates
from virtnet.network.spec import Srv
from virtnet.network.steps.kinds import DnsmasqRestart, StepKind
from virtnet.network.steps.sections import UpdateSection
from virtnet.network.xml.read import SECTIONS
from virtnet.network.xml.write import section_xml
from virtnet.planning.findings import Summary

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
ONE, TWO = "52:54:00:00:00:01", "52:54:00:00:00:02"


def reserved(*pairs: tuple[str, str], address: str = "10.9.0.1/24") -> NetworkTree:
    return {"ips": [{"address": address, "dhcp": {"hosts": [{"mac": mac, "ip": ip} for mac, ip in pairs]}}]}


def both(wanted: Any, found: Any) -> list[tuple[str, str, str]]:
    """The updates of two copies that are alike, in short."""
    updates = section_updates(UUID, (wanted, found), (wanted, found))
    assert all(update.live and update.config for update in updates)
    return [(update.command, update.section, update.xml) for update in updates]


def test_two_reservations_swap_their_addresses() -> None:
    before, after = reserved((ONE, "10.9.0.11"), (TWO, "10.9.0.12")), reserved((ONE, "10.9.0.12"), (TWO, "10.9.0.11"))

    assert both(after, before) == [
        ("delete", "ip-dhcp-host", f'<host mac="{ONE}" ip="10.9.0.11"/>'),
        ("delete", "ip-dhcp-host", f'<host mac="{TWO}" ip="10.9.0.12"/>'),
        ("add", "ip-dhcp-host", f'<host mac="{ONE}" ip="10.9.0.12"/>'),
        ("add", "ip-dhcp-host", f'<host mac="{TWO}" ip="10.9.0.11"/>'),
    ]


def test_what_stays_is_not_touched() -> None:
    before, after = reserved((ONE, "10.9.0.11"), (TWO, "10.9.0.12")), reserved((TWO, "10.9.0.12"))

    assert both(after, before) == [("delete", "ip-dhcp-host", f'<host mac="{ONE}" ip="10.9.0.11"/>')]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "a", "default": False}, {"name": "a"}),
        ({"name": "a"}, {"name": "a", "trust_guest_rx_filters": False}),
    ],
)
def test_a_default_that_only_one_side_spells_out_is_no_change(wanted: Any, found: Any) -> None:
    assert both({"port_groups": [wanted]}, {"port_groups": [found]}) == []


def test_another_first_name_of_a_dns_host_is_a_change() -> None:
    wanted = {"dns": {"hosts": [{"ip": "10.9.0.5", "hostnames": ["a", "b"]}]}}
    found = {"dns": {"hosts": [{"ip": "10.9.0.5", "hostnames": ["b", "a"]}]}}

    assert both(wanted, found) == [
        ("delete", "dns-host", '<host ip="10.9.0.5"><hostname>b</hostname><hostname>a</hostname></host>'),
        ("add", "dns-host", '<host ip="10.9.0.5"><hostname>a</hostname><hostname>b</hostname></host>'),
    ]


def private(*interfaces: str) -> NetworkTree:
    return {"forward": {"mode": "private", "interfaces": [{"dev": name} for name in interfaces]}}


@pytest.mark.parametrize(
    ("found", "wanted", "calls"),
    [
        pytest.param("ab", "ba", [("delete", "a", True), ("add", "a", False)], id="swapped"),
        pytest.param("ab", "nab", [("add", "n", True)], id="one more before"),
        pytest.param("ab", "mnab", [("add", "n", True), ("add", "m", True)], id="two more before"),
        pytest.param("ab", "abn", [("add", "n", False)], id="one more behind"),
        pytest.param(
            "ab", "anb", [("delete", "b", False), ("add", "n", False), ("add", "b", False)], id="one more between"
        ),
        pytest.param("abc", "bc", [("delete", "a", True)], id="the first goes"),
        pytest.param(
            "abc", "ac", [("delete", "c", False), ("delete", "b", False), ("add", "c", False)], id="one between goes"
        ),
    ],
)
def test_updates_where_the_order_counts(found: str, wanted: str, calls: list[tuple[str, str, bool]]) -> None:
    trees = (private(*wanted), private(*found))

    updates = section_updates(UUID, trees, trees)

    assert [(update.command, update.key, update.first) for update in updates] == calls


@given(st.permutations("abcdef"), st.permutations("abcdef"), st.integers(0, 6), st.integers(0, 6))
def test_ordered_updates_end_in_the_order_wanted_and_taken_back_in_the_one_found(
    found: list[str], wanted: list[str], of_found: int, of_wanted: int
) -> None:
    found, wanted = found[:of_found], wanted[:of_wanted]
    updates = section_updates(UUID, (private(*wanted), private(*found)), None)

    there = list(found)
    for update in updates:
        _carry_out(update, there)
    after = list(there)
    for update in reversed(updates):
        _carry_out(update.undo(), there)

    assert (after, there) == (wanted, found)


def _carry_out(update: UpdateSection, there: list[str]) -> None:
    if update.command == "delete":
        there.remove(update.key)
    else:
        there.insert(0 if update.first else len(there), update.key)


def test_each_copy_gets_what_it_lacks() -> None:
    wanted, half, none = reserved((ONE, "10.9.0.11"), (TWO, "10.9.0.12")), reserved((ONE, "10.9.0.11")), reserved()

    updates = section_updates(UUID, (wanted, half), (wanted, none))

    assert [(update.xml, update.live, update.config) for update in updates] == [
        (f'<host mac="{TWO}" ip="10.9.0.12"/>', True, True),
        (f'<host mac="{ONE}" ip="10.9.0.11"/>', False, True),
    ]


def test_a_copy_that_is_not_there_is_left_out() -> None:
    wanted, found = reserved((ONE, "10.9.0.11")), reserved()

    (running,) = section_updates(UUID, (wanted, found), None)
    (defined,) = section_updates(UUID, None, (wanted, found))

    assert (running.live, running.config) == (True, False)
    assert (defined.live, defined.config) == (False, True)


def test_the_place_of_an_address_is_counted_in_what_is_found() -> None:
    first: NetworkIpTree = {"address": "10.8.0.1/24"}
    second: NetworkIpTree = {"address": "10.9.0.1/24"}
    wanted: NetworkTree = {"ips": [{**second, "dhcp": {"hosts": [{"name": "web", "ip": "10.9.0.7"}]}}, first]}

    (update,) = section_updates(UUID, (wanted, {"ips": [first, second]}), None)

    assert (update.parent_index, update.xml) == (1, '<host name="web" ip="10.9.0.7"/>')


@pytest.mark.parametrize(
    ("tree", "section", "xml", "key"),
    [
        (
            {"ips": [{"address": "10.9.0.1/24", "dhcp": {"ranges": [{"start": "10.9.0.2", "end": "10.9.0.9"}]}}]},
            "ip-dhcp-range",
            '<range start="10.9.0.2" end="10.9.0.9"/>',
            "10.9.0.2 10.9.0.9",
        ),
        ({"forward": {"interfaces": [{"dev": "eth1"}]}}, "forward-interface", '<interface dev="eth1"/>', "eth1"),
        ({"port_groups": [{"name": "a", "default": True}]}, "portgroup", '<portgroup name="a" default="yes"/>', "a"),
        (
            {"dns": {"hosts": [{"ip": "10.9.0.5", "hostnames": ["web"]}]}},
            "dns-host",
            '<host ip="10.9.0.5"><hostname>web</hostname></host>',
            "10.9.0.5",
        ),
        ({"dns": {"txts": [{"name": "key", "value": "secret"}]}}, "dns-txt", '<txt name="key" value="secret"/>', "key"),
        (
            {"dns": {"srvs": [{"service": "ldap", "protocol": "tcp"}]}},
            "dns-srv",
            '<srv service="ldap" protocol="tcp"/>',
            "ldap tcp",
        ),
    ],
)
def test_every_section_as_libvirt_takes_it(tree: Any, section: str, xml: str, key: str) -> None:
    empty: NetworkTree = {"ips": [{"address": "10.9.0.1/24"}]}

    (update,) = section_updates(UUID, (tree, empty), (tree, empty))

    assert (update.section, update.xml) == (section, xml)
    assert update.section in SECTIONS
    assert update.describe() == Summary(
        StepKind.ADD_ITEM, {"section": section, "key": key, "live": True, "config": True}
    )


def srv(**more: Any) -> dict[str, Any]:
    return {"service": "ldap", "protocol": "tcp", **more}


def srvs(*records: dict[str, Any]) -> dict[str, Any]:
    return {"dns": {"srvs": list(records)}}


LESS, MORE, MOST = srv(), srv(target="a.test", port=389), srv(domain="x.test", target="a.test", port=389)


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        pytest.param(
            srvs(LESS, MORE),
            srvs(MORE),
            [("delete", MORE), ("add", LESS), ("add", MORE)],
            id="libvirt would take the one there for the new one",
        ),
        pytest.param(
            srvs(MOST),
            srvs(LESS, MOST),
            [("delete", MOST), ("delete", LESS), ("add", MOST)],
            id="libvirt would find two to remove",
        ),
        pytest.param(
            srvs(),
            srvs(LESS, MORE, MOST),
            [("delete", MOST), ("delete", MORE), ("delete", LESS)],
            id="what says most goes first",
        ),
        pytest.param(
            srvs(LESS, MORE, srv(target="b.test")),
            srvs(LESS, MORE),
            [("add", srv(target="b.test"))],
            id="one that says more disturbs nobody",
        ),
        pytest.param(
            srvs(LESS, MOST),
            srvs(MORE, MOST),
            [("delete", MOST), ("delete", MORE), ("add", LESS), ("add", MOST)],
            id="one in between is exchanged",
        ),
    ],
)
def test_a_service_record_that_says_less_fits_those_that_say_more(wanted: Any, found: Any, expected: Any) -> None:
    updates = both(wanted, found)

    assert updates == [(command, "dns-srv", section_xml(Srv, "srv", record)) for command, record in expected]
    assert updates_can_make(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found", "can"),
    [
        (srvs(srv(target="a.test", port=1), srv(target="a.test", port=2)), srvs(srv(target="a.test", port=1)), False),
        (srvs(srv(target="a.test", port=1)), srvs(srv(target="a.test", port=1), srv(target="a.test", port=2)), False),
        (srvs(srv(target="a.test", port=2)), srvs(srv(target="a.test", port=1)), True),
        (
            srvs(srv(target="a.test", port=1), srv(target="a.test", port=2), srv(target="b.test")),
            srvs(srv(target="a.test", port=1), srv(target="a.test", port=2)),
            True,
        ),
    ],
)
def test_service_records_that_libvirt_cannot_tell_apart(wanted: Any, found: Any, can: bool) -> None:
    assert updates_can_make(wanted, found) is can


SPF, PROOF, OTHER = ({"name": "a.test", "value": value} for value in ("one", "two", "three"))


@pytest.mark.parametrize(
    ("wanted", "found", "can"),
    [
        pytest.param([SPF, PROOF], [SPF, PROOF], True, id="nothing changes"),
        pytest.param([PROOF, SPF], [SPF, PROOF], True, id="another order"),
        pytest.param([SPF], [PROOF], True, id="another value"),
        pytest.param([SPF, PROOF], [SPF], False, id="a second of the name"),
        pytest.param([SPF], [SPF, PROOF], False, id="one of two goes"),
        pytest.param([], [SPF, PROOF], False, id="both go"),
        pytest.param([SPF, OTHER], [SPF, PROOF], False, id="one of two changes"),
    ],
)
def test_libvirt_takes_txt_records_of_one_name_for_one_another(wanted: list[Any], found: list[Any], can: bool) -> None:
    assert updates_can_make({"dns": {"txts": wanted}}, {"dns": {"txts": found}}) is can


def test_a_second_reservation_for_a_client_goes_and_the_one_that_is_meant_stays() -> None:
    wanted, found = reserved((ONE, "10.9.0.12")), reserved((ONE, "10.9.0.11"), (ONE, "10.9.0.12"), (ONE, "10.9.0.12"))

    assert both(wanted, found) == [
        ("delete", "ip-dhcp-host", f'<host mac="{ONE}" ip="10.9.0.11"/>'),
        ("delete", "ip-dhcp-host", f'<host mac="{ONE}" ip="10.9.0.12"/>'),
    ]


def served(*hosts: str, ranges: bool = False) -> dict[str, Any]:
    dhcp: dict[str, Any] = {"hosts": [{"name": f"six{number}", "ip": ip} for number, ip in enumerate(hosts)]}
    dhcp |= {"ranges": [{"start": "fd00:9::10", "end": "fd00:9::1f"}]} if ranges else {}
    return {"ips": [{"address": "fd00:9::1/64", "dhcp": dhcp}]}


@pytest.mark.parametrize(
    ("wanted", "found", "reason"),
    [
        (served("fd00:9::5"), served(), DnsmasqRestart.DHCPV6_BEGINS),
        (served(), served("fd00:9::5"), DnsmasqRestart.DHCPV6_ENDS),
        (served("fd00:9::5", "fd00:9::6"), served("fd00:9::5"), None),
        (served(ranges=True), served("fd00:9::5", ranges=True), None),
        (served("fd00:9::5"), {"ips": []}, None),
    ],
)
def test_dnsmasq_is_restarted_where_dhcpv6_begins_or_ends(
    wanted: Any, found: Any, reason: DnsmasqRestart | None
) -> None:
    assert dhcpv6_begins_or_ends(wanted, found) == reason


@given(networks(), networks())
def test_removals_come_first_and_no_update_comes_twice(wanted: Any, found: Any) -> None:
    updates = section_updates(UUID, (wanted, found), (wanted, found))

    commands = [update.command for update in updates]
    assert commands == sorted(commands, reverse=True)
    assert len(set(updates)) == len(updates)


def named(*hosts: tuple[str, str]) -> NetworkTree:
    return {"dns": {"hosts": [{"ip": ip, "hostnames": names.split()} for ip, names in hosts]}}


@pytest.mark.parametrize(
    ("wanted", "found", "adds"),
    [
        (named(("10.9.0.1", "a"), ("fd00::1", "a")), named(("10.9.0.1", "a")), True),
        (named(("10.9.0.1", "a"), ("fd00::1", "a")), named(), True),
        (named(("10.9.0.1", "a b"), ("fd00::1", "c b")), named(("fd00::1", "c")), True),
        (named(("10.9.0.1", "a"), ("fd00::1", "a")), named(("10.9.0.1", "a"), ("fd00::1", "a")), False),
        (
            named(("10.9.0.1", "a"), ("fd00::1", "a"), ("10.9.0.2", "b")),
            named(("10.9.0.1", "a"), ("fd00::1", "a")),
            False,
        ),
        (named(("10.9.0.1", "a"), ("fd00::1", "b")), named(("10.9.0.1", "a")), False),
        (named(("fd00::1", "a")), named(("10.9.0.1", "a")), False),
    ],
)
def test_a_second_address_for_a_name_is_seen(wanted: Any, found: Any, adds: bool) -> None:
    assert adds_second_address(wanted, found) is adds
