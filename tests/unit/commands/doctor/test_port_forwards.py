"""What the doctor finds of port forwards."""

import pytest
from tests.unit.commands.doctor.reports import EXAMPLES, beside_ok

from virtnet.commands.doctor.finding import Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.port_forwards import port_forwards


@pytest.mark.parametrize(
    ("example", "kinds"),
    [
        ("port forwards", []),
        ("port forwards without rules", [FindingKind.PORT_FORWARD_CLOSED]),
        ("port forwards with other rules", [FindingKind.PORT_FORWARD_RULES_ALTERED]),
        ("port forwards that were edited", [FindingKind.PORT_FORWARD_RECORD_EDITED]),
        ("port forwards of a network that is gone", [FindingKind.PORT_FORWARD_NETWORK_GONE]),
        ("port forwards whose guest has moved", [FindingKind.PORT_FORWARD_TARGET_MOVED]),
        ("port forwards whose reservation is gone", [FindingKind.PORT_FORWARD_RESERVATION_GONE]),
        (
            "port forwards that are not restored",
            [FindingKind.PORT_FORWARDS_NOT_RESTORED, FindingKind.PORT_FORWARD_LINKS],
        ),
        ("rules without a record", [FindingKind.PORT_FORWARD_WITHOUT_RECORD]),
        ("a host that is all right", []),
    ],
)
def test_what_does_not_work_or_will_not(example: str, kinds: list[FindingKind]) -> None:
    found = list(port_forwards(EXAMPLES[example]))

    assert [finding.kind for finding in found if finding.level is Level.PROBLEM] == kinds
    assert bool(found) == (example != "a host that is all right")


def test_a_host_without_systemd_loses_them_with_a_boot() -> None:
    found = port_forwards(EXAMPLES["port forwards without systemd"])

    assert beside_ok(found) == [(Level.NOTE, FindingKind.PORT_FORWARDS_GO_WITH_A_BOOT)]
