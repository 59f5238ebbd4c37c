"""What a network's tree says: its forward mode, as libvirt names it, its bridge, and what libvirt runs for it. Pure."""

from contextlib import suppress
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Literal, cast, overload

from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import UNKNOWN, Unknown, Values, is_unknown, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import DhcpTree, NetworkTree, NetworkTreeWithUnknowns

#: Modes in which libvirt turns the host's IP forwarding on whenever a network starts.
ROUTED_MODES = ("nat", "route", "open")

#: Modes in which libvirt makes a bridge of its own and serves addresses on it ("" is an isolated network).
OWN_BRIDGE_MODES = ("", *ROUTED_MODES)

TextKind = Literal["title", "description", "metadata"]
"""A text that a network keeps for people and programs; libvirt itself makes nothing of it."""


def network_tree(values: Values) -> "NetworkTree":
    """Plain data of which the spec has seen that it is a network's tree: checked inputs, a state, or what was read."""
    return cast("NetworkTree", values)


def network_tree_with_unknowns(values: Values) -> "NetworkTreeWithUnknowns":
    """The same of checked inputs that a preview sees, where values may be UNKNOWN."""
    return cast("NetworkTreeWithUnknowns", values)


def forward_mode(spec: NetworkSpec) -> str | None:
    """Libvirt's mode: "" for an isolated network, None while it is unknown.

    It is unknown too where a network may be adopted, of which what the program leaves out stays.
    """
    forward = spec.forward
    if forward is None:
        return None if spec.adopt in (True, UNKNOWN) else ""
    if is_unknown(forward) or is_unknown(forward.mode):
        return None
    return _as_libvirt_has_it(forward.mode or "nat")


@overload
def mode_of(tree: "NetworkTree") -> str: ...
@overload
def mode_of(tree: "NetworkTreeWithUnknowns") -> str | Unknown: ...
def mode_of(tree: "NetworkTreeWithUnknowns") -> str | Unknown:
    """The forward mode of a tree; "" for an isolated network. A missing mode is nat."""
    forward = tree.get("forward")
    if forward is None:
        return ""
    mode = UNKNOWN if forward is UNKNOWN else forward.get("mode", "nat")
    return UNKNOWN if mode is UNKNOWN else _as_libvirt_has_it(mode)


def _as_libvirt_has_it(mode: str) -> str:
    """The mode of a program: that it names none is an isolated network, which has no forward element."""
    return "" if mode == "none" else mode


def own_bridge(tree: "NetworkTreeWithUnknowns") -> str:
    """The name of the bridge that libvirt makes for this network; "" if it makes none, or it is not known yet."""
    bridge = tree.get("bridge")
    if mode_of(tree) not in OWN_BRIDGE_MODES or bridge is None or bridge is UNKNOWN:
        return ""
    name = bridge.get("name", "")
    return "" if name is UNKNOWN else name


def subnets_of(tree: "NetworkTree") -> frozenset[str]:
    """The subnets of a network's own addresses, in CIDR form, but for what libvirt accepts and ipaddress does not."""
    found: set[str] = set()
    for ip in tree.get("ips", []):
        with suppress(ValueError):
            found.add(str(ip_interface(ip["address"]).network))
    return frozenset(found)


def serves(tree: "NetworkTree") -> bool:
    """Whether libvirt runs dnsmasq for this network."""
    ips = tree.get("ips", [])
    dhcps = [ip.get("dhcp", {}) for ip in ips]
    dns = tree.get("dns", {}).get("enable", True)
    return bool(ips) and (dns or any(map(gives_addresses, dhcps)) or any("tftp_root" in ip for ip in ips))


def gives_addresses(dhcp: "DhcpTree") -> bool:
    """Whether there is anything for a DHCP server to hand out."""
    return bool(dhcp.get("ranges") or dhcp.get("hosts"))


def texts_of(tree: "NetworkTree") -> dict[tuple[TextKind, str], str]:
    """Every text of a network by its kind, and by its namespace where it is an element of metadata."""
    found: dict[tuple[TextKind, str], str] = {
        ("title", ""): tree.get("title", ""),
        ("description", ""): tree.get("description", ""),
    }
    named = {key: text for key, text in found.items() if text}
    return named | {("metadata", namespace): text for namespace, text in tree.get("metadata", {}).items()}


def as_defined(live: "NetworkTree", config: "NetworkTree") -> "NetworkTree":
    """A running network's tree less what libvirt puts in of itself: a pool's devices, and NAT's usual ports."""
    forward = live.get("forward", {})
    if "pf" in forward:
        forward = without(forward, {"addresses", "interfaces"})
    nat, defined = forward.get("nat", {}), config.get("forward", {}).get("nat")
    ports = nat.get("port", {})
    if (ports.get("start"), ports.get("end")) == (1024, 65535) and "port" not in (defined or {}):
        # The group itself is there if the definition has it.
        nat = without(nat, {"port"})
        forward = without(forward, {"nat"}) if defined is None and not nat else {**forward, "nat": nat}
    return {**live, "forward": forward} if forward else live
