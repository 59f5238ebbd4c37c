import pulumi_virtnet as virtnet

# Each guest gets an interface of the host for itself.
virtnet.LibvirtNetwork("passthrough", forward={"mode": "passthrough", "interfaces": [{"dev": "eth1"}, {"dev": "eth2"}]})
