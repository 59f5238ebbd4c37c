"""A map as a diagram of Mermaid, which GitHub and GitLab draw. Pure.

They draw no more than 500 arrows and 50,000 characters, so what is attached stands in its network's box where there is
much of it, and the rest is counted.
"""

from collections.abc import Iterator

from virtnet.commands.map import messages, relations
from virtnet.commands.map.model import Attached, Host, Map, Network, Trouble
from virtnet.commands.map.relations import Place
from virtnet.commands.mermaid import label
from virtnet.commands.plain_text import few

MOST_ATTACHED = 12
"""Boxes at one network; the others are counted."""

MOST_TROUBLES = 3
LONGEST_TROUBLE = 120

_STYLES = (
    "classDef network fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "classDef bridge fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "classDef guest fill:#f6f8fa,stroke:#59636e,color:#1f2328",
    "classDef uplink fill:#ffffff,stroke:#59636e,color:#1f2328",
    "classDef forward fill:#fbefff,stroke:#8250df,color:#1f2328",
    "classDef inactive fill:#ffffff,stroke:#59636e,stroke-dasharray:5 3,color:#59636e",
    "classDef problem fill:#ffebe9,stroke:#cf222e,stroke-width:3px,color:#1f2328",
)


def diagram(drawn: Map) -> str:
    """The source of a flowchart."""
    lines = ["flowchart LR"]
    for number, host in enumerate(drawn.hosts):
        prefix = f"h{number}"
        lines.append(f'  subgraph {prefix}["{_box([host.uri, *messages.host_lines(host)], host.troubles)}"]')
        lines += [f"    {line}" for line in _boxes(prefix, host)]
        lines += ["  end", f"  style {prefix} fill:none,stroke:{'#cf222e' if host.troubles else '#59636e'}"]
    return "\n".join([*lines, *(f"  {style}" for style in _STYLES)]) + "\n"


def _boxes(prefix: str, host: Host) -> Iterator[str]:
    names: dict[int, str] = {id(place): f"{prefix}p{number}" for number, place in enumerate(relations.places(host))}
    ways = {bridge.name: names[id(bridge)] for bridge in host.bridges}
    for number, uplink in enumerate(host.uplinks):
        ways[uplink.name] = f"{prefix}u{number}"
        routes = map(messages.default_route, uplink.gateways)
        yield f'{prefix}u{number}(("{_box([uplink.name, *uplink.addresses, *routes])}")):::uplink'
    for place in relations.places(host):
        yield _place(names[id(place)], place)
    for network in host.networks:
        line = "-.-" if relations.is_off(host, network) else "---"
        for way in relations.ways_out(host, network):
            yield f"{ways[way]} {line} {names[id(network)]}"
    yield from _attached(prefix, host, names)
    if not names and not host.unreachable:
        yield f'{prefix}none["{label(messages.NO_NETWORKS)}"]:::inactive'


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


def _attached(prefix: str, host: Host, names: dict[int, str]) -> Iterator[str]:
    """Guests, each once, then other links, then port forwards."""
    several, drawn = relations.in_several(host), dict[int, str]()
    for number, (guest, interfaces) in enumerate(several.items()):
        name = f"{prefix}g{number}"
        yield f'{name}(["{label(guest, 40)}"]):::guest'
        for one in interfaces:
            drawn[id(one.entry)] = name
            yield f'{names[id(one.place)]} -- "{_interface(one.entry)}" --- {name}'
    for place in relations.places(host):
        own = [entry for entry in place.attached if id(entry) not in drawn]
        for number, entry in enumerate(own[:MOST_ATTACHED]):
            name = drawn[id(entry)] = f"{names[id(place)]}a{number}"
            texts = [messages.name_of(entry), *few(entry.addresses, 2)]
            style = "guest" if entry.on_bridge else "inactive"
            yield f'{names[id(place)]} -- "{_interface(entry)}" --- {name}(["{_box(texts)}"]):::{style}'
        if len(own) > MOST_ATTACHED:
            more = label(f"and {len(own) - MOST_ATTACHED} more")
            yield f'{names[id(place)]} --- {names[id(place)]}rest(["{more}"]):::guest'
    for number, forward in enumerate(host.port_forwards):
        style = "problem" if forward.troubles else "forward"
        texts = [messages.forward_title(forward), *messages.forward_lines(forward)]
        yield f'{prefix}f{number}>"{_box(texts, forward.troubles)}"]:::{style}'
        found, network = relations.target(host, forward), relations.network_of(host, forward)
        if found is not None and id(found.entry) in drawn:
            yield f"{prefix}f{number} --> {drawn[id(found.entry)]}"
        elif network is not None:
            yield f"{prefix}f{number} --> {names[id(network)]}"


def _interface(entry: Attached) -> str:
    return label(entry.interface or entry.mac, 40) or label(messages.INTERFACE)


def _box(texts: list[str], troubles: tuple[Trouble, ...] = ()) -> str:
    said = few([trouble.said for trouble in troubles], MOST_TROUBLES)
    title, *more = [label(text) for text in texts if text]
    return "<br/>".join([f"<b>{title}</b>", *more, *(f"⚠ {label(text, LONGEST_TROUBLE)}" for text in said)])
