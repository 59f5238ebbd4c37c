"""Whose the records on a host are: this resource's, to go on with or to take, or others'. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from virtnet.planning.findings import Note, Refusal
from virtnet.planning.ownership.marks import owner_of, token_of, urn_of
from virtnet.port_forward.forward import Forward, shared_ports
from virtnet.port_forward.kinds import NoteKind, RefusalKind
from virtnet.port_forward.observed import PortForwardReport, id_recorded
from virtnet.port_forward.restore.files import path_of
from virtnet.port_forward.restore.record import Record, id_for
from virtnet.port_forward.rules.table import Listener, listeners_of_forward
from virtnet.spec.part import Values


class Held(NamedTuple):
    """What a plan goes on with."""

    id: str
    """Of the record that exists, or will exist."""
    own: Record | None = None
    """What is there of it; None if nothing is."""
    taken: tuple[Record, ...] = ()
    """Others' records that go, as their ports are taken over."""
    notes: tuple[Note, ...] = ()
    """From whom a create takes what."""
    is_of_resource: bool = False
    """Of a create: whether its record was written for this very resource."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those in the marks of what is taken."""
        records = (*(() if self.own is None else (self.own,)), *self.taken)
        return tuple(record.mark.token for record in records)


def held_by_create(desired: Values, forward: Forward, observed: PortForwardReport) -> Held:
    """What a create goes on with: its own, and with `adopt` whosever record has one of its ports.

    Of several that it may go on with the first keeps its id, and the others go.
    """
    found: list[tuple[Record, Note]] = []
    for record in observed.records.values():
        mark, path = record.mark, path_of(record.forward.id)
        meets = bool(shared_ports(forward, record.forward))
        if mark.owner and mark.is_of_resource(desired) and (meets or mark.urn):
            note = Note(NoteKind.RESUMED, {"path": path})
        elif mark.owner and mark.owner == owner_of(desired) and meets:
            note = Note(NoteKind.TAKEN_UP, {"path": path, "urn": mark.urn})
        elif desired.get("adopt") is True and meets:
            details = {"path": path, "owner": mark.owner_shown, "alias": mark.alias_for(desired)}
            note = Note(NoteKind.TAKEN_OVER, details)
        else:
            continue
        found.append((record, note))
    notes = tuple(note for _, note in found)
    if not found:
        return Held(free_id(desired, observed), notes=notes)
    own, *others = [record for record, _ in found]
    of_resource = any(record.mark.is_of_resource(desired) for record, _ in found)
    return Held(own.forward.id, own, tuple(others), notes, is_of_resource=of_resource)


def held_by_record(recorded: Values, observed: PortForwardReport, desired: Values | None = None) -> Held:
    """What belongs to a record of the state: the file with its token.

    In an update, also what was written for this very resource in a run that was not recorded.
    """
    token = token_of(recorded)
    own = next((one for one in observed.records.values() if token and one.mark.token == token), None)
    if own is None and desired is not None:
        marks = {one.forward.id: one.mark for one in observed.records.values() if one.mark.urn}
        own = next((observed.records[i] for i, mark in marks.items() if mark.is_of_resource(desired)), None)
    if own is not None:
        return Held(own.forward.id, own)
    return Held(id_recorded(recorded))


def link_stays(recorded: Values, records: Mapping[str, Record]) -> bool:
    """Whether the link to a recorded forward's network stays without it, because another forward needs it.

    A forward without a file may have left a link that nobody needs.
    """
    token = token_of(recorded)
    own = next((one for one in records.values() if token and one.mark.token == token), None)
    return own is not None and shares_link(own.forward, records)


def shares_link(forward: Forward, records: Mapping[str, Record]) -> bool:
    """Whether another forward by its record needs the very link that this one needs."""
    others = (one for one in records.values() if one.forward.id != forward.id and not one.edited)
    return any(one.forward.network == forward.network for one in others)


def free_id(desired: Values, observed: PortForwardReport) -> str:
    """By the resource's name, or, where the file of that id is another's, by its token too."""
    name = urn_of(desired) or owner_of(desired) or observed.fresh_token
    identity = id_for(name)
    taken = identity in observed.ids or path_of(identity) in observed.files
    return id_for(name, observed.fresh_token) if taken else identity


def taken_from(held: Held, before: Forward | None, observed: PortForwardReport) -> Record | None:
    """The record of another resource that has taken over what is recorded; None if none has."""
    if held.own is not None:
        return None
    there = observed.records.get(held.id)
    if there is not None:
        return there
    others = () if before is None else tuple(_meeting(before, held, observed))
    return next(iter(others), None)


def old_record(forward: Forward, desired: Values, held: Held, observed: PortForwardReport) -> Values:
    """What a state holds of the record in the way that may be this resource's by an old name; empty where none is."""
    for record in _meeting(forward, held, observed):
        if record.mark.may_be_old_name_of(desired):
            return {"__token": record.mark.token, "__forward": record.forward.id, "target": record.forward.target}
    return {}


def met_by(forward: Forward, desired: Values, held: Held, observed: PortForwardReport) -> Iterator[Refusal]:
    """Others' records with ports of this one: two owners would undo each other for ever."""
    for record in _meeting(forward, held, observed):
        details = {
            "ports": [[one.protocol, one.listen, one.last] for one in shared_ports(forward, record.forward)],
            "address": forward.listen_address,
            "host": observed.host,
            "owner": record.mark.owner_shown,
            "path": path_of(record.forward.id),
            "alias": record.mark.alias_for(desired),
        }
        yield Refusal(RefusalKind.HELD_BY_ANOTHER, details)


def without_record(forward: Forward, held: Held, observed: PortForwardReport) -> Iterator[Refusal]:
    """Rules with ports of this forward and without a record of their owner: nft would not accept both."""
    wanted = listeners_of_forward(forward)
    known = {held.id, *observed.records}
    met: dict[str, list[Listener]] = {}
    for one in observed.table.listeners:
        if one.id not in known and any(one.meets(other) for other in wanted):
            met.setdefault(one.id, []).append(one)
    for identity, listeners in met.items():
        details = {
            "ports": [[one.protocol, one.first, one.last] for one in listeners],
            "address": forward.listen_address,
            "path": path_of(identity),
            "host": observed.host,
        }
        yield Refusal(RefusalKind.RULES_WITHOUT_RECORD, details)


def _meeting(forward: Forward, held: Held, observed: PortForwardReport) -> Sequence[Record]:
    ours = {held.id, *(record.forward.id for record in held.taken)}
    return [
        record
        for record in observed.records.values()
        if record.forward.id not in ours and shared_ports(forward, record.forward)
    ]
