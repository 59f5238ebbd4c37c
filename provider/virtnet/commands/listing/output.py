"""A list as a table for people and as JSON for programs. Pure."""

import json
from collections.abc import Callable, Mapping

from virtnet.commands.listing.ask import Entries
from virtnet.spec.part import Values, as_list


def _joined(entry: Values, name: str) -> str:
    return ", ".join(map(str, as_list(entry[name])))


#: The columns of each list, with what stands in them.
_COLUMNS: Mapping[str, Mapping[str, Callable[[Values], str]]] = {
    "networks": {
        "NETWORK": lambda entry: str(entry["name"]),
        "MODE": lambda entry: str(entry["mode"]),
        "ADDRESSES": lambda entry: _joined(entry, "addresses"),
        "BRIDGE": lambda entry: str(entry["bridge_name"]),
        "STATE": lambda entry: "active" if entry["active"] else "inactive",
        "AUTOSTART": lambda entry: "yes" if entry["autostart"] else "no",
        "PERSISTENT": lambda entry: "yes" if entry["persistent"] else "no",
    },
    "guests": {
        "NETWORK": lambda entry: str(entry["network"]),
        "GUEST": lambda entry: str(entry["guest"] or "(not a guest of libvirt)"),
        "INTERFACE": lambda entry: str(entry["interface"]),
        "MAC": lambda entry: str(entry["mac"]),
        "LEASED": lambda entry: _joined(entry, "addresses"),
    },
    "leases": {
        "NETWORK": lambda entry: str(entry["network"]),
        "ADDRESS": lambda entry: f"{entry['address']}/{entry['prefix_length']}",
        "MAC": lambda entry: str(entry["mac"] or entry["client_id"]),
        "HOSTNAME": lambda entry: str(entry["hostname"]),
        "EXPIRES": lambda entry: str(entry["expires"] or "never"),
    },
}

#: What a list says that has no row.
_NOTHING = {"networks": "no networks", "guests": "nothing is attached", "leases": "no leases"}


def table(kind: str, entries: Entries, uri: str) -> str:
    """A table, or one line where there is nothing. `kind`: "networks", "guests" or "leases"."""
    from tabulate import tabulate

    if not entries:
        return f"{uri}: {_NOTHING[kind]}\n"
    columns = _COLUMNS[kind]
    rows = [[cell(entry) for cell in columns.values()] for entry in entries]
    return tabulate(rows, headers=[*columns], tablefmt="plain", disable_numparse=True) + "\n"


def as_json(kind: str, entries: Entries, uri: str) -> str:
    """One object: `uri`, and a list under the name of its kind."""
    return json.dumps({"uri": uri, kind: list(entries)}, indent=2) + "\n"
