"""libvirt's floor: the same calls in one process that does nothing else."""

import libvirt

LIVE_AND_CONFIG = 3
HOST_SECTION, ADD, DELETE = 4, 3, 2


class RawNetworks:
    """The networks of the benchmark, over libvirt alone."""

    def __init__(self, count: int) -> None:
        self._connection = libvirt.open("qemu:///system")
        self._count = count

    def create(self) -> None:
        """Define them, start them, and start them at boot, as virtnet does."""
        for number in range(self._count):
            subnet = f"10.{100 + number // 250}.{number % 250}"
            network = self._connection.networkDefineXML(
                f"<network><name>bench{number}</name><forward mode='nat'/><bridge name='vn-bench{number}' stp='off'/>"
                f"<ip address='{subnet}.1' prefix='24'>"
                f"<dhcp><range start='{subnet}.100' end='{subnet}.200'/></dhcp></ip></network>"
            )
            network.create()
            network.setAutostart(True)

    def destroy(self) -> None:
        """Stop and undefine them."""
        for number in range(self._count):
            network = self._connection.networkLookupByName(f"bench{number}")
            network.destroy()
            network.undefine()

    def add_reservations(self) -> None:
        self._update(ADD)

    def remove_reservations(self) -> None:
        self._update(DELETE)

    def _update(self, command: int) -> None:
        for number in range(self._count):
            network = self._connection.networkLookupByName(f"bench{number}")
            subnet = f"10.{100 + number // 250}.{number % 250}"
            xml = f"<host mac='52:54:00:ff:ff:ff' ip='{subnet}.250'/>"
            network.update(command, HOST_SECTION, 0, xml, LIVE_AND_CONFIG)
