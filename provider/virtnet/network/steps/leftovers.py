"""The steps that clear away what killed daemons left of a network: its bridge, its dnsmasq. What is not its own stays.

Executing one twice is as good as once.
"""

from dataclasses import dataclass
from typing import Literal

from virtnet.errors import Refused
from virtnet.network.names import park_bridge, park_uuid
from virtnet.network.observe.firewall import rules_left
from virtnet.network.observe.leftovers import _ports, dnsmasq_process, link_address
from virtnet.planning.clients import Doors, HostDoor


def remove_own_bridge(doors: Doors, bridge: str, mac: str, *, occupied: bool = False) -> None:
    """Remove a bridge of ours that a daemon which was killed left, known by its MAC; refuse any other of that name.

    `occupied` lets something be plugged into it, which is on no bridge then, as after libvirt's own stop.
    """
    address = link_address(doors, bridge)
    if address is None or doors.host is None:
        return
    if address != mac or (not occupied and _ports(doors.host, bridge)):
        raise Refused(f"the interface {bridge} on {doors.host.name} is not ours, or is in use; remove it first")
    # Down first, as libvirt does it: nothing is to pass without the rules. Who is killed in between is known by the
    # bridge, and it is done once more.
    doors.host.set_link_up(bridge, False)
    _remove_rules(doors.host, bridge)
    doors.host.delete_link(bridge)


def _remove_rules(host: HostDoor, bridge: str) -> None:
    """Remove the firewall rules of a bridge that is about to go.

    libvirt 9.0 forgets those of a network whose daemon was killed while starting it, and then nobody removes them.
    """
    programs: tuple[tuple[Literal["iptables-save", "ip6tables-save"], Literal["iptables", "ip6tables"]], ...] = (
        ("iptables-save", "iptables"),
        ("ip6tables-save", "ip6tables"),
    )
    for listing, program in programs:
        for rule in rules_left(host.firewall_rules(listing) or "", bridge):
            host.delete_firewall_rule(program, rule.table, rule.words)


@dataclass(frozen=True, kw_only=True)
class RemoveLeftoverBridge:
    """Remove the bridge that a killed start or stop of this very network left behind, known by its MAC."""

    uuid: str
    bridge: str
    mac: str
    names: str = ""
    """What is plugged into it, which is on no bridge then; "" where nothing may be."""

    def describe(self) -> str:
        if self.names:
            return f"remove the bridge {self.bridge} that a broken stop left behind, disconnecting {self.names}"
        return f"remove the bridge {self.bridge} that a broken start left behind"

    def execute(self, doors: Doors) -> None:
        if doors.host is None:
            return
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        if link_address(doors, self.bridge) == self.mac and doors.libvirt.find_network(uuid=park_uuid(self.uuid)):
            # A daemon that starts puts guests of type='bridge' back on it; they wait with the others.
            for link in doors.host.list_directory(f"/sys/class/net/{self.bridge}/brif"):
                doors.host.set_master(link, park_bridge(self.uuid))
        remove_own_bridge(doors, self.bridge, self.mac, occupied=bool(self.names))

    def undo(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class EndLeftoverDnsmasq:
    """End the dnsmasq of this very network that a killed daemon left behind and forgot: its sockets stand in the way.

    libvirt 11 does that itself when its daemon starts, 9.0 does not.
    """

    uuid: str
    name: str

    def describe(self) -> str:
        return "end the network's dnsmasq that a killed libvirtd left behind"

    def execute(self, doors: Doors) -> None:
        report = doors.libvirt.find_network(uuid=self.uuid)
        if report is not None and report.active:
            return
        pid = dnsmasq_process(doors, self.name)
        if doors.host is not None and pid is not None:
            doors.host.end_process(pid)

    def undo(self) -> None:
        return None
