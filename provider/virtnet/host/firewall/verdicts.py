"""What happens to packets in a firewall. Pure.

A base chain that drops a packet decides; one that accepts it leaves it to the others at the same hook (nft(8)). A
packet may leave open what a rule asks: an address outside, or a port, "that no rule names". A rule that accepts such a
packet by a name of its own lets some through, so that it is not said that all are dropped; one that drops it so
concerns others. Where it depends on what is not judged here, that is said, and nothing guessed.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from virtnet.host.firewall.ruleset import REFUSALS, Action, Chain, Field, Hook, Range, Rule, Ruleset, Table, Test

#: What a packet has besides that a test of these fields may ask.
_PORTS = {Field.SOURCE_PORT: "source_port", Field.TARGET_PORT: "target_port"}
_ADDRESSES = {Field.SOURCE: "source", Field.TARGET: "target"}
_SETS = {Field.SOURCE_SET: "source", Field.TARGET_SET: "target"}
_INTERFACES = {Field.INPUT_INTERFACE: "input_interface", Field.OUTPUT_INTERFACE: "output_interface"}


class Packet(NamedTuple):
    """A packet, or all those that are alike."""

    version: int
    """Of IP."""
    input_interface: str | None
    """"" if the host itself sends the packet; None if it isn't known, and then no rule names it."""
    output_interface: str | None
    """"" if the packet goes to the host itself; None as above."""
    source: Range | None
    """Addresses; None for one that no rule names."""
    target: Range | None
    protocol: str = "tcp"
    source_port: int | None = None
    """None for one that no rule names."""
    target_port: int | None = None
    state: str = "new"
    """Of its connection: "new" or "established"."""
    target_type: str = "unicast"
    """"local", "broadcast" or "multicast"."""
    source_type: str = "unicast"
    icmp_type: str = ""
    hop_limit: int | None = None
    """None for one that no rule names."""
    status: str = ""
    """"dnat" or "snat" where a rule translates an address of its connection, and that is asked about."""
    bridged: bool = False
    """Whether it passes from one port of a bridge to another."""


class Place(NamedTuple):
    """Where a packet's fate is decided."""

    family: str
    table: str
    chain: str
    base: str
    """The base chain that leads there."""
    rule: str
    """In its program's words; "" for the base chain's policy."""
    action: Action


class Fate(IntEnum):
    """What becomes of a packet, the surest last."""

    ACCEPTED = 0
    UNKNOWN = 1
    DROPPED = 2


class Judged(NamedTuple):
    """What becomes of packets, and where that is decided."""

    fate: Fate
    places: tuple[Place, ...] = ()
    """That which drops them; where it is not known, the rules that it depends on."""


class _Match(IntEnum):
    """Whether a packet passes a test."""

    NO = 0
    NAMED = 1
    """Only one that the test names, which this one is not."""
    MAYBE = 2
    YES = 3


def judged(ruleset: Ruleset, stages: Iterable[tuple[Hook, Packet]]) -> Judged:
    """What becomes of a packet that passes these hooks, or of several that need one another."""
    found = [
        _at_base_chain(table, chain, packet)
        for hook, packet in stages
        for table, chain in ruleset.base_chains(hook, packet.version)
        if chain.name in table.refusing
    ]
    # The first that is sure: what comes behind it sees the packet no more.
    worst = max((one.fate for one in found), default=Fate.ACCEPTED)
    return next((one for one in found if one.fate is worst), Judged(Fate.ACCEPTED))


def _at_base_chain(table: Table, chain: Chain, packet: Packet) -> Judged:
    ends, passes = _walk(table, chain, packet, chain)
    if passes:
        ends = [*ends, Place(table.family, table.name, chain.name, chain.name, "", chain.policy)]
    actions = {end.action for end in ends}
    if actions <= {Action.ACCEPT}:
        return Judged(Fate.ACCEPTED)
    if actions <= REFUSALS:
        # The last one is the only one that nothing else has to hold for.
        return Judged(Fate.DROPPED, (ends[-1],))
    return Judged(Fate.UNKNOWN, tuple(dict.fromkeys(ends)))


def _walk(table: Table, chain: Chain, packet: Packet, base: Chain) -> tuple[list[Place], bool]:
    """Where a packet may end in a chain, and whether it may come back from it."""
    ends: list[Place] = []
    returns = False
    for rule in chain.rules_for(packet.input_interface, packet.output_interface):
        if rule.action is None:
            continue
        match = _rule(rule, packet)
        if match is _Match.NO:
            continue
        if rule.action is Action.RETURN:
            if match is _Match.YES:
                return ends, True
            returns = True
        elif rule.action in (Action.JUMP, Action.GOTO):
            there, comes_back = _led(table, rule, packet, base)
            ends += [end for end in there if match is not _Match.NAMED or end.action is Action.ACCEPT]
            if match is _Match.YES and (rule.action is Action.GOTO or not comes_back):
                return ends, returns or comes_back
            returns = returns or (rule.action is Action.GOTO and comes_back)
        elif match is not _Match.NAMED or rule.action is Action.ACCEPT:
            ends.append(Place(table.family, table.name, chain.name, base.name, rule.text, rule.action))
            if match is _Match.YES:
                return ends, returns
    return ends, True


def _led(table: Table, rule: Rule, packet: Packet, base: Chain) -> tuple[list[Place], bool]:
    chain = table.chains.get(rule.target)
    return ([], True) if chain is None else _walk(table, chain, packet, base)


def _rule(rule: Rule, packet: Packet) -> _Match:
    """The least of its tests."""
    found = _Match.YES
    for test in rule.tests:
        found = min(found, _test(test, packet))
        if found is _Match.NO:
            return found
    return found


def _test(test: Test, packet: Packet) -> _Match:
    match = _plain(test, packet)
    if not test.negated:
        return match
    # Of packets that leave it open, all but those that it names.
    return {_Match.YES: _Match.NO, _Match.NO: _Match.YES, _Match.NAMED: _Match.YES}.get(match, match)


def _plain(test: Test, packet: Packet) -> _Match:
    if test.field in _INTERFACES:
        return _interface(test, getattr(packet, _INTERFACES[test.field]))
    if test.field in _ADDRESSES:
        return _address(test, packet.version, getattr(packet, _ADDRESSES[test.field]))
    if test.field in _PORTS:
        port = getattr(packet, _PORTS[test.field])
        if packet.protocol not in ("tcp", "udp"):
            return _Match.NO
        return _within(test.ranges, None if port is None else (port, port), whole=(0, 65535))
    if test.field is Field.HOP_LIMIT:
        hops = packet.hop_limit
        return _within(test.ranges, None if hops is None else (hops, hops), whole=(0, 255))
    if test.field is Field.STATE and packet.status:
        told = {packet.state, packet.status, f"status {packet.status}"}
        return _Match.YES if told & test.names else _Match.NO
    if test.field in _SETS:
        return _Match.NAMED if getattr(packet, _SETS[test.field]) is None else _Match.MAYBE
    said = {
        Field.PROTOCOL: packet.protocol,
        Field.STATE: packet.state,
        Field.TARGET_TYPE: packet.target_type,
        Field.SOURCE_TYPE: packet.source_type,
        Field.ICMP_TYPE: packet.icmp_type,
        Field.VERSION: str(packet.version),
        Field.BRIDGED: "yes" if packet.bridged else "no",
        # What a guest sends, and what is sent to it, comes the way by which it is answered.
        Field.REVERSE_PATH: "exists",
    }.get(test.field)
    if said is None:
        return _Match.MAYBE
    return _Match.YES if said in test.names else _Match.NO


def _interface(test: Test, name: str | None) -> _Match:
    if name is None:
        return _Match.NAMED
    fits = name in test.names or any(name.startswith(other[:-1]) for other in test.names if other.endswith("*"))
    return _Match.YES if fits and name else _Match.NO


def _address(test: Test, version: int, addresses: Range | None) -> _Match:
    if test.version != version:
        return _Match.NO
    return _within(test.ranges, addresses, whole=(0, 2 ** (32 if version == 4 else 128) - 1))


def _within(ranges: Sequence[Range], asked: Range | None, *, whole: Range) -> _Match:
    """Whether what is asked about, or one that is not named, is in one of the ranges."""
    found = _Match.NO
    for low, high in _joined(ranges):
        if asked is None:
            if (low, high) == whole:
                return _Match.YES
            found = _Match.NAMED
        elif low <= asked[0] and asked[1] <= high:
            return _Match.YES
        elif low <= asked[1] and asked[0] <= high:
            found = _Match.MAYBE
    return found


def _joined(ranges: Sequence[Range]) -> Iterator[Range]:
    """Ranges that touch as one, so that both halves of all addresses are all of them."""
    if len(ranges) == 1:
        yield ranges[0]
        return
    joined: Range | None = None
    for low, high in sorted(ranges):
        if joined is not None and low <= joined[1] + 1:
            joined = (joined[0], max(high, joined[1]))
        else:
            if joined is not None:
                yield joined
            joined = (low, high)
    if joined is not None:
        yield joined
