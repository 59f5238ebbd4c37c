"""libvirt's firewall rules of a network, in what iptables-save and nft print: those there, and those missing. Pure.

Texts compared with libvirt 9.0 and 11.3 (iptables 1.8.9 and nft 1.0.6, iptables 1.8.11 and nft 1.1.3).
"""

import ipaddress
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from virtnet.network.xml.definition import Definition

#: Modes in which libvirt writes rules; "" is an isolated network.
FILTERED_MODES = ("", "nat", "route")

CHAINS = frozenset({"LIBVIRT_FWI", "LIBVIRT_FWO", "LIBVIRT_INP", "LIBVIRT_PRT"})


class RulesKind(Enum):
    """A part of a network's firewall."""

    JUMPS = "jumps"
    """Those from the host's own chains into libvirt's."""
    FILTER = "filter"
    NAT = "nat"


class MissingRules(NamedTuple):
    """A part of a running network's firewall that is not there."""

    kind: RulesKind
    subnet: str = ""
    """That is not masqueraded, where NAT is missing."""

    def as_details(self) -> dict[str, str]:
        """As plain data, for a problem's details."""
        return {"kind": self.kind.value} | ({"subnet": self.subnet} if self.subnet else {})


class Rule(NamedTuple):
    """One rule of iptables, as it is told again to delete it."""

    table: str
    words: tuple[str, ...]
    """The chain first."""


def uses_nft(nft: str) -> bool:
    """Whether libvirt's own nftables tables are there."""
    return re.search(r"^table ip6? libvirt_network ", nft, re.MULTILINE) is not None


def chains_of(iptables: str) -> set[str]:
    """Libvirt's chains that are there."""
    return set(re.findall(r"^:(LIBVIRT_\w+) ", iptables, re.MULTILINE))


def flushed(rules: Mapping[str, str | None]) -> bool:
    """Whether libvirt's chains are gone, of either backend."""
    return not uses_nft(rules.get("nft") or "") and not _listing(rules.get("iptables-save") or "").chains >= CHAINS


def missing_rules(live: Definition, rules: Mapping[str, str | None]) -> Iterator[MissingRules]:
    """What a running network has lost of its rules."""
    bridge = live.bridge
    if uses_nft(rules.get("nft") or ""):
        listing = _nft_listing(rules.get("nft") or "")
        if bridge not in listing.bridges:
            yield MissingRules(RulesKind.FILTER)
            return
    else:
        listing = _listing(rules.get("iptables-save") or "")
        if not listing.reached:
            yield MissingRules(RulesKind.JUMPS)
        if bridge not in listing.bridges:
            yield MissingRules(RulesKind.FILTER)
    if live.mode == "nat":
        for subnet in map(str, live.subnets):
            if ":" not in subnet and subnet not in listing.masqueraded:
                yield MissingRules(RulesKind.NAT, subnet)


class _Listing(NamedTuple):
    """What is asked of a listing. A refresh asks it for each network, and it is as long as they are many."""

    chains: frozenset[str]
    """Libvirt's."""
    reached: bool
    """Whether the host's own chains lead into libvirt's."""
    bridges: frozenset[str]
    """Those that libvirt's rules let in."""
    masqueraded: frozenset[str]
    """Subnets, whoever's rule it is."""


@lru_cache(maxsize=2)
def _listing(iptables: str) -> _Listing:
    return _Listing(
        chains=frozenset(chains_of(iptables)),
        reached="-A FORWARD -j LIBVIRT_FWI" in iptables and "-A INPUT -j LIBVIRT_INP" in iptables,
        bridges=frozenset(
            bridge
            for line in iptables.splitlines()
            if line.startswith("-A LIBVIRT_FWI ")
            for bridge in re.findall(r"(?<!\S)-o (\S+)(?= )", line)
        ),
        masqueraded=_masqueraded(iptables),
    )


@lru_cache(maxsize=2)
def _nft_listing(nft: str) -> _Listing:
    tables = "\n".join(re.findall(r"^table ip6? libvirt_network \{.*?^\}", nft, re.MULTILINE | re.DOTALL))
    return _Listing(
        chains=frozenset(),
        reached=True,
        bridges=frozenset(re.findall(r'\b[io]if(?:name)? "([^"]*)"', tables)),
        masqueraded=_masqueraded(tables),
    )


def _masqueraded(rules: str) -> frozenset[str]:
    up_to_target = re.findall(r"^.*(?:-j (?:MASQUERADE|SNAT)|masquerade|snat)", rules, re.MULTILINE)
    return frozenset(subnet for rule in up_to_target for subnet in re.findall(r"(?<!\S)(?:-s|saddr) (\S+)(?= )", rule))


def rules_left(iptables: str, bridge: str) -> Sequence[Rule]:
    """Libvirt's rules that name a bridge, and those of its subnets that no other bridge has."""
    all_rules = [rule for rule in _rules(iptables) if rule.words[0].startswith("LIBVIRT_")]
    named = [rule for rule in all_rules if bridge in rule.words]
    others = {word for rule in all_rules if rule not in named and _has_interface(rule) for word in _addresses(rule)}
    subnets = {word for rule in named for word in _addresses(rule)} - others
    unnamed = [rule for rule in all_rules if not _has_interface(rule) and subnets & {*_addresses(rule)}]
    # Those that name it last: by them the others are known, also to who goes on after one that was killed.
    return [*(rule for rule in unnamed if rule not in named), *named]


def _rules(iptables: str) -> Iterator[Rule]:
    table = ""
    for line in iptables.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith("-A "):
            yield Rule(table, tuple(shlex.split(line)[1:]))


def _has_interface(rule: Rule) -> bool:
    return "-i" in rule.words or "-o" in rule.words


def _addresses(rule: Rule) -> Iterator[str]:
    """The subnets of a rule that are a network's, so not those of multicast and broadcast."""
    for option, word in zip(rule.words, rule.words[1:], strict=False):
        if option in ("-s", "-d") and not ipaddress.ip_network(word).is_multicast and word != "255.255.255.255/32":
            yield word
