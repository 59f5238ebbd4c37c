"""What may be asked of libvirt, one protocol a subject; implemented together by virtnet.libvirtd.connection.Connection.

Networks and guests are named by their UUIDs, but for what says otherwise. Every call raises LibvirtFailure, NotFound,
AccessDenied or Unreachable. The tests' fakes of it are tests/fakes/libvirt.py and what that is made of.
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
        """The host's UUID as libvirt reports it in its capabilities; "" where the driver knows none."""

    def version(self) -> int:
        """The daemon's libvirt version: 9.0.0 is 9000000."""

    def unprivileged(self) -> bool:
        """Whether it is an ordinary user's own, which may not change the host's network."""


class NetworkReader(Protocol):
    """Networks, as libvirt reports them."""

    def find_network(self, *, uuid: str | None = None, name: str | None = None) -> NetworkReport | None:
        """Everything libvirt reports of one network, or None when it says there is none."""

    def definition(self, uuid: str) -> str | None:
        """The persistent configuration of a network, or None when libvirt says there is no such network."""

    def is_active(self, uuid: str) -> bool:
        """Whether the network is there and runs."""

    def networks(self) -> Sequence[NetworkReport]:
        """Everything libvirt reports of all its networks."""


class Networks(NetworkReader, Protocol):
    """Networks, whole: their definitions, and whether they run."""

    def define_network(self, xml: str) -> None:
        """Define, or redefine, a persistent network (virNetworkDefineXML)."""

    def undefine_network(self, uuid: str) -> None:
        """Remove the persistent configuration."""

    def start_network(self, uuid: str) -> None:
        """Start a defined network (virNetworkCreate)."""

    def stop_network(self, uuid: str) -> None:
        """Stop an active network (virNetworkDestroy); a transient one is gone then."""

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        """Set the autostart flag, past the daemon's cache of it."""

    def start_transient_network(self, xml: str) -> None:
        """Start a network that has no definition (virNetworkCreateXML)."""

    def can_start_networks(self, xml: str) -> None:
        """Start and stop a throw-away network."""


class NetworkUpdates(Protocol):
    """Parts of a network, while it runs and in its definition."""

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        """VirNetworkUpdate of one section. Commands: modify, delete, add (behind the others), add-first."""

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        """VirNetworkSetMetadata of a title, a description, or one namespace's element; None removes it."""

    def rebuild_firewall(self, uuid: str) -> None:
        """Have libvirt take a running network's firewall rules down and write them anew; nothing else changes."""


class PortReader(Protocol):
    """What is plugged into networks, by libvirt's own account."""

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        """The network ports of running guests."""

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        """UUIDs of the network's ports that no running guest has, though their owner is a guest of this daemon."""


class Ports(PortReader, Protocol):
    """Network ports, one by one."""

    def delete_port(self, uuid: str, port: str) -> None:
        """Remove a port that nobody has from a network (virNetworkPortDelete)."""


class GuestReader(Protocol):
    """Guests, as far as they are plugged into networks, by their own XML."""

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        """The interfaces of running guests that are plugged into the network of that name."""

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        """The interfaces of all running guests, on whatever network or bridge.

        What was told at most `seconds_old` ago will do.
        """

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        """Running guests with an interface of type='bridge' on a bridge."""

    def shut_off_guests(self, name: str) -> Sequence[str]:
        """Names of guests that are shut off and reference the network of that name."""


class Guests(GuestReader, Protocol):
    """Running guests' interfaces, one by one."""

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        """Change an interface of a running guest (virDomainUpdateDeviceFlags, live only), found by its MAC."""


class InterfaceReader(Protocol):
    """The host's network interfaces, by libvirt's account."""

    def interface_names(self) -> frozenset[str] | None:
        """Names of the host's network interfaces; None where libvirt's interface driver is missing."""


class LibvirtReader(Daemon, NetworkReader, PortReader, GuestReader, InterfaceReader, Protocol):
    """All that observers may ask of libvirt."""


class LibvirtClient(LibvirtReader, Networks, NetworkUpdates, Ports, Guests, Protocol):
    """All that steps may ask of libvirt."""

    def lock(self, prefetch: Callable[[], None]) -> AbstractContextManager[None]:
        """Held while one resource of the host is observed, planned and changed, so that no two of this process race.

        `prefetch` is called by the thread that is next, while another may still hold the lock.
        """


class NetworkCache(Protocol):
    """Saves reads of networks. No capability: whatever it keeps may as well be asked for."""

    def cached_networks(self) -> Sequence[NetworkReport]:
        """As NetworkReader.networks, where a network known already is read again only if it started or stopped."""

    def invalidate_networks(self) -> None:
        """Let the next call of cached_networks read every network."""
