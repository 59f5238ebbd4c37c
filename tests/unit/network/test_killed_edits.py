"""An edit that is killed half-way and then taken out of the program: a refresh shows what it left, up removes it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from lxml import etree
from tests.builders import connect_to
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS

from virtnet.network.observed import reported
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.plan import ChangeClass, Plan

SUBNET: dict[str, Any] = {"address": "10.91.0.1/24"}
WITH_DHCP: dict[str, Any] = {**SUBNET, "dhcp": {"ranges": [{"start": "10.91.0.2", "end": "10.91.0.99"}]}}
RESERVED: dict[str, Any] = {"dhcp": {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.91.0.9"}]}}
BEFORE: dict[str, Any] = {"name": "lab", "uri": "qemu:///system", "forward": {"mode": "nat"}, "ips": [SUBNET]}

EDITS: dict[str, dict[str, Any]] = {
    "definition and restart": {"domain": {"name": "new.test"}, "mtu": 1400},
    "an item of a list that nobody named": {"dns": {"hosts": [{"ip": "10.91.0.9", "hostnames": ["web"]}]}},
    "several sections": {
        "dns": {"txts": [{"name": "a", "value": "b"}], "hosts": [{"ip": "10.91.0.9", "hostnames": ["web"]}]},
        "port_groups": [{"name": "p"}],
    },
    "inside of an item": {"ips": [WITH_DHCP]},
    "inside of an item, live": {"ips": [{**SUBNET, **RESERVED}]},
    "texts": {"title": "t", "metadata": {"urn:a": "<a xmlns='urn:a'/>"}},
    "a list and flags": {"dnsmasq_options": ["log-queries"], "autostart": False, "bridge": {"delay": 3}},
}
IDENTITIES: dict[str, dict[str, Any]] = {
    "the bridge's name": {"bridge": {"name": "vn-other"}},
    "the MAC address": {"mac": "52:54:00:00:00:99"},
}
"""What stays as it runs when it is no longer named, whether the edit was killed or not."""
ALL_STEPS = None
ADOPT: dict[str, Any] = {"adopt": True, "autostart": True}


class Bench(NamedTuple):
    libvirt: FakeLibvirt

    def checked(self, edit: dict[str, Any], recorded: dict[str, Any] | None = None) -> dict[str, Any]:
        inputs = {**BEFORE, **edit, "__owner": "project/stack/lab"}
        canonical, failures = NETWORK_IN_KINDS.check(inputs, recorded or {})
        assert failures == []
        return canonical

    def created(self, **inputs: Any) -> dict[str, Any]:
        return lifecycle.create(NETWORK_IN_KINDS, self.checked(inputs), connect_to(self.libvirt), lambda line: None)

    def plan(self, desired: dict[str, Any] | None, recorded: dict[str, Any] | None) -> Plan:
        clients = connect_to(self.libvirt)("")
        return NETWORK_IN_KINDS.plan(desired, recorded, NETWORK_IN_KINDS.observe(clients, desired, recorded or {}))

    def killed(self, edit: dict[str, Any], recorded: dict[str, Any] | None, steps: int | None) -> Plan:
        """Some of the edit's steps, of which nothing is recorded."""
        plan = self.plan(self.checked(edit, recorded), recorded)
        assert plan.refusals == ()
        for step in plan.steps[:steps]:
            step.execute(connect_to(self.libvirt)(""))
        return plan

    def refreshed(self, recorded: dict[str, Any]) -> dict[str, Any]:
        shown = lifecycle.read(NETWORK_IN_KINDS, recorded, connect_to(self.libvirt))
        assert shown is not None
        return shown

    def diff(self, edit: dict[str, Any], recorded: dict[str, Any]) -> lifecycle.Diff:
        return lifecycle.diff(NETWORK_IN_KINDS, recorded, self.checked(edit, recorded), connect_to(self.libvirt))

    def updated(self, edit: dict[str, Any], recorded: dict[str, Any]) -> dict[str, Any]:
        return lifecycle.update(
            NETWORK_IN_KINDS, recorded, self.checked(edit, recorded), connect_to(self.libvirt), lambda line: None
        )

    def configured(self) -> tuple[Any, ...]:
        """What both copies hold, and the flags."""
        (report,) = self.libvirt.reports.values()
        seen = reported(report)
        live = None if seen.live is None else seen.live.tree
        trees = [None if tree is None else without_empty(tree) for tree in (seen.definition.tree, live)]
        return *trees, report.active, report.autostart, report.persistent


def killed_at_each_step(edits: dict[str, dict[str, Any]]) -> Iterator[Any]:
    """Each edit with each number of its steps that are done, none and all among them."""
    for name, edit in edits.items():
        bench = Bench(FakeLibvirt())
        recorded = bench.created()
        steps = bench.plan(bench.checked(edit, recorded), recorded).steps
        yield from (pytest.param(edit, done, id=f"{name}-{done}") for done in range(len(steps) + 1))


def of_others() -> tuple[Bench, str]:
    """A network that somebody else defined, and its UUID."""
    found = Bench(FakeLibvirt())
    maker = found.created(mtu=1300, title="theirs", dns={"hosts": [{"ip": "10.91.0.7", "hostnames": ["old"]}]})
    ((uuid, report),) = found.libvirt.reports.items()
    plain = definition(report.config_xml or "").copy()
    for metadata in plain.findall("metadata"):
        plain.remove(metadata)
    xml = etree.tostring(plain, encoding="unicode")
    found.libvirt.reports[uuid] = report._replace(config_xml=xml, live_xml=xml)
    return found, maker["uuid"]


def adopted_and_killed_at_each_step(edits: dict[str, dict[str, Any]]) -> Iterator[Any]:
    """The same of the steps that adopt the network of somebody else with the edit."""
    for name, edit in edits.items():
        found, _ = of_others()
        steps = found.plan(found.checked({**edit, **ADOPT}, None), None).steps
        yield from (pytest.param(edit, done, id=f"{name}-{done}") for done in range(len(steps) + 1))


def without_empty(tree: Any) -> Any:
    """Less empty lists and groups, which mean nothing to libvirt."""
    if isinstance(tree, dict):
        kept = {name: without_empty(value) for name, value in tree.items()}
        return {name: value for name, value in kept.items() if value not in ([], {})}
    return [without_empty(item) for item in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize(("edit", "steps"), [*killed_at_each_step(EDITS)])
def test_what_it_left_is_shown_by_a_refresh_and_removed_by_up(edit: dict[str, Any], steps: int) -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    before = bench.configured()
    bench.killed(edit, recorded, steps)
    left = bench.configured()

    refreshed = bench.refreshed(recorded)
    again = bench.refreshed(refreshed)
    changes = bench.diff({}, refreshed).changes
    updated = bench.updated({}, refreshed) if changes else refreshed

    assert (left == before) == (changes == ())
    assert again == refreshed
    assert bench.configured() == before
    assert bench.diff({}, updated).changes == ()
    assert bench.plan(bench.checked({}, updated), updated).empty
    assert bench.refreshed(updated)["problems"] == []


@pytest.mark.parametrize(("edit", "steps"), [*killed_at_each_step(IDENTITIES)])
def test_what_identifies_it_stays_as_it_runs(edit: dict[str, Any], steps: int) -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed(edit, recorded, steps)
    config, live = bench.configured()[:2]
    runs = live or config

    refreshed = bench.refreshed(recorded)
    changes = bench.diff({}, refreshed).changes
    updated = bench.updated({}, refreshed) if changes else refreshed

    assert bench.configured()[:2] == (runs, runs)
    assert bench.diff({}, updated).changes == ()
    assert bench.plan(bench.checked({}, updated), updated).empty


@pytest.mark.parametrize(("edit", "steps"), [*killed_at_each_step({**EDITS, **IDENTITIES})])
def test_the_same_edit_once_more_finishes_it(edit: dict[str, Any], steps: int) -> None:
    clean, bench = Bench(FakeLibvirt()), Bench(FakeLibvirt())
    clean.updated(edit, clean.created(uuid="6f1c2a3e-0000-4000-8000-00000012ab34"))
    recorded = bench.created(uuid="6f1c2a3e-0000-4000-8000-00000012ab34")
    bench.killed({**edit, "uuid": recorded["uuid"]}, recorded, steps)

    updated = bench.updated(edit, bench.refreshed(recorded))

    assert bench.configured() == clean.configured()
    assert bench.refreshed(updated)["problems"] == []


@pytest.mark.parametrize("then", [{"autostart": False}, {"title": "t"}, {"mtu": 1300}])
def test_without_a_refresh_the_next_edit_takes_it_out_where_that_was_reviewed(then: dict[str, Any]) -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed({"domain": {"name": "new.test"}, "dns": {"enable": True}}, recorded, 1)
    left = bench.configured()[0]

    updated = bench.updated(then, recorded)

    assert left["domain"] == {"name": "new.test"}
    assert not {"domain", "dns"} & bench.configured()[0].keys()
    assert bench.refreshed(updated)["problems"] == []


def test_one_killed_edit_after_the_other_leaves_nothing_behind() -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    before = bench.configured()
    bench.killed({"domain": {"name": "new.test"}, "mtu": 1400}, recorded, 1)
    bench.killed({"title": "t"}, recorded, 1)

    refreshed = bench.refreshed(recorded)
    bench.updated({}, refreshed)

    assert bench.configured() == before


def test_what_was_put_back_in_the_definition_alone_is_no_restart() -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed({"mtu": 1400}, recorded, 1)

    refreshed = bench.refreshed(recorded)
    (change,) = bench.diff({}, refreshed).changes
    bench.libvirt.effects.log.clear()
    bench.updated({}, refreshed)

    assert [(one.kind, one.details["paths"]) for one in change.problems] == [(ProblemKind.EDIT_INTERRUPTED, ["mtu"])]
    assert change.change_class is ChangeClass.LIVE
    assert [effect.partition(" ")[0] for effect in bench.libvirt.effects.log] == ["define"]


def test_what_the_running_network_has_by_now_is_a_restart() -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed({"mtu": 1400}, recorded, ALL_STEPS)

    (change,) = bench.diff({}, bench.refreshed(recorded)).changes

    assert change.change_class is ChangeClass.RESTART


@pytest.mark.parametrize(("edit", "steps"), [*killed_at_each_step(EDITS)])
def test_a_preview_after_a_refresh_tells_of_it_once(edit: dict[str, Any], steps: int) -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed(edit, recorded, steps)
    refreshed = bench.refreshed(recorded)

    changes = bench.diff({}, refreshed).changes
    desired, connect = bench.checked({}, refreshed), connect_to(bench.libvirt)
    found = lifecycle.preview(NETWORK_IN_KINDS, refreshed, desired, connect, changes)

    left = [problem for change in found.changes for problem in change.problems]
    assert not left or found.drift == ()


def test_what_others_named_meanwhile_stays() -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    bench.killed({"domain": {"name": "new.test"}}, recorded, 1)
    ((uuid, report),) = bench.libvirt.reports.items()
    edited = (report.config_xml or "").replace("</network>", "<port isolated='yes'/></network>")
    bench.libvirt.reports[uuid] = report._replace(config_xml=edited)

    bench.updated({}, bench.refreshed(recorded))

    config = bench.configured()[0]
    assert (config.get("domain"), config["port_isolated"]) == (None, True)


@pytest.mark.parametrize("recorded_by_pulumi", [True, False])
def test_a_network_that_is_taken_up_loses_what_its_program_named_and_names_no_longer(
    recorded_by_pulumi: bool,
) -> None:
    bench = Bench(FakeLibvirt())
    if recorded_by_pulumi:
        bench.updated({"mtu": 1400, "domain": {"name": "a.test"}}, bench.created())
    else:
        bench.created(mtu=1400, domain={"name": "a.test"})

    bench.created()

    config, live = bench.configured()[:2]
    assert not {"mtu", "domain"} & {*config, *(live or {})}


@pytest.mark.parametrize(("edit", "steps"), [*adopted_and_killed_at_each_step(EDITS)])
def test_a_killed_adoption_that_names_less_then_gives_the_rest_back(edit: dict[str, Any], steps: int) -> None:
    found, uuid = of_others()
    before = found.configured()
    found.killed({**edit, **ADOPT}, None, steps)

    recorded = found.created(adopt=True)
    notes = found.plan(found.checked(ADOPT, recorded), recorded).notes
    found_after = found.configured()

    assert recorded["uuid"] == uuid
    assert found_after == before
    assert NoteKind.RESUMED not in [note.kind for note in notes]


@pytest.mark.parametrize(
    ("edit", "effects"),
    [
        ({"ips": [{**SUBNET, "dhcp": {"hosts": []}}]}, []),
        ({"autostart": False}, ["autostart"]),
        ({"ips": [{**SUBNET, **RESERVED}]}, ["define", "update"]),
        ({"mtu": 1400}, ["define", "probe", "stop", "start"]),
    ],
    ids=["what is there anyway", "flags", "an item, live", "a restart"],
)
def test_the_list_of_names_costs_a_call_only_where_more_is_named_and_nothing_is_defined_for_it(
    edit: dict[str, Any], effects: list[str]
) -> None:
    bench = Bench(FakeLibvirt())
    recorded = bench.created()
    made = [effect.partition(" ")[0] for effect in bench.libvirt.effects.log]
    bench.libvirt.effects.log.clear()

    bench.updated(edit, recorded)

    assert made == ["define", "start", "autostart", "define"]
    assert [effect.partition(" ")[0] for effect in bench.libvirt.effects.log] == effects
