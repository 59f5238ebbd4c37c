"""That what a network declares to read of its host is what observing it asks, in few round trips.

Whoever changes a question changes network.reads too: a question that is not declared is a round trip more, and what is
declared but not asked is named here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.builders import checked
from tests.declared_reads import read_at_once, unneeded
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.machine import FakeMachine

from virtnet.host.client import Host, Listings
from virtnet.host.reads import RecentAnswers
from virtnet.network.observe.host_facts import host_facts_for_new
from virtnet.network.observe.reads import BRIDGED_TO_IPTABLES, READS, ROUTES_IN_PROC
from virtnet.network.resource import NETWORK
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.reads import Request
from virtnet.planning.reports import NetworkReport

UUID, MAC = "6f1c2a3e-0000-4000-8000-00000012ab34", "52:54:00:12:ab:34"
XML = (
    f"<network><name>lab</name><uuid>{UUID}</uuid><forward mode='nat'/><bridge name='vn-lab'/><mtu size='1400'/>"
    f"<mac address='{MAC}'/>"
    "<ip address='10.91.0.1' prefix='24'><dhcp><range start='10.91.0.2' end='10.91.0.9'/></dhcp></ip>"
    "<ip family='ipv6' address='fd00:91::1' prefix='64'/></network>"
)
BRIDGE = "/sys/class/net/vn-lab"
STATUS = "<networkstatus><firewall name='fwRemoval' backend='{}'/></networkstatus>"
#: A host whose default route was learnt from a router advertisement, with the network and a guest.
IPV4_FORWARDING = "/proc/sys/net/ipv4/ip_forward"
FILES = {
    "/sys/class/net/eth0/address": "52:54:00:00:00:01\n",
    IPV4_FORWARDING: "1\n",
    "/proc/sys/net/ipv6/conf/all/forwarding": "1\n",
    "/proc/sys/net/ipv6/conf/eth0/accept_ra": "1\n",
    "/proc/self/status": "CapEff:\tffffffffffffffff\n",
    f"{BRIDGE}/address": f"{MAC}\n",
    f"{BRIDGE}/flags": "0x1003\n",
    f"{BRIDGE}/mtu": "1400\n",
    f"{BRIDGE}/bridge/stp_state": "1\n",
    f"{BRIDGE}/bridge/vlan_filtering": "0\n",
    f"{BRIDGE}/brif/vnet0/port_no": "0x1\n",
    "/sys/class/net/vnet0/address": "fe:54:00:00:00:01\n",
    "/proc/net/fib_trie": "     |-- 10.91.0.1\n        /32 host LOCAL\n",
    "/proc/net/if_inet6": "fd000091000000000000000000000001 03 40 00 80   vn-lab\n",
    "/proc/1/comm": "init\n",
    "/run/libvirt/network/lab.pid": "4711\n",
    "/run/libvirt/network/lab.xml": STATUS.format("iptables"),
    "/proc/4711/comm": "dnsmasq\n",
    "/etc/libvirt/qemu/networks/autostart/lab.xml": "",
}


def rules_of_lab(name: str) -> str:
    """What a program lists of a host's rules, those of the network among them."""
    text = (Path(__file__).parents[1] / "data" / "firewall" / "modes" / name).read_text()
    return text.replace("vnat", "vn-lab").replace("10.9.1.", "10.91.0.").replace("fd00:9:1:", "fd00:91:")


PRINTED = {
    ("ip", "-json", "-brief", "address", "show"): "[]",
    ("ip", "-json", "-details", "link", "show"): '[{"ifname":"eth0"},{"ifname":"vn-lab"}]',
    ("ip", "-json", "route", "show", "table", "main"): "[]",
    ("ip", "-json", "-6", "route", "show", "table", "main"): '[{"dst":"default","dev":"eth0","protocol":"ra"}]',
    ("ss", "-Hlntu"): "",
    ("iptables-save",): rules_of_lab("iptables-save.txt"),
    ("ip6tables-save",): rules_of_lab("ip6tables-save.txt"),
    ("nft", "--json", "list", "ruleset"): rules_of_lab("nft.json"),
}
LAB = {"name": "lab", "uri": "qemu:///system", "forward": {}, "ips": [{"address": "10.91.0.1/24"}]}
RECORDED = {**checked(LAB), "uuid": UUID, "host_uuid": "as recorded"}


def report(*, active: bool) -> NetworkReport:
    return NetworkReport(
        uuid=UUID,
        name="lab",
        active=active,
        persistent=True,
        autostart=True,
        live_xml=XML if active else None,
        config_xml=XML,
    )


def observe(desired: Mapping[str, Any] | None, *, active: bool = True) -> Callable[[Host], object]:
    libvirt = FakeLibvirt(reports={UUID: report(active=active)})
    return lambda host: NETWORK.observe(Clients(libvirt=libvirt, host=host), desired, RECORDED)


#: Only of a bridge that is meant to be there is asked whether all is well.
HEALTH: set[Request] = {
    ("list", BRIDGE),
    ("read", f"{BRIDGE}/flags"),
    ("read", f"{BRIDGE}/mtu"),
    ("read", "/sys/class/net/vnet0/address"),
    ("read", "/proc/net/fib_trie"),
    ("read", "/proc/net/if_inet6"),
    ("read", "/proc/1/comm"),
}
#: Asked of a new one too, beside what of the host counts.
LINKS_AT_BOOT: set[Request] = {("list", "/etc/libvirt/qemu/networks/autostart")}
#: Only of a network that runs, and was not made a moment ago.
BACKEND: set[Request] = {("read", "/run/libvirt/network/lab.xml")}
#: Before a start only rules are asked of what a refresh looks at in a firewall.
OF_OTHERS: set[Request] = {("read", path) for path in (*ROUTES_IN_PROC, *BRIDGED_TO_IPTABLES.values(), IPV4_FORWARDING)}
#: Only where others may drop something is asked which way packets go.
WAYS: set[Request] = OF_OTHERS - {("read", IPV4_FORWARDING)}
#: Only before a change is asked who is attached.
PORTS: set[Request] = {
    ("list", BRIDGE),
    ("list", f"{BRIDGE}/brif"),
    ("read", "/sys/class/net/vnet0/address"),
}
NFT = {"/run/libvirt/network/lab.xml": STATUS.format("nftables")}


NO_ROUTER = {"/proc/sys/net/ipv6/conf/all/forwarding": "0\n"}


@dataclass(frozen=True, kw_only=True)
class Case:
    observe: Callable[[Host], object]
    trips: int
    """Round trips it takes."""
    unneeded: set[Request]
    """What it has read beyond need, as other observations need it along with the rest."""
    files: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "before a new one starts": Case(
        observe=lambda host: host_facts_for_new(host, {4}), trips=1, unneeded=LINKS_AT_BOOT
    ),
    # The routes of IPv6 tell of which interfaces accept_ra matters, where IPv6 isn't forwarded.
    "with IPv6": Case(
        observe=lambda host: host_facts_for_new(host, {4, 6}), trips=3, unneeded=LINKS_AT_BOOT, files=NO_ROUTER
    ),
    "a refresh": Case(observe=observe({}), trips=3, unneeded=WAYS | PORTS),
    "a refresh with nft": Case(observe=observe({}), trips=3, unneeded=WAYS | PORTS, files=NFT),
    "before a restart": Case(observe=observe({**RECORDED, "domain": {"name": "lab"}}), trips=5, unneeded=set()),
    "before it starts": Case(observe=observe(RECORDED, active=False), trips=7, unneeded=HEALTH | BACKEND | OF_OTHERS),
    "before a delete": Case(observe=observe(None), trips=3, unneeded=WAYS),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_declared_is_what_is_asked(case: Case) -> None:
    machine = FakeMachine(files={**FILES, **case.files}, printed=PRINTED)

    trips = read_at_once(machine, READS, case.observe)

    assert unneeded(machine, READS, case.observe) == case.unneeded
    assert len(trips) == case.trips, trips


def test_what_one_look_read_of_the_whole_host_serves_the_next_that_says_that_nothing_is_new() -> None:
    files = {path: text for path, text in FILES.items() if "vnet0" not in path} | {f"{BRIDGE}/brif/": ""}
    machine, recent, listings = FakeMachine(files=files, printed=PRINTED), RecentAnswers(), Listings()
    for _ in range(2):
        machine.trips.clear()
        host = Host(machine, recent=recent, listings=listings)
        with host.cached_reads(READS, max_age=60.0):
            observe({})(host)

    assert not machine.programs
    # Two round trips, for what is this network's alone.
    assert [{request[-1] for request in trip} for trip in machine.trips] == [
        {
            "/etc/libvirt/qemu/networks/autostart/lab.xml",
            "/etc/libvirt/qemu/networks/lab.xml",
            "/run/libvirt/network/lab.pid",
            "/run/libvirt/network/lab.xml",
        },
        {f"{BRIDGE}/{name}" for name in ("address", "flags", "mtu", "brif")} | {BRIDGE, "/proc/4711/comm"},
    ]


def test_a_look_at_a_bridge_takes_one_round_trip_and_its_ports_another() -> None:
    def look(host: Host) -> None:
        assert host.read_file(f"{BRIDGE}/address") == f"{MAC}\n"
        assert host.read_file(f"{BRIDGE}/flags") == "0x1003\n"
        for name in host.list_directory(f"{BRIDGE}/brif"):
            assert host.read_file(f"/sys/class/net/{name}/address")

    assert len(read_at_once(FakeMachine(files=FILES), READS, look)) == 2
