"""What becomes of a run when the daemon of networks is not the one that libvirt's client sees."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.hosts.daemons import (
    daemon_pid,
    hold_starts,
    network_daemon,
    signal_daemon,
    start_daemon,
    wait_until_answered,
)
from tests.hosts.guests import linux_guest
from tests.hosts.sandboxed import REPOSITORY, Host
from tests.hosts.workstation import HOST_ADDRESS, workstation
from tests.integration.forks import Forks
from tests.integration.stack import Stack

LAB = {"forward": {"mode": "nat"}, "ips": [{"address": "10.70.0.1/24"}], "bridge": {"stp": False}}
BRIDGE = "vn-lab"
GONE, THERE = (f"until [ {word} -e /sys/class/net/{BRIDGE} ]; do sleep 0.002; done" for word in ("!", ""))
HELD = "until ls /sys/class/net | grep -q ^vn-hd-; do sleep 0.002; done"
STARTED = f"until grep -q 1400 /sys/class/net/{BRIDGE}/mtu; do sleep 0.002; done"


#: What is said of the host while a daemon is down, and when it answers nothing.
DOWN = {"virtnetworkd": "can't reach its network daemon", "virtqemud": "qemu:///system can't be reached"}
SILENT = {
    "virtnetworkd": "answers, but its network daemon didn't answer in 30 s",
    "virtqemud": "qemu:///system didn't answer in 30 s",
}
DAEMONS = ("virtnetworkd", pytest.param("virtqemud", marks=pytest.mark.further))

pytestmark = pytest.mark.each_libvirt


@contextmanager
def meanwhile(host: Host, script: str) -> Iterator[None]:
    """Run a script beside what the block does, and end with the later of the two."""
    beside = threading.Thread(target=host.sh, args=(script,))
    beside.start()
    try:
        yield
    finally:
        beside.join()


def ended(host: Host, daemon: str, signal: str = "KILL") -> str:
    """A script that ends a daemon, and waits for that."""
    pid = daemon_pid(host, daemon)
    return f"kill -{signal} {pid}; while [ -e /proc/{pid} ]; do sleep 0.002; done"


def restarted(host: Host, daemon: str) -> str:
    """A script that kills a daemon, and has it start again at once, as systemd does."""
    return f"{ended(host, daemon)}; {daemon} --daemon"


def test_networks_have_a_daemon_of_their_own_and_rules_in_nftables(host: Host, stack: Stack) -> None:
    stack.network("lab", **LAB)

    stack.up()

    assert network_daemon(host) == "virtnetworkd"
    assert "libvirtd" not in host.sh("ps -eo comm=").split()
    assert f'iif "{BRIDGE}"' in host.sh("nft list table ip libvirt_network")
    assert stack.unchanged()
    stack.destroy()
    assert host.network("lab") is None


#: Where each signal finds the start. While libvirt waits for a hook, it cannot have answered who asked for the start; a
#: daemon that is told to end would wait for the hook too.
IN_A_START = {"KILL": "until [ -e /run/held ]; do sleep 0.002; done", "TERM": f"{GONE}; {THERE}"}


@pytest.mark.parametrize("signal", ["KILL", pytest.param("TERM", marks=pytest.mark.further)])
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_that_is_restarted_in_a_start_costs_no_guest(
    host: Host, stack: Stack, daemon: str, signal: str
) -> None:
    hold_starts(host)
    stack.network("lab", **LAB)
    stack.up()
    with linux_guest(host, "web", network="lab", address="10.70.0.5/24") as web:
        stack.network("lab", **LAB, mtu=1400)

        if signal == "KILL":
            host.sh("echo started >/run/hold")
        end = f"{IN_A_START[signal]}; {ended(host, daemon, signal)}; rm -f /run/hold"

        with meanwhile(host, f"{end}; {daemon} --daemon"):
            shown = stack.up(check=False)
        wait_until_answered(host)

        # One that ends in order may have answered before, more so on a busy machine.
        assert stack.failed or signal == "TERM"
        if stack.failed:
            assert "It may or may not have been done" in shown
        assert "not everything was rolled back" not in shown
        assert web.bridge == BRIDGE
        host.sh("ping -c 2 -i 0.2 -W 2 10.70.0.5")
        stack.up()
        assert web.bridge == BRIDGE
        assert host.sh(f"cat /sys/class/net/{BRIDGE}/mtu") == "1400\n"
        assert stack.unchanged()


@pytest.mark.parametrize(
    "moment",
    [f"{GONE}; {STARTED}; sleep 0.2", pytest.param(HELD, marks=pytest.mark.further)],
    ids=["after the start", "on the holding"],
)
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_that_is_killed_while_a_guest_waits_is_asked_again(
    host: Host, stack: Stack, daemon: str, moment: str
) -> None:
    stack.network("lab", **LAB)
    stack.up()
    with linux_guest(host, "web", network="lab", address="10.70.0.5/24") as web:
        stack.network("lab", **LAB, mtu=1400)

        with meanwhile(host, f"{moment}; {restarted(host, daemon)}"):
            stack.up(check=False)
        wait_until_answered(host)
        stack.up()

        assert web.bridge == BRIDGE
        assert host.sh(f"cat /sys/class/net/{BRIDGE}/mtu") == "1400\n"
        assert stack.unchanged()


@pytest.mark.parametrize(("daemon", "said"), DOWN.items())
def test_a_daemon_that_is_down_makes_the_host_unreachable(host: Host, stack: Stack, daemon: str, said: str) -> None:
    stack.network("lab", **LAB)
    stack.up()
    signal_daemon(host, daemon, "KILL")
    stack.network("lab", **LAB, mtu=1400)

    preview, refused = stack.preview(check=False), stack.refresh(check=False)
    undeleted = stack.destroy(check=False)
    stack.network("lab", **LAB)
    stack.config["virtnet:unreachable"] = "recorded"
    recorded = stack.refresh()
    doctor = host.sh("virtnet doctor 2>&1", check=False)

    start_daemon(host, daemon)
    for shown in (preview, refused, undeleted, doctor):
        assert said in " ".join(shown.split())
    assert "the refresh kept the recorded values" in recorded
    assert stack.unchanged()


@pytest.mark.long_wait
@pytest.mark.parametrize(("daemon", "said"), SILENT.items())
def test_a_daemon_that_answers_nothing_is_given_up(host: Host, stack: Stack, daemon: str, said: str) -> None:
    stack.network("lab", **LAB)
    signal_daemon(host, daemon, "STOP")
    began = time.monotonic()

    shown = stack.up(check=False)

    assert time.monotonic() - began < 60
    assert said in shown
    assert stack.resources() == []
    signal_daemon(host, daemon, "CONT")
    stack.up()
    assert stack.unchanged()


#: What ends the connection to one that stops: virtnet asks for networks meanwhile, or libvirt's client finds no signs
#: of life in the daemon that it speaks with.
ENDED = {
    "virtnetworkd": "virtnet closed the connection to libvirt at qemu:///system during an attempt to",
    "virtqemud": "the connection to libvirt at qemu:///system was lost during an attempt to",
}


@pytest.mark.long_wait
@pytest.mark.parametrize(("daemon", "ended"), ENDED.items())
def test_a_daemon_that_stops_half_way_is_given_up_and_finished_later(
    host: Host, stack: Stack, daemon: str, ended: str
) -> None:
    stack.network("lab", **LAB)
    pid = daemon_pid(host, daemon)
    began = time.monotonic()

    with meanwhile(host, f"{THERE}; kill -STOP {pid}"):
        shown = stack.up(check=False)

    assert time.monotonic() - began < 120
    assert ended in shown
    # The host's lock is free again.
    host.sh("flock --nonblock /run/virtnet/lock true")
    signal_daemon(host, daemon, "CONT")
    stack.up()
    assert stack.unchanged()


def test_the_interfaces_daemon_is_not_missed(host: Host, stack: Stack) -> None:
    """virtinterfaced does not run, and a URI that reaches libvirt alone has no other sight of the host."""
    uri = "qemu:///system?socket=/run/libvirt/virtqemud-sock"
    stack.network("lab", **LAB, uri=uri)

    shown = stack.up(check=False)

    assert "virtnet can't see from here" in shown
    assert host.network("lab") is None


#: What netcat does, where it is not installed: bytes from one side to the other.
NETCAT = """\
#!/usr/bin/env python3
import socket, sys, threading
if sys.argv[1:] == ["-q"]:
    sys.exit("option requires an argument -- 'q'")
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[-1])
def carry(take, give, end):
    while data := take(65536):
        give(data)
    end()
back = threading.Thread(target=carry, args=(there.recv, lambda data: sys.stdout.buffer.raw.write(data), lambda: None))
back.start()
carry(sys.stdin.buffer.raw.read, there.sendall, lambda: there.shutdown(socket.SHUT_WR))
back.join()
"""


def test_netcat_reaches_virtqemud_where_nobody_listens_in_libvirtds_place(host: Host, forks: Forks) -> None:
    with workstation(host) as desk:
        netcat = host.directory / "netcat"
        netcat.write_text(NETCAT)
        netcat.chmod(0o755)
        uri = f"qemu+ssh://root@{HOST_ADDRESS}/system?netcat={netcat}"
        stack = Stack(desk, forks)
        stack.network("lab", **LAB, uri=uri)

        stack.up()

        assert (host.network("lab") or {})["Active"] == "yes"
        assert stack.unchanged()
        stack.destroy()


def test_a_user_who_reaches_virtproxyd_alone_is_on_its_host(host: Host) -> None:
    """What a user of the group libvirt may reach; only root may look at a daemon's namespaces."""
    host.sh("virtproxyd --daemon; until [ -S /run/libvirt/libvirt-sock ]; do sleep 0.05; done")
    host.sh("chmod 777 /run/libvirt/libvirt-sock")
    asked = f"import sys; sys.path.insert(0, {str(REPOSITORY / 'provider')!r})\n"
    asked += "from virtnet.connect import SOCKETS\nfrom virtnet.host.local import shares_our_network\n"
    asked += "print(shares_our_network(SOCKETS))"

    shares = host.run("setpriv", "--reuid=64099", "--regid=64099", "--clear-groups", sys.executable, "-c", asked)

    host.sh("kill $(cat /run/virtproxyd.pid); while [ -S /run/libvirt/libvirt-sock ]; do sleep 0.05; done")
    assert shares.stdout == "True\n"
