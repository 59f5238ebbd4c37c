"""The steps that change a running network: one item of one section, and dnsmasq with it.

Executing is idempotent, because a failed call may still have had its effect.
"""

from dataclasses import dataclass

from virtnet.errors import LibvirtFailure, Refused
from virtnet.network.observe.ports import find_network
from virtnet.network.observed import ReportedNetwork
from virtnet.network.steps.kinds import DnsmasqRestart, StepFault, StepKind
from virtnet.network.steps.step import Impact
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary

#: The sections for which libvirt restarts dnsmasq (seen by dnsmasq's process id on 9.0).
RESTART_DNSMASQ = frozenset({"ip-dhcp-range", "dns-txt", "dns-srv"})

#: The sections for which libvirt takes the network's firewall rules down and makes them anew: meanwhile a rule that
#: refuses can stand without the one before it that accepts (packets of guests were answered "unreachable").
REBUILD_FIREWALL = frozenset({"ip-dhcp-range", "ip-dhcp-host", "forward-interface"})


@dataclass(frozen=True, kw_only=True)
class UpdateSection:
    """Change one item of one section of the running network, of its persistent configuration, or of both.

    virNetworkUpdate returns an error for some updates that it has made. So an undo reads each copy first.
    """

    uuid: str
    command: str
    section: str
    parent_index: int
    xml: str
    deleted_by: str
    """The XML that identifies the item for a delete: of a DNS host only its address, because libvirt matches by any one
    of its names, and then finds several."""
    key: str
    """The item's name in summaries."""
    live: bool
    config: bool
    first: bool = False
    """Whether it is added before all others; otherwise behind them."""
    begins_or_ends_dhcp: bool = False
    """Whether DHCP for IPv4 begins or ends on the running network with this update."""
    taking_back: bool = False

    @property
    def impact(self) -> Impact:
        """What libvirt does in addition: see networkUpdate in its bridge driver (seen on 9.0 with iptables)."""
        restarts = self.section in RESTART_DNSMASQ or (self.section == "ip-dhcp-host" and self.begins_or_ends_dhcp)
        return Impact(
            restarts_dnsmasq=self.live and restarts,
            rebuilds_firewall=self.live and self.section in REBUILD_FIREWALL,
            edits=True,
        )

    def describe(self) -> Summary:
        return Summary(
            StepKind.ADD_ITEM if self.command == "add" else StepKind.REMOVE_ITEM,
            {"section": self.section, "key": self.key, "live": self.live, "config": self.config},
        )

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is None:
            raise Refused(kind=StepFault.GONE, details={"uuid": self.uuid, "uri": clients.libvirt.uri})
        live = self.live and not self._done(report.live)
        config = self.config and not self._done(report.config)
        if not live and not config:
            return
        try:
            clients.libvirt.update_section(
                self.uuid,
                command="add-first" if self.command == "add" and self.first else self.command,
                section=self.section,
                parent_index=self.parent_index,
                xml=self.deleted_by if self.command == "delete" else self.xml,
                live=live,
                config=config,
            )
        except LibvirtFailure:
            # An update may fail and still be applied. For an undo, that is enough.
            report = find_network(clients.libvirt, uuid=self.uuid)
            done = report is not None and all(
                self._done(copy) for copy, wanted in ((report.live, live), (report.config, config)) if wanted
            )
            if not (self.taking_back and done):
                raise

    def _done(self, copy: Definition | None) -> bool:
        if copy is None:
            return True
        there = network_xml.has_section_item(copy.element, self.section, self.parent_index, self.xml)
        return there if self.command == "add" else not there

    def undo(self) -> "UpdateSection":
        return UpdateSection(
            uuid=self.uuid,
            command="delete" if self.command == "add" else "add",
            section=self.section,
            parent_index=self.parent_index,
            xml=self.xml,
            deleted_by=self.deleted_by,
            key=self.key,
            live=self.live,
            config=self.config,
            first=self.first,
            begins_or_ends_dhcp=self.begins_or_ends_dhcp,
            taking_back=not self.taking_back,
        )


@dataclass(frozen=True, kw_only=True)
class AnnounceRestart:
    """Record that dnsmasq needs a restart, before the update that makes it necessary.

    If the process is killed in between, the record tells the next update that dnsmasq needs a restart.
    """

    uuid: str
    reason: DnsmasqRestart

    impact = Impact(restarts_dnsmasq=True)

    def describe(self) -> Summary:
        return Summary(StepKind.ANNOUNCE_DNSMASQ_RESTART, {"reason": self.reason.value})

    def execute(self, clients: Clients) -> None:
        if not _record_left(find_network(clients.libvirt, uuid=self.uuid)):
            _update_record(clients, self.uuid, "add")

    def undo(self) -> "WithdrawRestart":
        return WithdrawRestart(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class WithdrawRestart:
    """Remove the record of an announced restart, if there is one: libvirt restarts dnsmasq for that."""

    uuid: str

    impact = Impact(restarts_dnsmasq=True)

    def describe(self) -> Summary:
        return Summary(StepKind.WITHDRAW_DNSMASQ_RESTART)

    def execute(self, clients: Clients) -> None:
        if _record_left(find_network(clients.libvirt, uuid=self.uuid)):
            _update_record(clients, self.uuid, "delete")

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class RestartDnsmasq:
    """Make libvirt restart dnsmasq, while the network and everything attached to it stay up.

    There is no call for that. virtnet adds a TXT record to the running network only, which makes libvirt restart
    dnsmasq, and removes it at once. If a killed run left such a record, its removal is enough.
    """

    uuid: str
    reason: DnsmasqRestart
    announced: bool = False
    """Whether AnnounceRestart has added the record, so that the undo announces the next restart."""

    impact = Impact(restarts_dnsmasq=True)

    def describe(self) -> Summary:
        return Summary(StepKind.RESTART_DNSMASQ, {"reason": self.reason.value})

    def execute(self, clients: Clients) -> None:
        if not _record_left(find_network(clients.libvirt, uuid=self.uuid)):
            _update_record(clients, self.uuid, "add")
        _update_record(clients, self.uuid, "delete")

    def undo(self) -> AnnounceRestart | None:
        return AnnounceRestart(uuid=self.uuid, reason=self.reason) if self.announced else None


def _record_left(report: ReportedNetwork | None) -> bool:
    return report is not None and report.live is not None and report.live.restart_record_left


def _update_record(clients: Clients, uuid: str, command: str) -> None:
    clients.libvirt.update_section(
        uuid,
        command=command,
        section="dns-txt",
        parent_index=-1,
        xml=network_xml.RESTART_ITEM,
        live=True,
        config=False,
    )
