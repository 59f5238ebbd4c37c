"""The file on a host of one PortForward: its owner, what it forwards, and its rules as `nft -f` loads them. Pure.

All files are in one directory, which is loaded as a whole when the rules are restored. The header holds, besides the
mark of the owner (`planning.ownership.marked_files`), the forward as data, so that a read shows what was meant, no
matter what the rules have become.
"""

import hashlib
import json
import re
from typing import Any, Literal, NamedTuple

from virtnet.planning.ownership import marked_files
from virtnet.planning.ownership.marks import Mark
from virtnet.port_forward.forward import Forward, ForwardNetwork, PortRange, is_canonical
from virtnet.port_forward.rules.render import body

_FORWARD = "# virtnet-forward:"
_RESERVATION = "# virtnet-reservation:"
_FILE = re.compile(r"[0-9a-f]{16}\.nft")


class NamedReservation(NamedTuple):
    """By what a program names a reservation of a network."""

    key: Literal["name", "mac"]
    value: str


class Record(NamedTuple):
    """What a file says: whose it is, and what it forwards."""

    mark: Mark
    """Of its owner; without a name if the file has none."""
    forward: Forward
    edited: bool = False
    """True when the text is not what virtnet wrote."""
    reservation: NamedReservation | None = None
    """The DHCP reservation that the program named for the guest; None if it named an address, or nobody noted."""


def id_for(owner: str, salt: str = "") -> str:
    """The id of an owner's forward; with a salt where that is another's already."""
    return hashlib.sha256(f"{owner}{salt}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def id_of(path: str) -> str | None:
    """The id of the forward whose file has this name or path; None for a name of nothing of ours."""
    name = path.rpartition("/")[2]
    return name.removesuffix(".nft") if _FILE.fullmatch(name) else None


def render(record: Record) -> str:
    """The file's text."""
    told = f"{_FORWARD} {json.dumps(as_data(record.forward), sort_keys=True)}"
    named = record.reservation
    by = [] if named is None else [f"{_RESERVATION} {json.dumps(named._asdict(), sort_keys=True)}"]
    return marked_files.render("PortForward", record.mark, [told, *by], body(record.forward).splitlines())


def parse(identity: str, text: str) -> Record | None:
    """What the file of a forward says, or None when virtnet did not write it."""
    there = marked_files.parse(text)
    if there is None:
        return None
    told = next((line.removeprefix(_FORWARD) for line in there.lines if line.startswith(_FORWARD)), None)
    forward = None if told is None else from_data(identity, told)
    if forward is None:
        return None
    named = next((line.removeprefix(_RESERVATION) for line in there.lines if line.startswith(_RESERVATION)), None)
    return Record(there.mark, forward, there.edited, None if named is None else _reservation(named))


def _reservation(text: str) -> NamedReservation | None:
    """The reservation that `render` gave, from JSON; None for anything that is none."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    is_one = isinstance(told, dict) and told.keys() == {"key", "value"} and isinstance(told["value"], str)
    return NamedReservation(told["key"], told["value"]) if is_one and told["key"] in ("name", "mac") else None


def as_data(forward: Forward) -> dict[str, object]:
    """A forward without its id, as plain data."""
    found: dict[str, object] = {**forward._asdict(), "network": forward.network._asdict()}
    del found["id"]
    return found | {"ports": [list(one) for one in forward.ports], "sources": list(forward.sources)}


def from_data(identity: str, text: str) -> Forward | None:
    """The forward that `as_data` gave, from JSON; None for anything that is none.

    It is held to what check and the plan would give: what a file says becomes part of rules and of commands.
    """
    try:
        return _forward(identity, json.loads(text))
    except (ValueError, TypeError, KeyError):
        return None


def _forward(identity: str, told: dict[str, Any]) -> Forward:
    forward = Forward(
        id=identity,
        listen_address=told["listen_address"] or "",
        target=told["target"],
        ports=tuple(PortRange(*one) for one in told["ports"]),
        sources=tuple(told["sources"]),
        network=ForwardNetwork(**told["network"]),
    )
    numbers = (number for ports in forward.ports for number in ports[1:])
    types_fit = all(type(one) is int for one in numbers) and all(type(one) is str for one in forward.network)
    if not (types_fit and is_canonical(forward) and as_data(forward) == told):
        raise ValueError("no forward")
    return forward
