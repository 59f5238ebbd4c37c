"""Write a network's XML, or edit one to hold another tree; and the definitions made from XML that is there. Pure.

The walk is that of `read`, the other way. Editing touches only what differs: unknown elements and attributes,
comments and libvirt's own spelling of equal values (netmask for prefix) stay as they are.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from lxml import etree

from virtnet.network import spec as parts
from virtnet.network.xml.definition import Definition, definition
from virtnet.network.xml.read import (
    DNSMASQ_NAMESPACE,
    FIRST_DEFINITION,
    NOT_XML,
    OWNER_NAMESPACE,
    RESTART_RECORD,
    RESTART_VALUE,
    SPECIAL,
    OwnerMark,
    parse_field,
    parse_metadata,
    parse_part,
    place_of,
    read_xml,
)
from virtnet.planning.merge import ABSENT, paired
from virtnet.spec.part import Part, Shape, Values, as_group, as_list, shapes

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

#: The order in which libvirt prints the elements of a network.
_ORDER = (
    "name", "uuid", "title", "description", "metadata", "forward", "bridge", "mtu", "mac", "domain", "dns",
    "bandwidth", "vlan", "port", "ip", "route", "virtualport", "portgroup",
)  # fmt: skip


def render(tree: "NetworkTree", mark: OwnerMark | None = None) -> str:
    """The XML of a new network."""
    return edit(definition("<network/>"), tree, mark)


def edit(base: Definition, tree: "NetworkTree", mark: OwnerMark | None = None) -> str:
    """The XML with everything the spec knows set to the tree's values, and everything else left alone.

    `mark` sets the owner mark; None leaves the one there, if any, as it is.
    """
    root = base.copy()
    _edit_part(parts.NetworkSpec, root, tree)
    _edit_dnsmasq_options(root, list(tree.get("dnsmasq_options", [])))
    _edit_metadata(root, tree.get("metadata", {}), mark)
    root[:] = sorted(root, key=_rank)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _rank(element: etree._Element) -> int:
    name = element.tag if isinstance(element.tag, str) else ""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _edit_part(part: type[Part], element: etree._Element, tree: Values) -> None:
    for name, shape in shapes(part).items():
        if part is parts.NetworkSpec and (name in NOT_XML or name in SPECIAL):
            continue
        wanted = tree.get(name, ABSENT)
        if part is parts.Forward and name == "dev":
            continue
        present = parse_field(part, shape, element)
        if part is parts.Forward and name == "interfaces":
            _edit_interfaces(element, wanted)
        elif wanted is ABSENT and present is ABSENT:
            continue
        elif shape.kind == "parts" and shape.part is not None:
            _edit_items(shape, element, place_of(part, shape).element, _groups(wanted))
        elif shape.kind == "part" and shape.part is not None:
            _edit_group(shape.part, element, place_of(part, shape).element, wanted)
        elif wanted != present:
            _edit_scalar(part, shape, element, wanted)
    if part is parts.PciAddress:
        element.set("type", "pci")


def _groups(wanted: object) -> list[Values]:
    return [] if wanted is ABSENT else [as_group(item) for item in as_list(wanted)]


def _edit_interfaces(element: etree._Element, wanted: object) -> None:
    """`dev` repeats the first interface in libvirt's dumps; both are kept in step, counts of connections dropped."""
    names = [str(item["dev"]) for item in _groups(wanted)]
    for child in element.findall("interface"):
        if child.get("dev") in names:
            continue
        element.remove(child)
    there = {child.get("dev"): child for child in element.findall("interface")}
    added = {name: etree.SubElement(element, "interface", dev=name) for name in names if name not in there}
    _put_in_order([(there | added)[name] for name in names])
    if element.get("dev") is not None and element.get("dev") not in names[:1]:
        del element.attrib["dev"]


def _edit_items(shape: Shape, element: etree._Element, name: str, wanted: list[Values]) -> None:
    part = shape.part or Part
    # By identity: a list that others made may hold two items that are alike.
    present: list[tuple[Values, etree._Element]] = [(parse_part(part, child), child) for child in element.findall(name)]
    elements = {id(tree): child for tree, child in present}
    kept: list[etree._Element] = []
    for item, tree in paired(part, wanted, [tree for tree, _ in present]):
        there = None if tree is None else elements[id(tree)]
        if item is not None:
            kept.append(etree.SubElement(element, name) if there is None else there)
            _edit_part(part, kept[-1], item)
        elif there is not None:
            element.remove(there)
    if shape.ordered:
        _put_in_order(kept)


def _put_in_order(children: list[etree._Element]) -> None:
    """Each behind the one before it, with what else is between them where it is."""
    for one, other in pairwise(children):
        parent = one.getparent()
        if parent is not None and parent.index(one) > parent.index(other):
            one.addnext(other)


def _edit_group(part: type[Part], element: etree._Element, name: str, wanted: object) -> None:
    child = element.find(name)
    if child is None:
        child = etree.SubElement(element, name)
    _edit_part(part, child, {} if wanted is ABSENT else as_group(wanted))
    if wanted is ABSENT and len(child) == 0 and not child.attrib:
        element.remove(child)


def _edit_scalar(part: type[Part], shape: Shape, element: etree._Element, wanted: object) -> None:
    if (part is parts.NetworkIp and shape.name == "address") or (part is parts.Route and shape.name == "address"):
        _set_address(element, str(wanted))
        return
    place = place_of(part, shape)
    if shape.kind == "scalars":
        for child in element.findall(place.element):
            element.remove(child)
        for value in [] if wanted is ABSENT else as_list(wanted):
            etree.SubElement(element, place.element).text = str(value)
        return
    holder = element if not place.element else element.find(place.element)
    if wanted is ABSENT:
        if holder is None:
            return
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


def _spelled(part: type[Part], shape: Shape, value: object) -> str:
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
    present = parse_metadata(root)
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
        if mark.urn:
            element.set("urn", mark.urn)
        if mark.token:
            element.set("token", mark.token)
        if mark.creating:
            element.set("phase", FIRST_DEFINITION)
        if mark.adopted:
            element.set("adopted", "yes")
        if mark.found:
            element.text = mark.found
        if mark.named or mark.edit:
            named = etree.SubElement(element, f"{{{OWNER_NAMESPACE}}}named")
            named.text = json.dumps(mark.named)
            if mark.edit:
                named.set("edit", mark.edit)
    if len(holder) == 0:
        root.remove(holder)


def with_owner_mark(base: Definition, mark: OwnerMark | None) -> str:
    """The XML with that mark and no other; None removes the one there."""
    if mark is None:
        return without_owner_mark(base)
    root = base.copy()
    _edit_metadata(root, parse_metadata(root), mark)
    root[:] = sorted(root, key=_rank)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def without_owner_mark(base: Definition) -> str:
    """The XML less our own mark."""
    root = base.copy()
    for element in root.findall(f"metadata/{{{OWNER_NAMESPACE}}}owner"):
        holder = element.getparent()
        if holder is not None:
            holder.remove(element)
            if len(holder) == 0:
                root.remove(holder)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def section_xml(part: type[Part], name: str, item: Values) -> str:
    """One list item alone, as virNetworkUpdate takes it."""
    element = etree.Element(name)
    _edit_part(part, element, item)
    return etree.tostring(element, encoding="unicode")


_USUAL_PORTS = {"start": "1024", "end": "65535"}


def for_definition(live: Definition) -> str:
    """A running network's XML as a definition that starts the same: less what only a running network has."""
    root = live.copy()
    for mark in root.findall(f"metadata/{{{OWNER_NAMESPACE}}}owner"):
        mark.attrib.pop("phase", None)  # kept by the running network since it was made
    for record in root.findall(f"dns/txt[@name='{RESTART_RECORD}']"):
        if record.get("value") == RESTART_VALUE and (dns := record.getparent()) is not None:
            dns.remove(record)
    for element in root.iter("network", "interface", "address"):
        element.attrib.pop("connections", None)
    for forward in root.findall("forward"):
        nat = forward.find("nat")
        if nat is None:
            continue
        # libvirt's firewall puts the usual ports in where the definition has none.
        for port in nat.findall("port"):
            if dict(port.attrib) == _USUAL_PORTS:
                nat.remove(port)
        if len(nat) == 0 and not nat.attrib:
            forward.remove(nat)
    for pool in root.findall("forward/pf/.."):
        for resolved in [*pool.findall("address"), *pool.findall("interface")]:
            pool.remove(resolved)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
