"""Whether the kernel goes on tracking connections while a NAT network is stopped."""

import json
from typing import Any

import pytest
from tests import builders
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, host_effects

from virtnet.network.observe.firewall.tracking import connections_stay_tracked
from virtnet.network.observed import reported

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
        pytest.param(None, None, True, id="nothing to list them with"),
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
def test_a_rule_of_others_keeps_connections_tracked(iptables: str | None, nft: str | None, stay: bool) -> None:
    host = FakeHost(firewall=FakeFirewall(host_effects(), {"iptables-save": iptables, "nft-json": nft}))
    live = reported(builders.network("lab", "nat", "10.9.0.1/24", bridge="virbr1")).running

    assert connections_stay_tracked(host, live) is stay
