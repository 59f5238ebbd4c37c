"""HostForwarding against a real kernel, the real `sysctl` and the real systemd-sysctl, in namespaces of its own."""

import random
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.namespaces import in_namespaces, make_read_only
from tests.unit.fake_host import FakeLibvirt, network

from virtnet.boot_sysctl import by_procps, by_systemd, fresh_kernel
from virtnet.errors import AccessDenied, ApplyFailed, HostFailure
from virtnet.forwarding import check, observe, outputs
from virtnet.forwarding_keys import WHOLE_HOST, after_write
from virtnet.forwarding_plan import plan
from virtnet.host import LocalHost
from virtnet.plan import Doors, apply

pytestmark = pytest.mark.acceptance

OWNER = "project/stack/forwarding"
DROP_IN = Path("/etc/sysctl.d/90-virtnet-forwarding.conf")
SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"


def doors(*networks: Any) -> Doors:
    libvirt: Any = FakeLibvirt(networks)
    return Doors(libvirt=libvirt, host=LocalHost())


def desired(**inputs: Any) -> dict[str, Any]:
    canonical, failures = check({"uri": "qemu:///system", "__owner": OWNER, **inputs}, {})
    assert failures == []
    return canonical


def applied(inputs: Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    decided = plan(inputs, recorded, observe(doors(), inputs, recorded or {}))
    apply(decided, doors(), "IP forwarding")
    details = {**(recorded or {}), **decided.details}
    return outputs(inputs, details, observe(doors(), {}, details))


def deleted(recorded: Mapping[str, Any], *networks: Any) -> tuple[str, ...]:
    decided = plan(None, recorded, observe(doors(*networks), None, recorded))
    apply(decided, doors(*networks), "IP forwarding")
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

        shown = outputs(inputs, recorded, observe(doors(), {}, recorded))

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
        advertise("peer0")
        if learnt_on() == [interface]:
            return
        time.sleep(0.05)
    raise AssertionError("the router advertisement gave no route")


def learnt_on() -> list[str]:
    return [route.interface for route in LocalHost().routes() if route.protocol == "ra"]


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

        (note,) = plan(inputs, None, observe(doors(), inputs, {})).notes
        applied(inputs)

        assert note.startswith("wan0 of this host loses its routes learnt from router advertisements")
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
        assert notes == (
            "net.ipv4.ip_forward stays on, though it was off before: the active nat network 'default' needs it",
        )
        assert not DROP_IN.exists()

    in_namespaces(scenario)


def test_the_host_answers_for_itself() -> None:
    def scenario() -> None:
        host = LocalHost()
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
        with pytest.raises(AccessDenied, match="does not let this user read the kernel parameter"):
            host.read_sysctl("net/ipv4/route/flush")

    in_namespaces(scenario, "eth0")


INTERFACES = ["lo", "eth0.100", "eth1"]
NAMES = ("10-a.conf", "50-b.conf", "90-virtnet-forwarding.conf", "99-z.conf", ".20-dot.conf", "README", "B.conf")
LINES = (
    "net.ipv4.ip_forward={}",
    "net/ipv4/ip_forward = {}",
    "net.ipv4.conf.all.forwarding={}",
    "-net.ipv4.ip_forward = {}",
    "- net.ipv4.ip_forward = {}",
    "net.ipv4.conf.*.forwarding={}",
    "net.ipv4.conf.e*.forwarding={}",
    "net.ipv[46].conf.all.forwarding={}",
    "net.ipv4.conf.eth0/100.forwarding={}",
    "net/ipv4/conf/eth0.100/forwarding={}",
    "net.ipv4.conf.all.accept_redirects={}",
    "net.ipv4.conf.nothere.forwarding={}",
    "net.ipv6.conf.all.forwarding={}",
    "net.ipv6.conf.default.forwarding={}",
    "net.ipv6.conf.eth1.forwarding={}",
    "net.ipv6.conf.*.accept_ra={}",
    "-net.ipv4.conf.all.forwarding",
    "-net.ipv4.conf.eth1.forwarding",
    "  net.ipv4.ip_forward   =   {}  ",
    "net.ipv4.ip_forward = bogus",
    "# net.ipv4.ip_forward={}",
    "; net.ipv4.ip_forward={}",
    "no assignment",
)


def generated_files(chance: random.Random) -> dict[str, str]:
    """Some files with some lines; the seed is fixed, so that a difference can be looked at again."""
    files = {}
    directories = ("/etc/sysctl.d", "/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d")
    for _ in range(chance.randint(1, 5)):
        path = f"{chance.choice(directories)}/{chance.choice(NAMES)}"
        if chance.random() < 0.12 and Path("/etc/sysctl.conf").exists():
            path = "/etc/sysctl.conf"
        lines = chance.choices(LINES, k=chance.randint(0, 4))
        files[path] = "\n".join(line.format(chance.choice("0112")) for line in lines) + chance.choice(["\n", ""])
    return files


@pytest.mark.parametrize("program", ["systemd-sysctl", "sysctl --system"])
def test_every_verdict_on_the_next_boot_is_that_of_the_program(program: str) -> None:
    command = ["sysctl", "--system"] if program == "sysctl --system" else [SYSTEMD_SYSCTL]
    assert shutil.which(command[0]), f"{command[0]} is not installed; it belongs to systemd or procps"

    def scenario() -> None:
        host, fresh, chance = LocalHost(), fresh_kernel(INTERFACES), random.Random(20)  # noqa: S311 - a fixed seed
        for _ in range(200):
            for key in (*WHOLE_HOST, *fresh):
                host.write_sysctl(key, fresh[key])
            files = generated_files(chance)
            for path, text in files.items():
                Path(path).write_text(text)
            subprocess.run(command, check=False, capture_output=True)
            model = by_procps if program == "sysctl --system" else by_systemd
            verdict = {key: boot.value for key, boot in model(files, INTERFACES).items()}
            assert {key: host.read_sysctl(key) for key in fresh} == verdict, files
            for path in files:
                Path(path).write_text("") if path == "/etc/sysctl.conf" else Path(path).unlink()

    in_namespaces(scenario, "eth0.100", "eth1")


def test_the_kernel_does_what_the_plans_expect_of_it() -> None:
    def scenario() -> None:
        host, chance = LocalHost(), random.Random(6)  # noqa: S311 - a fixed seed
        values = {key: host.read_sysctl(key) or "" for key in fresh_kernel([*INTERFACES, "peer0", "peer1"])}
        for _ in range(600):
            key, value = chance.choice([*values, *WHOLE_HOST]), chance.choice("0112")
            host.write_sysctl(key, value)
            values = after_write(values, key, value)
            assert {name: host.read_sysctl(name) for name in values} == values, (key, value)

    in_namespaces(scenario, "eth0.100", "eth1")
