"""Operations on a host itself, one protocol a subject. virtnet.host.client.Host implements all of them.

A subject that can be changed has a separate reader protocol, so that observers can't change anything. Every call can
raise HostFailure, AccessDenied or Unreachable. The tests' fakes are in tests/fakes/host.py.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

from virtnet.planning.clients.reads import Reads
from virtnet.planning.reports import HostAddress, HostNeighbour, HostRoute, Link, ListeningSocket, ServiceReport

FirewallLister: TypeAlias = Literal["iptables-save", "ip6tables-save", "nft", "nft-json"]
"""The program that lists rules; nft lists them as text or as JSON."""

Way: TypeAlias = Literal["inbound", "outbound"]
"""The direction of traffic, as guests see it."""


class NamedHost(Protocol):
    """A host, by its name."""

    @property
    def name(self) -> str:
        """The host, for messages."""


class FileReader(Protocol):
    """Files and directories, by absolute paths."""

    def read_file(self, path: str) -> str | None:
        """A file's text; None if there is no such file."""

    def list_directory(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; empty if there is no such directory."""


class Files(FileReader, Protocol):
    """Files, read and written whole."""

    def write_file(self, path: str, content: str) -> None:
        """Write a file whole (temporary file, fsync, rename), mode 0644."""

    def remove_file(self, path: str) -> None:
        """Remove a file; no error if there is none."""

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory; no error if there is none, or if it isn't empty."""


class SysctlReader(Protocol):
    """Kernel parameters, by their keys in slash form: net/ipv4/ip_forward."""

    def read_sysctl(self, key: str) -> str | None:
        """A kernel parameter; None if there is none."""


class Sysctl(SysctlReader, Protocol):
    """Kernel parameters at runtime."""

    def write_sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter at runtime."""


class Privileges(Protocol):
    """What this user may do on the host."""

    def may_change_links(self) -> bool:
        """Whether this user may attach and detach interfaces."""


class LinkReader(Protocol):
    """Network interfaces; their attributes are files below /sys/class/net."""

    def links(self) -> Sequence[Link]:
        """All network interfaces."""

    def bridge_vlans(self, link: str) -> Sequence[str]:
        """The VLANs of a port of a VLAN-filtering bridge, each as `bridge vlan add` takes it."""


class Links(LinkReader, Protocol):
    """Network interfaces, and the bridges that they are attached to."""

    def delete_link(self, name: str) -> None:
        """Delete a network interface."""

    def set_master(self, link: str, bridge: str) -> None:
        """Attach a network interface to a bridge, and detach it from its old one."""

    def set_link_up(self, link: str, up: bool) -> None:
        """Bring a network interface up or down."""

    def write_attribute(self, path: str, value: str) -> None:
        """Write an existing file below /sys/class/net."""

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        """Give a port exactly these VLANs."""


class Routing(Protocol):
    """Addresses and routes."""

    def addresses(self) -> Sequence[HostAddress]:
        """All addresses of all interfaces."""

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        """The main routing tables of these versions of IP."""

    def neighbours(self, interface: str) -> Sequence[HostNeighbour]:
        """The neighbours on an existing interface, of both versions of IP."""


class IpCommands(Protocol):
    """Several changes of links, routes and neighbours at once."""

    def ip_batch(self, commands: Sequence[str]) -> None:
        """Run commands of `ip` in order, each without the word `ip`, up to the first that fails (ip -batch)."""


class Sockets(Protocol):
    """The ports that programs listen on."""

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        """Listening TCP and bound UDP sockets."""

    def dhcp_port_free(self) -> bool:
        """Whether a server that shares UDP port 67 can bind it; True if that can't be tested."""


class Programs(Protocol):
    """Installed programs."""

    def has_program(self, name: str) -> bool:
        """Whether a program is in PATH or in an sbin directory, where daemons look for programs."""


class TrafficLimits(Protocol):
    """The kernel's means to limit traffic."""

    def can_limit(self, way: Way) -> bool:
        """Whether the kernel has all modules that libvirt needs for limits in that direction; True if unknown."""


class FirewallReader(Protocol):
    """Firewall rules, as programs list them."""

    def firewall_rules(self, program: FirewallLister, *, seconds_old: float = 0.0) -> str | None:
        """All rules of a firewall as this program prints them; None if the program isn't installed.

        The listing may be up to `seconds_old` seconds old.
        """

    def seconds_a_listing_stands(self, at_least: float) -> float:
        """For how many seconds a listing may say that nothing is new: longer where it takes long to make one."""

    def firewall_zones(self) -> Sequence[str]:
        """The zones of firewalld; empty if it doesn't run."""


class Firewall(FirewallReader, Protocol):
    """Firewall rules, one by one."""

    def delete_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Delete one rule, as the program lists it: its chain comes first."""

    def track_connections(
        self, name: str, versions: Collection[int] = (4,), program: Literal["nft", "iptables"] = "nft"
    ) -> None:
        """Add a rule of this name, with which the kernel continues to track connections when other rules go.

        `versions`: of IP. Where nft can't be used, iptables are.
        """

    def stop_tracking(self, name: str, program: Literal["nft", "iptables"] = "nft") -> None:
        """Delete the rule of that name; no error if there is none."""

    def insert_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Insert a rule: its chain first, then its number in the chain."""

    def add_firewall_chain(self, program: Literal["iptables", "ip6tables"], table: str, chain: str) -> None:
        """Create an empty chain."""


class NftTableReader(Protocol):
    """Tables of nftables."""

    def nft_table(self, family: str, name: str) -> str | None:
        """A table as `nft -j` lists it; None if there is no such table, or no nft."""


class NftTables(NftTableReader, Protocol):
    """Tables of nftables, changed by transactions."""

    def load_nft(self, commands: str) -> None:
        """Run commands of nft in one transaction: all of them or none."""


class ScriptReader(Protocol):
    """Shell scripts that are files of the host."""

    def ask_script(self, path: str, *arguments: str) -> str:
        """The output of a script that changes nothing."""


class Scripts(ScriptReader, Protocol):
    """Shell scripts that are files of the host and may change it."""

    def run_script(self, path: str, *arguments: str) -> None:
        """Run a script that changes the host."""


class ServiceReader(Protocol):
    """Services of systemd."""

    def service(self, unit: str) -> ServiceReport | None:
        """A service's state; None if systemd isn't the host's process 1."""


class Services(ServiceReader, Protocol):
    """Services of systemd, enabled and started."""

    def set_service(self, unit: str, wanted: ServiceReport) -> None:
        """Enable or disable, and start or stop a service. To run it, restart it with its current file."""


class Processes(Protocol):
    """Running processes."""

    def end_process(self, pid: int) -> None:
        """End a process by SIGTERM and wait for its end; no error if there is none."""


class HostReader(
    NamedHost,
    FileReader,
    SysctlReader,
    Privileges,
    LinkReader,
    Routing,
    Sockets,
    Programs,
    TrafficLimits,
    FirewallReader,
    NftTableReader,
    ScriptReader,
    ServiceReader,
    Protocol,
):
    """Everything that observers may use of a host."""


class HostClient(
    HostReader, Files, Sysctl, Links, IpCommands, Firewall, NftTables, Scripts, Services, Processes, Protocol
):
    """Everything that steps may use of a host."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the host's lock, so that no other virtnet process changes the host meanwhile."""


class HostCache(Protocol):
    """Saves reads of a host, and gives access to nothing that the client doesn't."""

    def cached_reads(self, reads: Reads, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation: nothing changes meanwhile, so answers are cached, and `reads` are read together.

        Output of programs may be up to `max_age` seconds old.
        """

    def prefetch(self, reads: Reads) -> AbstractContextManager[None]:
        """One observation while others change the host. For a second, the next one uses its programs' output.

        So do observations of other clients that existed when it began.
        """

    def invalidate_listings(self) -> None:
        """Drop the cached listings of firewall rules, so that the next read gets a new one."""
