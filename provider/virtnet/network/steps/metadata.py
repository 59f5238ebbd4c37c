"""Title, description and metadata of an active network, changed in place if libvirt has the call for that.

virNetworkSetMetadata came with libvirt 9.7.0. Older versions take these texts only in a definition, and show them after
the next start.
"""

from dataclasses import dataclass

from virtnet.network.observe.ports import find_network
from virtnet.network.steps.kinds import StepKind
from virtnet.network.steps.step import NO_IMPACT, Impact
from virtnet.network.tree import TextKind, texts_of
from virtnet.network.xml.definition import Definition
from virtnet.network.xml.read import OWNER_NAMESPACE
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary

SINCE = 9_007_000
"""The version that brought virNetworkSetMetadata (https://libvirt.org/news.html)."""


@dataclass(frozen=True, kw_only=True)
class SetMetadata:
    """Set or remove one text of the running network, of its definition, or of both."""

    uuid: str
    kind: TextKind
    namespace: str
    """The namespace of an element of metadata; "" for title and description."""
    text: str | None
    """None removes it. Never shown: it may be secret."""
    previous: str | None
    live: bool
    config: bool

    impact = Impact(edits=True)

    def describe(self) -> Summary:
        return Summary(
            StepKind.REMOVE_TEXT if self.text is None else StepKind.SET_TEXT,
            {"name": self.kind, "namespace": self.namespace, "live": self.live, "config": self.config},
        )

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        live = self.live and report is not None and not self._done(report.live)
        config = self.config and report is not None and not self._done(report.config)
        if live or config:
            clients.libvirt.set_metadata(
                self.uuid, kind=self.kind, namespace=self.namespace, text=self.text, live=live, config=config
            )

    def _done(self, copy: Definition | None) -> bool:
        return copy is None or texts_of(copy.tree).get((self.kind, self.namespace)) == self.text

    def undo(self) -> "SetMetadata":
        return SetMetadata(
            uuid=self.uuid,
            kind=self.kind,
            namespace=self.namespace,
            text=self.previous,
            previous=self.text,
            live=self.live,
            config=self.config,
        )


@dataclass(frozen=True, kw_only=True)
class UnmarkRunning:
    """Remove the owner mark from the running network, which has it from the definition with which it started.

    It has no effect there, until somebody makes a definition from the output of virsh net-dumpxml.
    """

    uuid: str

    impact = NO_IMPACT

    def describe(self) -> Summary:
        return Summary(StepKind.UNMARK_RUNNING)

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        if report is not None and report.live is not None and report.live.mark is not None:
            clients.libvirt.set_metadata(
                self.uuid, kind="metadata", namespace=OWNER_NAMESPACE, text=None, live=True, config=False
            )

    def undo(self) -> None:
        return None
