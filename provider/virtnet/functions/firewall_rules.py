"""The firewall rules of virtual networks as data, from what iptables-save, ip6tables-save and nft print. Pure.

Of iptables: libvirt's chains (LIBVIRT_…), the ways into them, and every other rule that names a network's bridge. Of
nftables: libvirt's own tables. Where iptables writes to nftables, nft lists those rules once more, in other tables,
which are left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OWN_CHAIN = re.compile(r"\bLIBVIRT_\w+")


@dataclass(frozen=True)
class NetworkMatch:
    """By what a rule is known for a network's."""

    network: str
    bridge: str
    subnets: tuple[str, ...]

    def are_in(self, words: frozenset[str]) -> bool:
        """Whether a rule of these words names the bridge, or one of the subnets."""
        return bool(self.bridge and self.bridge in words) or any(subnet in words for subnet in self.subnets)


@dataclass(frozen=True)
class FirewallRule:
    """A rule as its program spells it, without the chain's name before it."""

    program: str
    """ "iptables", "ip6tables" or "nft"."""
    table: str
    chain: str
    network: str
    """The network whose bridge or subnet it names; empty for one that serves all."""
    rule: str


def rules_of_networks(printed: Mapping[str, str | None], networks: tuple[NetworkMatch, ...]) -> Iterator[FirewallRule]:
    """The rules, in the order of each program. `printed`: by the program's name; None if there is none."""
    for program in ("iptables", "ip6tables"):
        yield from _iptables(program, printed.get(f"{program}-save") or "", networks)
    yield from _nft(printed.get("nft") or "", networks)


def _iptables(program: str, text: str, networks: tuple[NetworkMatch, ...]) -> Iterator[FirewallRule]:
    table = ""
    # By the bridge alone: a rule of somebody else's about a subnet is not the network's.
    bridges = {marks.bridge for marks in networks if marks.bridge}
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        if not line.startswith("-A "):
            continue
        _, chain, rule = (*line.split(" ", 2), "")[:3]
        network = _network(rule, networks)
        if _OWN_CHAIN.search(f"{chain} {rule}") or bridges & _words(rule):
            yield FirewallRule(program, table, chain, network, rule)


def _nft(text: str, networks: tuple[NetworkMatch, ...]) -> Iterator[FirewallRule]:
    for family, body in re.findall(r"^table (ip6?) libvirt_network \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        for chain, rules in re.findall(r"^\tchain (\S+) \{\n(.*?)^\t\}", body, re.MULTILINE | re.DOTALL):
            for line in rules.splitlines():
                # Without what was counted: the same rules are the same answer.
                rule = re.sub(r"\bcounter packets \d+ bytes \d+", "counter", line.strip())
                # The line that hooks a base chain in is no rule.
                if rule and not rule.startswith("type "):
                    yield FirewallRule("nft", f"{family} libvirt_network", chain, _network(rule, networks), rule)


def _network(rule: str, networks: tuple[NetworkMatch, ...]) -> str:
    words = _words(rule)
    return next((marks.network for marks in networks if marks.are_in(words)), "")


def _words(rule: str) -> frozenset[str]:
    return frozenset(word.strip('"') for word in rule.split())
