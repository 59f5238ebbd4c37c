"""What the engine prints of inputs that are refused: where, what was given, why not, and what was meant."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from tests.unit.network.test_checks import BAD
from tests.unit.spec.test_any_inputs import RESOURCES, spoilt_networks

from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.planning.resource import Resource
from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.messages import PYTHON, WIRE, Spelling, literal, refused
from virtnet.spec.part import UNKNOWN, conceals
from virtnet.spec.paths import parsed, value_at
from virtnet.spec.suggestions import TO_BE_FILLED_IN, nearest

MODES = "must be one of nat, route, open, bridge, private, vepa, passthrough, hostdev, none"
GROUP = "must be an object with named values"


def told(resource: Resource[Any], inputs: dict[str, Any], spelling: Spelling = PYTHON) -> list[str]:
    given_inputs = {"uri": "qemu:///system", "name": "lab", **inputs}
    given_inputs = given_inputs if resource is NETWORK else {"uri": "qemu:///system", **inputs}
    _, failures = resource.check(given_inputs, {})
    read: Callable[..., str] = resource.messages().failure
    return [refused(resource.spec, failure, given_inputs, read, spelling) for failure in failures]


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"forward": {"mode": "natt"}}, f'forward.mode="natt": {MODES}. Did you mean "nat"?'),
        ({"forward": {"mode": "NAT"}}, f'forward.mode="NAT": {MODES}. Did you mean "nat"?'),
        ({"forward": {"mode": "xyzzy"}}, f'forward.mode="xyzzy": {MODES}'),
        (
            {"forward": {"mode": "isolated"}},
            'forward.mode="isolated": isn\'t a mode. For an isolated network, use none or remove forward',
        ),
        ({"forward": "nat"}, f'forward="nat": {GROUP}. Write forward={{"mode": "nat"}}'),
        ({"forward": [{"mode": "nat"}]}, f'forward=[{{"mode": "nat"}}]: {GROUP}. Write forward={{"mode": "nat"}}'),
        ({"ips": ["10.30.0.1/24"]}, f'ips[0]="10.30.0.1/24": {GROUP}. Write ips=[{{"address": "10.30.0.1/24"}}]'),
        ({"ips": "10.30.0.1/24"}, 'ips="10.30.0.1/24": must be a list. Write ips=[{"address": "10.30.0.1/24"}]'),
        (
            {"ips": [{"address": "10.30.0.1/24", "dhcp": True}]},
            f"ips[0].dhcp=True: {GROUP}. "
            'Write dhcp={"ranges": [{"start": "10.30.0.2", "end": "10.30.0.254"}]}',
        ),
        (
            {"ips": [{"address": "10.0.0.1"}]},
            'ips[0].address="10.0.0.1": has no prefix length. Add one, for example "10.0.0.1/24"',
        ),
        ({"routes": ["10.60.0.0/16"]}, f'routes[0]="10.60.0.0/16": {GROUP}. Write '
         'routes=[{"address": "10.60.0.0/16", "gateway": "..."}]'),
        ({"name": 5}, 'name=5: must be a string. Write "5"'),
        ({"autostart": "yes"}, 'autostart="yes": must be true or false. Write True'),
        ({"mtu": 1400.5}, "mtu=1400.5: must be a whole number"),
        ({"mtu": 5}, "mtu=5: is too small. The smallest allowed value is 68"),
        ({"foward": {}}, "foward: is an unknown property. Did you mean 'forward'?"),
        ({"ips": [{"adress": "10.0.0.1/24"}]}, "ips[0].adress: is an unknown property. Did you mean 'address'?"),
        ({"ips": [{}]}, "ips[0].address: is required. Add it"),
        ({"forward": {"managed": True}, "ips": [{"address": "10.0.0.1/24"}]},
         "forward.managed=True: is supported only in mode hostdev. Remove it"),
        ({"bridge": {"name": "b" * 80}},
         f'bridge.name="{"b" * 56}...: is 80 characters long, and the kernel allows 15. Choose a shorter name'),
        ({"bridge": {"name": "a\x1b[31mb"}}, 'bridge.name="a�[31mb": contains the control character U+001B. Remove it'),
    ],
)  # fmt: skip
def test_a_network(inputs: dict[str, Any], line: str) -> None:
    assert told(NETWORK, inputs) == [line]


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"ipv4": "on"}, 'ipv4="on": must be true or false. Write True'),
        ({"on_delete": "Keep"}, 'on_delete="Keep": must be one of restore, keep. Did you mean "keep"?'),
        ({"interfaces": {"eth0": True}}, f'interfaces["eth0"]=True: {GROUP}. Write {{"ipv4": True}}'),
        ({"interfaces": ["eth0"]}, f'interfaces=["eth0"]: {GROUP}'),
        (
            {"interfaces": {"a/b": {"ipv4": True}}},
            "interfaces[\"a/b\"]: isn't a valid interface name. Remove '/', ':', '%' and spaces",
        ),
        (
            {"interfaces": {"eth0": {"ip4": True}}},
            "interfaces[\"eth0\"].ip4: is an unknown property. Did you mean 'ipv4'?",
        ),
        ({"presist": True}, "presist: is an unknown property. Did you mean 'persist'?"),
    ],
)
def test_a_hosts_forwarding(inputs: dict[str, Any], line: str) -> None:
    assert told(HOST_FORWARDING, inputs) == [line]


@pytest.mark.parametrize(
    ("resource", "inputs", "line"),
    [
        (NETWORK, {"portIsolate": True}, "portIsolate: is an unknown property. Did you mean 'portIsolated'?"),
        (NETWORK, {"ips": [{"address": "10.0.0.1/24", "localPtr": "no"}]},
         'ips[0].localPtr="no": must be true or false. Write false'),
        (NETWORK, {"ips": [{"address": "10.0.0.1/24", "tftp_root": 5}]}, "ips[0].tftpRoot=5: must be a string"),
        (NETWORK, {"bridge": {"xyzzy": 1}},
         "bridge.xyzzy: is an unknown property. Use one of: name, zone, stp, delay, macTableManager"),
        (NETWORK, {"mtu": "1400"}, 'mtu="1400": must be a whole number. Write 1400'),
        (NETWORK, {"dns": {"enable": 1}}, "dns.enable=1: must be true or false. Write true"),
        (HOST_FORWARDING, {"interfaces": {"my_if": True}},
         f'interfaces["my_if"]=true: {GROUP}. Write {{"ipv4": true}}'),
    ],
)  # fmt: skip
def test_programs_in_any_language_read_the_spelling_of_the_wire(
    resource: Resource[Any], inputs: dict[str, Any], line: str
) -> None:
    assert told(resource, inputs, WIRE) == [line]


@pytest.mark.parametrize(
    "inputs",
    [
        {"title": "hunter2\x07"},
        {"description": ["hunter2"]},
        {"metadata": ["<hunter2/>"]},
        {"metadata": {"urn:x": "hunter2"}},
        {"dnsmasq_options": "hunter2"},
        {"dnsmasq_options": ["hunter2\x07"]},
        {"dns": [{"txts": [{"name": "key", "value": "hunter2"}]}]},
        {"dns": {"txts": {"name": "key", "value": "hunter2"}}},
        {"dns": {"txts": ["hunter2"]}},
        {"dns": {"txts": [{"name": "key", "value": ["hunter2"]}]}},
    ],
)
def test_what_may_be_secret_by_its_place_is_not_shown(inputs: dict[str, Any]) -> None:
    lines = told(NETWORK, inputs)

    assert lines
    assert "hunter2" not in "".join(lines)


def test_what_is_marked_as_a_secret_is_not_shown_nor_what_is_like_it() -> None:
    failure = Failure("mac", SpecFailure.NO_MAC, suggestion="52:54:00:00:00:01")

    line = refused(NetworkSpec, failure, {"mac": "52-54-00-00-00-01"}, secret=True)

    assert line == "mac: isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56"


@pytest.mark.parametrize(
    ("path", "concealed"),
    [
        ("title", True),
        ("dns", True),
        ("dns.txts", True),
        ("dns.txts[0]", True),
        ("dns.txts[0].name", False),
        ("dns.hosts", False),
        ("forward", False),
        ('metadata["urn:x"]', True),
        ("nothing.like.it", False),
    ],
)
def test_what_holds_a_secret_conceals_it(path: str, concealed: bool) -> None:
    assert conceals(NetworkSpec, path) is concealed


@pytest.mark.parametrize(
    ("value", "python", "wire"),
    [
        (True, "True", "true"),
        (5.0, "5", "5"),
        ('a"b', '"a\\"b"', '"a\\"b"'),
        ({"local_ptr": False}, '{"local_ptr": False}', '{"localPtr": false}'),
        ([1, "ä"], '[1, "ä"]', '[1, "ä"]'),
    ],
)
def test_literals(value: Any, python: str, wire: str) -> None:
    assert (literal(value, PYTHON), literal(value, WIRE)) == (python, wire)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("natt", "nat"),
        ("NAT", "nat"),
        (" nat ", "nat"),
        ("routed", "route"),
        ("Brigde", "bridge"),
        ("", None),
        ("x", None),
    ],
)
def test_the_nearest_word(word: str, meant: str | None) -> None:
    assert nearest(word, ("nat", "route", "bridge")) == meant


def with_suggestion(inputs: dict[str, Any], failure: Failure) -> dict[str, Any]:
    """The inputs as the failure suggests."""
    changed = copy.deepcopy(inputs)
    *way, last = parsed(failure.path)
    holder = value_at(changed, failure.path.rpartition(str(last))[0].rstrip('.["')) if way else changed
    assert isinstance(holder, dict | list)
    if failure.kind is SpecFailure.MISSPELT_KEY:
        assert isinstance(holder, dict)
        holder[failure.suggestion] = holder.pop(last)
    else:
        holder[last] = failure.suggestion  # type: ignore[index]
    return changed


def suggesting(resource: Resource[Any], inputs: dict[str, Any]) -> list[Failure]:
    _, failures = resource.check(inputs, {})
    return [failure for failure in failures if failure.suggestion is not None]


@pytest.mark.parametrize("row", [row for row in BAD if any(len(one) > 3 for one in row["failures"])],
                         ids=lambda row: row["case"])  # fmt: skip
def test_what_is_suggested_is_taken(row: dict[str, Any]) -> None:
    inputs = {"uri": "qemu:///system", "name": "lab", **row["inputs"]}

    for failure in suggesting(NETWORK, inputs):
        _, failures = NETWORK.check(with_suggestion(inputs, failure), {})

        assert not [one for one in failures if one.path == failure.path and isinstance(one.kind, SpecFailure)]


@given(spoilt_networks())
def test_what_is_suggested_is_taken_whatever_is_wrong(inputs: dict[str, Any]) -> None:
    for failure in suggesting(NETWORK, inputs):
        if failure.of_key or TO_BE_FILLED_IN in str(failure.suggestion):
            continue

        _, failures = NETWORK.check(with_suggestion(inputs, failure), {})

        assert not [one for one in failures if one.path == failure.path and isinstance(one.kind, SpecFailure)]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_what_is_unknown_is_not_shown(resource: Resource[Any]) -> None:
    failure = Failure("uri", SpecFailure.MISSING)

    assert refused(resource.spec, failure, {"uri": UNKNOWN}) == "uri: is required. Add it"
