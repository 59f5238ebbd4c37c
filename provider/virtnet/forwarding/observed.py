"""What the host reports of its IP forwarding, and what a HostForwarding's inputs mean in kernel parameters. Pure."""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from virtnet.forwarding.boot_files.drop_in import DropIn, is_runtime_record, parse, path_of
from virtnet.forwarding.kinds import UserKind
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.forwarding.sysctl import (
    IPV4,
    IPV6,
    WHOLE_HOST,
    integer,
    interface_of,
    ipv4_of,
    ipv6_of,
    is_accept_ra,
    is_ipv6,
    is_on,
    is_parameter,
)
from virtnet.planning.ownership.marks import owner_of, token_of
from virtnet.spec.part import UNKNOWN, Values, as_group


class ForwardingUser(NamedTuple):
    """Someone or something that needs forwarding on."""

    kind: UserKind
    name: str
    """A network's name, Docker's interface, or a file's path."""
    mode: str = ""
    """A network's forward mode; "" for others."""

    def as_details(self) -> Mapping[str, str]:
        """The same as plain data."""
        return {"kind": self.kind.value, "mode": self.mode, "name": self.name}


class ForwardingReport(NamedTuple):
    """The forwarding of one host as it is now."""

    host: str
    """The host's name, for messages."""
    host_uuid: str
    values: Mapping[str, str]
    """Every forwarding parameter of the kernel, of the host and of each interface."""
    files: Mapping[str, str]
    """Paths and texts of everything that sets parameters at boot."""
    users: Mapping[str, tuple[ForwardingUser, ...]]
    """The active networks that need forwarding now, by IPV4 and IPV6."""
    docker: bool
    """Whether Docker runs: its bridge docker0 is there."""
    routed_by_advertisement: tuple[str, ...]
    """Interfaces with routes that the kernel learned from router advertisements."""
    runtime_records: Mapping[str, str] = MappingProxyType({})
    """Paths and texts of the runtime records of those that set parameters for this boot only; see drop_in."""
    docker_installed: bool = False
    forward_policy: str = ""
    """The policy of iptables' FORWARD chain ("ACCEPT", "DROP"), looked at where Docker runs; "" otherwise."""
    other_programs: Mapping[str, str] = MappingProxyType({})
    """Paths and texts of the configuration of other programs that set parameters while the host runs."""
    may_change: bool = True
    """Whether this user may set the kernel's parameters of the network."""
    fresh_token: str = ""
    """For the mark of what is made, taken up or taken over now."""

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The names of all interfaces that have forwarding parameters."""
        names = {key.split("/")[3] for key in self.values if key.count("/") >= 4}
        return tuple(sorted(names - {"all", "default"}))


def wanted(inputs: Values) -> dict[str, str | None]:
    """The parameters that inputs name, with their values; None for one that only the apply will know."""
    keys: dict[str, str | None] = {}
    for name, key in (("ipv4", IPV4), ("ipv6", IPV6)):
        if name in inputs:
            keys[key] = _value(inputs[name])
    for interface, group in _known(inputs.get("interfaces")).items():
        for name, value in _known(group).items():
            keys[ipv4_of(interface) if name == "ipv4" else ipv6_of(interface)] = _value(value)
    return keys


def named_as(keys: Iterable[str], values: Mapping[str, str]) -> dict[str, object]:
    """The inputs that name these parameters with these values: `wanted`, the other way round."""
    inputs: dict[str, object] = {}
    interfaces: dict[str, dict[str, bool]] = {}
    for key in keys:
        if key not in values or is_accept_ra(key):
            continue
        interface, family = interface_of(key), "ipv6" if is_ipv6(key) else "ipv4"
        if key in WHOLE_HOST:
            inputs[family] = is_on(values[key])
        elif interface:
            interfaces.setdefault(interface, {})[family] = is_on(values[key])
    return inputs | ({"interfaces": interfaces} if interfaces else {})


def previous_of(recorded: Values) -> dict[str, str]:
    """The values found at create, from recorded outputs or from a plan's details.

    Of forwarding only, so that anyone who can write a state can't write other parameters of a host, or lines of a file.
    """
    previous = recorded.get("previous") or {}
    return parameters(json.loads(previous) if isinstance(previous, str) else as_group(previous))


def parameters(values: Values) -> dict[str, str]:
    """Of keys and values that come from elsewhere those that are forwarding parameters and whole numbers."""
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    return {key: value for key, value in texts.items() if is_parameter(key) and integer(value) is not None}


def managed(inputs: Values, previous: Mapping[str, str]) -> dict[str, str | None]:
    """The parameters that are a resource's own: those its inputs name, and the advertisements it takes care of."""
    keys = wanted(inputs)
    keys.update({key: "2" for key in previous if is_accept_ra(key)})
    return keys


def project(inputs: Values, recorded: Values, report: ForwardingReport) -> dict[str, object]:
    """The inputs that the program sets, with the host's values; and, set or not, a drop-in that is gone or changed."""
    shown = recorded_inputs(inputs)
    for name, key in (("ipv4", IPV4), ("ipv6", IPV6)):
        if name in shown and shown[name] is not UNKNOWN and key in report.values:
            shown[name] = is_on(report.values[key])
    interfaces = {
        interface: {name: _forwards(report, interface, name, value) for name, value in _known(group).items()}
        for interface, group in _known(shown.get("interfaces")).items()
    }
    if interfaces:
        shown["interfaces"] = interfaces
    advertisements = [report.values.get(key, "2") for key in previous_of(recorded) if is_accept_ra(key)]
    if any(value != "2" for value in advertisements):
        shown["preserve_router_advertisements"] = False
    own = _own_files(recorded, report)
    drop_ins = {path: there for path, there in own.items() if not is_runtime_record(path)}
    holds = _holds(inputs, recorded, report) and drop_ins.keys() <= {path_of(drop_in_of(inputs))}
    if setting(inputs, "persist", default=True) is True and not holds:
        shown["persist"] = False
    if inputs.get("persist") is False and holds and drop_ins:
        shown["persist"] = True
    return shown | _unrecorded(inputs, shown, own, report)


def _own_files(recorded: Values, report: ForwardingReport) -> dict[str, DropIn]:
    """The drop-ins and runtime records with the record's token."""
    texts = {**report.files, **report.runtime_records}
    read = {path: parse(text) for path, text in texts.items()} if token_of(recorded) else {}
    return {path: there for path, there in read.items() if there is not None and there.mark.token == token_of(recorded)}


def _unrecorded(
    inputs: Values, shown: Values, own: Mapping[str, DropIn], report: ForwardingReport
) -> dict[str, object]:
    """Parameters in the resource's own files that its record lacks, because an update or Pulumi was interrupted.

    They are shown as if the program had set them. So an update rolls back those that the program doesn't set.
    """
    found: dict[str, object] = {}
    interfaces = {name: dict(as_group(group)) for name, group in _known(shown.get("interfaces")).items()}
    for key in {key for there in own.values() for key, _ in there.settings} - wanted(inputs).keys():
        interface, family = interface_of(key), "ipv6" if is_ipv6(key) else "ipv4"
        if key in (IPV4, IPV6):
            found[family] = is_on(report.values.get(key))
        elif interface and not is_accept_ra(key):
            interfaces.setdefault(interface, {})[family] = is_on(report.values.get(key))
    return found | ({"interfaces": interfaces} if interfaces else {})


def _forwards(report: ForwardingReport, interface: str, name: str, value: object) -> object:
    """An interface's forwarding as it is; as named where the interface is not there (the drop-in waits for it)."""
    there = report.values.get(ipv4_of(interface) if name == "ipv4" else ipv6_of(interface))
    return value if there is None or value is UNKNOWN else is_on(there)


def _holds(inputs: Values, recorded: Values, report: ForwardingReport) -> bool:
    """Whether the drop-in is there, as virtnet wrote it, and still this record's."""
    there = parse(report.files.get(path_of(drop_in_of(inputs)), ""))
    record = {"__owner": owner_of(inputs), "__token": token_of(recorded)}
    return there is not None and not there.edited and there.mark.is_of_record(record)


def recorded_inputs(recorded: Values) -> dict[str, object]:
    """What the program had named, from recorded outputs."""
    names = (*HostForwardingSpec.model_fields, "__owner", "__urn")
    return {name: recorded[name] for name in names if recorded.get(name) is not None}


def drop_in_of(inputs: Values) -> str | None:
    """The drop-in's file name; None if it is left out."""
    name = inputs.get("drop_in")
    return None if name is None else str(name)


def setting(inputs: Values, name: str, default: object) -> object:
    """One input, or what leaving it out means. May be UNKNOWN."""
    return inputs.get(name, default)


def _value(value: object) -> str | None:
    return None if value is UNKNOWN else "1" if value else "0"


def _known(value: object) -> Values:
    return {} if value is None or value is UNKNOWN else as_group(value)
