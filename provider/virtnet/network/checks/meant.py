"""What a network's inputs were meant to be, where only their meaning tells: beside what their types suggest. Pure.

Imported when something is refused.
"""

import ipaddress

from virtnet.network.checks.failures import NetworkFailure
from virtnet.spec.failures import Detail, Failure, SpecFailure
from virtnet.spec.part import Values
from virtnet.spec.paths import parsed, value_at

_ISOLATED = ("isolated", "internal", "host-only", "hostonly")
"""What others call a network without a way to the outside."""


def as_meant(failure: Failure, inputs: Values) -> Failure:
    """A failure of a single value, with what the network's author will have meant by it."""
    given = value_at(inputs, failure.path)
    is_mode = failure.path in ("forward", "forward.mode")
    if is_mode and isinstance(given, str) and given.strip().casefold() in _ISOLATED:
        return Failure(failure.path, NetworkFailure.ISOLATED)
    if failure.kind is SpecFailure.NO_GROUP and given is True:
        first, *steps = parsed(failure.path)
        if first == "ips" and steps[1:] == ["dhcp"]:
            return failure._replace(suggestion=_whole_range(value_at(inputs, f"ips[{steps[0]}].address")))
    return failure


def _whole_range(address: object) -> Detail:
    """DHCP for what comes after an address in its subnet: to the end, or as many addresses as libvirt takes."""
    if "/" not in str(address):
        return None
    try:
        interface = ipaddress.ip_interface(str(address))
    except ValueError:
        return None
    own, end = int(interface.ip), int(interface.network.broadcast_address)
    last = min(end - 1 if interface.version == 4 else end, own + 65535)
    if own >= last:
        return None
    start, stop = (str(type(interface.ip)(number)) for number in (own + 1, last))
    return {"ranges": [{"start": start, "end": stop}]}
