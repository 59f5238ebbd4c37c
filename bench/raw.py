"""libvirt's floor: the same calls in one process that does nothing else.

As a program it serves other processes: it makes so many networks' objects, prints "ready", does what each line of its
input names, and prints the seconds that took.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import libvirt

LIVE_AND_CONFIG = 3
HOST_SECTION, ADD, DELETE = 4, 3, 2
INACTIVE = 1
#: What lists a host's whole firewall.
FIREWALL = (("iptables-save",), ("ip6tables-save",), ("nft", "--json", "list", "ruleset"))
#: The kernel's addresses and routes, which one look at a host tells of all bridges.
OF_THE_HOST = ("/proc/net/fib_trie", "/proc/net/if_inet6", "/proc/net/route", "/proc/net/ipv6_route")
OF_A_BRIDGE = ("address", "flags", "mtu")


class RawNetworks:
    """The networks of the benchmark, over libvirt alone. Each method returns the seconds it took."""

    def __init__(self, count: int) -> None:
        self._connection = libvirt.open("qemu:///system")
        # A daemon that is asked for the first time starts QEMU to see what it can do, for more than a second.
        self._connection.getCapabilities()
        self._count = count

    def create(self) -> float:
        """Define them, start them, and start them at boot, as virtnet does."""
        return self._seconds(self._make, self._count)

    def destroy(self) -> float:
        """Stop and undefine them."""
        return self._seconds(self._remove, self._count)

    def read(self) -> float:
        """What a refresh reads at least.

        Once a host: libvirt's networks, its guests, the kernel's addresses and routes, and the firewall's rules. Of
        each network: both definitions, its ports, its bridge, and whether its dnsmasq runs.
        """
        started = time.perf_counter()
        listings = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for one in FIREWALL]
        listed = {network.name(): network for network in self._connection.listAllNetworks(0)}
        for flag in (2, 4, 16):  # active, persistent, with autostart
            self._connection.listAllNetworks(flag)
        self._connection.listAllDomains(0)
        for path in OF_THE_HOST:
            Path(path).read_text()
        for listing in listings:
            listing.communicate()
        for number in range(self._count):
            self._look(number, listed[f"bench{number}"])
        return time.perf_counter() - started

    def reserve(self, count: int) -> float:
        """Add a reservation to the first `count` networks; it is taken back afterwards, untimed."""
        taken = self._seconds(self._add_reservation, count)
        for number in range(count):
            self._update(number, DELETE)
        return taken

    def restart(self) -> float:
        """Give the last network a domain and start it anew; what is plugged into it is cut off. Taken back, untimed."""
        network = self._connection.networkLookupByName(f"bench{self._count - 1}")
        before = network.XMLDesc(INACTIVE)
        started = time.perf_counter()
        self._redefine(before.replace("</name>", "</name><domain name='raw'/>"))
        taken = time.perf_counter() - started
        self._redefine(before)
        return taken

    def _seconds(self, act: Callable[[int], None], count: int) -> float:
        started = time.perf_counter()
        for number in range(count):
            act(number)
        return time.perf_counter() - started

    def _add_reservation(self, number: int) -> None:
        self._update(number, ADD)

    def _make(self, number: int) -> None:
        subnet = f"10.{100 + number // 250}.{number % 250}"
        network = self._connection.networkDefineXML(
            f"<network><name>bench{number}</name><forward mode='nat'/><bridge name='vn-bench{number}' stp='off'/>"
            "<dns><forwarder addr='192.0.2.53'/></dns>"
            f"<ip address='{subnet}.1' prefix='24'>"
            f"<dhcp><range start='{subnet}.100' end='{subnet}.200'/></dhcp></ip></network>"
        )
        network.create()
        network.setAutostart(True)

    def _remove(self, number: int) -> None:
        network = self._connection.networkLookupByName(f"bench{number}")
        network.destroy()
        network.undefine()

    def _look(self, number: int, network: libvirt.virNetwork) -> None:
        network.XMLDesc(0)
        network.XMLDesc(INACTIVE)
        bridge = Path("/sys/class/net", f"vn-bench{number}")
        for name in OF_A_BRIDGE:
            (bridge / name).read_text()
        list((bridge / "brif").iterdir())
        pid = Path("/run/libvirt/network", f"bench{number}.pid").read_text().strip()
        Path("/proc", pid, "comm").read_text()

    def _update(self, number: int, command: int) -> None:
        network = self._connection.networkLookupByName(f"bench{number}")
        xml = f"<host mac='52:54:00:ff:ff:ff' ip='10.{100 + number // 250}.{number % 250}.250'/>"
        network.update(command, HOST_SECTION, 0, xml, LIVE_AND_CONFIG)

    def _redefine(self, xml: str) -> None:
        network = self._connection.networkDefineXML(xml)
        network.destroy()
        network.create()


def _serve(count: int) -> None:
    networks = RawNetworks(count)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        act = {"create": networks.create, "destroy": networks.destroy, "read": networks.read}[line.strip()]
        sys.stdout.write(f"{act():.3f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
