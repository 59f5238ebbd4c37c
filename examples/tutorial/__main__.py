"""The virtual networks of a libvirt host as code: what a tutorial does by hand with virsh, vi and sysctl."""

import pulumi

import pulumi_virtnet as virtnet

# The host's kernel forwards IP packets, now and after every boot. By hand: net.ipv4.ip_forward=1 in a shared file,
# then `sysctl -p`. Here the setting has a file of its own, and `pulumi destroy` restores the old value. The networks
# depend on this resource: libvirt itself turns forwarding on when a NAT network starts, and virtnet must record the
# value from before.
forwarding = virtnet.HostForwarding("ip-forwarding", ipv4=True)

# The network that comes with libvirt. If the distribution has defined it already, `adopt` manages it, and settings that
# aren't written here stay as they are. If it is missing, virtnet creates it. By hand: `virsh net-start default`,
# `virsh net-autostart default`.
default = virtnet.LibvirtNetwork(
    "default",
    adopt=True,
    active=True,
    autostart=True,
    forward={"mode": "nat"},
    ips=[
        {
            "address": "192.168.122.1/24",
            "dhcp": {"ranges": [{"start": "192.168.122.2", "end": "192.168.122.254"}]},
        }
    ],
    opts=pulumi.ResourceOptions(depends_on=[forwarding]),
)

# A network of our own. By hand: write management.xml, then `virsh net-define`, `net-start` and `net-autostart`.
# Guests get an address by DHCP and reach the outside through the host, with the host's address (NAT).
management = virtnet.LibvirtNetwork(
    "management",
    forward={"mode": "nat"},
    ips=[
        {
            "address": "192.168.123.1/24",  # the host's address on the network, with the subnet's prefix length
            "dhcp": {
                "ranges": [{"start": "192.168.123.2", "end": "192.168.123.254"}],
            },
        }
    ],
    opts=pulumi.ResourceOptions(depends_on=[forwarding]),
)

pulumi.export("default_bridge", default.bridge_name)
pulumi.export("default_uuid", default.uuid)
pulumi.export("management_bridge", management.bridge_name)
pulumi.export("management_uuid", management.uuid)
