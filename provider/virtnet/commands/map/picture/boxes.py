"""The boxes of a map, and the lines between them: what stands where is for `layout`. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from virtnet.commands.map import messages, relations
from virtnet.commands.map.model import Attached, Bridge, Host, Map, Network, PortForward, Trouble, Uplink
from virtnet.commands.map.picture.drawing import (
    PADDING,
    Box,
    Details,
    Kind,
    Line,
    Text,
    Tone,
    extent,
    fitted,
    height_of,
    in_rows,
    width_of,
    wrapped,
)
from virtnet.commands.map.relations import Connected, Place
from virtnet.commands.plain_text import few, plain, shortened

NARROWEST, WIDEST = 150.0, 330.0
CARD = 190.0
"""The width of what is attached."""

GAP = 8.0
"""Between what is attached."""

SHAPE = 1.6
"""How much wider than high what is attached to one network is, together."""

MOST_ALONE = 8
"""Networks with lines to the same ways that stand one below another."""

MOST_TROUBLES = 3
LINES_OF_TROUBLE = 4
LONGEST_AT_LINE = 20
"""Letters at a line between boxes; the kernel's names of interfaces have no more than 15."""

MOST_LINES = 4
"""Of one kind in a box: addresses, routes, ports. All of them are in its details."""


Led: TypeAlias = Mapping[int, Sequence[PortForward]]
"""The port forwards that lead to an interface (`relations.led_to`)."""


class HostBoxes(NamedTuple):
    """A host's own box, and all in it that lines lead to."""

    frame: Box
    """Without its width and height, which depend on its content."""
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def boxes(drawn: Map) -> tuple[HostBoxes, ...]:
    """Each host. The same map gets the same boxes, with the same ids."""
    return tuple(_host(f"h{number}", host) for number, host in enumerate(drawn.hosts))


def _host(prefix: str, host: Host) -> HostBoxes:
    several, led = relations.in_several(host), relations.led_to(host)
    apart = {id(one.entry): f"{prefix}g{number}" for number, guest in enumerate(several.values()) for one in guest}
    ids = {id(place): f"{prefix}p{number}" for number, place in enumerate(relations.places(host))}
    ways = {bridge.name: ids[id(bridge)] for bridge in host.bridges}
    ways |= {uplink.name: f"{prefix}u{number}" for number, uplink in enumerate(host.uplinks)}
    uplinks = [_uplink(f"{prefix}u{number}", uplink) for number, uplink in enumerate(host.uplinks)]
    forwards = [_forward(f"{prefix}f{number}", forward) for number, forward in enumerate(host.port_forwards)]
    places = [_place(ids[id(place)], place, apart, led) for place in relations.places(host)]
    guests = [
        _guest(f"{prefix}g{number}", guest, interfaces, led)
        for number, (guest, interfaces) in enumerate(several.items())
    ]
    lines = tuple(_lines(prefix, host, ids, ways, apart))
    crowds, drawn, ends = _crowds(prefix, places, lines)
    return HostBoxes(
        frame=_frame(prefix, host),
        boxes=(*uplinks, *forwards, *drawn, *crowds, *guests),
        lines=tuple(dict.fromkeys(line._replace(end=ends.get(line.end, line.end)) for line in lines)),
    )


def _crowds(
    prefix: str, places: Sequence[Box], lines: Sequence[Line]
) -> tuple[Sequence[Box], Sequence[Box], Mapping[str, str]]:
    """Many networks that have lines to the same ways out and to nothing else, in a box of their own.

    One below another they would be a tower. Returned too: the other places, and by their ids in which box those are.
    """
    ways: dict[str, set[Line]] = {}
    apart: set[str] = set()  # by a line to a guest, or of a port forward
    for line in lines:
        apart |= {line.start, line.end} if line.arrow else {line.start}
        ways.setdefault(line.end, set()).add(line._replace(end=""))
    alike: dict[frozenset[Line], list[Box]] = {}
    for box in places:
        if box.id in ways and box.id not in apart:
            alike.setdefault(frozenset(ways[box.id]), []).append(box)
    crowds: list[Box] = []
    ends: dict[str, str] = {}
    for boxes_of_one in alike.values():
        if len(boxes_of_one) > MOST_ALONE:
            name = f"{prefix}c{len(crowds)}"
            crowds.append(_crowd(name, boxes_of_one))
            ends |= dict.fromkeys((box.id for box in boxes_of_one), name)
    return crowds, [box for box in places if box.id not in ends], ends


def _crowd(name: str, networks: Sequence[Box]) -> Box:
    title = messages.counted(len(networks), messages.NETWORK, messages.NETWORKS)
    names = [box.details.title for box in networks]
    details = Details(messages.NETWORKS, title, (), _rows((messages.NETWORKS, names)))
    return _around(_box(name, Kind.CROWD, [Text(Tone.FAINT, title)], details), networks)


def _around(head: Box, boxes_in_it: Sequence[Box]) -> Box:
    """A box with others below its texts."""
    inside = in_rows(boxes_in_it, left=PADDING, top=head.height, gap=GAP, ratio=SHAPE)
    right, bottom = extent(inside)
    width, height = max(head.width, right + PADDING), max(head.height, bottom + PADDING)
    return replace(head, width=width, height=height, inside=inside)


def _lines(
    prefix: str, host: Host, ids: Mapping[int, str], ways: Mapping[str, str], apart: Mapping[int, str]
) -> Iterator[Line]:
    for network in host.networks:
        off = relations.is_off(host, network)
        for way in dict.fromkeys(relations.ways_out(host, network)):
            said = messages.FORWARDING_OFF if off else shortened(plain(network.mode), LONGEST_AT_LINE)
            yield Line(ways[way], ids[id(network)], said=said, dashed=off or not network.active)
    for number, forward in enumerate(host.port_forwards):
        found, network_of = relations.target(host, forward), relations.network_of(host, forward)
        if found is not None and id(found.entry) in apart:
            yield Line(f"{prefix}f{number}", apart[id(found.entry)], arrow=True)
        elif network_of is not None:
            yield Line(f"{prefix}f{number}", ids[id(network_of)], arrow=True)
    for place in relations.places(host):
        for entry in place.attached:
            if id(entry) in apart:
                said = shortened(plain(entry.interface), LONGEST_AT_LINE)
                yield Line(ids[id(place)], apart[id(entry)], said=said, dashed=not entry.on_bridge)


def _box(
    name: str,
    kind: Kind,
    texts: Sequence[Text],
    details: Details,
    *,
    width: float = WIDEST,
    least: float = NARROWEST,
    faint: bool = False,
) -> Box:
    """A box with as much of each text as there is room for."""
    room = min(max(width_of(texts), least - 2 * PADDING), width - 2 * PADDING)
    shown = tuple(
        Text(text.tone, line)
        for text in texts
        for line in (
            wrapped(text.said, text.tone, room, LINES_OF_TROUBLE)
            if text.tone is Tone.PROBLEM
            else [fitted(text.said, text.tone, room)]
        )
    )
    return Box(
        id=name,
        kind=kind,
        label=plain(messages.label(details.kind, details.title, len(details.troubles))),
        texts=shown,
        width=room + 2 * PADDING,
        height=height_of(shown) + 1.6 * PADDING,
        details=details,
        faint=faint,
    )


def _troubles(troubles: Sequence[Trouble]) -> list[Text]:
    shown = [Text(Tone.PROBLEM, trouble.said) for trouble in troubles[:MOST_TROUBLES]]
    if left_out := len(troubles) - len(shown):
        shown.append(Text(Tone.PROBLEM, messages.more_troubles(left_out)))
    return shown


def _codes(values: Iterable[str]) -> list[Text]:
    return [Text(Tone.CODE, value) for value in few([*values], MOST_LINES)]


def _rows(*rows: tuple[str, str | Iterable[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Those that have a value."""
    told = [(name, (value,) if isinstance(value, str) else tuple(value)) for name, value in rows]
    return tuple((name, tuple(filter(None, values))) for name, values in told if any(values))


def _frame(name: str, host: Host) -> Box:
    texts = [Text(Tone.TITLE, host.uri)]
    texts += [Text(Tone.PLAIN, said) for said in messages.host_lines(host) if said]
    if host.unreachable:
        texts.append(Text(Tone.PROBLEM, messages.NOT_REACHED))
    elif not host.networks:
        texts.append(Text(Tone.FAINT, messages.NO_NETWORKS))
    details = Details(
        kind=messages.HOST,
        title=host.uri,
        troubles=host.troubles,
        rows=_rows(
            (messages.LIBVIRT, host.libvirt_version),
            (
                messages.FORWARDING,
                [
                    messages.forwarding("IPv4", host.ipv4_forwarding),
                    messages.forwarding("IPv6", host.ipv6_forwarding),
                ],
            ),
            (messages.ZONES, host.zones),
            (
                messages.ROUTES,
                [messages.host_route(one.destination, one.gateway, one.interface) for one in host.routes],
            ),
            (messages.PORT_FORWARDS, map(messages.forward_in_list, host.port_forwards)),
            (messages.UNSEEN, host.unseen),
        ),
    )
    return _box(name, Kind.HOST, [*texts, *_troubles(host.troubles)], details, width=2 * WIDEST)


def _uplink(name: str, uplink: Uplink) -> Box:
    texts = [Text(Tone.TITLE, uplink.name), *(Text(Tone.FAINT, said) for said in messages.bridge_lines(uplink))]
    texts += _codes([*uplink.addresses, *map(messages.default_route, uplink.gateways)])
    details = Details(messages.UPLINK, uplink.name, (), _rows(*_of_link(uplink)))
    return _box(name, Kind.UPLINK, texts, details, faint=not uplink.up)


def _of_link(link: Uplink | Bridge) -> list[tuple[str, str | Iterable[str]]]:
    return [
        (messages.STATE, messages.UP if link.up else messages.DOWN),
        (messages.MAC, link.mac),
        (messages.ADDRESSES, link.addresses),
        (messages.DEFAULT_ROUTES, map(messages.default_route, link.gateways)),
    ]


def _forward(name: str, forward: PortForward) -> Box:
    texts = [Text(Tone.TITLE, messages.forward_title(forward)), Text(Tone.FAINT, messages.PORT_FORWARD)]
    texts += _codes(messages.forward_lines(forward))
    details = Details(
        kind=messages.PORT_FORWARD,
        title=messages.forward_title(forward),
        troubles=forward.troubles,
        rows=_rows(
            (messages.PORTS, map(messages.ports, forward.ports)),
            (messages.TARGET, [forward.target, forward.network]),
            (messages.LISTENS, forward.listen_address or messages.ALL_ADDRESSES),
            (messages.SOURCES, forward.sources or messages.ANYBODY),
            (messages.OWNER, forward.owner),
        ),
    )
    return _box(name, Kind.PORT_FORWARD, [*texts, *_troubles(forward.troubles)], details)


def _place(name: str, place: Place, apart: Mapping[int, str], led: Led) -> Box:
    head = _network(name, place) if isinstance(place, Network) else _bridge(name, place)
    cards = [
        _card(f"{name}a{number}", place, entry, led)
        for number, entry in enumerate(place.attached)
        if id(entry) not in apart
    ]
    return _around(head, cards)


def _network(name: str, network: Network) -> Box:
    texts = [
        Text(Tone.TITLE, network.name),
        Text(Tone.PLAIN, messages.state(network)),
        *_codes(filter(None, [messages.on_bridge(network.bridge, network.zone)])),
        *_codes(network.addresses),
        *_codes(map(messages.dhcp, network.ranges)),
        *_codes(map(messages.route, network.routes)),
    ]
    faint = [
        messages.reserved(len(network.reservations)) if network.reservations else "",
        messages.not_attached(len(network.leases)) if network.leases else "",
        messages.managed(network),
    ]
    texts += [Text(Tone.FAINT, said) for said in faint if said]
    details = Details(
        kind=messages.NETWORK,
        title=network.name,
        troubles=network.troubles,
        rows=_rows(
            (messages.STATE, messages.state(network)),
            (messages.BRIDGE_NAME, network.bridge),
            (messages.ZONE, network.zone),
            (messages.ADDRESSES, network.addresses),
            (messages.RANGES, network.ranges),
            (
                messages.RESERVATIONS,
                [messages.reservation(one.name, one.address, one.mac) for one in network.reservations],
            ),
            (messages.ROUTES, network.routes),
            (messages.DEVICES, network.devices),
            (messages.OWNER, network.owner),
            (messages.UUID, network.uuid),
            (messages.ATTACHED, map(messages.attached, network.attached)),
            (messages.LEASES, map(messages.lease, network.leases)),
        ),
    )
    return _box(name, Kind.NETWORK, [*texts, *_troubles(network.troubles)], details, faint=not network.active)


def _bridge(name: str, bridge: Bridge) -> Box:
    texts = [Text(Tone.TITLE, bridge.name), *(Text(Tone.FAINT, said) for said in messages.bridge_lines(bridge))]
    texts += _codes([*bridge.addresses, *map(messages.default_route, bridge.gateways)])
    rows = [*_of_link(bridge), (messages.ATTACHED, map(messages.attached, bridge.attached))]
    return _box(name, Kind.BRIDGE, texts, Details(messages.BRIDGE, bridge.name, (), _rows(*rows)), faint=not bridge.up)


def _card(name: str, place: Place, entry: Attached, led: Led) -> Box:
    """What is attached here and nowhere else."""
    texts = [Text(Tone.TITLE, messages.name_of(entry)), *_interface(entry, led)]
    kind = Kind.GUEST if entry.guest else Kind.LINK
    details = Details(
        kind=messages.GUEST if entry.guest else messages.LINK,
        title=messages.name_of(entry),
        troubles=(),
        rows=_rows((messages.ON, place.name), *_of_interface(entry, led)),
    )
    return _box(name, kind, texts, details, width=CARD, least=CARD, faint=not entry.on_bridge)


def _interface(entry: Attached, led: Led) -> Iterator[Text]:
    yield Text(Tone.FAINT, messages.interface(entry))
    yield from _codes(filter(None, [entry.mac]))
    yield from _codes(entry.addresses)
    if not entry.on_bridge:
        yield Text(Tone.PROBLEM, messages.NOT_ON_BRIDGE)
    yield from _codes(messages.ports(one) for forward in led.get(id(entry), ()) for one in forward.ports)


def _of_interface(entry: Attached, led: Led) -> list[tuple[str, str | Iterable[str]]]:
    return [
        (messages.INTERFACE, messages.interface(entry)),
        (messages.STATE, "" if entry.on_bridge else messages.NOT_ON_BRIDGE),
        (messages.MAC, entry.mac),
        (messages.LEASED, entry.addresses),
        (messages.HOSTNAME, entry.hostname),
        (messages.PORT_FORWARDS, map(messages.forward_in_list, led.get(id(entry), ()))),
    ]


def _guest(name: str, guest: str, interfaces: Sequence[Connected], led: Led) -> Box:
    """A guest that is on several networks."""
    texts = [Text(Tone.TITLE, guest)]
    rows: list[tuple[str, str | Iterable[str]]] = []
    for one in interfaces:
        texts += [Text(Tone.PLAIN, one.place.name), *_interface(one.entry, led)]
        rows += [(messages.ON, one.place.name), *_of_interface(one.entry, led)]
    return _box(name, Kind.GUEST, texts, Details(messages.GUEST, guest, (), _rows(*rows)), width=CARD + 40)
