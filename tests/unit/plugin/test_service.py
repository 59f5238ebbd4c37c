"""The plugin's process as far as no host is asked: its start, its configuration, its schema, and the pure verbs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from pydantic.alias_generators import to_camel

from virtnet.network.resource import NETWORK
from virtnet.resources import CATALOGUE
from virtnet.spec import properties as wire
from virtnet.spec.part import shapes

REPOSITORY = Path(__file__).resolve().parents[3]
NOWHERE = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
URN = "urn:pulumi:dev::shop::virtnet:index:LibvirtNetwork::lab"
NEW = {"persistent": True, "problems": [], "adoptedFrom": None}
PROVIDER_URN = "urn:pulumi:dev::shop::pulumi:providers:virtnet::default"


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def plain(message: struct_pb2.Struct) -> Any:
    return json_format.MessageToDict(message)


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


@contextmanager
def started(*arguments: str) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin as the engine starts it, and a channel to the port of its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "virtnet.plugin.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, ("", ""))


@pytest.fixture(scope="module")
def plugin() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    with started("--logtostderr", "-v=3", "127.0.0.1:1") as service:
        service.Configure(provider_pb2.ConfigureRequest(args=struct({"uri": NOWHERE}), acceptSecrets=True))
        yield service


def check(
    plugin: provider_pb2_grpc.ResourceProviderStub, news: dict[str, Any], olds: dict[str, Any] | None = None
) -> provider_pb2.CheckResponse:
    response: provider_pb2.CheckResponse = plugin.Check(
        provider_pb2.CheckRequest(urn=URN, news=struct(news), olds=struct(olds or {}))
    )
    return response


def test_the_port_waits_for_nothing_but_pulumi_and_grpc() -> None:
    """The core, pydantic and lxml come while the engine reads the port; `make bench` measures what that saves."""
    found = "import sys, virtnet.plugin.main; print(*sorted(sys.modules))"
    late = {
        "pydantic",
        "lxml",
        "libvirt",
        "virtnet.planning.lifecycle",
        "virtnet.network.resource",
    }

    modules = subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True).stdout.split()

    assert "virtnet.plugin.main" in modules
    assert not late & set(modules)


def test_the_port_is_the_first_line() -> None:
    process = subprocess.Popen([sys.executable, "-m", "virtnet.plugin.main"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None

    port = process.stdout.readline()

    process.terminate()
    assert process.wait(timeout=60) == 0
    process.stdout.close()
    assert 0 < int(port) < 65536


def test_what_the_plugin_understands(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    shaken = plugin.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    configured = plugin.Configure(provider_pb2.ConfigureRequest(args=struct({"uri": NOWHERE})))

    assert (shaken.accept_secrets, shaken.accept_resources, shaken.accept_outputs) == (True, True, True)
    assert (configured.acceptSecrets, configured.acceptResources, configured.acceptOutputs) == (True, True, True)
    assert configured.supportsPreview
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", plugin.GetPluginInfo(empty_pb2.Empty()).version)


@pytest.mark.parametrize(
    ("given", "failures"),
    [
        ({}, []),
        ({"uri": "qemu:///system", "unreachable": "recorded", "version": "0.1.0"}, []),
        ({"uri": rpc.UNKNOWN, "unreachable": rpc.UNKNOWN}, []),
        (
            {"unreachable": "ignore"},
            ['virtnet:unreachable="ignore": must be one of fail, recorded (correct it with pulumi config set)'],
        ),
        (
            {"url": "x"},
            ["virtnet:url: is an unknown property. Did you mean 'uri'? (correct it with pulumi config set)"],
        ),
        (
            {"xyzzy": "x"},
            [
                "virtnet:xyzzy: is an unknown setting of virtnet. Use one of: uri, unreachable, refusals (correct it "
                "with pulumi config set)"
            ],
        ),
    ],
)
def test_configuration_is_checked(
    plugin: provider_pb2_grpc.ResourceProviderStub, given: dict[str, Any], failures: list[str]
) -> None:
    response = plugin.CheckConfig(provider_pb2.CheckRequest(urn=PROVIDER_URN, news=struct(given)))

    assert [(failure.property, failure.reason) for failure in response.failures] == [("", told) for told in failures]
    assert failures or plain(response.inputs) == given


def test_another_uri_of_the_provider_replaces_nothing(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    request = provider_pb2.DiffRequest(
        urn=PROVIDER_URN, old_inputs=struct({"uri": "qemu:///system"}), news=struct({"unreachable": "recorded"})
    )

    response = plugin.DiffConfig(request)

    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for path, entry in response.detailedDiff.items()}
    assert kinds == {"unreachable": "ADD", "uri": "DELETE"}
    assert list(response.replaces) == []
    assert not response.deleteBeforeReplace


def test_the_name_is_the_resources_and_its_owner_is_marked(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert plain(check(plugin, {}).inputs) == {
        "name": "lab",
        "uri": NOWHERE,
        "autostart": True,
        "active": True,
        "__owner": "shop/dev/lab",
        "__urn": URN,
    }


def test_a_name_once_made_is_kept(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    olds = {"name": "first", "__owner": "shop/dev/first"}

    inputs = plain(check(plugin, {}, olds).inputs)

    assert (inputs["name"], inputs["__owner"]) == ("first", "shop/dev/lab")


@pytest.mark.parametrize("given", [{}, {"mtu": 1400}, {"title": secret("t")}], ids=["bare", "number", "secret"])
def test_what_is_unchanged_checks_as_recorded_and_has_no_diff(
    plugin: provider_pb2_grpc.ResourceProviderStub, given: dict[str, Any]
) -> None:
    made = check(plugin, given)
    outputs = {**plain(made.inputs), "problems": [], "persistent": True, "__named": [], "bridgeName": "vn-lab"}

    again = plugin.Check(provider_pb2.CheckRequest(urn=URN, news=struct(given), olds=made.inputs))
    request = provider_pb2.DiffRequest(urn=URN, id="an-id", news=again.inputs, olds=struct(outputs))
    edited = struct({**plain(again.inputs), "mtu": 9000})
    other = provider_pb2.DiffRequest(urn=URN, id="an-id", news=edited, olds=request.olds)

    assert plain(again.inputs) == plain(made.inputs)
    assert plugin.Diff(request).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert plugin.Diff(other).changes == provider_pb2.DiffResponse.DIFF_SOME


def test_a_name_that_the_stacks_autonaming_proposes_is_taken(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    proposed = provider_pb2.CheckRequest.AutonamingOptions(proposed_name="lab-dev")

    response = plugin.Check(provider_pb2.CheckRequest(urn=URN, news=struct({}), autonaming=proposed))

    assert plain(response.inputs)["name"] == "lab-dev"


def test_unknowns_and_secrets_pass_at_any_depth(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    given = {
        "mtu": rpc.UNKNOWN,
        "dns": {"txts": [{"name": "a", "value": secret("hunter2")}], "hosts": [rpc.UNKNOWN]},
        "forward": secret({"mode": rpc.UNKNOWN}),
        "description": {rpc._special_sig_key: rpc._special_output_value_sig, "secret": True},
    }

    inputs = plain(check(plugin, given).inputs)

    assert {name: inputs[name] for name in given} == {**given, "description": secret(rpc.UNKNOWN)}


def test_what_is_wrong_is_said_with_its_path(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    response = check(plugin, {"mtu": 5, "ips": [{"localPtr": True}], "dns": {"hosts": [{"ip": "10.0.0.300"}]}})

    assert {(failure.property, failure.reason) for failure in response.failures} == {
        ("", "mtu=5: is too small. The smallest allowed value is 68"),
        ("", "ips[0].address: is required. Add it"),
        ("", 'dns.hosts[0].ip="10.0.0.300": isn\'t a valid IP address. Use a form like 192.168.123.1 or fd00:123::1'),
        ("", "dns.hosts[0].hostnames: is required. Add it"),
    }


def test_no_failure_repeats_a_secret(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    response = check(plugin, {"mac": secret("52-54-00-AA-BB-CC"), "mtu": secret(5)})

    assert [(failure.property, failure.reason) for failure in response.failures] == [
        ("", "mtu: is too small. The smallest allowed value is 68"),
        ("", "mac: isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56"),
    ]


def test_no_suggestion_is_made_of_a_secret(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    open_, hidden = (
        check(plugin, {"ips": [{"address": address, "dhcp": True}]}).failures[0].reason
        for address in ("10.9.0.1/24", secret("10.9.0.1/24"))
    )

    assert "10.9.0.2" in open_
    assert hidden == "ips[0].dhcp=true: must be an object with named values"


def test_an_unreachable_host_is_a_bare_sentence(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    properties = struct({"name": "lab", "uri": NOWHERE, "autostart": True, "active": True})

    with pytest.raises(grpc.RpcError) as raised:
        plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=properties))

    assert raised.value.code() is grpc.StatusCode.UNKNOWN
    assert raised.value.details().startswith(f"libvirt at {NOWHERE} can't be reached (")
    assert "\n" not in raised.value.details()


@pytest.mark.parametrize(
    ("inputs", "known"),
    [
        ({}, {"bridgeName": "vn-lab", **NEW}),
        ({"name": "a-name-too-long-for-a-bridge"}, {"bridgeName": "vn-aname-8629e5", **NEW}),
        ({"bridge": {"name": "br9"}}, {"bridgeName": "br9", **NEW}),
        (
            {"uuid": "6f1c2a3e-0000-4000-8000-00000012ab34"},
            {
                "bridgeName": "vn-lab",
                "mac": "52:54:00:12:ab:34",
                "persistent": True,
                "problems": [],
                "adoptedFrom": None,
            },
        ),
        (
            {"forward": {"mode": "bridge"}, "bridge": {"name": "br9"}},
            {"bridgeName": "br9", "mac": "", **NEW},
        ),
        ({"adopt": True}, {"persistent": True, "adoptedFrom": secret(rpc.UNKNOWN)}),
        ({"forward": {"mode": rpc.UNKNOWN}}, NEW),
    ],
)
def test_a_preview_of_a_create_tells_what_will_be_known(
    plugin: provider_pb2_grpc.ResourceProviderStub, inputs: dict[str, Any], known: dict[str, Any]
) -> None:
    checked = check(plugin, inputs).inputs

    outputs = plain(plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=checked, preview=True)).properties)

    computed = {to_camel(name) for name in NETWORK.computed} - set(inputs)
    assert {name: value for name, value in outputs.items() if name in computed and value != rpc.UNKNOWN} == known
    assert computed <= set(outputs)


def test_a_question_that_is_wrong_is_refused_with_its_path(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    request = provider_pb2.InvokeRequest(tok="virtnet:index:getFreeSubnet", args=struct({"prefixLength": 0}))

    response = plugin.Invoke(request)

    assert {(failure.property, failure.reason) for failure in response.failures} == {
        ("", "network: is required. Add it"),
        ("", "prefixLength=0: is too small. The smallest allowed value is 1"),
    }


def test_what_is_not_there_is_said_with_what_there_is(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    with pytest.raises(grpc.RpcError, match=r"has no function virtnet:index:getNothing\. Its functions: .*getHost"):
        plugin.Invoke(provider_pb2.InvokeRequest(tok="virtnet:index:getNothing"))
    with pytest.raises(
        grpc.RpcError, match=r"has no resource type virtnet:index:Nothing\. Its resource types: .*Libvirt"
    ):
        plugin.Check(provider_pb2.CheckRequest(urn=URN.replace("LibvirtNetwork", "Nothing")))


def test_the_schema_holds_every_property_of_every_resource(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    schema = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema)

    assert set(schema["resources"]) == {f"virtnet:index:{kind}" for kind in (*CATALOGUE.kinds, "VirtualNetworkHost")}
    for resource in map(CATALOGUE.resource, CATALOGUE.kinds):
        described = schema["resources"][f"virtnet:index:{resource.name}"]
        inputs = {to_camel(name) for name in shapes(resource.spec)}
        assert set(described["inputProperties"]) == inputs
        assert set(described["properties"]) == inputs | {to_camel(name) for name in resource.computed}
        # A default in there would be sent by Pulumi's SDKs as if the program had named it.
        assert "default" not in {key for each in described["inputProperties"].values() for key in each}
        assert re.findall(r"^```(\w+)$", described["description"], re.MULTILINE) == [
            "typescript",
            "python",
            "go",
            "csharp",
            "java",
            "yaml",
        ]
    assert "```go" in schema["functions"]["virtnet:index:getFreeSubnet"]["description"]
    wanted = set(re.findall(r'"#/types/([^"]+)"', json.dumps(schema)))
    assert wanted == set(schema["types"])


@pytest.mark.parametrize("kind", CATALOGUE.kinds)
def test_an_example_in_yaml_is_accepted(kind: str) -> None:
    resource = CATALOGUE.resource(kind)
    path = REPOSITORY / "docs" / "native" / f"{kind}.yaml"
    (name, declared), *others = yaml.safe_load(path.read_text())["resources"].items()

    inputs = wire.from_properties(resource.spec, declared["properties"])

    assert not others
    assert declared["type"] == f"virtnet:{kind}"
    assert resource.check({"uri": "qemu:///system", "__name": name, **inputs}, {})[1] == []


def test_the_programs_in_the_docs_are_the_examples_that_run() -> None:
    shown = (REPOSITORY / "docs" / "plugin.md").read_text()

    for path in sorted((REPOSITORY / "docs" / "native").glob("getFreeSubnet.*")):
        assert path.read_text() in shown, path.name
