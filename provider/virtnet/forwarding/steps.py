"""The effects of a HostForwarding: kernel parameters written and restored, its drop-in written and removed.

Every step reads before it writes. That is more than thrift: writing net.ipv6.conf.all.forwarding resets every
interface even when the value is the one it had.
"""

from dataclasses import dataclass
from typing import Protocol

from virtnet.errors import HostFailure, Refused
from virtnet.forwarding.boot_files.drop_in import is_runtime_record
from virtnet.forwarding.kinds import FaultKind, StepKind
from virtnet.forwarding.sysctl import WHOLE_HOST, is_on
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostClient, NamedHost, Sysctl
from virtnet.planning.findings import Summary
from virtnet.planning.plan import Step


@dataclass(frozen=True)
class WriteSysctl:
    """Give one kernel parameter its value at runtime."""

    key: str
    value: str
    found: tuple[tuple[str, str], ...]
    """All parameters that the write may change, itself first, with the values they had."""

    def describe(self) -> Summary:
        """What will happen."""
        kind = StepKind.SET_WHOLE_HOST if self.key in WHOLE_HOST else StepKind.SET_PARAMETER
        return Summary(kind, {"key": self.key, "value": self.value, "now": self.found[0][1]})

    def execute(self, clients: Clients) -> None:
        """Write, and read back: the kernel takes some values without keeping them."""
        _write(host_of(clients), self.key, self.value)

    def undo(self) -> Step:
        """Put back everything the write may have changed."""
        return PutBackSysctls(self.found)


@dataclass(frozen=True)
class PutBackSysctls:
    """Restore the values of kernel parameters; those that have them already aren't written."""

    values: tuple[tuple[str, str], ...]

    def describe(self) -> Summary:
        """What will happen, by the parameter that rules the others."""
        key, value = self.values[0]
        return Summary(StepKind.RESTORE_PARAMETER, {"key": key, "value": value})

    def execute(self, clients: Clients) -> None:
        """In order, so that the parameter that rules the others comes before them."""
        host = host_of(clients)
        for key, value in self.values:
            if host.read_sysctl(key) is not None:  # its interface may be gone by now
                _write(host, key, value)

    def undo(self) -> None:
        """It is itself an undoing."""


@dataclass(frozen=True)
class WriteDropIn:
    """Write the drop-in, or the runtime record, whole."""

    path: str
    content: str
    found: str | None
    """The text that was there when this was planned; None if there was no file."""

    def describe(self) -> Summary:
        """What will happen."""
        kind = StepKind.WRITE_DROP_IN if self.found is None else StepKind.REWRITE_DROP_IN
        return Summary(StepKind.NOTE_RUNTIME_RECORD if is_runtime_record(self.path) else kind, {"path": self.path})

    def execute(self, clients: Clients) -> None:
        """Unless the file is no longer what the plan was made for."""
        host = host_of(clients)
        current = host.read_file(self.path)
        if current == self.content:
            return
        if current != self.found:
            raise _changed_meanwhile(self.path, host)
        host.write_file(self.path, self.content)

    def undo(self) -> Step:
        """Put back the old text, or the absence of a file."""
        if self.found is None:
            return RemoveDropIn(self.path, found=self.content)
        return WriteDropIn(self.path, content=self.found, found=self.content)


@dataclass(frozen=True)
class RemoveDropIn:
    """Remove the drop-in, or the runtime record."""

    path: str
    found: str

    def describe(self) -> Summary:
        """What will happen."""
        return Summary(StepKind.REMOVE_FILE, {"path": self.path})

    def execute(self, clients: Clients) -> None:
        """Unless the file is no longer what the plan was made for."""
        host = host_of(clients)
        current = host.read_file(self.path)
        if current is None:
            return
        if current != self.found:
            raise _changed_meanwhile(self.path, host)
        host.remove_file(self.path)

    def undo(self) -> Step:
        """Write the file again."""
        return WriteDropIn(self.path, content=self.found, found=None)


def host_of(clients: Clients) -> HostClient:
    """The client of the host, which a HostForwarding needs. Raises Refused if there is none."""
    if clients.host is None:
        raise Refused(kind=FaultKind.NO_HOST_ACCESS, details={"uri": clients.libvirt.uri})
    return clients.host


class NamedSysctl(NamedHost, Sysctl, Protocol):
    """What a write of a parameter takes."""


def _write(host: NamedSysctl, key: str, value: str) -> None:
    if host.read_sysctl(key) == value:
        return
    host.write_sysctl(key, value)
    kept = host.read_sysctl(key)
    if kept != value and is_on(kept) != is_on(value):
        details = {"host": host.name, "key": key, "value": value, "kept": kept}
        raise HostFailure(kind=FaultKind.VALUE_NOT_KEPT, details=details)


def _changed_meanwhile(path: str, host: NamedHost) -> HostFailure:
    return HostFailure(kind=FaultKind.CHANGED_MEANWHILE, details={"path": path, "host": host.name})
