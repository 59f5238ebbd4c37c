"""Which subnets the doctor takes for used, and which for free."""

from tests.unit.commands.doctor.reports import HOST, network, report

from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.subnets import subnets
from virtnet.planning.reports import HostAddress, HostRoute


def test_in_use_and_free() -> None:
    host = HOST._replace(
        addresses=(
            HostAddress(interface="eth0", address="192.168.100.7/24"),
            HostAddress(interface="vbn1", address="10.9.1.1/24"),
            HostAddress(interface="lo", address="127.0.0.1/8"),
            HostAddress(interface="eth0", address="fd00:0:0:1::7/64"),
            HostAddress(interface="eth0", address="fe80::1/64"),
        ),
        routes=(
            HostRoute(destination="default", interface="eth0", gateway="192.168.100.1", protocol="dhcp"),
            HostRoute(destination="192.168.102.0/23", interface="eth0", gateway="192.168.100.1", protocol=""),
        ),
    )

    used, free = subnets(report(networks=(network(),), host=host))

    assert used.kind is FindingKind.SUBNETS_IN_USE
    assert used.data["in_use"] == {
        "10.9.1.0/24": [{"kind": "network", "name": "n1"}],
        "192.168.100.0/24": [{"kind": "interface", "name": "eth0"}],
        "192.168.102.0/23": [{"kind": "route", "name": "eth0"}],
        "fd00:0:0:1::/64": [{"kind": "interface", "name": "eth0"}],
    }
    assert free.kind is FindingKind.SUBNETS_FREE
    assert free.data["free"] == ["192.168.101.0/24", "192.168.104.0/24", "192.168.105.0/24", "fd00:0:0:2::/64"]


def test_the_links_of_port_forwards_use_none() -> None:
    host = HOST._replace(
        addresses=(
            HostAddress(interface="vnpf853557b0", address="192.0.0.8/32"),
            HostAddress(interface="vnpfabc", address="192.0.2.8/32"),
        ),
        routes=(HostRoute(destination="10.9.0.0/16", interface="vnpf853557b0", gateway="", protocol=""),),
    )

    used, _ = subnets(report(host=host))

    assert used.data["in_use"] == {"192.0.2.8/32": [{"kind": "interface", "name": "vnpfabc"}]}


def test_where_all_of_a_block_is_taken() -> None:
    host = HOST._replace(addresses=(HostAddress(interface="eth0", address="192.168.0.1/16"),))

    _, free = subnets(report(host=host))

    assert free.data["free"] == ["10.0.100.0/24", "10.0.101.0/24", "10.0.102.0/24", "fd00:0:0:1::/64"]


def test_the_default_route_in_pieces_uses_no_subnet() -> None:
    pieces = ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "10.8.0.0/24")
    host = HOST._replace(
        routes=tuple(HostRoute(destination=piece, interface="tun0", gateway="", protocol="") for piece in pieces)
    )

    used, free = subnets(report(host=host))

    assert used.data["in_use"] == {"10.8.0.0/24": [{"kind": "connected route", "name": ""}]}
    assert free.data["free"] == ["192.168.100.0/24", "192.168.101.0/24", "192.168.102.0/24", "fd00:0:0:1::/64"]


def test_says_where_the_host_was_not_looked_at() -> None:
    _, free = subnets(report(host=None))

    assert free.kind is FindingKind.SUBNETS_FREE_IN_LIBVIRT
