"""`virtnet doctor` on port forwards: what is open to whom, and what is not as virtnet made it. Pure."""

from collections.abc import Iterator, Mapping

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.network.observed import ReportedNetwork
from virtnet.port_forward.observe.survey import Survey
from virtnet.port_forward.restore.files import path_of
from virtnet.port_forward.restore.record import Record
from virtnet.port_forward.rules.table import RulesState
from virtnet.port_forward.target import reserved_now
from virtnet.spec.failures import Details

AREA = "port forwards"

_RULES = {
    RulesState.MISSING: FindingKind.PORT_FORWARD_CLOSED,
    RulesState.ALTERED: FindingKind.PORT_FORWARD_RULES_ALTERED,
}


def port_forwards(report: DoctorReport) -> Iterator[Finding]:
    """Each forward, no matter who created it, and what all forwards of a host share."""
    found = report.port_forwards
    if found is None:
        return
    networks = None if report.unreachable else {one.report.uuid: one.report for one in report.networks}
    for record in found.records:
        yield from _forward(record, found, networks)
    if found.missing:
        yield _problem(FindingKind.PORT_FORWARDS_NOT_RESTORED, {"not_restored": list(found.missing)})
    elif found.records and found.service is None:
        yield Finding(area=AREA, level=Level.NOTE, kind=FindingKind.PORT_FORWARDS_GO_WITH_A_BOOT)
    if found.links:
        links = [{"kind": one.kind.value, "name": one.name} for one in found.links]
        yield _problem(FindingKind.PORT_FORWARD_LINKS, {"links": links})
    for identity in found.unrecorded:
        yield _problem(FindingKind.PORT_FORWARD_WITHOUT_RECORD, {"id": identity, "file": path_of(identity)})
    for path in found.strange:
        yield Finding(area=AREA, level=Level.NOTE, kind=FindingKind.PORT_FORWARD_FILE_STRANGE, data={"file": path})


def _forward(record: Record, found: Survey, networks: Mapping[str, ReportedNetwork] | None) -> Iterator[Finding]:
    forward, state = record.forward, found.state(record)
    data: Details = {
        "file": path_of(forward.id),
        "owner": record.mark.owner_shown,
        "network": forward.network.name,
        "address": forward.listen_address,
        "target": forward.target,
        "ports": [list(one) for one in forward.ports],
        "sources": list(forward.sources),
    }
    network = None if networks is None else networks.get(forward.network.uuid)
    now = forward.target if network is None else reserved_now(record, network.running.tree)
    if networks is not None and network is None:
        yield _problem(FindingKind.PORT_FORWARD_NETWORK_GONE, data)
    elif now is None and record.reservation is not None:
        yield _problem(FindingKind.PORT_FORWARD_RESERVATION_GONE, {**data, "reservation": record.reservation.value})
    elif now is not None and now != forward.target and record.reservation is not None:
        moved: Details = {"reservation": record.reservation.value, "reserved": now}
        yield _problem(FindingKind.PORT_FORWARD_TARGET_MOVED, {**data, **moved})
    elif state in _RULES:
        yield _problem(_RULES[state], data)
    elif record.edited:
        yield _problem(FindingKind.PORT_FORWARD_RECORD_EDITED, data)
    else:
        yield Finding(area=AREA, level=Level.OK, kind=FindingKind.PORT_FORWARD, data=data)


def _problem(kind: FindingKind, data: Details) -> Finding:
    return Finding(area=AREA, level=Level.PROBLEM, kind=kind, data=data)
