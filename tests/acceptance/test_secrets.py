"""Secret inputs, at every depth, against the real engine: encrypted in the state, and in no line that anybody reads."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.daemons import daemon_version
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

MARK = "hunter2"
"""Part of every secret of these tests: where it is found, one was told."""

NUMBER = 13770
"""A secret number before the step is added."""

PROGRAM = f'''\
"""Every place that takes a text, with a secret in it."""

import pulumi
import pulumi_virtnet as virtnet

step = pulumi.Config().get_int("step") or 1
secret = pulumi.Output.secret
texts = {{"title": secret("{MARK}-title"), "description": secret(f"{MARK}-description-{{step}}")}}
virtnet.LibvirtNetwork(
    "lab",
    **(texts if pulumi.Config().get_bool("texts") else {{}}),
    metadata={{"urn:example": secret(f"<key xmlns='urn:example'>{MARK}-metadata-{{step}}</key>")}},
    domain={{"name": secret(f"{MARK}-{{step}}.domain.example")}},
    ips=[{{
        "address": "10.93.0.1/24",
        "dhcp": {{"hosts": [
            {{"mac": "52:54:00:00:00:01", "ip": "10.93.0.11"}},
            {{"mac": "52:54:00:00:00:02", "name": secret(f"{MARK}-guest-{{step}}"), "ip": "10.93.0.12"}},
        ]}},
    }}],
    dns={{
        "hosts": [{{"ip": "10.93.0.5", "hostnames": ["open.example", secret(f"{MARK}-{{step}}.host.example")]}}],
        "txts": [
            {{"name": "open", "value": "nothing hidden"}},
            {{"name": "key", "value": secret(f"{MARK}-txt-{{step}}")}},
        ],
    }},
    dnsmasq_options=secret([f"txt-record=raw,{MARK}-option-{{step}}"]),
)
virtnet.LibvirtNetwork("args", virtnet.LibvirtNetworkArgs(
    bridge={{"name": secret("{MARK}-br")}},
    mtu=secret({NUMBER} + step),
    ips=[virtnet.NetworkIpArgs(address="10.94.0.1/24")],
    dns=secret({{"txts": [{{"name": "key", "value": f"{MARK}-whole-{{step}}"}}]}}),
))
'''


@pytest.fixture
def stack(host: Host) -> Stack:
    made = Stack(host)
    (made.directory / "__main__.py").write_text(PROGRAM)
    takes_texts = daemon_version(host) >= (9, 7)
    made.pulumi("config", "set", "texts", str(takes_texts).lower())
    return made


def state(stack: Stack) -> str:
    """Everything that the backend keeps of the stack: the state, its history and its backups."""
    kept = [path for path in Path(stack.directory, "state").rglob("*") if path.is_file()]
    text = "".join(path.read_text() for path in kept)
    assert '"pulumi:pulumi:Stack"' in text, "it is not there that the state is kept in a form that can be read"
    return text


def providers(stack: Stack) -> list[Any]:
    """What the state holds of the dynamic provider, in clear where it is."""
    exported = json.loads(stack.pulumi("stack", "export").stdout)
    return [
        bag["__provider"]
        for resource in exported["deployment"]["resources"]
        for bag in (resource.get("inputs", {}), resource.get("outputs", {}))
        if "__provider" in bag
    ]


def live(host: Host) -> str:
    return host.virsh("net-dumpxml", "lab") + host.virsh("net-dumpxml", "args")


def test_no_secret_is_in_the_state_or_in_any_line(host: Host, stack: Stack) -> None:
    said = [stack.preview(), stack.up()]
    assert f"{MARK}-txt-1" in live(host)
    assert f"{MARK}-whole-1" in live(host)
    assert MARK not in state(stack)

    stack.pulumi("config", "set", "step", "2")
    said += [stack.preview(), stack.up()]
    assert f"{MARK}-txt-2" in live(host)
    assert f"{MARK}-txt-1" not in live(host)
    assert MARK not in state(stack)

    said += [stack.refresh(), stack.destroy()]
    assert MARK not in state(stack)
    assert MARK not in "".join(said)
    assert str(NUMBER)[:4] not in "".join(said)


@pytest.mark.further
def test_a_secret_stays_one_where_drift_gives_it_another_place(host: Host, stack: Stack) -> None:
    stack.up()
    # The lists are shorter by their first items now, and what was second and secret is first.
    host.virsh("net-update", "lab", "delete", "dns-txt", "<txt name='open'/>", "--live", "--config")
    open_host = "<host mac='52:54:00:00:00:01' ip='10.93.0.11'/>"
    host.virsh("net-update", "lab", "delete", "ip-dhcp-host", open_host, "--live", "--config")

    said = [stack.refresh(), stack.preview(), stack.up()]

    assert MARK not in state(stack)
    assert MARK not in "".join(said)
    assert "nothing hidden" in live(host)


@pytest.mark.further
def test_what_is_kept_of_the_provider_is_its_name_and_nothing_else(stack: Stack) -> None:
    stack.up()

    # A class by its dotted path: base64 of a few tens of bytes, the same for both networks and in inputs and outputs.
    kept = providers(stack)
    assert len(kept) == 4
    assert len(set(kept)) == 1
    assert len(kept[0]) < 150
    assert MARK not in "".join(kept)


def test_no_error_tells_a_secret(host: Host, stack: Stack) -> None:
    stack.pulumi("config", "set", "step", "2")
    # Refused by this libvirtd's own parser, whose words follow ours.
    program = PROGRAM.replace("txt-record=raw", "no-such-option")
    (stack.directory / "__main__.py").write_text(program)

    said = stack.up(check=False)

    assert "network 'lab' on qemu:///system: could not" in said, said
    assert "bad option" in said
    assert MARK not in said
    assert MARK not in state(stack)


@pytest.mark.further
def test_a_value_made_secret_later_is_no_longer_kept_in_clear(stack: Stack) -> None:
    args = '"lab", domain={"name": "hunter2.example"}, ips=[{"address": "10.93.0.1/24"}]'
    program = "import pulumi\nimport pulumi_virtnet as virtnet\nvirtnet.LibvirtNetwork({})\n"
    (stack.directory / "__main__.py").write_text(program.format(args))
    stack.up()
    assert MARK in stack.pulumi("stack", "export").stdout
    (stack.directory / "__main__.py").write_text(
        program.format(args.replace('"hunter2.example"', 'pulumi.Output.secret("hunter2.example")'))
    )

    stack.up()

    assert MARK not in stack.pulumi("stack", "export").stdout
    assert stack.unchanged_by_each()


@pytest.mark.further
def test_what_an_adopted_network_held_is_kept_encrypted(host: Host, stack: Stack) -> None:
    text = f"<dns><txt name='key' value='{MARK}'/></dns>"
    xml = f"<network><name>lab</name>{text}<ip address='10.93.0.1' prefix='24'/></network>"
    host.run("virsh", "net-define", "/dev/stdin", given=xml)
    (stack.directory / "__main__.py").write_text(
        "import pulumi_virtnet as virtnet\nvirtnet.LibvirtNetwork('lab', adopt=True, domain={'name': 'lab.example'})\n"
    )

    stack.up()

    assert "adoptedFrom" in state(stack)
    assert MARK not in state(stack)
    stack.destroy()
    assert MARK in host.virsh("net-dumpxml", "lab")
