"""The native plugin's functions, which read a host. Each exists twice: for values, and as …_output for Outputs.

Users import them from pulumi_virtnet.native. Results are dicts with keys in Python spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi import Input, InvokeOptions, InvokeOutputOptions

from pulumi_virtnet._generated.libvirt_network import LibvirtNetworkArgs
from pulumi_virtnet._generated.provider import DOWNLOAD_URL, VERSION
from pulumi_virtnet._resource import camel_case, from_properties

if TYPE_CHECKING:
    from pulumi_virtnet._generated import outputs


def get_network(
    name: str | None = None, *, uuid: str | None = None, uri: str | None = None, opts: InvokeOptions | None = None
) -> outputs.NetworkFacts:
    """A network as it is now: the inputs of a LibvirtNetwork, `uuid`, `bridge_name`, `persistent`, `host_uuid`, `xml`.

    If there is none of that name or UUID, raises an error with the names of the existing networks.
    """
    return _network(_ask("getNetwork", opts, name=name, uuid=uuid, uri=uri))


def get_network_output(
    name: Input[str] | None = None,
    *,
    uuid: Input[str] | None = None,
    uri: Input[str] | None = None,
    opts: InvokeOutputOptions | None = None,
) -> pulumi.Output[outputs.NetworkFacts]:
    """The same as get_network, from Outputs."""
    return _ask_output("getNetwork", opts, name=name, uuid=uuid, uri=uri).apply(_network)


def get_networks(*, uri: str | None = None, opts: InvokeOptions | None = None) -> list[outputs.NetworkSummary]:
    """All networks of a host, by name."""
    return cast("outputs.Networks", _spelled(_ask("getNetworks", opts, uri=uri)))["networks"]


def get_networks_output(
    *, uri: Input[str] | None = None, opts: InvokeOutputOptions | None = None
) -> pulumi.Output[list[outputs.NetworkSummary]]:
    """The same as get_networks, from Outputs."""
    return _ask_output("getNetworks", opts, uri=uri).apply(
        lambda known: cast("outputs.Networks", _spelled(known))["networks"]
    )


def get_leases(
    name: str | None = None, *, uuid: str | None = None, uri: str | None = None, opts: InvokeOptions | None = None
) -> list[outputs.DhcpLease]:
    """The DHCP leases of a network that have not expired."""
    return cast("outputs.Leases", _spelled(_ask("getLeases", opts, name=name, uuid=uuid, uri=uri)))["leases"]


def get_leases_output(
    name: Input[str] | None = None,
    *,
    uuid: Input[str] | None = None,
    uri: Input[str] | None = None,
    opts: InvokeOutputOptions | None = None,
) -> pulumi.Output[list[outputs.DhcpLease]]:
    """The same as get_leases, from Outputs."""
    asked = _ask_output("getLeases", opts, name=name, uuid=uuid, uri=uri)
    return asked.apply(lambda known: cast("outputs.Leases", _spelled(known))["leases"])


def get_guests(
    name: str | None = None, *, uuid: str | None = None, uri: str | None = None, opts: InvokeOptions | None = None
) -> list[outputs.PluggedGuest]:
    """What is attached to a network: running guests, and other interfaces on its bridge."""
    return cast("outputs.Guests", _spelled(_ask("getGuests", opts, name=name, uuid=uuid, uri=uri)))["guests"]


def get_guests_output(
    name: Input[str] | None = None,
    *,
    uuid: Input[str] | None = None,
    uri: Input[str] | None = None,
    opts: InvokeOutputOptions | None = None,
) -> pulumi.Output[list[outputs.PluggedGuest]]:
    """The same as get_guests, from Outputs."""
    asked = _ask_output("getGuests", opts, name=name, uuid=uuid, uri=uri)
    return asked.apply(lambda known: cast("outputs.Guests", _spelled(known))["guests"])


def get_host(*, uri: str | None = None, opts: InvokeOptions | None = None) -> outputs.HostFacts:
    """A host's bridges, routes, IP forwarding and firewall rules. Raises an error if `uri` reaches only libvirt."""
    return cast("outputs.HostFacts", _spelled(_ask("getHost", opts, uri=uri)))


def get_host_output(
    *, uri: Input[str] | None = None, opts: InvokeOutputOptions | None = None
) -> pulumi.Output[outputs.HostFacts]:
    """The same as get_host, from Outputs."""
    return _ask_output("getHost", opts, uri=uri).apply(lambda known: cast("outputs.HostFacts", _spelled(known)))


def get_forwards(
    network: str | None = None, *, uri: str | None = None, opts: InvokeOptions | None = None
) -> list[outputs.ReportedForward]:
    """The port forwards of a host, no matter who created them; of one network, if its name or UUID is given."""
    return cast("outputs.Forwards", _spelled(_ask("getForwards", opts, network=network, uri=uri)))["forwards"]


def get_forwards_output(
    network: Input[str] | None = None, *, uri: Input[str] | None = None, opts: InvokeOutputOptions | None = None
) -> pulumi.Output[list[outputs.ReportedForward]]:
    """The same as get_forwards, from Outputs."""
    asked = _ask_output("getForwards", opts, network=network, uri=uri)
    return asked.apply(lambda known: cast("outputs.Forwards", _spelled(known))["forwards"])


def get_free_subnet(
    network: str,
    prefix_length: int,
    *,
    within: str | None = None,
    uri: str | None = None,
    opts: InvokeOptions | None = None,
) -> outputs.FreeSubnet:
    """A subnet that nothing on the host uses, for the network of that name. If the network exists, its own subnet.

    The subnet is inside `within`, by default 10.0.0.0/8. Raises an error if nothing in there is free.
    """
    given = {"network": network, "prefix_length": prefix_length, "within": within, "uri": uri}
    return cast("outputs.FreeSubnet", _spelled(_ask("getFreeSubnet", opts, **given)))


def get_free_subnet_output(
    network: Input[str],
    prefix_length: Input[int],
    *,
    within: Input[str] | None = None,
    uri: Input[str] | None = None,
    opts: InvokeOutputOptions | None = None,
) -> pulumi.Output[outputs.FreeSubnet]:
    """The same as get_free_subnet, from Outputs."""
    given = {"network": network, "prefix_length": prefix_length, "within": within, "uri": uri}
    return _ask_output("getFreeSubnet", opts, **given).apply(lambda known: cast("outputs.FreeSubnet", _spelled(known)))


def _ask(function: str, opts: InvokeOptions | None, **given: Any) -> Any:
    ours = InvokeOptions(version=VERSION, plugin_download_url=DOWNLOAD_URL)
    options = InvokeOptions.merge(ours, opts)
    return pulumi.runtime.invoke(f"virtnet:index:{function}", _named(given), options).value


def _ask_output(function: str, opts: InvokeOutputOptions | None, **given: Any) -> pulumi.Output[Any]:
    options = InvokeOutputOptions.merge(InvokeOutputOptions(plugin_download_url=DOWNLOAD_URL), opts)
    # Not by merging: options without a version have an empty one, which would win (3.272).
    options.version = options.version or VERSION
    return pulumi.runtime.invoke_output(f"virtnet:index:{function}", _named(given), options)


def _named(given: Mapping[str, Any]) -> dict[str, Any]:
    return {camel_case(name): value for name, value in given.items() if value is not None}


def _network(known: Any) -> outputs.NetworkFacts:
    """A network's facts in Python spelling. Of its inputs, some keys are data."""
    read: dict[str, Any] = from_properties(known, LibvirtNetworkArgs)
    return cast("outputs.NetworkFacts", {_snake_case(name): value for name, value in read.items()})


def _spelled(value: Any) -> Any:
    """A result in Python spelling; none of its keys is data."""
    if isinstance(value, Mapping):
        return {_snake_case(name): _spelled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
