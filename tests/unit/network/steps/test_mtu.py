"""The MTU of a network's bridge: compared with what the network names, and given where this libvirt does not."""

from typing import Any

import pytest
from tests.builders import network_host
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt

from virtnet.errors import ApplyFailed, VirtnetError
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients

INPUTS: dict[str, Any] = {
    "uri": "qemu:///system",
    "name": "lab",
    "mtu": 1400,
    "mac": "52:54:00:12:ab:34",
    "bridge": {"name": "vn-lab"},
}
OLD, NEW = 7_000_000, 9_000_000
DIFFERS = {"kind": "bridge-mtu-differs", "details": {"bridge": "vn-lab", "mtu": 1500, "expected": 1400}}


class Place:
    """A host in memory, with one network of the program's."""

    def __init__(self, version: int) -> None:
        self.host: FakeHost = network_host()
        self.libvirt = FakeLibvirt(daemon_version=version, links=self.host.net)
        self.recorded: Any = {}

    def up(self, **changed: Any) -> None:
        canonical, failures = NETWORK.check({**INPUTS, **changed, "__owner": "project/stack/lab"}, self.recorded)
        assert not failures
        if self.recorded:
            self.recorded = lifecycle.update(NETWORK, self.recorded, canonical, self._clients, lambda line: None)
        else:
            self.recorded = lifecycle.create(NETWORK, canonical, self._clients, lambda line: None)

    def refresh(self) -> Any:
        self.recorded = lifecycle.read(NETWORK, self.recorded, self._clients)
        return self.recorded["problems"]

    @property
    def mtu(self) -> str:
        return self.host.net.bridges["vn-lab"]["mtu"]

    def _clients(self, uri: str) -> Clients:
        return Clients(libvirt=self.libvirt, host=self.host)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_bridge_has_the_mtu_that_the_network_names(version: int) -> None:
    place = Place(version)

    place.up()
    created = place.mtu
    place.up(mtu=1300)

    assert (created, place.mtu) == ("1400", "1300")
    assert place.refresh() == []


@pytest.mark.parametrize("version", [OLD, NEW])
def test_another_mtu_is_a_problem_that_an_update_mends_while_the_network_runs(version: int) -> None:
    place = Place(version)
    place.up()
    place.host.net.bridges["vn-lab"]["mtu"] = "1500"

    found = place.refresh()
    place.host.effects.log.clear()
    place.up()

    assert found == [DIFFERS]
    assert place.host.effects.log == ["write 1400 to /sys/class/net/vn-lab/mtu"]
    assert place.refresh() == []


def test_an_mtu_that_nobody_names_is_left() -> None:
    place = Place(NEW)
    place.up(mtu=None)
    place.host.net.bridges["vn-lab"]["mtu"] = "1280"

    assert place.refresh() == []


@pytest.mark.parametrize("effect", range(6))
def test_a_restart_that_breaks_gives_back_the_mtu_there_was(effect: int) -> None:
    place = Place(OLD)
    place.up()
    place.libvirt.effects.fail_at = len(place.libvirt.effects.log) + effect

    try:
        place.up(mtu=1300)
    except ApplyFailed:
        assert place.mtu == "1400"
    else:
        assert place.mtu == "1300"


def test_a_bridge_that_is_not_the_networks_keeps_its_mtu() -> None:
    place = Place(NEW)
    place.up()
    place.host.net.bridges["vn-lab"] |= {"address": "02:00:00:00:00:01", "mtu": "1500"}

    assert [problem["kind"] for problem in place.refresh()] == [ProblemKind.FOREIGN_BRIDGE.value]
    with pytest.raises(VirtnetError):
        place.up(mtu=1300)
    assert place.mtu == "1500"
