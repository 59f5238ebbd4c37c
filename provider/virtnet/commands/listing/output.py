"""A list as a table for people and as JSON for programs. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from virtnet.commands.hosts import Answered
from virtnet.commands.listing.ask import Entries
from virtnet.commands.tables import Column, table_of
from virtnet.commands.terminal import Terminal
from virtnet.spec.part import Values, as_list
from virtnet.spec.text import escape_controls


class _Shown(NamedTuple):
    """A column, and what stands in it."""

    column: Column
    cell: Callable[[Values], str]


def _joined(entry: Values, name: str) -> str:
    return ", ".join(map(str, as_list(entry[name])))


_NO_GUEST = "(not a guest of libvirt)"

_NETWORK = _Shown(Column("NETWORK"), lambda entry: str(entry["network"]))

#: The columns of each list.
_COLUMNS: Mapping[str, Sequence[_Shown]] = {
    "networks": (
        _Shown(Column("NETWORK"), lambda entry: str(entry["name"])),
        _Shown(Column("MODE"), lambda entry: str(entry["mode"])),
        _Shown(Column("ADDRESSES"), lambda entry: _joined(entry, "addresses")),
        _Shown(Column("BRIDGE"), lambda entry: str(entry["bridge_name"])),
        _Shown(
            Column("STATE", {"active": "green", "inactive": "dim"}),
            lambda entry: "active" if entry["active"] else "inactive",
        ),
        _Shown(Column("AUTOSTART", {"no": "dim"}), lambda entry: "yes" if entry["autostart"] else "no"),
        _Shown(Column("PERSISTENT", {"no": "yellow"}), lambda entry: "yes" if entry["persistent"] else "no"),
    ),
    "guests": (
        _NETWORK,
        _Shown(Column("GUEST", {_NO_GUEST: "dim"}), lambda entry: str(entry["guest"] or _NO_GUEST)),
        _Shown(Column("INTERFACE"), lambda entry: str(entry["interface"])),
        _Shown(Column("MAC"), lambda entry: str(entry["mac"])),
        _Shown(Column("LEASED"), lambda entry: _joined(entry, "addresses")),
    ),
    "leases": (
        _NETWORK,
        _Shown(Column("ADDRESS"), lambda entry: f"{entry['address']}/{entry['prefix_length']}"),
        _Shown(Column("MAC"), lambda entry: str(entry["mac"] or entry["client_id"])),
        _Shown(Column("HOSTNAME"), lambda entry: str(entry["hostname"])),
        _Shown(Column("EXPIRES", {"never": "dim"}), lambda entry: str(entry["expires"] or "never")),
    ),
}

#: What a list says that has no row.
_NOTHING = {"networks": "no networks", "guests": "nothing is attached", "leases": "no leases"}


def table(kind: str, entries: Entries, uri: str, terminal: Terminal) -> str:
    """A table of a host's entries, or a line where it has none. `kind` is "networks", "guests" or "leases"."""
    return _table(kind, {uri: entries}, terminal, names_hosts=False)


def table_of_hosts(kind: str, answered: Sequence[Answered[Entries]], terminal: Terminal) -> str:
    """The same of several hosts, which a column names, also if only one of them answered."""
    found = {one.uri: one.answer for one in answered if one.answer is not None}
    return _table(kind, found, terminal, names_hosts=True)


def _table(kind: str, entries: Mapping[str, Entries], terminal: Terminal, *, names_hosts: bool) -> str:
    shown = _COLUMNS[kind]
    columns = [*([Column("HOST")] if names_hosts else []), *(one.column for one in shown)]
    rows = [
        [*([uri] if names_hosts else []), *(one.cell(entry) for one in shown)]
        for uri, those in entries.items()
        for entry in those
    ]
    nothing = "".join(f"{escape_controls(uri)}: {_NOTHING[kind]}\n" for uri, those in entries.items() if not those)
    return (table_of(columns, rows, terminal) if rows else "") + nothing


def as_json(kind: str, entries: Entries, uri: str) -> str:
    """One object: `uri`, and a list under the name of its kind."""
    return json.dumps(_of_host(kind, entries, uri), indent=2) + "\n"


def json_of_hosts(kind: str, answered: Sequence[Answered[Entries]]) -> str:
    """A list of such objects, one for each host; where a host failed, `error` says why in place of the list."""
    hosts = [
        {"uri": one.uri, "error": str(one.error)} if one.answer is None else _of_host(kind, one.answer, one.uri)
        for one in answered
    ]
    return json.dumps(hosts, indent=2) + "\n"


def _of_host(kind: str, entries: Entries, uri: str) -> dict[str, object]:
    return {"uri": uri, kind: list(entries)}
