"""What `nft -j list table` prints of the table of port forwards, read back into values. Pure.

Releases of nft print one rule in more than one way (a set of one as its item, `in` for `==`, adjacent subnets as a
range), so expressions are brought into one form before they are compared.
"""

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from virtnet.port_forward.rules.names import LINK_PREFIX, MARK, forward_of
from virtnet.port_forward.rules.table import Gateway, Listener, Network, Rule, Table

#: As json has it.
Json: TypeAlias = Any

#: A value in one form: numbers and words as they are, sets as frozensets, all else as tuples.
Plain: TypeAlias = Any

_HOOKS: Mapping[str, tuple[str, str, int] | None] = {
    "forwards": None,
    "from_outside": ("nat", "prerouting", -105),
    "from_host": ("nat", "output", -105),
    "route_marks": ("filter", "prerouting", 300),
    "route_marks_of_host": ("route", "output", -95),
    "hairpin": ("nat", "postrouting", 95),
}

_MAPS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "listeners4": (("ipv4_addr", "inet_proto", "inet_service"), "verdict"),
    "listeners6": (("ipv6_addr", "inet_proto", "inet_service"), "verdict"),
    "gateways4": (("ipv4_addr", "ipv4_addr"), "ipv4_addr"),
    "gateways6": (("ipv6_addr", "ipv6_addr"), "ipv6_addr"),
}


@lru_cache(maxsize=2)
def parse(listed: str) -> Table:
    """The table that nft printed; "" means that it doesn't exist. Raises ValueError for anything else.

    A listing is parsed once for any number of forwards, and only the rules of those.
    """
    if not listed:
        return Table()
    objects = json.loads(listed)["nftables"]
    chains = {one["name"]: one for one in _of_kind(objects, "chain")}
    maps = {one["name"]: one for one in _of_kind(objects, "map")}
    rules: dict[str, list[Json]] = {name: [] for name in chains}
    for rule in _of_kind(objects, "rule"):
        rules[rule["chain"]].append(rule)
    forwards = {forward_id: name for name in chains if (forward_id := forward_of(name)) is not None}
    listeners, strange = _listeners(maps)
    return Table(
        present=True,
        common_intact=_common_intact(chains, maps, rules),
        chains=frozenset(chains),
        listeners=tuple(listeners),
        gateways=tuple(_gateways(maps)),
        rules=_ForwardRules({forward_id: rules[name] for forward_id, name in forwards.items()}),
        foreign=(*strange, *_foreign(objects, chains, rules)),
    )


class _ForwardRules(Mapping[str, tuple[Rule | None, ...]]):
    """The rules of forwards by their ids, each read when it is asked for."""

    def __init__(self, listed: Mapping[str, Sequence[Json]]) -> None:
        self._listed = listed
        self._read: dict[str, tuple[Rule | None, ...]] = {}

    def __getitem__(self, forward_id: str) -> tuple[Rule | None, ...]:
        if forward_id not in self._read:
            self._read[forward_id] = tuple(_forward_rule(rule["expr"]) for rule in self._listed[forward_id])
        return self._read[forward_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _of_kind(objects: Iterable[Json], kind: str) -> Iterator[Json]:
    return (one[kind] for one in objects if kind in one)


def _common_intact(chains: Mapping[str, Json], maps: Mapping[str, Json], rules: Mapping[str, Sequence[Json]]) -> bool:
    hooks = {name: _hook(chains[name]) for name in _HOOKS if name in chains}
    types = {name: (tuple(maps[name]["type"]), maps[name]["map"]) for name in _MAPS if name in maps}
    return (
        hooks == _HOOKS
        and types == _MAPS
        and all([_plain(rule["expr"]) for rule in rules[name]] == wanted for name, wanted in _COMMON_RULES.items())
    )


def _hook(chain: Json) -> tuple[str, str, int] | None:
    if "hook" not in chain:
        return None
    # Whoever drops by a policy of our chain drops what is not ours.
    return (chain["type"], chain["hook"], chain["prio"]) if chain.get("policy") == "accept" else ("", "", 0)


def _foreign(objects: Sequence[Json], chains: Mapping[str, Json], rules: Mapping[str, Sequence[Json]]) -> Iterator[str]:
    for name in chains:
        if name not in _HOOKS and forward_of(name) is None:
            yield name
        elif name in _HOOKS:
            known = _COMMON_RULES[name]
            yield from (f"{name} {rule['handle']}" for rule in rules[name] if _plain(rule["expr"]) not in known)
    yield from (one["name"] for one in _of_kind(objects, "set"))
    yield from (one["name"] for one in _of_kind(objects, "map") if one["name"] not in _MAPS)


def _listeners(maps: Mapping[str, Json]) -> tuple[list[Listener], list[str]]:
    """The listeners, and the maps that lead to chains of no forward."""
    found, strange = [], []
    for version in (4, 6):
        name = f"listeners{version}"
        for element, verdict in maps.get(name, {}).get("elem", []):
            target = verdict.get("jump", {}).get("target", "") if isinstance(verdict, dict) else ""
            forward_id = forward_of(target)
            key = _key(element)
            if forward_id is None or len(key) != 3:
                strange.append(name)
                continue
            address, (protocol, ports) = _listen_address(_text_of_network(key[0])), key[1:]
            first, last = _range(ports)
            found.append(Listener(forward_id, address, version, protocol, first, last))
    return found, strange


@lru_cache(maxsize=256)
def _listen_address(network: str) -> str:
    """An address of the host; "" for every one."""
    address = ipaddress.ip_network(network).network_address
    # nft 0.9.8 prints a wrong length for all of IPv6. The unspecified address is no address to listen on.
    return "" if address.is_unspecified else str(address)


def _gateways(maps: Mapping[str, Json]) -> Iterator[Gateway]:
    for version in (4, 6):
        for key, address in maps.get(f"gateways{version}", {}).get("elem", []):
            source, _ = _key(key)
            yield Gateway(str(ipaddress.ip_network(_text_of_network(source))), str(ipaddress.ip_address(address)))


def _key(key: Json) -> list[Json]:
    """The parts of an element's key, with a comment or without."""
    if "elem" in key:
        key = key["elem"]["val"]
    return list(key.get("concat", ()))


def _text_of_network(value: Json) -> str:
    return f"{value['prefix']['addr']}/{value['prefix']['len']}" if isinstance(value, dict) else str(value)


def _range(value: Json) -> tuple[int, int]:
    if isinstance(value, dict):
        first, last = value["range"]
        return int(first), int(last)
    return int(value), int(value)


def _forward_rule(expression: Sequence[Json]) -> Rule | None:
    """A rule of a forward; None for one that virtnet does not write so."""
    try:
        *matches, mark, dnat = expression
        if _plain(mark) != _SET_CONNECTION_MARK:
            return None
        sources: tuple[Network, ...] = ()
        if len(matches) == 2:
            source = matches.pop(0)["match"]
            if source["op"] not in ("==", "in") or source["left"]["payload"]["field"] != "saddr":
                return None
            sources = _networks(source["right"])
        (ports,) = matches
        protocol = ports["match"]["left"]["payload"]["protocol"]
        if ports["match"]["op"] not in ("==", "in") or ports["match"]["left"]["payload"]["field"] != "dport":
            return None
        first, last = _range(ports["match"]["right"])
        target_first = _target_first(dnat["dnat"], protocol, first, last)
        target = str(ipaddress.ip_address(dnat["dnat"]["addr"]))
    except (KeyError, TypeError, ValueError):
        return None
    if target_first is None or set(dnat["dnat"]) - {"family", "addr", "port"}:
        return None
    return Rule(protocol, first, last, target, target_first, sources)


def _target_first(dnat: Json, protocol: str, first: int, last: int) -> int | None:
    """The first port that a rule leads to; None if its ports are not one range that is moved as a whole."""
    port = dnat.get("port")
    if port is None:
        return first
    if isinstance(port, int):
        return port if first == last else None
    key, pairs = port["map"]["key"]["payload"], port["map"]["data"]["set"]
    moved = {int(one): int(other) for one, other in pairs}
    by = moved[first] - first
    if key != {"protocol": protocol, "field": "dport"} or moved != {one: one + by for one in range(first, last + 1)}:
        return None
    return first + by


def _networks(value: Json) -> tuple[Network, ...]:
    """The subnets of a match, as few as say the same, in order."""
    items = value["set"] if isinstance(value, dict) and "set" in value else [value]
    found: list[Network] = []
    for item in items:
        if isinstance(item, dict) and "range" in item:
            first, last = map(ipaddress.ip_address, item["range"])
            found += ipaddress.summarize_address_range(first, last)
        else:
            found.append(ipaddress.ip_network(_text_of_network(item)))
    return tuple(ipaddress.collapse_addresses(found))  # type: ignore[type-var]


def _plain(value: Json) -> Plain:
    """A value in the one form."""
    if isinstance(value, list):
        return tuple(map(_plain, value))
    if not isinstance(value, dict):
        return value
    if set(value) == {"set"}:
        items = frozenset(map(_plain, value["set"]))
        return next(iter(items)) if len(items) == 1 else items
    if set(value) == {"prefix"}:
        return _text_of_network(value)
    if set(value) == {"match"}:
        match = value["match"]
        operator = "==" if match["op"] == "in" else match["op"]
        return ("match", operator, _plain(match["left"]), _plain(match["right"]))
    return tuple((name, _plain(one)) for name, one in sorted(value.items()))


def _match(left: Json, right: Json) -> Json:
    return {"match": {"op": "==", "left": left, "right": right}}


def _payload(protocol: str, field: str) -> Json:
    return {"payload": {"protocol": protocol, "field": field}}


def _marked(key: str) -> Json:
    return _match({"&": [{key: {"key": "mark"}}, MARK]}, MARK)


def _set_mark(key: str) -> Json:
    return {"mangle": {"key": {key: {"key": "mark"}}, "value": {"|": [{key: {"key": "mark"}}, MARK]}}}


def _connection(direction: str, status: str) -> Json:
    return [
        _marked("ct"),
        _match({"ct": {"key": "direction"}}, direction),
        _match({"ct": {"key": "status"}}, status),
        _set_mark("meta"),
    ]


def _listen(protocol: str, version: int) -> Json:
    parts = [_payload(protocol, "daddr"), {"meta": {"key": "l4proto"}}, _payload("th", "dport")]
    return [{"vmap": {"key": {"concat": parts}, "data": f"@listeners{version}"}}]


def _hairpin(protocol: str, version: int) -> Json:
    parts = [_payload(protocol, "saddr"), _payload(protocol, "daddr")]
    gateways = {"map": {"key": {"concat": parts}, "data": f"@gateways{version}"}}
    return [_match({"meta": {"key": "oifname"}}, f"{LINK_PREFIX}*"), {"snat": {"family": protocol, "addr": gateways}}]


_SET_CONNECTION_MARK = _plain(_set_mark("ct"))

_TO_FORWARDS = [_match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), {"jump": {"target": "forwards"}}]

_LOOPBACK_AND_LINK = {"set": ["::1", {"prefix": {"addr": "fe80::", "len": 10}}]}

#: render.COMMON as nft prints it.
_COMMON_RULES: Mapping[str, Sequence[Plain]] = {
    name: [_plain(rule) for rule in rules]
    for name, rules in {
        "forwards": [
            [_match(_payload("ip", "daddr"), {"prefix": {"addr": "127.0.0.0", "len": 8}}), {"return": None}],
            [_match(_payload("ip6", "daddr"), _LOOPBACK_AND_LINK), {"return": None}],
            _listen("ip", 4),
            _listen("ip6", 6),
        ],
        "from_outside": [_TO_FORWARDS],
        "from_host": [_TO_FORWARDS],
        "route_marks": [_connection("original", "dnat"), _connection("reply", "snat")],
        "route_marks_of_host": [_connection("original", "dnat")],
        "hairpin": [_hairpin("ip", 4), _hairpin("ip6", 6)],
    }.items()
}
