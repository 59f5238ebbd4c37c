"""What resources of one run tell the others of it."""

from dataclasses import replace
from typing import Any

from tests.unit.planning.resources import resource

from virtnet.planning.announcements import Announced, Announcements, Listener, Place
from virtnet.planning.plan import Plan
from virtnet.planning.resource import BuildsOn

LAB = Place("qemu:///system", "LibvirtNetwork", "lab")
BY_UUID = LAB._replace(name="6f1c2a3e-0000-4000-8000-00000000001a")
RESOURCE: Any = object()
RECORDED = {"title": "before"}
FIRST, SECOND = (Announced(RESOURCE, RECORDED, {"title": title}) for title in ("first", "second"))
UNRECORDED = SECOND._replace(recorded={})
FOLLOWS = replace(
    resource(observe=lambda *_: "", plan=lambda *_: Plan()),
    builds_on=BuildsOn(
        places=lambda _: [LAB],
        foretold=lambda _, recorded, announced: {**recorded, **announced.desired},
        once_there=lambda observed, _: observed,
        moved=lambda inputs, _: inputs,
    ),
)
"""It has what that resource gets."""


def test_it_is_found_by_each_of_its_names_on_its_host() -> None:
    told = Announcements()

    told.announce("urn", [LAB, BY_UUID], FIRST)

    assert told.at([LAB]) is told.at([BY_UUID]) is FIRST
    assert told.at([LAB._replace(name="dmz"), LAB]) is FIRST
    assert told.at([LAB._replace(host="qemu+ssh://far/system")]) is None


def test_another_spelling_of_the_hosts_uri_finds_it_too() -> None:
    told, listener = Announcements(), Listener(FOLLOWS, RECORDED, {})
    told.heard("early", [LAB._replace(host="network:///system")], lambda: listener)

    told.announce("urn", [LAB], FIRST)

    assert told.at([LAB._replace(host="qemu+unix:///system")]) is FIRST
    assert told.too_early(FIRST, [LAB]) == ["early"]
    assert told.at([LAB._replace(host="qemu:///session")]) is None


def test_what_is_said_last_counts() -> None:
    told = Announcements()
    told.announce("urn", [LAB, BY_UUID], FIRST)

    told.announce("urn", [LAB], SECOND)

    assert (told.at([LAB]), told.at([BY_UUID])) == (SECOND, None)
    told.withdraw("another")
    assert told.at([LAB]) is SECOND
    told.withdraw("urn")
    assert told.at([LAB]) is None


def test_what_is_replaced_is_checked_once_more_and_replaced_all_the_same() -> None:
    told = Announcements()
    replaced = FIRST._replace(is_replaced=True)
    told.announce("urn", [LAB], replaced)

    told.announce("urn", [BY_UUID], UNRECORDED)

    assert told.at([LAB]) == told.at([BY_UUID]) == replaced._replace(desired=SECOND.desired)


def test_an_option_that_no_provider_is_told_of_replaces_what_is_checked_once_more() -> None:
    told = Announcements()
    compared = FIRST._replace(has_outputs=True)
    told.announce("urn", [LAB], compared)

    told.announce("urn", [LAB], UNRECORDED)

    assert told.at([LAB]) == compared._replace(desired=SECOND.desired, is_replaced=True)


def test_what_is_checked_with_nothing_recorded_alone_may_be_replaced_until_it_is_created() -> None:
    told = Announcements()

    told.announce("urn", [LAB], UNRECORDED)

    assert told.at([LAB]) == UNRECORDED._replace(is_replaced=True)
    told.no_longer_replaced("urn")
    assert told.at([LAB]) == UNRECORDED


def test_one_that_hears_nothing_is_told_to_those_that_announce_later() -> None:
    told, listener = Announcements(), Listener(FOLLOWS, RECORDED, {})

    heard = told.heard("early", [LAB], lambda: listener)
    told.announce("urn", [LAB], FIRST)

    assert heard is None
    assert told.heard("late", [BY_UUID, LAB], lambda: listener) == FIRST
    assert told.too_early(FIRST, [LAB, BY_UUID]) == ["early"]


def test_who_builds_on_a_place_is_known_until_it_is_deleted() -> None:
    told, listener = Announcements(), Listener(FOLLOWS, RECORDED, {})
    told.builds("new", [LAB])
    told.heard("compared", [BY_UUID, LAB], lambda: listener)

    assert told.building([LAB._replace(host="network:///system")]) == ["new", "compared"]
    assert told.building([BY_UUID]) == ["compared"]
    told.gone("new")
    assert told.building([LAB]) == ["compared"]


def test_once_the_old_one_is_deleted_it_is_no_longer_to_be_replaced() -> None:
    told = Announcements()
    told.announce("urn", [LAB], FIRST._replace(is_replaced=True, has_outputs=True))

    told.no_longer_replaced("urn")

    assert told.at([LAB]) == FIRST._replace(recorded={})
