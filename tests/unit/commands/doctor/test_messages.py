"""How findings read: a golden file with the first of each kind that the examples bring out."""

from pathlib import Path

from tests.golden import assert_golden
from tests.unit.commands.doctor.reports import EXAMPLES

from virtnet.commands.doctor.diagnose import examine
from virtnet.commands.doctor.finding import Finding
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.messages import advice

HERE = Path(__file__).parent


def test_every_finding_has_its_sentence() -> None:
    examples: dict[FindingKind, Finding] = {}
    for report in EXAMPLES.values():
        for finding in examine(report):
            examples.setdefault(finding.kind, finding)

    said = [(kind.name, str(advice(examples[kind]))) for kind in FindingKind]

    assert_golden(HERE / "findings.txt", said)
