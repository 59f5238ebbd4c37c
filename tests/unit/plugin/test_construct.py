"""VirtualNetworkHost as the plugin makes it: what is registered with the engine, in which order, with what."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, resource_pb2

from virtnet.errors import Cancelled, InvalidInputs
from virtnet.plugin.construct import Published, construct
from virtnet.plugin.struct import OUTPUT, SECRET, SIGNATURE, UNKNOWN_TEXT

PLUGIN = Published("1.2.3", "github://example.org/virtnet")
TYPE = "virtnet:index:VirtualNetworkHost"
PREFIX = "urn:pulumi:dev::shop::"
PORTS = [{"protocol": "tcp", "listenPort": "8080"}]


def urn_of(type_: str, name: str) -> str:
    return f"{PREFIX}{type_}::{name}"


class Given(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """An error as a stub raises it."""

    def details(self) -> str:
        return "resource monitor shut down"


@dataclass
class Monitor:
    """An engine that makes everything at once."""

    registered: list[resource_pb2.RegisterResourceRequest] = field(default_factory=list)
    outputs: list[resource_pb2.RegisterResourceOutputsRequest] = field(default_factory=list)
    fails: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        with self.lock:
            self.registered.append(request)
        if request.name == self.fails:
            raise Given
        made = Struct()
        made.MergeFrom(request.object)
        made.fields["bridgeName"].string_value = f"vn-{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn_of(request.type, request.name), object=made)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> None:  # noqa: N802
        self.outputs.append(request)

    def by_name(self) -> dict[str, resource_pb2.RegisterResourceRequest]:
        return {request.name: request for request in self.registered}

    def inputs(self) -> dict[str, Any]:
        """The inputs of the members as plain data, by their names."""
        return {request.name: plain(request.object) for request in self.registered if request.custom}


def plain(message: Struct) -> Any:
    return json_format.MessageToDict(message)


def asked(inputs: Mapping[str, Any], **options: Any) -> provider_pb2.ConstructRequest:
    message = Struct()
    message.update(inputs)
    return provider_pb2.ConstructRequest(type=TYPE, name="alpha", inputs=message, **options)


def output(value: Any = None, *, secret: bool = False, of: str = "") -> dict[str, Any]:
    wrapped = {SIGNATURE: OUTPUT, "secret": secret, "dependencies": [of] if of else []}
    return wrapped if value is None else {**wrapped, "value": value}


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def test_everything_gets_the_hosts_uri_and_a_name_of_its_own() -> None:
    monitor = Monitor()
    inputs = {
        "uri": "qemu+ssh://root@alpha/system",
        "forwarding": {"ipv4": True},
        "networks": {"lab": {"mtu": 1400}, "far": {"name": "other", "uri": "qemu+ssh://other/system"}},
        "portForwards": {"web": {"network": "lab", "ports": PORTS}, "mail": {"network": "default", "ports": PORTS}},
    }

    answer = construct(asked(inputs), monitor, PLUGIN)

    uri = {"uri": "qemu+ssh://root@alpha/system"}
    assert monitor.inputs() == {
        "alpha-forwarding": {**uri, "ipv4": True},
        "alpha-lab": {**uri, "name": "lab", "mtu": 1400},
        "alpha-far": {"name": "other", "uri": "qemu+ssh://other/system"},
        "alpha-web": {**uri, "network": "lab", "ports": PORTS},
        "alpha-mail": {**uri, "network": "default", "ports": PORTS},
    }
    assert plain(answer.state) == {"bridgeNames": {"lab": "vn-alpha-lab", "far": "vn-alpha-far"}}
    assert [plain(told.outputs) for told in monitor.outputs] == [plain(answer.state)]
    assert answer.urn == urn_of(TYPE, "alpha")


def test_forwarding_comes_first_and_a_port_forward_behind_its_network() -> None:
    monitor = Monitor()
    inputs = {
        "forwarding": {},
        "networks": {"lab": {}, "storage": {}},
        "portForwards": {"web": {"network": "lab", "ports": PORTS}},
    }

    construct(asked(inputs, dependencies=["urn:other"]), monitor, PLUGIN)

    order = [request.name for request in monitor.registered]
    assert (order[:2], set(order[2:4]), order[4:]) == (
        ["alpha", "alpha-forwarding"],
        {"alpha-lab", "alpha-storage"},
        ["alpha-web"],
    )
    made = monitor.by_name()
    forwarding, lab = (
        urn_of("virtnet:index:HostForwarding", "alpha-forwarding"),
        urn_of("virtnet:index:LibvirtNetwork", "alpha-lab"),
    )
    assert [*made["alpha-forwarding"].dependencies] == ["urn:other"]
    assert [*made["alpha-lab"].dependencies] == sorted([forwarding, "urn:other"])
    assert [*made["alpha-web"].dependencies] == sorted([forwarding, lab, "urn:other"])
    assert [*made["alpha-web"].propertyDependencies["network"].urns] == [lab]


def test_a_port_forward_is_on_the_host_of_its_network() -> None:
    monitor = Monitor()
    inputs = {
        "uri": "qemu:///system",
        "networks": {"lab": {"uri": "qemu+ssh://far/system"}},
        "portForwards": {
            "of-network": {"network": "lab"},
            "own": {"network": "lab", "uri": "qemu:///session"},
            "of-host": {"network": "default"},
        },
    }

    construct(asked(inputs), monitor, PLUGIN)

    uris = {name: made["uri"] for name, made in monitor.inputs().items() if "network" in made}
    assert uris == {
        "alpha-of-network": "qemu+ssh://far/system",
        "alpha-own": "qemu:///session",
        "alpha-of-host": "qemu:///system",
    }


def test_members_have_the_components_provider_and_protection_and_the_plugins_version() -> None:
    monitor = Monitor()
    options = {"providers": {"virtnet": "urn:provider::id"}, "protect": True, "parent": "urn:parent"}

    construct(asked({"networks": {"lab": {}}}, **options), monitor, PLUGIN)

    component, lab = monitor.by_name()["alpha"], monitor.by_name()["alpha-lab"]
    assert (component.parent, component.custom, dict(component.providers)) == (
        "urn:parent",
        False,
        {"virtnet": "urn:provider::id"},
    )
    assert (lab.provider, lab.protect, Published(lab.version, lab.pluginDownloadURL), lab.parent) == (
        "urn:provider::id",
        True,
        PLUGIN,
        urn_of(TYPE, "alpha"),
    )
    assert [alias.spec.type for alias in lab.aliases] == ["pulumi-python:dynamic/virtnet:LibvirtNetwork"]
    assert lab.deleteBeforeReplace
    assert lab.deleteBeforeReplaceDefined


def test_members_are_kept_or_go_and_are_waited_for_as_the_component_says() -> None:
    monitor = Monitor()
    told = provider_pb2.ConstructRequest.CustomTimeouts(create="10m", update="20m", delete="30m")
    options = {"retainOnDelete": True, "deletedWith": "urn:machine", "customTimeouts": told}
    inputs = {"forwarding": {}, "networks": {"lab": {}}, "portForwards": {"web": {"network": "lab", "ports": PORTS}}}

    construct(asked(inputs, **options), monitor, PLUGIN)

    component, *members = monitor.registered
    assert (component.retainOnDelete, component.deletedWith) == (True, "urn:machine")
    assert len(members) == 3
    for member in members:
        times = member.customTimeouts
        assert (member.retainOnDelete, member.deletedWith) == (True, "urn:machine")
        assert (times.create, times.update, times.delete) == ("10m", "20m", "30m")


def test_what_a_program_does_not_say_is_left_to_the_engine() -> None:
    monitor = Monitor()

    construct(asked({"networks": {"lab": {}}}), monitor, PLUGIN)

    for made in monitor.registered:
        assert [made.HasField(name) for name in ("protect", "retainOnDelete", "customTimeouts")] == [False] * 3
        assert made.deletedWith == ""


def test_secrets_unknowns_and_dependencies_reach_the_members() -> None:
    monitor = Monitor()
    network = {
        "title": output("x", secret=True, of="urn:title"),
        "description": secret("y"),
        "mtu": output(of="urn:mtu"),
        "domain": {"name": output("lab.example", of="urn:domain")},
        "routes": [output({"address": "10.0.0.0"}, of="urn:route")],
    }

    construct(asked({"networks": {"lab": network}}), monitor, PLUGIN)

    lab = monitor.by_name()["alpha-lab"]
    assert plain(lab.object) == {
        "name": "lab",
        "title": secret("x"),
        "description": secret("y"),
        "mtu": UNKNOWN_TEXT,
        "domain": {"name": "lab.example"},
        "routes": [{"address": "10.0.0.0"}],
    }
    assert {name: [*on.urns] for name, on in lab.propertyDependencies.items()} == {
        "title": ["urn:title"],
        "mtu": ["urn:mtu"],
        "domain": ["urn:domain"],
        "routes": ["urn:route"],
    }
    assert [*lab.dependencies] == ["urn:domain", "urn:mtu", "urn:route", "urn:title"]


def test_a_language_that_tells_dependencies_of_a_whole_input_only_is_believed() -> None:
    monitor = Monitor()
    of = provider_pb2.ConstructRequest.PropertyDependencies(urns=["urn:other"])

    construct(asked({"networks": {"lab": {"mtu": 1400}}}, inputDependencies={"networks": of}), monitor, PLUGIN)

    assert [*monitor.by_name()["alpha-lab"].dependencies] == ["urn:other"]


def test_a_group_that_is_secret_makes_what_is_inside_secret() -> None:
    monitor = Monitor()

    construct(asked({"networks": secret({"lab": {"title": "x", "mtu": None}})}), monitor, PLUGIN)

    assert monitor.inputs()["alpha-lab"] == {"name": "lab", "title": secret("x")}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"network": {}},
            "VirtualNetworkHost has no input 'network'. Its inputs: uri, forwarding, networks, portForwards",
        ),
        (
            {"networks": UNKNOWN_TEXT},
            "networks of a VirtualNetworkHost isn't known before the update. "
            "Only the values inside may be outputs of others",
        ),
        (
            {"networks": {"lab": output()}},
            "networks.lab of a VirtualNetworkHost isn't known before the update. "
            "Only the values inside may be outputs of others",
        ),
        ({"forwarding": True}, "forwarding of a VirtualNetworkHost must be a group of inputs by their names"),
        ({"portForwards": ["web"]}, "portForwards of a VirtualNetworkHost must be a group of inputs by their names"),
    ],
)
def test_what_is_no_component_is_refused_before_anything_is_registered(inputs: dict[str, Any], said: str) -> None:
    monitor = Monitor()

    with pytest.raises(InvalidInputs) as raised:
        construct(asked(inputs), monitor, PLUGIN)

    assert str(raised.value) == said
    assert monitor.registered == []


def test_a_member_that_the_engine_gives_up_is_named() -> None:
    monitor = Monitor(fails="alpha-lab")
    inputs = {"networks": {"lab": {}}, "portForwards": {"web": {"network": "lab", "ports": PORTS}}}

    with pytest.raises(Cancelled) as raised:
        construct(asked(inputs), monitor, PLUGIN)

    assert str(raised.value) == (
        "LibvirtNetwork 'alpha-lab' of the VirtualNetworkHost was not made (resource monitor shut down)"
    )
    assert "alpha-web" not in monitor.by_name()
