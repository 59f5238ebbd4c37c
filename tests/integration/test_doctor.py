"""`virtnet doctor` on a real host in a sandbox, with each fault really made, and its fix really tried."""

import json
import re
import time
from typing import Any

import pytest
from tests.hosts.daemons import (
    firewall_backend,
    kill_libvirtd,
    restart_libvirtd,
    socket_path,
    start_libvirtd,
    stop_libvirtd,
    unreached,
)
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import workstation
from tests.integration.doctor import run_doctor
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}


def doctor(host: Host, *, problems: int | None = None) -> list[dict[str, Any]]:
    """What the doctor finds, as JSON; its exit code has to fit."""
    done = run_doctor(host, "--json")
    assert done.stderr == ""
    whole = json.loads(done.stdout)
    found: list[dict[str, Any]] = whole["findings"]
    assert done.returncode == (1 if whole["problems"] else 0)
    assert whole["problems"] == len([finding for finding in found if finding["level"] == "problem"])
    if problems is not None:
        assert whole["problems"] == problems, json.dumps([f for f in found if f["level"] != "ok"], indent=1)
    return found


def the_problem(host: Host) -> dict[str, Any]:
    (problem,) = [finding for finding in doctor(host, problems=1) if finding["level"] == "problem"]
    return problem


#: Takes all of libvirt's NAT, by the backend that wrote it.
FLUSH_NAT = {"iptables": "iptables -t nat -F", "nftables": "nft flush chain ip libvirt_network guest_nat"}


@pytest.fixture
def lab(host: Host, stack: Stack) -> Stack:
    stack.network("lab", forward={"mode": "nat"}, ips=[SUBNET])
    stack.up()
    return stack


@pytest.mark.each_libvirt
def test_a_healthy_host_has_no_problem_and_is_left_as_it_is(host: Host, lab: Stack) -> None:
    before = host.trace()

    with host.guest("g1", "vn-lab"):
        found = doctor(host, problems=0)
        table = host.run("virtnet", "doctor").stdout  # as a user does, with a Python of its own

    network = next(finding for finding in found if finding["area"] == "network lab")
    assert network["data"]["owner"] == "project/test/lab"
    assert [entry["interface"] for entry in network["data"]["plugged_in"]] == ["g1"]
    in_use = next(finding["data"]["in_use"] for finding in found if "in_use" in finding["data"])
    assert in_use["10.91.0.0/24"] == ["network lab"]
    assert f"libvirt's firewall backend is {firewall_backend(host)}" in table
    assert ["lab", "active", "on", "nat", "10.91.0.1/24", "g1"] in [line.split()[:6] for line in table.splitlines()]
    assert re.search(r"^qemu:///system: no problems(, \d notes?)?\.$", table.rstrip(), re.MULTILINE)
    assert host.trace() == before


def test_the_network_of_the_given_uri_is_looked_at(host: Host) -> None:
    # Whether that is a problem depends on libvirt's interface driver, without which bridges cannot be seen from here.
    done = run_doctor(host, "--uri", f"qemu+unix:///system?socket={socket_path(host)}")

    assert "this URI reaches only libvirt" in " ".join(done.stdout.split())


def test_a_host_over_ssh_is_looked_at_whole(host: Host) -> None:
    host.sh("virsh net-start default; echo 0 > /proc/sys/net/ipv4/ip_forward")
    host.sh(FLUSH_NAT[firewall_backend(host)])

    with workstation(host) as desk:
        done = run_doctor(desk, "--json", "--uri", "qemu+ssh://far/system")

    whole = json.loads(done.stdout)
    said = [finding["said"] for finding in whole["findings"] if finding["level"] == "problem"]
    assert done.returncode == 1
    beginnings = (
        "network 'default' has lost firewall rules (NAT of 192.168.122.0/24",
        "net.ipv4.ip_forward is 0, and the active nat network 'default' needs it on",
    )
    assert [sentence.startswith(begin) for sentence, begin in zip(said, beginnings, strict=True)] == [True, True]
    in_use = next(finding["data"]["in_use"] for finding in whole["findings"] if "in_use" in finding["data"])
    assert ["interface to-ws"] in in_use.values()


@pytest.mark.each_libvirt
def test_libvirtd_that_is_not_there(host: Host) -> None:
    stop_libvirtd(host)

    problem = the_problem(host)

    assert problem["area"] == "libvirt"
    assert problem["said"].startswith(f"libvirt at qemu:///system {unreached(host)}")


def test_dnsmasq_that_was_killed(host: Host, lab: Stack) -> None:
    host.sh("pid=$(cat /run/libvirt/network/lab.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done")

    problem = the_problem(host)

    assert problem["area"] == "network lab"
    assert problem["said"] == "dnsmasq, which serves DHCP and DNS on the network, is not running"
    assert "systemctl restart virtnetworkd (or libvirtd)" in problem["fix"]
    restart_libvirtd(host)
    doctor(host, problems=0)


#: What somebody may do to libvirt's rules, by the backend that wrote them, and what is said of that.
FLUSHES = {
    "iptables": [
        ("iptables -F; iptables -t nat -F", "network 'lab' has lost "),
        ("iptables -t nat -F", "network 'lab' has lost firewall rules (NAT of 10.91.0.0/24"),
        ("iptables -F LIBVIRT_FWI", "network 'lab' has lost firewall rules (rules in LIBVIRT_FWI"),
        ("iptables -D FORWARD -j LIBVIRT_FWI", "network 'lab' has lost firewall rules (jumps to LIBVIRT_FWI"),
        (
            "for t in filter nat mangle; do iptables -t $t -F; iptables -t $t -X; done",
            "libvirt's firewall chains are missing",
        ),
        ("nft flush ruleset", "libvirt's firewall chains are missing"),
    ],
    "nftables": [
        ("nft flush table ip libvirt_network", "network 'lab' has lost "),
        (FLUSH_NAT["nftables"], "network 'lab' has lost firewall rules (NAT of 10.91.0.0/24"),
        (
            "nft flush chain ip libvirt_network guest_input",
            "network 'lab' has lost firewall rules (rules in guest_input",
        ),
        ("nft flush chain ip libvirt_network forward", "network 'lab' has lost firewall rules (jumps to guest_output"),
        ("nft delete table ip libvirt_network", "network 'lab' has lost firewall rules (rules"),
        ("nft flush ruleset", "libvirt's firewall chains are missing"),
    ],
}


@pytest.mark.each_libvirt
def test_chains_and_rules_that_were_flushed(host: Host, lab: Stack) -> None:
    wrong = []
    for flush, said in FLUSHES[firewall_backend(host)]:
        host.sh(flush)
        problem = the_problem(host)
        if problem["area"] != "firewall" or not problem["said"].startswith(said):
            wrong.append((flush, problem))
        restart_libvirtd(host)
        doctor(host, problems=0)

    assert wrong == []


@pytest.mark.further
def test_a_bridge_that_was_deleted(host: Host, lab: Stack) -> None:
    host.sh("ip link delete dev vn-lab")

    problem = the_problem(host)

    assert problem["said"] == "the bridge vn-lab no longer exists, although libvirt reports the network as active"
    assert problem["fix"].startswith("Run pulumi refresh, then pulumi up")
    lab.refresh()
    lab.up()
    doctor(host, problems=0)


def test_a_park_of_a_restart_that_was_cut_short(host: Host, lab: Stack) -> None:
    script = (
        "from virtnet.libvirtd.connection import Connection; from virtnet.network.xml.holding import *;"
        "from virtnet.network.names import holding_bridge;"
        "from virtnet.network.xml.definition import definition;"
        "c = Connection('qemu:///system'); r = c.find_network(name='lab');"
        "held = Journal(links=(HeldLink(name='g1', up=True, settings=(), vlans=()),));"
        "c.start_transient_network(render_holding_network(r.uuid, definition(r.live_xml), held));"
        "print(holding_bridge(r.uuid))"
    )
    with host.guest("g1", "vn-lab"):
        holding = host.python("-c", script).stdout.strip()
        host.sh(f"ip link set g1 master {holding}")

        found = [finding for finding in doctor(host) if finding["level"] == "problem"]

        assert any(
            "for a restart, interrupted or still running, of network 'lab'" in finding["said"] for finding in found
        )
        assert all("interface g1" in finding["said"] for finding in found)
        lab.refresh()
        lab.up()
        doctor(host, problems=0)
        assert host.sh("readlink /sys/class/net/g1/master").strip().endswith("/vn-lab")


def test_a_park_whose_network_is_gone(host: Host) -> None:
    script = (
        "from virtnet.libvirtd.connection import Connection; from virtnet.network.xml.holding import *;"
        "from virtnet.network.xml.definition import definition;"
        "Connection('qemu:///system').start_transient_network("
        "render_holding_network('11111111-2222-3333-4444-555555555555', definition('<network/>'), Journal()))"
    )
    host.python("-c", script)

    problem = the_problem(host)

    assert "for a restart, interrupted or still running, of a network that no longer exists" in problem["said"]
    host.sh(problem["command"])
    doctor(host, problems=0)


def test_a_network_that_is_half_made(host: Host) -> None:
    xml = (
        "<network><name>half</name><metadata><v:owner xmlns:v='urn:pulumi-virtnet:owner:1.0' name='shop/prod/half'"
        " phase='first definition'/></metadata><bridge name='vn-half'/><ip address='10.92.0.1' prefix='24'/></network>"
    )
    host.run("virsh", "net-define", "/dev/stdin", given=xml)

    problem = the_problem(host)

    assert problem["said"].startswith("the network is incomplete: the pulumi up of shop/prod/half")
    host.sh("virsh net-undefine half")
    doctor(host, problems=0)


@pytest.mark.further
def test_dnsmasq_that_outlived_its_network(host: Host, lab: Stack) -> None:
    # libvirtd is killed and does not see its network stop: what runs on is nobody's.
    kill_libvirtd(host)
    host.sh("ip link delete dev vn-lab; rm /run/libvirt/network/lab.xml")
    start_libvirtd(host)
    if not host.sh("pgrep dnsmasq || true"):
        return  # libvirt 11 ends it itself when its daemon starts

    found = [finding for finding in doctor(host) if finding["area"] == "dnsmasq" and finding["level"] == "problem"]

    assert len(found) == 1
    assert "is the dnsmasq of network 'lab', which isn't active" in found[0]["said"]
    host.sh(found[0]["command"])
    time.sleep(0.2)
    assert not [finding for finding in doctor(host) if finding["area"] == "dnsmasq" and finding["level"] == "problem"]


def forwarding(stack: Stack, **args: Any) -> None:
    stack.declare({"type": "HostForwarding", "name": "forwarding", "args": args})
    stack.up()


def test_a_file_that_beats_ours_at_boot(host: Host, stack: Stack) -> None:
    forwarding(stack)
    host.sh("echo 'net.ipv4.conf.all.forwarding = 0' > /etc/sysctl.d/99-hardening.conf")

    problem = the_problem(host)

    assert problem["said"] == (
        "/etc/sysctl.d/90-virtnet-forwarding.conf sets net.ipv4.ip_forward to 1, but the next boot sets it to 0:"
        " /etc/sysctl.d/99-hardening.conf overrides it"
    )
    assert problem["fix"].startswith("Remove the line from /etc/sysctl.d/99-hardening.conf")
    stack.declare({"type": "HostForwarding", "name": "forwarding", "args": {"drop_in": "91-ours.conf"}})
    assert (
        "the next boot sets net.ipv4.ip_forward to 0, not 1: /etc/sysctl.d/99-hardening.conf overrides"
        " /etc/sysctl.d/91-ours.conf" in stack.preview()
    )
    forwarding(stack, drop_in="99-z.conf")
    doctor(host, problems=0)


@pytest.mark.further
def test_forwarding_that_was_turned_off_and_a_drop_in_that_was_edited(host: Host, lab: Stack) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")

    problem = the_problem(host)

    assert "the active nat network 'lab' needs it on. Guests there reach nothing outside" in problem["said"]
    host.sh(problem["command"])
    doctor(host, problems=0)


def test_a_drop_in_that_was_edited(host: Host, stack: Stack) -> None:
    forwarding(stack)
    host.sh("echo net.ipv4.tcp_syncookies=1 >> /etc/sysctl.d/90-virtnet-forwarding.conf")

    assert "was edited by hand" in the_problem(host)["said"]

    stack.refresh()
    stack.up()
    doctor(host, problems=0)


def test_an_address_conflict_that_shows_at_the_next_start_only(host: Host, lab: Stack) -> None:
    host.sh("ip link add host0 type bridge; ip address add 10.91.0.129/25 dev host0; ip link set host0 up")

    problem = the_problem(host)

    assert problem["said"].startswith(
        "if the network stops, it can't start again: 10.91.0.0/24 overlaps 10.91.0.128/25 of the host's interface host0"
    )
    host.sh("ip link delete dev host0")
    doctor(host, problems=0)


def test_a_host_bridge_that_an_inactive_network_would_delete(host: Host) -> None:
    host.sh("ip link add virbr0 type bridge; virsh net-autostart default")

    problem = the_problem(host)

    assert "the host already has an interface named virbr0, which libvirt could delete" in problem["said"]


def test_autostart_whose_link_vanished(host: Host, lab: Stack) -> None:
    host.sh("rm /etc/libvirt/qemu/networks/autostart/lab.xml")

    problem = the_problem(host)

    assert problem["said"] == "libvirt reports autostart, but its link is missing, so the network won't start at boot"
    host.sh(problem["command"])
    doctor(host, problems=0)
