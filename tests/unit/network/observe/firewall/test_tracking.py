"""Whether the kernel goes on tracking connections while a NAT network is stopped."""

import json
import time
from typing import Any

import pytest
from tests import builders
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, host_effects

from virtnet.network.names import holding_name
from virtnet.network.observe.firewall.tracking import connections_stay_tracked, tracking_left
from virtnet.network.observed import reported
from virtnet.network.xml.definition import definition

UUID = "6f1c6a52-5a38-4b4c-9b6d-0a6a30bfb8a1"

OWN_IPTABLES = """\
-A LIBVIRT_FWI -d 10.9.0.0/24 -o virbr1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_PRT -s 10.9.0.0/24 ! -d 10.9.0.0/24 -j MASQUERADE
"""
OTHERS_IPTABLES = OWN_IPTABLES.replace("virbr1", "virbr10").replace("10.9.0.0", "110.9.0.0")
TRACKED = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}


def nft(family: str, *expressions: dict[str, Any]) -> str:
    """What nft prints, as data, of one rule."""
    rule = {"family": family, "table": "t", "chain": "c", "handle": 1, "expr": [*expressions, {"accept": None}]}
    return json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, {"rule": rule}]})


OWN_NFT = nft("ip", {"match": {"op": "==", "left": {"meta": {"key": "oif"}}, "right": "virbr1"}}, TRACKED)
OWN_MASQUERADE = nft(
    "ip",
    {
        "match": {
            "op": "==",
            "left": {"payload": {"protocol": "ip", "field": "saddr"}},
            "right": {"prefix": {"addr": "10.9.0.0", "len": 24}},
        }
    },
    {"masquerade": None},
)
IPV6_NFT, FIREWALLD = nft("ip6", TRACKED), nft("inet", TRACKED)
IPTABLES6 = "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\n"
LEFT_NFT = nft("ip", TRACKED).replace('"table": "t"', '"table": "virtnet-holding-12ab34"')
LEFT_IPTABLES = "-A FORWARD -m conntrack --ctstate ESTABLISHED -m comment --comment virtnet-holding-12ab34\n"


@pytest.mark.parametrize(
    ("iptables", "nft", "stay"),
    [
        pytest.param(OWN_IPTABLES, None, False, id="its own alone"),
        pytest.param(None, OWN_NFT, False, id="its own alone, nftables"),
        pytest.param(None, OWN_MASQUERADE, False, id="its own translation alone, nftables"),
        pytest.param(None, OWN_MASQUERADE.replace("10.9.0.0", "10.9.1.0"), True, id="another's translation"),
        pytest.param("", "", False, id="no rules at all"),
        pytest.param(None, None, None, id="nothing to list them with"),
        pytest.param("-A INPUT -i eth0 -j ACCEPT\n", IPV6_NFT, False, id="others that track nothing, or IPv6"),
        pytest.param(OWN_IPTABLES, LEFT_NFT, False, id="what a restart has left"),
        pytest.param(OWN_IPTABLES + LEFT_IPTABLES, None, False, id="what a restart has left, iptables"),
        pytest.param(
            OWN_IPTABLES,
            LEFT_NFT.removesuffix("]}") + FIREWALLD.replace('{"nftables": [', ", "),
            True,
            id="others behind it",
        ),
        pytest.param(OWN_IPTABLES + OTHERS_IPTABLES, None, True, id="another NAT network"),
        pytest.param(OWN_IPTABLES, FIREWALLD, True, id="firewalld"),
        pytest.param("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n", None, True, id="Docker"),
        pytest.param("-A ufw-before-input -m conntrack --ctstate INVALID -j DROP\n", None, True, id="ufw"),
    ],
)
def test_a_rule_of_others_keeps_connections_tracked(iptables: str | None, nft: str | None, stay: bool | None) -> None:
    host = FakeHost(firewall=FakeFirewall(host_effects(), {"iptables-save": iptables, "nft-json": nft}))
    live = reported(builders.network("lab", "nat", "10.9.0.1/24", bridge="virbr1")).running

    assert connections_stay_tracked(host, live) is stay


@pytest.mark.parametrize(
    ("ip6tables", "nft", "stay"),
    [
        pytest.param("", "", False, id="IPv4 alone"),
        pytest.param("", IPV6_NFT, True, id="a rule of IPv6"),
        pytest.param(IPTABLES6, "", True, id="a rule of ip6tables"),
        pytest.param("", FIREWALLD, True, id="a rule of both"),
    ],
)
def test_a_network_that_translates_both_versions_needs_both_tracked(ip6tables: str, nft: str, stay: bool) -> None:
    listings = {"iptables-save": OTHERS_IPTABLES, "ip6tables-save": ip6tables, "nft-json": nft}
    host = FakeHost(firewall=FakeFirewall(host_effects(), {**listings}))
    live = reported(builders.network("lab", "nat", "10.9.0.1/24", "fd00:9::1/64", bridge="virbr1")).running
    live = definition(live.xml.replace("<forward mode='nat'/>", "<forward mode='nat'><nat ipv6='yes'/></forward>"))
    assert live.translated == (4, 6)

    assert connections_stay_tracked(host, live) is stay


@pytest.mark.parametrize(
    ("version", "iptables", "nft", "left"),
    [
        pytest.param(9_000_000, LEFT_IPTABLES, "", True, id="libvirt 9.0"),
        pytest.param(9_000_000, LEFT_IPTABLES.replace("12ab34", "ab34ff"), "", False, id="another network's"),
        pytest.param(11_003_000, "", LEFT_NFT, True, id="a libvirt that may write nftables"),
        pytest.param(11_003_000, LEFT_IPTABLES, "", True, id="there without nft"),
        pytest.param(
            11_003_000, "", LEFT_NFT.replace('"ip"', '"inet"'), True, id="a holding network's, stopped by hand"
        ),
        pytest.param(11_003_000, "", None, False, id="none"),
    ],
)
def test_what_an_interrupted_update_left_is_found(version: int, iptables: str, nft: str | None, left: bool) -> None:
    name = holding_name(UUID)
    listings = {"iptables-save": iptables, "nft-json": nft}
    listings = {one: text and text.replace("virtnet-holding-12ab34", name) for one, text in listings.items()}
    firewall = FakeFirewall(host_effects(), listings)

    assert tracking_left(FakeHost(firewall=firewall), UUID, version, time.monotonic()) is left


def test_a_rule_of_an_update_that_has_ended_since_the_listing_is_not_left() -> None:
    of_before = LEFT_IPTABLES.replace("virtnet-holding-12ab34", holding_name(UUID))
    firewall = FakeFirewall(host_effects(), {"iptables-save": ""}, earlier={"iptables-save": of_before})

    assert tracking_left(FakeHost(firewall=firewall), UUID, 9_000_000, time.monotonic()) is False


def test_who_may_not_list_rules_cannot_tell() -> None:
    firewall = FakeFirewall(host_effects(), {"iptables-save": ""}, denied={"iptables-save"})

    assert tracking_left(FakeHost(firewall=firewall), UUID, 9_000_000, time.monotonic()) is None
