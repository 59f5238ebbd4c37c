"""How long a guest hears nothing from its gateway and from outside: live edits and restarts, with STP off and on.

The guest is a network namespace with a veth on the bridge, beside one that libvirt knows. It pings both every 10 ms,
and reads a byte every 10 ms from a connection to the outside.
"""

import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.hosts.outside import SERVE

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


OUTSIDE = "192.0.2.9"
#: In the guest: when each byte came, until nothing has come for some seconds.
READ = f"""
import socket, time
server = socket.create_connection(("{OUTSIDE}", 8000), timeout=5)
try:
    while server.recv(1):
        print(f"[{{time.time()}}] 1 bytes", flush=True)
except OSError:
    pass
"""


class Heard(NamedTuple):
    """The longest time without an answer, of whom the guest talks to."""

    gateway: float
    outside: float
    connection: float | None
    """None for one that broke."""


def outages(rounds: int) -> list[dict[str, object]]:
    """A row for each kind of edit, with and without STP."""
    return [row for stp in (False, True) for row in _with_stp(stp, rounds)]


def _with_stp(stp: bool, rounds: int) -> Iterator[dict[str, object]]:
    connections = Connections()
    clients: lifecycle.Connect = lambda uri: connect(uri, connections)  # noqa: E731 - the type is the point
    base = {"name": "bench", "uri": "qemu:///system", "bridge": {"stp": stp}}
    edits = _edits(rounds * 3)
    recorded = lifecycle.create(NETWORK, _checked({**base, **edits[0][1]}), clients, _silent)
    with _guest(), tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
        domain.write(GUEST)
        domain.flush()
        _run("virsh", "--quiet", "create", domain.name)
        time.sleep(6 if stp else 1)
        found: dict[str, list[Heard]] = {}
        for what, edited in edits[1:]:
            recorded, heard = _timed(recorded, _checked({**base, **edited}), clients)
            found.setdefault(what, []).append(heard)
        _run("virsh", "--quiet", "destroy", "bench")
    lifecycle.delete(NETWORK, recorded, clients, _silent)
    for what, times in found.items():
        gateway = [heard.gateway for heard in times]
        alive = [heard.connection for heard in times if heard.connection is not None]
        yield {
            "what": what,
            "STP": "on" if stp else "off",
            "runs": len(times),
            "gateway: median, s": round(statistics.median(gateway), 2),
            "gateway: longest, s": round(max(gateway), 2),
            "outside: longest, s": round(max(heard.outside for heard in times), 2),
            "TCP: longest, s": round(max(alive), 2) if len(alive) == len(times) else "breaks",
        }


def _edits(turns: int) -> list[tuple[str, Inputs]]:
    """Edits by what they are, each with the inputs that it leads to; the first is the network to begin with."""
    inputs: Inputs = {"forward": {"mode": "nat"}, "ips": [{"address": "10.99.0.1/24"}]}
    edits = [("", inputs)]
    for turn in range(turns):
        hosts = [{"mac": "52:54:00:00:00:01", "ip": f"10.99.0.{20 + turn}"}]
        ips = [{"address": "10.99.0.1/24", "dhcp": {"hosts": hosts}}]
        # The first reservation makes libvirt restart dnsmasq, and is not what is measured.
        edits.append(("live edit" if turn else "first reservation", {**edits[-1][1], "ips": ips}))
        edits.append(("restart", {**edits[-1][1], "domain": {"name": f"b{turn}"}}))
        edits.append(("restart, from NAT to route", {**edits[-1][1], "forward": {"mode": "route"}}))
        edits.append(("restart, from route to NAT", {**edits[-1][1], "forward": {"mode": "nat"}}))
    return edits


@contextlib.contextmanager
def _guest() -> Iterator[None]:
    """The guest, and who is outside: without translation, both know the way to the other."""
    for name, peer in (("bench", "bench0"), ("bench-outside", "bench1")):
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", peer, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "-n", name, "link", "set", "eth0", "up")
    _run("ip", "link", "set", "bench0", "master", "vn-bench", "up")
    _run("ip", "-n", "bench", "address", "add", "10.99.0.9/24", "dev", "eth0")
    _run("ip", "-n", "bench", "route", "add", "default", "via", "10.99.0.1")
    _run("ip", "address", "add", "192.0.2.1/24", "dev", "bench1")
    _run("ip", "link", "set", "bench1", "up")
    _run("ip", "-n", "bench-outside", "address", "add", f"{OUTSIDE}/24", "dev", "eth0")
    _run("ip", "-n", "bench-outside", "route", "add", "default", "via", "192.0.2.1")
    serve = subprocess.Popen(["ip", "netns", "exec", "bench-outside", sys.executable, "-c", SERVE])
    try:
        yield
    finally:
        serve.terminate()
        serve.wait()
        for name, peer in (("bench", "bench0"), ("bench-outside", "bench1")):
            _run("ip", "netns", "delete", name)
            _run("ip", "link", "delete", "dev", peer, check=False)


def _timed(recorded: Inputs, desired: Inputs, clients: lifecycle.Connect) -> tuple[Inputs, Heard]:
    """Update while the guest listens; the longest times without an answer. Raises RuntimeError if none comes again."""
    ping = ("ping", "-n", "-D", "-i", "0.01", "-W", "1")
    commands = ((*ping, "10.99.0.1"), (*ping, OUTSIDE), (sys.executable, "-c", READ))
    with contextlib.ExitStack() as listening:
        logs = [listening.enter_context(_listening(command)) for command in commands]
        time.sleep(0.5)
        recorded = lifecycle.update(NETWORK, recorded, desired, clients, _silent)
        ended = time.time()
        time.sleep(1)
        gateway, outside, connection = (_answers(log) for log in logs)
    if gateway[-1] < ended or outside[-1] < ended:
        raise RuntimeError("the gateway or the outside did not answer the guest any more after the edit")
    alive = connection[-1] >= ended
    return recorded, Heard(_longest(gateway), _longest(outside), _longest(connection) if alive else None)


@contextlib.contextmanager
def _listening(command: Sequence[str]) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(
            ["ip", "netns", "exec", "bench", *command], stdout=log, stderr=subprocess.STDOUT, close_fds=True
        )
        try:
            yield Path(log.name)
        finally:
            process.terminate()
            process.wait()


def _answers(log: Path) -> list[float]:
    return [float(at) for at in re.findall(r"^\[([\d.]+)\] \d+ bytes", log.read_text(), re.MULTILINE)]


def _longest(answers: Sequence[float]) -> float:
    return max(after - before for before, after in pairwise(answers))


def _checked(inputs: Inputs) -> Inputs:
    return NETWORK.check(inputs, {})[0]


def _silent(line: str) -> None:
    """Nobody reads along."""


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=True)
