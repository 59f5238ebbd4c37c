"""A holding network: a bridge of its own on which guests wait while their network is stopped and started. Pure.

libvirt never attaches guests again when a network was stopped and started, and an update of an interface with the
same network does nothing. Moved to another network and back an interface is attached whole, with its port, on every
libvirt tried (9.0 and 11.3). So the guests of a network that must restart wait on a transient network without an
address, where they go on talking to each other. The holding network's metadata remembers how each of them was plugged
in: whoever finishes a restart that was interrupted, in another process or on another day, reads it there.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import ip_interface

from lxml import etree

from virtnet.network.names import (
    holding_bridge,
    holding_mac,
    holding_name,
    holding_uuid,
    probe_bridge,
    probe_mac,
    probe_uuid,
    short,
)
from virtnet.network.tree import ROUTED_MODES
from virtnet.network.xml.definition import Definition, definition
from virtnet.network.xml.read import read_xml
from virtnet.planning.reports import GuestInterface

HOLDING_NAMESPACE = "urn:pulumi-virtnet:holding:1.0"

#: Modes in which libvirt filters what a network's guests send through the host.
GUARDED_MODES = ("nat", "route")

#: What libvirt shows of an interface after merging it with what its network gives it.
_MERGED = ("virtualport", "vlan", "bandwidth", "port")


@dataclass(frozen=True, kw_only=True)
class HeldInterface:
    """A guest's interface as it is to be reattached."""

    guest_uuid: str
    mac: str
    xml: str


@dataclass(frozen=True, kw_only=True)
class HeldLink:
    """A link of the host as it hung on the bridge: a guest's tap, or one that libvirt knows nothing of."""

    name: str
    up: bool
    settings: tuple[tuple[str, str], ...]
    """Files of /sys/class/net/NAME/brport and what they held."""
    ifindex: str = ""
    """The kernel's number of it, which no other link gets until the host is booted again; "" if it is not known."""
    vlans: tuple[str, ...] = ()
    """Its VLANs on a bridge that filters them, as `bridge vlan add` takes them: "10 pvid untagged"."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Everything that was attached to a network before it was stopped."""

    isolated: bool = False
    """Whether the network kept its ports apart."""
    lowered: bool = False
    """Whether links were to be taken down meanwhile."""
    tracks: bool = False
    """Whether a rule of its own has the kernel track connections meanwhile."""
    stands_in: bool = False
    """Whether the holding network stands in for the gateway."""
    interfaces: tuple[HeldInterface, ...] = ()
    links: tuple[HeldLink, ...] = ()

    def link(self, name: str) -> HeldLink | None:
        """How the link of that name was attached."""
        return next((link for link in self.links if link.name == name), None)

    def home(self, interface: GuestInterface, network: str) -> str:
        """The XML with which a parked interface is attached to the network again."""
        kept = (i for i in self.interfaces if i.guest_uuid == interface.guest_uuid and i.mac == interface.mac)
        remembered = next(kept, None)
        return remembered.xml if remembered is not None else _on_network(interface.xml, network)


def render_probe(xml: str, uuid: str, attempt: int) -> str:
    """The temporary network for a network, from one without name, UUID, bridge name and address.

    Where the mode wants an address it is from TEST-NET-1 (RFC 5737), which no host is in: one of 64 subnets, so that
    those of several networks do not meet, and another at each attempt.
    """
    root = definition(xml).copy()
    for tag, text in (("uuid", probe_uuid(uuid)), ("name", probe_bridge(uuid))):
        element = etree.Element(tag)
        element.text = text
        root.insert(0, element)
    bridge, forward = root.find("bridge"), root.find("forward")
    if bridge is not None:
        bridge.set("name", probe_bridge(uuid))
    etree.SubElement(root, "mac", address=probe_mac(uuid))
    if forward is not None and forward.get("mode") in ROUTED_MODES:
        subnet = (int(short(uuid), 16) + attempt) % 64
        etree.SubElement(root, "ip", address=f"192.0.2.{1 + 4 * subnet}", prefix="30")
    return etree.tostring(root, encoding="unicode")


def render_holding_network(uuid: str, live: Definition, journal: Journal) -> str:
    """The holding network of a network, to be started as a transient network: no STP, the network's MTU.

    If it stands in for the gateway, it has the addresses and the MAC address of that, and no rules of libvirt's, which
    would be for its own subnets of one address. An isolated network's are libvirt's: they name the bridge alone.
    """
    root = etree.Element("network")
    etree.SubElement(root, "name").text = holding_name(uuid)
    etree.SubElement(root, "uuid").text = holding_uuid(uuid)
    etree.SubElement(root, "metadata").append(_render_journal(journal))
    etree.SubElement(root, "bridge", name=holding_bridge(uuid), stp="off", delay="0")
    # libvirt gives a tap the MTU of the bridge it puts it on.
    mtu = live.element.find("mtu")
    if mtu is not None:
        root.append(deepcopy(mtu))
    etree.SubElement(root, "mac", address=live.mac if journal.stands_in else holding_mac(uuid))
    etree.SubElement(root, "dns", enable="no")
    if journal.stands_in:
        if live.mode:
            etree.SubElement(root, "forward", mode="open")
        for gateway in (ip_interface(ip["address"]) for ip in live.tree.get("ips", [])):
            family, prefix = f"ipv{gateway.version}", str(gateway.max_prefixlen)
            etree.SubElement(root, "ip", family=family, address=str(gateway.ip), prefix=prefix)
    return etree.tostring(root, encoding="unicode")


def as_held(live: Definition, uuid: str) -> Definition:
    """The network as its packets are while its guests are on the holding network: on another bridge."""
    root = live.copy()
    bridge = root.find("bridge")
    if bridge is not None:
        bridge.set("name", holding_bridge(uuid))
    return definition(etree.tostring(root, encoding="unicode"))


def _render_journal(journal: Journal) -> etree._Element:
    held = etree.Element(_tag("held"), nsmap={"virtnet": HOLDING_NAMESPACE})
    held.set("isolated", "yes" if journal.isolated else "no")
    held.set("lowered", "yes" if journal.lowered else "no")
    held.set("tracks", "yes" if journal.tracks else "no")
    held.set("stands-in", "yes" if journal.stands_in else "no")
    for interface in journal.interfaces:
        entry = etree.SubElement(held, _tag("interface"), guest=interface.guest_uuid, mac=interface.mac)
        entry.text = interface.xml
    for link in journal.links:
        entry = etree.SubElement(held, _tag("link"), name=link.name, up="yes" if link.up else "no")
        entry.set("ifindex", link.ifindex)
        for name, value in link.settings:
            etree.SubElement(entry, _tag("setting"), name=name, value=value)
        for vlan in link.vlans:
            etree.SubElement(entry, _tag("vlan"), id=vlan)
    return held


def is_holding_network(said: Definition) -> bool:
    """Whether a network is one of ours on which guests wait while theirs is restarted."""
    return said.element.find(f"metadata/{_tag('held')}") is not None


def parse_journal(said: Definition) -> Journal:
    """What a holding network remembers; nothing where it is no holding network of ours."""
    held = said.element.find(f"metadata/{_tag('held')}")
    if held is None:
        return Journal()
    return Journal(
        isolated=held.get("isolated") == "yes",
        lowered=held.get("lowered") == "yes",
        tracks=held.get("tracks") == "yes",
        stands_in=held.get("stands-in") == "yes",
        interfaces=tuple(
            HeldInterface(guest_uuid=entry.get("guest", ""), mac=entry.get("mac", ""), xml=entry.text or "")
            for entry in held.findall(_tag("interface"))
        ),
        links=tuple(
            HeldLink(
                name=entry.get("name", ""),
                up=entry.get("up") == "yes",
                ifindex=entry.get("ifindex", ""),
                settings=tuple((s.get("name", ""), s.get("value", "")) for s in entry.findall(_tag("setting"))),
                vlans=tuple(vlan.get("id", "") for vlan in entry.findall(_tag("vlan"))),
            )
            for entry in held.findall(_tag("link"))
        ),
    )


def _tag(name: str) -> str:
    return f"{{{HOLDING_NAMESPACE}}}{name}"


def remembered(interfaces: Sequence[GuestInterface], live: Definition, network: str) -> tuple[HeldInterface, ...]:
    """Guests' interfaces as they are to be reattached: with what the guest itself asks for.

    A running guest's XML shows its interface merged with what its port group and its network give it. That must not
    become the guest's own, or it would keep what the network no longer gives.
    """
    return tuple(
        HeldInterface(guest_uuid=interface.guest_uuid, mac=interface.mac, xml=_own(interface, live.element, network))
        for interface in interfaces
    )


def _own(interface: GuestInterface, network_root: etree._Element, network: str) -> str:
    element = read_xml(_on_network(interface.xml, network))
    source = element.find("source")
    group = "" if source is None else source.get("portgroup", "")
    groups = network_root.findall("portgroup")
    given = [g for g in groups if (g.get("name") == group if group else g.get("default") == "yes")]
    for name in _MERGED:
        # The network's own bandwidth is its bridge's, and no interface gets it.
        givers = given if name == "bandwidth" else [*given, network_root]
        merged = element.find(name)
        if merged is not None and any(_alike(merged, theirs.find(name)) for theirs in givers):
            element.remove(merged)
    return etree.tostring(element, encoding="unicode")


def _alike(one: etree._Element, other: etree._Element | None) -> bool:
    return other is not None and _text(one) == _text(other)


def _text(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


def on_holding_network(interface_xml: str, uuid: str, *, down: bool) -> str:
    """The interface attached to the holding network, where it asks for nothing; with its link down, if so."""
    element = read_xml(_on_network(interface_xml, holding_name(uuid)))
    source = element.find("source")
    if source is not None:
        source.attrib.pop("portgroup", None)
    for name in _MERGED:
        for child in element.findall(name):
            element.remove(child)
    if down:
        for link in element.findall("link"):
            element.remove(link)
        etree.SubElement(element, "link", state="down")
    return etree.tostring(element, encoding="unicode")


def tap_of(interface_xml: str) -> str:
    """The host's side of a guest's interface; "" if its XML names none."""
    target = read_xml(interface_xml).find("target")
    return "" if target is None else target.get("dev", "")


def names_mtu(interface_xml: str) -> bool:
    """Whether a guest's interface has an MTU of its own."""
    return read_xml(interface_xml).find("mtu") is not None


def _on_network(interface_xml: str, network: str) -> str:
    """A running guest's interface with another network as its source, and nothing of what libvirt chose for it."""
    element = read_xml(interface_xml)
    # Of a network on a host's bridge libvirt shows the type of what it made of it.
    element.set("type", "network")
    source = element.find("source")
    group = None if source is None else source.get("portgroup")
    for there in element.findall("source"):
        element.remove(there)
    fresh = etree.Element("source", network=network)
    if group is not None:
        fresh.set("portgroup", group)
    element.insert(0, fresh)
    return etree.tostring(element, encoding="unicode")
