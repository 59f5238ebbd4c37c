"""docs/coming-from.md, typed as it stands: a network that OpenTofu made becomes the program's, and nobody notices."""

import os
import re
from pathlib import Path

import pytest
from bench.opentofu import provider_from
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

PAGE = (REPOSITORY / "docs" / "coming-from.md").read_text()
(SECTION,) = re.findall(r"^### Take a network over without an outage\n(.*?)^### ", PAGE, re.MULTILINE | re.DOTALL)
(CONFIGURATION,) = re.findall(r"```hcl\n(.*?)```", SECTION, re.DOTALL)
(RESOURCE,) = re.findall(r"^resource .*?^}\n", CONFIGURATION, re.MULTILINE | re.DOTALL)
LOOK, TAKE_OVER, BOTH_ARE_DONE = (
    re.findall(r"^\$ (.*)$", block, re.MULTILINE) for block in re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
)
#: What changes where a network is restarted: its bridge, its DHCP server, who is attached, its UUID, its rules.
WITNESS = """\
bridge=$(virsh net-info lab | sed -n 's/^Bridge: *//p')
cat /sys/class/net/$bridge/ifindex /run/libvirt/network/lab.pid; ls /sys/class/net/$bridge/brif
virsh net-uuid lab; virsh net-dumpxml lab | grep -v virtnet | grep -v '</*metadata'
ip -oneline -family inet address show $bridge | cut -d ' ' -f 2-7; iptables-save | grep -F $bridge || true
"""


def programs() -> Path:
    """Where tools/peers puts OpenTofu and the provider."""
    place = os.environ.get("VIRTNET_BENCH_PEERS")
    assert place, "OpenTofu is missing; make test-other-tools brings it"
    return Path(place)


class Shell:
    """A user's shell in the folder of the Pulumi program, with OpenTofu and its provider."""

    def __init__(self, stack: Stack, tofu: Path) -> None:
        self._stack = stack
        path = f"{programs()}:{os.environ['PATH']}"
        self._environment = {**stack.environment, **provider_from(programs(), tofu / "cli.tfrc"), "PATH": path}

    def type(self, *commands: str) -> str:
        """Run each command, which has to succeed; what the last one printed."""
        printed = ""
        for command in commands:
            done = self._stack.host.run(
                *("env", f"PATH={self._environment['PATH']}", "bash", "-ec", command),
                directory=self._stack.directory,
                environment=self._environment,
            )
            printed = done.stdout + done.stderr
        return printed


def test_a_network_that_opentofu_made_is_taken_over_without_an_outage(host: Host, stack: Stack) -> None:
    tofu = host.directory / "tofu"
    tofu.mkdir()
    (tofu / "main.tf").write_text(CONFIGURATION)
    shell = Shell(stack, tofu)
    shell.type("tofu -chdir=../tofu apply -auto-approve")
    bridge = host.sh("virsh net-info lab | sed -n 's/^Bridge: *//p'").strip()

    with host.guest("web", bridge):
        before = host.sh(WITNESS)
        previewed = shell.type(*LOOK)
        assert host.sh(WITNESS) == before
        shell.type(*TAKE_OVER)
        (tofu / "main.tf").write_text(CONFIGURATION.replace(RESOURCE, ""))
        shell.type(*BOTH_ARE_DONE)

        assert "adopts the existing network" in previewed
        assert "web" in before.split()
        assert host.sh(WITNESS) == before
        assert "virtnet:owner" in host.virsh("net-dumpxml", "lab", "--inactive")

        # What is no longer in OpenTofu's state survives its destroy, and pulumi destroy ends the adoption alone.
        shell.type("tofu -chdir=../tofu destroy -auto-approve", "pulumi preview --refresh --expect-no-changes")
        assert host.sh(WITNESS) == before
        stack.destroy()
        assert host.sh(WITNESS) == before
        assert "virtnet:owner" not in host.virsh("net-dumpxml", "lab", "--inactive")
