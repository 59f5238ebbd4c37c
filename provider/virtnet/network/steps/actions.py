"""The small effects of steps: one call each, as data. Pure functions list them; `carry_out` makes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from virtnet.errors import LibvirtFailure, Refused
from virtnet.network.observe.firewall.left import Rule
from virtnet.network.steps.kinds import StepFault
from virtnet.planning.clients.clients import Clients

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostClient


class Action(Protocol):
    """One call to libvirt or to the host."""

    def carry_out(self, clients: Clients) -> None:
        """Make the call; raises a VirtnetError."""


def carry_out(clients: Clients, actions: Iterable[Action]) -> None:
    """Make the calls in order, up to the first that fails."""
    for action in actions:
        action.carry_out(clients)


@dataclass(frozen=True, kw_only=True)
class MoveInterface:
    """Attach a running guest's interface to the network in its XML."""

    guest_uuid: str
    mac: str
    xml: str
    source: str
    """The network that it leaves."""

    def carry_out(self, clients: Clients) -> None:
        """Move it. A guest that ended meanwhile needs nothing."""
        try:
            clients.libvirt.update_guest_interface(self.guest_uuid, self.xml)
        except LibvirtFailure:
            still = clients.libvirt.guest_interfaces(self.source)
            if any(entry.guest_uuid == self.guest_uuid and entry.mac == self.mac for entry in still):
                raise


@dataclass(frozen=True, kw_only=True)
class DeletePort:
    """Remove an orphaned port from a network."""

    network: str
    """Its UUID."""
    port: str

    def carry_out(self, clients: Clients) -> None:
        """Remove it."""
        clients.libvirt.delete_port(self.network, self.port)


@dataclass(frozen=True, kw_only=True)
class SetMaster:
    """Attach a link to a bridge."""

    link: str
    bridge: str

    def carry_out(self, clients: Clients) -> None:
        """Attach it."""
        _host(clients, self.link).set_master(self.link, self.bridge)


@dataclass(frozen=True, kw_only=True)
class SetLinkUp:
    """Bring a link up or down."""

    link: str
    up: bool

    def carry_out(self, clients: Clients) -> None:
        """Bring it up or down."""
        _host(clients, self.link).set_link_up(self.link, self.up)


@dataclass(frozen=True, kw_only=True)
class WriteAttribute:
    """Write a file of a link in /sys/class/net."""

    link: str
    attribute: str
    """Its path below the link's directory: "mtu", "brport/isolated"."""
    value: str

    def carry_out(self, clients: Clients) -> None:
        """Write it."""
        _host(clients, self.link).write_attribute(f"/sys/class/net/{self.link}/{self.attribute}", self.value)


@dataclass(frozen=True, kw_only=True)
class SetVlans:
    """Give a bridge's port exactly these VLANs."""

    link: str
    vlans: tuple[str, ...]

    def carry_out(self, clients: Clients) -> None:
        """Set them."""
        _host(clients, self.link).set_bridge_vlans(self.link, self.vlans)


@dataclass(frozen=True, kw_only=True)
class DeleteRule:
    """Delete a firewall rule of a bridge."""

    bridge: str
    program: Literal["iptables", "ip6tables"]
    rule: Rule

    def carry_out(self, clients: Clients) -> None:
        """Delete it."""
        _host(clients, self.bridge).delete_firewall_rule(self.program, self.rule.table, self.rule.words)


@dataclass(frozen=True, kw_only=True)
class AddChain:
    """Create an empty chain of iptables."""

    program: Literal["iptables", "ip6tables"]
    table: str
    chain: str

    def carry_out(self, clients: Clients) -> None:
        """Create it."""
        _host(clients, self.chain).add_firewall_chain(self.program, self.table, self.chain)


@dataclass(frozen=True, kw_only=True)
class InsertRule:
    """Insert a rule of iptables into its chain."""

    program: Literal["iptables", "ip6tables"]
    table: str
    words: tuple[str, ...]
    """The chain first, then the rule's number in the chain."""

    def carry_out(self, clients: Clients) -> None:
        """Insert it."""
        _host(clients, self.words[0]).insert_firewall_rule(self.program, self.table, self.words)


@dataclass(frozen=True, kw_only=True)
class RunIp:
    """Change links, routes and neighbours, all at once."""

    commands: tuple[str, ...]
    """Commands of `ip`, each without that word."""

    def carry_out(self, clients: Clients) -> None:
        """Run them, up to the first that fails."""
        _host(clients, "").ip_batch(self.commands)


@dataclass(frozen=True, kw_only=True)
class WriteSysctl:
    """Set a kernel parameter of a link."""

    link: str
    parameter: str
    """Its name below net/ipv6/conf/LINK."""
    value: str

    def carry_out(self, clients: Clients) -> None:
        """Set it, unless it has the value."""
        key, host = f"net/ipv6/conf/{self.link}/{self.parameter}", _host(clients, self.link)
        if host.read_sysctl(key) not in (None, self.value):
            host.write_sysctl(key, self.value)


@dataclass(frozen=True, kw_only=True)
class LoadNft:
    """Change tables of nftables in one transaction."""

    commands: str

    def carry_out(self, clients: Clients) -> None:
        """Run the transaction."""
        _host(clients, "").load_nft(self.commands)


@dataclass(frozen=True, kw_only=True)
class DeleteLink:
    """Delete a link of the host."""

    link: str

    def carry_out(self, clients: Clients) -> None:
        """Delete it."""
        _host(clients, self.link).delete_link(self.link)


def _host(clients: Clients, link: str) -> "HostClient":
    if clients.host is None:
        raise Refused(kind=StepFault.HOST_NOT_REACHED, details={"interface": link})
    return clients.host
