"""The same networks on every host of a fleet. Which hosts there are is the stack's configuration."""

import pulumi

import pulumi_virtnet as virtnet

# {"alpha": {"uri": "qemu+ssh://root@alpha/system", "number": 64}, ...}
hosts = pulumi.Config().require_object("hosts")

for name, host in hosts.items():
    # The number makes a host's subnets its own, so that they can be routed to one another. It is chosen once: were it
    # the place in the list, taking a host out would give all those behind it other subnets.
    prefix = f"10.{host['number']}"
    made = virtnet.VirtualNetworkHost(
        name,
        uri=host["uri"],
        forwarding=True,
        networks={
            "management": {
                "forward": {"mode": "nat"},
                "ips": [
                    {
                        "address": f"{prefix}.1.1/24",
                        "dhcp": {"ranges": [{"start": f"{prefix}.1.100", "end": f"{prefix}.1.199"}]},
                    }
                ],
            },
            # No `forward`: guests reach one another and their host, and nothing else.
            "storage": {"ips": [{"address": f"{prefix}.2.1/24"}], "mtu": 9000},
        },
    )
    pulumi.export(name, made.bridge_names)
