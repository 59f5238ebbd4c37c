"""PortForward: ports of a host that lead to a guest. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.port_forward import PortForwardProperties
from virtnet.dynamic import PortForwardProvider


class PortForward(PortForwardProperties, module="virtnet", name="PortForward"):
    """Ports of a host lead to a guest of one of its networks, from wherever they are reached.

    Guests of a network with NAT reach the outside, and the outside does not reach them; with this it does: from
    outside, where the guest sees the client's own address, from other guests, from the host, and from the guest itself.
    The rules are virtnet's own, beside those of libvirt and of the host's firewall, and come back after a boot, a
    restart of the network and a reload of firewalld or ufw without Pulumi. The resource's id is the host and the
    forward.

    Example: a guest's web server, on port 8080 of one of the host's addresses.

        web = PortForward(
            "web",
            network=management.name,
            listen_address="198.51.100.1",
            target_address="192.168.123.50",
            ports=[{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
            sources=["203.0.113.0/24"],
        )
        pulumi.export("addresses", web.addresses)

    `pulumi preview` says in words which port is opened to whom; a port that a process of the host or another forward
    has, and the port of the host's own ssh server, are refused by `pulumi up`. An established connection goes on while
    other ports of the same forward change.
    """

    PROVIDER = PortForwardProvider
