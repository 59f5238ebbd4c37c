"""A network with a guest that answers on port 8080 of the host, in Python: the classes of the native plugin."""

import pulumi

import pulumi_virtnet.native as virtnet

forwarding = virtnet.HostForwarding("ip-forwarding", ipv4=True)

services = virtnet.LibvirtNetwork(
    "services",
    forward={"mode": "nat"},
    ips=[
        {
            "address": "192.168.131.1/24",
            "dhcp": {
                "ranges": [{"start": "192.168.131.100", "end": "192.168.131.199"}],
                "hosts": [{"mac": "52:54:00:12:34:10", "name": "web", "ip": "192.168.131.10"}],
            },
        }
    ],
    opts=pulumi.ResourceOptions(depends_on=[forwarding]),
)

# The target is the reservation's name. If the reservation gets another address, the port follows.
virtnet.PortForward(
    "web",
    network=services.name,
    target_name="web",
    ports=[{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
)

pulumi.export("bridge", services.bridge_name)
