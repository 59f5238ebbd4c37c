"""libvirt's network XML: parse it into a tree, and edit it to hold another tree. Pure.

The two walk the spec's own types, so a property is declared once. By default a scalar is an attribute and a group an
element, under libvirt's camelCase name; `PLACES` lists the exceptions. Editing touches only what differs: unknown
elements and attributes, comments and libvirt's own spelling of equal values (netmask for prefix) stay as they are.
Order and meaning follow https://libvirt.org/formatnetwork.html.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from pydantic.alias_generators import to_camel

from virtnet import spec_network as parts
from virtnet.ownership import ABSENT, differences, item_key
from virtnet.spec import Part, Shape, Tree, shapes

OWNER_NAMESPACE = "urn:pulumi-virtnet:owner:1.0"
"""Namespace of the owner mark in a network's metadata."""
DNSMASQ_NAMESPACE = "http://libvirt.org/schemas/network/dnsmasq/1.0"
"""Namespace of raw dnsmasq options (formatnetwork, "Network namespaces")."""

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
NOT_XML = frozenset({"uri", "autostart", "active", "adopt", "allow_overlap", "on_restart", "on_delete"})
#: What a running network shows only after its next start, which is never hurried for them.
NEXT_START = ("title", "description", "metadata")
#: Fields with a form of their own in XML, handled by name.
_SPECIAL = frozenset({"metadata", "dnsmasq_options"})
#: The order in which libvirt prints the elements of a network.
_ORDER = (
    "name", "uuid", "title", "description", "metadata", "forward", "bridge", "mtu", "mac", "domain", "dns",
    "bandwidth", "vlan", "port", "ip", "route", "virtualport", "portgroup",
)  # fmt: skip


@dataclass(frozen=True)
class OwnerMark:
    """Who made a network, or took it over, kept in its metadata: `owner` is project/stack/resource."""

    owner: str
    creating: bool = False
    """True from the first define until create is done: what is left of a create that was killed."""
    adopted: bool = False
    """True for a network that was there before, and was taken over and changed."""


@dataclass(frozen=True)
class Place:
    """An element below the part's own (empty for that itself), and in it an attribute, or its text."""

    element: str
    attribute: str
    text: bool


def place_of(part: type[Part], shape: Shape) -> Place:
    """Where a field is found below its part's element."""
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
    """XML text as an element; no entities, no network, blank text dropped so that edits print well."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, huge_tree=False)
    return etree.fromstring(xml.encode(), parser)


def parse(xml: str) -> dict[str, Tree]:
    """A network's XML as a tree of the spec's fields, in canonical spelling. Unknown content is passed over."""
    root = read_xml(xml)
    found = _parse_part(parts.NetworkSpec, root)
    options = root.findall(f"{{{DNSMASQ_NAMESPACE}}}options/{{{DNSMASQ_NAMESPACE}}}option")
    if options:
        found["dnsmasq_options"] = [option.get("value", "") for option in options]
    metadata = _parse_metadata(root)
    if metadata:
        found["metadata"] = metadata
    return found


def _parse_metadata(root: etree._Element) -> dict[str, str]:
    found = {}
    for element in root.findall("metadata/*"):
        namespace = etree.QName(element).namespace
        if namespace is not None and namespace != OWNER_NAMESPACE:
            found[namespace] = canonical_element(etree.tostring(element, encoding="unicode", with_tail=False))
    return found


def canonical_element(xml: str) -> str:
    """An element's text in one spelling (exclusive canonical XML), so that quoting never shows as a change."""
    return etree.tostring(read_xml(xml), method="c14n", exclusive=True).decode()


def metadata_fault(namespace: str, xml: str) -> str:
    """Why a text cannot be a network's metadata under a namespace; "" when it can. Never shows the text."""
    if namespace == OWNER_NAMESPACE:
        return "is virtnet's own namespace; choose another"
    try:
        element = read_xml(xml)
    except etree.XMLSyntaxError:
        return f'is no XML element; write one like <note xmlns="{namespace}">text</note>'
    if etree.QName(element).namespace != namespace:
        return f'is an element of another namespace, or of none; give it xmlns="{namespace}"'
    return ""


def _parse_part(part: type[Part], element: etree._Element) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for name, shape in shapes(part).items():
        if part is parts.NetworkSpec and (name in NOT_XML or name in _SPECIAL):
            continue
        value = _parse_field(part, shape, element)
        if value is not ABSENT:
            found[name] = value
    if part is parts.Forward:
        _one_form_of_interfaces(found)
    return found


def _one_form_of_interfaces(forward: dict[str, Tree]) -> None:
    device = forward.pop("dev", None)
    if device is not None and "interfaces" not in forward:
        forward["interfaces"] = [{"dev": device}]
    forward.setdefault("mode", "nat")


def _parse_field(part: type[Part], shape: Shape, element: etree._Element) -> Tree:
    if part is parts.NetworkIp and shape.name == "address":
        return _ip_address(element)
    if part is parts.Route and shape.name == "address":
        return _route_address(element)
    place = place_of(part, shape)
    if shape.kind == "parts" and shape.part is not None:
        items = [_parse_part(shape.part, child) for child in element.findall(place.element)]
        return items if items else ABSENT
    if shape.kind == "scalars":
        values = [_scalar(shape, child.text or "") for child in element.findall(place.element)]
        return values if values else ABSENT
    if shape.kind == "part" and shape.part is not None:
        child = element.find(place.element)
        return ABSENT if child is None else _parse_part(shape.part, child)
    holder = element if not place.element else element.find(place.element)
    if holder is None:
        return ABSENT
    text = holder.text or "" if place.text else holder.get(place.attribute)
    return ABSENT if text is None else _scalar(shape, text)


def _scalar(shape: Shape, text: str) -> Tree:
    """A value in canonical spelling; what libvirt accepts and the spec would not is kept as it is written."""
    if shape.base is bool:
        return text in ("yes", "on")
    try:
        if shape.base is int:
            return int(text, 0)
        return shape.canonical(text) if shape.canonical is not None else text
    except ValueError:
        return text


def _ip_address(element: etree._Element) -> Tree:
    address, prefix, netmask = element.get("address"), element.get("prefix"), element.get("netmask")
    if address is None:
        return ABSENT
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


def _route_address(element: etree._Element) -> Tree:
    address, prefix, netmask = element.get("address"), element.get("prefix"), element.get("netmask")
    if address is None:
        return ABSENT
    try:
        if prefix is None and netmask is not None:
            prefix = str(ipaddress.ip_network(f"0.0.0.0/{netmask}").prefixlen)
        if prefix is None:
            parsed = ipaddress.ip_address(address)
            prefix = "0" if int(parsed) == 0 else _classful_prefix(parsed)
        return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
    except ValueError:
        return f"{address}/{prefix or netmask}"


def render(tree: Mapping[str, Tree], mark: OwnerMark | None = None) -> str:
    """The XML of a new network."""
    return edit("<network/>", tree, mark)


def edit(xml: str, tree: Mapping[str, Tree], mark: OwnerMark | None = None) -> str:
    """The XML with everything the spec knows set to the tree's values, and everything else left alone.

    `mark` sets the owner mark; None leaves the one there, if any, as it is.
    """
    root = read_xml(xml)
    _edit_part(parts.NetworkSpec, root, tree)
    _edit_dnsmasq_options(root, tree.get("dnsmasq_options", []))
    _edit_metadata(root, tree.get("metadata", {}), mark)
    root[:] = sorted(root, key=_rank)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _rank(element: etree._Element) -> int:
    name = element.tag if isinstance(element.tag, str) else ""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _edit_part(part: type[Part], element: etree._Element, tree: Mapping[str, Tree]) -> None:
    for name, shape in shapes(part).items():
        if part is parts.NetworkSpec and (name in NOT_XML or name in _SPECIAL):
            continue
        wanted = tree.get(name, ABSENT)
        if part is parts.Forward and name == "dev":
            continue
        present = _parse_field(part, shape, element)
        if part is parts.Forward and name == "interfaces":
            _edit_interfaces(element, wanted)
        elif wanted is ABSENT and present is ABSENT:
            continue
        elif shape.kind == "parts" and shape.part is not None:
            _edit_items(shape.part, element, place_of(part, shape).element, [] if wanted is ABSENT else wanted)
        elif shape.kind == "part" and shape.part is not None:
            _edit_group(shape.part, element, place_of(part, shape).element, wanted)
        elif wanted != present:
            _edit_scalar(part, shape, element, wanted)
    if part is parts.PciAddress:
        element.set("type", "pci")


def _edit_interfaces(element: etree._Element, wanted: Tree) -> None:
    """`dev` repeats the first interface in libvirt's dumps; both are kept in step, counts of connections dropped."""
    names = [item["dev"] for item in ([] if wanted is ABSENT else wanted)]
    for child in element.findall("interface"):
        if child.get("dev") in names:
            continue
        element.remove(child)
    present = [child.get("dev") for child in element.findall("interface")]
    for name in names:
        if name not in present:
            etree.SubElement(element, "interface", dev=name)
    if element.get("dev") is not None and element.get("dev") not in names[:1]:
        del element.attrib["dev"]


def _edit_items(part: type[Part], element: etree._Element, name: str, wanted: list[Tree]) -> None:
    present: dict[Any, etree._Element] = {
        item_key(part, _parse_part(part, child)): child for child in element.findall(name)
    }
    keys = [item_key(part, item) for item in wanted]
    for key, child in list(present.items()):
        if key not in keys:
            element.remove(child)
    for key, item in zip(keys, wanted, strict=True):
        child = present[key] if key in present else etree.SubElement(element, name)
        _edit_part(part, child, item)


def _edit_group(part: type[Part], element: etree._Element, name: str, wanted: Tree) -> None:
    child: Any = element.find(name)
    if child is None:
        child = etree.SubElement(element, name)
    _edit_part(part, child, {} if wanted is ABSENT else wanted)
    if wanted is ABSENT and len(child) == 0 and not child.attrib:
        element.remove(child)


def _edit_scalar(part: type[Part], shape: Shape, element: etree._Element, wanted: Tree) -> None:
    if (part is parts.NetworkIp and shape.name == "address") or (part is parts.Route and shape.name == "address"):
        _set_address(element, wanted)
        return
    place = place_of(part, shape)
    if shape.kind == "scalars":
        for child in element.findall(place.element):
            element.remove(child)
        for value in [] if wanted is ABSENT else wanted:
            etree.SubElement(element, place.element).text = str(value)
        return
    holder: Any = element if not place.element else element.find(place.element)
    if wanted is ABSENT:
        if place.text:
            element.remove(holder)
            return
        del holder.attrib[place.attribute]
        if holder is not element and not holder.attrib and len(holder) == 0:
            element.remove(holder)
        return
    if holder is None:
        holder = etree.SubElement(element, place.element)
    if place.text:
        holder.text = str(wanted)
    else:
        holder.set(place.attribute, _spelled(part, shape, wanted))


def _spelled(part: type[Part], shape: Shape, value: Tree) -> str:
    if isinstance(value, bool):
        yes, no = ("on", "off") if part is parts.Bridge else ("yes", "no")
        return yes if value else no
    if part is parts.PciAddress:
        width = {"domain": 4, "bus": 2, "slot": 2, "function": 1}[shape.name]
        return f"0x{value:0{width}x}"
    return str(value)


def _set_address(element: etree._Element, value: str) -> None:
    address, _, prefix = value.partition("/")
    for stale in ("netmask", "prefix", "family"):
        element.attrib.pop(stale, None)
    element.set("family", "ipv6" if ":" in address else "ipv4")
    element.set("address", address)
    element.set("prefix", prefix)


def _edit_dnsmasq_options(root: etree._Element, wanted: list[str]) -> None:
    namespace = f"{{{DNSMASQ_NAMESPACE}}}"
    holder = root.find(f"{namespace}options")
    options = [] if holder is None else holder.findall(f"{namespace}option")
    if wanted == [option.get("value", "") for option in options]:
        return
    if holder is None:
        holder = etree.SubElement(root, f"{namespace}options", nsmap={"dnsmasq": DNSMASQ_NAMESPACE})
    for option in options:
        holder.remove(option)
    for value in wanted:
        etree.SubElement(holder, f"{namespace}option", value=value)
    if len(holder) == 0 and not holder.attrib:
        root.remove(holder)


def _edit_metadata(root: etree._Element, wanted: Mapping[str, str], mark: OwnerMark | None) -> None:
    present = _parse_metadata(root)
    if mark is None and dict(wanted) == present:
        return
    holder = root.find("metadata")
    if holder is None:
        holder = etree.SubElement(root, "metadata")
    for element in list(holder):
        namespace = etree.QName(element).namespace or ""
        changed = namespace in present and wanted.get(namespace) != present[namespace]
        if changed or (namespace == OWNER_NAMESPACE and mark is not None):
            holder.remove(element)
    for namespace, text in wanted.items():
        if text != present.get(namespace):
            holder.append(read_xml(text))
    if mark is not None:
        element = etree.SubElement(holder, f"{{{OWNER_NAMESPACE}}}owner", nsmap={"virtnet": OWNER_NAMESPACE})
        element.set("name", mark.owner)
        if mark.creating:
            element.set("phase", "creating")
        if mark.adopted:
            element.set("adopted", "yes")
    if len(holder) == 0:
        root.remove(holder)


def owner_mark(xml: str) -> OwnerMark | None:
    """The owner mark of a network, or None where it carries none."""
    element = read_xml(xml).find(f"metadata/{{{OWNER_NAMESPACE}}}owner")
    if element is None:
        return None
    return OwnerMark(
        element.get("name", ""),
        creating=element.get("phase") == "creating",
        adopted=element.get("adopted") == "yes",
    )


def with_owner_mark(xml: str, mark: OwnerMark | None) -> str:
    """The XML with that mark and no other; None removes the one there."""
    if mark is None:
        return without_owner_mark(xml)
    root = read_xml(xml)
    _edit_metadata(root, _parse_metadata(root), mark)
    root[:] = sorted(root, key=_rank)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def without_owner_mark(xml: str) -> str:
    """The XML less our own mark."""
    root = read_xml(xml)
    for element in root.findall(f"metadata/{{{OWNER_NAMESPACE}}}owner"):
        holder: Any = element.getparent()
        holder.remove(element)
        if len(holder) == 0:
            root.remove(holder)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def section_xml(part: type[Part], name: str, item: Mapping[str, Tree]) -> str:
    """One list item alone, as virNetworkUpdate takes it."""
    element = etree.Element(name)
    _edit_part(part, element, item)
    return etree.tostring(element, encoding="unicode")


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


def has_section_item(xml: str, section: str, parent_index: int, item_xml: str) -> bool:
    """Whether a network's XML holds an item of a section, alike in everything the spec knows."""
    _, element, holder = SECTIONS[section]
    root = read_xml(xml)
    if holder == "ip/dhcp":
        addresses = root.findall("ip")
        holders = [addresses[parent_index]] if 0 <= parent_index < len(addresses) else []
        places = [place for address in holders for place in address.findall("dhcp")]
    else:
        places = root.findall(holder) if holder else [root]
    item = read_xml(item_xml)
    return any(same_item(child, item, section) for place in places for child in place.findall(element))


def same_item(one: etree._Element, other: etree._Element, section: str) -> bool:
    """Whether two items of a section are alike in everything the spec knows."""
    part, _, _ = SECTIONS[section]
    return not differences(part, _parse_part(part, one), _parse_part(part, other))


def for_definition(live_xml: str) -> str:
    """A running network's XML as a definition that starts the same: less what only a running network has."""
    root = read_xml(live_xml)
    for mark in root.findall(f"metadata/{{{OWNER_NAMESPACE}}}owner"):
        mark.attrib.pop("phase", None)  # kept by the running network since it was made
    for element in root.iter("network", "interface", "address"):
        element.attrib.pop("connections", None)
    for pool in root.findall("forward/pf/.."):
        for resolved in [*pool.findall("address"), *pool.findall("interface")]:
            pool.remove(resolved)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
