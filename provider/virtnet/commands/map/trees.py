"""A network as its tree describes it, whether libvirt reports that tree or a state records it. Pure.

A state may be of any version, and may hold secrets in the place of parts: what is not as expected is passed over.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from virtnet.commands.map.model import Reservation
from virtnet.spec.part import Values


class Described(NamedTuple):
    """What a tree says of a network, as `model.Network` has it."""

    mode: str
    zone: str
    addresses: tuple[str, ...]
    ranges: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    routes: tuple[str, ...]
    devices: tuple[str, ...]


def described(tree: Values) -> Described:
    """What is drawn of a tree."""
    forward, ips = _group(tree, "forward"), list(_groups(tree, "ips"))
    servers = [_group(ip, "dhcp") for ip in ips]
    mode = str(forward.get("mode") or "nat") if "forward" in tree else "none"
    device = str(forward.get("dev") or "")
    devices = [str(item.get("dev") or "") for item in _groups(forward, "interfaces")] or [device]
    devices += [str(_group(forward, "pf").get("dev") or "")]
    return Described(
        mode="isolated" if mode == "none" else mode,
        zone=str(_group(tree, "bridge").get("zone") or ""),
        addresses=tuple(str(ip.get("address") or "") for ip in ips),
        ranges=tuple(f"{one.get('start')} to {one.get('end')}" for dhcp in servers for one in _groups(dhcp, "ranges")),
        reservations=tuple(
            Reservation(
                address=str(one.get("ip") or ""), name=str(one.get("name") or ""), mac=str(one.get("mac") or "").lower()
            )
            for dhcp in servers
            for one in _groups(dhcp, "hosts")
        ),
        routes=tuple(f"{one.get('address')} via {one.get('gateway')}" for one in _groups(tree, "routes")),
        devices=tuple(dict.fromkeys(filter(None, devices))),
    )


def _group(tree: Values, name: str) -> Values:
    value = tree.get(name)
    return value if isinstance(value, Mapping) else {}


def _groups(tree: Values, name: str) -> Iterator[Values]:
    value = tree.get(name)
    for item in value if isinstance(value, list | tuple) else ():
        if isinstance(item, Mapping):
            yield item
