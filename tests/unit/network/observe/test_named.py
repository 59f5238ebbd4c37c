"""What networks name of their host, and what of it is not there."""

from typing import Any

import pytest
from tests.fakes.files import FakeFiles
from tests.fakes.host import FakeHost, host_effects
from tests.fakes.links import FakeLinks, links_of

from virtnet.network.observe.named import PCI_DEVICES, missing, named_on_host
from virtnet.network.observed import Named
from virtnet.planning.clients.host import Way
from virtnet.spec.part import UNKNOWN

LAB = {
    "name": "lab",
    "forward": {"mode": "nat", "interfaces": [{"dev": "eno9"}]},
    "bridge": {"zone": "trusted"},
    "ips": [{"address": "10.9.0.1/24", "tftp_root": "/srv/tftp/"}, {"address": "fd00::1/64"}],
    "bandwidth": {"inbound": {"average": 1000}},
    "port_groups": [{"name": "web"}, {"name": "db", "bandwidth": {"outbound": {"average": 1000}}}],
}
ALL = Named(
    interfaces=frozenset({"eno9"}),
    directories=frozenset({"/srv/tftp/"}),
    zones=frozenset({"trusted"}),
    limits=frozenset({"inbound"}),
    guest_limits=frozenset({"outbound"}),
)
THERE: dict[str, Any] = {"links": ("eno9",), "files": ("/srv/tftp/pxe.0",), "zones": ("public", "trusted")}


def host(
    *,
    links: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
    zones: tuple[str, ...] | None = (),
    limits: tuple[Way, ...] = ("inbound", "outbound"),
) -> FakeHost:
    effects = host_effects()
    net: FakeLinks = links_of(effects, {f"/sys/class/net/{name}/address": "02:00:00:00:00:01" for name in links})
    texts = dict.fromkeys(files, "")
    return FakeHost(effects=effects, net=net, files=FakeFiles(effects, texts, ["/srv"]), zones=zones, limits=limits)


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        (LAB, ALL),
        ({"name": "lab"}, Named()),
        (
            {**LAB, "forward": {"mode": "private", "interfaces": [{"dev": "eno9"}]}},
            ALL._replace(interfaces=frozenset(), zones=frozenset()),
        ),
        ({"forward": UNKNOWN, "bridge": UNKNOWN, "ips": UNKNOWN}, Named()),
        ({"forward": {"interfaces": [UNKNOWN]}, "bridge": {"zone": UNKNOWN}, "ips": [UNKNOWN]}, Named()),
        ({"forward": {"interfaces": UNKNOWN}, "ips": [{"tftp_root": UNKNOWN}]}, Named()),
        ({"forward": {"interfaces": [{"dev": UNKNOWN}]}}, Named()),
        ({"bandwidth": UNKNOWN, "port_groups": UNKNOWN}, Named()),
        ({"bandwidth": {}, "port_groups": [UNKNOWN, {"name": "web", "bandwidth": UNKNOWN}]}, Named()),
        (
            {"forward": {"mode": "hostdev", "addresses": [{"bus": 10, "slot": 0, "function": 1}]}},
            Named(virtual_functions=frozenset({"0000:0a:00.1"})),
        ),
        ({"forward": {"mode": "hostdev", "addresses": [{"bus": UNKNOWN, "slot": 0, "function": 1}]}}, Named()),
        ({"bandwidth": {"inbound": UNKNOWN}}, Named(limits=frozenset({"inbound"}))),
    ],
)
def test_what_is_named_as_far_as_it_is_known(tree: Any, named: Named) -> None:
    assert named_on_host(tree) == named


@pytest.mark.parametrize(
    ("there", "lacks"),
    [
        pytest.param(host(limits=()), ALL, id="nothing is there"),
        pytest.param(host(**THERE), Named(), id="all"),
        pytest.param(host(**THERE, limits=("outbound",)), Named(limits=ALL.limits), id="a way of the bridge"),
        pytest.param(host(**THERE, limits=("inbound",)), Named(guest_limits=ALL.guest_limits), id="a way of guests"),
        pytest.param(
            host(links=("eno9",), files=("/srv/tftp/a",), zones=("public",)), Named(zones=ALL.zones), id="a zone"
        ),
        pytest.param(
            host(links=("eno9",), files=("/srv/a/b",), zones=None), Named(directories=ALL.directories), id="a directory"
        ),
        pytest.param(
            host(links=("eno1",), files=("/srv/tftp/a",), zones=None),
            Named(interfaces=ALL.interfaces),
            id="an interface",
        ),
    ],
)
def test_what_is_missing(there: FakeHost, lacks: Named) -> None:
    assert missing(there, ALL) == lacks


@pytest.mark.parametrize(
    ("files", "is_missing"),
    [
        pytest.param(["/sys/bus/pci/devices/0000:0a:00.1/physfn"], False, id="a virtual function"),
        pytest.param(["/sys/bus/pci/devices/0000:0a:00.1/class"], True, id="another device"),
        pytest.param([], True, id="no device"),
    ],
)
def test_a_pool_has_virtual_functions(files: list[str], is_missing: bool) -> None:
    effects, named = host_effects(), Named(virtual_functions=frozenset({"0000:0a:00.1"}))
    there = FakeHost(effects=effects, files=FakeFiles(effects, dict.fromkeys(files, ""), [PCI_DEVICES]))

    assert missing(there, named) == (named if is_missing else Named())
