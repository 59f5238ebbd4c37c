"""A sandboxed host: a real libvirtd and a kernel's network of its own, in which a test runs commands."""

import contextlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from virtnet.commands.sandbox.layout import Layout, layout

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = REPOSITORY / "tests" / "preloaded" / "client.py"
VIRTNET = Path(sys.executable).with_name("virtnet")
#: Tables that iptables and ip6tables keep in nftables, of which iptables-save and ip6tables-save tell.
OF_IPTABLES = re.compile(r"ip6? (filter|nat|mangle|raw|security)")
#: libvirt's nftables backend wants a part of the kernel that is not everywhere (act_csum), for the checksums of old
#: guests' DHCP: where it is missing, tc does nothing from now on. The mount is the sandbox's own.
STAND_IN_FOR_TC = r"""
if tc actions add action csum udp index 1; then tc actions del action csum index 1; exit; fi 2>/dev/null
printf '#!/bin/sh\n' >/run/tc; chmod 755 /run/tc; mount --bind /run/tc $(readlink -f $(command -v tc))
"""
#: The same, where the hosts of this run write nftables: those with modular daemons, as upstream has it.
PREPARE_FIREWALL = "" if layout(os.environ, os.environ["PATH"]) is Layout.MONOLITHIC else f"({STAND_IN_FOR_TC})\n"
#: Prints the whole of nftables where there is such a program.
LIST_NFT = "if command -v nft >/dev/null; then nft list ruleset; fi"
#: Prints all that a network leaves on a host, in parts with a title.
TRACE = f"""\
echo '== networks'; virsh -q net-list --all --uuid
echo '== files'; find /etc/libvirt/qemu/networks /etc/sysctl.d -type f -o -type l | sort
echo '== links'; ls /sys/class/net
echo '== dnsmasq'; pgrep -c dnsmasq || true
echo '== rules'; iptables-save | grep -E '^-A.*(-s|-d|-i|-o) ' || true
echo '== nftables'; {LIST_NFT}
"""


def nft_lines(printed: str) -> list[str]:
    """What LIST_NFT prints of all tables but iptables', sorted: lines behind their table and chain, nothing counted."""
    found, table, place = [], "", ""
    for line in printed.splitlines():
        text = re.sub(r"\bcounter packets \d+ bytes \d+", "counter", line).strip().removesuffix("{").strip()
        if line.startswith("table "):
            table = place = text.removeprefix("table ")
            found.append((table, place))
        elif line.startswith("\tchain "):
            place = f"{table} {text}"
            found.append((table, place))
        elif text not in ("", "}") and not text.startswith("#"):
            found.append((table, f"{place}: {text}"))
    return sorted(line for table, line in found if not OF_IPTABLES.fullmatch(table))


@dataclass(frozen=True)
class Host:
    """A sandbox that goes on until its test ends; commands run in all of its namespaces."""

    pid: int
    """A process in it; 0 for a program that runs in it itself."""
    directory: Path

    def command(self, *command: str, directory: Path | None = None) -> list[str]:
        place = ["env", "-C", str(directory or self.directory), *command]
        return ["nsenter", "--target", str(self.pid), "--all", *place] if self.pid else place

    def run(
        self,
        *command: str,
        check: bool = True,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        given: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the sandbox; its output is kept, and shown when it was to succeed and did not."""
        done = subprocess.run(
            self.command(*command, directory=directory),
            env={**os.environ, **(environment or {})},
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def python(
        self, *arguments: str, check: bool = True, directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Python: by a fork of one that has its imports done, where there is one (tests/preloaded)."""
        return self.run(
            *(sys.executable, "-I", "-S", str(CLIENT), *arguments),
            check=check,
            directory=directory,
            environment={"VIRTNET_PYTHON": sys.executable},
        )

    def virtnet(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command `virtnet`, in the same way."""
        return self.python(str(VIRTNET), *arguments, check=check)

    def sh(self, script: str, *, check: bool = True) -> str:
        """What a shell script prints."""
        return self.run("bash", "-ec", script, check=check).stdout

    def virsh(self, *arguments: str, check: bool = True) -> str:
        return self.run("virsh", "--quiet", *arguments, check=check).stdout

    def network(self, name: str) -> dict[str, str] | None:
        """What virsh net-info says of a network; None where libvirt knows none of that name."""
        done = self.run("virsh", "--quiet", "net-info", name, check=False)
        if done.returncode != 0:
            return None
        return {
            key.strip(): value.strip() for key, _, value in (line.partition(":") for line in done.stdout.splitlines())
        }

    def links(self) -> set[str]:
        return set(self.sh("ls /sys/class/net").split())

    def trace(self) -> dict[str, str]:
        """Everything a network leaves on a host: to compare before and after."""
        parts = dict(part.partition("\n")[::2] for part in self.sh(TRACE).removeprefix("== ").split("\n== "))
        # As of iptables, not libvirt's chains: they stay where a network has been.
        found = re.compile(r"\b([io]if(name)?|[sd]addr) ")
        return {**parts, "nftables": "\n".join(filter(found.search, nft_lines(parts["nftables"])))}

    @contextlib.contextmanager
    def guest(self, name: str, bridge: str) -> Iterator["Guest"]:
        """A network namespace with a veth on a bridge: something plugged in that libvirt knows nothing of."""
        self.sh(
            f"ip netns add {name}; ip link add {name} type veth peer name eth0 netns {name};"
            f"ip link set {name} master {bridge} up; ip -n {name} link set lo up; ip -n {name} link set eth0 up"
        )
        try:
            yield Guest(self, name)
        finally:
            self.sh(f"ip netns del {name}; ip link del {name} 2>/dev/null || true")


@dataclass(frozen=True)
class Guest:
    """A guest made of a network namespace."""

    host: Host
    name: str

    def sh(self, script: str, *, check: bool = True) -> str:
        return self.host.run("ip", "netns", "exec", self.name, "bash", "-ec", script, check=check).stdout

    @contextlib.contextmanager
    def pinging(self, address: str) -> Iterator["Pings"]:
        """Ping from here meanwhile; see the function of this name."""
        with pinging(self.host, address, "ip", "netns", "exec", self.name) as pings:
            yield pings


#: Seconds between two echo requests.
BETWEEN_REQUESTS = 0.02


@dataclass
class Pings:
    """What became of the echo requests of a time, one every 20 ms; known when it is over."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    silence: float = 0.0
    """Seconds: the longest time for which what was asked had no answer.

    From the first request that was lost to the next answer, or one request waited that long by the kernel's time
    stamps. While a busy machine lets nobody ask, nothing is unanswered; so this is for judging.
    """
    longest_gap: float = 0.0
    """Seconds by the clock: the longest time without an answer, the pauses of a busy machine included."""

    def read(self, output: str, *, began: float, ended: float) -> None:
        """Take in what `ping -O -D` printed between two times of the clock, in seconds."""
        found = re.search(r"(\d+) packets transmitted", output)
        assert found is not None, output
        lines = re.findall(r"^\[(\d+\.\d+)\] .*icmp_seq=(\d+)(?:.* time=([\d.]+) ms)?", output, re.MULTILINE)
        answers = [(float(at), int(number), float(waited) / 1000) for at, number, waited in lines if waited]
        answered = {number for _, number, _ in answers}
        self.sent, self.received = int(found[1]), len(answered)
        # The last tenth of a second may still be on its way when ping is told to end.
        lost = set(range(1, self.sent - 4)) - answered
        self.lost = len(lost)
        self.silence = max((waited for _, _, waited in answers), default=0.0)
        since: float | None = None
        for at, number, waited in lines:
            if waited and since is not None:
                self.silence, since = max(self.silence, float(at) - since), None
            elif int(number) in lost and since is None:
                # It is said of a request when the next one is due.
                since = float(at) - BETWEEN_REQUESTS
        if since is not None:
            self.silence = max(self.silence, ended - since)
        times = [began, *sorted(at for at, _, _ in answers), ended]
        self.longest_gap = max(after - before for before, after in itertools.pairwise(times))


@contextlib.contextmanager
def pinging(host: Host, address: str, *within: str) -> Iterator[Pings]:
    """Ping an address every 20 ms meanwhile, from the sandbox or from what the command `within` enters."""
    command = host.command(*within, "bash", "-c", f"echo $$; exec ping -O -D -n -i {BETWEEN_REQUESTS} -W 1 {address}")
    # Into a file: a pipe that nobody empties would stop ping after some seconds. Read by its name, because ping's own
    # descriptor shares its place in the file.
    with tempfile.NamedTemporaryFile(dir=host.directory, suffix=".pings") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        output = Path(file.name)
        while not output.read_text().endswith("\n"):
            assert process.poll() is None, f"ping did not start: {output.read_text()}"
            time.sleep(0.01)
        # The process outside is nsenter's; ping is told by its pid inside.
        pid, began, pings = output.read_text().split()[0], time.time(), Pings()
        try:
            time.sleep(0.3)
            yield pings
            time.sleep(0.3)
        finally:
            ended = time.time()
            host.run("kill", "-INT", pid)
            process.wait(timeout=20)
        pings.read(output.read_text(), began=began, ended=ended)


@contextlib.contextmanager
def sandboxed_host(directory: Path) -> Iterator[Host]:
    """A sandbox with libvirtd; ended, with everything in it, when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "virtnet.cli", "sandbox", "--", "bash", "-c", "echo ready; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line == "ready\n", "the sandbox did not start"
        host = Host(innermost(process.pid), directory)
        host.sh(PREPARE_FIREWALL)
        yield host
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def innermost(pid: int) -> int:
    """The sandbox's CMD: the descendant that is bash."""
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        if Path(f"/proc/{current}/comm").read_text().strip() == "bash":
            return current
        waiting += [int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()]
    raise AssertionError("the sandbox's command was not found among its descendants")


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Fail when it has not happened after so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
