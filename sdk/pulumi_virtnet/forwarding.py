"""HostForwarding: whether a host's kernel forwards IP packets. Its inputs are in _forwarding_types."""

from __future__ import annotations

import pulumi

from pulumi_virtnet._forwarding_types import HostForwardingInputs
from virtnet.dynamic import HostForwardingProvider


class HostForwarding(HostForwardingInputs, module="virtnet", name="HostForwarding"):
    """A host's kernel forwards IP packets, now and after every boot.

    It replaces editing /etc/sysctl.conf: the values are set at once and kept by a file of their own in /etc/sysctl.d,
    with nothing else in it, and what was there before comes back on delete. The resource's id is the host and that
    file.

    Example:
        forwarding = HostForwarding("ip-forwarding", ipv4=True)

    Libvirt itself turns forwarding on when a network with NAT starts, but says nothing about it and does not keep it.
    `pulumi preview` refuses what cannot be right; `ipv4=False` is an error of `pulumi up` while an active network of
    the host needs forwarding.
    """

    OUTPUTS = ("host_uuid", "runtime", "drop_in_path", "previous", "at_boot")
    PROVIDER = HostForwardingProvider

    @property
    def runtime(self) -> pulumi.Output[dict[str, str]]:
        """The kernel's parameters as they are now, {"net/ipv4/ip_forward": "1"}."""
        return self._output("runtime")

    @property
    def drop_in_path(self) -> pulumi.Output[str]:
        """The file that keeps the values over a boot, "/etc/sysctl.d/90-virtnet-forwarding.conf"."""
        return self._output("drop_in_path")

    @property
    def previous(self) -> pulumi.Output[dict[str, str]]:
        """The values found before the first change, which delete puts back, {"net/ipv4/ip_forward": "0"}."""
        return self._output("previous")

    @property
    def at_boot(self) -> pulumi.Output[dict[str, dict[str, str]]]:
        """What the next boot will give, {parameter: {`value`, `source`}}, and which file decides it."""
        return self._output("at_boot")

    @property
    def host_uuid(self) -> pulumi.Output[str]:
        """The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one."""
        return self._output("host_uuid")
