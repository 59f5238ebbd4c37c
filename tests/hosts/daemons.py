"""Daemons of a sandboxed host, and the provider's process: killed, waited for, and started again.

What is called libvirtd here is virtnetworkd on a host with modular daemons: the daemon that runs networks.
"""

import os

from tests.hosts.sandboxed import STAND_IN_FOR_TC, Host

from virtnet.sandbox.layout import layout

#: The libvirt that can write its rules to nftables itself, into tables of its own. An older one reads no network.conf.
WRITES_NFTABLES = (10, 4)


def network_daemon(_host: Host) -> str:
    """The name of the daemon that runs a host's networks; all sandboxes of a run are alike."""
    return layout(os.environ, os.environ["PATH"]).daemons[0].name


def daemon_version(host: Host) -> tuple[int, ...]:
    """The version of that daemon, like (9, 0, 0)."""
    return tuple(map(int, host.virsh("version", "--daemon").rpartition("daemon: ")[2].split(".")))


def choose_firewall(host: Host, backend: str) -> None:
    """Have libvirtd write its rules to "iptables" or "nftables" from now on, by network.conf; it is started anew."""
    host.sh(f"""echo 'firewall_backend = "{backend}"' >/etc/libvirt/network.conf""")
    if backend == "nftables":
        host.sh(STAND_IN_FOR_TC)
    kill_libvirtd(host)
    start_libvirtd(host)


def start_libvirtd(host: Host) -> None:
    """Start libvirtd, and return when it answers.

    On the first processor, as the sandbox does: else it may ask QEMU anew what it can do.
    """
    allowed, name = sorted(os.sched_getaffinity(0)), network_daemon(host)
    host.sh(
        f"taskset --cpu-list {allowed[0]} {name} --daemon;"
        "for i in $(seq 100); do virsh -q net-list &>/dev/null && break; sleep 0.1; done; virsh -q net-list >/dev/null;"
        f"taskset --all-tasks --cpu-list --pid {','.join(map(str, allowed))} $(cat /run/{name}.pid) >/dev/null"
    )


def wait_for_end(host: Host, pid: str) -> None:
    """Return when a process of the sandbox has ended."""
    host.sh(f"for i in $(seq 100); do [ -e /proc/{pid} ] || exit 0; sleep 0.05; done; exit 1")


def kill_libvirtd(host: Host) -> None:
    """Kill libvirtd as nothing can be caught (SIGKILL), and return when it has ended."""
    pid = libvirtd_pid(host)
    host.sh(f"kill -KILL {pid}")
    wait_for_end(host, pid)


def stop_libvirtd(host: Host) -> None:
    """End libvirtd as an administrator does (SIGTERM), and return when it has ended."""
    pid = libvirtd_pid(host)
    host.sh(f"kill {pid}")
    wait_for_end(host, pid)


def restart_libvirtd(host: Host) -> None:
    """The same, and start it again."""
    stop_libvirtd(host)
    start_libvirtd(host)


def unreached(host: Host) -> str:
    """What is said of a URI while it is down."""
    behind = network_daemon(host) != "libvirtd"
    return "does not reach its daemon for networks" if behind else "cannot be reached"


def libvirtd_pid(host: Host) -> str:
    """Its process id in the sandbox."""
    return host.sh(f"cat /run/{network_daemon(host)}.pid").strip()


def kill_provider(host: Host) -> None:
    """Kill the plugin's process, told by its command line, and by its pid within this sandbox alone."""
    found = "pgrep -f 'python.* -m pulumi[.]dynamic'"
    # All at once: what it stands for ends with a fork (tests/preloaded), and the other way round.
    host.sh(f"kill -KILL $({found}) || true; while {found} >/dev/null; do sleep 0.01; done")
