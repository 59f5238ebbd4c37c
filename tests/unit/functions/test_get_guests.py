"""Whom getGuests names, and how often libvirt lists its guests for that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from tests.builders import network, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.libvirt import FakeLibvirt

from virtnet.functions.answers import Asked, get_guests
from virtnet.libvirtd.connection import Connection
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostClient
from virtnet.planning.reports import GuestInterface, NetworkReport

URI = "qemu:///system"
WEB = FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet1", network="lab")
DB = FakeGuest(name="db", mac="52:54:00:00:00:02", tap="vnet2", network="dmz")
NETWORKS = [network("lab", "nat", "10.9.1.0/24", bridge="vbn1"), network("dmz", "nat", "10.9.2.0/24", bridge="vbn2")]


@dataclass
class Listed:
    """A connection to a host, and of each listing of guests how old it may have been."""

    libvirt: FakeLibvirt
    ages: list[float] = field(default_factory=list)

    def find_network(
        self, *, name: str | None = None, uuid: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
        return self.libvirt.find_network(name=name, uuid=uuid)

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        self.ages.append(seconds_old)
        return self.libvirt.interfaces_of_guests(seconds_old=seconds_old)

    def dhcp_leases(self, _uuid: str) -> Sequence[Mapping[str, Any]]:
        return [{"mac": WEB.mac, "ipaddr": "10.9.1.7", "prefix": 24}]


def asked(listed: Listed, host: HostClient | None = None) -> Asked:
    clients = Clients(libvirt=listed.libvirt, host=host)
    return Asked(connection=lambda _: cast(Connection, listed), clients=lambda _: clients)


def host_with(*guests: FakeGuest) -> Listed:
    return Listed(FakeLibvirt(reports={report.uuid: report for report in NETWORKS}, guests=[*guests]))


def test_one_listing_of_guests_serves_all_networks_asked_about_within_seconds() -> None:
    listed = host_with(WEB, DB)

    found: list[Any] = [get_guests(asked(listed), URI, {"name": name})["guests"] for name in ("lab", "dmz")]

    assert [(guest["guest"], guest["interface"], guest["addresses"]) for of_one in found for guest in of_one] == [
        ("web", "vnet1", ["10.9.1.7"]),
        ("db", "vnet2", []),
    ]
    assert len(listed.ages) == 2
    assert all(age > 0 for age in listed.ages)


def test_guests_are_listed_once_more_for_one_that_has_come_since() -> None:
    listed = host_with(WEB)
    listed.libvirt.plugged.listed_before = ()

    found: Any = get_guests(asked(listed), URI, {"name": "lab"})["guests"]

    assert [(guest["guest"], guest["guest_uuid"], guest["interface"]) for guest in found] == [
        ("web", WEB.uuid, "vnet1")
    ]
    assert [age > 0 for age in listed.ages] == [True, False]


def test_an_interface_of_no_guest_has_no_uuid() -> None:
    listed = host_with()
    host = network_host({"/sys/class/net/vbn1/brif/veth1": ""})

    found: Any = get_guests(asked(listed, host), URI, {"name": "lab"})["guests"]

    assert found == [{"guest": "", "guest_uuid": "", "mac": "", "interface": "veth1", "addresses": []}]


@pytest.mark.parametrize("host_seen", [True, False], ids=["the host is seen", "libvirt alone is asked"])
def test_a_guest_and_its_clone_with_one_mac_are_two(host_seen: bool) -> None:
    clone = replace(WEB, name="clone", tap="vnet2")
    listed = host_with(WEB, clone)
    files = {
        "/sys/class/net/vbn1/brif/vnet2": "",
        "/sys/class/net/vnet2/address": "fe:54:00:00:00:01\n",
        "/sys/class/net/vbn1/brif/vnet1": "",
        "/sys/class/net/vnet1/address": "fe:54:00:00:00:01\n",
    }

    found: Any = get_guests(asked(listed, network_host(files) if host_seen else None), URI, {"name": "lab"})["guests"]

    assert [(guest["guest"], guest["guest_uuid"], guest["interface"], guest["mac"]) for guest in found] == [
        ("web", WEB.uuid, "vnet1", WEB.mac),
        ("clone", clone.uuid, "vnet2", WEB.mac),
    ]
