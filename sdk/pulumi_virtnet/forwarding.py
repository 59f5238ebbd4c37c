"""HostForwarding: whether a host's kernel forwards IP packets. Its inputs and outputs are generated from the spec."""

from __future__ import annotations

from pulumi_virtnet._generated.host_forwarding import HostForwardingProperties
from virtnet.dynamic import HostForwardingProvider


class HostForwarding(HostForwardingProperties, module="virtnet", name="HostForwarding"):
    """IP forwarding of a host's kernel, now and after every boot.

    It replaces edits of /etc/sysctl.conf. virtnet sets the values at once, and keeps them in a file of their own in
    /etc/sysctl.d. A delete restores the old values. The resource's id is the host and that file.

    Example:
        forwarding = HostForwarding("ip-forwarding", ipv4=True)

    When a NAT network starts, libvirt itself turns forwarding on, but doesn't report that and doesn't keep the setting.
    `pulumi preview` refuses invalid inputs. `pulumi up` refuses `ipv4=False` while an active network of the host needs
    forwarding.
    """

    PROVIDER = HostForwardingProvider
