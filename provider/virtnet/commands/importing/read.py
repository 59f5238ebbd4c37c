"""Reads what the program of a whole host is made of. Changes nothing."""

from virtnet.commands.importing import messages
from virtnet.commands.importing.program import Whole
from virtnet.connect import connect
from virtnet.errors import VirtnetError
from virtnet.forwarding import observe as forwarding_observe
from virtnet.forwarding.messages import messages as forwarding_messages
from virtnet.libvirtd.connection import Connections
from virtnet.network.observed import reported
from virtnet.network.program import of_others
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostReader
from virtnet.planning.findings import in_words
from virtnet.port_forward.messages import messages as port_forward_messages
from virtnet.port_forward.observe.survey import Survey, survey
from virtnet.port_forward.steps import host_of


def whole_host(uri: str) -> Whole:
    """All of a host. What only the host itself tells, and does not, is left out with the reason.

    Raises what libvirt can't be asked for, as there is no program without its networks.
    """
    return whole(connect(uri, Connections()), uri)


def whole(clients: Clients, uri: str) -> Whole:
    """The same by clients that are connected already."""
    networks = [reported(report) for report in clients.libvirt.networks()]
    if clients.host is None:
        return Whole(uri, None, of_others(networks), (), (messages.NO_HOST,))
    found = Whole(uri, None, of_others(networks), ())
    try:
        users, host_uuid = forwarding_observe.users(networks), clients.libvirt.host_uuid()
        forwarding = forwarding_observe.look(clients.host, None, host_uuid=host_uuid, users=users)
        found = found._replace(forwarding=forwarding)
    except VirtnetError as error:
        told = in_words(forwarding_messages(), error) if error.kind is not None else error
        found = found._replace(not_read=(messages.not_read("IP forwarding", told),))
    try:
        return found._replace(port_forwards=_surveyed(clients.host).records)
    except VirtnetError as error:
        return found._replace(not_read=(*found.not_read, messages.not_read("Port forwards", error)))


def port_forwards(uri: str) -> Survey:
    """The port forwards of a host. Raises HostFailure if they can't be read."""
    return _surveyed(host_of(connect(uri, Connections())))


def _surveyed(host: HostReader) -> Survey:
    try:
        return survey(host)
    except VirtnetError as error:
        raise in_words(port_forward_messages(), error) if error.kind is not None else error from None
