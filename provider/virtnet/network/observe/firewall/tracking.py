"""Whether connections through a host stay tracked while the rules of one NAT network are gone.

The kernel tracks the connections of a version of IP as long as a rule asks for it. While none does, packets of a
translated connection pass as they are, reach the host's own stack and are answered by a reset (kernel 6.18). A
network's own rules go when it stops, and for a moment whenever libvirt rebuilds them.
"""

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.firewall.nftables import entries
from virtnet.network.names import HOLDING, holding_name
from virtnet.network.observe.firewall.ages import ages_of_listings
from virtnet.network.observe.firewall.libvirt_rules import WRITES_NFTABLES
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


def connections_stay_tracked(host: "FirewallReader", live: "Definition") -> bool | None:
    """Whether rules of others ask the kernel to track the connections that a network translates.

    None if no rules can be listed.
    """
    found = [_stay_tracked(host, live, version) for version in live.translated]
    return None if None in found else all(found)


def _stay_tracked(host: "FirewallReader", live: "Definition", version: int) -> bool | None:
    iptables = _listed(host, "ip6tables-save" if version == 6 else "iptables-save")
    nft = _listed(host, "nft-json")
    if iptables is None and nft is None:
        return None
    return any(not _is_own(rule, live) for rule in (*_in_iptables(iptables or ""), *_in_nft(nft or "", version)))


def tracking_left(host: "FirewallReader", uuid: str, libvirt_version: int, since: float) -> bool | None:
    """Whether an interrupted update left a network's rule by which connections stay tracked; None if nobody can look.

    An update adds it by the program that libvirt itself uses, so that a look at the network's own rules shows it.
    `since`, of time.monotonic(): an earlier listing is enough to say that there is none.
    """
    listers: tuple[FirewallLister, ...] = ("iptables-save",)
    if libvirt_version >= WRITES_NFTABLES:
        listers = ("nft-json", *listers)
    for seconds_old in ages_of_listings(host, since):
        try:
            listings = [host.firewall_rules(one, seconds_old=seconds_old) for one in listers]
        except (HostFailure, AccessDenied):
            return None
        if not any(_has_any(one) and holding_name(uuid) in one for one in listings if one is not None):
            return False
    return True


@lru_cache(maxsize=4)
def _has_any(listing: str) -> bool:
    """Whether there are such rules of any network: of 500 networks, a listing has a megabyte."""
    return HOLDING in listing


def _listed(host: "FirewallReader", lister: "FirewallLister") -> str | None:
    """None if only root can look, and where the kernel lacks what the program asks, as nf_tables."""
    try:
        return host.firewall_rules(lister, seconds_old=SECONDS_RULES_STAND)
    except (HostFailure, AccessDenied):
        return None


# The rules that track connections. What an interrupted restart or update has left goes before the next.


@lru_cache(maxsize=2)
def _in_iptables(listing: str) -> tuple[str, ...]:
    lines = listing.splitlines()
    return tuple(line for line in lines if _TRACKS_IN_IPTABLES.search(line) and HOLDING not in line)


@lru_cache(maxsize=2)
def _in_nft(listing: str, version: int) -> tuple[str, ...]:
    """Each as the data that nft prints of it."""
    rules = (entry["rule"] for entry in entries(listing) if "rule" in entry)
    other = "ip" if version == 6 else "ip6"
    of_version = (one["expr"] for one in rules if one["family"] != other and HOLDING not in one["table"])
    return tuple(rule for rule in map(json.dumps, of_version) if _TRACKS_IN_NFT.search(rule))


def _is_own(rule: str, live: "Definition") -> bool:
    subnets = [(str(one), f'"addr": "{one.network_address}", "len": {one.prefixlen}') for one in live.subnets]
    own = (live.bridge, *(spelled for both in subnets for spelled in both))
    return any(_names(rule, name) for name in own if name)


def _names(line: str, name: str) -> bool:
    return re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w.:-])", line) is not None
