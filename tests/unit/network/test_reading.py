"""How often networks' XML is read: each text once, however many look at libvirt again."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from tests.builders import checked, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink

from virtnet.network.resource import NETWORK
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients

LAB = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24"}],
    "__owner": "project/stack/lab",
}


@contextmanager
def counted() -> Iterator[tuple[Counter[str], Counter[object]]]:
    """How often the provider reads each text of a network, and each element as a tree. Fakes read apart from it."""
    texts: Counter[str] = Counter()
    trees: Counter[object] = Counter()

    def watch(frame: FrameType, event: str, _: object) -> None:
        caller = frame.f_back.f_code.co_filename if frame.f_back is not None else ""
        if event != "call" or "/tests/" in caller:
            return
        if frame.f_code is network_xml.read_xml.__code__ and "<network" in frame.f_locals["xml"]:
            texts[frame.f_locals["xml"]] += 1
        if frame.f_code is network_xml.parse_network.__code__:
            trees[frame.f_locals["root"]] += 1

    definition.cache_clear()
    sys.setprofile(watch)
    try:
        yield texts, trees
    finally:
        sys.setprofile(None)


def plug_in(libvirt: FakeLibvirt, host: FakeHost) -> None:
    libvirt.guests.append(FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet1", network="lab"))
    host.net.by_name["vnet1"] = FakeLink(mac="fe:54:00:00:00:01")
    host.set_master("vnet1", "vn-lab")


def updated(**inputs: Any) -> Callable[[], object]:
    """An update of a network that a guest is plugged into, by one process."""
    host = network_host()
    libvirt = FakeLibvirt(links=host.net)
    clients = Clients(libvirt=libvirt, host=host)
    recorded = lifecycle.create(NETWORK, checked(LAB), lambda _: clients, lambda _: None)
    plug_in(libvirt, host)
    desired = checked(LAB, **inputs)
    return lambda: lifecycle.update(NETWORK, recorded, desired, lambda _: clients, lambda _: None)


@pytest.mark.parametrize(
    ("inputs", "trees_read"),
    [
        ({"domain": {"name": "lab"}}, 3),
        ({"ips": [{"address": "10.10.0.1/24"}]}, 3),
        ({"ips": [{"address": "10.9.0.1/24", "dhcp": {"hosts": [{"name": "web", "ip": "10.9.0.7"}]}}]}, 4),
    ],
    ids=["a restart", "a restart with other addresses", "a live update"],
)
def test_an_update_reads_each_text_once(inputs: dict[str, Any], trees_read: int) -> None:
    update = updated(**inputs)

    with counted() as (texts, trees):
        update()

    assert set(texts.values()) == {1}
    assert set(trees.values()) == {1}
    # A restart: as it was, as it is meant, and what libvirt makes of that. Live: both copies, before and after.
    assert len(trees) == trees_read
