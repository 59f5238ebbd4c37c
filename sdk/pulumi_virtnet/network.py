"""LibvirtNetwork: a virtual network of a libvirt host. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.libvirt_network import LibvirtNetworkProperties
from virtnet.dynamic import LibvirtNetworkProvider


class LibvirtNetwork(LibvirtNetworkProperties, module="virtnet", name="LibvirtNetwork"):
    """A virtual network of a libvirt host: its bridge, addresses, DHCP, DNS and way to the outside.

    What the program names is owned whole: an entry that someone adds to a named list by hand is drift, which `pulumi
    refresh` shows and `pulumi up` repairs. What the program leaves out stays as it is.
    The resource's id is the network's UUID.

    Example: a network with NAT and DHCP, as on any libvirt host.

        management = LibvirtNetwork(
            "management",
            forward={"mode": "nat"},
            ips=[{
                "address": "192.168.123.1/24",
                "dhcp": {"ranges": [{"start": "192.168.123.2", "end": "192.168.123.254"}]},
            }],
        )
        pulumi.export("bridge", management.bridge_name)

    Groups of inputs are written as dicts or as Args classes (`ForwardArgs(mode="nat")`), as you like, and hold Outputs
    of other resources at any depth. Invalid inputs are refused by `pulumi preview`, as "property path: reason,
    and the fix"; what the host forbids (a network of that name, an address conflict) is a line there and an error of
    `pulumi up` before anything is done.
    """

    PROVIDER = LibvirtNetworkProvider
