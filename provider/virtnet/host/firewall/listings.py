"""A host's whole firewall, put together of what its programs list. Pure."""

from collections.abc import Mapping

from virtnet.host.firewall import iptables, nftables
from virtnet.host.firewall.ruleset import Ruleset

#: iptables' tables as nftables has them, where the kernel keeps them there.
_FAMILIES = {4: "ip", 6: "ip6"}


def ruleset(printed: Mapping[str, str | None]) -> Ruleset:
    """The firewall by what `iptables-save`, `ip6tables-save` and `nft --json list ruleset` print.

    None means that a program is missing. Raises ValueError if nft prints no listing.
    """
    tables = tuple(
        table
        for lister, version in iptables.VERSIONS.items()
        for table in iptables.tables(printed.get(lister) or "", version)
    )
    told_of = frozenset(
        (_FAMILIES[version], name)
        for lister, version in iptables.VERSIONS.items()
        if iptables.in_nftables(printed.get(lister) or "")
        for name in iptables.names(printed.get(lister) or "")
    )
    listing = printed.get("nft-json")
    return Ruleset((*tables, *(nftables.tables(listing, told_of) if listing else ())))
