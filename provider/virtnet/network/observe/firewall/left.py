"""libvirt's rules of a network that are nobody's any more: which of those that are listed were left. Pure.

libvirt 11.3 forgets with a live update that changes no rule (of a DNS host) which rules in nftables it is to take away:
a stop leaves them all, by the number of a bridge that is gone, and an update that does change rules writes them once
more. A host whose libvirt goes over from one backend to the other may keep rules of the first.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from virtnet.host.firewall.nftables import entries
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    TABLE,
    Backend,
    masqueraded,
    prefix,
)

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import FirewallLister

#: Of the backend in which libvirt forgets rules of its own.
FORGETFUL: tuple["FirewallLister", ...] = ("nft-json",)


class Rule(NamedTuple):
    """One rule of iptables, as it is told again to delete it."""

    table: str
    words: tuple[str, ...]
    """The chain first."""


class NftRule(NamedTuple):
    """One rule of libvirt's own tables of nftables, as it is told again to delete it."""

    family: str
    chain: str
    handle: int
    """Its number in the table, which no other rule gets."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """By what the rules of one network are known, and which of them are in use."""

    bridges: frozenset[str] = frozenset()
    """The names of the bridges that it has or had."""
    indexes: frozenset[str] = frozenset()
    """The kernel's numbers of bridges of its own that are gone."""
    subnets: frozenset[str] = frozenset()
    live: "Definition | None" = None
    """What runs of it; None if all of its rules are left."""
    backend: Backend | None = None
    """With what those of the running network are written."""


class Left(NamedTuple):
    """The rules that were left of a network, each program's in the order in which they go."""

    iptables: tuple[Rule, ...] = ()
    ip6tables: tuple[Rule, ...] = ()
    nftables: tuple[NftRule, ...] = ()
    twice: tuple[NftRule, ...] = ()
    """Older copies of rules that are in use. They do nothing, and libvirt writes them in an update itself."""

    @property
    def backends(self) -> tuple[Backend, ...]:
        """In which there are some."""
        there = {Backend.IPTABLES: self.iptables or self.ip6tables, Backend.NFTABLES: self.nftables}
        return tuple(backend for backend, rules in there.items() if rules)


def left(rules: Mapping[str, str | None], sought: Sought, links: Collection[str]) -> Left:
    """What was left of a network, by the listings of each program and the names of the host's links."""
    live, backend = sought.live, sought.backend
    if live is not None and live.mode not in FILTERED_MODES:
        backend = None
    elif live is not None and backend is None:
        return Left()
    in_iptables = backend is not Backend.IPTABLES
    by_nft, twice = nft_rules_left(rules.get("nft-json") or "", sought, links)
    return Left(
        iptables=tuple(_of_bridges(rules.get("iptables-save") or "", sought.bridges)) if in_iptables else (),
        ip6tables=tuple(_of_bridges(rules.get("ip6tables-save") or "", sought.bridges)) if in_iptables else (),
        nftables=by_nft,
        twice=twice,
    )


def _of_bridges(listing: str, bridges: Collection[str]) -> Iterator[Rule]:
    for bridge in sorted(bridges):
        if bridge in listing:  # which most are not, and to read one takes long
            yield from rules_left(listing, bridge)


def rules_left(iptables: str, bridge: str) -> Sequence[Rule]:
    """Libvirt's rules of a bridge, and those of its subnets that no other bridge has."""
    written = list(_written_to_iptables(iptables))
    named = [one for one in written if one.bridge == bridge]
    others = {one.subnet for one in written if one.bridge not in ("", bridge)}
    subnets = {one.subnet for one in named} - others - {""}
    translating = [one for one in written if not one.bridge and one.subnet in subnets]
    # Those of the bridge last: by them the others are known, also to who goes on after one that was killed.
    return [one.rule for one in (*translating, *named)]


class _WrittenToIptables(NamedTuple):
    """A rule as libvirt writes them."""

    rule: Rule
    bridge: str
    """The network's; "" of NAT."""
    subnet: str
    """"" if it names none."""


@lru_cache(maxsize=1)
def _forms_in_iptables() -> Mapping[tuple[str, str], Sequence[re.Pattern[str]]]:
    """By table and chain, as iptables-save prints it, what libvirt writes (network_iptables.c).

    Others add rules there too, as hook scripts do. Those match more, or a single guest.
    """
    subnet, device, bridge = r"(?P<subnet>\S+/(?!(?:32|128) )\d+)", r"\S+", r"(?P<bridge>\S+)"
    rejected = r"-j REJECT --reject-with icmp6?-port-unreachable"
    protocol = r"-p (?P<protocol>tcp|udp) -m (?P=protocol)"
    forms = {
        ("filter", "LIBVIRT_FWI"): (
            rf"-d {subnet} (-i {device} )?-o {bridge} (-m conntrack --ctstate RELATED,ESTABLISHED )?-j ACCEPT",
            rf"-o {bridge} {rejected}",
        ),
        ("filter", "LIBVIRT_FWO"): (
            rf"-s {subnet} -i {bridge} (-o {device} )?-j ACCEPT",
            rf"-i {bridge} {rejected}",
        ),
        ("filter", "LIBVIRT_FWX"): (rf"-i {bridge} -o (?P=bridge) -j ACCEPT",),
        ("filter", "LIBVIRT_INP"): (rf"-i {bridge} {protocol} --dport (53|67|69|547) -j ACCEPT",),
        ("filter", "LIBVIRT_OUT"): (rf"-o {bridge} {protocol} --dport (53|68|69|546) -j ACCEPT",),
        ("mangle", "LIBVIRT_PRT"): (rf"-o {bridge} -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill",),
        ("nat", "LIBVIRT_PRT"): (
            rf"-s {subnet} ! -d (?P=subnet) (-o {device} )?(-p (tcp|udp) )?"
            r"-j (MASQUERADE( --to-ports \S+)?|SNAT --to-source \S+)",
            rf"-s {subnet} -d (224\.0\.0\.0/24|255\.255\.255\.255/32|ff02::/16) (-o {device} )?-j RETURN",
        ),
    }
    return {place: tuple(map(re.compile, of_place)) for place, of_place in forms.items()}


def _written_to_iptables(listing: str) -> Iterator[_WrittenToIptables]:
    """Of libvirt's chains what has the form that libvirt gives it."""
    forms, table = _forms_in_iptables(), ""
    for line in listing.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        if not line.startswith("-A LIBVIRT_"):
            continue
        chain, _, form = line[len("-A ") :].partition(" ")
        found = next(filter(None, (one.fullmatch(form) for one in forms.get((table, chain), ()))), None)
        if found is not None:
            named = found.groupdict("")
            rule = Rule(table, (chain, *form.split()))
            yield _WrittenToIptables(rule, named.get("bridge", ""), named.get("subnet", ""))


def nft_rules_left(
    listing: str, sought: Sought, links: Collection[str]
) -> tuple[tuple[NftRule, ...], tuple[NftRule, ...]]:
    """Those of libvirt's own tables, by what nft prints as data; and older copies of such as are in use.

    A rule by the number of a bridge that is gone is the network's where one of that number names its subnet. Of those
    that name its subnet alone, where that is no other bridge's, all are left but what it must have. Those that name its
    bridge are all left, unless the network runs with nftables.
    """
    written = _written(listing)
    writes = sought.live if sought.backend is Backend.NFTABLES else None
    by_subnet = [one for subnet in sought.subnets for one in written.of_subnet(subnet)]
    gone = sought.indexes | {one.bridge for one in by_subnet if _is_gone(one.bridge, links)}
    filtering = [one for bridge in sought.bridges | gone for one in written.of_bridge(bridge)]
    subnets = sought.subnets | {one.subnet for one in filtering if one.bridge in sought.bridges} - {""}
    translated = set[str]() if writes is None else set(masqueraded(writes))
    device = "" if writes is None else writes.forward_device
    used, found, twice = set[tuple[str, ...]](), list[NftRule](), list[NftRule]()
    # libvirt may know the newest of several that are alike.
    for one in sorted((*filtering, *_translating(written, subnets, sought, links)), reverse=True):
        if one.bridge:  # an earlier bridge of that name had another number
            needed = writes is not None and one.bridge not in gone
        else:
            needed = one.subnet in translated and one.device == device
        if not needed:
            found.append(one.rule)
        elif one.use in used:
            twice.append(one.rule)
        else:
            used.add(one.use)
    return tuple(sorted(found)), tuple(sorted(twice))


def _translating(
    written: "_AllWritten", subnets: Collection[str], sought: Sought, links: Collection[str]
) -> Iterator["_Written"]:
    """The rules of NAT of subnets that no other bridge has."""
    for subnet in subnets:
        of_subnet = written.of_subnet(subnet)
        if not any(one.bridge in links and one.bridge not in sought.bridges for one in of_subnet):
            yield from (one for one in of_subnet if not one.bridge)


def _is_gone(bridge: str, links: Collection[str]) -> bool:
    """Whether nft had to print a number. A link may have a number for its name."""
    return bridge.isdecimal() and bridge not in links


class _Written(NamedTuple):
    """A rule as libvirt writes them."""

    handle: int
    rule: NftRule
    bridge: str
    """The network's, or its number where that is gone; "" of NAT."""
    subnet: str
    device: str
    """The one by which packets go out or come in, where that is named."""
    use: tuple[str, ...]
    """What it is for, the same however often it is there."""


class _AllWritten(NamedTuple):
    """Libvirt's rules in one listing. A refresh asks for each network."""

    by_bridge: Mapping[str, Sequence[_Written]]
    by_subnet: Mapping[str, Sequence[_Written]]

    def of_bridge(self, bridge: str) -> Sequence[_Written]:
        """Those that name a bridge, or the number of one that is gone."""
        return self.by_bridge.get(bridge, ())

    def of_subnet(self, subnet: str) -> Sequence[_Written]:
        """Those that name a network's subnet."""
        return self.by_subnet.get(subnet, ())


@lru_cache(maxsize=2)
def _written(listing: str) -> _AllWritten:
    by_bridge, by_subnet = defaultdict[str, list[_Written]](list), defaultdict[str, list[_Written]](list)
    for one in _written_by_libvirt(listing):
        by_bridge[one.bridge].append(one)
        by_subnet[one.subnet].append(one)
    return _AllWritten(by_bridge, by_subnet)


_FILTERING, _NAT = ("guest_output", "guest_input", "guest_cross"), "guest_nat"


def _written_by_libvirt(listing: str) -> Iterator[_Written]:
    """Of libvirt's tables what has the form that libvirt gives it (network_nftables.c): others may add rules there."""
    for entry in entries(listing):
        rule = entry.get("rule")
        if rule is None or rule["table"] != TABLE or rule["family"] not in ("ip", "ip6") or "comment" in rule:
            continue
        told = _parts(rule["expr"], 6 if rule["family"] == "ip6" else 4)
        if told is None:
            continue
        matches, verdict = told
        place = NftRule(rule["family"], rule["chain"], rule["handle"])
        bridges = {matches[key] for key in ("iif", "oif") if key in matches}
        source, target = matches.get("saddr", ""), matches.get("daddr", "")
        device = matches.get("oifname", "") or matches.get("iifname", "")
        if place.chain in _FILTERING and len(bridges) == 1 and verdict in ("accept", "reject"):
            (bridge,) = bridges
            subnet = source or target
            use = (place.family, place.chain, verdict, *(f"{key} {value}" for key, value in sorted(matches.items())))
            yield _Written(place.handle, place, bridge, subnet, device, use)
        elif place.chain == _NAT and not bridges and source and target and verdict in _TRANSLATING:
            of_nat = (place.family, source, target, matches.get("l4proto", ""))
            yield _Written(place.handle, place, "", source, device, of_nat)


_TRANSLATING = ("masquerade", "snat", "return")
_KEYS = frozenset({"iif", "oif", "iifname", "oifname", "saddr", "daddr", "l4proto", "state"})


def _parts(statements: Sequence[Mapping[str, Any]], version: int) -> tuple[dict[str, str], str] | None:
    """What a rule matches, by key, and what it does; None if it has more than libvirt writes."""
    *before, last = statements
    if not before or "counter" not in before[-1]:
        return None
    matches: dict[str, str] = {}
    for statement in before[:-1]:
        match = statement.get("match")
        if match is None:
            return None
        left_side, right = match["left"], match["right"]
        ((kind, said),) = left_side.items()
        if kind not in ("meta", "payload", "ct"):  # others hold lists: concat, &
            return None
        key = str(said.get("field" if kind == "payload" else "key"))
        if key not in _KEYS or key in matches or (isinstance(right, Mapping) and "prefix" not in right):
            return None
        value = prefix(right, version) if kind == "payload" else str(right)
        matches[key] = f"!= {value}" if match["op"] == "!=" else value
    ((verdict, _),) = last.items()
    return matches, verdict
