"""The step that makes sure, before a running network is stopped, that libvirt can start one like it."""

from dataclasses import dataclass

from virtnet.errors import LibvirtFailure, Refused
from virtnet.network.names import probe_bridge, probe_mac, probe_uuid
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.xml.holding import render_probe
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary


@dataclass(frozen=True, kw_only=True)
class ProbeStart:
    """Make sure that libvirt can start a network made like this one now, before a running one is stopped."""

    uuid: str
    xml: str
    """A network without name, UUID, bridge name and address."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.PROBE_START)

    def execute(self, clients: Clients) -> None:
        self._clear(clients)
        failure: LibvirtFailure | None = None
        for probe in probes(self.uuid, self.xml):
            try:
                self._try(clients, probe)
            except LibvirtFailure as failed:
                failure = failed
            else:
                return
        raise Refused(kind=StepFault.CANNOT_START, details={"failure": str(failure)}) from failure

    def _try(self, clients: Clients, probe: str) -> None:
        try:
            clients.libvirt.can_start_networks(probe)
        finally:
            self._clear(clients)

    def _clear(self, clients: Clients) -> None:
        """Remove the throw-away network, and its bridge, that a killed look left behind."""
        if clients.libvirt.find_network(uuid=probe_uuid(self.uuid)) is not None:
            clients.libvirt.stop_network(probe_uuid(self.uuid))
        remove_own_bridge(clients, probe_bridge(self.uuid), probe_mac(self.uuid))

    def undo(self) -> None:
        return None


def probes(uuid: str, xml: str) -> tuple[str, ...]:
    """The throw-away networks to try in turn, until one starts.

    The subnet of the first may be in use, which no error code tells from the rest.
    """
    return tuple(render_probe(xml, uuid, attempt) for attempt in (0, 1))
