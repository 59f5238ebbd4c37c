"""The steps that start and stop a network. Each is data, a summary, one effect, and its undo step.

Executing and undoing are idempotent: a step first reads the current state, because a failed call may still have had its
effect, and the next run completes a killed one.
"""

from contextlib import nullcontext, suppress
from dataclasses import dataclass

from virtnet.errors import AccessDenied, HostFailure, LibvirtFailure, Refused, VirtnetError
from virtnet.network.observe.firewall.left import FORGETFUL, Sought
from virtnet.network.observe.firewall.libvirt_rules import WRITES_NFTABLES
from virtnet.network.observe.leftovers import link_address, link_index, rules_left
from virtnet.network.observe.ports import attachments, find_network
from virtnet.network.observed import ReportedNetwork
from virtnet.network.steps.definition import RestoreDefinition
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge, remove_rules_left
from virtnet.network.steps.step import NO_IMPACT
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.planning.plan import Step


@dataclass(frozen=True, kw_only=True)
class StartNetwork:
    """Start the network, unless a link of its bridge's name exists already.

    If the start fails, libvirt 11 deletes a link of that name, even the host's own bridge. So this is checked again
    right before the start. `bridge` is "" if libvirt creates no bridge. If the start fails and libvirt's own firewall
    chains are missing, they are recreated, and the start is tried again.
    """

    uuid: str
    bridge: str
    known_ours: bool = False
    """Whether the network just ran with this bridge. Then the name is its own, even if it can't be checked."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.START)

    def execute(self, clients: Clients) -> None:
        try:
            self._start(clients)
        except LibvirtFailure as failure:
            if not self._chains_remade(clients, failure):
                raise
            self._start(clients)

    def _chains_remade(self, clients: Clients, failure: LibvirtFailure) -> bool:
        """Whether missing chains were recreated. A failure here is reported as the cause of the start's failure."""
        from virtnet.network.steps.rules import remake_chains

        try:
            report = find_network(clients.libvirt, uuid=self.uuid)
            return report is not None and remake_chains(clients, report.definition)
        except VirtnetError as error:
            raise failure from error

    def _start(self, clients: Clients) -> None:
        if clients.libvirt.is_active(self.uuid):
            return
        if self.bridge:
            _refuse_taken_name(clients, self.bridge, known_ours=self.known_ours)
        clients.libvirt.start_network(self.uuid)

    def undo(self) -> Step:
        return StopIfActive(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class StopIfActive:
    """Stop the network if it is active, unless an interface that isn't its own now has its bridge's name."""

    uuid: str
    leaves_no_rules: bool = False
    """Whether it fails if it can't remove firewall rules that libvirt forgot."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.STOP)

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None:
            return
        bridge, mac = report.live.bridge, report.live.mac
        address = link_address(clients, bridge) if bridge else None
        if address is not None and mac and address != mac:
            details = {"bridge": bridge, "address": address, "mac": mac}
            raise Refused(kind=StepFault.FOREIGN_BRIDGE, details=details)
        forgetful = clients.libvirt.version() >= WRITES_NFTABLES
        index = link_index(clients, bridge) if forgetful else ""
        clients.libvirt.stop_network(self.uuid)
        if not forgetful:
            return
        # libvirt 11.3 may have forgotten which rules are its own.
        sought = Sought(
            bridges=frozenset({bridge} - {""}),
            indexes=frozenset({index} - {""}),
            subnets=frozenset(map(str, report.live.subnets)),
        )
        # The network is stopped. If the network stays, the next refresh by root reports leftover rules as a problem.
        with nullcontext() if self.leaves_no_rules else suppress(HostFailure, AccessDenied):
            remove_rules_left(clients, bridge, lambda: rules_left(clients, None, sought, listers=FORGETFUL))

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class StopNetwork:
    """Stop a network to which nothing is attached. The undo starts it again with its old definition.

    Attached interfaces are read again right before, because a guest may have started after the plan was made.
    """

    uuid: str
    bridge: str
    config_xml: str | None
    live_xml: str
    autostart: bool
    disconnects: bool
    """Whether attached interfaces may be disconnected."""
    leaves_no_rules: bool = False
    """As for StopIfActive: the network is removed, so no later read finds the rules."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.STOP)

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is not None and report.active:
            delete_orphaned_ports(clients, report)
        users = () if self.disconnects else attachments(clients, report)
        if users:
            details = {"attachments": [user.as_details() for user in users]}
            raise Refused(kind=StepFault.PLUGGED_IN_SINCE, details=details)
        StopIfActive(uuid=self.uuid, leaves_no_rules=self.leaves_no_rules).execute(clients)

    def undo(self) -> Step:
        return RunAgain(
            uuid=self.uuid,
            bridge=self.bridge,
            config_xml=self.config_xml,
            live_xml=self.live_xml,
            autostart=self.autostart,
        )


def stop_step(
    report: ReportedNetwork,
    live: Definition,
    *,
    bridge: str,
    disconnects: bool = False,
    leaves_no_rules: bool = False,
) -> StopNetwork:
    """The step that stops an active network, with everything that its undo needs, such as the bridge."""
    return StopNetwork(
        uuid=report.uuid,
        bridge=bridge,
        config_xml=None if report.config is None else report.config.xml,
        live_xml=live.xml,
        autostart=report.autostart,
        disconnects=disconnects,
        leaves_no_rules=leaves_no_rules,
    )


@dataclass(frozen=True, kw_only=True)
class RunAgain:
    """Start a stopped network as it ran before: first restore the old definition, then start."""

    uuid: str
    bridge: str
    config_xml: str | None
    live_xml: str
    autostart: bool

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.RUN_AGAIN)

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        live = definition(self.live_xml)
        started_from = network_edit.for_definition(live)
        RestoreDefinition(uuid=self.uuid, xml=started_from, autostart=self.autostart).execute(clients)
        try:
            if self.bridge and live.mac and link_address(clients, self.bridge) == live.mac:
                # A leftover of a start whose daemon was killed and restarted.
                RemoveLeftoverBridge(uuid=self.uuid, bridge=self.bridge, mac=live.mac).execute(clients)
                EndLeftoverDnsmasq(uuid=self.uuid, name=live.tree.get("name", "")).execute(clients)
            StartNetwork(uuid=self.uuid, bridge=self.bridge, known_ours=True).execute(clients)
            if clients.host is not None and (mtu := live.tree.get("mtu")) is not None:
                SetBridgeMtu(uuid=self.uuid, bridge=self.bridge, mtu=mtu, previous=None).execute(clients)
        finally:
            # The network ran with an older XML than its definition, which is restored in any case.
            report = clients.libvirt.find_network(uuid=self.uuid)
            if self.config_xml is not None or (report is not None and report.active):
                RestoreDefinition(uuid=self.uuid, xml=self.config_xml, autostart=self.autostart).execute(clients)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class SetBridgeMtu:
    """Set the MTU of the running network's bridge, if it differs from the network's."""

    uuid: str
    bridge: str
    mtu: int
    previous: int | None
    """The MTU that the undo sets; None if the bridge is removed with the undone start."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.SET_BRIDGE_MTU, {"bridge": self.bridge, "mtu": self.mtu})

    def execute(self, clients: Clients) -> None:
        if clients.host is None:
            raise Refused(kind=StepFault.MTU_NOT_REACHED, details={"bridge": self.bridge})
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None or report.live is None:
            return
        if report.live.mac not in ("", link_address(clients, self.bridge)):
            return  # it no longer exists, or is another's: the next read reports that
        there = (clients.host.read_file(f"/sys/class/net/{self.bridge}/mtu") or "").strip()
        if there != str(self.mtu):
            from virtnet.network.steps.actions import WriteAttribute, carry_out

            carry_out(clients, [WriteAttribute(link=self.bridge, attribute="mtu", value=str(self.mtu))])

    def undo(self) -> Step | None:
        if self.previous is None:
            return None
        return SetBridgeMtu(uuid=self.uuid, bridge=self.bridge, mtu=self.previous, previous=None)


@dataclass(frozen=True, kw_only=True)
class SetAutostart:
    """Set the autostart flag. libvirt fails if something is in the place of its link."""

    uuid: str
    autostart: bool
    clears: str = ""
    """The path of a link to remove first; "" if there is none."""

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.SET_AUTOSTART, {"autostart": self.autostart, "clears": self.clears})

    def execute(self, clients: Clients) -> None:
        if self.clears and clients.host is not None:
            clients.host.remove_file(self.clears)
        clients.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> Step:
        return UnsetAutostart(uuid=self.uuid, autostart=not self.autostart)


@dataclass(frozen=True, kw_only=True)
class UnsetAutostart:
    """Restore the autostart flag, if the network still exists and is persistent."""

    uuid: str
    autostart: bool

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.RESTORE_AUTOSTART, {"autostart": self.autostart})

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.persistent and report.autostart != self.autostart:
            clients.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> None:
        return None


def _refuse_taken_name(clients: Clients, bridge: str, *, known_ours: bool) -> None:
    if clients.host is not None:
        taken = link_address(clients, bridge) is not None
    else:
        names = clients.libvirt.interface_names()
        if names is None and not known_ours:
            raise Refused(kind=StepFault.NAME_UNSEEN, details={"bridge": bridge})
        taken = names is not None and bridge in names
    if taken:
        raise Refused(kind=StepFault.NAME_TAKEN, details={"bridge": bridge})


def delete_orphaned_ports(clients: Clients, report: ReportedNetwork) -> None:
    """Remove the network's orphaned ports, which a libvirtd leaves that is killed while it moves an interface."""
    orphaned = clients.libvirt.orphaned_ports(report.uuid)
    if not orphaned:
        return
    from virtnet.network.steps.actions import DeletePort, carry_out

    carry_out(clients, [DeletePort(network=report.uuid, port=port) for port in orphaned])
