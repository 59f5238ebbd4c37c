"""libvirt's floor: the same calls in one process that does nothing else."""

import time
from collections.abc import Callable

import libvirt

LIVE_AND_CONFIG = 3
HOST_SECTION, ADD, DELETE = 4, 3, 2
INACTIVE = 1


class RawNetworks:
    """The networks of the benchmark, over libvirt alone. Each method returns the seconds it took."""

    def __init__(self, count: int) -> None:
        self._connection = libvirt.open("qemu:///system")
        self._count = count

    def create(self) -> float:
        """Define them, start them, and start them at boot, as virtnet does."""
        return self._seconds(self._make, self._count)

    def destroy(self) -> float:
        """Stop and undefine them."""
        return self._seconds(self._remove, self._count)

    def read(self) -> float:
        """What a refresh asks at least: the running and the persistent configuration of each, and its flags."""
        return self._seconds(self._look, self._count)

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

    def _look(self, number: int) -> None:
        network = self._connection.networkLookupByName(f"bench{number}")
        network.XMLDesc(0)
        network.XMLDesc(INACTIVE)
        network.isActive()
        network.autostart()

    def _update(self, number: int, command: int) -> None:
        network = self._connection.networkLookupByName(f"bench{number}")
        xml = f"<host mac='52:54:00:ff:ff:ff' ip='10.{100 + number // 250}.{number % 250}.250'/>"
        network.update(command, HOST_SECTION, 0, xml, LIVE_AND_CONFIG)

    def _redefine(self, xml: str) -> None:
        network = self._connection.networkDefineXML(xml)
        network.destroy()
        network.create()
