"""Whether connections through a host are tracked while one NAT network is stopped.

The kernel tracks IPv4 connections as long as a rule asks for it. While none does, packets of a translated connection
pass as they are, reach the host's own stack and are answered by a reset (kernel 6.18). A network's own rules go when it
stops.
"""

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.firewall.nftables import entries
from virtnet.network.names import HOLDING
from virtnet.network.observe.reads import SECONDS_RULES_STAND

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import FirewallLister, FirewallReader

_TRACKS_IN_IPTABLES = re.compile(
    r"-m (conntrack|state|connmark|connlimit|connbytes|helper)\b"
    r"|-j (MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP|CONNMARK|CT)\b"
)

#: In what nft prints as data.
_TRACKS_IN_NFT = re.compile(r'"(ct|masquerade|snat|dnat|redirect)": |"name": "(conntrack|CT|CONNMARK)"')


def connections_stay_tracked(host: "FirewallReader", live: "Definition") -> bool:
    """Whether a rule of others asks the kernel to track IPv4 connections; True if no rules can be listed."""
    iptables, nft = _listed(host, "iptables-save"), _listed(host, "nft-json")
    if iptables is None and nft is None:
        return True
    return any(not _is_own(rule, live) for rule in (*_in_iptables(iptables or ""), *_in_nft(nft or "")))


def _listed(host: "FirewallReader", lister: "FirewallLister") -> str | None:
    """None if only root can look, and where the kernel lacks what the program asks, as nf_tables."""
    try:
        return host.firewall_rules(lister, seconds_old=SECONDS_RULES_STAND)
    except (HostFailure, AccessDenied):
        return None


# The rules that track IPv4. What a restart that was cut short has left goes before the next.


@lru_cache(maxsize=2)
def _in_iptables(listing: str) -> tuple[str, ...]:
    lines = listing.splitlines()
    return tuple(line for line in lines if _TRACKS_IN_IPTABLES.search(line) and HOLDING not in line)


@lru_cache(maxsize=2)
def _in_nft(listing: str) -> tuple[str, ...]:
    """Each as the data that nft prints of it."""
    rules = (entry["rule"] for entry in entries(listing) if "rule" in entry)
    of_ipv4 = (one["expr"] for one in rules if one["family"] != "ip6" and HOLDING not in one["table"])
    return tuple(rule for rule in map(json.dumps, of_ipv4) if _TRACKS_IN_NFT.search(rule))


def _is_own(rule: str, live: "Definition") -> bool:
    subnets = [(str(one), f'"addr": "{one.network_address}", "len": {one.prefixlen}') for one in live.subnets]
    own = (live.bridge, *(spelled for both in subnets for spelled in both))
    return any(_names(rule, name) for name in own if name)


def _names(line: str, name: str) -> bool:
    return re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w.:-])", line) is not None
