"""A forward beside others is told by the success of its steps, without a second look at the host."""

from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import PORTS, applied, at, checked, forwarding_host

from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import HostAddress
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import SCRIPT_PATH

SECOND = {"__owner": "project/stack/shop", "__urn": "urn:pulumi:stack::project::virtnet:index:PortForward::shop"}
BESIDE = checked(**SECOND, ports=[{"protocol": "tcp", "listen_port": "9090"}])
MORE = checked(**SECOND, ports=[{"protocol": "tcp", "listen_port": "9090"}, {"protocol": "udp", "listen_port": "53"}])


def looked(host: FakeHost) -> list[str]:
    """The script is asked once in each look that is after links, too."""
    found: list[str] = []

    def answer(*arguments: str) -> str:
        found.extend(arguments)
        return ""

    host.scripts.known[SCRIPT_PATH] = answer
    return found


def created(clients: Clients, desired: dict[str, Any]) -> dict[str, object]:
    return lifecycle.create(PORT_FORWARD, desired, lambda _: clients, lambda _: None)


def read(clients: Clients, recorded: dict[str, object]) -> dict[str, object] | None:
    return lifecycle.read(PORT_FORWARD, recorded, lambda _: clients)


def test_beside_another_it_is_looked_at_once() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    asked = looked(host)

    made = created(clients, BESIDE)
    after_create = list(asked)
    changed = lifecycle.update(PORT_FORWARD, made, MORE, lambda _: clients, lambda _: None)

    assert (after_create, asked) == (["check"], ["check", "check"])
    assert changed == read(clients, changed)
    assert (made["problems"], changed["problems"]) == ([], [])


def test_the_first_one_is_looked_at_again_as_its_service_may_have_failed() -> None:
    host = forwarding_host()
    asked = looked(host)

    created(at(host), checked())

    assert asked.count("check") == 1, "the script was not there before"
    assert asked[-1] == "check", "it was asked after the links were made"


@pytest.mark.parametrize(
    "listens", [{"listen_address": "198.51.100.1"}, {}], ids=["an address that goes", "any address"]
)
def test_what_no_step_puts_right_is_looked_at_again(listens: dict[str, Any]) -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    made = created(clients, {**BESIDE, **listens})
    host.routing.held_addresses = [HostAddress("eth0", "192.168.123.1/24")]
    closes = checked(**SECOND, **listens, ports=[{**PORTS[0], "listen_port": "9090"}], sources=["203.0.113.0/24"])

    after = lifecycle.update(PORT_FORWARD, made, closes, lambda _: clients, lambda _: None)

    assert after == read(clients, after)
    assert bool(after["problems"]) is bool(listens)
