"""How findings read: a golden file with the first of each kind that the examples bring out."""

import shlex
from pathlib import Path

from tests.golden import assert_golden
from tests.unit.commands.doctor.reports import EXAMPLES

from virtnet.commands.doctor.diagnose import examine
from virtnet.commands.doctor.finding import Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.messages import COMMANDS, advice, command

HERE = Path(__file__).parent


def test_every_finding_has_its_sentence() -> None:
    examples: dict[FindingKind, Finding] = {}
    for report in EXAMPLES.values():
        for finding in examine(report):
            examples.setdefault(finding.kind, finding)

    said = [(kind.name, str(advice(examples[kind]))) for kind in FindingKind]

    assert_golden(HERE / "findings.txt", said)


def test_a_command_is_what_the_fix_names() -> None:
    found = [finding for report in EXAMPLES.values() for finding in examine(report)]

    told = [(finding, command(finding)) for finding in found if command(finding)]

    assert {finding.kind for finding, _ in told} == set(COMMANDS)
    assert [line for finding, line in told if line not in advice(finding).fix] == []


def test_a_command_holds_any_name_as_one_word() -> None:
    left = Finding(
        area="ip forwarding",
        level=Level.PROBLEM,
        kind=FindingKind.TEMPORARY_FILE_LEFT,
        data={"file": "/etc/sysctl.d/.a; reboot.conf.new.x"},
    )

    assert shlex.split(command(left)) == ["rm", "/etc/sysctl.d/.a; reboot.conf.new.x"]


def test_no_command_disconnects_whom_a_holding_network_holds() -> None:
    waiting = [{"owner": "web", "interface": "vnet1", "mac": "52:54:00:00:00:01"}]
    held, empty = (
        Finding(
            area="network h",
            level=Level.PROBLEM,
            kind=FindingKind.HOLDING_NETWORK_ORPHANED,
            data={"name": "h", "waiting": some},
        )
        for some in (waiting, [])
    )

    assert (command(held), command(empty)) == ("", "virsh net-destroy h")
