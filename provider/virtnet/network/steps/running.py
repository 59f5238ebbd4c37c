"""The steps that start and stop a network. Each is data, a summary, one effect, and what takes it back.

Executing a step twice is as good as once, and so is undoing it: a step first reads what is there, because a call
that failed may still have been carried out, and a run that was killed is finished by the next.
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
    """Start the network, unless a link of its bridge's name is there already.

    libvirt 11 deletes a link of that name when the start fails, the host's own bridge included, so this is looked at
    once more right before the start. `bridge` is "" where libvirt makes no bridge. Where the start fails and libvirt's
    own firewall chains are gone, they are made, and it is tried once more.
    """

    uuid: str
    bridge: str
    known_ours: bool = False
    """True when the network ran with this bridge a moment ago: a name that cannot be looked up was not another's."""

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
        """Whether that was why it didn't start. What fails here is told as the cause of the start's own failure."""
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
    """Stop the network where it is active, unless an interface that is not its own has its bridge's name by now."""

    uuid: str
    leaves_no_rules: bool = False
    """True where it fails if it can't remove the firewall rules that libvirt forgot."""

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
        # The network is stopped. Where it stays, rules that stay are a problem that the next refresh by root names.
        with nullcontext() if self.leaves_no_rules else suppress(HostFailure, AccessDenied):
            remove_rules_left(clients, bridge, lambda: rules_left(clients, None, sought, listers=FORGETFUL))

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class StopNetwork:
    """Stop the network, which nothing is plugged into. Taken back, it runs again from its old definition.

    What is plugged in is looked at once more right before: a guest may have started since the plan was made.
    """

    uuid: str
    bridge: str
    config_xml: str | None
    live_xml: str
    autostart: bool
    disconnects: bool
    """True when what is plugged in may be cut off."""
    leaves_no_rules: bool = False
    """As for StopIfActive: the network goes, and no later look finds the rules."""

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
    """The step that stops an active network, with all that taking it back needs: it is to run on that bridge again."""
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
    """Bring a stopped network back as it ran: the old definition first, then the start."""

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
                # Of a start whose daemon was killed, and which has a new one by now.
                RemoveLeftoverBridge(uuid=self.uuid, bridge=self.bridge, mac=live.mac).execute(clients)
                EndLeftoverDnsmasq(uuid=self.uuid, name=live.tree.get("name", "")).execute(clients)
            StartNetwork(uuid=self.uuid, bridge=self.bridge, known_ours=True).execute(clients)
            if clients.host is not None and (mtu := live.tree.get("mtu")) is not None:
                SetBridgeMtu(uuid=self.uuid, bridge=self.bridge, mtu=mtu, previous=None).execute(clients)
        finally:
            # The running network's XML is only what it was started from; its definition is put back in any case.
            report = clients.libvirt.find_network(uuid=self.uuid)
            if self.config_xml is not None or (report is not None and report.active):
                RestoreDefinition(uuid=self.uuid, xml=self.config_xml, autostart=self.autostart).execute(clients)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class SetBridgeMtu:
    """Give the bridge of the running network the MTU that the network names, where it has another."""

    uuid: str
    bridge: str
    mtu: int
    previous: int | None
    """What taking back puts there; None where the bridge goes with the start that is taken back."""

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
            return  # gone, or somebody else's: the next look says so
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
    """Start the network at boot, or do not. libvirt fails where its link is to be made and something is there."""

    uuid: str
    autostart: bool
    clears: str = ""
    """The path of a link that goes first; "" where there is none."""

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
    """Put the autostart flag back, where the network is still there and persistent."""

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
    """Remove the network's ports that nobody has: what a libvirtd leaves that is killed while it moves an interface."""
    orphaned = clients.libvirt.orphaned_ports(report.uuid)
    if not orphaned:
        return
    from virtnet.network.steps.actions import DeletePort, carry_out

    carry_out(clients, [DeletePort(network=report.uuid, port=port) for port in orphaned])
