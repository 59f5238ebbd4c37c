"""nft in memory, as far as virtnet uses it for port forwards: loads its commands, and lists the table as nft does.

What nft prints of the common part is taken from a listing of nft itself (data/port_forwards.json), so that no test
believes its own notation.
"""

import copy
import functools
import ipaddress
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.render import COMMON

RECORDED = Path(__file__).parent / "data" / "port_forwards.json"

RULE = re.compile(
    r"(?:(?P<family>ip6?) saddr \{ (?P<sources>[^}]+) \} )?(?P<protocol>tcp|udp) dport (?P<ports>\S+) "
    r"ct mark set ct mark \| 0x10000000 dnat (?P<to>ip6?) to (?P<target>\[[^]]+\]|[\d.]+|\S+)"
    r"(?::(?P<port>\d+)| : (?:tcp|udp) dport map \{ (?P<map>[^}]+) \})? comment \"(?P<comment>[^\"]+)\""
)


class NftError(Exception):
    """Nothing of a transaction was done."""


@dataclass
class Tables:
    """The one table that these commands may name, or none."""

    present: bool = False
    chains: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    handle: int = 0


@dataclass
class FakeNft:
    """A kernel's table of port forwards, changed by transactions."""

    tables: Tables = field(default_factory=Tables)

    def load(self, commands: str) -> None:
        """All commands, or none of them."""
        tables = copy.deepcopy(self.tables)
        for line in commands.splitlines():
            if line and not line.startswith("#"):
                _carry_out(tables, line)
        self.tables = tables

    def listed(self, family: str, name: str) -> str | None:
        """As `nft -j list table` prints it."""
        if not self.tables.present or (family, name) != ("inet", TABLE):
            return None
        place = {"family": "inet", "table": TABLE}
        objects: list[dict[str, Any]] = [{"metainfo": {"json_schema_version": 1}}]
        objects.append({"table": {"family": "inet", "name": TABLE, "handle": 1}})
        for name_of_map, elements in self.tables.maps.items():
            listed = {**_recorded("map", name_of_map)}
            listed.pop("elem", None)
            if elements:
                listed["elem"] = [[_key(key), _value(value)] for key, value in elements.items()]
            objects.append({"map": listed})
        objects += [{"chain": {**place, "name": name, **hook}} for name, hook in self.tables.chains.items()]
        objects += [
            {"rule": {**place, "chain": chain, **rule}} for chain, rules in self.tables.rules.items() for rule in rules
        ]
        return json.dumps({"nftables": objects})


def _carry_out(tables: Tables, line: str) -> None:
    verb, kind, family, name, *rest = line.split(" ", 5)
    if (family, name) != ("inet", TABLE):
        raise NftError(line)
    what, words = (rest[0], rest[1] if len(rest) > 1 else "") if rest else ("", "")
    if not tables.present and (verb, kind) != ("add", "table"):
        raise NftError(line)
    match verb, kind:
        case "add", "table":
            tables.present = True
        case "delete", "table":
            tables.__init__()  # type: ignore[misc]
        case "add", "map":
            tables.maps.setdefault(what, {})
        case "add", "chain":
            _add_chain(tables, what, words)
        case "flush", "chain":
            tables.rules[what].clear()
        case "delete", "chain":
            _delete_chain(tables, what)
        case "add", "rule":
            tables.handle += 1
            tables.rules[what].append({"handle": tables.handle, **_rule(f"{what} {words}", words)})
        case "add" | "delete", "element":
            for element in words.removeprefix("{ ").removesuffix(" }").split(", "):
                _change_element(tables.maps[what], verb, *element.split(" : "))
        case _:
            raise NftError(line)


def _add_chain(tables: Tables, name: str, words: str) -> None:
    hook = re.fullmatch(r"\{ type (\S+) hook (\S+) priority (\S+); policy (\S+); \}", words)
    described: dict[str, Any] = {}
    if hook is not None:
        described = {"type": hook[1], "hook": hook[2], "prio": int(hook[3]), "policy": hook[4]}
    if tables.chains.setdefault(name, described) != described:
        raise NftError(name)
    tables.rules.setdefault(name, [])


def _delete_chain(tables: Tables, name: str) -> None:
    jumps = json.dumps([tables.rules, tables.maps])
    if tables.rules[name] or f'"target": "{name}"' in jumps or f'"jump {name}"' in jumps:
        raise NftError(name)
    del tables.chains[name], tables.rules[name]


def _change_element(elements: dict[str, str], verb: str, key: str, value: str = "") -> None:
    if verb == "delete":
        if key not in elements:
            raise NftError(key)
        del elements[key]
    elif elements.get(key, value) != value or any(_overlap(key, other) for other in elements if other != key):
        raise NftError(key)
    else:
        elements[key] = value


def _overlap(one: str, other: str) -> bool:
    return all(_parts_overlap(*parts) for parts in zip(one.split(" . "), other.split(" . "), strict=True))


def _parts_overlap(one: str, other: str) -> bool:
    if re.fullmatch(r"\d+(-\d+)?", one):
        (first, last), (begin, end) = _range(one), _range(other)
        return first <= end and begin <= last
    if one in ("tcp", "udp"):
        return one == other
    return ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))


def _range(ports: str) -> tuple[int, int]:
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def _key(key: str) -> Any:
    return {"concat": [_item(part) for part in key.split(" . ")]}


def _value(value: str) -> Any:
    return {"jump": {"target": value.removeprefix("jump ")}} if value.startswith("jump ") else value


def _item(text: str) -> Any:
    """A number, a range, a prefix or a word, as nft prints it."""
    if re.fullmatch(r"\d+(-\d+)?", text):
        first, last = _range(text)
        return first if first == last else {"range": [first, last]}
    if "/" in text:
        address, length = text.split("/")
        whole = ipaddress.ip_network(text).prefixlen == ipaddress.ip_address(address).max_prefixlen
        return address if whole else {"prefix": {"addr": address, "len": int(length)}}
    return text


def _rule(place: str, words: str) -> dict[str, Any]:
    if place in _COMMON_RULES:
        return {"comment": "virtnet", "expr": _COMMON_RULES[place]}
    found = RULE.fullmatch(words)
    if found is None:
        raise NftError(words)
    expression = []
    if found["sources"]:
        sources = [_item(source) for source in found["sources"].split(", ")]
        saddr = {"payload": {"protocol": found["family"], "field": "saddr"}}
        expression.append(_match(saddr, {"set": sources} if len(sources) > 1 else sources[0]))
    dport = {"payload": {"protocol": found["protocol"], "field": "dport"}}
    expression.append(_match(dport, _item(found["ports"])))
    mark = {"ct": {"key": "mark"}}
    expression.append({"mangle": {"key": mark, "value": {"|": [mark, 0x10000000]}}})
    dnat: dict[str, Any] = {"family": found["to"], "addr": found["target"].strip("[]")}
    if found["port"]:
        dnat["port"] = int(found["port"])
    elif found["map"]:
        pairs = [[int(port) for port in pair.split(" : ")] for pair in found["map"].split(", ")]
        dnat["port"] = {"map": {"key": dport, "data": {"set": pairs}}}
    return {"comment": found["comment"], "expr": [*expression, {"dnat": dnat}]}


def _match(left: Any, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


@functools.cache
def _recorded_objects(kind: str) -> list[dict[str, Any]]:
    return [one[kind] for one in json.loads(RECORDED.read_text())["nftables"] if kind in one]


def _recorded(kind: str, name: str) -> dict[str, Any]:
    return next(one for one in _recorded_objects(kind) if one["name"] == name)


def _common_rules() -> dict[str, list[Any]]:
    """What nft printed of each rule of the common part, by its chain and words: rules of a chain are in their order."""
    words = [line.split(" ", 5) for line in COMMON.splitlines() if line.startswith("add rule ")]
    printed = _recorded_objects("rule")
    found: dict[str, list[Any]] = {}
    for chain in dict.fromkeys(line[4] for line in words):
        rules = [one["expr"] for one in printed if one["chain"] == chain]
        of_chain = [line[5] for line in words if line[4] == chain]
        found.update({f"{chain} {text}": rule for text, rule in zip(of_chain, rules, strict=True)})
    return found


_COMMON_RULES = _common_rules()
