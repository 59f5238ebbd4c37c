"""One sandbox for several tests: what a test leaves on the host is removed, and where that fails the next gets another.

A test sees a host as it was at first, with everything that a look shows: networks, guests, interfaces, rules, kernel
parameters, files, mounts and processes. libvirt's own chains are there from the beginning, as they stay on any host
where a network has been.
"""

import contextlib
import difflib
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.hosts.sandboxed import Host, sandboxed_host

WARM_UP = "virsh -q net-start default >/dev/null; virsh -q net-dumpxml default --inactive >/run/default.xml"
#: Kills, removes and defines, and then prints what is there in parts with a title. By what bash has built in where that
#: is enough, and with one virsh, which takes 20 ms of a core to start, whatever it is asked.
CLEAN_AND_LOOK = r"""
shopt -s nullglob
say() { echo "== $1"; }
others() {
  for place in /proc/[0-9]*; do
    { read -r name <$place/comm; } 2>/dev/null || continue
    $1 ${place#/proc/} "$name"
  done
}
end() {
  case $2 in
    libvirtd|virtlogd|virtnetworkd|virtqemud|virtproxyd|bash|dnsmasq) kill -CONT $1 ;;
    *) [ $1 = 1 ] || kill -KILL $1 ;;
  esac
}
others end
asked=
ask() {
  name=${2##*/} name=${name%.xml}
  # As virsh reads words of its own.
  name=${name//\\/\\\\} name=${name//\"/\\\"}
  asked+="$1 \"$name\"; "
}
for path in /{run,etc}/libvirt/qemu/*.xml; do ask destroy "$path"; ask undefine "$path"; done
for path in /etc/libvirt/qemu/networks/*.xml /run/libvirt/network/*.xml; do
  ask net-destroy "$path"
  [ "${path##*/}" = default.xml ] || ask net-undefine "$path"
done
virsh -q "$asked net-autostart default --disable; net-define /run/default.xml; echo '== networks and guests
  '; net-list --all; net-dumpxml default --inactive; list --all"
for place in /run/netns/*; do ip netns del ${place##*/}; done
while [[ $(</proc/mounts) == *' /run/netns '* ]]; do umount /run/netns; done
for link in /sys/class/net/*; do [ $link = /sys/class/net/lo ] || ip link delete ${link##*/}; done
echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
rm -rf /run/virtnet /run/netns /run/mount /run/libvirt/network/*.pid /etc/{sysctl.d,virtnet,systemd/system}/* \
  /var/lib/libvirt/dnsmasq/*
say links
printf '%s\n' 'route flush table main' 'link show' 'address show' 'route show' 'rule show' | ip -o -force -batch -
ip -6 route
rules() { "$@" || echo "FAILED: $*"; }
say iptables; rules iptables-save
say ip6tables; rules ip6tables-save
say nftables; rules nft -s list ruleset
say parameters; grep . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv[46]/conf/{all,default}/*forwarding
say files; find /etc/libvirt /etc/sysctl.d -type f -exec md5sum {} +
find /etc/{virtnet,systemd/system} /run /var/lib/libvirt /run/libvirt/network -path /run/libvirt -prune -o -print
say mounts; echo "$(</proc/mounts)"
say processes; others echo
"""
#: Its parts, in their order.
TITLES = (
    "networks and guests",
    "links",
    "iptables",
    "ip6tables",
    "nftables",
    "parameters",
    "files",
    "mounts",
    "processes",
)
#: What is another each time: numbers of interfaces and processes, what is counted, and what is mounted from where.
VARIES = {
    "links": r"^\d+: ",
    "iptables": r"^#.*| \[\d+:\d+\]$",
    "ip6tables": r"^#.*| \[\d+:\d+\]$",
    "nftables": r"^#.*",
    "mounts": r"^\S+ ",
    "processes": r"^\d+ (bash$)?",
}
#: Of these a host whose libvirt writes others shows nothing.
OF_RULES = frozenset({"iptables", "ip6tables", "nftables"})
#: The parts whose order says nothing.
UNORDERED = frozenset({"files", "mounts", "processes"})


def look(printed: str) -> dict[str, list[str]]:
    """What was printed behind each title, less what varies. What has an order keeps it: the first rule decides."""
    parts = dict(part.partition("\n")[::2] for part in printed.partition("== ")[2].split("\n== "))
    seen = {}
    for title, text in parts.items():
        lines = [line for line in (re.sub(VARIES.get(title, "^$"), "", line) for line in text.splitlines()) if line]
        seen[title] = sorted(lines) if title in UNORDERED else lines
    return seen


def unseen(seen: Mapping[str, Sequence[str]]) -> list[str]:
    """The parts that a look at a host where a network has been does not show: it would find nothing left there."""
    return [title for title in TITLES if title not in seen or not _is_shown(title, seen[title])]


def _is_shown(title: str, lines: Sequence[str]) -> bool:
    return not any(line.startswith("FAILED: ") for line in lines) if title in OF_RULES else bool(lines)


class SharedSandbox:
    """A sandbox that is lent to one test after another. A context manager: with it the sandbox ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: contextlib.ExitStack | None = None
        self._host = Host(0, directory)
        self._at_first: dict[str, list[str]] = {}

    def __enter__(self) -> "SharedSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    @contextlib.contextmanager
    def lend(self, directory: Path) -> Iterator[Host]:
        """The host, as it was at first, for a test with a directory of its own."""
        if self._running is None:
            self._start()
        try:
            yield Host(self._host.pid, directory)
        finally:
            if not self._is_clean():
                self.end()

    def end(self) -> None:
        """End the sandbox; the next test gets another."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def _start(self) -> None:
        self._running = contextlib.ExitStack()
        self._host = self._running.enter_context(sandboxed_host(self._directory))
        self._host.sh(WARM_UP)
        self._cleaned()
        cleaned = self._clean()
        self._at_first = look(cleaned.stdout)
        if parts := unseen(self._at_first):
            self.end()
            raise AssertionError(f"the first look at the sandbox shows no {', '.join(parts)}: {cleaned.stderr}")

    def _is_clean(self) -> bool:
        try:
            now = self._cleaned()
        except subprocess.TimeoutExpired as error:
            print(f"The sandbox ends, as it could not be cleaned: {error}")  # noqa: T201 - shown if the test fails
            return False
        if now == self._at_first:
            return True
        first, last = ([f"{title}: {line}" for title in seen for line in seen[title]] for seen in (self._at_first, now))
        lines = difflib.unified_diff(first, last, "at first", "now", n=0, lineterm="")
        print("The sandbox ends, as this test left something:", *lines, sep="\n")  # noqa: T201 - shown if the test fails
        return False

    def _cleaned(self) -> dict[str, list[str]]:
        return look(self._clean().stdout)

    def _clean(self) -> subprocess.CompletedProcess[str]:
        return self._host.run("bash", "-c", CLEAN_AND_LOOK, check=False)
