"""The steps that change a network. Each is data, a sentence, one effect, and the step that takes it back.

Executing a step twice is as good as once, and so is undoing it: a step first reads what is there, because a call
that failed may still have been carried out, and a run that was killed is finished by the next.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from virtnet import network_xml
from virtnet.errors import AccessDenied, HostFailure, LibvirtFailure, Refused
from virtnet.network_park import (
    park_bridge,
    park_uuid,
    probe_bridge,
    probe_mac,
    probe_uuid,
    render_probe,
)
from virtnet.network_ports import forget_orphans, plugged_in
from virtnet.network_preflight import LIBVIRT_OF_PROPERTY, own_bridge, version_text
from virtnet.ownership import differences, merge
from virtnet.plan import Doors, Step
from virtnet.spec import Tree
from virtnet.spec_network import NetworkSpec


@dataclass(frozen=True, kw_only=True)
class DefineNetwork:
    """Define the persistent configuration, or redefine it; then read it back."""

    uuid: str
    xml: str
    previous_xml: str | None
    """The persistent configuration before, None when there was none."""
    previous_autostart: bool = False
    purpose: str = "define the network"

    def describe(self) -> str:
        return self.purpose

    def execute(self, doors: Doors) -> None:
        doors.libvirt.define_network(self.xml)
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None or report.config_xml is None:
            raise HostFailure(f"libvirt at {doors.libvirt.uri} took the definition but reports no such network")
        wanted, found = network_xml.parse(self.xml), network_xml.parse(report.config_xml)
        kept = merge(NetworkSpec, wanted, {}, found)
        dropped = [change.path for change in differences(NetworkSpec, kept, found)]
        if dropped:
            needed = [
                f"{path} needs libvirt {version_text(version)}"
                for path in dropped
                for place, version in LIBVIRT_OF_PROPERTY.items()
                if path.startswith(place)
            ]
            raise HostFailure(
                f"libvirt at {doors.libvirt.uri} (version {version_text(doors.libvirt.version())}) dropped "
                f"{', '.join(dropped)} from the definition; leave it out or upgrade"
                + (f" ({'; '.join(needed)})" if needed else "")
            )

    def undo(self) -> Step:
        return RestoreDefinition(uuid=self.uuid, xml=self.previous_xml, autostart=self.previous_autostart)


@dataclass(frozen=True, kw_only=True)
class RestoreDefinition:
    """Put the persistent configuration back as it was: the old XML, or none."""

    uuid: str
    xml: str | None
    autostart: bool

    def describe(self) -> str:
        return "put the old definition back" if self.xml is not None else "remove the definition"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if self.xml is None:
            if report is not None and report.persistent:
                doors.libvirt.undefine_network(self.uuid)
            return
        if report is None or report.config_xml != self.xml:
            doors.libvirt.define_network(self.xml)
            report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.autostart != self.autostart:
            doors.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class StartNetwork:
    """Start the network, unless a link of its bridge's name is there already.

    libvirt 11 deletes a link of that name when the start fails, the host's own bridge included, so this is looked at
    once more right before the start. `bridge` is "" where libvirt makes no bridge.
    """

    uuid: str
    bridge: str
    known_ours: bool = False
    """True when the network ran with this bridge a moment ago: a name that cannot be looked up was not another's."""

    def describe(self) -> str:
        return "start the network"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        if self.bridge:
            _refuse_taken_name(doors, self.bridge, known_ours=self.known_ours)
        doors.libvirt.start_network(self.uuid)

    def undo(self) -> Step:
        return StopIfActive(uuid=self.uuid)


@dataclass(frozen=True, kw_only=True)
class StopIfActive:
    """Stop the network where it is active, unless an interface that is not its own has its bridge's name by now."""

    uuid: str

    def describe(self) -> str:
        return "stop the network"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None or report.live_xml is None:
            return
        live = network_xml.parse(report.live_xml)
        bridge, mac = own_bridge(live), live.get("mac")
        address = _link_address(doors, bridge) if bridge else None
        if address is not None and mac is not None and address != mac:
            raise Refused(
                f"the interface {bridge} has the MAC address {address}, not the network's {mac}, so it is not the "
                "network's bridge, and stopping the network would delete it; rename that interface first"
            )
        doors.libvirt.stop_network(self.uuid)

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

    def describe(self) -> str:
        return "stop the network"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            forget_orphans(doors, report)
        users = () if self.disconnects else plugged_in(doors, report)
        if users:
            names = ", ".join(user.describe() for user in users)
            raise Refused(f"since the plan was made {names} was plugged in, which would be cut off; unplug it first")
        StopIfActive(uuid=self.uuid).execute(doors)

    def undo(self) -> Step:
        return RunAgain(
            uuid=self.uuid,
            bridge=self.bridge,
            config_xml=self.config_xml,
            live_xml=self.live_xml,
            autostart=self.autostart,
        )


@dataclass(frozen=True, kw_only=True)
class RunAgain:
    """Bring a stopped network back as it ran: the old definition first, then the start."""

    uuid: str
    bridge: str
    config_xml: str | None
    live_xml: str
    autostart: bool

    def describe(self) -> str:
        return "start the network with its old definition"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        started_from = network_xml.for_definition(self.live_xml)
        RestoreDefinition(uuid=self.uuid, xml=started_from, autostart=self.autostart).execute(doors)
        try:
            StartNetwork(uuid=self.uuid, bridge=self.bridge, known_ours=True).execute(doors)
        finally:
            # The running network's XML is only what it was started from; its definition is put back in any case.
            report = doors.libvirt.find_network(uuid=self.uuid)
            if self.config_xml is not None or (report is not None and report.active):
                RestoreDefinition(uuid=self.uuid, xml=self.config_xml, autostart=self.autostart).execute(doors)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class UndefineNetwork:
    """Remove the persistent configuration."""

    uuid: str
    config_xml: str
    autostart: bool

    def describe(self) -> str:
        return "remove the network's definition"

    def execute(self, doors: Doors) -> None:
        RestoreDefinition(uuid=self.uuid, xml=None, autostart=False).execute(doors)

    def undo(self) -> Step:
        return RestoreDefinition(uuid=self.uuid, xml=self.config_xml, autostart=self.autostart)


@dataclass(frozen=True, kw_only=True)
class SetAutostart:
    """Start the network at boot, or do not."""

    uuid: str
    autostart: bool

    def describe(self) -> str:
        return f"set autostart to {'true' if self.autostart else 'false'}"

    def execute(self, doors: Doors) -> None:
        doors.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> Step:
        return UnsetAutostart(uuid=self.uuid, autostart=not self.autostart)


@dataclass(frozen=True, kw_only=True)
class UnsetAutostart:
    """Put the autostart flag back, where the network is still there and persistent."""

    uuid: str
    autostart: bool

    def describe(self) -> str:
        return f"set autostart back to {'true' if self.autostart else 'false'}"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.persistent and report.autostart != self.autostart:
            doors.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class MarkNetwork:
    """Set the owner mark in the definition of a network that was adopted, or remove it; the rest stays as it is."""

    uuid: str
    mark: network_xml.OwnerMark | None
    previous: network_xml.OwnerMark | None

    def describe(self) -> str:
        if self.mark is None:
            return "remove virtnet's mark from the network"
        return f"note in its metadata that it belongs to '{self.mark.owner}'"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        # What is transient has no definition, and is gone when it stops: a mark would protect nothing.
        if report is None or report.config_xml is None or network_xml.owner_mark(report.config_xml) == self.mark:
            return
        doors.libvirt.define_network(network_xml.with_owner_mark(report.config_xml, self.mark))

    def undo(self) -> Step:
        return MarkNetwork(uuid=self.uuid, mark=self.previous, previous=self.mark)


@dataclass(frozen=True, kw_only=True)
class ProbeStart:
    """Make sure that libvirt can start a network made like this one now, before a running one is stopped."""

    uuid: str
    xml: str
    """A network without name, UUID, bridge name and address."""

    def describe(self) -> str:
        return "make sure that libvirt can start networks now"

    def execute(self, doors: Doors) -> None:
        self._clear(doors)
        try:
            self._try(doors, attempt=0)
        except LibvirtFailure:
            # The subnet of the first attempt may be in use, which no error code tells from the rest.
            try:
                self._try(doors, attempt=1)
            except LibvirtFailure as failure:
                raise Refused(
                    f"the network was not stopped, as it could not be started again: {failure}; if firewall rules were "
                    "flushed, restart libvirtd (or virtnetworkd), which makes them again"
                ) from failure

    def _try(self, doors: Doors, *, attempt: int) -> None:
        try:
            doors.libvirt.can_start_networks(render_probe(self.xml, self.uuid, attempt))
        finally:
            self._clear(doors)

    def _clear(self, doors: Doors) -> None:
        """Remove the throw-away network, and its bridge, that a killed look left behind."""
        if doors.libvirt.find_network(uuid=probe_uuid(self.uuid)) is not None:
            doors.libvirt.stop_network(probe_uuid(self.uuid))
        remove_own_bridge(doors, probe_bridge(self.uuid), probe_mac(self.uuid))

    def undo(self) -> None:
        return None


def remove_own_bridge(doors: Doors, bridge: str, mac: str) -> None:
    """Remove a bridge of ours that a daemon which was killed left, known by its MAC; refuse any other of that name."""
    address = _link_address(doors, bridge)
    if address is None or doors.host is None:
        return
    if address != mac or doors.host.list_directory(f"/sys/class/net/{bridge}/brif"):
        raise Refused(f"the interface {bridge} on {doors.host.name} is not ours, or is in use; remove it first")
    doors.host.delete_link(bridge)


@dataclass(frozen=True, kw_only=True)
class RemoveLeftoverBridge:
    """Remove the bridge that a killed start of this very network left behind, known by its MAC."""

    uuid: str
    bridge: str
    mac: str

    def describe(self) -> str:
        return f"remove the bridge {self.bridge} that a broken start left behind"

    def execute(self, doors: Doors) -> None:
        if doors.host is None:
            return
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        if _link_address(doors, self.bridge) == self.mac and doors.libvirt.find_network(uuid=park_uuid(self.uuid)):
            # A daemon that starts puts guests of type='bridge' back on it; they wait with the others.
            for link in doors.host.list_directory(f"/sys/class/net/{self.bridge}/brif"):
                doors.host.set_master(link, park_bridge(self.uuid))
        remove_own_bridge(doors, self.bridge, self.mac)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class EndLeftoverDnsmasq:
    """End the dnsmasq of this very network that a killed daemon left behind and forgot: its sockets stand in the way.

    libvirt 11 does that itself when its daemon starts, 9.0 does not.
    """

    uuid: str
    name: str

    def describe(self) -> str:
        return "end the network's dnsmasq that a killed libvirtd left behind"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        pid = dnsmasq_process(doors, self.name)
        if doors.host is not None and pid is not None:
            doors.host.end_process(pid)

    def undo(self) -> None:
        return None


def dnsmasq_process(doors: Doors, network: str) -> int | None:
    """The process id of the dnsmasq that the system's daemon started for the network of that name; None without one.

    A process id may be another program's by now, so the process's own command line has to name the network's file. A
    user's own daemon (/session) keeps its files elsewhere: a network of that name there is not this one.
    """
    host = doors.host
    if host is None or urlsplit(doors.libvirt.uri).path != "/system":
        return None
    try:
        pid = (host.read_file(f"/run/libvirt/network/{network}.pid") or "").strip()
        if not pid.isdigit() or (host.read_file(f"/proc/{pid}/comm") or "").strip() != "dnsmasq":
            return None
        arguments = (host.read_file(f"/proc/{pid}/cmdline") or "").split("\0")
    except (HostFailure, AccessDenied):  # only root can look
        return None
    return int(pid) if f"--conf-file=/var/lib/libvirt/dnsmasq/{network}.conf" in arguments else None


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
    subject: str
    live: bool
    config: bool
    taking_back: bool = False

    def describe(self) -> str:
        where = "" if self.live and self.config else " (running network only)" if self.live else " (definition only)"
        return f"{'add' if self.command == 'add' else 'remove'} {self.subject}{where}"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is None:
            raise Refused(f"the network of UUID {self.uuid} is gone from libvirt at {doors.libvirt.uri}")
        live = self.live and not self._done(report.live_xml)
        config = self.config and not self._done(report.config_xml)
        if not live and not config:
            return
        try:
            doors.libvirt.update_section(
                self.uuid,
                command=self.command,
                section=self.section,
                parent_index=self.parent_index,
                xml=self.deleted_by if self.command == "delete" else self.xml,
                live=live,
                config=config,
            )
        except LibvirtFailure:
            # An update may fail and still be applied. When taking back, that is all that was wanted.
            report = doors.libvirt.find_network(uuid=self.uuid)
            done = report is not None and all(
                self._done(xml) for xml, wanted in ((report.live_xml, live), (report.config_xml, config)) if wanted
            )
            if not (self.taking_back and done):
                raise

    def _done(self, xml: str | None) -> bool:
        if xml is None:
            return True
        there = network_xml.has_section_item(xml, self.section, self.parent_index, self.xml)
        return there if self.command == "add" else not there

    def undo(self) -> Step:
        return UpdateSection(
            uuid=self.uuid,
            command="delete" if self.command == "add" else "add",
            section=self.section,
            parent_index=self.parent_index,
            xml=self.xml,
            deleted_by=self.deleted_by,
            subject=self.subject,
            live=self.live,
            config=self.config,
            taking_back=not self.taking_back,
        )


@dataclass(frozen=True, kw_only=True)
class RestartDnsmasq:
    """Have libvirt end dnsmasq and start it anew, while the network and everything plugged into it stay up.

    There is no call for that; a TXT record added to the running network alone does it, and goes again at once.
    """

    uuid: str
    reason: str

    def describe(self) -> str:
        return f"restart dnsmasq ({self.reason})"

    def execute(self, doors: Doors) -> None:
        for command in ("add", "delete"):
            doors.libvirt.update_section(
                self.uuid,
                command=command,
                section="dns-txt",
                parent_index=-1,
                xml="<txt name='virtnet-restart.invalid' value='restart'/>",
                live=True,
                config=False,
            )

    def undo(self) -> None:
        return None


def _refuse_taken_name(doors: Doors, bridge: str, *, known_ours: bool) -> None:
    if doors.host is not None:
        taken = _link_address(doors, bridge) is not None
    else:
        names = doors.libvirt.interface_names()
        if names is None and not known_ours:
            raise Refused(f"whether an interface named {bridge} is on the host already cannot be seen from here")
        taken = names is not None and bridge in names
    if taken:
        raise Refused(
            f"an interface named {bridge} is on the host already, and starting the network could delete it; rename the "
            "network's bridge (bridge.name) or remove that interface"
        )


def _link_address(doors: Doors, link: str) -> str | None:
    """The MAC address of a link of the host; None when there is no such link."""
    text = doors.host.read_file(f"/sys/class/net/{link}/address") if doors.host is not None else None
    return None if text is None else text.strip()


def named(tree: Tree) -> Tree:
    """A tree less what the resource knows and libvirt's XML does not."""
    return {name: value for name, value in tree.items() if name not in network_xml.NOT_XML}
