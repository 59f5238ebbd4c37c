"""The steps that change a running network: one item of one section, and dnsmasq with it.

Executing one twice is as good as once, as a call that failed may still have been carried out.
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

#: The sections for which libvirt ends dnsmasq and starts it anew (seen by dnsmasq's process id on 9.0).
RESTART_DNSMASQ = frozenset({"ip-dhcp-range", "dns-txt", "dns-srv"})

#: The sections for which libvirt takes the network's firewall rules down and makes them anew: meanwhile a rule that
#: refuses can stand without the one before it that accepts (packets of guests were answered "unreachable").
REBUILD_FIREWALL = frozenset({"ip-dhcp-range", "ip-dhcp-host", "forward-interface"})


@dataclass(frozen=True, kw_only=True)
class UpdateSection:
    """Change one item of one section of the running network, of its persistent configuration, or of both.

    virNetworkUpdate answers an error for some updates that it carried out all the same, so taking back looks at each
    copy first.
    """

    uuid: str
    command: str
    section: str
    parent_index: int
    xml: str
    deleted_by: str
    """What names the item when it is deleted: for a DNS host its address alone, as libvirt takes any one name in it for
    a match, and then finds several."""
    key: str
    """What names the item to a reader."""
    live: bool
    config: bool
    first: bool = False
    """Whether its place is before all others; else it is behind them."""
    begins_or_ends_dhcp: bool = False
    """Whether DHCP for IPv4 begins or ends on the running network with it."""
    taking_back: bool = False

    @property
    def impact(self) -> Impact:
        """What libvirt does besides: see networkUpdate in its bridge driver (seen on 9.0 with iptables)."""
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
            # An update may fail and still be applied. When taking back, that is all that was wanted.
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
    """Add the record of a restart of dnsmasq before what makes one necessary.

    Whoever is killed in between leaves the record, by which the next update knows that dnsmasq is to be restarted.
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
    """Remove the record of a restart that was announced, where it is there: dnsmasq is restarted with what is left."""

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
    """Have libvirt end dnsmasq and start it anew, while the network and everything plugged into it stay up.

    There is no call for that; a TXT record added to the running network alone does it, and goes again at once. One that
    somebody who was killed left goes, which does it as well.
    """

    uuid: str
    reason: DnsmasqRestart
    announced: bool = False
    """Whether it ends what AnnounceRestart began, so that taking it back announces the next."""

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
