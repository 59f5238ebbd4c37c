"""When the host's links to networks are looked after: where a forward is the first to need one, or the last."""

from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import applied, at, checked, deleted, forwarding_host, planned, traces

from virtnet.port_forward.restore.files import SCRIPT_PATH

LINKS = f"run {SCRIPT_PATH} links"
SECOND = {"__owner": "project/stack/shop", "__urn": "urn:pulumi:stack::project::virtnet:index:PortForward::shop"}
BESIDE = checked(**SECOND, ports=[{"protocol": "tcp", "listen_port": "9090"}])
BY_IPV6 = checked(**SECOND, target_address="fd00:123::50")


def done(host: FakeHost) -> list[str]:
    """What was done since this was asked last."""
    log, host.effects.log = host.effects.log, []
    return log


@pytest.mark.parametrize(("other", "needed"), [(BESIDE, False), (BY_IPV6, True)], ids=["same subnet", "another subnet"])
def test_another_forward_needs_links_of_its_own_where_it_leads_elsewhere(other: dict[str, Any], needed: bool) -> None:
    host = forwarding_host()
    clients = at(host)
    first = applied(clients, checked())
    assert LINKS in done(host)

    second = applied(clients, other)
    made = done(host)
    deleted(clients, first)
    removed = done(host)
    deleted(clients, second)

    assert (LINKS in made, LINKS in removed) == (needed, needed)
    assert LINKS in done(host), "with the last one they go"
    assert traces(host)[:2] == ({}, None)


def test_an_edit_that_leads_into_the_same_network_leaves_them_alone() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    done(host)

    applied(clients, checked(target_address="192.168.123.60"), recorded)

    assert LINKS not in done(host)


def test_what_is_missing_of_them_is_made_whoever_else_needs_it() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    host.scripts.known[SCRIPT_PATH] = lambda *_: "link vnpf853557b0\n"
    done(host)

    applied(clients, BESIDE)

    assert LINKS in done(host)


def test_a_neighbour_whose_file_was_edited_tells_nothing() -> None:
    host = forwarding_host()
    clients = at(host)
    first = applied(clients, checked())
    second = applied(clients, BESIDE)
    (path,) = (path for path in host.files.texts if str(second["__forward"]) in path)
    host.files.texts[path] += "# mine\n"

    steps = planned(clients, None, first).steps

    assert [getattr(step, "links", None) for step in steps if hasattr(step, "links")] == [True]
