"""The same resources served by the native plugin `pulumi-resource-virtnet`, and its functions.

    import pulumi_virtnet.native as virtnet

Inputs, Args classes (of `pulumi_virtnet`) and outputs are the same; only who serves them differs. Programs are moved by
changing the import (see docs/plugin.md). The plugin must be on PATH of the `pulumi` command; installing pulumi-virtnet
puts it beside the environment's python.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi

from pulumi_virtnet import forwarding, network, port_forward
from pulumi_virtnet._generated import enumerations as _enumerations
from pulumi_virtnet._generated.enumerations import *  # noqa: F403 - __all__ of the module says what it gives
from pulumi_virtnet._native_functions import (
    get_forwards,
    get_forwards_output,
    get_free_subnet,
    get_free_subnet_output,
    get_guests,
    get_guests_output,
    get_host,
    get_host_output,
    get_leases,
    get_leases_output,
    get_network,
    get_network_output,
    get_networks,
    get_networks_output,
)
from pulumi_virtnet._resource import Resource, alias_of

__all__ = [
    "HostForwarding",
    "LibvirtNetwork",
    "PortForward",
    "get_forwards",
    "get_forwards_output",
    "get_free_subnet",
    "get_free_subnet_output",
    "get_guests",
    "get_guests_output",
    "get_host",
    "get_host_output",
    "get_leases",
    "get_leases_output",
    "get_network",
    "get_network_output",
    "get_networks",
    "get_networks_output",
]
__all__ += _enumerations.__all__


class _NativeResource(Resource):
    """What takes the place of the dynamic provider's registration: a resource with a token of the plugin's package."""

    TOKEN: ClassVar[str]

    def _options(self, resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        # The type of the same resource under the dynamic provider, so that a stack moves over as it is.
        dynamic = f"pulumi-python:{self._resource_type_name}"
        return pulumi.ResourceOptions(aliases=[alias_of(dynamic, resource_name, opts)])

    def _register(self, resource_name: str, properties: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Hand the resource to the engine, which knows its name and its stack and tells them to the plugin."""
        named = {key: value for key, value in properties.items() if not key.startswith("__")}
        pulumi.CustomResource.__init__(self, self.TOKEN, resource_name, named, opts)


class LibvirtNetwork(network.LibvirtNetwork, _NativeResource, module="virtnet", name="LibvirtNetwork"):
    """A virtual network of a libvirt host, served by the native plugin; see pulumi_virtnet.LibvirtNetwork."""

    TOKEN = "virtnet:index:LibvirtNetwork"  # noqa: S105 - Pulumi's word for a type's name


class HostForwarding(forwarding.HostForwarding, _NativeResource, module="virtnet", name="HostForwarding"):
    """A host's IP forwarding, served by the native plugin; see pulumi_virtnet.HostForwarding."""

    TOKEN = "virtnet:index:HostForwarding"  # noqa: S105


class PortForward(port_forward.PortForward, _NativeResource, module="virtnet", name="PortForward"):
    """Ports of a host that lead to a guest, served by the native plugin; see pulumi_virtnet.PortForward."""

    TOKEN = "virtnet:index:PortForward"  # noqa: S105
