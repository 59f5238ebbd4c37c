"""Libvirt's network XML, parsed into a tree. Pure; `write` is the other way.

It walks the spec's own types, so a property is declared once. By default a scalar is an attribute and a group an
element, under libvirt's camelCase name; `PLACES` lists the exceptions. Order and meaning follow
https://libvirt.org/formatnetwork.html.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree
from pydantic.alias_generators import to_camel

from virtnet.errors import VirtnetError
from virtnet.network import spec as parts
from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.tree import network_tree
from virtnet.planning.merge import ABSENT, differences
from virtnet.planning.ownership.marks import Mark, token_of
from virtnet.spec.failures import Invalid
from virtnet.spec.part import Part, Shape, Values, shapes, without
from virtnet.spec.values import readable

if TYPE_CHECKING:
    from virtnet.network._generated.trees import DnsTree, NetworkTree, TxtTree

OWNER_NAMESPACE = "urn:pulumi-virtnet:owner:1.0"
"""Namespace of the owner mark in a network's metadata."""

FIRST_DEFINITION = "first definition"
"""The phase in the mark of a network until its create is done; what runs since shows it until it is restarted."""

DNSMASQ_NAMESPACE = "http://libvirt.org/schemas/network/dnsmasq/1.0"
"""Namespace of raw dnsmasq options (formatnetwork, "Network namespaces")."""

RESTART_RECORD = "virtnet-restart.invalid"
"""The TXT record of the running network that comes and goes to have libvirt restart dnsmasq."""

RESTART_VALUE = "restart"

RESTART_ITEM = f"<txt name='{RESTART_RECORD}' value='{RESTART_VALUE}'/>"

#: Where a field is found when not under its camelCase name: "@attribute", "element", "element/@attribute",
#: "element/text()".
PLACES: Mapping[tuple[type[Part], str], str] = {
    (parts.NetworkSpec, "name"): "name/text()",
    (parts.NetworkSpec, "uuid"): "uuid/text()",
    (parts.NetworkSpec, "title"): "title/text()",
    (parts.NetworkSpec, "description"): "description/text()",
    (parts.NetworkSpec, "mtu"): "mtu/@size",
    (parts.NetworkSpec, "mac"): "mac/@address",
    (parts.NetworkSpec, "port_isolated"): "port/@isolated",
    (parts.NetworkSpec, "ips"): "ip",
    (parts.NetworkSpec, "routes"): "route",
    (parts.NetworkSpec, "virtual_port"): "virtualport",
    (parts.NetworkSpec, "port_groups"): "portgroup",
    (parts.PortGroup, "virtual_port"): "virtualport",
    (parts.Forward, "interfaces"): "interface",
    (parts.Forward, "addresses"): "address",
    (parts.NetworkIp, "tftp_root"): "tftp/@root",
    (parts.Dhcp, "ranges"): "range",
    (parts.Dhcp, "hosts"): "host",
    (parts.Dns, "forwarders"): "forwarder",
    (parts.Dns, "hosts"): "host",
    (parts.Dns, "srvs"): "srv",
    (parts.Dns, "txts"): "txt",
    (parts.DnsHost, "hostnames"): "hostname/text()",
    (parts.Forwarder, "address"): "@addr",
    (parts.Vlan, "tags"): "tag",
}

#: Fields of the resource that are no part of the network's XML.
NOT_XML = frozenset(
    {"uri", "autostart", "active", "adopt", "allow_overlap", "on_restart", "on_many_updates", "on_delete"}
)

#: What a running network shows only after its next start, which is never hurried for them.
NEXT_START = ("title", "description", "metadata")

#: Fields with a form of their own in XML, handled by name.
SPECIAL = frozenset({"metadata", "dnsmasq_options"})


@dataclass(frozen=True)
class OwnerMark(Mark):
    """The mark of a network, kept in its metadata."""

    creating: bool = False
    """True from the first define until create is done: what is left of a create that was killed."""
    adopted: bool = False
    """True for a network that was there before, and was taken over and changed."""
    found: str = field(default="", compare=False)
    """How an adopted network was found, as JSON: Pulumi records nothing of a create that is killed."""
    edit: str = ""
    """Which edit wrote `named`, as the record notes once it holds what that named; "" for the one of the token."""
    named: tuple[str, ...] = field(default=(), compare=False)
    """The paths of all that is named on the host by the record, or by an edit that it may not hold: what of them
    neither the program nor the record names is what an edit that was interrupted has left."""

    def unrecorded(self, recorded: Values) -> frozenset[str]:
        """What an edit has named that the state does not hold, as it or Pulumi was interrupted: paths."""
        known = recorded.get("__edit") or token_of(recorded)
        return frozenset() if known == (self.edit or self.token) else frozenset(self.named)


class Place(NamedTuple):
    """An element below the part's own (empty for that itself), and in it an attribute, or its text."""

    element: str
    attribute: str
    text: bool


def place_of(part: type[Part], shape: Shape) -> Place:
    """Where a field is found below its part's element."""
    return _places(part)[shape.name]


@cache
def _places(part: type[Part]) -> Mapping[str, Place]:
    return {name: _place(part, shape) for name, shape in shapes(part).items()}


def _place(part: type[Part], shape: Shape) -> Place:
    spelled = PLACES.get((part, shape.name))
    if spelled is None:
        camel = to_camel(shape.name)
        spelled = camel if shape.kind in ("part", "parts") else f"@{camel}"
    element, _, last = spelled.rpartition("/")
    if last == "text()":
        return Place(element, "", text=True)
    if last.startswith("@"):
        return Place(element, last[1:], text=False)
    return Place(last, "", text=False)


def read_xml(xml: str) -> etree._Element:
    """XML text as an element; no entities, no network, blank text dropped so that edits print well.

    Raises VirtnetError for a text that is no XML: libvirt prints some values without escaping them (9.0, 11.3).
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, huge_tree=False)
    try:
        return etree.fromstring(xml.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise VirtnetError(_no_xml(xml, error)) from error


def _no_xml(xml: str, error: etree.XMLSyntaxError | UnicodeEncodeError) -> str:
    found = re.search(r"<name>([^<]*)</name>", xml)
    network, name = ("a network", "NETWORK") if found is None else (f"the network '{found[1]}'", found[1])
    words = error.msg if isinstance(error, etree.XMLSyntaxError) else error.reason
    return (
        f"what libvirt prints of {readable(network)} is no XML ({readable(words)}), as it escapes no quote, < or & in "
        f"the name of a reservation or in a profileid; correct it with virsh net-edit {readable(name)}"
    )


def parse_network(root: etree._Element) -> "NetworkTree":
    """A network's element as a tree of the spec's fields, in canonical spelling. Unknown content is passed over."""
    found = parse_part(parts.NetworkSpec, root)
    options = root.findall(f"{{{DNSMASQ_NAMESPACE}}}options/{{{DNSMASQ_NAMESPACE}}}option")
    if options:
        found["dnsmasq_options"] = [option.get("value", "") for option in options]
    metadata = parse_metadata(root)
    if metadata:
        found["metadata"] = metadata
    return _without_restart_record(network_tree(found))


def _without_restart_record(found: "NetworkTree") -> "NetworkTree":
    """Less the record that is there while dnsmasq is restarted, which is nobody's."""
    dns = found.get("dns", {})
    texts = dns.get("txts", [])
    record: TxtTree = {"name": RESTART_RECORD, "value": RESTART_VALUE}
    kept = [text for text in texts if text != record]
    if len(kept) == len(texts):
        return found
    rest: DnsTree = {**without(dns, {"txts"}), "txts": kept} if kept else without(dns, {"txts"})
    return {**without(found, {"dns"}), "dns": rest} if rest else without(found, {"dns"})


def parse_metadata(root: etree._Element) -> dict[str, str]:
    """A network's metadata by namespace, less our own mark."""
    found = {}
    for element in root.findall("metadata/*"):
        namespace = etree.QName(element).namespace
        if namespace is not None and namespace != OWNER_NAMESPACE:
            found[namespace] = canonical_element(etree.tostring(element, encoding="unicode", with_tail=False))
    return found


def canonical_element(xml: str) -> str:
    """An element's text in one spelling (exclusive canonical XML), so that quoting never shows as a change."""
    element = read_xml(xml)
    try:
        return etree.tostring(element, method="c14n", exclusive=True).decode()
    except etree.C14NError:  # a namespace that is no absolute URI has no canonical form, and libvirt takes it
        return str(etree.tostring(element, encoding="unicode"))


def metadata_fault(namespace: str, xml: str) -> Invalid | None:
    """Why a text can't be a network's metadata under a namespace; None when it can. Never shows the text."""
    shown = {"namespace": readable(namespace)}
    if namespace == OWNER_NAMESPACE:
        return Invalid(NetworkFailure.METADATA_OURS)
    try:
        element = read_xml(xml)
    except VirtnetError:
        return Invalid(NetworkFailure.METADATA_NO_XML, shown)
    if etree.QName(element).namespace != namespace:
        return Invalid(NetworkFailure.METADATA_NAMESPACE, shown)
    if element.getroottree().docinfo.doctype:
        return Invalid(NetworkFailure.METADATA_DOCTYPE)
    if element.xpath("//@xml:space"):
        return Invalid(NetworkFailure.METADATA_SPACE)
    return None


def parse_part(part: type[Part], element: etree._Element) -> dict[str, object]:
    """A part of the spec from its element."""
    found: dict[str, object] = {}
    for name, shape in shapes(part).items():
        if part is parts.NetworkSpec and (name in NOT_XML or name in SPECIAL):
            continue
        value = parse_field(part, shape, element)
        if value is not ABSENT:
            found[name] = value
    if part is parts.Forward:
        _one_form_of_interfaces(found)
    return found


def _one_form_of_interfaces(forward: dict[str, object]) -> None:
    device = forward.pop("dev", None)
    if device is not None and "interfaces" not in forward:
        forward["interfaces"] = [{"dev": device}]
    forward.setdefault("mode", "nat")


def parse_field(part: type[Part], shape: Shape, element: etree._Element) -> object:
    """A field of a part from the part's element; ABSENT where it says nothing of it."""
    if part is parts.NetworkIp and shape.name == "address":
        return _or_absent(ip_address(element))
    if part is parts.Route and shape.name == "address":
        return _or_absent(_route_address(element))
    place = place_of(part, shape)
    if shape.kind == "parts" and shape.part is not None:
        items = [parse_part(shape.part, child) for child in element.findall(place.element)]
        return items if items else ABSENT
    if shape.kind == "scalars":
        values = [_scalar(shape, child.text or "") for child in element.findall(place.element)]
        return values if values else ABSENT
    if shape.kind == "part" and shape.part is not None:
        child = element.find(place.element)
        return ABSENT if child is None else parse_part(shape.part, child)
    holder = element if not place.element else element.find(place.element)
    if holder is None:
        return ABSENT
    text = holder.text or "" if place.text else holder.get(place.attribute)
    return ABSENT if text is None else _scalar(shape, text)


def _scalar(shape: Shape, text: str) -> str | int:
    """A value in canonical spelling; what libvirt accepts and the spec would not is kept as it is written."""
    if shape.base is bool:
        return text in ("yes", "on")
    try:
        if shape.base is int:
            return int(text, 0)
        return shape.canonical(text) if shape.canonical is not None else text
    except ValueError:
        return text


def _or_absent(value: str | None) -> object:
    return ABSENT if value is None else value


def ip_address(element: etree._Element) -> str | None:
    """The address of an `<ip>` with its prefix length, "192.168.123.1/24"; None if it has none."""
    address, prefix, netmask = element.get("address"), element.get("prefix"), element.get("netmask")
    if address is None:
        return None
    try:
        parsed = ipaddress.ip_address(address)
        if prefix is None:
            prefix = (
                _classful_prefix(parsed)
                if netmask is None
                else str(ipaddress.ip_network(f"0.0.0.0/{netmask}").prefixlen)
            )
        return f"{parsed}/{int(prefix)}"
    except ValueError:
        return f"{address}/{prefix or netmask}"


def _classful_prefix(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """virSocketAddrGetIPPrefix: without a prefix libvirt goes by the address's class, and 64 for IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        return "64"
    first = int(address) >> 24
    return "8" if first < 128 else "16" if first < 192 else "24"


def _route_address(element: etree._Element) -> str | None:
    address, prefix, netmask = element.get("address"), element.get("prefix"), element.get("netmask")
    if address is None:
        return None
    try:
        if prefix is None and netmask is not None:
            prefix = str(ipaddress.ip_network(f"0.0.0.0/{netmask}").prefixlen)
        if prefix is None:
            parsed = ipaddress.ip_address(address)
            prefix = "0" if int(parsed) == 0 else _classful_prefix(parsed)
        return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
    except ValueError:
        return f"{address}/{prefix or netmask}"


def parse_owner_mark(root: etree._Element) -> OwnerMark | None:
    """The owner mark in a network's element, or None if it carries none."""
    element = root.find(f"metadata/{{{OWNER_NAMESPACE}}}owner")
    if element is None:
        return None
    named = element.find(f"{{{OWNER_NAMESPACE}}}named")
    return OwnerMark(
        element.get("name", ""),
        urn=element.get("urn", ""),
        token=element.get("token", ""),
        creating=element.get("phase") is not None,
        adopted=element.get("adopted") == "yes",
        found=(element.text or "").strip(),
        edit="" if named is None else named.get("edit", ""),
        named=() if named is None else _paths(named.text or ""),
    )


def _paths(text: str) -> tuple[str, ...]:
    """The paths in a mark; none where others have edited it into something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return tuple(path for path in found if isinstance(path, str)) if isinstance(found, list) else ()


#: virNetworkUpdate's sections that we use: the part's class, its element, and its holder below <network>.
SECTIONS: Mapping[str, tuple[type[Part], str, str]] = {
    "ip-dhcp-range": (parts.DhcpRange, "range", "ip/dhcp"),
    "ip-dhcp-host": (parts.DhcpHost, "host", "ip/dhcp"),
    "forward-interface": (parts.ForwardInterface, "interface", "forward"),
    "portgroup": (parts.PortGroup, "portgroup", ""),
    "dns-host": (parts.DnsHost, "host", "dns"),
    "dns-txt": (parts.Txt, "txt", "dns"),
    "dns-srv": (parts.Srv, "srv", "dns"),
}


def has_section_item(root: etree._Element, section: str, parent_index: int, item_xml: str) -> bool:
    """Whether a network's element holds an item of a section, alike in everything the spec knows."""
    _, element, holder = SECTIONS[section]
    if holder == "ip/dhcp":
        addresses = root.findall("ip")
        holders = [addresses[parent_index]] if 0 <= parent_index < len(addresses) else []
        places = [place for address in holders for place in address.findall("dhcp")]
    else:
        places = root.findall(holder) if holder else [root]
    item = read_xml(item_xml)
    return any(same_item(child, item, section) for place in places for child in place.findall(element))


def holds_restart_record(root: etree._Element) -> bool:
    """Whether a network's element holds the record by which dnsmasq is restarted."""
    return has_section_item(root, "dns-txt", -1, RESTART_ITEM)


def same_item(one: etree._Element, other: etree._Element, section: str) -> bool:
    """Whether two items of a section are alike in everything the spec knows."""
    part, _, _ = SECTIONS[section]
    return not differences(part, parse_part(part, one), parse_part(part, other))
