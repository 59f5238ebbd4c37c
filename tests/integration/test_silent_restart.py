"""Restarts that guests don't notice: the gateway and the outside go on answering, and connections live.

A test machine is busy, so no test asserts how many hundredths of a second a guest heard nothing; `make bench` measures
that. Each asserts that requests were lost for less than half of the time for which libvirt itself had the network
stopped, in the same restart. Without a holding network that stands in for the gateway, it is longer than that time.
"""

import contextlib
import itertools
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.hosts.guests import linux_guest
from tests.hosts.outside import OUTSIDE, behind, connected, ended, left, set_up
from tests.hosts.sandboxed import BETWEEN_REQUESTS, Host, Pings, pinging
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

LOG = logging.getLogger(__name__)
FURTHER = pytest.mark.further
BRIDGE = "vn-lab"
IPV4: dict[str, Any] = {
    "address": "10.77.0.1/24",
    "dhcp": {"ranges": [{"start": "10.77.0.100", "end": "10.77.0.199"}]},
}
IPV6: dict[str, Any] = {"address": "fd00:77::1/64"}
GATEWAYS = ("10.77.0.1", "fd00:77::1")


@contextlib.contextmanager
def stopped(host: Host) -> Iterator[list[float]]:
    """How many seconds libvirt had the network stopped meanwhile, each time."""
    host.sh(
        "(stdbuf -oL virsh net-event --event lifecycle --loop --timestamp --network lab >/run/events 2>&1 &"
        " echo $! >/run/events.pid); sleep 0.5"
    )
    seconds: list[float] = []
    try:
        yield seconds
        text = host.sh("sleep 0.3; cat /run/events")
        moments = re.findall(r"(\d+):(\d+):([\d.]+)\S*: event 'lifecycle' for network lab: (Stopped|Started)", text)
        at = [(int(h) * 3600 + int(m) * 60 + float(s), kind) for h, m, s, kind in moments]
        seconds += [
            (later - earlier) % 86400
            for (earlier, stop), (later, start) in itertools.pairwise(at)
            if (stop, start) == ("Stopped", "Started")
        ]
        assert seconds, text
    finally:
        host.sh("kill $(cat /run/events.pid) || true; rm /run/events /run/events.pid")


def unanswered(pings: Pings) -> float:
    """For how many seconds requests got no answer at all. One that comes late says how busy this machine is."""
    return pings.lost * BETWEEN_REQUESTS


def most_lost(seconds: list[float]) -> float:
    """For how long requests may be lost: half of the longest time without the network, but for what a busy core costs.

    A network in mode open has no firewall rules, so libvirt needs less than 0.1 s.
    """
    return max(max(seconds) / 2, min(0.05, max(seconds) - 0.01))


def settings(host: Host) -> str:
    """What a restart sets on the network's bridge for a moment."""
    return host.sh(
        f"cd /proc/sys/net/ipv6/conf/{BRIDGE}; cat dad_transmits router_solicitation_delay 2>/dev/null || true"
    )


@pytest.mark.parametrize(
    ("forward", "ips", "through"),
    [
        pytest.param({"mode": "nat"}, [IPV4, IPV6], OUTSIDE, id="nat", marks=pytest.mark.each_libvirt),
        pytest.param({"mode": "nat", "nat": {"ipv6": True}}, [IPV4, IPV6], OUTSIDE, id="nat of both", marks=FURTHER),
        pytest.param({"mode": "route"}, [IPV4, IPV6], OUTSIDE, id="route", marks=pytest.mark.each_libvirt),
        pytest.param({"mode": "open"}, [IPV4, IPV6], OUTSIDE, id="open", marks=FURTHER),
        pytest.param({"mode": "none"}, [IPV4, IPV6], (), id="isolated", marks=FURTHER),
        pytest.param({"mode": "nat"}, [IPV4], OUTSIDE[:1], id="IPv4 alone", marks=FURTHER),
    ],
)
@pytest.mark.parametrize("stp", [pytest.param(True, id="STP"), pytest.param(False, id="no STP", marks=FURTHER)])
def test_guests_stay_connected_while_the_network_restarts(
    host: Host, stack: Stack, forward: dict[str, Any], ips: list[dict[str, Any]], through: tuple[str, ...], stp: bool
) -> None:
    lab: dict[str, Any] = {"forward": forward, "ips": ips, "bridge": {"stp": stp}}
    stack.network("lab", **lab)
    stack.up()
    with behind(host), host.guest("web", BRIDGE), host.guest("db", BRIDGE):
        set_up(host, "web", 50)
        set_up(host, "db", 51)
        if stp:
            host.sh("sleep 4.5")  # a new port of a bridge with STP forwards nothing before
        gateways = GATEWAYS[: len(ips)]
        for name in ("web", "db"):
            for address in (*gateways, *through):
                host.sh(f"ip netns exec {name} ping -c 1 -w 10 {address}")
        before = settings(host)
        # Where a packet of neighbour discovery is lost, the kernel waits for a second. A busy machine shows that in one
        # restart of forty, so one of two restarts may be noticed.
        for domain in ("lab.example", "lab2.example"):
            stack.network("lab", **lab, domain={"name": domain})
            preview = stack.preview()
            connected(host, *through)
            with contextlib.ExitStack() as watching:
                pings: dict[str, Pings] = {
                    f"{name} {address}": watching.enter_context(pinging(host, address, "ip", "netns", "exec", name))
                    for name in ("web", "db")
                    for address in (*gateways, *through)
                }
                seconds = watching.enter_context(stopped(host))
                stack.up()
            ends = ended(host, len(through))

            assert "interface db, interface web stay connected while the network restarts" in preview
            assert "domain.name" in preview
            LOG.info("stopped %s, silent %s", seconds, {who: found.silence for who, found in pings.items()})
            assert ends == ["lived"] * len(through)
            assert left(host) == ""
            assert settings(host) == before
            silent = {who: unanswered(found) for who, found in pings.items()}
            noticed = {who: lost for who, lost in silent.items() if lost > most_lost(seconds)}
            if not noticed:
                break
        assert noticed == {}
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_a_guest_of_qemu_stays_connected(host: Host, stack: Stack) -> None:
    lab: dict[str, Any] = {"forward": {"mode": "nat"}, "ips": [IPV4]}
    stack.network("lab", **lab)
    stack.up()
    with linux_guest(host, "web", network="lab") as web:
        stack.network("lab", **lab, domain={"name": "lab.example"})
        with web.pinging() as pings, stopped(host) as seconds:
            stack.up()

        LOG.info("stopped %s, silent %s", seconds, pings.silence)
        assert unanswered(pings) <= most_lost(seconds)
        assert web.bridge == BRIDGE
        assert left(host) == ""
    assert stack.unchanged()


def test_new_connections_wait_and_nothing_leaves_untranslated(host: Host, stack: Stack) -> None:
    lab: dict[str, Any] = {"forward": {"mode": "nat"}, "ips": [IPV4]}
    stack.network("lab", **lab)
    stack.up()
    with behind(host), host.guest("web", BRIDGE):
        set_up(host, "web", 50)
        host.sh("sleep 4.5; ip netns exec web ping -c 1 -w 10 203.0.113.9")
        # Each packet that comes to the outside with an address of a guest is counted.
        host.sh(
            "ip netns exec outside nft 'add table ip seen; add chain ip seen c { type filter hook prerouting priority"
            " -300 ; }; add rule ip seen c ip saddr 10.77.0.0/24 counter'"
        )
        # A new flow every 5 ms: each ping has an id of its own.
        host.sh(
            "(while [[ ! -e /run/restarted ]]; do"
            " ip netns exec web ping -c 1 -W 0.01 203.0.113.9; done >/dev/null 2>&1 &)"
        )
        stack.network("lab", **lab, domain={"name": "lab.example"})

        stack.up()

        counted = host.sh("touch /run/restarted; ip netns exec outside nft list table ip seen; rm /run/restarted")
        assert "counter packets 0 bytes 0" in counted
        host.sh("ip netns exec web ping -c 1 -w 10 203.0.113.9")


def test_the_old_gateway_answers_nobody_when_the_addresses_change(host: Host, stack: Stack) -> None:
    lab: dict[str, Any] = {"forward": {"mode": "nat"}, "bridge": {"stp": False}}
    stack.network("lab", **lab, ips=[IPV4])
    stack.up()
    with host.guest("web", BRIDGE) as web:
        set_up(host, "web", 50)
        web.sh("ping -c 1 -w 10 10.77.0.1")
        stack.network("lab", **lab, ips=[{"address": "10.78.0.1/24"}])

        preview = stack.preview()
        stack.up()

        assert "virtnet can't keep it connected, because the network's addresses change" in preview
        assert "0 received" in web.sh("ping -c 2 -i 0.2 -W 1 10.77.0.1", check=False)
    assert left(host) == ""


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        pytest.param("iptables -P FORWARD DROP", "iptables -P FORWARD ACCEPT", id="a policy as Docker's"),
    ],
)
def test_a_firewall_that_drops_the_rest_has_the_preview_say_so(host: Host, stack: Stack, spoil: str, mend: str) -> None:
    lab: dict[str, Any] = {"forward": {"mode": "nat"}, "bridge": {"stp": False}, "ips": [IPV4]}
    host.sh(spoil)
    stack.network("lab", **lab)
    stack.up()
    with host.guest("web", BRIDGE):
        stack.network("lab", **lab, mtu=1400)

        preview = stack.preview()
        stack.up()

        assert "virtnet can't keep it connected, because the host's firewall drops" in preview
    host.sh(mend)
    assert left(host) == ""
