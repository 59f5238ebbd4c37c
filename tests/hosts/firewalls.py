"""Other firewalls on a sandboxed host: firewalld and ufw as they are installed, and what dockerd does to FORWARD.

Their configuration is the sandbox's own copy, so that none of it reaches the machine.
"""

import contextlib
import shutil
from collections.abc import Iterator

from tests.hosts.sandboxed import Host

#: Which programs read and write what.
_CONFIGURATION = {"firewalld": ("/etc/firewalld", "/var/log"), "ufw": ("/etc/ufw", "/lib/ufw", "/var/log")}

PROGRAMS = ("iptables", "ip6tables")
#: What runs a firewall that is no mere rules.
_PROGRAMS = {"firewalld": ("firewalld", "dbus-daemon"), "ufw": ("ufw",)}


def installed(name: str) -> bool:
    """Whether the machine has what runs it; True for those that are rules alone. The set-up for tests brings it."""
    return all(shutil.which(program, path="/usr/sbin:/usr/bin") for program in _PROGRAMS.get(name, ()))


def own_configuration(host: Host, name: str) -> None:
    """Give the sandbox a copy of its configuration; once, which the copy's own name in /run tells."""
    for directory in _CONFIGURATION[name]:
        host.sh(
            f"copy=/run/virtnet-tests/copies{directory}; [ ! -e $copy.whole ] || exit 0; mkdir -p $copy;"
            f"cp -a {directory}/. $copy/; mount --bind $copy {directory}; touch $copy.whole"
        )


@contextlib.contextmanager
def system_bus(host: Host) -> Iterator[None]:
    """The bus by which firewalld is asked; libvirtd has to be started after it to hear of firewalld."""
    host.sh("mkdir -p /run/dbus; dbus-daemon --system --fork")
    try:
        yield
    finally:
        host.sh("kill $(cat /run/dbus/pid); rm -f /run/dbus/pid")


def start_firewalld(host: Host) -> None:
    """Start it, and return when it answers."""
    own_configuration(host, "firewalld")
    host.sh(
        "firewalld --nofork --nopid >/run/firewalld.log 2>&1 & "
        "for i in $(seq 100); do firewall-cmd --state >/dev/null 2>&1 && exit; sleep 0.2; done;"
        "cat /run/firewalld.log; exit 1"
    )


def stop_firewalld(host: Host) -> None:
    """End it, and return when it has ended."""
    host.sh("pid=$(pgrep -f '[/]firewalld --nofork'); kill $pid; while [ -e /proc/$pid ]; do sleep 0.05; done")


def start_ufw(host: Host) -> None:
    """Enable it with what it denies by default: all that comes in, and all that is forwarded."""
    own_configuration(host, "ufw")
    host.sh("ufw --force enable")


def stop_ufw(host: Host) -> None:
    """Disable it."""
    host.sh("ufw disable")


def start_docker(host: Host) -> None:
    """What dockerd does when it is the one that turns forwarding on: its chains, and the policy DROP."""
    for program in PROGRAMS:
        host.sh(
            f"for chain in DOCKER-USER DOCKER-FORWARD DOCKER-CT DOCKER-BRIDGE; do {program} -w -N $chain; done;"
            f"{program} -w -I FORWARD -j DOCKER-FORWARD; {program} -w -I FORWARD -j DOCKER-USER;"
            f"{program} -w -A DOCKER-FORWARD -j DOCKER-CT; {program} -w -A DOCKER-FORWARD -j DOCKER-BRIDGE;"
            f"{program} -w -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;"
        )
    docker_policy(host)


def docker_policy(host: Host) -> None:
    """What dockerd sets again when firewalld says that it has reloaded."""
    for program in PROGRAMS:
        host.sh(f"{program} -w -P FORWARD DROP")


def stop_docker(host: Host) -> None:
    """What was done by start_docker is taken back."""
    for program in PROGRAMS:
        host.sh(
            f"{program} -w -P FORWARD ACCEPT; {program} -w -D FORWARD -j DOCKER-FORWARD;"
            f"{program} -w -D FORWARD -j DOCKER-USER;"
            f"for chain in DOCKER-FORWARD DOCKER-USER DOCKER-CT DOCKER-BRIDGE; do {program} -w -F $chain; done;"
            f"for chain in DOCKER-FORWARD DOCKER-USER DOCKER-CT DOCKER-BRIDGE; do {program} -w -X $chain; done"
        )
