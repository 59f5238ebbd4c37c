"""VirtualNetworkHost: what reaches the engine, in which order, under which names."""

from typing import Any

import pulumi
import pytest
from tests.unit.sdk.test_sdk import Engine, engine, run, seen

import pulumi_virtnet as virtnet

__all__ = ["engine"]


def named(engine: Engine, name: str) -> dict[str, Any]:
    """The inputs of a resource that the program named, in wire form."""
    return {key: value for key, value in engine.inputs[name].items() if value is not None and not key.startswith("__")}


def test_everything_gets_the_hosts_uri_and_a_name_of_its_own(engine: Engine) -> None:
    outputs: dict[str, list[Any]] = {}

    def program() -> None:
        host = virtnet.VirtualNetworkHost(
            "alpha",
            uri="qemu+ssh://root@alpha/system",
            forwarding=True,
            networks={
                "management": virtnet.LibvirtNetworkArgs(forward={"mode": "nat"}, mtu=1400),
                "lab": {"name": "laboratory", "uri": "qemu+ssh://other/system"},
            },
        )
        outputs["bridges"], outputs["urn"] = seen(host.bridge_names), seen(host.networks["lab"].urn)

    run(program)

    assert named(engine, "alpha-forwarding") == {"uri": "qemu+ssh://root@alpha/system", "ipv4": True}
    assert named(engine, "alpha-management") == {
        "uri": "qemu+ssh://root@alpha/system",
        "name": "management",
        "forward": {"mode": "nat"},
        "mtu": 1400,
    }
    assert named(engine, "alpha-lab") == {"uri": "qemu+ssh://other/system", "name": "laboratory"}
    assert engine.types["alpha"] == "virtnet:index:VirtualNetworkHost"
    assert outputs["bridges"] == [{"management": "virbr7", "lab": "virbr7"}]
    assert outputs["urn"][0].startswith(
        "urn:pulumi:dev::shop::virtnet:index:VirtualNetworkHost$pulumi-python:dynamic/virtnet:LibvirtNetwork::"
    )


def test_a_port_forward_leads_into_a_network_of_the_component_or_one_that_is_there(engine: Engine) -> None:
    ports: list[virtnet.ForwardedPortArgs | virtnet.ForwardedPortArgsDict] = [
        {"protocol": "tcp", "listen_port": "8080"}
    ]
    into_lab: virtnet.PortForwardArgsDict = {"network": "lab", "target_address": "10.0.0.5", "ports": ports}

    def program() -> None:
        host = virtnet.VirtualNetworkHost(
            "alpha",
            uri="qemu:///system",
            forwarding=True,
            networks={"lab": {"name": "laboratory"}},
            port_forwards={
                "web": into_lab,
                "mail": virtnet.PortForwardArgs(network="default", target_name="mail", ports=ports),
            },
        )
        assert list(host.port_forwards) == ["web", "mail"]

    run(program)

    sent = [{"protocol": "tcp", "listenPort": "8080"}]
    of_host = {"uri": "qemu:///system", "ports": sent}
    assert named(engine, "alpha-web") == {**of_host, "network": "laboratory", "targetAddress": "10.0.0.5"}
    assert named(engine, "alpha-mail") == {**of_host, "network": "default", "targetName": "mail"}


def test_inputs_in_the_spelling_of_other_languages_are_taken_for_everything(engine: Engine) -> None:
    forwarding: Any = {"ipv4": True, "preserveRouterAdvertisements": False}
    network: Any = {"name": "lab", "onDelete": "disconnect"}
    ports = [{"protocol": "tcp", "listenPort": "8080", "targetPort": "80"}]
    forward: Any = {"network": "lab", "targetAddress": "10.0.0.5", "ports": ports}

    run(
        lambda: virtnet.VirtualNetworkHost(
            "alpha", forwarding=forwarding, networks={"lab": network}, port_forwards={"web": forward}
        )
    )

    assert named(engine, "alpha-forwarding") == forwarding
    assert named(engine, "alpha-lab") == network
    assert named(engine, "alpha-web") == forward


@pytest.mark.parametrize(
    ("network", "forward", "uri"),
    [
        ({}, {}, "qemu:///system"),
        ({"uri": "qemu+ssh://far/system"}, {}, "qemu+ssh://far/system"),
        ({"uri": "qemu+ssh://far/system"}, {"uri": "qemu+ssh://other/system"}, "qemu+ssh://other/system"),
        ({"uri": "qemu+ssh://far/system"}, {"network": "default"}, "qemu:///system"),
    ],
)
def test_a_port_forward_is_on_the_host_of_its_network(
    engine: Engine, network: dict[str, Any], forward: dict[str, Any], uri: str
) -> None:
    ports = [{"protocol": "tcp", "listen_port": "80"}]
    inputs: Any = {"network": "lab", "target_name": "web", "ports": ports, **forward}
    networks: Any = {"lab": network}

    run(
        lambda: virtnet.VirtualNetworkHost(
            "alpha", uri="qemu:///system", networks=networks, port_forwards={"web": inputs}
        )
    )

    assert named(engine, "alpha-web")["uri"] == uri


@pytest.mark.parametrize(
    ("forwarding", "inputs"),
    [
        (None, None),
        (False, None),
        ({"ipv6": True}, {"ipv6": True}),
        (virtnet.HostForwardingArgs(ipv4=False, persist=False), {"ipv4": False, "persist": False}),
    ],
)
def test_forwarding_is_what_it_is_said_to_be(engine: Engine, forwarding: Any, inputs: dict[str, Any] | None) -> None:
    run(lambda: virtnet.VirtualNetworkHost("alpha", forwarding=forwarding))

    assert (named(engine, "alpha-forwarding") if "alpha-forwarding" in engine.inputs else None) == inputs


def test_args_and_dicts_mean_the_same_as_keywords(engine: Engine) -> None:
    inputs: virtnet.VirtualNetworkHostArgsDict = {"uri": "qemu:///system", "networks": {"lab": {"mtu": 1400}}}

    def program() -> None:
        virtnet.VirtualNetworkHost("a", inputs)
        virtnet.VirtualNetworkHost("b", virtnet.VirtualNetworkHostArgs(**inputs))
        virtnet.VirtualNetworkHost("c", pulumi.ResourceOptions(protect=True), **inputs)  # type: ignore[arg-type]

    run(program)

    assert named(engine, "a-lab") == named(engine, "b-lab") == named(engine, "c-lab")
    assert named(engine, "a-lab") == {"uri": "qemu:///system", "name": "lab", "mtu": 1400}


@pytest.mark.parametrize(
    ("args", "keywords", "said"),
    [
        ({"uri": "x"}, {"uri": "y"}, "from args or as keywords, not from both"),
        ({"network": {}}, {}, "has no input 'network'. Did you mean 'networks'\\?"),
        ({}, {"network": {}}, "VirtualNetworkHost has no input 'network'. Did you mean 'networks'\\?"),
        ({"networks": ["lab"]}, {}, "are a dict of inputs by network name"),
        ({"networks": {"lab": "nat"}}, {}, "are Args or a dict, not 'nat'"),
        ({"forwarding": "yes"}, {}, "are Args or a dict, not 'yes'"),
        ({"port_forwards": ["web"]}, {}, "are a dict of inputs by a name for each"),
        ({"port_forwards": {"web": "8080"}}, {}, "are Args or a dict, not '8080'"),
    ],
)
def test_what_cannot_be_is_said_at_once(engine: Engine, args: Any, keywords: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        run(lambda: virtnet.VirtualNetworkHost("alpha", args, **keywords))
