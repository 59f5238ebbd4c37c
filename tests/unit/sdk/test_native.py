"""What reaches the engine when a program uses the native plugin's resources and functions."""

import importlib.metadata
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml  # type: ignore[import-untyped]
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.provider_pb2 import ConstructRequest
from tests.unit.plugin.test_construct import Monitor

import pulumi_virtnet
import pulumi_virtnet.native as virtnet
import pulumi_virtnet_native
from pulumi_virtnet._generated.provider import DOWNLOAD_URL, VERSION
from virtnet.plugin.construct import Published, construct
from virtnet.spec.part import shapes
from virtnet.spec.settings import ProviderSettings

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "native"
PUBLISHED = Published(VERSION, DOWNLOAD_URL)
ANSWERS: dict[str, Any] = {
    "virtnet:index:getFreeSubnet": {"subnet": "10.1.0.0/24", "address": "10.1.0.1/24", "first": "a", "last": "b"},
    "virtnet:index:getLeases": {"leases": [{"clientId": "x", "prefixLength": 24.0}]},
    "virtnet:index:getNetwork": {
        "bridgeName": "virbr0",
        "metadata": {"urn:myKey": "<x/>"},
        "ips": [{"address": "10.0.0.1/24", "localPtr": True}],
        "hostUuid": "h",
    },
}


class Engine(pulumi.runtime.Mocks):
    """Keeps what came over the wire."""

    monitor: "Requests"

    def __init__(self) -> None:
        self.seen: dict[str, tuple[str, dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[Any, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.seen[args.name] = (args.typ, args.inputs)
        return "an-id", args.inputs | {"bridgeName": "vn-lab", "mac": "52:54:00:00:00:01"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        self.asked.append((args.token, args.args))
        return ANSWERS[args.token], []


class Requests(MockMonitor):
    """Keeps the requests themselves: the mocks are told neither versions nor what a program looks up."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.requests: list[Any] = []
        """Those about what this package has: the stack is registered too."""

    def _keep(self, request: Any, about: str) -> None:
        if "virtnet" in about:
            self.requests.append(request)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's names
        self._keep(request, request.type)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        self._keep(request, request.type)
        return super().ReadResource(request)  # type: ignore[no-untyped-call]

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        self._keep(request, request.tok)
        return super().Invoke(request)  # type: ignore[no-untyped-call]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.monitor = Requests(engine)
    pulumi.runtime.set_mocks(engine, project="shop", stack="dev", preview=False, monitor=engine.monitor)
    yield engine
    pulumi.runtime.settings.reset_options()


def run(program: Callable[[], Any]) -> None:
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]


def test_the_same_inputs_with_the_plugins_type_and_without_a_provider_in_the_state(engine: Engine) -> None:
    outputs: list[Any] = []

    def program() -> None:
        lab = virtnet.LibvirtNetwork(
            "lab",
            forward={"mode": "nat"},
            ips=[pulumi_virtnet.NetworkIpArgs(address="10.0.0.1/24", local_ptr=True)],
            on_delete="keep",
        )
        pulumi.Output.all(lab.bridge_name, lab.mac, lab.mtu, lab.active).apply(outputs.append)
        virtnet.HostForwarding("ip-forwarding", {"drop_in": "90-x.conf"})

    run(program)

    assert engine.seen == {
        "lab": (
            "virtnet:index:LibvirtNetwork",
            {
                "forward": {"mode": "nat"},
                "ips": [{"address": "10.0.0.1/24", "localPtr": True}],
                "onDelete": "keep",
            },
        ),
        "ip-forwarding": ("virtnet:index:HostForwarding", {"dropIn": "90-x.conf"}),
    }
    assert outputs == [["vn-lab", "52:54:00:00:00:01", None, True]]


def test_a_program_as_pulumi_import_writes_it(engine: Engine) -> None:
    """The names of Pulumi's own generator (pkg/codegen/python), which was run on the schema once to see them."""
    run(
        lambda: virtnet.LibvirtNetwork(
            "odd",
            name="odd one",
            forward={"mode": virtnet.ForwardMode.NAT},  # type: ignore[arg-type]
            virtual_port={"type": virtnet.VirtualPortType.VIRTUAL_PORT_TYPE_802_1_QBG},  # type: ignore[arg-type]
            on_delete=virtnet.LibvirtNetworkOnDelete.KEEP,  # type: ignore[arg-type]
        )
    )

    _, inputs = engine.seen["odd"]
    assert inputs == {
        "name": "odd one",
        "forward": {"mode": "nat"},
        "virtualPort": {"type": "802.1Qbg"},
        "onDelete": "keep",
    }
    assert not isinstance(inputs["onDelete"], Enum)


def test_functions_ask_in_camel_case_and_answer_in_snake_case(engine: Engine) -> None:
    answers: dict[str, Any] = {}

    def program() -> None:
        answers["free"] = virtnet.get_free_subnet("lab", 24, within="10.0.0.0/8")
        answers["network"] = virtnet.get_network("default")
        virtnet.get_leases_output(pulumi.Output.from_input("default")).apply(
            lambda leases: answers.update(leases=leases)
        )

    run(program)

    assert engine.asked[:2] == [
        ("virtnet:index:getFreeSubnet", {"network": "lab", "prefixLength": 24, "within": "10.0.0.0/8"}),
        ("virtnet:index:getNetwork", {"name": "default"}),
    ]
    assert answers["free"] == {"subnet": "10.1.0.0/24", "address": "10.1.0.1/24", "first": "a", "last": "b"}
    assert answers["network"] == {
        "bridge_name": "virbr0",
        "metadata": {"urn:myKey": "<x/>"},
        "ips": [{"address": "10.0.0.1/24", "local_ptr": True}],
        "host_uuid": "h",
    }
    assert answers["leases"] == [{"client_id": "x", "prefix_length": 24}]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_says_the_same_in_python_and_in_yaml(engine: Engine, path: Path) -> None:
    """The examples of the schema, one file for each resource and language."""
    code = compile(path.read_text(), path, "exec")

    run(lambda: exec(code, {}))  # noqa: S102 - the repository's own example

    text = path.with_suffix(".yaml").read_text()
    for name, value in ANSWERS["virtnet:index:getFreeSubnet"].items():
        text = text.replace(f"${{free.{name}}}", value)
    written = yaml.safe_load(text)["resources"]
    assert engine.seen == {name: made for declared in written.items() for name, made in registered(*declared).items()}


def registered(name: str, declared: Any) -> dict[str, tuple[str, Any]]:
    """What a resource of a YAML program comes to: itself, and of a component what the plugin makes of it."""
    kind, properties = declared["type"].replace(":", ":index:"), declared["properties"]
    if kind != "virtnet:index:VirtualNetworkHost":
        return {name: (kind, properties)}
    inputs, monitor = Struct(), Monitor()
    inputs.update(properties)
    construct(ConstructRequest(type=kind, name=name, inputs=inputs), monitor, PUBLISHED)
    made = {request.name: (request.type, MessageToDict(request.object)) for request in monitor.registered}
    return {**made, name: (kind, {})}


def test_everything_is_asked_of_the_plugin_of_this_very_version(engine: Engine) -> None:
    def program() -> None:
        virtnet.Provider("alpha", uri="qemu+ssh://root@alpha/system")
        virtnet.VirtualNetworkHost("host", forwarding=True, networks={"storage": {}})
        virtnet.LibvirtNetwork.get("found", "default")
        virtnet.get_network("default")
        virtnet.get_leases_output("default")

    run(program)

    asked = [each for each in engine.monitor.requests if getattr(each, "custom", True)]
    assert [Published(each.version, each.pluginDownloadURL) for each in asked] == [PUBLISHED] * 6
    assert importlib.metadata.version("pulumi-virtnet") == VERSION


def test_a_version_of_the_programs_own_wins(engine: Engine) -> None:
    def program() -> None:
        virtnet.LibvirtNetwork("lab", opts=pulumi.ResourceOptions(version="9.9.9"))
        virtnet.get_network("default", opts=pulumi.InvokeOptions(version="9.9.9"))
        virtnet.get_network_output("default", opts=pulumi.InvokeOutputOptions(version="9.9.9"))
        virtnet.get_network_output("default", opts=pulumi.InvokeOutputOptions())

    run(program)

    assert sorted(each.version for each in engine.monitor.requests) == [VERSION, "9.9.9", "9.9.9", "9.9.9"]


def test_a_network_is_looked_up_by_its_name(engine: Engine) -> None:
    found: list[Any] = []

    def program() -> None:
        seen = virtnet.LibvirtNetwork.get("seen", "default")
        port = virtnet.PortForward.get("port", pulumi.Output.from_input("8080/tcp"))
        pulumi.Output.all(seen.bridge_name, seen.id, port.urn).apply(found.extend)

    run(program)

    # Which of the two the SDK asks for first is not said.
    assert sorted((each.type, each.name, each.id) for each in engine.monitor.requests) == [
        ("virtnet:index:LibvirtNetwork", "seen", "default"),
        ("virtnet:index:PortForward", "port", "8080/tcp"),
    ]
    assert found[:2] == ["vn-lab", "default"]
    assert found[2].endswith("virtnet:index:PortForward::port")


def test_a_provider_takes_the_settings_that_there_are(engine: Engine) -> None:
    given: Any = {name: f"of {name}" for name in shapes(ProviderSettings)}

    def program() -> None:
        virtnet.Provider("keywords", **given)
        virtnet.Provider("args", virtnet.ProviderArgs(**given))
        virtnet.Provider("dict", given)
        far = virtnet.Provider("far", {"uri": "qemu+ssh://root@alpha/system"})
        virtnet.LibvirtNetwork("lab", opts=pulumi.ResourceOptions(provider=far))

    run(program)

    assert engine.seen["keywords"] == engine.seen["args"] == engine.seen["dict"] == ("pulumi:providers:virtnet", given)
    assert engine.seen["far"][1] == {"uri": "qemu+ssh://root@alpha/system"}
    lab = next(each for each in engine.monitor.requests if each.name == "lab")
    assert "pulumi:providers:virtnet::far::" in lab.provider


def test_a_provider_names_the_setting_that_is_none() -> None:
    with pytest.raises(TypeError, match=r"^Provider has no input 'url'\. Did you mean 'uri'\?$"):
        virtnet.Provider("alpha", url="qemu:///system")  # type: ignore[call-arg]


def test_a_provider_takes_the_host_of_the_environment(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "qemu:///session")

    def program() -> None:
        virtnet.Provider("here")
        virtnet.Provider("far", uri="qemu+ssh://root@alpha/system")

    run(program)

    assert engine.seen["here"][1] == {"uri": "qemu:///session"}
    assert engine.seen["far"][1] == {"uri": "qemu+ssh://root@alpha/system"}


def test_programs_of_an_import_find_the_same_classes_by_a_name_without_a_dot() -> None:
    assert sorted(pulumi_virtnet_native.__all__) == sorted(virtnet.__all__)
    assert pulumi_virtnet_native.LibvirtNetwork is virtnet.LibvirtNetwork
    assert dir(pulumi_virtnet_native) != []
