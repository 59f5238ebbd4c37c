"""The three-way rule: what is named is owned whole, what is no longer named goes, and the rest stays."""

from typing import Any

import pytest
from hypothesis import given
from tests.unit.strategies import networks

from virtnet.network.spec import NetworkSpec
from virtnet.planning.merge import differences, merge, project, restrict
from virtnet.planning.plan import ChangeClass
from virtnet.spec.part import UNKNOWN

ONE, OTHER = {"address": "10.0.0.53"}, {"address": "10.0.0.54"}
A, B, C = ({"ip": f"10.0.0.{n}", "hostnames": [name]} for n, name in ((1, "a"), (2, "b"), (3, "c")))


@pytest.mark.parametrize(
    ("desired", "recorded", "observed", "merged"),
    [
        pytest.param({"mtu": 9000}, {}, {}, {"mtu": 9000}, id="named, not there"),
        pytest.param({"mtu": 9000}, {"mtu": 9000}, {"mtu": 1400}, {"mtu": 9000}, id="named, drifted"),
        pytest.param({}, {"mtu": 9000}, {"mtu": 9000}, {}, id="no longer named"),
        pytest.param({}, {"mtu": 9000}, {"mtu": 1400}, {}, id="no longer named, drifted"),
        pytest.param({}, {"mtu": 9000}, {}, {}, id="no longer named, gone already"),
        pytest.param({}, {}, {"mtu": 1400}, {"mtu": 1400}, id="never named"),
        pytest.param({"mtu": UNKNOWN}, {"mtu": 9000}, {"mtu": 1400}, {"mtu": UNKNOWN}, id="named, not known yet"),
        pytest.param(
            {"bridge": {"stp": False}},
            {"bridge": {"delay": 2}},
            {"bridge": {"name": "br0", "stp": True, "delay": 2}},
            {"bridge": {"name": "br0", "stp": False}},
            id="a group is owned value by value",
        ),
        pytest.param(
            {},
            {"bridge": {"delay": 2}},
            {"bridge": {"name": "br0", "delay": 2}},
            {"bridge": {"name": "br0"}},
            id="a group let go",
        ),
        pytest.param({}, {"domain": {"name": "a"}}, {"domain": {"name": "a"}}, {}, id="a group let go whole"),
        pytest.param(
            {"dns": {"hosts": [A]}}, {}, {"dns": {"hosts": [A, B]}}, {"dns": {"hosts": [A]}}, id="a list is owned whole"
        ),
        pytest.param(
            {"dns": {"hosts": []}}, {}, {"dns": {"hosts": [B]}}, {"dns": {"hosts": []}}, id="an empty list too"
        ),
        pytest.param({}, {}, {"dns": {"hosts": [B]}}, {"dns": {"hosts": [B]}}, id="a list never named"),
        pytest.param({}, {"dns": {"hosts": [A]}}, {"dns": {"hosts": [A, B]}}, {}, id="a list no longer named"),
        pytest.param(
            {"dns": {"enable": True}},
            {"dns": {"enable": True, "hosts": [A]}},
            {"dns": {"enable": True, "hosts": [A], "txts": [{"name": "t", "value": "1"}]}},
            {"dns": {"enable": True, "txts": [{"name": "t", "value": "1"}]}},
            id="a list no longer named beside one never named",
        ),
        pytest.param(
            {"dns": {"hosts": [UNKNOWN, A]}},
            {},
            {"dns": {"hosts": [B]}},
            {"dns": {"hosts": [UNKNOWN, A]}},
            id="unknown items",
        ),
        pytest.param(
            {"ips": [{"address": "10.0.0.1/24", "local_ptr": True}]},
            {"ips": [{"address": "10.0.0.1/24", "tftp_root": "/srv"}]},
            {"ips": [{"address": "10.0.0.1/24", "tftp_root": "/srv", "dhcp": {"bootp": {"file": "x"}}}]},
            {"ips": [{"address": "10.0.0.1/24", "local_ptr": True, "dhcp": {"bootp": {"file": "x"}}}]},
            id="an item by its key is owned value by value",
        ),
        pytest.param(
            {"metadata": {"urn:a": "<a/>"}},
            {"metadata": {"urn:b": "<b/>"}},
            {"metadata": {"urn:b": "<b/>", "urn:c": "<c/>"}},
            {"metadata": {"urn:a": "<a/>", "urn:c": "<c/>"}},
            id="a map is owned entry by entry",
        ),
        pytest.param({}, {"metadata": {"urn:b": "<b/>"}}, {"metadata": {"urn:b": "<b/>"}}, {}, id="a map let go"),
        pytest.param(
            {"dnsmasq_options": ["b"]},
            {"dnsmasq_options": ["a"]},
            {"dnsmasq_options": ["a", "c"]},
            {"dnsmasq_options": ["b"]},
            id="plain lists",
        ),
    ],
)
def test_merge(desired: Any, recorded: Any, observed: Any, merged: Any) -> None:
    assert merge(NetworkSpec, desired, recorded, observed) == merged


@given(networks(), networks())
def test_observed_as_desired_is_where_to_go_and_nothing_named_leaves_all(observed: Any, recorded: Any) -> None:
    assert merge(NetworkSpec, observed, recorded, observed) == observed
    assert merge(NetworkSpec, {}, {}, observed) == observed


@pytest.mark.parametrize(
    ("named", "observed", "shown"),
    [
        pytest.param({"mtu": 9000}, {"mtu": 1400, "ipv6": True}, {"mtu": 1400}, id="only what is named"),
        pytest.param({"mtu": 9000}, {}, {}, id="gone"),
        pytest.param({"ipv6": False}, {}, {"ipv6": False}, id="a default that nobody spells out"),
        pytest.param({"ipv6": True}, {}, {}, id="no default"),
        pytest.param({"dns": {"hosts": []}}, {}, {"dns": {"hosts": []}}, id="an empty list that is not there"),
        pytest.param(
            {"dns": {"hosts": [A]}}, {"dns": {"hosts": [B, A]}}, {"dns": {"hosts": [A, B]}}, id="extra items, last"
        ),
        pytest.param({"dns": {"hosts": [A, B]}}, {"dns": {"hosts": [B]}}, {"dns": {"hosts": [B]}}, id="a missing item"),
        pytest.param(
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["x", "y"]}]}},
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["y", "x"]}]}},
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["y", "x"]}]}},
            id="names in another order",
        ),
        pytest.param(
            {"dns": {"forwarders": [ONE, OTHER]}},
            {"dns": {"forwarders": [{"address": "10.0.0.55"}, OTHER, ONE]}},
            {"dns": {"forwarders": [{"address": "10.0.0.55"}, OTHER, ONE]}},
            id="items whose order counts, as found",
        ),
        pytest.param(
            {"bridge": {"stp": True}},
            {"bridge": {"name": "br0", "stp": False}},
            {"bridge": {"stp": False}},
            id="a group",
        ),
        pytest.param({"metadata": {"urn:a": "<a/>"}}, {"metadata": {"urn:b": "<b/>"}}, {"metadata": {}}, id="a map"),
    ],
)
def test_project(named: Any, observed: Any, shown: Any) -> None:
    assert project(NetworkSpec, named, observed) == shown


@pytest.mark.parametrize(
    ("wanted", "found", "changes"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"ipv6": False}, {}, [], id="a default"),
        pytest.param(
            {"autostart": False}, {"autostart": True}, [("autostart", "change", "LIVE", "true -> false")], id="a flag"
        ),
        pytest.param({"mtu": 9000}, {}, [("mtu", "add", "RESTART", "9000")], id="added"),
        pytest.param({}, {"mtu": 9000}, [("mtu", "remove", "RESTART", "")], id="removed"),
        pytest.param({"mtu": 9000}, {"mtu": 1400}, [("mtu", "change", "RESTART", "1400 -> 9000")], id="changed"),
        pytest.param(
            {"mtu": UNKNOWN}, {"mtu": 1400}, [("mtu", "change", "RESTART", "known only when applied")], id="unknown"
        ),
        pytest.param(
            {"dns": {"hosts": [{"ip": UNKNOWN, "hostnames": ["x"]}, A]}},
            {"dns": {"hosts": [A, B]}},
            [
                ("dns.hosts[?]", "add", "LIVE", "ip known only when applied"),
                ("dns.hosts[10.0.0.2]", "remove", "LIVE", "unless an added one, known only when applied, is the same"),
            ],
            id="an unknown item, which may be one that is there",
        ),
        pytest.param(
            {"dns": {"hosts": [{"ip": "10.0.0.3", "hostnames": UNKNOWN}]}},
            {"dns": {"hosts": [B]}},
            [
                (
                    "dns.hosts[10.0.0.3]",
                    "add",
                    "LIVE",
                    "ip 10.0.0.3, hostnames known only when applied",
                ),
                ("dns.hosts[10.0.0.2]", "remove", "LIVE", ""),
            ],
            id="an item with an unknown value is no other one",
        ),
        pytest.param(
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["x", UNKNOWN]}]}},
            {"dns": {"hosts": [A]}},
            [("dns.hosts[10.0.0.1].hostnames", "change", "LIVE", "known only when applied")],
            id="an unknown value in a plain list",
        ),
        pytest.param(
            {"dns": {"forwarders": [{"address": "10.0.0.53", "domain": UNKNOWN}]}},
            {},
            [
                (
                    "dns.forwarders[? 10.0.0.53]",
                    "add",
                    "RESTART",
                    "address 10.0.0.53, domain known only when applied",
                )
            ],
            id="an unknown part of a key",
        ),
        pytest.param(
            {"dns": {"txts": [{"name": "key", "value": UNKNOWN}]}},
            {"dns": {"txts": [{"name": "key", "value": "old secret"}]}},
            [("dns.txts[key].value", "change", "LIVE", "known only when applied")],
            id="an unknown value that may be secret",
        ),
        pytest.param({"name": "b"}, {"name": "a"}, [("name", "change", "REPLACE", "a -> b")], id="replaced"),
        pytest.param({"dns": {"hosts": [A, B]}}, {"dns": {"hosts": [B, A]}}, [], id="the same items in another order"),
        pytest.param(
            {"dns": {"hosts": [A]}},
            {"dns": {"hosts": [{**A, "hostnames": ["other"]}, A]}},
            [("dns.hosts[10.0.0.1]", "remove", "LIVE", "it is there more than once")],
            id="a key that is there twice",
        ),
        pytest.param(
            {"dns": {"hosts": [A, C]}},
            {"dns": {"hosts": [B, A]}},
            [("dns.hosts[10.0.0.3]", "add", "LIVE", "ip 10.0.0.3"), ("dns.hosts[10.0.0.2]", "remove", "LIVE", "")],
            id="items by their key",
        ),
        pytest.param(
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["z"]}]}},
            {"dns": {"hosts": [A]}},
            [("dns.hosts[10.0.0.1].hostnames", "change", "LIVE", "")],
            id="a value inside an item",
        ),
        pytest.param(
            {"dns": {"txts": [{"name": "key", "value": "new secret"}]}},
            {"dns": {"txts": [{"name": "key", "value": "old secret"}]}},
            [("dns.txts[key].value", "change", "LIVE", "")],
            id="a value that may be secret",
        ),
        pytest.param(
            {"dns": {"txts": [{"name": "key", "value": "secret"}]}},
            {},
            [("dns.txts[key]", "add", "LIVE", "")],
            id="a new one",
        ),
        pytest.param(
            {"dnsmasq_options": ["a", "b"]},
            {"dnsmasq_options": ["b", "a"]},
            [("dnsmasq_options", "change", "RESTART", "")],
            id="a plain list in another order, which may hold a secret",
        ),
        pytest.param(
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["x", "y"]}]}},
            {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["y", "x"]}]}},
            [("dns.hosts[10.0.0.1].hostnames", "change", "LIVE", "y, x -> x, y")],
            id="a plain list in another order",
        ),
        pytest.param(
            {"dns": {"forwarders": [ONE, OTHER]}},
            {"dns": {"forwarders": [OTHER, ONE]}},
            [("dns.forwarders", "change", "RESTART", "10.0.0.54, 10.0.0.53 -> 10.0.0.53, 10.0.0.54")],
            id="items in another order, where it counts",
        ),
        pytest.param(
            {"dns": {"forwarders": [OTHER, ONE]}},
            {"dns": {"forwarders": [ONE]}},
            [("dns.forwarders[10.0.0.54]", "add", "RESTART", "address 10.0.0.54")],
            id="one more before others is no other order",
        ),
        pytest.param(
            {"dnsmasq_options": ["secret"]}, {}, [("dnsmasq_options", "add", "RESTART", "")], id="a plain list"
        ),
        pytest.param(
            {"metadata": {"urn:a": "<a/>", "urn:b": "<b/>"}},
            {"metadata": {"urn:a": "<x/>", "urn:c": "<c/>"}},
            [
                ('metadata["urn:a"]', "change", "LIVE", ""),
                ('metadata["urn:b"]', "add", "LIVE", ""),
                ('metadata["urn:c"]', "remove", "LIVE", ""),
            ],
            id="a map",
        ),
        pytest.param(
            {"ips": [{"address": "10.0.0.1/24", "dhcp": {"ranges": [{"start": "10.0.0.2", "end": "10.0.0.9"}]}}]},
            {"ips": [{"address": "10.0.0.1/24"}]},
            [
                (
                    "ips[10.0.0.1/24].dhcp.ranges[10.0.0.2 10.0.0.9]",
                    "add",
                    "LIVE",
                    "start 10.0.0.2, end 10.0.0.9",
                )
            ],
            id="live inside what restarts",
        ),
    ],
)
def test_differences(wanted: Any, found: Any, changes: list[tuple[str, str, str, str]]) -> None:
    got = differences(NetworkSpec, wanted, found)

    assert [(change.path, change.kind, change.change_class.name, change.detail) for change in got] == changes


@given(networks(), networks())
def test_what_differs_one_way_differs_the_other(one: Any, other: Any) -> None:
    there = {change.path: change.change_class for change in differences(NetworkSpec, one, other)}
    back = {change.path: change.change_class for change in differences(NetworkSpec, other, one)}

    assert there == back
    assert differences(NetworkSpec, one, one) == ()


@given(networks(), networks())
def test_restricted_to_live_nothing_above_it_is_left_to_do(wanted: Any, found: Any) -> None:
    live = restrict(NetworkSpec, wanted, found, ChangeClass.LIVE)

    left = {change.path for change in differences(NetworkSpec, live, found)}
    assert all(change.change_class <= ChangeClass.LIVE for change in differences(NetworkSpec, live, found))
    assert left <= {change.path for change in differences(NetworkSpec, wanted, found)}


@pytest.mark.parametrize(
    ("wanted", "found", "kept"),
    [
        ({"mtu": 9000, "autostart": False}, {"autostart": True}, {"autostart": False}),
        ({}, {"mtu": 9000}, {"mtu": 9000}),
        ({"dns": {"enable": False, "hosts": [A]}}, {"dns": {"hosts": [B]}}, {"dns": {"hosts": [A]}}),
        (
            {
                "ips": [
                    {"address": "10.0.0.1/24", "local_ptr": True, "dhcp": {"hosts": [{"name": "a"}]}},
                    {"address": "10.0.1.1/24"},
                ]
            },
            {"ips": [{"address": "10.0.0.1/24"}, {"address": "10.0.2.1/24"}]},
            {"ips": [{"address": "10.0.0.1/24", "dhcp": {"hosts": [{"name": "a"}]}}, {"address": "10.0.2.1/24"}]},
        ),
        ({"ips": [{"address": "10.0.0.1/24"}]}, {}, {}),
        ({"bridge": {"stp": False}}, {"bridge": {"name": "br0"}}, {"bridge": {"name": "br0"}}),
    ],
)
def test_restrict(wanted: Any, found: Any, kept: Any) -> None:
    assert restrict(NetworkSpec, wanted, found, ChangeClass.LIVE) == kept
