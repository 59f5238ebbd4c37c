"""libvirtd killed between any two steps of a restart, for real: the next update finishes, and nobody is lost.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.killed_restarts`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.campaigns.random_edits import BRIDGE, GUEST, START, look, neighbour
from tests.hosts.daemons import kill_libvirtd, start_libvirtd
from tests.hosts.sandboxed import Host

from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

#: The sandbox that this runs in.
HERE = Host(0, Path("/"))


def doors_of_a_new_process() -> lifecycle.Connect:
    """Clients with no memory of a daemon that was killed."""
    connections = Connections()
    return lambda uri: connect(uri, connections)


def plugged() -> tuple[Any, ...]:
    """Who is on the bridge, and in libvirt's list of ports."""
    listed = subprocess.run(["virsh", "-q", "net-port-list", "lab"], check=True, capture_output=True, text=True).stdout
    return sorted(look().on_bridge), len(listed.split()), look().spanning_tree


def networks() -> list[str]:
    listed = subprocess.run(["virsh", "net-list", "--all", "--name"], check=True, capture_output=True, text=True)
    return sorted(listed.stdout.split())


def main() -> int:
    """Kill after each step in turn."""
    clients = doors_of_a_new_process()
    desired = NETWORK.check(START, {})[0]
    recorded = lifecycle.create(NETWORK, desired, clients, lambda line: None)
    neighbour("one")
    Path("/run/guest.xml").write_text(GUEST.format(name="web", mac="52:54:00:fe:00:01"))
    subprocess.run(["virsh", "--quiet", "create", "/run/guest.xml"], check=True)
    before = plugged()
    wrong = killed = 0
    while True:
        killed += 1
        desired = NETWORK.check({**START, "domain": {"name": f"lab{killed}.example"}}, {})[0]
        steps = NETWORK.plan(desired, recorded, NETWORK.observe(clients(START["uri"]), desired, recorded)).steps
        if killed > len(steps):
            break
        for step in steps[:killed]:
            step.execute(clients(START["uri"]))
        kill_libvirtd(HERE)
        start_libvirtd(HERE)
        clients = doors_of_a_new_process()
        waiting = sorted(look().on_bridge) if Path("/sys/class/net", BRIDGE).exists() else []

        recorded = lifecycle.update(NETWORK, recorded, desired, clients, lambda line: None)

        found = plugged()
        fine = found == before and networks() == ["default", "lab"] and not recorded["problems"]
        wrong += not fine
        name = type(steps[killed - 1]).__name__
        outcome = "fine" if fine else f"{found}, {networks()}, {recorded['problems']}"
        print(f"killed after {name}, with {waiting} on the bridge: {outcome}", flush=True)
    subprocess.run(["virsh", "--quiet", "destroy", "web"], check=True)
    print(f"{killed - 1} kills, " + (f"{wrong} of them lost somebody" if wrong else "lost nobody"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
