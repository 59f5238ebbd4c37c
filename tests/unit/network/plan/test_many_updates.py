"""Many changes that each make libvirt rebuild firewall rules: one restart does them, unless not wanted."""

from typing import Any

import pytest
from hypothesis import given
from tests.builders import checked, connect_to, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink
from tests.kinds import NETWORK_IN_KINDS, preview_lines
from tests.unit.strategies import networks

from virtnet.errors import Refused
from virtnet.network.live_items import MANY_UPDATES, rebuilds
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.plan.sections import section_updates
from virtnet.network.resource import NETWORK
from virtnet.network.tree import mode_of, network_tree
from virtnet.planning import lifecycle
from virtnet.planning.plan import ChangeClass
from virtnet.spec.part import UNKNOWN

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"


def network(reservations: int, **args: Any) -> dict[str, Any]:
    hosts = [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"10.9.0.{n + 10}"} for n in range(reservations)]
    ranges = [{"start": "10.9.0.200", "end": "10.9.0.250"}]
    ips = [{"address": "10.9.0.1/24", "dhcp": {"ranges": ranges, "hosts": hosts}}]
    return checked({"name": "lab", "uri": "qemu:///system", "forward": {}, "ips": ips, "__owner": "p/s/lab"}, **args)


class World:
    """A network with a number of reservations, and a guest on it."""

    def __init__(self, reservations: int = 0, **args: Any) -> None:
        self.host: FakeHost = network_host()
        self.libvirt = FakeLibvirt(links=self.host.net)
        self.connect = connect_to(self.libvirt, self.host)
        self.recorded = lifecycle.create(NETWORK, network(reservations, **args), self.connect, lambda line: None)
        mac = "52:54:00:00:01:01"
        self.libvirt.guests.append(FakeGuest(name="web", mac=mac, tap="vnet0", network="lab"))
        self.host.net.by_name["vnet0"] = FakeLink(mac="fe" + mac[2:])
        self.host.set_master("vnet0", "vn-lab")
        self.libvirt.effects.log.clear()

    def previewed(self, desired: dict[str, Any]) -> ChangeClass:
        changes = lifecycle.diff(NETWORK, self.recorded, desired, self.connect).changes
        return max(change.change_class for change in changes)

    def lines(self, desired: dict[str, Any]) -> str:
        changes = lifecycle.diff(NETWORK, self.recorded, desired, self.connect).changes
        return "\n".join(preview_lines(NETWORK_IN_KINDS, self.recorded, desired, self.connect, changes))

    def up(self, desired: dict[str, Any]) -> list[str]:
        """What was done of it to libvirt."""
        self.recorded = lifecycle.update(NETWORK_IN_KINDS, self.recorded, desired, self.connect, lambda line: None)
        return self.libvirt.effects.log


@pytest.mark.parametrize(
    ("before", "after", "chosen", "expected"),
    [
        pytest.param(0, MANY_UPDATES - 1, None, ChangeClass.LIVE, id="few"),
        pytest.param(0, MANY_UPDATES, None, ChangeClass.RESTART, id="many"),
        pytest.param(MANY_UPDATES, 0, None, ChangeClass.RESTART, id="many fewer"),
        pytest.param(0, MANY_UPDATES, "restart", ChangeClass.RESTART, id="as chosen"),
        pytest.param(0, MANY_UPDATES, "live", ChangeClass.LIVE, id="live as chosen"),
    ],
)
def test_many_changes_are_one_restart(before: int, after: int, chosen: str | None, expected: ChangeClass) -> None:
    args = {} if chosen is None else {"on_many_updates": chosen}
    world, desired = World(before, **args), network(after, **args)

    previewed, lines, done = world.previewed(desired), world.lines(desired), world.up(desired)

    restarts = expected is ChangeClass.RESTART
    assert previewed is expected
    assert ("stop" in done) is restarts
    assert (NoteKind.RESTARTED_FOR_MANY.name in lines) is restarts
    assert (NoteKind.ONE_RESTART_INSTEAD.name in lines) is (chosen == "live")
    assert (NoteKind.FIREWALL_REBUILT.name in lines) is not restarts
    assert not lifecycle.diff(NETWORK, world.recorded, desired, world.connect).changes


@pytest.mark.parametrize("mode", ["open", "bridge"])
def test_where_there_are_no_rules_nothing_is_rebuilt(mode: str) -> None:
    before, after = ({**network(count), "forward": {"mode": mode}} for count in (0, MANY_UPDATES))

    assert rebuilds(after, before) == 0


def test_a_network_of_the_hosts_interfaces_has_no_rules_to_rebuild() -> None:
    host = network_host()
    host.net.by_name |= {name: FakeLink(mac="52:54:00:00:00:01") for name in ("eth0", "eth1")}
    connect = connect_to(FakeLibvirt(links=host.net), host)
    one, both = (
        checked(
            {"name": "lab", "uri": "qemu:///system", "__owner": "p/s/lab"},
            forward={"mode": "bridge", "interfaces": [{"dev": name} for name in names]},
        )
        for names in (("eth0",), ("eth0", "eth1"))
    )
    recorded = lifecycle.create(NETWORK, one, connect, lambda line: None)
    changes = lifecycle.diff(NETWORK, recorded, both, connect).changes

    lines = preview_lines(NETWORK_IN_KINDS, recorded, both, connect, changes)

    assert [change.path for change in changes] == ["forward.interfaces[eth1]"]
    assert NoteKind.FIREWALL_REBUILT.name not in "\n".join(lines)


@given(networks(), networks())
def test_as_many_are_counted_as_are_made(before: dict[str, Any], after: dict[str, Any]) -> None:
    found, wanted = network_tree(checked(before)), network_tree(checked(after))
    updates = section_updates(UUID, (wanted, found), None)

    expected = sum(update.impact.rebuilds_firewall for update in updates)
    assert rebuilds(wanted, found) == (expected if mode_of(found) in ("", "nat", "route") else 0)


def test_a_reservation_that_is_known_only_when_applied_counts() -> None:
    before, after = network(0), network(MANY_UPDATES - 1)
    hosts = [*after["ips"][0]["dhcp"]["hosts"], UNKNOWN]

    assert rebuilds({**after, "ips": [{**after["ips"][0], "dhcp": {"hosts": hosts}}]}, before) == MANY_UPDATES + 1
    assert rebuilds({**after, "ips": [{**after["ips"][0], "dhcp": UNKNOWN}]}, before) == 0
    assert rebuilds({**after, "ips": UNKNOWN}, before) == 0


def test_a_restart_that_is_refused_says_how_to_do_without() -> None:
    world, desired = World(), network(MANY_UPDATES, on_restart="refuse")

    with pytest.raises(Refused, match="ON_RESTART_IS_REFUSE") as refused:
        world.up(desired)

    assert f"'updates': {MANY_UPDATES}" in str(refused.value)
    assert world.libvirt.effects.log == []


def test_what_was_reviewed_as_live_stays_live_with_the_drift_that_it_meets() -> None:
    world, desired = World(MANY_UPDATES), network(MANY_UPDATES + 1)
    others = network(0)
    lifecycle.update(NETWORK, world.recorded, {**others, "on_many_updates": "live"}, world.connect, lambda line: None)
    world.libvirt.effects.log.clear()

    lines = world.lines(desired)

    assert world.previewed(desired) is ChangeClass.LIVE
    assert NoteKind.ONE_RESTART_INSTEAD.name in lines
    assert "stop" not in world.up(desired)


def test_nobody_unseen_is_disconnected() -> None:
    world, desired = World(), network(MANY_UPDATES)

    lifecycle.update(NETWORK, world.recorded, desired, connect_to(world.libvirt), lambda line: None)

    assert "stop" not in world.libvirt.effects.log
    (report,) = world.libvirt.reports.values()
    assert str(report.live_xml).count("<host ") == MANY_UPDATES
