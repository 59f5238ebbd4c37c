"""A host with an outside and guests of network namespaces, all of which serve and connect: who reaches whom."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hosts.sandboxed import Host

AGENT = str(Path(__file__).with_name("peer.py"))

#: The host's addresses on its way out, and those of a machine there.
HOST = {4: "198.51.100.1", 6: "2001:db8:51::1"}
OUTSIDE = {4: "198.51.100.7", 6: "2001:db8:51::7"}

#: Of the network: the host's addresses, and those of guests by their last part.
GATEWAY = {4: "192.168.123.1", 6: "fd00:123::1"}
SUBNET = {4: "192.168.123.0/24", 6: "fd00:123::/64"}
WEB = {4: "192.168.123.50", 6: "fd00:123::50"}
OTHER = {4: "192.168.123.60", 6: "fd00:123::60"}

BRIDGE = "virbr7"

NETWORK_XML = """\
<network><name>lab</name>{forward}<bridge name='{bridge}' stp='{stp}'/>
<mac address='52:54:00:7f:00:07'/>
<ip address='192.168.123.1' prefix='24'><dhcp><range start='192.168.123.100' end='192.168.123.199'/></dhcp></ip>
<ip family='ipv6' address='fd00:123::1' prefix='64'/></network>
"""


@dataclass
class Peer:
    """A process in a namespace, or on the host itself."""

    process: "subprocess.Popen[str]"

    def order(self, do: str, **words: Any) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **words}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the peer ended: {do} {words}"
        return str(json.loads(line))

    def serve(self, name: str, protocol: str, *ports: int) -> None:
        for port in ports:
            assert self.order("serve", name=name, protocol=protocol, port=port) == "ok"

    def connect(self, protocol: str, address: str, port: int, *, seconds: float = 0.7, held: str = "") -> str:
        """What the other side says: "web 80 198.51.100.7", its name, its port and whom it sees; or an error's name."""
        return self.order("connect", protocol=protocol, address=address, port=port, seconds=seconds, held=held)


@contextlib.contextmanager
def peer(host: Host, namespace: str = "") -> Iterator[Peer]:
    """A process that serves and connects in a namespace, or on the host; ended with the block."""
    within = ["ip", "netns", "exec", namespace] if namespace else []
    command = host.command(*within, "python3", "-I", AGENT)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline()) == "ready"
        yield Peer(process)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


@dataclass
class Site:
    """A host, who is outside it, and two guests of one network."""

    host: Host
    peers: dict[str, Peer] = field(default_factory=dict)

    def start_network(self, mode: str, *, stp: str = "on") -> None:
        forward = f"<forward mode='{mode}'/>" if mode else ""
        xml = NETWORK_XML.format(forward=forward, bridge=BRIDGE, stp=stp)
        self.host.run("virsh", "--quiet", "net-define", "/dev/stdin", given=xml)
        if mode == "open":
            # libvirt 12.8 leaves that to others.
            self.host.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        self.host.virsh("net-start", "lab")
        self.plug_in()

    def remove_network(self) -> None:
        self.host.virsh("net-destroy", "lab", check=False)
        self.host.virsh("net-undefine", "lab", check=False)

    def plug_in(self) -> None:
        """The guests into the bridge, as a hypervisor does; without the four seconds that STP takes of each."""
        self.host.sh(
            f"d=/sys/class/net/{BRIDGE}/bridge; stp=$(cat $d/stp_state); echo 0 >$d/stp_state;"
            f"for link in web other; do ip link set dev $link master {BRIDGE} up; done; echo $stp >$d/stp_state"
        )


@contextlib.contextmanager
def site(host: Host) -> Iterator[Site]:
    """Namespaces, links and processes; gone with the block, but for the network."""
    host.sh(
        "ip netns add outside; ip link add wan0 type veth peer name eth0 netns outside;"
        f"ip address add {HOST[4]}/24 dev wan0; ip address add {HOST[6]}/64 dev wan0 nodad; ip link set wan0 up;"
        f"ip -n outside address add {OUTSIDE[4]}/24 dev eth0; ip -n outside address add {OUTSIDE[6]}/64 dev eth0 nodad;"
        "ip -n outside link set lo up; ip -n outside link set eth0 up"
    )
    for name, addresses in {"web": WEB, "other": OTHER}.items():
        host.sh(
            f"ip netns add {name}; ip link add {name} type veth peer name eth0 netns {name}; ip link set {name} up;"
            f"ip -n {name} link set lo up; ip netns exec {name} sysctl -qw net.ipv6.conf.eth0.accept_ra=0;"
            f"ip -n {name} address add {addresses[4]}/24 dev eth0;"
            f"ip -n {name} address add {addresses[6]}/64 dev eth0 nodad; ip -n {name} link set eth0 up;"
            f"ip -n {name} route add default via {GATEWAY[4]}; ip -n {name} -6 route add default via {GATEWAY[6]}"
        )
    with contextlib.ExitStack() as stack:
        made = Site(host)
        for name in ("outside", "web", "other", ""):
            made.peers[name or "host"] = stack.enter_context(peer(host, name))
        try:
            yield made
        finally:
            for name in ("outside", "web", "other"):
                host.sh(f"ip netns del {name}")
