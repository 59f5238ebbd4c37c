"""libvirt's firewall rules of a network: those it must have, by the backend in use, and those that are there. Pure.

What it must have follows libvirt's src/network/network_iptables.c and network_nftables.c; the texts of listings are
those of libvirt 9.0 and 11.3 (iptables 1.8.9 and nft 1.0.6, iptables 1.8.11 and nft 1.1.3).
"""

import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from virtnet.host.firewall.nftables import entries
from virtnet.network.xml.definition import Definition

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallLister

#: Modes in which libvirt writes rules; "" is an isolated network.
FILTERED_MODES = ("", "nat", "route")

#: The libvirt that can write its rules to nftables itself.
WRITES_NFTABLES = 10_004_000

#: Of nftables, by libvirt's name for it in both families.
TABLE = "libvirt_network"

CHAINS_OF_IPTABLES = frozenset({"LIBVIRT_FWI", "LIBVIRT_FWO", "LIBVIRT_INP", "LIBVIRT_PRT"})


class Backend(Enum):
    """With what libvirt writes rules."""

    IPTABLES = "iptables"
    NFTABLES = "nftables"


class RulesKind(Enum):
    """A part of a network's firewall."""

    JUMPS = "jumps"
    """Those from the host's own chains into libvirt's."""
    FILTER = "filter"
    """All of its rules but those of NAT, or those of one chain."""
    NAT = "nat"


class MissingRules(NamedTuple):
    """A part of a running network's firewall that is not there."""

    kind: RulesKind
    subnet: str = ""
    """That is not masqueraded, where NAT is missing."""
    chain: str = ""
    """Libvirt's chain that lacks them, or is not led into; "" if it is all of them."""
    version: int = 4
    """Of IP."""

    def as_details(self) -> dict[str, str]:
        """As plain data, for a problem's details."""
        named = {"subnet": self.subnet, "chain": self.chain, "version": "6" if self.version == 6 else ""}
        return {"kind": self.kind.value} | {name: value for name, value in named.items() if value}


def backend_of_status(status: str | None) -> Backend | None:
    """The backend of a running network's rules, by the status that libvirt keeps of it; None if it notes none.

    It does since it has a choice (10.4), and after a live update of the network not always (11.3).
    """
    noted = re.search(r"<firewall [^>]*backend='(\w+)'", status or "")
    return next((backend for backend in Backend if noted is not None and noted[1] == backend.value), None)


def has_rules(bridge: str, iptables: str) -> bool:
    """Whether iptables has rules of libvirt's for a bridge."""
    return any(place.interface == bridge for place in _iptables(iptables))


def backend_by_rules(bridge: str, rules: Mapping[str, str | None]) -> Backend | None:
    """The backend of a network's rules, by who has rules of it; None if nobody has."""
    if any(place.interface == bridge for place in _nft(rules.get("nft-json") or "")):
        return Backend.NFTABLES
    return Backend.IPTABLES if has_rules(bridge, rules.get("iptables-save") or "") else None


def backends_by_rules(rules: Mapping[str, str | None]) -> tuple[Backend, ...]:
    """Those in which libvirt has made its own chains."""
    made = {
        Backend.IPTABLES: chains_of(rules.get("iptables-save") or "") >= CHAINS_OF_IPTABLES,
        Backend.NFTABLES: uses_nft(rules.get("nft-json") or ""),
    }
    return tuple(backend for backend, there in made.items() if there)


def configured_backend(network_conf: str | None) -> Backend | None:
    """The one that libvirt's network.conf names; None if it leaves the choice to libvirt."""
    named = re.search(r'^\s*firewall_backend\s*=\s*"(\w+)"', network_conf or "", re.MULTILINE)
    return next((backend for backend in Backend if named is not None and named[1] == backend.value), None)


def backends(configured: Backend | None, made: Collection[Backend], libvirt_version: int) -> tuple[Backend, ...]:
    """Those with which libvirt may write rules: one where that is known.

    `made` are those in which it has its own chains, which stay in the old one until the next boot.
    """
    if libvirt_version < WRITES_NFTABLES:
        return (Backend.IPTABLES,)
    if configured is not None:
        return (configured,)
    return tuple(made) if len(made) == 1 else tuple(Backend)


def listers(live: Definition, backend: Backend) -> tuple["FirewallLister", ...]:
    """The programs that list the rules of a network."""
    if backend is Backend.NFTABLES:
        return ("nft-json",)
    return ("iptables-save", "ip6tables-save") if 6 in _versions(live) else ("iptables-save",)


def uses_nft(nft: str) -> bool:
    """Whether libvirt's own nftables tables are there, by what nft prints as data."""
    return bool(_entries(nft))


def chains_of(iptables: str) -> set[str]:
    """Libvirt's chains that are there."""
    return set(re.findall(r"^:(LIBVIRT_\w+) ", iptables, re.MULTILINE))


def has_own_chains(rules: Mapping[str, str | None], backend: Backend) -> bool:
    """Whether any of libvirt's own chains is there."""
    if backend is Backend.NFTABLES:
        return uses_nft(rules.get("nft-json") or "")
    return any(chains_of(rules.get(lister) or "") for lister in ("iptables-save", "ip6tables-save"))


class _Place(NamedTuple):
    """A rule as far as it matters: where it is, of which network, and what it does."""

    version: int
    chain: str
    interface: str = ""
    """The network's bridge: that which packets come from, or go to where they come from elsewhere."""
    subnet: str = ""
    verdict: str = ""
    port: str = ""


def missing_rules(live: Definition, rules: Mapping[str, str | None], backend: Backend) -> Iterator[MissingRules]:
    """What a running network has lost of its rules, each chain once."""
    names = _CHAINS_BY_USE[backend]
    for version in _versions(live):
        if backend is Backend.NFTABLES:
            there = _nft(rules.get("nft-json") or "")
        else:
            there = _iptables(rules.get("ip6tables-save" if version == 6 else "iptables-save") or "", version)
        chains = _required(live, version, backend)
        lost = [chain for chain, places in chains.items() if not places <= there]
        if len(lost) == len(chains):
            yield MissingRules(RulesKind.FILTER, version=version)
        else:
            yield from (MissingRules(RulesKind.FILTER, chain=names[chain], version=version) for chain in lost)
        for chain in [name for name in chains if name not in lost]:
            if _Place(version, names[chain], verdict=_REACHED) not in there:
                yield MissingRules(RulesKind.JUMPS, chain=names[chain], version=version)
        for subnet in _masqueraded(live, version):
            if _Place(version, _ANY_CHAIN, subnet=subnet, verdict=_MASQUERADE) not in there:
                yield MissingRules(RulesKind.NAT, subnet, version=version)


class Way(NamedTuple):
    """One of libvirt's own chains, and how packets come into it."""

    version: int
    """Of IP."""
    table: str
    """Of iptables; of nftables the family of libvirt's own table."""
    base: str
    """The chain that leads there; "" if it is a base chain itself."""
    chain: str
    has_chain: bool = False
    """Whether the chain is there, so that only the way into it is missing."""
    behind: int = 0
    """The rule that it comes right behind: its number in iptables, its handle in nftables; 0 where it comes first."""


#: As libvirt makes them, in its order: each way is put before all others. So what another network accepts on its way
#: out is decided only behind what is rejected on the way in.
_WAYS_OF_IPTABLES = (
    ("filter", "INPUT", "LIBVIRT_INP"),
    ("filter", "OUTPUT", "LIBVIRT_OUT"),
    ("filter", "FORWARD", "LIBVIRT_FWO"),
    ("filter", "FORWARD", "LIBVIRT_FWI"),
    ("filter", "FORWARD", "LIBVIRT_FWX"),
    ("nat", "POSTROUTING", "LIBVIRT_PRT"),
    ("mangle", "POSTROUTING", "LIBVIRT_PRT"),
)
_WAYS_OF_NFTABLES = ("guest_output", "guest_input", "guest_cross")


def ways_missing(live: Definition, rules: Mapping[str, str | None], backend: Backend) -> Iterator[Way]:
    """Libvirt's own chains that are gone, or that nothing leads into, of the versions of IP of a network."""
    for version in _versions(live):
        if backend is Backend.NFTABLES:
            yield from _ways_in_nft(rules.get("nft-json") or "", "ip6" if version == 6 else "ip", version)
            continue
        chains, led = _ways_in_iptables(rules.get("ip6tables-save" if version == 6 else "iptables-save") or "")
        for index, way in enumerate(_WAYS_OF_IPTABLES):
            table, base, chain = way
            has_chain = (table, chain) in chains
            if not has_chain or way not in led:
                before_it = [led.get(one, 0) for one in _WAYS_OF_IPTABLES[index + 1 :] if one[:2] == way[:2]]
                yield Way(version, table, base, chain, has_chain, max(before_it, default=0))


def decides(way: Way, live: Definition) -> bool:
    """Whether it matters to a network: libvirt starts none without that chain, and guests are cut off without the way.

    The rest is libvirt's NAT, to networks of other modes, and the checksums of old DHCP clients.
    """
    is_nat = way.table == "nat" or way.chain == "guest_nat"
    return way.table != "mangle" and (not is_nat or bool(_masqueraded(live, way.version)))


def _ways_in_iptables(listing: str) -> tuple[set[tuple[str, str]], dict[tuple[str, str, str], int]]:
    """The chains of each table, and the jumps of each that every packet takes, with the number of the first of each."""
    chains, led, table = set(), dict[tuple[str, str, str], int](), ""
    numbers = Counter[tuple[str, str]]()
    for line in listing.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            chains.add((table, line[1:].split()[0]))
        elif (words := line.split())[:1] == ["-A"]:
            numbers[table, words[1]] += 1
            if words[2:3] == ["-j"]:
                led.setdefault((table, words[1], words[3]), numbers[table, words[1]])
    return chains, led


def _ways_in_nft(listing: str, family: str, version: int) -> Iterator[Way]:
    entries = [entry for entry in _entries(listing) if next(iter(entry.values()))["family"] == family]
    chains = {chain["name"] for chain in map(_chain, entries) if chain}
    handles = dict[str, int]()
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        *_, verdict, target = _told(rule["expr"], version)
        if verdict == "jump" and rule["chain"] == "forward":
            handles.setdefault(target, rule["handle"])
    for index, chain in enumerate(_WAYS_OF_NFTABLES):
        if chain not in handles or chain not in chains:
            before_it = [handle for one, handle in handles.items() if one in _WAYS_OF_NFTABLES[index + 1 :]]
            yield Way(version, family, "forward", chain, chain in chains, before_it[-1] if before_it else 0)
    if "guest_nat" not in chains:
        yield Way(version, family, "", "guest_nat")


#: Libvirt's chains by what is in them, in each backend. nftables has none for the host, which nothing of it closes.
_CHAINS_BY_USE: Mapping[Backend, Mapping[str, str]] = {
    Backend.IPTABLES: {
        "out": "LIBVIRT_FWO",
        "in": "LIBVIRT_FWI",
        "between": "LIBVIRT_FWX",
        "to host": "LIBVIRT_INP",
        "from host": "LIBVIRT_OUT",
    },
    Backend.NFTABLES: {"out": "guest_output", "in": "guest_input", "between": "guest_cross"},
}

#: Chains of packets towards the network, and of those that stay in it.
_TOWARDS = frozenset({"LIBVIRT_FWI", "LIBVIRT_OUT", "guest_input"})
_BETWEEN = frozenset({"LIBVIRT_FWX", "guest_cross"})

_REACHED, _MASQUERADE, _ANY_CHAIN = "is led into", "masquerade", "*"


def _versions(live: Definition) -> tuple[int, ...]:
    """The versions of IP that libvirt writes rules for: of IPv4 it always does."""
    of_ipv6 = live.element.get("ipv6") == "yes" or any(subnet.version == 6 for subnet in live.subnets)
    return (4, 6) if of_ipv6 else (4,)


def masqueraded(live: Definition) -> list[str]:
    """The subnets that libvirt masquerades."""
    return [subnet for version in _versions(live) for subnet in _masqueraded(live, version)]


def _masqueraded(live: Definition, version: int) -> list[str]:
    nat = live.element.find("forward/nat")
    if live.mode != "nat" or (version == 6 and (nat is None or nat.get("ipv6") != "yes")):
        return []
    return [str(subnet) for subnet in live.subnets if subnet.version == version]


def _required(live: Definition, version: int, backend: Backend) -> Mapping[str, set[_Place]]:
    """What libvirt's chains must have of a network, by what is in them."""
    bridge, names = live.bridge, _CHAINS_BY_USE[backend]
    subnets = [str(subnet) for subnet in live.subnets if subnet.version == version and live.mode in ("nat", "route")]
    found = {chain: {_Place(version, names[chain], bridge, verdict="reject")} for chain in ("out", "in")}
    for chain in found:
        found[chain] |= {_Place(version, names[chain], bridge, subnet, "accept") for subnet in subnets}
    found["between"] = {_Place(version, names["between"], bridge, verdict="accept")}
    if backend is Backend.IPTABLES and (version == 4 or any(subnet.version == 6 for subnet in live.subnets)):
        ports = {"to host": ("53", "67"), "from host": ("53", "68")}
        if version == 6:
            ports = {"to host": ("53", "547"), "from host": ("53", "546")}
        for chain, ours in ports.items():
            found[chain] = {_Place(version, names[chain], bridge, verdict="accept", port=port) for port in ours}
    return found


def _with_ends(place: _Place, source: str, target: str, from_subnet: str, to_subnet: str) -> _Place:
    """A rule with the network's side of what it lets through, or not: interface and subnet."""
    if place.chain in _BETWEEN:
        return place._replace(interface=source if source == target else "")
    if place.chain in _TOWARDS:
        return place._replace(interface=target, subnet=to_subnet)
    return place._replace(interface=source, subnet=from_subnet)


@lru_cache(maxsize=4)
def _iptables(listing: str, version: int = 4) -> frozenset[_Place]:
    """The rules in what iptables-save or ip6tables-save prints. A refresh asks for each network."""
    found, masqueraded, reached, table = set(), set(), set(), ""
    for line in listing.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        if not line.startswith("-A "):
            continue
        words = shlex.split(line) if '"' in line else line.split()
        given: dict[str, str] = {}
        for before, option, value in zip(words, words[1:], [*words[2:], ""], strict=False):
            if option.startswith("-") and before != "!":
                given.setdefault(option, value)
        chain, target = words[1], given.get("-j", "")
        if target in ("MASQUERADE", "SNAT"):
            masqueraded.add((chain, given.get("-s", "")))
        elif target.startswith("LIBVIRT_") and not chain.startswith("LIBVIRT_"):
            found.add(_Place(version, target, verdict=_REACHED))
            reached.add((table, target))
        elif chain.startswith("LIBVIRT_"):
            place = _Place(version, chain, verdict=target.lower(), port=given.get("--dport", ""))
            if given.get("-p", "udp") == "udp":
                ends = (given.get("-i", ""), given.get("-o", ""), given.get("-s", ""), given.get("-d", ""))
                found.add(_with_ends(place, *ends))
    for chain, subnet in masqueraded:
        if not chain.startswith("LIBVIRT_") or ("nat", chain) in reached:
            found.add(_Place(version, _ANY_CHAIN, subnet=subnet, verdict=_MASQUERADE))
    return frozenset(found)


@lru_cache(maxsize=2)
def _nft(listing: str) -> frozenset[_Place]:
    """The rules of libvirt's tables in what nft prints as data."""
    entries = _entries(listing)
    hooked = {(chain["family"], chain["name"]) for chain in map(_chain, entries) if "hook" in chain}
    found = set()
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        version = 6 if rule["family"] == "ip6" else 4
        names, addresses, verdict, target = _told(rule["expr"], version)
        base = (rule["family"], rule["chain"]) in hooked
        if verdict == "jump" and base:
            found.add(_Place(version, target, verdict=_REACHED))
        elif verdict in ("masquerade", "snat") and base:
            found.add(_Place(version, _ANY_CHAIN, subnet=addresses.get("saddr", ""), verdict=_MASQUERADE))
        elif verdict:
            ends = (names.get("iif", ""), names.get("oif", ""), addresses.get("saddr", ""), addresses.get("daddr", ""))
            found.add(_with_ends(_Place(version, rule["chain"], verdict=verdict), *ends))
    return frozenset(found)


@lru_cache(maxsize=2)
def _entries(listing: str) -> tuple[Mapping[str, Any], ...]:
    """What a listing has of libvirt's own tables."""
    return tuple(entry for entry in entries(listing) for value in entry.values() if _is_libvirts(value))


def _is_libvirts(value: Mapping[str, Any]) -> bool:
    return value.get("family") in ("ip", "ip6") and TABLE in (value.get("table"), value.get("name"))


def _chain(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry.get("chain", {})  # type: ignore[no-any-return]


def _told(statements: Iterable[Mapping[str, Any]], version: int) -> tuple[dict[str, str], dict[str, str], str, str]:
    """A rule's interfaces and addresses by where they are matched, what it does, and where a jump leads."""
    names: dict[str, str] = {}
    addresses: dict[str, str] = {}
    verdict = target = ""
    for statement in statements:
        ((kind, value),) = statement.items()
        if kind == "match" and value["op"] == "==":
            if "meta" in value["left"]:
                names[value["left"]["meta"]["key"].removesuffix("name")] = str(value["right"])
            elif "payload" in value["left"]:
                addresses[value["left"]["payload"].get("field", "")] = prefix(value["right"], version)
        elif kind in ("accept", "reject", "masquerade", "snat", "jump"):
            verdict, target = kind, (value or {}).get("target", "")
    return names, addresses, verdict, target


def prefix(said: object, version: int) -> str:
    """An address or a prefix, as nft prints it as data, as a prefix in words."""
    found = said.get("prefix") if isinstance(said, Mapping) else None
    return f"{said}/{128 if version == 6 else 32}" if found is None else f"{found['addr']}/{found['len']}"
