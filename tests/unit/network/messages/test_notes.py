"""How notes read: each kind's sentence, as notes.txt beside this has it."""

from collections.abc import Iterator
from pathlib import Path

from tests.golden import assert_golden
from tests.unit.network.messages.examples import FOREIGN, OLD_URN, ONE, TWO, UUID, WEB

from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.messages.render import messages
from virtnet.network.observed import StandInObstacle
from virtnet.network.plan.kinds import NoteKind, failure_details
from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.findings import Note, Problem, problem_details
from virtnet.spec.failures import Details, Failure, SpecFailure

NOTES: dict[NoteKind, list[Details]] = {
    NoteKind.RESUMED: [{"uuid": UUID}],
    NoteKind.TAKEN_UP: [{"uuid": UUID, "urn": OLD_URN}],
    NoteKind.TAKEN_OVER: [
        {"owner": "project/stack/other", "alias": OLD_URN},
        {"owner": "project/stack/other", "alias": "other"},
        {"owner": "far/stack/other", "alias": ""},
    ],
    NoteKind.FOUND_BY_MARK: [{"owner": "project/stack/other"}],
    NoteKind.ADOPTED: [
        {"uuid": UUID, "on_delete": policy} for policy in (None, "restore", "refuse", "disconnect", "keep")
    ],
    NoteKind.TAKEN_AS_FOUND: [
        failure_details(Failure("ips[0].dhcp.hosts[1].ip", NetworkFailure.OWN_ADDRESS, {"address": "10.9.0.1"})),
        failure_details(Failure("domain.name", SpecFailure.EMPTY_LABEL, {"value": "a..b"})),
    ],
    NoteKind.DOUBTFUL: [
        failure_details(
            Failure(
                "ips[0].dhcp.ranges[0]",
                NetworkFailure.HOLDS_OWN_ADDRESS,
                {"start": "10.9.0.1", "end": "10.9.0.254", "own": "10.9.0.1"},
            )
        )
    ],
    NoteKind.FINISHED: [{}],
    NoteKind.RULES_NOT_SEEN: [
        {"problem": problem_details(Problem(kind, found)), "only_libvirt": only_libvirt}
        for kind, found in (
            (ProblemKind.FIREWALL_RULES_LEFT, {"backends": ["nftables"]}),
            (ProblemKind.FIREWALL_RULES_MISSING, {"missing": [{"kind": "filter"}]}),
        )
        for only_libvirt in (False, True)
    ],
    NoteKind.RULES_MAY_STAY: [{"only_libvirt": False}, {"only_libvirt": True}],
    NoteKind.DRIFT_NOT_REVIEWED: [{"path": "ips[10.9.0.1/24].dhcp"}],
    NoteKind.INSIDE_ROUTE: [
        {"subnet": "10.9.0.0/24", "other": "10.0.0.0/8", "gateway": "192.0.2.1", "interface": "wan0"}
    ],
    NoteKind.OUTSIDE_INTERFACE_MISSING: [{"interface": "eno9"}],
    NoteKind.CHAINS_GONE: [{"chains": [{"chain": "LIBVIRT_PRT"}, {"chain": "LIBVIRT_FWO", "version": "6"}]}],
    NoteKind.CHAINS_NOT_REACHED: [{"chains": [{"chain": "guest_output"}]}],
    NoteKind.KERNEL_CANNOT_LIMIT_GUESTS: [{"way": "inbound"}],
    NoteKind.UNNAMED: [
        {
            "places": [
                {"path": "mtu", "changes": [{"path": "mtu", "kind": "add", "detail": "1400"}], "undo": "0"},
                {
                    "path": "dns",
                    "changes": [{"path": "dns.enable", "kind": "change", "detail": "true -> false"}],
                    "undo": "{}",
                },
                {
                    "path": "ips[10.9.0.1/24].dhcp.hosts",
                    "changes": [
                        {"path": f"ips[10.9.0.1/24].dhcp.hosts[52:54:00:00:00:0{n}]", "kind": "add", "detail": ""}
                        for n in range(4)
                    ],
                    "undo": "[]",
                },
            ]
        }
    ],
    NoteKind.STANDING_PROBLEM: [{"problem": problem_details(FOREIGN)}],
    NoteKind.MISPLACED: [
        {"attachment": WEB.as_details(), "on": "vn-store", "home": "vn-lab", "network": "lab"},
        {"attachment": WEB.as_details(), "on": "vn-store", "home": "br0", "network": ""},
    ],
    NoteKind.CANNOT_PLUG_IN: [{"attachment": WEB.as_details(), "obstacle": {"kind": "several with one MAC"}}],
    NoteKind.FIREWALL_REBUILT: [
        {"times": 1, "seconds": 0, "connections_survive": True},
        {"times": 3, "seconds": 1, "connections_survive": True},
        {"times": 400, "seconds": 140, "connections_survive": False},
    ],
    NoteKind.RESTARTED_FOR_MANY: [{"updates": 20, "seconds": 7}, {"updates": 400, "seconds": 140}],
    NoteKind.ONE_RESTART_INSTEAD: [{"seconds": 0.72, "by_choice": True}, {"seconds": 0.72, "by_choice": False}],
    NoteKind.DNSMASQ_RESTARTED: [{}],
    NoteKind.DNSMASQ_GONE_WITHOUT_DNS: [{}],
    NoteKind.PLUGGED_IN: [{"attachments": ONE}, {"attachments": TWO}],
    NoteKind.DISCONNECTED_BY_RESTART: [
        {"attachments": ONE, "seconds": 0.71, "together": False, "gateway": True, "obstacle": "not seen"},
        {"attachments": TWO, "seconds": 0.72, "together": False, "gateway": True, "obstacle": "addresses"},
        *(
            {"attachments": TWO, "seconds": 0.72, "together": True, "gateway": True, "obstacle": obstacle.value}
            for obstacle in StandInObstacle
        ),
        {"attachments": TWO, "seconds": 0.72, "together": True, "gateway": False, "obstacle": "not seen"},
    ],
    NoteKind.STAYS_CONNECTED: [
        {"attachments": ONE, "seconds": 0.71, "served": True, "waits": True},
        {"attachments": TWO, "seconds": 0.72, "served": True, "waits": False},
        {"attachments": TWO, "seconds": 0.72, "served": False, "waits": True},
        {"attachments": TWO, "seconds": 0.72, "served": False, "waits": False},
    ],
    NoteKind.CONNECTIONS_RESET: [{}],
    NoteKind.BRIDGE_LOST_ALREADY: [{"attachments": ONE}, {"attachments": TWO}],
    NoteKind.ADDRESSES_GO: [{"addresses": ["192.0.2.7/24", "2001:db8::7/64"], "bridge": "vn-lab"}],
    NoteKind.SPANNING_TREE_DELAYS: [{"bridge": "br0"}],
    NoteKind.LINKS_TOGGLED: [{"attachments": TWO}],
    NoteKind.DISCONNECTED: [{"attachments": ONE}, {"attachments": TWO}],
    NoteKind.OTHERS_UNSEEN: [{"bridge": "vn-lab"}],
    NoteKind.GONE_ALREADY: [{}],
    NoteKind.LEFT_TO_OWNER: [{"owner": "project/stack/other"}],
    NoteKind.KEPT: [{}],
    NoteKind.GIVEN_BACK: [{}],
    NoteKind.NOT_GIVEN_BACK: [{"paths": ["mtu", "autostart"]}],
    NoteKind.SHUT_OFF_GUESTS: [{"guests": ["web", "db"]}],
}


def said() -> Iterator[tuple[str, str]]:
    """Each kind with its sentence."""
    for kind, examples in NOTES.items():
        yield from ((kind.name, messages().sentence(Note(kind, details))) for details in examples)


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    assert_golden(Path(__file__).parent / "notes.txt", said())


def test_every_kind_has_an_example() -> None:
    assert set(NOTES) == set(NoteKind)
