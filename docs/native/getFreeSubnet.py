import pulumi

import pulumi_virtnet.native as virtnet

free = virtnet.get_free_subnet("lab", 24)
lab = virtnet.LibvirtNetwork(
    "lab",
    forward={"mode": "nat"},
    ips=[{"address": free["address"], "dhcp": {"ranges": [{"start": free["first"], "end": free["last"]}]}}],
)
pulumi.export("bridge", lab.bridge_name)
