"""HostForwarding against a real kernel, the real `sysctl` and the real systemd-sysctl, in namespaces of its own."""

import contextlib
import os
import pwd
import random
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import checked_forwarding as desired
from tests.builders import clients as clients_of
from tests.builders import network
from tests.hosts.namespaces import drop_capabilities, in_namespaces, make_read_only, mount_read_only_sysfs
from tests.kinds import FORWARDING, IN_KINDS

from virtnet.errors import AccessDenied, ApplyFailed, HostFailure, Refused
from virtnet.forwarding.boot_files.boot import by_procps, by_systemd, fresh_kernel
from virtnet.forwarding.boot_files.other_programs import overriding_settings
from virtnet.forwarding.kinds import NoteKind, RefusalKind, SystemdVersions, UserKind
from virtnet.forwarding.observe import observe
from virtnet.forwarding.plan.plan import plan
from virtnet.forwarding.resource import outputs
from virtnet.forwarding.sysctl import WHOLE_HOST, after_write
from virtnet.host.client import local_host
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note

#: It runs none of libvirt's daemons.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

OWNER = "project/stack/forwarding"
DROP_IN = Path("/etc/sysctl.d/90-virtnet-forwarding.conf")
SYSTEMD_NETWORKD = "/usr/lib/systemd/systemd-networkd"
SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"


def clients(*networks: Any) -> Clients:
    return clients_of(local_host(), networks)


def applied(inputs: Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    decided = plan(inputs, recorded, observe(clients(), inputs, recorded or {}))
    apply(decided, clients(), FORWARDING, messages=lambda: IN_KINDS)
    details = {**(recorded or {}), **decided.details}
    return outputs(inputs, details, observe(clients(), {}, details))


def deleted(recorded: Mapping[str, Any], *networks: Any) -> tuple[Note, ...]:
    decided = plan(None, recorded, observe(clients(*networks), None, recorded))
    apply(decided, clients(*networks), FORWARDING, messages=lambda: IN_KINDS)
    return decided.notes


def sysctl(key: str) -> str:
    """A parameter by the `sysctl` program's account, so that reading ours is not judged by itself."""
    return subprocess.run(["sysctl", "-n", key], check=True, capture_output=True, text=True).stdout.strip()


def set_sysctl(setting: str) -> None:
    subprocess.run(["sysctl", "-q", "-w", setting], check=True)


def trees() -> dict[str, str]:
    """All of net.ipv4.conf, net.ipv6.conf and ip_forward."""
    pattern = r"^net\.(ipv4\.(conf|ip_forward)|ipv6\.conf)"
    done = subprocess.run(["sysctl", "-a", "-r", pattern], check=False, capture_output=True, text=True)
    return dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)


def test_create_and_delete_leave_both_trees_as_they_were() -> None:
    def scenario() -> None:
        set_sysctl("net/ipv4/conf/eth0.100/forwarding=1")
        set_sysctl("net.ipv4.conf.all.accept_redirects=0")
        set_sysctl("net.ipv6.conf.eth1.forwarding=1")
        before = trees()
        assert len(before) > 100

        recorded = applied(desired(ipv4=True, ipv6=True, interfaces={"eth1": {"ipv4": False}}))

        assert sysctl("net.ipv4.ip_forward") == "1"
        assert sysctl("net.ipv6.conf.all.forwarding") == "1"
        assert sysctl("net.ipv4.conf.eth1.forwarding") == "0"
        assert sysctl("net/ipv4/conf/eth0.100/forwarding") == "1"
        assert recorded["runtime"] == {
            "net/ipv4/ip_forward": "1",
            "net/ipv6/conf/all/forwarding": "1",
            "net/ipv4/conf/eth1/forwarding": "0",
        }
        assert recorded["at_boot"]["net/ipv4/ip_forward"] == {"value": "1", "source": str(DROP_IN)}
        assert deleted(recorded) == ()
        assert trees() == before
        assert not list(DROP_IN.parent.iterdir())

    in_namespaces(scenario, "eth0.100", "eth1")


def test_the_next_boot_gives_what_the_drop_in_says() -> None:
    def scenario() -> None:
        applied(desired(ipv4=True, interfaces={"eth0.100": {"ipv4": False}}))
        set_sysctl("net.ipv4.ip_forward=0")

        subprocess.run([SYSTEMD_SYSCTL], check=True)

        assert sysctl("net.ipv4.ip_forward") == "1"
        assert sysctl("net/ipv4/conf/eth0.100/forwarding") == "0"
        assert DROP_IN.stat().st_mode & 0o777 == 0o644

    in_namespaces(scenario, "eth0.100")


def test_drift_is_shown_and_mended() -> None:
    def scenario() -> None:
        inputs = desired(ipv4=True, persist=True)
        recorded = applied(inputs)
        set_sysctl("net.ipv4.ip_forward=0")
        DROP_IN.write_text(DROP_IN.read_text().replace("= 1", "= 0"))

        shown = outputs(inputs, recorded, observe(clients(), {}, recorded))

        assert (shown["ipv4"], shown["persist"]) == (False, False)
        assert {change.path for change in plan(inputs, shown, None).changes} == {"ipv4", "persist"}
        assert applied(inputs, shown) == recorded
        assert sysctl("net.ipv4.ip_forward") == "1"

    in_namespaces(scenario)


def advertise(interface: str) -> None:
    """Send one router advertisement (RFC 4861), from a link-local address of the interface, good for half an hour."""
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        index = socket.if_nametoindex(interface)
        sender.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0, 0, index))


def learns_a_route(interface: str) -> None:
    for command in (
        ["sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.accept_dad=0", "net.ipv6.conf.peer0.accept_dad=0"],
        ["ip", "link", "set", "dev", "peer0", "up"],
        ["ip", "link", "set", "dev", interface, "up"],
    ):
        subprocess.run(command, check=True)
    for _ in range(100):
        with contextlib.suppress(OSError):  # its own address may take a moment
            advertise("peer0")
        if learnt_on() == [interface]:
            return
        time.sleep(0.05)
    raise AssertionError("the router advertisement gave no route")


def learnt_on() -> list[str]:
    return [route.interface for route in local_host().routes() if route.protocol == "ra"]


def test_routes_from_router_advertisements_survive() -> None:
    def scenario() -> None:
        # A name of more than eight characters, which libvirt's own guard misses.
        learns_a_route("enp0s31f6")

        recorded = applied(desired(ipv6=True))

        assert learnt_on() == ["enp0s31f6"]
        assert sysctl("net.ipv6.conf.enp0s31f6.accept_ra") == "2"
        assert "net/ipv6/conf/enp0s31f6/accept_ra = 2" in DROP_IN.read_text()
        deleted(recorded)
        assert sysctl("net.ipv6.conf.enp0s31f6.accept_ra") == "1"
        assert learnt_on() == ["enp0s31f6"]

    in_namespaces(scenario, "enp0s31f6")


def test_without_preserving_they_are_lost_and_the_plan_says_so() -> None:
    def scenario() -> None:
        learns_a_route("wan0")
        inputs = desired(ipv6=True, preserve_router_advertisements=False)

        (note,) = plan(inputs, None, observe(clients(), inputs, {})).notes
        applied(inputs)

        assert note == Note(NoteKind.LOSES_ADVERTISED_ROUTES, {"interface": "wan0", "host": "this host"})
        assert learnt_on() == []

    in_namespaces(scenario, "wan0")


def test_a_step_that_fails_is_taken_back_whole() -> None:
    def scenario() -> None:
        before = trees()
        make_read_only("/etc/sysctl.d")

        with pytest.raises(ApplyFailed, match="read-only"):
            applied(desired(ipv4=True))

        assert trees() == before

    in_namespaces(scenario)


def test_delete_leaves_forwarding_on_for_an_active_network() -> None:
    def scenario() -> None:
        recorded = applied(desired(ipv4=True))

        notes = deleted(recorded, network("default", "nat", "192.168.122.1/24"))

        assert sysctl("net.ipv4.ip_forward") == "1"
        needed_by = {"kind": UserKind.NETWORK.value, "mode": "nat", "name": "default"}
        assert notes == (Note(NoteKind.STAYS_ON, {"key": "net/ipv4/ip_forward", "needed_by": [needed_by]}),)
        assert not DROP_IN.exists()

    in_namespaces(scenario)


def test_the_host_answers_for_itself() -> None:
    def scenario() -> None:
        host = local_host()
        subprocess.run(["ip", "address", "add", "192.0.2.1/24", "dev", "eth0"], check=True)
        subprocess.run(["ip", "link", "set", "dev", "eth0", "up"], check=True)

        assert {link.name: link.kind for link in host.links()} == {"lo": "", "eth0": "veth", "peer0": "veth"}
        assert ("eth0", "192.0.2.1/24") in {(item.interface, item.address) for item in host.addresses()}
        assert ("192.0.2.0/24", "eth0") in {(item.destination, item.interface) for item in host.routes()}
        assert host.listening_sockets() == ()
        assert host.dhcp_port_free()
        host.delete_link("eth0")
        assert [link.name for link in host.links()] == ["lo"]
        with pytest.raises(HostFailure, match="could not delete the interface eth0 on this host: Cannot find device"):
            host.delete_link("eth0")
        with pytest.raises(HostFailure, match="could not set the kernel parameter net/ipv4/nothing to 1"):
            host.write_sysctl("net/ipv4/nothing", "1")
        with pytest.raises(AccessDenied, match="doesn't let this user read the kernel parameter"):
            host.read_sysctl("net/ipv4/route/flush")

    in_namespaces(scenario, "eth0")


INTERFACES = ["lo", "eth0.100", "eth1"]
PLACES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
NAMES = ("10-a.conf", "50-b.conf", "90-virtnet-forwarding.conf", "99-z.conf", ".20-dot.conf", "README", "B.conf")
KEYS = (
    "net.ipv4.ip_forward",
    "net/ipv4/ip_forward",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.*.forwarding",
    "net.ipv4.conf.e*.forwarding",
    "net.ipv[46].conf.all.forwarding",
    "net.ipv4.conf.eth0/100.forwarding",
    "net/ipv4/conf/eth0.100/forwarding",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.nothere.forwarding",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.forwarding",
    "net.ipv6.conf.eth1.forwarding",
    "net.ipv6.conf.?th1.forwarding",
    "net.ipv6.conf.*.accept_ra",
)
ASSIGNMENTS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "-", "- ", "  ", "# ", "; "]),
    st.sampled_from(KEYS),
    st.sampled_from(["=", " = ", "   =  "]),
    st.sampled_from(["0", "0", "1", "1", "2", "0x1", "-1", "bogus", ""]),
    st.sampled_from(["", "", "  ", "\r"]),
)
EXCLUSIONS = st.sampled_from(["-net.ipv4.conf.all.forwarding", "-net.ipv4.conf.eth1.forwarding"])
LINES = st.one_of(ASSIGNMENTS, ASSIGNMENTS, EXCLUSIONS, st.sampled_from(["no assignment", "", "="]))
TEXTS = st.builds("{}{}".format, st.lists(LINES, max_size=4).map("\n".join), st.sampled_from(["\n", ""]))
#: A file's text, or what else may have its name.
ENTRIES = st.one_of(TEXTS, TEXTS, TEXTS, st.sampled_from(["-> /dev/null", "-> 10-a.conf", "-> nowhere", "directory"]))
PATHS = st.one_of(
    st.builds("{}/{}".format, st.sampled_from(PLACES), st.sampled_from(NAMES)), st.just("/etc/sysctl.conf")
)


def put(path: Path, entry: str) -> None:
    """Make a file, a link or a directory, as an entry of ENTRIES says; /etc/sysctl.conf only where it is our own."""
    if str(path) == "/etc/sysctl.conf":
        if path.is_mount() and not entry.startswith(("->", "directory")):
            path.write_text(entry)
    elif entry == "directory":
        path.mkdir()
    elif entry.startswith("-> "):
        path.symlink_to(entry.removeprefix("-> "))
    else:
        path.write_text(entry)


def clear() -> None:
    for place in PLACES:
        for path in Path(place).iterdir():
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    if Path("/etc/sysctl.conf").is_mount():
        Path("/etc/sysctl.conf").write_text("")


@pytest.mark.parametrize("program", ["systemd-sysctl", pytest.param("sysctl --system", marks=pytest.mark.further)])
def test_every_verdict_on_the_next_boot_is_that_of_the_program(program: str) -> None:
    command = ["sysctl", "--system"] if program == "sysctl --system" else [SYSTEMD_SYSCTL]
    assert shutil.which(command[0]), f"{command[0]} is not installed; it belongs to systemd or procps"
    model = by_procps if program == "sysctl --system" else by_systemd

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(PATHS, ENTRIES, min_size=1, max_size=5))
    def compare(entries: dict[str, str]) -> None:
        host, fresh = local_host(), fresh_kernel(INTERFACES)
        clear()
        for key in (*WHOLE_HOST, *fresh):
            host.write_sysctl(key, fresh[key])
        for path, entry in entries.items():
            put(Path(path), entry)

        subprocess.run(command, check=False, capture_output=True)

        verdict = {key: boot.value for key, boot in model(observe(clients(), {}, {}).files, INTERFACES).items()}
        assert {key: host.read_sysctl(key) for key in fresh} == verdict

    in_namespaces(compare, "eth0.100", "eth1")


def test_parameters_of_others_cannot_be_written_in_these_tests() -> None:
    def scenario() -> None:
        Path("/etc/sysctl.d/10-a.conf").write_text("vm.swappiness = 1\nnet.ipv4.ip_forward = 1\n")
        before = Path("/proc/sys/vm/swappiness").read_text()

        with pytest.raises(OSError, match="Read-only"):
            Path("/proc/sys/vm/swappiness").write_text(before)
        subprocess.run([SYSTEMD_SYSCTL], check=False, capture_output=True)

        assert sysctl("net.ipv4.ip_forward") == "1"
        assert Path("/proc/sys/vm/swappiness").read_text() == before

    in_namespaces(scenario)


FLAGS = st.fixed_dictionaries({}, optional={"ipv4": st.booleans(), "ipv6": st.booleans()})
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "ipv4": st.booleans(),
        "ipv6": st.booleans(),
        "interfaces": st.dictionaries(st.sampled_from(["eth0.100", "eth1"]), FLAGS.filter(bool)),
        "persist": st.booleans(),
        "drop_in": st.sampled_from(["90-virtnet-forwarding.conf", "99-ours.conf"]),
    },
)
FOUND = st.lists(st.tuples(st.sampled_from([*WHOLE_HOST, *fresh_kernel(INTERFACES)]), st.sampled_from("012")))


@pytest.mark.further
def test_whatever_was_there_and_whatever_was_asked_delete_gives_both_trees_back() -> None:
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(FOUND, st.lists(INPUTS, min_size=1, max_size=3))
    def scenario(found: list[tuple[str, str]], history: list[dict[str, Any]]) -> None:
        clear()
        for key, value in found:
            set_sysctl(f"{key}={value}")
        before, recorded = trees(), None

        for inputs in history:
            recorded = applied(desired(**inputs), recorded)
            for key, value in recorded["runtime"].items():
                assert sysctl(key) == value
        deleted(recorded or {})

        assert trees() == before
        assert not list(DROP_IN.parent.iterdir())

    in_namespaces(scenario, "eth0.100", "eth1")


@pytest.mark.further
def test_killed_at_any_moment_a_write_leaves_the_old_file_or_the_new_one() -> None:
    code = (
        "import itertools, sys\nfrom virtnet.host.client import local_host\n"
        "print('ready', flush=True)\n"
        "for n in itertools.count(): local_host().write_file(sys.argv[1], f'# {n % 10}\\n' * 5000)"
    )

    def scenario() -> None:
        whole = {f"# {n}\n" * 5000 for n in range(10)}
        DROP_IN.write_text("# 0\n" * 5000)
        seen = set()
        for turn in range(12):
            writer = subprocess.Popen([sys.executable, "-c", code, str(DROP_IN)], stdout=subprocess.PIPE)
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.002 * turn)
            writer.kill()
            writer.wait()
            writer.stdout.close()
            assert DROP_IN.read_text() in whole
            seen.add(DROP_IN.read_text())
            # What a killed write leaves beside it is read by neither program.
            assert not [path for path in DROP_IN.parent.glob("*.conf") if path != DROP_IN]
            assert not list(DROP_IN.parent.glob(".*.conf"))
        assert len(seen) > 1

    in_namespaces(scenario)


def test_dockers_policy_and_networkds_settings_are_said_in_the_preview() -> None:
    def scenario() -> None:
        subprocess.run(["ip", "link", "add", "docker0", "type", "bridge"], check=True)
        subprocess.run(["iptables", "-P", "FORWARD", "DROP"], check=True)
        Path("/run/systemd/netif").mkdir(parents=True)
        Path("/run/systemd/netif/state").write_text("OPER_STATE=routable\n")
        Path("/run/systemd/networkd.conf.d").mkdir()
        Path("/run/systemd/networkd.conf.d/a.conf").write_text("[Network]\nIPv4Forwarding=no\n")

        notes = plan(desired(), None, observe(clients(), desired(), {})).notes

        assert [note.kind for note in notes] == [NoteKind.OVERRIDDEN_AT_RUNTIME, NoteKind.DOCKER_DROPS]
        assert notes[0].details["path"] == "/run/systemd/networkd.conf.d/a.conf"
        assert notes[0].details["line"] == "IPv4Forwarding=no"

    in_namespaces(scenario)


NETWORK = "/run/systemd/network/a.network"
NETWORKD_CONF = "/run/systemd/networkd.conf.d/a.conf"


@pytest.mark.parametrize(
    ("path", "line", "key", "wanted", "versions"),
    [
        (NETWORK, "IPForward=ipv4", WHOLE_HOST[0], "0", "old"),
        (NETWORK, "IPForward=ipv4", WHOLE_HOST[1], "0", ""),
        (NETWORK, "IPForward=no", WHOLE_HOST[0], "1", ""),
        (NETWORK, "IPMasquerade=ipv4", WHOLE_HOST[0], "0", "old new"),
        (NETWORK, "IPMasquerade=both", WHOLE_HOST[1], "0", "old new"),
        (NETWORK, "IPv4Forwarding=no", "net/ipv4/conf/eth0/forwarding", "1", "new"),
        (NETWORKD_CONF, "IPv4Forwarding=no", WHOLE_HOST[0], "1", "new"),
        (NETWORKD_CONF, "IPv6Forwarding=yes", WHOLE_HOST[1], "0", "new"),
    ],
)
def test_systemd_networkd_does_what_the_notes_say_of_it(
    path: str, line: str, key: str, wanted: str, versions: str
) -> None:
    said = subprocess.run(["networkctl", "--version"], check=True, capture_output=True, text=True).stdout
    generation = "old" if int(said.split()[1].partition(".")[0]) < 256 else "new"

    def scenario() -> None:
        for whole in WHOLE_HOST:
            set_sysctl(f"{whole}={wanted}")
        with networkd({NETWORK: "", path: line}):
            there = observe(clients(), desired(), {})
            now = sysctl(key)

        found = list(overriding_settings(there.other_programs, {key: wanted}, there.interfaces))
        assert (now != wanted) == (generation in versions.split())
        told = {"old": SystemdVersions.BEFORE_256, "new": SystemdVersions.FROM_256}.get(versions, SystemdVersions.ALL)
        assert [(one.setting.line, one.setting.versions) for one in found] == ([(line, told)] if versions else [])

    in_namespaces(scenario, "eth0")


@contextlib.contextmanager
def networkd(files: Mapping[str, str]) -> Iterator[None]:
    """A systemd-networkd that has configured eth0 with these files, each a [Network] section."""
    for path, line in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        match = "[Match]\nName=eth0\n" if path == NETWORK else ""
        Path(path).write_text(f"{match}[Network]\n{line}\n")
    user = pwd.getpwnam("systemd-network")
    Path("/run/systemd/netif").mkdir()
    os.chown("/run/systemd/netif", user.pw_uid, user.pw_gid)
    # With a read-only /sys, as in a container, it does not wait for udev to name the interface.
    mount_read_only_sysfs()
    # systemd 247 says this to those alone who want every word. The rest of them fits into the pipe.
    every_word = {**os.environ, "SYSTEMD_LOG_LEVEL": "debug", "SYSTEMD_LOG_TARGET": "console"}
    process = subprocess.Popen([SYSTEMD_NETWORKD], stderr=subprocess.PIPE, text=True, env=every_word)
    assert process.stderr is not None
    try:
        shown = ""
        while "eth0: State changed: initialized -> configuring" not in shown:
            shown = process.stderr.readline()
            assert shown, "systemd-networkd ended"
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_without_the_right_it_is_refused_before_the_first_effect() -> None:
    def scenario() -> None:
        before = trees()
        drop_capabilities()

        (refusal,) = plan(desired(), None, observe(clients(), desired(), {})).refusals
        with pytest.raises(Refused):
            applied(desired())

        assert refusal.kind is RefusalKind.NO_RIGHT
        assert trees() == before
        assert not DROP_IN.exists()

    in_namespaces(scenario)


def test_the_kernel_does_what_the_plans_expect_of_it() -> None:
    def scenario() -> None:
        host, chance = local_host(), random.Random(6)  # noqa: S311 - a fixed seed
        values = {key: host.read_sysctl(key) or "" for key in fresh_kernel([*INTERFACES, "peer0", "peer1"])}
        for _ in range(600):
            key, value = chance.choice([*values, *WHOLE_HOST]), chance.choice("0112")
            host.write_sysctl(key, value)
            values = after_write(values, key, value)
            assert {name: host.read_sysctl(name) for name in values} == values, (key, value)

    in_namespaces(scenario, "eth0.100", "eth1")
