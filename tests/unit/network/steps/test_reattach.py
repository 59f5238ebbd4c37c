"""What moving to a holding network and back takes, decided from what was looked at: no libvirt, no host."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from virtnet.network.names import holding_bridge, holding_name
from virtnet.network.steps.actions import Action, MoveInterface, SetLinkUp, SetMaster, SetVlans, WriteAttribute
from virtnet.network.steps.kinds import StepFault
from virtnet.network.steps.reattach import (
    NEW_PORT,
    NEW_PORT_VLANS,
    PORT_SETTINGS,
    Attached,
    Home,
    Port,
    Waiting,
    detached,
    missing,
    move_away,
    plug_in,
    restore,
    same_link,
    spanning_tree,
    to_look_at,
)
from virtnet.network.xml.holding import HeldInterface, HeldLink, Journal
from virtnet.planning.reports import GuestInterface

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
MAC = "52:54:00:00:00:01"
GUEST = GuestInterface(
    guest="web",
    guest_uuid="guest-uuid",
    mac=MAC,
    interface="vnet0",
    xml=f"<interface type='network'><mac address='{MAC}'/><source network='parked'/><target dev='vnet0'/></interface>",
)
HELD = HeldInterface(guest_uuid="guest-uuid", mac=MAC, xml="<interface><target dev='vnet0'/></interface>")
HOME = Home(name="lab", bridge="vn-lab", mtu="1500")
BACK = MoveInterface(guest_uuid="guest-uuid", mac=MAC, xml=HELD.xml, source="parked")


def link(name: str, *settings: tuple[str, str], up: bool = True, vlans: tuple[str, ...] = ()) -> HeldLink:
    return HeldLink(name=name, up=up, ifindex="7", settings=settings, vlans=vlans)


def waiting(*links: HeldLink, moved: Iterable[str] = (), guests: bool = False, **journal: Any) -> Waiting:
    """The journal's links, those of them that wait, and the guest where it does."""
    return Waiting(
        network="parked",
        journal=Journal(interfaces=(HELD,), links=links, **journal),
        interfaces=(GUEST,) if guests else (),
        links=tuple(moved),
    )


def port(**settings: str) -> Port:
    return Port(ifindex="7", settings=settings)


def test_guests_go_to_the_holding_network_before_links() -> None:
    moves = list(move_away(UUID, "lab", [GUEST], ["veth1"], down=False))

    first = moves[0]
    assert isinstance(first, MoveInterface)
    assert (first.source, holding_name(UUID) in first.xml, "<link" in first.xml) == ("lab", True, False)
    assert moves[1:] == [SetMaster(link="veth1", bridge=holding_bridge(UUID))]


def test_links_go_down_on_the_holding_network_where_addresses_change() -> None:
    moves = list(move_away(UUID, "lab", [GUEST], ["veth1"], down=True))

    first = moves[0]
    assert isinstance(first, MoveInterface)
    assert '<link state="down"/>' in first.xml
    assert moves[1:] == [
        SetMaster(link="veth1", bridge=holding_bridge(UUID)),
        SetLinkUp(link="veth1", up=False),
    ]


def test_guests_come_home_before_links_as_they_were_plugged_in() -> None:
    assert list(plug_in(HOME, waiting(moved=["veth0", "veth1"], guests=True))) == [
        BACK,
        SetMaster(link="veth0", bridge="vn-lab"),
        SetMaster(link="veth1", bridge="vn-lab"),
    ]


@pytest.mark.parametrize(
    ("bridge", "tap", "xml", "given"),
    [
        ("9000", "1500", GUEST.xml, ["9000"]),
        ("1500", "1500", GUEST.xml, []),
        (None, "1500", GUEST.xml, []),
        ("9000", None, GUEST.xml, []),
        ("9000", "1500", GUEST.xml.replace("<target", "<mtu size='1400'/><target"), []),
    ],
    ids=["another", "the same", "not to be told", "the tap is gone", "the guest names one"],
)
def test_a_tap_gets_the_mtu_of_the_bridge_before_it_moves(
    bridge: str | None, tap: str | None, xml: str, given: list[str]
) -> None:
    there = replace(waiting(guests=True), mtus={"vnet0": tap} if tap else {}, interfaces=(GUEST._replace(xml=xml),))

    actions = list(plug_in(replace(HOME, mtu=bridge), there))

    assert actions == [*(WriteAttribute(link="vnet0", attribute="mtu", value=mtu) for mtu in given), BACK]


@pytest.mark.parametrize(
    ("home", "writes"),
    [
        (HOME, True),
        (replace(HOME, spanning_tree=False), False),
        (replace(HOME, bridge=""), False),
        (replace(HOME, may_change_links=False), False),
    ],
    ids=["STP", "no STP", "no bridge of its own", "not allowed"],
)
def test_stp_is_off_meanwhile_where_the_network_wants_it(home: Home, writes: bool) -> None:
    off, on = list(spanning_tree(home, on=False)), list(spanning_tree(home, on=True))

    state = "bridge/stp_state"
    assert off == ([WriteAttribute(link="vn-lab", attribute=state, value="0")] if writes else [])
    assert on == ([WriteAttribute(link="vn-lab", attribute=state, value="1")] if writes else [])


VETH = link("veth1", ("isolated", "1"), ("priority", "32"), ("neigh_suppress", "1"), vlans=("10 pvid",))
TAP = link("vnet0", ("isolated", "1"), ("hairpin_mode", "1"))


def test_a_port_that_came_back_gets_what_differs_its_vlans_and_its_carrier() -> None:
    seen = {"veth1": port(isolated="0", priority="32")}  # and this kernel has no neigh_suppress

    assert list(restore(HOME, waiting(VETH, moved=["veth1"]), seen)) == [
        WriteAttribute(link="veth1", attribute="brport/isolated", value="1"),
        SetVlans(link="veth1", vlans=("10 pvid",)),
        SetLinkUp(link="veth1", up=True),
    ]


def test_a_link_that_was_down_stays_down() -> None:
    there = waiting(replace(VETH, up=False, vlans=()), moved=["veth1"])

    assert list(restore(HOME, there, {"veth1": port(isolated="1")})) == []


def test_links_come_before_guests_and_those_at_home_before_both() -> None:
    stayed = replace(VETH, name="veth0", vlans=())
    there = waiting(TAP, replace(VETH, vlans=()), stayed, moved=["veth1"], guests=True)

    actions = list(restore(HOME, there, {name: port(isolated="0") for name in ("veth0", "veth1", "vnet0")}))

    assert [action for action in actions if isinstance(action, WriteAttribute)] == [
        WriteAttribute(link=name, attribute="brport/isolated", value="1") for name in ("veth0", "veth1", "vnet0")
    ]


@pytest.mark.parametrize(("now", "kept"), [(True, ["veth1"]), (False, ["veth1", "vnet0"])])
def test_whether_guests_are_kept_apart_is_the_networks_to_say_where_it_changed_its_mind(
    now: bool, kept: list[str]
) -> None:
    there = waiting(TAP, VETH, moved=["veth1"], guests=True, isolated=False)
    ports = {"vnet0": port(isolated="0"), "veth1": port(isolated="0")}

    actions = list(restore(replace(HOME, isolated=now), there, ports))

    isolated = [a.link for a in actions if isinstance(a, WriteAttribute) and a.attribute == "brport/isolated"]
    assert isolated == kept


def at_home(held: HeldLink, seen: Port, **journal: Any) -> list[Action]:
    """What is restored of a link that another run plugged in again and did not restore."""
    return list(restore(HOME, waiting(held, **journal), {held.name: seen}))


def test_at_home_only_what_is_as_a_new_port_has_it_is_restored() -> None:
    held = link("veth1", ("isolated", "1"), ("priority", "10"), ("learning", "0"))

    assert at_home(held, port(isolated="0", priority="20", learning="1")) == [
        WriteAttribute(link="veth1", attribute="brport/isolated", value="1"),
        WriteAttribute(link="veth1", attribute="brport/learning", value="0"),
    ]


@pytest.mark.parametrize(
    ("vlans", "restored"), [(NEW_PORT_VLANS, True), (("20 pvid",), False), ((), False)], ids=["new", "chosen", "none"]
)
def test_at_home_vlans_are_restored_where_nobody_chose_any(vlans: tuple[str, ...], restored: bool) -> None:
    held = link("veth1", vlans=("10 pvid",))

    actions = at_home(held, replace(port(), vlans=vlans))

    assert actions == ([SetVlans(link="veth1", vlans=("10 pvid",))] if restored else [])


@pytest.mark.parametrize(
    ("held", "lowered", "comes_up"),
    [
        (link("veth1"), True, True),
        (link("veth1"), False, False),
        (link("veth1", up=False), True, False),
        (link("vnet0"), True, False),
    ],
    ids=["a link", "none went down", "it was down", "a guest's, which libvirt gives back"],
)
def test_at_home_a_link_comes_up_where_the_restart_took_it_down(held: HeldLink, lowered: bool, comes_up: bool) -> None:
    actions = at_home(held, port(), lowered=lowered)

    assert actions == ([SetLinkUp(link=held.name, up=True)] if comes_up else [])


def test_at_home_another_link_of_the_name_gets_nothing() -> None:
    assert at_home(link("veth1", ("isolated", "1")), replace(port(isolated="0"), ifindex="8"), lowered=True) == []


def test_whoever_may_not_change_links_restores_nothing_and_looks_at_nothing() -> None:
    home, there = replace(HOME, may_change_links=False), waiting(VETH, moved=["veth1"])

    assert list(restore(home, there, {"veth1": port(isolated="0")})) == []
    assert to_look_at(home, there, ["veth1"]) == []


def test_what_moved_and_what_is_on_the_bridge_by_its_number_is_looked_at() -> None:
    moved, home, gone, unnumbered = link("a"), link("b"), link("c"), replace(link("d"), ifindex="")

    there = waiting(moved, home, gone, unnumbered, moved=["a"])

    assert to_look_at(HOME, there, ["a", "b", "d"]) == [moved, home]


@pytest.mark.parametrize(
    ("masters", "found"),
    [
        ({"veth1": ""}, ["veth1"]),
        ({"veth1": "vn-lab"}, []),
        ({}, []),
        ({"vnet0": ""}, []),
    ],
    ids=["on no bridge", "on one", "gone from the host", "a guest's own"],
)
def test_what_hangs_nowhere_is_plugged_in_too(masters: dict[str, str], found: list[str]) -> None:
    journal = Journal(interfaces=(HELD,), links=(link("veth1"), link("vnet0")))

    assert [held.name for held in detached(journal, [], masters)] == found


def test_a_link_is_the_same_by_the_kernels_number() -> None:
    assert same_link(link("veth1"), "7")
    assert not same_link(link("veth1"), "8")


KEY = ("guest-uuid", MAC)
ATTACHED = Attached(
    held=frozenset(),
    there=frozenset({KEY}),
    macs=frozenset({MAC}),
    bridge="vn-lab",
    on_bridge=frozenset({"vnet0", "veth1"}),
)


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (ATTACHED, None),
        (replace(ATTACHED, held=frozenset({KEY}), there=frozenset()), StepFault.NOT_ON_NETWORK),
        (replace(ATTACHED, macs=frozenset()), StepFault.NOT_ON_NETWORK),
        (replace(ATTACHED, on_bridge=frozenset({"veth1"})), StepFault.GUEST_NOT_ON_BRIDGE),
        (replace(ATTACHED, on_bridge=frozenset({"vnet0"})), StepFault.LINK_NOT_ON_BRIDGE),
        (replace(ATTACHED, on_bridge=frozenset({"vnet0"}), gone=frozenset({"veth1"})), None),
        (replace(ATTACHED, there=frozenset(), macs=frozenset(), on_bridge=frozenset({"veth1"})), None),
    ],
    ids=[
        "all there",
        "still held",
        "without a port",
        "its tap on no bridge",
        "a link on no bridge",
        "a link was removed meanwhile",
        "the guest ended meanwhile",
    ],
)
def test_what_is_not_plugged_in_is_told(seen: Attached, fault: StepFault | None) -> None:
    found = missing(waiting(moved=["veth1"], guests=True), seen)

    assert (None if found is None else found.kind) is fault


def test_without_a_host_libvirts_account_is_enough() -> None:
    assert missing(waiting(guests=True), replace(ATTACHED, on_bridge=None)) is None


def test_every_setting_has_its_value_on_a_new_port() -> None:
    assert set(NEW_PORT) == set(PORT_SETTINGS)
