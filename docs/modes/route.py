import pulumi_virtnet as virtnet

# No translation: the routers around the host need a route to the subnet through it.
virtnet.LibvirtNetwork(
    "route",
    forward={"mode": "route"},
    ips=[
        {"address": "10.20.0.1/24", "dhcp": {"ranges": [{"start": "10.20.0.50", "end": "10.20.0.99"}]}},
        {"address": "fd00:20::1/64"},
    ],
    routes=[{"address": "10.21.0.0/16", "gateway": "10.20.0.7"}],
)
