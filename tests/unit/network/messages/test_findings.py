"""How problems, notes and refusals read: each kind's sentence, as findings.txt beside this has them."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from tests.golden import assert_golden

from virtnet.network.messages.render import messages
from virtnet.network.observed import ProblemKind, as_details, problem_of
from virtnet.network.plan.kinds import NoteKind, RefusalKind, why_stopped
from virtnet.network.steps.kinds import DnsmasqRestart
from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.reports import Attachment, Obstacle, ObstacleKind
from virtnet.spec.failures import Detail, Details

UUID, OTHER_UUID = "6f1c2a3e-0000-4000-8000-00000012ab34", "00000000-0000-4000-8000-000000000001"
MAC, OTHER_MAC = "52:54:00:12:ab:34", "02:00:00:00:00:01"
WEB = Attachment(owner="web", interface="vnet0", mac="52:54:00:00:00:01")
BOX = Attachment(owner="", interface="veth1", mac=OTHER_MAC)
ONE: Detail = [WEB.details()]
TWO: Detail = [WEB.details(), BOX.details()]
DOWN = Problem(ProblemKind.BRIDGE_DOWN, {"bridge": "vn-lab"})
FOREIGN = Problem(ProblemKind.FOREIGN_BRIDGE, {"bridge": "vn-lab", "mac": OTHER_MAC, "expected": MAC})
MTU = Change(path="mtu", kind="change", change_class=ChangeClass.RESTART, detail="1500 -> 1400")
FOR_ALL = why_stopped((MTU,), (DOWN,))
FOR_NOTHING = why_stopped((), ())

OBSTACLES = [
    Obstacle(ObstacleKind.MACVTAP),
    Obstacle(ObstacleKind.HOST_DEVICE),
    Obstacle(ObstacleKind.ON_TOP_OF_BRIDGE, {"bridge": "vn-lab"}),
    Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC),
    Obstacle(ObstacleKind.GUEST_UNKNOWN, {"uri": "qemu:///system"}),
]

PROBLEMS: dict[ProblemKind, list[Details]] = {
    ProblemKind.BRIDGE_MISSING: [{"bridge": "vn-lab"}],
    ProblemKind.FOREIGN_BRIDGE: [FOREIGN.details],
    ProblemKind.BRIDGE_DOWN: [{"bridge": "vn-lab"}],
    ProblemKind.ADDRESSES_MISSING: [{"bridge": "vn-lab", "addresses": ["10.9.0.1", "fd00:9::1"]}],
    ProblemKind.DNSMASQ_NOT_RUNNING: [{}],
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: [{}],
    ProblemKind.FIREWALL_RULES_MISSING: [
        {"missing": [{"kind": "jumps"}, {"kind": "filter"}]},
        {"missing": [{"kind": "nat", "subnet": "10.9.0.0/24"}]},
    ],
    ProblemKind.HOLDING_NETWORK_LEFT: [
        {"network": "virtnet-holding-12ab34", "attachments": TWO},
        {"network": "virtnet-holding-12ab34", "attachments": []},
    ],
    ProblemKind.HOLDING_BRIDGES_LEFT: [{"bridges": ["vn-hd-12ab34", "vn-pr-12ab34"]}],
    ProblemKind.CREATE_INTERRUPTED: [{}],
    ProblemKind.UNKNOWN: [{"text": "the {bridge} is on fire"}],
}

NOTES: dict[NoteKind, list[Details]] = {
    NoteKind.RESUMED: [{"uuid": UUID}],
    NoteKind.ADOPTED: [
        {"uuid": UUID, "on_delete": policy} for policy in (None, "restore", "refuse", "disconnect", "keep")
    ],
    NoteKind.FINISHED: [{}],
    NoteKind.DRIFT_NOT_REVIEWED: [{"path": "ips[10.9.0.1/24].dhcp"}],
    NoteKind.INSIDE_ROUTE: [
        {"subnet": "10.9.0.0/24", "other": "10.0.0.0/8", "gateway": "192.0.2.1", "interface": "wan0"}
    ],
    NoteKind.FIREWALL_REBUILT: [{"times": 1}, {"times": 3}],
    NoteKind.DNSMASQ_RESTARTED: [{}],
    NoteKind.DNSMASQ_GONE_WITHOUT_DNS: [{}],
    NoteKind.CUT_OFF_BY_RESTART: [
        {"attachments": ONE, "seconds": 0.71, "together": False},
        {"attachments": TWO, "seconds": 0.72, "together": True},
    ],
    NoteKind.BRIDGE_LOST_ALREADY: [{"attachments": ONE}, {"attachments": TWO}],
    NoteKind.ADDRESSES_GO: [{"addresses": ["192.0.2.7/24", "2001:db8::7/64"], "bridge": "vn-lab"}],
    NoteKind.SPANNING_TREE_DELAYS: [{"bridge": "br0"}],
    NoteKind.LINKS_TOGGLED: [{"attachments": TWO}],
    NoteKind.CUT_OFF: [{"attachments": ONE}, {"attachments": TWO}],
    NoteKind.OTHERS_UNSEEN: [{"bridge": "vn-lab"}],
    NoteKind.GONE_ALREADY: [{}],
    NoteKind.LEFT_TO_OWNER: [{"owner": "project/stack/other"}],
    NoteKind.KEPT: [{}],
    NoteKind.GIVEN_BACK: [{}],
    NoteKind.NOT_GIVEN_BACK: [{"paths": ["mtu", "autostart"]}],
    NoteKind.SHUT_OFF_GUESTS: [{"guests": ["web", "db"]}],
}

OVERLAP = {"subnet": "10.9.0.0/24", "other": "10.9.0.128/25"}
UUIDS = {"uuid": UUID, "desired": OTHER_UUID}
CUT_OFF: Details = {"why": FOR_ALL, "attachments": TWO}

REFUSALS: dict[RefusalKind, list[Details]] = {
    RefusalKind.EXISTS: [{"uuid": UUID}],
    RefusalKind.OWNED_BY_OTHER: [
        {"uuid": UUID, "owner": "project/stack/other", "alias": "other"},
        {"uuid": UUID, "owner": "far/stack/other", "alias": ""},
    ],
    RefusalKind.ADOPTED_UUID_DIFFERS: [UUIDS],
    RefusalKind.HALF_MADE_UUID_DIFFERS: [UUIDS],
    RefusalKind.UUID_TAKEN: [{"uuid": UUID, "network": "far"}],
    RefusalKind.GONE: [{"uuid": UUID}],
    RefusalKind.OTHER_HOST: [{"host": UUID, "recorded": OTHER_UUID}],
    RefusalKind.BRIDGE_NAME_TAKEN: [{"bridge": "vn-lab", "network": "far; away"}],
    RefusalKind.INTERFACES_UNSEEN: [{"bridge": "vn-lab"}],
    RefusalKind.INTERFACE_EXISTS: [{"bridge": "vn-lab"}],
    RefusalKind.OVERLAPS_NETWORK: [{**OVERLAP, "network": "far"}],
    RefusalKind.OVERLAPS_INTERFACE: [{**OVERLAP, "interface": "lan0"}],
    RefusalKind.OVERLAPS_ROUTE: [{**OVERLAP, "interface": "wg0"}],
    RefusalKind.HOST_BRIDGE_MISSING: [{"bridge": "br0"}],
    RefusalKind.NOT_A_BRIDGE: [{"interface": "br0"}],
    RefusalKind.HOST_INTERFACE_MISSING: [{"interface": "lan0"}],
    RefusalKind.DNSMASQ_MISSING: [{}],
    RefusalKind.FIREWALL_PROGRAMS_MISSING: [{}],
    RefusalKind.ADVERTISED_ROUTES_LOST: [{"interfaces": ["wan0", "wan1"]}],
    RefusalKind.DNS_PORT_TAKEN: [{"protocol": "udp", "address": "10.9.0.1"}],
    RefusalKind.DHCP_PORT_TAKEN: [{}],
    RefusalKind.LIBVIRT_TOO_OLD: [
        {"path": "title", "needed": 9_007_000, "version": 9_000_000},
        {"path": "vlan", "needed": 11_000_000, "version": 9_000_000},
    ],
    RefusalKind.DNSMASQ_NOT_RESTARTED: [
        {"reason": reason.value} for reason in (DnsmasqRestart.DHCPV6_BEGINS, DnsmasqRestart.DHCPV6_ENDS)
    ],
    RefusalKind.WOULD_BE_INACTIVE: [{"attachments": ONE}],
    RefusalKind.WOULD_BE_STOPPED: [CUT_OFF, {"why": FOR_NOTHING, "attachments": ONE}],
    RefusalKind.HALF_MADE_WOULD_BE_STOPPED: [{"attachments": ONE}],
    RefusalKind.DELETE_CUTS_OFF: [{"attachments": TWO}],
    RefusalKind.STILL_HELD: [{"attachments": ONE, "network": "virtnet-holding-12ab34"}],
    RefusalKind.STOP_DELETES_FOREIGN_BRIDGE: [{"problem": as_details(FOREIGN)}],
    RefusalKind.DELETE_DELETES_FOREIGN_BRIDGE: [{"problem": as_details(FOREIGN)}],
    RefusalKind.ON_RESTART_IS_REFUSE: [CUT_OFF],
    RefusalKind.HOST_NOT_REACHED: [CUT_OFF],
    RefusalKind.CANNOT_REATTACH: [
        {"why": FOR_ALL, "attachment": WEB.details(), "obstacle": obstacle.as_details()} for obstacle in OBSTACLES
    ],
    RefusalKind.MAY_NOT_REATTACH: [CUT_OFF],
    RefusalKind.VLAN_FILTERING_BY_HAND: [{"why": FOR_ALL, "bridge": "vn-lab"}],
    RefusalKind.MODE_WITHOUT_BRIDGE: [{"why": FOR_ALL, "mode": "vepa", "attachments": TWO}],
    RefusalKind.BRIDGE_GOES: [{"why": FOR_ALL, "bridge": "vn-lab", "attachments": ONE}],
    RefusalKind.BRIDGE_RENAMED: [{"why": FOR_ALL, "before": "vn-lab", "after": "vn-new", "attachments": ONE}],
    RefusalKind.VIRTUAL_PORT: [{"why": FOR_ALL, "attachments": ONE}],
}


def said() -> Iterator[tuple[str, str]]:
    """Each kind with its sentence; a refusal's reason and its fix apart."""
    for problem, examples in PROBLEMS.items():
        yield from ((problem.name, messages().sentence(Problem(problem, details))) for details in examples)
    for note, examples in NOTES.items():
        yield from ((note.name, messages().sentence(Note(note, details))) for details in examples)
    for refusal, examples in REFUSALS.items():
        advised = [messages().advice(Refusal(refusal, details)) for details in examples]
        yield from ((refusal.name, f"{advice.reason} | {advice.fix}") for advice in advised)


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    assert_golden(Path(__file__).parent / "findings.txt", said())


def test_every_kind_has_an_example() -> None:
    kinds: set[Enum] = {*ProblemKind, *NoteKind, *RefusalKind}

    assert kinds == {*PROBLEMS, *NOTES, *REFUSALS}
    assert [obstacle.kind for obstacle in OBSTACLES] == list(ObstacleKind)


def test_a_problem_is_recorded_and_read_as_it_is() -> None:
    problems = [Problem(kind, details) for kind, examples in PROBLEMS.items() for details in examples]

    assert [problem_of(as_details(problem)) for problem in problems] == problems


def test_what_another_version_recorded_is_a_problem_of_unknown_kind() -> None:
    recorded = ["the bridge vn-lab is gone", {"kind": "bridge-on-fire", "details": {"bridge": "vn-lab"}}, {}, None]

    assert [problem_of(one) for one in recorded] == [
        Problem(ProblemKind.UNKNOWN, {"text": text})
        for text in ("the bridge vn-lab is gone", "bridge-on-fire", "None", "None")
    ]
