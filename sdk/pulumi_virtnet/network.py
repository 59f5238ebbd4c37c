"""LibvirtNetwork: a virtual network of a libvirt host. Its inputs are in _network_types."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_virtnet._network_types import LibvirtNetworkInputs
from virtnet.dynamic import LibvirtNetworkProvider


class LibvirtNetwork(LibvirtNetworkInputs, module="virtnet", name="LibvirtNetwork"):
    """A virtual network of a libvirt host: its bridge, addresses, DHCP, DNS and way to the outside.

    What the program names is owned whole: an entry that someone adds to a named list by hand is drift, which `pulumi
    refresh` shows and `pulumi up` repairs. What the program leaves out is libvirt's, or whoever's, and is not touched.
    The resource's id is the network's UUID.

    Example: a network with NAT and DHCP, as on any libvirt host.

        management = LibvirtNetwork(
            "management",
            forward={"mode": "nat"},
            ips=[{
                "address": "192.168.123.1/24",
                "dhcp": {"ranges": [{"start": "192.168.123.2", "end": "192.168.123.254"}]},
            }],
        )
        pulumi.export("bridge", management.bridge_name)

    Groups of inputs are written as dicts or as Args classes (`ForwardArgs(mode="nat")`), as you like, and hold Outputs
    of other resources at any depth. What cannot be right is refused by `pulumi preview`, as "property path: reason,
    and the fix"; what the host forbids (a network of that name, an address conflict) is a line there and an error of
    `pulumi up` before anything is done.
    """

    OUTPUTS = ("bridge_name", "persistent", "host_uuid", "adopted_from", "problems")
    # Without annotations of their own: Pulumi works out the types of those of a class for each of its resources.
    SETTLED = ("uri", "name", "uuid", "mac")
    LEFT_OUT = {"autostart": True, "active": True}  # noqa: RUF012
    PROVIDER = LibvirtNetworkProvider

    @property
    def uuid(self) -> pulumi.Output[str]:
        """The network's UUID: the given one, or the one chosen when the network was made."""
        return self._output("uuid")

    @property
    def bridge_name(self) -> pulumi.Output[str]:
        """The bridge that guests are plugged into, such as "virbr1"; empty where the mode has none."""
        return self._output("bridge_name")

    @property
    def mac(self) -> pulumi.Output[str]:
        """The MAC address of the network's own bridge; empty where the mode has none."""
        return self._output("mac")

    @property
    def persistent(self) -> pulumi.Output[bool]:
        """Whether libvirt keeps the network's configuration when it stops; if not, `pulumi up` repairs it."""
        return self._output("persistent")

    @property
    def host_uuid(self) -> pulumi.Output[str]:
        """The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one."""
        return self._output("host_uuid")

    @property
    def adopted_from(self) -> pulumi.Output[dict[str, Any] | None]:
        """The network as found when it was adopted: `xml`, `active`, `autostart`, `persistent`. None if made by us."""
        return self._output("adopted_from")

    @property
    def problems(self) -> pulumi.Output[list[dict[str, Any]]]:
        """What is wrong on the host though libvirt calls the network active: `kind`, `details`; `pulumi up` repairs it.

        A preview says it in sentences.
        """
        return self._output("problems")
