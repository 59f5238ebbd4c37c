"""Functions that read a host while a Python program runs, without the native plugin. They change nothing.

Users import them from pulumi_virtnet. The first call loads libvirt. Results are dicts with keys in Python spelling.
They are plain values, not Outputs, so they describe the host before this program is applied. The default of `uri` is
`virtnet:uri` of the stack's configuration, as for a resource.

They raise virtnet's own errors (`virtnet.errors.VirtnetError`), whose text is a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pulumi

if TYPE_CHECKING:
    from pulumi_virtnet._generated import outputs


def get_network(name: str | None = None, *, uuid: str | None = None, uri: str | None = None) -> outputs.NetworkFacts:
    """A network as it is now: the inputs of a LibvirtNetwork, `uuid`, `bridge_name`, `persistent`, `host_uuid`, `xml`.

    Raises Refused, with the names of the existing networks, if there is none of that name or UUID.
    """
    return cast("outputs.NetworkFacts", _ask("getNetwork", uri, name=name, uuid=uuid))


def get_networks(*, uri: str | None = None) -> list[outputs.NetworkSummary]:
    """All networks of a host, by name."""
    return cast("outputs.Networks", _ask("getNetworks", uri))["networks"]


def get_leases(name: str | None = None, *, uuid: str | None = None, uri: str | None = None) -> list[outputs.DhcpLease]:
    """The DHCP leases of a network that have not expired."""
    return cast("outputs.Leases", _ask("getLeases", uri, name=name, uuid=uuid))["leases"]


def get_guests(
    name: str | None = None, *, uuid: str | None = None, uri: str | None = None
) -> list[outputs.PluggedGuest]:
    """What is attached to a network: running guests, and other interfaces on its bridge."""
    return cast("outputs.Guests", _ask("getGuests", uri, name=name, uuid=uuid))["guests"]


def get_host(*, uri: str | None = None) -> outputs.HostFacts:
    """A host's bridges, routes, IP forwarding and firewall rules. Raises Refused if `uri` reaches only libvirt."""
    return cast("outputs.HostFacts", _ask("getHost", uri))


def get_forwards(network: str | None = None, *, uri: str | None = None) -> list[outputs.ReportedForward]:
    """The port forwards of a host, no matter who created them; of one network, if its name or UUID is given."""
    return cast("outputs.Forwards", _ask("getForwards", uri, network=network))["forwards"]


def get_free_subnet(
    network: str, prefix_length: int, *, within: str | None = None, uri: str | None = None
) -> outputs.FreeSubnet:
    """A subnet that nothing on the host uses, for the network of that name. If the network exists, its own subnet.

    The subnet is inside `within`, by default 10.0.0.0/8. Raises Refused if nothing in there is free.
    """
    given = {"network": network, "prefix_length": prefix_length, "within": within}
    return cast("outputs.FreeSubnet", _ask("getFreeSubnet", uri, **given))


def _ask(function: str, uri: str | None, **given: Any) -> Any:
    from virtnet.dynamic import answer

    named = {name: value for name, value in given.items() if value is not None}
    return answer(function, uri or pulumi.Config("virtnet").get("uri"), named)
