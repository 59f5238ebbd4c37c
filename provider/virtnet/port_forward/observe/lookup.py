"""Find a forward of a host by what a user typed: its id, Pulumi's of it, or one of its ports."""

import re

from virtnet.errors import Refused
from virtnet.planning.clients.clients import Clients
from virtnet.port_forward.kinds import FaultKind
from virtnet.port_forward.observe.survey import survey
from virtnet.port_forward.restore.record import Record
from virtnet.port_forward.steps import host_of


def lookup(clients: Clients, wanted: str) -> Record:
    """The record of an id, or of the one forward that has a port ("8080/tcp"). Raises Refused, with those there are."""
    records = survey(host_of(clients)).records
    identity = wanted.rpartition("/")[2]
    found = [record for record in records if record.forward.id == identity]
    port = re.fullmatch(r"([0-9]{1,5})/(tcp|udp)", wanted)
    if port is not None:
        found = [record for record in records if _has(record, int(port[1]), port[2])]
    if len(found) != 1:
        there = [[record.forward.id, *_ports(record)] for record in records]
        kind = FaultKind.SEVERAL_FORWARDS if found else FaultKind.NO_FORWARD
        raise Refused(kind=kind, details={"wanted": wanted, "there": there, "uri": clients.libvirt.uri})
    return found[0]


def _has(record: Record, port: int, protocol: str) -> bool:
    return any(one.protocol == protocol and one.listen <= port <= one.last for one in record.forward.ports)


def _ports(record: Record) -> list[list[object]]:
    return [[one.protocol, one.listen, one.last] for one in record.forward.ports]
