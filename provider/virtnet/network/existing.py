"""A network that exists, in the words of a program's inputs: for imports and for functions."""

from virtnet.libvirtd.lookup import lookup
from virtnet.network.observed import ReportedNetwork, reported
from virtnet.planning.clients.clients import Clients
from virtnet.planning.resource import Existing

#: Kept by libvirt and by us without being named.
_LEFT_OUT = ("uuid", "mac", "name")


def inputs_of(report: ReportedNetwork) -> dict[str, object]:
    """The inputs that describe a network as it is, but for its name and what is kept without being named. Pure."""
    seen = report.definition.tree
    inputs: dict[str, object] = {name: value for name, value in seen.items() if name not in _LEFT_OUT}
    if not report.autostart:
        inputs["autostart"] = False
    if not report.active:
        inputs["active"] = False
    return inputs


def import_network(clients: Clients, wanted: str) -> Existing:
    """The network of a name, or of a UUID. Raises Refused, with the names there are."""
    report = reported(lookup(clients.libvirt, wanted))
    return Existing(inputs={"name": report.name, **inputs_of(report)}, identity={"uuid": report.uuid})
