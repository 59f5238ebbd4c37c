"""VirtualNetworkHost: IP forwarding, networks and port forwards of one host as one component, in the right order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import pulumi
from pulumi import Input
from typing_extensions import NotRequired, TypedDict

from pulumi_virtnet._generated.host_forwarding import HostForwardingArgs, HostForwardingArgsDict
from pulumi_virtnet._generated.libvirt_network import LibvirtNetworkArgs, LibvirtNetworkArgsDict
from pulumi_virtnet._generated.port_forward import PortForwardArgs, PortForwardArgsDict
from pulumi_virtnet._resource import Args, named_inputs, unknown_input
from pulumi_virtnet.forwarding import HostForwarding
from pulumi_virtnet.network import LibvirtNetwork
from pulumi_virtnet.port_forward import PortForward

_Forwarding = bool | HostForwardingArgs | HostForwardingArgsDict
_Networks = Mapping[str, LibvirtNetworkArgs | LibvirtNetworkArgsDict]
_PortForwards = Mapping[str, PortForwardArgs | PortForwardArgsDict]


class VirtualNetworkHostArgs(Args):
    """The inputs of a VirtualNetworkHost, for its `args`.

    Args:
        uri: Connection URI of the host, for everything on it. Default: the configuration `virtnet:uri`.
        forwarding: True for IPv4 forwarding, or the inputs of a HostForwarding. Default: none.
        networks: The inputs of each network, by its name on the host.
        port_forwards: The inputs of each port forward, by a name of its own. Its `network` may be one of `networks`.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "uri": None,
        "forwarding": HostForwardingArgs,
        "networks": LibvirtNetworkArgs,
        "port_forwards": PortForwardArgs,
    }
    MAPS: ClassVar[frozenset[str]] = frozenset({"networks", "port_forwards"})

    @named_inputs
    def __init__(
        self,
        *,
        uri: Input[str] | None = None,
        forwarding: _Forwarding | None = None,
        networks: _Networks | None = None,
        port_forwards: _PortForwards | None = None,
    ) -> None:
        self.uri = uri
        self.forwarding = forwarding
        self.networks = networks
        self.port_forwards = port_forwards


class VirtualNetworkHostArgsDict(TypedDict):
    """The inputs of a VirtualNetworkHost, for its `args`."""

    uri: NotRequired[Input[str] | None]
    """Connection URI of the host, for everything on it. Default: the configuration `virtnet:uri`."""
    forwarding: NotRequired[_Forwarding | None]
    """True for IPv4 forwarding, or the inputs of a HostForwarding. Default: none."""
    networks: NotRequired[_Networks | None]
    """The inputs of each network, by its name on the host."""
    port_forwards: NotRequired[_PortForwards | None]
    """The inputs of each port forward, by a name of its own. Its `network` may be one of `networks`."""


class Kinds(NamedTuple):
    """The classes of what is inside a VirtualNetworkHost, those of one form of the provider."""

    forwarding: type[HostForwarding]
    network: type[LibvirtNetwork]
    port_forward: type[PortForward]


class VirtualNetworkHost(pulumi.ComponentResource):
    """One host's IP forwarding, networks and port forwards. Forwarding is created first and deleted last.

    A program for several hosts creates one of these for each host, in a loop. The resources inside are ordinary ones
    with the component as their parent; their Pulumi names begin with the component's, so that networks of one name on
    several hosts don't conflict.

    Example: the same two networks on each host, with subnets of its own.

        for number, uri in enumerate(["qemu+ssh://root@alpha/system", "qemu+ssh://root@beta/system"]):
            VirtualNetworkHost(
                f"host{number}",
                uri=uri,
                forwarding=True,
                networks={
                    "management": {"forward": {"mode": "nat"}, "ips": [{"address": f"10.{number}.1.1/24"}]},
                    "storage": {"ips": [{"address": f"10.{number}.2.1/24"}], "mtu": 9000},
                },
                port_forwards={
                    "web": {
                        "network": "management",
                        "target_address": f"10.{number}.1.10",
                        "ports": [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
                    }
                },
            )
    """

    KINDS: ClassVar[Kinds] = Kinds(HostForwarding, LibvirtNetwork, PortForward)

    @named_inputs
    def __init__(
        self,
        resource_name: str,
        args: VirtualNetworkHostArgs | VirtualNetworkHostArgsDict | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        uri: Input[str] | None = None,
        forwarding: _Forwarding | None = None,
        networks: _Networks | None = None,
        port_forwards: _PortForwards | None = None,
    ) -> None:
        """Add the forwarding, the networks and the port forwards of a host to the stack.

        Args:
            resource_name: The name of the component in the program and its stack.
            args: All inputs at once, instead of the keywords below.
            opts: Pulumi's own options. `depends_on`, `protect`, `retain_on_delete` and `custom_timeouts` apply
                to everything inside.
            uri: Connection URI of the host, for everything on it. Inputs with a `uri` of their own keep that one. A
                port forward to one of `networks` has that network's. Default: the configuration `virtnet:uri`.
            forwarding: True for IPv4 forwarding, or the inputs of a HostForwarding. Default: none. Forwarding
                needs access to the host itself: a local URI, or one over ssh.
            networks: The inputs of each network, by its name on the host. The dict must be known when the program
                runs; the values inside may be outputs of other resources.
            port_forwards: The inputs of each port forward, by a name of its own. If `network` is a key of `networks`,
                it means that network, which is created first. Otherwise it is the name or the UUID of an existing
                network. Port forwards need access to the host itself, too.

        Raises:
            TypeError: Both args and keywords are given, or networks or port_forwards isn't a dict of inputs.
                `pulumi preview` reports invalid values, with the property's path and the fix.
        """
        given: Any = args
        if isinstance(given, pulumi.ResourceOptions) and opts is None:
            given, opts = None, given
        keywords = {"uri": uri, "forwarding": forwarding, "networks": networks, "port_forwards": port_forwards}
        named = _named(keywords)
        if given is not None and named:
            raise TypeError("VirtualNetworkHost takes its inputs from args or as keywords, not from both")
        if given is not None:
            named = _named(given)
        unknown = named.keys() - VirtualNetworkHostArgs.FIELDS.keys()
        if unknown:
            raise TypeError(unknown_input(type(self).__name__, min(unknown), VirtualNetworkHostArgs.FIELDS))
        if not isinstance(named.get("networks", {}), Mapping):
            raise TypeError("the networks of a VirtualNetworkHost are a dict of inputs by network name")
        if not isinstance(named.get("port_forwards", {}), Mapping):
            raise TypeError("the port_forwards of a VirtualNetworkHost are a dict of inputs by a name for each")
        super().__init__("virtnet:index:VirtualNetworkHost", resource_name, None, opts)
        # Pulumi doesn't apply a component's depends_on and custom_timeouts to its children.
        given = opts or pulumi.ResourceOptions()
        after = pulumi.ResourceOptions(depends_on=given.depends_on, custom_timeouts=given.custom_timeouts)
        self._forwarding = self._make_forwarding(resource_name, named, after)
        self._networks = self._make_networks(resource_name, named, after)
        self._port_forwards = self._make_port_forwards(resource_name, named, after)
        self.register_outputs({"bridgeNames": self.bridge_names})

    @property
    def forwarding(self) -> HostForwarding | None:
        """The host's forwarding; None if the program sets none."""
        return self._forwarding

    @property
    def networks(self) -> Mapping[str, LibvirtNetwork]:
        """The networks, by their keys in the program."""
        return self._networks

    @property
    def port_forwards(self) -> Mapping[str, PortForward]:
        """The port forwards, by their keys in the program."""
        return self._port_forwards

    @property
    def bridge_names(self) -> pulumi.Output[dict[str, str]]:
        """The bridges that guests are attached to, by the networks' names: {"management": "vn-management"}."""
        return pulumi.Output.all(**{name: network.bridge_name for name, network in self._networks.items()})

    def _make_forwarding(
        self, resource_name: str, named: Mapping[str, Any], after: pulumi.ResourceOptions
    ) -> HostForwarding | None:
        wanted = named.get("forwarding")
        if wanted is None or wanted is False:
            return None
        inputs: Any = {**_place(named), **({"ipv4": True} if wanted is True else _named(wanted))}
        opts = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(parent=self))
        return self.KINDS.forwarding(f"{resource_name}-forwarding", inputs, opts)

    def _make_networks(
        self, resource_name: str, named: Mapping[str, Any], after: pulumi.ResourceOptions
    ) -> dict[str, LibvirtNetwork]:
        # Forwarding can be restored only when no network needs it any more. So a delete removes the networks first.
        first = [self._forwarding] if self._forwarding is not None else []
        opts = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(parent=self, depends_on=first))
        made = {}
        for name, wanted in named.get("networks", {}).items():
            inputs: Any = {"name": name, **_place(named), **_named(wanted)}
            made[name] = self.KINDS.network(f"{resource_name}-{name}", inputs, opts)
        return made

    def _make_port_forwards(
        self, resource_name: str, named: Mapping[str, Any], after: pulumi.ResourceOptions
    ) -> dict[str, PortForward]:
        # The host's own forwarding lets packets pass to a network that turns none on, and a forward goes before it.
        first = [self._forwarding] if self._forwarding is not None else []
        opts = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(parent=self, depends_on=first))
        made = {}
        for name, wanted in named.get("port_forwards", {}).items():
            own, place = _named(wanted), _place(named)
            network = own.get("network")
            if isinstance(network, str) and network in self._networks:
                place |= _place(_named(named["networks"][network]))
                # Its output, so that Pulumi replaces the port forward together with the network.
                own["network"] = self._networks[network].name
            inputs: Any = {**place, **own}
            made[name] = self.KINDS.port_forward(f"{resource_name}-{name}", inputs, opts)
        return made


def _place(named: Mapping[str, Any]) -> dict[str, Any]:
    return {"uri": named["uri"]} if "uri" in named else {}


def _named(args: Any) -> dict[str, Any]:
    """The inputs that Args or a dict set. None means not set, as everywhere."""
    if isinstance(args, Args):
        args = vars(args)
    if not isinstance(args, Mapping):
        raise TypeError(f"the inputs of a resource in a VirtualNetworkHost are Args or a dict, not {args!r}")
    return {name: value for name, value in args.items() if value is not None}
