"""The client of the host itself: each request is written once, whether it is this machine or one behind ssh.

Interfaces, addresses and routes are asked of `ip`, not of a netlink library: the same question can be put to another
host, and importing such a library costs a provider 0.2 s at every start. Programs get argument lists, never a shell's
line. What they print is read in parse; who carries a request there, and carries it out, is a machine.Machine
(local, shell).
"""

import errno
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from virtnet.errors import AccessDenied, HostFailure, Refused, Unreachable, VirtnetError
from virtnet.host import messages, requests
from virtnet.host.local import LocalMachine
from virtnet.host.machine import SECONDS_FOR_A_PROGRAM, Answer, ConnectionLost, Machine, NoAnswer
from virtnet.host.parse import (
    parse_addresses,
    parse_bridge_vlans,
    parse_denied,
    parse_links,
    parse_listening_sockets,
    parse_names,
    parse_neighbours,
    parse_nft_tables,
    parse_routes,
    parse_service,
    without_counts,
)
from virtnet.host.reads import Prefetched, ReadCache, RecentAnswers
from virtnet.planning.clients.reads import Reads, Request
from virtnet.planning.reports import HostAddress, HostNeighbour, HostRoute, Link, ListeningSocket, ServiceReport

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallLister, Way

#: dnsmasq ends in milliseconds.
SECONDS_FOR_AN_END = 5.0

#: Held while a host is changed. In /run, so that it goes with a reboot.
LOCK_FILE = "/run/virtnet/lock"

SECONDS_FOR_THE_LOCK, SECONDS_BETWEEN_TRIES = 600.0, 0.1

PREFETCH_MAX_AGE = 1.0
"""In seconds; the three creates that may come before take a third of that."""

NET_ATTRIBUTES = "/sys/class/net/"

#: Bit 12 of a capability set (capabilities(7)).
CAP_NET_ADMIN = 1 << 12

#: What firewall-cmd ends with while firewalld does not run (NOT_RUNNING, firewall-cmd(1)), and where there is no D-Bus
#: by which anybody, libvirt as well, could speak with it (DBUS_ERROR, in firewalld's errors.py).
FIREWALLD_NOT_RUNNING = frozenset({252, 36})

#: In bytes; the kernel takes 131072 with the zero at the end (MAX_ARG_STRLEN).
LONGEST_ARGUMENT = 100_000

#: For how many times as long as it took a listing of rules stands.
_STANDS = 10

_IP_BATCH = 'printf "%s" "$1" | ip -batch -'

#: For commands that are longer.
NFT_FILE = "/run/virtnet/load.nft"

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR)

_PACKAGES = {
    "ip": "iproute2",
    "ss": "iproute2",
    "bridge": "iproute2",
    "iptables": "iptables",
    "ip6tables": "iptables",
    "iptables-save": "iptables",
    "ip6tables-save": "iptables",
    "nft": "nftables",
    "firewall-cmd": "firewalld",
    "sh": "dash",
    "systemctl": "systemd",
}


def local_host(*, search_path: str | None = None, seconds: float = SECONDS_FOR_A_PROGRAM) -> "Host":
    """The host this process runs on, in its network namespace. For the arguments see local.LocalMachine."""
    return Host(LocalMachine(search_path=search_path, seconds=seconds))


@dataclass(frozen=True)
class Listings:
    """A host's firewall rules by the program that listed them, with when; shared by the clients of that host."""

    known: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    """How many seconds each program took for its last one."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Host:
    """Implements planning.host_client.HostClient and HostCache on any machine."""

    def __init__(
        self,
        machine: Machine,
        *,
        recent: RecentAnswers | None = None,
        prefetched: Prefetched | None = None,
        proc_sys: str = "/proc/sys",
        nft_file: str = NFT_FILE,
        systemd_runtime: str = requests.SYSTEMD_RUNTIME,
        seconds_for_an_end: float = SECONDS_FOR_AN_END,
        seconds_for_the_lock: float = SECONDS_FOR_THE_LOCK,
        prefetch_max_age: float = PREFETCH_MAX_AGE,
        listings: "Listings | None" = None,
        turns: "AbstractContextManager[object] | None" = None,
    ) -> None:
        """`turns` is held for an observation that may use earlier answers.

        Where all is read in microseconds, threads that read side by side only wait for each other, at every file.
        """
        self._turns = turns or nullcontext()
        self._listings = listings or Listings()
        self._seconds_for_the_lock = seconds_for_the_lock
        self._prefetch_max_age = prefetch_max_age
        self._machine = machine
        self._proc_sys = proc_sys
        self._nft_file = nft_file
        self._systemd_runtime = systemd_runtime
        self._seconds_for_an_end = seconds_for_an_end
        self._cache: ReadCache | None = None
        self._opened = time.monotonic()
        self._prefetched, self._has_prefetched = prefetched or Prefetched(), False
        self._recent = recent or RecentAnswers()

    def __repr__(self) -> str:
        return f"Host({self.name!r})"

    @property
    def name(self) -> str:
        """The host, for messages."""
        return self._machine.name

    @contextmanager
    def cached_reads(self, reads: Reads, *, max_age: float = 0.0) -> Iterator[None]:
        """One observation: nothing changes meanwhile, so each answer is valid until the observation ends.

        `reads` are asked at once. Answers of programs, and about the whole host, may be `max_age` seconds old.
        """
        with self._turns if max_age else nullcontext():
            yield from self._cached_reads(reads, max_age)

    def _cached_reads(self, reads: Reads, max_age: float) -> Iterator[None]:
        prefetched, self._has_prefetched = self._has_prefetched, False
        known = self._prefetched.answers(self._opened, self._prefetch_max_age if prefetched else 0.0)
        self._cache = ReadCache(self._machine, reads, self._recent.answers(max_age) if max_age else known)
        try:
            yield
        finally:
            self._recent.keep(self._cache)
            self._cache = None

    @contextmanager
    def prefetch(self, reads: Reads) -> Iterator[None]:
        """An observation while another holds the lock: what programs say in it, and which exist, stands for a second.

        Programs take milliseconds each, and the next resource could begin meanwhile. Everything else is asked again.
        What another prefetched will do for half that time, if this client existed by then: there may be a queue.
        """
        known = self._prefetched.answers(self._opened, self._prefetch_max_age / 2)
        self._cache, self._has_prefetched = ReadCache(self._machine, reads, known), True
        try:
            yield
        finally:
            self._prefetched.keep(self._cache)
            self._cache = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while this host is changed, so that no other process of virtnet's changes it meanwhile.

        A lock on a file of root's (flock(2)), which goes with the process. Users who may not open it go on without.
        Raises Refused if another process holds it for ten minutes.
        """
        deadline = time.monotonic() + self._seconds_for_the_lock
        while self._execute(messages.WAIT_FOR_LOCK, "lock", LOCK_FILE, but=(errno.EADDRINUSE,)).error is not None:
            if time.monotonic() > deadline:
                raise Refused(messages.locked(self.name, self._seconds_for_the_lock, LOCK_FILE))
            time.sleep(SECONDS_BETWEEN_TRIES)
        try:
            yield
        finally:
            # A lost connection has released the lock.
            with suppress(VirtnetError):
                self._execute(messages.RELEASE_LOCK, "unlock")

    def links(self) -> Sequence[Link]:
        """All network interfaces."""
        return parse_links(self._output(messages.LIST_LINKS, requests.LINKS))

    def addresses(self) -> Sequence[HostAddress]:
        """All addresses of all interfaces."""
        return parse_addresses(self._output(messages.LIST_ADDRESSES, requests.ADDRESSES))

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        """The main routing tables of these versions of IP, IPv4 first."""
        found: list[HostRoute] = []
        # IPv6 first: along with it the cache asks for IPv4, and not the other way round.
        for version in sorted(versions, reverse=True):
            request, longest = (requests.routes(6), 128) if version == 6 else (requests.routes(4), 32)
            shown = self._output(messages.list_routes(version), request)
            found = [*parse_routes(shown, longest_prefix=longest), *found]
        return tuple(found)

    def neighbours(self, interface: str) -> Sequence[HostNeighbour]:
        """The neighbours on an interface, of both versions of IP."""
        return parse_neighbours(self._output(messages.list_neighbours(interface), requests.neighbours(interface)))

    def ip_batch(self, commands: Sequence[str]) -> None:
        """Commands of `ip` in order, up to the first that fails: one program for all of them."""
        for text in _in_arguments(commands):
            # `ip -batch` reads a file or its input, which a request has none of.
            self._run(messages.IP_BATCH, "sh", "-c", _IP_BATCH, "sh", text)

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        """Listening TCP and bound UDP sockets."""
        return parse_listening_sockets(self._output(messages.LIST_SOCKETS, requests.LISTENING_SOCKETS))

    def dhcp_port_free(self) -> bool:
        """Whether UDP port 67 can be bound by a server that shares it; True if that can't be tried."""
        answer = self._answer(messages.TRY_DHCP_PORT, requests.DHCP_PORT)
        return answer.error is None or answer.error.number != errno.EADDRINUSE

    def has_program(self, name: str) -> bool:
        """Whether a program is where daemons find programs (PATH and the sbin directories)."""
        return bool(self._answer(messages.find_program(name), requests.program(name)).text)

    def firewall_zones(self) -> Sequence[str]:
        """The zones that firewalld has; none while it does not run."""
        if not self.has_program("firewall-cmd"):
            return ()
        answer = self._answer(messages.LIST_ZONES, requests.FIREWALL_ZONES)
        if answer.error is not None and answer.error.status in FIREWALLD_NOT_RUNNING:
            return ()
        return self._without_error(answer, messages.LIST_ZONES, program="firewall-cmd").text.split()

    def can_limit(self, way: "Way") -> bool:
        """Whether the kernel has all that libvirt limits traffic of that way by; True if it can't be asked."""
        answer = self._answer(messages.TRY_LIMITS, requests.traffic_limit(way))
        return answer.error is None or answer.error.status != requests.LACKS_LIMITS

    def delete_link(self, name: str) -> None:
        """Delete a network interface."""
        # "dev" comes first, so that no name can be taken for an option or a keyword.
        self._run(messages.delete_link(name), "ip", "link", "delete", "dev", name)

    def set_master(self, link: str, bridge: str) -> None:
        """Plug a network interface into a bridge, out of the one it is in."""
        self._run(messages.set_master(link, bridge), "ip", "link", "set", "dev", link, "master", bridge)

    def set_link_up(self, link: str, up: bool) -> None:
        """Bring a network interface up or down."""
        state: Literal["up", "down"] = "up" if up else "down"
        self._run(messages.set_link(link, state), "ip", "link", "set", "dev", link, state)

    def write_attribute(self, path: str, value: str) -> None:
        """Write a file below /sys/class/net that is there."""
        if not path.startswith(NET_ATTRIBUTES) or ".." in PurePosixPath(path).parts:
            raise HostFailure(messages.no_attribute(path, self.name))
        self._execute(messages.write_attribute(path, value), "write", path, value)

    def bridge_vlans(self, link: str) -> Sequence[str]:
        """The VLANs of a port of a bridge that filters them, each as `bridge vlan add` takes it."""
        shown = self._output(messages.list_vlans(link), ("run", "bridge", "-json", "vlan", "show", "dev", link))
        return parse_bridge_vlans(shown)

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        """Give a port exactly these VLANs."""
        what = messages.set_vlans(link)
        for vlan in self.bridge_vlans(link):
            if vlan not in vlans:
                self._run(what, "bridge", "vlan", "del", "dev", link, "vid", vlan.split()[0])
        for vlan in vlans:
            self._run(what, "bridge", "vlan", "add", "dev", link, "vid", *vlan.split())

    def may_change_links(self) -> bool:
        """Whether this user may attach and detach interfaces: root of the network namespace (CAP_NET_ADMIN)."""
        status = self._text_of(requests.CAPABILITIES, messages.READ_CAPABILITIES) or ""
        words = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return bool(int(words.get("CapEff", "0").strip() or "0", 16) & CAP_NET_ADMIN)

    def read_sysctl(self, key: str) -> str | None:
        """A kernel parameter by its key in slash form (net/ipv4/ip_forward); None if there is none."""
        text = self._text_of(requests.file(self._sysctl_path(key)), messages.read_sysctl(key))
        return None if text is None else text.strip()

    def write_sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter at runtime."""
        self._execute(messages.write_sysctl(key, value), "write", self._sysctl_path(key), value)

    def read_file(self, path: str) -> str | None:
        """A file's text; None if there is none."""
        return self._text_of(requests.file(path), messages.read_file(path))

    def list_directory(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; none where there is no directory."""
        answer = self._read(messages.list_directory(path), requests.directory(path), but=_NOT_THERE)
        return list(parse_names(answer.text))

    def write_file(self, path: str, content: str) -> None:
        """Write a file whole, mode 0644: a crash at any moment leaves the old file or the new one."""
        directory, _, name = path.rpartition("/")
        self._execute(messages.write_file(path), "replace", directory, name, content)

    def remove_file(self, path: str) -> None:
        """Remove a file; no error if there is none."""
        self._execute(messages.remove_file(path), "remove", path, but=_NOT_THERE)

    def remove_directory(self, path: str) -> None:
        """Remove a directory with nothing in it; no error if there is none, or it holds something."""
        in_use = (errno.ENOTEMPTY, errno.EBUSY)  # the second where something is mounted there
        self._execute(messages.remove_file(path), "remove-directory", path, but=(*_NOT_THERE, *in_use))

    def end_process(self, pid: int) -> None:
        """End a process by SIGTERM, and wait until it has ended; no error if there is none."""
        answer = self._execute(
            messages.end_process(pid), "end", str(pid), str(self._seconds_for_an_end), but=(errno.ETIME,)
        )
        if answer.error is not None:
            raise HostFailure(messages.process_stays(pid, self.name))

    def firewall_rules(self, program: "FirewallLister", *, seconds_old: float = 0.0) -> str | None:
        """All rules of a firewall as this program prints them, less its counts; None if there is no such program.

        An answer that anybody asked for at most `seconds_old` ago will do: a hundred networks are looked at in one
        refresh, and their rules are in one listing. So will one that was asked for while this one waited for its turn.
        """
        wanted = time.monotonic() - seconds_old
        with self._listings.lock:
            asked, known = self._listings.known.get(program, (0.0, None))
            if not asked or asked < wanted:
                asked = time.monotonic()
                known = self._list_rules(program)
                self._listings.known[program] = (asked, known)
                self._listings.took[program] = time.monotonic() - asked
            return known

    def seconds_a_listing_stands(self, at_least: float) -> float:
        """Ten times as long as the last listings took: with 500 networks, one takes more than half a second."""
        return max(at_least, _STANDS * max(self._listings.took.values(), default=0.0))

    def invalidate_listings(self) -> None:
        """Forget the listings of firewall rules, so that the next caller gets a new one of any accepted age."""
        with self._listings.lock:
            self._listings.known.clear()

    def _list_rules(self, program: "FirewallLister") -> str | None:
        request = requests.firewall_rules(program)
        if not self.has_program(request[1]):
            return None
        return without_counts(self._output(messages.LIST_FIREWALL_RULES, request))

    def delete_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Delete one rule, its chain first, as the program lists it."""
        self._run(messages.delete_rule(rule[0]), program, "-w", "-t", table, "-D", *rule)

    def nft_table(self, family: str, name: str) -> str | None:
        """A table as `nft -j` lists it; None if there is none of that name, or no nft."""
        if not self.has_program("nft"):
            return None
        # nft reports a missing table only with a sentence.
        if (family, name) not in parse_nft_tables(self._output(messages.LIST_NFT_TABLES, requests.NFT_TABLES)):
            return None
        return self._output(messages.LIST_NFT_TABLES, requests.nft_table(family, name))

    def load_nft(self, commands: str) -> None:
        """What the commands say, all of it or nothing."""
        if len(commands.encode()) < LONGEST_ARGUMENT:
            self._run(messages.LOAD_NFT, "nft", commands)
            return
        self.write_file(self._nft_file, commands)
        try:
            self._run(messages.LOAD_NFT, "nft", "-f", self._nft_file)
        finally:
            self.remove_file(self._nft_file)

    def ask_script(self, path: str, *arguments: str) -> str:
        """What a script prints that changes nothing."""
        return self._output(messages.run_script(path), requests.script(path, *arguments))

    def run_script(self, path: str, *arguments: str) -> None:
        """Have a script do something."""
        self._run(messages.run_script(path), "sh", path, *arguments)

    def service(self, unit: str) -> ServiceReport | None:
        """How a service is found; None if systemd is not the host's process 1."""
        if "system" not in self.list_directory(self._systemd_runtime):
            return None
        return parse_service(self._output(messages.read_service(unit), requests.service(unit)))

    def set_service(self, unit: str, wanted: ServiceReport) -> None:
        """Set whether the service starts at boot, and whether it runs; a running one restarts with its current file."""
        if not (wanted.enabled or wanted.active):
            self._run(messages.disable_service(unit), "systemctl", "disable", "--now", "--", unit)
            return
        at_boot = messages.enable_service(unit) if wanted.enabled else messages.disable_service(unit)
        self._run(at_boot, "systemctl", "daemon-reload")
        self._run(at_boot, "systemctl", "enable" if wanted.enabled else "disable", "--", unit)
        now = messages.start_service(unit) if wanted.active else messages.stop_service(unit)
        self._run(now, "systemctl", "restart" if wanted.active else "stop", "--", unit)

    def track_connections(
        self, name: str, versions: Collection[int] = (4,), program: Literal["nft", "iptables"] = "nft"
    ) -> None:
        """Keep the kernel tracking connections with a rule of this name, no matter which other rules are removed.

        The kernel tracks as long as any rule needs it; this rule only counts packets. By default, it is in nftables if
        the kernel has them, because iptables would create chains of its own.
        """
        # A chain of the family inet tracks both versions, also where the kernel has no IPv6.
        table = f"{'inet' if 6 in versions else 'ip'} {name}"
        chain = f"add chain {table} tracked {{ type filter hook prerouting priority -10 ; }}"
        rule = f"add rule {table} tracked ct state established counter"
        commands = f"{_no_tables(name)}; add table {table}; {chain}; {rule}"
        if program == "iptables" or not self._by_nft(messages.TRACK_CONNECTIONS, commands):
            self._stop_tracking_by_iptables(name)
            for version in versions:
                self._run(messages.TRACK_CONNECTIONS, _OF_VERSION[version], "-w", "-I", *_tracking_rule(name))

    def stop_tracking(self, name: str, program: Literal["nft", "iptables"] = "nft") -> None:
        """Delete the rule of that name; no error if there is none."""
        if program == "iptables" or not self._by_nft(messages.STOP_TRACKING, _no_tables(name)):
            self._stop_tracking_by_iptables(name)

    def _by_nft(self, what: str, commands: str) -> bool:
        """Load commands; False if nothing is loaded, because the host has no nft, or its kernel no nf_tables.

        nft reports that only with a sentence. So if the host has iptables too, they are tried after any failure.
        """
        if not self.has_program("nft"):
            return False
        answer = self._executed(what, ("run", "nft", commands))
        if answer.error is not None and self.has_program("iptables"):
            return False
        self._without_error(answer, what, program="nft")
        return True

    def _stop_tracking_by_iptables(self, name: str) -> None:
        rule = _tracking_rule(name)
        for program in filter(self.has_program, _OF_VERSION.values()):
            if self._executed(messages.STOP_TRACKING, ("run", program, "-w", "-C", *rule)).error is None:
                self._run(messages.STOP_TRACKING, program, "-w", "-D", *rule)

    def insert_firewall_rule(self, program: Literal["iptables", "ip6tables"], table: str, rule: Sequence[str]) -> None:
        """Insert one rule into a chain: first the chain, then the rule's number in it."""
        self._run(messages.insert_rule(rule[0]), program, "-w", "-t", table, "-I", *rule)

    def add_firewall_chain(self, program: Literal["iptables", "ip6tables"], table: str, chain: str) -> None:
        """Make an empty chain."""
        self._run(messages.add_chain(chain), program, "-w", "-t", table, "-N", chain)

    def _sysctl_path(self, key: str) -> str:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\0" in key:
            raise HostFailure(messages.no_parameter(key, self.name))
        return str(PurePosixPath(self._proc_sys, *parts))

    def _text_of(self, request: Request, what: str) -> str | None:
        answer = self._read(what, request, but=_NOT_THERE)
        return answer.text if answer.error is None else None

    def _output(self, what: str, request: Request) -> str:
        """What a program prints that changes nothing."""
        return self._without_error(self._answer(what, request), what, program=request[1]).text

    def _run(self, what: str, program: str, *arguments: str) -> None:
        """A program that changes something."""
        self._without_error(self._executed(what, ("run", program, *arguments)), what, program=program)

    def _read(self, what: str, request: Request, *, but: Sequence[int] = ()) -> Answer:
        """An answer; failures become sentences, `but` those of these error numbers."""
        return self._without_error(self._answer(what, request), what, but=but)

    def _execute(self, what: str, *request: str, but: Sequence[int] = ()) -> Answer:
        return self._without_error(self._executed(what, request), what, but=but)

    def _answer(self, what: str, request: Request) -> Answer:
        self._refuse_nul(what, request)
        try:
            return self._cache.answer(request) if self._cache is not None else self._machine.read(request)[0]
        except NoAnswer as late:
            raise HostFailure(messages.no_answer_to_read(what, self.name, str(late))) from late

    def _executed(self, what: str, request: Request) -> Answer:
        self._refuse_nul(what, request)
        try:
            return self._machine.execute(request)
        except NoAnswer as late:
            raise HostFailure(messages.no_answer_to_change(what, self.name, str(late))) from late
        except ConnectionLost as lost:
            raise Unreachable(messages.lost_while_changing(what, self.name, str(lost))) from lost

    def _refuse_nul(self, what: str, request: Request) -> None:
        if any("\0" in word for word in request):
            raise HostFailure(messages.nul(what, self.name))

    def _without_error(self, answer: Answer, what: str, *, program: str = "", but: Sequence[int] = ()) -> Answer:
        error = answer.error
        if error is None or error.number in but:
            return answer
        if program and error.number == errno.ENOENT:
            raise HostFailure(messages.no_program(what, self.name, program, _PACKAGES[program]))
        if error.number in (errno.EACCES, errno.EPERM) or (program and parse_denied(error.message)):
            raise AccessDenied(messages.denied(what, self.name, self._machine.root_hint, error.message))
        if error.number == errno.EROFS:
            raise HostFailure(messages.read_only(what, self.name, error.message))
        raise HostFailure(messages.failed(what, self.name, error.message))


def _in_arguments(commands: Sequence[str]) -> Iterator[str]:
    """Lines, as many together as one argument takes."""
    text = ""
    for command in commands:
        if text and len(f"{text}{command}".encode()) >= LONGEST_ARGUMENT:
            yield text
            text = ""
        text += f"{command}\n"
    if text:
        yield text


#: The program of iptables for each version of IP.
_OF_VERSION: Mapping[int, Literal["iptables", "ip6tables"]] = {4: "iptables", 6: "ip6tables"}


def _no_tables(name: str) -> str:
    """For nft, of which older ones fail to delete a table that is not there."""
    return "; ".join(f"add table {family} {name}; delete table {family} {name}" for family in ("ip", "inet"))


def _tracking_rule(name: str) -> tuple[str, ...]:
    return ("FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-m", "comment", "--comment", name)
