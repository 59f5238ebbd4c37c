"""With which backend libvirt writes firewall rules: those of a network that runs, and those of the next that starts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from virtnet.network.observe.firewall.libvirt_rules import (
    WRITES_NFTABLES,
    Backend,
    backend_by_rules,
    backend_of_status,
    backends,
    backends_by_rules,
    configured_backend,
    listers,
)
from virtnet.network.observe.reads import NETWORK_CONF, STATUS_DIRECTORY

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import FileReader, HostReader


def status_file(name: str) -> str:
    """What libvirt keeps of a network while it runs."""
    return f"{STATUS_DIRECTORY}/{name}.xml"


def status_files(host: "FileReader") -> Iterator[str]:
    """The same of all networks that run."""
    names = host.list_directory(STATUS_DIRECTORY)
    return (f"{STATUS_DIRECTORY}/{name}" for name in names if name.endswith(".xml"))


def noted_backend(host: "FileReader", name: str) -> Backend | None:
    """With what libvirt notes that it wrote the rules of a running network; None if it notes none."""
    return backend_of_status(host.read_file(status_file(name)))


def rules_of_network(
    host: "HostReader", name: str, live: "Definition", libvirt_version: int, *, seconds_old: float = 0.0
) -> tuple[Backend | None, dict[str, str | None]]:
    """The backend of a running network's rules, None if it may be either, and the listings that tell of them.

    Listings that anybody asked for at most `seconds_old` ago will do.
    """
    noted = Backend.IPTABLES if libvirt_version < WRITES_NFTABLES else noted_backend(host, name)
    asked = [lister for one in (Backend if noted is None else (noted,)) for lister in listers(live, one)]
    listed: dict[str, str | None] = {one: host.firewall_rules(one, seconds_old=seconds_old) for one in asked}
    backend = backend_of_network(host, noted, live.bridge, listed)
    return backend or backend_of_daemon(host, listed, libvirt_version), listed


def backend_of_network(
    host: "FileReader", noted: Backend | None, bridge: str, rules: Mapping[str, str | None]
) -> Backend | None:
    """With what the rules of a running network are written; None if nothing tells.

    `noted` is what libvirt notes of it, which decides; else its rules do, by the listings of each program. Of two
    backends with rules of it one has those of an earlier time: which one is told by what libvirt notes of others.
    """
    possible = backends_with_rules(bridge, rules) if noted is None else (noted,)
    return noted_by_all(host) if len(possible) > 1 else next(iter(possible), None)


def backends_with_rules(bridge: str, rules: Mapping[str, str | None]) -> tuple[Backend, ...]:
    """Those that have rules of a running network. Pure."""
    found = (backend_by_rules(bridge, rules), backend_by_rules(bridge, {**rules, "nft-json": None}))
    return tuple(dict.fromkeys(backend for backend in found if backend is not None))


def backend_of_daemon(host: "FileReader", rules: Mapping[str, str | None], libvirt_version: int) -> Backend | None:
    """With what libvirt's daemon writes the rules of a network that it starts; None if it may be either."""
    if libvirt_version < WRITES_NFTABLES:
        return Backend.IPTABLES
    # network.conf may have changed since the daemon was started; the networks that run are as the daemon is.
    if (noted := noted_by_all(host)) is not None:
        return noted
    configured = configured_backend(host.read_file(NETWORK_CONF))
    possible = backends(configured, backends_by_rules(rules), libvirt_version)
    return possible[0] if len(possible) == 1 else None


def noted_by_all(host: "FileReader") -> Backend | None:
    """With what libvirt wrote the rules of all networks that run, as far as it notes that; None if that differs."""
    noted = {backend_of_status(host.read_file(path)) for path in status_files(host)} - {None}
    return noted.pop() if len(noted) == 1 else None
