"""The record of a preview: what a reviewer's program reads is what the preview found, without its secrets."""

import json
from typing import Any

import pytest
from tests.builders import checked, network, network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink

from virtnet.commands.review.records import Record, record_in
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.engine_session import EngineSession
from virtnet.planning.findings import EffectKind
from virtnet.planning.preview.record import PREFIX
from virtnet.spec.part import UNKNOWN

NAT = {
    "name": "lab",
    "uri": "qemu:///system",
    "forward": {},
    "ips": [{"address": "10.9.0.1/24", "dhcp": {"ranges": [{"start": "10.9.0.10", "end": "10.9.0.20"}]}}],
}
URN = "urn:pulumi:prod::kvm::virtnet:index:LibvirtNetwork::lab"
MARK = {"__owner": "kvm/prod/lab", "__urn": URN}


class HostWithAGuest:
    """A host with the network and a guest on it, and a session that keeps records."""

    def __init__(self) -> None:
        self.host = network_host()
        self.libvirt = FakeLibvirt(links=self.host.net)
        self.recorded = lifecycle.create(NETWORK, checked(NAT) | MARK, self.clients, lambda line: None)
        self.libvirt.guests.append(FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet1", network="lab"))
        self.host.net.by_name["vnet1"] = FakeLink(mac="fe:54:00:00:00:01")
        self.host.set_master("vnet1", "vn-lab")
        self.session = EngineSession(lambda: self.clients, keeps_records=True)

    def clients(self, _uri: str) -> Clients:
        return Clients(libvirt=self.libvirt, host=self.host)

    def preview(self, **inputs: Any) -> Record:
        desired = checked(NAT, **inputs) | MARK
        changes = lifecycle.diff(NETWORK, self.recorded, desired, self.clients).changes
        found = record_in(self.session.preview(NETWORK, self.recorded, desired, changes).record)
        assert found is not None
        return found


def test_a_restart_says_whom_it_costs_what() -> None:
    found = HostWithAGuest().preview(forward={"mode": "route"}, ips=[{"address": "10.20.0.1/24"}])

    told = {effect.kind: effect for effect in found.plan.effects}
    assert (found.urn, found.operation, found.refused) == (URN, "update", False)
    assert (found.plan.name, found.plan.uri, found.plan.change_class) == ("lab", "qemu:///system", "restart")
    assert found.brief == ("route", "10.20.0.0/24")
    assert told[EffectKind.INTERRUPTED].who == ("web",)
    assert told[EffectKind.INTERRUPTED].details["seconds"] == pytest.approx(0.71)
    assert told[EffectKind.DHCP_RENEWED].who == ("web",)
    assert told[EffectKind.RENUMBERED].details == {
        "before": ["10.9.0.0/24"],
        "after": ["10.20.0.0/24"],
        "paths": ["ips[10.20.0.1/24]", "ips[10.9.0.1/24]"],
    }
    assert {*told[EffectKind.RENUMBERED].details["paths"]} <= {change.path for change in found.plan.changes}
    assert EffectKind.OUTSIDE_REACHES_GUESTS in told
    assert {(change.path, change.change_class) for change in found.plan.changes} >= {("forward.mode", "restart")}


def test_a_live_change_says_what_pauses() -> None:
    ranges = {"ranges": [{"start": "10.9.0.10", "end": "10.9.0.30"}]}

    found = HostWithAGuest().preview(ips=[{"address": "10.9.0.1/24", "dhcp": ranges}])

    assert found.plan.change_class == "live"
    assert {effect.kind for effect in found.plan.effects} == {
        EffectKind.DNSMASQ_RESTARTED,
        EffectKind.FIREWALL_REBUILT,
    }


def test_a_refusal_comes_with_its_reason_and_its_fix() -> None:
    found = HostWithAGuest().preview(mtu=1400, on_restart="refuse")

    assert found.refused
    (refusal,) = found.plan.refusals
    assert refusal.kind == "ON_RESTART_IS_REFUSE"
    assert "web" in refusal.reason


def test_a_replacement_names_what_goes() -> None:
    found = HostWithAGuest().preview(name="other", on_delete="disconnect")

    assert (found.operation, found.plan.change_class, found.plan.name) == ("replace", "replace", "lab")


def test_what_is_unknown_is_told_by_its_path_alone() -> None:
    found = HostWithAGuest().preview(mtu=UNKNOWN)

    assert found.plan.partly_unknown
    assert all("UNKNOWN" not in change.detail for change in found.plan.changes)


@pytest.mark.parametrize(
    ("inputs", "may_adopt"),
    [
        ({"mtu": UNKNOWN, "adopt": True}, True),
        ({"mtu": 1400, "adopt": UNKNOWN}, True),
        ({"uri": UNKNOWN, "adopt": True}, True),
        ({"mtu": UNKNOWN}, False),
        ({"mtu": 1400, "adopt": True}, False),
    ],
)
def test_an_adoption_that_is_planned_later_may_do_more_than_is_told(inputs: dict[str, Any], may_adopt: bool) -> None:
    host = HostWithAGuest()

    found = record_in(host.session.preview(NETWORK, None, checked(NAT, **inputs) | MARK).record)

    assert found is not None
    assert found.plan.may_adopt is may_adopt


@pytest.mark.parametrize("active", [True, False])
def test_an_adoption_tells_what_it_changes_for_others(active: bool) -> None:
    host = HostWithAGuest()
    found = network("old", "", "10.7.0.1/24", bridge="vbr7", active=active)
    host.libvirt.reports[found.uuid] = found
    inputs = {"name": "old", "forward": {"mode": "route"}, "ips": [{"address": "10.20.0.1/24"}], "adopt": True}
    old = {"__owner": "kvm/prod/old", "__urn": URN.replace("::lab", "::old")}

    told = record_in(host.session.preview(NETWORK, None, checked(NAT, **inputs) | old).record)

    assert told is not None
    effects = {effect.kind: effect.details for effect in told.plan.effects}
    assert effects[EffectKind.RENUMBERED] == {
        "before": ["10.7.0.0/24"],
        "after": ["10.20.0.0/24"],
        "paths": ["ips[10.20.0.1/24]", "ips[10.7.0.1/24]"],
    }
    assert effects[EffectKind.OUTSIDE_REACHES_GUESTS] == {"mode": "route"}
    assert EffectKind.GUESTS_REACH_OUTSIDE in effects


def test_an_adoption_that_changes_nothing_tells_of_nobody() -> None:
    host = HostWithAGuest()
    found = network("old", "route", "10.7.0.1/24", bridge="vbr7")
    host.libvirt.reports[found.uuid] = found
    old = {"__owner": "kvm/prod/old", "__urn": URN.replace("::lab", "::old")}

    told = record_in(
        host.session.preview(NETWORK, None, checked({"name": "old", "uri": NAT["uri"], "adopt": True}) | old).record
    )

    assert told is not None
    assert told.plan.effects == ()


def test_a_record_that_was_moved_is_told_as_both_it_may_be() -> None:
    host = HostWithAGuest()
    moved = {"__owner": "kvm/prod/moved", "__urn": URN.replace("::lab", "::moved")}

    found = record_in(host.session.preview(NETWORK, None, checked(NAT) | moved).record)

    assert found is not None
    assert found.refused
    assert [(case, plan.change_class) for case, plan in found.cases] == [("created", "recorded"), ("moved", "replace")]


def test_networks_that_swap_names_are_told_how() -> None:
    host = HostWithAGuest()
    other = {"name": "db", "uri": NAT["uri"]}
    db = {"__owner": "kvm/prod/db", "__urn": URN.replace("::lab", "::db")}
    recorded = lifecycle.create(NETWORK, checked(other) | db, host.clients, lambda line: None)
    host.session.claim(NETWORK, db["__urn"], recorded, checked({**other, "name": "lab"}) | db)
    desired = checked(NAT, name="db") | MARK
    host.session.claim(NETWORK, URN, host.recorded, desired)
    changes = lifecycle.diff(NETWORK, host.recorded, desired, host.clients).changes

    found = record_in(host.session.preview(NETWORK, host.recorded, desired, changes).record)

    assert found is not None
    (one,) = found.plan.given_up
    assert (one.holder, one.path, one.value, one.swaps) == (db["__urn"], "name", "db", True)
    assert "three runs of pulumi up" in one.sentence


def test_drift_is_no_change_of_the_program() -> None:
    host = HostWithAGuest()
    host.libvirt.set_autostart(str(host.recorded["uuid"]), False)

    found = host.preview(domain={"name": "example.org"})

    assert [change.path for change in found.plan.drift] == ["autostart"]


def test_secrets_are_hidden_in_texts_and_no_name_of_the_format_is() -> None:
    host = HostWithAGuest()
    # A secret that is spelled like a value or a name of the record.
    host.session.keep_secret({"lab", "update", "restart", "changes", "forward.mode", "route", "10.20.0.0/24"})

    found = host.preview(forward={"mode": "route"}, ips=[{"address": "10.20.0.1/24"}])

    assert (found.operation, found.plan.change_class) == ("update", "restart")
    assert found.plan.name == "[secret]"
    assert found.brief == ("[secret]", "[secret]")
    renumbered = next(effect for effect in found.plan.effects if effect.kind is EffectKind.RENUMBERED)
    assert renumbered.details["after"] == ["[secret]"]
    assert "[secret]" in [change.path for change in found.plan.changes]


def test_nothing_in_a_record_is_taken_for_a_colour_of_the_engines() -> None:
    host = HostWithAGuest()

    line = host.session.preview(NETWORK, host.recorded, checked(NAT, title="<{%red%}>") | MARK).record

    assert "<" not in line
    assert json.loads(line.removeprefix(PREFIX))["urn"] == URN


def test_nobody_gets_a_record_who_did_not_ask() -> None:
    host = HostWithAGuest()
    session = EngineSession(lambda: host.clients)

    assert session.preview(NETWORK, host.recorded, checked(NAT, mtu=1400) | MARK).record == ""


def test_what_sentences_conceal_is_not_in_a_record_either() -> None:
    host = HostWithAGuest()
    desired = checked(NAT, dns={"txts": [{"name": "spf", "value": "v=hunter2"}]}, description="hunter2") | MARK
    changes = lifecycle.diff(NETWORK, host.recorded, desired, host.clients).changes

    shown = host.session.preview(NETWORK, host.recorded, desired, changes)

    assert "txts" in shown.record
    assert "hunter2" not in shown.record
