"""A host reached over ssh alone, with a real sshd, a real libvirtd there and the real engine here."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import Workstation, workstation

pytestmark = pytest.mark.acceptance

URI = "qemu+ssh://root@far/system"
LAB: dict[str, Any] = {
    "uri": URI,
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.70.0.1/24", "dhcp": {"ranges": [{"start": "10.70.0.2", "end": "10.70.0.99"}]}}],
}
DROP_IN = "/etc/sysctl.d/90-virtnet-forwarding.conf"


@pytest.fixture
def desk(host: Host) -> Iterator[Workstation]:
    with workstation(host) as made:
        yield made


@pytest.fixture
def stack(desk: Workstation) -> Stack:
    return Stack(desk)


def test_a_host_over_ssh_is_managed_like_this_one(host: Host, desk: Workstation, stack: Stack) -> None:
    before = host.trace()
    forwarding = {"type": "HostForwarding", "name": "ip-forwarding", "args": {"uri": URI, "ipv4": True}}
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")
    stack.declare(forwarding, {"type": "LibvirtNetwork", "name": "lab", "args": LAB, "depends_on": ["ip-forwarding"]})
    planned, made = stack.preview(), stack.up()

    assert "will set net.ipv4.ip_forward to 1" in planned
    assert "gRPC" not in made  # which prints this and that where libvirt forks beside it
    assert host.network("lab") is not None
    assert host.sh(f"cat /proc/sys/net/ipv4/ip_forward; stat -c %a {DROP_IN}") == "1\n644\n"
    assert desk.sh("cat /proc/sys/net/ipv4/ip_forward; ls /etc/sysctl.d") == "0\n"
    assert "vn-lab" not in desk.links()
    assert stack.unchanged()

    stack.declare(forwarding, {"type": "LibvirtNetwork", "name": "lab", "args": {**LAB, "domain": {"name": "example"}}})
    with host.guest("box", "vn-lab"):
        host.sh("bridge link set dev box isolated on")
        preview, shown = stack.preview(), stack.up()

        assert "domain.name is added (example) [restart]" in preview
        assert "interface box" in shown
        assert host.sh("ls /sys/class/net/vn-lab/brif").split() == ["box"]
        assert host.sh("cat /sys/class/net/box/brport/isolated") == "1\n"

    host.sh("ip link set vn-lab down")
    stack.refresh()
    assert stack.outputs("lab")["problems"] == [{"kind": "bridge-down", "details": {"bridge": "vn-lab"}}]

    stack.declare({"type": "LibvirtNetwork", "name": "lab", "args": {**LAB, "domain": {"name": "example"}}})
    shown = stack.up()
    assert "net.ipv4.ip_forward stays on, although it was off before: the active nat network 'lab' needs it" in shown
    assert host.sh("ls /etc/sysctl.d") == ""
    stack.destroy()
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")
    assert host.trace() == before
