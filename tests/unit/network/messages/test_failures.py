"""How failures of inputs read: one golden file for those of networks, one for those of any single value."""

import json
from pathlib import Path

from tests.golden import assert_golden

from virtnet.network.checks.failures import NetworkFailure, WantedTwice
from virtnet.network.messages.render import failure
from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.messages import SUGGESTIONS

HERE = Path(__file__).parent
DATA = Path(__file__).parents[2] / "data"
BAD = json.loads((DATA / "bad_networks.json").read_text())
GOOD = json.loads((DATA / "good_networks.json").read_text())
#: What two networks of one run want.
WANTED = {
    WantedTwice.BRIDGE: {"value": "br7", "other": "br7", "holder": "urn:another"},
    WantedTwice.NAME: {"value": "lab", "other": "lab", "holder": "urn:another"},
    WantedTwice.SUBNET: {"value": "10.9.0.0/24", "other": "10.9.0.0/16", "holder": "urn:another"},
    WantedTwice.UUID: {"value": "6f1c2a3e-…", "other": "6f1c2a3e-…", "holder": "urn:another"},
}
#: What no network of the table is refused for.
OTHERS = [
    Failure("model", SpecFailure.NO_GENERIC_NAME, {"value": "a b"}),
    Failure("any", SpecFailure.OTHER, {"reason": "pydantic's own words"}),
]


def of_the_table() -> dict[str, Failure]:
    """The first failure of each kind in the tables of networks, doubts among them, by the kind's value."""
    found: dict[str, Failure] = {}
    kinds = {kind.value: kind for kind in (*SpecFailure, *NetworkFailure)}
    for row in (*BAD, *GOOD):
        for path, kind, details, *suggestion in row.get("failures", row.get("doubts", [])):
            found.setdefault(kind, Failure(path, kinds[kind], details))
            if suggestion:
                suggested = Failure(path, kinds[kind], details, suggestion=suggestion[0])
                found.setdefault(f"{kind}, with a suggestion", suggested)
    return found


def test_every_failure_of_a_network_has_its_sentence() -> None:
    examples = of_the_table()

    said = [(kind.name, failure(examples[kind.value])) for kind in NetworkFailure]
    said += [(kind.name, failure(Failure("path", kind, WANTED[kind]))) for kind in WantedTwice]

    assert_golden(HERE / "failures.txt", said)


def test_every_failure_of_a_value_has_its_sentence() -> None:
    examples = {**of_the_table(), **{other.kind.value: other for other in OTHERS}}

    said = [(kind.name, failure(examples[kind.value])) for kind in SpecFailure if kind is not SpecFailure.MISSPELT_KEY]
    said += [(f"{kind.name}, suggested", failure(examples[f"{kind.value}, with a suggestion"])) for kind in SUGGESTIONS]

    assert_golden(HERE.parents[1] / "spec" / "failures.txt", said)


def test_a_name_that_nobody_wrote_says_where_it_is_from() -> None:
    taken = Failure("name", SpecFailure.NAME_CHARACTER, {"character": "/"}, resource_name="a/b")

    assert failure(taken) == (
        "comes from the resource's name 'a/b', which as a network's name contains '/'. Use letters, digits, '-', '_' "
        "and '.', or set name"
    )
