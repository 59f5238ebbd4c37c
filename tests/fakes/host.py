"""A host in memory, put together of one fake a subject.

What no test declared is refused: a subject, a file outside of the declared places, a program, a parameter that is not
there. See tests.builders for hosts with what the resources need.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from tests.fakes.effects import Effects
from tests.fakes.files import FakeFiles, FakeProcesses
from tests.fakes.firewall import FakeFirewall
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.links import BELOW, FakeLinks
from tests.fakes.systemd import FakeNftTables, FakeScripts, FakeServices

from virtnet.errors import HostFailure, VirtnetError
from virtnet.planning.clients.host import FirewallLister, Way
from virtnet.planning.reports import HostAddress, HostNeighbour, HostRoute, Link, ListeningSocket, ServiceReport


class Undeclared:
    """A subject that no test declared: whoever asks anything of it fails the test."""

    def __init__(self, subject: str) -> None:
        self._subject = subject

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what copies and prints it looks for
            raise AttributeError(name)
        raise AssertionError(f"{name}: no test declared {self._subject}")

    def __contains__(self, name: str) -> bool:
        raise AssertionError(f"{name}: no test declared {self._subject}")


def undeclared(subject: str) -> Any:
    """In the place of any fake, which is why it is typed Any."""
    return Undeclared(subject)


class Broken:
    """A subject that cannot be asked: each call is noted, and raises the error."""

    def __init__(self, error: VirtnetError) -> None:
        self._error = error
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def fail(*_: object, **__: object) -> NoReturn:
            self.asked.append(name)
            raise self._error

        return fail


def broken(error: VirtnetError) -> Any:
    """In the place of any fake, which is why it is typed Any."""
    return Broken(error)


@dataclass
class FakePrivileges:
    """Implements planning.host_client.Privileges."""

    is_root: bool = True

    def may_change_links(self) -> bool:
        return self.is_root


@dataclass
class FakeRouting:
    """Implements planning.host_client.Routing."""

    held_addresses: Sequence[HostAddress] = ()
    held_routes: Sequence[HostRoute] = ()
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    """The MAC addresses of neighbours by interface and address."""

    def addresses(self) -> Sequence[HostAddress]:
        return self.held_addresses

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        return self.held_routes

    def neighbours(self, interface: str) -> Sequence[HostNeighbour]:
        return [HostNeighbour(address, mac) for address, mac in self.known.get(interface, {}).items()]

    def run(self, words: Sequence[str]) -> None:
        """A command of `ip` about neighbours or routes, in the words that steps use."""
        match words:
            case ["neighbour", "replace", address, "lladdr", mac, "nud", _, "dev", interface]:
                self.known.setdefault(interface, {})[address] = mac
            case ["route", "replace", destination, "dev", interface, *_]:
                self._led(destination, interface, "")
            case ["route", "replace", destination, "via", gateway, "dev", interface, *_]:
                self._led(destination, interface, gateway)
            case ["route", "del", destination, "dev", interface]:
                left = [one for one in self.held_routes if (one.destination, one.interface) != (destination, interface)]
                if len(left) == len(self.held_routes):
                    raise HostFailure(f"no route to {destination} on {interface}")
                self.held_routes = left
            case _:
                raise AssertionError(f"no test declared ip {' '.join(words)}")

    def forget(self, interface: str) -> None:
        """As the kernel does when a link goes."""
        self.known.pop(interface, None)
        self.held_routes = [one for one in self.held_routes if one.interface != interface]

    def _led(self, destination: str, interface: str, gateway: str) -> None:
        route = HostRoute(destination=destination, interface=interface, gateway=gateway, protocol="")
        self.held_routes = [*(one for one in self.held_routes if one.destination != destination), route]


@dataclass
class FakeSockets:
    """Implements planning.host_client.Sockets."""

    listening: Sequence[ListeningSocket] = ()
    dhcp_is_free: bool = True

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        return self.listening

    def dhcp_port_free(self) -> bool:
        return self.dhcp_is_free


def host_effects() -> Effects:
    return Effects(HostFailure)


@dataclass
class FakeHost:
    """Implements planning.host_client.HostClient."""

    name: str = "this host"
    effects: Effects = field(default_factory=host_effects)
    """Shared by its fakes."""
    files: FakeFiles = field(default_factory=lambda: undeclared("files"))
    sysctl: FakeSysctl = field(default_factory=lambda: undeclared("kernel parameters"))
    net: FakeLinks = field(default_factory=lambda: undeclared("links"))
    routing: FakeRouting = field(default_factory=lambda: undeclared("addresses and routes"))
    sockets: FakeSockets = field(default_factory=lambda: undeclared("sockets"))
    firewall: FakeFirewall = field(default_factory=lambda: undeclared("a firewall"))
    processes: FakeProcesses = field(default_factory=lambda: undeclared("processes"))
    programs: set[str] = field(default_factory=lambda: undeclared("programs"))
    privileges: FakePrivileges = field(default_factory=FakePrivileges)
    nft_tables: FakeNftTables = field(default_factory=lambda: undeclared("tables of nftables"))
    scripts: FakeScripts = field(default_factory=lambda: undeclared("scripts"))
    services: FakeServices = field(default_factory=lambda: undeclared("services"))
    zones: Sequence[str] | None = None
    """Firewalld's; None where it does not tell."""
    limits: Collection[Way] = ("inbound", "outbound")
    """The ways in which the kernel can limit traffic."""

    @property
    def kernel(self) -> FakeKernel:
        return self.sysctl.kernel

    def state(self) -> tuple[dict[str, str], dict[str, str]]:
        """The kernel's parameters and the files, to be compared."""
        return self.kernel.values(), dict(self.files.texts)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def read_file(self, path: str) -> str | None:
        return self.net.read_file(path) if path.startswith(f"{BELOW}/") else self.files.read_file(path)

    def list_directory(self, path: str) -> Sequence[str]:
        if path.startswith(BELOW):
            return self.net.list_directory(path)
        return self.sysctl.list_directory(path) if path.startswith("/proc/sys/") else self.files.list_directory(path)

    def write_file(self, path: str, content: str) -> None:
        self.files.write_file(path, content)

    def remove_file(self, path: str) -> None:
        self.files.remove_file(path)

    def remove_directory(self, path: str) -> None:
        self.files.remove_directory(path)

    def read_sysctl(self, key: str) -> str | None:
        return self.sysctl.read_sysctl(key)

    def write_sysctl(self, key: str, value: str) -> None:
        self.sysctl.write_sysctl(key, value)

    def may_change_links(self) -> bool:
        return self.privileges.may_change_links()

    def links(self) -> Sequence[Link]:
        return self.net.links()

    def bridge_vlans(self, link: str) -> Sequence[str]:
        return self.net.bridge_vlans(link)

    def delete_link(self, name: str) -> None:
        self.net.delete_link(name)

    def set_master(self, link: str, bridge: str) -> None:
        self.net.set_master(link, bridge)

    def set_link_up(self, link: str, up: bool) -> None:
        self.net.set_link_up(link, up)

    def write_attribute(self, path: str, value: str) -> None:
        self.net.write_attribute(path, value)

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        self.net.set_bridge_vlans(link, vlans)

    def addresses(self) -> Sequence[HostAddress]:
        return self.routing.addresses()

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        return self.routing.routes(versions)

    def neighbours(self, interface: str) -> Sequence[HostNeighbour]:
        return self.routing.neighbours(interface)

    def ip_batch(self, commands: Sequence[str]) -> None:
        with self.effects.happen("ip batch"):
            for words in (command.split() for command in commands):
                if words[0] == "link":
                    self.net.plug(words[3], words[5])
                else:
                    self.routing.run(words)

    def firewall_zones(self) -> Sequence[str]:
        if self.zones is None:
            raise HostFailure("firewalld tells nobody of its zones")
        return self.zones

    def nft_table(self, family: str, name: str) -> str | None:
        return self.nft_tables.nft_table(family, name)

    def load_nft(self, commands: str) -> None:
        self.nft_tables.load_nft(commands)

    def ask_script(self, path: str, *arguments: str) -> str:
        return self.scripts.ask_script(path, *arguments)

    def run_script(self, path: str, *arguments: str) -> None:
        self.scripts.run_script(path, *arguments)

    def service(self, unit: str) -> ServiceReport | None:
        return self.services.service(unit)

    def set_service(self, unit: str, wanted: ServiceReport) -> None:
        self.services.set_service(unit, wanted)

    def can_limit(self, way: Way) -> bool:
        return way in self.limits

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        return self.sockets.listening_sockets()

    def dhcp_port_free(self) -> bool:
        return self.sockets.dhcp_port_free()

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def firewall_rules(self, program: FirewallLister, *, seconds_old: float = 0.0) -> str | None:
        return self.firewall.firewall_rules(program, seconds_old=seconds_old)

    def seconds_a_listing_stands(self, at_least: float) -> float:
        return self.firewall.seconds_a_listing_stands(at_least)

    def delete_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        self.firewall.delete_firewall_rule(program, table, rule)

    def track_connections(self, name: str, versions: Collection[int] = (4,), program: str = "nft") -> None:
        self.firewall.track_connections(name, versions, program)

    def stop_tracking(self, name: str, program: str = "nft") -> None:
        self.firewall.stop_tracking(name, program)

    def insert_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        self.firewall.insert_firewall_rule(program, table, rule)

    def add_firewall_chain(self, program: Literal["iptables", "ip6tables"], table: str, chain: str) -> None:
        self.firewall.add_firewall_chain(program, table, chain)

    def end_process(self, pid: int) -> None:
        self.processes.end_process(pid)
