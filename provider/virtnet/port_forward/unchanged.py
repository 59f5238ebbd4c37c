"""Recognizes a port forward that is declared as recorded, from what Pulumi sends alone. Pure."""

from collections.abc import Mapping
from typing import Any

from virtnet.planning.announcements import Offers, Place
from virtnet.planning.unchanged import AsSent, checks, equal, plain, same

FOUND = frozenset({"addresses", "target", "networkUuid", "problems", "hostUuid"})
"""The outputs that aren't inputs, as Pulumi sends them."""

NETWORK = "LibvirtNetwork"
"""The kind of what a port forward leads into."""

ROUTED = frozenset({"nat", "route", "open"})
"""The modes of networks that a port forward may lead into: network.tree's ROUTED_MODES, without its imports."""

KEPT = frozenset({"__token", "__forward", "__network", "__apart", "__hidden"})
"""What is recorded beside inputs and outputs."""


def checks_as_recorded(
    recorded: Mapping[str, Any], given: Mapping[str, Any], uri: str, as_sent: AsSent = plain
) -> bool:
    """Whether check would answer with just the inputs that are recorded. `uri` is that of forwards that name none."""
    return checks(recorded, given, {"uri": as_sent(uri)}, as_sent)


def stands_as_recorded(
    recorded: Mapping[str, Any], desired: Mapping[str, Any], as_sent: AsSent = plain, _as_read: AsSent = plain
) -> bool:
    """Whether diff would find no change between recorded outputs and checked inputs."""
    if not equal(recorded.get("problems"), as_sent([])):
        return False
    return same(desired, {key: value for key, value in recorded.items() if key not in FOUND | KEPT})


def builds_on(desired: Mapping[str, Any], as_read: AsSent = plain) -> tuple[Place, ...]:
    """By the network's name in the program, and by its recorded name if there is one."""
    uri, *called = (as_read(desired[name]) if name in desired else None for name in ("uri", "network", "__network"))
    if not isinstance(uri, str):
        return ()
    return tuple(Place(uri, NETWORK, name) for name in dict.fromkeys(called) if isinstance(name, str))


def places(_recorded: Mapping[str, Any], _as_read: AsSent = plain) -> tuple[Place, ...]:
    """Nowhere: no other resource goes by a port forward."""
    return ()


def offers(_desired: Mapping[str, Any], _as_read: AsSent = plain) -> Offers:
    """Nothing."""
    return {}


def goes_by(recorded: Mapping[str, Any], offered: Offers, as_read: AsSent = plain) -> bool:
    """Whether a forward leads where the reservation of its guest is, in a network that takes forwards.

    It does as far as the program says nothing of reservations or of the mode.
    """
    if not offered.get(("mode", ""), ROUTED) <= ROUTED:
        return False
    named = next((key for key in ("targetName", "targetMac") if recorded.get(key) is not None), None)
    if named is None:
        return True
    addresses = offered.get((named, str(as_read(recorded[named]))))
    apart = as_read(recorded["__apart"]) if "__apart" in recorded else None
    if addresses is None:
        return ("hosts", "") not in offered or apart == ""
    return "target" in recorded and not addresses.isdisjoint((str(as_read(recorded["target"])), str(apart)))
