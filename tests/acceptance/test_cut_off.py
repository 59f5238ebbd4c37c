"""Nobody is cut off, and nothing of the host's is deleted, in the orders where that could happen."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.91.0.1/24"}


def test_a_recorded_change_does_nothing_on_the_host(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=[SUBNET])
    stack.up()
    host.sh("virsh net-destroy lab")
    stack.network("lab", ips=[SUBNET], on_delete="disconnect")

    preview = stack.preview()
    updated = stack.up()

    assert "on_delete" in preview
    assert "[recorded]" in preview
    assert (host.network("lab") or {})["Active"] == "no"
    assert "active has drifted, and fixing it needs more than the preview showed" in updated


@pytest.mark.further
def test_four_restarts_side_by_side_do_not_meet(host: Host, stack: Stack) -> None:
    def declare(**more: object) -> None:
        stack.declare(
            *(
                {
                    "type": "LibvirtNetwork",
                    "name": f"lab{n}",
                    "args": {"forward": {}, "ips": [{"address": f"10.92.{n}.1/24"}], **more},
                }
                for n in range(4)
            )
        )

    declare()
    stack.up()
    declare(mtu=1400)

    stack.up()

    assert host.sh("cat /sys/class/net/vn-lab*/mtu").split() == ["1400"] * 4
    assert stack.unchanged()
