"""The steps that define, start, stop and mark a network. Each is data, a sentence, one effect, and what takes it back.

Executing a step twice is as good as once, and so is undoing it: a step first reads what is there, because a call
that failed may still have been carried out, and a run that was killed is finished by the next.
"""

from dataclasses import dataclass

from virtnet import network_edit, network_xml
from virtnet.errors import HostFailure, Refused
from virtnet.network_leftover_steps import link_address
from virtnet.network_ports import forget_orphans, plugged_in
from virtnet.network_preflight import LIBVIRT_OF_PROPERTY, own_bridge, version_text
from virtnet.observed import NetworkReport
from virtnet.ownership import differences, merge
from virtnet.plan import Doors, Step
from virtnet.spec import Tree
from virtnet.spec_network import NetworkSpec


@dataclass(frozen=True, kw_only=True)
class DefineNetwork:
    """Define the persistent configuration, or redefine it; then read back what libvirt made of it."""

    uuid: str
    xml: str
    previous_xml: str | None
    """The persistent configuration before, None when there was none."""
    previous_autostart: bool = False
    purpose: str = "define the network"
    was_read_back: bool = False
    """True where a step before has read back the same, but for the mark."""

    def describe(self) -> str:
        return self.purpose

    def execute(self, doors: Doors) -> None:
        doors.libvirt.define_network(self.xml)
        if self.was_read_back:
            return
        definition = doors.libvirt.definition(self.uuid)
        if definition is None:
            raise HostFailure(f"libvirt at {doors.libvirt.uri} took the definition but reports no such network")
        wanted, found = network_xml.parse(self.xml), network_xml.parse(definition)
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
        if doors.libvirt.is_active(self.uuid):
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
        address = link_address(doors, bridge) if bridge else None
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


def stop_step(report: NetworkReport, live: Tree, *, disconnects: bool = False) -> StopNetwork:
    """The step that stops an active network, with all that taking it back needs."""
    return StopNetwork(
        uuid=report.uuid,
        bridge=own_bridge(live),
        config_xml=report.config_xml,
        live_xml=report.live_xml or "",
        autostart=report.autostart,
        disconnects=disconnects,
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
        started_from = network_edit.for_definition(self.live_xml)
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
        if self.mark.found:
            return f"note in its metadata that it belongs to '{self.mark.owner}', and how it was found"
        return f"note in its metadata that it belongs to '{self.mark.owner}'"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        # What is transient has no definition, and is gone when it stops: a mark would protect nothing.
        if report is None or report.config_xml is None or network_xml.owner_mark(report.config_xml) == self.mark:
            return
        doors.libvirt.define_network(network_edit.with_owner_mark(report.config_xml, self.mark))

    def undo(self) -> Step:
        return MarkNetwork(uuid=self.uuid, mark=self.previous, previous=self.mark)


def _refuse_taken_name(doors: Doors, bridge: str, *, known_ours: bool) -> None:
    if doors.host is not None:
        taken = link_address(doors, bridge) is not None
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


def named(tree: Tree) -> Tree:
    """A tree less what the resource knows and libvirt's XML does not."""
    return {name: value for name, value in tree.items() if name not in network_xml.NOT_XML}
