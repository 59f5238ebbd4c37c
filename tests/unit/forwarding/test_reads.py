"""That what a HostForwarding declares to read of its host is what observing it asks, in few round trips.

Whoever changes a question changes forwarding.reads too: a question that is not declared is a round trip more, and
what is declared but not asked is named here.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders import checked_forwarding, clients
from tests.declared_reads import read_at_once, unneeded
from tests.fakes.machine import FakeMachine

from virtnet.forwarding.observe import observe
from virtnet.forwarding.reads import READS
from virtnet.host.client import Host
from virtnet.planning.clients.reads import Request

NAMES = ("all", "default", "lo", "eth0")
FILES = {
    **{f"/proc/sys/net/{version}/conf/{name}/forwarding": "0" for version in ("ipv4", "ipv6") for name in NAMES},
    **{f"/proc/sys/net/ipv6/conf/{name}/accept_ra": "1" for name in NAMES},
    "/proc/sys/net/ipv4/ip_forward": "0",
    "/proc/sys/net/ipv4/conf/all/accept_redirects": "1",
    "/proc/self/status": "CapEff:\tffffffffffffffff\n",
    "/etc/sysctl.d/50-a.conf": "a = 1",
    "/etc/sysctl.d/README": "no",
    "/run/virtnet/forwarding-1.conf": "# of ours",
    "/etc/sysctl.conf": "",
}
ROUTES = {
    ("ip", "-json", "route", "show", "table", "main"): "[]",
    ("ip", "-json", "-6", "route", "show", "table", "main"): "[]",
}
#: Only before a change it matters what else sets the values.
OTHER_PROGRAMS: set[Request] = {
    ("read", "/etc/ufw/ufw.conf"),
    ("list", "/run/systemd/netif"),
    ("list", "/run/NetworkManager"),
    ("has", "dockerd"),
}
CAPABILITIES: set[Request] = {("read", "/proc/self/status")}


@pytest.mark.parametrize(
    ("desired", "trips", "beyond_need"),
    [
        (checked_forwarding(ipv4=True), 2, set()),
        # The routes, of IPv6 and of IPv4, which may be learnt from router advertisements.
        (checked_forwarding(ipv6=True), 4, set()),
        ({}, 2, OTHER_PROGRAMS | CAPABILITIES),
        (None, 2, OTHER_PROGRAMS),
    ],
    ids=["before a change", "before a change of IPv6", "a refresh", "before a delete"],
)
def test_what_is_declared_is_what_is_asked(
    desired: Mapping[str, Any] | None, trips: int, beyond_need: set[Request]
) -> None:
    machine = FakeMachine(files=FILES, printed=ROUTES)

    def look(host: Host) -> None:
        observe(clients(host), desired, {})

    taken = read_at_once(machine, READS, look)

    assert unneeded(machine, READS, look) == beyond_need
    assert len(taken) == trips, taken
