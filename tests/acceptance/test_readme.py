"""README's first program does what README says, and previews print the lines that README shows."""

import re
from pathlib import Path

import pytest
from tests.acceptance.stack import PYTHON_PRELOADED, Stack
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance

README = "\n" + (REPOSITORY / "README.md").read_text()
RANGE = '{"ranges": [{"start": "192.168.123.2", "end": "192.168.123.254"}]'
RESERVATION = '"hosts": [{"mac": "52:54:00:12:34:56", "name": "web", "ip": "192.168.123.50"}]'
#: As much of a guest as hangs on a network.
GUEST = """\
<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><interface type='network'><source network='management'/><model type='virtio'/></interface></devices></domain>
"""


def blocks(language: str, title: str) -> list[str]:
    """The blocks of one language below a title, up to the next; "" is the language of what a program printed."""
    section = README.partition(f"\n{title}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def ours(text: str) -> list[str]:
    """virtnet's lines, as Pulumi shows them under the stack; a tap has the next number that is free."""
    lines = (re.sub(r"\bvnet\d+\b", "vnet#", line) for line in text.splitlines())
    return [line for line in lines if re.match(r"    (network|IP forwarding) .*on qemu:///system: ", line)]


def diagnostics(stack: Stack) -> str:
    """What a preview prints from `Diagnostics:` on, less what Pulumi says after it."""
    shown = stack.pulumi("preview").stdout
    return re.sub(r"\n\n.*", "\n", "".join(shown.partition("Diagnostics:\n")[1:]), flags=re.DOTALL)


def start(host: Host, name: str) -> None:
    path: Path = host.directory / f"{name}.xml"
    path.write_text(GUEST.format(name=name))
    host.virsh("create", "--paused", str(path))


def test_the_program_of_the_readme_shows_and_does_what_the_readme_says(host: Host) -> None:
    (program,) = blocks("python", "# virtnet")
    new, reserved, restarted = blocks("", "## What a preview says")
    stack = Stack(host, "dev", own_python=True)
    before = host.trace()

    def declare(text: str) -> None:
        (stack.directory / "__main__.py").write_text(text)

    declare(program)
    assert diagnostics(stack) == new
    assert host.trace() == before

    stack.up()
    # What follows is about the programs: it is the same without Python's imports at each command.
    stack.environment |= PYTHON_PRELOADED
    assert (host.network("management") or {})["Bridge"] == "vn-management"
    assert stack.pulumi("stack", "output", "bridge").stdout == "vn-management\n"
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"

    program = program.replace(RANGE, f"{RANGE}, {RESERVATION}")
    declare(program)
    assert ours(diagnostics(stack)) == ours(reserved) != []
    stack.up()

    start(host, "web")
    start(host, "db")
    taps = host.sh("ls /sys/class/net/vn-management/brif").split()
    declare(program.replace("    ips=[\n", "    mtu=1400,\n    ips=[\n"))
    assert ours(diagnostics(stack)) == ours(restarted) != []
    stack.up()
    assert "<mtu size='1400'" in host.virsh("net-dumpxml", "management")
    assert host.sh("ls /sys/class/net/vn-management/brif").split() == taps
    assert len(taps) == 2

    host.sh("virsh destroy web; virsh destroy db")
    stack.destroy()
    assert host.trace() == before
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"
