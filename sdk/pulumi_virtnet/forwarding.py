"""HostForwarding: whether a host's kernel forwards IP packets. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.host_forwarding import HostForwardingProperties
from virtnet.dynamic import HostForwardingProvider


class HostForwarding(HostForwardingProperties, module="virtnet", name="HostForwarding"):
    """A host's kernel forwards IP packets, now and after every boot.

    It replaces editing /etc/sysctl.conf: the values are set at once and kept by a file of their own in /etc/sysctl.d,
    with nothing else in it, and what was there before comes back on delete. The resource's id is the host and that
    file.

    Example:
        forwarding = HostForwarding("ip-forwarding", ipv4=True)

    Libvirt itself turns forwarding on when a network with NAT starts, but says nothing about it and does not keep it.
    `pulumi preview` refuses invalid inputs; `ipv4=False` is an error of `pulumi up` while an active network of
    the host needs forwarding.
    """

    PROVIDER = HostForwardingProvider
