"""How a map reads: the words in its boxes, beside its lines and in its details, and its errors. Pure.

Names and addresses come from hosts as they are; what draws them escapes them.
"""

from collections.abc import Iterable, Sequence

from virtnet.commands.map.model import Attached, Bridge, Host, Lease, Map, Network, PortForward, Ports, Uplink

APART = " · "
ARROW = "→"

# Titles.

MOST_NAMED = 3
"""Hosts in a title."""


def title(drawn: Map) -> str:
    """The whole of it."""
    if drawn.stack:
        return f"Networks in the state of stack {drawn.stack}"
    if len(drawn.hosts) > MOST_NAMED:
        return f"Networks of {len(drawn.hosts)} hosts"
    return f"Networks of {', '.join(host.uri for host in drawn.hosts)}"


def summary(drawn: Map) -> str:
    """How much there is."""
    networks = sum(len(host.networks) for host in drawn.hosts)
    interfaces = sum(len(one.attached) for host in drawn.hosts for one in host.networks)
    interfaces += sum(len(one.attached) for host in drawn.hosts for one in host.bridges)
    counts = [counted(len(drawn.hosts), "host", "hosts"), counted(networks, "network", "networks")]
    if not drawn.stack:  # a state has none
        counts.append(counted(interfaces, "attached interface", "attached interfaces"))
    return ", ".join([*counts, counted(drawn.troubles, "problem", "problems")])


def counted(number: int, one: str, several: str) -> str:
    """A number and its noun."""
    return f"{number} {one if number == 1 else several}"


def more(number: int, one: str = "", several: str = "") -> str:
    """How many others there are that are not drawn, and of what."""
    return " ".join(filter(None, ["and", str(number), "more", one if number == 1 else several]))


HOST = "host"
NETWORK, NETWORKS = "network", "networks"
BRIDGE = "bridge of the host"
UPLINK = "interface of the host"
PORT_FORWARD = "port forward"
GUEST = "guest"
LINK = "other interface"
NOTHING = "No hosts"

# Boxes.


def host_lines(host: Host) -> Iterable[str]:
    """What stands below the name of a host."""
    facts = [f"libvirt {host.libvirt_version}" if host.libvirt_version else ""]
    facts += [forwarding("IPv4", host.ipv4_forwarding), forwarding("IPv6", host.ipv6_forwarding)]
    if host.zones:
        facts.append("firewalld runs")
    yield APART.join(filter(None, facts))
    if host.recorded:
        yield "as recorded, without guests"
    elif not host.unreachable and not host.host_seen:
        yield "read through libvirt only"
    if host.unseen:
        yield f"{counted(len(host.unseen), 'thing', 'things')} could not be read"


def forwarding(family: str, on: bool | None) -> str:
    """Whether the kernel forwards packets."""
    return "" if on is None else f"{family} forwarding {'on' if on else 'off'}"


NOT_REACHED = "libvirt can't be reached"
NO_NETWORKS = "no networks"


def state(network: Network) -> str:
    """A network's mode and state."""
    states = [
        network.mode or "mode not recorded",
        "active" if network.active else "inactive",
        "autostart" if network.autostart else "",
        "" if network.persistent else "transient",
    ]
    return APART.join(filter(None, states))


def on_bridge(bridge: str, zone: str) -> str:
    """The bridge of a network, and firewalld's zone of it."""
    return APART.join(filter(None, [f"bridge {bridge}" if bridge else "", f"zone {zone}" if zone else ""]))


def dhcp(span: str) -> str:
    """A range of DHCP."""
    return f"DHCP {span}"


def route(told: str) -> str:
    """A static route."""
    return f"route {told}"


def managed(network: Network) -> str:
    """Who manages a network."""
    if not network.owner:
        return ""
    return f"{'adopted' if network.adopted else 'managed'} by {network.owner}"


def reserved(number: int) -> str:
    """How many addresses are reserved."""
    return counted(number, "reservation", "reservations")


def not_attached(number: int) -> str:
    """Leases of clients that are not there now."""
    return f"{counted(number, 'lease', 'leases')} of clients that aren't attached"


def bridge_lines(bridge: Bridge | Uplink) -> Iterable[str]:
    """What stands below the name of a bridge or an interface of the host."""
    kind = BRIDGE if isinstance(bridge, Bridge) else UPLINK
    yield kind if bridge.up else f"{kind}{APART}down"


def default_route(gateway: str) -> str:
    """A default route."""
    return f"default via {gateway}" if gateway else "default route"


def interface(entry: Attached) -> str:
    """The host's side of an interface."""
    if not entry.interface:
        return "interface"
    kind = {"tun": "tap", "": "interface"}.get(entry.link, entry.link)
    return f"{kind} {entry.interface}"


NOT_ON_BRIDGE = "on no bridge"


def name_of(entry: Attached) -> str:
    """The name of an interface's box."""
    return entry.guest or entry.interface or entry.mac


def ports(one: Ports) -> str:
    """A range of ports."""
    same = one.listen == one.target
    return f"{one.protocol} {one.listen}" if same else f"{one.protocol} {one.listen} {ARROW} {one.target}"


def forward_title(forward: PortForward) -> str:
    """A port forward by its ports."""
    return ", ".join(f"{one.protocol} {one.listen}" for one in forward.ports)


def forward_lines(forward: PortForward) -> Iterable[str]:
    """What stands below the ports of a port forward."""
    for one in forward.ports:
        yield f"{ARROW} {_with_port(forward.target, one.target)}"
    yield from_whom(forward.sources)
    if forward.listen_address:
        yield f"on {forward.listen_address}"


def _with_port(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def from_whom(sources: Sequence[str], most: int = 2) -> str:
    """Who may connect."""
    if not sources:
        return "from anywhere"
    more = f" and {len(sources) - most} more" if len(sources) > most else ""
    return f"from {', '.join(sources[:most])}{more}"


def more_troubles(number: int) -> str:
    """Problems that are left out of a box."""
    return f"and {counted(number, 'more problem', 'more problems')}"


FORWARDING_OFF = "not forwarded"

# Details.

NAME, MODE, STATE, BRIDGE_NAME, ZONE, OWNER, UUID = "name", "mode", "state", "bridge", "zone", "managed by", "UUID"
ADDRESSES, RANGES, RESERVATIONS, ROUTES, DEVICES = (
    "addresses",
    "DHCP ranges",
    "reservations",
    "routes",
    "outgoing interfaces",
)
ATTACHED, LEASES, MAC, LEASED, HOSTNAME, INTERFACE, ON = (
    "attached",
    "leases",
    "MAC address",
    "leased addresses",
    "host name",
    "interface",
    "on",
)
TARGET, PORTS, SOURCES, LISTENS, PORT_FORWARDS = "target", "ports", "who may connect", "listens on", "port forwards"
LIBVIRT, FORWARDING, ZONES, DEFAULT_ROUTES, UNSEEN = (
    "libvirt",
    "IP forwarding",
    "firewalld zones",
    "default routes",
    "not read",
)
ANYBODY, ALL_ADDRESSES, UP, DOWN = "anybody", "all addresses of the host", "up", "down"


def reservation(name: str, address: str, mac: str) -> str:
    """An address that is kept for a client."""
    return APART.join(filter(None, [address, name, mac]))


def lease(one: Lease) -> str:
    """An address that a client has."""
    until = f"until {one.expires}" if one.expires else "forever"
    return APART.join(filter(None, [one.address, one.hostname, one.mac, until]))


def attached(entry: Attached) -> str:
    """An interface in a list."""
    shown = [entry.guest, entry.interface, entry.mac, *entry.addresses, "" if entry.on_bridge else NOT_ON_BRIDGE]
    return APART.join(filter(None, shown))


def host_route(destination: str, gateway: str, interface_name: str) -> str:
    """A route of the host."""
    return f"{destination} via {gateway} on {interface_name}"


def forward_in_list(forward: PortForward) -> str:
    """A port forward in a list."""
    listens = ", ".join(
        f"{one.protocol} {one.listen} {ARROW} {_with_port(forward.target, one.target)}" for one in forward.ports
    )
    return f"{listens} ({from_whom(forward.sources)})"


def label(kind: str, name: str, troubles: int) -> str:
    """A box for those who don't see it."""
    problems = f", {counted(troubles, 'problem', 'problems')}" if troubles else ""
    return f"{kind} {name}{problems}"


# Errors.


def no_layout(module: str) -> str:
    """The library that lays a picture out is not installed."""
    return (
        f"a map as SVG or HTML can't be drawn because the Python package for its layout is missing ({module}). Run pip "
        "install 'pulumi-virtnet[map]', or choose --format mermaid or json"
    )


def file_not_read(path: str, why: str) -> str:
    """The file can't be read."""
    return f"{path} can't be read: {why}"


def file_not_written(path: str, why: str) -> str:
    """The file can't be written."""
    return f"{path} can't be written: {why}"


def not_a_state(why: str) -> str:
    """The file is something else."""
    return f"this is not what pulumi stack export prints ({why})"


ON_A_TERMINAL = "a picture isn't for a terminal. Name a file with --output, or redirect the output"


def not_reached(uri: str, why: str) -> str:
    """A host of the fleet is drawn as one that can't be reached."""
    return f"{uri} is drawn without its networks: {why}"


# The page.

SEARCH, ONLY_PROBLEMS, FARTHER, CLOSER, FIT, COLOURS = (
    "Search",
    "only problems",
    "Zoom out",
    "Zoom in",
    "Fit",
    "Dark or light",
)
CONTENTS, PICTURE, DETAILS, CLOSE = "Contents", "The picture", "Details", "Close the details"
WORDS = {"found": "found", "problem": "Problem", "attached": ATTACHED}
"""What the page's script says."""
