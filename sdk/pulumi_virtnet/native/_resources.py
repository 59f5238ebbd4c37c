"""The resources as the native plugin serves them. Inputs and outputs are those of the dynamic form."""

# ruff: noqa: A002 - Pulumi calls it id

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi import Input

from pulumi_virtnet import forwarding, host, network, port_forward
from pulumi_virtnet._generated.provider import DOWNLOAD_URL, VERSION
from pulumi_virtnet._resource import Resource, alias_of


class _NativeResource(Resource):
    """A resource that is registered with a token of the plugin's package instead of a dynamic provider."""

    TOKEN: ClassVar[str]

    def _options(self, resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        # The type of the same resource in the dynamic form, so that a stack can move between the forms.
        dynamic = f"pulumi-python:{self._resource_type_name}"
        return pulumi.ResourceOptions(
            aliases=[alias_of(dynamic, resource_name, opts)], version=VERSION, plugin_download_url=DOWNLOAD_URL
        )

    def _register(self, resource_name: str, properties: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register the resource. The engine passes its name and its stack to the plugin."""
        named = {key: value for key, value in properties.items() if not key.startswith("__")}
        pulumi.CustomResource.__init__(self, self.TOKEN, resource_name, named, opts)


class LibvirtNetwork(network.LibvirtNetwork, _NativeResource, module="virtnet", name="LibvirtNetwork"):
    """A virtual network of a libvirt host, served by the native plugin; see pulumi_virtnet.LibvirtNetwork."""

    TOKEN = "virtnet:index:LibvirtNetwork"  # noqa: S105 - Pulumi's word for a type's name

    @classmethod
    def get(cls, resource_name: str, id: Input[str], opts: pulumi.ResourceOptions | None = None) -> LibvirtNetwork:
        """Read an existing network, which the program doesn't manage: its settings are outputs.

        Args:
            resource_name: The name of the resource in the program and its stack.
            id: The network's name or UUID on the provider's host.
            opts: Pulumi's own options, such as `provider`.
        """
        return cls(resource_name, opts=_looked_up(id, opts))


class HostForwarding(forwarding.HostForwarding, _NativeResource, module="virtnet", name="HostForwarding"):
    """A host's IP forwarding, served by the native plugin; see pulumi_virtnet.HostForwarding."""

    TOKEN = "virtnet:index:HostForwarding"  # noqa: S105


class PortForward(port_forward.PortForward, _NativeResource, module="virtnet", name="PortForward"):
    """Ports of a host that lead to a guest, served by the native plugin; see pulumi_virtnet.PortForward."""

    TOKEN = "virtnet:index:PortForward"  # noqa: S105

    @classmethod
    def get(cls, resource_name: str, id: Input[str], opts: pulumi.ResourceOptions | None = None) -> PortForward:
        """Read an existing port forward, which the program doesn't manage: its settings are outputs.

        Args:
            resource_name: The name of the resource in the program and its stack.
            id: Its id, which get_forwards returns, or a port of the provider's host: "8080/tcp".
            opts: Pulumi's own options, such as `provider`.
        """
        return cls(resource_name, opts=_looked_up(id, opts))


class VirtualNetworkHost(host.VirtualNetworkHost):
    """One host's IP forwarding, networks and port forwards, served by the native plugin.

    See pulumi_virtnet.VirtualNetworkHost.
    """

    KINDS = host.Kinds(HostForwarding, LibvirtNetwork, PortForward)


def _looked_up(id_: Input[str], opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
