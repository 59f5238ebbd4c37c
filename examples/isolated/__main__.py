"""A laboratory: guests reach only one another and the host."""

import pulumi

import pulumi_virtnet as virtnet

# The guest with a fixed address. Its name and address are defined here and used twice below.
DATABASE_MAC = "52:54:00:aa:bb:01"
DATABASE_IP = "10.77.0.10"

# No `forward`: the network is isolated. Args classes and dicts mean the same. This program uses classes, because
# editors complete their names.
lab = virtnet.LibvirtNetwork(
    "lab",
    domain=virtnet.DomainArgs(name="lab.example", local_only=True),
    ips=[
        virtnet.NetworkIpArgs(
            address="10.77.0.1/24",
            dhcp=virtnet.DhcpArgs(
                ranges=[virtnet.DhcpRangeArgs(start="10.77.0.100", end="10.77.0.199")],
                # Outside the range above, so that no other guest ever gets it.
                hosts=[virtnet.DhcpHostArgs(mac=DATABASE_MAC, name="database", ip=DATABASE_IP)],
            ),
        )
    ],
    # Names that the network's DNS server answers, in addition to those of the guests. Adding one is a live change.
    dns=virtnet.DnsArgs(
        hosts=[
            virtnet.DnsHostArgs(ip="10.77.0.1", hostnames=["gateway.lab.example"]),
            virtnet.DnsHostArgs(ip=DATABASE_IP, hostnames=["db.lab.example", "metrics.lab.example"]),
        ]
    ),
)

pulumi.export("bridge", lab.bridge_name)
pulumi.export("uuid", lab.uuid)
