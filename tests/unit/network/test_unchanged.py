"""What is told of an unchanged network at a glance is what check and diff say of it at length."""

import json
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import assume, given
from hypothesis import strategies as st
from pulumi import dynamic
from pulumi.dynamic.config import Config
from tests.fakes.libvirt import FakeLibvirt
from tests.unit.strategies import networks, whole_networks

from virtnet.dynamic import LibvirtNetworkProvider, Provider
from virtnet.network.resource import NETWORK
from virtnet.network.unchanged import COMPUTED, DEFAULTS, checks_as_recorded, stands_as_recorded
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.plugin.struct import as_read, as_sent
from virtnet.resources import CATALOGUE, Catalogue

URI = "test:///nowhere"
PICKLE = {"__provider": "gASV"}
WITHOUT_A_GLANCE = Catalogue({"LibvirtNetwork": CATALOGUE.kinds["LibvirtNetwork"]._replace(unchanged=None)})
NOT_SPOILED = ("__provider", "__run")


class AtLength(Provider):
    """The provider without the glance."""

    kind = "LibvirtNetwork"

    @classmethod
    def catalogue(cls) -> Catalogue:
        return WITHOUT_A_GLANCE


def provider(kind: type[Provider]) -> Provider:
    made = kind()
    made.configure(dynamic.ConfigureRequest(config=Config(raw_config={"virtnet:uri": URI}, project_name="project")))
    return made


def travelled(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree as it comes back from Pulumi: every number a float."""
    found: dict[str, Any] = json.loads(json.dumps(NETWORK.to_properties(tree)), parse_int=float)
    return found


def state(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and outputs in the state of a network that was made of these."""
    libvirt = FakeLibvirt()
    desired, failures = NETWORK.check({"__owner": "project/stack/lab", "uri": URI, **inputs}, {})
    assert failures == []
    outputs = lifecycle.create(NETWORK, desired, lambda uri: Clients(libvirt=libvirt, host=None), lambda line: None)
    return travelled(desired) | PICKLE, travelled(outputs) | PICKLE


def message(values: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def stands(outputs: Mapping[str, Any], desired: Mapping[str, Any]) -> bool:
    """The answer for plain values, which is that for protobuf's."""
    answer = stands_as_recorded(outputs, desired)
    sent = stands_as_recorded(message(outputs).fields, message(desired).fields, as_sent, as_read)
    assert answer is sent
    return answer


def checks(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """The same of a check."""
    answer = checks_as_recorded(recorded, given, URI)
    assert checks_as_recorded(message(recorded).fields, message(given).fields, URI, as_sent) is answer
    return answer


def spoiled(draw: st.DrawFn, value: Any) -> Any:
    """The same with something somewhere that differs, if only in its type."""
    changed = deepcopy(value)
    place: Any = changed
    while True:
        keys = [key for key in (place if isinstance(place, dict) else range(len(place))) if key not in NOT_SPOILED]
        key = draw(st.sampled_from(keys))
        inside = place[key]
        if isinstance(inside, dict | list) and inside and draw(st.booleans()):
            place = inside
            continue
        others: st.SearchStrategy[Any] = st.sampled_from([None, True, False, 1.0, 0.0, "", "x", [], {}, [None]])
        if draw(st.booleans()):
            place[key] = draw(others)
        elif isinstance(place, dict):
            del place[key]
        else:
            place.insert(0, draw(others))
        return changed


@given(whole_networks())
def test_a_canonical_network_checks_as_recorded(inputs: dict[str, Any]) -> None:
    recorded, _ = state(inputs)

    assert checks(recorded, {**recorded, "__run": {"name": "other"}})


@given(networks())
def test_a_network_that_is_as_declared_stands(inputs: dict[str, Any]) -> None:
    recorded, outputs = state(inputs)

    assert stands(outputs, recorded)


@given(st.data(), networks())
def test_a_check_at_a_glance_is_the_check(data: st.DataObject, inputs: dict[str, Any]) -> None:
    recorded, _ = state(inputs)
    news = {**recorded, "__run": {"name": "lab"}}
    if data.draw(st.booleans()):
        news = data.draw(st.composite(spoiled)(news))

    if checks(recorded, news):
        glance, at_length = (provider(kind).check(recorded, news) for kind in (LibvirtNetworkProvider, AtLength))
        assert at_length.failures == []
        assert glance.inputs == {**at_length.inputs, **PICKLE}


@given(st.data(), networks())
def test_a_diff_at_a_glance_is_the_diff(data: st.DataObject, inputs: dict[str, Any]) -> None:
    desired, outputs = state(inputs)
    if data.draw(st.booleans()):
        desired = data.draw(st.composite(spoiled)(desired))
    if data.draw(st.booleans()):
        outputs = data.draw(st.composite(spoiled)(outputs))

    if stands(outputs, desired):
        before, wanted = (NETWORK.from_properties(side) for side in (outputs, desired))
        for side in (before, wanted):
            side.pop("__provider", None)
        assume(NETWORK.check(wanted, {})[1] == [])  # nothing else comes to a diff
        found = lifecycle.diff(NETWORK, before, wanted, lambda uri: pytest.fail(f"{uri} was asked"))
        assert found == lifecycle.Diff(())


@pytest.mark.parametrize(
    "found",
    [
        {"problems": ["its dnsmasq has ended"]},
        {"persistent": False},
        {"__drifted": {"mtu": "0123"}},
        {"autostart": False},
        {"active": False},
        {"mtu": 1400.0},
        {"__named": ["mac"]},
        {"__secret": [["mtu"]]},
    ],
    ids=lambda found: next(iter(found)),
)
def test_what_a_refresh_found_is_no_glances_business(found: dict[str, Any]) -> None:
    recorded, outputs = state({"name": "lab"})
    assert stands(outputs, recorded)

    assert not stands({**outputs, **found}, recorded)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "other"},
        {"uri": "qemu:///system"},
        {"active": 1.0},
        {"mtu": 1400.0},
        {"autostart": False},
        {"__secret": [["name"]]},
        {"bridgeName": "virbr1"},
        {"bridge_name": "virbr1"},
        {"__owner": None},
        {"__owner": ""},
        {"__owner": []},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_is_given_otherwise_is_checked(given: dict[str, Any]) -> None:
    recorded, _ = state({"name": "lab"})
    assert checks(recorded, recorded)

    assert not checks(recorded, {**recorded, **given})


def test_what_comes_from_the_native_plugin_is_looked_at() -> None:
    recorded, outputs = state({"name": "lab"})
    native = {key: value for key, value in outputs.items() if key != "__provider"}

    assert not stands(native, recorded)


def test_a_moved_default_uri_is_a_change() -> None:
    recorded, _ = state({"name": "lab"})
    without_uri = {key: value for key, value in recorded.items() if key != "uri"}

    assert checks(recorded, without_uri)
    assert not checks_as_recorded(recorded, without_uri, "qemu:///system")


def test_the_name_once_recorded_is_kept_and_the_owner_follows() -> None:
    recorded, _ = state({"name": "lab"})
    renamed = {**recorded, "name": None, "__owner": "project/stack/renamed", "__run": {"name": "renamed"}}

    result = provider(LibvirtNetworkProvider).check(recorded, renamed)

    expected = {**recorded, "__owner": "project/stack/renamed"}
    del expected["__provider"]  # Pulumi's own, which it puts in again
    assert result.inputs == expected


def test_the_words_are_those_of_check_and_outputs() -> None:
    canonical, _ = NETWORK.check({"name": "lab", "uri": URI}, {})
    made = {name for name in canonical if name not in ("name", "uri")}

    assert {name: canonical[name] for name in made} == DEFAULTS
    assert {key for name in NETWORK.computed for key in NETWORK.to_properties({name: None})} == COMPUTED


def test_an_unchanged_network_costs_no_import_of_the_spec() -> None:
    recorded, outputs = state({"name": "lab"})
    script = (
        "import json, sys\n"
        "from pulumi import dynamic\n"
        "from pulumi.dynamic.config import Config\n"
        "from virtnet.dynamic import LibvirtNetworkProvider\n"
        "recorded, outputs = json.loads(sys.argv[1])\n"
        "provider = LibvirtNetworkProvider()\n"
        f"config = Config(raw_config={{'virtnet:uri': {URI!r}}}, project_name='project')\n"
        "provider.configure(dynamic.ConfigureRequest(config=config))\n"
        "checked = provider.check(recorded, dict(recorded))\n"
        "assert not provider.diff('', outputs, checked.inputs).changes\n"
        "ours = ('virtnet', 'pydantic', 'lxml', 'libvirt')\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in ours))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps([recorded, outputs])], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [
        "virtnet",
        "virtnet.dynamic",
        "virtnet.network",
        "virtnet.network.unchanged",
        "virtnet.planning",
        "virtnet.planning.announcements",
        "virtnet.planning.engine_session",
        "virtnet.planning.ownership",
        "virtnet.planning.ownership.claims",
        "virtnet.planning.unchanged",
        "virtnet.resources",
        # Of the spec only what keeps the secrets of the run, which imports nothing else of it.
        "virtnet.spec",
        "virtnet.spec.secrets",
        "virtnet.transport",
        "virtnet.transport.spellings",
    ]
