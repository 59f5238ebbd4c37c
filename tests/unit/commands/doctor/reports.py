"""What the doctor may have looked at: reports and their parts, and EXAMPLES that bring out every finding."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import LAB_UUID, applied, at, checked, forwarding_host

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.forwarding.boot_files.drop_in import DropIn, render
from virtnet.forwarding.kinds import UserKind
from virtnet.forwarding.observed import ForwardingReport, ForwardingUser
from virtnet.forwarding.sysctl import IPV4, IPV6, accept_ra_of
from virtnet.host.firewall.listings import ruleset
from virtnet.network.names import holding_uuid
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.observe.firewall.paths import Surroundings
from virtnet.network.observed import AutostartObstacle, HostReport, ObservedNetwork, reported
from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.findings import Problem
from virtnet.planning.ownership.marks import Mark
from virtnet.planning.reports import Attachment, HostAddress, HostRoute, Link, NetworkReport
from virtnet.port_forward.observe.survey import Survey, survey
from virtnet.port_forward.restore.check import Need, NeedKind
from virtnet.port_forward.restore.files import SERVICE, path_of

DATA = Path(__file__).parents[2] / "data" / "firewall"
IPTABLES, NFT = (DATA / "iptables-save.txt").read_text(), (DATA / "nft.json").read_text()
HOST = HostReport(links=(), addresses=(), routes=(), listening_sockets=(), missing_programs=())
UUID = "11111111-2222-3333-4444-555555555555"
OTHER_UUID = "22222222-3333-4444-5555-666666666666"
OWNER = "<v:owner xmlns:v='urn:pulumi-virtnet:owner:1.0' name='p/s/n1'{}/>"
NAMES_FORWARD = (
    "<v:owner xmlns:v='urn:pulumi-virtnet:owner:1.0' name='p/s/n1'><v:named>[\"forward.mode\"]</v:named></v:owner>"
)
HELD = "<v:held xmlns:v='urn:pulumi-virtnet:holding:1.0'/>"
DNSMASQ_GONE = Problem(ProblemKind.DNSMASQ_NOT_RUNNING)
RECORD_LEFT = Problem(ProblemKind.DNSMASQ_RESTART_INTERRUPTED)
TAP = Attachment(owner="web", interface="vnet0")
FOREIGN_LINK = Attachment(owner="", interface="tap0")
OURS = "/etc/sysctl.d/90-virtnet-forwarding.conf"
OTHER = "/etc/sysctl.d/95-other.conf"
LATER = "/etc/sysctl.d/99-hardening.conf"
NAT_NETWORK = ForwardingUser(UserKind.NETWORK, "n1", "nat")
NAT = {IPV4: (NAT_NETWORK,)}
NETWORKD = {"/etc/systemd/networkd.conf": "[Network]\nIPv4Forwarding=no\n"}


def network(
    name: str = "n1",
    mode: str = "nat",
    address: str = "10.9.1.1",
    *,
    active: bool = True,
    autostart: bool = True,
    metadata: str = "",
    dhcp: str = "",
    **more: Any,
) -> ObservedNetwork:
    forward = f"<forward mode='{mode}'/>" if mode else ""
    xml = (
        f"<network><name>{name}</name><uuid>{UUID}</uuid><metadata>{metadata}</metadata>{forward}"
        f"<bridge name='vb{name}'/><mac address='52:54:00:00:00:01'/><ip address='{address}' prefix='24'>{dhcp}</ip>"
        "</network>"
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
    return ObservedNetwork(uri="", host_uuid="", libvirt_version=9_000_000, report=reported(report), host=HOST, **more)


def forwards(values: Any = None, files: Any = None, users: Any = None, **more: Any) -> ForwardingReport:
    usual: dict[str, Any] = {"routed_by_advertisement": ()}
    return ForwardingReport(
        host="this host",
        host_uuid=UUID,
        values={IPV4: "0", IPV6: "0", **(values or {})},
        files=files or {},
        users={IPV4: (), IPV6: (), **(users or {})},
        docker=False,
        **{**usual, **more},
    )


def drop_in(owner: str = "project/stack/one", **settings: str) -> str:
    return render(DropIn(mark=Mark(owner), settings=tuple(settings.items()) or ((IPV4, "1"),)))


def report(**found: Any) -> DoctorReport:
    usual: dict[str, Any] = {
        "uri": "qemu:///system",
        "libvirt_version": 12_000_000,
        "host": HOST,
        "host_name": "this host",
    }
    return DoctorReport(**{**usual, **found})


def beside_ok(findings: Iterable[Finding]) -> list[tuple[Level, FindingKind]]:
    """Findings in short, those that are as they should be left out."""
    return [(finding.level, finding.kind) for finding in findings if finding.level is not Level.OK]


def link(name: str, kind: str = "bridge", master: str = "") -> Link:
    return Link(name=name, mac="", kind=kind, master=master, up=True)


def surveyed(meddle: Callable[[FakeHost, str], None] = lambda host, forward: None, **inputs: Any) -> Survey:
    """A host with one forward, and what somebody then did to it."""
    there = forwarding_host()
    made = applied(at(there), checked(**inputs))
    meddle(there, made["__forward"])
    return survey(there)


def _without_rules(there: FakeHost, _forward: str) -> None:
    there.load_nft("delete table inet virtnet_port_forwards")


def _with_other_rules(there: FakeHost, forward: str) -> None:
    there.load_nft(f"flush chain inet virtnet_port_forwards forward_{forward}")


def _edited(there: FakeHost, forward: str) -> None:
    there.files.texts[path_of(forward)] += "# mine\n"


def _without_record(there: FakeHost, forward: str) -> None:
    there.files.texts["/etc/virtnet/port-forwards/README"] = there.files.texts.pop(path_of(forward))


#: iptables with Docker's chains and policy, and libvirt's rules of n1.
DOCKER = re.sub(r"(\*filter\n:INPUT .*\n:FORWARD) ACCEPT", r"\1 DROP", IPTABLES).replace(
    "-A FORWARD -j LIBVIRT_FWX\n", ":DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j LIBVIRT_FWX\n"
)
#: A rule that depends on a mark.
MARKED = IPTABLES.replace("-A FORWARD -j LIBVIRT_FWX\n", "-A FORWARD -m mark --mark 0x1 -j DROP\n")


def drops(iptables: str, *networks: ObservedNetwork) -> DoctorReport:
    """A host with this firewall, and with networks."""
    rules = {"iptables-save": iptables}
    return report(networks=networks, rules=rules, firewall=ruleset(rules), surroundings=Surroundings({4: "eth0"}))


def _dnsmasq_missing(one: ObservedNetwork) -> ObservedNetwork:
    return one._replace(host=HOST._replace(missing_programs=("dnsmasq",)))


def _networks(*networks: ObservedNetwork, **found: Any) -> DoctorReport:
    return report(networks=networks, **found)


#: By what they are about. Together they bring out every kind of finding, most in each of its forms.
EXAMPLES: Mapping[str, DoctorReport] = {
    "a host that is all right": _networks(
        network(metadata=OWNER.format(""), attachments=(TAP, FOREIGN_LINK)),
        network("n2", "", "10.9.2.1", active=False, autostart=False, uuid=OTHER_UUID),
        network("n3", "open", "10.9.3.1", metadata=OWNER.format(" adopted='yes'"), uuid=OTHER_UUID),
        rules={"iptables-save": IPTABLES, "nft-json": ""},
        forwarding=forwards({IPV4: "1"}, {OURS: drop_in()}),
    ),
    "libvirt is not there": report(unreachable="libvirt cannot be reached", libvirt_version=0, host=None),
    "libvirt does not let this user in": report(unreachable="not let in", denied=True, libvirt_version=0, host=None),
    "the host is not there": report(host_unreachable="far cannot be reached over ssh", host=None),
    "an old libvirt": report(libvirt_version=9_000_000),
    "libvirt alone": report(has_host=False, host=None),
    "libvirt alone, without its interface driver": report(has_host=False, host=None, interface_driver=False),
    "a user's own libvirt": report(uri="qemu:///session", unprivileged=True),
    "a user who is not root": report(
        host=HOST._replace(may_change_links=False), unseen=("this host does not let this user list its rules",)
    ),
    "programs that are missing": report(host=HOST._replace(missing_programs=("dnsmasq", "iptables", "nft"))),
    "a backend whose program is missing": report(
        host=HOST._replace(missing_programs=("nft",)), firewall_backend=Backend.NFTABLES
    ),
    "networks that wait at boot": _networks(network(), network("n2", "route", "10.9.2.1"), starts_at_boot=False),
    "a dnsmasq that outlived its network": report(leftover_dnsmasqs=(("old", 42),)),
    "chains that are gone": _networks(network(), network("n2", "route", "10.9.2.1"), rules={"iptables-save": ""}),
    "chains that nobody needs": report(rules={"iptables-save": ""}, firewall_backend=Backend.IPTABLES),
    "rules that are gone": _networks(
        network(), network("n9", "nat", "10.9.9.1"), rules={"iptables-save": IPTABLES.replace("-j MASQ", "-j R")}
    ),
    "jumps that are gone": _networks(
        network(), rules={"iptables-save": IPTABLES.replace("-A INPUT -j LIBVIRT_INP\n", "")}
    ),
    "Docker's policy": drops(DOCKER, network(), network("n9", "open", "10.9.9.1")),
    "tables of iptables-legacy": report(
        rules={"iptables-save": ""}, legacy_tables={"iptables-legacy-save": ("nat", "filter")}
    ),
    "rules that are not judged": drops(MARKED, network("n9", "open", "10.9.9.1")),
    "forwarding is off": report(
        forwarding=forwards(users={IPV4: (NAT_NETWORK, ForwardingUser(UserKind.NETWORK, "n2", "route"))})
    ),
    "forwarding is off for one": report(forwarding=forwards(users=NAT)),
    "forwarding goes off at boot": report(
        forwarding=forwards(
            {IPV4: "1", IPV6: "1"},
            {LATER: "net.ipv4.ip_forward=0\nnet.ipv6.conf.all.forwarding=0\n"},
            {**NAT, IPV6: (NAT_NETWORK,)},
        )
    ),
    "a host without IPv6": report(forwarding=forwards()._replace(values={IPV4: "0"})),
    "a write that was killed": report(forwarding=forwards(), temporary_files=(".90-x.conf.new.abc",)),
    "drop-ins that were edited": report(
        forwarding=forwards({IPV4: "1"}, {OURS: drop_in() + "a = b\n", OTHER: drop_in("", **{IPV6: "0"}) + "c = d\n"})
    ),
    "a drop-in that is overridden at boot": report(
        forwarding=forwards({IPV4: "1"}, {OURS: drop_in(), LATER: "net.ipv4.conf.all.forwarding = 0\n"})
    ),
    "a drop-in that is overridden by sysctl --system": report(
        forwarding=forwards({IPV4: "1"}, {OURS: drop_in(), "/etc/sysctl.conf": "net.ipv4.ip_forward = 0\n"})
    ),
    "a drop-in that is overridden now": report(forwarding=forwards({}, {OURS: drop_in()})),
    "two drop-ins for one parameter": report(
        forwarding=forwards({IPV4: "1"}, {OURS: drop_in(), OTHER: drop_in("project/stack/two")})
    ),
    "another program overrides": report(forwarding=forwards({IPV4: "1"}, {OURS: drop_in()}, other_programs=NETWORKD)),
    "a file that says nothing new": report(
        forwarding=forwards(
            {IPV4: "1"},
            {
                OURS: drop_in(),
                "/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward=0\nnet.ipv6.conf.all.forwarding=0\n",
                "/usr/lib/sysctl.d/60-b.conf": "net.ipv6.conf.all.forwarding=1\n",
            },
        )
    ),
    "a file that says nothing new to a host without ours": report(
        forwarding=forwards(
            {IPV4: "1"}, {LATER: "net.ipv4.ip_forward=1\n", "/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward=0\n"}
        )
    ),
    "routes from router advertisements": report(
        forwarding=forwards(
            {accept_ra_of("wan0"): "1", accept_ra_of("wan1"): "1"}, routed_by_advertisement=("wan0", "wan1")
        )
    ),
    "networks that are broken": _networks(
        network(problems=(Problem(ProblemKind.BRIDGE_MISSING, {"bridge": "vbn1"}),)),
        network(
            "n2",
            problems=(Problem(ProblemKind.FOREIGN_BRIDGE, {"bridge": "vbn2", "mac": "a", "expected": "b"}),),
        ),
        network("n3", problems=(DNSMASQ_GONE, RECORD_LEFT)),
        network(
            "n4",
            problems=(Problem(ProblemKind.HOLDING_NETWORK_LEFT, {"network": "virtnet-holding-1", "attachments": []}),),
        ),
        network("n5", problems=(Problem(ProblemKind.HOLDING_BRIDGES_LEFT, {"bridges": ["vn-hold-1"]}),)),
    ),
    "networks that are half made or transient": _networks(
        network(metadata=OWNER.format(" phase='first definition'")),
        network("n2", persistent=False, autostart=False),
        network("n3", persistent=False, autostart=False, metadata=OWNER.format("")),
    ),
    "port forwards": _networks(network(uuid=LAB_UUID), port_forwards=surveyed()),
    "port forwards without rules": _networks(network(uuid=LAB_UUID), port_forwards=surveyed(_without_rules)),
    "port forwards with other rules": _networks(network(uuid=LAB_UUID), port_forwards=surveyed(_with_other_rules)),
    "port forwards that were edited": _networks(network(uuid=LAB_UUID), port_forwards=surveyed(_edited)),
    "port forwards of a network that is gone": _networks(port_forwards=surveyed()),
    "port forwards whose guest has moved": _networks(
        network(uuid=LAB_UUID, dhcp="<dhcp><host mac='52:54:00:00:00:50' name='web' ip='10.9.1.77'/></dhcp>"),
        port_forwards=surveyed(target_name="web"),
    ),
    "port forwards whose reservation is gone": _networks(
        network(uuid=LAB_UUID), port_forwards=surveyed(target_mac="52:54:00:00:00:50")
    ),
    "port forwards that are not restored": _networks(
        network(uuid=LAB_UUID),
        port_forwards=surveyed()._replace(missing=(SERVICE,), links=(Need(NeedKind.LINK, "vnpf853557b0"),)),
    ),
    "port forwards without systemd": _networks(network(uuid=LAB_UUID), port_forwards=surveyed()._replace(service=None)),
    "rules without a record": report(port_forwards=surveyed(_without_record)),
    "a network that others edited": _networks(network(metadata=NAMES_FORWARD)),
    "networks that do not start": _networks(
        _dnsmasq_missing(network()),
        _dnsmasq_missing(network("n2", active=False)),
        _dnsmasq_missing(network("n3", active=False, autostart=False)),
        network("n4", active=False, autostart=False)._replace(
            host=HOST._replace(
                routes=(HostRoute(destination="10.9.0.0/16", interface="eth0", gateway="192.0.2.1", protocol=""),),
            ),
        ),
    ),
    "autostart whose link is gone": _networks(network(autostart=False), reported_autostart=frozenset({UUID})),
    "what stands in the place of an autostart link": _networks(
        network(autostart=False, autostart_obstacle=AutostartObstacle.DANGLING),
        network("n2", autostart=False, autostart_obstacle=AutostartObstacle.OTHER),
        network("n3", autostart_obstacle=AutostartObstacle.UNKNOWN_TO_LIBVIRT),
    ),
    "restarts that were cut short": _networks(
        network(metadata=OWNER.format("")),
        network("virtnet-holding-1", "", metadata=HELD, attachments=(TAP, FOREIGN_LINK), uuid=holding_uuid(UUID)),
        network("virtnet-holding-2", "", metadata=HELD, attachments=(TAP,), uuid=OTHER_UUID),
        network("virtnet-holding-3", "", metadata=HELD, uuid=OTHER_UUID),
    ),
    "bridges that no network has": report(
        host=HOST._replace(links=(link("vn-old"), link("virbr7"), link("br0"), link("tap0", "tun", "vn-old")))
    ),
    "inotify instances run out": _networks(network(), inotify_instances=10),
    "subnets in use": _networks(
        network(),
        host=HOST._replace(
            addresses=(HostAddress(interface="eth0", address="192.168.100.7/24"),),
            routes=(
                HostRoute(destination="192.168.102.0/23", interface="eth0", gateway="192.168.100.1", protocol=""),
                HostRoute(destination="192.168.100.0/24", interface="eth0", gateway="", protocol=""),
                HostRoute(destination="192.0.2.0/24", interface="tun0", gateway="", protocol=""),
            ),
        ),
    ),
}
