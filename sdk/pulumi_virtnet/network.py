"""LibvirtNetwork: a virtual network of a libvirt host. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.libvirt_network import LibvirtNetworkProperties
from virtnet.dynamic import LibvirtNetworkProvider


class LibvirtNetwork(LibvirtNetworkProperties, module="virtnet", name="LibvirtNetwork"):
    """A virtual network of a libvirt host: its bridge, addresses, DHCP, DNS and forwarding.

    The program owns each setting that it contains. If it contains a list, it owns the whole list: an entry that someone
    adds by hand is drift, which `pulumi refresh` shows and `pulumi up` removes. Other settings stay as they are. The
    resource's id is the network's UUID.

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

    Groups of inputs can be dicts or Args classes (`ForwardArgs(mode="nat")`), and can contain Outputs of other
    resources at any depth. `pulumi preview` refuses invalid inputs with the property's path, reason and fix. If the
    host forbids something (a network of that name exists, an address conflicts), the preview shows an error, and
    `pulumi up` fails before it changes anything.
    """

    PROVIDER = LibvirtNetworkProvider
