"""What the parts of the table, and the links beside it, are called. Pure."""

import hashlib
import re
from typing import Literal

#: Of family inet. The whole table is virtnet's.
TABLE = "virtnet_port_forwards"

#: The bit that is set in the mark of a forwarded connection, and in that of its packets to the guest, which are routed
#: by it out of the network's own link. kube-proxy has 0x4000 and 0x8000, netavark 0x2000, Tailscale 0xff0000, and
#: wg-quick 0xca6c.
MARK = 0x10000000

#: The priority at which destinations are translated and marked, of what comes in and of what the host itself sends.
TRANSLATES = -105

#: What the comment of each rule begins with.
COMMENT = "virtnet"

#: What the names of own links begin with: the end that packets are routed to, and the one behind which they are handed
#: to the network's bridge.
LINK_PREFIX, PORT_PREFIX = "vnpf", "vnpb"

_CHAIN_PREFIX = "forward_"


def chain_of(forward_id: str) -> str:
    """The chain with the rules of one forward."""
    return f"{_CHAIN_PREFIX}{forward_id}"


def forward_of(chain: str) -> str | None:
    """Whose chain it is, by the forward's id; None for the chains of the common part and of others."""
    return chain.removeprefix(_CHAIN_PREFIX) if chain.startswith(_CHAIN_PREFIX) else None


def listeners_of(version: int) -> str:
    """The map from addresses and ports of the host to the chains of forwards."""
    return f"listeners{version}"


def gateways_of(version: int) -> str:
    """The map from subnets with forwards to the host's address in them."""
    return f"gateways{version}"


def family_of(version: int) -> Literal["ip", "ip6"]:
    """What nft calls a version of IP."""
    return "ip6" if version == 6 else "ip"


def is_own_link(interface: str) -> bool:
    """Whether an interface has the name of an end of an own link."""
    return re.fullmatch(rf"({LINK_PREFIX}|{PORT_PREFIX})[0-9a-f]{{8}}", interface) is not None


def link_names(network_uuid: str) -> tuple[str, str]:
    """The two ends of a network's own link: where packets go in, and where they come out."""
    suffix = hashlib.sha256(network_uuid.encode()).hexdigest()[:8]
    return f"{LINK_PREFIX}{suffix}", f"{PORT_PREFIX}{suffix}"
