"""Two hosts that one workstation reaches over ssh, each with a libvirtd and a kernel's network of its own.

The first is a test's sandbox with its workstation; the second is a sandbox inside of that sandbox, joined to the
workstation by a veth pair, with the same keys.
"""

import contextlib
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.sandboxed import Host, innermost
from tests.hosts.workstation import AUTHORIZED_KEYS, HOST_ADDRESS, PLAIN_LOGIN, Workstation, workstation

SECOND_ADDRESS = "203.0.113.1"


@dataclass(frozen=True)
class Fleet:
    """The workstation, and the hosts by their names."""

    desk: Workstation
    hosts: Mapping[str, Host]
    uris: Mapping[str, str]


@contextlib.contextmanager
def hosts_over_ssh(host: Host, directory: Path) -> Iterator[Fleet]:
    """`alpha`, which is the given host, and `beta`, which ends with the block."""
    with workstation(host) as desk, _inner_sandbox(host, directory) as second:
        _join(host, desk, second)
        addresses = {"alpha": HOST_ADDRESS, "beta": SECOND_ADDRESS}
        yield Fleet(
            desk=desk,
            hosts={"alpha": host, "beta": second},
            uris={name: f"qemu+ssh://root@{address}/system" for name, address in addresses.items()},
        )


@contextlib.contextmanager
def hosts_behind_one_another(host: Host, directory: Path) -> Iterator[Fleet]:
    """`alpha`, which is the given host, and `beta`, which only alpha reaches; the workstation's `far` is alpha."""
    with workstation(host) as desk, _inner_sandbox(host, directory) as second:
        inner = _as_seen_in(host, second)
        host.sh(
            f"ip link add to-beta type veth peer name eth0 netns {inner}; ip link set to-beta up;"
            "ip address add 203.0.113.2/24 dev to-beta"
        )
        _serve(host, second)
        yield Fleet(
            desk=desk,
            hosts={"alpha": host, "beta": second},
            uris={"alpha": "qemu+ssh://root@far/system", "beta": "qemu+ssh://root@beta/system"},
        )


@contextlib.contextmanager
def _inner_sandbox(host: Host, directory: Path) -> Iterator[Host]:
    directory.mkdir()
    process = subprocess.Popen(
        host.command("virtnet", "sandbox", "--", "bash", "-c", "echo ready; read line"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n", "the second host did not start"
        yield Host(innermost(process.pid), directory)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def _join(first: Host, desk: Workstation, second: Host) -> None:
    """A cable between the workstation and the second host; both are named as the first host's own /proc has them."""
    inner = {name: _as_seen_in(first, of) for name, of in (("desk", desk), ("second", second))}
    first.sh(
        f"ip link add eth1 netns {inner['desk']} type veth peer name eth0 netns {inner['second']};"
        f"nsenter -t {inner['desk']} -n sh -c 'ip address add 203.0.113.2/24 dev eth1; ip link set eth1 up'"
    )
    _serve(first, second)


def _serve(first: Host, second: Host) -> None:
    """Start the second host's sshd, with a configuration and keys like the first's."""
    key = (first.directory / "host_key.pub").read_text()
    with (first.directory / "known_hosts").open("a") as known:
        known.write(f"{SECOND_ADDRESS} {key}")
    configuration = (first.directory / "sshd_config").read_text()
    configuration = configuration.replace(HOST_ADDRESS, SECOND_ADDRESS).replace("sshd.pid", "sshd-beta.pid")
    path = second.directory / "sshd_config"
    path.write_text(configuration)
    second.sh(
        f"{PLAIN_LOGIN}; ip address add {SECOND_ADDRESS}/24 dev eth0; ip link set eth0 up; mkdir -p -m 755 /run/sshd;"
        f"install -m 644 {shlex.quote(str(first.directory / 'client_key.pub'))} {AUTHORIZED_KEYS};"
        f"$(command -v sshd || echo /usr/sbin/sshd) -f {shlex.quote(str(path))}"
    )


def _as_seen_in(first: Host, other: Host) -> int:
    """The process id by which the first host knows another's process (proc_pid_status(5): one for each namespace)."""
    depth = len(_process_ids(first))
    return _process_ids(other)[depth - 1]


def _process_ids(host: Host) -> list[int]:
    lines = Path(f"/proc/{host.pid}/status").read_text().splitlines()
    return next([int(word) for word in line.split()[1:]] for line in lines if line.startswith("NSpid:"))
