import pulumi_virtnet as virtnet

# Each guest gets a virtual function of an SR-IOV card, as a PCI device, in VLAN 42.
virtnet.LibvirtNetwork(
    "hostdev",
    forward={"mode": "hostdev", "managed": True, "pf": {"dev": "eth3"}},
    vlan={"tags": [{"id": 42}]},
)
