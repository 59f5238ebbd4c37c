"""Unknowns, secrets and output values at every depth of real inputs: both forms answer alike, and no secret comes out.

The plugin is asked over gRPC, as the engine asks it; the dynamic provider as Pulumi's own plugin asks it, which hands
it unknowns but neither secrets nor outputs. Checks and diffs ask no host, and the one named here is none.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2
from tests.campaigns.plugin_table import Dynamic, Native, plain, plugin, struct, unwrapped

from virtnet.network.resource import NETWORK
from virtnet.spec import properties as wire

pytestmark = pytest.mark.fuzz

KIND, NAME = "LibvirtNetwork", "lab"
NOWHERE = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
OUTPUT = rpc._special_output_value_sig


def secret(value: Any) -> Any:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def output(**fields: Any) -> Any:
    return {rpc._special_sig_key: OUTPUT, "dependencies": ["urn:pulumi:dev::shop::a:b:C::d"], **fields}


#: By name: how a value is sent to the plugin, whether it is known, and whether it is secret.
SENT: tuple[tuple[str, Any, bool, bool], ...] = (
    ("unknown", lambda _value: rpc.UNKNOWN, False, False),
    ("secret", secret, True, True),
    ("output", lambda value: output(value=value), True, False),
    ("unknown output", lambda _value: output(), False, False),
    ("secret output", lambda value: output(value=value, secret=True), True, True),
    ("unknown secret", lambda _value: secret(rpc.UNKNOWN), False, True),
    ("secret unknown output", lambda _value: output(secret=True), False, True),
)


CASES = {
    case["case"]: wire.to_properties(NETWORK.spec, case["inputs"])
    for case in json.loads((Path(__file__).parents[1] / "data" / "good_networks.json").read_text())
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a value, groups and lists included."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from paths(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def with_at(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    at(changed, path[:-1])[path[-1]] = new
    return changed


def in_clear(value: Any) -> str:
    """What of a message is readable: all but its secrets."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return ""
        return " ".join(in_clear(item) for item in value.values())
    return " ".join(map(in_clear, value)) if isinstance(value, list) else str(value)


@pytest.fixture(scope="module")
def native() -> Iterator[Native]:
    with plugin() as form:
        yield form


@pytest.mark.parametrize("case", CASES)
def test_both_forms_answer_alike_whatever_is_sent_at_whatever_depth(
    native: Native, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = {"uri": NOWHERE, "name": NAME, "uuid": UUID, **CASES[case]}
    dynamic = Dynamic()
    recorded = dynamic.check(KIND, NAME, inputs, inputs)["inputs"]
    as_it_is = dynamic.diff(KIND, NAME, UUID, recorded, recorded)

    for path in paths(CASES[case]):
        value = at(inputs, path)
        for name, send, known, _ in SENT:
            sent, handed = with_at(inputs, path, send(value)), inputs if known else with_at(inputs, path, rpc.UNKNOWN)

            checked, expected = native.check(KIND, NAME, inputs, sent), dynamic.check(KIND, NAME, inputs, handed)
            assert checked == expected, (path, name)
            if "failures" not in checked:
                difference = native.diff(KIND, NAME, UUID, recorded, checked["inputs"])
                assert difference == dynamic.diff(KIND, NAME, UUID, recorded, expected["inputs"]), (path, name)
                assert not known or difference == as_it_is, (path, name)
    capsys.readouterr()


@pytest.mark.parametrize("case", CASES)
def test_a_secret_stays_one_at_whatever_depth(native: Native, case: str) -> None:
    inputs = {"uri": NOWHERE, "name": NAME, "uuid": UUID, **CASES[case]}

    for path in paths(CASES[case]):
        value = at(inputs, path)
        texts = [value] if isinstance(value, str) and len(value) > 8 else []
        if any(in_clear(with_at(inputs, path, None)).count(text) for text in texts):
            continue  # the same text stands elsewhere too, in clear
        for name, send, _, hidden in SENT:
            if not hidden:
                continue
            sent = struct(with_at(inputs, path, send(value)))
            urn = native.urn(KIND, NAME)
            checked = native.service.Check(provider_pb2.CheckRequest(urn=urn, olds=struct({}), news=sent))
            if checked.failures:
                continue
            made = native.service.Create(provider_pb2.CreateRequest(urn=urn, properties=checked.inputs, preview=True))

            for message in (checked.inputs, made.properties):
                raw = json_format.MessageToDict(message)
                assert secret_on_the_way(raw, path), (path, name)
                for text in texts:
                    assert text not in in_clear(raw), (path, name)
            assert plain(checked.inputs) == unwrapped(json_format.MessageToDict(checked.inputs))


def secret_on_the_way(value: Any, path: tuple[Any, ...]) -> bool:
    """Whether what a path leads to, or what holds it, is marked as a secret. Items of lists may stand elsewhere."""
    if isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig:
        return True
    if not path:
        return False
    if isinstance(value, list):
        return any(secret_on_the_way(item, path[1:]) for item in value)
    return isinstance(value, dict) and path[0] in value and secret_on_the_way(value[path[0]], path[1:])
