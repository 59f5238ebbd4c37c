"""VirtualNetworkHost: what a component of one host holds, decided from its inputs as they travel. Pure.

The inputs of what is inside stay as they came, secrets and unknowns too: each resource is checked by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from google.protobuf.struct_pb2 import Struct, Value
from pydantic.alias_generators import to_camel

from virtnet.errors import InvalidInputs
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.spec import NetworkSpec
from virtnet.plugin import messages
from virtnet.plugin.struct import UNKNOWN_TEXT, as_secret, unwrapped, without_outputs
from virtnet.port_forward.spec import PortForwardSpec
from virtnet.spec.part import Part, optional, required, shapes
from virtnet.spec.values import Text, Uri


class VirtualNetworkHostForwarding(HostForwardingSpec):
    """The inputs of a HostForwarding of a VirtualNetworkHost."""


class VirtualNetworkHostNetwork(NetworkSpec):
    """The inputs of a LibvirtNetwork of a VirtualNetworkHost."""


class VirtualNetworkHostPortForward(PortForwardSpec):
    """The inputs of a PortForward of a VirtualNetworkHost."""


class VirtualNetworkHostInputs(Part):
    """The inputs of a VirtualNetworkHost."""

    uri: Uri | None = optional(
        "Connection URI of the host, for all that is made on it; what has a `uri` of its own keeps it, and a port "
        "forward into one of `networks` has that of the network. Left out: virtnet:uri of the stack's configuration."
    )
    forwarding: VirtualNetworkHostForwarding | None = optional(
        "The inputs of a HostForwarding, `{}` for IPv4. Left out: there is none."
    )
    networks: dict[Text, VirtualNetworkHostNetwork] | None = optional(
        "The inputs of each network, by its name on the host. The names must be known when the program runs."
    )
    port_forwards: dict[Text, VirtualNetworkHostPortForward] | None = optional(
        "The inputs of each port forward, by a name of its own. A `network` that is a name of `networks` is that one, "
        "and comes first; any other is the name or the UUID of one that is there."
    )


class VirtualNetworkHostOutputs(Part):
    """The outputs of a VirtualNetworkHost."""

    bridge_names: dict[Text, Text] = required(
        'The bridges that guests are attached to, by the networks\' names: {"management": "vn-management"}.'
    )


@dataclass(frozen=True)
class Component:
    """A component that the plugin makes: its name, and what it takes and gives."""

    name: str
    description: str
    takes: type[Part]
    gives: type[Part]


VIRTUAL_NETWORK_HOST = Component(
    "VirtualNetworkHost",
    "One host's IP forwarding, networks and port forwards. Forwarding is created first and deleted last. The resources "
    "inside are ordinary ones with the component as their parent; their names begin with the component's, so that "
    "networks of one name on several hosts stay apart in the stack.",
    VirtualNetworkHostInputs,
    VirtualNetworkHostOutputs,
)


@dataclass(frozen=True)
class Member:
    """A resource inside the component."""

    kind: str
    """Its class: "LibvirtNetwork"."""
    name: str
    """Its name in the program."""
    inputs: Mapping[str, Value]
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The URNs of the resources that an input depends on, by its name."""
    network: str | None = None
    """Of a port forward into one of the component's networks: the key of that network, whose name it takes."""


@dataclass(frozen=True)
class Members:
    """All that a component holds."""

    forwarding: Member | None
    networks: Mapping[str, Member]
    """By their names in `networks`."""
    port_forwards: Mapping[str, Member]


def members(name: str, inputs: Struct, dependencies: Mapping[str, Collection[str]]) -> Members:
    """What a component of this name holds.

    `dependencies`: the URNs that each input depends on as a whole, for languages that don't say it of each value.
    Raises InvalidInputs for an input that there isn't, and for one whose names are not known yet.
    """
    given = {key: value for key, value in inputs.fields.items() if value.WhichOneof("kind") != "null_value"}
    named = [to_camel(name) for name in shapes(VirtualNetworkHostInputs)]
    if unknown := given.keys() - set(named):
        raise InvalidInputs(messages.no_such_input(VIRTUAL_NETWORK_HOST.name, min(unknown), named))
    place = {"uri": given["uri"]} if "uri" in given else {}
    opened = {key: _opened(key, given[key]) if key in given else {} for key in ("networks", "portForwards")}
    forwarding = None
    if "forwarding" in given:
        inside = {**place, **_opened("forwarding", given["forwarding"])}
        forwarding = _member("HostForwarding", f"{name}-forwarding", inside, dependencies.get("forwarding", ()))
    networks = {
        key: {"name": Value(string_value=key), **place, **_opened(f"networks.{key}", value)}
        for key, value in opened["networks"].items()
    }
    forwards = {key: _opened(f"portForwards.{key}", value) for key, value in opened["portForwards"].items()}
    return Members(
        forwarding,
        {
            key: _member("LibvirtNetwork", f"{name}-{key}", inside, dependencies.get("networks", ()))
            for key, inside in networks.items()
        },
        {
            key: _port_forward(f"{name}-{key}", inside, place, networks, dependencies.get("portForwards", ()))
            for key, inside in forwards.items()
        },
    )


def _port_forward(
    name: str,
    inside: Mapping[str, Value],
    place: Mapping[str, Value],
    networks: Mapping[str, Mapping[str, Value]],
    whole: Collection[str],
) -> Member:
    network = inside["network"].string_value if "network" in inside else ""
    if network not in networks:
        return _member("PortForward", name, {**place, **inside}, whole)
    own = {key: value for key, value in networks[network].items() if key == "uri"}
    return _member("PortForward", name, {**place, **own, **inside}, whole, network)


def _member(
    kind: str, name: str, inside: Mapping[str, Value], whole: Collection[str], network: str | None = None
) -> Member:
    split = {key: without_outputs(value) for key, value in inside.items()}
    told = {key: urns for key, (_, urns) in split.items() if urns}
    if not told and whole:
        told = {key: frozenset(whole) for key in split}
    return Member(kind, name, {key: value for key, (value, _) in split.items()}, told, network)


def _opened(path: str, value: Value) -> Mapping[str, Value]:
    """What is in a group, secret where the group is. Raises InvalidInputs if it isn't known, or no group."""
    bare, secret = unwrapped(value)
    if bare.string_value == UNKNOWN_TEXT:
        raise InvalidInputs(messages.names_not_known(VIRTUAL_NETWORK_HOST.name, path))
    if bare.WhichOneof("kind") != "struct_value":
        raise InvalidInputs(messages.not_inputs(VIRTUAL_NETWORK_HOST.name, path))
    inside = {key: item for key, item in bare.struct_value.fields.items() if item.WhichOneof("kind") != "null_value"}
    return {key: as_secret(item) if secret else item for key, item in inside.items()}
