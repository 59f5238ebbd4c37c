"""A network declared just as it is recorded, told from what travels alone. Pure."""

from collections.abc import Mapping
from typing import Any

from virtnet.planning.announcements import Offers, Place
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


def places(recorded: Mapping[str, Any], as_read: AsSent = plain) -> tuple[Place, ...]:
    """By its name and its UUID."""
    uri, *names = (as_read(recorded[key]) if key in recorded else None for key in ("uri", "name", "uuid"))
    return tuple(Place(uri, "LibvirtNetwork", name) for name in names if isinstance(uri, str) and isinstance(name, str))


def offers(desired: Mapping[str, Any], as_read: AsSent = plain) -> Offers:
    """The addresses of its reservations by name and by MAC address, and its mode, as far as the program names them.

    With ("hosts", "") it names all reservations that there are: others stay as they are on the host.
    """
    read = {key: as_read(desired[key]) for key in ("ips", "forward", "adopt") if key in desired}
    found: dict[tuple[str, str], set[str]] = {}
    if "forward" in read or not read.get("adopt"):
        found[("mode", "")] = {str((read.get("forward") or {"mode": "none"}).get("mode", "nat"))}
    dhcp = [item.get("dhcp") or {} for item in read.get("ips") or []]
    if "ips" in read and all("hosts" in one for one in dhcp):
        found[("hosts", "")] = set()
    for one in dhcp:
        for host in one.get("hosts") or []:
            for key, kind in (("name", "targetName"), ("mac", "targetMac")):
                found.setdefault((kind, str(host.get(key) or "")), set()).add(str(host.get("ip") or ""))
    return {key: frozenset(values) for key, values in found.items()}


def goes_by(_recorded: Mapping[str, Any], _offered: Offers, _as_read: AsSent = plain) -> bool:
    """A network goes by no other resource."""
    return True


def builds_on(_desired: Mapping[str, Any], _as_read: AsSent = plain) -> tuple[Place, ...]:
    """On no other resource."""
    return ()
