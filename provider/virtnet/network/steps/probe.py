"""The step that verifies, before an active network is stopped, that libvirt can start a network like it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtnet.errors import LibvirtFailure, Refused
from virtnet.network.names import probe_bridge, probe_mac, probe_uuid
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import remove_own_bridge
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.tree import mode_of, own_bridge
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.holding import render_probe
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.spec.part import only, without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


@dataclass(frozen=True, kw_only=True)
class ProbeStart:
    """Verify that libvirt can start a network like this one now, before an active one is stopped.

    If it can't, and libvirt's own firewall chains are missing, recreate these and try again.
    """

    uuid: str
    xml: str
    """A network without name, UUID, bridge name and address."""
    purpose: StepKind = StepKind.PROBE_START

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(self.purpose)

    def execute(self, clients: Clients) -> None:
        self._clear(clients)
        failure = self._failure(clients)
        if failure is None:
            return
        from virtnet.network.steps.rules import remake_chains

        if remake_chains(clients, definition(self.xml)):
            failure = self._failure(clients)
            if failure is None:
                return
        fault = StepFault.CANNOT_LIMIT if self.purpose is StepKind.PROBE_LIMITS else StepFault.CANNOT_START
        raise Refused(kind=fault, details={"failure": str(failure)}) from failure

    def _failure(self, clients: Clients) -> LibvirtFailure | None:
        """Why none of the test networks starts; None if one does."""
        failure: LibvirtFailure | None = None
        for probe in probes(self.uuid, self.xml):
            try:
                self._try(clients, probe)
            except LibvirtFailure as failed:
                failure = failed
            else:
                return None
        return failure

    def _try(self, clients: Clients, probe: str) -> None:
        try:
            clients.libvirt.can_start_networks(probe)
        finally:
            self._clear(clients)

    def _clear(self, clients: Clients) -> None:
        """Remove a test network and its bridge that a killed test left behind."""
        if clients.libvirt.find_network(uuid=probe_uuid(self.uuid)) is not None:
            clients.libvirt.stop_network(probe_uuid(self.uuid))
        remove_own_bridge(clients, probe_bridge(self.uuid), probe_mac(self.uuid))

    def undo(self) -> None:
        return None


def probes(uuid: str, xml: str) -> tuple[str, ...]:
    """The test networks to try in turn, until one starts.

    The subnet of the first may be in use, which has no error code of its own.
    """
    return tuple(render_probe(xml, uuid, attempt) for attempt in (0, 1))


def probe(target: "NetworkTree") -> tuple[ProbeStart, ...]:
    """Test networks with the target's settings that depend on the host: rules, a zone, an MTU, limits."""
    if not own_bridge(target):
        return ()
    mode = mode_of(target)
    asks: NetworkTree = {
        **only(target, {"mtu"}),
        "bridge": {**without(target.get("bridge", {}), {"name"}), "delay": 0},
        "dns": {"enable": False},
    }
    if mode:
        asks = {**asks, "forward": {"mode": mode}}
    return (*probe_limits(target), ProbeStart(uuid=target["uuid"], xml=network_edit.render(asks)))


def probe_limits(target: "NetworkTree") -> tuple[ProbeStart, ...]:
    """A test network with the target's limits, if it has any, and without an address.

    With an address and without dnsmasq, libvirt 9.0 ends itself if `tc` fails: it sends SIGTERM to its own group.
    """
    if not own_bridge(target) or not target.get("bandwidth"):
        return ()
    asks: NetworkTree = {**only(target, {"bandwidth"}), "bridge": {"delay": 0}, "dns": {"enable": False}}
    return (ProbeStart(uuid=target["uuid"], xml=network_edit.render(asks), purpose=StepKind.PROBE_LIMITS),)
