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
from tests.unit.port_forward.hosts import ADDRESSES, LAB_UUID, applied, at, checked, forwarding_host, lab

from virtnet.host.client import Host, Listings
from virtnet.host.reads import RecentAnswers
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.reads import Request
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.observe.reads import FEW, READS, READS_BEFORE_DELETE
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import SERVICE
from virtnet.spec.part import as_group, as_list

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


#: As systemctl has a service that it does not know, and one that runs and is started at boot.
NOT_INSTALLED, RUNNING = "UnitFileState=\nActiveState=\n", "UnitFileState=enabled\nActiveState=active\n"
#: As `ip` has it, of the addresses that the host in memory has.
HELD = {
    "ifname": "eth0",
    "addr_info": [dict(zip(("local", "prefixlen"), one.split("/"), strict=True)) for one in ADDRESSES],
}


def machine(
    files: Mapping[str, str], listed: str | None, service: str = "UnitFileState=\nActiveState=\n"
) -> FakeMachine:
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
            ("ip", "-json", "-brief", "address", "show"): json.dumps([HELD]),
            ("ss", "-Hlntu"): "",
            ("nft", "-j", "list", "tables"): json.dumps({"nftables": tables}),
            ("nft", "-j", "list", "table", *TABLE): listed or "",
            ("nft", "--json", "list", "ruleset"): '{"nftables": []}',
            ("iptables-save",): "",
            ("ip6tables-save",): "",
            ("sh", "/etc/virtnet/port-forwards.sh", "check"): "",
            ("systemctl", "show", "--property=UnitFileState,ActiveState", "--", SERVICE): service,
        },
    )


@pytest.mark.parametrize(
    ("desired", "is_there", "trips", "beyond_need"),
    [
        (checked(), False, 3, set()),
        (checked(), True, 3, set()),
        ({}, True, 3, OTHERS | CAPABILITIES),
    ],
    ids=["before a create", "before an update", "a refresh"],
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


ANOTHER = checked(__owner="project/stack/shop", __urn="urn:another", ports=[{"protocol": "tcp", "listen_port": "9090"}])


@pytest.mark.parametrize(
    ("others", "trips", "programs"),
    [
        ([ANOTHER], 2, {"nft"}),
        ([], 6, {"nft", "ip", "sh", "systemctl"}),
        ([{**ANOTHER, "target_address": "fd00:123::50"}], 6, {"nft", "ip", "sh", "systemctl"}),
    ],
    ids=["another one needs the link", "the last one", "another one needs another link"],
)
def test_before_a_delete_no_more_is_asked_than_goes(
    others: list[Mapping[str, Any]], trips: int, programs: set[str]
) -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked())
    for other in others:
        applied(at(host), other)
    asked = machine(host.files.texts, host.nft_table(*TABLE), RUNNING)

    def look(client: Host) -> None:
        observe(Clients(libvirt=FakeLibvirt(reports={LAB_UUID: lab()}), host=client), None, recorded)

    taken = read_at_once(asked, READS_BEFORE_DELETE, look)

    assert unneeded(asked, READS_BEFORE_DELETE, look) == set()
    assert {program.split()[0] for program in asked.programs} == programs
    assert len(taken) <= trips, taken


def some_forwards(count: int) -> tuple[FakeMachine, list[dict[str, Any]], lifecycle.Connect]:
    """A host with so many forwards, what is recorded of them, and how a process that refreshes them reaches it."""
    host, recorded = forwarding_host(), []
    for number in range(count):
        ports = [{"protocol": "tcp", "listen_port": str(8000 + number)}]
        owner = {"__owner": f"project/stack/web{number}", "__urn": f"urn:pulumi:s::p::t::web{number}"}
        recorded.append(applied(at(host), checked(ports=ports, **owner)))
    asked = machine(host.files.texts, host.nft_table(*TABLE), RUNNING)
    recent, listings = RecentAnswers(), Listings()

    def connect(_uri: str) -> Clients:
        client = Host(asked, recent=recent, listings=listings)
        return Clients(libvirt=FakeLibvirt(reports={LAB_UUID: lab()}), host=client, host_cache=client)

    return asked, recorded, connect


def test_a_refresh_of_many_runs_each_program_once() -> None:
    asked, recorded, connect = some_forwards(2 * FEW)

    assert [lifecycle.read(PORT_FORWARD, one, connect) for one in recorded] == recorded

    assert len(asked.programs) == len(set(asked.programs))
    assert "nft -j list table inet virtnet_port_forwards" in asked.programs
    files = [request for request in asked.asked if request[-1].endswith(".nft") and "port-forwards/" in request[-1]]
    assert len(files) == len(recorded)


def test_what_is_amiss_in_a_shared_look_is_looked_for_once_more() -> None:
    asked, recorded, connect = some_forwards(3)
    lifecycle.read(PORT_FORWARD, recorded[0], connect)
    listing = ("nft", "-j", "list", "table", *TABLE)
    was, asked.printed[listing] = asked.printed[listing], json.dumps({"nftables": []})
    asked.trips.clear()

    # By what was said a moment ago both are there, and of the second the file is not.
    assert lifecycle.read(PORT_FORWARD, recorded[1], connect) == recorded[1]
    del asked.files[f"/etc/virtnet/port-forwards/{recorded[2]['__forward']}.nft"]
    found = lifecycle.read(PORT_FORWARD, recorded[2], connect)

    assert found is not None
    assert {as_group(one)["kind"] for one in as_list(found["problems"])} == {"record-missing", "rules-missing"}
    assert asked.programs.count(" ".join(listing)) == 1
    asked.printed[listing] = was
