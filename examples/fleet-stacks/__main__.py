"""One host of a fleet, in a stack of its own. fleet.py runs Pulumi for all hosts, several at a time."""

import pulumi

import pulumi_virtnet as virtnet

# fleet.py sets these for each host, from hosts.json.
config = pulumi.Config()
uri, number = config.require("uri"), config.require_int("number")

made = virtnet.VirtualNetworkHost(
    "host",
    uri=uri,
    forwarding=True,
    networks={
        "management": {
            "forward": {"mode": "nat"},
            "ips": [
                {
                    "address": f"10.{number}.1.1/24",
                    "dhcp": {"ranges": [{"start": f"10.{number}.1.100", "end": f"10.{number}.1.199"}]},
                }
            ],
        },
        "storage": {"ips": [{"address": f"10.{number}.2.1/24"}], "mtu": 9000},
    },
)
pulumi.export("bridges", made.bridge_names)
