"""What networks name of their host: which of it is not there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.network.observe.reads import LINK_DIRECTORY
from virtnet.network.observed import Named
from virtnet.network.spec import PciAddress
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of
from virtnet.spec.part import UNKNOWN

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTreeWithUnknowns, PortGroupTreeWithUnknowns
    from virtnet.planning.clients.host import HostReader, Way

PCI_DEVICES = "/sys/bus/pci/devices"


def named_on_host(tree: "NetworkTreeWithUnknowns") -> Named:
    """What a network names, as far as it is known. Pure."""
    return Named(
        interfaces=frozenset(_interfaces(tree)),
        directories=frozenset(_directories(tree)),
        zones=frozenset(_zones(tree)),
        virtual_functions=frozenset(_virtual_functions(tree)),
        limits=frozenset(_limits(tree)),
        guest_limits=frozenset(_guest_limits(tree)),
    )


def missing(host: "HostReader", named: Named) -> Named:
    """What is named and is surely not there."""
    return Named(
        interfaces=named.interfaces - set(host.list_directory(LINK_DIRECTORY)) if named.interfaces else frozenset(),
        directories=frozenset(path for path in named.directories if not _may_be_there(host, path)),
        zones=named.zones - _zones_of(host, named.zones) if named.zones else frozenset(),
        virtual_functions=frozenset(one for one in named.virtual_functions if not _may_be_virtual(host, one)),
        limits=frozenset(way for way in named.limits if not _can_limit(host, way)),
        guest_limits=frozenset(way for way in named.guest_limits if not _can_limit(host, way)),
    )


def _interfaces(tree: "NetworkTreeWithUnknowns") -> Iterator[str]:
    forward = tree.get("forward", UNKNOWN)
    if forward is UNKNOWN or mode_of(tree) not in ("nat", "route"):
        return
    interfaces = forward.get("interfaces", ())
    for interface in () if interfaces is UNKNOWN else interfaces:
        device = UNKNOWN if interface is UNKNOWN else interface.get("dev", UNKNOWN)
        if device is not UNKNOWN:
            yield device


def _directories(tree: "NetworkTreeWithUnknowns") -> Iterator[str]:
    ips = tree.get("ips", ())
    for ip in () if ips is UNKNOWN else ips:
        root = UNKNOWN if ip is UNKNOWN else ip.get("tftp_root", UNKNOWN)
        if root is not UNKNOWN:
            yield root


def _zones(tree: "NetworkTreeWithUnknowns") -> Iterator[str]:
    bridge = tree.get("bridge", UNKNOWN)
    zone = UNKNOWN if bridge is UNKNOWN else bridge.get("zone", UNKNOWN)
    if zone is not UNKNOWN and mode_of(tree) in OWN_BRIDGE_MODES:
        yield zone


def _virtual_functions(tree: "NetworkTreeWithUnknowns") -> Iterator[str]:
    forward = tree.get("forward", UNKNOWN)
    addresses = () if forward is UNKNOWN else forward.get("addresses", ())
    for address in () if addresses is UNKNOWN else addresses:
        parts = [UNKNOWN] if address is UNKNOWN else [address.get(name, 0) for name in PciAddress.key]
        if UNKNOWN not in parts:
            yield "{:04x}:{:02x}:{:02x}.{:x}".format(*parts)


def _limits(part: "NetworkTreeWithUnknowns | PortGroupTreeWithUnknowns") -> Iterator["Way"]:
    bandwidth = part.get("bandwidth", UNKNOWN)
    ways: tuple[Way, ...] = ("inbound", "outbound")
    yield from () if bandwidth is UNKNOWN else (way for way in ways if way in bandwidth)


def _guest_limits(tree: "NetworkTreeWithUnknowns") -> Iterator["Way"]:
    groups = tree.get("port_groups", ())
    for group in () if groups is UNKNOWN else groups:
        yield from () if group is UNKNOWN else _limits(group)


def _can_limit(host: "HostReader", way: "Way") -> bool:
    try:
        return host.can_limit(way)
    except (HostFailure, AccessDenied):
        return True


def _may_be_there(host: "HostReader", path: str) -> bool:
    """An empty directory and none are listed alike, so the one around it is asked."""
    around, _, name = path.rstrip("/").rpartition("/")
    try:
        return not name or name in host.list_directory(around or "/")
    except (HostFailure, AccessDenied):
        return True


def _may_be_virtual(host: "HostReader", address: str) -> bool:
    """Whether a PCI device is a virtual function: the kernel then links its card. libvirt defines no pool of others."""
    try:
        return "physfn" in host.list_directory(f"{PCI_DEVICES}/{address}")
    except (HostFailure, AccessDenied):
        return True


def _zones_of(host: "HostReader", otherwise: frozenset[str]) -> frozenset[str]:
    """The zones that firewalld has, none while it does not run; `otherwise` where it does not tell."""
    try:
        return frozenset(host.firewall_zones())
    except (HostFailure, AccessDenied):
        return otherwise
