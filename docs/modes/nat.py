import pulumi_virtnet as virtnet

# Guests reach the outside with the host's address; the outside does not reach them.
virtnet.LibvirtNetwork(
    "nat",
    forward={"mode": "nat", "nat": {"port": {"start": 1024, "end": 65535}}},
    ips=[
        {
            "address": "192.168.130.1/24",
            "dhcp": {
                "ranges": [{"start": "192.168.130.100", "end": "192.168.130.199"}],
                "hosts": [{"mac": "52:54:00:12:34:56", "name": "web", "ip": "192.168.130.10"}],
            },
        }
    ],
    domain={"name": "nat.example", "local_only": True},
)
