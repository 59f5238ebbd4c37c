"""Making a component: its members are registered with the engine, as a program's SDK registers resources."""

from collections.abc import Iterable, Mapping
from concurrent import futures
from typing import NamedTuple, Protocol, TypedDict

import grpc
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import alias_pb2, provider_pb2, resource_pb2

from virtnet.errors import Cancelled
from virtnet.plugin import messages
from virtnet.plugin.virtual_network_host import VIRTUAL_NETWORK_HOST, Member, members

PACKAGE = "virtnet"


class Monitor(Protocol):
    """What the engine offers a program: pulumirpc.ResourceMonitor."""

    def RegisterResource(  # noqa: N802 - the protocol's name, as below
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Make a resource part of the stack. Returns once the engine is done with it."""

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> object:  # noqa: N802
        """Tell what a component gives."""


class Published(NamedTuple):
    """What the engine knows a plugin by: resources with the same are served by one process."""

    version: str
    download_url: str


def construct(
    request: provider_pb2.ConstructRequest, monitor: Monitor, plugin: Published
) -> provider_pb2.ConstructResponse:
    """Register a VirtualNetworkHost and all that it holds, which the plugin serves itself.

    Raises InvalidInputs before anything is registered, and Cancelled when the engine gives a member up.
    """
    whole = {name: depends.urns for name, depends in request.inputDependencies.items()}
    found = members(request.name, request.inputs, whole)
    component = monitor.RegisterResource(
        resource_pb2.RegisterResourceRequest(
            type=request.type,
            name=request.name,
            parent=request.parent,
            object=Struct(),
            dependencies=request.dependencies,
            providers=request.providers,
            aliases=request.aliases,
            **_kept(request),
            acceptSecrets=True,
            acceptResources=True,
            aliasSpecs=True,
        )
    ).urn
    made = _Made(request, monitor, component, plugin)
    # The host's own forwarding goes before networks and comes behind them on delete; a port forward needs its network.
    before = made.all([found.forwarding] if found.forwarding else [], {})
    networks = dict(zip(found.networks, made.all(found.networks.values(), {}, before), strict=True))
    made.all(found.port_forwards.values(), networks, before)
    outputs = Struct()
    bridges = outputs.fields["bridgeNames"].struct_value
    bridges.SetInParent()
    for key, network in networks.items():
        bridges.fields[key].CopyFrom(network.object.fields["bridgeName"])
    monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=component, outputs=outputs))
    urns = [network.urn for network in networks.values()]
    dependencies = {"bridgeNames": provider_pb2.ConstructResponse.PropertyDependencies(urns=urns)}
    return provider_pb2.ConstructResponse(urn=component, state=outputs, stateDependencies=dependencies)


class _Made:
    """Registers members under a component."""

    def __init__(
        self, request: provider_pb2.ConstructRequest, monitor: Monitor, component: str, plugin: Published
    ) -> None:
        self._request, self._monitor, self._component, self._plugin = request, monitor, component, plugin

    def all(
        self,
        wanted: Iterable[Member],
        networks: Mapping[str, resource_pb2.RegisterResourceResponse],
        after: Iterable[resource_pb2.RegisterResourceResponse] = (),
    ) -> list[resource_pb2.RegisterResourceResponse]:
        """Register members side by side, behind others, as an answer comes when a resource is made."""
        asked = [self._registration(member, networks, [each.urn for each in after]) for member in wanted]
        if not asked:
            return []
        with futures.ThreadPoolExecutor(max_workers=len(asked)) as threads:
            return list(threads.map(self._register, asked))

    def _register(self, asked: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        try:
            return self._monitor.RegisterResource(asked)
        except grpc.RpcError as error:
            kind = asked.type.rpartition(":")[2]
            said = str(error.details() if isinstance(error, grpc.Call) else error)
            raise Cancelled(messages.member_failed(VIRTUAL_NETWORK_HOST.name, kind, asked.name, said)) from error

    def _registration(
        self,
        member: Member,
        networks: Mapping[str, resource_pb2.RegisterResourceResponse],
        after: Iterable[str],
    ) -> resource_pb2.RegisterResourceRequest:
        inputs, depends = dict(member.inputs), {key: set(urns) for key, urns in member.dependencies.items()}
        if member.network is not None:
            network = networks[member.network]
            # By its output, so that it is made again with the network.
            inputs["network"] = network.object.fields["name"]
            depends["network"] = {network.urn}
        # What a component depends on does not hold for what is inside by itself.
        urns = {*self._request.dependencies, *after}.union(*depends.values())
        request = self._request
        return resource_pb2.RegisterResourceRequest(
            type=f"{PACKAGE}:index:{member.kind}",
            name=member.name,
            parent=self._component,
            custom=True,
            object=_struct(inputs),
            dependencies=sorted(urns),
            propertyDependencies={
                key: resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=sorted(of))
                for key, of in depends.items()
            },
            provider=request.providers.get(PACKAGE, ""),
            **_kept(request),
            customTimeouts=_timeouts(request),
            # A host has one network of a name and one file of a name, also when Pulumi wants the replacement.
            deleteBeforeReplace=True,
            deleteBeforeReplaceDefined=True,
            # The type of the same resource under the dynamic provider, so that a stack moves over as it is.
            aliases=[alias_pb2.Alias(spec=alias_pb2.Alias.Spec(type=f"pulumi-python:dynamic/{PACKAGE}:{member.kind}"))],
            aliasSpecs=True,
            version=self._plugin.version,
            pluginDownloadURL=self._plugin.download_url,
            acceptSecrets=True,
            acceptResources=True,
            supportsPartialValues=True,
        )


class _Kept(TypedDict):
    """Options of a component that hold for everything inside."""

    protect: bool | None
    retainOnDelete: bool | None
    deletedWith: str


def _kept(request: provider_pb2.ConstructRequest) -> _Kept:
    return _Kept(
        protect=request.protect if request.HasField("protect") else None,
        retainOnDelete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        deletedWith=request.deletedWith,
    )


def _timeouts(request: provider_pb2.ConstructRequest) -> resource_pb2.RegisterResourceRequest.CustomTimeouts | None:
    """Those of a component, for each member: the component itself does nothing that takes time."""
    if not request.HasField("customTimeouts"):
        return None
    told = request.customTimeouts
    return resource_pb2.RegisterResourceRequest.CustomTimeouts(
        create=told.create, update=told.update, delete=told.delete
    )


def _struct(values: Mapping[str, Value]) -> Struct:
    message = Struct()
    for key, value in values.items():
        message.fields[key].CopyFrom(value)
    return message
