"""Which firewall rules a running network is said to have lost, by listings of real hosts that lack a line.

data/firewall/modes: networks of each mode, and what the programs list while all of them run (libvirt 9.0 with iptables,
11.3 with nftables).
"""

import json
import re
from pathlib import Path

import pytest

from virtnet.network.observe.firewall.libvirt_rules import (
    Backend,
    MissingRules,
    RulesKind,
    backend_by_rules,
    backend_of_status,
    backends,
    backends_by_rules,
    configured_backend,
    missing_rules,
)
from virtnet.network.xml.definition import Definition

DATA = Path(__file__).parents[3] / "data" / "firewall" / "modes"
LISTINGS = {
    Backend.IPTABLES: {name: (DATA / f"{name}.txt").read_text() for name in ("iptables-save", "ip6tables-save")},
    Backend.NFTABLES: {"nft-json": (DATA / "nft.json").read_text()},
}
NETWORKS = ["nat", "nat66", "route", "isolated", "quiet"]

JUMPS = """\
-A INPUT -j LIBVIRT_INP
-A OUTPUT -j LIBVIRT_OUT
-A FORWARD -j LIBVIRT_FWX
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
"""
ACCEPT_IN = "-A LIBVIRT_FWI -d 10.0.0.0/24 -o {0} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
OTHERS = """\
-A LIBVIRT_FWI -o {0} -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 10.0.0.0/24 -i {0} -j ACCEPT
-A LIBVIRT_FWO -i {0} -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWX -i {0} -o {0} -j ACCEPT
-A LIBVIRT_INP -i {0} -p udp -m udp --dport 53 -j ACCEPT
-A LIBVIRT_INP -i {0} -p udp -m udp --dport 67 -j ACCEPT
-A LIBVIRT_OUT -o {0} -p udp -m udp --dport 53 -j ACCEPT
-A LIBVIRT_OUT -o {0} -p udp -m udp --dport 68 -j ACCEPT
"""
MASQUERADE = "*nat\n-A POSTROUTING -j LIBVIRT_PRT\n-A LIBVIRT_PRT -s 10.0.0.0/24 ! -d 10.0.0.0/24 -j MASQUERADE\n"
FILTER, NAT = MissingRules(RulesKind.FILTER), MissingRules(RulesKind.NAT, "10.0.0.0/24")
IN = MissingRules(RulesKind.FILTER, chain="LIBVIRT_FWI")


def network(name: str) -> Definition:
    return Definition((DATA / f"{name}.xml").read_text())


def nat(bridge: str) -> Definition:
    ip = "<ip address='10.0.0.1' prefix='24'/>"
    return Definition(f"<network><forward mode='nat'/><bridge name='{bridge}'/>{ip}</network>")


def matters(line: str, bridge: str) -> bool:
    """Whether a network of that bridge has lost something without this line of a listing.

    Of DHCP and DNS UDP is looked for; what fills in checksums of DHCP is for very old guests.
    """
    words = re.split(r'[\s",}]+', line)
    return bridge in words and "tcp" not in line and "CHECKSUM" not in line


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_missing_of_a_network_that_has_just_started(name: str, backend: Backend) -> None:
    assert list(missing_rules(network(name), LISTINGS[backend], backend)) == []


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", NETWORKS)
def test_each_rule_that_names_the_bridge_is_missed(name: str, backend: Backend) -> None:
    live, unnoticed, tried = network(name), [], 0
    for program, listing in LISTINGS[backend].items():
        lines = listing.splitlines(keepends=True)
        for number, line in enumerate(lines):
            if not matters(line, live.bridge):
                continue
            tried += 1
            without = "".join([*lines[:number], *lines[number + 1 :]])
            if program == "nft-json":
                without = without.replace("},\n]}", "}\n]}")
            if not list(missing_rules(live, {**LISTINGS[backend], program: without}, backend)):
                unnoticed.append(line)

    assert tried >= 3
    assert unnoticed == []


@pytest.mark.parametrize(
    ("backend", "program", "rule", "missing"),
    [
        (Backend.IPTABLES, "iptables-save", f"-A {base} -j {chain}\n", MissingRules(RulesKind.JUMPS, chain=chain))
        for base, chain in [
            ("INPUT", "LIBVIRT_INP"),
            ("OUTPUT", "LIBVIRT_OUT"),
            ("FORWARD", "LIBVIRT_FWX"),
            ("FORWARD", "LIBVIRT_FWI"),
            ("FORWARD", "LIBVIRT_FWO"),
        ]
    ]
    + [
        (
            Backend.IPTABLES,
            "ip6tables-save",
            "-A FORWARD -j LIBVIRT_FWO\n",
            MissingRules(RulesKind.JUMPS, chain="LIBVIRT_FWO", version=6),
        ),
        (
            Backend.IPTABLES,
            "iptables-save",
            "-A POSTROUTING -j LIBVIRT_PRT\n",
            MissingRules(RulesKind.NAT, "10.9.1.0/24"),
        ),
    ],
)
def test_the_ways_into_libvirts_chains_are_missed(
    backend: Backend, program: str, rule: str, missing: MissingRules
) -> None:
    rules = {**LISTINGS[backend], program: LISTINGS[backend][program].replace(rule, "")}

    assert list(missing_rules(network("nat"), rules, backend)) == [missing]


@pytest.mark.parametrize(
    ("backend", "rules", "missing"),
    [
        (Backend.IPTABLES, {"ip6tables-save": ""}, [MissingRules(RulesKind.FILTER, version=6)]),
        (Backend.IPTABLES, {"ip6tables-save": None}, [MissingRules(RulesKind.FILTER, version=6)]),
        (
            Backend.IPTABLES,
            {"iptables-save": ""},
            [FILTER, MissingRules(RulesKind.NAT, "10.9.1.0/24")],
        ),
        (
            Backend.NFTABLES,
            {"nft-json": LISTINGS[Backend.NFTABLES]["nft-json"].replace('"family": "ip6"', '"family": "inet"')},
            [MissingRules(RulesKind.FILTER, version=6)],
        ),
        (
            Backend.NFTABLES,
            {"nft-json": ""},
            [FILTER, MissingRules(RulesKind.NAT, "10.9.1.0/24"), MissingRules(RulesKind.FILTER, version=6)],
        ),
    ],
)
def test_what_is_missing_of_each_version_of_ip(
    backend: Backend, rules: dict[str, str | None], missing: list[MissingRules]
) -> None:
    assert list(missing_rules(network("nat"), {**LISTINGS[backend], **rules}, backend)) == missing


@pytest.mark.parametrize("chain", ["guest_output", "guest_input", "guest_cross"])
def test_a_chain_of_nftables_that_was_flushed_is_named(chain: str) -> None:
    listing = json.loads(LISTINGS[Backend.NFTABLES]["nft-json"])
    found = [entry for entry in listing["nftables"] if entry.get("rule", {}).get("chain") != chain]

    missing = list(missing_rules(network("nat"), {"nft-json": json.dumps({"nftables": found})}, Backend.NFTABLES))

    assert missing == [MissingRules(RulesKind.FILTER, chain=chain, version=version) for version in (4, 6)]


@pytest.mark.parametrize(
    ("bridge", "rules", "missing"),
    [
        ("vb0", ACCEPT_IN.format("vb0") + OTHERS.format("vb0") + MASQUERADE, []),
        ("br-o", ACCEPT_IN.format("br-o") + OTHERS.format("br-o") + MASQUERADE, []),
        ("a-o", ACCEPT_IN.format("br-o") + ACCEPT_IN.format("a-o") + OTHERS.format("a-o") + MASQUERADE, []),
        (
            "vb0",
            '-A LIBVIRT_FWI -d 10.0.0.0/24 -o vb0 -m comment --comment "not -o vb9 " -j ACCEPT\n'
            + OTHERS.format("vb0")
            + MASQUERADE,
            [],
        ),
        ("vb0", ACCEPT_IN.format("vb01") + OTHERS.format("vb01") + MASQUERADE, [FILTER]),
        ("vb0", ACCEPT_IN.format("vb01") + OTHERS.format("vb0") + MASQUERADE, [IN]),
        ("vb0", ACCEPT_IN.format("vb0").replace("LIBVIRT_FWI", "MINE") + OTHERS.format("vb0") + MASQUERADE, [IN]),
        ("vb0", ACCEPT_IN.format("vb0") + OTHERS.format("vb0"), [NAT]),
        ("vb0", ACCEPT_IN.format("vb0") + OTHERS.format("vb0") + "-A nat-s -s 10.0.0.0/24 -j MASQUERADE\n", []),
        (
            "vb0",
            ACCEPT_IN.format("vb0")
            + OTHERS.format("vb0")
            + '-A POSTROUTING -m comment --comment "-s 192.0.2.0/24" -s 10.0.0.0/24 -j SNAT --to-source 192.0.2.1\n',
            [],
        ),
        (
            "vb0",
            ACCEPT_IN.format("vb0") + OTHERS.format("vb0") + MASQUERADE.replace("10.0.0.0/24", "10.0.0.0/25"),
            [NAT],
        ),
        ("vb0", ACCEPT_IN.format("vb0") + OTHERS.format("vb0") + MASQUERADE.replace("MASQUERADE", "RETURN"), [NAT]),
    ],
)
def test_odd_names_and_rules_of_others(bridge: str, rules: str, missing: list[MissingRules]) -> None:
    found = list(missing_rules(nat(bridge), {"iptables-save": JUMPS + rules}, Backend.IPTABLES))

    assert found == missing


@pytest.mark.parametrize(
    ("status", "backend"),
    [
        (None, None),
        ("<networkstatus><network/></networkstatus>", None),
        ("<networkstatus><network/><firewall name='fwRemoval' backend='pf'/></networkstatus>", None),
        ("<networkstatus><network/><firewall name='fwRemoval' backend='iptables'/></networkstatus>", Backend.IPTABLES),
        ("<networkstatus><network/><firewall name='fwRemoval' backend='nftables'/></networkstatus>", Backend.NFTABLES),
    ],
)
def test_the_backend_is_the_one_that_libvirt_noted(status: str | None, backend: Backend | None) -> None:
    assert backend_of_status(status) is backend


OF_ANOTHER = LISTINGS[Backend.NFTABLES]["nft-json"].replace("vnat", "other")
EMPTY_CHAINS = "".join(f":LIBVIRT_{name} - [0:0]\n" for name in ("FWI", "FWO", "INP", "PRT"))


@pytest.mark.parametrize(
    ("rules", "backend"),
    [
        ({**LISTINGS[Backend.IPTABLES], "nft-json": ""}, Backend.IPTABLES),
        ({"iptables-save": EMPTY_CHAINS, **LISTINGS[Backend.NFTABLES]}, Backend.NFTABLES),
        ({"iptables-save": EMPTY_CHAINS, "nft-json": OF_ANOTHER}, None),
        ({"iptables-save": None, "nft-json": None}, None),
    ],
)
def test_where_that_is_not_seen_the_backend_is_the_one_with_rules(
    rules: dict[str, str | None], backend: Backend | None
) -> None:
    assert backend_by_rules("vnat", rules) is backend


@pytest.mark.parametrize(
    ("configured", "rules", "version", "expected"),
    [
        (None, {}, 9_000_000, (Backend.IPTABLES,)),
        (Backend.NFTABLES, {}, 10_003_000, (Backend.IPTABLES,)),
        (None, {}, 10_004_000, (Backend.IPTABLES, Backend.NFTABLES)),
        (None, {"iptables-save": "", "nft-json": OF_ANOTHER}, 11_003_000, (Backend.NFTABLES,)),
        (None, {"iptables-save": EMPTY_CHAINS, "nft-json": None}, 11_003_000, (Backend.IPTABLES,)),
        # Those of the old one stay until the next boot.
        (None, {"iptables-save": EMPTY_CHAINS, "nft-json": OF_ANOTHER}, 11_003_000, tuple(Backend)),
        (Backend.NFTABLES, {"iptables-save": EMPTY_CHAINS, "nft-json": None}, 11_003_000, (Backend.NFTABLES,)),
    ],
)
def test_where_nobody_has_rules_of_it_the_configuration_and_libvirts_chains_tell(
    configured: Backend | None, rules: dict[str, str | None], version: int, expected: tuple[Backend, ...]
) -> None:
    assert backends(configured, backends_by_rules(rules), version) == expected


@pytest.mark.parametrize(
    ("conf", "backend"),
    [
        (None, None),
        ("", None),
        ('firewall_backend = "nftables"\n', Backend.NFTABLES),
        ('  firewall_backend="iptables" # mine\n', Backend.IPTABLES),
        ('#firewall_backend = "nftables"\n', None),
        ('firewall_backend = "pf"\n', None),
    ],
)
def test_the_backend_that_network_conf_names(conf: str | None, backend: Backend | None) -> None:
    assert configured_backend(conf) is backend
