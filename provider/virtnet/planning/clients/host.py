"""What may be asked of a host itself, one protocol a subject; implemented together by virtnet.host.client.Host.

A subject that can be changed has a reader of its own, so that what only observes is given nothing that changes
anything. Every call raises HostFailure, AccessDenied or Unreachable. The tests' fakes of it are tests/fakes/host.py and
what that is made of.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

from virtnet.planning.clients.reads import Reads
from virtnet.planning.reports import HostAddress, HostRoute, Link, ListeningSocket, ServiceReport

FirewallLister: TypeAlias = Literal["iptables-save", "ip6tables-save", "nft", "nft-json"]
"""Who lists rules: nft in its own words, or as data."""

Way: TypeAlias = Literal["inbound", "outbound"]
"""The way of traffic, as seen by guests."""


class NamedHost(Protocol):
    """A host, by its name."""

    @property
    def name(self) -> str:
        """The host, for messages."""


class FileReader(Protocol):
    """Files and directories, by absolute paths."""

    def read_file(self, path: str) -> str | None:
        """A file's text; None where there is none."""

    def list_directory(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; none where there is no directory."""


class Files(FileReader, Protocol):
    """Files, whole."""

    def write_file(self, path: str, content: str) -> None:
        """Write a file whole (temporary file, fsync, rename), mode 0644."""

    def remove_file(self, path: str) -> None:
        """Remove a file; no error where there is none."""

    def remove_directory(self, path: str) -> None:
        """Remove a directory with nothing in it; no error where there is none, or it holds something."""


class SysctlReader(Protocol):
    """Kernel parameters, by their keys in slash form: net/ipv4/ip_forward."""

    def read_sysctl(self, key: str) -> str | None:
        """A kernel parameter; None where there is none."""


class Sysctl(SysctlReader, Protocol):
    """Kernel parameters at runtime."""

    def write_sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter at runtime."""


class Privileges(Protocol):
    """What this user may do on the host."""

    def may_change_links(self) -> bool:
        """Whether this user may plug interfaces in and out."""


class LinkReader(Protocol):
    """Network interfaces; their attributes are files below /sys/class/net."""

    def links(self) -> Sequence[Link]:
        """All network interfaces."""

    def bridge_vlans(self, link: str) -> Sequence[str]:
        """The VLANs of a port of a bridge that filters them, each as `bridge vlan add` takes it."""


class Links(LinkReader, Protocol):
    """Network interfaces, and the bridges they are plugged into."""

    def delete_link(self, name: str) -> None:
        """Delete a network interface."""

    def set_master(self, link: str, bridge: str) -> None:
        """Plug a network interface into a bridge, out of the one it is in."""

    def set_link_up(self, link: str, up: bool) -> None:
        """Bring a network interface up or down."""

    def write_attribute(self, path: str, value: str) -> None:
        """Write a file below /sys/class/net that is there."""

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        """Give a port exactly these VLANs."""


class Routing(Protocol):
    """Addresses and routes."""

    def addresses(self) -> Sequence[HostAddress]:
        """All addresses of all interfaces."""

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        """The main routing tables of these versions of IP."""


class Sockets(Protocol):
    """The ports that programs listen on."""

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        """Listening TCP and bound UDP sockets."""

    def dhcp_port_free(self) -> bool:
        """Whether UDP port 67 can be bound by a server that shares it; True where that cannot be tried."""


class Programs(Protocol):
    """Installed programs."""

    def has_program(self, name: str) -> bool:
        """Whether a program is where daemons find programs (PATH and the sbin directories)."""


class TrafficLimits(Protocol):
    """What the kernel has to limit traffic by."""

    def can_limit(self, way: Way) -> bool:
        """Whether the kernel has all that libvirt limits traffic of that way by; True where it cannot be asked."""


class FirewallReader(Protocol):
    """Firewall rules, as programs list them."""

    def firewall_rules(self, program: FirewallLister, *, seconds_old: float = 0.0) -> str | None:
        """All rules of a firewall as this program prints them; None where there is no such program.

        An answer that anybody asked for at most `seconds_old` ago will do.
        """

    def firewall_zones(self) -> Sequence[str]:
        """The zones that firewalld has; none while it does not run."""


class Firewall(FirewallReader, Protocol):
    """Firewall rules, one by one."""

    def delete_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Delete one rule, its chain first, as the program lists it."""

    def track_connections(self, name: str) -> None:
        """Have the kernel go on tracking IPv4 connections, whatever other rules go, by a rule of this name."""

    def stop_tracking(self, name: str) -> None:
        """Delete the rule of that name; no error where there is none."""

    def insert_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Put one rule into a chain: that first, then the number that the rule is to have there."""

    def add_firewall_chain(self, program: Literal["iptables", "ip6tables"], table: str, chain: str) -> None:
        """Make an empty chain."""


class NftTableReader(Protocol):
    """Tables of nftables."""

    def nft_table(self, family: str, name: str) -> str | None:
        """A table as `nft -j` lists it; None where there is none of that name, or no nft."""


class NftTables(NftTableReader, Protocol):
    """Tables of nftables, changed by transactions."""

    def load_nft(self, commands: str) -> None:
        """What the commands say, all of it or nothing."""


class ScriptReader(Protocol):
    """Shell scripts that are files of the host."""

    def ask_script(self, path: str, *arguments: str) -> str:
        """What a script prints that changes nothing."""


class Scripts(ScriptReader, Protocol):
    """Shell scripts that are files of the host, of those that change it too."""

    def run_script(self, path: str, *arguments: str) -> None:
        """Have a script do something."""


class ServiceReader(Protocol):
    """Services of systemd."""

    def service(self, unit: str) -> ServiceReport | None:
        """How a service is found; None where systemd is not the host's process 1."""


class Services(ServiceReader, Protocol):
    """Services of systemd, started with the host and now."""

    def set_service(self, unit: str, wanted: ServiceReport) -> None:
        """Have it started at each boot, and run now, or not; what is to run is started anew, by its file as it is."""


class Processes(Protocol):
    """Running processes."""

    def end_process(self, pid: int) -> None:
        """End a process by SIGTERM, and wait until it has ended; no error where there is none."""


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
    """All that observers may ask of a host."""


class HostClient(HostReader, Files, Sysctl, Links, Firewall, NftTables, Scripts, Services, Processes, Protocol):
    """All that steps may ask of a host."""

    def lock(self) -> AbstractContextManager[None]:
        """Held while the host is changed, so that no other process of virtnet's changes it meanwhile."""


class HostCache(Protocol):
    """Saves reads of a host. No capability: whatever it keeps may as well be asked for."""

    def cached_reads(self, reads: Reads, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation: nothing is changed meanwhile, so answers are kept, and those of `reads` asked for together.

        What programs said at most `max_age` seconds ago will do.
        """

    def prefetch(self, reads: Reads) -> AbstractContextManager[None]:
        """One observation while others change the host: what programs say in it stands for the next, for a second.

        It stands for others too whose clients existed when it began.
        """

    def invalidate_listings(self) -> None:
        """Forget the listings of firewall rules, so that the next who asks gets a new one, whatever its age."""
