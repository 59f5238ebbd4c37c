"""PortForward: ports of a host that lead to a guest. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.port_forward import PortForwardProperties
from virtnet.dynamic import PortForwardProvider


class PortForward(PortForwardProperties, module="virtnet", name="PortForward"):
    """Ports of a host that lead to a guest of one of its networks.

    Guests of a NAT network reach the outside, but the outside can't reach them. A port forward works from outside (the
    guest sees the client's own address), from other guests, from the host, and from the guest itself. virtnet's rules
    are separate from those of libvirt and of the host's firewall. They are restored without Pulumi after a boot, a
    restart of the network, and a reload of firewalld or ufw. The resource's id is the host and the forward.

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

    `pulumi preview` says which port is opened to whom. `pulumi up` refuses a port that a process of the host or another
    forward uses, and the port of the host's own ssh server. Established connections continue while other ports of the
    same forward change.
    """

    PROVIDER = PortForwardProvider
