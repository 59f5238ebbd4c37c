"""Ten hosts of ten networks each, over ssh: every host a sandbox inside this one, with libvirtd and sshd of its own."""

import contextlib
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hosts.sandboxed import Host, innermost
from tests.hosts.workstation import AUTHORIZED_KEYS, PLAIN_LOGIN, SSHD_CONFIGURATION

from bench import programs
from bench.measured import Run
from bench.programs import Project

HOSTS, NETWORKS_EACH = 10, 10
AT_A_TIME = 64
"""As the documents recommend for many hosts: with Pulumi's default, all operations wait for the first host's ssh."""
PROGRAM = """\
import json
from pathlib import Path
import pulumi_virtnet as virtnet

given = json.loads(Path(__file__).with_name("given.json").read_text())
for host in range(given["hosts"]):
    for number in range(given["count"] // given["hosts"]):
        subnet = f"10.100.{number}"
        hosts = [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"{subnet}.{n + 10}"} for n in range(given["each"])]
        virtnet.LibvirtNetwork(
            f"host{host}-{number}",
            name=f"bench{number}",
            uri=f"qemu+ssh://root@198.18.{host}.1/system",
            forward={"mode": "nat"},
            bridge={"stp": False},
            dns={"forwarders": [{"address": "192.0.2.53"}]},
            ips=[
                {
                    "address": f"{subnet}.1/24",
                    "dhcp": {"ranges": [{"start": f"{subnet}.100", "end": f"{subnet}.200"}], "hosts": hosts},
                }
            ],
        )
"""
SSH_CONFIGURATION = """\
Host *
    IdentityFile {directory}/client_key
    IdentitiesOnly yes
    UserKnownHostsFile {directory}/known_hosts
    StrictHostKeyChecking yes
"""

Figure = dict[str, object]


@dataclass(frozen=True)
class _Desk:
    """This sandbox, from which the hosts are reached."""

    directory: Path

    def sh(self, script: str) -> None:
        subprocess.run(("bash", "-ec", script), check=True, capture_output=True)


def measure(rounds: int) -> list[Figure]:
    """The life of all networks of the fleet, beside as many resources that do nothing."""
    count, runs = HOSTS * NETWORKS_EACH, dict[str, list[tuple[Run, Run]]]()
    with TemporaryDirectory(prefix="virtnet-bench.") as place, contextlib.ExitStack() as stack:
        directory = Path(place)
        desk = _prepared(directory)
        hosts = [stack.enter_context(_host(desk, number)) for number in range(HOSTS)]
        libvirts = stack.enter_context(_libvirts(hosts))
        floors = {"create": libvirts.all("create"), "refresh": libvirts.all("read"), "destroy": libvirts.all("destroy")}
        ours = Project(directory / "virtnet", PROGRAM, provider="pulumi.dynamic")
        nothing = programs.nothing(directory / "nothing")
        for project in (ours, nothing):
            project.give(count=count, hosts=HOSTS)
            project.at_a_time = AT_A_TIME

        def in_turns(what: str, act: Callable[[Project], Run]) -> None:
            pair = act(nothing), act(ours)
            print(f"    {what}: engine {pair[0].seconds:.2f} s, virtnet {pair[1].seconds:.2f} s", flush=True)
            runs.setdefault(what, []).append(pair)

        in_turns("create", Project.up)
        for _ in range(rounds):
            in_turns("no-op up", Project.up)
            in_turns("refresh", Project.refresh)
            in_turns("live edit of each", _one_more_of_each)
        in_turns("destroy", Project.destroy)
    return [_figure(what, pairs, floors.get(what)) for what, pairs in runs.items()]


@contextlib.contextmanager
def one_host(directory: Path) -> Iterator[str]:
    """A single host with its sshd; its address, at which the user of this sandbox is root."""
    with _host(_prepared(directory), 0):
        yield "198.18.0.1"


def _one_more_of_each(project: Project) -> Run:
    project.more("each")
    return project.up()


@dataclass(frozen=True)
class _Libvirts:
    """The libvirts of all hosts, each asked by a process on its own host, all at once and without ssh."""

    processes: list["subprocess.Popen[str]"]

    def all(self, what: str) -> float:
        """How long all of them take side by side."""
        started = time.perf_counter()
        for process in self.processes:
            _say(process, what)
        for process in self.processes:
            _heard(process)
        return time.perf_counter() - started


@contextlib.contextmanager
def _libvirts(hosts: list[Host]) -> Iterator[_Libvirts]:
    command = (sys.executable, "-m", "bench.raw", str(NETWORKS_EACH))
    processes = [
        subprocess.Popen(
            host.command(*command, directory=Path.cwd()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for host in hosts
    ]
    try:
        for process in processes:
            _heard(process)
        yield _Libvirts(processes)
    finally:
        for process in processes:
            process.communicate()


def _say(process: "subprocess.Popen[str]", what: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{what}\n")
    process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("libvirt of a host of the fleet could not be asked")
    return line


def _figure(what: str, pairs: list[tuple[Run, Run]], libvirt: float | None) -> Figure:
    engine = statistics.median(floor.seconds for floor, _ in pairs)
    ours = statistics.median(ours.seconds for _, ours in pairs)
    return {
        "what": what,
        "hosts": HOSTS,
        "networks": HOSTS * NETWORKS_EACH,
        "calls at a time": AT_A_TIME,
        "runs": len(pairs),
        "libvirt side by side, s": None if libvirt is None else round(libvirt, 2),
        "engine's floor, s": round(engine, 2),
        "virtnet, s": round(ours, 2),
        "of the floors": None if libvirt is None else round(ours / (engine + libvirt), 2),
        "provider, MiB": round(max(ours.provider_mib for _, ours in pairs)),
        "with its ssh and Pulumi, MiB": round(max(ours.whole_mib for _, ours in pairs)),
    }


def _prepared(directory: Path) -> _Desk:
    """Keys, and an ssh configuration for this sandbox alone: it has a mount namespace of its own."""
    desk = _Desk(directory)
    for name in ("host_key", "client_key"):
        desk.sh(f"ssh-keygen -q -t ed25519 -N '' -f {shlex.quote(str(directory / name))}")
    key = (directory / "host_key.pub").read_text()
    (directory / "known_hosts").write_text("".join(f"198.18.{number}.1 {key}" for number in range(HOSTS)))
    configuration = directory / "ssh_config"
    configuration.write_text(SSH_CONFIGURATION.format(directory=directory))
    desk.sh(f"mount --bind {shlex.quote(str(configuration))} /etc/ssh/ssh_config")
    return desk


@contextlib.contextmanager
def _host(desk: _Desk, number: int) -> Iterator[Host]:
    """One more host, behind a cable of its own; gone with the block."""
    place = desk.directory / f"host{number}"
    place.mkdir()
    process = subprocess.Popen(
        ("virtnet", "sandbox", "--", "bash", "-c", "echo ready; read line"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"host {number} of the fleet did not start")
        host = Host(innermost(process.pid), place)
        address = f"198.18.{number}.1"
        desk.sh(
            f"ip link add to-host{number} type veth peer name eth0 netns {host.pid};"
            f"ip address add 198.18.{number}.2/24 dev to-host{number}; ip link set to-host{number} up"
        )
        sshd = place / "sshd_config"
        sshd.write_text(
            SSHD_CONFIGURATION.format(address=address, directory=desk.directory, keys=AUTHORIZED_KEYS).replace(
                "sshd.pid", f"sshd-{number}.pid"
            )
        )
        host.sh(
            "cp --preserve=mode,ownership /etc/passwd /run/bench-passwd;"
            "grep -q ^sshd: /run/bench-passwd ||"
            " echo 'sshd:x:64098:65534::/run/sshd:/usr/sbin/nologin' >> /run/bench-passwd;"
            f"mount --bind /run/bench-passwd /etc/passwd; {PLAIN_LOGIN};"
            f"ip address add {address}/24 dev eth0; ip link set eth0 up; mkdir -p -m 755 /run/sshd;"
            f"install -m 644 {shlex.quote(str(desk.directory / 'client_key.pub'))} {AUTHORIZED_KEYS};"
            f"$(command -v sshd || echo /usr/sbin/sshd) -f {shlex.quote(str(sshd))}"
        )
        yield host
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
