"""The map of a host, from what was looked at."""

import pytest
from tests.unit.commands.doctor.reports import (
    EXAMPLES,
    HOST,
    OWNER,
    UUID,
    forwards,
    network,
    report,
    surveyed,
)
from tests.unit.port_forward.hosts import LAB_UUID

from virtnet.commands.doctor.diagnose import examine
from virtnet.commands.doctor.finding import DoctorReport, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.map.look import Looked
from virtnet.commands.map.model import Attached, Bridge, Lease, Map, Ports, Uplink
from virtnet.commands.map.of_host import host_of
from virtnet.forwarding.sysctl import IPV4
from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.findings import Problem
from virtnet.planning.reports import Attachment, GuestInterface, HostAddress, HostRoute, Link

MAC = "52:54:00:00:00:07"
WEB = GuestInterface(guest="web", guest_uuid=UUID, mac=MAC, interface="vnet7", xml="<interface/>", network="n1")
LEASE = {
    "mac": MAC.upper(),
    "address": "10.9.1.7",
    "prefix_length": 24,
    "hostname": "web",
    "client_id": "",
    "expires": "2026-11-30T03:00:00Z",
}


def link(name: str, kind: str = "", master: str = "", *, up: bool = True) -> Link:
    return Link(name=name, mac=f"mac of {name}", kind=kind, master=master, up=up)


def test_a_guest_has_its_tap_its_leases_and_the_kind_of_its_link() -> None:
    there = network(attachments=(Attachment(owner="web", interface="vnet7", mac=MAC),))
    host = HOST._replace(links=(link("vnet7", "tun", "vbn1"),))

    (one,) = host_of(Looked(report(networks=(there,), host=host), (WEB,), {UUID: [LEASE]})).networks

    assert one.attached == (
        Attached(guest="web", interface="vnet7", mac=MAC, link="tun", addresses=("10.9.1.7",), hostname="web"),
    )
    assert one.leases == ()


def test_a_lease_of_a_client_that_is_not_attached_is_kept() -> None:
    (one,) = host_of(Looked(report(networks=(network(),)), (), {UUID: [LEASE]})).networks

    assert one.leases == (Lease(address="10.9.1.7", mac=MAC, hostname="web", expires="2026-11-30T03:00:00Z"),)


def test_a_link_of_a_container_has_no_guest() -> None:
    there = network(attachments=(Attachment(owner="", interface="veth1", mac="02:00:00:00:00:01"),))
    host = HOST._replace(links=(link("veth1", "veth", "vbn1"),))

    (one,) = host_of(Looked(report(networks=(there,), host=host))).networks

    assert one.attached == (Attached(guest="", interface="veth1", mac="02:00:00:00:00:01", link="veth"),)


def test_a_guest_that_names_the_networks_bridge_itself_is_told_by_its_tap() -> None:
    there = network(attachments=(Attachment(owner="", interface="vnet7", mac="fe:54:00:00:00:07"),))
    guest = WEB._replace(network="", bridge="vbn1")

    (one,) = host_of(Looked(report(networks=(there,)), (guest,))).networks

    assert [(entry.guest, entry.mac, entry.on_bridge) for entry in one.attached] == [("web", MAC, True)]


def test_a_guest_that_names_the_network_and_is_on_no_bridge_is_told_so() -> None:
    (one,) = host_of(Looked(report(networks=(network(),)), (WEB,))).networks

    assert [(entry.guest, entry.interface, entry.on_bridge) for entry in one.attached] == [("web", "vnet7", False)]


def test_a_guest_and_its_clone_with_one_mac_are_two() -> None:
    clone = WEB._replace(guest="clone", guest_uuid="other", interface="vnet8")
    there = [Attachment(owner=one.guest, interface="", mac=MAC) for one in (WEB, clone)]
    taps = [Attachment(owner="", interface=one.interface, mac=MAC) for one in (WEB, clone)]

    for entries in (there, taps, there[:1]):
        (one,) = host_of(Looked(report(networks=(network(attachments=tuple(entries)),)), (WEB, clone))).networks

        assert [(entry.guest, entry.interface) for entry in one.attached] == [("clone", "vnet8"), ("web", "vnet7")]


def test_guests_stand_before_other_links_and_by_their_numbers() -> None:
    entries = [
        Attachment(owner=owner, interface=interface)
        for owner, interface in (("", "a0"), ("web10", "vnet1"), ("web2", "vnet2"))
    ]

    (one,) = host_of(Looked(report(networks=(network(attachments=tuple(entries)),)))).networks

    assert [entry.guest or entry.interface for entry in one.attached] == ["web2", "web10", "a0"]


def test_only_bridges_that_are_no_networks_own_are_drawn_with_what_is_on_them() -> None:
    links = (link("br0", "bridge"), link("eth1", "", "br0"), link("vnet9", "tun", "br0"), link("vbn1", "bridge"))
    guest = GuestInterface(
        guest="mail", guest_uuid="u", mac="52:54:00:00:00:09", interface="vnet9", xml="", bridge="br0"
    )
    host = HOST._replace(links=links, addresses=(HostAddress("br0", "203.0.113.5/24"),))

    found = host_of(Looked(report(networks=(network(),), host=host), (guest,)))

    assert found.bridges == (
        Bridge(
            name="br0",
            mac="mac of br0",
            addresses=("203.0.113.5/24",),
            attached=(
                Attached(guest="mail", interface="vnet9", mac="52:54:00:00:00:09", link="tun"),
                Attached(guest="", interface="eth1", mac="mac of eth1"),
            ),
        ),
    )


def test_uplinks_are_interfaces_with_a_default_route_and_those_that_networks_name() -> None:
    routes = (
        HostRoute("default", "eth0", "192.0.2.1", "dhcp"),
        HostRoute("192.0.2.0/24", "eth0", "", "kernel"),
        HostRoute("0.0.0.0/1", "tun0", "", ""),
        HostRoute("128.0.0.0/1", "tun0", "", ""),
    )
    host = HOST._replace(
        links=(link("eth0"), link("tun0", "tun", up=False)),
        addresses=(HostAddress("eth0", "192.0.2.5/24"),),
        routes=routes,
    )

    found = host_of(Looked(report(host=host)))

    assert found.uplinks == (
        Uplink(name="eth0", mac="mac of eth0", addresses=("192.0.2.5/24",), gateways=("192.0.2.1",)),
        Uplink(name="tun0", mac="mac of tun0", up=False, gateways=("",)),
    )


def test_ip_forwarding_is_told_as_the_kernel_has_it() -> None:
    found = host_of(Looked(report(forwarding=forwards({IPV4: "1"}))))

    assert (found.ipv4_forwarding, found.ipv6_forwarding) == (True, False)
    assert host_of(Looked(report())).ipv4_forwarding is None


def test_firewalls_zone_is_libvirts_choice_while_firewalld_runs() -> None:
    def zones(*names: str) -> list[str]:
        return [one.zone for one in host_of(Looked(report(networks=(network(),), zones=names))).networks]

    assert (zones("libvirt", "public"), zones()) == (["libvirt"], [""])


def test_a_port_forward_has_its_ports_and_its_owner() -> None:
    found = host_of(Looked(report(networks=(network(uuid=LAB_UUID),), port_forwards=surveyed())))

    (one,) = found.port_forwards
    assert (one.network, one.target, one.sources) == ("lab", "192.168.123.50", ())
    assert one.ports == (Ports(protocol="tcp", listen="8080", target="80"),)
    assert one.owner
    assert one.troubles == ()


def test_a_networks_owner_is_its_marks() -> None:
    (one,) = host_of(Looked(report(networks=(network(metadata=OWNER.format(" adopted='yes'")),)))).networks

    assert (one.owner, one.adopted) == ("p/s/n1", True)


def test_a_problem_stands_at_what_has_it() -> None:
    gone = network(problems=(Problem(ProblemKind.BRIDGE_MISSING, {"bridge": "vbn1"}),))
    fine = network("n2", address="10.9.2.1", uuid=LAB_UUID)

    found = host_of(Looked(report(networks=(fine, gone))))

    assert [len(one.troubles) for one in found.networks] == [1, 0]
    assert found.troubles == ()
    assert found.networks[0].troubles[0].fix


def test_a_network_whose_name_begins_with_anothers_has_not_its_problems() -> None:
    gone = network("n1", problems=(Problem(ProblemKind.BRIDGE_MISSING, {"bridge": "vbn1"}),))
    other = network("n1 b", address="10.9.2.1", uuid=LAB_UUID)

    found = host_of(Looked(report(networks=(gone, other))))

    assert {one.name: len(one.troubles) for one in found.networks} == {"n1": 1, "n1 b": 0}


@pytest.mark.parametrize("looked_at", EXAMPLES.values(), ids=EXAMPLES)
def test_each_problem_of_the_doctor_is_on_the_map(looked_at: DoctorReport) -> None:
    problems = [finding for finding in examine(looked_at) if finding.level is Level.PROBLEM]
    # What takes the rules of several networks at once stands at each.
    places = [len(looked_at.networks) if one.kind is FindingKind.CHAINS_MISSING else 1 for one in problems]

    assert Map(hosts=(host_of(Looked(looked_at)),)).troubles == sum(places)


def test_a_host_that_is_not_there_is_on_the_map() -> None:
    found = host_of(Looked(EXAMPLES["libvirt is not there"]))

    assert found.unreachable == "libvirt cannot be reached"
    assert found.networks == ()
    assert len(found.troubles) == 1


def test_what_could_not_be_looked_at_is_told() -> None:
    found = host_of(Looked(report(unseen=("no rules",)), unseen=("no leases", "no rules")))

    assert found.unseen == ("no rules", "no leases")
