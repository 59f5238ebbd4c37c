"""Stacks as a version records them, and the host they were recorded on, for the tests of later versions.

    python -m tests.campaigns.recorded_states [KIND]

writes tests/acceptance/data/states/VERSION.FORM.json for the version of pyproject.toml, in both forms; part of each
release. A recorded state is never written anew: a version that needs that would not open its users' stacks. With the
name of a kind that came after its version was recorded, it writes VERSION+KIND.FORM.json.
"""

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.acceptance.native_stack import NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import REPOSITORY, Host, sandboxed_host

from virtnet.port_forward.restore import files

STATES = REPOSITORY / "tests" / "acceptance" / "data" / "states"
FORMS: dict[str, type[Stack]] = {"dynamic": Stack, "native": NativeStack}
#: What the program declares: of every kind of property something, as far as the oldest libvirt of the tests has it.
RESOURCES: tuple[dict[str, Any], ...] = (
    {"type": "HostForwarding", "name": "ip-forwarding", "args": {"ipv4": True, "ipv6": True}},
    {
        "type": "LibvirtNetwork",
        "name": "lab",
        # Removed before forwarding, which is left on for as long as a network needs it.
        "depends_on": ["ip-forwarding"],
        "args": {
            "forward": {"mode": "nat", "nat": {"port": {"start": 1024, "end": 65535}}},
            "bridge": {"stp": False, "delay": 2},
            "mtu": 1400,
            "domain": {"name": "lab.test", "local_only": True},
            "ips": [
                {
                    "address": "10.91.0.1/24",
                    "dhcp": {
                        "ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}],
                        "hosts": [{"mac": "52:54:00:00:00:05", "ip": "10.91.0.5", "name": "five"}],
                    },
                },
                {"address": "fd00:91::1/64"},
            ],
            "dns": {
                "hosts": [{"ip": "10.91.0.7", "hostnames": ["seven", "sieben"]}],
                "txts": [{"name": "note", "value": "v=1"}],
                "forwarders": [{"domain": "corp.test", "address": "10.91.0.9"}],
            },
            "routes": [{"address": "10.92.0.0/24", "gateway": "10.91.0.2"}],
            "metadata": {"urn:example:lab": "<room xmlns='urn:example:lab' floor='2'>blue</room>"},
        },
    },
    {"type": "LibvirtNetwork", "name": "bare", "args": {}},
    {"type": "LibvirtNetwork", "name": "asleep", "args": {"active": False, "autostart": False}},
    {"type": "LibvirtNetwork", "name": "default", "args": {"adopt": True, "on_delete": "restore"}},
    {
        "type": "PortForward",
        "name": "web",
        "depends_on": ["lab"],
        "args": {
            "network": "lab",
            "target_name": "five",
            "ports": [
                {"protocol": "tcp", "listen_port": "8080", "target_port": "80"},
                {"protocol": "udp", "listen_port": "5000-5010"},
            ],
            "sources": ["203.0.113.0/24"],
            "description": "a web server",
        },
    },
)
DROP_IN = "/etc/sysctl.d/90-virtnet-forwarding.conf"
_KEYS = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")


def record(host: Host, form: str) -> dict[str, Any]:
    """Make the resources on a host of its own; what a later version needs to find them again."""
    before = {key: host.sh(f"sysctl -n {key}").strip() for key in _KEYS}
    stack = FORMS[form](host)
    stack.declare(*RESOURCES)
    stack.up()
    return {
        "resources": RESOURCES,
        # With secrets in clear, as another passphrase will encrypt them.
        "stack": json.loads(stack.pulumi("stack", "export", "--show-secrets").stdout),
        "host": {
            "uuid": uuid_of(host),
            "before": before,
            "drop_in": host.sh(f"cat {DROP_IN}"),
            "port_forwards": {path: host.sh(f"cat {path}") for path in host.sh(f"ls {files.DIRECTORY}/*.nft").split()},
            "networks": {
                name: {
                    "xml": host.virsh("net-dumpxml", name, "--inactive"),
                    "active": "yes" in host.sh(f"virsh net-info '{name}' | grep ^Active"),
                    "autostart": "yes" in host.sh(f"virsh net-info '{name}' | grep ^Autostart"),
                }
                for name in host.virsh("net-list", "--all", "--name").split()
            },
        },
    }


def uuid_of(host: Host) -> str:
    """The UUID by which libvirt knows a host."""
    found = re.search(r"<uuid>(.*)</uuid>", host.virsh("capabilities"))
    assert found is not None
    return found[1]


def restore(host: Host, recorded: dict[str, Any]) -> dict[str, Any]:
    """Bring a fresh host to where the recorded one was; the stack's state, which then speaks of this host."""
    was = recorded["host"]
    for name in host.virsh("net-list", "--all", "--name").split():
        host.sh(f"virsh net-destroy {name} || true; virsh net-undefine {name}")
    for name, network in was["networks"].items():
        host.run("virsh", "net-define", "/dev/stdin", given=network["xml"])
        if network["active"]:
            host.virsh("net-start", name)
        if network["autostart"]:
            host.virsh("net-autostart", name)
    host.run("bash", "-c", f"cat > {DROP_IN}", given=was["drop_in"])
    host.sh(f"sysctl -qp {DROP_IN}")
    # What all port forwards of a host share is this version's, as after the first update by it.
    if forwards := was.get("port_forwards"):
        for path, text in {**files.common_files(), **forwards}.items():
            host.run("bash", "-ec", 'mkdir -p "${0%/*}"; cat >"$0"', path, given=text)
        host.sh(f"sh {files.SCRIPT_PATH} restore")
    state: dict[str, Any] = json.loads(json.dumps(recorded["stack"]).replace(was["uuid"], uuid_of(host)))
    return state


def version() -> str:
    """The version that is being made."""
    found = re.search(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def main(kinds: Sequence[str]) -> int:
    """Record both forms."""
    STATES.mkdir(exist_ok=True)
    for form in FORMS:
        path = STATES / f"{'+'.join((version(), *kinds))}.{form}.json"
        if path.exists():
            sys.stderr.write(f"{path} is there; what a version recorded stays as it is\n")
            return 1
        with tempfile.TemporaryDirectory() as directory, sandboxed_host(Path(directory)) as host:
            path.write_text(json.dumps(record(host, form), indent=1) + "\n")
        sys.stdout.write(f"wrote {path.relative_to(REPOSITORY)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
