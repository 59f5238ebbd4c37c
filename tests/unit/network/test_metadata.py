"""Title, description and metadata of a running network: in place where libvirt can, in the definition elsewhere."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.fakes.libvirt import FakeLibvirt

from virtnet.errors import ApplyFailed
from virtnet.network.resource import NETWORK
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.clients import Clients

OLD, NEW = 9_000_000, 9_007_000
BEFORE = {"metadata": {"urn:a": "<x xmlns='urn:a'>1</x>", "urn:b": "<x xmlns='urn:b'/>"}}
AFTER = {"metadata": {"urn:a": "<x xmlns='urn:a'>2</x>", "urn:c": "<x xmlns='urn:c'/>"}}


def checked(**inputs: Any) -> dict[str, Any]:
    canonical, failures = NETWORK.check({"name": "lab", "uri": "qemu:///system", "__owner": "p/s/lab", **inputs}, {})
    assert failures == []
    return canonical


def updated(version: int, before: dict[str, Any], after: dict[str, Any]) -> tuple[FakeLibvirt, dict[str, Any]]:
    libvirt = FakeLibvirt(daemon_version=version)
    clients: lifecycle.Connect = lambda uri: Clients(libvirt=libvirt, host=None)  # noqa: E731 - the type is the point
    recorded = lifecycle.create(NETWORK, checked(**before), clients, lambda line: None)
    libvirt.effects.clear()
    desired = checked(**after)
    shown = lifecycle.update(NETWORK, recorded, desired, clients, lambda line: None)
    assert NETWORK.plan(desired, shown, NETWORK.observe(clients(""), desired, shown)).empty
    return libvirt, shown


def metadata(xml: str | None) -> Mapping[str, str]:
    return definition(xml or "").tree.get("metadata", {})


def test_a_newer_libvirt_changes_the_running_network_and_its_definition() -> None:
    libvirt, shown = updated(NEW, BEFORE, AFTER)

    report = libvirt.reports[shown["uuid"]]
    assert libvirt.effects == ["set metadata"] * 3
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
    assert libvirt.effects == ["define"]
    assert set(metadata(report.live_xml)) == {"urn:a", "urn:b"}
    assert set(metadata(report.config_xml)) == {"urn:a", "urn:c"}


def test_title_and_description_are_set_in_place() -> None:
    libvirt, shown = updated(NEW, {"title": "one"}, {"title": "two", "description": "three"})

    live = definition(libvirt.reports[shown["uuid"]].live_xml or "").tree
    assert libvirt.effects == ["set metadata"] * 2
    assert (live["title"], live["description"]) == ("two", "three")


@pytest.mark.parametrize("broken", range(3))
@pytest.mark.parametrize("after_effect", [False, True])
def test_broken_at_any_text_the_old_ones_are_back(broken: int, after_effect: bool) -> None:
    libvirt = FakeLibvirt(daemon_version=NEW)
    clients: lifecycle.Connect = lambda uri: Clients(libvirt=libvirt, host=None)  # noqa: E731 - the type is the point
    recorded = lifecycle.create(NETWORK, checked(**BEFORE), clients, lambda line: None)
    was = libvirt.snapshot()
    libvirt.effects.clear()
    libvirt.fail_at, libvirt.fail_after_effect = broken, after_effect

    with pytest.raises(ApplyFailed):
        lifecycle.update(NETWORK, recorded, checked(**AFTER), clients, lambda line: None)

    assert libvirt.snapshot() == was
