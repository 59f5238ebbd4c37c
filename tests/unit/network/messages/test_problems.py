"""How problems read, as problems.txt beside this has it, and how a state records them."""

from collections.abc import Iterator
from pathlib import Path

from tests.golden import assert_golden
from tests.unit.network.messages.examples import FOREIGN, OLD_URN, ONE, TWO

from virtnet.network.messages.render import messages
from virtnet.network.problem_kinds import ProblemKind, problem_of
from virtnet.planning.findings import Problem, problem_details
from virtnet.spec.failures import Details

FORWARD = ("iptables", "filter", "FORWARD", "")
INPUT = ("iptables", "filter", "INPUT", "")


def dropped(program: str, *ways: tuple[str, str, str, str, str, str]) -> Details:
    """A path, a version of IP, and the place: family, table, base chain, and a rule of it or its policy."""
    names = ("path", "version", "family", "table", "chain", "rule")
    details = [dict(zip(names, way, strict=True)) for way in ways]
    told = [{**one, "program": program, "base": one["chain"], "action": "drop"} for one in details]
    return {"bridge": "vn-lab", "zone": "", "dropped": told}


PROBLEMS: dict[ProblemKind, list[Details]] = {
    ProblemKind.BRIDGE_MISSING: [{"bridge": "vn-lab"}],
    ProblemKind.FOREIGN_BRIDGE: [FOREIGN.details],
    ProblemKind.BRIDGE_DOWN: [{"bridge": "vn-lab"}],
    ProblemKind.BRIDGE_MTU_DIFFERS: [{"bridge": "vn-lab", "mtu": 1500, "expected": 1400}],
    ProblemKind.ADDRESSES_MISSING: [{"bridge": "vn-lab", "addresses": ["10.9.0.1", "fd00:9::1"]}],
    ProblemKind.DNSMASQ_NOT_RUNNING: [{}],
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: [{}],
    ProblemKind.FIREWALL_RULES_MISSING: [
        {"missing": [{"kind": "jumps"}, {"kind": "filter"}]},
        {"missing": [{"kind": "nat", "subnet": "10.9.0.0/24"}]},
        {"missing": [{"kind": "filter", "version": "6"}, {"kind": "jumps", "chain": "LIBVIRT_FWO"}]},
        {"missing": [{"kind": "filter", "chain": "guest_input", "version": "6"}]},
    ],
    ProblemKind.TRACKING_LEFT: [{"rule": "virtnet-holding-12ab34"}],
    ProblemKind.FIREWALL_RULES_LEFT: [{"backends": ["nftables"]}, {"backends": ["iptables", "nftables"]}],
    ProblemKind.PACKETS_DROPPED: [
        dropped("docker", ("outside", "4", "iptables", "filter", "FORWARD", ""), ("between", "4", *FORWARD)),
        dropped("docker", ("outside", "6", "ip6tables", "filter", "FORWARD", ""), ("inside", "6", *FORWARD)),
        dropped(
            "ufw",
            ("outside", "4", *FORWARD),
            ("inside", "4", *FORWARD),
            ("between", "4", *FORWARD),
            ("dns", "4", *INPUT),
            ("dhcp", "4", *INPUT),
            ("dhcpv6", "6", *INPUT),
            ("tftp", "4", *INPUT),
            ("dns", "4", "iptables", "filter", "OUTPUT", ""),
        ),
        {**dropped("firewalld", ("dns", "4", "inet", "firewalld", "filter_INPUT", "reject")), "zone": "libvirt"},
        dropped(
            "iptables",
            ("outside", "4", "iptables", "mangle", "FORWARD", "-s 10.0.0.0/8 -j DROP"),
            ("inside", "4", *FORWARD),
            ("between", "6", "ip6tables", "filter", "FORWARD", ""),
            ("dns", "4", *INPUT),
            ("dhcp", "4", "iptables", "filter", "OUTPUT", ""),
        ),
        dropped(
            "nftables",
            ("outside", "4", "inet", "filter", "forward", ""),
            ("inside", "6", "inet", "filter", "forward", 'iifname "eth0" drop'),
            ("dhcp", "4", "ip", "my table", "input", "drop"),
        ),
        dropped("libvirt", ("inside", "4", "ip", "libvirt_network", "guest_input", "reject")),
    ],
    ProblemKind.NOT_FORWARDED: [
        {"bridge": "vn-lab", "versions": ["4"]},
        {"bridge": "vn-lab", "versions": ["4", "6"]},
    ],
    ProblemKind.GUESTS_UNPLUGGED: [{"attachments": ONE}, {"attachments": TWO}],
    ProblemKind.HOLDING_NETWORK_LEFT: [
        {"network": "virtnet-holding-12ab34", "attachments": TWO},
        {"network": "virtnet-holding-12ab34", "attachments": []},
    ],
    ProblemKind.HOLDING_BRIDGES_LEFT: [{"bridges": ["vn-hd-12ab34", "vn-pr-12ab34"]}],
    ProblemKind.TAKEN_OVER: [{"owner": OLD_URN}],
    ProblemKind.OWNER_CHANGED: [{"before": OLD_URN, "after": OLD_URN + "er"}],
    ProblemKind.NOT_MARKED: [{"owner": OLD_URN}],
    ProblemKind.EDIT_INTERRUPTED: [
        {"paths": ["domain.name", "mtu"], "running": False},
        {"paths": ["dns.hosts"], "running": True},
    ],
    ProblemKind.CREATE_INTERRUPTED: [{}],
    ProblemKind.UNKNOWN: [{"text": "the {bridge} is on fire"}],
}


def said() -> Iterator[tuple[str, str]]:
    """Each kind with its sentence."""
    for kind, examples in PROBLEMS.items():
        yield from ((kind.name, messages().sentence(Problem(kind, details))) for details in examples)


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    assert_golden(Path(__file__).parent / "problems.txt", said())


def test_every_kind_has_an_example() -> None:
    assert set(PROBLEMS) == set(ProblemKind)


def test_a_problem_is_recorded_and_read_as_it_is() -> None:
    problems = [Problem(kind, details) for kind, examples in PROBLEMS.items() for details in examples]

    assert [problem_of(problem_details(problem)) for problem in problems] == problems


def test_what_another_version_recorded_is_a_problem_of_unknown_kind() -> None:
    recorded = ["the bridge vn-lab is gone", {"kind": "bridge-on-fire", "details": {"bridge": "vn-lab"}}, {}, None]

    assert [problem_of(one) for one in recorded] == [
        Problem(ProblemKind.UNKNOWN, {"text": text})
        for text in ("the bridge vn-lab is gone", "bridge-on-fire", "None", "None")
    ]
