"""An update of something else leaves alone what the user has Pulumi ignore, whatever others made of it."""

from typing import Any

import pytest
from tests.builders import checked, network_host
from tests.fakes.libvirt import FakeLibvirt

from virtnet.network.resource import NETWORK
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.spec.paths import parsed

SUBNET = {"address": "10.9.0.1/24", "dhcp": {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.9.0.11"}]}}
NAT: dict[str, Any] = {"name": "lab", "uri": "qemu:///system", "forward": {}, "ips": [SUBNET]}


class Edited:
    """A network that others edited: the definition, the running network, or both have a second reservation too."""

    def __init__(self, *copies: str) -> None:
        self.host = network_host()
        self.libvirt = FakeLibvirt(links=self.host.net)
        self.recorded = lifecycle.create(NETWORK, checked(NAT), self.clients, lambda line: None)
        uuid = str(self.recorded["uuid"])
        self.libvirt.update_section(
            uuid,
            command="add",
            section="ip-dhcp-host",
            parent_index=0,
            xml="<host mac='52:54:00:00:00:02' ip='10.9.0.12'/>",
            live="live" in copies,
            config="config" in copies,
        )
        self.before = self.hosts()

    def clients(self, _uri: str) -> Clients:
        return Clients(libvirt=self.libvirt, host=self.host)

    def hosts(self) -> list[list[str]]:
        """The MACs of the reservations, in the definition and in the running network."""
        report = self.libvirt.find_network(name="lab")
        assert report is not None
        trees = [definition(xml or "").tree for xml in (report.config_xml, report.live_xml)]
        return [[host["mac"] for host in tree["ips"][0]["dhcp"]["hosts"]] for tree in trees]


@pytest.mark.parametrize("copies", [("config",), ("live",), ("config", "live")], ids="+".join)
@pytest.mark.parametrize("edit", [{"autostart": False}, {"mtu": 1400}], ids=["live", "restart"])
def test_a_list_that_others_edited_stays_in_each_copy(copies: tuple[str, ...], edit: dict[str, Any]) -> None:
    there = Edited(*copies)
    ignored = [parsed("ips[*].dhcp.hosts")]

    lifecycle.update(NETWORK, there.recorded, checked(NAT, **edit), there.clients, lambda line: None, ignored=ignored)

    kept = there.hosts()
    assert kept[0] == there.before[0]
    # What is started takes the definition.
    assert kept[1] == (there.before[0] if "mtu" in edit else there.before[1])


@pytest.mark.parametrize(
    ("path", "flags"), [("active", (False, False)), ("autostart", (True, True)), ("*", (False, True))]
)
def test_a_flag_that_others_changed_stays(path: str, flags: tuple[bool, bool]) -> None:
    there = Edited("live")
    uuid = str(there.recorded["uuid"])
    there.libvirt.stop_network(uuid)
    ignored = [parsed(path)]

    desired = checked(NAT, autostart=False, mtu=1400)
    lifecycle.update(NETWORK, there.recorded, desired, there.clients, lambda line: None, ignored=ignored)

    report = there.libvirt.find_network(name="lab")
    assert report is not None
    assert (report.active, report.autostart) == flags
