"""The Pulumi program of port forwards that exist: what `virtnet import --port-forwards` prints, or its JSON. Pure."""

import json
from collections.abc import Iterator, Sequence

from virtnet.network.program import call, inside_docstring, variables
from virtnet.port_forward.messages import leads
from virtnet.port_forward.observed import inputs_of
from virtnet.port_forward.restore.record import Record
from virtnet.spec.values import printable


def program(records: Sequence[Record], uri: str, *, names_uri: bool = False) -> str:
    """A Python program that takes the forwards over as they are: `pulumi up` of it closes and opens nothing.

    A comment says whose each is by its mark. `names_uri` is whether each names its host; otherwise it is the one of
    Pulumi's configuration.
    """
    names = _names(records)
    lines = [f'"""The port forwards of {inside_docstring(printable(uri))}, taken over as they are."""', ""]
    lines += ["import pulumi_virtnet as virtnet"]
    for record, name, variable in zip(records, names, variables(names, "forward"), strict=True):
        lines += ["", *_declaration(record, name, variable, {"uri": uri} if names_uri else {})]
    return "\n".join(lines) + "\n"


def as_json(records: Sequence[Record], uri: str, *, names_uri: bool = False) -> str:
    """The same for programs: the inputs of each forward in Python spelling, and whose it is by its mark."""
    place = {"uri": uri} if names_uri else {}
    forwards = [
        {"name": name, "owner": record.mark.owner_shown, "inputs": _arguments(record, place)}
        for record, name in zip(records, _names(records), strict=True)
    ]
    return json.dumps({"uri": uri, "port_forwards": forwards}, indent=2) + "\n"


def _arguments(record: Record, place: dict[str, str]) -> dict[str, object]:
    return {**place, "adopt": True, **inputs_of(record)}


def _declaration(record: Record, name: str, variable: str, place: dict[str, str]) -> Iterator[str]:
    ports = ", ".join(leads(record.forward.target, *one) for one in record.forward.ports)
    yield f"# {ports}: belongs to '{printable(record.mark.owner_shown)}' by its mark, from which it is taken over."
    opening, *rest = call("PortForward", name, _arguments(record, place))
    yield f"{variable} = {opening}"
    yield from rest


def _names(records: Sequence[Record]) -> list[str]:
    """Those of their resources, where no two have the same."""
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
