"""How long a plugged-in guest hears nothing from its gateway: live edits and restarts, with STP off and on.

The guest is a network namespace with a veth on the bridge, beside one that libvirt knows; it pings every 10 ms.
"""

import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

Inputs = dict[str, Any]
GUEST = """
<domain type='qemu'><name>bench</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><interface type='network'><source network='bench'/><model type='virtio'/></interface></devices></domain>
"""


def outages(rounds: int) -> list[dict[str, object]]:
    """A row for each kind of edit, with and without STP."""
    return [row for stp in (False, True) for row in _with_stp(stp, rounds)]


def _with_stp(stp: bool, rounds: int) -> Iterator[dict[str, object]]:
    connections = Connections()
    clients: lifecycle.Connect = lambda uri: connect(uri, connections)  # noqa: E731 - the type is the point
    base = {"name": "bench", "uri": "qemu:///system", "forward": {"mode": "nat"}, "bridge": {"stp": stp}}
    ip = {"address": "10.99.0.1/24"}
    recorded = lifecycle.create(NETWORK, _checked({**base, "ips": [ip]}), clients, _silent)
    _run("ip", "netns", "add", "bench")
    _run("ip", "link", "add", "bench0", "type", "veth", "peer", "name", "eth0", "netns", "bench")
    _run("ip", "link", "set", "bench0", "master", "vn-bench", "up")
    _run("ip", "-n", "bench", "address", "add", "10.99.0.9/24", "dev", "eth0")
    _run("ip", "-n", "bench", "link", "set", "eth0", "up")
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
        domain.write(GUEST)
        domain.flush()
        _run("virsh", "--quiet", "create", domain.name)
    time.sleep(6 if stp else 1)
    live, restart = [], []
    edited: dict[str, Any] = {
        **base,
        "ips": [{**ip, "dhcp": {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.99.0.10"}]}}],
    }
    recorded = lifecycle.update(NETWORK, recorded, _checked(edited), clients, _silent)
    for turn in range(rounds * 3):
        hosts = [{"mac": "52:54:00:00:00:01", "ip": f"10.99.0.{20 + turn}"}]
        edited = {**edited, "ips": [{**ip, "dhcp": {"hosts": hosts}}]}
        recorded, gap = _timed(recorded, _checked(edited), clients)
        live.append(gap)
        edited = {**edited, "domain": {"name": f"b{turn}"}}
        recorded, gap = _timed(recorded, _checked(edited), clients)
        restart.append(gap)
    _run("virsh", "--quiet", "destroy", "bench")
    _run("ip", "netns", "delete", "bench")
    _run("ip", "link", "delete", "dev", "bench0", check=False)
    lifecycle.delete(NETWORK, recorded, clients, _silent)
    for what, gaps in (("live edit", live), ("restart", restart)):
        yield {
            "what": what,
            "STP": "on" if stp else "off",
            "runs": len(gaps),
            "median, s": round(statistics.median(gaps), 2),
            "longest, s": round(max(gaps), 2),
        }


def _timed(recorded: Inputs, desired: Inputs, clients: lifecycle.Connect) -> tuple[Inputs, float]:
    """Update while the guest pings; the longest time without an answer. Raises RuntimeError where none comes again."""
    with tempfile.NamedTemporaryFile("w+") as log:
        command = ["ip", "netns", "exec", "bench", "ping", "-n", "-D", "-i", "0.01", "-W", "1", "10.99.0.1"]
        ping = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        time.sleep(0.3)
        recorded = lifecycle.update(NETWORK, recorded, desired, clients, _silent)
        ended = time.time()
        time.sleep(0.5)
        ping.terminate()
        ping.wait()
        answers = [float(at) for at in re.findall(r"^\[([\d.]+)\] \d+ bytes", Path(log.name).read_text(), re.MULTILINE)]
    if answers[-1] < ended:
        raise RuntimeError("the gateway did not answer the guest any more after the edit")
    return recorded, max(after - before for before, after in pairwise(answers))


def _checked(inputs: Inputs) -> Inputs:
    return NETWORK.check(inputs, {})[0]


def _silent(line: str) -> None:
    """Nobody reads along."""


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=True)
