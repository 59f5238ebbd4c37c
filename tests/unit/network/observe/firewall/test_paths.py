"""What is said of networks' packets beside real firewalls, and what a preview foresees of a network that is not there.

data/firewall/firewalld, ufw and docker: what programs list on a host with libvirt 9.0 while its network default runs,
firewalld 1.3 with libvirt's zones, ufw 0.36, and Docker's chains and policy. Packets were the witness that these
answers are right (docs/firewalls.md).
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, strategies
from tests.fakes.files import FakeFiles
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, host_effects
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.libvirt import FakeLibvirt

from virtnet.host.default_route import interfaces_to_everywhere
from virtnet.host.firewall.listings import others_may_refuse, ruleset
from virtnet.host.firewall.ruleset import Ruleset
from virtnet.host.firewall.verdicts import Fate
from virtnet.network.observe.firewall.foreseen import as_started, will_be_dropped
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.observe.firewall.paths import Surroundings, dropped_by_others, dropped_details, paths
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.problem_kinds import ProblemKind, problem_of
from virtnet.network.resource import foresee
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import NetworkReport

DATA = Path(__file__).parents[3] / "data" / "firewall"
UPLINK = Surroundings({4: "eth0", 6: "eth0"})
ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth1\t00000000\t0100A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
    "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
)


def listings(name: str) -> dict[str, str | None]:
    directory = DATA / name
    files = {"iptables-save": "iptables-save.txt", "ip6tables-save": "ip6tables-save.txt", "nft-json": "nft.json"}
    return {lister: (directory / file).read_text() for lister, file in files.items()}


def network(mode: str, bridge: str = "virbr0", zone: str = "") -> Definition:
    forward = f"<forward mode='{mode}'/>" if mode else ""
    served = "<dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>"
    return Definition(
        f"<network><name>n</name>{forward}<bridge name='{bridge}'{zone}/>"
        f"<ip address='192.168.122.1' prefix='24'>{served}</ip></network>"
    )


def test_of_an_address_that_only_libvirt_accepts_nothing_is_asked() -> None:
    odd = Definition(
        "<network><name>n</name><bridge name='virbr0'/><ip address='10.0.0.1' netmask='255.0.255.0'/>"
        "<ip address='192.168.122.1' prefix='24'><tftp root='/srv/tftp'/></ip></network>"
    )

    found = paths(odd, ruleset({}), UPLINK)

    assert {one.path.value for one in found} == {"dns", "tftp"}


def dropped(rules: Ruleset, live: Definition, around: Surroundings = UPLINK) -> dict[str, str]:
    """The ways on which others drop packets, each with whose rule it is."""
    return {one.path.value: one.programs[0].value for one in dropped_by_others(paths(live, rules, around))}


@pytest.mark.parametrize("firewall", ["firewalld", "ufw", "docker"])
def test_libvirts_own_rules_of_iptables_let_a_running_network_pass(firewall: str) -> None:
    found = paths(network("nat"), ruleset(listings(firewall)), UPLINK._replace(bridged=frozenset({4})))

    assert {one.fate for one in found} == {Fate.ACCEPTED}
    assert {one.path.value for one in found} == {"outside", "between", "dns", "dhcp"}


@pytest.mark.parametrize(
    ("firewall", "ways"),
    [
        ("firewalld", ["outside", "inside", "dns", "dhcp"]),
        ("ufw", ["outside", "inside", "dns", "dhcp"]),
        ("docker", ["outside", "inside"]),
    ],
)
def test_of_a_bridge_that_libvirt_writes_nothing_of_others_drop(firewall: str, ways: Sequence[str]) -> None:
    found = dropped(ruleset(listings(firewall)), network("open", "virbr9"))

    assert found == dict.fromkeys(ways, firewall)


CHAINS = strategies.sampled_from(["FORWARD", "INPUT", "OUTPUT", "own", "LIBVIRT_FWO", "LIBVIRT_INP"])
ENDS = ("DROP", "REJECT --reject-with icmp-port-unreachable", "ACCEPT", "own", "LIBVIRT_FWO", "LIBVIRT_INP", "LOG")
IPTABLES_RULES = strategies.builds(
    "-A {} {}-j {}\n".format,
    CHAINS,
    strategies.sampled_from(
        ["", "-i virbr9 ", "-o virbr9 ", "-p udp -m udp --dport 53 ", '-m comment --comment "x y" ']
    ),
    strategies.sampled_from(ENDS),
)
POLICIES = strategies.sampled_from(["ACCEPT", "DROP", "ACCEPT [0:0]", "DROP [7:420]"])
NFT_TABLES = strategies.sampled_from(["libvirt_network", "firewalld", "filter", "own"])


@given(
    policies=strategies.tuples(POLICIES, POLICIES, POLICIES),
    rules=strategies.lists(IPTABLES_RULES, max_size=6),
    table=NFT_TABLES,
    policy=strategies.sampled_from(["accept", "drop"]),
)
@example(policies=("ACCEPT", "ACCEPT", "ACCEPT"), rules=[], table="own", policy="drop")
@example(policies=("ACCEPT", "DROP", "ACCEPT"), rules=[], table="libvirt_network", policy="accept")
def test_where_a_glance_finds_nothing_others_drop_nothing(
    policies: tuple[str, str, str], rules: list[str], table: str, policy: str
) -> None:
    kernels = "".join(f":{name} {one}\n" for name, one in zip(("INPUT", "FORWARD", "OUTPUT"), policies, strict=True))
    own = ":own - [0:0]\n:LIBVIRT_FWO - [0:0]\n:LIBVIRT_INP - [0:0]\n"
    chain = {"type": "filter", "hook": "forward", "prio": 0, "policy": policy, "family": "ip", "table": table}
    nft: list[object] = [{"table": {"family": "ip", "name": table}}, {"chain": {**chain, "name": "c"}}]
    printed = {
        "iptables-save": f"# (nf_tables)\n*filter\n{kernels}{own}{''.join(rules)}COMMIT\n",
        "nft-json": json.dumps({"nftables": nft}),
    }

    found = dropped(ruleset(printed), network("open", "virbr9"))

    assert others_may_refuse(printed) or not found


@pytest.mark.parametrize("firewall", ["firewalld", "ufw", "docker"])
def test_a_glance_sees_a_firewall_that_drops(firewall: str) -> None:
    assert others_may_refuse(listings(firewall))


def test_a_glance_passes_over_what_libvirt_refuses() -> None:
    iptables = (
        "# (nf_tables)\n*filter\n:FORWARD ACCEPT\n:LIBVIRT_FWO - [0:0]\n-A FORWARD -j LIBVIRT_FWO\n"
        "-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"
    )
    tables = [{"table": {"family": "ip", "name": name}} for name in ("libvirt_network", "filter")]

    assert not others_may_refuse({"iptables-save": iptables, "nft-json": json.dumps({"nftables": tables})})


@pytest.mark.parametrize(
    ("firewall", "mode", "backend", "ways"),
    [
        # An accept in libvirt's own tables is none in another.
        ("ufw", "nat", Backend.NFTABLES, {"outside", "dns", "dhcp"}),
        ("ufw", "nat", Backend.IPTABLES, set()),
        ("ufw", "", Backend.NFTABLES, {"dns", "dhcp"}),
        ("ufw", "", Backend.IPTABLES, set()),
        ("docker", "route", Backend.NFTABLES, {"outside", "inside"}),
        ("docker", "route", Backend.IPTABLES, set()),
        ("docker", "open", Backend.IPTABLES, {"outside", "inside"}),
        # libvirt puts the bridge into a zone of its own, but in mode open.
        ("firewalld", "nat", Backend.IPTABLES, set()),
        ("firewalld", "nat", Backend.NFTABLES, set()),
        ("firewalld", "open", Backend.NFTABLES, {"outside", "inside", "dns", "dhcp"}),
    ],
)
def test_what_is_foreseen_of_a_network_that_is_to_be_made(
    firewall: str, mode: str, backend: Backend, ways: set[str]
) -> None:
    made = network(mode, "virbr9")

    assert set(dropped(as_started(ruleset(listings(firewall)), made, backend), made)) == ways


def test_chains_of_libvirts_that_are_not_there_yet_come_before_the_policy() -> None:
    rules = ruleset({"iptables-save": "# (nf_tables)\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n"})

    assert dropped(as_started(rules, network("nat"), Backend.IPTABLES), network("nat")) == {}
    assert set(dropped(rules, network("nat"))) == {"outside", "dns", "dhcp"}


@pytest.mark.parametrize("has_chains", [True, False])
def test_what_either_backend_would_let_pass_is_not_foreseen_as_dropped(*, has_chains: bool) -> None:
    kept = {name: text for name, text in listings("docker").items() if name != "nft-json"}
    if not has_chains:
        kept = {name: re.sub(".*LIBVIRT_.*\n", "", text or "") for name, text in kept.items()}
    files = {"/proc/net/route": ROUTES}
    effects = host_effects()
    host = FakeHost(
        effects=effects,
        files=FakeFiles(effects, files, places=("/proc", "/etc/libvirt")),
        firewall=FakeFirewall(effects, {**kept, "nft-json": None}),
    )

    assert will_be_dropped(host, network("nat", "virbr9"), 11_000_000) is None
    assert will_be_dropped(host, network("open", "virbr9"), 11_000_000) is not None


@pytest.mark.parametrize("active", [True, False])
def test_of_what_is_adopted_the_bridge_that_it_has_is_foreseen(*, active: bool) -> None:
    effects = host_effects()
    files = FakeFiles(effects, {"/proc/net/route": ROUTES}, places=("/proc", "/etc/libvirt"))
    firewall = FakeFirewall(effects, {**listings("docker"), "nft-json": None})
    xml = network("open", "virbr9").xml
    report = NetworkReport("u-1", "n", active, True, True, xml if active else None, xml)
    libvirt = FakeLibvirt(reports={report.uuid: report})
    forwarding = FakeSysctl(effects, FakeKernel())
    forwarding.kernel.write("net/ipv4/ip_forward", "1")
    host = FakeHost(effects=effects, files=files, firewall=firewall, sysctl=forwarding)

    (note,) = foresee(Clients(libvirt=libvirt, host=host), {"name": "n", "adopt": True})

    found = problem_of(note.details["problem"])
    assert found.kind is ProblemKind.PACKETS_DROPPED
    assert found.details["bridge"] == "virbr9"


@pytest.mark.parametrize(
    ("mode", "version", "on", "foreseen"),
    [
        ("open", 12_008_000, False, ["4"]),
        ("open", 12_008_000, True, None),
        ("open", 11_003_000, False, None),
        ("route", 12_008_000, False, None),
    ],
)
def test_that_a_host_will_not_forward_is_foreseen_where_libvirt_leaves_it_so(
    *, mode: str, version: int, on: bool, foreseen: list[str] | None
) -> None:
    effects = host_effects()
    forwarding = FakeSysctl(effects, FakeKernel())
    forwarding.kernel.write("net/ipv4/ip_forward", str(int(on)))
    host = FakeHost(
        effects=effects,
        files=FakeFiles(effects, {"/proc/net/route": ROUTES}, places=("/proc", "/etc/libvirt", "/run/libvirt")),
        firewall=FakeFirewall(effects, dict.fromkeys(listings("docker"))),
        sysctl=forwarding,
    )
    desired = {
        "name": "n",
        "forward": {"mode": mode},
        "bridge": {"name": "virbr9"},
        "ips": [{"address": "10.9.0.1/24"}],
    }

    notes = list(foresee(Clients(libvirt=FakeLibvirt(daemon_version=version), host=host), desired))

    found = [problem_of(note.details["problem"]) for note in notes if note.kind is NoteKind.STANDING_PROBLEM]
    assert [one.details["versions"] for one in found] == ([] if foreseen is None else [foreseen])


@pytest.mark.parametrize(
    ("mode", "named", "there", "zone"),
    [
        ("nat", "", ["libvirt", "libvirt-routed", "trusted"], "libvirt"),
        ("route", "", ["libvirt", "libvirt-routed", "trusted"], "libvirt-routed"),
        ("route", "", ["libvirt"], "libvirt"),
        ("open", "", ["libvirt", "libvirt-routed", "trusted"], "libvirt-routed"),
        ("open", "", ["public", "trusted"], "trusted"),
        ("nat", " zone='mine'", ["mine", "libvirt"], "mine"),
    ],
)
def test_the_zone_that_a_bridge_belongs_in(mode: str, named: str, there: Sequence[str], zone: str) -> None:
    live = network(mode, "virbr9", named)
    found = dropped_by_others(paths(live, ruleset(listings("firewalld")), UPLINK))

    assert dropped_details(live, found, there)["zone"] == zone


def test_the_interfaces_to_everywhere_else() -> None:
    ipv6 = (
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 "
        "00000400 00000001 00000000 00000003 eth2\n"
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 "
        "ffffffff 00000001 00000000 00200200       lo\n"
    )
    vpn = ROUTES + "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000080\t0\t0\t0\n"

    assert interfaces_to_everywhere(ROUTES, ipv6) == {4: "eth0", 6: "eth2"}
    assert interfaces_to_everywhere(vpn, "") == {4: "tun0"}
    assert interfaces_to_everywhere("", "") == {}
