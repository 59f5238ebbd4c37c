"""What libvirt does to a network's XML, as measured of libvirt 9.0. Pure."""

from lxml import etree

from virtnet.errors import LibvirtFailure
from virtnet.network._generated.trees import NetworkTree
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of
from virtnet.network.xml import read as network_xml


def normal(xml: str) -> str:
    """What libvirt's own dump adds: defaults of the bridge, `dev` beside the first interface."""
    root = etree.fromstring(xml)
    bridge = root.find("bridge")
    if bridge is not None and mode_of(tree_of(xml)) in OWN_BRIDGE_MODES:
        bridge.set("stp", bridge.get("stp", "on"))
        bridge.set("delay", bridge.get("delay", "0"))
    forward = root.find("forward")
    if forward is not None and (first := forward.find("interface")) is not None:
        forward.set("dev", first.get("dev", ""))
    return etree.tostring(root, encoding="unicode")


def tree_of(xml: str) -> NetworkTree:
    """A network's tree, read apart from what the provider has read of it."""
    return network_xml.parse_network(network_xml.read_xml(xml))


def canonical(xml: str) -> str:
    root = network_xml.read_xml(xml)
    root[:] = sorted(root, key=etree.tostring)
    # Items that were removed and put back stand at the end of their lists, and a list left empty keeps its holder.
    for holder in [*root.iter("dhcp"), *root.iter("dns"), *root.iter("forward"), *root.iter("metadata")]:
        holder[:] = sorted(holder, key=lambda element: etree.tostring(element, with_tail=False))
    for holder in [*root.iter("dhcp"), *root.iter("dns")]:
        if len(holder) == 0 and not holder.attrib:
            parent = holder.getparent()
            assert parent is not None
            parent.remove(holder)
    etree.indent(root)
    return etree.tostring(root, method="c14n").decode()


def updated(xml: str, command: str, section: str, parent_index: int, item_xml: str) -> str:
    root, item = etree.fromstring(xml), etree.fromstring(item_xml)
    _, element, holder_path = network_xml.SECTIONS[section]
    parent = root.findall("ip")[parent_index] if holder_path == "ip/dhcp" else root
    name = holder_path.rpartition("/")[2]
    holder = parent if not name else parent.find(name)
    if holder is None:
        holder = etree.SubElement(parent, name)
    there = [
        child
        for child in holder.findall(element)
        if network_xml.same_item(child, item, section)
        # libvirt finds a DNS host by its address alone.
        or (section == "dns-host" and command == "delete" and len(item) == 0 and child.get("ip") == item.get("ip"))
    ]
    if section == "dns-txt":
        # A TXT record by its name alone.
        there = [child for child in holder.findall(element) if child.get("name") == item.get("name")]
    if section == "dns-srv":
        there = [child for child in holder.findall(element) if _taken_for(item, child)]
    if command in ("add", "add-first"):
        if there:
            raise LibvirtFailure("there is an existing entry that matches", 55)
        others = holder.findall(element)
        if command == "add-first" and others:
            others[0].addprevious(item)
        else:
            holder.append(item)
    else:
        if section == "dns-srv" and len(there) > 1:
            raise LibvirtFailure("multiple DNS SRV records matching all specified fields were found", 55)
        if not there:
            raise LibvirtFailure("couldn't locate a matching entry", 55)
        holder.remove(there[0])
    if name == "forward":
        first = holder.find("interface")
        holder.attrib.pop("dev", None)
        if first is not None:
            holder.set("dev", first.get("dev", ""))
    return etree.tostring(root, encoding="unicode")


def _taken_for(named: etree._Element, there: etree._Element) -> bool:
    """As libvirt finds an SRV record: it goes by nothing else, and by domain and target only where they are named."""
    return all(named.get(name) == there.get(name) for name in ("service", "protocol")) and all(
        named.get(name) in (None, there.get(name)) for name in ("domain", "target")
    )
