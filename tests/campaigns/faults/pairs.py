"""Kinds of plans, two and two: one goes there and the other back, so that a case ends where the next begins.

Data and the scripts that prepare a host; nothing is killed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]

BRIDGE = "vn-lab"
DHCP = {"ranges": [{"start": "10.70.0.100", "end": "10.70.0.200"}], "hosts": []}
#: Plugs two neighbors into the bridge, which have addresses of their own, and starts a guest without a system. The
#: second has addresses of the network as well.
GUESTS = """\
for number in 1 2; do
  ip netns add box$number
  ip link add box$number type veth peer name eth0 netns box$number
  ip link set box$number master vn-lab up
  ip -n box$number address add 10.250.0.$number/24 dev eth0
  ip -n box$number link set eth0 up
done
ip -n box2 address add 10.70.0.202/24 dev eth0
ip -n box2 address add 10.73.0.202/24 dev eth0
cat > /run/web.xml <<END
<domain type='qemu'><name>web</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<interface type='network'><mac address='52:54:00:fe:00:01'/><source network='lab'/><model type='virtio'/>
<target dev='web'/></interface>
</devices></domain>
END
virsh -q create --paused /run/web.xml
"""
#: Plugs all of them in again, after their bridge was deleted.
GUESTS_AGAIN = """\
for number in 1 2; do ip link set box$number master vn-lab; done
virsh -q destroy web || true
virsh -q create --paused /run/web.xml
"""
#: libvirt turns it on with the first network that needs it, and never off.
FORWARDS = "sysctl -q -w net.ipv4.ip_forward=1"
#: With the family, which libvirt 11 adds by itself when it writes a definition anew.
FOUND = """\
<network><name>lab</name><bridge name='vn-lab' stp='off'/><dns><host ip='10.70.0.7'><hostname>seven</hostname></host>
</dns><ip family='ipv4' address='10.70.0.1' prefix='24'/></network>
"""


#: A network that runs, which a forward leads into, and another one.
ROUTED_NETWORK = """
virsh -q net-define /dev/stdin <<END
<network><name>{name}</name><forward mode='nat'/><bridge name='vn-{name}' stp='off'/>
<ip family='ipv4' address='{address}' prefix='24'/></network>
END
virsh -q net-start {name}
"""
ROUTED = FORWARDS + ROUTED_NETWORK.format(name="lab", address="10.70.0.1")
OTHER_ROUTED = ROUTED_NETWORK.format(name="lab2", address="10.74.0.1")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two kinds of plans. `there` is the program of the first, `back` that of the second."""

    forth_name: str
    back_name: str
    there: tuple[Resource, ...]
    back: tuple[Resource, ...] = ()
    prepare: str = ""
    """A script that is run once, before anything is declared."""
    plug_in: str = ""
    """A script that is run once, with the program of `back` up."""
    plug_in_again: str = ""
    """A script that is run whenever the program of `back` is up again."""
    spoil: str = ""
    """What others do to the host, each time before the program of `there` is to come up; a refresh tells of it."""
    gateway: str = "10.70.0.1"
    """An address that the network has in both programs."""
    seconds_of_silence: float = 0.0
    """For how long guests may hear nothing of each other and of the gateway, when the next up comes at once."""
    cuts_off: bool = False
    """Whether `there` is to take the network from its guests."""
    hosts: int = 1
    """On how many hosts its cases are run, so that no chain of them is much longer than the others."""
    alike: bool = False
    """Whether both are of one kind, or the other has a pair already, so that the way back is only the way back."""
    made_anew: bool = False
    """Whether the network is another one each time, with a UUID and a MAC of its own."""
    of_modular: bool = False
    """Whether modular daemons are broken in it as well: a plan for each kind of step that keeps one of them busy."""

    @property
    def talks(self) -> Mapping[str, tuple[str, str]]:
        """Whom guests talk to: who asks, and which address."""
        if not self.plug_in:
            return {}
        return {"its neighbor": ("box1", "10.250.0.2"), "the gateway": ("box2", self.gateway)}


def network(**args: Any) -> tuple[Resource, ...]:
    """A program that declares the network lab."""
    return ({"type": "LibvirtNetwork", "name": "lab", "args": args},)


def forwarding(**args: Any) -> tuple[Resource, ...]:
    """A program that declares the host's forwarding."""
    return ({"type": "HostForwarding", "name": "forwarding", "args": args},)


def port_forward(*ports: str, **args: Any) -> tuple[Resource, ...]:
    """A program that declares a way in to a guest of the network lab."""
    listed = [{"protocol": "tcp", "listen_port": port, "target_port": "80"} for port in ports]
    named = {"network": "lab", "target_address": "10.70.0.50", "ports": listed, **args}
    return ({"type": "PortForward", "name": "web", "args": named},)


def _lab(address: str = "10.70.0.1/24", *before: str, **args: Any) -> tuple[Resource, ...]:
    """The network with DHCP on an address; addresses before it have none."""
    dhcp = {"ranges": [{"start": address[:-4] + "100", "end": address[:-4] + "200"}]}
    ips = [*({"address": another} for another in before), {"address": address, "dhcp": dhcp}]
    return network(**{"forward": {}, "ips": ips, "bridge": {"stp": False}, **args})


_RESERVED = {**DHCP, "hosts": [{"mac": "52:54:00:00:00:09", "ip": "10.70.0.9"}]}
#: The IPv6 one is all that dnsmasq serves DHCPv6 for.
_WITH_RESERVATION = [
    {"address": "10.70.0.1/24", "dhcp": _RESERVED},
    {"address": "fd00:70::1/64", "dhcp": {"hosts": [{"name": "nine", "ip": "fd00:70::9"}]}},
]
#: A hand with virsh, and dnsmasq at an end.
_DRIFT = """\
virsh -q net-update lab delete ip-dhcp-host "<host mac='52:54:00:00:00:09' ip='10.70.0.9'/>" --live --config
virsh -q net-update lab delete ip-dhcp-host "<host name='nine' ip='fd00:70::9'/>" --parent-index 1 --live --config
virsh -q net-autostart lab --disable
kill $(cat /run/libvirt/network/lab.pid)
while ps -C dnsmasq -o args= | grep -q dnsmasq/lab.conf; do sleep 0.1; done
"""

PAIRS = (
    Pair(forth_name="create", back_name="delete", there=_lab(), prepare=FORWARDS, hosts=2, made_anew=True),
    Pair(
        forth_name="delete with guests, on_delete disconnect",
        back_name="create again",
        alike=True,
        back=_lab(on_delete="disconnect"),
        there=(),
        plug_in=GUESTS,
        plug_in_again=GUESTS_AGAIN,
        cuts_off=True,
        made_anew=True,
    ),
    Pair(
        forth_name="live update",
        back_name="live update, back",
        hosts=2,
        alike=True,
        of_modular=True,
        back=_lab(),
        there=_lab(
            ips=[{"address": "10.70.0.1/24", "dhcp": _RESERVED}],
            dns={"hosts": [{"ip": "10.70.0.9", "hostnames": ["nine"]}], "txts": [{"name": "n", "value": "v"}]},
            autostart=False,
        ),
        plug_in=GUESTS,
    ),
    Pair(
        forth_name="drift fixed",
        back_name="nothing",
        alike=True,
        back=_lab(ips=_WITH_RESERVATION),
        there=_lab(ips=_WITH_RESERVATION),
        spoil=_DRIFT,
        plug_in=GUESTS,
    ),
    Pair(
        forth_name="restart with guests, renumbered, STP on",
        back_name="restart with guests, back",
        hosts=4,
        alike=True,
        of_modular=True,
        back=_lab("10.70.0.1/24", "10.73.0.1/24"),
        there=_lab("10.72.0.1/24", "10.73.0.1/24", bridge={"stp": True}),
        plug_in=GUESTS,
        gateway="10.73.0.1",
        seconds_of_silence=30.0,
    ),
    Pair(
        forth_name="adopt",
        back_name="restore",
        hosts=4,
        there=network(adopt=True, forward={}, ips=[{"address": "10.71.0.1/24"}], dns={"hosts": []}),
        prepare=f"{FORWARDS}\nvirsh -q net-define /dev/stdin <<END\n{FOUND}END\nvirsh -q net-start lab",
    ),
    Pair(
        forth_name="stop for good",
        back_name="start again",
        hosts=2,
        back=_lab(),
        there=_lab(active=False, autostart=False),
    ),
    Pair(
        forth_name="HostForwarding create",
        back_name="HostForwarding delete",
        there=forwarding(ipv4=True, ipv6=True),
    ),
    Pair(
        forth_name="HostForwarding update",
        back_name="HostForwarding update, back",
        alike=True,
        back=forwarding(ipv4=True),
        there=forwarding(ipv4=True, ipv6=True, drop_in="80-other.conf"),
    ),
    Pair(
        forth_name="PortForward update",
        back_name="PortForward update, back",
        alike=True,
        back=port_forward("8080"),
        there=port_forward("8080", "8081", sources=["203.0.113.0/24"]),
        prepare=ROUTED,
    ),
    Pair(
        forth_name="PortForward create",
        back_name="PortForward delete",
        there=port_forward("8080"),
        prepare=ROUTED,
    ),
    Pair(
        forth_name="PortForward replacement",
        back_name="PortForward replacement, back",
        alike=True,
        back=port_forward("8080"),
        there=port_forward("8080", network="lab2", target_address="10.74.0.50"),
        prepare=ROUTED + OTHER_ROUTED,
    ),
)

#: For libvirt from 9.7, so that no row of the table is of it, which an older one has to make too.
TEXTS = Pair(
    forth_name="live update of texts",
    back_name="live update of texts, back",
    alike=True,
    back=_lab(title="Lab"),
    there=_lab(description="For tests", metadata={"urn:lab": "<lab:room xmlns:lab='urn:lab'>7</lab:room>"}),
    plug_in=GUESTS,
)

#: A restart in which the holding network stands in for the gateway, of both versions of IP.
UNNOTICED = Pair(
    forth_name="restart that guests don't notice",
    back_name="restart that guests don't notice, back",
    alike=True,
    back=_lab("10.70.0.1/24", "fd00:70::1/64"),
    there=_lab("10.70.0.1/24", "fd00:70::1/64", domain={"name": "lab.example"}),
    plug_in=GUESTS,
    seconds_of_silence=30.0,
)
