"""Inputs that are wrong by themselves, through the real engine: one clear sentence at preview, and nothing left behind.

Every case alone is in tests/unit/data/bad_networks.json, and many at once in tests/integration/test_bad_input.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host, sandboxed_host

pytestmark = pytest.mark.acceptance

SINGLE_VALUES = {
    "name": "a/b",
    "title": "ding\u0007",
    "mac": "52:54:00:00:00",
    "mtu": 65536,
    "bridge": {"name": "br-of-16-letters"},
    "forward": {"mode": "routed"},
    "ips": [{"address": "10.9.0.1"}, {"address": "10.055.0.01/24"}, {"adress": "10.9.0.1/24"}],
    "routes": [{"address": "10.60.0.1/16", "gateway": "10.9.0.300"}],
}
FAILURES = {
    "name": "holds '/'; use letters, digits, '-', '_' and '.'",
    "mac": "'52:54:00:00:00' is no MAC address; write six bytes like 52:54:00:12:34:56",
    "mtu": "is 65536; the largest allowed is 65535",
    "bridge.name": "'br-of-16-letters' is 16 characters long, and the kernel allows 15; choose a shorter name",
    "forward.mode": "must be one of nat, route, open, bridge, private, vepa, passthrough, hostdev",
    "ips[0].address": "'10.9.0.1' has no prefix length; write it like 192.168.123.1/24",
    "ips[1].address": "'10.055.0.01' has a number with a leading zero, which libvirt reads as octal; leave the "
    "zero out",
    "ips[2].adress": "is not a property; did you mean 'address'?",
    "routes[0].address": "'10.60.0.1/16' has bits set after its prefix; write 10.60.0.0/16",
    "routes[0].gateway": "'10.9.0.300' is no IP address; write it like 192.168.123.1 or fd00:123::1",
}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One host for all cases, as none of them may do anything to it."""
    with sandboxed_host(tmp_path_factory.mktemp("bad-input")) as host:
        yield Stack(host)


def refused(stack: Stack, *arguments: str, **inputs: Any) -> str:
    """What the engine prints when it refuses, which leaves nothing behind and shows no traceback."""
    before = stack.host.trace()
    stack.network("lab", **inputs)

    done = stack.pulumi(*arguments, check=False)

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    assert stack.host.trace() == before
    return said


def test_preview_says_what_is_wrong(untouched: Stack) -> None:
    said = refused(untouched, "preview", **SINGLE_VALUES)

    for path, reason in FAILURES.items():
        assert f"resource 'lab': property {path} value" in said
        assert f"has a problem: {reason}\n" in said


def test_up_refuses_it_too(untouched: Stack) -> None:
    said = refused(untouched, "up", "--yes", "--skip-preview", mtu=5, forward={"mode": "routed"})

    assert "has a problem: is 5; the smallest allowed is 68" in said
    assert "has a problem: must be one of nat, route, open, bridge" in said
    assert untouched.resources() == []


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

    assert "title: holds the control character U+0007; remove it" in said
    assert secret not in said


def test_a_configuration_that_nobody_knows(host: Host) -> None:
    stack = Stack(host)
    stack.pulumi("config", "set", "virtnet:unreachable", "ignore")

    said = refused(stack, "preview")

    assert "virtnet:unreachable" in said
    assert "has a problem: must be fail or recorded; correct it with pulumi config set\n" in said
