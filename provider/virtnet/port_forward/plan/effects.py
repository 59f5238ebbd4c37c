"""What the plan of a PortForward means for others: what opens to whom, and what closes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from virtnet.planning.findings import Effect, EffectKind, Note
from virtnet.port_forward.kinds import NoteKind
from virtnet.spec.part import UNKNOWN, Values, as_group, as_list, walk_unknown

_OF_NOTES: Mapping[Enum, EffectKind] = {
    NoteKind.CLOSES: EffectKind.PORT_CLOSED,
    NoteKind.OPENS: EffectKind.PORT_OPENED,
    NoteKind.OPENS_LESS: EffectKind.PORT_NARROWED,
    NoteKind.OPENS_TO_PUBLIC: EffectKind.PORT_IS_PUBLIC,
    NoteKind.OPENS_WIDER: EffectKind.PORT_WIDENED,
    NoteKind.SSH_GOES_TO_GUEST: EffectKind.PORT_IS_SSH,
}


def effects(_recorded: Values | None, _desired: Values, notes: Sequence[Note]) -> Iterator[Effect]:
    """The plan's notes about ports, as effects with the same details."""
    for note in notes:
        if note.kind in _OF_NOTES:
            guest = str(note.details.get("guest") or "")
            yield Effect(_OF_NOTES[note.kind], (guest,) if guest else (), note.details)


def in_brief(desired: Values) -> Iterator[str]:
    """The ports, and the network that they lead to."""
    ports = desired.get("ports", [])
    for item in as_list([] if ports is UNKNOWN else ports):
        if not list(walk_unknown(item)):
            yield f"{as_group(item)['protocol']} {as_group(item)['listen_port']}"
    if isinstance(network := desired.get("network"), str):
        yield f"network {network}"
