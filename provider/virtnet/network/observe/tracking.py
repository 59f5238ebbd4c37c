"""Whether connections through a host are tracked while one NAT network is stopped.

The kernel tracks IPv4 connections as long as a rule asks for it. While none does, packets of a translated connection
pass as they are, reach the host's own stack and are answered by a reset (kernel 6.18). A network's own rules go when it
stops.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.network.names import HOLDING
from virtnet.network.observe.problems import SECONDS_RULES_STAND

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import FirewallReader

_TRACKS = re.compile(
    r"\bct (state|status|mark|zone|helper|count|original|reply|direction|expiration|label|id)\b"
    r"|\b(masquerade|snat|dnat|redirect)\b|-m (conntrack|state|connmark|connlimit|connbytes|helper)\b"
    r"|-j (MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP|CONNMARK|CT)\b|xt (match|target) \"(conntrack|CT|CONNMARK)\""
)


def connections_stay_tracked(host: "FirewallReader", live: "Definition") -> bool:
    """Whether a rule of others asks the kernel to track IPv4 connections; True where rules cannot be listed."""
    try:
        listed = [host.firewall_rules(lister, seconds_old=SECONDS_RULES_STAND) for lister in ("iptables-save", "nft")]
    except (HostFailure, AccessDenied):  # only root can look
        return True
    return set(listed) == {None} or any(_others_track((text or "").splitlines(), live) for text in listed)


def _others_track(lines: Iterable[str], live: "Definition") -> bool:
    passed_over = False
    own = (live.bridge, *map(str, live.subnets))
    for line in lines:
        if line.startswith("table "):
            passed_over = line.startswith("table ip6 ") or HOLDING in line
        # What a restart that was cut short has left goes before the next.
        is_others = not passed_over and HOLDING not in line and not any(_names(line, name) for name in own if name)
        if is_others and _TRACKS.search(line):
            return True
    return False


def _names(line: str, name: str) -> bool:
    return re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w.:-])", line) is not None
