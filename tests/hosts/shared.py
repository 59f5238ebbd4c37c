"""One sandbox for several tests: what a test leaves on the host is removed, and where that fails the next gets another.

A test sees a host as it was at first, with everything that a look shows: networks, guests, interfaces, rules, kernel
parameters, files, mounts and processes. libvirt's own chains are there from the beginning, as they stay on any host
where a network has been.
"""

import contextlib
import difflib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.hosts.sandboxed import Host, sandboxed_host

WARM_UP = "virsh -q net-start default >/dev/null; virsh -q net-dumpxml default --inactive >/run/default.xml"
#: A virsh that is started takes 20 ms of a core, whatever it is asked; so it is asked all at once.
CLEAN = """\
stay='libvirtd|virt(log|network|qemu|proxy)d|bash|dnsmasq|ps|awk'
for pid in $(ps -eo pid=,comm= | awk -v stay=" ($stay)$" '$1 > 1 && $0 !~ stay { print $1 }'); do
  kill -KILL $pid || true
done
{
  kind=guest
  virsh -q 'list --all --name; echo ==; net-list --all --name' | while IFS= read -r name; do
    [ "${name#==}" = "$name" ] || { kind=network; name=${name#==}; }
    case $kind.$name in
      *.) ;;
      guest.*) printf 'destroy "%s"\\nundefine "%s"\\n' "$name" "$name" ;;
      network.default) printf 'net-destroy default\\nnet-autostart default --disable\\n' ;;
      network.*) printf 'net-destroy "%s"\\nnet-undefine "%s"\\n' "$name" "$name" ;;
    esac
  done
  echo net-define /run/default.xml
} | virsh -q
for place in $(ip netns list | cut -d ' ' -f 1); do ip netns del $place; done
while mountpoint -q /run/netns; do umount /run/netns; done
for link in $(ls /sys/class/net); do ip link delete $link; done
ip route flush table main
sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
rm -rf /run/virtnet /run/netns /run/mount /run/libvirt/network/*.pid /etc/sysctl.d/* /var/lib/libvirt/dnsmasq/*
"""
LOOK = """\
say() { echo "== $1"; }
say 'networks and guests'; virsh -q 'net-list --all; net-dumpxml default --inactive; list --all'
say links; ip -o link | sed 's/^[0-9]*: //'; ip -o address; ip route; ip -6 route; ip netns
say rules; iptables-save | sed '/^[#:]/d'; ip6tables-save | sed '/^[#:]/d'; nft -s list ruleset 2>/dev/null
say parameters; cd /proc/sys/net; grep . ipv4/ip_forward ipv[46]/conf/{all,default}/*forwarding; cd /
say files; find /etc/libvirt /etc/sysctl.d -type f -exec md5sum {} + | sort -k 2
find /run -path /run/libvirt -prune -o -print | sort; find /var/lib/libvirt /run/libvirt/network /run/systemd | sort
say mounts; cut -d ' ' -f 2- /proc/self/mounts
say processes; ps -eo comm= | grep -vx 'bash\\|ps\\|grep\\|sort\\|cut\\|sed' | sort
"""


class SharedSandbox:
    """A sandbox that is lent to one test after another. A context manager: with it the sandbox ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: contextlib.ExitStack | None = None
        self._host = Host(0, directory)
        self._at_first = ""

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
        self._clean()
        # Whole, or it fails: what a look leaves out the first time is missed by none of the later ones.
        self._at_first = self._host.sh(LOOK)

    def _is_clean(self) -> bool:
        self._clean()
        now = self._host.sh(LOOK, check=False)
        if now == self._at_first:
            return True
        lines = difflib.unified_diff(self._at_first.splitlines(), now.splitlines(), "at first", "now", n=0, lineterm="")
        print("The sandbox ends, as this test left something:", *lines, sep="\n")  # noqa: T201 - shown if the test fails
        return False

    def _clean(self) -> None:
        self._host.run("bash", "-c", CLEAN, check=False)
