"""A machine behind the host and its connections with guests: what of these lives through a change of a network."""

import contextlib
from collections.abc import Iterator

from tests.hosts.sandboxed import LIST_NFT, Host

OUTSIDE = ("203.0.113.9", "2001:db8:113::9")

#: A machine behind the host, which knows the way to guests. It serves a byte every 10 ms to each who connects.
BEHIND = (
    "ip netns add outside; ip link add out0 type veth peer name eth0 netns outside;"
    "ip address add 203.0.113.1/24 dev out0; ip address add 2001:db8:113::1/64 dev out0 nodad; ip link set out0 up;"
    "ip -n outside address add 203.0.113.9/24 dev eth0; ip -n outside address add 2001:db8:113::9/64 dev eth0 nodad;"
    "ip -n outside link set eth0 up; ip -n outside route add default via 203.0.113.1;"
    "ip -n outside -6 route add default via 2001:db8:113::1"
)
SERVE = """
import socket, threading, time
def serve(client):
    try:
        while True:
            client.send(b"x")
            time.sleep(0.01)
    except OSError:
        pass
server = socket.create_server(("::", 8000), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
#: Says how a connection ended: it reads for a while after the restart.
READ = """
import os, socket, sys
server = socket.create_connection((sys.argv[1], 8000), timeout=8)
seen = 0
try:
    while seen < 50:
        data = server.recv(1)
        if not data:
            break
        seen += os.path.exists("/run/restarted")
    print("lived" if seen else "closed")
except OSError as error:
    print(type(error).__name__)
"""


@contextlib.contextmanager
def behind(host: Host) -> Iterator[None]:
    """The machine behind the host."""
    (host.directory / "serve.py").write_text(SERVE)
    (host.directory / "read.py").write_text(READ)
    host.sh(f"{BEHIND}; (ip netns exec outside python3 serve.py >/dev/null 2>&1 & echo $! >/run/serve.pid); sleep 0.5")
    try:
        yield
    finally:
        host.sh(
            "kill $(cat /run/serve.pid) || true; rm /run/serve.pid; ip netns del outside;"
            " ip link del out0 2>/dev/null || true"
        )


def connected(host: Host, *addresses: str) -> None:
    """A connection of guest web's to each address, which reads on in the background."""
    for number, address in enumerate(addresses):
        host.sh(f"(ip netns exec web python3 read.py {address} >/run/read.{number} 2>&1 &); true")
    host.sh("sleep 0.5")


def ended(host: Host, count: int) -> list[str]:
    """How each of the connections ended."""
    host.sh("touch /run/restarted")
    wait = "for i in $(seq 120); do [[ -s /run/read.{0} ]] && break; sleep 0.1; done; cat /run/read.{0}"
    found = [host.sh(wait.format(number)).strip() for number in range(count)]
    host.sh("rm -f /run/restarted /run/read.*")
    return found


def set_up(host: Host, name: str, number: int) -> None:
    """The addresses of a guest that is a network namespace.

    It has one default route, and none of router advertisements: with two, Linux changes from one to the other, and asks
    for the MAC address of the gateway anew. In the hundredths of a second in which its port moves nobody answers that,
    and it asks again a second later.
    """
    host.sh(
        f"ip netns exec {name} sysctl -q net.ipv6.conf.eth0.accept_ra=0; ip -n {name} -6 route flush proto ra;"
        f"ip -n {name} -6 address flush dev eth0 dynamic;"
        f"ip -n {name} address add 10.77.0.{number}/24 dev eth0; ip -n {name} route add default via 10.77.0.1;"
        f"ip -n {name} address add fd00:77::{number}/64 dev eth0 nodad;"
        f"ip -n {name} -6 route add default via fd00:77::1"
    )


def left(host: Host) -> str:
    """What a restart may leave on a host."""
    shown = host.sh(
        f"ip -o link; ip -o address; ip route; ip -6 route; ip neighbour show nud permanent; iptables-save; {LIST_NFT};"
        "virsh -q net-list --all --name"
    )
    return "\n".join(line for line in shown.splitlines() if "vn-hd-" in line or "virtnet-holding" in line)
