"""The Pulumi program of the IP forwarding that a host's HostForwardings keep: what `virtnet import` prints. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from virtnet.forwarding.boot_files.drop_in import DEFAULT_NAME, DropIn, is_runtime_record, parse
from virtnet.forwarding.boot_files.paths import DIRECTORY
from virtnet.forwarding.observed import ForwardingReport, named_as
from virtnet.forwarding.sysctl import IPV4, IPV6, is_on
from virtnet.spec.part import Values


class Kept(NamedTuple):
    """What one HostForwarding keeps, by its file."""

    name: str
    """Of the resource."""
    path: str
    owner: str
    edited: bool
    """Whether the file is not as virtnet wrote it."""
    inputs: Values
    """With adopt, in Python spelling."""


def kept(report: ForwardingReport) -> Sequence[Kept]:
    """The HostForwardings of a host, by their files' paths."""
    texts = {**report.files, **report.runtime_records}
    found = {path: there for path, text in sorted(texts.items()) if _may_be_ours(path) and (there := parse(text))}
    names = _names(found)
    return [
        Kept(names[path], path, there.mark.owner_shown, there.edited, _inputs(path, there))
        for path, there in found.items()
    ]


def on_and_kept_by_none(report: ForwardingReport) -> Sequence[str]:
    """The inputs ("ipv4", "ipv6") whose forwarding is on for the whole host, though no HostForwarding keeps it."""
    named = {name for one in kept(report) for name in one.inputs}
    return [
        name for name, key in (("ipv4", IPV4), ("ipv6", IPV6)) if is_on(report.values.get(key)) and name not in named
    ]


def _may_be_ours(path: str) -> bool:
    return path.startswith(f"{DIRECTORY}/") or is_runtime_record(path)


def _inputs(path: str, there: DropIn) -> Values:
    settings = dict(there.settings)
    file = path.rpartition("/")[2]
    named: dict[str, object] = {"adopt": True, **named_as(settings, settings)}
    if is_runtime_record(path):
        return {**named, "persist": False}
    return named if file == DEFAULT_NAME else {**named, "drop_in": file}


def _names(found: Mapping[str, DropIn]) -> Mapping[str, str]:
    """Those of their resources, where no two have the same."""
    own = {path: there.mark.owner.split("/", 2)[-1] or "ip-forwarding" for path, there in found.items()}
    taken = list(own.values())
    return {path: f"{name}-{path.rpartition('/')[2]}" if taken.count(name) > 1 else name for path, name in own.items()}
