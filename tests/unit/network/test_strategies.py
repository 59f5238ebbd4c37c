"""The strategies leave out no part of the spec."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample
from tests.unit.strategies import whole_networks

from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import Part, shapes

pytestmark = pytest.mark.fuzz


def all_places(part: type[Part] = NetworkSpec, path: str = "") -> Iterator[str]:
    """Every property of a part, and of those in it."""
    for name, shape in shapes(part).items():
        yield path + name
        if shape.part is not None:
            yield from all_places(shape.part, f"{path}{name}.")


def named_places(part: type[Part], tree: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every property that a tree names."""
    for name, value in tree.items():
        yield path + name
        inner = shapes(part)[name].part
        for item in value if isinstance(value, list) else [value]:
            if inner is not None:
                yield from named_places(inner, item, f"{path}{name}.")


def test_every_property_of_the_spec_is_generated() -> None:
    places = set(all_places())
    generated: set[str] = set()

    def all_are_there(inputs: dict[str, Any]) -> bool:
        generated.update(named_places(NetworkSpec, inputs))
        return generated == places

    tried = settings(
        database=None,
        deadline=None,
        max_examples=5000,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # Looking for one network after another that has what is missing took ten times as long.
    with contextlib.suppress(NoSuchExample):
        find(whole_networks(), all_are_there, settings=tried)

    assert places - generated == set()
