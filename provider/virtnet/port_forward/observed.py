"""What a host and its libvirt report of a forward now, and what a state records of one. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from virtnet.host.firewall.ruleset import Ruleset
from virtnet.network.observed import ReportedNetwork
from virtnet.planning.reports import ListeningSocket, ServiceReport
from virtnet.port_forward.forward import PortRange
from virtnet.port_forward.ports import Span
from virtnet.port_forward.restore.check import Need
from virtnet.port_forward.restore.files import RUNS, SERVICE, common_files
from virtnet.port_forward.restore.record import Record
from virtnet.port_forward.rules.table import Table
from virtnet.port_forward.spec import PortForwardSpec
from virtnet.spec.part import Values

RESERVED = "__reserved"
"""In a record that a plan gets: the address that the network's program reserves for the guest, if this run doesn't
change the network; "" for none."""

APART = "__apart"
"""Recorded: that address, if the host had another one. This is drift of the network. A run sees it only after a
refresh, and the forward can't fix it."""


class PortForwardReport(NamedTuple):
    """One forward's host as it is now."""

    host: str
    """The host's name, for messages."""
    host_uuid: str
    network: ReportedNetwork | None
    """The network that the inputs name; None if libvirt knows none of that name or UUID."""
    table: Table
    """The rules of all forwards."""
    called: str = ""
    """The network's name or UUID in the inputs; "" if it isn't known yet."""
    renamed: str = ""
    """The name that this run gives that network; "" if the network keeps its name."""
    files: Mapping[str, str] = MappingProxyType({})
    """Paths and texts of the records that concern this forward: its own, and of those that have its ports."""
    records: Mapping[str, Record] = MappingProxyType({})
    """What these say, by id; without those that virtnet did not write."""
    ids: tuple[str, ...] = ()
    """The ids of all records of the host."""
    restore: Mapping[str, str | None] = MappingProxyType({})
    """Paths and texts of what puts the rules back by itself; None for what is not there."""
    service: ServiceReport | None = None
    """Its service; None if no systemd runs the host."""
    links: tuple[Need, ...] = ()
    """The links to networks that the host lacks."""
    addresses: tuple[str, ...] = ()
    """The host's addresses but for loopback's and link-local ones."""
    sockets: tuple[ListeningSocket, ...] = ()
    """The host's listening sockets. Read before a change."""
    ssh_ports: tuple[int, ...] = ()
    """The ports of the host's own ssh server. Read before a change."""
    firewall: Ruleset | None = None
    """The whole firewall; None if it wasn't asked for, or can't be listed."""
    uplinks: Mapping[int, str] = MappingProxyType({})
    """The interface of the default route, by version of IP."""
    forwards: Mapping[int, bool] = MappingProxyType({})
    """Whether the kernel forwards packets, by version of IP. Read before a change."""
    libvirt_version: int = 0
    """The version of the daemon, if a change is previewed: 9000000 is 9.0.0."""
    has_nft: bool = True
    may_change: bool = True
    """Whether this user may change the host's firewall."""
    names: tuple[str, ...] = ()
    """The names of libvirt's networks, if it doesn't have the network of the inputs."""
    comes: bool = False
    """Whether the network is not there and this run makes it: then `network` is as it will be, if that is known."""
    starts: bool = False
    """Whether libvirt has the kernel forward, as this run starts the network or gives it a mode that is routed."""
    in_doubt: bool = False
    """Whether this run changes the network in ways that are known only when applied."""
    fresh_token: str = ""
    """For the mark of what is made, taken up or taken over now."""


def restore_missing(restore: Mapping[str, str | None], service: ServiceReport | None) -> Iterator[str]:
    """Paths of the restoring service that aren't as virtnet installs them, and the service's name."""
    for path, text in common_files().items():
        if restore.get(path) != text:
            yield path
    if service not in (None, RUNS):
        yield SERVICE


def recorded_inputs(recorded: Values) -> dict[str, object]:
    """What the program had named, from recorded outputs."""
    names = (*PortForwardSpec.model_fields, "__owner", "__urn")
    return {name: recorded[name] for name in names if recorded.get(name) is not None}


def is_same_network(desired: Values, recorded: Values) -> bool:
    """Whether inputs mean the recorded network: by its UUID instead of its name, or the other way round, it is."""
    return desired.get("network") in [recorded.get(name) for name in ("network", "network_uuid", "__network")]


def inputs_of(record: Record) -> dict[str, object]:
    """The inputs that describe what a record forwards, as its program named it: maybe a guest by its reservation."""
    forward, by = record.forward, record.reservation
    target = {"target_address": forward.target} if by is None else {f"target_{by.key}": by.value}
    named: dict[str, object] = {"network": forward.network.name, **target}
    named |= {"listen_address": forward.listen_address} if forward.listen_address else {}
    named |= {"sources": list(forward.sources)} if forward.sources else {}
    return named | {"ports": [_ports_of(one) for one in forward.ports]}


def _ports_of(ports: PortRange) -> dict[str, object]:
    named: dict[str, object] = {"protocol": ports.protocol, "listen_port": str(Span(ports.listen, ports.last))}
    same = ports.listen == ports.target
    return named if same else {**named, "target_port": str(Span(ports.target, ports.target_last))}


def id_recorded(recorded: Values) -> str:
    """The id of a recorded forward; "" if none is recorded."""
    return str(recorded.get("__forward") or "")


def apart(recorded: Values, target: str) -> dict[str, object]:
    """The recorded APART of a forward whose guest has the address `target`."""
    kept = recorded.get(APART) if target == recorded.get("target") else None
    by_program = recorded.get(RESERVED, kept)
    return {APART: None if by_program == target else by_program}
