"""What the doctor finds of IP forwarding: now, at boot, and who else has a hand in it."""

import pytest
from tests.unit.commands.doctor.reports import LATER, NAT, NAT_NETWORK, NETWORKD, OTHER, OURS, drop_in, forwards, report

from virtnet.commands.doctor.finding import Level
from virtnet.commands.doctor.forwarding import forwarding
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.sysctl import IPV4, IPV6, accept_ra_of
from virtnet.spec.failures import Details

Found = tuple[Level, FindingKind, Details]
PROBLEM, NOTE = Level.PROBLEM, Level.NOTE


def found_in(seen: ForwardingReport) -> list[Found]:
    findings = [finding for finding in forwarding(report(forwarding=seen)) if finding.level is not Level.OK]
    return [(finding.level, finding.kind, {**finding.data, **finding.details}) for finding in findings]


@pytest.mark.parametrize(
    "seen",
    [
        forwards(),
        forwards({IPV4: "1"}, users=NAT),
        forwards({IPV4: "1"}, {OURS: drop_in()}),
        forwards(other_programs=NETWORKD),
        forwards({accept_ra_of("wan0"): "2"})._replace(routed_by_advertisement=("wan0",)),
        forwards({accept_ra_of("wan0"): "1", IPV6: "1"})._replace(routed_by_advertisement=("wan0",)),
    ],
)
def test_finds_nothing(seen: ForwardingReport) -> None:
    assert found_in(seen) == []


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            forwards(users=NAT),
            (
                PROBLEM,
                FindingKind.FORWARDING_OFF,
                {
                    "key": IPV4,
                    "now": "0",
                    "at_boot": "0",
                    "source": "kernel default",
                    "users": [NAT_NETWORK.as_details()],
                },
            ),
        ),
        (
            forwards({IPV4: "1"}, {LATER: "net.ipv4.ip_forward=0\n"}, NAT),
            (
                NOTE,
                FindingKind.FORWARDING_OFF_AT_BOOT,
                {"key": IPV4, "now": "1", "at_boot": "0", "source": LATER},
            ),
        ),
        (
            forwards({}, {OURS: drop_in()}),
            (
                PROBLEM,
                FindingKind.DROP_IN_OVERRIDDEN_NOW,
                {
                    "file": OURS,
                    "owner": "project/stack/one",
                    "key": IPV4,
                    "now": "0",
                    "wanted": "1",
                    "host": "this host",
                },
            ),
        ),
        (
            forwards({IPV4: "1"}, {OURS: drop_in() + "a = b\n"}),
            (PROBLEM, FindingKind.DROP_IN_EDITED, {"file": OURS, "owner": "project/stack/one"}),
        ),
        (
            forwards({IPV4: "1"}, {OURS: drop_in(), LATER: "net.ipv4.conf.all.forwarding = 0\n"}),
            (
                PROBLEM,
                FindingKind.DROP_IN_OVERRIDDEN_AT_BOOT,
                {
                    "file": OURS,
                    "owner": "project/stack/one",
                    "key": IPV4,
                    "value": "1",
                    "at_boot": "0",
                    "source": LATER,
                },
            ),
        ),
        (
            forwards({IPV4: "1"}, {OURS: drop_in(), "/etc/sysctl.conf": "net.ipv4.ip_forward = 0\n"}),
            (
                NOTE,
                FindingKind.DROP_IN_OVERRIDDEN_BY_SYSCTL,
                {"file": OURS, "key": IPV4, "value": "0", "source": "/etc/sysctl.conf"},
            ),
        ),
        (
            forwards({IPV4: "1"}, {OURS: drop_in(), "/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward = 0\n"}),
            (
                NOTE,
                FindingKind.FILE_OVERRIDDEN_BESIDE_OURS,
                {"file": "/usr/lib/sysctl.d/50-a.conf", "keys": [IPV4]},
            ),
        ),
        (
            forwards(
                {IPV4: "1"},
                {LATER: "net.ipv4.ip_forward = 1\n", "/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward = 0\n"},
            ),
            (NOTE, FindingKind.FILE_OVERRIDDEN, {"file": "/usr/lib/sysctl.d/50-a.conf", "keys": [IPV4]}),
        ),
        (
            forwards({IPV4: "1"}, {OURS: drop_in(), OTHER: drop_in("project/stack/two")}),
            (PROBLEM, FindingKind.MANAGED_TWICE, {"key": IPV4, "files": [OURS, OTHER]}),
        ),
        (
            forwards({accept_ra_of("wan0"): "1"})._replace(routed_by_advertisement=("wan0",)),
            (NOTE, FindingKind.ADVERTISED_ROUTES_AT_STAKE, {"interfaces": ["wan0"]}),
        ),
        (forwards()._replace(values={IPV4: "0"}), (NOTE, FindingKind.PARAMETER_UNKNOWN, {"key": IPV6})),
    ],
)
def test_finds(seen: ForwardingReport, expected: Found) -> None:
    assert found_in(seen) == [expected]


def test_names_another_program_that_sets_forwarding() -> None:
    seen = forwards({IPV4: "1"}, {OURS: drop_in()}, other_programs=NETWORKD)

    ((level, kind, details),) = found_in(seen)

    assert (level, kind) == (PROBLEM, FindingKind.OVERRIDDEN_BY_PROGRAM)
    assert (details["program"], details["key"], details["value"]) == ("systemd-networkd", IPV4, "0")
    assert (details["target"], details["wanted"]) == (IPV4, "1")


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, FindingKind.PARAMETER_DEFAULT_AT_BOOT),
        ({LATER: "net.ipv4.ip_forward = 0\n"}, FindingKind.PARAMETER_SET_AT_BOOT),
    ],
)
def test_says_what_decides_at_boot(files: dict[str, str], kind: FindingKind) -> None:
    (finding, _ipv6) = forwarding(report(forwarding=forwards(files=files)))

    assert (finding.level, finding.kind) == (Level.OK, kind)


def test_names_what_a_killed_write_left() -> None:
    findings = forwarding(report(forwarding=forwards(), temporary_files=(".90-x.conf.new.abc",)))

    (finding,) = [finding for finding in findings if finding.level is not Level.OK]

    assert finding.kind is FindingKind.TEMPORARY_FILE_LEFT
    assert finding.data == {"file": "/etc/sysctl.d/.90-x.conf.new.abc"}
