"""Live edits of every section of a running network on a real libvirtd, there and back.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.live_sections CASE`. A case is a network and what
becomes of it; prints what virsh, the kernel and ss show after each edit, beside the same of a network made anew like
that, as a JSON object.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

CASES = json.loads((Path(__file__).parent / "data" / "live_sections.json").read_text())
INPUTS: dict[str, Any] = {
    "name": "lab",
    "uuid": "6f1c2a3e-0000-4000-8000-00000012ab34",
    "uri": "qemu:///system",
    "__owner": "project/stack/lab",
    "ips": [{"address": "10.60.0.1/24"}],
}


def shown(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def dumped(*options: str) -> str:
    """The network's XML less the token in its mark, which is random in each create, and what its last edit named."""
    xml = shown("virsh", "--quiet", "net-dumpxml", "lab", *options)
    return re.sub(r""" token=["'][0-9a-f]+["']|<virtnet:named.*</virtnet:named>""", "", xml)


def sight() -> dict[str, Any]:
    """What others see of the network."""
    index = Path("/sys/class/net/vn-lab/ifindex")
    return {
        "live": dumped(),
        "config": dumped("--inactive"),
        "ifindex": index.read_text().strip() if index.exists() else "",
        "dhcp": sorted(
            {line.split()[3].rpartition(":")[2] for line in shown("ss", "-Hlun").splitlines()} & {"67", "547"}
        ),
    }


def check(case: dict[str, Any], which: str) -> dict[str, Any]:
    named = {name: value for name, value in {**INPUTS, **case[which]}.items() if value is not None}
    desired, failures = NETWORK.check(named, {})
    assert not failures, failures
    return desired


def run(case: dict[str, Any], clients: lifecycle.Connect) -> dict[str, Any]:
    """Make the network, edit it there and back, and make it anew as it was after the first edit."""
    before, after = check(case, "before"), check(case, "after")
    found: dict[str, Any] = {"name": case["name"]}
    quiet: lifecycle.Show = lambda line: None  # noqa: E731 - the type is the point
    recorded = lifecycle.create(NETWORK, before, clients, quiet)
    found["made"] = sight()
    for step, desired in (("edited", after), ("edited back", before)):
        began = time.monotonic()
        changes = lifecycle.diff(NETWORK, recorded, desired, clients).changes
        found[f"{step}: classes"] = sorted({change.change_class.name for change in changes})
        recorded = lifecycle.update(NETWORK, recorded, desired, clients, quiet)
        found[f"{step}: seconds"] = round(time.monotonic() - began, 2)
        found[step] = sight()
    lifecycle.delete(NETWORK, recorded, clients, quiet)
    anew = lifecycle.create(NETWORK, after, clients, quiet)
    found["made anew"] = sight()
    lifecycle.delete(NETWORK, anew, clients, quiet)
    return found


def main() -> int:
    """Run the case that is named."""
    case = next(case for case in CASES if case["name"] == sys.argv[1])
    connections = Connections()
    clients: lifecycle.Connect = lambda uri: connect(uri, connections)  # noqa: E731 - the type is the point
    print(json.dumps(run(case, clients)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
