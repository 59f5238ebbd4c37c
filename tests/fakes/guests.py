"""Guests and ports in memory."""

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree
from tests.fakes.effects import Effects
from tests.fakes.links import FakeLinks
from tests.fakes.network_xml import tree_of
from tests.fakes.networks import FakeNetworks

from virtnet.errors import LibvirtFailure
from virtnet.planning.reports import Attachment, GuestInterface


@dataclass
class FakeGuest:
    """A running guest with one interface, and the network it is plugged into by libvirt's account."""

    name: str
    mac: str
    tap: str
    network: str
    link: str = "up"
    portgroup: str = ""
    more: str = ""
    """Further elements of its interface."""
    port: bool = True
    """Whether its network knows a port of it: a network that was stopped forgets all."""

    @property
    def uuid(self) -> str:
        return str(uuids.uuid5(uuids.NAMESPACE_DNS, self.name))

    @property
    def xml(self) -> str:
        group = f" portgroup='{self.portgroup}'" if self.portgroup else ""
        return (
            f"<interface type='network'><mac address='{self.mac}'/><source network='{self.network}'{group}/>"
            f"<target dev='{self.tap}'/><model type='virtio'/><link state='{self.link}'/>{self.more}</interface>"
        )


@dataclass
class FakeGuests:
    """Implements planning.libvirt_client.Guests and Ports."""

    effects: Effects
    networks: FakeNetworks
    guests: list[FakeGuest] = field(default_factory=list)
    ports: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)
    """Ports of each network besides those of the guests."""
    orphans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """UUIDs of the ports among those that nobody has."""
    bridge_guests: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)
    """Guests that name a bridge themselves, by bridge."""
    listed_before: Sequence[GuestInterface] | None = None
    """What was told some seconds ago, where a test has it differ from what is."""
    links: FakeLinks | None = None
    """Where their taps are, where a test looks at them."""

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        report = self.networks.reports.get(uuid)
        name = "" if report is None else report.name
        guests = [
            Attachment(owner=g.name, interface="", mac=g.mac) for g in self.guests if g.network == name and g.port
        ]
        return (*self.ports.get(uuid, ()), *guests)

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        return self.orphans.get(uuid, ())

    def delete_port(self, uuid: str, port: str) -> None:
        with self.effects.happen("delete port"):
            self.orphans[uuid] = tuple(other for other in self.orphans[uuid] if other != port)
            self.ports[uuid] = tuple(entry for entry in self.ports[uuid] if entry.port != port)

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        return [interface for interface in self.interfaces_of_guests() if interface.network == network]

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        if seconds_old and self.listed_before is not None:
            return self.listed_before
        return [
            GuestInterface(
                guest=g.name,
                guest_uuid=g.uuid,
                mac=g.mac,
                interface=g.tap,
                xml=g.xml,
                network=g.network,
                bridge=self._bridge_of(g.network),
            )
            for g in self.guests
        ]

    def _bridge_of(self, network: str) -> str:
        found = self.networks.find_network(name=network)
        xml = None if found is None else found.live_xml or found.config_xml
        return "" if xml is None else str(tree_of(xml).get("bridge", {}).get("name", ""))

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        return self.bridge_guests.get(bridge, ())

    def shut_off_guests(self, name: str) -> Sequence[str]:
        return ()

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        with self.effects.happen("plug in"):
            guest, element = next(g for g in self.guests if g.uuid == guest_uuid), etree.fromstring(xml)
            source, link = element.find("source"), element.find("link")
            assert source is not None
            target = self.networks.find_network(name=source.get("network"))
            if target is None or target.live_xml is None:
                raise LibvirtFailure(f"network '{source.get('network')}' is not active", 55)
            # As measured: with the network it names already, nothing is done.
            if guest.network != target.name:
                guest.network, guest.portgroup, guest.port = target.name, source.get("portgroup", ""), True
                if self.links is not None:
                    self.links.plug(guest.tap, tree_of(target.live_xml)["bridge"]["name"])
            guest.link = "up" if link is None else link.get("state", "up")

    def forget_ports(self, network: str) -> None:
        """As libvirt does when a network stops."""
        for guest in self.guests:
            guest.port = guest.port and guest.network != network
