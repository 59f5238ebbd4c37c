"""The Pulumi program of a whole host: IP forwarding, networks and port forwards. Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from virtnet.commands.importing import messages
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.program import Kept, kept, on_and_kept_by_none
from virtnet.network import program as networks
from virtnet.network.observed import ReportedNetwork
from virtnet.network.program import call, inside_docstring, variables
from virtnet.port_forward import program as port_forwards
from virtnet.port_forward.restore.record import Record
from virtnet.spec.values import printable


class Whole(NamedTuple):
    """What there is on a host."""

    uri: str
    forwarding: ForwardingReport | None
    """None if it was not read."""
    networks: Sequence[ReportedNetwork]
    port_forwards: Sequence[Record]
    not_read: Sequence[str] = ()
    """Why parts are missing."""


def program(whole: Whole, *, names_uri: bool = False) -> str:
    """A Python program that takes all of it over: `pulumi up` changes nothing on the host but who the owners are.

    Comments say what isn't in it and why. `names_uri` is whether each resource has the host's URI; otherwise Pulumi's
    configuration decides the host. A port forward refers to its network, where that is in the program.
    """
    lines = [f'"""{inside_docstring(printable(messages.title(whole.uri)))}"""', "", "import pulumi_virtnet as virtnet"]
    for block in _blocks(whole, names_uri=names_uri):
        lines += ["", *block]
    return "\n".join(lines) + "\n"


def _blocks(whole: Whole, *, names_uri: bool) -> Iterator[Sequence[str]]:
    if whole.not_read:
        yield [_comment(reason) for reason in whole.not_read]
    forwarding = [] if whole.forwarding is None else kept(whole.forwarding)
    of_forwarding = variables((one.name for one in forwarding), "forwarding")
    of_networks = variables((one.name for one in whole.networks), "network", of_forwarding)
    of_forwards = variables(port_forwards.names_of(whole.port_forwards), "forward", (*of_forwarding, *of_networks))
    place = {"uri": whole.uri} if names_uri else {}
    if whole.forwarding is not None and (said := messages.on_and_kept_by_none(on_and_kept_by_none(whole.forwarding))):
        yield [_comment(line) for line in said]
    for one, variable in zip(forwarding, of_forwarding, strict=True):
        yield [*_forwarding(one, variable, place)]
    yield from networks.declarations(whole.networks, of_networks, whole.uri, names_uri=names_uri)
    by_name = dict(zip((one.name for one in whole.networks), of_networks, strict=True))
    yield from port_forwards.declarations(whole.port_forwards, of_forwards, whole.uri, by_name, names_uri=names_uri)


def _forwarding(one: Kept, variable: str, place: dict[str, str]) -> Iterator[str]:
    yield from map(_comment, messages.kept(one))
    opening, *rest = call("HostForwarding", one.name, {**place, **one.inputs})
    yield f"{variable} = {opening}"
    yield from rest


def _comment(text: str) -> str:
    return f"# {printable(text)}"


def as_json(whole: Whole, *, names_uri: bool = False) -> str:
    """The same for programs: `uri`, `forwarding`, `networks`, `port_forwards`, and `not_read` with what is missing."""
    place = {"uri": whole.uri} if names_uri else {}
    forwarding = [] if whole.forwarding is None else kept(whole.forwarding)
    told = {
        "uri": whole.uri,
        "forwarding": [
            {"name": one.name, "owner": one.owner, "file": one.path, "inputs": {**place, **one.inputs}}
            for one in forwarding
        ],
        "networks": networks.described(whole.networks, whole.uri, names_uri=names_uri),
        "port_forwards": port_forwards.described(whole.port_forwards, whole.uri, names_uri=names_uri),
        "not_read": list(whole.not_read),
    }
    return json.dumps(told, indent=2) + "\n"
