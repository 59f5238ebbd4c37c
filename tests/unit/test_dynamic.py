"""The dynamic provider where it meets the engine: what arrives, what is sent back, and what the state keeps of it."""

import base64
import pickle
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import grpc
import pytest
from pulumi import dynamic
from pulumi.dynamic.config import Config
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown
from pulumi.runtime import rpc

from virtnet.dynamic import REQUESTS_AT_ONCE, HostForwardingProvider, LibvirtNetworkProvider, PortForwardProvider
from virtnet.errors import Refused, Unreachable

NOWHERE = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
MADE = {"name": "lab", "uri": NOWHERE, "uuid": "6f1c2a3e-0000-4000-8000-00000012ab34"}


def network_provider(configuration: Mapping[str, str] | None = None) -> LibvirtNetworkProvider:
    """A provider as the engine's plugin makes it: unpickled, then configured."""
    provider = LibvirtNetworkProvider()
    config = Config(raw_config=dict(configuration or {}), project_name="project")
    provider.configure(dynamic.ConfigureRequest(config=config))
    return provider


def unknown() -> Unknown:
    """One of Pulumi's unknowns; each is an instance of its own."""
    return Unknown()  # type: ignore[no-untyped-call]


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def checked(news: dict[str, Any], configuration: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Checked inputs of a network that is made already, so that no host is asked."""
    result = network_provider(configuration).check(MADE, news)
    assert result.failures == []
    return result.inputs


def test_unknowns_come_back_as_the_wire_has_them_and_no_host_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {
        "name": unknown(),
        "uri": unknown(),
        "mtu": unknown(),
        "forward": {"mode": unknown(), "interfaces": [{"dev": unknown()}]},
        "ips": [unknown(), {"address": "10.9.0.1/24", "dhcp": unknown()}],
        "dns": {"hosts": [{"ip": "10.9.0.5", "hostnames": ["a", unknown()]}]},
        "metadata": {"urn:x": unknown()},
    }

    result = network_provider().check({}, inputs)

    assert result.failures == []
    assert result.inputs == {
        "name": rpc.UNKNOWN,
        "uri": rpc.UNKNOWN,
        "mtu": rpc.UNKNOWN,
        "forward": {"mode": rpc.UNKNOWN, "interfaces": [{"dev": rpc.UNKNOWN}]},
        "ips": [rpc.UNKNOWN, {"address": "10.9.0.1/24", "dhcp": rpc.UNKNOWN}],
        "dns": {"hosts": [{"ip": "10.9.0.5", "hostnames": ["a", rpc.UNKNOWN]}]},
        "metadata": {"urn:x": rpc.UNKNOWN},
        "autostart": True,
        "active": True,
    }
    assert capsys.readouterr().out == "network: uri and name are known only when applied. The plan is made then\n"


def test_only_a_preview_looks_at_the_host_before_a_create(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"name": "lab", "uri": NOWHERE}

    for preview in (True, False):
        assert network_provider().check({}, {**inputs, "__run": {"name": "lab", "preview": preview}}).failures == []
        assert ("pulumi up would fail" in capsys.readouterr().out) is preview


def test_older_sdks_send_a_text_for_an_unknown() -> None:
    assert checked({"mtu": rpc.UNKNOWN})["mtu"] == rpc.UNKNOWN


def test_an_unknown_changes_what_is_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    result = network_provider().diff("id", {**MADE, "mtu": 1400.0}, {**MADE, "mtu": unknown()})

    assert (result.changes, result.replaces) == (True, [])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["name", "uuid"])
def test_an_unknown_identity_may_replace(name: str) -> None:
    result = network_provider().diff("id", {**MADE, name: MADE[name]}, {**MADE, name: unknown()})

    assert result.replaces == [name]
    assert result.delete_before_replace


def test_numbers_arrive_as_floats_and_are_whole() -> None:
    inputs = checked({"mtu": 1400.0, "bridge": {"delay": 2.0}})

    assert inputs["mtu"] == 1400
    assert isinstance(inputs["mtu"], int)
    assert isinstance(inputs["bridge"]["delay"], int)


def test_null_is_left_out_and_secrets_are_read() -> None:
    inputs = checked({"title": None, "forward": None, "domain": {"name": secret("lab.test"), "register": None}})

    assert inputs == {
        "name": "lab",
        "uri": "qemu:///system",
        "domain": {"name": "lab.test"},
        "autostart": True,
        "active": True,
    }


def test_failures_carry_path_and_reason() -> None:
    result = network_provider().check(MADE, {"mtu": 5.0, "ips": [{"localPtr": True}]})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        ("", "mtu=5: is too small. The smallest allowed value is 68"),
        ("", "ips[0].address: is required. Add it"),
    ]


@pytest.mark.parametrize("keys", [("localPtr", "local_ptr"), ("local_ptr", "localPtr")])
def test_a_key_in_both_spellings_is_a_failure_that_names_both(keys: tuple[str, str]) -> None:
    result = network_provider().check(MADE, {"ips": [{"address": "10.9.0.1/24", **dict.fromkeys(keys, True)}]})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        ("", "ips[0].local_ptr: is given twice, as 'local_ptr' and 'localPtr'. Remove one of them")
    ]


def test_a_bad_name_says_that_it_is_the_resources() -> None:
    result = network_provider().check({}, {"__run": {"name": "a/b"}})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            "",
            "name: comes from the resource's name 'a/b', which as a network's name contains '/'. Use letters, digits, "
            "'-', '_' and '.', for example \"a-b\", or set name",
        )
    ]


def test_the_owner_that_a_networks_mark_is_to_name_follows_a_rename() -> None:
    result = network_provider().check({**MADE, "__owner": "project/stack/a"}, {"__owner": "project/stack/b"})

    assert result.inputs["__owner"] == "project/stack/b"


def test_a_text_that_may_be_secret_is_refused_without_showing_it() -> None:
    result = network_provider().check(MADE, {"description": "hunter2\u0007"})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        ("", "description: contains the control character U+0007. Remove it")
    ]


@pytest.mark.parametrize(
    ("configuration", "environment", "uri"),
    [
        ({"virtnet:uri": "qemu:///configured"}, "qemu:///environment", "qemu:///configured"),
        ({}, "qemu:///environment", "qemu:///environment"),
        ({}, "", "qemu:///system"),
    ],
)
def test_where_the_uri_comes_from(
    monkeypatch: pytest.MonkeyPatch, configuration: dict[str, str], environment: str, uri: str
) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", environment)

    assert checked({}, configuration)["uri"] == uri
    assert checked({"uri": "qemu:///named"}, configuration)["uri"] == "qemu:///named"


def test_a_word_that_virtnet_unreachable_cannot_be() -> None:
    result = network_provider({"virtnet:unreachable": "record"}).check(MADE, {})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            "",
            'virtnet:unreachable="record": must be one of fail, recorded. Did you mean "recorded"? (correct it with '
            "pulumi config set)",
        )
    ]


def test_a_preview_of_a_create_fails_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    provider = network_provider({"virtnet:refusals": "fail"})

    result = provider.check({}, {"name": "lab", "uri": NOWHERE})
    applied = provider.check({}, {"name": "lab", "uri": NOWHERE, "__run": {"preview": False}})

    (failure,) = result.failures
    assert failure.reason.startswith(f"network 'lab' on {NOWHERE}: pulumi up would fail on the host as it is now: ")
    assert (capsys.readouterr().out, applied.failures) == ("", [])


def test_a_preview_of_a_change_fails_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    provider = network_provider({"virtnet:refusals": "fail"})
    inputs = provider.check(MADE, {**MADE, "mtu": 1400}).inputs

    with pytest.raises(Refused, match="pulumi up would fail on the host as it is now"):
        provider.diff("id", MADE, inputs)

    assert "mtu is added (1400)" in capsys.readouterr().out


def test_a_program_that_fails_at_its_end_hears_of_a_refusal_by_a_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provider, refusals = network_provider({"virtnet:refusals": "fail"}), tmp_path / "refusals"
    run = {"__run": {"refusals": str(refusals)}}
    refusals.touch()

    created = provider.check({}, {"name": "lab", "uri": NOWHERE, **run})
    changed = provider.check(MADE, {**MADE, "mtu": 1400, **run})
    provider.diff("id", MADE, changed.inputs)
    told = refusals.read_bytes()
    refusals.unlink()
    nobody_looks = provider.check({}, {"name": "lab", "uri": NOWHERE, **run})

    assert (created.failures, changed.failures, told) == ([], [], b"..")
    assert capsys.readouterr().out.count("pulumi up would fail on the host as it is now: ") == 2
    assert len(nobody_looks.failures) == 1
    assert not refusals.exists()
    assert "__run" not in created.inputs


def test_an_unreachable_host_is_a_bare_sentence() -> None:
    with pytest.raises(Unreachable) as raised:
        network_provider().read("id", MADE)

    assert str(raised.value).startswith(f"libvirt at {NOWHERE} can't be reached (")
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_an_unreachable_host_keeps_its_state_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    result = network_provider({"virtnet:unreachable": "recorded"}).read("id", {**MADE, "bridgeName": "vn-lab"})

    assert (result.id, result.outs) == ("id", {**MADE, "bridgeName": "vn-lab"})
    assert capsys.readouterr().out.startswith(
        "warning: the refresh kept the recorded values, because virtnet:unreachable is"
    )


def test_a_failed_delete_says_how_to_drop_the_network_from_the_state() -> None:
    with pytest.raises(Unreachable, match=r"network 'lab' on .* was not deleted: .*pulumi state delete"):
        network_provider().delete("id", MADE)


@pytest.mark.parametrize("provider", [LibvirtNetworkProvider, HostForwardingProvider, PortForwardProvider])
def test_the_state_keeps_a_providers_name_and_nothing_else(provider: type[dynamic.ResourceProvider]) -> None:
    kept = base64.b64decode(serialize_provider(provider()))

    assert vars(provider()) == {}
    assert len(kept) < 100
    assert b"virtnet.dynamic" in kept
    assert provider.__name__.encode() in kept
    assert type(pickle.loads(kept)) is provider  # noqa: S301 - our own bytes
    assert provider.serialize_as_secret_always is False


def test_a_users_program_imports_nothing_that_only_the_provider_needs() -> None:
    code = (
        "import sys, virtnet.dynamic; print(*{'libvirt', 'lxml', 'pydantic', 'virtnet.spec.part'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "\n"


def test_what_a_run_imports_is_not_looked_through_for_garbage_when_it_ends() -> None:
    code = (
        "import gc, virtnet.dynamic as dynamic; dynamic.LibvirtNetworkProvider()._resource(); "
        "print(gc.isenabled(), gc.get_freeze_count() > 9 * len(gc.get_objects()))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "True True\n"


def test_secrets_that_the_sdk_tells_of_are_in_no_line_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    provider = network_provider()
    places = {"__secret": [["domain", "name"], ["ips", "dhcp", "hosts", "mac"]]}
    inputs = {
        **MADE,
        "domain": {"name": "hunter2.example"},
        "ips": [{"address": "10.9.0.1/24", "dhcp": {"hosts": [{"mac": "52:54:00:AA:BB:CC", "ip": "10.9.0.9"}]}}],
    }

    checked_inputs = provider.check(MADE, {**inputs, **places}).inputs
    provider.diff("id", MADE, checked_inputs)

    shown = capsys.readouterr().out
    assert checked_inputs["__secret"] == places["__secret"]
    assert "domain.name is added ([secret]) [restart]" in shown
    assert "hunter2" not in shown
    assert "aa:bb:cc" not in shown.lower(), "nor in the canonical spelling"
    (failure,) = provider.check(MADE, {**MADE, "mac": "52-54-00-AA-BB-CC", "__secret": [["mac"]]}).failures
    assert failure.property == ""  # the engine would show the value
    assert failure.reason == "mac: isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56"


def test_where_secrets_are_is_a_change_of_its_own() -> None:
    provider = network_provider()
    recorded = {**checked(MADE), "persistent": True, "problems": [], "__named": ["uuid"]}

    unchanged = provider.diff("id", recorded, checked(MADE))
    changed = provider.diff("id", recorded, {**checked(MADE), "__secret": [["name"]]})

    assert unchanged.changes is False
    assert changed.changes is True
    assert changed.replaces == []


def test_what_a_terminal_would_obey_is_shown_and_not_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    provider = network_provider()

    provider._show("interface \x1b[2J is plugged in")

    assert capsys.readouterr().out == "interface \\x1b[2J is plugged in\n"


class TestOptions:
    """What the engine tells a dynamic provider of a resource's options: nothing, but by what it asks."""

    RECORDED: ClassVar[dict[str, Any]] = {
        **MADE,
        "autostart": True,
        "active": True,
        "persistent": True,
        "problems": [],
        "__named": ["uuid"],
    }

    def news(self, mtu: int, **told: list[str]) -> dict[str, Any]:
        return {**MADE, "mtu": mtu, "__run": {"name": "lab", "preview": True, **told}}

    def test_what_the_inputs_show_is_left_to_the_engine(self) -> None:
        provider = network_provider()
        inputs = provider.check({**checked(MADE), "mtu": 1400}, self.news(1450)).inputs

        assert provider.diff("id", {**self.RECORDED, "mtu": 1400}, inputs).changes is None

    def test_what_only_outputs_show_is_not(self) -> None:
        provider = network_provider()
        inputs = provider.check({**checked(MADE), "mtu": 1450}, self.news(1450)).inputs

        for drift in ({"mtu": 1400}, {"mtu": 1450, "persistent": False}):
            assert provider.diff("id", {**self.RECORDED, **drift}, inputs).changes is True

    def test_what_is_ignored_is_no_change(self) -> None:
        provider = network_provider()
        inputs = provider.check({**checked(MADE), "mtu": 1450}, self.news(1450, ignored=["mtu"])).inputs

        assert provider.diff("id", {**self.RECORDED, "mtu": 1400}, inputs).changes is False

    @pytest.mark.parametrize(("path", "replaces"), [("mtu", ["mtu"]), ("*", ["mtu"]), ("ips", [])])
    def test_a_change_that_is_to_replace_does(self, path: str, replaces: list[str]) -> None:
        provider = network_provider()
        inputs = provider.check({**checked(MADE), "mtu": 1400}, self.news(1450, replacing=[path])).inputs

        found = provider.diff("id", {**self.RECORDED, "mtu": 1400}, inputs)

        assert (found.changes, found.replaces, found.delete_before_replace) == (True, replaces, bool(replaces))

    def test_a_replacement_that_the_engine_decides_on_is_told_where_it_shows(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        provider = network_provider()
        inputs = provider.check({**checked(MADE), "mtu": 1400}, self.news(1450)).inputs
        provider.diff("id", {**self.RECORDED, "mtu": 1400}, inputs)
        as_an_update = capsys.readouterr().out

        provider.check({}, self.news(1450))

        assert "is deleted and created again" not in as_an_update
        assert "is deleted and created again" in capsys.readouterr().out

    @pytest.mark.parametrize("asks", [True, False])
    def test_a_replacement_of_what_stands_as_recorded_is_told_too(
        self, asks: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        provider = network_provider()
        inputs = provider.check(checked(MADE), {**MADE, "__run": {"name": "lab", "preview": True}}).inputs
        if asks:
            assert provider.diff("id", {**self.RECORDED, **inputs}, inputs).changes is False

        provider.check({}, {**MADE, "__run": {"name": "lab", "preview": True}})

        told = capsys.readouterr().out
        assert ("is deleted and created again" in told, "pulumi up would fail" in told) == (asks, True)


class Context(grpc.ServicerContext):  # type: ignore[misc]
    """What gRPC makes for each request, as far as Pulumi's plugin uses it."""

    def __init__(self) -> None:
        self.answered: list[str] = []

    def abort(self, _code: grpc.StatusCode, details: str) -> NoReturn:
        self.answered.append(details)
        raise ConnectionAbortedError


# It has fourteen methods more.
Context.__abstractmethods__ = frozenset()


def answered(verb: Callable[[], object]) -> str:
    """What the engine is told of a verb that fails, by Pulumi's plugin."""
    made = Context()

    def wrapper(context: grpc.ServicerContext) -> None:
        try:
            verb()
        except Exception:
            context.abort(grpc.StatusCode.UNKNOWN, traceback.format_exc())

    with pytest.raises(ConnectionAbortedError):
        wrapper(made)
    (told,) = made.answered
    return told


def test_the_engine_is_told_the_sentence_of_an_error_alone() -> None:
    provider = network_provider()

    told = answered(lambda: provider.delete("id", MADE))

    assert told.startswith(f"network 'lab' on {NOWHERE} was not deleted: ")
    assert "Traceback" not in told


def test_mistakes_and_other_providers_are_told_with_their_traceback() -> None:
    provider = network_provider()
    answered(lambda: provider.delete("id", MADE))

    told = answered(lambda: 1 // 0)

    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("ZeroDivisionError: integer division or modulo by zero\n")


def test_more_requests_are_served_at_once_than_pulumi_has_threads_for() -> None:
    everybody = threading.Barrier(REQUESTS_AT_ONCE // 8)
    with ThreadPoolExecutor(4) as pool:
        pool.submit(network_provider).result()

        met = [pool.submit(everybody.wait, 20) for _ in range(everybody.parties)]

    assert [one.exception() for one in met] == [None] * everybody.parties
