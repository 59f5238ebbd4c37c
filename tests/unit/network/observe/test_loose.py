"""Which guests' interfaces are not where their definitions have them."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.builders import network, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink

from virtnet.network.observe.ports import loose_interfaces
from virtnet.network.observed import Loose, Misplaced, reported
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import Attachment, Obstacle, ObstacleKind

LAB, STORE = (
    network("lab", "nat", "10.9.0.1/24", bridge="vn-lab"),
    network("store", "", "10.8.0.1/24", bridge="vn-store"),
)
MAC = "52:54:00:00:00:01"
WEB = Attachment(owner="web", interface="vnet1", mac=MAC)
TWICE = WEB._replace(cannot_reattach=Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC))


NOTHING = Loose()


def guest(tap: str = "vnet1", network: str = "lab", **more: Any) -> FakeGuest:
    return FakeGuest(**{"name": "web", "mac": MAC, "tap": tap, "network": network, "port": False, **more})


def tap(master: str = "", *, up: bool = True) -> FakeLink:
    return FakeLink(mac="fe" + MAC[2:], master=master, up=up)


@dataclass(frozen=True, kw_only=True)
class Case:
    taps: dict[str, FakeLink] = field(default_factory=dict)
    guests: tuple[FakeGuest, ...] = (guest(),)
    found: Loose = NOTHING


CASES = {
    "no guest": Case(guests=()),
    "on its bridge": Case(taps={"vnet1": tap("vn-lab")}),
    "on no bridge": Case(taps={"vnet1": tap()}, found=Loose(unplugged=(WEB,))),
    "its link is down in the guest": Case(guests=(guest(link="down"),), taps={"vnet1": tap()}),
    "its tap is down on the host": Case(taps={"vnet1": tap(up=False)}),
    "its tap is gone": Case(),
    "it names another network": Case(guests=(guest(network="store"),), taps={"vnet1": tap()}),
    "it hangs on a switch": Case(guests=(guest(more="<virtualport type='openvswitch'/>"),), taps={"vnet1": tap()}),
    "one MAC twice": Case(
        guests=(guest(), guest("vnet2")),
        taps={"vnet1": tap("vn-lab"), "vnet2": tap()},
        found=Loose(unplugged=(TWICE._replace(interface="vnet2"),)),
    ),
    "on another network's bridge": Case(
        taps={"vnet1": tap("vn-store")},
        found=Loose(misplaced=(Misplaced(WEB, on="vn-store", home="vn-lab", network="lab"),)),
    ),
    "another network's guest on its bridge": Case(
        guests=(guest(network="store"),),
        taps={"vnet1": tap("vn-lab")},
        found=Loose(misplaced=(Misplaced(WEB, on="vn-lab", home="vn-store", network="store"),)),
    ),
    "a container on its bridge": Case(guests=(), taps={"veth1": tap("vn-lab")}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_not_where_its_definition_has_it(case: Case) -> None:
    host = network_host()
    host.net.make_bridge("vn-lab", "52:54:00:00:09:01", stp=True, mtu="1500")
    host.net.make_bridge("vn-store", "52:54:00:00:08:01", stp=True, mtu="1500")
    host.net.by_name.update(case.taps)
    libvirt = FakeLibvirt(
        links=host.net, guests=list(case.guests), reports={report.uuid: report for report in (LAB, STORE)}
    )

    assert loose_interfaces(Clients(libvirt=libvirt, host=host), "lab", reported(LAB)) == case.found


@pytest.mark.parametrize(("port", "found"), [(True, Loose()), (False, Loose(unplugged=(WEB,)))], ids=["port", "none"])
def test_where_only_libvirt_is_asked_a_guest_without_a_port_hangs_nowhere(port: bool, found: Loose) -> None:
    libvirt = FakeLibvirt(guests=[guest(port=port)], reports={LAB.uuid: LAB})

    assert loose_interfaces(Clients(libvirt=libvirt, host=None), "lab", reported(LAB)) == found


def test_a_listing_of_some_seconds_ago_decides_nothing() -> None:
    host, moved = network_host(), guest(network="store")
    host.net.make_bridge("vn-lab", "52:54:00:00:09:01", stp=True, mtu="1500")
    host.net.by_name["vnet1"] = tap()
    libvirt = FakeLibvirt(links=host.net, guests=[moved], reports={LAB.uuid: LAB, STORE.uuid: STORE})
    moved.network = "lab"
    libvirt.plugged.listed_before = libvirt.plugged.interfaces_of_guests()
    moved.network = "store"

    assert loose_interfaces(Clients(libvirt=libvirt, host=host), "lab", reported(LAB)) == Loose()
