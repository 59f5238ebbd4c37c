"""Firewall rules that libvirt leaves of a network in nftables, as a live edit of its DNS makes it forget them."""

import pytest
from tests.hosts.daemons import choose_firewall
from tests.hosts.sandboxed import Host
from tests.integration.doctor import run_doctor
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.each_libvirt

LAB = {"forward": {"mode": "nat"}, "ips": [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}]}
NINE = {"hosts": [{"ip": "10.91.0.9", "hostnames": ["nine"]}]}
FORGET = "virsh -q net-update lab add dns-host '<host ip=\"10.91.0.8\"><hostname>eight</hostname></host>' --live"
LEFT = "libvirt left firewall rules from an earlier run of the network in nftables"
#: Of libvirt's tables the rules of networks, one a line; by a number those of a bridge that is gone.
RULES = """\
for family in ip ip6; do nft -s list table $family libvirt_network 2>/dev/null || true; done |
  sed -n 's/^\t\t//p' | (grep -E '[io]if |[sd]addr ' || true) | sort
"""
#: Somebody's own, in libvirt's table and of its subnet.
OWN = (
    'guest_nat ip saddr 10.91.0.0/24 oifname "wg0" accept',
    "forward ip saddr 10.91.0.0/24 tcp flags & (syn|rst) == syn counter tcp option maxseg size set rt mtu",
)
#: The same, of the bridge while it runs: libvirt's own rule, but for the device.
OF_BRIDGE = 'iif "vn-lab" ip saddr 10.91.0.0/24 oifname "wg0" counter'
#: A hook's, in libvirt's chain of iptables.
HOOK = "LIBVIRT_FWI -d 10.91.0.10/32 -o vn-lab -p tcp -m tcp --dport 22 -j ACCEPT"


def rules(host: Host) -> list[str]:
    return host.sh(RULES).splitlines()


@pytest.fixture
def others(host: Host, forks: Forks) -> list[str]:
    """Rules of another network, and somebody's own, which are none of lab's."""
    far = Stack(host, forks, "far")
    far.network("far", forward={"mode": "nat"}, ips=[{"address": "10.92.0.1/24"}])
    far.up()
    for rule in OWN:
        host.sh(f"nft 'add rule ip libvirt_network {rule}'")
    return rules(host)


def test_a_restart_and_a_delete_leave_no_rules_after_a_live_edit_of_dns(
    host: Host, stack: Stack, others: list[str]
) -> None:
    stack.network("lab", **LAB)
    stack.up()
    at_first = rules(host)
    stack.network("lab", **LAB, dns=NINE)
    stack.up()

    stack.network("lab", **LAB, dns=NINE, mtu=1400)
    stack.up()
    restarted = rules(host)
    stack.network("lab", **{**LAB, "forward": {"mode": "route"}}, dns=NINE, mtu=1400)
    stack.up()
    routed = rules(host)
    host.sh(FORGET)
    stack.network("lab", **{**LAB, "forward": {"mode": "route"}}, dns=NINE, mtu=1400, active=False)
    stack.up()

    assert len(at_first) > len(others) + 10
    assert restarted == at_first
    assert not [rule for rule in routed if "10.91.0.0/24" in rule and "masquerade" in rule]
    assert rules(host) == others


@pytest.mark.parametrize("started", [True, False], ids=["started again", "stopped"])
def test_rules_left_by_a_stop_of_others_are_a_problem_until_the_next_up(
    host: Host, stack: Stack, others: list[str], *, started: bool
) -> None:
    stack.network("lab", **LAB)
    stack.up()
    at_first = rules(host)
    host.sh(f"{FORGET}; virsh -q net-destroy lab")
    left = rules(host)
    host.sh("virsh -q net-start lab" if started else "true")
    own = [f"{OF_BRIDGE} accept"] if started else []
    for rule in own:
        host.sh(f"nft 'add rule ip libvirt_network guest_output {rule}'")

    told = run_doctor(host, "--json").stdout
    stack.refresh()
    shown = stack.preview()
    stack.up()

    assert len(left) == len(at_first)
    assert LEFT in told
    assert LEFT in shown
    assert rules(host) == sorted([*at_first, *own])
    assert stack.unchanged()
    host.sh(f"{FORGET}; virsh -q net-destroy lab")
    stack.destroy()
    assert rules(host) == others


def test_rules_of_the_backend_before_go(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)
    stack.up()
    host.sh(FORGET)
    choose_firewall(host, "iptables")
    by_both = rules(host)

    stack.refresh()
    shown = stack.preview()
    stack.up()

    assert by_both != []
    assert LEFT in shown
    assert rules(host) == []
    assert "-o vn-lab" in host.sh("iptables-save")
    assert stack.unchanged()
    host.sh(f"iptables -w -I {HOOK}")
    stack.network("lab", **LAB, mtu=1400)
    stack.up()
    assert HOOK in host.sh("iptables-save")
    choose_firewall(host, "nftables")
    host.sh("iptables -w -I LIBVIRT_FWI -o vn-lab -j REJECT")
    stack.refresh()
    assert LEFT.replace("nftables", "iptables") in stack.preview()
    stack.up()
    assert [line for line in host.sh("iptables-save").splitlines() if "vn-lab" in line] == [f"-A {HOOK}"]
    assert stack.unchanged()
    host.sh("iptables -w -I LIBVIRT_FWI -o vn-lab -j REJECT")
    stack.destroy()
    assert [line for line in host.sh("iptables-save").splitlines() if "vn-lab" in line] == [f"-A {HOOK}"]
