"""What reaches the engine when a program makes resources, and what the program gets back."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.output import UNKNOWN
from pulumi.runtime.settings import SETTINGS

import pulumi_virtnet as virtnet
from pulumi_virtnet import native

NAMES: dict[str, list[str]] = json.loads((Path(__file__).parent / "public_names.json").read_text())

#: What libvirt made of it, for every resource: outputs that no program names.
MADE = {
    "bridgeName": "virbr7",
    "uuid": "11111111-2222-3333-4444-555555555555",
    "atBoot": {"net/ipv4/ip_forward": {"value": "1", "source": "/etc/sysctl.d/90-virtnet-forwarding.conf"}},
    "runtime": {"net/ipv4/conf/my_if/forwarding": "1"},
}


class Engine(pulumi.runtime.Mocks):
    """Keeps the inputs of each resource as they came over the wire."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.types: dict[str, str] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.inputs[args.name] = {key: value for key, value in args.inputs.items() if key != "__provider"}
        self.types[args.name] = args.typ
        return "an-id", args.inputs | MADE

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the SDK called {args.token}")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    pulumi.runtime.set_mocks(engine, project="shop", stack="dev", preview=False)
    yield engine
    pulumi.runtime.settings.reset_options()


def run(program: Callable[[], Any]) -> None:
    """Run a program and wait for all of its resources."""
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]


def seen(output: pulumi.Output[Any]) -> list[Any]:
    """The output's value, once the program has run."""
    values: list[Any] = []
    output.apply(values.append)
    return values


def test_keywords_reach_the_engine_in_camel_case(engine: Engine) -> None:
    run(
        lambda: virtnet.LibvirtNetwork(
            "management",
            forward={"mode": "nat"},
            ips=[virtnet.NetworkIpArgs(address="192.168.123.1/24", local_ptr=True)],
            dns={"forward_plain_names": False},
            on_delete="keep",
        )
    )
    assert engine.inputs["management"] == {
        "forward": {"mode": "nat"},
        "ips": [{"address": "192.168.123.1/24", "localPtr": True}],
        "dns": {"forwardPlainNames": False},
        "onDelete": "keep",
        "__run": {"name": "management", "preview": False},
        "__owner": "shop/dev/management",
        "__urn": "urn:pulumi:dev::shop::pulumi-python:dynamic/virtnet:LibvirtNetwork::management",
    }


def test_the_options_that_the_engine_keeps_from_a_provider_travel_with_the_run(engine: Engine) -> None:
    options = pulumi.ResourceOptions(ignore_changes=["port_groups"], replace_on_changes=["ips[*].local_ptr", "mtu"])

    run(lambda: virtnet.LibvirtNetwork("net", opts=options))

    assert engine.inputs["net"]["__run"] == {
        "name": "net",
        "preview": False,
        "ignored": ["portGroups"],
        "replacing": ["ips[*].localPtr", "mtu"],
    }


def test_an_input_that_nobody_named_has_no_value(engine: Engine) -> None:
    found: dict[str, Any] = {}

    def program() -> None:
        network = virtnet.LibvirtNetwork("net", title="Lab")
        pulumi.Output.all(network.title, network.mtu, network.port_groups).apply(
            lambda values: found.update(zip(("title", "mtu", "port_groups"), values, strict=True))
        )

    run(program)
    assert found == {"title": "Lab", "mtu": None, "port_groups": None}


def test_the_flags_of_a_network_are_true_unless_named(engine: Engine) -> None:
    found: dict[str, Any] = {}

    def program() -> None:
        network = virtnet.LibvirtNetwork("net", autostart=False)
        for name in ("autostart", "active"):
            output = getattr(network, name)
            pulumi.Output.all(output, output.resources()).apply(
                lambda known, name=name: found.update({name: (known[0], network in known[1])})  # type: ignore[misc]
            )

    run(program)
    assert found == {"autostart": (False, True), "active": (True, True)}


def test_a_program_waits_for_its_resources_and_not_for_each_of_their_outputs(engine: Engine) -> None:
    waited_for: list[int] = []

    def program() -> None:
        before = len(SETTINGS.outputs)
        virtnet.LibvirtNetwork("net", title="Lab")
        waited_for.append(len(SETTINGS.outputs) - before)

    run(program)
    assert waited_for[0] <= 6  # the URN, the id, and what Pulumi makes of the alias


def test_types_of_resources_are_fixed(engine: Engine) -> None:
    class Company(virtnet.LibvirtNetwork):
        """A user's own subclass."""

    def program() -> None:
        virtnet.LibvirtNetwork("net")
        virtnet.HostForwarding("fwd")
        Company("mine")

    run(program)
    assert engine.types == {
        "net": "pulumi-python:dynamic/virtnet:LibvirtNetwork",
        "fwd": "pulumi-python:dynamic/virtnet:HostForwarding",
        "mine": "pulumi-python:dynamic/virtnet:LibvirtNetwork",
    }


@pytest.mark.parametrize(
    "args",
    [
        virtnet.HostForwardingArgs(ipv4=True, drop_in="50-x.conf", interfaces={"my_if": {"ipv4": True}}),
        {"ipv4": True, "drop_in": "50-x.conf", "interfaces": {"my_if": {"ipv4": True}}},
    ],
)
def test_args_in_the_conventional_place(engine: Engine, args: Any) -> None:
    run(lambda: virtnet.HostForwarding("fwd", args, pulumi.ResourceOptions(protect=True)))
    assert engine.inputs["fwd"] == {
        "ipv4": True,
        "dropIn": "50-x.conf",
        "interfaces": {"my_if": {"ipv4": True}},
        "__owner": "shop/dev/fwd",
        "__urn": "urn:pulumi:dev::shop::pulumi-python:dynamic/virtnet:HostForwarding::fwd",
        "__run": {"name": "fwd", "preview": False},
    }


def test_the_urn_has_the_types_of_the_parents(engine: Engine) -> None:
    def program() -> None:
        office = pulumi.ComponentResource("test:index:Office", "office")
        virtnet.LibvirtNetwork("inside", opts=pulumi.ResourceOptions(parent=office))

    run(program)
    # Pulumi's mocks have the stack among the types, the engine has not.
    assert engine.inputs["inside"]["__urn"].endswith(
        "test:index:Office$pulumi-python:dynamic/virtnet:LibvirtNetwork::inside"
    )


def test_options_in_the_place_of_args(engine: Engine) -> None:
    run(lambda: virtnet.HostForwarding("fwd", pulumi.ResourceOptions(protect=True), ipv4=True))  # type: ignore[arg-type]
    assert engine.inputs["fwd"]["ipv4"] is True


def test_args_and_keywords_together_are_refused(engine: Engine) -> None:
    with pytest.raises(TypeError, match="HostForwarding takes its inputs from args or as keywords, not from both"):
        virtnet.HostForwarding("fwd", {"ipv4": True}, ipv6=True)


def test_args_of_another_kind_are_refused(engine: Engine) -> None:
    with pytest.raises(TypeError, match="the args of a LibvirtNetwork are a LibvirtNetworkArgs or a dict"):
        virtnet.LibvirtNetwork("net", virtnet.HostForwardingArgs())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "opts"),
    [("import_", pulumi.ResourceOptions(import_="lab")), ("id", pulumi.ResourceOptions(id="lab"))],
)
def test_options_that_a_dynamic_provider_has_no_answer_to_are_refused_with_what_to_do(
    engine: Engine, option: str, opts: pulumi.ResourceOptions
) -> None:
    with pytest.raises(ValueError, match=rf"doesn't support the option {option}\. Manage what exists with adopt=True"):
        run(lambda: virtnet.LibvirtNetwork("lab", opts=opts))

    assert engine.inputs == {}


def test_outputs_at_any_depth_are_waited_for(engine: Engine) -> None:
    async def later() -> virtnet.DnsArgsDict:
        return {"hosts": [{"ip": "10.0.0.2", "hostnames": [pulumi.Output.from_input("two")]}]}

    group = virtnet.PortGroupArgs(name="a", trust_guest_rx_filters=pulumi.Output.from_input(True))
    run(
        lambda: virtnet.LibvirtNetwork(
            "net",
            ips=[{"address": pulumi.Output.concat("10.0.0.1", "/24"), "local_ptr": True}],
            port_groups=pulumi.Output.from_input([group]),
            dns=later(),
        )
    )
    sent = engine.inputs["net"]
    assert sent["ips"] == [{"address": "10.0.0.1/24", "localPtr": True}]
    assert sent["portGroups"] == [{"name": "a", "trustGuestRxFilters": True}]
    assert sent["dns"] == {"hosts": [{"ip": "10.0.0.2", "hostnames": ["two"]}]}


def test_one_unknown_leaves_its_neighbours_known() -> None:
    engine = Engine()
    pulumi.runtime.set_mocks(engine, project="shop", stack="dev", preview=True)
    unknown: pulumi.Output[str] = pulumi.Output.from_input(UNKNOWN)  # type: ignore[arg-type]
    run(
        lambda: virtnet.LibvirtNetwork(
            "net", ips=[{"address": unknown, "local_ptr": True}], domain={"name": "x.example"}
        )
    )
    pulumi.runtime.settings.reset_options()
    (ip,) = engine.inputs["net"]["ips"]
    assert ip["localPtr"] is True
    assert engine.inputs["net"]["domain"] == {"name": "x.example"}
    assert not isinstance(ip["address"], str) or ip["address"] == pulumi.runtime.rpc.UNKNOWN


def test_outputs_are_in_python_spelling(engine: Engine) -> None:
    found: dict[str, list[Any]] = {}

    def program() -> None:
        network = virtnet.LibvirtNetwork("net", ips=[{"address": "10.0.0.1/24", "local_ptr": True}], mtu=1400)
        forwarding = virtnet.HostForwarding("fwd", interfaces={"my_if": {"ipv4": True}}, drop_in="50-x.conf")
        for name in ("bridge_name", "uuid", "ips", "mtu", "title", "adopted_from"):
            found[name] = seen(getattr(network, name))
        for name in ("interfaces", "drop_in", "runtime", "at_boot"):
            found[name] = seen(getattr(forwarding, name))

    run(program)
    assert found == {
        "bridge_name": ["virbr7"],
        "uuid": [MADE["uuid"]],
        "ips": [[{"address": "10.0.0.1/24", "local_ptr": True}]],
        "mtu": [1400],
        "title": [None],
        "adopted_from": [None],
        "interfaces": [{"my_if": {"ipv4": True}}],
        "drop_in": ["50-x.conf"],
        "runtime": [MADE["runtime"]],
        "at_boot": [MADE["atBoot"]],
    }
    assert isinstance(found["mtu"][0], int)


def test_options_name_properties_in_python_spelling(engine: Engine) -> None:
    network = virtnet.LibvirtNetwork.__new__(virtnet.LibvirtNetwork)
    assert network.translate_input_property("dnsmasq_options") == "dnsmasqOptions"
    assert network.translate_input_property("ips[0].local_ptr") == "ips[0].localPtr"


def test_every_output_has_a_property() -> None:
    for resource in (virtnet.LibvirtNetwork, virtnet.HostForwarding):
        for name in (*resource.ARGS.FIELDS, *resource.OUTPUTS):
            assert isinstance(getattr(resource, name), property), f"{resource.__name__}.{name}"
            assert getattr(resource, name).__doc__, f"{resource.__name__}.{name}"


def test_outputs_are_those_of_the_provider() -> None:
    catalogue = importlib.import_module("virtnet.resources").CATALOGUE
    for resource in map(catalogue.resource, catalogue.kinds):
        made = set(getattr(virtnet, resource.name).OUTPUTS)
        assert made == {name for name in resource.computed if name not in resource.spec.model_fields}


def test_what_a_network_has_without_being_named_is_settled() -> None:
    network = importlib.import_module("virtnet.resources").CATALOGUE.resource("LibvirtNetwork")
    checked, failures = network.check({"__name": "lab", "uri": "qemu:///system"}, {})
    made = {name for name in network.computed if name in network.spec.model_fields}

    assert failures == []
    left_out = virtnet.LibvirtNetwork.LEFT_OUT
    assert {*checked, *made} == {*virtnet.LibvirtNetwork.SETTLED, *left_out}
    assert {name: checked[name] for name in left_out} == left_out


@pytest.mark.parametrize("module", NAMES)
def test_public_names_are_those_that_programs_import(module: str) -> None:
    """Most of them are generated: whoever renames a part of a spec renames them, and sees it here."""
    imported = importlib.import_module(module)

    assert sorted(imported.__all__) == NAMES[module]
    assert [name for name in NAMES[module] if not hasattr(imported, name)] == []


def test_the_users_program_loads_nothing_of_the_provider_but_dynamic() -> None:
    late = ("virtnet", "pulumi_virtnet._generated.outputs")
    program = f"import sys, pulumi_virtnet; print(*(name for name in sys.modules if name.startswith({late})))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == ["virtnet", "virtnet.dynamic"]


@pytest.mark.parametrize(
    ("constructor", "keyword", "said"),
    [
        (virtnet.LibvirtNetwork, "foward", "LibvirtNetwork has no input 'foward'. Did you mean 'forward'?"),
        (
            virtnet.LibvirtNetwork,
            "portIsolated",
            "LibvirtNetwork has no input 'portIsolated'. Did you mean 'port_isolated'?",
        ),
        (virtnet.HostForwarding, "ip4", "HostForwarding has no input 'ip4'. Did you mean 'ipv4'?"),
        (native.LibvirtNetwork, "foward", "LibvirtNetwork has no input 'foward'. Did you mean 'forward'?"),
        (native.HostForwarding, "presist", "HostForwarding has no input 'presist'. Did you mean 'persist'?"),
        (virtnet.ForwardArgs, "mod", "ForwardArgs has no input 'mod'. Did you mean 'mode'?"),
        (
            virtnet.LibvirtNetworkArgs,
            "bridgeName",
            "LibvirtNetworkArgs has no input 'bridgeName'. Did you mean 'bridge'?",
        ),
        (virtnet.LeaseArgs, "xyzzy", "LeaseArgs has no input 'xyzzy'. Its inputs: expiry, unit"),
    ],
)
def test_a_keyword_that_is_none_is_named_with_its_class_and_the_nearest(
    constructor: Callable[..., Any], keyword: str, said: str
) -> None:
    positional = ("lab",) if issubclass(constructor, pulumi.Resource) else ()  # type: ignore[arg-type]

    with pytest.raises(TypeError) as raised:
        constructor(*positional, **{keyword: {}})

    assert str(raised.value) == said


def test_a_class_of_the_users_own_is_named_as_it_is(engine: Engine) -> None:
    class Lab(virtnet.LibvirtNetwork):
        def __init__(self, name: str, size: int, **inputs: Any) -> None:
            super().__init__(name, mtu=size, **inputs)

    with pytest.raises(TypeError, match=r"^Lab has no input 'foward'. Did you mean 'forward'\?$"):
        run(lambda: Lab("lab", 1400, foward={}))


SNAKE: dict[str, Any] = {
    "port_isolated": True,
    "bridge": {"mac_table_manager": "kernel"},
    "ips": [{"address": "10.9.0.1/24", "local_ptr": True}],
    "metadata": {"urn:my_app": "<my_tag xmlns='urn:my_app'/>"},
}
CAMEL: dict[str, Any] = {
    "portIsolated": True,
    "bridge": {"macTableManager": "kernel"},
    "ips": [{"address": "10.9.0.1/24", "localPtr": True}],
    "metadata": {"urn:my_app": "<my_tag xmlns='urn:my_app'/>"},
}


@pytest.mark.parametrize("resource", [virtnet.LibvirtNetwork, native.LibvirtNetwork])
def test_keys_of_dicts_mean_the_same_in_either_spelling(engine: Engine, resource: Any) -> None:
    def program() -> None:
        resource("snake", SNAKE)
        resource("camel", CAMEL)
        resource("later", {**CAMEL, "ips": pulumi.Output.from_input(CAMEL["ips"])})

    run(program)

    snake, camel, later = (
        {key: value for key, value in engine.inputs[name].items() if not key.startswith("__")}
        for name in ("snake", "camel", "later")
    )
    assert snake == camel == later


def test_a_port_forward_takes_its_required_inputs_from_args_too(engine: Engine) -> None:
    ports: list[virtnet.ForwardedPortArgs | virtnet.ForwardedPortArgsDict] = [
        {"protocol": "tcp", "listen_port": "8080"}
    ]

    def program() -> None:
        virtnet.PortForward("a", virtnet.PortForwardArgs(network="lab", target_address="10.0.0.5", ports=ports))
        virtnet.PortForward("b", {"network": "lab", "target_address": "10.0.0.5", "ports": ports})
        virtnet.PortForward("c", network="lab", target_address="10.0.0.5", ports=ports)

    run(program)

    inputs = [{k: v for k, v in engine.inputs[name].items() if not k.startswith("__")} for name in ("a", "b", "c")]
    assert inputs[0] == inputs[1] == inputs[2]
    assert inputs[0]["ports"] == [{"protocol": "tcp", "listenPort": "8080"}]
