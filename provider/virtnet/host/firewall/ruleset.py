"""A firewall's tables, chains and rules, whichever program listed them, as far as they decide on packets. Pure.

nftables and iptables are one model: a table has chains, a base chain hangs on a hook of the kernel, and a rule is a
list of tests with what becomes of a packet that passes them all. What cannot be judged is a test of Field.UNKNOWN.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeAlias


class Hook(Enum):
    """Where the kernel asks a firewall about a packet of IP."""

    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"


class Action(Enum):
    """What a rule, or a base chain's policy, does with a packet."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    QUEUE = "queue"
    """A program decides."""
    RETURN = "return"
    JUMP = "jump"
    GOTO = "goto"
    TRANSLATE = "translate"
    """Redirects the connection: DNAT, or a redirection to the host itself."""


REFUSALS = frozenset({Action.DROP, Action.REJECT})


class Field(Enum):
    """What a test looks at."""

    INPUT_INTERFACE = "iif"
    OUTPUT_INTERFACE = "oif"
    SOURCE = "saddr"
    TARGET = "daddr"
    PROTOCOL = "protocol"
    SOURCE_PORT = "sport"
    TARGET_PORT = "dport"
    STATE = "ct state"
    SOURCE_TYPE = "type of saddr"
    TARGET_TYPE = "type of daddr"
    ICMP_TYPE = "icmp type"
    HOP_LIMIT = "hop limit"
    """Or time to live."""
    REVERSE_PATH = "reverse path"
    """Whether the interface that a packet comes from leads to its source: "exists" or "missing"."""
    VERSION = "version of IP"
    SOURCE_SET = "set of saddr"
    """Whether the source is in a set whose content is unknown."""
    TARGET_SET = "set of daddr"
    BRIDGED = "bridged"
    """Whether a packet only passes from one port of a bridge to another: "yes"."""
    UNKNOWN = "unknown"
    """What this program does not judge: marks, limits, the time of day."""

    # Enum's own is written in Python. A refresh of 100 networks asks for a hundred thousand hashes.
    __hash__ = object.__hash__


Range: TypeAlias = tuple[int, int]
"""From and to, both in it: of ports, or of addresses as numbers."""


class Test(NamedTuple):
    """One condition of a rule."""

    field: Field
    names: frozenset[str] = frozenset()
    """Any of which it is; of interfaces "vnet*" is all that begin so."""
    ranges: tuple[Range, ...] = ()
    """Any of which it is in, of ports and addresses."""
    version: int = 0
    """Of the addresses' IP."""
    negated: bool = False


#: One that cannot be judged.
UNKNOWN = Test(Field.UNKNOWN)


#: One that no plain packet passes: a header of IPv6 for routes or fragments.
UNUSUAL = Test(Field.STATE, frozenset({"unusual"}))


def tcp_flags(mask: Set[str], set_flags: Set[str], *, negated: bool = False) -> Test:
    """A test of TCP's flags ("syn", "ack") as a test of the state: SYN opens a connection; SYN and ACK answer it."""
    flags = {"new": {"syn"}, "established": {"syn", "ack"}}
    fitting = frozenset(state for state, there in flags.items() if there & mask == set_flags)
    return Test(Field.STATE, fitting, negated=negated)


class Rule(NamedTuple):
    """Tests, and what becomes of a packet that passes them all."""

    tests: tuple[Test, ...]
    action: Action | None
    """None if it only counts, logs or marks."""
    target: str = ""
    """The chain that a jump leads to."""
    text: str = ""
    """In its program's words, as far as those are known."""


@dataclass(frozen=True)
class Chain:
    """A chain's rules in order; where it is a base chain, with its hook."""

    name: str
    rules: Sequence[Rule]
    hook: Hook | None = None
    priority: int = 0
    policy: Action = Action.ACCEPT

    @cached_property
    def _by_interface(self) -> "_ByInterface":
        found = _ByInterface()
        for place, rule in enumerate(self.rules):
            one_input, one_output = (
                _only(name, rule.tests) for name in (Field.INPUT_INTERFACE, Field.OUTPUT_INTERFACE)
            )
            if one_input is None and one_output is None:
                found.general.append(place)
            if one_input is not None:
                found.by_input.setdefault(one_input, []).append(place)
            if one_output is not None:
                found.by_output.setdefault(one_output, []).append(place)
            if rule.action in _ONLY_WHAT_IS_NAMED:
                continue
            if one_output is None and one_input is not None:
                found.of_any_input.append(place)
            if one_input is None and one_output is not None:
                found.of_any_output.append(place)
        return found

    def rules_for(self, input_interface: str | None, output_interface: str | None) -> Iterator[Rule]:
        """The rules that may decide on a packet between these interfaces, in order; None is one that no rule names.

        A host with 500 networks has 1500 rules in each of libvirt's chains, three of them for each network.
        """
        found = self._by_interface
        if input_interface is None and output_interface is None:
            yield from self.rules
            return
        places = set(found.general)
        places.update(found.of_any_input if input_interface is None else found.by_input.get(input_interface, ()))
        places.update(found.of_any_output if output_interface is None else found.by_output.get(output_interface, ()))
        for place in sorted(places):
            yield self.rules[place]


@dataclass(frozen=True)
class _ByInterface:
    """The places of a chain's rules, by the interfaces without which no packet passes them."""

    general: list[int] = field(default_factory=list)
    """Those that any packet may pass."""
    by_input: dict[str, list[int]] = field(default_factory=dict)
    by_output: dict[str, list[int]] = field(default_factory=dict)
    of_any_input: list[int] = field(default_factory=list)
    """Those for one input interface, whichever output, that let some packets of an interface through that they name."""
    of_any_output: list[int] = field(default_factory=list)


#: What a rule with a name of its own does only to packets with that name, so that it decides nothing about others.
_ONLY_WHAT_IS_NAMED = frozenset({Action.DROP, Action.REJECT, Action.QUEUE, Action.TRANSLATE, None})


def _only(name: Field, tests: Sequence[Test]) -> str | None:
    """The one interface for which these tests hold; None if there may be several."""
    for test in tests:
        if test.field is name and not test.negated and len(test.names) == 1:
            (interface,) = test.names
            if not interface.endswith("*"):
                return interface
    return None


@dataclass(frozen=True)
class Table:
    """A table of nftables, or of iptables."""

    family: str
    """Of nftables "ip", "ip6" or "inet"; "iptables" or "ip6tables" for theirs."""
    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of IP whose packets come here."""
        return {"ip": (4,), "iptables": (4,), "ip6": (6,), "ip6tables": (6,)}.get(self.family, (4, 6))

    @cached_property
    def refusing(self) -> frozenset[str]:
        """The chains in which a packet may be dropped or rejected, or that lead to such a chain.

        Only chains that the packet passes; rules of others aren't even parsed.
        """
        reached = self._reached
        found = {
            chain.name
            for chain in reached
            if chain.policy in REFUSALS or any(rule.action in (*REFUSALS, Action.QUEUE) for rule in chain.rules)
        }
        while True:
            more = {
                chain.name
                for chain in reached
                if chain.name not in found and any(rule.target in found for rule in chain.rules)
            }
            if not more:
                return frozenset(found)
            found |= more

    @property
    def _reached(self) -> Sequence[Chain]:
        """The base chains, and those that they lead to."""
        reached = {name: chain for name, chain in self.chains.items() if chain.hook is not None}
        waiting = [*reached.values()]
        for chain in waiting:
            targets = {rule.target for rule in chain.rules} & self.chains.keys() - reached.keys()
            reached |= {name: self.chains[name] for name in targets}
            waiting += [self.chains[name] for name in targets]
        return waiting


@dataclass(frozen=True)
class Ruleset:
    """All tables of a host's firewall that packets of IP come through."""

    tables: tuple[Table, ...] = ()

    def base_chains(self, hook: Hook, version: int) -> Iterator[tuple[Table, Chain]]:
        """The base chains at a hook, in the order in which a packet comes through them."""
        found = [
            (table, chain)
            for table in self.tables
            if version in table.versions
            for chain in table.chains.values()
            if chain.hook is hook
        ]
        yield from sorted(found, key=lambda one: one[1].priority)

    def table(self, family: str, name: str) -> Table | None:
        """The table of that family and name."""
        return next((table for table in self.tables if (table.family, table.name) == (family, name)), None)
