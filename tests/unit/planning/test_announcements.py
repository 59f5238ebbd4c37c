"""What resources of one run tell the others of it."""

from typing import Any

from virtnet.planning.announcements import Announced, Announcements, Place

LAB = Place("qemu:///system", "LibvirtNetwork", "lab")
BY_UUID = LAB._replace(name="6f1c2a3e-0000-4000-8000-00000000001a")
RESOURCE: Any = object()
FIRST, SECOND = (Announced(RESOURCE, {}, {"title": title}) for title in ("first", "second"))


def test_it_is_found_by_each_of_its_names_on_its_host() -> None:
    told = Announcements()

    told.announce("urn", [LAB, BY_UUID], FIRST)

    assert told.at([LAB]) is told.at([BY_UUID]) is FIRST
    assert told.at([LAB._replace(name="dmz"), LAB]) is FIRST
    assert told.at([LAB._replace(host="qemu+ssh://far/system")]) is None


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
    replaced = FIRST._replace(is_replaced=True, recorded={"title": "before"})
    told.announce("urn", [LAB], replaced)

    told.announce("urn", [BY_UUID], SECOND)

    assert told.at([LAB]) == told.at([BY_UUID]) == replaced._replace(desired=SECOND.desired)


def test_once_the_old_one_is_deleted_it_is_no_longer_to_be_replaced() -> None:
    told = Announcements()
    told.announce("urn", [LAB], FIRST._replace(is_replaced=True, recorded={"title": "before"}))

    told.deleted("urn")

    assert told.at([LAB]) == FIRST
