"""The client of the host: what programs print is read rightly, and what goes wrong is said in one sentence."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from tests.fakes.machine import FakeMachine

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.client import Host, Listings, local_host
from virtnet.host.local import LocalMachine
from virtnet.host.machine import Answer, HostError, Machine
from virtnet.host.parse import parse_addresses, parse_links, parse_listening_sockets, parse_routes, parse_up
from virtnet.host.shell import ShellMachine
from virtnet.planning.clients.host import FirewallLister, HostClient
from virtnet.planning.clients.reads import Request
from virtnet.planning.reports import HostAddress, HostRoute, Link, ListeningSocket, ServiceReport
from virtnet.transport.ssh import SshCommand

DATA = Path(__file__).parents[1] / "data" / "host"


def test_links() -> None:
    assert {link.name: link for link in parse_links((DATA / "links.json").read_text())} == {
        "lo": Link(name="lo", mac="", kind="", master="", up=True),
        "peer0": Link(name="peer0", mac="52:54:00:00:00:02", kind="veth", master="", up=True),
        "eth0": Link(name="eth0", mac="52:54:00:00:00:01", kind="veth", master="br0", up=True),
        "br0": Link(name="br0", mac="52:54:00:00:00:03", kind="bridge", master="", up=True),
    }


def test_addresses() -> None:
    found = parse_addresses((DATA / "addresses.json").read_text())

    assert HostAddress(interface="br0", address="192.0.2.1/24") in found
    assert HostAddress(interface="br0", address="2001:db8::1/64") in found
    assert HostAddress(interface="peer0", address="203.0.113.7/32") in found


def test_routes() -> None:
    ipv4 = parse_routes((DATA / "routes4.json").read_text(), longest_prefix=32)
    ipv6 = parse_routes((DATA / "routes6.json").read_text(), longest_prefix=128)

    assert ipv4 == (
        HostRoute(destination="default", interface="br0", gateway="192.0.2.254", protocol=""),
        HostRoute(destination="10.0.0.0/8", interface="br0", gateway="192.0.2.2", protocol=""),
        HostRoute(destination="10.0.0.0/8", interface="br0", gateway="192.0.2.3", protocol=""),
        HostRoute(destination="10.66.0.0/16", interface="", gateway="", protocol=""),
        HostRoute(destination="10.77.0.0/16", interface="br0", gateway="fe80::9", protocol=""),
        HostRoute(destination="192.0.2.0/24", interface="br0", gateway="", protocol="kernel"),
        HostRoute(destination="198.51.100.9/32", interface="br0", gateway="", protocol=""),
    )
    assert HostRoute(destination="2001:db8:9::7/128", interface="br0", gateway="", protocol="") in ipv6
    assert HostRoute(destination="default", interface="br0", gateway="fe80::1", protocol="ra") in ipv6


@pytest.mark.parametrize(("flags", "up"), [("0x1003\n", True), ("0x1002", False)])
def test_whether_a_link_is_up(flags: str, up: bool) -> None:
    assert parse_up(flags) is up


def test_sockets() -> None:
    found = parse_listening_sockets((DATA / "sockets.txt").read_text())

    assert found == (
        ListeningSocket(protocol="udp", address="192.0.2.1", interface="", port=53),
        ListeningSocket(protocol="udp", address="0.0.0.0", interface="br0", port=67),  # noqa: S104 - parsed
        ListeningSocket(protocol="udp", address="fe80::1", interface="br0", port=53),
        ListeningSocket(protocol="udp", address="::", interface="br0", port=547),
        ListeningSocket(protocol="tcp", address="127.0.0.53", interface="lo", port=53),
        ListeningSocket(protocol="tcp", address="192.0.2.1", interface="", port=53),
        ListeningSocket(protocol="tcp", address="::", interface="", port=22),
        ListeningSocket(protocol="tcp", address="*", interface="", port=80),
    )


@pytest.mark.parametrize("answer", ["", "\n", "[]", "[{}]"])
def test_an_empty_answer_is_none(answer: str) -> None:
    assert parse_links(answer) == ()
    assert parse_addresses(answer) == ()
    assert parse_routes(answer, longest_prefix=32) == ()


def test_local_host_is_a_host_client() -> None:
    client: HostClient = local_host()

    assert client.name == "this host"
    assert client.has_program("ls")
    assert not client.has_program("no-such-program")
    assert "lo" in {link.name for link in client.links()}


@pytest.fixture(params=["this process", "sh", "bash"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Who carries requests out: this process, or a shell of this machine as it would be that of another."""
    if request.param == "this process":
        yield LocalMachine()
        return
    shell = ShellMachine(SshCommand(name="this host", argv=(request.param,), user="this user"))
    yield shell
    shell.close()


class Programs:
    """A machine that has these programs, and keeps what is run; those that fail change nothing."""

    name, root_hint = "this host", ""

    def __init__(self, *there: str, failing: str = "") -> None:
        self._there, self._failing = there, failing
        self.rules: set[str] = set()
        """The programs that have a rule."""

    def read(self, *requests: Request) -> Sequence[Answer]:
        return [Answer(text=program if program in self._there else "") for _, program, *_ in requests]

    def execute(self, request: Request) -> Answer:
        _, program, *arguments = request
        assert program in self._there
        wanted = (
            {"-I": True, "-D": False}.get(arguments[1]) if program.endswith("tables") else "add rule" in arguments[0]
        )
        if program == self._failing or (wanted is None and program not in self.rules):
            return Answer(error=HostError(None, "cannot be done", 1))
        if wanted is not None:
            (self.rules.add if wanted else self.rules.discard)(program)
        return Answer()


@pytest.mark.parametrize(
    ("machine", "program"),
    [
        (Programs("nft", "iptables"), "nft"),
        (Programs("nft"), "nft"),
        (Programs("iptables"), "iptables"),
        (Programs("nft", "iptables", failing="nft"), "iptables"),  # the kernel has no nf_tables
    ],
)
def test_connections_are_tracked_by_what_the_host_has(machine: Programs, program: str) -> None:
    host = Host(machine)

    host.track_connections("virtnet-holding-1")
    host.track_connections("virtnet-holding-1")
    tracked = set(machine.rules)
    host.stop_tracking("virtnet-holding-1")
    host.stop_tracking("virtnet-holding-1")

    assert tracked == {program}
    assert machine.rules == set()


@pytest.mark.parametrize(
    ("versions", "rules"), [((4,), {"iptables"}), ((6,), {"ip6tables"}), ((4, 6), {"iptables", "ip6tables"})]
)
def test_connections_are_tracked_by_iptables_where_libvirt_uses_that(
    versions: tuple[int, ...], rules: set[str]
) -> None:
    machine = Programs("nft", "iptables", "ip6tables")
    host = Host(machine)

    host.track_connections("virtnet-holding-1", versions, "iptables")
    host.track_connections("virtnet-holding-1", versions, "iptables")
    tracked = set(machine.rules)
    host.stop_tracking("virtnet-holding-1", "iptables")
    host.stop_tracking("virtnet-holding-1", "iptables")

    assert tracked == rules
    assert machine.rules == set()


def test_where_nothing_tracks_connections_that_is_said() -> None:
    with pytest.raises(HostFailure, match="cannot be done"):
        Host(Programs("nft", failing="nft")).track_connections("virtnet-holding-1")


class TestSysctl:
    def test_reads_and_writes_by_slash_form(self, machine: Machine, tmp_path: Path) -> None:
        parameter = tmp_path / "net/ipv4/conf/eth0.100/forwarding"
        parameter.parent.mkdir(parents=True)
        parameter.write_text("0\n")
        host = Host(machine, proc_sys=str(tmp_path))

        assert host.read_sysctl("net/ipv4/conf/eth0.100/forwarding") == "0"
        host.write_sysctl("net/ipv4/conf/eth0.100/forwarding", "1")
        assert parameter.read_text() == "1\n"

    def test_knows_what_is_not_there(self, machine: Machine, tmp_path: Path) -> None:
        host = Host(machine, proc_sys=str(tmp_path))

        assert host.read_sysctl("net/ipv4/conf/gone/forwarding") is None
        with pytest.raises(HostFailure, match="could not set the kernel parameter net/gone to 1 on this host: No such"):
            host.write_sysctl("net/gone", "1")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("key", ["", "/etc/passwd", "net/../../etc/passwd", "..", "net/ipv4\0/x"])
    def test_refuses_what_is_no_key(self, machine: Machine, key: str, tmp_path: Path) -> None:
        with pytest.raises(HostFailure, match="isn't a kernel parameter of this host"):
            Host(machine, proc_sys=str(tmp_path)).write_sysctl(key, "1")


class TestFiles:
    def test_writes_whole_with_the_right_mode(self, machine: Machine, tmp_path: Path) -> None:
        path, host = tmp_path / "sysctl.d" / "90-x.conf", Host(machine)

        previous_mask = os.umask(0o077)
        try:
            host.write_file(str(path), "a = 1\n")
            host.write_file(str(path), "a = 2\n")
        finally:
            os.umask(previous_mask)

        assert host.read_file(str(path)) == "a = 2\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert host.list_directory(str(path.parent)) == ["90-x.conf"]

    def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(self, machine: Machine, tmp_path: Path) -> None:
        path, host = tmp_path / "90-x.conf", Host(machine)
        host.write_file(str(path), "a = 1\n")

        with pytest.raises(UnicodeEncodeError):
            host.write_file(str(path), "\ud800")

        assert path.read_text() == "a = 1\n"
        assert host.list_directory(str(tmp_path)) == ["90-x.conf"]

    @pytest.mark.parametrize(
        "content", ["", "\n", "a\n\n", "$x `y` 'z' \"\\n", "\udcff\xfc\n", "# " + "long " * 50_000]
    )
    def test_gives_back_exactly_what_was_written(self, machine: Machine, tmp_path: Path, content: str) -> None:
        path, host = str(tmp_path / "a 'file'\n"), Host(machine)

        host.write_file(path, content)

        assert host.read_file(path) == content
        assert host.list_directory(str(tmp_path)) == ["a 'file'\n"]

    def test_a_shell_of_its_own_sees_names_that_begin_with_a_dot(self, machine: Machine, tmp_path: Path) -> None:
        for name in (".a", "..b", "*", "?"):
            (tmp_path / name).touch()
        (tmp_path / "dangling").symlink_to("nowhere")

        assert Host(machine).list_directory(str(tmp_path)) == ["*", "..b", ".a", "?", "dangling"]

    def test_a_nul_is_refused(self, machine: Machine) -> None:
        with pytest.raises(HostFailure, match="a name can't contain a NUL character"):
            Host(machine).read_file("/etc/\0")

    def test_removes_and_is_content_when_it_is_gone(self, machine: Machine, tmp_path: Path) -> None:
        path, host = tmp_path / "90-x.conf", Host(machine)
        host.write_file(str(path), "")

        host.remove_file(str(path))
        host.remove_file(str(path))
        host.remove_file(str(tmp_path / "nowhere" / "90-x.conf"))

        assert host.read_file(str(path)) is None
        assert host.list_directory(str(tmp_path / "nowhere")) == []

    def test_removes_a_directory_that_holds_nothing(self, machine: Machine, tmp_path: Path) -> None:
        host, directory = Host(machine), tmp_path / "-a b"
        (directory / "in it").mkdir(parents=True)

        host.remove_directory(str(directory))
        host.remove_directory(str(tmp_path / "nowhere"))
        assert directory.is_dir()
        host.remove_directory(str(directory / "in it"))
        host.remove_directory(str(directory))

        assert not directory.exists()

    def test_a_directory_that_something_is_mounted_on_stays(self, machine: Machine) -> None:
        Host(machine).remove_directory("/proc")

        assert Path("/proc/self").exists()

    def test_says_what_stands_in_the_way(self, machine: Machine, tmp_path: Path) -> None:
        (tmp_path / "90-x.conf").mkdir()

        with pytest.raises(HostFailure, match=r"could not write .*/90-x\.conf on this host: Is a directory"):
            Host(machine).write_file(str(tmp_path / "90-x.conf"), "")


@pytest.mark.parametrize("status", [250, 251, 252, 253])
def test_what_a_program_ends_with_is_its_own(machine: Machine, status: int) -> None:
    (answer,) = machine.read(("run", "sh", "-c", f"echo words >&2; exit {status}"))

    assert answer.error == HostError(None, "words", status)


class TestZones:
    @pytest.fixture(params=["this process", "sh"])
    def host(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
        """A host on whose path a firewall-cmd may be put first."""
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        if request.param == "this process":
            yield local_host(search_path=path)
            return
        shell = ShellMachine(SshCommand(name="far", argv=("sh", "-c", f"PATH='{path}' exec sh"), user="me"))
        yield Host(shell)
        shell.close()

    @pytest.mark.parametrize(
        ("script", "zones"),
        [
            (None, ()),
            ("echo 'lab public'", ("lab", "public")),
            ("echo 'FirewallD is not running' >&2; exit 252", ()),
            ("echo 'in another language' >&2; exit 252", ()),
            ("echo 'Error: DBUS_ERROR: Failed to connect to socket' >&2; exit 36", ()),
        ],
    )
    def test_those_of_firewalld(self, host: Host, tmp_path: Path, script: str | None, zones: tuple[str, ...]) -> None:
        if script is not None:
            (tmp_path / "firewall-cmd").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "firewall-cmd").chmod(0o755)

        assert tuple(host.firewall_zones()) == zones

    def test_another_failure_is_one(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "firewall-cmd").write_text(
            "#!/bin/sh\necho 'Authorization failed, not running as root' >&2; exit 253\n"
        )
        (tmp_path / "firewall-cmd").chmod(0o755)

        with pytest.raises(HostFailure, match="Authorization failed"):
            host.firewall_zones()


class TestLimits:
    """What the kernel has is asked in a network namespace, which only root can make."""

    @pytest.mark.parametrize(
        ("ends_with", "can"),
        [
            pytest.param(0, True, id="it has all"),
            pytest.param(3, False, id="it lacks something"),
            pytest.param(1, True, id="this user may not ask"),
        ],
    )
    def test_says_no_only_where_the_kernel_does(self, tmp_path: Path, ends_with: int, *, can: bool) -> None:
        program = tmp_path / "unshare"
        program.write_text(f"#!/bin/sh\nexit {ends_with}\n")
        program.chmod(0o755)

        assert local_host(search_path=str(tmp_path)).can_limit("inbound") is can

    def test_says_no_only_where_it_can_be_asked(self, tmp_path: Path) -> None:
        assert local_host(search_path=str(tmp_path)).can_limit("outbound") is True


class TestPrograms:
    def host(self, directory: Path, script: str | None, seconds: float = 30) -> Host:
        """A host whose only program is `ip`, which does what the script says, and is given up after some seconds."""
        if script is not None:
            (directory / "ip").write_text(f"#!/bin/sh\n{script}\n")
            (directory / "ip").chmod(0o755)
        return local_host(search_path=str(directory), seconds=seconds)

    def test_names_the_package_of_a_missing_one(self, tmp_path: Path) -> None:
        with pytest.raises(
            HostFailure,
            match=r"could not list the addresses on this host: the program 'ip' isn't installed\. Install iproute2",
        ):
            self.host(tmp_path, None).addresses()

    def test_passes_on_what_one_says(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, "echo 'Cannot talk to rtnetlink' >&2; exit 2")

        with pytest.raises(HostFailure, match="could not list the network interfaces on this host: Cannot talk to"):
            host.links()

    def test_says_that_root_is_needed(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, "echo 'RTNETLINK answers: Operation not permitted' >&2; exit 2")

        with pytest.raises(AccessDenied, match=r"doesn't let this user delete the interface br0 .*Run as root"):
            host.delete_link("br0")

    def test_gives_up_on_one_that_hangs(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, "exec /bin/sleep 60", 0.5)

        with pytest.raises(HostFailure, match=r"'ip' didn't answer in 0\.5 s\. Try again"):
            host.routes()

    @pytest.mark.parametrize("name", ["-help", "x; touch owned", "$(touch owned)", "a b", "type"])
    def test_a_hostile_name_is_one_argument(self, tmp_path: Path, name: str) -> None:
        host = self.host(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/arguments')

        host.delete_link(name)

        assert (tmp_path / "arguments").read_text().splitlines() == ["link", "delete", "dev", name]
        assert not (tmp_path / "owned").exists()


class TestNft:
    """Tables of nftables, by a program that notes what it is given."""

    def host(self, directory: Path, script: str | None) -> Host:
        if script is not None:
            (directory / "nft").write_text(f"#!/bin/sh\n{script}\n")
            (directory / "nft").chmod(0o755)
        machine = LocalMachine(search_path=f"{directory}:/usr/bin:/bin")
        return Host(machine, nft_file=str(directory / "run" / "load.nft"))

    def test_one_that_is_there_is_listed(self, tmp_path: Path) -> None:
        host = self.host(
            tmp_path,
            """if [ "$*" = "-j list tables" ]; then
                 echo '{"nftables": [{"metainfo": {}}, {"table": {"family": "inet", "name": "lab", "handle": 7}}]}'
               else printf '%s\n' "$*"; fi""",
        )

        assert host.nft_table("inet", "lab") == "-j list table inet lab\n"
        assert host.nft_table("ip", "lab") is None

    def test_there_is_none_without_nft(self, tmp_path: Path) -> None:
        assert self.host(tmp_path, None).nft_table("inet", "lab") is None

    def test_commands_are_one_argument(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, f'printf "%s|" "$#" "$1" >{tmp_path}/given')

        host.load_nft("add table inet lab\nadd chain inet lab $(touch owned)\n")

        assert (tmp_path / "given").read_text() == "1|add table inet lab\nadd chain inet lab $(touch owned)\n|"

    def test_more_than_an_argument_may_hold_is_loaded_all_the_same(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, f'cat "$2" >{tmp_path}/given')
        commands = "add table inet lab\n" * 20_000

        host.load_nft(commands)

        assert (tmp_path / "given").read_text() == commands
        assert list((tmp_path / "run").iterdir()) == []

    def test_says_what_nft_says(self, tmp_path: Path) -> None:
        host = self.host(tmp_path, "echo 'Error: Could not process rule: File exists' >&2; exit 1")

        with pytest.raises(HostFailure, match="could not load rules into nftables on this host: Error: Could not"):
            host.load_nft("add table inet lab")


def test_a_script_of_the_host_is_asked_and_run(machine: Machine, tmp_path: Path) -> None:
    script = tmp_path / "a script.sh"
    script.write_text(f'echo "$1 $2"; [ "$1" = check ] || echo done >"{tmp_path}/done"; [ "$2" != wrong ]')

    asked = Host(machine).ask_script(str(script), "check", "$HOME; x")
    there_before = (tmp_path / "done").exists()
    Host(machine).run_script(str(script), "links", "")

    assert asked == "check $HOME; x\n"
    assert (there_before, (tmp_path / "done").exists()) == (False, True)
    with pytest.raises(HostFailure, match=r"could not run .*/a script\.sh on this host: exit status 1"):
        Host(machine).run_script(str(script), "links", "wrong")


class TestServices:
    """Services of systemd, by a program that notes what it is given."""

    SHOW = 'printf "UnitFileState=%s\\nActiveState=%s\\n" {} {}'

    def host(self, directory: Path, script: str, *, booted: bool = True) -> Host:
        (directory / "systemctl").write_text(f"#!/bin/sh\necho $* >>{directory}/asked\n{script}\n")
        (directory / "systemctl").chmod(0o755)
        if booted:
            (directory / "run" / "system").mkdir(parents=True)
        return Host(LocalMachine(search_path=str(directory)), systemd_runtime=str(directory / "run"))

    @pytest.mark.parametrize(
        ("printed", "found"),
        [
            ("enabled active", ServiceReport(enabled=True, active=True)),
            ("enabled failed", ServiceReport(enabled=True, active=False)),
            ("disabled active", ServiceReport(enabled=False, active=True)),
            ("'' inactive", ServiceReport(enabled=False, active=False)),
        ],
    )
    def test_how_one_is_found(self, tmp_path: Path, printed: str, found: ServiceReport) -> None:
        assert self.host(tmp_path, self.SHOW.format(*printed.split())).service("lab.service") == found

    def test_there_is_none_where_another_is_process_1(self, tmp_path: Path) -> None:
        assert self.host(tmp_path, "exit 1", booted=False).service("lab.service") is None
        assert not (tmp_path / "asked").exists()

    @pytest.mark.parametrize(
        ("enabled", "active", "asked"),
        [
            (True, True, ["daemon-reload", "enable -- lab.service", "restart -- lab.service"]),
            (True, False, ["daemon-reload", "enable -- lab.service", "stop -- lab.service"]),
            (False, True, ["daemon-reload", "disable -- lab.service", "restart -- lab.service"]),
            (False, False, ["disable --now -- lab.service"]),
        ],
    )
    def test_one_is_enabled_and_started_or_not(
        self, tmp_path: Path, enabled: bool, active: bool, asked: list[str]
    ) -> None:
        self.host(tmp_path, "").set_service("lab.service", ServiceReport(enabled=enabled, active=active))

        assert (tmp_path / "asked").read_text().splitlines() == asked


class TestProcesses:
    def started(self, code: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def test_ends_one_and_is_content_when_there_is_none(self, machine: Machine) -> None:
        with self.started("print('ready', flush=True); import time; time.sleep(60)") as process:
            Host(machine).end_process(process.pid)

            assert process.wait(timeout=0) == -signal.SIGTERM
        Host(machine).end_process(process.pid)

    def test_says_which_one_goes_on(self, machine: Machine) -> None:
        code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
        with self.started(code) as process:
            with pytest.raises(HostFailure, match=f"could not end process {process.pid} on this host: it still runs"):
                Host(machine, seconds_for_an_end=0.1).end_process(process.pid)
            process.kill()


def test_one_listing_of_the_firewall_serves_all_doors_to_a_host_for_a_while(tmp_path: Path) -> None:
    program = tmp_path / "iptables-save"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho rules\n")
    program.chmod(0o755)
    listings, machine = Listings(), LocalMachine(search_path=f"{tmp_path}:/usr/bin:/bin")

    first = Host(machine, listings=listings).firewall_rules("iptables-save", seconds_old=60)
    second = Host(machine, listings=listings).firewall_rules("iptables-save", seconds_old=60)
    asked_for_both = (tmp_path / "asked").read_text()
    Host(machine, listings=listings).firewall_rules("iptables-save")

    assert (first, second) == ("rules\n", "rules\n")
    assert asked_for_both == "asked\n"
    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


class _OnceAllHaveAsked:
    """A lock that nobody gets before so many want it."""

    def __init__(self, many: int) -> None:
        self._all, self._lock = threading.Barrier(many), threading.Lock()

    def __enter__(self) -> None:
        self._all.wait(timeout=30)
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_listing_that_was_asked_for_while_others_waited_serves_them_too(tmp_path: Path) -> None:
    program = tmp_path / "iptables-save"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho rules\n")
    program.chmod(0o755)
    machine = LocalMachine(search_path=f"{tmp_path}:/usr/bin:/bin")
    host = Host(machine, listings=Listings(lock=cast("threading.Lock", _OnceAllHaveAsked(5))))

    with ThreadPoolExecutor(5) as pool:
        told = list(pool.map(lambda _: host.firewall_rules("iptables-save"), range(5)))

    assert told == ["rules\n"] * 5
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_a_listing_that_took_long_stands_longer(tmp_path: Path) -> None:
    program = tmp_path / "iptables-save"
    program.write_text("#!/bin/sh\nsleep 0.3\necho rules\n")
    program.chmod(0o755)
    host = Host(LocalMachine(search_path=f"{tmp_path}:/usr/bin:/bin"), listings=Listings())
    before = host.seconds_a_listing_stands(2.0)

    host.firewall_rules("iptables-save")

    assert before == 2.0
    assert host.seconds_a_listing_stands(2.0) >= 3.0
    assert host.seconds_a_listing_stands(300.0) == 300.0


@pytest.mark.parametrize(
    ("program", "listings"),
    [
        (
            ("iptables-save",),
            (
                f"# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 30 06:3{second}:00 2026\n*filter\n"
                f":INPUT ACCEPT [{second}:840]\n:MINE - [0:0]\n-A INPUT -m comment --comment [1:2] -j MINE\nCOMMIT\n"
                f"# Completed on Mon Nov 30 06:3{second}:00 2026\n"
                for second in (1, 2)
            ),
        ),
        (
            ("nft", "--json", "list", "ruleset"),
            (
                json.dumps({"nftables": [{"rule": {"expr": [{"counter": {"packets": count, "bytes": 9 * count}}]}}]})
                for count in (1, 2)
            ),
        ),
    ],
    ids=["iptables", "nftables"],
)
def test_rules_that_stayed_as_they_were_are_the_same_text(program: tuple[str, ...], listings: Iterable[str]) -> None:
    lister: FirewallLister = "nft-json" if program[0] == "nft" else "iptables-save"

    found = {Host(FakeMachine(printed={program: listing})).firewall_rules(lister) for listing in listings}

    (text,) = found
    assert text is not None
    assert text.count("\n-A INPUT -m comment --comment [1:2] -j MINE\n") == (lister == "iptables-save")
    assert ("(nf_tables)\n*filter\n:INPUT ACCEPT\n:MINE -\n" in text) == (lister == "iptables-save")
