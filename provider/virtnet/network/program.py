"""The Pulumi program of a network that exists: what `virtnet import` prints. Pure."""

import json
import keyword
import re
from collections.abc import Iterator, Mapping

from virtnet.network.messages.render import failure as read
from virtnet.network.observed import ReportedNetwork
from virtnet.network.resource import check, inputs_of

_WIDTH = 100


def program(report: ReportedNetwork, uri: str) -> str:
    """A Python program that adopts the network as it is: `pulumi up` of it changes nothing on the host.

    What check would refuse is said in comments at its head, with the reason.
    """
    arguments = {"adopt": True, **inputs_of(report)}
    _, failures = check({"uri": uri, "name": report.name, **arguments}, {})
    lines = [
        f'"""The network {_inside_docstring(report.name)} of {_inside_docstring(uri)}, taken over as it is."""',
        "",
        "import pulumi_virtnet as virtnet",
        "",
        *(f"# To correct before it can be used: {failure.path}: {read(failure)}" for failure in failures),
        f"{_variable(report.name)} = virtnet.LibvirtNetwork(",
        f"    {_short(report.name)},",
    ]
    for name, value in arguments.items():
        lines += [f"    {line}" for line in _argument(name, value)]
    lines.append(")")
    return "\n".join(lines) + "\n"


def _inside_docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _variable(name: str) -> str:
    """The network's name as a Python name."""
    variable = re.sub(r"\W", "_", name.lower(), flags=re.ASCII)
    if not variable or variable[0].isdigit() or keyword.iskeyword(variable):
        variable = f"network_{variable}"
    return variable


def _argument(name: str, value: object) -> Iterator[str]:
    lines = list(_literal(value))
    lines[0] = f"{name}={lines[0]}"
    lines[-1] += ","
    yield from lines


def _short(value: object) -> str:
    """A tree as Python on one line, with double quotes: JSON's texts are Python's."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_short(name)}: {_short(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _literal(value: object) -> Iterator[str]:
    """A tree as Python, on one line where it fits and one item a line where it does not."""
    short = _short(value)
    if len(short) <= _WIDTH - 30 or not isinstance(value, Mapping | list):
        yield short
        return
    opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
    yield opening
    items = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
    for name, item in items:
        lines = list(_literal(item))
        if name is not None:
            lines[0] = f"{_short(name)}: {lines[0]}"
        lines[-1] += ","
        yield from (f"    {line}" for line in lines)
    yield closing
