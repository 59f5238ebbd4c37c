"""Daemons of a sandboxed host, and the provider's process: killed, waited for, and started again.

What is called libvirtd here is virtnetworkd on a host with modular daemons: the daemon that runs networks.
"""

import os

from tests.hosts.sandboxed import STAND_IN_FOR_TC, Host

from virtnet.commands.sandbox.layout import Layout, layout

#: The libvirt that can write its rules to nftables itself, into tables of its own. An older one reads no network.conf.
WRITES_NFTABLES = (10, 4)


def daemons() -> Layout:
    """Which daemons the hosts of this run have; all are alike."""
    return layout(os.environ, os.environ["PATH"])


def network_daemon(_host: Host) -> str:
    """The name of the daemon that runs a host's networks."""
    return daemons().daemons[0].name


def guest_daemon(_host: Host) -> str:
    """The name of the daemon that runs a host's guests, which clients reach first: libvirtd runs networks as well."""
    return "libvirtd" if daemons() is Layout.MONOLITHIC else "virtqemud"


def daemon_version(host: Host) -> tuple[int, ...]:
    """The version of that daemon, like (9, 0, 0)."""
    return tuple(map(int, host.virsh("version", "--daemon").rpartition("daemon: ")[2].split(".")))


def firewall_backend(host: Host) -> str:
    """With what libvirt has written the rules of the networks that run: "iptables" or "nftables"."""
    return "nftables" if "table ip libvirt_network" in host.sh("nft list tables") else "iptables"


def choose_firewall(host: Host, backend: str) -> None:
    """Have libvirtd write its rules to "iptables" or "nftables" from now on, by network.conf; it is started anew."""
    host.sh(f"""echo 'firewall_backend = "{backend}"' >/etc/libvirt/network.conf""")
    if backend == "nftables":
        host.sh(STAND_IN_FOR_TC)
    kill_libvirtd(host)
    start_libvirtd(host)


def start_daemon(host: Host, name: str) -> None:
    """Start a daemon, and return when networks and guests are answered for.

    On the first processor, as the sandbox does: else it may ask QEMU anew what it can do.
    """
    allowed = sorted(os.sched_getaffinity(0))
    host.sh(f"taskset --cpu-list {allowed[0]} {name} --daemon")
    wait_until_answered(host)
    widen = f"taskset --all-tasks --cpu-list --pid {','.join(map(str, allowed))} $(cat /run/{name}.pid)"
    # A thread that ends between taskset's list of them and its turn ends taskset: threads of a daemon's start do.
    host.sh(f'for i in $(seq 20); do said=$({widen} 2>&1) && exit 0; done; echo "$said"; exit 1')


def wait_until_answered(host: Host) -> None:
    """Return when networks and guests are answered for."""
    host.sh("for i in $(seq 100); do virsh -q 'net-list; list' &>/dev/null && exit 0; sleep 0.1; done; exit 1")


def wait_for_end(host: Host, pid: str) -> None:
    """Return when a process of the sandbox has ended."""
    host.sh(f"for i in $(seq 100); do [ -e /proc/{pid} ] || exit 0; sleep 0.05; done; exit 1")


def daemon_pid(host: Host, name: str) -> str:
    """A daemon's process id in the sandbox."""
    return host.sh(f"cat /run/{name}.pid").strip()


def signal_daemon(host: Host, name: str, signal: str) -> None:
    """Send a daemon KILL, TERM, STOP or CONT, and return when it has ended where it is to."""
    pid = daemon_pid(host, name)
    host.sh(f"kill -{signal} {pid}")
    if signal in ("KILL", "TERM"):
        wait_for_end(host, pid)


def start_libvirtd(host: Host) -> None:
    """Start libvirtd, and return when it answers."""
    start_daemon(host, network_daemon(host))


def kill_libvirtd(host: Host) -> None:
    """Kill libvirtd as nothing can be caught (SIGKILL), and return when it has ended."""
    signal_daemon(host, network_daemon(host), "KILL")


def stop_libvirtd(host: Host) -> None:
    """End libvirtd as an administrator does (SIGTERM), and return when it has ended."""
    signal_daemon(host, network_daemon(host), "TERM")


def restart_libvirtd(host: Host) -> None:
    """The same, and start it again."""
    stop_libvirtd(host)
    start_libvirtd(host)


#: libvirt runs this before it starts a network ("start") and once its bridge and dnsmasq are there ("started"), and
#: waits for its end; it fails the start when told to. Meanwhile the network is locked: asking libvirt of it would wait
#: too.
HOOK = """\
#!/bin/bash
[ -e /run/hold ] && [ "$1 $2" = "lab $(cat /run/hold)" ] || exit 0
touch /run/held
while [ -e /run/hold ]; do sleep 0.02; done
! [ -e /run/fail ]
"""


def hold_starts(host: Host) -> None:
    """Have the network lab wait while it starts, at what /run/hold names, as long as it is there; then /run/held is."""
    run_at_starts(host, HOOK)


def run_at_starts(host: Host, script: str) -> None:
    """Have libvirt run a script, its hook of networks, with a network's name and what becomes of it."""
    # A daemon looks for hooks once, when it starts.
    host.run("bash", "-c", "mkdir -p /etc/libvirt/hooks; cat > /etc/libvirt/hooks/network", given=script)
    host.sh("chmod 755 /etc/libvirt/hooks/network")
    restart_libvirtd(host)


def listen(host: Host, configuration: str) -> None:
    """Have a host let others in by TCP and TLS, with such lines in the configuration of the daemon that can listen."""
    # virtproxyd listens where its configuration says so, and knows no such option.
    name, option = ("libvirtd", " --listen") if daemons() is Layout.MONOLITHIC else ("virtproxyd", "")
    host.run("tee", "-a", f"/etc/libvirt/{name}.conf", given=configuration)
    if any(daemon.name == name for daemon in daemons().daemons):
        signal_daemon(host, name, "TERM")
    host.sh(f"{name} --daemon{option}")
    show_interfaces(host)


def show_interfaces(host: Host) -> None:
    """Have libvirt tell of a host's interfaces: a modular daemon of its own does, which systemd starts when asked."""
    if daemons() is not Layout.MONOLITHIC:
        host.sh("virtinterfaced --daemon")


def socket_path(host: Host) -> str:
    """The socket that clients of a host connect to."""
    (socket,) = [daemon.socket for daemon in daemons().daemons if daemon.name == guest_daemon(host)]
    return f"/run/libvirt/{socket}"


def let_everyone_in(host: Host) -> None:
    """Let any user of the host reach libvirt, as members of the group libvirt do."""
    host.sh(f"cd /run/libvirt; chmod 666 {' '.join(daemon.socket for daemon in daemons().daemons)}")


def unreached(host: Host) -> str:
    """What is said of a URI while it is down."""
    behind = network_daemon(host) != "libvirtd"
    return "can't reach its network daemon" if behind else "can't be reached"


def unanswered(host: Host, seconds: int) -> str:
    """What is said of a URI while it is stopped (SIGSTOP), after so many seconds."""
    if network_daemon(host) == "libvirtd":
        return f"didn't answer in {seconds} s. Make sure that"
    return f"answers, but its network daemon didn't answer in {seconds} s. Make sure that"


def libvirtd_pid(host: Host) -> str:
    """Its process id in the sandbox."""
    return daemon_pid(host, network_daemon(host))


def kill_provider(host: Host) -> None:
    """Kill the plugin's process, told by its command line, and by its pid within this sandbox alone."""
    found = "pgrep -f 'python.* -m pulumi[.]dynamic'"
    # All at once: what it stands for ends with a fork (tests/preloaded), and the other way round.
    host.sh(f"kill -KILL $({found}) || true; while {found} >/dev/null; do sleep 0.01; done")
