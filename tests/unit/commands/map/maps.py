"""Maps that tests draw: one with all that a map can have, one of many guests, and one of hostile names."""

from dataclasses import replace

from tests.unit.hostile import TEXTS

from virtnet.commands.map.model import (
    Attached,
    Bridge,
    Host,
    Lease,
    Map,
    Network,
    PortForward,
    Ports,
    Reservation,
    Route,
    Trouble,
    Uplink,
)

URI = "qemu:///system"

HOSTILE = {name: text for name, text in TEXTS.items() if text}
"""Names as hosts may have them; one that is empty is none."""


def attached(guest: str, number: int, **more: object) -> Attached:
    mac = f"52:54:00:00:{number // 256:02x}:{number % 256:02x}"
    entry = Attached(guest=guest, interface=f"vnet{number}", mac=mac, link="tun", addresses=(f"10.9.1.{number % 256}",))
    return replace(entry, **more)  # type: ignore[arg-type]


def network(name: str = "lab", **more: object) -> Network:
    one = Network(
        name=name,
        uuid="11111111-2222-3333-4444-555555555555",
        mode="nat",
        active=True,
        autostart=True,
        persistent=True,
        bridge=f"vn-{name}",
        addresses=("10.9.1.1/24",),
    )
    return replace(one, **more)  # type: ignore[arg-type]


def forward(network_name: str = "lab", target: str = "10.9.1.2", **more: object) -> PortForward:
    ports = (Ports(protocol="tcp", listen="8080", target="80"),)
    return replace(PortForward(id="0123456789abcdef", network=network_name, target=target, ports=ports), **more)  # type: ignore[arg-type]


FLUSHED = Trouble(
    said="network 'lab' has lost firewall rules (NAT of 10.9.1.0/24), as after a flush",
    fix="Run systemctl restart virtnetworkd",
    command="systemctl restart virtnetworkd",
)
UPLINK = Uplink(name="eth0", mac="02:00:00:00:00:01", addresses=("192.0.2.5/24",), gateways=("192.0.2.1",))
WEB, DB = attached("web", 2, hostname="web"), attached("db", 3)
ROUTER = attached("router", 4), attached("router", 5, addresses=())
CONTAINER = Attached(guest="", interface="veth7", mac="02:00:00:00:00:07", link="veth")
LAB = network(
    zone="libvirt",
    ranges=("10.9.1.2 to 10.9.1.99",),
    reservations=(Reservation(address="10.9.1.3", name="db", mac=DB.mac),),
    routes=("10.92.0.0/24 via 10.9.1.4",),
    owner="project/stack/lab",
    attached=(DB, ROUTER[0], WEB, CONTAINER),
    leases=(Lease(address="10.9.1.77", mac="52:54:00:00:77:77", hostname="gone", expires="2026-11-30T03:00:00Z"),),
    troubles=(FLUSHED,),
)
BACK = network(
    "back",
    mode="isolated",
    uuid="22222222-2222-3333-4444-555555555555",
    addresses=("10.9.2.1/24", "fd00:9::1/64"),
    attached=(ROUTER[1], attached("loose", 6, on_bridge=False)),
)
ASLEEP = network("asleep", active=False, autostart=False, persistent=True, addresses=("10.9.3.1/24",))
SHARED = network("shared", mode="bridge", bridge="br0", addresses=(), attached=(attached("mail", 8, addresses=()),))
BRIDGE = Bridge(
    name="br0",
    mac="02:00:00:00:00:02",
    addresses=("203.0.113.5/24",),
    gateways=("203.0.113.1",),
    attached=(Attached(guest="", interface="eth1", mac="02:00:00:00:00:03"),),
)
EVERYTHING = Host(
    uri=URI,
    libvirt_version="9.0.0",
    ipv4_forwarding=True,
    ipv6_forwarding=False,
    zones=("libvirt", "public"),
    uplinks=(UPLINK,),
    bridges=(BRIDGE,),
    routes=(Route(destination="default", gateway="192.0.2.1", interface="eth0"),),
    networks=(ASLEEP, BACK, LAB, SHARED),
    port_forwards=(forward(), forward("back", "10.9.1.4", id="f" * 16, listen_address="192.0.2.5")),
    troubles=(Trouble(said="net.ipv6.conf.all.forwarding is 0"),),
    unseen=("this host does not let this user list its rules",),
)
UNREACHED = Host(
    uri="qemu+ssh://far/system",
    unreachable="far can't be reached over ssh",
    host_seen=False,
    troubles=(Trouble(said="far can't be reached over ssh"),),
)
FLEET = Map(hosts=(EVERYTHING, UNREACHED))


def many(guests: int) -> Map:
    """A network of many guests, beside a small one that some of them are on, too."""
    inside = tuple(attached(f"guest{number}", number) for number in range(guests))
    second = tuple(
        attached(f"guest{number}", 10_000 + number, addresses=()) for number in range(0, guests, guests // 5 or 1)
    )
    networks = (network("big", attached=inside), network("small", mode="isolated", attached=second))
    return Map(hosts=(Host(uri=URI, uplinks=(UPLINK,), networks=networks),))


def named(name: str) -> Map:
    """Everything that others name, by one name."""
    entry = Attached(guest=name, interface=name, mac=name, link=name, addresses=(name,), hostname=name)
    trouble = Trouble(said=name, fix=name, command=name)
    one = network(
        name,
        uuid=name,
        mode=name,
        bridge=name,
        zone=name,
        addresses=(name,),
        ranges=(name,),
        routes=(name,),
        devices=(name,),
        owner=name,
        attached=(entry, replace(entry, guest="")),
        reservations=(Reservation(address=name, name=name, mac=name),),
        leases=(Lease(address=name, mac=name, hostname=name, expires=name),),
        troubles=(trouble,),
    )
    ports = (Ports(protocol=name, listen=name, target=name),)
    host = Host(
        uri=name,
        libvirt_version=name,
        zones=(name,),
        uplinks=(Uplink(name=name, mac=name, addresses=(name,), gateways=(name,)),),
        bridges=(Bridge(name=f"{name}2", attached=(replace(entry, guest=f"{name}3"),)),),
        routes=(Route(destination=name, gateway=name, interface=name),),
        networks=(one,),
        port_forwards=(
            PortForward(
                id=name, network=name, target=name, ports=ports, listen_address=name, sources=(name,), owner=name
            ),
        ),
        troubles=(trouble,),
        unseen=(name,),
    )
    return Map(hosts=(host,), stack=name)
