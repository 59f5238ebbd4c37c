"""A change of mode: settings that others made of the old mode go with it, as libvirt has no place for them."""

from typing import Any

import pytest

from virtnet.network.diff import recorded_changes
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.plan.targets import target_of
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.network.xml.definition import definition

XML = """\
<network><name>lab</name><uuid>6f1c2a3e-0000-4000-8000-00000012ab34</uuid>{forward}
<bridge name='virbr7' stp='on' delay='0'/><mac address='52:54:00:7f:00:07'/>
<ip address='10.92.0.1' prefix='24'/></network>
"""
BY_HAND: dict[str, tuple[str, dict[str, Any]]] = {
    "ports": ("<nat><port start='2000' end='3000'/></nat>", {"nat": {"port": {"start": 2000, "end": 3000}}}),
    "ipv6": ("<nat ipv6='yes'/>", {"nat": {"ipv6": True}}),
    "device": ("<interface dev='eth0'/>", {"interfaces": [{"dev": "eth0"}]}),
}
NAT = {"forward": {"mode": "nat"}}


@pytest.mark.parametrize("adopted_device", [{}, {"interfaces": [{"dev": "eth1"}]}])
@pytest.mark.parametrize("what", BY_HAND)
def test_a_network_that_no_longer_forwards_is_isolated_whatever_others_put_there(
    what: str, adopted_device: dict[str, Any]
) -> None:
    found = definition(XML.format(forward=f"<forward mode='nat'>{BY_HAND[what][0]}</forward>")).tree
    before = network_tree({"forward": {**NAT["forward"], **adopted_device}})

    target = target_of(network_tree({}), before, found)

    assert "forward" not in target


@pytest.mark.parametrize(
    ("what", "mode", "stays"),
    [
        ("ports", "route", {}),
        ("ipv6", "open", {}),
        ("ports", "bridge", {}),
        ("device", "route", {"interfaces": [{"dev": "eth0"}]}),
        ("device", "open", {}),
        ("device", "bridge", {}),
        ("device", "private", {"interfaces": [{"dev": "eth0"}]}),
        ("device", "hostdev", {}),
        ("ports", "nat", BY_HAND["ports"][1]),
    ],
)
@pytest.mark.parametrize("before", [NAT, {}])
def test_another_mode_keeps_of_others_what_it_has_too(
    what: str, mode: str, stays: dict[str, Any], before: dict[str, Any]
) -> None:
    found = definition(XML.format(forward=f"<forward mode='nat'>{BY_HAND[what][0]}</forward>")).tree
    desired = {"forward": {"mode": mode}} | ({"bridge": {"name": "br0"}} if mode == "bridge" else {})

    target = target_of(network_tree(desired), network_tree(before), found)

    assert dict(target["forward"]) == {"mode": mode, **stays}


def test_a_mode_that_neither_program_nor_record_has_stays_with_its_settings() -> None:
    found = definition(XML.format(forward=f"<forward mode='nat'>{BY_HAND['ports'][0]}</forward>")).tree

    target = target_of(network_tree({}), network_tree({}), found)

    assert dict(target["forward"]) == {"mode": "nat", **BY_HAND["ports"][1]}


@pytest.mark.parametrize("forward", [None, {"mode": "open"}])
@pytest.mark.parametrize("what", BY_HAND)
def test_a_preview_shows_what_goes_and_does_not_say_that_it_stays(what: str, forward: dict[str, str] | None) -> None:
    made: dict[str, Any] = {"uri": "qemu:///system", "name": "lab", "active": True, "autostart": True}
    recorded = {**made, **NAT, "__unnamed": {"forward": BY_HAND[what][1]}, "__noted": True}
    desired = made if forward is None else {**made, "forward": forward}

    paths = {change.path for change in recorded_changes(network_tree(desired), recorded)}
    notes = NETWORK.plan(desired, recorded, None).notes

    assert paths > {"forward.mode"}
    assert NoteKind.UNNAMED not in {note.kind for note in notes}
    assert NoteKind.UNNAMED in {note.kind for note in NETWORK.plan({**made, **NAT}, recorded, None).notes}
