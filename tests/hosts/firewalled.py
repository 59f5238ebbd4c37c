"""Firewalls of other programs in a sandboxed host, and what of a network's packets comes through them.

firewalld and ufw are the real ones, with what Debian's packages configure; of firewalld, with libvirt's own zones. Of
Docker it is what dockerd 24 writes, by hand. Everything of them that is a file is the sandbox's own.
"""

import contextlib
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.hosts.daemons import restart_libvirtd
from tests.hosts.firewalls import own_configuration, start_firewalld, start_ufw
from tests.hosts.sandboxed import Host

DATA = Path(__file__).parent / "data" / "firewalld"

#: The way to everywhere else: an interface of the host, and who is there.
UPLINK: Final = "up0"
OUTSIDE: Final = {4: "198.51.100.2", 6: "2001:db8:51::2"}

#: On which somebody answers: a port that no rule names.
PORT: Final = 7007

_UPLINK = f"""\
ip netns add outside
ip link add {UPLINK} type veth peer name eth0 netns outside
ip address add 198.51.100.1/24 dev {UPLINK}
ip address add 2001:db8:51::1/64 dev {UPLINK} nodad
ip link set {UPLINK} up
ip -n outside link set lo up
ip -n outside address add {OUTSIDE[4]}/24 dev eth0
ip -n outside address add {OUTSIDE[6]}/64 dev eth0 nodad
ip -n outside link set eth0 up
ip -n outside route add default via 198.51.100.1
ip -n outside -6 route add default via 2001:db8:51::1
ip route add default via {OUTSIDE[4]} dev {UPLINK}
ip -6 route add default via {OUTSIDE[6]} dev {UPLINK}
"""

#: Answers whoever connects, until the sandbox ends.
_SERVER = f"""\
import socket
server = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    server.accept()[0].close()
"""

#: Asks for a name of the network's, and waits two seconds for any answer.
_QUESTION = """\
import socket, sys
asked = b"\\x12\\x34\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x02gw\\x04test\\x00\\x00\\x01\\x00\\x01"
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
client = socket.socket(family, socket.SOCK_DGRAM)
client.settimeout(1)
for _ in range(2):
    try:
        client.sendto(asked, (sys.argv[1], 53))
        client.recv(512)
        sys.exit(0)
    except OSError:
        pass
sys.exit(1)
"""

_DOCKER = """\
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
for program in iptables ip6tables; do
  for chain in DOCKER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 DOCKER-USER; do $program -N $chain; done
  $program -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
  $program -A DOCKER-ISOLATION-STAGE-1 -j RETURN
  $program -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
  $program -A DOCKER-ISOLATION-STAGE-2 -j RETURN
  $program -A DOCKER-USER -j RETURN
  $program -I FORWARD -i docker0 -o docker0 -j ACCEPT
  $program -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
  $program -I FORWARD -o docker0 -j DOCKER
  $program -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  $program -I FORWARD -j DOCKER-ISOLATION-STAGE-1
  $program -I FORWARD -j DOCKER-USER
  $program -P FORWARD DROP
done
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER -i docker0 -j RETURN
"""

_NFT_DROP = """\
nft -f - <<'RULES'
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state vmap { established : accept, related : accept, invalid : drop }
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 22 accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state { established, related } accept
  }
}
RULES
"""

#: As iptables-services has it: at the end of each chain all is rejected.
_IPTABLES_REJECT = """\
for program in iptables ip6tables; do
  icmp=icmp; [ $program = iptables ] || icmp=ipv6-icmp
  $program -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
  $program -A INPUT -p $icmp -j ACCEPT
  $program -A INPUT -i lo -j ACCEPT
  $program -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
  $program -A INPUT -j REJECT
  $program -A FORWARD -j REJECT
done
"""


def firewalld(host: Host) -> None:
    """firewalld with libvirt's zones; libvirt's daemon is started anew, as it looks for the bus when it starts."""
    own_configuration(host, "firewalld")
    host.sh(f"cp -r {shlex.quote(str(DATA))}/. /etc/firewalld/; mkdir -p /run/dbus; dbus-daemon --system --fork")
    start_firewalld(host)
    restart_libvirtd(host)


FIREWALLS: Mapping[str, Callable[[Host], object]] = {
    "none": lambda _: None,
    "firewalld": firewalld,
    "ufw": start_ufw,
    "Docker": lambda host: host.sh(_DOCKER),
    "nftables, policy drop": lambda host: host.sh(_NFT_DROP),
    "iptables, REJECT": lambda host: host.sh(_IPTABLES_REJECT),
}


def make_uplink(host: Host) -> None:
    """A way to everywhere else, with somebody there who answers."""
    host.sh(_UPLINK)
    _serve(host, "outside")


def _serve(host: Host, namespace: str) -> None:
    enter = f"ip netns exec {namespace}"
    host.sh(
        f"setsid {enter} python3 -c {shlex.quote(_SERVER)} &>/dev/null &\n"
        f"for try in $(seq 300); do {enter} ss -Hltn | grep -q :{PORT} && exit; sleep 0.1; done; exit 1"
    )


@dataclass(frozen=True)
class Witness:
    """A guest made of a network namespace, whose packets show what passes."""

    host: Host
    name: str
    subnet: str
    """The first two bytes and the third: "10.98.1", of IPv6 "fd00:98:1:"."""
    subnet6: str

    def _runs(self, namespace: str, *command: str) -> bool:
        return self.host.run("ip", "netns", "exec", namespace, *command, check=False).returncode == 0

    def _connects(self, namespace: str, address: str) -> bool:
        return self._runs(namespace, "timeout", "1.5", "bash", "-c", f"</dev/tcp/{address}/{PORT}")

    def passes(self, path: str, version: int) -> bool:
        """Whether packets of a way come through, by its name in virtnet."""
        address, gateway = self._addresses(version)
        if path == "outside":
            return self._connects(self.name, OUTSIDE[version])
        if path == "inside":
            return self._connects("outside", address)
        if path == "between":
            return self._connects(f"{self.name}-near", address)
        if path == "dns":
            return self._runs(self.name, "python3", "-c", _QUESTION, gateway)
        assert path == "dhcp"
        ask = ["udhcpc", "-f", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s", "/bin/true"]
        return self._runs(self.name, *ask)

    def _addresses(self, version: int) -> tuple[str, str]:
        """Its own, and the gateway's."""
        if version == 6:
            return f"{self.subnet6}:5", f"{self.subnet6}:1"
        return f"{self.subnet}.5", f"{self.subnet}.1"


@contextlib.contextmanager
def witness(host: Host, name: str, bridge: str, number: int) -> Iterator[Witness]:
    """A guest, with a neighbour, on a bridge of the subnets 10.98.NUMBER.0/24 and fd00:98:NUMBER::/64."""
    subnet, subnet6 = f"10.98.{number}", f"fd00:98:{number}:"
    with host.guest(name, bridge), host.guest(f"{name}-near", bridge):
        host.sh(
            f"ip -n {name}-near address add {subnet}.6/24 dev eth0;"
            f"ip -n {name}-near address add {subnet6}:6/64 dev eth0 nodad"
        )
        host.sh(
            f"ip -n {name} link set eth0 address {mac_of(number)};"
            f"ip -n {name} address add {subnet}.5/24 dev eth0; ip -n {name} route add default via {subnet}.1;"
            f"ip -n {name} address add {subnet6}:5/64 dev eth0 nodad;"
            f"ip -n {name} -6 route replace default via {subnet6}:1;"
            # The bridge's own address may be looked at still.
            f"for try in $(seq 50); do ip -6 address show dev {bridge} tentative | grep -q inet6 || exit 0;"
            "sleep 0.1; done"
        )
        _serve(host, name)
        yield Witness(host, name, subnet, subnet6)


def mac_of(number: int) -> str:
    """The guest's, for which a reservation spares it dnsmasq's three seconds."""
    return f"52:54:00:98:00:{number:02x}"


def network_for(mode: str, number: int) -> dict[str, object]:
    """The inputs of a network for such a guest."""
    dhcp = {"hosts": [{"mac": mac_of(number), "ip": f"10.98.{number}.5"}]}
    return {
        "forward": {"mode": mode},
        "bridge": {"name": f"vn-w{number}", "stp": False},
        "ips": [{"address": f"10.98.{number}.1/24", "dhcp": dhcp}, {"address": f"fd00:98:{number}::1/64"}],
        "dns": {"hosts": [{"ip": f"10.98.{number}.1", "hostnames": ["gw.test"]}]},
    }
