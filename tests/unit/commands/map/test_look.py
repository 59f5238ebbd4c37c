"""What is looked up on a host for its map, on which others work meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tests.fakes.libvirt import FakeLibvirt

from virtnet.commands.map.look import look
from virtnet.errors import LibvirtFailure, NotFound, Unreachable
from virtnet.functions.answers import Asked
from virtnet.libvirtd.connection import Connection
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import GuestInterface, NetworkReport

URI = "qemu:///system"
GUEST = GuestInterface(guest="web", guest_uuid="u", mac="52:54:00:00:00:01", interface="vnet1", xml="<interface/>")


def network(name: str, dhcp: str = "<range start='10.9.0.2' end='10.9.0.9'/>") -> NetworkReport:
    uuid = f"00000000-0000-0000-0000-{name.encode().hex():0>12}"
    served = f"<ip address='10.9.0.1' prefix='24'><dhcp>{dhcp}</dhcp></ip>" if dhcp else ""
    xml = f"<network><name>{name}</name><uuid>{uuid}</uuid><bridge name='vn-{name}'/>{served}</network>"
    return NetworkReport(uuid, name, True, True, True, xml, xml)


LAB = network("lab")


@dataclass
class Answers:
    """The connection: leases and guests."""

    leases: Mapping[str, Any] = field(default_factory=dict)
    """By UUID, or what is raised."""
    guests: Sequence[GuestInterface] | Exception = (GUEST,)

    def interfaces_of_guests(self) -> Sequence[GuestInterface]:
        if isinstance(self.guests, Exception):
            raise self.guests
        return self.guests

    def dhcp_leases(self, uuid: str) -> Sequence[Mapping[str, Any]]:
        found = self.leases[uuid]
        if isinstance(found, Exception):
            raise found
        return cast(Sequence[Mapping[str, Any]], found)


class NobodyThere(FakeLibvirt):
    """A libvirt that does not answer."""

    def version(self) -> int:
        raise Unreachable("no answer")


def asked(answers: Answers, *reports: NetworkReport, libvirt: type[FakeLibvirt] = FakeLibvirt) -> Asked:
    clients = Clients(libvirt=libvirt(reports={report.uuid: report for report in reports}), host=None)
    return Asked(connection=lambda _: cast(Connection, answers), clients=lambda _: clients)


def test_guests_and_leases_are_looked_up() -> None:
    found = look(asked(Answers({LAB.uuid: [{"ipaddr": "10.9.0.7", "prefix": 24}]}), LAB), URI)

    assert found.interfaces == (GUEST,)
    assert [lease["address"] for lease in found.leases[LAB.uuid]] == ["10.9.0.7"]
    assert found.unseen == ()


def test_a_network_that_serves_nobody_is_not_asked_for_leases() -> None:
    assert look(asked(Answers(), network("bare", dhcp="")), URI).leases == {}


def test_a_network_that_is_removed_meanwhile_has_no_leases() -> None:
    found = look(asked(Answers({LAB.uuid: NotFound("gone", 43)}), LAB), URI)

    assert (found.leases, found.unseen) == ({}, ())


def test_what_can_t_be_looked_up_is_told_and_the_rest_is_there() -> None:
    other = network("other")
    answers = Answers({LAB.uuid: LibvirtFailure("no lease file", 38), other.uuid: []}, LibvirtFailure("no guests", 1))

    found = look(asked(answers, LAB, other), URI)

    assert (found.unseen, [*found.leases]) == (("no guests", "no lease file"), [other.uuid])


def test_a_host_that_is_not_there_is_asked_nothing_more() -> None:
    found = look(asked(Answers(), libvirt=NobodyThere), URI)

    assert found.report.unreachable == "no answer"
    assert found.interfaces == ()
