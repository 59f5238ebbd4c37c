"""Limits of traffic on a host whose kernel has no means for them: nothing is touched, and libvirt lives."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.hosts.daemons import libvirtd_pid
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

NAT: dict[str, Any] = {
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.92.0.1/24", "dhcp": {"ranges": [{"start": "10.92.0.2", "end": "10.92.0.9"}]}}],
}
LIMITS = {"inbound": {"average": 1000}}
#: Which libvirt 9.0 does not survive where `tc` fails.
WITHOUT_DNSMASQ: dict[str, Any] = {"ips": [{"address": "10.92.0.1/24"}], "dns": {"enable": False}}
#: Tries the limits as for a host of which only libvirt is reached.
TRY_LIMITS = """
from virtnet.connect import connect
from virtnet.errors import Refused
from virtnet.libvirtd.connection import Connections
from virtnet.network.steps.probe import probe_limits
target = {
    "name": "lab", "uuid": "6f1c2a3e-0000-4000-8000-00000012ab34", "bridge": {"name": "vn-lab"},
    "bandwidth": {"inbound": {"average": 1000}}, "ips": [{"address": "10.92.0.1/24"}], "dns": {"enable": False},
}
clients = connect("qemu:///system", Connections())
assert clients.host is None
for step in probe_limits(target):
    try:
        step.execute(clients)
    except Refused as refused:
        print(refused.kind.name)
"""


WITHOUT_SFQ = r"""
tc=$(readlink -f $(command -v tc)); cp $tc /run/tc.real
cat >/run/tc <<'END'
#!/bin/sh
case " $* " in *" sfq "*) echo 'Error: Specified qdisc kind is unknown.' >&2; exit 2 ;; esac
exec /run/tc.real "$@"
END
chmod 755 /run/tc; mount --bind /run/tc $tc
"""


@contextlib.contextmanager
def kernel_without_sfq(host: Host) -> Iterator[None]:
    """A stand-in for tc that says what the real one says on a kernel without sch_sfq, whatever this kernel has."""
    host.sh(WITHOUT_SFQ)
    try:
        yield
    finally:
        host.sh("umount $(readlink -f $(command -v tc)); rm /run/tc /run/tc.real")


def test_a_running_network_is_not_touched_for_limits_that_the_kernel_lacks(host: Host, stack: Stack) -> None:
    stack.network("lab", **NAT)
    stack.up()
    index, definition, daemon = (
        host.sh("cat /sys/class/net/vn-lab/ifindex"),
        host.virsh("net-dumpxml", "lab", "--inactive"),
        libvirtd_pid(host),
    )
    stack.network("lab", **NAT, bandwidth=LIMITS)
    with kernel_without_sfq(host):
        preview, up = stack.preview(), stack.up(check=False)

    assert (
        "pulumi up would refuse this on the host as it is now: the host's kernel can't limit inbound traffic" in preview
    )
    assert "was not changed: the host's kernel can't limit inbound traffic: it lacks at least one of sch_htb" in up
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert host.virsh("net-dumpxml", "lab", "--inactive") == definition
    assert libvirtd_pid(host) == daemon


@pytest.mark.parametrize("args", [NAT, WITHOUT_DNSMASQ], ids=["with dnsmasq", "without dnsmasq"])
def test_a_network_with_such_limits_is_not_made(host: Host, stack: Stack, args: dict[str, Any]) -> None:
    before, daemon = host.trace(), libvirtd_pid(host)
    stack.network("lab", **args, bandwidth=LIMITS)
    with kernel_without_sfq(host):
        refused = stack.up(check=False)

    assert "can't limit inbound traffic" in refused
    assert host.trace() == before
    assert libvirtd_pid(host) == daemon


@pytest.mark.each_libvirt
def test_libvirt_lives_where_only_itself_can_try_them(host: Host) -> None:
    before, daemon = host.trace(), libvirtd_pid(host)
    with kernel_without_sfq(host):
        tried = host.run("unshare", "--net", "python", "-c", TRY_LIMITS).stdout

    assert tried == "CANNOT_LIMIT\n"
    assert host.trace() == before
    assert libvirtd_pid(host) == daemon


def test_a_port_group_with_such_limits_is_made_with_a_word_for_its_guests(host: Host, stack: Stack) -> None:
    stack.network("lab", **NAT, port_groups=[{"name": "slow", "bandwidth": LIMITS}])
    with kernel_without_sfq(host):
        made = stack.up()

    assert "guests of a port group that limits inbound traffic can't start" in made
    assert stack.unchanged()
