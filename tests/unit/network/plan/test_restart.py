"""A restart with guests plugged in, on a libvirt and a host in memory: broken at every step, killed after each."""

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders import checked, connect_to, network_host, observe_there
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink
from tests.fakes.systemd import FakeNftTables
from tests.kinds import NETWORK_IN_KINDS, preview_lines, said

from virtnet.errors import Refused, VirtnetError
from virtnet.network.names import holding_bridge, holding_name
from virtnet.network.observed import StandInObstacle
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.resource import NETWORK
from virtnet.network.steps.holding import Reattach
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note
from virtnet.planning.reports import Attachment, Obstacle, ObstacleKind
from virtnet.spec.failures import Details

NAT = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24"}],
    "port_groups": [{"name": "fast"}],
    "__owner": "project/stack/lab",
}
BRIDGE = "vn-lab"


def a_host() -> tuple[FakeLibvirt, FakeHost, lifecycle.Connect]:
    host = network_host()
    listed_a_moment_ago(host, "")
    libvirt = FakeLibvirt(links=host.net)
    return libvirt, host, connect_to(libvirt, host)


def listed_a_moment_ago(host: FakeHost, rules: str) -> None:
    """What tells whether connections stay tracked; what the network itself lacks in it is looked for once more."""
    host.firewall.earlier = {**host.firewall.listings, "iptables-save": rules}


def with_guests(libvirt: FakeLibvirt, host: FakeHost) -> None:
    """Two guests, and a container's link with a setting of its own and its carrier down."""
    for number, group in ((1, "fast"), (2, "")):
        mac = f"52:54:00:00:00:0{number}"
        libvirt.guests.append(
            FakeGuest(name=f"g{number}", mac=mac, tap=f"vnet{number}", network="lab", portgroup=group)
        )
        host.net.by_name[f"vnet{number}"] = FakeLink(mac="fe" + mac[2:])
        host.set_master(f"vnet{number}", BRIDGE)
    host.net.by_name["veth1"] = FakeLink(mac="02:00:00:00:00:01", up=False)
    host.set_master("veth1", BRIDGE)
    host.write_attribute("/sys/class/net/veth1/brport/isolated", "1")


def with_nftables(host: FakeHost, rules: str = "") -> list[str]:
    """A host with nftables and these rules of iptables; the commands of nft that it is given."""
    loaded: list[str] = []
    host.firewall.earlier = {"iptables-save": rules, "ip6tables-save": "", "nft-json": '{"nftables": []}'}
    host.nft_tables = FakeNftTables(host.effects, lambda family, name: None, loaded.append)
    return loaded


def plugged(libvirt: FakeLibvirt, host: FakeHost) -> Any:
    """Everything about who is plugged in where."""
    return (
        [(g.name, g.network, g.port, g.link, g.portgroup) for g in libvirt.guests],
        {name: (link.master, link.up, dict(link.settings), link.mtu) for name, link in host.net.by_name.items()},
        host.net.bridges.get(BRIDGE, {}).get("stp_state"),
        host.firewall.tracking,
    )


def created(libvirt: FakeLibvirt, host: FakeHost, connect: lifecycle.Connect, **args: Any) -> dict[str, Any]:
    recorded = lifecycle.create(NETWORK, checked(NAT, **args), connect, lambda line: None)
    with_guests(libvirt, host)
    libvirt.effects.log.clear()
    return recorded


def test_a_restart_plugs_everything_in_as_it_was() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    before = plugged(libvirt, host)

    shown = lifecycle.update(NETWORK, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)

    assert libvirt.effects.log.count("stop") == 2  # the network, then the park
    assert plugged(libvirt, host) == before
    assert [report.name for report in libvirt.reports.values()] == ["lab"]
    assert shown["problems"] == []


@pytest.mark.parametrize(
    ("rules", "edit", "tracked", "told"),
    [
        pytest.param("", {"mtu": 1400}, True, False, id="nothing else tracks"),
        pytest.param("-A INPUT -m conntrack --ctstate NEW", {"mtu": 1400}, False, False, id="others do"),
        pytest.param("", {"forward": {"mode": "route"}}, False, True, id="nothing translates afterwards"),
        pytest.param("", {"ips": [{"address": "10.10.0.1/24"}]}, False, True, id="guests get other addresses"),
    ],
)
def test_connections_are_tracked_where_that_keeps_them(
    rules: str, edit: dict[str, Any], *, tracked: bool, told: bool
) -> None:
    libvirt, host, connect = a_host()
    listed_a_moment_ago(host, rules)
    recorded, desired = created(libvirt, host, connect), checked(NAT, **edit)
    lines = preview_lines(
        NETWORK_IN_KINDS, recorded, desired, connect, lifecycle.diff(NETWORK, recorded, desired, connect).changes
    )

    lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert [effect for effect in host.effects.log if "track" in effect] == (
        ["track connections", "stop tracking"] if tracked else []
    )
    assert any(said(Note(NoteKind.CONNECTIONS_RESET)) in line for line in lines) is told


def test_the_preview_names_everyone_and_says_for_how_long() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})

    lines = preview_lines(
        NETWORK_IN_KINDS, recorded, desired, connect, lifecycle.diff(NETWORK, recorded, desired, connect).changes
    )

    attachments = [
        {"owner": "", "interface": "veth1", "mac": "02:00:00:00:00:01"},
        {"owner": "g1", "interface": "vnet1", "mac": "52:54:00:00:00:01"},
        {"owner": "g2", "interface": "vnet2", "mac": "52:54:00:00:00:02"},
    ]
    cost: Details = {"seconds": 0.73, "together": True, "gateway": True, "obstacle": "no nftables"}
    assert lines == [
        "network 'lab' on qemu:///system: domain.name is added (lab) [restart]",
        "network 'lab' on qemu:///system: note: "
        + said(Note(NoteKind.DISCONNECTED_BY_RESTART, {"attachments": attachments, **cost})),
    ]
    assert libvirt.effects.log == []


@pytest.mark.parametrize(
    ("found", "edit", "together", "gateway"),
    [
        pytest.param({}, {"mtu": 1400}, True, True, id="they reach each other and lose the gateway"),
        pytest.param({"forward": {"mode": "none"}, "ips": []}, {"mtu": 1400}, True, False, id="there is no gateway"),
        pytest.param({}, {"ips": [{"address": "10.10.0.1/24"}]}, False, True, id="their links go down"),
    ],
)
def test_the_preview_says_what_is_lost_meanwhile(
    found: dict[str, Any], edit: dict[str, Any], *, together: bool, gateway: bool
) -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect, **found), checked(NAT, **found, **edit)
    reviewed = lifecycle.diff(NETWORK, recorded, desired, connect).changes

    planned = lifecycle.preview(NETWORK, recorded, desired, connect, reviewed)

    costs = [note.details for note in planned.notes if note.kind is NoteKind.DISCONNECTED_BY_RESTART]
    assert [(cost["together"], cost["gateway"]) for cost in costs] == [(together, gateway)]


def test_links_go_down_and_up_when_the_addresses_change() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    before = plugged(libvirt, host)
    held = []
    stop = libvirt.stop_network

    def stop_and_look(uuid: str) -> None:
        held.append([(g.network, g.link) for g in libvirt.guests])
        stop(uuid)

    libvirt.stop_network = stop_and_look  # type: ignore[method-assign]

    lifecycle.update(NETWORK, recorded, checked(NAT, ips=[{"address": "10.10.0.1/24"}]), connect, lambda line: None)

    holding = holding_name(recorded["uuid"])
    assert held[0] == [(holding, "down"), (holding, "down")]
    assert plugged(libvirt, host) == before


def test_taps_get_the_mtu_of_the_new_bridge() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)

    lifecycle.update(NETWORK, recorded, checked(NAT, mtu=9000), connect, lambda line: None)

    assert {name: link.mtu for name, link in host.net.by_name.items()} == {
        "vnet1": "9000",
        "vnet2": "9000",
        "veth1": "1500",
    }


#: Two guests and the container, as the kernel knows them, and somebody behind a guest.
NEIGHBOURS = {
    "10.9.0.11": "52:54:00:00:00:01",
    "10.9.0.12": "52:54:00:00:00:02",
    "10.9.0.13": "02:00:00:00:00:01",
    "10.9.0.14": "02:00:00:00:00:99",
}
HALVES = ["10.9.0.0/25", "10.9.0.128/25"]


def test_guests_stay_connected_to_a_gateway_that_stands_in() -> None:
    libvirt, host, connect = a_host()
    loaded = with_nftables(host)
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    host.routing.known[BRIDGE] = dict(NEIGHBOURS)
    before, held, stop = plugged(libvirt, host), [], libvirt.stop_network

    def stop_and_look(uuid: str) -> None:
        found = {route.destination: route.interface for route in host.routes()}
        bridges = {name: link.master for name, link in host.net.by_name.items()}
        held.append((found, bridges, host.net.bridges.get(holding_bridge(recorded["uuid"]), {}).get("address")))
        stop(uuid)

    libvirt.stop_network = stop_and_look  # type: ignore[method-assign]
    lines = preview_lines(
        NETWORK_IN_KINDS, recorded, desired, connect, lifecycle.diff(NETWORK, recorded, desired, connect).changes
    )

    shown = lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    holding = holding_bridge(recorded["uuid"])
    led, bridges, mac = held[0]
    assert led == dict.fromkeys([*(f"{address}/32" for address in NEIGHBOURS), *HALVES], holding)
    assert set(bridges.values()) == {holding}
    assert mac == recorded["mac"]
    # When the holding network itself is stopped, nothing leads there any more.
    assert held[1][0] == {}
    assert plugged(libvirt, host) == before
    assert host.routing.known == {BRIDGE: NEIGHBOURS}
    assert ["add rule" in commands for commands in loaded] == [True, False]
    assert shown["problems"] == []
    (note,) = [line for line in lines if NoteKind.STAYS_CONNECTED.name in line]
    assert "'served': True, 'waits': True" in note


@pytest.mark.parametrize(
    ("found", "edit", "obstacle"),
    [
        pytest.param({}, {"ips": [{"address": "10.10.0.1/24"}]}, StandInObstacle.ADDRESSES, id="addresses"),
        pytest.param({}, {"forward": {"mode": "route"}}, StandInObstacle.MODE, id="mode"),
        pytest.param({}, {"mac": "52:54:00:77:00:01"}, StandInObstacle.MAC, id="MAC address"),
        pytest.param({"forward": {"mode": "none"}, "ips": []}, {"mtu": 1400}, StandInObstacle.NOT_SEEN, id="none"),
    ],
)
def test_a_preview_says_why_guests_are_disconnected(
    found: dict[str, Any], edit: dict[str, Any], obstacle: StandInObstacle
) -> None:
    libvirt, host, connect = a_host()
    with_nftables(host)
    recorded, desired = created(libvirt, host, connect, **found), checked(NAT, **found | edit)

    planned = NETWORK.plan(desired, recorded, observe_there(connect(""), desired, recorded))

    costs = [note.details["obstacle"] for note in planned.notes if note.kind is NoteKind.DISCONNECTED_BY_RESTART]
    assert costs == [obstacle.value]


def test_a_firewall_that_drops_the_rest_keeps_todays_restart() -> None:
    libvirt, host, connect = a_host()
    loaded = with_nftables(host, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n")
    recorded, desired = created(libvirt, host, connect), checked(NAT, mtu=1400)
    observed = observe_there(connect(""), desired, recorded)

    lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert observed.stand_in_obstacle is StandInObstacle.FIREWALL
    assert loaded == []


@pytest.mark.parametrize("broken", range(14))
def test_broken_at_any_step_a_gateway_that_stands_in_leaves_nothing(broken: int) -> None:
    libvirt, host, connect = a_host()
    with_nftables(host)
    recorded = created(libvirt, host, connect)
    host.routing.known[BRIDGE] = dict(NEIGHBOURS)
    was, before = libvirt.snapshot(), plugged(libvirt, host)
    libvirt.effects.fail_at = broken

    with contextlib.suppress(VirtnetError):
        lifecycle.update(NETWORK, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)

    assert plugged(libvirt, host) == before
    assert not host.routes()
    if len(libvirt.effects.log) > broken and libvirt.effects.log[broken] != "probe":
        assert libvirt.snapshot() == was


@pytest.mark.parametrize("calls", range(12))
def test_killed_after_any_call_to_the_host_the_next_update_leaves_nothing_of_a_gateway_that_stood_in(
    calls: int,
) -> None:
    libvirt, host, connect = a_host()
    with_nftables(host)
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    host.routing.known[BRIDGE] = dict(NEIGHBOURS)
    before = plugged(libvirt, host)
    host.effects.kill_after = calls

    with contextlib.suppress(KeyboardInterrupt):
        lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)
    host.effects.kill_after = None
    shown = lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert plugged(libvirt, host) == before
    assert not host.routes()
    assert [report.name for report in libvirt.reports.values()] == ["lab"]
    assert shown["problems"] == []


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("broken", range(14))
def test_broken_at_any_step_everything_is_as_it_was(broken: int, after_effect: bool) -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    was, before = libvirt.snapshot(), plugged(libvirt, host)
    libvirt.effects.fail_at, libvirt.effects.fail_after = broken, after_effect

    try:
        lifecycle.update(NETWORK, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)
    except VirtnetError:
        assert libvirt.snapshot() == was
    else:
        # A probe is tried twice, and a move that libvirt called failed and had carried out is none to take back.
        tolerated = ("probe", "plug in") if after_effect else ("probe",)
        assert len(libvirt.effects.log) <= broken or libvirt.effects.log[broken] in tolerated
    assert plugged(libvirt, host) == before


@pytest.mark.parametrize("killed_after", range(1, 8))
def test_killed_after_any_step_the_next_update_finishes(killed_after: int) -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    before = plugged(libvirt, host)
    clients = connect("")
    whole = NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded))
    assert len(whole.steps) == 8
    for step in whole.steps[:killed_after]:
        step.execute(clients)

    shown = lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert plugged(libvirt, host) == before
    assert [report.name for report in libvirt.reports.values()] == ["lab"]
    assert shown["problems"] == []
    assert NETWORK.plan(desired, shown, NETWORK.observe(clients, desired, shown)).empty


class CutShort:
    """A restart whose provider was killed after some of its calls to the host while it plugged in again."""

    def __init__(self, calls: int, *, was: Mapping[str, Any] | None = None, **edit: Any) -> None:
        self.host = network_host()
        # What libvirt has begun it ends, whoever asked: its own doing is no effect of the provider's on the host.
        self.libvirt = FakeLibvirt(links=self.host.net)
        self.clients = Clients(libvirt=self.libvirt, host=self.host)
        self.recorded = created(self.libvirt, self.host, lambda uri: self.clients, **(was or {}))
        for number in (1, 2) if was else ():
            self.host.write_attribute(f"/sys/class/net/vnet{number}/brport/isolated", "1")
        self.desired = checked(NAT, **edit)
        self.host.set_link_up("veth1", True)
        self.host.write_attribute("/sys/class/net/vnet1/brport/hairpin_mode", "1")
        self.before = plugged(self.libvirt, self.host)
        observed = NETWORK.observe(self.clients, self.desired, self.recorded)
        for step in NETWORK.plan(self.desired, self.recorded, observed).steps:
            if isinstance(step, Reattach):
                self.host.effects.kill_after = calls
                with pytest.raises(KeyboardInterrupt):
                    step.execute(self.clients)
                break
            step.execute(self.clients)
        self.host.effects.kill_after = None

    def go_on(self) -> None:
        shown = lifecycle.update(NETWORK, self.recorded, self.desired, lambda uri: self.clients, lambda line: None)
        assert [report.name for report in self.libvirt.reports.values()] == ["lab"]
        assert shown["problems"] == []


RENUMBERED: dict[str, Any] = {"ips": [{"address": "10.10.0.1/24"}]}


@pytest.mark.parametrize("calls", range(6))
@pytest.mark.parametrize("edit", [RENUMBERED, {"domain": {"name": "lab"}}], ids=["links down", "links up"])
def test_killed_between_any_two_calls_to_the_host_while_plugging_in_the_next_update_finishes(
    calls: int, edit: dict[str, Any]
) -> None:
    restart = CutShort(calls, **edit)

    restart.go_on()

    assert plugged(restart.libvirt, restart.host) == restart.before


def test_what_somebody_chose_since_a_restart_was_cut_short_stays() -> None:
    restart = CutShort(5, domain={"name": "lab"})
    restart.host.write_attribute("/sys/class/net/vnet2/brport/isolated", "1")
    restart.host.set_link_up("veth1", False)

    restart.go_on()

    assert restart.host.net.by_name["vnet2"].settings["isolated"] == "1"
    assert restart.host.net.by_name["veth1"].up is False


def test_ports_that_the_network_no_longer_keeps_apart_are_not_kept_apart_after_a_restart_that_was_cut_short() -> None:
    restart = CutShort(4, port_isolated=False, was={"port_isolated": True})

    restart.go_on()

    assert [restart.host.net.by_name[f"vnet{number}"].settings["isolated"] for number in (1, 2)] == ["0", "0"]
    assert restart.host.net.by_name["veth1"].settings["isolated"] == "1"


def test_a_link_that_has_the_name_of_one_that_was_parked_gets_nothing_of_it() -> None:
    restart = CutShort(2, **RENUMBERED)
    for name in ("veth1", "vnet1"):
        restart.host.net.by_name[name] = FakeLink(mac="02:00:00:00:00:99", up=False, ifindex="8")
        restart.host.set_master(name, BRIDGE)

    restart.go_on()

    for name in ("veth1", "vnet1"):
        assert restart.host.net.by_name[name].settings == {"isolated": "0", "hairpin_mode": "0"}
        assert restart.host.net.by_name[name].up is False


@pytest.mark.parametrize("killed_after", range(4, 8))
def test_a_refresh_shows_who_was_left_on_the_park_and_up_plugs_in(killed_after: int) -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    before, clients = plugged(libvirt, host), connect("")
    for step in NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded)).steps[:killed_after]:
        step.execute(clients)

    seen = lifecycle.read(NETWORK, {**recorded, "domain": {"name": "lab"}}, connect)
    assert seen is not None
    left = bool(seen["problems"])
    shown = lifecycle.update(NETWORK, seen, desired, connect, lambda line: None)

    assert left
    assert plugged(libvirt, host) == before
    assert shown["problems"] == []


def test_on_restart_refuse_touches_nothing() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    before = plugged(libvirt, host)

    with pytest.raises(Refused, match=r"ON_RESTART_IS_REFUSE .*'g1', 'interface': 'vnet1'"):
        lifecycle.update(
            NETWORK_IN_KINDS,
            recorded,
            checked(NAT, domain={"name": "lab"}, on_restart="refuse"),
            connect,
            lambda line: None,
        )

    assert libvirt.effects.log == []
    assert plugged(libvirt, host) == before


def test_what_could_not_be_plugged_in_again_refuses_the_restart() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    observed = observe_there(connect(""), desired, recorded)
    macvtap = observed.attachments[0]._replace(cannot_reattach=Obstacle(ObstacleKind.MACVTAP))

    refusals = NETWORK.plan(desired, recorded, observed._replace(attachments=(macvtap,))).refusals

    assert [(refusal.kind, refusal.details["obstacle"]) for refusal in refusals] == [
        (RefusalKind.CANNOT_REATTACH, {"kind": "macvtap"})
    ]


def test_a_tap_of_a_guest_that_ended_meanwhile_is_left_alone() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    clients = connect("")
    for step in NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded)).steps[:5]:
        step.execute(clients)
    del libvirt.guests[0]
    host.net.by_name["vnet1"].master = ""

    lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert {name: link.master for name, link in host.net.by_name.items()} == {
        "vnet1": "",
        "vnet2": BRIDGE,
        "veth1": BRIDGE,
    }


def test_a_port_that_nobody_has_is_no_guest_and_is_removed() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    before = plugged(libvirt, host)
    orphan = Attachment(owner="g1", interface="", mac="52:54:00:00:00:99", port="orphan")
    libvirt.plugged.ports[recorded["uuid"]] = (orphan,)
    libvirt.plugged.orphans[recorded["uuid"]] = ("orphan",)

    lines = preview_lines(NETWORK, recorded, desired, connect, ())
    lifecycle.update(NETWORK, recorded, desired, connect, lambda line: None)

    assert not any("00:99" in line for line in lines)
    assert plugged(libvirt, host) == before
    assert libvirt.plugged.ports[recorded["uuid"]] == ()


def test_settings_of_taps_come_back_too() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    host.write_attribute("/sys/class/net/vnet1/brport/isolated", "1")
    before = plugged(libvirt, host)

    lifecycle.update(NETWORK, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)

    assert plugged(libvirt, host) == before


def test_a_guest_that_hangs_loose_is_plugged_in_by_the_next_restart() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    before = plugged(libvirt, host)
    host.net.by_name["vnet1"].master = ""
    libvirt.guests[0].port = False

    lifecycle.update(NETWORK, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)

    assert plugged(libvirt, host) == before


def test_a_network_that_is_let_go_takes_its_guests_off_the_park_first() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    before, clients = plugged(libvirt, host), connect("")
    for step in NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded)).steps[:6]:
        step.execute(clients)

    lifecycle.delete(NETWORK, {**recorded, "on_delete": "keep"}, connect, lambda line: None)

    assert plugged(libvirt, host) == before
    assert [report.name for report in libvirt.reports.values()] == ["lab"]


def test_a_network_is_not_left_inactive_under_guests_on_its_park() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    clients = connect("")
    for step in NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded)).steps[:5]:
        step.execute(clients)

    with pytest.raises(Refused, match=r"WOULD_BE_INACTIVE .*'g1'"):
        lifecycle.update(NETWORK_IN_KINDS, recorded, checked(NAT, active=False), connect, lambda line: None)


def test_a_bridge_that_filters_vlans_by_hand_refuses_the_restart() -> None:
    libvirt, host, connect = a_host()
    recorded = created(libvirt, host, connect)
    host.net.bridges[BRIDGE]["vlan_filtering"] = "1"

    with pytest.raises(Refused, match="VLAN_FILTERING_BY_HAND"):
        lifecycle.update(NETWORK_IN_KINDS, recorded, checked(NAT, domain={"name": "lab"}), connect, lambda line: None)


def test_a_delete_is_refused_while_guests_wait_on_the_park() -> None:
    libvirt, host, connect = a_host()
    recorded, desired = created(libvirt, host, connect), checked(NAT, domain={"name": "lab"})
    clients = connect("")
    for step in NETWORK.plan(desired, recorded, NETWORK.observe(clients, desired, recorded)).steps[:5]:
        step.execute(clients)

    with pytest.raises(Refused, match=r"DELETE_DISCONNECTS .*'g1'"):
        lifecycle.delete(NETWORK_IN_KINDS, recorded, connect, lambda line: None)
