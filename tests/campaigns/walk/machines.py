"""Who sends and gets packets in a walk: a machine outside the host, and a guest of each network that may be plugged in.

They are namespaces that are there from the first walk to the last. What a guest has on a network is plugged in by hand.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.hosts.peers import Peer, peer
from tests.hosts.sandboxed import Host

#: The host's address on its way out, and that of the machine there.
HOST_ADDRESS, OUTSIDE_ADDRESS = "198.51.100.1", "198.51.100.7"
#: By the name of a network its subnet's first three numbers.
PLACES: Mapping[str, str] = {"lab0": "10.60.0", "lab1": "10.61.0"}
#: What a guest serves, by TCP.
SERVED = (80, 81)


def guest_address(network: str) -> str:
    """The address of a network's guest."""
    return f"{PLACES[network]}.50"


def plugged(network: str) -> str:
    """The interface of a network's guest on the host."""
    return f"plug-{network}"


#: Plugs a network's guest in, as a hypervisor does; without the four seconds that STP takes of each.
PLUG = """\
link=plug-{network}; inside="ip -n guest-{network}"
if ! [ -e /sys/class/net/$link ]; then
  ip link add $link type veth peer name eth0 netns guest-{network}
  $inside address add {place}.50/24 dev eth0; $inside link set eth0 up; $inside route add default via {place}.1
fi
bridge=/sys/class/net/vn-{network}/bridge; stp=$(cat $bridge/stp_state) && echo 0 >$bridge/stp_state
ip link set $link master vn-{network} up || ip link delete $link
echo $stp >$bridge/stp_state
"""


class Machines:
    """The machines of a walk's host, who answer to orders."""

    def __init__(self, outside: Peer) -> None:
        self._outside = outside
        self._hopeless: set[tuple[object, ...]] = set()

    def reached(self, port: int, *, as_seen: tuple[object, ...], expected: bool) -> str:
        """Who answers the machine outside at a port of the host: "lab0 80"; "" where nobody does.

        Who is expected gets the seconds in which a network's start comes to rest, but once for what was seen.
        """
        patient = expected and as_seen not in self._hopeless
        for seconds in (0.3, 0.7, 1.0, 2.0) if patient else (0.15,):
            said = self._outside.connect("tcp", HOST_ADDRESS, port, seconds=seconds)
            name, _, seen = said.rpartition(" ")
            if seen == OUTSIDE_ADDRESS:
                return name
            if said != "TimeoutError" and patient:
                # Refused at once: what is loaded by now may be there in a moment.
                time.sleep(seconds)
        if patient:
            self._hopeless.add(as_seen)
        return ""


@contextlib.contextmanager
def machines(directory: Path) -> Iterator[Machines]:
    """All of them, on the host that this process runs on."""
    host = Host(0, directory)
    host.sh(
        "ip netns add outside; ip link add wan0 type veth peer name eth0 netns outside;"
        f"ip address add {HOST_ADDRESS}/24 dev wan0; ip link set wan0 up;"
        f"ip -n outside address add {OUTSIDE_ADDRESS}/24 dev eth0;"
        "ip -n outside link set lo up; ip -n outside link set eth0 up"
    )
    with contextlib.ExitStack() as stack:
        for network in PLACES:
            host.sh(f"ip netns add guest-{network}; ip -n guest-{network} link set lo up")
            stack.enter_context(peer(host, f"guest-{network}")).serve(network, "tcp", *SERVED)
        yield Machines(stack.enter_context(peer(host, "outside")))
