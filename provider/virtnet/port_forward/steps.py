"""The effects of a PortForward: its record and links, its rules, and what puts both back by itself.

Every step reads before it acts, and acts on what belongs to this forward alone, but for what all of a host's share.
"""

from dataclasses import dataclass
from typing import NamedTuple

from virtnet.errors import HostFailure, Refused
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostClient
from virtnet.planning.findings import Summary
from virtnet.planning.plan import Step
from virtnet.port_forward.forward import Forward
from virtnet.port_forward.kinds import FaultKind, Missing, StepKind
from virtnet.port_forward.restore.files import SCRIPT_PATH, SERVICE
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.render import change
from virtnet.port_forward.target import Unresolved


@dataclass(frozen=True)
class AwaitTarget:
    """Fail where the network, or its reservation, is not there: the program that makes it may not have got there."""

    missing: Unresolved

    def describe(self) -> Summary:
        """What will happen."""
        return Summary(StepKind.AWAIT_TARGET, {"network": self.missing.network, "name": self.missing.name})

    def execute(self, clients: Clients) -> None:
        """It was missing when this was planned, under the host's lock."""
        network, name = self.missing.network, self.missing.name
        if self.missing.what is Missing.RESERVATION:
            raise Refused(kind=FaultKind.NO_RESERVATION, details={"network": network, "name": name})
        names = sorted(one.name for one in clients.libvirt.networks())
        raise Refused(kind=FaultKind.NO_NETWORK, details={"network": network, "names": names})

    def undo(self) -> None:
        """Nothing was done."""


class FileChange(NamedTuple):
    """A file that is written whole, or removed."""

    path: str
    content: str | None
    """None for no file."""
    found: str | None
    """The text that was there when this was planned; None where there was no file."""

    @property
    def reverse(self) -> "FileChange":
        """What takes it back."""
        return FileChange(self.path, content=self.found, found=self.content)

    def make(self, host: HostClient) -> None:
        """Unless the file is no longer what the plan was made for."""
        current = host.read_file(self.path)
        if current == self.content:
            return
        if current != self.found:
            raise HostFailure(kind=FaultKind.CHANGED_MEANWHILE, details={"path": self.path, "host": host.name})
        if self.content is None:
            host.remove_file(self.path)
        else:
            host.write_file(self.path, self.content)


@dataclass(frozen=True)
class PutRecord:
    """Write or remove a forward's record, and bring the host's links to networks to what all records name."""

    file: FileChange

    def describe(self) -> Summary:
        """What will happen."""
        rewritten = StepKind.WRITE_RECORD if self.file.found is None else StepKind.REWRITE_RECORD
        kind = StepKind.REMOVE_RECORD if self.file.content is None else rewritten
        return Summary(kind, {"path": self.file.path})

    def execute(self, clients: Clients) -> None:
        """The file first: links follow what the files say."""
        host = host_of(clients)
        self.file.make(host)
        host.run_script(SCRIPT_PATH, "links")

    def undo(self) -> Step:
        """Put back the old text, or the absence of a file."""
        return PutRecord(self.file.reverse)


@dataclass(frozen=True)
class LoadRules:
    """Take the rules of one forward from what they are to what they are to be, in one transaction."""

    id: str
    """The forward's."""
    before: Forward | None
    after: Forward | None
    """None for no rules."""

    def describe(self) -> Summary:
        """What will happen."""
        shown = self.after or self.before
        kind = StepKind.REMOVE_RULES if self.after is None else StepKind.LOAD_RULES
        ports = [] if shown is None else [[one.protocol, one.listen, one.last] for one in shown.ports]
        return Summary(kind, {"ports": ports})

    def execute(self, clients: Clients) -> None:
        """By what is there now: rules that are as they should be already stay."""
        host = host_of(clients)
        text = change(self.after, self.id, parse(host.nft_table("inet", TABLE) or ""))
        if text:
            host.load_nft(text)

    def undo(self) -> Step:
        """The other way round."""
        return LoadRules(self.id, before=self.after, after=self.before)


@dataclass(frozen=True)
class PutRestore:
    """Install, or remove, what puts rules and links back by itself: a service, and what it runs."""

    files: tuple[FileChange, ...]
    enabled: bool | None
    """Whether its service is to be started at boot and now; None where it stays as it is."""

    def describe(self) -> Summary:
        """What will happen."""
        kind = StepKind.REMOVE_RESTORE if self.enabled is False else StepKind.INSTALL_RESTORE
        return Summary(kind, {"paths": [file.path for file in self.files], "service": SERVICE})

    def execute(self, clients: Clients) -> None:
        """A service runs only while its files are there."""
        host = host_of(clients)
        if self.enabled is False:
            host.disable_service(SERVICE)
        for file in self.files:
            file.make(host)
        if self.enabled:
            host.enable_service(SERVICE)

    def undo(self) -> Step:
        """Remove what was installed, or install it again."""
        enabled = None if self.enabled is None else not self.enabled
        return PutRestore(tuple(file.reverse for file in reversed(self.files)), enabled)


def host_of(clients: Clients) -> HostClient:
    """The client of the host, which a PortForward cannot do without. Raises Refused where there is none."""
    if clients.host is None:
        raise Refused(kind=FaultKind.NO_HOST_ACCESS, details={"uri": clients.libvirt.uri})
    return clients.host
