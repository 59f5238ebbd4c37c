"""XML instances of libvirt's network format, made by walking its RELAX NG schema choice by choice.

Each instance is made for one *alternative*: an optional part there or not, one branch of a choice, one value of an
enumeration. Everything else in it is the first alternative there is, or what NEEDS says the one asked for cannot be
without. So an instance is always a derivation of the schema. Values of typed data come from one table, by the name the
schema gives the type; a name that is not in it is an error that says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lxml import etree

RNG = "{http://relaxng.org/ns/structure/1.0}"
SCHEMAS = Path("/usr/share/libvirt/schemas")

#: A value of each type, by the name of its definition (and of the branch in it), or else by its XML Schema type.
VALUES: Mapping[str, str] = {
    "BurstSize": "2048",
    "UUID(string)": "09b11c538b5c4eeb8f00d84eaa0aaa4f",
    "UUID(string #2)": "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f",
    "deviceName": "eth0",
    "dnsName": "lab.example",
    "duidEN": "0:2:0:0:ab:11:7:3c",
    "duidLL": "0:3:0:1:52:54:0:12:34:56",
    "duidLLT": "0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66",
    "duidUUID": "0:4:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10",
    "filePath": "/pxe.0",
    "genericName": "vfio-pci-lab",
    "ipv4Addr": "192.0.2.53",
    "ipv4Prefix": "24",
    "ipv6Addr": "2001:db8::53",
    "ipv6Prefix": "64",
    "objectNameWithSlash": "Lab / office",
    "pciFunc(int)": "1",
    "pciFunc(string)": "0x1",
    "pciSlot(int)": "16",
    "pciSlot(string)": "0x10",
    "port": "1024",
    "positiveInteger": "9",
    "speed": "1000",
    "uint24(int)": "1193047",
    "uint24(string)": "0x123457",
    "uint32(string)": "0x0000",
    "uint32(unsignedInt)": "0",
    "uint8(int)": "11",
    "uint8(string)": "0x0b",
    "uniMacAddr": "52:54:00:12:34:56",
    "unsignedInt": "7",
    "unsignedLong": "3600",
    "unsignedShort": "1500",
    "virtualPortProfileID": "profile",
    "zoneName": "libvirt",
}

#: Further values of a type, or of a place: the ends of its range, and odd spellings. Each is an alternative of its own.
EXTREMES: Mapping[str, tuple[str, ...]] = {
    "BurstSize": ("1", "4294967295"),
    "deviceName": ("fifteen-letters", "eth0.42_a", "eth0:1", "a/b", "a\\b"),
    "dnsName": ("x", "A-1.Lab.Example."),
    "description": ("a'b<c>&d\"e",),
    "dns/srv/@service": ("a'b<c>&d\"e",),
    "dns/srv/@target": ("a'b<c>&d\"e",),
    "dns/txt/@value": ("a'b<c>&d",),
    "forward/nat/port/@end": ("65535",),
    "forward/nat/port/@start": ("1",),
    "ip/dhcp/bootp/@file": ("a'b<c>&d\"e",),
    "ip/dhcp/bootp/@server": ("lab.example", "localhost"),
    "ip/dhcp/host/@name": ("a'b<c>&d\"e", "a_b", "a.b"),
    "ip/tftp/@root": ("a'b<c>&d\"e", "relative"),
    "ipv4Prefix": ("0", "1", "31", "32"),
    "ipv6Prefix": ("0", "1", "127", "128"),
    "name": ("a'b<c>&d\"e", "a b", "."),
    "options/option/@value": ("a'b<c>&d\"e",),
    "portgroup/vlan/tag/@id": ("0", "4095"),
    "speed": ("1", "4294967295", "18014398509481984"),
    "uint24(int)": ("0", "16777215"),
    "uint8(int)": ("0", "255"),
    "uniMacAddr": ("FE:ff:0A:b0:C1:d2",),
    "unsignedInt": ("0", "4294967295"),
    "unsignedLong": ("0", "18446744073709551615"),
    "unsignedShort": ("0", "1", "65535"),
    "virtualPortProfileID": ("", "a profile name of exactly 39 characters", "a'b<c>&d\"e"),
    "vlan/tag/@id": ("0", "4095"),
    "zoneName": ("a_b-C",),
}

#: The largest value of XML Schema's types of a fixed size.
LARGEST: Mapping[str, int] = {"unsignedInt": 2**32 - 1, "unsignedLong": 2**64 - 1}

#: Values of places that need one of their own: text, which has no type, and ends of ranges.
PLACE_VALUES: Mapping[str, str] = {
    "bridge/@name": "vn-walk",
    "bridge/@delay": "2",
    "description/text()": "Two lines\n  and a <tag>",
    "dns/host/hostname/text()": "web.lab.example",
    "dns/srv/@service": "ldap",
    "dns/srv/@target": "ldap.lab.example",
    "dns/txt/@value": 'v=1 "quoted # text"',
    "forward/nat/address/@end": "192.0.2.60",
    "forward/nat/port/@end": "2048",
    "ip/@netmask": "255.255.255.0",
    "ip/dhcp/bootp/@server": "10.77.0.2",
    "ip/dhcp/host/@name": "six",
    "ip/tftp/@root": "/srv/tftp",
    "metadata/*/@*": "of an attribute",
    "metadata/*/text()": "of an element",
    "metadata/*/*/@*": "of an inner attribute",
    "metadata/*/*/text()": "of an inner element",
    "name/text()": "walk",
    "options/option/@value": "dhcp-option=42,0.0.0.0",
    "portgroup/@name": "office",
    "route/@netmask": "255.255.255.0",
    "vlan/tag/@id": "42",
    "portgroup/vlan/tag/@id": "47",
}

#: The addresses of one network, by place: all of an instance are of one family.
ADDRESSES: Mapping[str, tuple[str, str]] = {
    "ip/@address": ("10.77.0.1", "fd00:77::1"),
    "ip/@prefix": ("24", "64"),
    "ip/@family": ("ipv4", "ipv6"),
    "ip/dhcp/range/@start": ("10.77.0.10", "fd00:77::10"),
    "ip/dhcp/range/@end": ("10.77.0.20", "fd00:77::20"),
    "ip/dhcp/host/@ip": ("10.77.0.6", "fd00:77::6"),
    "route/@address": ("10.78.0.0", "fd00:78::"),
    "route/@prefix": ("24", "64"),
    "route/@family": ("ipv4", "ipv6"),
    "route/@gateway": ("10.77.0.7", "fd00:77::7"),
}
EVERYTHING = ("0.0.0.0", "::")  # noqa: S104 - a route's destination, bound to nothing


@dataclass(frozen=True)
class Need:
    """What alternatives cannot be had without in libvirt, though the schema allows it.

    `when` and `needs` are names of alternatives, `*` standing for anything; the first need that fits a choice decides
    it, and what the instance is made for goes before all.
    """

    when: str
    needs: tuple[str, ...]
    why: str
    unless: tuple[str, ...] = ()


_SERVED = ("ip/@address", "ip/@family=ipv4", "ip(@prefix)")
_SIX = ("ip/@address(ipv6Addr)", "ip/@family=ipv6")
_OPEN_VSWITCH = ("forward/@mode=bridge", "bridge/@name", "(virtualport openvswitch)")
_NOT_ROUTED = tuple(f"forward/@mode={mode}" for mode in ("bridge", "private", "vepa", "passthrough", "hostdev"))

NEEDS: tuple[Need, ...] = (
    Need("forward/nat", ("forward/@mode=nat",), "translation belongs to mode nat"),
    Need("forward/pf", ("forward/@mode=passthrough",), "a pool of virtual functions is not for routed networks"),
    Need("forward/@managed", ("forward/@mode=hostdev", "forward/pf"), "the other modes have no devices to detach"),
    Need("forward/driver", ("forward/@mode=hostdev", "forward/pf"), "the other modes assign no devices"),
    Need("forward(address)/address", ("forward/@mode=hostdev",), "PCI addresses make a pool of mode hostdev alone"),
    Need("forward/@mode=hostdev", ("forward/pf",), "mode hostdev needs a pool", unless=("forward(address)/address",)),
    Need("forward/@mode=passthrough", ("forward/pf",), "mode passthrough needs interfaces"),
    Need("forward/@mode=bridge", ("bridge/@name",), "mode bridge needs the host's bridge or an interface"),
    Need("forward/@mode=private", ("forward/@dev",), "mode private needs an interface"),
    Need("forward/@mode=vepa", ("forward/@dev",), "mode vepa needs an interface"),
    Need("vlan", _OPEN_VSWITCH, "before libvirt 11.0 only Open vSwitch and SR-IOV have tags"),
    Need("portgroup/vlan", _OPEN_VSWITCH, "likewise"),
    *(
        Need(f"{holder}bandwidth/{way}", (f"{holder}bandwidth/{way}/@average",), "a limit has an average")
        for holder in ("", "portgroup/")
        for way in ("inbound", "outbound")
    ),
    Need("no dns/forwarder/@addr", ("dns/forwarder/@domain",), "a forwarder has an address or a domain"),
    Need("dns/forwarder", ("dns/forwarder/@addr",), "likewise"),
    *(
        Need(f"dns/srv/@{name}", ("dns/srv/@target",), "the rest of an SRV record is about its target")
        for name in ("port", "priority", "weight")
    ),
    Need("domain/@register", ("domain/@localOnly=yes",), "names are registered in a domain that is served here"),
    Need("ip/*(ipv6*", _SIX, "what is in a network is of its family"),
    Need("ip(*(ipv6*", _SIX, "likewise"),
    Need("route*ipv6*", (*_SIX, "route/@address(ipv6Addr)", "route/@family=ipv6"), "likewise"),
    Need("ip/@family=ipv6", _SIX, "likewise"),
    Need("ip/dhcp/host/@ip(ipv6Addr)", ("ip/dhcp/host(@mac|@id|@name)(@id)",), "IPv6 reservations go by DUID"),
    Need("ip/dhcp/bootp", ("ip/dhcp/range",), "libvirt keeps it beside ranges or reservations only"),
    Need("ip/dhcp/host(@mac|@id|@name)(@id)", _SIX, "DHCP for IPv6 knows clients by their DUID"),
    Need("forward", _SERVED, "networks that are routed need an address of the host", unless=_NOT_ROUTED),
    Need("ip", _SERVED, "there is no <ip> without an address, and its family and prefix are written out"),
    Need("route", (*_SERVED, "route/@family=ipv4", "route(@prefix)"), "the gateway is in a subnet of the network"),
)


class Unknown(Exception):
    """The schema has a type, or a construct, that this walk has no value for; says which and where."""


@dataclass(frozen=True)
class Fixed:
    """A value the schema gives itself."""

    text: str


@dataclass(frozen=True)
class Typed:
    """A value of a type, taken from the tables."""

    path: str
    kind: str


@dataclass(frozen=True)
class Named:
    """An element, or an attribute where the name begins with @."""

    path: str
    name: str
    namespace: str
    content: "tuple[Pattern, ...]"


@dataclass(frozen=True)
class Alternative:
    """One way to go on at a point."""

    name: str
    content: "tuple[Pattern, ...]"


@dataclass(frozen=True)
class Point:
    """A place of the schema with more than one way to go on; the first is taken when nothing asks for another."""

    name: str
    alternatives: tuple[Alternative, ...]


Pattern = Fixed | Typed | Named | Point


@dataclass(frozen=True)
class Target:
    """An alternative, and what has to be chosen on the way to it, itself included: names by their points."""

    name: str
    choices: tuple[tuple[str, str], ...]
    path: str
    """Where what it brings is in the XML: "ip/dhcp/host/@mac"; "" where it brings nothing of its own."""


@dataclass(frozen=True)
class Instance:
    """A network's XML, and the alternative it is made for."""

    target: str
    path: str
    xml: str


class Schema:
    """The network format of one libvirt."""

    def __init__(self, directory: Path = SCHEMAS) -> None:
        self.directory = directory
        self._definitions: dict[str, list[etree._Element]] = {}
        self._read("network.rng")
        self.network = self._compile_network()
        self.targets: Mapping[str, Target] = {target.name: target for target in _targets(self.network.content, (), "")}

    def _read(self, name: str) -> None:
        root = etree.parse(self.directory / name).getroot()
        for include in root.findall(f"{RNG}include"):
            self._read(include.get("href", ""))
        for define in root.findall(f"{RNG}define"):
            self._definitions.setdefault(define.get("name", ""), []).append(define)

    def _compile_network(self) -> Named:
        (element,) = [child for define in self._definitions["network"] for child in _elements(define)]
        return Named("", "network", "", self._contents(element, "", "", "", ("network",)))

    def _contents(
        self, node: etree._Element, place: str, path: str, kind: str, within: tuple[str, ...]
    ) -> tuple[Pattern, ...]:
        return tuple(
            pattern for child in _elements(node) for pattern in self._compile(child, place, path, kind, within)
        )

    def _compile(
        self, node: etree._Element, place: str, path: str, kind: str, within: tuple[str, ...]
    ) -> tuple[Pattern, ...]:
        """The patterns of one node; `place` names it, `path` is where it is in the XML, `kind` its type's name."""
        construct = str(node.tag).removeprefix(RNG)
        match construct:
            case "group" | "interleave" | "oneOrMore":
                return self._contents(node, place, path, kind, within)
            case "empty" | "anyName":
                return ()
            case "optional" | "zeroOrMore":
                name = _join(place, self._label(node))
                there = self._contents(node, place, path, kind, within)
                if not there:  # a definition inside itself ends here
                    return ()
                return (Point(name, (Alternative(f"no {name}", ()), Alternative(name, there))),)
            case "choice":
                return self._choice(node, place, path, kind, within)
            case "ref":
                return self._reference(node, place, path, kind, within)
            case "element" | "attribute":
                mark = "@" if construct == "attribute" else ""
                name = mark + (node.get("name") or "*")
                place, path = _join(place, name), _join(path, name)
                namespace = next((a.get("ns", "") for a in (node, *node.iterancestors()) if a.get("ns")), "")
                content = self._contents(node, place, path, "", within)
                if not content and mark:
                    content = self._typed(place, path, "text")
                return (Named(path, name, namespace, content),)
            case "value":
                return (Fixed(node.text or ""),)
            case "text":
                return self._typed(place, path, "text")
            case "data":
                return self._data(node, place, path, kind)
        raise Unknown(f"the schema's construct <{construct}> at {place} is unknown to the walk")

    def _data(self, node: etree._Element, place: str, path: str, kind: str) -> tuple[Pattern, ...]:
        pattern = node.findtext(f"{RNG}param[@name='pattern']") or ""
        words = re.fullmatch(r"\(\w+\)(\|\(\w+\))+", pattern)
        if words:  # an enumeration in the guise of a pattern
            values = pattern.replace("(", "").replace(")", "").split("|")
            return (Point(f"{place}=", tuple(Alternative(f"{place}={value}", (Fixed(value),)) for value in values)),)
        kind = kind or node.get("type", "")
        largest = int(node.findtext(f"{RNG}param[@name='maxInclusive']") or LARGEST.get(node.get("type", ""), 0))
        return self._typed(place, path, kind, largest)

    def _typed(self, place: str, path: str, kind: str, largest: int = 0) -> tuple[Pattern, ...]:
        usual = (Typed(path, kind),)
        extremes = EXTREMES.get(path, EXTREMES.get(kind, ()))
        # Newer schemas allow larger numbers than older ones.
        extremes = tuple(value for value in extremes if not largest or int(value) <= largest)
        if not extremes:
            return usual
        further = (Alternative(f"{place}={value}", (Fixed(value),)) for value in extremes)
        return (Point(f"{place}=", (Alternative(f"{place}=usual", usual), *further)),)

    def _choice(
        self, node: etree._Element, place: str, path: str, kind: str, within: tuple[str, ...]
    ) -> tuple[Pattern, ...]:
        alternatives: list[Alternative] = []
        labels: list[str] = []
        for child in _elements(node):
            label = self._label(child) or self._fixed(child)
            if child.tag == f"{RNG}value":
                name, scope = f"{place}={child.text}", place
            else:
                labels.append(label)
                if labels.count(label) > 1:
                    label = f"{label} #{labels.count(label)}"
                name = scope = f"{place}({label})"
            content = self._compile(child, scope, path, f"{kind}({label})" if kind else "", within)
            if content:
                alternatives.append(Alternative(name, content))
        if not alternatives:
            return ()
        return (Point(f"{place}({'|'.join(labels)})", tuple(alternatives)),)

    def _reference(
        self, node: etree._Element, place: str, path: str, kind: str, within: tuple[str, ...]
    ) -> tuple[Pattern, ...]:
        name = node.get("name", "")
        if within.count(name) > 1:  # custom elements hold custom elements; one in another is enough
            return ()
        if name not in self._definitions:
            raise Unknown(f"the schema's definition '{name}' at {place} is in none of its files")
        kind = "" if self._names(node) else name
        return tuple(
            pattern
            for define in self._definitions[name]
            for pattern in self._contents(define, place, path, kind, (*within, name))
        )

    def _label(self, node: etree._Element) -> str:
        """What tells a branch from others: the names in it and its first fixed value, or its type."""
        names = list(dict.fromkeys(self._names(node)))
        if names:
            return " ".join(["|".join(names), *self._first_value(node)])
        first = node if node.tag in (f"{RNG}ref", f"{RNG}data", f"{RNG}text") else next(_elements(node), node)
        return first.get("name") or first.get("type") or str(first.tag).removeprefix(RNG)

    def _fixed(self, node: etree._Element) -> str:
        return node.text or ""

    def _first_value(self, node: etree._Element) -> list[str]:
        """A fixed value of the only attribute that every branch like virtualport's has first."""
        if node.tag != f"{RNG}group":
            return []
        found = node.find(f"{RNG}element/{RNG}attribute/{RNG}value")
        return [] if found is None else [found.text or ""]

    def _names(self, node: etree._Element, seen: tuple[str, ...] = ()) -> list[str]:
        """The elements and attributes that a node itself brings, not those inside them."""
        construct = str(node.tag).removeprefix(RNG)
        if construct in ("element", "attribute"):
            return [("@" if construct == "attribute" else "") + (node.get("name") or "*")]
        if construct == "ref":
            name = node.get("name", "")
            children = [] if name in seen else self._definitions.get(name, [])
            return [found for child in children for found in self._names(child, (*seen, name))]
        return [found for child in _elements(node) for found in self._names(child, seen)]

    def instances(self) -> Iterator[Instance]:
        """One instance for each alternative of the schema."""
        for target in self.targets.values():
            yield self.instance(target.name)

    def instance(self, name: str) -> Instance:
        """The instance made for an alternative."""
        target = self.targets[name]
        chosen = dict(target.choices)
        before = 0
        while len(chosen) > before:
            before = len(chosen)
            for need in NEEDS:
                if _any_fits(chosen, need.when) and not any(_any_fits(chosen, one) for one in need.unless):
                    for needed in need.needs:
                        self._choose(needed, chosen)
        root = etree.Element("network", nsmap={"dnsmasq": "http://libvirt.org/schemas/network/dnsmasq/1.0"})
        for pattern in self.network.content:
            _derive(pattern, root, chosen)
        _fit_addresses(root)
        return Instance(name, target.path, etree.tostring(root, encoding="unicode"))

    def _choose(self, name: str, chosen: dict[str, str]) -> None:
        """Choose an alternative and all on the way to it, where nothing on the way is chosen otherwise already."""
        if name not in self.targets:
            raise Unknown(f"NEEDS names '{name}', which this schema has no alternative of")
        choices = self.targets[name].choices
        if all(chosen.get(point, alternative) == alternative for point, alternative in choices):
            chosen.update(choices)


def _any_fits(chosen: Mapping[str, str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in chosen.values())


def _elements(node: etree._Element) -> Iterator[etree._Element]:
    return (child for child in node if isinstance(child.tag, str))


def _join(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name


def _targets(patterns: tuple[Pattern, ...], choices: tuple[tuple[str, str], ...], path: str) -> Iterator[Target]:
    for pattern in patterns:
        if isinstance(pattern, Named):
            yield from _targets(pattern.content, choices, pattern.path)
        elif isinstance(pattern, Point):
            for alternative in pattern.alternatives:
                way = (*choices, (pattern.name, alternative.name))
                brings = next((inner.path for inner in alternative.content if isinstance(inner, Named)), path)
                yield Target(alternative.name, way, brings if alternative.content else "")
                yield from _targets(alternative.content, way, path)


def _derive(pattern: Pattern, parent: etree._Element, chosen: Mapping[str, str]) -> None:
    """Add what a pattern gives to an element: children, attributes."""
    if isinstance(pattern, Point):
        wanted = chosen.get(pattern.name, pattern.alternatives[0].name)
        (alternative,) = [one for one in pattern.alternatives if one.name == wanted]
        for inner in alternative.content:
            _derive(inner, parent, chosen)
    elif isinstance(pattern, Named) and pattern.name.startswith("@"):
        name = "remark" if pattern.name == "@*" else pattern.name[1:]
        parent.set(name, _text(pattern.content, chosen))
    elif isinstance(pattern, Named):
        namespace = "urn:example:walk" if pattern.name == "*" else pattern.namespace
        name = "note" if pattern.name == "*" else pattern.name
        tag = f"{{{namespace}}}{name}" if namespace else name
        element = etree.SubElement(parent, tag, nsmap={"walk": namespace} if pattern.name == "*" else None)
        for inner in pattern.content:
            _derive(inner, element, chosen)
    else:
        parent.text = _value(pattern)


def _text(content: tuple[Pattern, ...], chosen: Mapping[str, str]) -> str:
    carrier = etree.Element("carrier")
    for pattern in content:
        _derive(pattern, carrier, chosen)
    return carrier.text or ""


def _value(pattern: Fixed | Typed) -> str:
    if isinstance(pattern, Fixed):
        return pattern.text
    place = pattern.path if "@" in pattern.path else f"{pattern.path}/text()"
    for table, key in ((PLACE_VALUES, place), (VALUES, pattern.kind)):
        if key in table:
            return table[key]
    raise Unknown(f"the type '{pattern.kind}' at {place} has no value in tests/rng_instances.py; add one")


def _fit_addresses(root: etree._Element) -> None:
    """Make an instance's addresses those of one network: of IPv6 where any part of it has to be."""
    held: list[tuple[etree._Element, str, str]] = []
    for top in (*root.findall("ip"), *root.findall("route")):
        for element in top.iter():
            path = "/".join(
                [*(str(above.tag) for above in reversed([*element.iterancestors()][:-1])), str(element.tag)]
            )
            held += [(element, str(name), f"{path}/@{name}") for name in element.attrib]
    # Prefixes that an instance is made for stay as they are.
    known = [
        (element, name, path)
        for element, name, path in held
        if path in ADDRESSES and (name != "prefix" or element.get(name) in ADDRESSES[path])
    ]
    six = any(":" in str(element.get(name)) or element.get(name) in ("ipv6", "64") for element, name, _ in known)
    six = six or any(path == "ip/dhcp/host/@id" for _, _, path in held)
    for element, name, path in known:
        element.set(name, ADDRESSES[path][six])
    for route in root.findall("route"):
        if route.get("prefix") in (None, "0") and route.get("netmask") is None:
            # Without a prefix libvirt takes a route of everything, and nothing else.
            route.set("address", EVERYTHING[six])
