"""The table of all port forwards as values: the rules that a forward needs, and those found. Pure."""

import enum
import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from virtnet.port_forward.forward import Forward, Protocol
from virtnet.port_forward.rules.names import chain_of

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class RulesState(enum.Enum):
    """How the rules of a forward are found."""

    INTACT = enum.auto()
    MISSING = enum.auto()
    """There is nothing of them."""
    ALTERED = enum.auto()
    """Some are missing, or are other ones."""


class Listener(NamedTuple):
    """Ports that a forward has on an address of the host."""

    id: str
    """The forward's."""
    address: str
    """"" for every address."""
    version: int
    """The version of IP: 4 or 6."""
    protocol: Protocol
    first: int
    last: int

    def meets(self, other: "Listener") -> bool:
        """Whether a packet could be for both."""
        addresses = {self.address, other.address}
        same = self.version == other.version and (len(addresses) == 1 or "" in addresses)
        return same and self.protocol == other.protocol and self.first <= other.last and other.first <= self.last


class Gateway(NamedTuple):
    """The host's address in a subnet: the source of connections that are forwarded back into their own subnet."""

    subnet: str
    address: str

    @property
    def version(self) -> int:
        """The version of IP: 4 or 6."""
        return ipaddress.ip_network(self.subnet).version

    def overlaps(self, other: "Gateway") -> bool:
        """Whether an address is in both subnets."""
        mine, theirs = ipaddress.ip_network(self.subnet), ipaddress.ip_network(other.subnet)
        return mine.version == theirs.version and mine.overlaps(theirs)


class Rule(NamedTuple):
    """One rule of a forward: from ports of the host to those of a guest."""

    protocol: str
    first: int
    last: int
    target: str
    target_first: int
    sources: tuple[Network, ...]
    """Who may connect, as few subnets as say it; none for anybody."""


@dataclass(frozen=True)
class Table:
    """The table as it was listed."""

    present: bool = False
    common_intact: bool = False
    """Whether the part that all forwards share is as it is made."""
    chains: frozenset[str] = frozenset()
    """All chains of the table."""
    listeners: tuple[Listener, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    rules: Mapping[str, tuple[Rule | None, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Of each forward, by its id; None for a rule that virtnet did not write."""
    foreign: tuple[str, ...] = ()
    """What belongs to no forward in the table: names of chains, and rules as "chain handle"."""

    @cached_property
    def ids(self) -> frozenset[str]:
        """The forwards that have anything in the table."""
        return frozenset(self.rules) | {one.id for one in self.listeners}

    def without(self, forward_id: str) -> "Table":
        """The table without one forward. With the last forward the table goes, unless it has something of others."""
        left = replace(
            self,
            chains=self.chains - {chain_of(forward_id)},
            listeners=tuple(one for one in self.listeners if one.id != forward_id),
            gateways=tuple(one for one in self.gateways if self.leads_into(one, but=forward_id)),
            rules={identity: rules for identity, rules in self.rules.items() if identity != forward_id},
        )
        return left if left.ids or left.foreign else Table()

    def leads_into(self, gateway: Gateway, *, but: str) -> bool:
        """Whether a forward other than that one leads into a gateway's subnet."""
        return any(True for _ in self.leading_into(gateway, but=(but,)))

    def leading_into(self, gateway: Gateway, *, but: Collection[str]) -> Iterator[str]:
        """The ids of other forwards that lead into a gateway's subnet, or may: a rule of theirs is strange."""
        subnet = ipaddress.ip_network(gateway.subnet)
        for forward_id in self.rules:
            if forward_id not in but and any(
                rule is None or ipaddress.ip_address(rule.target) in subnet for rule in self.rules[forward_id]
            ):
                yield forward_id


def sources_of(sources: Iterable[str]) -> tuple[Network, ...]:
    """As few subnets as say the same, in order: nft takes none that overlap. None for anybody."""
    collapsed = tuple(ipaddress.collapse_addresses(map(ipaddress.ip_network, sources)))  # type: ignore[type-var]
    return () if any(network.prefixlen == 0 for network in collapsed) else collapsed


def listeners_of_forward(forward: Forward) -> Sequence[Listener]:
    """What a forward listens on."""
    return [
        Listener(forward.id, forward.listen_address, forward.version, ports.protocol, ports.listen, ports.last)
        for ports in forward.ports
    ]


def gateway_of(forward: Forward) -> Gateway:
    """The host's address in the subnet that a forward leads into."""
    return Gateway(forward.network.subnet, forward.network.gateway)


def rules_of(forward: Forward) -> tuple[Rule, ...]:
    """The rules of a forward, in their order."""
    sources = sources_of(forward.sources)
    return tuple(
        Rule(ports.protocol, ports.listen, ports.last, forward.target, ports.target, sources) for ports in forward.ports
    )


def state(forward: Forward, table: Table) -> RulesState:
    """How the rules of a forward are found in the table; what it shares with others is `Table.common_intact`."""
    if forward.id not in table.ids:
        return RulesState.MISSING
    intact = (
        chain_of(forward.id) in table.chains
        and table.rules.get(forward.id) == rules_of(forward)
        and {one for one in table.listeners if one.id == forward.id} == set(listeners_of_forward(forward))
        and gateway_of(forward) in table.gateways
    )
    return RulesState.INTACT if intact else RulesState.ALTERED
