"""libvirt's schema of networks, choice by choice, through a real libvirtd; every exception is listed with its reason.

The walk is schema_walk's, once for all tests here. schema_exceptions.json has the alternatives with which something
else than usual happens: an alternative that is listed and does as usual fails as one does that is not listed.
"""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.hosts.sandboxed import REPOSITORY, sandboxed_host
from tests.rng_instances import Schema

#: It is about what libvirt's version takes and gives back: who runs networks has no part in it.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

EXCEPTIONS = json.loads((Path(__file__).with_name("schema_exceptions.json")).read_text())
#: What is told of an outcome in each list of exceptions; nothing for what is as usual.
FOUND: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "refused by libvirt": lambda outcome: outcome["code"],
    "dropped by libvirt": lambda outcome: outcome["dropped"],
    "unreadable dump": lambda outcome: outcome["unreadable"],
    "refused by check": lambda outcome: bool(outcome["refused"]),
    "spelled otherwise": lambda outcome: bool(outcome["lost"]),
    "not given back": lambda outcome: outcome["tree_differs"],
    "disturbed by another edit": lambda outcome: bool(outcome["disturbed"]),
}


class Walk:
    """The outcomes of one walk, in the schema's order."""

    def __init__(self, lines: list[str]) -> None:
        version, *outcomes = [json.loads(line) for line in lines]
        self.release: int = version["libvirt"] // 1_000_000
        self.outcomes: list[dict[str, Any]] = outcomes

    def expected(self, kind: str) -> dict[str, Any]:
        """What the list of a kind says of this libvirt: alternatives with what is to be found."""
        expected: dict[str, Any] = {}
        for entry in EXCEPTIONS[kind]:
            if not entry.get("from", 0) <= self.release < entry.get("below", 1000):
                continue
            for pattern in entry["alternatives"]:
                names = [
                    outcome["alternative"]
                    for outcome in self.outcomes
                    if fnmatchcase(outcome["alternative"], pattern)
                    and not any(fnmatchcase(outcome["alternative"], one) for one in entry.get("not", ()))
                ]
                assert names, f"{pattern} is listed under '{kind}', and is no alternative of this schema"
                expected |= dict.fromkeys(names, entry.get("code", True))
        return expected


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    with sandboxed_host(tmp_path_factory.mktemp("walk")) as host:
        done = host.run("python", "-m", "tests.campaigns.schema_walk", directory=REPOSITORY)
    print(done.stderr)  # noqa: T201 - how far it came, shown by pytest when something fails
    return Walk(done.stdout.splitlines())


def test_each_alternative_of_the_schema_was_walked(walk: Walk) -> None:
    assert [outcome["alternative"] for outcome in walk.outcomes] == list(Schema().targets)


def test_each_instance_is_one_of_the_schema(walk: Walk) -> None:
    schema = etree.RelaxNG(etree.parse(Schema().directory / "network.rng"))

    invalid = {
        outcome["alternative"]: str(schema.error_log.last_error)
        for outcome in walk.outcomes
        if not schema.validate(etree.fromstring(outcome["xml"]))
    }

    assert invalid == {}


@pytest.mark.parametrize("kind", FOUND)
def test_exceptions_are_those_listed(walk: Walk, kind: str) -> None:
    found = {outcome["alternative"]: FOUND[kind](outcome) for outcome in walk.outcomes if FOUND[kind](outcome)}

    expected = walk.expected(kind)

    told = {outcome["alternative"]: outcome for outcome in walk.outcomes}
    assert {name: told[name] for name, value in found.items() if expected.get(name) != value} == {}
    assert sorted(expected.keys() - found.keys()) == []


def test_each_list_has_a_kind_and_each_entry_a_reason() -> None:
    assert EXCEPTIONS.keys() == FOUND.keys()
    assert all(entry["reason"] for entries in EXCEPTIONS.values() for entry in entries)
