"""What others do to a forward: a refresh names it, and the next update mends it live."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import (
    LAB,
    PORTS,
    applied,
    at,
    checked,
    deleted,
    forwarding_host,
    lab,
    planned,
    refreshed,
    traces,
)

from virtnet.planning.plan import ChangeClass
from virtnet.planning.reports import HostAddress, ServiceReport
from virtnet.port_forward.kinds import NoteKind, ProblemKind, RefusalKind
from virtnet.port_forward.messages import messages
from virtnet.port_forward.plan.plan import plan
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import SCRIPT_PATH, SERVICE

CHAIN = "inet virtnet_port_forwards forward_"


def record_of(host: FakeHost) -> str:
    (path,) = [path for path in host.files.texts if "/port-forwards/" in path]
    return path


def flush_table(host: FakeHost, _forward: str) -> None:
    host.load_nft("delete table inet virtnet_port_forwards")


def flush_chain(host: FakeHost, forward: str) -> None:
    host.load_nft(f"flush chain {CHAIN}{forward}")


def lead_elsewhere(host: FakeHost, forward: str) -> None:
    rule = 'tcp dport 8080 ct mark set ct mark | 0x10000000 dnat ip to 10.0.0.1:80 comment "virtnet x"'
    host.load_nft(f"flush chain {CHAIN}{forward}\nadd rule {CHAIN}{forward} {rule}")


def remove_record(host: FakeHost, _forward: str) -> None:
    del host.files.texts[record_of(host)]


def edit_record(host: FakeHost, _forward: str) -> None:
    path = record_of(host)
    host.files.texts[path] = host.files.texts[path].replace("192.168.123.50:80", "192.168.123.60:80")


def write_another_forward(host: FakeHost, _forward: str) -> None:
    path = record_of(host)
    host.files.texts[path] = host.files.texts[path].replace('["tcp", 8080, 8080, 80]', '["tcp", 9090, 9090, 80]')


def remove_script(host: FakeHost, _forward: str) -> None:
    del host.files.texts[SCRIPT_PATH]


def edit_script(host: FakeHost, _forward: str) -> None:
    host.files.texts[SCRIPT_PATH] += "reboot\n"


def stop_service(host: FakeHost, _forward: str) -> None:
    host.services.found[SERVICE] = ServiceReport(enabled=True, active=False)


def delete_link(host: FakeHost, _forward: str) -> None:
    printed = ["link vnpf853557b0\nroute 192.168.123.0/24\n"]

    def script(verb: str) -> str:
        if verb == "links":
            printed[:] = [""]
        return printed[0]

    host.scripts.known[SCRIPT_PATH] = script


DRIFT: list[tuple[Callable[[FakeHost, str], None], list[ProblemKind]]] = [
    (flush_table, [ProblemKind.RULES_MISSING]),
    (flush_chain, [ProblemKind.RULES_ALTERED]),
    (lead_elsewhere, [ProblemKind.RULES_ALTERED]),
    (remove_record, [ProblemKind.RECORD_MISSING]),
    (edit_record, [ProblemKind.RECORD_ALTERED]),
    (write_another_forward, [ProblemKind.RECORD_ALTERED, ProblemKind.RULES_ALTERED]),
    (remove_script, [ProblemKind.RESTORE_MISSING]),
    (edit_script, [ProblemKind.RESTORE_MISSING]),
    (stop_service, [ProblemKind.RESTORE_MISSING]),
    (delete_link, [ProblemKind.LINKS_MISSING]),
]


@pytest.mark.parametrize(("meddle", "kinds"), DRIFT, ids=lambda value: getattr(value, "__name__", ""))
def test_what_others_undo_is_named_by_a_refresh_and_mended_live(
    meddle: Callable[[FakeHost, str], None], kinds: list[ProblemKind]
) -> None:
    host, desired = forwarding_host(), checked()
    clients = at(host)
    recorded = applied(clients, desired)
    meant = traces(host)[0]

    meddle(host, recorded["__forward"])
    seen = refreshed(clients, recorded)

    assert [one["kind"] for one in seen["problems"]] == [kind.value for kind in kinds]
    previewed = plan(desired, json.loads(json.dumps(seen)), None)
    assert [change.path for change in previewed.changes] == ["problems"]
    assert previewed.change_class is ChangeClass.LIVE
    for problem in previewed.changes[0].problems:
        assert messages().sentence(problem)
    mended = applied(clients, desired, seen)
    assert mended == recorded
    assert traces(host)[0] == meant
    assert refreshed(clients, mended) == recorded


@pytest.mark.parametrize("meddle", [flush_table, flush_chain, lead_elsewhere])
def test_ports_that_lead_elsewhere_or_nowhere_are_opened_again_and_the_preview_says_so(
    meddle: Callable[[FakeHost, str], None],
) -> None:
    host, desired = forwarding_host(), checked()
    clients = at(host)
    recorded = applied(clients, desired)

    meddle(host, recorded["__forward"])
    found = planned(clients, desired, refreshed(clients, recorded))

    (opens,) = [note.details for note in found.notes if note.kind is NoteKind.OPENS]
    assert (opens["protocol"], opens["first"], opens["target"]) == ("tcp", 8080, "192.168.123.50")


def test_what_nobody_reviewed_is_left_to_a_refresh() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    flush_table(host, "")

    found = planned(clients, checked(description="the shop"), recorded)

    assert found.steps == ()
    assert [note.kind for note in found.notes] == [NoteKind.DRIFT_NOT_REVIEWED]


def test_a_reservation_with_another_address_moves_the_forward() -> None:
    host, desired = forwarding_host(), checked(target_address=None, target_name="web")
    recorded = applied(at(host), desired)
    moved = at(host, lab(LAB.replace("192.168.123.50", "192.168.123.51")))

    seen = refreshed(moved, recorded)
    after = applied(moved, desired, seen)

    assert [one["kind"] for one in seen["problems"]] == [ProblemKind.TARGET_MOVED.value]
    assert (after["target"], after["problems"]) == ("192.168.123.51", [])
    assert "192.168.123.51:80" in host.files.texts[record_of(host)]


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        (LAB.replace("name='web'", "name='shop'"), ProblemKind.RESERVATION_MISSING),
        (LAB.replace("nat", "bridge"), ProblemKind.NETWORK_UNFIT),
        (LAB.replace("virbr7", "virbr8"), ProblemKind.NETWORK_CHANGED),
        (LAB.replace("prefix='24'", "prefix='23'"), ProblemKind.NETWORK_CHANGED),
    ],
)
def test_a_network_that_is_another_by_now(xml: str, kind: ProblemKind) -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked(target_address=None, target_name="web"))

    seen = refreshed(at(host, lab(xml)), recorded)

    assert [one["kind"] for one in seen["problems"]] == [kind.value]


def test_a_network_that_is_gone_is_named_and_a_delete_needs_none() -> None:
    host, desired = forwarding_host(), checked()
    recorded = applied(at(host), desired)
    gone = at(host, lab(LAB.replace(">lab<", ">other<"))._replace(name="other"))

    seen = refreshed(gone, recorded)

    assert [one["kind"] for one in seen["problems"]] == [ProblemKind.NETWORK_MISSING.value]
    assert [one.kind for one in planned(gone, desired, seen).refusals] == [RefusalKind.NETWORK_MISSING]
    deleted(gone, seen)
    assert traces(host)[:2] == ({}, None)


def test_an_address_that_went_elsewhere_is_told_and_changes_nothing() -> None:
    host, desired = forwarding_host(), checked(listen_address="198.51.100.1")
    clients = at(host)
    recorded = applied(clients, desired)
    host.routing.held_addresses = [HostAddress("eth0", "198.51.100.9/24")]

    seen = refreshed(clients, recorded)
    found = plan(desired, seen, None)

    assert [one["kind"] for one in seen["problems"]] == [ProblemKind.ADDRESS_MISSING.value]
    assert found.changes == ()
    assert [messages().sentence(note) for note in found.notes] == [
        "the host no longer has the address 198.51.100.1. pulumi up doesn't fix that"
    ]
    later = planned(clients, checked(listen_address="198.51.100.1", sources=["203.0.113.0/24"]), seen)
    assert later.refusals == (), "it closes"
    more = checked(listen_address="198.51.100.1", ports=[*PORTS, {"protocol": "tcp", "listen_port": "9090"}])
    assert [one.kind for one in planned(clients, more, seen).refusals] == [RefusalKind.ADDRESS_NOT_ON_HOST]


def test_a_new_address_of_the_host_is_no_news() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    host.routing.held_addresses = [*host.routing.held_addresses, HostAddress("docker0", "172.17.0.1/16")]

    assert recorded["addresses"] == ["198.51.100.1", "192.168.123.1"]
    assert refreshed(clients, recorded) == recorded
    assert applied(clients, checked(sources=["203.0.113.0/24"]), recorded)["addresses"][-1] == "172.17.0.1"
    host.routing.held_addresses = [HostAddress("docker0", "172.17.0.1/16")]
    assert refreshed(clients, recorded)["addresses"] == ["172.17.0.1"]


@pytest.mark.parametrize("spelling", ["name", "uuid"])
def test_another_spelling_of_the_network_is_recorded(spelling: str) -> None:
    clients = at(forwarding_host())
    by_name, by_uuid = checked(), checked(network="6f1c2a3e-0000-4000-8000-00000000001a")
    first, second = (by_name, by_uuid) if spelling == "uuid" else (by_uuid, by_name)
    recorded = applied(clients, first)

    (change,) = plan(second, recorded, None).changes

    assert (change.path, change.change_class) == ("network", ChangeClass.RECORDED)
    assert applied(clients, second, recorded)["network"] == second["network"]


def test_another_network_is_a_replacement() -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, checked())

    (change,) = plan(checked(network="other"), recorded, None).changes

    assert change.change_class is ChangeClass.REPLACE


def test_a_create_whose_host_was_lost_is_looked_at_by_the_next_update() -> None:
    host, desired = forwarding_host(), checked()
    clients = at(host)
    details = planned(clients, desired).details
    left = {**desired, **details, **PORT_FORWARD.unknown_after_create}

    (change,) = plan(desired, left, None).changes
    after = applied(clients, desired, left)

    assert [problem.kind for problem in change.problems] == [ProblemKind.CREATE_INTERRUPTED]
    assert (after["problems"], after["addresses"]) == ([], ["198.51.100.1", "192.168.123.1"])


def test_problems_of_another_version_are_mended_too() -> None:
    recorded: dict[str, Any] = {
        **checked(),
        "problems": [{"kind": "new-kind", "details": {}}],
        "target": "192.168.123.50",
    }

    (change,) = plan(checked(), recorded, None).changes

    assert [problem.kind for problem in change.problems] == [ProblemKind.UNKNOWN]


def address_went(host: FakeHost) -> None:
    host.routing.held_addresses = [HostAddress("eth0", "198.51.100.9/24")]


def forwarding_off(host: FakeHost) -> None:
    host.kernel.ipv4["all"] = 0


def all_dropped(host: FakeHost) -> None:
    place = {"family": "inet", "table": "mine"}
    chain = {**place, "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}
    table = {"family": "inet", "name": "mine", "handle": 1}
    host.firewall.listings["nft-json"] = json.dumps({"nftables": [{"table": table}, {"chain": chain}]})


@pytest.mark.parametrize(
    ("against", "kind"),
    [
        (address_went, RefusalKind.ADDRESS_NOT_ON_HOST),
        (forwarding_off, RefusalKind.FORWARDING_OFF),
        (all_dropped, RefusalKind.BLOCKED),
    ],
)
@pytest.mark.parametrize(
    ("meddle", "inputs", "opens"),
    [
        (None, {"ports": [{"protocol": "tcp", "listen_port": "8080"}, {"protocol": "tcp", "listen_port": "90"}]}, True),
        (None, {"ports": [{"protocol": "tcp", "listen_port": "9090"}]}, True),
        (None, {"sources": ["203.0.113.0/24"]}, False),
        (None, {"description": "closes one", "ports": [{"protocol": "udp", "listen_port": "53"}]}, False),
        (remove_record, {}, False),
        (edit_record, {}, False),
        (remove_script, {}, False),
        (delete_link, {}, False),
        (flush_chain, {}, True),
        (flush_table, {}, True),
    ],
)
def test_a_host_that_lets_nothing_through_keeps_nobody_from_closing_or_mending(
    against: Callable[[FakeHost], None],
    kind: RefusalKind,
    meddle: Callable[[FakeHost, str], None] | None,
    inputs: dict[str, Any],
    opens: bool,
) -> None:
    host = forwarding_host()
    clients = at(host)
    both = [*PORTS, {"protocol": "udp", "listen_port": "53"}]
    recorded = applied(clients, checked(listen_address="198.51.100.1", ports=both))
    if meddle is not None:
        meddle(host, recorded["__forward"])
    against(host)
    seen = refreshed(clients, recorded)
    desired = checked(**{"listen_address": "198.51.100.1", "ports": both, **inputs})

    found = planned(clients, desired, seen)

    assert [one.kind for one in found.refusals] == ([kind] if opens else [])
    assert opens or found.steps


def test_rules_that_are_gone_are_not_opened_again_over_the_way_in() -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked())
    flush_table(host, "")
    host.files.texts["/etc/ssh/sshd_config"] = "Port 8080\n"

    found = planned(at(host), checked(), refreshed(at(host), recorded))

    assert [one.kind for one in found.refusals] == [RefusalKind.SSH_PORT]


def test_an_address_that_libvirt_alone_can_read_is_passed_over() -> None:
    odd = lab(
        LAB.replace("ip='192.168.123.150'", "ip='192.168.123.050'").replace("'192.168.123.100'", "'192.168.123.0100'")
    )

    assert planned(at(forwarding_host(), odd), checked()).refusals == ()
