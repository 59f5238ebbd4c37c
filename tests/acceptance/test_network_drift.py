"""What others did to a running network: a refresh shows it once, and the next `pulumi up` mends it."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNETS = [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}]


def quiet(stack: Stack) -> bool:
    """Whether a refresh finds nothing that the one before did not find."""
    refresh = stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", check=False)
    print(refresh.stdout, refresh.stderr)  # noqa: T201 - shown by pytest when the assertion fails
    return refresh.returncode == 0


def test_a_bridge_that_is_there_and_not_as_it_was(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=SUBNETS)
    stack.up()
    host.sh("ip link set vn-lab down")

    refreshed = stack.refresh()
    again = quiet(stack)
    preview = stack.preview()
    stack.up()

    assert "1 updated" in refreshed or "~ 1" in refreshed
    assert again
    assert "problems changes (the network's bridge vn-lab is down) [restart]" in preview
    shown = host.sh("ip -br address show vn-lab")
    assert "10.91.0.1/24" in shown
    assert "fd00:91::1/64" in shown
    assert "UP" in host.sh("ip -br link show vn-lab").split("<")[1]
    assert stack.unchanged()


def test_a_note_is_said_once(stack: Stack) -> None:
    stack.network("default", adopt=True)

    said = stack.up()

    # Each line stands where it came, and once more in the summary.
    assert said.partition("Diagnostics:")[2].count("note: takes over the network that exists") == 1
