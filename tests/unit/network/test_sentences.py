"""No sentence decides anything: with each replaced by its kind's name, plans, hosts and states are the same.

The names are sealed as well: whoever looks into one, cuts it or searches it fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost, FakeRouting, FakeSockets
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink
from tests.kinds import preview_lines
from tests.unit.network.messages.test_problems import PROBLEMS
from tests.unit.strategies import networks

from virtnet.errors import ApplyFailed, VirtnetError
from virtnet.network.observed import Observed, ObservedAbsent
from virtnet.network.resource import NETWORK
from virtnet.network.xml.read import RESTART_ITEM
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Advice, Messages, Problem, Refusal, problem_details
from virtnet.planning.plan import Plan
from virtnet.planning.reports import HostAddress, HostRoute, ListeningSocket
from virtnet.planning.resource import Resource
from virtnet.spec.part import Values

pytestmark = pytest.mark.fuzz

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
BRIDGE = "vn-lab"
OURS, OTHERS = "project/stack/lab", "project/stack/other"
LAB: dict[str, Any] = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24"}, {"address": "fd00:9::1/64"}],
}
MANY_RESERVATIONS = {"hosts": [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"10.9.0.{n + 10}"} for n in range(20)]}


def _taken_apart(*_: object, **__: object) -> Any:
    raise AssertionError("a sentence was looked into")


_LOOKS_INTO = """
    startswith endswith split rsplit splitlines partition rpartition replace find rfind index rindex count removeprefix
    removesuffix strip lstrip rstrip __contains__ __getitem__ __iter__
"""

Sealed: Any = type("Sealed", (str,), dict.fromkeys(_LOOKS_INTO.split(), _taken_apart))


def kinds() -> Messages:
    """Kinds by their names, instead of sentences."""

    def advice(refusal: Refusal) -> Advice:
        return Advice(Sealed(refusal.kind.name))

    return Messages(
        sentence=lambda message: Sealed(message.kind.name),
        advice=advice,
        failure=lambda failure: Sealed(failure.kind.name),
        replacement=Sealed("REPLACEMENT"),
    )


class World:
    """A libvirt and a host in memory, and everything that was planned, done and recorded there."""

    def __init__(
        self,
        messages: Callable[[], Messages],
        *,
        only_libvirt: bool = False,
        host: FakeHost | None = None,
        libvirt: FakeLibvirt | None = None,
    ) -> None:
        self.host = host or network_host()
        self.libvirt = libvirt or FakeLibvirt(links=self.host.net)
        self.clients = Clients(libvirt=self.libvirt, host=None if only_libvirt else self.host)
        self.plans: list[Plan] = []
        self.trace: list[object] = []
        self.network: Resource[Observed] = replace(NETWORK, plan=self._plan, observe=self._observe, messages=messages)

    def _plan(self, desired: Values | None, recorded: Values | None, observed: Observed | None) -> Plan:
        self.plans.append(NETWORK.plan(desired, recorded, observed))
        return self.plans[-1]

    def _observe(self, clients: Clients, desired: Values | None, recorded: Values) -> Observed:
        seen = NETWORK.observe(clients, desired, recorded)
        if isinstance(seen, ObservedAbsent):
            return seen._replace(fresh_uuid=UUID, fresh_token="a-token")
        return seen._replace(fresh_token="a-token")

    def connect(self, uri: str) -> Clients:
        return self.clients

    def up(self, recorded: Any, owner: str = OURS, **inputs: Any) -> Any:
        """Preview and apply, as Pulumi does; the outputs, or what is recorded where it fails."""
        desired, failures = NETWORK.check({**LAB, "__owner": owner, **inputs}, recorded or {})
        assert failures == []
        if recorded is None:
            self._shown(None, desired)
            return self._outcome(lambda: lifecycle.create(self.network, desired, self.connect, _silent))
        self._shown(recorded, desired)
        done = self._outcome(lambda: lifecycle.update(self.network, recorded, desired, self.connect, _silent))
        return done or recorded

    def _shown(self, recorded: Any, desired: Values) -> None:
        changes = () if recorded is None else lifecycle.diff(self.network, recorded, desired, self.connect).changes
        lines = preview_lines(self.network, recorded, desired, self.connect, changes)
        self.trace.append((changes, len(lines)))

    def refresh(self, recorded: Any) -> Any:
        return self._outcome(lambda: lifecycle.read(self.network, recorded, self.connect))

    def destroy(self, recorded: Any) -> None:
        self._outcome(lambda: lifecycle.delete(self.network, recorded, self.connect, _silent))

    def _outcome(self, act: Callable[[], Any]) -> Any:
        """What an operation gives, which is traced with the host as it leaves it."""
        try:
            outputs, failure = act(), None
        except ApplyFailed as error:
            outputs, failure = error.outputs, (type(error).__name__, len(error.left))
        except VirtnetError as error:
            outputs, failure = None, (type(error).__name__, 0)
        links = {name: (link.master, link.up, link.settings) for name, link in self.host.net.by_name.items()}
        guests = [(guest.network, guest.link) for guest in self.libvirt.guests]
        self.trace.append((outputs, failure, self.libvirt.snapshot(), list(self.libvirt.effects.log), links, guests))
        return outputs

    def plug_in(self) -> None:
        """A guest, and a link that libvirt knows nothing of."""
        self.libvirt.guests.append(FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet0", network="lab"))
        self.host.net.by_name["vnet0"] = FakeLink(mac="fe:54:00:00:00:01")
        self.host.net.by_name["veth1"] = FakeLink(mac="02:00:00:00:00:01")
        for name in ("vnet0", "veth1"):
            self.host.set_master(name, BRIDGE)


def _silent(line: str) -> None:
    """Nobody reads."""


def both(story: Callable[[World], None], *, only_libvirt: bool = False) -> None:
    """A story is the same, whatever the sentences say."""
    told = World(NETWORK.messages, only_libvirt=only_libvirt)
    sealed = World(kinds, only_libvirt=only_libvirt)
    story(told)
    story(sealed)
    assert sealed.plans == told.plans
    assert sealed.trace == told.trace


EDITS: Mapping[str, dict[str, Any]] = {
    "nothing": {},
    "live": {"dns": {"txts": [{"name": "a", "value": "b"}]}},
    "restart": {"domain": {"name": "lab"}},
    "other addresses": {"ips": [{"address": "10.10.0.1/24"}]},
    "inactive": {"active": False},
    "cut off": {"active": False, "on_delete": "disconnect"},
    "restart refused": {"domain": {"name": "lab"}, "on_restart": "refuse"},
    "many updates": {"ips": [{**LAB["ips"][0], "dhcp": MANY_RESERVATIONS}, LAB["ips"][1]]},
    "the host's bridge": {"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}, "ips": []},
    "another bridge": {"bridge": {"name": "vn-new"}},
    "no bridge": {"forward": {"mode": "passthrough", "interfaces": [{"dev": "eth0"}]}, "ips": []},
    "virtual port": {"virtual_port": {"type": "openvswitch"}},
    "DHCPv6": {"ips": [LAB["ips"][0], {**LAB["ips"][1], "dhcp": {"hosts": [{"ip": "fd00:9::5", "name": "five"}]}}]},
    "no DNS": {"dns": {"enable": False}},
    "another name": {"name": "far"},
}


@pytest.mark.parametrize("only_libvirt", [False, True], ids=["host", "only libvirt"])
@pytest.mark.parametrize("guests", [False, True], ids=["alone", "with guests"])
@pytest.mark.parametrize("edit", EDITS)
def test_edits(edit: str, guests: bool, only_libvirt: bool) -> None:
    def story(world: World) -> None:
        recorded = world.up(None)
        if guests:
            world.plug_in()
        recorded = world.up(recorded, **EDITS[edit])
        world.destroy(world.refresh(recorded) or recorded)
        world.destroy({**recorded, "on_delete": "keep"})
        world.destroy({**recorded, "on_delete": "disconnect"})

    both(story, only_libvirt=only_libvirt)


def _change_live(world: World, old: str, new: str) -> None:
    report = world.libvirt.reports[UUID]
    world.libvirt.reports[UUID] = report._replace(live_xml=(report.live_xml or "").replace(old, new))


HARM: Mapping[str, Callable[[World], None]] = {
    "bridge deleted": lambda world: world.host.net.remove_bridge(BRIDGE),
    "bridge down": lambda world: world.host.net.bridges[BRIDGE].update(flags="0x1002"),
    "another interface": lambda world: world.host.net.bridges[BRIDGE].update(address="02:00:00:00:00:02"),
    "VLANs by hand": lambda world: world.host.net.bridges[BRIDGE].update(vlan_filtering="1"),
    "dnsmasq's restart cut short": lambda world: _change_live(
        world, "</network>", f"<dns>{RESTART_ITEM}</dns></network>"
    ),
    "stopped": lambda world: world.libvirt.stop_network(UUID),
    "undefined": lambda world: world.libvirt.undefine_network(UUID),
    "not started at boot": lambda world: world.libvirt.set_autostart(UUID, False),
    "drifted": lambda world: _change_live(world, "10.9.0.1", "10.9.0.2"),
    "gone": lambda world: world.libvirt.reports.clear(),
}


@pytest.mark.parametrize("guests", [False, True], ids=["alone", "with guests"])
@pytest.mark.parametrize("edit", ["nothing", "live", "restart", "inactive"])
@pytest.mark.parametrize("harm", HARM)
def test_drift(harm: str, edit: str, guests: bool) -> None:
    def story(world: World) -> None:
        recorded = world.up(None)
        if guests:
            world.plug_in()
        HARM[harm](world)
        world.up(recorded, **EDITS[edit])
        seen = world.refresh(recorded)
        recorded = world.up(seen or recorded, **EDITS[edit])
        world.destroy(recorded)

    both(story)


def odd_host() -> FakeHost:
    """A host on which little is as a network needs it."""
    host = network_host()
    host.routing = FakeRouting(
        held_addresses=(
            HostAddress(interface="lan0", address="10.9.0.200/16"),
            HostAddress(interface=BRIDGE, address="192.0.2.7/24"),
        ),
        held_routes=(
            HostRoute(destination="10.9.0.0/25", interface="wg0", gateway="", protocol="static"),
            HostRoute(destination="10.0.0.0/8", interface="lan0", gateway="192.0.2.1", protocol="static"),
        ),
    )
    dns = ListeningSocket(protocol="udp", address="*", interface="", port=53)
    host.sockets = FakeSockets(listening=(dns,), dhcp_is_free=False)
    host.programs, host.privileges.is_root = set(), False
    return host


@pytest.mark.parametrize("allow_overlap", [False, True])
@pytest.mark.parametrize("edit", EDITS)
def test_a_host_that_speaks_against_it(edit: str, allow_overlap: bool) -> None:
    def story(world: World) -> None:
        odd = World(world.network.messages, host=odd_host(), libvirt=FakeLibvirt(daemon_version=9_000_000))
        odd.up(None, **{"allow_overlap": allow_overlap, "title": "new", **EDITS[edit]})
        recorded = world.up(None)
        world.plug_in()
        odd.libvirt.net.reports, odd.host.net.bridges = world.libvirt.reports, world.host.net.bridges
        odd.host.net.by_name = world.host.net.by_name
        odd.up(None, name="far", allow_overlap=allow_overlap)
        odd.up(recorded, **EDITS[edit])
        world.plans += odd.plans
        world.trace += odd.trace

    both(story)


RECORDED = [problem_details(Problem(kind, details)) for kind, examples in PROBLEMS.items() for details in examples]


@pytest.mark.parametrize("edit", ["nothing", "live", "restart", "inactive"])
@pytest.mark.parametrize("problem", [*RECORDED, "a sentence that 0.1.0 recorded"], ids=str)
def test_recorded_problems(problem: object, edit: str) -> None:
    def story(world: World) -> None:
        recorded = {**world.up(None), "problems": [problem]}
        world.plug_in()
        world.up(recorded, **EDITS[edit])
        world.refresh(recorded)

    both(story)


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("broken", range(10))
def test_faults(broken: int, after_effect: bool) -> None:
    def story(world: World) -> None:
        world.libvirt.effects.fail_at, world.libvirt.effects.fail_after = broken, after_effect
        recorded = world.up(None)
        world.libvirt.effects.fail_at, world.libvirt.effects.log = None, []
        recorded = world.up(recorded)
        world.plug_in()
        world.libvirt.effects.fail_at, world.libvirt.effects.log = broken, []
        recorded = world.up(recorded, **EDITS["restart"])
        world.libvirt.effects.fail_at = None
        world.up(recorded, **EDITS["restart"])

    both(story)


@pytest.mark.parametrize("killed_after", range(1, 9))
def test_kills(killed_after: int) -> None:
    def story(world: World) -> None:
        recorded = world.up(None)
        world.plug_in()
        desired, _ = NETWORK.check({**LAB, "__owner": OURS, **EDITS["restart"]}, recorded)
        whole = NETWORK.plan(desired, recorded, world.network.observe(world.clients, desired, recorded))
        for step in whole.steps[:killed_after]:
            step.execute(world.clients)
        world.destroy(recorded)
        world.up(recorded, **EDITS["inactive"])
        world.up(world.refresh(recorded), **EDITS["restart"])

    both(story)


@pytest.mark.parametrize("killed_after", range(1, 4))
def test_a_create_that_was_killed(killed_after: int) -> None:
    def story(world: World) -> None:
        desired, _ = NETWORK.check({**LAB, "__owner": OURS, "uuid": UUID}, {})
        whole = NETWORK.plan(desired, None, world.network.observe(world.clients, desired, {}))
        for step in whole.steps[:killed_after]:
            step.execute(world.clients)
        world.up(None, owner=OTHERS)
        world.up(None, uuid=UUID.replace("6", "7"))
        world.up(None)

    both(story)


@pytest.mark.parametrize("edit", ["nothing", "live", "restart", "inactive"])
@pytest.mark.parametrize("on_delete", [None, "restore", "refuse", "disconnect", "keep"])
def test_adoption(on_delete: str | None, edit: str) -> None:
    def story(world: World) -> None:
        world.destroy({**world.up(None), "on_delete": "keep"})
        policy = {} if on_delete is None else {"on_delete": on_delete}
        world.up(None, **EDITS[edit])
        recorded = world.up(None, adopt=True, **EDITS[edit], **policy)
        world.up(None, owner=OTHERS, adopt=True)
        world.libvirt.set_autostart(UUID, False)
        world.destroy(recorded)

    both(story)


@given(networks(), networks(), st.one_of(st.none(), st.integers(0, 9)), st.booleans())
def test_generated_networks(
    before: dict[str, Any], after: dict[str, Any], broken: int | None, after_effect: bool
) -> None:
    def story(world: World) -> None:
        recorded = world.up(None, **before)
        world.libvirt.effects.log, world.libvirt.effects.fail_at, world.libvirt.effects.fail_after = (
            [],
            broken,
            after_effect,
        )
        recorded = world.up(recorded, **after)
        world.libvirt.effects.fail_at = None
        world.destroy(world.refresh(recorded) or recorded)

    both(story)
