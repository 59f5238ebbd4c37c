"""The same networks on every host of a fleet. The stack's configuration lists the hosts."""

import pulumi

import pulumi_virtnet as virtnet

# {"alpha": {"uri": "qemu+ssh://root@alpha/system", "number": 64}, ...}
hosts = pulumi.Config().require_object("hosts")

for name, host in hosts.items():
    # The number gives each host its own subnets, so that they can be routed to one another. It isn't the host's place
    # in the list, because removing a host would then change the subnets of all hosts behind it.
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
            # No `forward`: guests reach only one another and their host.
            "storage": {"ips": [{"address": f"{prefix}.2.1/24"}], "mtu": 9000},
        },
    )
    pulumi.export(name, made.bridge_names)
