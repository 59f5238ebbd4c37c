"""The effects of a PortForward: its record and links, its rules, and the service that restores both.

Every step reads before it acts. It changes only what belongs to this forward, or what all forwards of a host share.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from virtnet.errors import HostFailure, Refused
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostClient
from virtnet.planning.findings import Summary
from virtnet.planning.plan import Step
from virtnet.planning.reports import ServiceReport
from virtnet.port_forward.forward import Forward
from virtnet.port_forward.kinds import FaultKind, Missing, StepKind
from virtnet.port_forward.restore.files import DIRECTORIES, RUN_BY_SERVICE, RUNS, SCRIPT_PATH, SERVICE, STOPPED
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.render import change
from virtnet.port_forward.rules.table import Table
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
    """The text that was there when this was planned; None if there was no file."""

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
    links: bool = True
    """False if the links are right with this record and without it, because another forward needs the same."""

    def describe(self) -> Summary:
        """What will happen."""
        rewritten = StepKind.WRITE_RECORD if self.file.found is None else StepKind.REWRITE_RECORD
        kind = StepKind.REMOVE_RECORD if self.file.content is None else rewritten
        return Summary(kind, {"path": self.file.path})

    def execute(self, clients: Clients) -> None:
        """The file first: links follow what the files say."""
        host = host_of(clients)
        self.file.make(host)
        if self.links:
            host.run_script(SCRIPT_PATH, "links")

    def undo(self) -> Step:
        """Put back the old text, or the absence of a file."""
        return PutRecord(self.file.reverse, self.links)


@dataclass(frozen=True)
class LoadRules:
    """Change the rules of one forward to what they should be, in one transaction."""

    id: str
    """The forward's."""
    before: Forward | None
    after: Forward | None
    """None for no rules."""
    there: Table | None = field(default=None, compare=False, repr=False)
    """The table as it was listed for the plan, if no earlier step changes it. This does no harm to changes by others
    since: the step adds, or removes, only what belongs to this forward.
    """

    def describe(self) -> Summary:
        """What will happen."""
        shown = self.after or self.before
        kind = StepKind.REMOVE_RULES if self.after is None else StepKind.LOAD_RULES
        ports = [] if shown is None else [[one.protocol, one.listen, one.last] for one in shown.ports]
        return Summary(kind, {"ports": ports})

    def execute(self, clients: Clients) -> None:
        """By what is there now, or where that does no harm by the planned listing first.

        Others change the table without virtnet's lock: `nft flush ruleset`, and the service that restores it.
        """
        host = host_of(clients)
        missing = self._left(host) if self.there is None else change(self.after, self.id, self.there)
        if not missing:
            return
        try:
            host.load_nft(missing)
        except HostFailure:
            # nft may have loaded the rules anyway, the service may have loaded them since, or the table has changed.
            left = self._left(host)
            if left == missing:
                raise
            if left:
                host.load_nft(left)

    def _left(self, host: HostClient) -> str:
        """The commands to load, by what exists now; "" if all is as it should be."""
        return change(self.after, self.id, parse(host.nft_table("inet", TABLE) or ""))

    def undo(self) -> Step:
        """The other way round."""
        return LoadRules(self.id, before=self.after, after=self.before)


@dataclass(frozen=True)
class PutRestore:
    """Install, or remove, what puts rules and links back by itself: a service, and what it runs."""

    files: tuple[FileChange, ...]
    service: ServiceReport | None = None
    """How its service should be, restarted if it should run; None if it stays as it is."""
    found: ServiceReport | None = None
    """How the service was found for the plan; None if the host doesn't run systemd."""

    def describe(self) -> Summary:
        """What will happen."""
        paths = [file.path for file in self.files]
        if self.service == STOPPED or any(file.content is None for file in self.files):
            stopped = SERVICE if self.service == STOPPED else ""
            return Summary(StepKind.REMOVE_RESTORE, {"paths": paths, "stopped": stopped})
        if self.files:
            return Summary(StepKind.INSTALL_RESTORE, {"paths": paths})
        if self.service == self.found:
            return Summary(StepKind.RESTART_RESTORE, {"service": SERVICE})
        return Summary(StepKind.START_RESTORE if self.service == RUNS else StepKind.RESET_RESTORE, {"service": SERVICE})

    def execute(self, clients: Clients) -> None:
        """A service runs only while its files are there."""
        host = host_of(clients)
        if self.service == STOPPED:
            host.set_service(SERVICE, STOPPED)
        for file in self.files:
            file.make(host)
        if any(file.content is None for file in self.files):
            for directory in DIRECTORIES:
                host.remove_directory(directory)
        if self.service is not None and self.service != STOPPED:
            host.set_service(SERVICE, self.service)

    def undo(self) -> Step | None:
        """The files as they were, and the service as it was found, running with them."""
        files = tuple(file.reverse for file in reversed(self.files))
        if self.service is not None:
            # If the service ran before, restoring its old files restarts it.
            starts_anew = not files and self.service == self.found
            return None if starts_anew else PutRestore(files, self.found, self.service)
        ran = self.found is not None and self.found.active and any(file.path in RUN_BY_SERVICE for file in files)
        return PutRestore(files, self.found if ran else None, self.found)


def host_of(clients: Clients) -> HostClient:
    """The client of the host, which a PortForward needs. Raises Refused if there is none."""
    if clients.host is None:
        raise Refused(kind=FaultKind.NO_HOST_ACCESS, details={"uri": clients.libvirt.uri})
    return clients.host
