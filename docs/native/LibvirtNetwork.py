import pulumi

import pulumi_virtnet.native as virtnet

management = virtnet.LibvirtNetwork(
    "management",
    forward={"mode": "nat"},
    ips=[
        {
            "address": "192.168.123.1/24",
            "dhcp": {"ranges": [{"start": "192.168.123.2", "end": "192.168.123.254"}]},
        }
    ],
)
pulumi.export("bridge", management.bridge_name)
