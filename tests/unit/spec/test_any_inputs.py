"""Whatever arrives: check, diff, preview and the wire answer in our words, and never with another exception."""

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pulumi import dynamic
from pulumi.dynamic.config import Config
from tests.builders import connect_to
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import preview_lines
from tests.unit.hostile import TEXTS
from tests.unit.network.test_checks import places
from tests.unit.strategies import whole_networks
from tests.unit.test_dynamic import NOWHERE, secret, unknown

from virtnet.dynamic import HostForwardingProvider, LibvirtNetworkProvider, PortForwardProvider
from virtnet.errors import VirtnetError
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.resource import Resource
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.spec import properties as wire
from virtnet.spec.part import UNKNOWN, Part, shapes, walk_unknown

pytestmark = pytest.mark.fuzz

RESOURCES: tuple[Resource[Any], ...] = (NETWORK, HOST_FORWARDING, PORT_FORWARD)


def names(part: type[Part]) -> set[str]:
    """Every property's name in a part and in those in it."""
    found = set(shapes(part))
    return found.union(*(names(shape.part) for shape in shapes(part).values() if shape.part is not None))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(sorted(text for text in TEXTS.values() if len(text) < 3000)),
    st.sampled_from(
        ["10.9.0.1/24", "10.9.0.5", "fd00:9::1/64", "52:54:00:00:00:01", "nat", "bridge", "hostdev", "lab"]
    ),
    st.just(UNKNOWN),
)


def trees(part: type[Part]) -> st.SearchStrategy[Any]:
    """Anything that Pulumi can send, most of it under names that the part knows."""
    keys = st.sampled_from(sorted(names(part))) | st.text(max_size=8)
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
    )


@st.composite
def spoilt_networks(draw: st.DrawFn) -> dict[str, Any]:
    """A network that is right but for one to three places, which hold anything."""
    inputs: dict[str, Any] = copy.deepcopy(draw(whole_networks()))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(inputs))))
        holder: Any = inputs
        for step in way:
            holder = holder[step]
        holder[last] = draw(trees(NETWORK.spec) | st.just(None))
        if not list(places(inputs)):
            break
    return inputs


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
@given(data=st.data())
def test_check_answers_any_inputs(resource: Resource[Any], data: st.DataObject) -> None:
    inputs = data.draw(st.dictionaries(st.sampled_from(sorted(names(resource.spec))), trees(resource.spec), max_size=6))

    canonical, failures = resource.check(inputs, {})

    assert bool(canonical) != bool(failures)
    assert all(f"{failure.path}{resource.messages().failure(failure)}".isprintable() for failure in failures)


@given(spoilt_networks())
def test_check_answers_a_network_that_is_right_but_for_a_few_places(inputs: dict[str, Any]) -> None:
    canonical, failures = NETWORK.check(inputs, {})

    assert bool(canonical) != bool(failures)
    assert all(f"{failure.path}{NETWORK.messages().failure(failure)}".isprintable() for failure in failures)
    if not failures:
        assert NETWORK.check(canonical, {}) == (canonical, [])


@given(spoilt_networks(), whole_networks())
@example({"name": {"active": None}, "uri": "qemu:///system"}, {"name": "lab"})
@example({"name": "lab", "uri": {"active": None}}, {"name": "lab"})
def test_what_check_takes_can_be_compared_previewed_and_made(spoilt: dict[str, Any], other: dict[str, Any]) -> None:
    libvirt = FakeLibvirt()
    # Where a program names none, or null, the adapters name the configuration's.
    named = [{**inputs, "uri": inputs.get("uri") or libvirt.uri} for inputs in (other, spoilt)]
    found = [NETWORK.check({**inputs, "__owner": "project/stack/lab"}, {}) for inputs in named]
    if any(failures for _, failures in found):
        return
    recorded, desired = (canonical for canonical, _ in found)

    changes = lifecycle.diff(NETWORK, recorded, desired, connect_to(libvirt)).changes
    lines = preview_lines(NETWORK, None, desired, connect_to(libvirt), changes)
    if not list(walk_unknown(desired)):
        try:
            lifecycle.create(NETWORK, desired, connect_to(libvirt), lambda line: None)
        except VirtnetError:
            assert libvirt.reports == {}

    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("provider", [LibvirtNetworkProvider, HostForwardingProvider, PortForwardProvider])
@given(data=st.data())
def test_the_dynamic_provider_checks_anything(provider: type[Any], data: st.DataObject) -> None:
    resource = next(one for one in RESOURCES if one.name == provider.kind)
    keys = st.sampled_from(sorted(names(resource.spec))) | st.text(max_size=8)
    sent = data.draw(st.dictionaries(keys, trees(resource.spec).map(on_the_wire), max_size=6))
    served = provider()
    served.configure(dynamic.ConfigureRequest(Config({"virtnet:uri": NOWHERE}, "project")))

    result = served.check({}, sent)

    assert not (result.inputs and result.failures)
    assert all(failure.reason for failure in result.failures)


@given(spoilt_networks())
def test_what_check_makes_of_a_spoilt_network_travels_there_and_back(inputs: dict[str, Any]) -> None:
    canonical, _ = NETWORK.check(wire.from_properties(NETWORK.spec, inputs), {})

    assert wire.from_properties(NETWORK.spec, wire.to_properties(NETWORK.spec, canonical)) == canonical


def on_the_wire(value: Any) -> Any:
    """A tree as Pulumi's runtime hands it over: unknowns of its own, floats, and a secret here and there."""
    if value is UNKNOWN:
        return unknown()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return secret(float(value)) if abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {name: on_the_wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [on_the_wire(item) for item in value]
    return value
