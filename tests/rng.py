"""libvirt's RELAX NG schema of networks as a set of paths: every element and attribute it allows.

Reads network.rng with what it includes, follows references, and names places like `ip/dhcp/host/@mac`.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

RNG = "{http://relaxng.org/ns/structure/1.0}"
SCHEMAS = Path("/usr/share/libvirt/schemas")


def network_paths(schemas: Path = SCHEMAS) -> frozenset[str]:
    """The paths below <network>; an element that holds text is `title/text()`."""
    definitions: dict[str, list[etree._Element]] = {}
    for name in ("network.rng", "networkcommon.rng", "basictypes.rng"):
        for define in etree.parse(schemas / name).getroot().iter(f"{RNG}define"):
            definitions.setdefault(define.get("name", ""), []).append(define)
    root = definitions["network"][0].find(f"{RNG}element[@name='network']")
    assert root is not None
    return frozenset(_paths(root, "", definitions, ()))


def _paths(
    node: etree._Element, path: str, definitions: dict[str, list[etree._Element]], seen: tuple[str, ...]
) -> Iterator[str]:
    for child in node:
        if not isinstance(child.tag, str):
            continue
        kind, name = child.tag.removeprefix(RNG), child.get("name", "")
        if kind == "ref":
            if name not in seen:
                for define in definitions.get(name, []):
                    yield from _paths(define, path, definitions, (*seen, name))
        elif kind == "attribute":
            yield f"{path}@{name or '*'}"
        elif kind == "element":
            place = f"{path}{name or '*'}"
            yield place
            yield from _paths(child, f"{place}/", definitions, seen)
        elif kind in ("text", "data", "value"):
            if path and not path.endswith("@"):
                yield f"{path}text()"
        else:
            yield from _paths(child, path, definitions, seen)
