"""Which of libvirt's daemons a sandbox runs: libvirtd, or the modular ones that most distributions have instead."""

import shutil
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

VARIABLE = "VIRTNET_SANDBOX_LIBVIRT"
"""Names a Layout by its value, where both kinds of daemons are on a machine."""


class Daemon(NamedTuple):
    """A program, with the configuration and the socket that libvirt has for it."""

    name: str
    socket: str

    @property
    def configuration(self) -> str:
        """Its file in /etc/libvirt."""
        return f"{self.name}.conf"


_LIBVIRTD = Daemon("libvirtd", "libvirt-sock")
_NETWORKS = Daemon("virtnetworkd", "virtnetworkd-sock")
_GUESTS = Daemon("virtqemud", "virtqemud-sock")
_PROXY = Daemon("virtproxyd", "libvirt-sock")


class Layout(Enum):
    """The daemons of a host (https://libvirt.org/daemons.html)."""

    MONOLITHIC = "libvirtd"
    MODULAR = "modular"
    MODULAR_WITH_PROXY = "modular-virtproxyd"
    """virtproxyd listens where libvirtd would, for clients that know of no other socket."""

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """In the order in which they start."""
        return _DAEMONS[self]


_DAEMONS = {
    Layout.MONOLITHIC: (_LIBVIRTD,),
    Layout.MODULAR: (_NETWORKS, _GUESTS),
    Layout.MODULAR_WITH_PROXY: (_NETWORKS, _GUESTS, _PROXY),
}


def layout(environment: Mapping[str, str], path: str) -> Layout:
    """The one that the caller names; else libvirtd where it is on the path, or nothing is. Raises ValueError."""
    named = environment.get(VARIABLE, "")
    if named:
        return Layout(named)
    monolithic = shutil.which("libvirtd", path=path) or not shutil.which("virtnetworkd", path=path)
    return Layout.MONOLITHIC if monolithic else Layout.MODULAR
