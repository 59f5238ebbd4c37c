"""A map as JSON for programs. Pure."""

import json
from dataclasses import asdict

from virtnet.commands.map.model import Map

FORMAT = 1
"""The version of what is printed: a name that is there stays, and others may come."""


def as_json(drawn: Map) -> str:
    """One object: `format`, `stack` (null for hosts that were looked at), `problems` (how many), and `hosts`."""
    whole = {
        "format": FORMAT,
        "stack": drawn.stack or None,
        "problems": drawn.troubles,
        "hosts": [asdict(host) for host in drawn.hosts],
    }
    return json.dumps(whole, indent=2) + "\n"
