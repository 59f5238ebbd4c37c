"""libvirt's own chains on a host, into which its rules of each network go: who makes them, and what of them is gone.

Its daemon makes them once and never looks at them again, so after a flush of them no network starts.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from virtnet.errors import HostFailure
from virtnet.host import messages
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    WRITES_NFTABLES,
    Backend,
    Way,
    backend_of_status,
    backends,
    backends_by_rules,
    configured_backend,
    has_own_chains,
    ways_missing,
)
from virtnet.network.observe.firewall.whole import LISTERS
from virtnet.network.observe.reads import NETWORK_CONF, SECONDS_RULES_STAND, STATUS_DIRECTORY
from virtnet.network.xml.definition import Definition

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader, HostReader


class LostChains(NamedTuple):
    """What of libvirt's own chains is gone."""

    backend: Backend
    ways: tuple[Way, ...]


def lost_chains(
    host: "HostReader", network: Definition, libvirt_version: int, *, seconds_old: float = 0.0
) -> LostChains | None:
    """What is gone of the chains that a network's rules go into; None where nothing is, or nobody tells who makes them.

    Raises HostFailure.
    """
    if network.mode not in FILTERED_MODES:
        return None
    listed: dict[str, str | None] = {one: host.firewall_rules(one, seconds_old=seconds_old) for one in LISTERS}
    try:
        backend = backend_in_use(host, listed, libvirt_version)
        lost = () if backend is None else tuple(ways_missing(network, listed, backend))
    except ValueError as error:
        raise HostFailure(messages.listing_not_read(host.name, str(error))) from error
    return LostChains(backend, lost) if backend is not None and lost else None


def flushed_chains(host: "HostReader", network: Definition, libvirt_version: int) -> LostChains | None:
    """The same as long as libvirt must have made them: a chain is left, or a network runs. Raises HostFailure."""
    lost = lost_chains(host, network, libvirt_version, seconds_old=SECONDS_RULES_STAND)
    if lost is None:
        return None
    there: dict[str, str | None] = {one: host.firewall_rules(one, seconds_old=SECONDS_RULES_STAND) for one in LISTERS}
    return lost if has_own_chains(there, lost.backend) or any(_status_files(host)) else None


def backend_in_use(host: "FileReader", listed: Mapping[str, str | None], libvirt_version: int) -> Backend | None:
    """With what libvirt's daemon writes the rules of a network that it starts; None where it may be either."""
    if libvirt_version < WRITES_NFTABLES:
        return Backend.IPTABLES
    # network.conf may have changed since the daemon was started; the networks that run are as the daemon is.
    if (noted := noted_backend(host)) is not None:
        return noted
    configured = configured_backend(host.read_file(NETWORK_CONF))
    possible = backends(configured, backends_by_rules(listed), libvirt_version)
    return possible[0] if len(possible) == 1 else None


def noted_backend(host: "FileReader") -> Backend | None:
    """With what libvirt wrote the rules of all networks that run, as far as it notes that; None where that differs."""
    noted = {backend_of_status(host.read_file(path)) for path in _status_files(host)} - {None}
    return noted.pop() if len(noted) == 1 else None


def _status_files(host: "FileReader") -> Iterator[str]:
    """What libvirt keeps of the networks that run."""
    names = host.list_directory(STATUS_DIRECTORY)
    return (f"{STATUS_DIRECTORY}/{name}" for name in names if name.endswith(".xml"))
