"""What the doctor finds of each network, of what restarts left over, and of bridges that no network has."""

import uuid as uuids

import pytest
from tests.unit.commands.doctor.reports import (
    DNSMASQ_GONE,
    HELD,
    HOST,
    NAMES_FORWARD,
    OTHER_UUID,
    OWNER,
    RECORD_LEFT,
    TAP,
    UUID,
    beside_ok,
    link,
    network,
    report,
)

from virtnet.commands.doctor.finding import Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.networks import networks
from virtnet.network.names import holding_uuid
from virtnet.network.observed import AutostartObstacle, Loose, Misplaced, ObservedNetwork
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.xml.definition import definition
from virtnet.planning.findings import Problem, Refusal

ELSEWHERE = Loose(misplaced=(Misplaced(TAP, on="vbn2", home="vbn1", network="n1"),))
PROBLEM, NOTE = Level.PROBLEM, Level.NOTE
DNSMASQ_MISSING = HOST._replace(missing_programs=("dnsmasq",))


def beside_ok_of(*seen: ObservedNetwork) -> list[Finding]:
    return [finding for finding in networks(report(networks=seen)) if finding.level is not Level.OK]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (network(), []),
        (network(problems=(DNSMASQ_GONE,)), [(PROBLEM, FindingKind.NETWORK_PROBLEM)]),
        (network(problems=(RECORD_LEFT,)), [(PROBLEM, FindingKind.NETWORK_PROBLEM)]),
        (network(metadata=OWNER.format("")), []),
        (network(metadata=NAMES_FORWARD), [(NOTE, FindingKind.NETWORK_NOTE)]),
        (network()._replace(loose=ELSEWHERE), [(NOTE, FindingKind.NETWORK_NOTE)]),
        (network(metadata=OWNER.format(" phase='first definition'")), [(PROBLEM, FindingKind.NETWORK_HALF_MADE)]),
        (network(persistent=False), [(NOTE, FindingKind.NETWORK_TRANSIENT)]),
        (network(persistent=False, metadata=OWNER.format("")), [(NOTE, FindingKind.OUR_NETWORK_TRANSIENT)]),
        (
            network("virtnet-holding-1", "", metadata=HELD, attachments=(TAP,), uuid=OTHER_UUID),
            [(PROBLEM, FindingKind.HOLDING_NETWORK_ORPHANED)],
        ),
        (network()._replace(host=DNSMASQ_MISSING), [(PROBLEM, FindingKind.NETWORK_DOES_NOT_START_AGAIN)]),
        (network(active=False)._replace(host=DNSMASQ_MISSING), [(PROBLEM, FindingKind.NETWORK_DOES_NOT_START)]),
        (
            network(active=False, autostart=False)._replace(host=DNSMASQ_MISSING),
            [(NOTE, FindingKind.NETWORK_DOES_NOT_START)],
        ),
    ],
)
def test_finds(found: ObservedNetwork, expected: list[tuple[Level, FindingKind]]) -> None:
    assert beside_ok(networks(report(networks=(found,)))) == expected


@pytest.mark.parametrize("problem", [DNSMASQ_GONE, RECORD_LEFT])
def test_passes_on_the_problems_of_a_network(problem: Problem) -> None:
    (finding,) = beside_ok_of(network(problems=(problem,)))

    assert finding.cause == problem
    assert finding.details == {"network": "n1"}


def test_passes_on_what_speaks_against_a_start() -> None:
    (finding,) = beside_ok_of(network(active=False)._replace(host=DNSMASQ_MISSING))

    assert finding.cause == Refusal(RefusalKind.DNSMASQ_MISSING)


def test_says_what_a_network_is_and_who_is_on_it() -> None:
    (finding,) = networks(report(networks=(network(metadata=OWNER.format(""), attachments=(TAP,)),)))

    assert finding.kind is FindingKind.NETWORK
    assert finding.data == {
        "name": "n1",
        "uuid": UUID,
        "active": True,
        "autostart": True,
        "persistent": True,
        "mode": "nat",
        "bridge": "vbn1",
        "addresses": ["10.9.1.1/24"],
        "owner": "p/s/n1",
        "adopted": False,
        "plugged_in": [{"guest": "web", "interface": "vnet0", "mac": ""}],
    }


def test_names_the_network_that_a_holding_network_is_of_and_who_waits() -> None:
    held = network("virtnet-holding-1", "", metadata=HELD, attachments=(TAP,), uuid=holding_uuid(UUID))

    (finding,) = beside_ok_of(network(), held)

    assert (finding.level, finding.kind) == (PROBLEM, FindingKind.HOLDING_NETWORK_LEFT)
    assert finding.data == {"name": "virtnet-holding-1", "waiting": [TAP.as_details()]}
    assert finding.details == {"network": "n1"}


def test_names_the_owner_of_a_half_made_network() -> None:
    (finding,) = beside_ok_of(network(metadata=OWNER.format(" phase='first definition'")))

    assert finding.data == {"owner": "p/s/n1"}
    assert finding.details == {"network": "n1"}


def test_names_autostart_whose_link_is_gone() -> None:
    found = report(networks=(network(autostart=False),), reported_autostart=frozenset({UUID}))

    assert beside_ok(networks(found)) == [(PROBLEM, FindingKind.AUTOSTART_LINK_MISSING)]


@pytest.mark.parametrize(
    ("obstacle", "level", "kind"),
    [
        (AutostartObstacle.DANGLING, PROBLEM, FindingKind.AUTOSTART_LINK_DANGLES),
        (AutostartObstacle.OTHER, PROBLEM, FindingKind.AUTOSTART_PLACE_TAKEN),
        (AutostartObstacle.UNKNOWN_TO_LIBVIRT, NOTE, FindingKind.AUTOSTART_UNKNOWN_TO_LIBVIRT),
    ],
)
@pytest.mark.parametrize("said", [frozenset({UUID}), frozenset()])
def test_names_what_stands_in_the_place_of_an_autostart_link(
    obstacle: AutostartObstacle, level: Level, kind: FindingKind, said: frozenset[str]
) -> None:
    found = report(networks=(network(autostart_obstacle=obstacle),), reported_autostart=said)

    assert beside_ok(networks(found)) == [(level, kind)]


def test_names_bridges_that_no_network_has() -> None:
    links = [link(name) for name in ("vbn1", "vn-old", "virbr7", "br0")]
    host = HOST._replace(links=(*links, link("tap0", "tun", "vn-old")))

    used, unused = (one for one in networks(report(networks=(network(),), host=host)) if one.level is not Level.OK)

    assert (used.level, used.kind) == (NOTE, FindingKind.BRIDGE_LEFT_IN_USE)
    assert used.data == {"bridge": "vn-old", "ports": ["tap0"]}
    assert (unused.level, unused.kind) == (NOTE, FindingKind.BRIDGE_LEFT)
    assert unused.data == {"bridge": "virbr7", "ports": []}


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
def test_warns_before_inotify_instances_run_out(count: int, limit: int | None, dns: str, warns: bool) -> None:
    one = network()
    said = definition(one.report.running.xml.replace("<ip ", f"{dns}<ip "))
    many = [
        one._replace(report=one.report._replace(uuid=str(uuids.UUID(int=number)), live=said, config=said))
        for number in range(count)
    ]

    found = [
        finding
        for finding in networks(report(networks=tuple(many), inotify_instances=limit))
        if finding.kind is FindingKind.INOTIFY_INSTANCES_RUN_OUT
    ]

    assert [finding.data for finding in found] == ([{"networks": count, "limit": limit}] if warns else [])
