"""What stands against a network that takes another one's place: nothing that goes with that one."""

from typing import Any

import pytest
from tests import builders

from virtnet.network.observe.once_gone import once_gone
from virtnet.network.observed import HostReport, ObservedAbsent, ObservedNetwork, reported
from virtnet.network.plan.preflight import Findings, preflight
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.network.xml.write import with_owner_mark
from virtnet.planning.reports import HostAddress, HostRoute, ListeningSocket

OLD = reported(builders.network("old", "nat", "10.9.0.1/24", bridge="vn-lab"))
FAR = reported(builders.network("far", "nat", "10.8.0.1/24", bridge="vn-far"))
HOST = HostReport(
    links=(),
    names=frozenset({"lan0", "vn-lab", "vn-far"}),
    addresses=(
        HostAddress(interface="vn-lab", address="10.9.0.1/24"),
        HostAddress(interface="lan0", address="10.7.0.1/24"),
    ),
    routes=(
        HostRoute(destination="10.9.0.0/24", interface="vn-lab", gateway="", protocol="kernel"),
        HostRoute(destination="10.7.0.0/24", interface="lan0", gateway="", protocol="kernel"),
    ),
    listening_sockets=(ListeningSocket(protocol="udp", address="10.9.0.1", interface="", port=53),),
    missing_programs=(),
)
ABSENT = ObservedAbsent(uri="qemu:///system", host_uuid="", libvirt_version=0, others=(OLD, FAR), host=HOST)
THERE = ObservedNetwork(uri="qemu:///system", host_uuid="", libvirt_version=0, report=OLD, others=(FAR,), host=HOST)


def against(observed: Any, address: str, bridge: str) -> Findings:
    tree: Any = {"name": "new", "bridge": {"name": bridge}, "forward": {"mode": "nat"}, "ips": [{"address": address}]}
    return preflight(tree, once_gone(observed, {"uuid": OLD.uuid}), allow_overlap=False)


@pytest.mark.parametrize("observed", [ABSENT, THERE], ids=["under another name", "under the same"])
def test_what_goes_is_in_nobodys_way(observed: Any) -> None:
    assert against(observed, "10.9.0.1/24", "vn-lab") == Findings()


@pytest.mark.parametrize("observed", [ABSENT, THERE], ids=["under another name", "under the same"])
@pytest.mark.parametrize(
    ("address", "bridge"),
    [("10.8.0.1/24", "vn-lab"), ("10.7.0.9/24", "vn-lab"), ("10.9.0.1/24", "vn-far"), ("10.9.0.1/24", "lan0")],
    ids=["another network's subnet", "the host's subnet", "another network's bridge", "the host's interface"],
)
def test_what_stays_is(observed: Any, address: str, bridge: str) -> None:
    assert len(against(observed, address, bridge).refusals) == 1


def test_a_bridge_of_the_hosts_own_stays() -> None:
    on_it = reported(builders.network("old", "bridge", bridge="br0"))
    observed = ABSENT._replace(others=(on_it, FAR), host=HOST._replace(names=frozenset({"lan0", "br0"})))

    left = once_gone(observed, {"uuid": on_it.uuid}).host

    assert left is not None
    assert "br0" in left.names


def test_only_libvirts_word_on_interfaces_is_read_likewise() -> None:
    observed = ABSENT._replace(host=None, interface_names=frozenset({"lan0", "vn-lab"}))

    assert once_gone(observed, {"uuid": OLD.uuid}).interface_names == frozenset({"lan0"})


@pytest.mark.parametrize(
    ("recorded", "stays"),
    [
        ({"on_delete": "keep"}, True),
        ({"adopted_from": {"xml": "<network/>"}}, True),
        ({"adopted_from": {"xml": "<network/>"}, "on_delete": "restore"}, True),
        ({"adopted_from": {"xml": "<network/>"}, "on_delete": "refuse"}, False),
        ({"on_delete": "disconnect"}, False),
    ],
)
def test_what_a_delete_leaves_stays_in_the_way(recorded: dict[str, Any], *, stays: bool) -> None:
    left = once_gone(ABSENT, {"uuid": OLD.uuid, **recorded})

    assert (OLD.name in {one.name for one in left.others}) is stays


MARK = OwnerMark("shop/dev/lab", "urn:lab", "0123456789abcdef")

MARKED = OLD._replace(config=definition(with_owner_mark(OLD.definition, MARK)))


def test_what_is_kept_is_nobodys_then() -> None:
    recorded = {"uuid": OLD.uuid, "__token": MARK.token, "on_delete": "keep"}

    left = once_gone(THERE._replace(report=MARKED), recorded)

    assert isinstance(left, ObservedNetwork)
    assert left.report.definition.mark is None


@pytest.mark.parametrize(
    "recorded",
    [{"__token": MARK.token, "host_uuid": "of another host"}, {"__token": "fedcba9876543210"}],
    ids=["another host's network", "another owner's network"],
)
def test_what_a_delete_does_not_touch_stays(recorded: dict[str, Any]) -> None:
    observed = THERE._replace(report=MARKED, host_uuid="of this host")

    assert once_gone(observed, {"uuid": OLD.uuid, **recorded}) is observed


def test_nothing_is_taken_away_where_what_is_recorded_is_not_there() -> None:
    assert once_gone(ABSENT, {"uuid": "another"}) is ABSENT
