"""Inputs that are wrong by themselves, through the real engine: one clear line at preview, and nothing left behind.

Every case alone is in tests/unit/data/bad_networks.json, and many at once in tests/integration/test_bad_input.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.native_stack import NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host, sandboxed_host

pytestmark = pytest.mark.acceptance

WRONG: dict[str, Any] = {
    "name": "a/b",
    "title": "ding\u0007",
    "mac": "52:54:00:00:00",
    "mtu": 65536,
    "bridge": {"name": "br-of-16-letters"},
    "forward": {"mode": "natt"},
    "vlan": 42,
    "ips": [
        {"address": "10.9.0.1"},
        {"address": "10.055.0.01/24", "local_ptr": "yes"},
        {"adress": "10.9.0.1/24"},
        "10.30.0.1/24",
        {"address": "10.31.0.1/24", "dhcp": True},
    ],
    "routes": [{"address": "10.60.0.1/16", "gateway": "10.9.0.300"}],
}
MODES = "nat, route, open, bridge, private, vepa, passthrough, hostdev, none"
LINES = f"""\
name="a/b": contains '/'. Use letters, digits, '-', '_' and '.', for example "a-b"
title: contains the control character U+0007. Remove it
mac="52:54:00:00:00": isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56
mtu=65536: is too large. The largest allowed value is 65535
bridge.name="br-of-16-letters": is 16 characters long, and the kernel allows 15. Choose a shorter name
forward.mode="natt": must be one of {MODES}. Did you mean "nat"?
vlan=42: must be an object with named values. Write vlan={{"tags": [{{"id": 42}}]}}
ips[0].address="10.9.0.1": has no prefix length. Add one, for example "10.9.0.1/24"
ips[1].address="10.055.0.01/24": has a number with a leading zero, which libvirt reads as octal. Write "10.55.0.1/24"
ips[2].adress: is an unknown property. Did you mean 'address'?
ips[3]="10.30.0.1/24": must be an object with named values. Write ips=[{{"address": "10.30.0.1/24"}}]
routes[0].address="10.60.0.1/16": has bits set after its prefix. Write "10.60.0.0/16"
routes[0].gateway="10.9.0.300": isn't a valid IP address. Use a form like 192.168.123.1 or fd00:123::1
"""
WHOLE_RANGE = 'Write dhcp={"ranges": [{"start": "10.31.0.2", "end": "10.31.0.254"}]}'
PYTHON_LINES = f"""\
ips[1].local_ptr="yes": must be true or false. Write True
ips[4].dhcp=True: must be an object with named values. {WHOLE_RANGE}
"""
WIRE_LINES = f"""\
ips[1].localPtr="yes": must be true or false. Write true
ips[4].dhcp=true: must be an object with named values. {WHOLE_RANGE}
"""
FORWARDING: dict[str, Any] = {"ipv4": "on", "on_delete": "restor", "presist": True, "interfaces": {"eth0": True}}
FORWARDING_LINES = """\
ipv4="on": must be true or false. Write {true}
{on_delete}="restor": must be one of restore, keep. Did you mean "restore"?
presist: is an unknown property. Did you mean 'persist'?
interfaces["eth0"]={true}: must be an object with named values. Write {{"ipv4": {true}}}
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One host for all cases, as none of them may do anything to it."""
    with sandboxed_host(tmp_path_factory.mktemp("bad-input")) as host:
        yield host


@pytest.fixture(scope="module")
def untouched(shared: Host) -> Stack:
    return Stack(shared, "dynamic")


@pytest.fixture(scope="module")
def native(shared: Host) -> Stack:
    return NativeStack(shared, "native")


def refused(stack: Stack, *arguments: str, kind: str = "LibvirtNetwork", **inputs: Any) -> str:
    """What the engine prints when it refuses, which leaves nothing behind and shows no traceback."""
    before = stack.host.trace()
    # What is no keyword of the class can be a key of its dict.
    stack.declare({"type": kind, "name": "lab", "args": {"args": inputs}})

    done = stack.pulumi(*arguments, check=False)

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    assert "<nil>" not in said
    assert stack.host.trace() == before
    return said


def lines(said: str) -> set[str]:
    """The failures of the summary, without what the engine writes before each."""
    begin = "resource 'lab' has a problem: "
    return {line.partition(begin)[2] for line in said.splitlines() if line.startswith("    error: ") and begin in line}


def test_a_network_that_is_wrong(untouched: Stack) -> None:
    said = refused(untouched, "preview", **WRONG)

    assert lines(said) == set((LINES + PYTHON_LINES).splitlines())


def test_a_network_that_is_wrong_in_any_language(native: Stack) -> None:
    said = refused(native, "preview", **WRONG)

    assert lines(said) == set((LINES + WIRE_LINES).splitlines())


def test_a_forwarding_that_is_wrong(untouched: Stack) -> None:
    said = refused(untouched, "preview", kind="HostForwarding", **FORWARDING)

    assert lines(said) == set(FORWARDING_LINES.format(true="True", on_delete="on_delete").splitlines())


@pytest.mark.further
def test_a_forwarding_that_is_wrong_in_any_language(native: Stack) -> None:
    said = refused(native, "preview", kind="HostForwarding", **FORWARDING)

    assert lines(said) == set(FORWARDING_LINES.format(true="true", on_delete="onDelete").splitlines())


def test_up_refuses_it_too(untouched: Stack) -> None:
    said = refused(untouched, "up", "--yes", "--skip-preview", mtu=5, forward={"mode": "isolated"})

    assert lines(said) == {
        "mtu=5: is too small. The smallest allowed value is 68",
        'forward.mode="isolated": isn\'t a mode. For an isolated network, use none or remove forward',
    }
    assert untouched.resources() == []


@pytest.mark.further
def test_texts_that_may_be_secret_are_not_shown(untouched: Stack) -> None:
    secret, wrong = "hunter2", "hunter2\u0007"

    said = refused(
        untouched,
        "preview",
        title=wrong,
        description=wrong,
        metadata={"urn:x": wrong},
        dnsmasq_options=[wrong],
        dns={"txts": [{"name": "key", "value": wrong}]},
    )

    assert "title: contains the control character U+0007. Remove it" in said
    assert secret not in said


def test_a_configuration_that_nobody_knows(host: Host) -> None:
    stack = Stack(host)
    stack.pulumi("config", "set", "virtnet:unreachable", "ignore")

    said = refused(stack, "preview")

    assert lines(said) == {
        'virtnet:unreachable="ignore": must be one of fail, recorded (correct it with pulumi config set)'
    }
