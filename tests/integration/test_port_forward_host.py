"""What port forwards need on a host, without Pulumi: what breaks is found and mended, and events are survived.

All events in all modes are a campaign (tests.campaigns.port_forward); here are those that cost little.
"""

import time
from collections.abc import Iterator

import pytest
from tests.campaigns.port_forward import (
    EVENTS,
    PATHS,
    Row,
    forward,
    install,
    load,
    probe,
    remove_from_kernel,
    service,
    settled,
)
from tests.hosts.peers import BRIDGE, HOST, OUTSIDE, Site, site
from tests.hosts.sandboxed import Host
from tests.rows import rows

from virtnet.port_forward.forward import Forward, PortRange
from virtnet.port_forward.restore import files
from virtnet.port_forward.restore.check import Need, NeedKind, parse
from virtnet.port_forward.rules import listing
from virtnet.port_forward.rules.names import TABLE, link_names
from virtnet.port_forward.rules.render import change
from virtnet.port_forward.rules.table import RulesState, Table, state

pytestmark = pytest.mark.integration

LINK, PORT = link_names(forward(4, "nat").network.uuid)

#: Of a network that has no forwards any more.
LEFT = link_names("a network that is gone")[0]

SURVIVED = (
    "a live change of the network",
    "a restart of libvirt's daemon",
    "a restart of the network by hand",
    "Docker started after it (FORWARD policy DROP)",
    "a boot",
)


@pytest.fixture
def lab(host: Host) -> Iterator[Site]:
    with site(host) as made:
        made.peers["web"].serve("web", "tcp", 80, 81, 7000, 7001, 7002)
        made.peers["web"].serve("web", "udp", 5000, 5001, 5002)
        yield made
        made.remove_network()


@pytest.mark.each_libvirt
@pytest.mark.parametrize("name", rows(SURVIVED, {"a restart of libvirt's daemon", "a boot"}))
def test_every_path_survives(lab: Site, name: str) -> None:
    (event,) = [event for event in EVENTS if event.name == name]

    assert Row(lab, "nat").carry_out(event).startswith("all, ")


@pytest.fixture
def bridged(host: Host) -> Iterator[Host]:
    """A host with forwards into a bridge, and no libvirt in it; with a FORWARD of iptables."""
    host.sh(f"ip link add {BRIDGE} type bridge; ip link set {BRIDGE} up; iptables -w -P FORWARD ACCEPT")
    install(host, "nat")
    load(host, "nat")
    yield host
    host.sh(f"rm -f {files.DIRECTORY}/*.nft; ip link delete {BRIDGE}")
    remove_from_kernel(host)


def check(host: Host) -> set[Need]:
    return set(parse(host.sh(f"sh {files.SCRIPT_PATH} check")))


#: What is done to a host, and what is found of it. One host for all, as each is mended.
BROKEN = {
    f"ip link delete {LINK}": Need(NeedKind.LINK, LINK),
    f"ip link set {LINK} down": Need(NeedKind.SETTING, LINK),
    f"ip link set {PORT} down": Need(NeedKind.SETTING, LINK),
    f"ip link set {BRIDGE} mtu 1400": Need(NeedKind.SETTING, LINK),
    f"echo 1 >/proc/sys/net/ipv6/conf/{LINK}/disable_ipv6": Need(NeedKind.SETTING, LINK),
    f"ip link delete {BRIDGE}; ip link add {BRIDGE} type bridge": Need(NeedKind.PORT, LINK),
    f"nft flush chain netdev {TABLE} {PORT}": Need(NeedKind.PORT, LINK),
    f"nft delete table netdev {TABLE}": Need(NeedKind.PORT, LINK),
    "ip route flush table 7670": Need(NeedKind.ROUTE, "192.168.123.0/24"),
    f"ip route add 10.0.0.0/24 dev {LINK} table 7670": Need(NeedKind.ROUTE, "10.0.0.0/24"),
    "ip -6 rule delete priority 767": Need(NeedKind.RULE, "ipv6"),
    "iptables -w -F FORWARD": Need(NeedKind.ACCEPT, "iptables"),
    f"ip link add {LEFT} type veth": Need(NeedKind.LINK, LEFT),
}


def test_what_is_broken_is_found_and_mended(bridged: Host) -> None:
    assert check(bridged) == set()
    for broken, need in BROKEN.items():
        bridged.sh(broken)

        found = check(bridged)
        still = check(bridged)
        bridged.sh(f"sh {files.SCRIPT_PATH} links")

        assert need in found, broken
        assert still == found, f"check changes nothing: {broken}"
        assert check(bridged) == set(), broken


@pytest.mark.further
def test_several_at_once_do_not_meet(bridged: Host) -> None:
    """The service and the provider, say."""
    run = f'sh {files.SCRIPT_PATH} links & runs="$runs $!";'
    for _ in range(3):
        bridged.sh(f"ip link delete {LINK}; ip rule delete priority 767; iptables -w -F FORWARD")

        bridged.sh(f"runs=; {run * 4} for one in $runs; do wait $one || exit 1; done")

        assert check(bridged) == set()
        assert bridged.sh("ip rule show priority 767 | wc -l; iptables -S FORWARD | grep -c virtnet") == "1\n1\n"


def only_ours(host: Host) -> str:
    """FORWARD with virtnet's own rule and no other, and that rule."""
    host.sh(f"iptables -w -F FORWARD; sh {files.SCRIPT_PATH} links")
    (ours,) = forward_rules(host)
    return ours


def forward_rules(host: Host) -> list[str]:
    return host.sh("iptables -S FORWARD | sed -n 's/^-A FORWARD //p'").splitlines()


def test_its_rule_is_first_again_with_a_change_and_with_the_services_start(bridged: Host) -> None:
    ours = only_ours(bridged)
    drop = "-s 203.0.113.0/24 -j DROP"
    for verb in ("links", "restore"):
        bridged.sh(f"iptables -w -I FORWARD {drop}")
        before = check(bridged)
        bridged.sh(f"sh {files.SCRIPT_PATH} {verb}")

        assert forward_rules(bridged) == [ours, drop], verb
        assert before == set(), "where it stands is judged with the host's whole firewall"
        bridged.sh(f"iptables -w -D FORWARD {drop}")


@pytest.mark.further
def test_the_service_leaves_what_somebody_puts_before_its_rule(bridged: Host) -> None:
    ours = only_ours(bridged)
    with service(bridged):
        bridged.sh("iptables -w -I FORWARD -s 203.0.113.0/24 -j DROP; iptables -w -I FORWARD -s 198.18.0.0/15 -j DROP")
        time.sleep(0.5)
        stood = forward_rules(bridged)
        bridged.sh("iptables -w -F FORWARD")
        time.sleep(0.5)
        put_back = forward_rules(bridged)

    assert stood == ["-s 198.18.0.0/15 -j DROP", "-s 203.0.113.0/24 -j DROP", ours]
    assert put_back == [ours]


def test_nothing_is_left_of_forwards_that_are_gone(bridged: Host) -> None:
    bridged.sh(f"rm {files.DIRECTORY}/*.nft")

    found = {need.kind for need in check(bridged)}
    bridged.sh(f"sh {files.SCRIPT_PATH} links; nft delete table inet {TABLE}")

    assert found == {NeedKind.LINK, NeedKind.ROUTE, NeedKind.RULE, NeedKind.ACCEPT}
    left = bridged.sh(
        "ls /sys/class/net | grep vnp || true; ip rule | grep 7670 || true; ip -6 rule | grep 7670 || true;"
        f"nft list ruleset | grep {TABLE} || true; ip route show table 7670; ip -6 route show table 7670"
    )
    assert left == ""


def test_no_foreign_link_or_rule_is_touched(bridged: Host) -> None:
    bridged.sh("ip link add vnpx type veth peer name vnpy; ip rule add fwmark 1 lookup 7671 priority 768")
    bridged.sh("iptables -w -A FORWARD -s 10.99.0.0/24 -j DROP; nft add table netdev mine")
    bridged.sh(f"rm {files.DIRECTORY}/*.nft; sh {files.SCRIPT_PATH} links")

    left = bridged.sh("ls /sys/class/net; ip rule; iptables -S FORWARD; nft list tables netdev")
    bridged.sh("ip link delete vnpx; ip rule delete priority 768; iptables -w -F FORWARD; nft delete table netdev mine")

    assert {"vnpx", "vnpy"} <= set(left.split())
    assert "lookup 7671" in left
    assert "-A FORWARD -s 10.99.0.0/24 -j DROP" in left
    assert "table netdev mine" in left


@pytest.mark.further
def test_a_change_loses_no_connection_of_a_port_that_stays(lab: Site) -> None:
    host, outside = lab.host, lab.peers["outside"]
    lab.start_network("nat")
    install(host, "nat")
    load(host, "nat")
    assert not any(settled(lab).values())
    opened = outside.connect("tcp", HOST[4], 8080, held="stays")
    outside.connect("udp", HOST[4], 5001, held="stays too")
    before = forward(4, "nat")
    after = before._replace(
        ports=(PortRange("tcp", 8080, 8080, 80), PortRange("udp", 5001, 5001, 5001), PortRange("tcp", 8081, 8081, 81)),
        sources=("203.0.113.0/24", f"{OUTSIDE[4]}/32"),
    )
    listed = listing.parse(host.sh(f"nft -j list table inet {TABLE}"))

    host.run("nft", "-f", "-", given=change(after, after.id, listed))

    assert outside.order("talk", held="stays") == opened == f"web 80 {OUTSIDE[4]}"
    assert outside.order("talk", held="stays too") == f"web 5001 {OUTSIDE[4]}"
    assert outside.connect("tcp", HOST[4], 8081) == f"web 81 {OUTSIDE[4]}"
    assert outside.connect("tcp", HOST[4], 9001) == "ConnectionRefusedError"
    assert lab.peers["other"].connect("tcp", HOST[4], 8080) == "ConnectionRefusedError", "it is no source"
    assert probe(lab, "outside") == ["tcp 9001 IPv4: ConnectionRefusedError"], (
        "IPv6 is another forward's, and stays as it was"
    )


#: A step of virtnet's on the host, planned by the table as it is, and what is done to that before it comes to it.
STEP = """
import subprocess
from virtnet.host.client import local_host
from virtnet.planning.clients.clients import Clients
from virtnet.port_forward.forward import Forward, ForwardNetwork, PortRange
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.steps import LoadRules

host = local_host()
there = parse(host.nft_table("inet", {table!r}))
subprocess.run(["sh", "-ec", {meanwhile!r}], check=True)
LoadRules({id!r}, None, {after!r}, {listed}).execute(Clients(libvirt=None, host=host))
"""


@pytest.mark.further
def test_a_step_finds_another_table_than_was_planned_for(bridged: Host) -> None:
    one, other = forward(4, "nat"), forward(6, "nat")
    more = one._replace(ports=(*one.ports, PortRange("tcp", 8081, 8081, 81)))
    flush, restore = f"nft delete table inet {TABLE}", f"sh {files.SCRIPT_PATH} restore"

    def load_after(meanwhile: str, after: Forward | None, listed: str) -> Table:
        program = STEP.format(table=TABLE, meanwhile=meanwhile, id=one.id, after=after, listed=listed)
        bridged.run("python", "-c", program)
        return listing.parse(bridged.sh(f"nft -j list table inet {TABLE}"))

    flushed = load_after(flush, more, "there")
    removed = load_after(f"{flush}; {restore}", None, "None")

    assert (flushed.common_intact, state(more, flushed), set(flushed.ids)) == (True, RulesState.INTACT, {one.id})
    assert (removed.common_intact, state(other, removed), set(removed.ids)) == (True, RulesState.INTACT, {other.id})


@pytest.mark.parametrize("mode", ["route", "open"])
def test_other_modes(lab: Site, mode: str) -> None:
    assert Row(lab, mode).carry_out(EVENTS[0]).startswith("all, ")


def test_a_file_that_does_not_load_closes_no_other_port(lab: Site) -> None:
    lab.start_network("nat")
    install(lab.host, "nat")
    lab.host.sh(f"echo 'add nonsense' >{files.path_of('f' * 16)}; sh {files.SCRIPT_PATH} restore 2>/dev/null || true")

    found = settled(lab)
    lab.host.sh(f"rm -f {files.DIRECTORY}/*.nft")
    remove_from_kernel(lab.host)

    assert found == {path: [] for path in PATHS}
