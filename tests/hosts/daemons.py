"""Daemons of a sandboxed host, and the provider's process: killed, waited for, and started again."""

from tests.hosts.sandboxed import Host

#: The libvirt that can write its rules to nftables itself, into tables of its own. An older one reads no network.conf.
WRITES_NFTABLES = (10, 4)


def daemon_version(host: Host) -> tuple[int, ...]:
    """The version of libvirtd, like (9, 0, 0)."""
    return tuple(map(int, host.virsh("version", "--daemon").rpartition("daemon: ")[2].split(".")))


def choose_firewall(host: Host, backend: str) -> None:
    """Have libvirtd write its rules to "iptables" or "nftables" from now on, as network.conf says; it is started anew.

    With nftables it also wants a part of the kernel that is not everywhere (act_csum), so tc does nothing from now on;
    the mount is the sandbox's own.
    """
    host.sh(f"""echo 'firewall_backend = "{backend}"' >/etc/libvirt/network.conf""")
    if backend == "nftables":
        host.sh(r"printf '#!/bin/sh\n' >tc; chmod 755 tc; mount --bind tc $(readlink -f $(command -v tc))")
    kill_libvirtd(host)
    start_libvirtd(host)


def start_libvirtd(host: Host) -> None:
    """Start libvirtd, and return when it answers."""
    host.sh("libvirtd --daemon; for i in $(seq 100); do virsh -q list &>/dev/null && exit 0; sleep 0.1; done; exit 1")


def wait_for_end(host: Host, pid: str) -> None:
    """Return when a process of the sandbox has ended."""
    host.sh(f"for i in $(seq 100); do [ -e /proc/{pid} ] || exit 0; sleep 0.05; done; exit 1")


def kill_libvirtd(host: Host) -> None:
    """Kill libvirtd as nothing can be caught (SIGKILL), and return when it has ended."""
    pid = host.sh("cat /run/libvirtd.pid").strip()
    host.sh(f"kill -KILL {pid}")
    wait_for_end(host, pid)


def kill_provider(host: Host) -> None:
    """Kill the plugin's process, told by its command line, and by its pid within this sandbox alone."""
    found = "pgrep -f 'python.* -m pulumi[.]dynamic'"
    # All at once: what it stands for ends with a fork (tests/preloaded), and the other way round.
    host.sh(f"kill -KILL $({found}) || true; while {found} >/dev/null; do sleep 0.01; done")
