"""Which lists of a network have an order, and that XML keeps it."""

from collections.abc import Iterator

import pytest

from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network._generated.trees import NetworkTree
from virtnet.network.spec import NetworkSpec
from virtnet.network.xml.definition import definition
from virtnet.network.xml.write import edit, render
from virtnet.spec.part import Part, shapes

ORDERED = {
    "ips.dhcp.ranges",
    "dns.forwarders",
    "dns.hosts.hostnames",
    "forward.interfaces",
    "forward.addresses",
    "dnsmasq_options",
}


def _lists(part: type[Part], path: str = "") -> Iterator[tuple[str, bool | None]]:
    for name, shape in shapes(part).items():
        place = f"{path}.{name}".lstrip(".")
        if shape.kind in ("scalars", "parts"):
            yield place, shape.ordered
        if shape.part is not None:
            yield from _lists(shape.part, place)


@pytest.mark.parametrize("spec", [NetworkSpec, HostForwardingSpec])
def test_the_spec_says_of_each_list_whether_its_order_counts(spec: type[Part]) -> None:
    assert [path for path, ordered in _lists(spec) if ordered is None] == []


def test_lists_whose_order_counts() -> None:
    assert {path for path, ordered in _lists(NetworkSpec) if ordered} == ORDERED


RANGES = [{"start": "10.9.0.50", "end": "10.9.0.59"}, {"start": "10.9.0.10", "end": "10.9.0.19"}]
ADDRESSES = [{"bus": 3, "slot": 1, "function": 0}, {"bus": 3, "slot": 0, "function": 0}]


@pytest.mark.parametrize(
    ("tree", "swapped", "tags"),
    [
        pytest.param(
            {"ips": [{"address": "10.9.0.1/24", "dhcp": {"ranges": RANGES}}]},
            {"ips": [{"address": "10.9.0.1/24", "dhcp": {"ranges": RANGES[::-1]}}]},
            ("range", "start", ["10.9.0.10", "10.9.0.50"]),
            id="ranges",
        ),
        pytest.param(
            {"dns": {"forwarders": [{"address": "10.0.0.53"}, {"address": "10.0.0.54"}]}},
            {"dns": {"forwarders": [{"address": "10.0.0.54"}, {"address": "10.0.0.53"}]}},
            ("forwarder", "addr", ["10.0.0.54", "10.0.0.53"]),
            id="forwarders",
        ),
        pytest.param(
            {"forward": {"mode": "private", "interfaces": [{"dev": "eth0"}, {"dev": "eth1"}]}},
            {"forward": {"mode": "private", "interfaces": [{"dev": "eth1"}, {"dev": "eth0"}]}},
            ("interface", "dev", ["eth1", "eth0"]),
            id="interfaces",
        ),
        pytest.param(
            {"forward": {"mode": "hostdev", "addresses": ADDRESSES}},
            {"forward": {"mode": "hostdev", "addresses": ADDRESSES[::-1]}},
            ("address", "slot", ["0x00", "0x01"]),
            id="addresses",
        ),
    ],
)
def test_an_edit_puts_a_list_in_the_order_wanted(
    tree: NetworkTree, swapped: NetworkTree, tags: tuple[str, str, list[str]]
) -> None:
    element, attribute, values = tags
    before = definition(render({"name": "lab", **tree}))

    after = definition(edit(before, {"name": "lab", **swapped}))

    assert [child.get(attribute) for child in after.element.iter(element)] == values
