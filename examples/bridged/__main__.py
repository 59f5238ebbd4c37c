"""Guests on the same network as the host: a libvirt network on the host's own bridge."""

import pulumi

import pulumi_virtnet as virtnet

# The bridge must be there: it belongs to the host, which sets it up with netplan, NetworkManager or systemd-networkd
# and has its physical interface in it. libvirt plugs guests into it and adds nothing: no addresses, no DHCP, no
# firewall rules. Guests get their addresses where the host gets its own, and can be reached from outside.
bridge = pulumi.Config().get("bridge") or "br0"

lan = virtnet.LibvirtNetwork(
    "lan",
    forward={"mode": "bridge"},
    bridge={"name": bridge},
)

pulumi.export("bridge", lan.bridge_name)
pulumi.export("uuid", lan.uuid)
