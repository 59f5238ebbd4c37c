"""Whom a preview names when a network goes: stopped for good, replaced, deleted; and what it says of unknowns."""

from typing import Any

import pytest
from tests.builders import THERE, THERE_UUID, checked, connect_to, host_with_a_network, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink
from tests.kinds import IN_KINDS, NETWORK_IN_KINDS, preview_lines, said

from virtnet.network.names import bridge_name_for
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.messages import IF_CREATED, IF_REPLACED
from virtnet.planning.plan import ChangeClass
from virtnet.spec.failures import Details
from virtnet.spec.part import UNKNOWN

NAT = {"name": "lab", "uri": "qemu:///system", "forward": {}, "ips": [{"address": "10.9.0.1/24"}]}
DISCONNECTED: Details = {
    "attachments": [
        {"owner": "", "interface": "veth1", "mac": "02:00:00:00:00:01"},
        {"owner": "web", "interface": "vnet1", "mac": "52:54:00:00:00:01"},
    ]
}
ABOUT = "network 'lab' on qemu:///system: "
OWNER = "project/stack/lab"


class HostWithUsers:
    """A host with the network, a guest on it, and a container's interface."""

    def __init__(self, **inputs: Any) -> None:
        self.host = network_host()
        self.libvirt = FakeLibvirt(links=self.host.net)
        made = checked(NAT, **inputs) | {"__owner": OWNER}
        self.recorded = lifecycle.create(NETWORK, made, self.clients, lambda line: None)
        self.libvirt.guests.append(FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet1", network="lab"))
        for name, mac in (("vnet1", "fe:54:00:00:00:01"), ("veth1", "02:00:00:00:00:01")):
            self.host.net.by_name[name] = FakeLink(mac=mac)
            self.host.set_master(name, "vn-lab")

    def clients(self, _uri: str) -> Clients:
        return Clients(libvirt=self.libvirt, host=self.host)

    def preview(self, **inputs: Any) -> list[str]:
        desired = checked(NAT, **inputs) | {"__owner": OWNER}
        changes = lifecycle.diff(NETWORK, self.recorded, desired, self.clients).changes
        return preview_lines(NETWORK_IN_KINDS, self.recorded, desired, self.clients, changes)


def test_a_stop_for_good_names_whom_it_cuts_off() -> None:
    lines = HostWithUsers(on_delete="disconnect").preview(on_delete="disconnect", active=False)

    assert f"{ABOUT}note: {said(Note(NoteKind.DISCONNECTED, DISCONNECTED))}" in lines


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("refuse", Refusal(RefusalKind.DELETE_DISCONNECTS, {**DISCONNECTED, "urn": ""})),
        ("disconnect", Note(NoteKind.DISCONNECTED, DISCONNECTED)),
    ],
)
def test_a_replacement_names_the_network_that_goes_and_whom_it_cuts_off(policy: str, told: Refusal | Note) -> None:
    lines = HostWithUsers(on_delete=policy).preview(on_delete=policy, name="other")

    about_the_old = [line for line in lines if line.startswith(ABOUT)]
    assert len(about_the_old) == 2
    # What would be refused stands first.
    assert about_the_old[0 if isinstance(told, Refusal) else 1].endswith(f": {said(told)}")


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("refuse", Refusal(RefusalKind.DELETE_DISCONNECTS, {**DISCONNECTED, "urn": ""})),
        ("disconnect", Note(NoteKind.DISCONNECTED, DISCONNECTED)),
    ],
)
def test_a_replacement_that_pulumi_is_told_to_make_reads_like_our_own(policy: str, told: Refusal | Note) -> None:
    there = HostWithUsers(on_delete=policy)
    desired = checked(NAT, on_delete=policy, mtu=1400) | {"__owner": OWNER}
    changes = lifecycle.diff(NETWORK, there.recorded, desired, there.clients).changes

    found = lifecycle.preview(NETWORK, there.recorded, desired, there.clients, changes, replaced=True)

    assert [(change.path, change.change_class) for change in found.changes] == [("mtu", ChangeClass.REPLACE)]
    assert found.replaced is not None
    assert found.replaced.name == "lab"
    assert [*found.refusals, *found.notes] == [told]


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("refuse", Refusal(RefusalKind.DELETE_DISCONNECTS, {**DISCONNECTED, "urn": ""})),
        ("disconnect", Note(NoteKind.DISCONNECTED, DISCONNECTED)),
    ],
)
def test_a_create_of_what_is_there_already_says_what_a_replacement_would_be(policy: str, told: Refusal | Note) -> None:
    """With `pulumi up --replace` the engine tells a provider nothing of what is recorded."""
    there = HostWithUsers(on_delete=policy)

    found = lifecycle.preview(NETWORK, None, checked(NAT, on_delete=policy) | {"__owner": OWNER}, there.clients)

    assert [note.kind for note in found.notes] == [NoteKind.RESUMED]
    assert found.if_replaced is not None
    assert found.if_replaced.replaced == found.subject
    assert [*found.if_replaced.refusals, *found.if_replaced.notes] == [told]


def test_a_create_that_takes_up_what_is_there_names_each_value_that_it_changes() -> None:
    """Its record was removed from the state, and the program was edited since."""
    there = HostWithUsers()
    desired = checked(NAT, domain={"name": "lab.example"}) | {"__owner": OWNER}

    found = lifecycle.preview(NETWORK, None, desired, there.clients)

    assert [(change.path, change.kind) for change in found.changes] == [("domain.name", "add")]


def test_each_line_of_what_is_not_known_to_be_a_replacement_says_which_it_is_for() -> None:
    there = HostWithUsers()

    lines = preview_lines(NETWORK_IN_KINDS, None, checked(NAT) | {"__owner": OWNER}, there.clients)

    conditions = (IF_REPLACED, IF_REPLACED, IF_CREATED, IF_CREATED)
    assert len(lines) == len(conditions)
    assert all(line.startswith(ABOUT + condition) for line, condition in zip(lines, conditions, strict=True))


@pytest.mark.parametrize(
    ("owner", "may_be_moved"), [("project/stack/new", True), ("shop/prod/lab", True), ("shop/prod/new", False)]
)
def test_anothers_network_is_refused_and_told_as_a_replacement_where_its_record_may_have_been_moved(
    owner: str, may_be_moved: bool
) -> None:
    """With `pulumi up --replace` nothing tells a record that was moved, or renamed, from another's."""
    there = HostWithUsers()

    found = lifecycle.preview(NETWORK, None, checked(NAT) | {"__owner": owner}, there.clients)

    moved = [] if found.if_moved is None else found.if_moved.refusals
    assert (found.if_replaced, len(found.refusals), found.is_refused) == (None, 1, True)
    assert [*moved] == [Refusal(RefusalKind.DELETE_DISCONNECTS, {**DISCONNECTED, "urn": ""})][: int(may_be_moved)]


def test_a_name_that_is_known_later_may_leave_the_network_as_it_is() -> None:
    lines = HostWithUsers().preview(name=UNKNOWN)

    assert lines[1].startswith(f"{ABOUT}{IN_KINDS.replacement}")
    assert lines[1].endswith("Nothing is replaced if name, known only when applied, doesn't change")


def test_a_delete_on_a_host_that_is_looked_at_says_nothing_of_what_cannot_be_seen() -> None:
    there, shown = HostWithUsers(on_delete="disconnect"), list[str]()

    lifecycle.delete(NETWORK_IN_KINDS, there.recorded, there.clients, shown.append)

    assert shown == [f"{ABOUT}note: {said(Note(NoteKind.DISCONNECTED, DISCONNECTED))}"]


def test_an_address_that_is_known_later_has_a_readable_path() -> None:
    there = HostWithUsers()

    changes = lifecycle.diff(NETWORK, there.recorded, checked(NAT, ips=[{"address": UNKNOWN}]), there.clients)

    assert [change.path for change in changes.changes if change.kind == "add"] == ["ips[?]"]


def test_a_long_name_gives_one_bridge_name_before_and_after_there_is_a_network() -> None:
    name = "a-network-with-a-very-long-name"
    host = network_host()
    there = FakeLibvirt(links=host.net)

    made = lifecycle.create(
        NETWORK, checked(NAT, name=name), lambda uri: Clients(libvirt=there, host=host), lambda line: None
    )

    assert made["bridge_name"] == bridge_name_for(name)
    assert bridge_name_for(name) != bridge_name_for(f"{name}r")


@pytest.mark.parametrize("reached", ["host", "libvirt"])
def test_the_adoption_of_a_network_whose_netmask_has_gaps_is_previewed(reached: str) -> None:
    """libvirt defines such a network, and never starts it."""
    xml = THERE.replace("prefix='24'", "netmask='255.0.255.0'")
    there = host_with_a_network(xml).reports[THERE_UUID]._replace(active=False, live_xml=None)
    libvirt = FakeLibvirt(reports={THERE_UUID: there})
    named = {"uri": "qemu:///system", "name": "there", "__owner": "project/stack/there"}

    found = lifecycle.preview(
        NETWORK,
        None,
        checked(named, adopt=True, active=False),
        connect_to(libvirt, network_host() if reached == "host" else None),
    )

    assert (found.error, found.refusals) == (None, ())
