"""What on a host speaks against starting a network: address conflicts ranked, names and ports that are taken."""

from typing import Any

import pytest
from tests import builders

from virtnet.network.observed import HostReport, Named, Observed, ObservedAbsent, ObservedNetwork, reported
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.plan.preflight import Findings, needs_newer_libvirt, preflight
from virtnet.network.tree import network_tree
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.network.xml.write import with_owner_mark
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.reports import HostAddress, HostRoute, Link, ListeningSocket, NetworkReport
from virtnet.spec.failures import Details

UUID, MAC = "6f1c2a3e-0000-4000-8000-00000012ab34", "52:54:00:12:ab:34"
LAB = {
    "name": "lab",
    "forward": {"mode": "nat"},
    "bridge": {"name": "vn-lab"},
    "mac": MAC,
    "ips": [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}],
}
OPEN = {"forward": {"mode": "open"}, "ips": [{"address": "10.91.0.1/24"}]}
EMPTY = HostReport(links=(), addresses=(), routes=(), listening_sockets=(), missing_programs=())


def network(name: str, *addresses: str, active: bool, mode: str = "nat", uuid: str = "other") -> NetworkReport:
    return builders.network(name, mode, *addresses, uuid=uuid, bridge=f"vn-{name}", mac=MAC, active=active)


def link(name: str, *, kind: str = "bridge", mac: str = "02:00:00:00:00:01", master: str = "") -> Link:
    return Link(name=name, mac=mac, kind=kind, master=master, up=True)


def address(interface: str, given: str) -> HostAddress:
    return HostAddress(interface=interface, address=given)


def route(destination: str, interface: str, gateway: str = "") -> HostRoute:
    return HostRoute(destination=destination, interface=interface, gateway=gateway, protocol="kernel")


def observed(report: NetworkReport | None = None, *others: NetworkReport, **host: Any) -> Observed:
    around: dict[str, Any] = {
        "uri": "qemu:///system",
        "host_uuid": "host",
        "libvirt_version": 9_000_000,
        "others": tuple(map(reported, others)),
        "host": EMPTY._replace(**host),
    }
    return ObservedAbsent(**around) if report is None else ObservedNetwork(**around, report=reported(report))


def overlap(kind: RefusalKind, subnet: str, other: str, **whose: str) -> Refusal:
    return Refusal(kind, {"subnet": subnet, "other": other, **whose})


def found(seen: Observed, tree: Any = LAB, *, allow_overlap: bool = False) -> Findings:
    return preflight(tree, seen, allow_overlap=allow_overlap)


@pytest.mark.parametrize(
    ("host", "refusals", "notes"),
    [
        pytest.param({}, (), (), id="nothing there"),
        pytest.param(
            {"addresses": (address("lan0", "10.91.0.200/16"),), "routes": (route("10.91.0.0/16", "lan0"),)},
            (overlap(RefusalKind.OVERLAPS_INTERFACE, "10.91.0.0/24", "10.91.0.0/16", interface="lan0"),),
            (),
            id="a connected subnet, once",
        ),
        pytest.param(
            {"addresses": (address("lan0", "10.91.0.0/31"),)},
            (overlap(RefusalKind.OVERLAPS_INTERFACE, "10.91.0.0/24", "10.91.0.0/31", interface="lan0"),),
            (),
            id="a smaller one inside",
        ),
        pytest.param(
            {"addresses": (address("lan0", "fd00:91::7/64"),)},
            (overlap(RefusalKind.OVERLAPS_INTERFACE, "fd00:91::/64", "fd00:91::/64", interface="lan0"),),
            (),
            id="an IPv6 one, which libvirt never sees",
        ),
        pytest.param(
            {"routes": (route("10.91.0.0/24", "wg0"),)},
            (overlap(RefusalKind.OVERLAPS_ROUTE, "10.91.0.0/24", "10.91.0.0/24", interface="wg0"),),
            (),
            id="a subnet that is routed to an interface without an address in it",
        ),
        pytest.param(
            {"routes": (route("10.0.0.0/8", "lan0", "172.20.0.1"),)},
            (),
            (
                Note(
                    NoteKind.INSIDE_ROUTE,
                    {
                        "subnet": "10.91.0.0/24",
                        "other": "10.0.0.0/8",
                        "gateway": "172.20.0.1",
                        "interface": "lan0",
                    },
                ),
            ),
            id="a route through a gateway is a note",
        ),
        pytest.param(
            {"routes": (route("default", "lan0", "172.20.0.1"), route("default", "ppp0"))}, (), (), id="default routes"
        ),
        pytest.param(
            {"routes": tuple(route(piece, "tun0") for piece in ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"))},
            (),
            (),
            id="the default route of a VPN, in halves",
        ),
        pytest.param(
            {"routes": tuple(route(piece, "tun0", "10.8.0.1") for piece in ("0.0.0.0/1", "128.0.0.0/1"))},
            (),
            (),
            id="the same through a gateway",
        ),
        pytest.param(
            {"routes": (route("0.0.0.0/1", "tun0"), route("128.0.0.0/1", "tun0"), route("10.91.0.0/16", "tun0"))},
            (overlap(RefusalKind.OVERLAPS_ROUTE, "10.91.0.0/24", "10.91.0.0/16", interface="tun0"),),
            (),
            id="a network behind a VPN that has the default route too",
        ),
        pytest.param(
            {"addresses": (address("lan0", "10.92.0.1/24"), address("lan0", "fe80::1/64"))}, (), (), id="other subnets"
        ),
        pytest.param(
            {"addresses": (address("lan0", "169.254.7.7/16"),), "routes": (route("ff00::/8", "lan0"),)},
            (),
            (),
            id="link-local and multicast",
        ),
        pytest.param({"routes": (route("10.0.0.0/8", ""),)}, (), (), id="a blackhole that the subnet is cut out of"),
    ],
)
def test_address_conflicts_are_ranked(
    host: dict[str, Any], refusals: tuple[Refusal, ...], notes: tuple[Note, ...]
) -> None:
    assert found(observed(**host)) == Findings(refusals, notes)


@pytest.mark.parametrize(
    ("other", "refusals"),
    [
        (
            network("far", "10.91.0.129/25", active=True),
            (overlap(RefusalKind.OVERLAPS_NETWORK, "10.91.0.0/24", "10.91.0.128/25", network="far", alias=""),),
        ),
        (
            network("far", "fd00:91::2/48", active=True),
            (overlap(RefusalKind.OVERLAPS_NETWORK, "fd00:91::/64", "fd00:91::/48", network="far", alias=""),),
        ),
        (network("far", "10.91.0.129/25", active=False), ()),
        (network("far", "10.92.0.1/24", active=True), ()),
        (network("far", "not-an-address/24", active=True), ()),
    ],
)
def test_active_networks_are_refused_and_inactive_ones_are_not(
    other: NetworkReport, refusals: tuple[Refusal, ...]
) -> None:
    assert found(observed(None, other)).refusals == refusals


@pytest.mark.parametrize(
    ("destination", "active", "interface", "refusals"),
    [
        ("10.92.0.0/24", True, "vn-far", [RefusalKind.ROUTE_INTO_NETWORK]),
        ("10.92.0.128/25", True, "vn-far", [RefusalKind.ROUTE_INTO_NETWORK]),
        ("10.92.0.128/25", False, "lan0", [RefusalKind.ROUTE_INTO_INTERFACE]),
        ("10.92.0.0/16", True, "vn-far", []),
        ("10.91.0.128/25", False, "vn-lab", []),
        ("10.93.0.0/24", True, "vn-far", []),
        ("fd00:92::/64", True, "vn-far", []),
    ],
    ids=[
        "all of it",
        "a part of it",
        "of the host's own",
        "around it",
        "its own subnet",
        "elsewhere",
        "another version of IP",
    ],
)
def test_a_route_takes_no_addresses_from_what_is_connected_elsewhere(
    destination: str, active: bool, interface: str, refusals: list[RefusalKind]
) -> None:
    there = address(interface, "10.91.0.1/24" if interface == "vn-lab" else "10.92.0.1/24")
    seen = observed(None, network("far", "10.92.0.1/24", active=active), addresses=(there,))
    led = {**LAB, "routes": [{"address": destination, "gateway": "10.91.0.7"}]}

    assert [one.kind for one in found(seen, led).refusals] == refusals
    assert found(seen, led, allow_overlap=True).refusals == ()


def test_an_active_network_is_named_once_and_not_by_its_bridge_too() -> None:
    seen = observed(
        None,
        network("far", "10.91.0.129/25", active=True),
        addresses=(address("vn-far", "10.91.0.129/25"),),
        routes=(route("10.91.0.128/25", "vn-far"),),
    )

    assert found(seen).refusals == (
        overlap(RefusalKind.OVERLAPS_NETWORK, "10.91.0.0/24", "10.91.0.128/25", network="far", alias=""),
    )


def test_the_networks_own_subnet_is_no_conflict_nor_is_a_blackhole_around_it() -> None:
    own = network("lab", "10.91.0.1/24", active=True, uuid=UUID)
    seen = observed(
        own,
        links=(link("vn-lab", mac=MAC),),
        addresses=(address("vn-lab", "10.91.0.1/24"), address("vn-lab", "fd00:91::1/64")),
        routes=(route("10.91.0.0/24", "vn-lab"), route("fd00:91::/64", "vn-lab"), route("10.0.0.0/8", "")),
    )

    assert found(seen) == Findings()


def test_allow_overlap_silences_conflicts_and_nothing_else() -> None:
    seen = observed(
        None,
        network("far", "10.91.0.129/25", active=True),
        addresses=(address("lan0", "10.91.0.200/16"),),
        links=(link("vn-lab"),),
    )

    refusals = found(seen, allow_overlap=True).refusals

    assert refusals == (Refusal(RefusalKind.INTERFACE_EXISTS, {"bridge": "vn-lab"}),)


@pytest.mark.parametrize(
    ("links", "refused"),
    [
        ((link("vn-lab", mac=MAC),), False),
        ((link("vn-lab", mac="02:00:00:00:00:02"),), True),
        ((link("vn-lab", mac=MAC, kind="veth"),), True),
        ((link("vn-lab", mac=MAC), link("tap0", kind="tun", master="vn-lab")), True),
    ],
)
def test_only_our_own_leftover_bridge_may_stand_in_the_way(links: tuple[Link, ...], refused: bool) -> None:
    inactive = network("lab", "10.91.0.1/24", active=False, uuid=UUID)

    assert bool(found(observed(inactive, links=links)).refusals) is refused


def test_a_bridge_name_of_any_other_network_is_refused_even_when_that_is_inactive() -> None:
    other = network("far", active=False)

    refusals = found(observed(None, other), {**LAB, "bridge": {"name": "vn-far"}}).refusals

    assert refusals == (Refusal(RefusalKind.BRIDGE_NAME_TAKEN, {"bridge": "vn-far", "network": "far", "alias": ""}),)


@pytest.mark.parametrize(
    ("forward", "path"),
    [
        ({"mode": "private", "interfaces": [{"dev": "eno9"}]}, "forward.interfaces"),
        ({"mode": "hostdev", "pf": {"dev": "eno9"}}, "forward.pf.dev"),
        ({"mode": "passthrough", "pf": {"dev": "eno9"}}, "forward.pf.dev"),
    ],
)
def test_a_pool_needs_its_interfaces(forward: dict[str, Any], path: str) -> None:
    pool = {"name": "lab", "forward": forward}
    missing = Refusal(RefusalKind.HOST_INTERFACE_MISSING, {"interface": "eno9", "path": path})

    assert found(observed(), pool).refusals == (missing,)
    assert found(observed(names=frozenset({"eno9"})), pool).refusals == ()


@pytest.mark.parametrize(
    ("owner", "urn", "told"),
    [
        ("project/stack/old", "urn:pulumi:stack::project::t:LibvirtNetwork::old", True),
        ("project/stack/lab", "urn:pulumi:stack::project::c$t:LibvirtNetwork::lab", True),
        ("project/stack/lab", "urn:pulumi:stack::project::t:LibvirtNetwork::lab", False),
        ("project/other/old", "urn:pulumi:other::project::t:LibvirtNetwork::old", False),
    ],
    ids=["another name", "another parent", "itself", "another stack"],
)
def test_what_a_resource_of_this_stack_has_may_be_this_ones_past(owner: str, urn: str, told: bool) -> None:
    there = network("far", "10.91.0.1/24", active=True)
    marked = with_owner_mark(definition(there.live_xml or ""), OwnerMark(owner, urn=urn, token="token"))
    seen = observed(None, there._replace(live_xml=marked, config_xml=marked))
    inputs = {"__owner": "project/stack/lab", "__urn": "urn:pulumi:stack::project::t:LibvirtNetwork::lab"}

    (refusal,) = preflight(network_tree(LAB), seen, allow_overlap=False, inputs=inputs).refusals

    assert refusal.details["alias"] == (urn if told else "")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (ListeningSocket(protocol="tcp", address="0.0.0.0", interface="", port=53), True),  # noqa: S104 - a finding
        (ListeningSocket(protocol="udp", address="10.91.0.1", interface="", port=53), True),
        (ListeningSocket(protocol="udp", address="*", interface="", port=53), True),
        (ListeningSocket(protocol="udp", address="127.0.0.53", interface="lo", port=53), False),
        (ListeningSocket(protocol="udp", address="10.92.0.1", interface="", port=53), False),
        (ListeningSocket(protocol="udp", address="0.0.0.0", interface="vn-far", port=53), False),  # noqa: S104 - as above
        (ListeningSocket(protocol="tcp", address="0.0.0.0", interface="", port=80), False),  # noqa: S104 - as above
    ],
)
def test_a_dns_port_is_taken_by_whoever_listens_everywhere_or_on_our_address(
    given: ListeningSocket, refused: bool
) -> None:
    assert bool(found(observed(listening_sockets=(given,))).refusals) is refused


def test_an_overlap_explains_a_dns_server_on_the_same_address() -> None:
    seen = observed(
        None,
        network("far", "10.91.0.1/24", active=True),
        listening_sockets=(ListeningSocket(protocol="udp", address="10.91.0.1", interface="", port=53),),
    )

    assert found(seen).refusals == (
        overlap(RefusalKind.OVERLAPS_NETWORK, "10.91.0.0/24", "10.91.0.0/24", network="far", alias=""),
    )
    taken = Refusal(RefusalKind.DNS_PORT_TAKEN, {"protocol": "udp", "address": "10.91.0.1"})
    assert found(seen, allow_overlap=True).refusals == (taken,)


def test_a_running_networks_own_dns_server_is_no_other_program_but_one_at_its_next_address_is() -> None:
    own = network("lab", "10.91.0.1/24", active=True, uuid=UUID)
    sockets = [ListeningSocket(protocol="udp", address=a, interface="", port=53) for a in ("10.91.0.1", "10.93.0.1")]
    seen = observed(own, links=(link("vn-lab", mac=MAC),), listening_sockets=tuple(sockets))

    moved = found(seen, {**LAB, "ips": [{"address": "10.93.0.1/24"}]})

    assert found(seen).refusals == ()
    taken = Refusal(RefusalKind.DNS_PORT_TAKEN, {"protocol": "udp", "address": "10.93.0.1"})
    assert moved.refusals == (taken,)


@pytest.mark.parametrize(
    ("tree", "version", "needs"),
    [
        ({"title": "a"}, 9_000_000, ("title", 9_007_000)),
        ({"description": "a"}, 9_006_000, ("description", 9_007_000)),
        ({"title": "a", "description": "a"}, 9_007_000, None),
        (
            {"domain": {"name": "a", "local_only": True, "register": True}},
            9_007_000,
            ("domain.register", 10_001_000),
        ),
        ({"domain": {"name": "a", "register": False}}, 9_000_000, None),
        (
            {"forward": {"mode": "hostdev", "driver": {"model": "mlx5_vfio_pci"}}},
            9_010_000,
            ("forward.driver.model", 10_000_000),
        ),
        ({"forward": {"mode": "hostdev", "driver": {"name": "vfio"}}}, 9_000_000, None),
        ({"domain": {"name": "a", "local_only": True, "register": True}}, 10_001_000, None),
        (
            {"dns": {"forwarders": [{"address": "192.0.2.1"}, {"address": "192.0.2.2", "port": 5353}]}},
            11_003_000,
            ("dns.forwarders", 12_000_000),
        ),
        ({"dns": {"forwarders": [{"address": "192.0.2.1"}]}}, 9_000_000, None),
        (
            {"forward": {"mode": "hostdev", "driver": {"name": "xen"}}},
            9_010_000,
            ("forward.driver.name", 10_000_000),
        ),
        (
            {"forward": {"mode": "bridge"}, "vlan": {"tags": [{"id": 7}]}},
            10_010_000,
            ("vlan", 11_000_000),
        ),
        (
            {"forward": {"mode": "bridge"}, "port_groups": [{"name": "a", "vlan": {"tags": [{"id": 7}]}}]},
            9_000_000,
            ("vlan", 11_000_000),
        ),
        (
            {
                "forward": {"mode": "bridge"},
                "vlan": {"tags": [{"id": 7}]},
                "virtual_port": {"type": "openvswitch"},
                "port_groups": [{"name": "a", "virtual_port": {"type": "midonet"}}],
            },
            9_000_000,
            ("vlan", 11_000_000),
        ),
        (
            {
                "forward": {"mode": "bridge"},
                "vlan": {"tags": [{"id": 7}]},
                "virtual_port": {"type": "openvswitch"},
                "port_groups": [{"name": "a"}],
            },
            9_000_000,
            None,
        ),
        ({"forward": {"mode": "passthrough"}, "vlan": {"tags": [{"id": 7}]}}, 9_000_000, None),
        ({"dns": {"forwarders": [{"address": "192.0.2.1", "port": 5353}]}}, 12_000_000, None),
        ({**OPEN, "bridge": {"zone": "public"}}, 10_007_000, ("bridge.zone", 10_008_000)),
        ({**OPEN, "bridge": {"zone": "public"}}, 10_008_000, None),
        ({"forward": {"mode": "open"}}, 10_007_000, ("ips", 10_008_000)),
        ({"forward": {"mode": "open"}}, 10_008_000, None),
        (OPEN, 7_000_000, None),
        ({"forward": {"mode": "nat"}, "bridge": {"zone": "public"}}, 7_000_000, None),
        ({"ips": [{"address": "10.91.0.1/24", "tftp_root": "/srv"}]}, 8_004_000, ("ips.tftp_root", 8_005_000)),
        (
            {"ips": [{"address": "10.91.0.1/24", "tftp_root": "/srv", "dhcp": {"bootp": {"file": "a"}}}]},
            8_004_000,
            ("ips.tftp_root", 8_005_000),
        ),
        (
            {"ips": [{"address": "10.91.0.1/24", "tftp_root": "/srv", "dhcp": {"hosts": [{"mac": MAC}]}}]},
            8_004_000,
            None,
        ),
        ({"ips": [{"address": "10.91.0.1/24", "tftp_root": "/srv"}]}, 8_005_000, None),
        (
            {"ips": [{"address": "10.91.0.1/24", "dhcp": {"hosts": [{"mac": MAC, "name": "1web"}]}}]},
            7_000_000,
            ("ips.dhcp.hosts.name", 7_001_000),
        ),
        ({"ips": [{"address": "10.91.0.1/24", "dhcp": {"hosts": [{"mac": MAC, "name": "web1"}]}}]}, 7_000_000, None),
    ],
)
def test_what_an_older_libvirt_would_drop_is_refused_first(
    tree: Any, version: int, needs: tuple[str, int] | None
) -> None:
    path, needed = needs or ("", 0)
    details: Details = {"path": path, "needed": needed, "version": version}

    refusals = needs_newer_libvirt(tree, version)

    assert refusals == ((Refusal(RefusalKind.LIBVIRT_TOO_OLD, details),) if needs else ())


@pytest.mark.parametrize(
    ("version", "only_libvirt", "refused"),
    [(7_000_000, True, True), (7_000_000, False, False), (8_000_000, True, False)],
)
def test_an_mtu_that_neither_libvirt_nor_we_can_give_the_bridge_is_refused(
    version: int, only_libvirt: bool, refused: bool
) -> None:
    seen = observed()._replace(libvirt_version=version, only_libvirt=only_libvirt)

    refusals = found(seen, {**LAB, "mtu": 1400}).refusals

    details: Details = {"path": "mtu", "needed": 8_000_000, "version": version}
    assert refusals == ((Refusal(RefusalKind.LIBVIRT_TOO_OLD, details),) if refused else ())
    assert found(seen).refusals == ()


@pytest.mark.parametrize(
    ("tree", "host", "refusals"),
    [
        ({}, {"missing_programs": ("dnsmasq",)}, [Refusal(RefusalKind.DNSMASQ_MISSING)]),
        ({"dns": {"enable": False}}, {"missing_programs": ("dnsmasq",)}, []),
        ({}, {"missing_programs": ("iptables", "nft")}, [Refusal(RefusalKind.FIREWALL_PROGRAMS_MISSING)]),
        ({}, {"missing_programs": ("nft",)}, []),
        ({"forward": {"mode": "open"}}, {"missing_programs": ("iptables", "nft")}, []),
        (
            {},
            {"advertised_interfaces": ("wan0",)},
            [Refusal(RefusalKind.ADVERTISED_ROUTES_LOST, {"interfaces": ("wan0",)})],
        ),
        ({"ips": LAB["ips"][:1]}, {"advertised_interfaces": ("wan0",)}, []),  # type: ignore[index]
        ({}, {"dhcp_port_free": False}, []),
        (
            {"ips": [{"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.2", "end": "10.91.0.9"}]}}]},
            {"dhcp_port_free": False},
            [Refusal(RefusalKind.DHCP_PORT_TAKEN)],
        ),
    ],
)
def test_what_a_start_needs_of_the_host(tree: Any, host: dict[str, Any], refusals: list[Refusal]) -> None:
    assert found(observed(**host), {**LAB, **tree}).refusals == tuple(refusals)


NAMES: dict[str, Any] = {
    **LAB,
    "forward": {"mode": "nat", "interfaces": [{"dev": "eno9"}]},
    "bridge": {"name": "vn-lab", "zone": "trusted"},
    "ips": [{"address": "10.91.0.1/24", "tftp_root": "/srv/tftp"}],
}


def test_what_a_network_names_is_missed_and_no_more() -> None:
    lacks = Named(frozenset({"eno9", "eno8"}), frozenset({"/srv/tftp", "/srv"}), frozenset({"trusted", "dmz"}))
    nothing_named = {
        **NAMES,
        "forward": {"mode": "nat"},
        "bridge": {"name": "vn-lab"},
        "ips": [{"address": "10.91.0.1/24"}],
    }

    seen = observed()._replace(missing=lacks)

    assert found(seen, NAMES) == Findings(
        (
            Refusal(RefusalKind.TFTP_ROOT_MISSING, {"directory": "/srv/tftp"}),
            Refusal(RefusalKind.ZONE_MISSING, {"zone": "trusted"}),
        ),
        (Note(NoteKind.OUTSIDE_INTERFACE_MISSING, {"interface": "eno9"}),),
    )
    assert found(seen, nothing_named) == Findings()
    assert found(observed(), NAMES) == Findings()


def test_limits_that_the_kernel_lacks_refuse_the_networks_own_and_tell_of_guests() -> None:
    limits = {"inbound": {"average": 1000}, "outbound": {"average": 1000}}
    seen = observed()._replace(missing=Named(limits=frozenset({"inbound"}), guest_limits=frozenset({"outbound"})))

    assert found(seen, {**LAB, "bandwidth": limits}) == Findings(
        (Refusal(RefusalKind.KERNEL_CANNOT_LIMIT, {"way": "inbound"}),)
    )
    assert found(seen, {**LAB, "port_groups": [{"name": "web", "bandwidth": limits}]}) == Findings(
        notes=(Note(NoteKind.KERNEL_CANNOT_LIMIT_GUESTS, {"way": "outbound"}),)
    )
    assert found(seen, LAB) == Findings()


@pytest.mark.parametrize(
    ("links", "refusals"),
    [
        ((), [Refusal(RefusalKind.HOST_BRIDGE_MISSING, {"bridge": "br0"})]),
        ((link("br0", kind="veth"),), [Refusal(RefusalKind.NOT_A_BRIDGE, {"interface": "br0"})]),
        ((link("br0"),), []),
        ((link("br0", kind="openvswitch"),), []),
        ((link("br0", kind="tun"),), [Refusal(RefusalKind.NOT_A_BRIDGE, {"interface": "br0"})]),
    ],
)
def test_mode_bridge_needs_the_hosts_bridge(links: tuple[Link, ...], refusals: list[Refusal]) -> None:
    tree = {"name": "lan", "forward": {"mode": "bridge"}, "bridge": {"name": "br0"}}

    assert found(observed(links=links), tree).refusals == tuple(refusals)


@pytest.mark.parametrize(
    "switch",
    [
        {"virtual_port": {"type": "openvswitch"}},
        {"port_groups": [{"name": "a"}, {"name": "b", "virtual_port": {"type": "openvswitch"}}]},
    ],
    ids=["of the network", "of a port group"],
)
def test_an_open_vswitch_may_have_a_tap_for_its_device(switch: Any) -> None:
    tree = {"name": "lan", "forward": {"mode": "bridge"}, "bridge": {"name": "ovsbr0"}, **switch}

    assert found(observed(links=(link("ovsbr0", kind="tun"),)), tree) == Findings()
    assert found(observed(links=(link("ovsbr0", kind="veth"),)), tree).refusals == (
        Refusal(RefusalKind.NOT_A_BRIDGE, {"interface": "ovsbr0"}),
    )


@pytest.mark.parametrize(
    ("uri", "unprivileged", "mode", "refused"),
    [
        ("qemu:///session", True, "nat", True),
        ("qemu+ssh://me@far/session?no_tty=1", True, "nat", True),
        ("qemu:///session", True, "bridge", False),
        ("qemu:///session", False, "nat", False),  # root's own is the system's
        ("qemu:///system", False, "nat", False),
    ],
)
def test_a_users_own_libvirt_makes_no_bridge(uri: str, mode: str, *, unprivileged: bool, refused: bool) -> None:
    seen = observed()._replace(uri=uri, unprivileged=unprivileged)
    tree = LAB if mode == "nat" else {"name": "lab", "forward": {"mode": "bridge"}, "bridge": {"name": "br0"}}

    refusals = [refusal for refusal in found(seen, tree).refusals if refusal.kind is RefusalKind.USERS_OWN_LIBVIRT]

    instead = uri.replace("/session", "/system")
    assert refusals == ([Refusal(RefusalKind.USERS_OWN_LIBVIRT, {"uri": uri, "instead": instead})] if refused else [])
