"""A network's forward mode, as libvirt names it, and which modes give it a bridge of its own. Pure."""

from typing import Any

from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import UNKNOWN, Tree

#: Modes in which libvirt makes a bridge of its own and serves addresses on it ("" is an isolated network).
OWN_BRIDGE_MODES = ("", "nat", "route", "open")


def forward_mode(spec: NetworkSpec) -> str | None:
    """Libvirt's mode: "" for an isolated network, None while it is unknown."""
    forward: Any = spec.forward
    if forward is None:
        return ""
    if forward is UNKNOWN or forward.mode is UNKNOWN:
        return None
    return forward.mode or "nat"


def mode_of(tree: Tree) -> str:
    """The forward mode of a tree; "" for an isolated network, "unknown" while it is known only when applied."""
    forward = tree.get("forward")
    if forward is UNKNOWN or (forward is not None and forward.get("mode") is UNKNOWN):
        return "unknown"
    return "" if forward is None else str(forward.get("mode", "nat"))


def own_bridge(tree: Tree) -> str:
    """The name of the bridge that libvirt makes for this network; "" where it makes none."""
    bridge = tree.get("bridge", {})
    if mode_of(tree) not in OWN_BRIDGE_MODES or bridge is UNKNOWN or bridge.get("name") is UNKNOWN:
        return ""
    return str(bridge.get("name", ""))


def serves(tree: Tree) -> bool:
    """Whether libvirt runs dnsmasq for this network."""
    ips = tree.get("ips", [])
    dhcp = any(ip.get("dhcp", {}).get(name) for ip in ips for name in ("ranges", "hosts"))
    return bool(ips) and (tree.get("dns", {}).get("enable", True) or dhcp)
