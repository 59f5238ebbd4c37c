"""What a map is made of, looked up on a host: what the doctor looks at, and leases and guests beside it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from virtnet.commands.doctor.diagnose import observe
from virtnet.commands.doctor.finding import DoctorReport
from virtnet.errors import NotFound, VirtnetError
from virtnet.functions.answers import Asked, leases_of
from virtnet.planning.reports import GuestInterface
from virtnet.spec.part import Values


class Looked(NamedTuple):
    """One look at a host."""

    report: DoctorReport
    interfaces: tuple[GuestInterface, ...] = ()
    """Of running guests."""
    leases: Mapping[str, Sequence[Values]] = MappingProxyType({})
    """Of each active network with a DHCP server, by its UUID, as `answers.leases_of` gives them."""
    unseen: tuple[str, ...] = ()
    """What of these could not be looked at, in sentences that say why."""


def look(asked: Asked, uri: str) -> Looked:
    """All of one host. Raises Refused for a URI that could be an option, and nothing that a host could cause."""
    report = observe(asked.clients(uri))
    if report.unreachable:
        return Looked(report)
    connection = asked.connection(uri)
    unseen: list[str] = []
    leases: dict[str, Sequence[Values]] = {}
    interfaces: Sequence[GuestInterface] = ()
    try:
        interfaces = connection.interfaces_of_guests()
    except VirtnetError as error:
        unseen.append(str(error))
    for network in report.networks:
        if network.report.active and network.report.running.serves:
            try:
                leases[network.report.uuid] = leases_of(connection, network.report.uuid)
            except NotFound:  # removed since it was listed
                continue
            except VirtnetError as error:
                unseen.append(str(error))
    return Looked(report, tuple(interfaces), leases, tuple(dict.fromkeys(unseen)))
