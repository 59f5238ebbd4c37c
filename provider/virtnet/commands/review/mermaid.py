"""What changes, as a diagram in Mermaid, which GitHub and GitLab draw. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from virtnet.commands.mermaid import label
from virtnet.commands.plain_text import few
from virtnet.commands.review.messages import DELETED, KINDS, STAYS
from virtnet.commands.review.records import Outcome
from virtnet.commands.review.verdict import Item
from virtnet.planning.findings import EffectKind

#: A drawing with more boxes says nothing; GitHub draws none with more than 500 arrows.
MOST_RESOURCES = 24
MOST_GUESTS = 8

_STYLES = (
    "classDef live fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "classDef restart fill:#fff1e5,stroke:#bc4c00,color:#1f2328",
    "classDef gone fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    "classDef refused fill:#ffebe9,stroke:#cf222e,stroke-width:3px,stroke-dasharray:5 3,color:#1f2328",
    "classDef unknown fill:#ffffff,stroke:#59636e,stroke-dasharray:5 3,color:#1f2328",
    "classDef quiet fill:#f6f8fa,stroke:#59636e,color:#1f2328",
)
_CLASSES: Mapping[Outcome, str] = {
    Outcome.RECORDED: "quiet",
    Outcome.LIVE: "live",
    Outcome.RESTART: "restart",
    Outcome.REPLACE: "gone",
    Outcome.DELETE: "gone",
    Outcome.UNKNOWN: "unknown",
}


def diagram(items: Sequence[Item]) -> str:
    """The resources that change, on their hosts, with those who notice. "" if there is nothing to draw."""
    shown = items[:MOST_RESOURCES]
    if not shown:
        return ""
    lines = ["```mermaid", "flowchart LR"]
    hosts: dict[str, list[tuple[int, Item]]] = {}
    for number, item in enumerate(shown):
        hosts.setdefault(item.uri or "", []).append((number, item))
    for number, (host, placed) in enumerate(hosts.items()):
        boxes = [line for place, item in placed for line in _boxes(place, item)]
        if host:
            lines += [f'  subgraph h{number}["{label(host)}"]', *(f"    {line}" for line in boxes), "  end"]
            lines.append(f"  style h{number} fill:none,stroke:#59636e")
        else:  # of what is deleted, and of what is known only during the update
            lines += [f"  {line}" for line in boxes]
    arrows = [(number, *arrow) for number, item in enumerate(shown) for arrow in _from_outside(item)]
    outside = {whom: number for number, whom in enumerate(dict.fromkeys(whom for _, whom, _ in arrows))}
    lines += [f'  o{number}(("{label(whom, 40)}")):::quiet' for whom, number in outside.items()]
    for number, whom, port in arrows:
        line = f'-- "{port}" -->' if port else "-->"
        lines.append(f"  o{outside[whom]} {line} n{number}")
    if left_out := len(items) - len(shown):
        lines.append(f'  rest["and {left_out} more"]:::quiet')
    return "\n".join([*lines, *(f"  {style}" for style in _STYLES), "```"])


def _boxes(number: int, item: Item) -> Iterator[str]:
    """The resource, with who notices, and the guests that ports lead to."""
    style = "refused" if item.refused else "quiet" if item.stays else _CLASSES[item.outcome]
    second = _second_line(item)
    text = f"{label(KINDS[item.kind])} <b>{label(item.name)}</b>" + (f"<br/>{label(second)}" if second else "")
    left, right = ('{{"', '"}}') if item.kind == "HostForwarding" else ('["', '"]')
    yield f"n{number}{left}{text}{right}:::{style}"
    if item.refused:  # nobody notices anything
        return
    silent = [effect.details["seconds"] for effect in item.effects if effect.kind is EffectKind.INTERRUPTED]
    line = f'-. "{max(silent):.1f} s" .-' if silent else "---"
    for place, guest in enumerate(_guests(item)):
        yield f'n{number}g{place}(["{label(guest, 30)}"]):::quiet {line} n{number}'
    for place, target in enumerate(_targets(item)):
        yield f'n{number} --> n{number}t{place}(["{label(target, 40)}"]):::quiet'


def _second_line(item: Item) -> str:
    if item.operation == "delete":
        return STAYS.get(item.on_delete or "", DELETED) if item.stays else DELETED
    return ", ".join(item.brief[:4])


def _guests(item: Item) -> list[str]:
    if item.kind != "LibvirtNetwork":
        return []
    names = dict.fromkeys(name for effect in item.effects for name in effect.who)
    return few([*names], MOST_GUESTS)


def _targets(item: Item) -> list[str]:
    opened = [effect for effect in item.effects if effect.kind is EffectKind.PORT_OPENED]
    names = dict.fromkeys(str(effect.details["target"] or "".join(effect.who[:1])) for effect in opened)
    return few([name for name in names if name], MOST_GUESTS)


def _from_outside(item: Item) -> Iterator[tuple[str, str]]:
    """Who may connect from now on, and to which port, as labels."""
    if item.refused:
        return
    for effect in item.effects:
        if effect.kind is EffectKind.PORT_OPENED:
            told = effect.details
            ports = str(told["first"]) if told["first"] == told["last"] else f"{told['first']}-{told['last']}"
            yield ", ".join(few(told["sources"], 2)) or "anybody", label(f"{told['protocol']} {ports}")
        elif effect.kind is EffectKind.OUTSIDE_REACHES_GUESTS:
            yield "the outside", ""
