"""A hostile text in any place is refused in a readable sentence, or comes back from the XML as it was."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from tests.unit.hostile import BASES, Attempt, attempts, string_places, value_at

from virtnet.forwarding.boot_files.drop_in import DEFAULT_NAME
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.planning.resource import Resource
from virtnet.spec import properties as wire
from virtnet.spec.failures import Failure
from virtnet.spec.part import Part, conceals

pytestmark = pytest.mark.fuzz

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
SPECS: dict[str, type[Part]] = {"network": NetworkSpec, "forwarding": HostForwardingSpec}
RESOURCES: dict[str, Resource[Any]] = {"network": NETWORK, "forwarding": HOST_FORWARDING}


@pytest.mark.parametrize("kind", SPECS)
def test_each_place_of_a_text_has_its_turn(kind: str) -> None:
    assert {attempt.place for attempt in attempts(kind, SPECS[kind])} == set(string_places(SPECS[kind]))


@pytest.mark.parametrize("kind", SPECS)
def test_what_the_hostile_texts_are_put_into_is_right(kind: str) -> None:
    failures = [failure for base in BASES[kind] for failure in RESOURCES[kind].check(base, {})[1]]

    assert failures == []


@pytest.mark.parametrize("kind", SPECS)
def test_a_hostile_text_is_refused_in_a_sentence_fit_to_print(kind: str) -> None:
    unfit = {}
    for attempt, _, failures in checked(kind):
        for failure in failures:
            reason = RESOURCES[kind].messages().failure(failure)
            said = f"{failure.path}: {reason}"
            # The key of a map stands in each path to its value, so it is none.
            may_be = conceals(SPECS[kind], attempt.place) and not attempt.place.endswith(".KEY")
            secret = may_be and len(attempt.value) > 3 and attempt.value in reason
            if secret or not said.isprintable() or len(reason) > 400:
                unfit[str(attempt)] = said[:1000]

    assert unfit == {}


def test_a_hostile_text_that_is_taken_comes_back_from_the_xml() -> None:
    changed = {}
    for attempt, canonical in taken():
        target = new_tree(network_tree(canonical), UUID)
        found = definition(network_edit.render(target)).tree
        if attempt.path[0] in network_xml.NOT_XML or not attempt.value:
            continue  # an empty text that is taken says that there is none
        path = in_canonical(attempt)
        if value_at(found, path) != value_at(canonical, path) or value_at(found, path) is None:
            changed[str(attempt)] = value_at(found, path)

    assert changed == {}


@pytest.mark.parametrize("kind", SPECS)
def test_a_hostile_text_survives_the_wire(kind: str) -> None:
    changed = {}
    for attempt in attempts(kind, SPECS[kind]):
        there = wire.to_properties(SPECS[kind], attempt.inputs)
        if wire.from_properties(SPECS[kind], there) != attempt.inputs:
            changed[str(attempt)] = there

    assert changed == {}


def test_the_drop_in_stays_in_its_directory() -> None:
    names = {canonical["drop_in"] for _, canonical, failures in checked("forwarding") if not failures}

    assert names <= {"90-lab.conf", DEFAULT_NAME}


def taken() -> list[tuple[Attempt, dict[str, Any]]]:
    """The attempts that check takes, with what it makes of them."""
    return [(attempt, canonical) for attempt, canonical, failures in checked("network") if not failures]


@cache
def checked(kind: str) -> Sequence[tuple[Attempt, dict[str, Any], Sequence[Failure]]]:
    """All attempts with what check makes of each, which takes most of the time: once for all tests."""
    return [(attempt, *RESOURCES[kind].check(attempt.inputs, {})) for attempt in attempts(kind, SPECS[kind])]


def in_canonical(attempt: Attempt) -> tuple[str | int, ...]:
    """The way to an attempt's text in the canonical form."""
    if attempt.place == "metadata.KEY":
        return ("metadata", attempt.value)
    if attempt.place == "forward.dev":
        return ("forward", "interfaces", 0, "dev")
    return attempt.path
