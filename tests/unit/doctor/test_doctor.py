"""What the doctor says of what was looked at, and that looking goes on where one thing cannot be asked."""

import json
import uuid as uuids
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.fakes.host import FakeBridges
from tests.fakes.libvirt import FakeLibvirt

from virtnet.doctor.diagnose import examine, observe
from virtnet.doctor.finding import DoctorReport, Finding, Level
from virtnet.doctor.firewall import firewall
from virtnet.doctor.forwarding import forwarding
from virtnet.doctor.libvirt import libvirt
from virtnet.doctor.networks import networks
from virtnet.doctor.output import as_json, table
from virtnet.doctor.subnets import subnets
from virtnet.errors import AccessDenied, HostFailure, Unreachable
from virtnet.forwarding.drop_in import DropIn, render
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.sysctl import IPV4, IPV6, accept_ra_of
from virtnet.network.observed import DNSMASQ_GONE, RECORD_LEFT, HostReport, ObservedNetwork
from virtnet.planning.clients import Clients, HostClient
from virtnet.planning.reports import Attachment, HostAddress, HostRoute, Link, NetworkReport

DATA = Path(__file__).parents[1] / "data" / "firewall"
IPTABLES, NFT = (DATA / "iptables-save.txt").read_text(), (DATA / "nft.txt").read_text()
HOST = HostReport(links=(), addresses=(), routes=(), listening_sockets=(), missing_programs=())
UUID = "11111111-2222-3333-4444-555555555555"


def network(
    name: str = "n1",
    mode: str = "nat",
    address: str = "10.9.1.1",
    *,
    active: bool = True,
    autostart: bool = True,
    metadata: str = "",
    **more: Any,
) -> ObservedNetwork:
    forward = f"<forward mode='{mode}'/>" if mode else ""
    xml = (
        f"<network><name>{name}</name><uuid>{UUID}</uuid><metadata>{metadata}</metadata>{forward}"
        f"<bridge name='vb{name}'/><mac address='52:54:00:00:00:01'/><ip address='{address}' prefix='24'/></network>"
    )
    report = NetworkReport(
        uuid=more.pop("uuid", UUID),
        name=name,
        active=active,
        persistent=more.pop("persistent", True),
        autostart=autostart,
        live_xml=xml if active else None,
        config_xml=xml,
    )
    return ObservedNetwork(uri="", host_uuid="", libvirt_version=9_000_000, report=report, host=HOST, **more)


def report(**found: Any) -> DoctorReport:
    usual: dict[str, Any] = {"libvirt_version": 12_000_000, "host": HOST, "host_name": "this host"}
    return DoctorReport(uri="qemu:///system", **{**usual, **found})


def lines(findings: Any) -> list[str]:
    """Findings in short, those that are as they should be left out."""
    return [f"{finding.level.value}: {finding.said}" for finding in findings if finding.level is not Level.OK]


class TestLibvirt:
    @pytest.mark.parametrize(
        ("found", "level", "said"),
        [
            ({"unreachable": "it cannot be reached", "host": None}, Level.PROBLEM, "it cannot be reached"),
            ({"unreachable": "not let in", "denied": True, "host": None}, Level.PROBLEM, "not let in"),
            ({"libvirt_version": 9_000_000}, Level.NOTE, "this libvirt does not know "),
            ({"has_host": False, "host": None}, Level.NOTE, "this URI reaches libvirt alone"),
            ({"has_host": False, "host": None, "interface_driver": False}, Level.PROBLEM, "no interface driver"),
            ({"host": replace(HOST, may_change_links=False)}, Level.NOTE, "this user is not root on this host"),
            ({"host": replace(HOST, missing_programs=("dnsmasq",))}, Level.PROBLEM, "dnsmasq is not installed"),
            ({"host": replace(HOST, missing_programs=("iptables", "nft"))}, Level.PROBLEM, "neither iptables nor nft"),
            ({"host": replace(HOST, missing_programs=("nft",))}, None, ""),
            ({"leftover_dnsmasqs": (("old", 42),)}, Level.PROBLEM, "process 42 is the dnsmasq of network 'old'"),
            ({"host_unreachable": "ssh: no route", "host": None}, Level.PROBLEM, "ssh: no route"),
            ({"unseen": ("this host hides it",)}, Level.NOTE, "this host hides it"),
            ({}, None, ""),
        ],
    )
    def test_finds(self, found: dict[str, Any], level: Level | None, said: str) -> None:
        findings = [finding for finding in libvirt(report(**found)) if finding.level is not Level.OK]

        assert any(f.level is level and said in f.said and f.fix for f in findings) if level else findings == []


class TestFirewall:
    @pytest.mark.parametrize(
        ("rules", "said"),
        [
            ({"iptables-save": IPTABLES, "nft": ""}, []),
            ({"iptables-save": None, "nft": NFT}, []),
            ({"iptables-save": "", "nft": ""}, ["problem: libvirt's firewall chains are gone, though 'n1' of this"]),
            ({"iptables-save": None, "nft": None}, ["problem: libvirt's firewall chains are gone, though 'n1' of"]),
            (
                {"iptables-save": IPTABLES.replace("-j MASQUERADE", "-j RETURN"), "nft": ""},
                ["problem: network 'n1' has lost its NAT of 10.9.1.0/24"],
            ),
            (
                {"iptables-save": None, "nft": NFT.replace("masquerade", "return")},
                ["problem: network 'n1' has lost its NAT of 10.9.1.0/24"],
            ),
            (
                {"iptables-save": IPTABLES.replace("-o vbn1 ", "-o other "), "nft": ""},
                ["problem: network 'n1' has lost its rules"],
            ),
            (
                {"iptables-save": None, "nft": NFT.replace("vbn1", "other")},
                ["problem: network 'n1' has lost its rules"],
            ),
            (
                {"iptables-save": IPTABLES.replace("-A INPUT -j LIBVIRT_INP\n", ""), "nft": ""},
                ["problem: network 'n1' has lost its way into libvirt's chains"],
            ),
        ],
    )
    def test_finds(self, rules: dict[str, str | None], said: list[str]) -> None:
        found = lines(firewall(report(rules=rules, networks=(network(),))))

        assert len(found) == len(said)
        assert all(line.startswith(start) for line, start in zip(found, said, strict=True))

    @pytest.mark.parametrize(
        ("name", "mode", "address", "there"), [("i1", "", "10.9.2.1", True), ("i2", "", "10.9.3.1", False)]
    )
    def test_looks_for_the_rules_of_isolated_networks(self, name: str, mode: str, address: str, there: bool) -> None:
        found = lines(firewall(report(rules={"iptables-save": IPTABLES}, networks=(network(name, mode, address),))))

        assert found == (
            [] if there else [f"problem: network '{name}' has lost its rules: someone flushed the firewall"]
        )

    @pytest.mark.parametrize("one", [network(active=False), network(mode="open"), network(mode="bridge")])
    def test_wants_no_rules_of_networks_that_have_none(self, one: ObservedNetwork) -> None:
        assert lines(firewall(report(rules={"iptables-save": ""}, networks=(one,)))) == []

    @pytest.mark.parametrize(("mode", "level"), [("open", "problem"), ("nat", "note")])
    def test_knows_dockers_policy(self, mode: str, level: str) -> None:
        rules = {"iptables-save": IPTABLES}
        found = report(rules=rules, networks=(network(mode=mode),), forwarding=forwards(forward_policy="DROP"))

        (line,) = lines(firewall(found))

        assert line.startswith(f"{level}: Docker has set iptables' FORWARD policy to DROP")


def forwards(values: Any = None, files: Any = None, users: Any = None, **more: Any) -> ForwardingReport:
    return ForwardingReport(
        host="this host",
        host_uuid=UUID,
        values={IPV4: "0", IPV6: "0", **(values or {})},
        files=files or {},
        users={IPV4: (), IPV6: (), **(users or {})},
        docker=False,
        routed_by_advertisement=(),
        **more,
    )


def drop_in(owner: str = "project/stack/one", **settings: str) -> str:
    return render(DropIn(owner=owner, settings=tuple(settings.items()) or ((IPV4, "1"),)))


OURS = "/etc/sysctl.d/90-virtnet-forwarding.conf"
OTHER = "/etc/sysctl.d/95-other.conf"
LATER = "/etc/sysctl.d/99-hardening.conf"
NAT = {IPV4: ("the active nat network 'n1'",)}
NETWORKD = {"/etc/systemd/networkd.conf": "[Network]\nIPv4Forwarding=no\n"}


class TestForwarding:
    @pytest.mark.parametrize(
        ("found", "said"),
        [
            (forwards(), []),
            (forwards({IPV4: "1"}, users=NAT), []),
            (forwards(users=NAT), ["problem: net.ipv4.ip_forward is 0, and the active nat network 'n1' needs it on"]),
            (
                forwards({IPV4: "1"}, {LATER: "net.ipv4.ip_forward=0\n"}, NAT),
                [
                    "note: net.ipv4.ip_forward is 1, and will be 0 after a boot (as /etc/sysctl.d/99-hardening.conf",
                ],
            ),
            (forwards({IPV4: "1"}, {OURS: drop_in()}), []),
            (
                forwards({}, {OURS: drop_in()}),
                ["problem: net.ipv4.ip_forward of this host is 0 now, and HostForwardin"],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in() + "a = b\n"}),
                [f"problem: {OURS} of HostForwarding 'project/stack/"],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in(), LATER: "net.ipv4.conf.all.forwarding = 0\n"}),
                [
                    f"problem: {OURS} sets net.ipv4.ip_forward to 1, and the next boot gives 0: {LATER} beats it",
                ],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in(), "/etc/sysctl.conf": "net.ipv4.ip_forward = 0\n"}),
                [
                    "note: `sysctl --system` would set net.ipv4.ip_forward to 0 (by /etc/sysctl.conf)",
                ],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in(), "/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward = 0\n"}),
                ["note: /usr/lib/sysctl.d/50-a.conf sets net.ipv4.ip_forward too, and is overridden"],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in(), OTHER: drop_in("project/stack/two")}),
                [f"problem: net.ipv4.ip_forward is managed twice, by {OURS} and {OTHER}"],
            ),
            (
                forwards({IPV4: "1"}, {OURS: drop_in()}, overriding_settings=NETWORKD),
                ["problem: systemd-networkd sets net.ipv4.ip_forward to 0 whenever it starts"],
            ),
            (forwards(overriding_settings=NETWORKD), []),
            (
                replace(forwards({accept_ra_of("wan0"): "1"}), routed_by_advertisement=("wan0",)),
                ["note: the host's IPv6 routes over wan0 come from router advertisements: the kernel drops them"],
            ),
            (replace(forwards({accept_ra_of("wan0"): "2"}), routed_by_advertisement=("wan0",)), []),
            (replace(forwards({accept_ra_of("wan0"): "1", IPV6: "1"}), routed_by_advertisement=("wan0",)), []),
            (
                replace(forwards(), values={IPV4: "0"}),
                ["note: the kernel has no net.ipv6.conf.all.forwarding: it runs without IPv6"],
            ),
        ],
    )
    def test_finds(self, found: ForwardingReport, said: list[str]) -> None:
        findings = lines(forwarding(report(forwarding=found)))

        assert len(findings) == len(said), findings
        assert all(line.startswith(start) for line, start in zip(findings, said, strict=True)), findings

    def test_names_what_a_killed_write_left(self) -> None:
        (line,) = lines(forwarding(report(forwarding=forwards(), temporary_files=(".90-x.conf.new.abc",))))

        assert line == "note: /etc/sysctl.d/.90-x.conf.new.abc was left by a write that was killed; nothing reads it"


OWNER = "<v:owner xmlns:v='urn:pulumi-virtnet:owner:1.0' name='p/s/n1'{}/>"
PARK = "<v:held xmlns:v='urn:pulumi-virtnet:holding:1.0'/>"
PARK_UUID = "f7b5dbd6-5cb4-5d8e-9b9d-000000000000"
TAP = Attachment(owner="web", interface="vnet0")


class TestNetworks:
    @pytest.mark.parametrize(
        ("found", "said"),
        [
            (network(), []),
            (network(problems=(DNSMASQ_GONE,)), [f"problem: {DNSMASQ_GONE}"]),
            (network(problems=(RECORD_LEFT,)), [f"problem: {RECORD_LEFT}"]),
            (network(metadata=OWNER.format("")), []),
            (
                network(metadata=OWNER.format(" phase='creating'")),
                ["problem: it is half made: the pulumi up of p/s/n1"],
            ),
            (network(persistent=False), ["note: it has no definition: it is gone when it stops"]),
            (
                network("virtnet-holding-1", "", metadata=PARK, attachments=(TAP,), uuid=PARK_UUID),
                ["problem: it was left by a restart of a network that is gone that was cut short, or still"],
            ),
            (
                replace(network(), host=replace(HOST, missing_programs=("dnsmasq",))),
                ["problem: if it stops, it does not start again: dnsmasq is missing on the host"],
            ),
            (
                replace(network(active=False), host=replace(HOST, missing_programs=("dnsmasq",))),
                ["problem: it does not start: dnsmasq is missing on the host"],
            ),
            (
                replace(network(active=False, autostart=False), host=replace(HOST, missing_programs=("dnsmasq",))),
                ["note: it does not start: dnsmasq is missing on the host"],
            ),
        ],
    )
    def test_finds(self, found: ObservedNetwork, said: list[str]) -> None:
        findings = lines(networks(report(networks=(found,))))

        assert len(findings) == len(said), findings
        assert all(line.startswith(start) for line, start in zip(findings, said, strict=True)), findings

    def test_says_what_a_network_is_and_who_is_on_it(self) -> None:
        (finding,) = networks(report(networks=(network(metadata=OWNER.format(""), attachments=(TAP,)),)))

        assert finding.said == (
            "active, starts at boot; nat on vbn1 10.9.1.1/24; made by p/s/n1; plugged in: guest 'web' (vnet0)"
        )
        assert finding.data["plugged_in"] == [{"guest": "web", "interface": "vnet0", "mac": ""}]

    def test_names_autostart_whose_link_is_gone(self) -> None:
        found = report(networks=(network(autostart=False),), said_autostart=frozenset({UUID}))

        (line,) = lines(networks(found))

        assert line == "problem: libvirt says that it starts at boot, and its link is not there, so it will not"

    def test_names_bridges_that_no_network_has(self) -> None:
        links = [Link(name=name, mac="", kind="bridge", master="", up=True) for name in ("vbn1", "vn-old", "br0")]
        host = replace(HOST, links=(*links, Link(name="tap0", mac="", kind="tun", master="vn-old", up=True)))

        (line,) = lines(networks(report(networks=(network(),), host=host)))

        assert line == "note: the bridge vn-old belongs to no network of this libvirt, with tap0 plugged in"

    @pytest.mark.parametrize(
        ("count", "limit", "dns", "warns"),
        [
            (112, 128, "", True),
            (111, 128, "", False),
            (112, 1024, "", False),
            (112, None, "", False),
            (112, 128, "<dns><forwarder addr='192.0.2.1'/></dns>", False),
            (112, 128, "<dns enable='no'/>", False),
        ],
    )
    def test_warns_before_inotify_instances_run_out(self, count: int, limit: int | None, dns: str, warns: bool) -> None:
        one = network()
        assert one.report is not None
        xml = (one.report.live_xml or "").replace("<ip ", f"{dns}<ip ")
        many = [
            replace(one, report=replace(one.report, uuid=str(uuids.UUID(int=number)), live_xml=xml, config_xml=xml))
            for number in range(count)
        ]

        said = [
            line for line in lines(networks(report(networks=tuple(many), inotify_instances=limit))) if "ino" in line
        ]

        assert len(said) == warns
        assert all(f"{count} active networks answer for DNS" in line for line in said)


class TestSubnets:
    def test_in_use_and_free(self) -> None:
        host = replace(
            HOST,
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

        assert used.data["in_use"] == {
            "10.9.1.0/24": ["network n1"],
            "192.168.100.0/24": ["interface eth0"],
            "192.168.102.0/23": ["route over eth0"],
            "fd00:0:0:1::/64": ["interface eth0"],
        }
        assert free.data["free"] == ["192.168.101.0/24", "192.168.104.0/24", "192.168.105.0/24", "fd00:0:0:2::/64"]

    def test_where_all_of_a_block_is_taken(self) -> None:
        host = replace(HOST, addresses=(HostAddress(interface="eth0", address="192.168.0.1/16"),))

        _, free = subnets(report(host=host))

        assert free.data["free"][:3] == ["10.0.100.0/24", "10.0.101.0/24", "10.0.102.0/24"]


class Hidden(FakeBridges):
    """A host that shows this user nothing but its links."""

    def routes(self, versions: Collection[int] = (4, 6)) -> Any:
        raise HostFailure("could not list the IPv4 routes on this host: there is no program 'ip'")

    def firewall_rules(self, program: str, *, seconds_old: float = 0.0) -> str | None:
        raise AccessDenied("this host does not let this user list the firewall rules; run as root")


class Gone(FakeLibvirt):
    """A libvirt that cannot be reached."""

    def version(self) -> int:
        raise Unreachable("libvirt at qemu:///system cannot be reached; start libvirtd")


class TestLooking:
    def test_goes_on_where_something_cannot_be_asked(self) -> None:
        seen = observe(Clients(libvirt=FakeLibvirt(), host=cast(HostClient, Hidden())))

        assert seen.forwarding is None
        assert seen.host is None
        assert len(seen.unseen) == 2
        assert lines(examine(seen)) == [f"note: {sentence}" for sentence in seen.unseen]

    def test_asks_a_host_that_cannot_be_reached_only_once(self) -> None:
        knocks = []

        class Off(FakeBridges):
            def may_change_links(self) -> bool:
                knocks.append("may change links")
                raise Unreachable("far cannot be reached over ssh")

            def __getattribute__(self, name: str) -> Any:
                assert name in ("may_change_links", "cached_reads", "name", "__class__"), name
                return super().__getattribute__(name)

        seen = observe(Clients(libvirt=Gone(), host=cast(HostClient, Off())))

        assert knocks == ["may change links"]
        assert [line.partition(";")[0] for line in lines(examine(seen))] == [
            "problem: libvirt at qemu:///system cannot be reached",
            "problem: far cannot be reached over ssh",
        ]

    def test_says_what_it_can_of_the_host_where_libvirt_is_gone(self) -> None:
        seen = observe(Clients(libvirt=Gone(), host=None))

        assert lines(examine(seen))[0] == "problem: libvirt at qemu:///system cannot be reached; start libvirtd"
        assert not [finding for finding in examine(seen) if finding.area == "subnets"]


FINDINGS = [
    Finding(area="libvirt", level=Level.OK, said="libvirt 9.0.0 answers"),
    Finding(area="network lab", level=Level.PROBLEM, said="a word and " * 12, fix="mend it", data={"pid": 4}),
]


def test_the_table_is_as_wide_as_the_terminal_and_names_each_fix() -> None:
    shown = table(FINDINGS, "qemu:///system", 64)

    assert max(map(len, shown.splitlines())) <= 64
    assert shown.splitlines()[0] == "ok       libvirt      libvirt 9.0.0 answers"
    assert "\n                      -> mend it\n\nqemu:///system: 1 problem.\n" in shown


def test_the_json_holds_all_of_it() -> None:
    whole = json.loads(as_json(FINDINGS, "qemu:///system"))

    assert (whole["uri"], whole["problems"], whole["notes"]) == ("qemu:///system", 1, 0)
    assert whole["findings"][1] == {
        "level": "problem",
        "area": "network lab",
        "said": "a word and " * 12,
        "fix": "mend it",
        "data": {"pid": 4},
    }
