"""A workstation that reaches a sandboxed host by ssh alone: a network of its own, and none of libvirt's sockets.

It lies inside the host's sandbox, in further namespaces: a veth pair joins the two networks, and what the host keeps
in /run, /etc/sysctl.d and below /var/lib is not seen here. The host's sshd is a real one, with keys made for the test.
"""

import contextlib
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.sandboxed import Host

HOST_ADDRESS = "198.51.100.1"
"""Of TEST-NET-2 (RFC 5737): networks that show whether libvirt can start any have theirs from TEST-NET-1."""
OPERATOR = "operator"
"""An ordinary user of the host, without sudo until a test gives it."""

AUTHORIZED_KEYS = "/run/ws-keys"
"""On the host: sshd looks for them as the user, who may not look into a test's directory."""

PLAIN_LOGIN = (
    "touch /run/plain-login; for file in .bashrc .profile; do"
    " [[ ! -e ~root/$file ]] || mount --bind /run/plain-login ~root/$file; done"
)
"""Whatever root's shell does at a login on this machine, it doesn't in the sandbox: pyenv's set-up takes 0.4 s."""

SSHD_CONFIGURATION = """\
ListenAddress {address}
HostKey {directory}/host_key
AuthorizedKeysFile {keys}
PidFile {directory}/sshd.pid
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
AcceptEnv LANG
"""
SSH_CONFIGURATION = """\
Host *
    IdentityFile {directory}/client_key
    IdentitiesOnly yes
    UserKnownHostsFile {directory}/known_hosts
    StrictHostKeyChecking yes
    # The one that ssh prefers keeps a processor busy for 0.11 s at each connection.
    KexAlgorithms curve25519-sha256
Host far
    HostName {address}
    User root
"""
ENTER = """\
mount --make-rprivate /
mount -t sysfs sysfs /sys
mount --bind {configuration} /etc/ssh/ssh_config
for place in /run /etc/sysctl.d /etc/libvirt /var/lib/libvirt; do mount -t tmpfs tmpfs $place; done
ip link set lo up
echo ready
read line
"""


@dataclass(frozen=True)
class Workstation(Host):
    """Where Pulumi runs; `far` is the host that it reaches, also by the name of its entry in the ssh configuration."""

    far: Host

    @property
    def sshd(self) -> int:
        """The process id of the host's sshd, as the host has it."""
        return int((self.directory / "sshd.pid").read_text())

    def sessions(self) -> list[int]:
        """The host's processes of sshd that serve one connection each."""
        return [int(pid) for pid in self.far.sh(f"pgrep -P {self.sshd} || true").split()]

    def cut(self) -> None:
        """End every ssh connection, as a host that resets them does."""
        for pid in self.sessions():
            self.far.sh(f"pkill -KILL -P {pid} || true; kill -KILL {pid} 2>/dev/null || true")

    def vanish(self) -> None:
        """Let the host be gone for the workstation: nothing is answered, and nothing refused any more."""
        self.far.sh("iptables -I INPUT -i to-ws -j DROP; iptables -I OUTPUT -o to-ws -j DROP")


@contextlib.contextmanager
def workstation(host: Host) -> Iterator[Workstation]:
    """A workstation beside the host, and the host's sshd; both gone after the block."""
    directory = host.directory
    for name in ("host_key", "client_key"):
        host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name))
    key = (directory / "host_key.pub").read_text()
    (directory / "known_hosts").write_text(f"{HOST_ADDRESS} {key}")
    _write(directory / "sshd_config", SSHD_CONFIGURATION, directory)
    # ssh finds its user's own by the account, whatever HOME says; the system's serves as well.
    _write(directory / "ssh_config", SSH_CONFIGURATION, directory)
    enter = ENTER.format(configuration=shlex.quote(str(directory / "ssh_config")))
    _add_operator(host, directory)
    process = subprocess.Popen(
        host.command("unshare", "--net", "--mount", "bash", "-ec", f"echo $$; {enter}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    inner = int(process.stdout.readline())
    try:
        assert process.stdout.readline() == "ready\n", "the workstation did not start"
        host.sh(
            f"ip link add to-ws type veth peer name eth0 netns {inner}; ip link set to-ws up;"
            f"ip address add {HOST_ADDRESS}/24 dev to-ws;"
            f"nsenter --target {inner} --net ip address add 198.51.100.2/24 dev eth0;"
            f"nsenter --target {inner} --net ip link set eth0 up;"
            # The account of sshd's own processes needs this directory, which a package makes on a machine.
            "mkdir -p -m 755 /run/sshd;"
            # Left alone in its session: the tests end it and its children by their numbers.
            f"$(command -v sshd || echo /usr/sbin/sshd) -f {shlex.quote(str(directory / 'sshd_config'))}"
        )
        made = Workstation(_outside(process.pid), directory, host)
        _wait_for(made)
        yield made
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def _write(path: Path, text: str, directory: Path) -> None:
    path.write_text(text.format(address=HOST_ADDRESS, directory=directory, keys=AUTHORIZED_KEYS))


def _add_operator(host: Host, directory: Path) -> None:
    """Give the sandbox, and it alone, an ordinary account."""
    host.run("tee", AUTHORIZED_KEYS, given=(directory / "client_key.pub").read_text())
    host.sh(
        f"for file in passwd shadow group; do cp --preserve=mode,ownership /etc/$file /run/ws-$file; done;"
        f"echo '{OPERATOR}:x:64099:64099::/tmp:/bin/sh' >> /run/ws-passwd;"
        f"echo '{OPERATOR}:*:19000:0:99999:7:::' >> /run/ws-shadow; echo '{OPERATOR}:x:64099:' >> /run/ws-group;"
        "grep -q ^sshd: /run/ws-passwd || echo 'sshd:x:64098:65534::/run/sshd:/usr/sbin/nologin' >> /run/ws-passwd;"
        f"for file in passwd shadow group; do mount --bind /run/ws-$file /etc/$file; done; {PLAIN_LOGIN}"
    )


def _outside(pid: int) -> int:
    """The process of the workstation as the machine sees it: the last of a line of only children."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


def _wait_for(made: Workstation) -> None:
    deadline = time.monotonic() + 10
    while made.run("ssh", "far", "true", check=False).returncode:
        assert time.monotonic() < deadline, "the host's sshd does not answer"
        time.sleep(0.05)
