"""The step that makes sure, before a running network is stopped, that libvirt can start one like it."""

from dataclasses import dataclass

from virtnet.errors import LibvirtFailure, Refused
from virtnet.network.names import probe_bridge, probe_mac, probe_uuid
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.xml.holding import render_probe
from virtnet.planning.clients import Clients
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
        try:
            self._try(clients, attempt=0)
        except LibvirtFailure:
            # The subnet of the first attempt may be in use, which no error code tells from the rest.
            try:
                self._try(clients, attempt=1)
            except LibvirtFailure as failure:
                raise Refused(kind=StepFault.CANNOT_START, details={"failure": str(failure)}) from failure

    def _try(self, clients: Clients, *, attempt: int) -> None:
        try:
            clients.libvirt.can_start_networks(render_probe(self.xml, self.uuid, attempt))
        finally:
            self._clear(clients)

    def _clear(self, clients: Clients) -> None:
        """Remove the throw-away network, and its bridge, that a killed look left behind."""
        if clients.libvirt.find_network(uuid=probe_uuid(self.uuid)) is not None:
            clients.libvirt.stop_network(probe_uuid(self.uuid))
        remove_own_bridge(clients, probe_bridge(self.uuid), probe_mac(self.uuid))

    def undo(self) -> None:
        return None
