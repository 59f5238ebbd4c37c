"""Find a network by what a user typed: its name, or its UUID."""

import re
from typing import TYPE_CHECKING

from virtnet.errors import Refused
from virtnet.libvirtd import messages
from virtnet.planning.reports import NetworkReport

if TYPE_CHECKING:
    from virtnet.planning.clients.libvirt import LibvirtReader


def lookup(connection: "LibvirtReader", wanted: str) -> NetworkReport:
    """The network of a name, or of a UUID. Raises Refused, with the names there are."""
    report = connection.find_network(name=wanted)
    if report is None and re.fullmatch(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", wanted.lower()):
        report = connection.find_network(uuid=wanted)
    if report is None:
        names = sorted(network.name for network in connection.networks())
        raise Refused(messages.no_such_network(connection.uri, wanted, names))
    return report
