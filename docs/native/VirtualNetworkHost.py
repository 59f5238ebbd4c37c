import pulumi

import pulumi_virtnet.native as virtnet

host = virtnet.VirtualNetworkHost(
    "alpha",
    uri="qemu:///system",
    forwarding={"ipv4": True},
    networks={
        "management": {"forward": {"mode": "nat"}, "ips": [{"address": "10.64.1.1/24"}]},
        "storage": {"ips": [{"address": "10.64.2.1/24"}], "mtu": 9000},
    },
    port_forwards={
        "web": {
            "network": "management",
            "target_address": "10.64.1.10",
            "ports": [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
        }
    },
)
pulumi.export("bridges", host.bridge_names)
