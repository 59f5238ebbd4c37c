"""All forwards of a host, whoever made them: a survey, an import of one, and what the function getForwards answers."""

import json
import types
from typing import Any, cast

import pytest
from tests.unit.port_forward.hosts import (
    LAB,
    LAB_UUID,
    OWNER,
    PORTS,
    URN,
    applied,
    at,
    checked,
    forwarding_host,
    lab,
    planned,
)

from virtnet.errors import Refused
from virtnet.functions.answers import Asked, get_forwards
from virtnet.planning import lifecycle
from virtnet.planning.reports import ServiceReport
from virtnet.port_forward.check import TARGETS
from virtnet.port_forward.observe.survey import Survey, survey
from virtnet.port_forward.plan.plan import plan
from virtnet.port_forward.program import as_json, program
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import SCRIPT_PATH, SERVICE
from virtnet.port_forward.rules.table import RulesState
from virtnet.port_forward.steps import PutRecord

SECOND = {"__owner": "project/other/mail", "__urn": "", "ports": [{"protocol": "tcp", "listen_port": "25-26"}]}
GIVEN = {"uri": "qemu:///system", "__owner": OWNER, "__urn": URN}


def test_a_host_without_any_is_asked_for_little() -> None:
    host = forwarding_host()
    host.scripts.known.clear()

    assert survey(host) == Survey()


def test_what_is_there_and_how_it_is() -> None:
    host = forwarding_host()
    clients = at(host)
    first, second = applied(clients, checked()), applied(clients, checked(**SECOND))
    host.load_nft(f"flush chain inet virtnet_port_forwards forward_{first['__forward']}")
    host.files.texts["/etc/virtnet/port-forwards/README"] = "mine\n"
    host.services.found[SERVICE] = ServiceReport(enabled=True, active=False)
    del host.files.texts["/etc/virtnet/port-forwards.nft"]

    found = survey(host)

    assert {record.forward.id: found.state(record) for record in found.records} == {
        first["__forward"]: RulesState.ALTERED,
        second["__forward"]: RulesState.INTACT,
    }
    assert found.strange == ("/etc/virtnet/port-forwards/README",)
    assert found.missing == ("/etc/virtnet/port-forwards.nft", SERVICE)
    assert (found.links, found.unrecorded) == ((), ())
    for path in [path for path in host.files.texts if path.endswith(f"{second['__forward']}.nft")]:
        del host.files.texts[path]
    assert survey(host).unrecorded == (second["__forward"],)


def test_a_script_of_somebody_elses_is_not_run() -> None:
    host = forwarding_host()
    applied(at(host), checked())
    host.files.texts[SCRIPT_PATH] = "reboot\n"
    host.scripts.known.clear()

    assert survey(host).missing == (SCRIPT_PATH,)


def test_the_plugins_function_answers_with_them() -> None:
    clients = at(forwarding_host())
    first = applied(clients, checked(sources=["203.0.113.0/24"]))
    applied(clients, checked(**SECOND))
    unused: Any = None
    asked = Asked(connection=unused, clients=lambda _: clients)

    everything: Any = get_forwards(asked, "qemu:///system", {})["forwards"]
    of_lab, of_none = (get_forwards(asked, "", {"network": name})["forwards"] for name in (LAB_UUID, "other"))

    assert len(everything) == 2
    assert next(one for one in everything if one["id"] == first["__forward"]) == {
        "id": first["__forward"],
        "owner": URN,
        "network": "lab",
        "network_uuid": LAB_UUID,
        "listen_address": "",
        "target_address": "192.168.123.50",
        "reservation": "",
        "reserved_address": "",
        "ports": [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
        "sources": ["203.0.113.0/24"],
        "rules": "intact",
    }
    assert (of_lab, of_none) == (everything, [])


@pytest.mark.parametrize(
    ("inputs", "xml", "told"),
    [
        ({"target_name": "web"}, LAB, ("web", "192.168.123.50")),
        ({"target_mac": "52:54:00:00:00:50"}, LAB, ("52:54:00:00:00:50", "192.168.123.50")),
        ({"target_name": "web"}, LAB.replace("192.168.123.50", "192.168.123.77"), ("web", "192.168.123.77")),
        ({"target_name": "web"}, LAB.replace("name='web'", "name='shop'"), ("web", "")),
    ],
    ids=["as it is", "by its MAC address", "moved", "gone"],
)
def test_the_plugins_function_says_where_the_guests_reservation_is_now(
    inputs: dict[str, Any], xml: str, told: tuple[str, str]
) -> None:
    host, unused = forwarding_host(), None
    applied(at(host), checked(**inputs))
    asked = Asked(connection=cast("Any", unused), clients=lambda _: at(host, lab(xml)))

    (found,) = cast("Any", get_forwards(asked, "qemu:///system", {})["forwards"])

    assert (found["reservation"], found["reserved_address"], found["target_address"]) == (*told, "192.168.123.50")


def test_the_program_of_those_that_are_there_changes_nothing_but_whose_they_are() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked(sources=["203.0.113.0/24"]))
    applied(clients, checked(**SECOND))
    applied(clients, checked(__owner="project/third/mail", __urn="", ports=[{"protocol": "udp", "listen_port": "53"}]))
    declared: list[tuple[str, dict[str, Any]]] = []
    noting = types.SimpleNamespace(PortForward=lambda name, **inputs: declared.append((name, inputs)))

    printed = program(survey(host).records, "qemu:///system")

    exec(printed.replace("import pulumi_virtnet as virtnet", ""), {"virtnet": noting})  # noqa: S102
    assert len({name for name, _ in declared}) == 3
    assert "# tcp 8080 to 192.168.123.50:80: belongs to" in printed
    told = json.loads(as_json(survey(host).records, "qemu:///system"))
    assert [(one["name"], one["inputs"]) for one in told["port_forwards"]] == declared
    assert {one["owner"] for one in told["port_forwards"]} >= {"project/third/mail"}
    for name, inputs in declared:
        named, failures = PORT_FORWARD.check({"uri": "qemu:///system", "__owner": f"project/new/{name}", **inputs}, {})
        assert failures == []
        found = planned(clients, named)
        assert found.refusals == ()
        assert not [step for step in found.steps if not isinstance(step, PutRecord)]


@pytest.mark.parametrize(
    "by", [{"target_name": "web"}, {"target_mac": "52:54:00:00:00:50"}], ids=["by its name", "by its MAC address"]
)
def test_a_guest_that_was_named_by_a_reservation_stays_so(by: dict[str, str]) -> None:
    host = forwarding_host()
    clients = at(host)
    made = applied(clients, checked(**by))

    (told,) = json.loads(as_json(survey(host).records, "qemu:///system"))["port_forwards"]
    found = lifecycle.import_existing(PORT_FORWARD, made["__forward"], GIVEN, lambda _: clients)

    for inputs in (told["inputs"], found.inputs):
        assert {name: inputs.get(name) for name in TARGETS} == {**dict.fromkeys(TARGETS), **by}
    assert found.outputs == made
    assert plan(found.inputs, found.outputs, None).changes == ()
    assert planned(clients, found.inputs, found.outputs).empty


@pytest.mark.parametrize("wanted", ["id", "pulumi's id", "8080/tcp"])
def test_one_is_imported_by_its_id_or_its_port(wanted: str) -> None:
    clients = at(forwarding_host())
    lost = applied(clients, checked(listen_address="198.51.100.1", sources=["203.0.113.0/24"]))
    by = {"id": lost["__forward"], "pulumi's id": PORT_FORWARD.identity(lost)}.get(wanted, wanted)

    found = lifecycle.import_existing(PORT_FORWARD, by, GIVEN, lambda _: clients)

    assert found.failures == ()
    assert found.outputs == lost
    assert plan(found.inputs, found.outputs, None).changes == ()
    assert planned(clients, found.inputs, found.outputs).empty


def test_one_of_another_owner_is_not_imported_but_may_be_looked_at() -> None:
    clients = at(forwarding_host())
    applied(clients, checked(**SECOND))

    with pytest.raises(Refused, match="its owner mark names 'project/other/mail'") as refused:
        lifecycle.import_existing(PORT_FORWARD, "25/tcp", GIVEN, lambda _: clients)

    # A port forward has no on_delete.
    assert "first remove it from that program and run pulumi up there" in str(refused.value)
    assert "on_delete" not in str(refused.value)
    seen = lifecycle.import_existing(PORT_FORWARD, "25/tcp", GIVEN, lambda _: clients, to_own=False)
    assert seen.outputs["target"] == "192.168.123.50"
    assert seen.outputs["__token"] == ""


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("web", "has no port forward 'web' \\(existing ones:"),
        ("9090/tcp", "has no port forward '9090/tcp'"),
        ("8080/udp", "has no port forward"),
        ("8080/tcp", "several port forwards of qemu:///system have 8080/tcp"),
    ],
)
def test_what_is_not_there_or_not_one_is_refused_with_those_there_are(wanted: str, reason: str) -> None:
    clients = at(forwarding_host())
    applied(clients, checked(listen_address="198.51.100.1"))
    applied(clients, checked(__owner="project/other/web", __urn=None, ports=PORTS, listen_address="192.168.123.1"))

    with pytest.raises(Refused, match=reason):
        lifecycle.import_existing(PORT_FORWARD, wanted, GIVEN, lambda _: clients)
