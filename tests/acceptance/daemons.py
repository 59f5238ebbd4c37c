"""Daemons of a sandboxed host, and the provider's process: killed, waited for, and started again."""

from tests.acceptance.sandboxed import Host


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
    for pid in host.sh("pgrep -f 'python.* -m pulumi[.]dynamic'").split():
        host.sh(f"kill -KILL {pid}")
