import pulumi_virtnet as virtnet

# No forward: guests talk to one another and to the host, and to nobody else.
virtnet.LibvirtNetwork(
    "isolated",
    ips=[{"address": "10.23.0.1/24", "dhcp": {"ranges": [{"start": "10.23.0.50", "end": "10.23.0.99"}]}}],
    dns={"forward_plain_names": False, "hosts": [{"ip": "10.23.0.10", "hostnames": ["db", "db.example"]}]},
)
