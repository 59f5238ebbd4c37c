"""A host's whole firewall, put together of what its programs list. Pure."""

from collections.abc import Mapping
from functools import lru_cache

from virtnet.host.firewall import iptables, nftables
from virtnet.host.firewall.programs import is_libvirts_chain, is_libvirts_table
from virtnet.host.firewall.ruleset import Ruleset

#: iptables' tables as nftables has them, where the kernel keeps them there.
_FAMILIES = {4: "ip", 6: "ip6"}


def ruleset(printed: Mapping[str, str | None]) -> Ruleset:
    """The firewall by what `iptables-save`, `ip6tables-save` and `nft --json list ruleset` print.

    None means that a program is missing. Raises ValueError if nft prints no listing.
    """
    return _ruleset(*_texts(printed))


def others_may_refuse(printed: Mapping[str, str | None]) -> bool:
    """Whether rules that aren't libvirt's drop or reject anything, as far as a glance at the same listings tells.

    If not, no packet has to be judged. Raises ValueError if nft prints no listing.
    """
    return _others_may_refuse(*_texts(printed))


def _texts(printed: Mapping[str, str | None]) -> tuple[tuple[str, ...], str]:
    return tuple(printed.get(lister) or "" for lister in iptables.VERSIONS), printed.get("nft-json") or ""


# The same rules are one value, of which all networks of a refresh ask.
@lru_cache(maxsize=2)
def _ruleset(by_iptables: tuple[str, ...], by_nft: str) -> Ruleset:
    versions = tuple(zip(iptables.VERSIONS.values(), by_iptables, strict=True))
    tables = tuple(table for version, listing in versions for table in iptables.tables(listing, version))
    return Ruleset((*tables, *(nftables.tables(by_nft, _told_of(by_iptables)) if by_nft else ())))


@lru_cache(maxsize=2)
def _others_may_refuse(by_iptables: tuple[str, ...], by_nft: str) -> bool:
    if any(not is_libvirts_chain(chain) for listing in by_iptables for chain in iptables.refusing_chains(listing)):
        return True
    others = nftables.table_names(by_nft) - _told_of(by_iptables)
    return any(not is_libvirts_table(name) for _, name in others)


def _told_of(by_iptables: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The tables of nftables of which iptables tell, by families and names."""
    return frozenset(
        (_FAMILIES[version], name)
        for version, listing in zip(iptables.VERSIONS.values(), by_iptables, strict=True)
        if iptables.in_nftables(listing)
        for name in iptables.names(listing)
    )
