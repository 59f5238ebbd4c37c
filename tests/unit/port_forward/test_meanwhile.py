"""The table of rules is another one when a plan's steps come to it: others flushed it, or the service filled it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.kinds import KIND_NAMES
from tests.unit.port_forward.hosts import SUBJECT, applied, at, checked, forwarding_host, planned, refreshed

from virtnet.errors import HostFailure
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.rules.render import COMMON, body
from virtnet.port_forward.steps import LoadRules

ANOTHER = {"__owner": "project/stack/shop", "__urn": "urn:pulumi:stack::project::virtnet:index:PortForward::shop"}
SHOP = checked(**ANOTHER, ports=[{"protocol": "tcp", "listen_port": "9090"}])
MOVED = checked(ports=[{"protocol": "tcp", "listen_port": "8081", "target_port": "80"}])
TWO = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}, {"protocol": "udp", "listen_port": "53"}]


def flush(host: FakeHost) -> None:
    """`nft flush ruleset`, as far as our table goes."""
    host.load_nft("delete table inet virtnet_port_forwards")


def restored(host: FakeHost, clients: Clients, recorded: dict[str, Any]) -> None:
    """As the service loads a forward."""
    record = observe(clients, {}, recorded).records[recorded["__forward"]]
    host.load_nft(COMMON + body(record.forward))


@pytest.mark.parametrize("desired", [MOVED, checked(ports=TWO)], ids=["takes a port away", "adds a port"])
def test_an_update_loads_all_of_its_rules_where_they_were_flushed_meanwhile(desired: dict[str, Any]) -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    decided = planned(clients, desired, recorded)

    flush(host)
    apply(decided, clients, SUBJECT, messages=lambda: KIND_NAMES)

    assert planned(clients, desired, {**recorded, **decided.details}).steps == ()


def test_a_create_makes_the_table_anew_where_it_was_flushed_meanwhile() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    decided = planned(clients, SHOP)

    flush(host)
    apply(decided, clients, SUBJECT, messages=lambda: KIND_NAMES)

    assert planned(clients, SHOP, {**SHOP, **decided.details}).steps == ()


def test_a_delete_leaves_what_the_service_loads_of_others_meanwhile() -> None:
    host = forwarding_host()
    clients = at(host)
    shop = applied(clients, SHOP)
    recorded = applied(clients, checked())
    flush(host)
    restored(host, clients, recorded)
    decided = planned(clients, None, recorded)

    restored(host, clients, shop)
    apply(decided, clients, SUBJECT, messages=lambda: KIND_NAMES)

    table = observe(clients, {}, shop).table
    assert (table.common_intact, set(table.ids)) == (True, {shop["__forward"]})
    assert refreshed(clients, shop) == shop


def test_a_delete_is_done_where_the_rules_were_flushed_meanwhile() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, SHOP)
    recorded = applied(clients, checked())
    decided = planned(clients, None, recorded)

    flush(host)
    apply(decided, clients, SUBJECT, messages=lambda: KIND_NAMES)

    assert planned(clients, None, recorded).steps == ()


@pytest.mark.parametrize("by_listing", [True, False], ids=["adds only", "takes away"])
def test_a_load_that_failed_is_done_where_the_rules_are_there_all_the_same(by_listing: bool) -> None:
    """nft fails and has loaded it, or the service restored it meanwhile: what counts is what is there."""
    host = forwarding_host()
    clients = at(host)
    applied(clients, SHOP)
    decided = planned(clients, checked())
    (load,) = [step for step in decided.steps if isinstance(step, LoadRules)]
    step = load if by_listing else replace(load, there=None)
    host.effects.log, host.effects.fail_at, host.effects.fail_after = [], 0, True

    step.execute(clients)

    assert host.effects.log == ["load rules into nftables"]
    assert load.id in observe(clients, {}, SHOP).table.ids


def test_a_load_that_failed_and_changed_nothing_has_failed() -> None:
    host = forwarding_host()
    clients = at(host)
    decided = planned(clients, checked())
    (load,) = [step for step in decided.steps if isinstance(step, LoadRules)]
    host.effects.log, host.effects.fail_at = [], 0

    with pytest.raises(HostFailure):
        load.execute(clients)

    assert host.effects.log == ["load rules into nftables"]
