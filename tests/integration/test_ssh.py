"""A host reached over ssh alone, with a real sshd and a real libvirtd there."""

import contextlib
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.hosts.daemons import let_everyone_in
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import OPERATOR, Workstation, workstation
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

URI = "qemu+ssh://root@far/system"
LAB: dict[str, Any] = {
    "uri": URI,
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.70.0.1/24", "dhcp": {"ranges": [{"start": "10.70.0.2", "end": "10.70.0.99"}]}}],
}
PROLOGUE = """\
import time
from virtnet.libvirtd.connection import Connections
from virtnet.connect import connect
from virtnet.errors import VirtnetError
connections = Connections()
def look(uri="", *, user="root"):
    return connect(uri or f"qemu+ssh://{user}@far/system", connections)
"""


@pytest.fixture
def desk(host: Host) -> Iterator[Workstation]:
    with workstation(host) as made:
        yield made


@pytest.fixture
def stack(desk: Workstation, forks: Forks) -> Stack:
    return Stack(desk, forks)


def python(desk: Workstation, program: str, *, user: str = "root") -> str:
    """What a program prints that has `clients`, those of the host over ssh."""
    return desk.python("-c", f"{PROLOGUE}clients = look(user={user!r})\n{textwrap.dedent(program)}").stdout


def python_without_doors(desk: Workstation, program: str) -> str:
    """The same, for a program that opens them itself."""
    return desk.python("-c", PROLOGUE + textwrap.dedent(program)).stdout


class Running:
    """A program that goes on; `line` waits for one of its lines, `go_on` answers it first."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def go_on(self) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.line()


@contextlib.contextmanager
def running(desk: Workstation, program: str) -> Iterator[Running]:
    command = desk.command("python", "-c", f"{PROLOGUE}clients = look()\n{textwrap.dedent(program)}")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def give_sudo(host: Host) -> None:
    """Let the operator become root without a password, in this sandbox."""
    host.sh(
        "cp /etc/sudoers /run/sudoers; mount -t tmpfs -o mode=750 tmpfs /etc/sudoers.d;"
        f"echo '{OPERATOR} ALL=(ALL) NOPASSWD: ALL' >> /run/sudoers; mount --bind /run/sudoers /etc/sudoers"
    )


def slow_ip(host: Host) -> None:
    """Let the host's `ip` note its arguments, and take its time for the first change."""
    script = (
        '#!/bin/sh\nif [ "$1" = link ] && [ "$2" = set ]; then echo "$@" >> /run/ip-calls; '
        '[ -e /run/slept ] || { touch /run/slept; sleep 30; }; fi\nexec /run/ip "$@"\n'
    )
    host.run("tee", "/run/slow-ip", given=script)
    host.sh(
        "touch /run/ip-calls; cp $(readlink -f $(command -v ip)) /run/ip; chmod 755 /run/slow-ip;"
        "mount --bind /run/slow-ip $(readlink -f $(command -v ip))"
    )


@pytest.mark.each_libvirt
def test_one_host_is_one_connection_of_ours_and_few_round_trips(desk: Workstation) -> None:
    shown = python(
        desk,
        """\
        from virtnet.planning import lifecycle
        from virtnet.forwarding.resource import HOST_FORWARDING
        from virtnet.network.resource import NETWORK
        lab = {"uri": clients.libvirt.uri, "name": "lab", "ips": [{"address": "10.70.0.1/24"}]}
        desired, _ = NETWORK.check(lab, {})
        recorded = lifecycle.create(NETWORK, desired, look, lambda line: None)
        machine = connections.to(clients.libvirt.uri).remembered("machine", lambda: None)
        def trips(read):
            before = machine.round_trips
            read()
            return machine.round_trips - before
        wanted, _ = HOST_FORWARDING.check({"uri": clients.libvirt.uri, "ipv4": True}, {})
        print(trips(lambda: lifecycle.read(NETWORK, recorded, look)))
        print(trips(lambda: lifecycle.preview(HOST_FORWARDING, None, wanted, look)))
        import subprocess
        print(subprocess.run(["pgrep", "-fc", "^ssh .*exec sh$"], capture_output=True, text=True).stdout)
        """,
    )

    trips, *others = (int(number) for number in shown.split())
    # What was listed of the host for the create serves the refresh, if that comes within two seconds.
    assert trips in (2, 3)
    assert others == [2, 1]


def test_a_connection_cut_between_two_questions_is_made_anew(desk: Workstation) -> None:
    program = """\
        print(clients.host.read_sysctl("net/ipv4/conf/lo/forwarding"), len(clients.libvirt.networks()), flush=True)
        input()
        print(clients.host.read_sysctl("net/ipv4/conf/lo/forwarding"), len(clients.libvirt.networks()), flush=True)
    """
    with running(desk, program) as process:
        before = process.line()
        desk.cut()
        after = process.go_on()

    assert before == after == "0 1"


def test_a_connection_cut_while_the_host_works_is_said_and_not_done_twice(host: Host, desk: Workstation) -> None:
    # The first takes its time, and each leaves a trace.
    slow_ip(host)
    program = """\
        clients.host.links()
        print("ready", flush=True)
        for attempt in range(2):
            try:
                clients.host.set_link_up("lo", True)
                print("done", flush=True)
            except VirtnetError as error:
                print(type(error).__name__, error, flush=True)
    """
    with running(desk, program) as process:
        process.line()
        wait_until(lambda: "link set" in host.sh("cat /run/ip-calls"))
        desk.cut()
        first, second = process.line(), process.line()

    assert first.startswith(
        "Unreachable the connection to root@far was lost during an attempt to bring the interface lo up ("
    )
    assert "It may or may not have been done. Run pulumi up, which checks that first" in first
    assert second == "done"
    assert host.sh("grep -c 'link set' /run/ip-calls") == "2\n"


def test_a_host_that_is_gone_costs_its_first_resource_ten_seconds_and_the_others_nothing(desk: Workstation) -> None:
    desk.vanish()
    shown = python_without_doors(
        desk,
        """\
        for name in range(3):
            began = time.monotonic()
            try:
                look().libvirt.networks()
            except VirtnetError as error:
                print(f"{time.monotonic() - began:.0f}", type(error).__name__, error)
        """,
    )

    seconds = [int(line.split()[0]) for line in shown.splitlines()]
    assert seconds[0] in range(9, 13)
    assert seconds[1:] == [0, 0]
    assert "Unreachable root@far can't be reached by ssh (" in shown


@pytest.mark.long_wait
def test_a_host_that_goes_away_is_noticed(desk: Workstation) -> None:
    program = """\
        clients.libvirt.version(), clients.host.links()
        print("ready", flush=True)
        input()
        began = time.monotonic()
        for ask in (clients.libvirt.networks, clients.host.links, clients.libvirt.networks, clients.host.links):
            try:
                ask()
            except VirtnetError as error:
                print(type(error).__name__, end=" ")
        print(f"{time.monotonic() - began:.0f}", flush=True)
    """
    with running(desk, program) as process:
        process.line()
        desk.vanish()
        *errors, seconds = process.go_on().split()

    assert errors == ["Unreachable"] * 4
    assert int(seconds) < 75


HOSTILE = (
    "-h",
    "a b",
    "$(kill -9 $$)",
    "x;kill -9 $$",
    "'\"",
    "a\nb",
    "`kill -9 $$`",
    "--",
    "*",
    "\u00fc",
    "x\\",
    "a=b",
)
"""Names of interfaces, files and parameters; a shell that took one for more than a name would end itself."""


@pytest.mark.parametrize("user", [pytest.param("root", marks=pytest.mark.further), OPERATOR])
def test_hostile_names_never_reach_a_shell_or_an_option_parser(host: Host, desk: Workstation, user: str) -> None:
    host.sh("mkdir -m 777 /run/there")
    shown = python(
        desk,
        f"""\
        host = clients.host
        for name in {HOSTILE!r}:
            host.write_file(f"/run/there/{{name}}", name + "\\n$x'")
            assert host.read_file(f"/run/there/{{name}}") == name + "\\n$x'", name
            assert host.list_directory("/run/there") == [name], host.list_directory("/run/there")
            host.remove_file(f"/run/there/{{name}}")
            assert host.read_file(f"/run/there/{{name}}") is None
            assert host.read_file(name) is None
            assert host.list_directory(name) == []
            assert host.read_sysctl(f"net/ipv4/conf/{{name}}/forwarding") is None
            for tell in (
                lambda: host.delete_link(name),
                lambda: host.set_master(name, name),
                lambda: host.set_link_up(name, True),
                lambda: host.write_sysctl(f"net/{{name}}", name),
                lambda: host.write_attribute(f"/sys/class/net/{{name}}/mtu", name),
            ):
                try:
                    tell()
                except VirtnetError as error:
                    assert "could not" in str(error) or "doesn't let" in str(error), error
                else:
                    raise AssertionError(name)
        print("unharmed")
        """,
        user=user,
    )

    assert shown == "unharmed\n"
    assert host.sh("ls -A /run/there") == ""


def test_an_ordinary_user_is_root_by_sudo_and_else_told_at_preview(host: Host, desk: Workstation) -> None:
    asked = """\
        from virtnet.planning import lifecycle, messages
        from virtnet.forwarding.resource import HOST_FORWARDING
        wanted, _ = HOST_FORWARDING.check({"uri": clients.libvirt.uri, "ipv4": True}, {})
        print(clients.host.may_change_links())
        found = lifecycle.preview(HOST_FORWARDING, None, wanted, look)
        print(list(messages.lines(found, HOST_FORWARDING.messages())))
    """
    let_everyone_in(host)
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")

    without = python(desk, asked, user=OPERATOR)
    give_sudo(host)
    with_sudo = python(desk, asked, user=OPERATOR)

    assert without.startswith("False\n")
    refusal = "operator@far doesn't let this user set its kernel parameters"
    assert f"pulumi up would refuse this on the host as it is now: {refusal}" in without
    assert with_sudo.startswith("True\n")
    assert "will set net.ipv4.ip_forward to 1" in with_sudo


@pytest.mark.further
def test_a_user_whom_libvirt_there_does_not_let_in_is_told_so(desk: Workstation) -> None:
    shown = python(
        desk,
        """\
        try:
            clients.libvirt.networks()
        except VirtnetError as error:
            print(type(error).__name__, error)
        """,
        user=OPERATOR,
    )

    assert shown.startswith("AccessDenied libvirt at qemu+ssh://operator@far/system doesn't let this user connect")
    assert "Permission denied" in shown


@pytest.mark.further
def test_an_ordinary_user_of_this_machine_is_root_by_sudo(host: Host, desk: Workstation) -> None:
    program = (
        f"{PROLOGUE}clients = look('qemu:///system')\n"
        "print(clients.host.name, clients.host.may_change_links())\n"
        "clients.host.write_sysctl('net/ipv4/ip_forward', '1')\n"
    )
    # The interpreter may be in root's home, which this user reads by a capability that sudo does not pass on.
    user = (
        "setpriv",
        "--reuid=64099",
        "--clear-groups",
        "--inh-caps=+dac_read_search",
        "--ambient-caps=+dac_read_search",
    )
    let_everyone_in(host)
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")

    without = host.run(*user, "python", "-c", program, check=False)
    give_sudo(host)
    with_sudo = host.run(*user, "python", "-c", program)

    assert without.stdout == "this host False\n"
    assert "this host doesn't let this user set the kernel parameter net/ipv4/ip_forward to 1 (" in without.stderr
    assert with_sudo.stdout == "this host True\n"
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"


@pytest.mark.further
def test_an_account_for_libvirt_alone_is_still_good_for_networks(host: Host, desk: Workstation, stack: Stack) -> None:
    helper = "virt-ssh-helper"
    script = f"#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in *{helper}*) exec {helper} qemu:///system ;; esac\nexit 1\n"
    host.run("tee", "/run/only-libvirt", given=script)
    host.sh("chmod 755 /run/only-libvirt; sed -i 's,^,command=\"/run/only-libvirt\" ,' /run/ws-keys")
    # Not started: where libvirt has no interface driver, it could not be seen whether its bridge's name is free.
    stack.network("lab", uri=URI, active=False, autostart=False, ips=[{"address": "10.70.0.1/24"}])

    stack.up()

    assert host.network("lab") is not None
    stack.declare({"type": "HostForwarding", "name": "ip-forwarding", "args": {"uri": URI, "ipv4": True}})
    assert "this URI gives no access to the host itself" in stack.preview()
    stack.declare()
    stack.up()
