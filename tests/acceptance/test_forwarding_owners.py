"""Forwarding of one host claimed twice, and a drop-in that someone edited: nothing is overwritten in silence."""

from typing import Any

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance


def declare(stack: Stack, **args: Any) -> None:
    stack.declare({"type": "HostForwarding", "name": "forwarding", "args": {"ipv4": True, **args}})


def forwards(host: Host) -> str:
    return host.sh("cat /proc/sys/net/ipv4/ip_forward").strip()


def test_a_second_owner_is_refused_before_anything_is_touched(host: Host) -> None:
    holder, comer = Stack(host, "first"), Stack(host, "second")
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    declare(holder, persist=True)
    holder.up()
    before = host.sh("cat /etc/sysctl.d/*.conf /run/virtnet/forwarding-*.conf 2>/dev/null || true")
    declare(comer, persist=True, drop_in="95-second.conf")

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
