"""What a network wants of its host for itself: its name, its UUID, its bridge and its subnets. Pure."""

import ipaddress
from collections.abc import Iterator

from virtnet.network.checks.failures import WantedTwice
from virtnet.network.names import bridge_name_for
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree_with_unknowns
from virtnet.planning.ownership.claims import Want
from virtnet.spec.part import UNKNOWN, Values


def wants(inputs: Values) -> Iterator[Want]:
    """As far as it is known where, and what."""
    host = inputs.get("uri")
    if not isinstance(host, str):
        return
    for path, kind in (("name", WantedTwice.NAME), ("uuid", WantedTwice.UUID)):
        value = inputs.get(path)
        if isinstance(value, str):
            yield Want(host, path, kind, value)
    tree = network_tree_with_unknowns(inputs)
    if mode_of(tree) in OWN_BRIDGE_MODES:
        yield from _bridge(host, inputs)
        if inputs.get("active") is True and not inputs.get("allow_overlap"):
            yield from _subnets(host, inputs)


def _bridge(host: str, inputs: Values) -> Iterator[Want]:
    """Of a network that is never started, nor by the host, libvirt makes none."""
    tree = network_tree_with_unknowns(inputs)
    bridge, name = tree.get("bridge"), inputs.get("name")
    if bridge is UNKNOWN or not (inputs.get("active") is True or inputs.get("autostart") is True):
        return
    named = bridge.get("name") if bridge is not None else None
    if named is None and isinstance(name, str) and not inputs.get("adopt"):
        named = bridge_name_for(name)
    if isinstance(named, str):
        yield Want(host, "bridge.name", WantedTwice.BRIDGE, named)


def _subnets(host: str, inputs: Values) -> Iterator[Want]:
    ips = network_tree_with_unknowns(inputs).get("ips", ())
    for index, ip in enumerate(() if ips is UNKNOWN else ips):
        address = UNKNOWN if ip is UNKNOWN else ip.get("address")
        if isinstance(address, str):
            subnet = ipaddress.ip_interface(address).network
            span = (subnet.version, int(subnet.network_address), int(subnet.broadcast_address))
            yield Want(host, f"ips[{index}].address", WantedTwice.SUBNET, str(subnet), span)
