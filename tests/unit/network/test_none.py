"""That a program can say of everything in a network that there is none, whatever others put there."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from tests.unit.hostile import BASES

from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import mode_of, network_tree
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import NOT_XML
from virtnet.planning.merge import differences, merge, naming, project
from virtnet.spec.part import Part, Shape, Values, shapes, without

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
LIMITS = {"inbound": {"average": 9}, "outbound": {"average": 9}}
#: What no network of hostile_places.json has, as it is no text.
MORE: list[dict[str, Any]] = [
    {
        "name": "lab",
        "uri": "qemu:///system",
        "forward": {"mode": "nat", "nat": {"port": {"start": 1024, "end": 2048}}},
        "ips": [{"address": "10.9.0.1/24"}],
        "routes": [{"address": "10.99.0.0/16", "gateway": "10.9.0.7", "metric": 5}],
        "mtu": 1400,
        "bandwidth": LIMITS,
        "port_groups": [{"name": "web", "bandwidth": LIMITS}],
    },
    # An address of the host's, and nothing that needs one.
    {"name": "lab", "uri": "qemu:///system", "ips": [{"address": "10.9.0.1/24"}]},
]

#: Where there is no saying none, and why.
ALWAYS_THERE = {
    "name": "what the network is known by",
    "uuid": "what it is known by",
    "mac": "what it is known by",
    "bridge": "a network that has one always has it",
    "bridge.name": "what guests know it by",
    "forward.mode": "forward as a whole says none",
    "forward.dev": "another word for interfaces",
    "forward.driver.name": "forward.driver as a whole says none",
    "forward.driver.model": "forward.driver as a whole says none",
    "bandwidth.inbound.average": "bandwidth.inbound as a whole says none",
    "bandwidth.outbound.average": "bandwidth.outbound as a whole says none",
    "vlan.tags.native_mode": "an item of a list, which is owned whole",
    "virtual_port.type": "virtual_port as a whole says none",
    "virtual_port.parameters.managerid": "0 is a value; the parameters as a whole say none",
    "virtual_port.parameters.typeid": "0 is a value; the parameters as a whole say none",
    "virtual_port.parameters.typeidversion": "0 is a value; the parameters as a whole say none",
    "ips.dhcp.hosts.mac": "what the item is known by",
    "ips.dhcp.hosts.id": "what the item is known by",
    "ips.dhcp.hosts.ip": "a reservation without an address is none",
    "dns.forwarders.domain": "what the item is known by",
    "dns.forwarders.address": "what the item is known by",
    "dns.srvs.domain": "what the item is known by",
    "dns.srvs.target": "what the item is known by",
    "dns.srvs.port": "what the item is known by",
}


def places(part: type[Part], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type[Part], Shape]]:
    """Everything that a network's XML holds and a program may leave out."""
    for name, shape in shapes(part).items():
        if path or name not in NOT_XML:
            here = (*path, name)
            if not part.model_fields[name].is_required():
                yield here, part, shape
            if shape.part is not None:
                yield from places(shape.part, here)


def spelled(path: tuple[str, ...]) -> str:
    # A port group's parts are those of the network.
    return ".".join(path).removeprefix("port_groups.")


def needs_a_word(path: tuple[str, ...], shape: Shape) -> bool:
    return shape.default is None and spelled(path) not in ALWAYS_THERE


NONES = {".".join(path): (path, shape) for path, _, shape in places(NetworkSpec) if needs_a_word(path, shape)}


def test_everything_that_may_be_left_out_can_be_said_not_to_be() -> None:
    assert [path for path, (_, shape) in NONES.items() if shape.none is None] == []


def test_what_is_always_there_has_no_word_for_none() -> None:
    found = {spelled(path): shape for path, _, shape in places(NetworkSpec)}

    assert ALWAYS_THERE.keys() <= found.keys()
    assert [path for path in ALWAYS_THERE if found[path].none is not None] == []


def with_value(tree: Values, path: tuple[str, ...], value: object) -> dict[str, Any] | None:
    """The tree with that value at a place, in the first item of each list; None where there is no such place."""
    copied = deepcopy(dict(tree))
    holder: Any = copied
    for name in path[:-1]:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
        holder = holder[0] if isinstance(holder, list) and holder else holder
    if not isinstance(holder, dict) or path[-1] not in holder:
        return None
    holder[path[-1]] = value
    return copied


def value_at(tree: Values, path: tuple[str, ...]) -> Any:
    value: Any = tree
    for name in path:
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def a_network_with(path: tuple[str, ...], none: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """A network that has something at a place, and what names that there is none: both as check leaves them."""
    for base in (*BASES["network"], *MORE):
        there = without(NETWORK.check(base, {})[0], NOT_XML)
        named = with_value(base, path, none)
        canonical = None if named is None else without(NETWORK.check(named, {})[0], NOT_XML)
        if canonical and value_at(there, path):
            return there, canonical
    raise AssertionError(f"no network of hostile_places.json has {'.'.join(path)} and may do without")


#: A network in such a mode is none without them.
NEEDED = {"forward.interfaces", "forward.addresses", "forward.pf"}


@pytest.mark.parametrize("place", sorted(NONES.keys() - NEEDED))
def test_none_is_what_others_put_there_gone(place: str) -> None:
    path, shape = NONES[place]
    there, named = a_network_with(path, shape.none)
    found = definition(network_edit.render(new_tree(network_tree(there), UUID)))

    made = definition(network_edit.render(new_tree(network_tree(named), UUID)))
    shown = project(NetworkSpec, network_tree(named), found.tree)
    target = merge(NetworkSpec, network_tree(named), named, found.tree)
    mended = definition(network_edit.edit(found, target))

    assert value_at(made.tree, path) is None
    assert value_at(shown, path) == value_at(found.tree, path) != shape.none
    assert differences(NetworkSpec, target, found.tree) != ()
    assert value_at(mended.tree, path) is None
    assert differences(NetworkSpec, target, mended.tree) == ()
    # What is as it is named is no drift, and no other value than was named.
    assert value_at(project(NetworkSpec, network_tree(named), mended.tree), path) == shape.none


@pytest.mark.parametrize("place", ["domain", "dns", "mtu", "bandwidth", "title", "ips.dhcp"])
def test_newly_named_none_where_there_is_none_is_only_recorded(place: str) -> None:
    path, shape = NONES[place]
    _, named = a_network_with(path, shape.none)
    before = deepcopy(named)
    holder: Any = before
    for name in path[:-1]:
        holder = holder[name][0]
    del holder[path[-1]]

    assert differences(NetworkSpec, named, before) == ()
    assert [change.path.rpartition(".")[2] for change in naming(NetworkSpec, named, before)] == [path[-1]]


def test_an_isolated_network_by_name_is_one_without_forward() -> None:
    named, failures = NETWORK.check({"name": "lab", "forward": {"mode": "none"}}, {})

    assert failures == []
    assert mode_of(network_tree(named)) == ""
    assert "<forward" not in network_edit.render(new_tree(network_tree(named), UUID))


@pytest.mark.parametrize(
    "given", [{"domain": None}, {"domain": {"name": None}}, {"bandwidth": {"inbound": {"average": None}}}]
)
def test_a_group_of_nothing_but_nulls_was_left_out(given: dict[str, Any]) -> None:
    canonical, failures = NETWORK.check({"name": "lab", **given}, {})

    assert failures == []
    assert not canonical.keys() & given.keys()
