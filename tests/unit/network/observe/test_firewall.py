"""Which firewall rules a running network is said to have lost, by listings with odd names and rules of others."""

import pytest

from virtnet.network.observe.firewall import MissingRules, RulesKind, missing_rules
from virtnet.network.xml.definition import Definition

JUMPS = "-A INPUT -j LIBVIRT_INP\n-A FORWARD -j LIBVIRT_FWI\n"
LET_IN = "-A LIBVIRT_FWI -d 10.0.0.0/24 -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
MASQUERADE = "-A LIBVIRT_PRT -s 10.0.0.0/24 ! -d 10.0.0.0/24 -j MASQUERADE\n"
FILTER, NAT = MissingRules(RulesKind.FILTER), MissingRules(RulesKind.NAT, "10.0.0.0/24")


def nat(bridge: str) -> Definition:
    ip = "<ip address='10.0.0.1' prefix='24'/>"
    return Definition(f"<network><forward mode='nat'/><bridge name='{bridge}'/>{ip}</network>")


@pytest.mark.parametrize(
    ("bridge", "rules", "missing"),
    [
        ("vb0", LET_IN.format(bridge="vb0") + MASQUERADE, []),
        ("br-o", LET_IN.format(bridge="br-o") + MASQUERADE, []),
        ("a-o", LET_IN.format(bridge="br-o") + LET_IN.format(bridge="a-o") + MASQUERADE, []),
        ("vb0", '-A LIBVIRT_FWI -o vb0 -m comment --comment "not -o vb9 " -j ACCEPT\n' + MASQUERADE, []),
        ("vb0", LET_IN.format(bridge="vb01") + MASQUERADE, [FILTER]),
        ("vb0", LET_IN.format(bridge="vb0").replace("LIBVIRT_FWI", "MINE") + MASQUERADE, [FILTER]),
        ("vb0", LET_IN.format(bridge="vb0"), [NAT]),
        ("vb0", LET_IN.format(bridge="vb0") + "-A nat-s -s 10.0.0.0/24 -j MASQUERADE\n", []),
        (
            "vb0",
            LET_IN.format(bridge="vb0")
            + '-A POSTROUTING -m comment --comment "-s 192.0.2.0/24" -s 10.0.0.0/24 -j SNAT --to-source 192.0.2.1\n',
            [],
        ),
        ("vb0", LET_IN.format(bridge="vb0") + MASQUERADE.replace("10.0.0.0/24", "10.0.0.0/25"), [NAT]),
        ("vb0", LET_IN.format(bridge="vb0") + MASQUERADE.replace("MASQUERADE", "RETURN"), [NAT]),
    ],
)
def test_missing_of_iptables(bridge: str, rules: str, missing: list[MissingRules]) -> None:
    found = list(missing_rules(nat(bridge), {"iptables-save": JUMPS + rules}))

    assert found == missing


def test_missing_jumps_into_libvirts_chains() -> None:
    found = list(missing_rules(nat("vb0"), {"iptables-save": LET_IN.format(bridge="vb0") + MASQUERADE}))

    assert found == [MissingRules(RulesKind.JUMPS)]
