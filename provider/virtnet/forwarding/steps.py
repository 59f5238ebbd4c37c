"""The effects of a HostForwarding: kernel parameters written and put back, its drop-in written and removed.

Every step reads before it writes. That is more than thrift: writing net.ipv6.conf.all.forwarding resets every
interface even when the value is the one it had.
"""

from dataclasses import dataclass
from typing import Protocol

from virtnet.errors import HostFailure, Refused
from virtnet.forwarding.drop_in import is_runtime_record
from virtnet.forwarding.sysctl import IPV4, IPV6, is_on, shown
from virtnet.host.paths import RUNTIME_RECORDS
from virtnet.planning.clients import Clients
from virtnet.planning.host_client import HostClient, NamedHost, Sysctl
from virtnet.planning.plan import Step


@dataclass(frozen=True)
class WriteSysctl:
    """Give one kernel parameter its value at runtime."""

    key: str
    value: str
    found: tuple[tuple[str, str], ...]
    """All parameters that the write may change, itself first, with the values they had."""

    def describe(self) -> str:
        """In the words of a preview line."""
        also = ", and with it every interface" if self.key in (IPV4, IPV6) else ""
        return f"set {shown(self.key)} to {self.value} (now {self.found[0][1]}){also}"

    def execute(self, clients: Clients) -> None:
        """Write, and read back: the kernel takes some values without keeping them."""
        _write(host_of(clients), self.key, self.value)

    def undo(self) -> Step:
        """Put back everything the write may have changed."""
        return PutBackSysctls(self.found)


@dataclass(frozen=True)
class PutBackSysctls:
    """Give kernel parameters back the values they had; those that have them are left alone."""

    values: tuple[tuple[str, str], ...]

    def describe(self) -> str:
        """In the words of a preview line."""
        key, value = self.values[0]
        return f"put {shown(key)} back to {value}"

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
    """Write the drop-in whole."""

    path: str
    content: str
    found: str | None
    """The text that was there when this was planned; None where there was no file."""

    def describe(self) -> str:
        """In the words of a preview line."""
        if is_runtime_record(self.path.removeprefix(RUNTIME_RECORDS + "/")):
            return f"note in {self.path}, until the next boot, whose the values are and what they were"
        return f"write {self.path}" if self.found is None else f"write {self.path} anew"

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
    """Remove the drop-in."""

    path: str
    found: str

    def describe(self) -> str:
        """In the words of a preview line."""
        return f"remove {self.path}"

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
    """The client of the host, which a HostForwarding cannot do without."""
    if clients.host is None:
        raise Refused(
            f"IP forwarding cannot be managed through {clients.libvirt.uri}: libvirt has no call for kernel parameters,"
            " and this URI gives no access to the host itself; use qemu+ssh://root@host/system, or qemu:///system there"
        )
    return clients.host


class NamedSysctl(NamedHost, Sysctl, Protocol):
    """What a write of a parameter takes."""


def _write(host: NamedSysctl, key: str, value: str) -> None:
    if host.read_sysctl(key) == value:
        return
    host.write_sysctl(key, value)
    kept = host.read_sysctl(key)
    if kept != value and is_on(kept) != is_on(value):
        raise HostFailure(
            f"{host.name} took {value} for {shown(key)} and reports {kept}: something else on the host sets it;"
            " look for systemd-networkd, NetworkManager or a container runtime that manages it"
        )


def _changed_meanwhile(path: str, host: NamedHost) -> HostFailure:
    return HostFailure(f"{path} on {host.name} has changed since this was planned; run it again to see the change")
