"""A sandboxed host for one test, and a Pulumi stack on it: the real engine against a real libvirtd."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = '''\
"""Declares what resources.json lists, in its order; each depends on the one before where it says so."""

import json
import signal
from pathlib import Path

import pulumi
import pulumi_virtnet

# The engine interrupts a program whose resource was refused, and waits five seconds for a Python that is asked nicely.
signal.signal(signal.SIGINT, signal.SIG_DFL)
made = {}
for entry in json.loads(Path(__file__).with_name("resources.json").read_text()):
    kind = getattr(pulumi_virtnet, entry["type"])
    after = [made[name] for name in entry.get("depends_on", [])]
    made[entry["name"]] = kind(entry["name"], **entry["args"], opts=pulumi.ResourceOptions(depends_on=after))
    pulumi.export(entry["name"], {"id": made[entry["name"]].id, "urn": made[entry["name"]].urn})
'''


#: Tables that iptables and ip6tables keep in nftables, of which iptables-save and ip6tables-save tell.
OF_IPTABLES = re.compile(r"ip6? (filter|nat|mangle|raw|security)")
#: Prints the whole of nftables where there is such a program.
LIST_NFT = "if command -v nft >/dev/null; then nft list ruleset; fi"


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
        return {
            "networks": self.virsh("net-list", "--all", "--uuid"),
            "files": self.sh("find /etc/libvirt/qemu/networks /etc/sysctl.d -type f -o -type l | sort"),
            "links": self.sh("ls /sys/class/net"),
            "dnsmasq": self.sh("pgrep -c dnsmasq || true"),
            "rules": self.sh("iptables-save | grep -E '^-A.*(-s|-d|-i|-o) ' || true"),
            # As of iptables, not libvirt's chains: they stay where a network has been.
            "nftables": "\n".join(
                line for line in nft_lines(self.sh(LIST_NFT)) if re.search(r"\b([io]if(name)?|[sd]addr) ", line)
            ),
        }

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


@dataclass
class Pings:
    """What became of the echo requests of a time, one every 20 ms; known when it is over."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    longest_gap: float = 0.0
    """Seconds: the longest time without an answer. With none lost, a little more than the 0.02 between two requests."""

    def read(self, output: str, *, began: float, ended: float) -> None:
        """Take in what `ping -D` printed between two times of the clock, in seconds."""
        found = re.search(r"(\d+) packets transmitted", output)
        assert found is not None, output
        answers = re.findall(r"^\[(\d+\.\d+)\] .*icmp_seq=(\d+) .*time=", output, re.MULTILINE)
        answered = {int(number) for _, number in answers}
        self.sent, self.received = int(found[1]), len(answered)
        # The last tenth of a second may still be on its way when ping is told to end.
        self.lost = len(set(range(1, self.sent - 4)) - answered)
        times = [began, *sorted(float(at) for at, _ in answers), ended]
        self.longest_gap = max(after - before for before, after in itertools.pairwise(times))


@contextlib.contextmanager
def pinging(host: Host, address: str, *within: str) -> Iterator[Pings]:
    """Ping an address every 20 ms meanwhile, from the sandbox or from what the command `within` enters."""
    command = host.command(*within, "bash", "-c", f"echo $$; exec ping -D -n -i 0.02 -W 1 {address}")
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
        yield Host(_innermost(process.pid), directory)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def _innermost(pid: int) -> int:
    """The sandbox's CMD: the descendant that is bash."""
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        if Path(f"/proc/{current}/comm").read_text().strip() == "bash":
            return current
        waiting += [int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()]
    raise AssertionError("the sandbox's command was not found among its descendants")


class Stack:
    """A Pulumi stack with a state of its own, whose program declares a list of resources."""

    def __init__(self, host: Host, name: str = "test", *, backend: str = "") -> None:
        """`backend` is where Pulumi keeps the state; "" means in files of this stack's own."""
        self.host = host
        self.directory = host.directory / f"stack-{name}"
        self.directory.mkdir()
        (self.directory / "state").mkdir()
        self.environment = {
            "PULUMI_BACKEND_URL": backend or f"file://{self.directory}/state",
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
            "HOME": str(self.directory),
        }
        (self.directory / "Pulumi.yaml").write_text("name: project\nruntime: {name: python}\n")
        (self.directory / "__main__.py").write_text(PROGRAM)
        self.declare()
        self.pulumi("stack", "init", name)

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.host.run(
            "pulumi",
            *arguments,
            "--non-interactive",
            "--color=never",
            check=check,
            directory=self.directory,
            environment=self.environment,
        )

    def declare(self, *resources: Mapping[str, Any]) -> None:
        """Write the program's list: dicts with type, name, args and depends_on."""
        (self.directory / "resources.json").write_text(json.dumps(resources))

    def network(self, name: str, /, **args: Any) -> None:
        """Declare one network and nothing else."""
        self.declare({"type": "LibvirtNetwork", "name": name, "args": args})

    def preview(self, *, check: bool = True) -> str:
        return _text(self.pulumi("preview", "--diff", check=check))

    def up(self, *, check: bool = True) -> str:
        return _text(self.pulumi("up", "--yes", "--skip-preview", check=check))

    def refresh(self, *, check: bool = True) -> str:
        return _text(self.pulumi("refresh", "--yes", "--skip-preview", check=check))

    def destroy(self, *, check: bool = True) -> str:
        return _text(self.pulumi("destroy", "--yes", "--skip-preview", check=check))

    def unchanged(self) -> bool:
        """Whether a preview shows no change, and a refresh finds none."""
        preview = self.pulumi("preview", "--expect-no-changes", check=False)
        refresh = self.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", check=False)
        if preview.returncode or refresh.returncode:
            print(_text(preview), _text(refresh))  # noqa: T201 - shown by pytest when the assertion fails
        return preview.returncode == 0 and refresh.returncode == 0

    def outputs(self, name: str) -> dict[str, Any]:
        """The recorded outputs of a resource."""
        state = json.loads(self.pulumi("stack", "export").stdout)
        found = [
            r
            for r in state["deployment"].get("resources", [])
            if r["urn"].endswith(f"::{name}") and r["type"].startswith("pulumi-python:")
        ]
        assert len(found) == 1, state
        outputs: dict[str, Any] = found[0]["outputs"]
        return outputs

    def resources(self) -> Sequence[str]:
        """The names of the stack's own resources in the state."""
        state = json.loads(self.pulumi("stack", "export").stdout)
        return [
            r["urn"].rpartition("::")[2]
            for r in state["deployment"].get("resources", [])
            if r["type"].startswith("pulumi-python:")
        ]


def _text(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Fail when it has not happened after so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
