"""What a HostForwarding wants of its host for itself: kernel parameters, and its drop-in. Pure."""

from collections.abc import Iterator

from virtnet.forwarding.boot_files.drop_in import path_of
from virtnet.forwarding.kinds import WantedTwice
from virtnet.forwarding.observed import drop_in_of, setting, wanted
from virtnet.forwarding.sysctl import interface_of, is_ipv6
from virtnet.planning.ownership.claims import Want
from virtnet.spec.part import UNKNOWN, Values
from virtnet.spec.values import readable


def wants(inputs: Values) -> Iterator[Want]:
    """As far as it is known where, and what."""
    host = inputs.get("uri")
    if not isinstance(host, str):
        return
    for key in wanted(inputs):
        family, interface = "ipv6" if is_ipv6(key) else "ipv4", interface_of(key)
        path = f'interfaces["{readable(interface)}"].{family}' if interface else family
        yield Want(host, path, WantedTwice.PARAMETER, key)
    if setting(inputs, "persist", default=True) is True and inputs.get("drop_in") is not UNKNOWN:
        yield Want(host, "drop_in", WantedTwice.DROP_IN, path_of(drop_in_of(inputs)))
