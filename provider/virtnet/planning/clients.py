"""Plans: what will be done, decided before any of it is done.

A *step* is a small frozen value: it describes itself in the words a reviewer reads, executes itself through the
doors it is given, and names the step that takes it back. A *change* is one property path that differs, with
its class. A *plan* holds both, and the reasons it must not be applied, if there are any. `apply` is the only place
where steps run. Nothing here knows libvirt, files or sockets: the doors are Protocols, implemented by connection
and host.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal, Protocol

from virtnet.planning.reports import (
    Attachment,
    GuestInterface,
    HostAddress,
    HostRoute,
    Link,
    ListeningSocket,
    NetworkReport,
)


class LibvirtClient(Protocol):
    """What steps and observers may ask of libvirt; implemented by connection.Connection.

    Every call raises LibvirtFailure, NotFound or Unreachable, and names the network by its UUID.
    """

    @property
    def uri(self) -> str:
        """The connection URI, for messages."""

    def lock(self, prefetch: Callable[[], None]) -> AbstractContextManager[None]:
        """Held while one resource of the host is looked at, planned and changed, so that two never race.

        `prefetch` is called by whoever is next, while another may still hold the lock.
        """

    def host_uuid(self) -> str:
        """The host's UUID as libvirt reports it in its capabilities."""

    def version(self) -> int:
        """The daemon's libvirt version: 9.0.0 is 9000000."""

    def find_network(self, *, uuid: str | None = None, name: str | None = None) -> NetworkReport | None:
        """Everything libvirt reports of one network, or None when it says there is none."""

    def definition(self, uuid: str) -> str | None:
        """The persistent configuration of a network, or None when libvirt says there is no such network."""

    def is_active(self, uuid: str) -> bool:
        """Whether the network is there and runs."""

    def networks(self) -> Sequence[NetworkReport]:
        """Everything libvirt reports of all its networks."""

    def cached_networks(self) -> Sequence[NetworkReport]:
        """The same, where one that this process asked of before is asked of again only if it started or stopped."""

    def invalidate_networks(self) -> None:
        """Let the next glance ask of every network."""

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        """The network ports of running guests, by libvirt's own account."""

    def define_network(self, xml: str) -> None:
        """Define, or redefine, a persistent network (virNetworkDefineXMLFlags with VALIDATE where possible)."""

    def undefine_network(self, uuid: str) -> None:
        """Remove the persistent configuration."""

    def start_network(self, uuid: str) -> None:
        """Start a defined network (virNetworkCreate)."""

    def stop_network(self, uuid: str) -> None:
        """Stop an active network (virNetworkDestroy); a transient one is gone then."""

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        """Set the autostart flag, past the daemon's cache of it."""

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        """VirNetworkUpdate of one section."""

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        """Running guests with an interface of type='bridge' on a bridge, by their own XML."""

    def interface_names(self) -> frozenset[str] | None:
        """Names of the host's network interfaces by libvirt's account; None where its interface driver is missing."""

    def shut_off_guests(self, name: str) -> Sequence[str]:
        """Names of guests that are shut off and reference the network of that name."""

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        """VirNetworkSetMetadata of a title, a description, or one namespace's element; None removes it."""

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        """The interfaces of running guests that are plugged into the network of that name."""

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        """Change an interface of a running guest (virDomainUpdateDeviceFlags, live only), found by its MAC."""

    def start_transient_network(self, xml: str) -> None:
        """Start a network that has no definition (virNetworkCreateXML)."""

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        """UUIDs of the network's ports that no running guest has, though their owner is a guest of this daemon."""

    def delete_port(self, uuid: str, port: str) -> None:
        """Remove a port that nobody has from a network (virNetworkPortDelete)."""

    def can_start_networks(self, xml: str) -> None:
        """Start and stop a throw-away network."""


class HostClient(Protocol):
    """What steps and observers may ask of the host itself; implemented by host.Host."""

    @property
    def name(self) -> str:
        """The host, for messages."""

    def cached_reads(self, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation: nothing is changed meanwhile, so that answers may be kept, and asked for together.

        What programs said at most `max_age` seconds ago will do.
        """

    def prefetch(self) -> AbstractContextManager[None]:
        """One observation while others change the host: what programs say in it stands for the next, for a second.

        It stands for others too whose doors were open when it began.
        """

    def lock(self) -> AbstractContextManager[None]:
        """Held while the host is changed, so that no other process of virtnet's changes it meanwhile."""

    def links(self) -> Sequence[Link]:
        """All network interfaces."""

    def addresses(self) -> Sequence[HostAddress]:
        """All addresses of all interfaces."""

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        """The main routing tables of these versions of IP."""

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        """Listening TCP and bound UDP sockets."""

    def dhcp_port_free(self) -> bool:
        """Whether UDP port 67 can be bound by a server that shares it; True where that cannot be tried."""

    def has_program(self, name: str) -> bool:
        """Whether a program is where daemons find programs (PATH and the sbin directories)."""

    def delete_link(self, name: str) -> None:
        """Delete a network interface."""

    def set_master(self, link: str, bridge: str) -> None:
        """Plug a network interface into a bridge, out of the one it is in."""

    def set_link_up(self, link: str, up: bool) -> None:
        """Bring a network interface up or down."""

    def write_attribute(self, path: str, value: str) -> None:
        """Write a file below /sys/class/net that is there."""

    def bridge_vlans(self, link: str) -> Sequence[str]:
        """The VLANs of a port of a bridge that filters them, each as `bridge vlan add` takes it."""

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        """Give a port exactly these VLANs."""

    def may_change_links(self) -> bool:
        """Whether this user may plug interfaces in and out."""

    def read_sysctl(self, key: str) -> str | None:
        """A kernel parameter by its key in slash form (net/ipv4/ip_forward); None where there is none."""

    def write_sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter at runtime."""

    def read_file(self, path: str) -> str | None:
        """A file's text; None where there is none."""

    def list_directory(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; none where there is no directory."""

    def write_file(self, path: str, content: str) -> None:
        """Write a file whole (temporary file, fsync, rename), mode 0644."""

    def remove_file(self, path: str) -> None:
        """Remove a file; no error where there is none."""

    def end_process(self, pid: int) -> None:
        """End a process by SIGTERM, and wait until it has ended; no error where there is none."""

    def firewall_rules(
        self, program: Literal["iptables-save", "ip6tables-save", "nft"], *, seconds_old: float = 0.0
    ) -> str | None:
        """All rules of a firewall as this program prints them; None where there is no such program.

        An answer that was given to anybody at most `seconds_old` ago will do.
        """

    def delete_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Delete one rule, its chain first, as the program lists it."""


@dataclass(frozen=True)
class Clients:
    """The two doors through which everything reaches one host. `host` is None where only libvirt is reachable."""

    libvirt: LibvirtClient
    host: HostClient | None

    @contextmanager
    def lock(self, prefetch: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Held while one resource of the host is looked at, planned and changed: in this process, and in all others.

        `prefetch` is called by whoever is next in this process, while another may still hold the lock.
        """
        with self.libvirt.lock(prefetch), nullcontext() if self.host is None else self.host.lock():
            yield

    def cached_reads(self, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation through both doors, during which nothing is changed through them.

        What the host's programs said at most `max_age` seconds ago will do: for previews.
        """
        return nullcontext() if self.host is None else self.host.cached_reads(max_age=max_age)

    def invalidate(self) -> None:
        """Let the next look find out everything anew."""
        self.libvirt.invalidate_networks()
