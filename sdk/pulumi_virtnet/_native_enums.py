"""The values that a property may have, as the programs name them that `pulumi import` writes.

Written by tools/generate_schema from the provider's spec: change that, then run `make sdk`. The values
themselves, as texts, are as good; imported by pulumi_virtnet.native.
"""

from enum import Enum

__all__ = [
    "BridgeMacTableManager",
    "DriverName",
    "ForwardMode",
    "HostForwardingOnDelete",
    "LeaseUnit",
    "LibvirtNetworkOnDelete",
    "LibvirtNetworkOnRestart",
    "TagNativeMode",
    "VirtualPortType",
]


class BridgeMacTableManager(str, Enum):
    """What `BridgeMacTableManager` in the schema may be."""

    KERNEL = "kernel"
    LIBVIRT = "libvirt"


class DriverName(str, Enum):
    """What `DriverName` in the schema may be."""

    KVM = "kvm"
    VFIO = "vfio"
    XEN = "xen"


class ForwardMode(str, Enum):
    """What `ForwardMode` in the schema may be."""

    NAT = "nat"
    ROUTE = "route"
    OPEN = "open"
    BRIDGE = "bridge"
    PRIVATE = "private"
    VEPA = "vepa"
    PASSTHROUGH = "passthrough"
    HOSTDEV = "hostdev"


class HostForwardingOnDelete(str, Enum):
    """What `HostForwardingOnDelete` in the schema may be."""

    RESTORE = "restore"
    KEEP = "keep"


class LeaseUnit(str, Enum):
    """What `LeaseUnit` in the schema may be."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"


class LibvirtNetworkOnDelete(str, Enum):
    """What `LibvirtNetworkOnDelete` in the schema may be."""

    REFUSE = "refuse"
    DISCONNECT = "disconnect"
    KEEP = "keep"
    RESTORE = "restore"


class LibvirtNetworkOnRestart(str, Enum):
    """What `LibvirtNetworkOnRestart` in the schema may be."""

    REATTACH = "reattach"
    REFUSE = "refuse"


class TagNativeMode(str, Enum):
    """What `TagNativeMode` in the schema may be."""

    TAGGED = "tagged"
    UNTAGGED = "untagged"


class VirtualPortType(str, Enum):
    """What `VirtualPortType` in the schema may be."""

    VIRTUAL_PORT_TYPE_802_1_QBG = "802.1Qbg"
    VIRTUAL_PORT_TYPE_802_1_QBH = "802.1Qbh"
    OPENVSWITCH = "openvswitch"
    MIDONET = "midonet"
