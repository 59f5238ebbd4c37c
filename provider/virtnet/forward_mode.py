"""A network's forward mode, as libvirt names it, and which modes give it a bridge of its own. Pure."""

from typing import Any

from virtnet.spec import UNKNOWN
from virtnet.spec_network import NetworkSpec

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
