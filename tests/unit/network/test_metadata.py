"""Title, description and metadata of a running network: in place where libvirt can, in the definition elsewhere."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders import checked, connect_to
from tests.fakes.libvirt import FakeLibvirt

from virtnet.errors import ApplyFailed
from virtnet.network._generated.trees import NetworkTree
from virtnet.network.plan.sections import text_updates
from virtnet.network.resource import NETWORK
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle

LAB = {"name": "lab", "uri": "qemu:///system", "__owner": "p/s/lab"}
OLD, NEW = 9_000_000, 9_007_000
BEFORE = {"metadata": {"urn:a": "<x xmlns='urn:a'>1</x>", "urn:b": "<x xmlns='urn:b'/>"}}
AFTER = {"metadata": {"urn:a": "<x xmlns='urn:a'>2</x>", "urn:c": "<x xmlns='urn:c'/>"}}


def updated(version: int, before: dict[str, Any], after: dict[str, Any]) -> tuple[FakeLibvirt, dict[str, Any]]:
    libvirt = FakeLibvirt(daemon_version=version)
    clients = connect_to(libvirt)
    recorded = lifecycle.create(NETWORK, checked(LAB, **before), clients, lambda line: None)
    libvirt.effects.log.clear()
    desired = checked(LAB, **after)
    shown = lifecycle.update(NETWORK, recorded, desired, clients, lambda line: None)
    assert NETWORK.plan(desired, shown, NETWORK.observe(clients(""), desired, shown)).empty
    return libvirt, shown


def metadata(xml: str | None) -> Mapping[str, str]:
    return definition(xml or "").tree.get("metadata", {})


def test_a_newer_libvirt_changes_the_running_network_and_its_definition() -> None:
    libvirt, shown = updated(NEW, BEFORE, AFTER)

    report = libvirt.reports[shown["uuid"]]
    assert libvirt.effects.log == ["define"] + ["set metadata"] * 3
    assert (
        metadata(report.live_xml)
        == metadata(report.config_xml)
        == AFTER["metadata"]
        | {
            "urn:a": '<x xmlns="urn:a">2</x>',
            "urn:c": '<x xmlns="urn:c"></x>',
        }
    )


def test_an_older_libvirt_is_given_a_definition() -> None:
    libvirt, shown = updated(OLD, BEFORE, AFTER)

    report = libvirt.reports[shown["uuid"]]
    assert libvirt.effects.log == ["define"]
    assert set(metadata(report.live_xml)) == {"urn:a", "urn:b"}
    assert set(metadata(report.config_xml)) == {"urn:a", "urn:c"}


def test_title_and_description_are_set_in_place() -> None:
    libvirt, shown = updated(NEW, {"title": "one"}, {"title": "two", "description": "three"})

    live = definition(libvirt.reports[shown["uuid"]].live_xml or "").tree
    assert libvirt.effects.log == ["define", "set metadata", "set metadata"]
    assert (live["title"], live["description"]) == ("two", "three")


@pytest.mark.parametrize("broken", range(3))
@pytest.mark.parametrize("after_effect", [False, True])
def test_broken_at_any_text_the_old_ones_are_back(broken: int, after_effect: bool) -> None:
    libvirt = FakeLibvirt(daemon_version=NEW)
    clients = connect_to(libvirt)
    recorded = lifecycle.create(NETWORK, checked(LAB, **BEFORE), clients, lambda line: None)
    was = libvirt.snapshot()
    libvirt.effects.log.clear()
    libvirt.effects.fail_at, libvirt.effects.fail_after = broken, after_effect

    with pytest.raises(ApplyFailed):
        lifecycle.update(NETWORK, recorded, checked(LAB, **AFTER), clients, lambda line: None)

    assert libvirt.snapshot() == was


def test_a_text_that_others_gave_one_copy_alone_stays_in_that_one() -> None:
    theirs: NetworkTree = {"description": "of the definition"}

    (one,) = text_updates("uuid", ({"title": "new"}, {}), ({"title": "new", **theirs}, theirs))

    assert (one.kind, one.text, one.live, one.config) == ("title", "new", True, True)


def test_texts_that_differ_between_the_copies_are_set_one_by_one() -> None:
    wanted: NetworkTree = {"title": "new"}

    updates = list(text_updates("uuid", (wanted, {"title": "old"}), ({}, {"title": "older"})))

    assert [(one.text, one.previous, one.live, one.config) for one in updates] == [
        ("new", "old", True, False),
        (None, "older", False, True),
    ]
