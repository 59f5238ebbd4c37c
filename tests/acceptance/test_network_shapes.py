"""A transient network is taken over by the program that `virtnet import` prints, and given back as it was.

Networks of every shape are in tests/integration/test_network_shapes.py.
"""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance


def imported(host: Host, stack: Stack, name: str) -> None:
    printed = host.virtnet("import", name).stdout
    (stack.directory / "__main__.py").write_text(printed)


def test_a_transient_network_becomes_persistent_without_a_restart_and_is_given_back(host: Host, stack: Stack) -> None:
    body = "<bridge name='t0' stp='off'/><ip address='10.94.0.1' netmask='255.255.255.0'/>"
    host.run("virsh", "net-create", "/dev/stdin", given=f"<network><name>lab</name>{body}</network>")
    index = host.sh("cat /sys/class/net/t0/ifindex")
    found = host.virsh("net-dumpxml", "lab")

    imported(host, stack, "lab")
    preview = stack.preview()
    stack.up()

    assert "make the network persistent" in preview
    assert (host.network("lab") or {})["Persistent"] == "yes"
    assert host.virsh("net-dumpxml", "lab") == found
    assert stack.unchanged()

    stack.destroy()

    assert (host.network("lab") or {})["Persistent"] == "no"
    assert host.virsh("net-dumpxml", "lab") == found
    assert host.sh("cat /sys/class/net/t0/ifindex") == index
