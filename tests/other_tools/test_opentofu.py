"""docs/coming-from.md, typed as it stands: a network that OpenTofu made becomes the program's, and nobody notices."""

import os
import re
from collections.abc import Sequence
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
    [
        (command, [line for line in printed.splitlines() if line and line != "…"])
        for command, _, printed in (part.partition("\n") for part in f"\n{block}".split("\n$ ")[1:])
    ]
    for block in re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
)
COLOR = re.compile(r"\x1b\[[0-9;]*m")
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

    def type(self, *commands: str) -> list[str]:
        """Run each command, which has to succeed; the lines that the last one printed, without colors."""
        printed = ""
        for command in commands:
            done = self._stack.host.run(
                *("env", f"PATH={self._environment['PATH']}", "bash", "-ec", command),
                directory=self._stack.directory,
                environment=self._environment,
            )
            printed = done.stdout + done.stderr
        return COLOR.sub("", printed).splitlines()

    def follow(self, lines: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Type what the page has a user type; each command has to print the lines that follow it there."""
        for command, shown in lines:
            printed = self.type(command)
            assert [line for line in shown if line not in printed] == [], command


def test_a_network_that_opentofu_made_is_taken_over_without_an_outage(host: Host, stack: Stack) -> None:
    tofu = host.directory / "tofu"
    tofu.mkdir()
    (tofu / "main.tf").write_text(CONFIGURATION)
    shell = Shell(stack, tofu)
    shell.type("tofu -chdir=../tofu apply -auto-approve")
    bridge = host.sh("virsh net-info lab | sed -n 's/^Bridge: *//p'").strip()

    with host.guest("web", bridge) as guest:
        guest.sh("ip address add 10.17.3.50/24 dev eth0; until ping -q -c 1 -w 5 10.17.3.1; do sleep 0.1; done")
        before = host.sh(WITNESS)
        with guest.pinging("10.17.3.1") as pings:
            shell.follow(LOOK)
            assert host.sh(WITNESS) == before
            shell.follow(TAKE_OVER)
            (tofu / "main.tf").write_text(CONFIGURATION.replace(RESOURCE, ""))
            shell.follow(BOTH_ARE_DONE)

        assert pings.received > 50
        assert pings.lost == 0
        assert "web" in before.split()
        assert host.sh(WITNESS) == before
        assert "virtnet:owner" in host.virsh("net-dumpxml", "lab", "--inactive")

        # What is no longer in OpenTofu's state survives its destroy, and pulumi destroy ends the adoption alone.
        shell.type("tofu -chdir=../tofu destroy -auto-approve", "pulumi preview --refresh --expect-no-changes")
        assert host.sh(WITNESS) == before
        stack.destroy()
        assert host.sh(WITNESS) == before
        assert "virtnet:owner" not in host.virsh("net-dumpxml", "lab", "--inactive")
