"""A host's whole firewall, looked at, and what becomes of a network's packets in it.

One look a host serves all its networks: what programs list stands for two seconds, and is read once. What drops packets
in an older listing is looked for once more before it is said.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from virtnet.errors import HostFailure
from virtnet.host import messages
from virtnet.host.default_route import interfaces_to_everywhere
from virtnet.host.firewall.listings import ruleset
from virtnet.host.firewall.programs import Program
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.observe.firewall.ages import ages_of_listings
from virtnet.network.observe.firewall.paths import FoundPath, Surroundings, dropped_by_others, dropped_details, paths
from virtnet.network.observe.reads import BRIDGED_TO_IPTABLES, ROUTES_IN_PROC
from virtnet.spec.failures import Details

if TYPE_CHECKING:
    from virtnet.host.firewall.ruleset import Ruleset
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import FileReader, FirewallReader, HostReader


def surroundings(host: "FileReader") -> Surroundings:
    """What of a host tells which packets come by."""
    ipv4, ipv6 = (host.read_file(path) or "" for path in ROUTES_IN_PROC)
    bridged = {version for version, path in BRIDGED_TO_IPTABLES.items() if (host.read_file(path) or "0").strip() == "1"}
    return Surroundings(interfaces_to_everywhere(ipv4, ipv6), frozenset(bridged))


def whole_firewall(host: "HostReader", *, seconds_old: float = 0.0) -> "Ruleset":
    """The firewall, without rules where no program lists any. Raises HostFailure if one does not list them."""
    printed: dict[str, str | None] = {one: host.firewall_rules(one, seconds_old=seconds_old) for one in WHOLE_FIREWALL}
    try:
        return ruleset(printed)
    except ValueError as error:
        raise HostFailure(messages.listing_not_read(host.name, str(error))) from error


def dropped(host: "HostReader", live: "Definition", *, since: float) -> Details | None:
    """What somebody else than libvirt drops of a running network's packets, as plain data.

    `since` is when the network was read, of time.monotonic(). Raises HostFailure.
    """
    around = surroundings(host)
    found: Sequence[FoundPath] = ()
    for seconds_old in ages_of_listings(since):
        found = dropped_by_others(paths(live, whole_firewall(host, seconds_old=seconds_old), around))
        if not found:
            return None
    return dropped_details(live, found, zones(host, found))


def zones(host: "FirewallReader", found: Sequence[FoundPath]) -> Sequence[str]:
    """Firewalld's zones, asked where it drops something."""
    return host.firewall_zones() if any(Program.FIREWALLD in one.programs for one in found) else ()
