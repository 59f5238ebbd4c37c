"""Guests on the same network as the host: a libvirt network on the host's own bridge."""

import pulumi

import pulumi_virtnet as virtnet

# The bridge must exist. The host configures it with netplan, NetworkManager or systemd-networkd, with a physical
# interface as a port. libvirt attaches guests to the bridge and adds no addresses, no DHCP and no firewall rules.
# Guests get their addresses from the host's own network, and can be reached from outside.
bridge = pulumi.Config().get("bridge") or "br0"

lan = virtnet.LibvirtNetwork(
    "lan",
    forward={"mode": "bridge"},
    bridge={"name": bridge},
)

pulumi.export("bridge", lan.bridge_name)
pulumi.export("uuid", lan.uuid)
