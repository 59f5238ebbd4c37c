"""The steps that remove leftovers of a network: bridge and dnsmasq of killed daemons, and libvirt's firewall rules.

What isn't the network's own stays. Executing is idempotent.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from virtnet.errors import HostFailure, Refused
from virtnet.host.firewall.nftables import entries
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.names import holding_bridge, holding_uuid
from virtnet.network.observe.firewall.left import Left, Rule, Sought, left
from virtnet.network.observe.firewall.libvirt_rules import TABLE, WRITES_NFTABLES
from virtnet.network.observe.leftovers import bridge_ports, dnsmasq_process, link_address, rules_left
from virtnet.network.observe.ports import find_network
from virtnet.network.observe.reads import LINK_DIRECTORY
from virtnet.network.steps.actions import Action, DeleteLink, DeleteRule, LoadNft, SetLinkUp, SetMaster, carry_out
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.step import NO_IMPACT
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.planning.reports import Attachment

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallLister, HostClient


def remove_own_bridge(clients: Clients, bridge: str, *macs: str, occupied: bool = False) -> None:
    """Remove a bridge that a killed daemon left, identified by a MAC address; refuse any other link of that name.

    `occupied` allows attached interfaces, which are on no bridge afterwards, as after libvirt's own stop.
    """
    address, host = link_address(clients, bridge), clients.host
    if address is None or host is None:
        return
    if address not in macs or (not occupied and bridge_ports(host, bridge)):
        raise Refused(kind=StepFault.LEFTOVER_NOT_OURS, details={"bridge": bridge, "host": host.name})
    with_nft = clients.libvirt.version() >= WRITES_NFTABLES

    def of_now() -> Iterator[Action]:
        listings: dict[str, str | None] = {
            "iptables-save": host.firewall_rules("iptables-save"),
            "ip6tables-save": host.firewall_rules("ip6tables-save"),
        }
        if with_nft:
            listings["nft-json"] = _listed_by_nft(host)
        return removal(bridge, listings, host.list_directory(LINK_DIRECTORY))

    _tried_twice(clients, of_now)


def _listed_by_nft(host: "HostClient") -> str | None:
    """The listing; None if the kernel has no nftables, or rules that nft can't print."""
    try:
        listing = host.firewall_rules("nft-json")
        entries(listing or "")
    except (HostFailure, ValueError):
        return None
    return listing


def removal(bridge: str, listings: Mapping[str, str | None], links: Collection[str]) -> Iterator[Action]:
    """The actions that remove a leftover bridge, from the listed firewall rules and the host's links.

    The link goes down first, as in libvirt, so that nothing passes without the rules. If the process is killed in
    between, the bridge is still there, and the next run does it again. libvirt 9.0 forgets the rules of a network whose
    daemon was killed during its start, and then nothing else removes them.
    """
    yield SetLinkUp(link=bridge, up=False)
    yield from rules_removal(bridge, left(listings, Sought(bridges=frozenset({bridge})), links))
    yield DeleteLink(link=bridge)


def rules_removal(bridge: str, found: Left) -> Iterator[Action]:
    """The actions that remove a network's leftover firewall rules: one by one, and those of nftables all at once."""
    rules: tuple[tuple[Literal["iptables", "ip6tables"], Sequence[Rule]], ...] = (
        ("iptables", found.iptables),
        ("ip6tables", found.ip6tables),
    )
    yield from (DeleteRule(bridge=bridge, program=program, rule=rule) for program, of_it in rules for rule in of_it)
    if rules_of_nft := (*found.nftables, *found.twice):
        commands = (f"delete rule {rule.family} {TABLE} {rule.chain} handle {rule.handle}" for rule in rules_of_nft)
        yield LoadNft(commands="; ".join(commands))


def remove_rules_left(clients: Clients, bridge: str, find: Callable[[], Left | None]) -> None:
    """Remove the firewall rules that `find` lists; none if the host can't be read.

    Raises HostFailure and AccessDenied.
    """
    _tried_twice(clients, lambda: rules_removal(bridge, find() or Left()))


def _tried_twice(clients: Clients, removal: Callable[[], Iterator[Action]]) -> None:
    """Others may remove some of the rules meanwhile. So after a failure, decide and run once more."""
    try:
        carry_out(clients, removal())
    except HostFailure:
        carry_out(clients, removal())


def put_to_wait(uuid: str, links: Sequence[str]) -> Iterator[Action]:
    """Move the links of a bridge that is removed to the holding network.

    A starting daemon reattaches guests of type='bridge' to that bridge.
    """
    for link in links:
        yield SetMaster(link=link, bridge=holding_bridge(uuid))


@dataclass(frozen=True, kw_only=True)
class RemoveLeftoverBridge:
    """Remove the bridge that a killed start or stop of this network left behind, identified by MAC address."""

    uuid: str
    bridge: str
    mac: str
    users: tuple[Attachment, ...] = ()
    """What is attached to it, and is on no bridge afterwards; empty if nothing may be."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        if not self.users:
            return Summary(StepKind.REMOVE_BRIDGE_OF_START, {"bridge": self.bridge})
        users = [user.as_details() for user in self.users]
        return Summary(StepKind.REMOVE_BRIDGE_OF_STOP, {"bridge": self.bridge, "attachments": users})

    def execute(self, clients: Clients) -> None:
        if clients.host is None:
            return
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        held = clients.libvirt.find_network(uuid=holding_uuid(self.uuid)) is not None
        if held and link_address(clients, self.bridge) == self.mac:
            carry_out(clients, put_to_wait(self.uuid, bridge_ports(clients.host, self.bridge)))
        remove_own_bridge(clients, self.bridge, self.mac, occupied=bool(self.users))

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class RemoveRulesLeft:
    """Remove firewall rules that libvirt left from an earlier run of the network. An active network keeps its own."""

    uuid: str
    bridge: str
    subnets: tuple[str, ...] = ()
    """Subnets that it will have or had, in addition to its current ones."""
    listers: tuple["FirewallLister", ...] = WHOLE_FIREWALL
    """The programs that list rules, as when it was planned."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.REMOVE_RULES_LEFT)

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        sought = Sought(bridges=frozenset({self.bridge} - {""}), subnets=frozenset(self.subnets))
        remove_rules_left(clients, self.bridge, lambda: rules_left(clients, report, sought, listers=self.listers))

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class EndLeftoverDnsmasq:
    """End this network's dnsmasq that a killed daemon left behind and forgot: its sockets block a start.

    libvirt 11 does that itself when its daemon starts; 9.0 doesn't.
    """

    uuid: str
    name: str

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.END_DNSMASQ)

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        pid = dnsmasq_process(clients, self.name)
        if clients.host is not None and pid is not None:
            clients.host.end_process(pid)

    def undo(self) -> None:
        return None
