"""The host as far as starting a network depends on it, asked through its client."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from virtnet.network.observe.reads import PROGRAMS
from virtnet.network.observed import HostReport

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader, HostReader, SysctlReader


def host_facts(host: "HostReader", bridges: Collection[str] = ()) -> HostReport:
    """The host as far as starting any network depends on it, with what is set on these bridges, where they are."""
    links, routes = tuple(host.links()), tuple(host.routes())
    return HostReport(
        links=links,
        names=frozenset(link.name for link in links),
        addresses=tuple(host.addresses()),
        routes=routes,
        listening_sockets=tuple(host.listening_sockets()),
        missing_programs=tuple(name for name in PROGRAMS if not host.has_program(name)),
        may_change_links=host.may_change_links(),
        spanning_tree_bridges=_bridges_with(host, bridges, "stp_state"),
        vlan_filtering_bridges=_bridges_with(host, bridges, "vlan_filtering"),
        dhcp_port_free=host.dhcp_port_free(),
        advertised_interfaces=_advertised(host, {route.interface for route in routes if route.protocol == "ra"}),
    )


def host_facts_for_new(host: "HostReader", versions: Collection[int]) -> HostReport:
    """The host as far as starting a network with a bridge of its own, not there yet, depends on it.

    Nothing waits to be plugged in, so interfaces count by their names alone, and routes by the `versions` of IP that
    the network has: `ip` takes 10 ms, and 40 ms with 500 bridges, for each of its answers.
    """
    addresses, routes = tuple(host.addresses()), tuple(host.routes(versions))
    return HostReport(
        links=(),
        names=frozenset(host.list_directory("/sys/class/net")),
        addresses=addresses,
        routes=routes,
        listening_sockets=tuple(host.listening_sockets()),
        missing_programs=tuple(name for name in PROGRAMS if not host.has_program(name)),
        may_change_links=host.may_change_links(),
        dhcp_port_free=host.dhcp_port_free(),
        advertised_interfaces=_advertised(host, {route.interface for route in routes if route.protocol == "ra"}),
    )


def _bridges_with(host: "FileReader", bridges: Collection[str], attribute: str) -> tuple[str, ...]:
    """The bridges of which an attribute is on; without a slash in its name, and with the attribute, it is one."""
    there = [name for name in sorted(bridges) if name and "/" not in name and name not in (".", "..")]
    return tuple(
        name for name in there if (host.read_file(f"/sys/class/net/{name}/bridge/{attribute}") or "0").strip() != "0"
    )


def _advertised(host: "SysctlReader", interfaces: set[str]) -> tuple[str, ...]:
    """Libvirt's own guard cuts interface names at eight characters and then sees nothing, so we look ourselves."""
    if not interfaces or host.read_sysctl("net/ipv6/conf/all/forwarding") not in (None, "0"):
        return ()
    return tuple(name for name in sorted(interfaces) if host.read_sysctl(f"net/ipv6/conf/{name}/accept_ra") == "1")
