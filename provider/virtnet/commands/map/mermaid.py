"""A map as a diagram of Mermaid, which GitHub and GitLab draw. Pure.

They draw nothing of a diagram with more than 500 arrows or 50,000 characters. So less of each sort is drawn until the
whole diagram fits, and the rest is counted: guests and port forwards first, then networks, then hosts.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from virtnet.commands.map import messages, relations
from virtnet.commands.map.model import Attached, Host, Map, Network, PortForward, Trouble
from virtnet.commands.map.relations import Place
from virtnet.commands.mermaid import label
from virtnet.commands.plain_text import few

MOST_ARROWS = 500
MOST_CHARACTERS = 50_000

MOST_ATTACHED = 12
"""Boxes at one network of a small map."""

MOST_TROUBLES = 3
LONGEST_TROUBLE = 120


class _Limits(NamedTuple):
    """How much of each sort is drawn."""

    attached: int = MOST_ATTACHED
    """At each network or bridge."""
    several: int = sys.maxsize
    """Guests of a host that are on several networks."""
    forwards: int = sys.maxsize
    """Into each network."""
    places: int = sys.maxsize
    """Networks, bridges and uplinks of each host, each."""
    hosts: int = sys.maxsize


_LIMITS = (
    _Limits(),
    *(_Limits(most, most, most) for most in (12, 8, 5, 3, 2, 1, 0)),
    *(_Limits(0, 0, 0, most) for most in (200, 100, 50, 20, 10, 5, 2, 1, 0)),
    *(_Limits(0, 0, 0, 0, most) for most in (100, 50, 20, 8)),
)
"""The limits to try in turn; the last one always fits, because each text in a box is limited."""

_STYLES = (
    "classDef network fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "classDef bridge fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "classDef guest fill:#f6f8fa,stroke:#59636e,color:#1f2328",
    "classDef uplink fill:#ffffff,stroke:#59636e,color:#1f2328",
    "classDef forward fill:#fbefff,stroke:#8250df,color:#1f2328",
    "classDef inactive fill:#ffffff,stroke:#59636e,stroke-dasharray:5 3,color:#59636e",
    "classDef problem fill:#ffebe9,stroke:#cf222e,stroke-width:3px,color:#1f2328",
)


class _Line(NamedTuple):
    """A line of a diagram."""

    text: str
    arrows: int = 0


_Troubled = TypeVar("_Troubled", Host, Network, PortForward)


def diagram(drawn: Map) -> str:
    """The source of a flowchart."""
    text = ""
    for limits in _LIMITS:
        lines = [*_lines(drawn, limits)]
        text = "\n".join(line.text for line in lines) + "\n"
        if len(text) <= MOST_CHARACTERS and sum(line.arrows for line in lines) <= MOST_ARROWS:
            break
    return text


def _lines(drawn: Map, limits: _Limits) -> Iterator[_Line]:
    yield _Line("flowchart LR")
    for number, host in enumerate(_with_troubles_first(drawn.hosts, limits.hosts)):
        prefix = f"h{number}"
        yield _Line(f'  subgraph {prefix}["{_box([host.uri, *messages.host_lines(host)], host.troubles)}"]')
        yield from (line._replace(text=f"    {line.text}") for line in _boxes(prefix, host, limits))
        yield _Line("  end")
        yield _Line(f"  style {prefix} fill:none,stroke:{'#cf222e' if host.troubles else '#59636e'}")
    if len(drawn.hosts) > limits.hosts:
        yield _Line(f'  more["{label(messages.more(len(drawn.hosts) - limits.hosts, "host", "hosts"))}"]:::inactive')
    yield from (_Line(f"  {style}") for style in _STYLES)


def _with_troubles_first(found: Sequence[_Troubled], most: int) -> Sequence[_Troubled]:
    """At most so many in their order, of which those with problems are left out last."""
    if len(found) <= most:
        return found
    kept = {id(one) for one in sorted(found, key=lambda one: not one.troubles)[:most]}
    return [one for one in found if id(one) in kept]


class _Part(NamedTuple):
    """What is drawn of a host, and by which names."""

    prefix: str
    host: Host
    limits: _Limits
    places: Sequence[Place]
    names: Mapping[int, str]
    """The boxes of `places`, by their identity."""

    several: Sequence[tuple[str, Sequence[relations.Connected]]]
    """The guests on several places that have a box of their own, each with its interfaces."""
    at: Mapping[int, Sequence[Attached]]
    """What else has a box of its own at each of `places`, by their identity."""


def _part(prefix: str, host: Host, limits: _Limits, places: Sequence[Place]) -> _Part:
    several = relations.in_several(host)
    return _Part(
        prefix=prefix,
        host=host,
        limits=limits,
        places=places,
        names={id(place): f"{prefix}p{number}" for number, place in enumerate(places)},
        several=[*islice(several.items(), limits.several)],
        at={
            id(place): [entry for entry in place.attached if entry.guest not in several][: limits.attached]
            for place in places
        },
    )


def _boxes(prefix: str, host: Host, limits: _Limits) -> Iterator[_Line]:
    networks = _with_troubles_first(host.networks, limits.places)
    bridges, uplinks = host.bridges[: limits.places], host.uplinks[: limits.places]
    part = _part(prefix, host, limits, (*networks, *bridges))
    names = part.names
    ways = {bridge.name: names[id(bridge)] for bridge in bridges}
    for number, uplink in enumerate(uplinks):
        ways[uplink.name] = f"{prefix}u{number}"
        routes = map(messages.default_route, uplink.gateways)
        yield _Line(f'{prefix}u{number}(("{_box([uplink.name, *uplink.addresses, *routes])}")):::uplink')
    for place in part.places:
        yield _Line(_place(names[id(place)], place))
    for network in networks:
        line = "-.-" if relations.is_off(host, network) else "---"
        for way in relations.ways_out(host, network):
            if way in ways:
                yield _Line(f"{ways[way]} {line} {names[id(network)]}", arrows=1)
    drawn = _of_interfaces(part)
    yield from _attached(part, drawn)
    yield from _forwards(part, drawn)
    hidden = {
        "networks": (len(host.networks) - len(networks), "network", "networks"),
        "bridges": (len(host.bridges) - len(bridges), "bridge", "bridges"),
        "uplinks": (len(host.uplinks) - len(uplinks), "interface", "interfaces"),
    }
    for sort, (number, one, several) in hidden.items():
        if number:
            yield _Line(f'{prefix}{sort}["{label(messages.more(number, one, several))}"]:::inactive')
    if not relations.places(host) and not host.unreachable:
        yield _Line(f'{prefix}none["{label(messages.NO_NETWORKS)}"]:::inactive')


def _place(name: str, place: Place) -> str:
    if isinstance(place, Network):
        texts = [
            place.name,
            messages.state(place),
            messages.on_bridge(place.bridge, place.zone),
            *few(place.addresses, 3),
            *few([*map(messages.route, place.routes)], 3),
        ]
        style = "problem" if place.troubles else "network" if place.active else "inactive"
        return f'{name}["{_box(texts, place.troubles)}"]:::{style}'
    routes = map(messages.default_route, place.gateways)
    return f'{name}["{_box([place.name, *messages.bridge_lines(place), *place.addresses, *routes])}"]:::bridge'


def _of_interfaces(part: _Part) -> Mapping[int, str]:
    """The boxes of interfaces, by the identity of their `Attached`: a guest on several places has one for all."""
    found = {
        id(one.entry): f"{part.prefix}g{number}"
        for number, (_, interfaces) in enumerate(part.several)
        for one in interfaces
        if id(one.place) in part.names
    }
    for place in part.places:
        found |= {id(entry): f"{part.names[id(place)]}a{number}" for number, entry in enumerate(part.at[id(place)])}
    return found


def _attached(part: _Part, drawn: Mapping[int, str]) -> Iterator[_Line]:
    """Guests, each once, then other links."""
    for number, (guest, interfaces) in enumerate(part.several):
        yield _Line(f'{part.prefix}g{number}(["{label(guest, 40)}"]):::guest')
        for one in interfaces:
            if id(one.place) in part.names:
                way = f'{part.names[id(one.place)]} -- "{_interface(one.entry)}"'
                yield _Line(f"{way} --- {drawn[id(one.entry)]}", arrows=1)
    for place in part.places:
        here = part.names[id(place)]
        for entry in part.at[id(place)]:
            texts = [messages.name_of(entry), *few(entry.addresses, 2)]
            box = f'{drawn[id(entry)]}(["{_box(texts)}"]):::{"guest" if entry.on_bridge else "inactive"}'
            yield _Line(f'{here} -- "{_interface(entry)}" --- {box}', arrows=1)
        hidden = sum(id(entry) not in drawn for entry in place.attached)
        if hidden:
            yield _Line(f'{here} --- {here}rest(["{label(messages.more(hidden))}"]):::guest', arrows=1)


def _forwards(part: _Part, drawn: Mapping[int, str]) -> Iterator[_Line]:
    """Port forwards, and arrows to their guests, or to their networks."""
    prefix, host = part.prefix, part.host
    into: dict[str, list[PortForward]] = {}
    for forward in host.port_forwards:
        network = relations.network_of(host, forward)
        into.setdefault(part.names.get(id(network), ""), []).append(forward)
    chosen = {place: _with_troubles_first(group, part.limits.forwards) for place, group in into.items()}
    shown = {id(forward): place for place, group in chosen.items() for forward in group}
    for number, forward in enumerate(host.port_forwards):
        if id(forward) not in shown:
            continue
        style = "problem" if forward.troubles else "forward"
        texts = [messages.forward_title(forward), *messages.forward_lines(forward)]
        yield _Line(f'{prefix}f{number}>"{_box(texts, forward.troubles)}"]:::{style}')
        found = relations.target(host, forward)
        leads_to = (drawn.get(id(found.entry)) if found is not None else None) or shown[id(forward)]
        if leads_to:
            yield _Line(f"{prefix}f{number} --> {leads_to}", arrows=1)
    for place, group in into.items():
        hidden = len(group) - len(chosen[place])
        if hidden:
            name, more = f"{place or prefix}forwards", messages.more(hidden, "port forward", "port forwards")
            yield _Line(f'{name}>"{label(more)}"]:::forward')
            yield from [_Line(f"{name} --> {place}", arrows=1)] if place else []


def _interface(entry: Attached) -> str:
    return label(entry.interface or entry.mac, 40) or label(messages.INTERFACE)


def _box(texts: list[str], troubles: tuple[Trouble, ...] = ()) -> str:
    said = few([trouble.said for trouble in troubles], MOST_TROUBLES)
    title, *more = [label(text) for text in texts if text]
    return "<br/>".join([f"<b>{title}</b>", *more, *(f"⚠ {label(text, LONGEST_TROUBLE)}" for text in said)])
