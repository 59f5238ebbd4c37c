"""Two resources that lay claim to one network: the one that goes takes nothing away from the one that stays."""

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


def dump(host: Host, network: str) -> str:
    return host.virsh("net-dumpxml", network, "--inactive")


def test_a_network_that_two_stacks_adopted(host: Host, forks: Forks) -> None:
    first, second = Stack(host, forks, "first"), Stack(host, forks, "second")
    before = dump(host, "default")
    first.network("default", adopt=True, active=False, autostart=False)
    first.up()
    owned_by_first = dump(host, "default")
    second.network("default", adopt=True, active=False, autostart=False, domain={"name": "lab.test"})
    second.up()
    owned = dump(host, "default")

    gone = first.destroy()
    left = dump(host, "default")
    second.destroy()

    assert "project/first/default" in owned_by_first
    assert "project/second/default" in owned
    assert "the network now belongs to 'project/second/default', so it isn't changed" in gone
    assert left == owned
    assert dump(host, "default") == before


def test_a_rename_of_the_resource_that_made_the_network(host: Host, stack: Stack) -> None:
    stack.network("old", name="lab", ips=[{"address": "10.91.0.1/24"}])
    stack.up()
    before, index = dump(host, "lab"), host.sh("cat /sys/class/net/vn-lab/ifindex")
    stack.network("new", name="lab", ips=[{"address": "10.91.0.1/24"}])

    refused = stack.up(check=False)

    assert "belongs to 'project/test/old'" in refused
    assert "add an alias (opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name='old')]))" in refused
    assert (dump(host, "lab"), host.sh("cat /sys/class/net/vn-lab/ifindex")) == (before, index)


@pytest.mark.further
def test_what_runs_when_an_adopted_network_was_given_back_can_be_defined_and_adopted(host: Host, forks: Forks) -> None:
    first, second = Stack(host, forks, "first"), Stack(host, forks, "second")
    host.virsh("net-start", "default")
    first.network("default", adopt=True, mtu=1400, autostart=False)
    first.up()
    marked = host.virsh("net-dumpxml", "default")
    first.destroy()
    runs = (host.network("default") or {})["Active"]
    host.sh("virsh net-dumpxml default > running.xml; virsh net-define running.xml")
    before = dump(host, "default")
    second.network("default", adopt=True, mtu=1300, autostart=False)

    preview = second.preview()
    second.up()
    second.destroy()

    assert ("project/first/default" in marked, runs) == (True, "yes")
    assert "project/first/default" not in before
    assert "project/first/default" not in preview
    assert dump(host, "default") == before


def test_how_another_has_found_a_network_is_not_believed_without_a_word(host: Host, forks: Forks) -> None:
    first, second = Stack(host, forks, "first"), Stack(host, forks, "second")
    first.network("default", adopt=True, mtu=1400, autostart=False)
    first.up()
    first.forget("default")
    second.network("default", adopt=True, autostart=False)

    preview = second.preview()

    assert "note: 'project/first/default' adopted the network before" in preview
