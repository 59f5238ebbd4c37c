"""What others put into what a program leaves out: a note with what undoes it, and no difference."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.unit.network.test_none import NEEDED, NONES, a_network_with, value_at

from virtnet.network.diff import recorded_changes
from virtnet.network.observed import Loose, Misplaced, ObservedNetwork, reported
from virtnet.network.outputs import outputs
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.network.unchanged import stands_as_recorded
from virtnet.network.xml import write as network_edit
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.reports import Attachment, NetworkReport, Obstacle, ObstacleKind
from virtnet.spec.paths import parsed

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
MADE = {"active": True, "autostart": True, "uri": "qemu:///system"}
NOTHING = Loose()
#: Others' own texts are theirs, and a group with nothing else in it would be empty without these, which says none.
NOT_BESIDE = {"metadata", "forward.nat.address", "forward.nat.port"}


def seen(
    config: Mapping[str, Any], live: Mapping[str, Any] | None = None, *, loose: Loose = NOTHING
) -> ObservedNetwork:
    """A network that is defined, and runs, so."""
    uuid = config.get("uuid", UUID)
    xml, running = (
        network_edit.render(new_tree(network_tree(tree), uuid)) for tree in (config, config if live is None else live)
    )
    report = NetworkReport(
        uuid=uuid, name="lab", active=True, persistent=True, autostart=True, live_xml=running, config_xml=xml
    )
    return ObservedNetwork(
        uri="qemu:///system", host_uuid="h", libvirt_version=12_000_000, report=reported(report), loose=loose
    )


def recorded_of(named: Mapping[str, Any], observed: ObservedNetwork, **more: Any) -> dict[str, Any]:
    shown = outputs({**MADE, **named}, more, observed)
    assert shown is not None
    return shown


def told(desired: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[Note, ...]:
    return NETWORK.plan({**MADE, **desired}, recorded, None).notes


def places(notes: Sequence[Note]) -> list[Any]:
    """What the notes say of what nobody named."""
    listed: Any = [note.details["places"] for note in notes if note.kind is NoteKind.UNNAMED]
    return [place for several in listed for place in several]


def changes(desired: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[Change, ...]:
    return recorded_changes(network_tree({**MADE, **desired}), recorded)


def less(tree: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A tree without what is at a place; in the first item of each list."""
    copied: dict[str, Any] = json.loads(json.dumps(tree))
    holder: Any = copied
    for name in path[:-1]:
        holder = holder[name]
        holder = holder[0] if isinstance(holder, list) else holder
    del holder[path[-1]]
    return copied


@pytest.mark.parametrize("place", sorted(NONES.keys() - NEEDED - NOT_BESIDE))
def test_whatever_others_put_there_is_a_note_that_says_what_undoes_it(place: str) -> None:
    path, shape = NONES[place]
    there, undone = a_network_with(path, shape.none)
    named = less(there, path)

    recorded = recorded_of(named, seen(there))
    (one,) = places(told(named, recorded))
    undoing = changes(undone, recorded)

    assert one["path"].rpartition(".")[2].partition("[")[0] == path[-1]
    assert one["undo"] == json.dumps(shape.none)
    # It is no difference, and what is recorded is no input.
    assert changes(named, recorded) == ()
    assert not stands_as_recorded(recorded, {**MADE, **named})
    # Named so, it goes, by a change of the class that it costs; then there is nothing to be said.
    assert undoing != ()
    assert max(change.change_class for change in undoing) >= ChangeClass.LIVE
    assert told(undone, recorded) == ()


@pytest.mark.parametrize(
    "place",
    [
        "mtu",
        "domain",
        "bandwidth",
        "forward.nat",
        "ips.dhcp.hosts",
        "dns.forwarders",
        "title",
        "dnsmasq_options",
        "dns.txts",
    ],
)
def test_named_as_it_is_it_is_owned_and_nothing_happens(place: str) -> None:
    path, shape = NONES[place]
    there, _ = a_network_with(path, shape.none)
    recorded = recorded_of(less(there, path), seen(there))

    owned = changes(there, recorded)

    assert {change.change_class for change in owned} == {ChangeClass.RECORDED}
    assert told(there, recorded) == ()


LAB = {"name": "lab", "ips": [{"address": "10.9.0.1/24"}]}


@pytest.mark.parametrize(
    ("config", "live", "paths"),
    [
        ({**LAB, "mtu": 1400}, LAB, ["mtu"]),
        (LAB, {**LAB, "mtu": 1400}, ["mtu"]),
        ({**LAB, "mtu": 1400}, {**LAB, "mtu": 1300}, ["mtu"]),
        ({**LAB, "mtu": 1400}, {**LAB, "port_isolated": True}, ["mtu", "port_isolated"]),
        ({**LAB, "bridge": {"stp": True, "delay": 0}}, LAB, []),
        ({**LAB, "bridge": {"name": "vb7"}, "mac": "52:54:00:00:00:07"}, LAB, []),
        ({**LAB, "metadata": {"urn:x": "<x:a xmlns:x='urn:x'/>"}}, LAB, []),
        (LAB, {**LAB, "forward": {"mode": "nat", "nat": {"port": {"start": 1024, "end": 65535}}}}, ["forward"]),
    ],
    ids=["definition", "running", "both", "either", "defaults", "identity", "others' metadata", "nat"],
)
def test_either_copy_is_looked_at(config: Mapping[str, Any], live: Mapping[str, Any], paths: list[str]) -> None:
    recorded = recorded_of(LAB, seen(config, live))

    assert [place["path"] for place in places(told(LAB, recorded))] == paths


@pytest.mark.parametrize(
    ("config", "live"), [({**LAB, "mtu": 1400}, LAB), (LAB, {**LAB, "mtu": 1400})], ids=["definition", "running"]
)
def test_what_only_one_copy_has_is_a_change_both_to_own_and_to_undo(
    config: Mapping[str, Any], live: Mapping[str, Any]
) -> None:
    recorded = recorded_of(LAB, seen(config, live))

    assert changes(LAB, recorded) == ()
    for named in ({"mtu": 1400}, {"mtu": 0}):
        assert [change.change_class for change in changes({**LAB, **named}, recorded)] == [ChangeClass.RESTART]


def test_the_ports_that_libvirt_gives_a_running_nat_network_are_its_own() -> None:
    nat = {**LAB, "forward": {"mode": "nat"}}
    usual = {**LAB, "forward": {"mode": "nat", "nat": {"port": {"start": 1024, "end": 65535}}}}

    assert told(nat, recorded_of(nat, seen(nat, usual))) == ()
    assert told(nat, recorded_of(nat, seen(usual, usual))) != ()


@pytest.mark.parametrize("nat", [{"ipv6": True}, {"address": {"start": "192.0.2.1", "end": "192.0.2.2"}}])
def test_so_are_they_beside_other_settings_of_nat(nat: Mapping[str, Any]) -> None:
    named = {**LAB, "forward": {"mode": "nat", "nat": nat}}
    usual = {**LAB, "forward": {"mode": "nat", "nat": {**nat, "port": {"start": 1024, "end": 65535}}}}
    others = {**LAB, "forward": {"mode": "nat", "nat": {**nat, "port": {"start": 2048, "end": 65535}}}}

    assert told(named, recorded_of(named, seen(named, usual))) == ()
    assert told(named, recorded_of(named, seen(named, others))) != ()


def test_of_an_adopted_network_what_is_left_out_stays_as_found_and_nothing_is_said() -> None:
    there = {**LAB, "mtu": 1400, "dns": {"enable": False}}
    found = {"xml": "<network/>", "active": True, "autostart": True, "persistent": True}

    recorded = recorded_of(LAB, seen(there), adopted_from=found)

    assert told(LAB, recorded) == ()
    assert changes(LAB, recorded) == ()
    # It is known all the same, so that a preview of what is named next is right.
    assert [change.change_class for change in changes({**LAB, "mtu": 1400}, recorded)] == [ChangeClass.RECORDED]
    assert [change.change_class for change in changes({**LAB, "mtu": 0}, recorded)] == [ChangeClass.RESTART]


def test_what_may_be_secret_is_recorded_as_a_fingerprint() -> None:
    there = {**LAB, "title": "hunter2", "dns": {"txts": [{"name": "key", "value": "hunter2"}]}}

    recorded = recorded_of(LAB, seen(there))

    assert "hunter2" not in json.dumps(recorded)
    assert [place["path"] for place in places(told(LAB, recorded))] == ["title", "dns"]
    assert "hunter2" not in str(told(LAB, recorded))


WEB = Attachment(owner="web", interface="vnet0", mac="52:54:00:00:00:01")


def test_who_hangs_wrongly_is_told() -> None:
    stuck = WEB._replace(cannot_reattach=Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC))
    loose = Loose(unplugged=(stuck, WEB), misplaced=(Misplaced(WEB, on="vn-lab", home="vn-store", network="store"),))

    recorded = recorded_of(LAB, seen(LAB, loose=loose))

    assert told(LAB, recorded) == (
        Note(
            NoteKind.MISPLACED,
            {"attachment": WEB.as_details(), "on": "vn-lab", "home": "vn-store", "network": "store"},
        ),
        Note(
            NoteKind.CANNOT_PLUG_IN,
            {"attachment": WEB.as_details(), "obstacle": {"kind": "several with one MAC"}},
        ),
    )
    assert changes(LAB, recorded) == ()


def test_an_update_tells_what_is_there_by_then() -> None:
    recorded = recorded_of(LAB, seen(LAB))

    plan = NETWORK.plan({**MADE, **LAB, "on_delete": "keep"}, recorded, seen({**LAB, "mtu": 1400}))

    assert [note.kind for note in plan.notes] == [NoteKind.UNNAMED]
    assert value_at(recorded, ("mtu",)) is None


def ignoring(desired: Mapping[str, Any], recorded: Mapping[str, Any], *paths: str) -> list[str]:
    """The paths of the changes that a diff notes, where these are ignored."""
    ignored = [parsed(path) for path in paths]
    found = lifecycle.diff(NETWORK, recorded, {**MADE, **desired}, no_host, ignored)
    return [change["path"] for place in places(found.notes) for change in place["changes"]]


def no_host(uri: str) -> Clients:
    raise AssertionError(f"{uri} was asked")


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ([], ["ips[10.60.0.1/24].dhcp.hosts[52:54:00:00:00:0a]", "dns.enable", "mtu"]),
        (["mtu"], ["ips[10.60.0.1/24].dhcp.hosts[52:54:00:00:00:0a]", "dns.enable"]),
        (["dns"], ["ips[10.60.0.1/24].dhcp.hosts[52:54:00:00:00:0a]", "mtu"]),
        (["dns.enable", "ips[0].dhcp.hosts"], ["mtu"]),
        (
            ["dns.hosts", "ips[1].dhcp", "domain"],
            ["ips[10.60.0.1/24].dhcp.hosts[52:54:00:00:00:0a]", "dns.enable", "mtu"],
        ),
        (["mtu", "dns", "ips[*].dhcp"], []),
    ],
)
def test_of_what_is_ignored_nothing_is_noted(ignored: Sequence[str], left: Sequence[str]) -> None:
    dhcp = {"ranges": [{"start": "10.60.0.100", "end": "10.60.0.200"}]}
    named = {"name": "lab", "ips": [{"address": "10.60.0.1/24", "dhcp": dhcp}]}
    by_hand = {"hosts": [{"mac": "52:54:00:00:00:0a", "ip": "10.60.0.10"}]}
    ips = [{"address": "10.60.0.1/24", "dhcp": {**dhcp, **by_hand}}]
    recorded = recorded_of(named, seen({**named, "ips": ips, "dns": {"enable": False}, "mtu": 1400}))

    assert sorted(ignoring(named, recorded, *ignored)) == sorted(left)
