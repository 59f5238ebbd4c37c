"""Whose a port is: two owners, what a create goes on with, what an update and a delete leave to others."""

from typing import Any

import pytest
from tests.unit.port_forward.hosts import (
    URN,
    applied,
    at,
    checked,
    deleted,
    forwarding_host,
    planned,
    refreshed,
    traces,
)

from virtnet.errors import Refused
from virtnet.port_forward.kinds import NoteKind, ProblemKind, RefusalKind
from virtnet.port_forward.plan.plan import plan

ANOTHER = {"__owner": "project/other/web", "__urn": URN.replace("stack", "other")}
UNDER_A_COMPONENT = {"__urn": "urn:pulumi:stack::project::my:Component$virtnet:index:PortForward::web"}
RENAMED = {"__owner": "project/stack/shop", "__urn": URN.replace("::web", "::shop")}


def notes(found: Any) -> list[Any]:
    """Kinds, without those that say what is opened."""
    return [note.kind for note in found.notes if note.kind is not NoteKind.OPENS]


@pytest.mark.parametrize(
    ("inputs", "kinds"),
    [
        ({}, [RefusalKind.HELD_BY_ANOTHER]),
        ({"ports": [{"protocol": "tcp", "listen_port": "8000-9000"}]}, [RefusalKind.HELD_BY_ANOTHER]),
        ({"listen_address": "192.168.123.1"}, [RefusalKind.HELD_BY_ANOTHER]),
        ({"ports": [{"protocol": "udp", "listen_port": "8080"}]}, []),
        ({"target_address": "fd00:123::50"}, []),
    ],
)
def test_a_second_owner_is_refused_before_anything_is_touched(inputs: dict[str, Any], kinds: list[Any]) -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    before = traces(host)

    found = planned(clients, checked(**ANOTHER, **inputs))

    assert [one.kind for one in found.refusals] == kinds
    if kinds:
        with pytest.raises(Refused):
            applied(clients, checked(**ANOTHER, **inputs))
        assert traces(host) == before


def test_two_addresses_have_one_port_each() -> None:
    clients = at(forwarding_host())
    applied(clients, checked(listen_address="198.51.100.1"))

    second = applied(clients, checked(**ANOTHER, listen_address="192.168.123.1"))

    assert second["problems"] == []


def test_the_rules_of_a_second_owner_count_where_its_record_is_not_loaded() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    host.load_nft("delete table inet virtnet_port_forwards")

    found = planned(clients, checked(**ANOTHER))

    assert [one.kind for one in found.refusals] == [RefusalKind.HELD_BY_ANOTHER]


@pytest.mark.parametrize("left", ["no file", "a file of others"])
@pytest.mark.parametrize(
    ("inputs", "kinds"),
    [
        ({}, [RefusalKind.RULES_WITHOUT_RECORD]),
        ({"adopt": True}, [RefusalKind.RULES_WITHOUT_RECORD]),
        ({"ports": [{"protocol": "tcp", "listen_port": "8000-9000"}]}, [RefusalKind.RULES_WITHOUT_RECORD]),
        ({"listen_address": "192.168.123.1"}, [RefusalKind.RULES_WITHOUT_RECORD]),
        ({"ports": [{"protocol": "udp", "listen_port": "8080"}]}, []),
        ({"ports": [{"protocol": "tcp", "listen_port": "8081"}]}, []),
        ({"target_address": "fd00:123::50"}, []),
    ],
)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_rules_whose_record_is_gone_are_in_the_way(
    inputs: dict[str, Any], kinds: list[Any], left: str, verb: str
) -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = None
    if verb == "update":
        recorded = applied(clients, checked(**ANOTHER, ports=[{"protocol": "tcp", "listen_port": "70"}]))
    kept = set(host.files.texts)
    applied(clients, checked())
    (path,) = [path for path in host.files.texts if "/port-forwards/" in path and path not in kept]
    if left == "no file":
        del host.files.texts[path]
    else:
        host.files.texts[path] = "add table inet mine\n"
    before = traces(host)

    found = planned(clients, checked(**ANOTHER, **inputs), recorded)

    assert [one.kind for one in found.refusals] == kinds
    assert [one.details["path"] for one in found.refusals] == [path] * len(kinds)
    if kinds:
        with pytest.raises(Refused):
            applied(clients, checked(**ANOTHER, **inputs), recorded)
        assert traces(host) == before


def test_rules_of_its_own_without_their_record_are_none_of_others() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    (path,) = [path for path in host.files.texts if "/port-forwards/" in path]
    del host.files.texts[path]

    assert planned(clients, checked()).refusals == ()
    assert applied(clients, checked(), refreshed(clients, recorded))["problems"] == []


def test_a_create_finishes_what_an_earlier_run_did_not_record() -> None:
    clients = at(forwarding_host())
    lost = applied(clients, checked())

    found = planned(clients, checked())
    taken = applied(clients, checked())

    assert (found.refusals, notes(found), found.found_own) == ((), [NoteKind.RESUMED], True)
    assert found.takes == (lost["__token"],)
    assert taken["__token"] != lost["__token"]
    assert refreshed(clients, lost)["problems"][0]["kind"] == ProblemKind.TAKEN_OVER.value


def test_moved_under_a_component_without_an_alias_nothing_is_lost() -> None:
    host = forwarding_host()
    clients = at(host)
    old = applied(clients, checked())

    found = planned(clients, checked(**UNDER_A_COMPONENT))
    new = applied(clients, checked(**UNDER_A_COMPONENT))
    deleted(clients, old)

    assert (found.refusals, notes(found)) == ((), [NoteKind.TAKEN_UP])
    assert refreshed(clients, new)["problems"] == []
    assert [note.kind for note in planned(clients, None, old).notes] == [NoteKind.LEFT_TO_OWNER]
    deleted(clients, new)
    assert traces(host)[:2] == ({}, None)


def test_what_is_adopted_belongs_to_the_new_owner_alone() -> None:
    host = forwarding_host()
    clients = at(host)
    old = applied(clients, checked(**ANOTHER))

    found = planned(clients, checked(adopt=True))
    new = applied(clients, checked(adopt=True))

    assert (found.refusals, notes(found)) == ((), [NoteKind.TAKEN_OVER])
    assert [one.kind for one in planned(clients, checked(**ANOTHER, description="x"), old).refusals] == [
        RefusalKind.TAKEN_OVER
    ]
    deleted(clients, old)
    assert refreshed(clients, new)["problems"] == []
    assert len([path for path in host.files.texts if "/port-forwards/" in path]) == 1


def test_of_several_that_are_adopted_one_record_is_left() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked(**ANOTHER))
    applied(clients, checked(__owner="project/third/web", __urn=None, ports=[{"protocol": "tcp", "listen_port": "90"}]))
    both = checked(
        adopt=True, ports=[{"protocol": "tcp", "listen_port": "8080"}, {"protocol": "tcp", "listen_port": "90"}]
    )

    new = applied(clients, both)

    assert new["problems"] == []
    assert len([path for path in host.files.texts if "/port-forwards/" in path]) == 1
    deleted(clients, new)
    assert traces(host)[:2] == ({}, None)


def test_a_new_name_is_written_into_the_mark() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())

    (change,) = plan(checked(**RENAMED), recorded, None).changes
    renamed = applied(clients, checked(**RENAMED), recorded)

    assert [problem.kind for problem in change.problems] == [ProblemKind.OWNER_CHANGED]
    assert renamed["problems"] == []
    assert any(f"# virtnet-urn: {RENAMED['__urn']}\n" in text for text in host.files.texts.values())
    assert host.effects.log.count("load rules into nftables") == 1, "the rules are the same"


def test_a_new_resource_of_the_old_name_gets_a_record_of_its_own() -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, checked(**RENAMED), applied(clients, checked()))

    other = applied(clients, checked(ports=[{"protocol": "tcp", "listen_port": "9090"}]))

    assert other["__forward"] != recorded["__forward"]
    assert refreshed(clients, recorded)["problems"] == refreshed(clients, other)["problems"] == []


def test_what_is_not_virtnets_is_in_the_way() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    (path,) = [path for path in host.files.texts if "/port-forwards/" in path]
    host.files.texts[path] = "add table inet mine\n"

    assert [one["kind"] for one in refreshed(clients, recorded)["problems"]] == [ProblemKind.RECORD_MISSING.value]
    assert [one.kind for one in planned(clients, checked(description="x"), refreshed(clients, recorded)).refusals] == [
        RefusalKind.RECORD_NOT_OURS
    ]
    deleted(clients, recorded)
    assert host.files.texts[path] == "add table inet mine\n"


def test_an_import_into_another_state_leaves_the_record_alone() -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, checked())

    assert planned(clients, None, {**recorded, "__token": "0" * 16}).steps == ()
