"""The steps that define and mark a network. Each is data, a summary, one effect, and its undo step.

Executing and undoing are idempotent: a step first reads the current state, because a failed call may still have had its
effect, and the next run completes a killed one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from virtnet.errors import HostFailure
from virtnet.network.observe.ports import find_network
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.step import NO_IMPACT, Impact
from virtnet.network.versions import LIBVIRT_OF_PROPERTY
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary
from virtnet.planning.merge import differences, merge
from virtnet.planning.plan import Step
from virtnet.spec.part import without

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


class Outline(NamedTuple):
    """A reviewer's view of a new network."""

    mode: str
    """The forward mode; "" for an isolated network."""
    addresses: tuple[str, ...]
    bridge: str


@dataclass(frozen=True, kw_only=True)
class DefineNetwork:
    """Define or redefine the persistent configuration, then read it back from libvirt."""

    uuid: str
    xml: str
    previous_xml: str | None
    """The persistent configuration before; None if there was none."""
    previous_autostart: bool = False
    purpose: StepKind = StepKind.DEFINE
    outline: Outline | None = None
    """The outline of a new network."""
    was_read_back: bool = False
    """Whether an earlier step has read back the same definition, except for the mark."""

    impact = Impact(edits=True)

    def describe(self) -> Summary:
        return Summary(self.purpose, self.outline._asdict() if self.outline is not None else {})

    def execute(self, clients: Clients) -> None:
        clients.libvirt.define_network(self.xml)
        if self.was_read_back:
            return
        read_back = clients.libvirt.definition(self.uuid)
        if read_back is None:
            raise HostFailure(kind=StepFault.NOT_DEFINED, details={"uri": clients.libvirt.uri})
        wanted, found = definition(self.xml).tree, definition(read_back).tree
        kept = merge(NetworkSpec, wanted, {}, found)
        dropped = [change.path for change in differences(NetworkSpec, kept, found)]
        if dropped:
            needed = [
                (path, version)
                for path in dropped
                for place, version in LIBVIRT_OF_PROPERTY.items()
                if path.startswith(place)
            ]
            uri, version = clients.libvirt.uri, clients.libvirt.version()
            details = {"uri": uri, "version": version, "paths": dropped, "needed": needed}
            raise HostFailure(kind=StepFault.DROPPED, details=details)

    def undo(self) -> Step:
        return RestoreDefinition(uuid=self.uuid, xml=self.previous_xml, autostart=self.previous_autostart)


@dataclass(frozen=True, kw_only=True)
class RestoreDefinition:
    """Restore the old persistent configuration: the old XML, or none."""

    uuid: str
    xml: str | None
    autostart: bool

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.RESTORE_DEFINITION if self.xml is not None else StepKind.REMOVE_DEFINITION)

    def execute(self, clients: Clients) -> None:
        report = clients.libvirt.find_network(uuid=self.uuid)
        if self.xml is None:
            if report is not None and report.persistent:
                clients.libvirt.undefine_network(self.uuid)
            return
        if report is None or report.config_xml != self.xml:
            clients.libvirt.define_network(self.xml)
            report = clients.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.autostart != self.autostart:
            clients.libvirt.set_autostart(self.uuid, self.autostart)

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class UndefineNetwork:
    """Remove the persistent configuration."""

    uuid: str
    config_xml: str
    autostart: bool

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.UNDEFINE)

    def execute(self, clients: Clients) -> None:
        RestoreDefinition(uuid=self.uuid, xml=None, autostart=False).execute(clients)

    def undo(self) -> Step:
        return RestoreDefinition(uuid=self.uuid, xml=self.config_xml, autostart=self.autostart)


@dataclass(frozen=True, kw_only=True)
class MarkNetwork:
    """Set or remove the owner mark in an adopted network's definition; the rest stays as it is."""

    uuid: str
    mark: network_xml.OwnerMark | None
    previous: network_xml.OwnerMark | None

    impact = NO_IMPACT

    def describe(self) -> Summary:
        if self.mark is None:
            return Summary(StepKind.UNMARK)
        return Summary(StepKind.MARK, {"owner": self.mark.owner, "as_found": bool(self.mark.found)})

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        # A transient network has no definition, and no longer exists when it stops: a mark would protect nothing.
        if report is None or report.config is None or report.config.mark == self.mark:
            return
        clients.libvirt.define_network(network_edit.with_owner_mark(report.config, self.mark))

    def undo(self) -> Step:
        return MarkNetwork(uuid=self.uuid, mark=self.previous, previous=self.mark)


def named(tree: "NetworkTree") -> "NetworkTree":
    """A tree without settings that only the resource has and libvirt's XML doesn't."""
    return without(tree, network_xml.NOT_XML)
