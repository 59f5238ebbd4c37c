"""libvirt's virtual networks, their hosts' IP forwarding, and port forwards to their guests, as Pulumi resources.

    import pulumi_virtnet as virtnet

`LibvirtNetwork`, `HostForwarding` and `PortForward` are the resources. `VirtualNetworkHost` is a component that
contains all three for one host. Each group of inputs has an Args class and a TypedDict with the same keys:
`forward={"mode": "nat"}` and `forward=virtnet.ForwardArgs(mode="nat")` mean the same. In dicts, a key may also have the
spelling of other languages, `portIsolated` for `port_isolated`. virtnet refuses a dict with both spellings of one key.
Keywords have only Python's spelling.

`get_network` and the other functions read a host while the program runs. They change nothing. The module `outputs` has
the types of their results, and of groups of outputs.
"""

from typing import TYPE_CHECKING, Any

from pulumi_virtnet._functions import (
    get_forwards,
    get_free_subnet,
    get_guests,
    get_host,
    get_leases,
    get_network,
    get_networks,
)
from pulumi_virtnet._generated import host_forwarding as _host_forwarding
from pulumi_virtnet._generated import libvirt_network as _libvirt_network
from pulumi_virtnet._generated import port_forward as _port_forward
from pulumi_virtnet._generated.host_forwarding import *  # noqa: F403 - __all__ of the module says what it gives
from pulumi_virtnet._generated.libvirt_network import *  # noqa: F403
from pulumi_virtnet._generated.port_forward import *  # noqa: F403
from pulumi_virtnet.forwarding import HostForwarding
from pulumi_virtnet.host import VirtualNetworkHost, VirtualNetworkHostArgs, VirtualNetworkHostArgsDict
from pulumi_virtnet.network import LibvirtNetwork
from pulumi_virtnet.port_forward import PortForward

if TYPE_CHECKING:
    from pulumi_virtnet import outputs as outputs

__all__ = [
    "HostForwarding",
    "LibvirtNetwork",
    "PortForward",
    "VirtualNetworkHost",
    "VirtualNetworkHostArgs",
    "VirtualNetworkHostArgsDict",
    "get_forwards",
    "get_free_subnet",
    "get_guests",
    "get_host",
    "get_leases",
    "get_network",
    "get_networks",
]
__all__ += _host_forwarding.__all__
__all__ += _libvirt_network.__all__
__all__ += _port_forward.__all__


def __dir__() -> list[str]:
    return [*(name for name in globals() if name.startswith("__")), *__all__, "outputs"]


def __getattr__(name: str) -> Any:
    # Sixty types that only annotations use. Their import takes 10 ms at each start of a program.
    if name == "outputs":
        import importlib

        return importlib.import_module("pulumi_virtnet.outputs")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
