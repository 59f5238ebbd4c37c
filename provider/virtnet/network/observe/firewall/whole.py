"""A host's whole firewall, looked at, and what becomes of a network's packets in it.

One look a host serves all its networks: what programs list stands for two seconds, and is read once. What drops packets
in an older listing is looked for once more before it is said.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from virtnet.errors import HostFailure
from virtnet.host import messages
from virtnet.host.default_route import interfaces_to_everywhere
from virtnet.host.firewall.listings import others_may_refuse, ruleset
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

Answer = TypeVar("Answer")


def surroundings(host: "FileReader") -> Surroundings:
    """What of a host tells which packets come by."""
    ipv4, ipv6 = (host.read_file(path) or "" for path in ROUTES_IN_PROC)
    bridged = {version for version, path in BRIDGED_TO_IPTABLES.items() if (host.read_file(path) or "0").strip() == "1"}
    return Surroundings(interfaces_to_everywhere(ipv4, ipv6), frozenset(bridged))


def whole_firewall(host: "HostReader", *, seconds_old: float = 0.0) -> "Ruleset":
    """The firewall, without rules where no program lists any. Raises HostFailure if one does not list them."""
    return _of_listings(host, ruleset, _listed(host, seconds_old))


def _listed(host: "HostReader", seconds_old: float) -> Mapping[str, str | None]:
    return {one: host.firewall_rules(one, seconds_old=seconds_old) for one in WHOLE_FIREWALL}


def _of_listings(
    host: "HostReader", ask: Callable[[Mapping[str, str | None]], Answer], printed: Mapping[str, str | None]
) -> Answer:
    try:
        return ask(printed)
    except ValueError as error:
        raise HostFailure(messages.listing_not_read(host.name, str(error))) from error


def dropped(host: "HostReader", live: "Definition", *, since: float) -> Details | None:
    """What somebody else than libvirt drops of a running network's packets, as plain data.

    `since` is when the network was read, of time.monotonic(). Raises HostFailure.
    """
    found: Sequence[FoundPath] = ()
    for seconds_old in ages_of_listings(host, since):
        printed = _listed(host, seconds_old)
        # As on most hosts. Nothing has to be read then, and no way of any network judged.
        if not _of_listings(host, others_may_refuse, printed):
            return None
        found = dropped_by_others(paths(live, _of_listings(host, ruleset, printed), surroundings(host)))
        if not found:
            return None
    return dropped_details(live, found, zones(host, found))


def zones(host: "FirewallReader", found: Sequence[FoundPath]) -> Sequence[str]:
    """Firewalld's zones, asked where it drops something."""
    return host.firewall_zones() if any(Program.FIREWALLD in one.programs for one in found) else ()
