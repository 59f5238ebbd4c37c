"""The strategies leave out no part of the spec."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
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
    generated: set[str] = set()
    tried = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))

    @settings(tried, max_examples=200)
    @given(whole_networks())
    def generate(inputs: dict[str, Any]) -> None:
        generated.update(named_places(NetworkSpec, inputs))

    def names(place: str) -> Callable[[dict[str, Any]], bool]:
        return lambda inputs: place in named_places(NetworkSpec, inputs)

    generate()
    for place in sorted(set(all_places()) - generated):
        # Raises NoSuchExample, with the place in its words, when no network has it.
        generated.update(
            named_places(NetworkSpec, find(whole_networks(), names(place), settings=settings(tried, max_examples=5000)))
        )

    assert set(all_places()) == generated
