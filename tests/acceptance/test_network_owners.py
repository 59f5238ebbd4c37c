"""Two resources that lay claim to one network: the one that goes takes nothing away from the one that stays."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance


def dump(host: Host, network: str) -> str:
    return host.virsh("net-dumpxml", network, "--inactive")


def test_a_rename_of_the_resource_without_an_alias(host: Host, stack: Stack) -> None:
    stack.network("old", name="default", adopt=True, active=False, autostart=False)
    stack.up()
    stack.network("new", name="default", adopt=True, active=False, autostart=False, domain={"name": "lab.test"})

    said = stack.up()

    assert "LibvirtNetwork::new', so it isn't changed" in said
    assert "lab.test" in dump(host, "default")
    assert stack.resources() == ["new"]
    assert stack.unchanged()
