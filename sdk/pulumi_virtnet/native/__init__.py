"""The same resources and functions, served by the native plugin `pulumi-resource-virtnet`.

    import pulumi_virtnet.native as virtnet

This module has all names of `pulumi_virtnet`, so a program moves by its import line (docs/plugin.md). It also has
`Provider`, for resources with settings of their own, `LibvirtNetwork.get` and `PortForward.get`, functions for Outputs
(`get_network_output` …), and the enumerations that `pulumi import` writes.

The `pulumi` command must find the plugin on its PATH. pip installs the plugin beside the environment's python.
"""

from typing import TYPE_CHECKING, Any

from pulumi_virtnet._generated import enumerations as _enumerations
from pulumi_virtnet._generated import host_forwarding as _host_forwarding
from pulumi_virtnet._generated import libvirt_network as _libvirt_network
from pulumi_virtnet._generated import port_forward as _port_forward
from pulumi_virtnet._generated.enumerations import *  # noqa: F403 - __all__ of the module says what it gives
from pulumi_virtnet._generated.host_forwarding import *  # noqa: F403
from pulumi_virtnet._generated.libvirt_network import *  # noqa: F403
from pulumi_virtnet._generated.port_forward import *  # noqa: F403
from pulumi_virtnet._generated.provider import ProviderArgs, ProviderArgsDict
from pulumi_virtnet.host import VirtualNetworkHostArgs, VirtualNetworkHostArgsDict
from pulumi_virtnet.native._functions import (
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
from pulumi_virtnet.native._provider import Provider
from pulumi_virtnet.native._resources import HostForwarding, LibvirtNetwork, PortForward, VirtualNetworkHost

if TYPE_CHECKING:
    from pulumi_virtnet import outputs as outputs

__all__ = [
    "HostForwarding",
    "LibvirtNetwork",
    "PortForward",
    "Provider",
    "ProviderArgs",
    "ProviderArgsDict",
    "VirtualNetworkHost",
    "VirtualNetworkHostArgs",
    "VirtualNetworkHostArgsDict",
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
__all__ += _host_forwarding.__all__
__all__ += _libvirt_network.__all__
__all__ += _port_forward.__all__


def __dir__() -> list[str]:
    return [*(name for name in globals() if name.startswith("__")), *__all__, "outputs"]


def __getattr__(name: str) -> Any:
    import pulumi_virtnet

    if name == "outputs":
        return pulumi_virtnet.outputs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
