"""That what a PortForward declares to read of its host is what observing it asks, in few round trips.

Whoever changes a question changes port_forward.observe.reads too: a question that is not declared is a round trip more,
and what is declared but not asked is named here.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.declared_reads import read_at_once, unneeded
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.machine import FakeMachine
from tests.unit.port_forward.hosts import LAB_UUID, applied, at, checked, forwarding_host, lab

from virtnet.host.client import Host
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.reads import Request
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.observe.reads import READS
from virtnet.port_forward.restore.files import SERVICE

TABLE = ("inet", "virtnet_port_forwards")
OTHERS: set[Request] = {
    ("read", "/etc/ssh/sshd_config"),
    ("list", "/etc/ssh/sshd_config.d"),
    ("read", "/etc/ssh/sshd_config.d/50-port.conf"),
    ("run", "ss", "-Hlntu"),
    ("read", "/proc/sys/net/ipv4/ip_forward"),
    ("read", "/proc/sys/net/ipv6/conf/all/forwarding"),
}
CAPABILITIES: set[Request] = {("read", "/proc/self/status")}
AS_TEXT: set[Request] = {("run", "nft", "list", "ruleset")}
FIREWALL: set[Request] = {
    ("has", "iptables-save"),
    ("has", "ip6tables-save"),
    ("read", "/proc/net/route"),
    ("read", "/proc/net/ipv6_route"),
    ("read", "/proc/sys/net/bridge/bridge-nf-call-iptables"),
    ("read", "/proc/sys/net/bridge/bridge-nf-call-ip6tables"),
}


def machine(files: Mapping[str, str], listed: str | None) -> FakeMachine:
    tables = [{"table": {"family": TABLE[0], "name": TABLE[1], "handle": 1}}] if listed else []
    return FakeMachine(
        files={
            "/proc/self/status": "CapEff:\tffffffffffffffff\n",
            "/proc/sys/net/ipv4/ip_forward": "1\n",
            "/proc/sys/net/ipv6/conf/all/forwarding": "1\n",
            "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\n",
            "/etc/ssh/sshd_config.d/50-port.conf": "Port 22\n",
            "/run/systemd/system/x": "",
            **files,
        },
        printed={
            ("ip", "-json", "-brief", "address", "show"): "[]",
            ("ss", "-Hlntu"): "",
            ("nft", "-j", "list", "tables"): json.dumps({"nftables": tables}),
            ("nft", "-j", "list", "table", *TABLE): listed or "",
            ("nft", "list", "ruleset"): "",
            ("nft", "--json", "list", "ruleset"): '{"nftables": []}',
            ("iptables-save",): "",
            ("ip6tables-save",): "",
            ("sh", "/etc/virtnet/port-forwards.sh", "check"): "",
            (
                "systemctl",
                "show",
                "--property=UnitFileState,ActiveState",
                "--",
                SERVICE,
            ): "UnitFileState=\nActiveState=\n",
        },
    )


@pytest.mark.parametrize(
    ("desired", "is_there", "trips", "beyond_need"),
    [
        (checked(), False, 3, set()),
        (checked(), True, 3, set()),
        ({}, True, 3, OTHERS | CAPABILITIES | AS_TEXT),
        (None, True, 2, OTHERS | FIREWALL),
    ],
    ids=["before a create", "before an update", "a refresh", "before a delete"],
)
def test_what_is_declared_is_what_is_asked(
    desired: Mapping[str, Any] | None, is_there: bool, trips: int, beyond_need: set[Request]
) -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked()) if is_there else {}
    asked = machine(host.files.texts, host.nft_table(*TABLE))

    def look(client: Host) -> None:
        libvirt = FakeLibvirt(reports={LAB_UUID: lab()})
        observe(Clients(libvirt=libvirt, host=client), desired, recorded)

    taken = read_at_once(asked, READS, look)

    assert unneeded(asked, READS, look) == beyond_need
    assert len(taken) == trips, taken
