"""The Pulumi program of networks that exist: what `virtnet import` prints, in Python or as JSON. Pure."""

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from virtnet.network.messages.render import failure as read
from virtnet.network.messages.render import sentence
from virtnet.network.observed import ReportedNetwork
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.resource import check, inputs_of
from virtnet.network.spec import NetworkSpec
from virtnet.network.xml.holding import is_holding_network
from virtnet.planning.findings import Note
from virtnet.planning.property_paths import spelled
from virtnet.spec.failures import Failure
from virtnet.spec.part import Part, Values, shapes
from virtnet.spec.paths import Steps, parsed, value_at
from virtnet.spec.values import printable

_WIDTH = 100


def of_others(reports: Iterable[ReportedNetwork]) -> list[ReportedNetwork]:
    """The networks that a program may take over, by name: not what a restart keeps guests on meanwhile."""
    return sorted(
        (report for report in reports if not is_holding_network(report.definition)), key=lambda report: report.name
    )


def program(reports: Sequence[ReportedNetwork], uri: str, *, names_uri: bool = False) -> str:
    """A Python program that adopts the networks as they are: `pulumi up` of it changes nothing on the host.

    What check would refuse is left out, so that it stays as it is, and named in a comment with the reason; another says
    whose a network is by its mark. `names_uri` is whether each network names its host; otherwise it is the one of
    Pulumi's configuration.
    """
    lines = [f'"""{_title(reports, uri)}, taken over as {"it is" if len(reports) == 1 else "they are"}."""', ""]
    lines += ["import pulumi_virtnet as virtnet"]
    named = variables((one.name for one in reports), "network")
    for declared in declarations(reports, named, uri, names_uri=names_uri):
        lines += ["", *declared]
    return "\n".join(lines) + "\n"


def declarations(
    reports: Iterable[ReportedNetwork], named: Iterable[str], uri: str, *, names_uri: bool = False
) -> Iterator[Sequence[str]]:
    """The lines that declare each of the networks, behind the comments on it; `named` are their variables."""
    for report, variable in zip(reports, named, strict=True):
        yield [*_declaration(report, variable, uri, names_uri=names_uri)]


def _title(reports: Sequence[ReportedNetwork], uri: str) -> str:
    if len(reports) != 1:
        return f"{len(reports)} networks of {inside_docstring(uri)}"
    return f"The network {inside_docstring(reports[0].name)} of {inside_docstring(uri)}"


def call(kind: str, name: str, arguments: Values) -> Iterator[str]:
    """The lines of a call that declares a resource."""
    yield f"virtnet.{kind}("
    yield f"    {_short(name)},"
    for argument, value in arguments.items():
        yield from (f"    {line}" for line in _argument(argument, value))
    yield ")"


class Expression(NamedTuple):
    """What stands in a program as it is, in the place of a value."""

    code: str


def variables(names: Iterable[str], prefix: str, others: Iterable[str] = ()) -> list[str]:
    """A Python name for each, all different, and none that others have."""
    taken = {"virtnet", *others}
    found = []
    for name in names:
        variable = _variable(name, prefix)
        while variable in taken:
            variable = f"{prefix}_{variable}"
        taken.add(variable)
        found.append(variable)
    return found


class _Adoption(NamedTuple):
    """How a program takes a network over."""

    inputs: Values
    left_out: Mapping[str, Failure]
    """By its path, what of the network can't be in a program, so that it stays as it is."""
    to_correct: Sequence[Failure]
    """What check refuses and can't be left out."""
    owner: str
    """Whose it is by its mark; "" if it has none."""


def _adoption(report: ReportedNetwork, uri: str, *, names_uri: bool) -> _Adoption:
    named = {"uri": uri} if names_uri else {}
    inputs, left_out, failures = to_adopt({**named, "adopt": True, **inputs_of(report)}, report.name, uri)
    mark = report.definition.mark
    return _Adoption(inputs, left_out, failures, mark.owner_shown if mark is not None and mark.owner else "")


def as_json(reports: Sequence[ReportedNetwork], uri: str, *, names_uri: bool = False) -> str:
    """The same as `program` for programs: one object, `uri` and `networks`."""
    return json.dumps({"uri": uri, "networks": described(reports, uri, names_uri=names_uri)}, indent=2) + "\n"


def described(
    reports: Iterable[ReportedNetwork], uri: str, *, names_uri: bool = False
) -> Sequence[Mapping[str, object]]:
    """The inputs of each network in Python spelling, and what is said of it, as plain values."""
    return [
        {
            "name": report.name,
            "uuid": report.uuid,
            "owner": found.owner or None,
            "inputs": found.inputs,
            "left_out": [{"path": path, "reason": read(failure)} for path, failure in found.left_out.items()],
            "to_correct": [{"path": failure.path, "reason": read(failure)} for failure in found.to_correct],
        }
        for report in reports
        for found in (_adoption(report, uri, names_uri=names_uri),)
    ]


def _declaration(report: ReportedNetwork, variable: str, uri: str, *, names_uri: bool) -> Iterator[str]:
    found = _adoption(report, uri, names_uri=names_uri)
    if found.owner:
        taken_over = Note(NoteKind.TAKEN_OVER, {"owner": found.owner, "alias": ""})
        yield f"# Note: {printable(sentence(taken_over))}"
    for failure in found.to_correct:
        yield f"# To correct before it can be used: {failure.path}: {read(failure)}"
    for path, failure in found.left_out.items():
        yield f"# Left out, so it stays as it is: {path}: {read(failure)}"
    opening, *rest = call("LibvirtNetwork", report.name, found.inputs)
    yield f"{variable} = {opening}"
    yield from rest


def to_adopt(inputs: Values, name: str, uri: str) -> tuple[Values, Mapping[str, Failure], Sequence[Failure]]:
    """Inputs less what check refuses and may be left out, by its path, and what it goes on to refuse."""
    left_out: dict[Steps, Failure] = {}
    while True:
        _, failures = check({"uri": uri, "name": name, **inputs}, {})
        places = {place: failure for failure in reversed(failures) if (place := _may_be_left_out(failure.path))}
        dropped = {place: failure for place, failure in places.items() if value_at(inputs, spelled(place)) is not None}
        if not dropped:
            # What is around it tells of it.
            widest = [
                place for place in left_out if not any(place[:length] in left_out for length in range(len(place)))
            ]
            return inputs, {spelled(place): left_out[place] for place in widest}, failures
        for place, failure in dropped.items():
            inputs = _less(inputs, place)
            left_out[place] = failure


def _may_be_left_out(path: str) -> Steps:
    """The place of the narrowest value around a path that a program may leave out, so that it stays as found.

    A list that is named is owned whole, so none of its items may be; of an item that is known by its key, the rest may.
    """
    narrowest: Steps = ()
    place: Steps = ()
    part: type[Part] | None = NetworkSpec
    for step in parsed(path):
        if isinstance(step, int):
            place = (*place, step)
            continue
        if part is None or step not in part.model_fields:
            break
        place = (*place, step)
        if path != "name" and step not in part.key and not part.model_fields[step].is_required():
            narrowest = place
        part = shapes(part)[step].part
    return narrowest


def _less(tree: Any, place: Steps) -> Any:
    """A tree without the value at a place that it holds."""
    step, *rest = place
    if isinstance(tree, list):
        return [_less(item, tuple(rest)) if index == step else item for index, item in enumerate(tree)]
    if not rest:
        return {name: value for name, value in tree.items() if name != step}
    return {name: _less(value, tuple(rest)) if name == step else value for name, value in tree.items()}


def inside_docstring(text: str) -> str:
    """A text as it may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _variable(name: str, prefix: str) -> str:
    """A resource's name as a Python name; behind a prefix where it is none."""
    variable = re.sub(r"\W", "_", name.lower(), flags=re.ASCII)
    if not variable or variable[0].isdigit() or keyword.iskeyword(variable):
        variable = f"{prefix}_{variable}"
    return variable


def _argument(name: str, value: object) -> Iterator[str]:
    lines = list(_literal(value))
    lines[0] = f"{name}={lines[0]}"
    lines[-1] += ","
    yield from lines


def _short(value: object) -> str:
    """A tree as Python on one line, with double quotes: JSON's texts are Python's."""
    if isinstance(value, Expression):
        return value.code
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
