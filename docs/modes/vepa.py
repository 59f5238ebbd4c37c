import pulumi_virtnet as virtnet

# Macvtap; packets between guests of one host go through the switch outside, which must send them back.
virtnet.LibvirtNetwork("vepa", forward={"mode": "vepa", "interfaces": [{"dev": "eth1"}]})
