"""The clients of a host, from its connection URI: libvirt always, the host itself where it can surely be seen."""

import os
from contextlib import nullcontext
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from virtnet.errors import Refused, Unreachable
from virtnet.host.client import Host, Listings
from virtnet.host.local import LocalMachine, shares_our_network
from virtnet.host.machine import Machine
from virtnet.host.reads import Prefetched, RecentAnswers
from virtnet.libvirtd.connection import Connection, Connections
from virtnet.planning.clients.clients import Clients
from virtnet.transport.uri import SshTarget, is_local, ssh_target, tunnel_target, why_unsafe

if TYPE_CHECKING:
    from virtnet.libvirtd.ssh_tunnel import SshTunnel

#: Where the daemons that run networks listen (https://libvirt.org/daemons.html): where the modular one does, virtproxyd
#: may listen in libvirtd's place.
SOCKETS = ("/run/libvirt/virtnetworkd-sock", "/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")


#: Enough for ten thousand hosts.
_OPEN_FILES = 65536


class Hosts:
    """Connects to hosts by their URIs, with one connection a host, whatever the number of resources and their kinds."""

    def __init__(self) -> None:
        self.connections = Connections()

    def __call__(self, uri: str) -> Clients:
        """The clients of a host; see connect."""
        return connect(uri, self.connections)


def connect(uri: str, connections: Connections) -> Clients:
    """Both clients; the host's is None if only libvirt is reached. Raises Refused for a URI that could be an option.

    On this machine the daemon may still be elsewhere: in a container that only shares its socket, what this process
    sees is not the host. Over ssh the host is the one that ssh reaches, which is where libvirt's own ssh goes.
    """
    fault = why_unsafe(uri)
    if fault is not None:
        from virtnet.transport.messages import sentence

        raise Refused(sentence(fault))
    target = tunnel_target(uri)
    libvirt = connections.to(uri, lambda: None if target is None else _ssh_tunnel(target))
    machine = libvirt.remembered("machine", lambda: _machine(uri, libvirt))
    if machine is None:
        return Clients(libvirt=libvirt, host=None, network_cache=libvirt)
    recent, prefetched = libvirt.remembered("recent", RecentAnswers), libvirt.remembered("prefetched", Prefetched)
    listings = libvirt.remembered("listings", Listings)
    turns = libvirt.remembered("turns", Lock) if isinstance(machine, LocalMachine) else nullcontext()
    host = Host(machine, recent=recent, prefetched=prefetched, listings=listings, turns=turns)
    return Clients(libvirt=libvirt, host=host, network_cache=libvirt, host_cache=host)


def _ssh_tunnel(target: SshTarget) -> "SshTunnel":
    from virtnet.libvirtd.ssh_tunnel import SshTunnel

    return SshTunnel(target)


def _machine(uri: str, libvirt: Connection) -> Machine | None:
    target = ssh_target(uri)
    if target is not None:
        return _over_ssh(target, libvirt)
    if not is_local(uri) or not shares_our_network(SOCKETS):
        return None
    if os.geteuid() == 0:
        return LocalMachine()
    from virtnet.host.shell import ShellMachine, sudo_command, sudo_works

    return ShellMachine(sudo_command()) if sudo_works() else LocalMachine()


@cache
def _allow_many_open_files() -> None:
    """Let this process open as many files as its user lets it: each host over ssh takes six of them.

    A login allows 1024 by default and half a million if a program asks, so without this 170 hosts are all that one
    process reaches. Pulumi asks for itself, and gives what it starts the first limit back.
    """
    import resource as limits

    soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
    enough = _OPEN_FILES if hard == limits.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != limits.RLIM_INFINITY and soft < enough:
        limits.setrlimit(limits.RLIMIT_NOFILE, (enough, hard))


def _over_ssh(target: SshTarget, libvirt: Connection) -> Machine | None:
    _allow_many_open_files()
    from virtnet.host.shell import NoShell, ShellMachine
    from virtnet.transport.ssh import ssh_command

    machine = ShellMachine(ssh_command(target))
    try:
        machine.open()
    except NoShell:
        return None  # an account that is good for libvirt alone
    except Unreachable as error:
        libvirt.give_up(error)
    return machine
