"""Guests behind NAT that can be reached from outside: a web server by anybody, ssh to each guest only by the office."""

import pulumi

import pulumi_virtnet as virtnet

# Who may use ssh. By hand: iptables rules in a hook script, which are lost at the next reload of the firewall.
OFFICE = pulumi.Config().get_object("office") or ["203.0.113.0/24"]

# A guest that can be reached from outside needs a fixed address: a reservation, outside the range below.
GUESTS = {
    "web": ("52:54:00:aa:bb:01", "192.168.130.11"),
    "db": ("52:54:00:aa:bb:02", "192.168.130.12"),
}

network = virtnet.LibvirtNetwork(
    "published",
    forward={"mode": "nat"},
    ips=[
        {
            "address": "192.168.130.1/24",
            "dhcp": {
                "ranges": [{"start": "192.168.130.100", "end": "192.168.130.199"}],
                "hosts": [{"name": name, "mac": mac, "ip": ip} for name, (mac, ip) in GUESTS.items()],
            },
        }
    ],
)

# Port 8080 of every address of the host leads to port 80 of the guest. `listen_address` would select one address.
web = virtnet.PortForward(
    "web",
    network=network.name,
    target_name="web",
    ports=[{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
)

# An ssh port for each guest: 2201, 2202 and so on. virtnet refuses to forward the host's own port 22.
for number, guest in enumerate(GUESTS, start=1):
    virtnet.PortForward(
        f"ssh-{guest}",
        network=network.name,
        target_name=guest,
        ports=[{"protocol": "tcp", "listen_port": str(2200 + number), "target_port": "22"}],
        sources=OFFICE,
    )

pulumi.export("bridge", network.bridge_name)
pulumi.export("addresses", web.addresses)
