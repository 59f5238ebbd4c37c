"""Makes the picture of docs/map.md and README anew: a host with networks, guests and a fault, drawn by `virtnet map`.

    python -m tests.campaigns.map_picture

writes docs/map.svg. Everything in it is really there while it is drawn, in a sandbox.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.acceptance.stack import Stack
from tests.hosts.guests import linux_guest
from tests.hosts.sandboxed import REPOSITORY, Host, sandboxed_host

PICTURE = REPOSITORY / "docs" / "map.svg"
WEB, MAIL, DB, ROUTER, BACK = (f"52:54:00:12:34:{number}" for number in ("10", "11", "20", "30", "31"))


def _network(name: str, subnet: str, hosts: dict[str, tuple[str, str]], **args: Any) -> dict[str, Any]:
    """A network whose reservations are by name: MAC and address."""
    dhcp = {
        "ranges": [{"start": f"{subnet}.100", "end": f"{subnet}.199"}],
        "hosts": [{"name": guest, "mac": mac, "ip": ip} for guest, (mac, ip) in hosts.items()],
    }
    return {
        "type": "LibvirtNetwork",
        "name": name,
        "args": {"ips": [{"address": f"{subnet}.1/24", "dhcp": dhcp}], **args},
    }


RESOURCES = (
    _network(
        "services",
        "192.168.123",
        {
            "web": (WEB, "192.168.123.10"),
            "mail": (MAIL, "192.168.123.11"),
            "router": (ROUTER, "192.168.123.2"),
        },
        forward={"mode": "nat"},
        routes=[{"address": "10.20.0.0/16", "gateway": "192.168.123.2"}],
    ),
    _network("databases", "192.168.124", {"db": (DB, "192.168.124.20"), "router": (BACK, "192.168.124.2")}),
    _network("lab", "192.168.125", {}, forward={"mode": "nat"}),
    {
        "type": "PortForward",
        "name": "web",
        "depends_on": ["services"],
        "args": {
            "network": "services",
            "target_name": "web",
            "ports": [{"protocol": "tcp", "listen_port": "443"}],
        },
    },
)
UPLINK = """
ip link add eth0 type veth peer name outside; ip link set outside up
ip address add 198.51.100.7/24 dev eth0; ip link set eth0 up; ip route add default via 198.51.100.1
"""
SECOND_INTERFACE = (
    f"<interface type='network'><mac address='{BACK}'/><source network='databases'/><model type='virtio'/></interface>"
)
BREAK_LAB = "pid=$(cat /run/libvirt/network/lab.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done"


def draw(host: Host) -> str:
    """The picture of a host with all that."""
    host.sh(f"virsh net-undefine default; {UPLINK}")
    stack = Stack(host)
    stack.declare(*RESOURCES)
    stack.up()
    with (
        linux_guest(host, "web", network="services", mac=WEB),
        linux_guest(host, "mail", network="services", mac=MAIL),
        linux_guest(host, "db", network="databases", mac=DB),
        linux_guest(host, "router", network="services", mac=ROUTER, devices_xml_extra=SECOND_INTERFACE),
        host.guest("container", "vn-lab"),
    ):
        host.sh(BREAK_LAB)
        return host.run("virtnet", "map").stdout


def main() -> int:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as directory, sandboxed_host(Path(directory)) as host:
        PICTURE.write_text(draw(host))
    sys.stdout.write(f"wrote {PICTURE.relative_to(REPOSITORY)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
