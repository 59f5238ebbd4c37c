"""The steps that clear away what killed daemons left of a network: its bridge, its dnsmasq. What is not its own stays.

Executing one twice is as good as once. Imported by the planners of networks and by the steps that make bridges.
"""

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from virtnet import network_xml
from virtnet.errors import AccessDenied, HostFailure, Refused
from virtnet.network_firewall import rules_left
from virtnet.network_park_names import park_bridge, park_mac, park_uuid, probe_bridge, probe_mac, probe_uuid
from virtnet.network_preflight import own_bridge
from virtnet.observed import LeftBridge, NetworkReport, PluggedIn
from virtnet.plan import Doors, HostDoor


def link_address(doors: Doors, link: str) -> str | None:
    """The MAC address of a link of the host; None when there is no such link."""
    text = doors.host.read_file(f"/sys/class/net/{link}/address") if doors.host is not None else None
    return None if text is None else text.strip()


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


def _ports(host: HostDoor, bridge: str) -> list[str]:
    return sorted(host.list_directory(f"/sys/class/net/{bridge}/brif"))


def bridges_left(doors: Doors, report: NetworkReport | None, *, occupied: bool = False) -> tuple[LeftBridge, ...]:
    """The bridges that killed daemons left of this network, its park and its probes, with nothing on them.

    `occupied` tells of the network's own too where something is on it.
    """
    if report is None or doors.host is None:
        return ()
    config = network_xml.parse(report.any_xml)
    made = [
        LeftBridge(uuid=report.uuid, bridge=own_bridge(config), mac=str(config.get("mac", ""))),
        LeftBridge(uuid=park_uuid(report.uuid), bridge=park_bridge(report.uuid), mac=park_mac(report.uuid)),
        LeftBridge(uuid=probe_uuid(report.uuid), bridge=probe_bridge(report.uuid), mac=probe_mac(report.uuid)),
    ]
    there = doors.host.list_directory("/sys/class/net")
    found = [
        replace(left, users=tuple(PluggedIn(owner="", interface=port) for port in _ports(doors.host, left.bridge)))
        for left in made
        if left.bridge in there and not (left.uuid == report.uuid and report.active) and _is_left(doors, left)
    ]
    return tuple(left for left in found if not left.users or (occupied and left.uuid == report.uuid))


def _is_left(doors: Doors, left: LeftBridge) -> bool:
    if link_address(doors, left.bridge) != left.mac:
        return False
    report = doors.libvirt.find_network(uuid=left.uuid)
    return report is None or not report.active


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


def dnsmasq_process(doors: Doors, network: str) -> int | None:
    """The process id of the dnsmasq that the system's daemon started for the network of that name; None without one.

    A process id may be another program's by now, so the process's own command line has to name the network's file. A
    user's own daemon (/session) keeps its files elsewhere: a network of that name there is not this one.
    """
    host = doors.host
    if host is None or urlsplit(doors.libvirt.uri).path != "/system":
        return None
    try:
        pid = (host.read_file(f"/run/libvirt/network/{network}.pid") or "").strip()
        if not pid.isdigit() or (host.read_file(f"/proc/{pid}/comm") or "").strip() != "dnsmasq":
            return None
        arguments = (host.read_file(f"/proc/{pid}/cmdline") or "").split("\0")
    except (HostFailure, AccessDenied):  # only root can look
        return None
    return int(pid) if f"--conf-file=/var/lib/libvirt/dnsmasq/{network}.conf" in arguments else None
