"""Up to a thousand hosts, simulated: what one process takes that reads ten networks of each.

This host and its libvirt stand in for all of them: an `ssh` of ours runs here what it is to run there, after it has
waited as long as a connection by the real one took, drawn from those that were measured before. Everything else is
real: the sessions, channels, shells, libvirt's client and the networks. One host in a hundred is down, another
one is slow, and one hangs. Pulumi's engine takes no part, so that only what virtnet does is seen. What changes a
network is not measured, because all the hosts have the same ten.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import fleet
from bench.measured import descendants

SIZES = (10, 100, 1000)
NETWORKS_EACH = 10
#: Four is what Pulumi gives on one processor by default, 64 what `pulumi refresh --parallel 64` gives.
CALLS_AT_A_TIME = (4, 64)
#: With four calls at a time one host is read after another, so more hosts only take longer.
MOST_HOSTS_OF_FEW_CALLS = 10
CONNECTIONS_MEASURED = 40
SECONDS_OF_A_SLOW_HOST = 5.0
SSH = """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
read kind seconds <{directory}/hosts/"$2"
sleep "$seconds"
case $kind in
    down) echo "ssh: connect to host $2 port 22: No route to host" >&2; exit 255 ;;
    hanging) exec sleep infinity ;;
esac
exec sh -c "$3"
"""
_SEED = 1

Figure = dict[str, object]


def measure(sizes: Sequence[int]) -> list[Figure]:
    """Each number of hosts, with each number of calls at a time, in a process of its own."""
    figures = []
    with TemporaryDirectory(prefix="virtnet-bench.") as place:
        directory = Path(place)
        connections = _connections(directory)
        print(f"    a connection by ssh: {min(connections):.2f} to {max(connections):.2f} s", flush=True)
        (directory / "ssh").write_text(SSH.format(directory=directory))
        (directory / "ssh").chmod(0o755)
        (directory / "hosts").mkdir()
        recorded = _recorded()
        for count in sizes:
            names = hosts(directory, count, connections)
            for calls in CALLS_AT_A_TIME if count <= MOST_HOSTS_OF_FEW_CALLS else CALLS_AT_A_TIME[-1:]:
                given = {"hosts": names, "calls": calls, "recorded": recorded}
                figure = {"hosts": count, "calls at a time": calls, **_run(directory, given)}
                print(f"    {figure}", flush=True)
                figures.append(figure)
    return figures


def _connections(directory: Path) -> list[float]:
    """Seconds that as many connections to a real sshd took, one after another."""
    place = directory / "sshd"
    place.mkdir()
    taken = []
    with fleet.one_host(place) as address:
        for _ in range(CONNECTIONS_MEASURED):
            started = time.perf_counter()
            subprocess.run(("ssh", "-o", "BatchMode=yes", f"root@{address}", "true"), check=True)
            taken.append(time.perf_counter() - started)
    return taken


def hosts(directory: Path, count: int, connections: Sequence[float]) -> list[str]:
    """The names of the hosts; what each is like is where ssh looks for it. The same for each number of hosts."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing is kept secret
    few = max(1, count // 100)
    kinds = [*["down"] * few, *["slow"] * few, "hanging", *["well"] * (count - 2 * few - 1)]
    chance.shuffle(kinds)
    names = []
    for number, kind in enumerate(kinds):
        seconds = SECONDS_OF_A_SLOW_HOST if kind == "slow" else chance.choice(connections)
        (directory / "hosts" / f"host{number}").write_text(f"{kind} {seconds:.3f}\n")
        names.append(f"host{number}")
    return names


def _recorded() -> Sequence[Mapping[str, Any]]:
    """Ten networks of this host, as their state records them."""
    from virtnet.connect import Hosts
    from virtnet.network.resource import NETWORK
    from virtnet.planning import lifecycle

    hosts, made = Hosts(), list[Mapping[str, Any]]()
    for number in range(NETWORKS_EACH):
        inputs = {
            "name": f"bench{number}",
            "uri": "qemu:///system",
            "forward": {"mode": "nat"},
            "bridge": {"stp": False},
            "dns": {"forwarders": [{"address": "192.0.2.53"}]},
            "ips": [{"address": f"10.100.{number}.1/24"}],
            "__owner": f"bench/scale/bench{number}",
        }
        checked, failures = NETWORK.check(inputs, {})
        if failures:
            raise RuntimeError(failures)
        made.append(lifecycle.create(NETWORK, checked, hosts, lambda _: None))
    return made


def _run(directory: Path, given: Mapping[str, Any]) -> Figure:
    environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"}
    command = (sys.executable, "-m", "bench.scale")
    done = subprocess.run(
        command, input=json.dumps(given), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    figure: Figure = json.loads(done.stdout)
    return figure


def read_all(given: Mapping[str, Any]) -> Figure:
    """Read all networks of all hosts twice, as a refresh does, in the order in which a program declares them."""
    from virtnet.connect import Hosts
    from virtnet.errors import VirtnetError
    from virtnet.network.resource import NETWORK
    from virtnet.planning import lifecycle

    connect, failed, changed = Hosts(), set[str](), list[str]()
    ended: list[float] = []

    def read(host: str, recorded: Mapping[str, Any]) -> None:
        uri = f"qemu+ssh://root@{host}/system"
        try:
            shown = lifecycle.read(NETWORK, {**recorded, "uri": uri}, connect)
        except VirtnetError:
            failed.add(host)
        else:
            if shown is None or shown["problems"]:
                changed.append(host)
            ended.append(time.perf_counter() - started)

    most, seconds = _Most(), list[float]()
    with most.watched():
        for _ in range(2):
            ended.clear()
            started = time.perf_counter()
            with ThreadPoolExecutor(given["calls"]) as threads:
                for host in given["hosts"]:
                    for recorded in given["recorded"]:
                        threads.submit(read, host, recorded)
            seconds.append(time.perf_counter() - started)
            half = sorted(ended)[len(ended) // 2]
    return {
        "refresh, s": round(seconds[0], 1),
        "once connected, s": round(seconds[1], 1),
        "half done after, s": round(half, 1),
        "processor, s": round(time.process_time(), 1),
        "MiB": round(_mib()),
        "threads": most.threads,
        "open files": most.files,
        "programs": most.programs,
        "hosts failed": len(failed),
        "networks that differ": len(changed),
    }


class _Most:
    """The most threads, open files and programs of this process, looked at several times a second."""

    def __init__(self) -> None:
        self.threads = self.files = self.programs = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.5):
            self.threads = max(self.threads, threading.active_count())
            self.files = max(self.files, len(list(Path("/proc/self/fd").iterdir())))
            self.programs = max(self.programs, len(descendants(os.getpid())) - 1)


def _mib() -> float:
    """The most memory that this process had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    print(json.dumps(read_all(json.load(sys.stdin))), flush=True)
    # Nobody waits for what hangs.
    os._exit(0)
