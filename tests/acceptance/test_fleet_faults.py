"""A fleet with one host in trouble: the others' work is done, the sick host's is said to be undone, nothing is lost."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.native_stack import NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.daemons import libvirtd_pid, network_daemon, signal_daemon, unanswered
from tests.hosts.fleet import Fleet, hosts_over_ssh
from tests.hosts.sandboxed import Host, wait_until

pytestmark = pytest.mark.acceptance

NETWORKS = 5
"""On each host."""
#: Without dnsmasq and rules of its own, which take most of a network's start.
PLAIN = {"forward": {"mode": "open"}, "dns": {"enable": False}}


@pytest.fixture
def fleet(host: Host, tmp_path: Path) -> Iterator[Fleet]:
    with hosts_over_ssh(host, tmp_path / "beta") as made:
        yield made


@pytest.fixture
def stack(fleet: Fleet) -> Stack:
    return Stack(fleet.desk)


def declare(stack: Stack, fleet: Fleet, networks: int = NETWORKS, **more: Any) -> None:
    """Forwarding and networks on each host; alpha's come first in the program, so that beta's wait behind them.

    The networks are plain, unless there is more to say of them.
    """
    resources: list[dict[str, Any]] = []
    for number, (name, uri) in enumerate(fleet.uris.items()):
        resources.append({"type": "HostForwarding", "name": f"{name}-forwarding", "args": {"uri": uri, "ipv4": True}})
        for index in range(networks):
            ips = [{"address": f"10.{100 + number}.{index}.1/24"}]
            args = {"uri": uri, "name": f"net{index}", "ips": ips, **(more or PLAIN)}
            resources.append({"type": "LibvirtNetwork", "name": f"{name}-net{index}", "args": args})
    stack.declare(*resources)


def continued(stack: Stack) -> tuple[str, float]:
    """What an `up` prints that goes on where something fails, and the seconds it took."""
    began = time.monotonic()
    done = stack.pulumi("up", "--yes", "--skip-preview", "--continue-on-error", check=False)
    return done.stdout + done.stderr, time.monotonic() - began


def active(host: Host) -> list[str]:
    return sorted(host.virsh("net-list", "--name").split())


ALL = [f"net{index}" for index in range(NETWORKS)]


def names(host: str) -> list[str]:
    return [f"{host}-forwarding", *(f"{host}-{name}" for name in ALL)]


@pytest.mark.further
def test_a_host_whose_libvirtd_is_stopped_costs_the_other_host_nothing_but_seconds(fleet: Fleet, stack: Stack) -> None:
    alpha, beta = fleet.hosts["alpha"], fleet.hosts["beta"]
    declare(stack, fleet)
    signal_daemon(alpha, network_daemon(alpha), "STOP")

    said, seconds = continued(stack)

    assert active(beta) == ALL
    assert beta.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert sorted(stack.resources()) == names("beta")
    assert f"libvirt at {fleet.uris['alpha']} {unanswered(alpha, 10)}" in said
    # Ten seconds for the host as a whole, not for each of its resources.
    assert seconds < 45
    signal_daemon(alpha, network_daemon(alpha), "CONT")
    assert active(alpha) == [], "what waited in the stopped daemon's socket was given up"
    stack.up()
    assert active(alpha) == ALL
    assert stack.unchanged()


def test_a_host_that_is_gone_costs_the_other_host_nothing_but_seconds(fleet: Fleet, stack: Stack) -> None:
    alpha, beta = fleet.hosts["alpha"], fleet.hosts["beta"]
    declare(stack, fleet)
    fleet.desk.vanish()

    said, seconds = continued(stack)

    assert active(beta) == ALL
    assert sorted(stack.resources()) == names("beta")
    assert said.count("root@198.51.100.1 can't be reached by ssh") >= NETWORKS + 1
    assert seconds < 45
    alpha.sh("iptables -D INPUT -i to-ws -j DROP; iptables -D OUTPUT -o to-ws -j DROP")
    stack.up()
    assert active(alpha) == ALL
    assert stack.unchanged()


@pytest.mark.further
def test_a_host_that_stops_half_way_keeps_what_was_done_and_is_finished_later(fleet: Fleet, stack: Stack) -> None:
    alpha, beta = fleet.hosts["alpha"], fleet.hosts["beta"]
    declare(stack, fleet, dns={"enable": True})  # with rules, too: a start takes a while, in which it is stopped
    pid = libvirtd_pid(alpha)
    stop = f"until [ -e /sys/class/net/vn-net1 ]; do sleep 0.005; done; kill -STOP {pid}"
    watching = threading.Thread(target=lambda: alpha.sh(stop))
    watching.start()

    said, seconds = continued(stack)
    watching.join()

    assert active(beta) == ALL, said
    # Of modular daemons the one that hangs is told apart, so there is more to do before that.
    assert re.search(r"It may or may not have been done\. .*?[Rr]un pulumi up, which checks that first", said), said
    assert set(names("beta")) <= set(stack.resources())
    # A daemon that says nothing is given up after 20 s, and then once more asked for 10.
    assert seconds < 90
    alpha.sh(f"kill -CONT {pid}")
    stack.up()
    assert active(alpha) == ALL
    assert sorted(stack.resources()) == sorted(names("alpha") + names("beta"))
    assert stack.unchanged()
    stack.destroy()
    assert active(alpha) == active(beta) == []


@pytest.mark.further
def test_a_fleet_is_refreshed_with_one_host_gone_when_the_stack_says_so(fleet: Fleet, stack: Stack) -> None:
    declare(stack, fleet)
    stack.up()
    recorded = stack.outputs("alpha-net1")
    fleet.desk.vanish()
    fleet.hosts["beta"].virsh("net-destroy", "net3")

    failed = stack.refresh(check=False)
    stack.pulumi("config", "set", "virtnet:unreachable", "recorded")
    run = stack.pulumi("refresh", "--yes", "--skip-preview", "--run-program")

    assert "error" in failed
    assert "warning: the refresh kept the recorded values, because virtnet:unreachable is" in run.stdout + run.stderr
    assert stack.outputs("alpha-net1") == recorded
    assert stack.outputs("beta-net3")["active"] is False
    assert sorted(stack.resources()) == sorted(names("alpha") + names("beta"))


@pytest.mark.further
def test_with_the_plugin_a_host_that_is_busy_keeps_no_other_waiting(fleet: Fleet) -> None:
    alpha, beta = fleet.hosts["alpha"], fleet.hosts["beta"]
    stack = NativeStack(fleet.desk)
    declare(stack, fleet)
    alpha.sh("mkdir -p /run/virtnet")
    # As another process of virtnet's that changes the host: it holds the lock until its input ends.
    busy = subprocess.Popen(alpha.command("flock", "/run/virtnet/lock", "cat"), stdin=subprocess.PIPE)
    assert busy.stdin is not None
    with busy, ThreadPoolExecutor(1) as aside:
        running = aside.submit(stack.pulumi, "up", "--yes", "--skip-preview", "--parallel", "32")
        try:
            wait_until(lambda: active(beta) == ALL)
            untouched = active(alpha)
        finally:
            busy.stdin.close()
        running.result()

    assert untouched == []
    assert active(alpha) == ALL
    assert stack.unchanged()
    stack.destroy()
    assert active(alpha) == active(beta) == []


class Memory:
    """The most memory that a stack's plugin process has had, looked at many times a second until the block is left."""

    def __init__(self, desk: Host) -> None:
        self.peak = 0
        self._processes = _namespace_of(desk.pid)
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._watching.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._watching.join()

    def _watch(self) -> None:
        looked, found_at = ["pgrep", "-f", "python.* -m pulumi.dynamic"], 0.0
        ours: list[int] = []
        while not self._ended.wait(0.05):
            # A look at all processes takes as long as a command of Pulumi works in that time.
            if time.monotonic() - found_at > 0.5:
                found = subprocess.run(looked, capture_output=True, text=True, check=False).stdout.split()
                # Other tests beside this one have plugins too.
                ours = [int(pid) for pid in found if _namespace_of(int(pid)) == self._processes]
                found_at = time.monotonic()
            self.peak = max([self.peak, *map(_peak_of, ours)])


def _namespace_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _peak_of(pid: int) -> int:
    """Bytes: the peak of a process's resident set (proc_pid_status(5), VmHWM); 0 for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@pytest.mark.campaign
def test_the_provider_stays_small(fleet: Fleet) -> None:
    stack = Stack(fleet.desk, own_python=True)
    # Much to say of each, and none is started, which is libvirt's work.
    declare(stack, fleet, networks=10, active=False, dns={"hosts": [{"ip": "10.9.9.9", "hostnames": ["nine.example"]}]})

    with Memory(fleet.desk) as memory:
        stack.up()
        stack.refresh()
        stack.destroy()

    assert memory.peak > 20_000_000, "it was not seen at all"
    assert memory.peak < 200_000_000
    print(f"{memory.peak / 1e6:.0f} MB")  # noqa: T201 - for who measures
