"""`virtnet sandbox` as its users call it, and the machine compared before and after.

Runs as root and as any other user. Nothing here is skipped: what a machine lacks fails with what to install.
"""

import contextlib
import os
import pty
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.hosts.sandboxed import PREPARE_FIREWALL

from virtnet.commands.sandbox.layout import layout
from virtnet.commands.sandbox.refusals import find_cause

pytestmark = pytest.mark.integration
#: What the launcher does, and where it makes namespaces and mounts: the daemons that run there have no part in it.
of_the_launcher = pytest.mark.any_libvirt

PROVIDER = Path(__file__).resolve().parents[2] / "provider"
VIRTNET = (sys.executable, "-m", "virtnet.cli")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROVIDER)}
AM_ROOT = os.geteuid() == 0
# Root in a mount namespace of its own: what is mounted over a file there is not seen by the machine.
WITH_PRIVATE_MOUNTS = ("unshare", "--mount") if AM_ROOT else ("unshare", "--user", "--map-root-user", "--mount")
NAMESPACE = "readlink /proc/self/ns/net"
#: Names of the daemons that run, in the order in which they start.
DAEMONS = [daemon.name for daemon in layout(os.environ, os.environ["PATH"]).daemons]
MASQUERADES = "(iptables-save; nft list ruleset) | grep -ci masquerade"
PRIVATE = (
    "/run",
    "/etc/libvirt",
    "/etc/sysctl.d",
    "/etc/virtnet",
    "/etc/systemd/system",
    "/var/lib/libvirt",
    "/var/log/libvirt",
    "/var/cache/libvirt",
)


def sandbox_command(script: str) -> list[str]:
    return [*VIRTNET, "sandbox", "--", "bash", "-ec", f"{PREPARE_FIREWALL}{script}"]


def run(command: Sequence[str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=ENVIRONMENT, input=given, capture_output=True, text=True, timeout=120, check=False
    )


def run_sandbox(script: str) -> subprocess.CompletedProcess[str]:
    return run(sandbox_command(script))


def lines_of(script: str) -> list[str]:
    done = run_sandbox(script)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@contextlib.contextmanager
def started(script: str) -> Iterator[tuple[subprocess.Popen[str], Callable[[], str]]]:
    """Start a sandbox that goes on, in a session of its own; gives the process and a reader of its next line."""
    process = subprocess.Popen(
        sandbox_command(script),
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    output = process.stdout
    try:
        yield process, lambda: output.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        output.close()


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def processes_in(namespace: str) -> list[str]:
    """List the processes of a network namespace, as the machine sees them."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str((entry / "ns/net").readlink()) == namespace:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


def machine() -> set[str]:
    """Everything that a sandbox could leave behind, one line each."""
    lines = {f"link {link.name}" for link in Path("/sys/class/net").iterdir()}
    lines |= {f"mount {line.split(maxsplit=4)[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    for directory in PRIVATE:
        for parent, directories, files in os.walk(directory):
            lines |= {f"file {parent}/{name}" for name in [*directories, *files]}
    if AM_ROOT:
        rules = run(["iptables-save"]).stdout.splitlines() + run(["nft", "list", "ruleset"]).stdout.splitlines()
        lines |= {f"rule {line}" for line in rules if not line.startswith(("#", ":"))}
    return lines


@pytest.fixture
def nothing_left() -> Iterator[list[str]]:
    """The test appends the namespace of each of its sandboxes; afterwards none has a process, and no trace is left."""
    before = machine()
    namespaces: list[str] = []
    yield namespaces
    assert namespaces
    for namespace in namespaces:
        assert namespace.startswith("net:[")
        wait_until(lambda name=namespace: not processes_in(name), f"no process in {namespace}")  # type: ignore[misc]
    assert machine() - before == set()


@of_the_launcher
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
        (["sh", "-c", "kill -KILL -1; exit 5"], 5),
        (["/etc/passwd"], 126),
        (["no-such-command"], 127),
    ],
)
def test_exit_code_is_passed_on(command: list[str], code: int) -> None:
    assert run([*VIRTNET, "sandbox", "--", *command]).returncode == code


@of_the_launcher
def test_command_that_does_not_exist_is_named() -> None:
    assert run([*VIRTNET, "sandbox", "--", "no-such-command"]).stderr == (
        "virtnet: The command 'no-such-command' was not found.\n"
    )


@of_the_launcher
@pytest.mark.parametrize("arguments", [["sandbox"], ["sandbox", "--"], ["sandbox", "true"], []])
def test_wrong_usage_is_said(arguments: list[str]) -> None:
    done = run([*VIRTNET, *arguments])
    assert done.returncode == 2
    assert "usage: virtnet" in done.stderr


@of_the_launcher
def test_streams_arguments_directory_and_environment_are_the_callers(tmp_path: Path) -> None:
    script = 'cat; echo "$PWD $HOME $OWN $VIRTNET_SANDBOX $1"; echo oops >&2'
    done = subprocess.run(
        [*VIRTNET, "sandbox", "--", "sh", "-c", script, "sh", "a  b--"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "OWN": "kept", "HOME": "/home/of/caller"},
        input="given\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"given\n{tmp_path} /home/of/caller kept 1 a  b--\n"
    assert done.stderr == "oops\n"
    assert not Path("/home/of/caller").exists()


@of_the_launcher
def test_open_descriptors_are_the_callers() -> None:
    reading, writing = os.pipe()
    command = [*VIRTNET, "sandbox", "--", "bash", "-c", f"echo through >&{writing}"]
    subprocess.run(command, env=ENVIRONMENT, pass_fds=[writing], timeout=60, check=True)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "through\n"


def test_default_network_is_defined_as_a_distribution_does() -> None:
    lines = lines_of("virsh net-list --all --name; virsh net-info default; virsh net-dumpxml default")
    text = " ".join(" ".join(lines).split())
    assert lines[0] == "default"
    assert lines[1] == ""
    for part in ("Active: no", "Persistent: yes", "Autostart: no", "<uuid>", "<bridge name='virbr0'"):
        assert part in text


def test_nat_network_serves_guests_in_network_namespaces(nothing_left: list[str], tmp_path: Path) -> None:
    network = tmp_path / "network.xml"
    network.write_text(
        "<network><name>lab</name><forward mode='nat'/><bridge name='virbr7' stp='off'/>"
        "<ip address='10.77.0.1' prefix='24'><dhcp><range start='10.77.0.2' end='10.77.0.9'/></dhcp></ip></network>"
    )
    lines = lines_of(f"""
        {NAMESPACE}
        virsh -q net-define {network} >&2
        virsh -q net-start lab >&2
        ip netns add guest
        ip link add tap0 type veth peer name eth0 netns guest
        ip link set tap0 up master virbr7
        ip -n guest addr add 10.77.0.2/24 dev eth0
        ip -n guest link set eth0 up
        ls /sys/class/net/virbr7/brif
        ip netns exec guest timeout 5 bash -c 'exec 3<>/dev/tcp/10.77.0.1/53 && echo served'
        ps -C dnsmasq -o args= | sort -u
        {MASQUERADES}
        cat /proc/sys/net/ipv4/ip_forward
        """)
    nothing_left.append(lines[0])
    assert lines[1:3] == ["tap0", "served"]
    assert "/var/lib/libvirt/dnsmasq/lab.conf" in lines[3]
    assert int(lines[-2]) > 0
    assert lines[-1] == "1"


def test_networks_restart_without_waiting_for_dnsmasq() -> None:
    lines_of("virsh -q net-start default")  # warm
    begin = time.monotonic()
    lines_of("for turn in 1 2 3; do virsh -q net-start default; virsh -q net-destroy default; done")
    assert time.monotonic() - begin < 15


def test_daemons_can_be_killed_and_started_again_inside() -> None:
    lines = lines_of(f"""
        virsh -q net-start default
        for name in {" ".join(DAEMONS)}; do
            pid=$(cat /run/$name.pid)
            kill -9 "$pid"
            # Until it is gone, its PID file is locked.
            while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
            $name --daemon
        done
        virsh -q net-list --name
        """)
    assert lines == ["default"]


def test_files_of_a_guest_keep_their_owner(tmp_path: Path) -> None:
    disk, domain = tmp_path / "disk", tmp_path / "domain.xml"
    disk.write_bytes(bytes(1 << 20))
    if AM_ROOT:
        shutil.chown(disk, "nobody", "nogroup")
    before = disk.stat()
    domain.write_text(
        "<domain type='qemu'><name>guest</name><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices>"
        f"<disk type='file' device='disk'><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
        "</devices></domain>"
    )
    lines = lines_of(f"virsh -q create --paused {domain} >&2; virsh list --name; virsh -q destroy guest")
    assert lines[0] == "guest"
    assert (disk.stat().st_uid, disk.stat().st_gid) == (before.st_uid, before.st_gid)


CAPABILITIES = "/var/cache/libvirt/qemu/capabilities"
# The inodes and times of change of libvirt's answers before and after a call that needs them.
ASK_TWICE = f"""
    stat -c '%n %i %y' {CAPABILITIES}/*.xml || true
    virsh -q domcapabilities --virttype qemu >&2
    echo asked
    stat -c '%n %i %y' {CAPABILITIES}/*.xml
    """


def with_cache(cache: Path) -> list[str]:
    """Give the words before `sandbox` with which its cache is below this directory."""
    return ["env", f"XDG_CACHE_HOME={cache}", *VIRTNET]


def answers_before_and_after(virtnet: list[str]) -> tuple[list[str], list[str]]:
    done = run([*virtnet, "sandbox", "--", "bash", "-ec", ASK_TWICE])
    assert done.returncode == 0, done.stderr
    before, _, after = (part.splitlines() for part in done.stdout.partition("asked\n"))
    assert after, "libvirtd found no QEMU: `make setup` installs it"
    return before, after


@pytest.mark.further
def test_qemu_is_asked_what_it_can_do_in_the_first_sandbox_only(tmp_path: Path) -> None:
    first = answers_before_and_after(with_cache(tmp_path))
    # Several, as libvirt sees another processor when it happens to start on another one.
    later = [answers_before_and_after(with_cache(tmp_path)) for _ in range(4)]
    assert first[0] == []
    for before, after in later:
        assert before == after
        assert len(before) == len(first[1])
    kept = tmp_path / "virtnet" / "qemu-capabilities"
    assert sorted(tmp_path.rglob("*")) == sorted([kept.parent, kept, *kept.glob("*.xml")])


def test_the_daemons_run_on_every_processor_that_the_caller_may_use() -> None:
    daemons = "$(pidof libvirtd virtqemud virtnetworkd virtlogd)"
    lines = lines_of(f"for pid in {daemons}; do taskset --all-tasks --pid $pid; done")
    allowed = {int(line.rpartition(": ")[2], 16) for line in lines}
    assert len(lines) > 10
    assert allowed == {sum(1 << number for number in os.sched_getaffinity(0))}


@pytest.mark.further
def test_damaged_answer_of_qemu_is_asked_for_again(tmp_path: Path) -> None:
    answers_before_and_after(with_cache(tmp_path))
    kept = sorted((tmp_path / "virtnet" / "qemu-capabilities").glob("*.xml"))
    for file in kept:
        file.write_bytes(file.read_bytes()[:1000])
    before, after = answers_before_and_after(with_cache(tmp_path))
    assert before != after
    assert all(file.read_text().endswith("</qemuCaps>\n") for file in kept)


@of_the_launcher
def test_cache_of_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    somebody_elses = tmp_path if AM_ROOT else Path("/")
    if AM_ROOT:
        os.chown(tmp_path, 65534, 65534)
    found = sorted(somebody_elses.iterdir())
    answers_before_and_after(with_cache(somebody_elses))
    assert sorted(somebody_elses.iterdir()) == found


def test_nothing_is_left_whatever_the_command_leaves(nothing_left: list[str]) -> None:
    lines = lines_of(f"""
        {NAMESPACE}
        virsh -q net-start default
        ip netns add left
        ip link add left0 type bridge
        iptables -A FORWARD -s 10.99.0.0/24 -j DROP
        mount -t tmpfs left /mnt
        touch /run/left /etc/libvirt/left /etc/sysctl.d/90-left.conf /var/lib/libvirt/left /var/log/libvirt/left
        touch /etc/virtnet/left /etc/systemd/system/left.service
        setsid --fork bash -c 'trap "" TERM HUP INT; sleep 600' >/dev/null 2>&1
        """)
    nothing_left.append(lines[0])


#: Files of /etc replaced as passwd, visudo and package scripts do: by another one that takes the name.
#: Not /etc/hosts: in a container, and in a tree of another release, that is a mount, which nothing can replace.
REPLACE = """
    for file in passwd group shells; do cp -p /etc/$file /etc/$file.new; echo '# new' >>/etc/$file.new; done
    for file in passwd group shells; do mv /etc/$file.new /etc/$file; done
    mkdir /etc/virtnet-tests; mv /etc/virtnet-tests /etc/virtnet-tests-2; rmdir /etc/virtnet-tests-2
    rm /etc/shells
    tail -qn 1 /etc/passwd /etc/group
    ls /etc/shells /run/virtnet /run/virtnet[-.]* 2>/dev/null || true
    """


@of_the_launcher
def test_files_of_etc_can_be_replaced_and_the_machines_stay() -> None:
    files = [Path("/etc", name) for name in ("passwd", "group", "shells")]
    before = [file.read_bytes() for file in files]

    assert lines_of(REPLACE) == ["# new", "# new"]

    assert [file.read_bytes() for file in files] == before


@of_the_launcher
def test_ordinary_user_replaces_files_of_etc_too() -> None:
    with as_ordinary_user("nobody:100000:65536\n") as virtnet:
        done = run([*virtnet, "sandbox", "--", "bash", "-ec", REPLACE])

    assert (done.returncode, done.stdout) == (0, "# new\n# new\n"), done.stderr


@of_the_launcher
def test_what_is_mounted_below_etc_is_seen(tmp_path: Path) -> None:
    """As a container has its hosts and resolv.conf."""
    (tmp_path / "hosts").write_text("192.0.2.7 of-a-mount\n")
    script = f'mount --bind {tmp_path}/hosts /etc/hosts; exec "$@"'

    done = run([*WITH_PRIVATE_MOUNTS, "bash", "-ec", script, "bash", *sandbox_command("cat /etc/hosts")])

    assert (done.returncode, done.stdout) == (0, "192.0.2.7 of-a-mount\n"), done.stderr


@of_the_launcher
def test_sysctl_files_of_the_machine_are_not_seen() -> None:
    assert lines_of("ls -A /etc/sysctl.d; grep -v '^#' /etc/sysctl.conf || true") == []


@pytest.mark.parametrize("victim", ["launcher", pytest.param("unshare", marks=pytest.mark.further)])
def test_killed_sandbox_leaves_nothing(nothing_left: list[str], victim: str) -> None:
    script = f"{NAMESPACE}; virsh -q net-start default; setsid --fork sleep 600; echo on; sleep 600"
    with started(script) as (process, next_line):
        nothing_left.append(next_line())
        assert next_line() == "on"
        assert any("dnsmasq" in line for line in processes_in(nothing_left[0]))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(process.pid if victim == "launcher" else int(children[0]), signal.SIGKILL)
        process.wait(timeout=10)


def test_sandbox_killed_while_it_starts_leaves_nothing(nothing_left: list[str]) -> None:
    machines_own = str(Path("/proc/self/ns/net").readlink())
    # On a machine that is busy it takes longer until there is a namespace to be left.
    for delay in (0.02, 0.1, 0.2, 0.3, 1, 3, 9):
        if delay >= 1 and nothing_left:
            break
        with started("sleep 600") as (process, _):
            time.sleep(delay)
            init = [entry for entry in _descendants(process.pid) if entry != process.pid]
            with contextlib.suppress(OSError):
                namespaces = [str(Path(f"/proc/{pid}/ns/net").readlink()) for pid in init[-1:]]
                nothing_left += [name for name in namespaces if name != machines_own]
            process.kill()


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(found for child in children for found in _descendants(int(child)))]


@of_the_launcher
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signal_is_forwarded(nothing_left: list[str], number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo {name}; exit 9' {name}; {NAMESPACE}; while true; do sleep 0.05; done"
    with started(script) as (process, next_line):
        nothing_left.append(next_line())
        process.send_signal(number)
        assert next_line() == name
        assert process.wait(timeout=10) == 9


@of_the_launcher
def test_signal_before_the_command_starts_ends_the_sandbox() -> None:
    with started("sleep 600") as (process, _):
        time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=10) in (128 + signal.SIGTERM, -signal.SIGTERM)


@of_the_launcher
def test_interrupt_from_the_terminal_reaches_the_command_once() -> None:
    script = "trap 'echo caught' INT; echo ready; for turn in 1 2 3 4; do sleep 0.3 || true; done; echo end"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, sandbox_command(script), ENVIRONMENT)  # noqa: S606
    _read_terminal(terminal, until=b"ready")
    os.write(terminal, b"\x03")
    output = _read_terminal(terminal, until=b"end")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert output.count(b"caught") == 1


def _read_terminal(terminal: int, until: bytes) -> bytes:
    output = b""
    while until not in output:
        assert select.select([terminal], [], [], 20)[0], output
        output += os.read(terminal, 4096)
    return output


@pytest.mark.further
def test_sandboxes_with_the_same_network_run_side_by_side(nothing_left: list[str]) -> None:
    script = (
        f"{NAMESPACE}; virsh -q net-start default; echo on; read _; ps -C dnsmasq -o pid= | wc -l; ls /sys/class/net"
    )
    with started(script) as (first, first_line), started(script) as (second, second_line):
        nothing_left += [first_line(), second_line()]
        assert nothing_left[0] != nothing_left[1]
        assert first_line() == second_line() == "on"
        for process in (first, second):
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        for next_line in (first_line, second_line):
            assert [next_line() for _ in range(3)] == ["2", "lo", "virbr0"]


def test_sandbox_does_not_touch_a_libvirtd_that_runs_beside_it() -> None:
    inner = shlex.join(
        sandbox_command("virsh -q net-list --name; virsh -q net-start default; virsh -q net-list --name")
    )
    lines = lines_of(f"{inner}; virsh -q net-list --name")
    assert [line for line in lines if line] == ["default"]


#: As it is without the directories of system programs; with those of modular daemons where they are none of the
#: distribution's (tools/newer-libvirt).
PATH_OF_A_USER = ":".join([
    *(f"{place}/{of}" for place in filter(None, [os.environ.get("VIRTNET_MODULAR_LIBVIRT")]) for of in ("bin", "sbin")),
    "/usr/bin:/bin",
])  # fmt: skip


@contextlib.contextmanager
def as_ordinary_user(subordinate_ids: str) -> Iterator[list[str]]:
    """Give the words before `sandbox` with which an ordinary user calls virtnet.

    When pytest runs as root that user is nobody, who gets subordinate ids, and sees the interpreter and the provider
    although root's directories are closed, in a mount namespace: the machine's own files are not written. The cache is
    empty at first.
    """
    with tempfile.TemporaryDirectory() as name:
        shown = Path(name)
        if not AM_ROOT:
            yield with_cache(shown)
            return
        shown.chmod(0o755)
        for directory in ("python", "provider", "cache"):
            (shown / directory).mkdir()
        shutil.chown(shown / "cache", "nobody", "nogroup")
        (shown / "ids").write_text(subordinate_ids)
        interpreter = Path(sys.executable).resolve().relative_to(Path(sys.base_prefix).resolve())
        script = f"""
            mount --bind {shlex.quote(sys.base_prefix)} {shown}/python
            mount --bind {shlex.quote(str(PROVIDER))} {shown}/provider
            cp -a /etc {shown}/etc
            cp {shown}/ids {shown}/etc/subuid
            cp {shown}/ids {shown}/etc/subgid
            mount --rbind {shown}/etc /etc
            cd /
            exec setpriv --reuid nobody --regid nogroup --clear-groups env -i HOME=/ PATH={PATH_OF_A_USER} \
                VIRTNET_SANDBOX_LIBVIRT={os.environ.get("VIRTNET_SANDBOX_LIBVIRT", "")} \
                USER=nobody XDG_CACHE_HOME={shown}/cache LD_LIBRARY_PATH={shown}/python/lib \
                PYTHONPATH={shown}/provider PYTHONDONTWRITEBYTECODE=1 \
                {shown}/python/{interpreter} -m virtnet.cli "$@"
            """
        yield [*WITH_PRIVATE_MOUNTS, "bash", "-ec", script, "bash"]


def test_ordinary_user_gets_the_same(nothing_left: list[str]) -> None:
    script = f"""
        {NAMESPACE}
        id -u
        virsh -q net-start default >&2
        ip netns add guest
        ip link add tap0 type veth peer name eth0 netns guest
        ip link set tap0 up master virbr0
        ip netns exec guest ls /sys/class/net
        ls /sys/class/net/virbr0/brif
        ps -C dnsmasq -o user= | sort -u | head -n 1
        {MASQUERADES}
        touch /etc/sysctl.d/left.conf
        """
    with as_ordinary_user("nobody:100000:65536\n") as virtnet:
        done = run([*virtnet, "sandbox", "--", "bash", "-ec", f"{PREPARE_FIREWALL}{script}"])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    nothing_left.append(lines[0])
    assert lines[1:5] == ["0", "eth0", "lo", "tap0"]
    assert lines[5] != ""
    assert int(lines[6]) > 0


@pytest.mark.further
def test_ordinary_user_asks_qemu_once_too() -> None:
    with as_ordinary_user("nobody:100000:65536\n") as virtnet:
        first = answers_before_and_after(virtnet)
        second = answers_before_and_after(virtnet)
    assert first[0] == []
    assert second[0] == second[1]
    assert len(second[0]) == len(first[1])


@of_the_launcher
def test_ordinary_user_without_subordinate_ids_is_told_so() -> None:
    with as_ordinary_user("") as virtnet:
        command = [*virtnet, "sandbox", "--", "true"]
        if not AM_ROOT:
            hide = "mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid"
            again = f"unshare --user --map-user={os.getuid()} --map-group={os.getgid()}"
            command = [*WITH_PRIVATE_MOUNTS, "bash", "-ec", f'{hide}; exec {again} "$@"', "bash", *command]
        done = run(command)
    assert done.returncode == 125
    assert " has no subordinate ids in /etc/subuid and /etc/subgid" in done.stderr
    assert "usermod --add-subuids" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_programs_are_named_with_their_packages() -> None:
    script = 'for path in $(type -aP dnsmasq virsh); do mount --bind /dev/null $(readlink -f $path); done; exec "$@"'
    environment_path = "PATH=$PATH:/usr/sbin; "
    command = [*WITH_PRIVATE_MOUNTS, "bash", "-ec", environment_path + script, "bash", *sandbox_command("true")]
    done = run(command)
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == (
        "virtnet: A sandbox needs virsh, dnsmasq, which this machine doesn't have. Install it with"
        " `apt-get install --no-install-recommends dnsmasq-base libvirt-clients`.\n"
    )


@pytest.mark.parametrize("name", DAEMONS)
def test_a_daemon_that_does_not_start_is_said_with_its_log(tmp_path: Path, name: str) -> None:
    broken = tmp_path / name
    broken.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 3\n")
    broken.chmod(0o755)
    script = f'PATH=$PATH:/usr/sbin; mount --bind {broken} $(readlink -f $(command -v {name})); exec "$@"'
    done = run([*WITH_PRIVATE_MOUNTS, "bash", "-ec", script, "bash", *sandbox_command("true")])
    assert done.returncode == 125
    assert done.stderr.startswith(f"virtnet: The sandbox's {name} ended while starting.\n")
    assert f"{name}: no such luck" in done.stderr


@of_the_launcher
def test_root_of_a_container_is_told_what_it_lacks() -> None:
    without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-all"]
    user_namespace = [] if AM_ROOT else ["unshare", "--user", "--map-root-user"]
    done = run([*user_namespace, *without, *sandbox_command("true")])
    assert done.returncode == 125
    assert done.stderr.startswith("virtnet: The sandbox can't be created: root has no CAP_SYS_ADMIN here")


@of_the_launcher
@pytest.mark.parametrize(
    ("setting", "value", "part"),
    [
        ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces="),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor restricts user namespaces here"),
    ],
)
def test_forbidden_user_namespaces_are_explained(tmp_path: Path, setting: str, value: str, part: str) -> None:
    file = tmp_path / "sys" / setting
    file.parent.mkdir(parents=True)
    file.write_text(f"{value}\n")
    for name in ("subuid", "subgid"):
        (tmp_path / name).write_text(f"{os.getuid()}:100000:65536\n")
    cause = find_cause(rootless=True, proc=tmp_path, etc=tmp_path)
    assert cause is not None
    assert part in cause
    assert "Run it as root" in cause


@of_the_launcher
def test_no_known_cause_is_invented(tmp_path: Path) -> None:
    for name in ("subuid", "subgid"):
        (tmp_path / name).write_text(f"{os.getuid()}:100000:65536\n")
    assert find_cause(rootless=True, proc=tmp_path, etc=tmp_path) is None
