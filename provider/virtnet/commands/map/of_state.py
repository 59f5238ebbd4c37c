"""The map of what a stack records: from what `pulumi stack export` prints. Asks no host. Pure.

Nothing that may be secret is on it: values that Pulumi marks as secrets, decrypted or not, and in a dynamic provider's
state, which marks whole properties alone, the texts that its inputs hold in the places that they list.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from virtnet.commands.doctor.finding import Finding, Level, area_of_network
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.messages import advice
from virtnet.commands.map import messages
from virtnet.commands.map.model import Host, Map, Network, PortForward, Ports, Trouble, natural
from virtnet.commands.map.trees import described
from virtnet.errors import InvalidInputs
from virtnet.forwarding.spec import ForwardingOutputs, HostForwardingSpec
from virtnet.forwarding.sysctl import IPV4, IPV6, is_on
from virtnet.network.outputs import NetworkOutputs
from virtnet.network.problem_kinds import ProblemKind as NetworkProblem
from virtnet.network.spec import NetworkSpec
from virtnet.planning.findings import Problem, recorded_problem
from virtnet.planning.ownership.marks import owner_of
from virtnet.port_forward import messages as forward_messages
from virtnet.port_forward.kinds import ProblemKind as ForwardProblem
from virtnet.port_forward.spec import PortForwardOutputs, PortForwardSpec
from virtnet.spec.part import Part, Values
from virtnet.spec.properties import from_properties
from virtnet.spec.text import Place, redact, strings_at

SECRET = "[secret]"  # noqa: S105 - what is shown in the place of one

#: By what Pulumi marks an object that is no value (`resource.SigKey` of its SDK for Go), and a secret among these.
_SIGNATURE, _OF_SECRETS = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"

#: Where a dynamic provider's inputs list the places of secrets (`virtnet.dynamic.PLACES`).
_PLACES = "__secret"

_TYPE = re.compile(r"(?:pulumi-python:dynamic/virtnet|virtnet:index):(LibvirtNetwork|HostForwarding|PortForward)")

_PARTS: Mapping[str, tuple[type[Part], type[Part]]] = {
    "LibvirtNetwork": (NetworkSpec, NetworkOutputs),
    "HostForwarding": (HostForwardingSpec, ForwardingOutputs),
    "PortForward": (PortForwardSpec, PortForwardOutputs),
}


class _Lenient(BaseModel):
    """Values that Pulumi prints, which may print more with each version."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Resource(_Lenient):
    urn: str
    type: str
    delete: bool = False
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)


class _Deployment(_Lenient):
    resources: tuple[_Resource, ...] | None = None


class _Export(_Lenient):
    version: int
    deployment: _Deployment


def read(text: str) -> Map:
    """The map of a stack's state. Raises InvalidInputs if the text is anything else."""
    try:
        found = _Export.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInputs(messages.not_a_state(f"{place}: {first['msg']}" if place else first["msg"])) from error
    resources = found.deployment.resources or ()
    recorded: dict[str, list[tuple[str, Values]]] = {}
    for resource in resources:
        matched = _TYPE.fullmatch(resource.type)
        # What waits for its delete after a replacement is there no longer, or not for long.
        if matched is not None and not resource.delete:
            values = _outputs(matched[1], resource)
            recorded.setdefault(str(values.get("uri") or ""), []).append((matched[1], values))
    hosts = tuple(_host(uri, recorded[uri]) for uri in sorted(recorded, key=natural))
    return Map(hosts=hosts, stack=next((_stack(resource.urn) for resource in resources), ""))


def _stack(urn: str) -> str:
    """The stack of a URN: urn:pulumi:STACK::PROJECT::…, as project/stack."""
    stack, _, rest = urn.removeprefix("urn:pulumi:").partition("::")
    project = rest.partition("::")[0]
    return f"{project}/{stack}"


def _outputs(kind: str, resource: _Resource) -> Values:
    listed = resource.inputs.get(_PLACES)
    places = [tuple(map(str, place)) for place in listed if isinstance(place, list)] if isinstance(listed, list) else []
    # Also texts that contain one of them, such as the name of a bridge.
    hidden = set[str]().union(*(strings_at(resource.inputs, place) for place in places))
    shown: Any = resource.outputs
    for place in places:
        shown = _concealed(shown, place)
    spec, outputs = _PARTS[kind]
    return from_properties(spec, _without_secrets(shown, hidden), outputs)


def _concealed(value: Any, place: Place) -> Any:
    if isinstance(value, list):
        return [_concealed(item, place) for item in value]
    if not place:
        return SECRET
    if isinstance(value, Mapping) and place[0] in value:
        return {**value, place[0]: _concealed(value[place[0]], place[1:])}
    return value


def _without_secrets(value: Any, hidden: set[str]) -> Any:
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _OF_SECRETS:
            return SECRET
        return {redact(name, hidden): _without_secrets(item, hidden) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, hidden) for item in value]
    return redact(value, hidden) if isinstance(value, str) else value


def _host(uri: str, recorded: Sequence[tuple[str, Values]]) -> Host:
    def of(kind: str) -> Iterator[Values]:
        return (values for name, values in recorded if name == kind)

    runtime: dict[str, object] = {}
    for values in of("HostForwarding"):
        told = values.get("runtime")
        runtime.update(told if isinstance(told, Mapping) else {})
    networks = sorted(map(_network, of("LibvirtNetwork")), key=lambda network: natural(network.name))
    forwards = sorted(map(_port_forward, of("PortForward")), key=lambda forward: (natural(forward.network), forward.id))
    return Host(
        uri=uri,
        host_seen=False,
        recorded=True,
        ipv4_forwarding=_is_on(runtime.get(IPV4)),
        ipv6_forwarding=_is_on(runtime.get(IPV6)),
        networks=tuple(networks),
        port_forwards=tuple(forwards),
    )


def _is_on(value: object) -> bool | None:
    return is_on(value) if isinstance(value, str) and value.isdecimal() else None


def _network(values: Values) -> Network:
    unnamed, adopted = values.get("__unnamed"), bool(values.get("adopted_from"))
    # What the program doesn't set is as found; of an adopted network nearly all. Older versions didn't record that.
    tree = {**(unnamed if isinstance(unnamed, Mapping) else {}), **values}
    told = described(tree)
    name = str(values.get("name") or "")
    return Network(
        name=name,
        uuid=str(values.get("uuid") or ""),
        mode="" if adopted and unnamed is None and "forward" not in tree else told.mode,
        active=values.get("active") is not False,
        autostart=values.get("autostart") is not False,
        persistent=values.get("persistent") is not False,
        bridge=str(values.get("bridge_name") or ""),
        zone=told.zone,
        addresses=told.addresses,
        ranges=told.ranges,
        reservations=told.reservations,
        routes=told.routes,
        devices=told.devices,
        owner=owner_of(values),
        adopted=adopted,
        troubles=tuple(_network_trouble(name, problem) for problem in _list(values, "problems")),
    )


def _network_trouble(name: str, recorded: object) -> Trouble:
    def told(problem: Problem) -> Trouble:
        said = advice(
            Finding(
                area=area_of_network(name),
                level=Level.PROBLEM,
                kind=FindingKind.NETWORK_PROBLEM,
                cause=problem,
                details={"network": name},
            )
        )
        return Trouble(said=said.reason, fix=said.fix)

    return _of_any_version(recorded, NetworkProblem.UNKNOWN, told)


def _forward_trouble(recorded: object) -> Trouble:
    def told(problem: Problem) -> Trouble:
        return Trouble(said=forward_messages.sentence(problem))

    return _of_any_version(recorded, ForwardProblem.UNKNOWN, told)


def _of_any_version(recorded: object, unknown: Enum, told: Callable[[Problem], Trouble]) -> Trouble:
    """The sentence of a recorded problem; only its kind if another version recorded other details."""
    problem = recorded_problem(recorded, unknown)
    try:
        return told(problem)
    except (LookupError, TypeError, ValueError, AttributeError):
        return told(Problem(unknown, {"text": str(problem.kind.value)}))


def _port_forward(values: Values) -> PortForward:
    return PortForward(
        id=str(values.get("__forward") or ""),
        network=str(values.get("__network") or values.get("network") or ""),
        target=str(values.get("target") or ""),
        ports=tuple(
            Ports(
                protocol=str(one.get("protocol") or ""),
                listen=str(one.get("listen_port") or ""),
                target=str(one.get("target_port") or one.get("listen_port") or ""),
            )
            for one in _list(values, "ports")
            if isinstance(one, Mapping)
        ),
        listen_address=str(values.get("listen_address") or ""),
        sources=tuple(map(str, _list(values, "sources"))),
        owner=owner_of(values),
        troubles=tuple(map(_forward_trouble, _list(values, "problems"))),
    )


def _list(values: Values, name: str) -> Sequence[object]:
    found = values.get(name)
    return found if isinstance(found, list) else ()
