"""The Pulumi program of port forwards that exist: what `virtnet import --port-forwards` prints, or its JSON. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence

from virtnet.network.program import Expression, call, inside_docstring, variables
from virtnet.port_forward.messages import leads
from virtnet.port_forward.observed import inputs_of
from virtnet.port_forward.restore.record import Record
from virtnet.spec.values import printable


def program(records: Sequence[Record], uri: str, *, names_uri: bool = False) -> str:
    """A Python program that takes the forwards over as they are: `pulumi up` of it closes and opens nothing.

    A guest that was named by a DHCP reservation is named by it here too, so its forward follows it as before.
    A comment says whose each is by its mark. `names_uri` is whether each names its host; otherwise it is the one of
    Pulumi's configuration.
    """
    names = names_of(records)
    lines = [f'"""The port forwards of {inside_docstring(printable(uri))}, taken over as they are."""', ""]
    lines += ["import pulumi_virtnet as virtnet"]
    for declared in declarations(records, variables(names, "forward"), uri, {}, names_uri=names_uri):
        lines += ["", *declared]
    return "\n".join(lines) + "\n"


def declarations(
    records: Sequence[Record],
    named: Sequence[str],
    uri: str,
    networks: Mapping[str, str],
    *,
    names_uri: bool = False,
) -> Iterator[Sequence[str]]:
    """The lines that declare each of the forwards, behind the comment on it; `named` are their variables.

    `networks` has the variables of the networks that the same program declares, by the networks' names: a forward of
    one refers to it.
    """
    place = {"uri": uri} if names_uri else {}
    for record, name, variable in zip(records, names_of(records), named, strict=True):
        yield [*_declaration(record, name, variable, place, networks.get(record.forward.network.name))]


def as_json(records: Sequence[Record], uri: str, *, names_uri: bool = False) -> str:
    """The same for programs: one object, `uri` and `port_forwards`."""
    return json.dumps({"uri": uri, "port_forwards": described(records, uri, names_uri=names_uri)}, indent=2) + "\n"


def described(records: Sequence[Record], uri: str, *, names_uri: bool = False) -> Sequence[Mapping[str, object]]:
    """The inputs of each forward in Python spelling, and whose it is by its mark, as plain values."""
    place = {"uri": uri} if names_uri else {}
    return [
        {"name": name, "owner": record.mark.owner_shown, "inputs": _arguments(record, place)}
        for record, name in zip(records, names_of(records), strict=True)
    ]


def _arguments(record: Record, place: dict[str, str]) -> dict[str, object]:
    return {**place, "adopt": True, **inputs_of(record)}


def _declaration(record: Record, name: str, variable: str, place: dict[str, str], network: str | None) -> Iterator[str]:
    ports = ", ".join(leads(record.forward.target, *one) for one in record.forward.ports)
    yield f"# {ports}: belongs to '{printable(record.mark.owner_shown)}' by its mark, from which it is taken over."
    arguments = _arguments(record, place)
    if network is not None:
        arguments["network"] = Expression(f"{network}.name")
    opening, *rest = call("PortForward", name, arguments)
    yield f"{variable} = {opening}"
    yield from rest


def names_of(records: Sequence[Record]) -> list[str]:
    """The names of their resources, all different."""
    named = [_name(record) for record in records]
    twice = {name for name in named if named.count(name) > 1}
    return [
        f"{name}-{record.forward.id[:6]}" if name in twice else name
        for name, record in zip(named, records, strict=True)
    ]


def _name(record: Record) -> str:
    """The name that its resource has, or its port."""
    first = record.forward.ports[0]
    return record.mark.owner.split("/", 2)[-1] or f"{first.protocol}-{first.listen}"
