"""Lists of all networks of a host, on which others work meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from tests.fakes.guests import FakeGuest
from tests.fakes.libvirt import FakeLibvirt

from virtnet.commands.listing import ask
from virtnet.errors import LibvirtFailure, NotFound, Refused
from virtnet.functions.answers import Asked
from virtnet.libvirtd.connection import Connection
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import GuestInterface, NetworkReport

URI = "qemu:///system"


def network(name: str) -> NetworkReport:
    xml = f"<network><name>{name}</name><bridge name='vn-{name}'/></network>"
    return NetworkReport(f"uuid-of-{name}", name, True, True, True, xml, xml)


@dataclass
class Removed:
    """A connection to a host from which a network is removed once something of it is asked for."""

    reports: dict[str, NetworkReport] = field(
        default_factory=lambda: {name: network(name) for name in ("first", "gone", "last")}
    )
    removed_by: str = "find_network"
    fails_with: Exception | None = None
    """What is answered of a network's leases."""

    uri = URI

    def networks(self) -> Sequence[NetworkReport]:
        return list(self.reports.values())

    def find_network(
        self, *, name: str | None = None, uuid: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
        self._happens("find_network", str(name))
        return self.reports.get(str(name))

    def dhcp_leases(self, uuid: str) -> Sequence[Mapping[str, Any]]:
        name = uuid.removeprefix("uuid-of-")
        self._happens("dhcp_leases", name)
        if self.fails_with is not None and name == "gone":
            raise self.fails_with
        if name not in self.reports:
            raise NotFound(f"no network {name}", 43)
        return [{"ipaddr": "10.9.0.7", "prefix": 24}]

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        return []

    def _happens(self, call: str, name: str) -> None:
        if (call, name) == (self.removed_by, "gone"):
            self.reports.pop("gone", None)


def asked(connection: Removed) -> Asked:
    libvirt = FakeLibvirt(reports={report.uuid: report for report in connection.networks()})
    libvirt.guests.extend(
        FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet1", network=report.name)
        for report in connection.networks()
    )
    clients = Clients(libvirt=libvirt, host=None)
    return Asked(connection=lambda _: cast(Connection, connection), clients=lambda _: clients)


@pytest.mark.parametrize("removed_by", ["find_network", "dhcp_leases"])
@pytest.mark.parametrize("listed", [ask.guests, ask.leases])
def test_a_network_that_is_removed_meanwhile_is_not_in_a_list_of_all(
    listed: Callable[[Asked, str, Sequence[str]], ask.Entries], removed_by: str
) -> None:
    rows = listed(asked(Removed(removed_by=removed_by)), URI, [])

    assert [row["network"] for row in rows] == ["first", "last"]


def test_a_network_that_is_named_has_to_be_there() -> None:
    with pytest.raises(Refused, match="gone"):
        ask.leases(asked(Removed()), URI, ["first", "gone"])


def test_what_fails_of_a_network_that_is_there_fails() -> None:
    failure = LibvirtFailure("the daemon's lease file can't be read", 38)

    with pytest.raises(LibvirtFailure, match="lease file"):
        ask.leases(asked(Removed(removed_by="", fails_with=failure)), URI, [])
