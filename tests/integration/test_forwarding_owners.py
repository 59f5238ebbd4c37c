"""Forwarding of one host claimed twice, and a drop-in that someone edited: nothing is overwritten in silence."""

from typing import Any

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.forks import Forks
from tests.integration.stack import Stack

#: Of libvirt nothing is asked but which host it is.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

DROP_IN = "/etc/sysctl.d/90-virtnet-forwarding.conf"


def declare(stack: Stack, **args: Any) -> None:
    stack.declare({"type": "HostForwarding", "name": "forwarding", "args": {"ipv4": True, **args}})


def forwards(host: Host) -> str:
    return host.sh("cat /proc/sys/net/ipv4/ip_forward").strip()


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_second_owner_is_refused_before_anything_is_touched(
    host: Host, forks: Forks, first: bool, second: bool
) -> None:
    holder, comer = Stack(host, forks, "first"), Stack(host, forks, "second")
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    declare(holder, persist=first)
    holder.up()
    before = host.sh("cat /etc/sysctl.d/*.conf /run/virtnet/forwarding-*.conf 2>/dev/null || true")
    declare(comer, persist=second, drop_in="95-second.conf")

    previewed = comer.preview(check=False)
    refused = comer.up(check=False)

    holds = "HostForwarding 'project/first/forwarding' already manages net.ipv4.ip_forward of this host"
    assert holds in previewed
    assert holds in refused
    assert host.sh("cat /etc/sysctl.d/*.conf /run/virtnet/forwarding-*.conf 2>/dev/null || true") == before
    assert forwards(host) == "1"
    holder.destroy()
    assert forwards(host) == "0"
    assert host.sh("ls /run/virtnet").split() == ["lock"]
    comer.up()
    assert forwards(host) == "1"
    comer.destroy()
    assert forwards(host) == "0"


def test_an_edited_drop_in_is_named_by_preview_and_written_anew(host: Host, stack: Stack) -> None:
    declare(stack)
    stack.up()
    written = host.sh(f"cat {DROP_IN}")
    host.sh(f"echo net.core.somaxconn=1024 >> {DROP_IN}")

    stack.up()
    left = host.sh(f"cat {DROP_IN}")
    stack.refresh()
    previewed = stack.preview()
    stack.up()

    assert "somaxconn" in left, "nobody was shown that the file would be written"
    assert f"{DROP_IN} was edited by hand. virtnet rewrites it, and the manual changes are lost" in previewed
    assert host.sh(f"cat {DROP_IN}") == written
    assert stack.unchanged()


def test_an_edited_drop_in_survives_destroy(host: Host, stack: Stack) -> None:
    declare(stack)
    stack.up()
    host.sh(f"echo net.core.somaxconn=1024 >> {DROP_IN}")

    said = stack.destroy()

    assert (
        f"keeps {DROP_IN} on this host, because it was edited by hand. Remove it when its lines are no longer needed"
        in said
    )
    assert "net.core.somaxconn=1024" in host.sh(f"cat {DROP_IN}")
