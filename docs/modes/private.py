import pulumi_virtnet as virtnet

# Macvtap on the host's interfaces; guests of one host cannot talk to one another.
virtnet.LibvirtNetwork("private", forward={"mode": "private", "interfaces": [{"dev": "eth1"}, {"dev": "eth2"}]})
