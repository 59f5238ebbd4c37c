"""Operations on libvirt, one protocol a subject. virtnet.libvirtd.connection.Connection implements all of them.

Networks and guests are identified by UUID, unless a parameter says otherwise. Every call can raise LibvirtFailure,
NotFound, AccessDenied or Unreachable. The tests' fakes are in tests/fakes/libvirt.py.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport


class Daemon(Protocol):
    """The daemon and its host."""

    @property
    def uri(self) -> str:
        """The connection URI, for messages."""

    def host_uuid(self) -> str:
        """The host's UUID from libvirt's capabilities; "" if the driver knows none."""

    def version(self) -> int:
        """The daemon's libvirt version: 9.0.0 is 9000000."""

    def unprivileged(self) -> bool:
        """Whether the daemon runs as an ordinary user, who may not change the host's network."""


class NetworkReader(Protocol):
    """Networks, as libvirt reports them."""

    def find_network(
        self, *, uuid: str | None = None, name: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
        """Everything that libvirt reports of one network; None if libvirt says that there is none.

        A listing of all networks that is at most `seconds_old` may tell whether there is one of that UUID, whether it
        is active and how it starts. Its definitions are always read now.
        """

    def definition(self, uuid: str) -> str | None:
        """The persistent configuration of a network; None if libvirt says that there is no such network."""

    def is_active(self, uuid: str) -> bool:
        """Whether the network exists and is active."""

    def networks(self) -> Sequence[NetworkReport]:
        """Everything that libvirt reports of all networks."""


class Networks(NetworkReader, Protocol):
    """Whole networks: their definitions, and whether they are active."""

    def define_network(self, xml: str) -> None:
        """Define, or redefine, a persistent network (virNetworkDefineXML)."""

    def undefine_network(self, uuid: str) -> None:
        """Remove the persistent configuration."""

    def start_network(self, uuid: str) -> None:
        """Start a defined network (virNetworkCreate)."""

    def stop_network(self, uuid: str) -> None:
        """Stop an active network (virNetworkDestroy). A transient network no longer exists then."""

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        """Set the autostart flag, even if the daemon's cached flag is wrong."""

    def start_transient_network(self, xml: str) -> None:
        """Start a network that has no definition (virNetworkCreateXML)."""

    def can_start_networks(self, xml: str) -> None:
        """Start and stop a test network."""


class NetworkUpdates(Protocol):
    """Parts of a network, in its running state and in its definition."""

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        """VirNetworkUpdate of one section. Commands: modify, delete, add (behind the others), add-first."""

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        """VirNetworkSetMetadata of a title, a description, or one namespace's element; None removes it."""

    def rebuild_firewall(self, uuid: str) -> None:
        """Make libvirt remove and rewrite an active network's firewall rules; nothing else changes."""


class PortReader(Protocol):
    """What is attached to networks, according to libvirt."""

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        """The network ports of running guests."""

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        """UUIDs of the network's ports that no running guest uses, although their owner is a guest of this daemon."""


class Ports(PortReader, Protocol):
    """Network ports, one by one."""

    def delete_port(self, uuid: str, port: str) -> None:
        """Remove an orphaned port from a network (virNetworkPortDelete)."""


class GuestReader(Protocol):
    """Guests' interfaces on networks, from the guests' own XML."""

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        """The interfaces of running guests that are attached to the network of that name."""

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        """The interfaces of all running guests, on any network or bridge.

        The answer may be up to `seconds_old` seconds old.
        """

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        """Running guests with an interface of type='bridge' on a bridge."""

    def shut_off_guests(self, name: str) -> Sequence[str]:
        """Names of shut-off guests that refer to the network of that name."""


class Guests(GuestReader, Protocol):
    """Running guests' interfaces, one by one."""

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        """Change an interface of a running guest (virDomainUpdateDeviceFlags, live only), found by its MAC."""


class InterfaceReader(Protocol):
    """The host's network interfaces, according to libvirt."""

    def interface_names(self) -> frozenset[str] | None:
        """Names of the host's network interfaces; None if libvirt's interface driver is missing."""


class LibvirtReader(Daemon, NetworkReader, PortReader, GuestReader, InterfaceReader, Protocol):
    """Everything that observers may use of libvirt."""


class LibvirtClient(LibvirtReader, Networks, NetworkUpdates, Ports, Guests, Protocol):
    """Everything that steps may use of libvirt."""

    def lock(self, prefetch: Callable[[], None]) -> AbstractContextManager[None]:
        """Hold the lock while a resource is observed, planned and changed, so that no two threads race.

        The next thread in line calls `prefetch` while another one may still hold the lock.
        """


class NetworkCache(Protocol):
    """Saves reads of networks, and gives access to nothing that the client doesn't."""

    def cached_networks(self) -> Sequence[NetworkReport]:
        """As NetworkReader.networks, but a known network is read again only if it started or stopped."""

    def invalidate_networks(self) -> None:
        """Make the next call of cached_networks read every network."""
