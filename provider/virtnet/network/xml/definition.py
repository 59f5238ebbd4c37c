"""What a network's XML says, read once for each text: the value that observe, plan and steps hand on. Pure.

libvirt's client below gives texts (`planning.reports.NetworkReport`), as it knows nothing of a network's spec. Whoever
looks at libvirt turns them into definitions here: one text is one Definition, whichever step looks at it again.
"""

import ipaddress
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from lxml import etree

from virtnet.network.tree import OWN_BRIDGE_MODES, serves
from virtnet.network.xml.read import (
    OwnerMark,
    holds_restart_record,
    ip_address,
    parse_network,
    parse_owner_mark,
    read_xml,
)

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

Subnet: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Definition:
    """A network's XML and what it says; equal where the texts are. Made by `definition` alone.

    It is read when it is first asked, and then raises VirtnetError where the text is no XML. Of 500 other networks a
    create wants the bridges and subnets, which are read in 0.1 ms; the tree takes ten times as long.
    """

    xml: str

    @property
    def element(self) -> etree._Element:
        """The `<network>` element, to be read; `copy` is for changing."""
        return _element(self.xml)

    def copy(self) -> etree._Element:
        """The `<network>` element, the caller's to change."""
        return deepcopy(self.element)

    @cached_property
    def tree(self) -> "NetworkTree":
        """Its values in canonical spelling. What the spec does not know is passed over."""
        return parse_network(self.element)

    @cached_property
    def mode(self) -> str:
        """The forward mode; "" for an isolated network."""
        forward = self.element.find("forward")
        return "" if forward is None else forward.get("mode", "nat")

    @cached_property
    def bridge(self) -> str:
        """The name of the bridge that libvirt makes for the network; "" if it makes none."""
        return self.bridge_name if self.mode in OWN_BRIDGE_MODES else ""

    @cached_property
    def bridge_name(self) -> str:
        """The name of the bridge it is on, whoever makes that; "" if it is on none."""
        bridge = self.element.find("bridge")
        return "" if bridge is None else bridge.get("name", "")

    @cached_property
    def mac(self) -> str:
        """The MAC address of its bridge; "" if it has none."""
        return self.tree.get("mac", "")

    @cached_property
    def forward_device(self) -> str:
        """The interface by which guests may leave the host; "" if any will do."""
        forward = self.element.find("forward")
        if forward is None:
            return ""
        interface = forward.find("interface")
        return forward.get("dev", "") if interface is None else interface.get("dev", "")

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """The subnets of its addresses, but for those that libvirt accepts and ipaddress does not."""
        found: list[Subnet] = []
        for element in self.element.findall("ip"):
            address = ip_address(element)
            if address is not None:
                try:
                    found.append(ipaddress.ip_interface(address).network)
                except ValueError:
                    continue
        return tuple(found)

    @cached_property
    def translated(self) -> tuple[int, ...]:
        """The versions of IP whose addresses it translates for guests that reach the outside (NAT)."""
        nat = self.element.find("forward/nat")
        if self.mode != "nat":
            return ()
        return (4, 6) if nat is not None and nat.get("ipv6") == "yes" else (4,)

    @cached_property
    def serves(self) -> bool:
        """Whether libvirt runs dnsmasq for it."""
        return serves(self.tree)

    @cached_property
    def mark(self) -> OwnerMark | None:
        """Who made the network, or took it over; None if it carries no mark."""
        return parse_owner_mark(self.element)

    @cached_property
    def restart_record_left(self) -> bool:
        """Whether it holds the record by which dnsmasq is restarted."""
        return holds_restart_record(self.element)


# An element takes ten times the memory of its text, and what is read off it is kept: only those in use are.
@lru_cache(maxsize=32)
def _element(xml: str) -> etree._Element:
    return read_xml(xml)


# 500 networks, each with what runs and what is defined, and their texts of before.
@lru_cache(maxsize=2048)
def definition(xml: str) -> Definition:
    """The definition of a text: the same one for the same text."""
    return Definition(xml)
