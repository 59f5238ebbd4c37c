"""A network declared just as it is recorded, told from what travels alone. Pure."""

from collections.abc import Mapping
from typing import Any

from virtnet.planning.announcements import Place
from virtnet.planning.unchanged import AsSent, checks, equal, plain, same

DEFAULTS = {"autostart": True, "active": True}
"""What check puts in where it is left out."""

COMPUTED = frozenset({"uuid", "bridgeName", "mac", "persistent", "hostUuid", "adoptedFrom", "problems"})
"""diff's COMPUTED as it travels."""


def checks_as_recorded(
    recorded: Mapping[str, Any], given: Mapping[str, Any], uri: str, as_sent: AsSent = plain
) -> bool:
    """Whether check would answer with just the inputs that are recorded. `uri` is that of networks that name none."""
    kept = {key: as_sent(value) for key, value in {**DEFAULTS, "uri": uri}.items()}
    return checks(recorded, given, {**kept, "name": recorded.get("name")}, as_sent)


def stands_as_recorded(
    recorded: Mapping[str, Any], desired: Mapping[str, Any], as_sent: AsSent = plain, as_read: AsSent = plain
) -> bool:
    """Whether diff would find no change between recorded outputs and checked inputs."""
    as_it_should_be = {"problems": as_sent([]), "persistent": as_sent(True)}
    # Those of the computed outputs that the program named too.
    also_named = as_read(recorded["__named"]) if "__named" in recorded else None
    if not isinstance(also_named, list):
        return False
    if not all(equal(recorded.get(key), value) for key, value in as_it_should_be.items()):
        return False
    made = ("__named", "__token", "__edit", "__unnamed", "__unsettled", "__loose")
    inputs = {
        key: value for key, value in recorded.items() if key not in made and (key not in COMPUTED or key in also_named)
    }
    return same(desired, inputs)


def builds_on(_desired: Mapping[str, Any], _as_read: AsSent = plain) -> tuple[Place, ...]:
    """On no other resource."""
    return ()
