"""A libvirt in memory, put together of one fake a subject: for breaking step 7 of 9, never for seeing that it works."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from tests.fakes.effects import Effects
from tests.fakes.guests import FakeGuest, FakeGuests
from tests.fakes.links import FakeLinks
from tests.fakes.networks import FakeNetworks

from virtnet.errors import LibvirtFailure
from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport

HOST_UUID = "11111111-2222-3333-4444-555555555555"


class FakeLibvirt:
    """Implements planning.libvirt_client.LibvirtClient."""

    def __init__(
        self,
        *,
        uri: str = "qemu:///system",
        host_uuid: str = HOST_UUID,
        reports: dict[str, NetworkReport] | None = None,
        guests: list[FakeGuest] | None = None,
        bridge_guests: dict[str, tuple[Attachment, ...]] | None = None,
        interfaces: frozenset[str] | None = frozenset({"lo", "eth0"}),
        daemon_version: int = 12_000_000,
        links: FakeLinks | None = None,
        unprivileged: bool = False,
    ) -> None:
        """`interfaces` is None without libvirt's interface driver, `links` where no test looks at bridges and taps."""
        self.uri = uri
        self._host_uuid = host_uuid
        self.interfaces = interfaces
        self.locked = False
        self._unprivileged = unprivileged
        self.effects = Effects(lambda message: LibvirtFailure(message, 1))
        self.net = FakeNetworks(self.effects, {} if reports is None else reports, daemon_version, links)
        self.plugged = FakeGuests(self.effects, self.net, guests or [], bridge_guests=bridge_guests or {}, links=links)
        self.net.on_stop = self.plugged.forget_ports

    @property
    def reports(self) -> dict[str, NetworkReport]:
        return self.net.reports

    @property
    def guests(self) -> list[FakeGuest]:
        return self.plugged.guests

    def snapshot(self) -> dict[str, NetworkReport]:
        """Everything that matters of all networks, in one spelling."""
        return self.net.snapshot()

    @contextlib.contextmanager
    def lock(self, prefetch: Callable[[], None]) -> Iterator[None]:
        prefetch()
        self.locked = True
        yield
        self.locked = False

    def host_uuid(self) -> str:
        return self._host_uuid

    def unprivileged(self) -> bool:
        return self._unprivileged

    def version(self) -> int:
        return self.net.daemon_version

    def interface_names(self) -> frozenset[str] | None:
        return self.interfaces

    def find_network(
        self, *, uuid: str | None = None, name: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
        return self.net.find_network(uuid=uuid, name=name)

    def definition(self, uuid: str) -> str | None:
        return self.net.definition(uuid)

    def is_active(self, uuid: str) -> bool:
        return self.net.is_active(uuid)

    def networks(self) -> Sequence[NetworkReport]:
        return self.net.networks()

    def define_network(self, xml: str) -> None:
        self.net.define_network(xml)

    def undefine_network(self, uuid: str) -> None:
        self.net.undefine_network(uuid)

    def start_network(self, uuid: str) -> None:
        self.net.start_network(uuid)

    def stop_network(self, uuid: str) -> None:
        self.net.stop_network(uuid)

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        self.net.set_autostart(uuid, autostart)

    def start_transient_network(self, xml: str) -> None:
        self.net.start_transient_network(xml)

    def can_start_networks(self, xml: str) -> None:
        self.net.can_start_networks(xml)

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        self.net.update_section(
            uuid, command=command, section=section, parent_index=parent_index, xml=xml, live=live, config=config
        )

    def rebuild_firewall(self, uuid: str) -> None:
        self.net.rebuild_firewall(uuid)

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        self.net.set_metadata(uuid, kind=kind, namespace=namespace, text=text, live=live, config=config)

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        return self.plugged.attachments(uuid)

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        return self.plugged.orphaned_ports(uuid)

    def delete_port(self, uuid: str, port: str) -> None:
        self.plugged.delete_port(uuid, port)

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        return self.plugged.guest_interfaces(network)

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        return self.plugged.interfaces_of_guests(seconds_old=seconds_old)

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        return self.plugged.guests_on_bridge(bridge)

    def shut_off_guests(self, name: str) -> Sequence[str]:
        return self.plugged.shut_off_guests(name)

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        self.plugged.update_guest_interface(guest_uuid, xml)
