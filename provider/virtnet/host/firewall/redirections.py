"""Rules of a firewall that redirect ports of a host. Pure.

What can be read with certainty is told: rules that name their ports, whoever sends the packets and wherever they come
in. A rule for some sources or interfaces alone, or one with a condition that is not judged, is left out.
"""

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

from virtnet.host.firewall.ruleset import Action, Field, Range, Rule, Ruleset, Table, Test


class Redirection(NamedTuple):
    """Ports of a host that a rule sends elsewhere."""

    family: str
    """Of nftables "ip", "ip6" or "inet"; "iptables" or "ip6tables" for theirs."""
    table: str
    chain: str
    rule: str
    """In its program's words."""
    versions: tuple[int, ...]
    """Of IP."""
    address: str
    """Of the host; "" for any."""
    protocol: str
    """"tcp" or "udp"."""
    ports: tuple[Range, ...]


def redirections(ruleset: Ruleset, *, but: str = "") -> Iterator[Redirection]:
    """All that are certain, of whichever program; those in a table of the name `but` are not even read."""
    for table in ruleset.tables:
        if table.name == but:
            continue
        for chain in table.chains.values():
            if chain.hook is not None:  # at which whether is decided
                continue
            for rule in chain.rules:
                if rule.action is Action.TRANSLATE:
                    yield from _of_rule(table, chain.name, rule)


#: Conditions that a packet to the host itself fulfils, or that leave out some of many; by the field of a test.
_PASSED = {
    Field.VERSION: False,
    Field.TARGET_TYPE: False,
    Field.INPUT_INTERFACE: True,
    Field.SOURCE: True,
}
"""With whether they must be negated."""


def _of_rule(table: Table, chain: str, rule: Rule) -> Iterator[Redirection]:
    ports = [test.ranges for test in rule.tests if test.field is Field.TARGET_PORT and not test.negated]
    protocols = {
        name for test in rule.tests if test.field is Field.PROTOCOL and not test.negated for name in test.names
    }
    addresses = [test for test in rule.tests if test.field is Field.TARGET]
    others = [test for test in rule.tests if test.field not in (Field.TARGET_PORT, Field.PROTOCOL, Field.TARGET)]
    if len(ports) != 1 or not protocols <= {"tcp", "udp"} or not all(map(_passes, others)):
        return
    told = [_address(test) for test in addresses]
    if "" in told or len(told) > 1:
        return
    versions = set(table.versions)
    for test in rule.tests:
        if test.field is Field.VERSION:
            versions &= set(map(int, test.names))
    for protocol in sorted(protocols):
        yield Redirection(
            table.family,
            table.name,
            chain,
            rule.text,
            tuple(sorted(versions)),
            next(iter(told), ""),
            protocol,
            ports[0],
        )


def _passes(test: Test) -> bool:
    if test.field not in _PASSED or test.negated is not _PASSED[test.field]:
        return False
    return test.field is not Field.TARGET_TYPE or "local" in test.names


def _address(test: Test) -> str:
    """The one address that a test asks for; "" if it asks for others."""
    if test.negated or len(test.ranges) != 1 or test.ranges[0][0] != test.ranges[0][1]:
        return ""
    number = test.ranges[0][0]
    return str(ipaddress.IPv6Address(number) if test.version == 6 else ipaddress.IPv4Address(number))
