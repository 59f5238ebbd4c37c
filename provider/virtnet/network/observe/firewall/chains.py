"""libvirt's own chains on a host, into which its rules of each network go: who makes them, and what of them is gone.

Its daemon makes them once and never looks at them again, so after a flush of them no network starts.
"""

from typing import TYPE_CHECKING, NamedTuple

from virtnet.errors import HostFailure
from virtnet.host import messages
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.observe.firewall.backends import backend_of_daemon, status_files
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    Backend,
    Way,
    has_own_chains,
    ways_missing,
)
from virtnet.network.observe.reads import SECONDS_RULES_STAND
from virtnet.network.xml.definition import Definition

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostReader


class LostChains(NamedTuple):
    """What of libvirt's own chains is gone."""

    backend: Backend
    ways: tuple[Way, ...]


def lost_chains(
    host: "HostReader", network: Definition, libvirt_version: int, *, seconds_old: float = 0.0
) -> LostChains | None:
    """What is gone of the chains that a network's rules go into; None if nothing is, or nobody tells who makes them.

    Raises HostFailure.
    """
    if network.mode not in FILTERED_MODES:
        return None
    listed: dict[str, str | None] = {one: host.firewall_rules(one, seconds_old=seconds_old) for one in WHOLE_FIREWALL}
    try:
        backend = backend_of_daemon(host, listed, libvirt_version)
        lost = () if backend is None else tuple(ways_missing(network, listed, backend))
    except ValueError as error:
        raise HostFailure(messages.listing_not_read(host.name, str(error))) from error
    return LostChains(backend, lost) if backend is not None and lost else None


def flushed_chains(host: "HostReader", network: Definition, libvirt_version: int) -> LostChains | None:
    """The same as long as libvirt must have made them: a chain is left, or a network runs. Raises HostFailure."""
    lost = lost_chains(host, network, libvirt_version, seconds_old=SECONDS_RULES_STAND)
    if lost is None:
        return None
    there: dict[str, str | None] = {
        one: host.firewall_rules(one, seconds_old=SECONDS_RULES_STAND) for one in WHOLE_FIREWALL
    }
    return lost if has_own_chains(there, lost.backend) or any(status_files(host)) else None
