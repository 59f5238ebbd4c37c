"""The door to the host itself: the only place that runs programs, reads /proc/sys or writes files on a host.

Interfaces, addresses and routes are asked of `ip`, not of a netlink library: the same question can be put to another
host, and importing such a library costs a provider 0.2 s at every start. Programs get argument lists, never a shell's
line. What they print is read in host_output. Imported by the adapters, which hand it to steps as plan.HostDoor.
"""

import errno
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host_output import parse_addresses, parse_bridge_vlans, parse_links, parse_listening_sockets, parse_routes
from virtnet.observed import HostAddress, HostRoute, Link, ListeningSocket

#: A service's PATH on some distributions leaves these out.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
#: `ip` and `ss` answer in milliseconds; a netlink dump that takes this long will never end.
SECONDS_FOR_A_PROGRAM = 20.0
#: dnsmasq ends in milliseconds.
SECONDS_FOR_AN_END = 5.0
DHCP_SERVER_PORT = 67
NET_ATTRIBUTES = "/sys/class/net/"
#: Bit 12 of a capability set (capabilities(7)).
CAP_NET_ADMIN = 1 << 12
_PACKAGES = {"ip": "iproute2", "ss": "iproute2", "bridge": "iproute2"}
_Result = TypeVar("_Result")


def shares_our_network(sockets: Sequence[str]) -> bool:
    """Whether the daemon behind the first of these sockets that answers runs in our network namespace.

    Told by the daemon's process id, which the kernel gives for its socket (unix(7), SO_PEERCRED). Only root may read
    another user's namespaces; for others it has to do that the process is one of libvirt's that we can see. True where
    no daemon answers: then there is no host to mistake for another.
    """
    for path in sockets:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(path)
                credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            except OSError:
                continue
        pid = struct.unpack("3i", credentials)[0]
        try:
            return pid > 0 and Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        except PermissionError:
            # systemd listens for a daemon that is not running yet.
            names = ("libvirtd", "virtnetworkd", "virtqemud", "systemd")
            return Path(f"/proc/{pid}/comm").read_text().strip() in names
        except OSError:
            return False
    return True


class LocalHost:
    """The host this process runs on, in its network namespace."""

    def __init__(
        self,
        *,
        proc_sys: Path = Path("/proc/sys"),
        search_path: str | None = None,
        seconds: float = SECONDS_FOR_A_PROGRAM,
    ) -> None:
        """`search_path` is where programs are looked for instead of PATH and the sbin directories."""
        self._proc_sys = proc_sys
        self._search_path = search_path or os.pathsep.join((os.environ.get("PATH", ""), *SBIN))
        self._seconds = seconds

    @property
    def name(self) -> str:
        """The host, for messages."""
        return "this host"

    def links(self) -> Sequence[Link]:
        """All network interfaces."""
        return parse_links(self._run("list the network interfaces", "ip", "-json", "-details", "link", "show"))

    def addresses(self) -> Sequence[HostAddress]:
        """All addresses of all interfaces."""
        return parse_addresses(self._run("list the addresses", "ip", "-json", "address", "show"))

    def routes(self) -> Sequence[HostRoute]:
        """The main routing tables, IPv4 and IPv6."""
        show = ("route", "show", "table", "main")
        ipv4 = self._run("list the IPv4 routes", "ip", "-json", *show)
        ipv6 = self._run("list the IPv6 routes", "ip", "-json", "-6", *show)
        return (*parse_routes(ipv4, longest_prefix=32), *parse_routes(ipv6, longest_prefix=128))

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        """Listening TCP and bound UDP sockets."""
        return parse_listening_sockets(self._run("list the listening sockets", "ss", "-Hlntu"))

    def dhcp_port_free(self) -> bool:
        """Whether UDP port 67 can be bound by a server that shares it; True where that cannot be tried."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as probe:
            try:
                # As dnsmasq does: the port is free for it beside any server that shares it too.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("0.0.0.0", DHCP_SERVER_PORT))  # noqa: S104 - closed again before anything is read
            except OSError as error:
                return error.errno != errno.EADDRINUSE
        return True

    def has_program(self, name: str) -> bool:
        """Whether a program is where daemons find programs (PATH and the sbin directories)."""
        return shutil.which(name, path=self._search_path) is not None

    def delete_link(self, name: str) -> None:
        """Delete a network interface."""
        # "dev" comes first, so that no name can be taken for an option or a keyword.
        self._run(f"delete the interface {name}", "ip", "link", "delete", "dev", name)

    def set_master(self, link: str, bridge: str) -> None:
        """Plug a network interface into a bridge, out of the one it is in."""
        what = f"plug the interface {link} into {bridge}"
        self._run(what, "ip", "link", "set", "dev", link, "master", bridge)

    def set_link_up(self, link: str, up: bool) -> None:
        """Bring a network interface up or down."""
        word = "up" if up else "down"
        self._run(f"bring the interface {link} {word}", "ip", "link", "set", "dev", link, word)

    def write_attribute(self, path: str, value: str) -> None:
        """Write a file below /sys/class/net that is there."""
        if not path.startswith(NET_ATTRIBUTES) or ".." in PurePosixPath(path).parts:
            raise HostFailure(f"{path} is no attribute of a network interface of {self.name}")
        self._try(f"write {value} to {path}", lambda: _write_existing(Path(path), f"{value}\n"))

    def bridge_vlans(self, link: str) -> Sequence[str]:
        """The VLANs of a port of a bridge that filters them, each as `bridge vlan add` takes it."""
        shown = self._run(f"list the VLANs of {link}", "bridge", "-json", "vlan", "show", "dev", link)
        return parse_bridge_vlans(shown)

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        """Give a port exactly these VLANs."""
        what = f"set the VLANs of {link}"
        for vlan in self.bridge_vlans(link):
            if vlan not in vlans:
                self._run(what, "bridge", "vlan", "del", "dev", link, "vid", vlan.split()[0])
        for vlan in vlans:
            self._run(what, "bridge", "vlan", "add", "dev", link, "vid", *vlan.split())

    def may_change_links(self) -> bool:
        """Whether this user may plug interfaces in and out: root of the network namespace (CAP_NET_ADMIN)."""
        status = self._read(Path("/proc/self/status"), "read this process's capabilities") or ""
        words = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return bool(int(words.get("CapEff", "0").strip() or "0", 16) & CAP_NET_ADMIN)

    def read_sysctl(self, key: str) -> str | None:
        """A kernel parameter by its key in slash form (net/ipv4/ip_forward); None where there is none."""
        text = self._read(self._sysctl_path(key), f"read the kernel parameter {key}")
        return None if text is None else text.strip()

    def write_sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter at runtime."""
        path = self._sysctl_path(key)
        self._try(
            f"set the kernel parameter {key} to {value}",
            # Opened without creating: a parameter that is not there must be an error, not a permission problem.
            lambda: _write_existing(path, f"{value}\n"),
        )

    def read_file(self, path: str) -> str | None:
        """A file's text; None where there is none."""
        return self._read(Path(path), f"read {path}")

    def list_directory(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; none where there is no directory."""

        def listed() -> list[str]:
            try:
                return sorted(os.listdir(path))  # noqa: PTH208 - names are wanted, not paths
            except (FileNotFoundError, NotADirectoryError):
                return []

        return self._try(f"list {path}", listed)

    def write_file(self, path: str, content: str) -> None:
        """Write a file whole, mode 0644: a crash at any moment leaves the old file or the new one."""
        self._try(f"write {path}", lambda: _replace(Path(path), content))

    def remove_file(self, path: str) -> None:
        """Remove a file; no error where there is none."""

        def remove() -> None:
            Path(path).unlink(missing_ok=True)
            if Path(path).parent.is_dir():
                _sync_directory(Path(path).parent)

        self._try(f"remove {path}", remove)

    def end_process(self, pid: int) -> None:
        """End a process by SIGTERM, and wait until it has ended; no error where there is none."""

        def ended() -> bool:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                return True
            try:
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
                ending = select.poll()
                ending.register(descriptor, select.POLLIN)
                return bool(ending.poll(min(self._seconds, SECONDS_FOR_AN_END) * 1000))
            except ProcessLookupError:
                return True
            finally:
                os.close(descriptor)

        if not self._try(f"end process {pid}", ended):
            raise HostFailure(f"could not end process {pid} on {self.name}: it goes on after SIGTERM; end it by hand")

    def firewall_rules(self, program: Literal["iptables-save", "ip6tables-save", "nft"]) -> str | None:
        """All rules of a firewall as this program prints them; None where there is no such program."""
        if not self.has_program(program):
            return None
        return self._run("list the firewall rules", program, *(("list", "ruleset") if program == "nft" else ()))

    def _sysctl_path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\0" in key:
            raise HostFailure(f"'{key}' is no kernel parameter of {self.name}; write it like net/ipv4/ip_forward")
        return self._proc_sys.joinpath(*parts)

    def _read(self, path: Path, what: str) -> str | None:
        def text() -> str | None:
            try:
                return path.read_text(encoding="utf-8", errors="surrogateescape")
            except (FileNotFoundError, NotADirectoryError):
                return None

        return self._try(what, text)

    def _try(self, what: str, action: Callable[[], _Result]) -> _Result:
        """Do something to a file; the kernel's refusals become sentences."""
        try:
            return action()
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise AccessDenied(
                    f"{self.name} does not let this user {what}; run as root ({error.strerror})"
                ) from error
            if error.errno == errno.EROFS:
                raise HostFailure(
                    f"could not {what} on {self.name}: it is read-only here; run outside of the container or sandbox"
                    f" that made it so ({error.strerror})"
                ) from error
            raise HostFailure(f"could not {what} on {self.name}: {error.strerror or error}") from error

    def _run(self, what: str, program: str, *arguments: str) -> str:
        """A program's output; its failures become sentences."""
        path = shutil.which(program, path=self._search_path)
        if path is None:
            raise HostFailure(
                f"could not {what} on {self.name}: there is no program '{program}'; install {_PACKAGES[program]}"
            )
        try:
            done = subprocess.run(
                [path, *arguments],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=self._seconds,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
                encoding="utf-8",
                errors="surrogateescape",
            )
        except subprocess.TimeoutExpired as error:
            raise HostFailure(
                f"could not {what} on {self.name}: '{program}' gave no answer in {self._seconds:g} s; try again"
            ) from error
        except OSError as error:
            raise HostFailure(f"could not {what} on {self.name}: {path} does not run: {error.strerror}") from error
        if done.returncode != 0:
            said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
            if "Operation not permitted" in said:
                raise AccessDenied(f"{self.name} does not let this user {what}; run as root ({said})")
            raise HostFailure(f"could not {what} on {self.name}: {said}")
        return done.stdout


def _write_existing(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())  # one write: the kernel takes a parameter whole
    finally:
        os.close(descriptor)


def _replace(path: Path, content: str) -> None:
    """Put a file in place with everything in it on the disk before its name is."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Not ending in .conf: `sysctl --system` reads every name that does, dot files too.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
