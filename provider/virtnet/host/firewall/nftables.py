"""nftables' rules as values, from what `nft --json list ruleset` prints (libnftables-json(5)). Pure.

Tables of ARP, bridges and devices are left out, and so are iptables' tables in nftables, because iptables-save shows
more of them. Chains of type nat decide where packets go and not whether, so that none is at a hook here.
"""

import ipaddress
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeAlias, overload

from virtnet.host.firewall.ruleset import (
    UNKNOWN,
    UNUSUAL,
    Action,
    Chain,
    Field,
    Hook,
    Range,
    Rule,
    Table,
    Test,
    tcp_flags,
)

Json: TypeAlias = Mapping[str, Any]

_FAMILIES = ("ip", "ip6", "inet")

#: By what an entry of a listing is found again; of other kinds of entries nothing is asked.
_NAMES = {
    "table": ("family", "name"),
    "chain": ("family", "table", "name"),
    "rule": ("family", "table", "chain"),
    "set": ("family", "table", "name"),
    "map": ("family", "table", "name"),
}

#: More than a firewall's own words: what is in a longer one is not judged.
_LONGEST_SET = 4096

_ACTIONS = {action.value: action for action in Action}

_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}

#: Keys of `meta` by what they look at.
_META = {
    "iifname": Field.INPUT_INTERFACE,
    "iif": Field.INPUT_INTERFACE,
    "oifname": Field.OUTPUT_INTERFACE,
    "oif": Field.OUTPUT_INTERFACE,
    "l4proto": Field.PROTOCOL,
    "nfproto": Field.VERSION,
    "protocol": Field.VERSION,
    "pkttype": Field.TARGET_TYPE,
}

_PAYLOADS = {
    ("ip", "saddr"): Field.SOURCE,
    ("ip", "daddr"): Field.TARGET,
    ("ip", "protocol"): Field.PROTOCOL,
    ("ip6", "saddr"): Field.SOURCE,
    ("ip6", "daddr"): Field.TARGET,
    ("ip6", "nexthdr"): Field.PROTOCOL,
    ("ip", "ttl"): Field.HOP_LIMIT,
    ("ip6", "hoplimit"): Field.HOP_LIMIT,
    ("icmp", "type"): Field.ICMP_TYPE,
    ("icmpv6", "type"): Field.ICMP_TYPE,
    **{
        (protocol, name): field
        for protocol in ("tcp", "udp", "th")
        for name, field in (("sport", Field.SOURCE_PORT), ("dport", Field.TARGET_PORT))
    },
}

#: A protocol's own part is looked at in its packets alone.
_IMPLIED = {
    "ip": Test(Field.VERSION, frozenset({"4"})),
    "ip6": Test(Field.VERSION, frozenset({"6"})),
    **{
        protocol: Test(Field.PROTOCOL, frozenset({protocol}))
        for protocol in ("tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "esp", "ah", "udplite")
    },
}

_VERSIONS = {"ipv4": "4", "ip": "4", "ipv6": "6", "ip6": "6"}

#: The kinds of packets by both their names: nft's `fib … type` and `meta pkttype` know "host" and "other" besides.
_ADDRESS_TYPES = {"host": ("unicast", "local")}

#: Statements that leave a packet's way as it is.
_PASSED_OVER = frozenset(
    {"counter", "log", "mangle", "set", "map", "notrack", "flow", "ct helper", "ct timeout", "ct expectation"}
    | {"secmark", "last", "dup"}
)

#: What an element of a set, or a statement that adds one, may have beside its value without being a condition.
_NO_CONDITIONS = frozenset({"counter", "last", "val", "timeout", "expires", "comment"})

#: The element that stands for all that no other one names.
_CATCH_ALL = "*"

#: Don't fragment: the one bit of IPv4's flags and offset that a whole packet may have (RFC 791).
_DONT_FRAGMENT = 0x4000

#: What reading a rule of another shape than libnftables-json(5) tells ends with.
_OTHER_SHAPE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

#: One of which nothing is known.
_UNREADABLE = Rule((UNKNOWN,), Action.QUEUE, "", "…")

#: Statements that send a packet elsewhere.
_TRANSLATIONS = frozenset({"dnat", "redirect"})

#: Statements after which a packet's way is another's business.
_ELSEWHERE = frozenset({"queue", "tproxy", "synproxy", "fwd"})


@lru_cache(maxsize=2)
def entries(listing: str) -> tuple[Json, ...]:
    """The objects of a listing, by kind: "table", "chain", "rule". It is parsed once, and no caller changes it.

    Raises ValueError if it is no listing. The content of rules and sets isn't parsed.
    """
    if not listing:
        return ()
    try:
        read = json.loads(listing)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    found = read.get("nftables") if isinstance(read, dict) else None
    if not isinstance(found, list) or not all(map(_is_entry, found)):
        raise ValueError("it is not as libnftables-json(5) has it")
    return tuple(found)


def _is_entry(entry: Any) -> bool:
    """Whether it names what it is, and where it belongs."""
    return isinstance(entry, dict) and all(
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) for name in _NAMES.get(kind, ()))
        and (kind != "chain" or all(isinstance(value.get(name, ""), str) for name in ("hook", "policy")))
        and (kind != "chain" or isinstance(value.get("prio", 0), int))
        and (kind != "rule" or "expr" in value)
        for kind, value in entry.items()
    )


def table_names(listing: str) -> frozenset[tuple[str, str]]:
    """The tables that packets of IP come through, by families and names. Raises ValueError if it is no listing."""
    found = (entry["table"] for entry in entries(listing) if "table" in entry)
    return frozenset((table["family"], table["name"]) for table in found if table["family"] in _FAMILIES)


@lru_cache(maxsize=4)
def tables(listing: str, left_out: frozenset[tuple[str, str]] = frozenset()) -> tuple[Table, ...]:
    """The tables of a listing, but for some by their families and names. Raises ValueError if it is no listing.

    A rule that can't be parsed can't be judged. The other rules of the listing are parsed.
    """
    found: dict[tuple[str, str], _Read] = {}
    for entry in entries(listing):
        for kind, value in entry.items():
            if kind not in _NAMES:
                continue
            place = (value["family"], value["name"] if kind == "table" else value["table"])
            if place[0] in _FAMILIES and place not in left_out:
                found.setdefault(place, _Read()).take(kind, value)
    return tuple(Table(family, name, read.chains()) for (family, name), read in found.items())


class _RulesWhenAsked(Sequence[Rule]):
    """A chain's rules, read once somebody looks at them: of a thousand chains packets may come through a few."""

    def __init__(self, said: Sequence[Any], read: Callable[[Any], Sequence[Rule]]) -> None:
        self._said, self._read = said, read

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return tuple(rule for said in self._said for rule in self._read(said))

    @overload
    def __getitem__(self, place: int) -> Rule: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Rule]: ...
    def __getitem__(self, place: int | slice) -> Rule | Sequence[Rule]:
        return self._rules[place]

    def __len__(self) -> int:
        return len(self._rules)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rules == tuple(other)

    def __hash__(self) -> int:
        return hash(self._rules)


class _Read:
    """What was read of one table."""

    def __init__(self) -> None:
        self._chains: dict[str, Json] = {}
        self._rules: dict[str, list[Any]] = {}
        self._sets: dict[str, Json] = {}

    def take(self, kind: str, value: Json) -> None:
        if kind == "chain":
            self._chains[value["name"]] = value
        elif kind == "rule":
            self._rules.setdefault(value["chain"], []).append(value["expr"])
        elif kind in ("set", "map"):
            self._sets[value["name"]] = value

    def chains(self) -> dict[str, Chain]:
        return {name: self._chain(name, value) for name, value in self._chains.items()}

    def _chain(self, name: str, value: Json) -> Chain:
        hook = next((hook for hook in Hook if hook.value == value.get("hook")), None)
        if value.get("type") == "nat":
            hook = None
        return Chain(
            name=name,
            rules=_RulesWhenAsked(self._rules.get(name, ()), self._rule),
            hook=hook,
            priority=value.get("prio", 0),
            policy=_ACTIONS.get(value.get("policy", "accept"), Action.ACCEPT),
        )

    def _rule(self, statements: Any) -> Sequence[Rule]:
        try:
            return tuple(self._read_rule(statements))
        except _OTHER_SHAPE:
            return (_UNREADABLE,)

    def _read_rule(self, statements: Sequence[Json]) -> Iterator[Rule]:
        """A rule; one for each element where the elements of a map, or of a set of several fields, decide."""
        ways: list[tuple[Test, ...]] = [()]
        text = _words(statements)
        action: Action | None = None
        target = ""
        for statement in statements:
            ((kind, value),) = statement.items()
            if kind == "match":
                found = self._match(value)
                if len(ways) * len(found) > _LONGEST_SET:
                    found = [(UNKNOWN,)]
                ways = [(*way, *tests) for way in ways for tests in found]
            elif kind == "vmap":
                for tests, action, target in self._map(value):
                    yield from (Rule((*way, *tests), action, target, text) for way in ways)
                return
            elif kind in _ACTIONS:
                action, target = _action(statement)
            elif kind in _TRANSLATIONS:
                action = Action.TRANSLATE
            elif not _is_passed_over(kind, value):
                ways = [(*way, UNKNOWN) for way in ways]
                # Of an extension of iptables it is not always told whether it is a match.
                if kind in _ELSEWHERE or (kind == "xt" and (value or {}).get("type") != "match"):
                    action = action or Action.QUEUE
        yield from (Rule(way, action, target, text) for way in ways)

    def _map(self, value: Json) -> Iterator[tuple[tuple[Test, ...], Action | None, str]]:
        elements = self._elements(value["data"])
        if elements is None or len(elements) > _LONGEST_SET:
            yield (UNKNOWN,), Action.QUEUE, ""
            return
        keys = [_element(key) for key, _ in elements]
        for (said, verdict), key in zip(elements, keys, strict=True):
            if key == _CATCH_ALL:
                tests = _all_but(value["key"], [other for other in keys if other != _CATCH_ALL])
            else:
                tests = _compared(value["key"], [key], negated=False)
            action, target = _action(verdict)
            yield from ((_with_its_condition(way, said), action, target) for way in tests)

    def _match(self, value: Json) -> list[tuple[Test, ...]]:
        """The ways to pass a match; a packet needs one of them."""
        negated = value["op"] == "!="
        if value["op"] not in ("==", "!=", "in"):
            return [(UNKNOWN,)]
        right = value["right"]
        elements = self._elements(right)
        if elements is None:
            return [(UNKNOWN,)]
        if any(_element(one) == _CATCH_ALL for one in elements):
            ways = _compared(value["left"], (), negated=not negated)
        elif len(elements) > _LONGEST_SET:
            return [_in_long_set(value["left"], right, negated=negated)]
        else:
            ways = _compared(value["left"], [_element(one) for one in elements], negated=negated)
        return [_with_its_condition(way, *elements) for way in ways]

    def _elements(self, said: Any) -> list[Any] | None:
        """The operand of a comparison; None if the listing doesn't have it."""
        if isinstance(said, str) and said.startswith("@"):
            named = self._sets.get(said[1:])
            return None if named is None else list(named.get("elem", ()))
        if isinstance(said, Mapping) and "set" in said:
            inner = said["set"]
            return list(inner) if isinstance(inner, list) else [inner]
        return list(said) if isinstance(said, list) else [said]


def _element(said: Any) -> Any:
    """An element of a set, without its time and comment."""
    return said["elem"]["val"] if isinstance(said, Mapping) and "elem" in said else said


def _with_its_condition(way: tuple[Test, ...], *elements: Any) -> tuple[Test, ...]:
    """What leads to one of these elements; a limit or a quota of an element's own may keep a packet from it."""
    own = (one["elem"] for one in elements if isinstance(one, Mapping) and "elem" in one)
    return (*way, UNKNOWN) if any(not _NO_CONDITIONS.issuperset(said) for said in own) else way


def _is_passed_over(kind: str, value: Any) -> bool:
    """Whether each packet comes by a statement as it is; not where a packet is added to a set up to a limit."""
    if kind not in _PASSED_OVER:
        return False
    if kind not in ("set", "map"):
        return True
    said = value.get("stmt") or ()
    statements = [said] if isinstance(said, Mapping) else said
    element = value["elem"]
    added = element.get("elem", {}) if isinstance(element, Mapping) else {}
    return _NO_CONDITIONS.issuperset(name for one in (*statements, added) for name in one)


def _in_long_set(left: Any, right: Any, *, negated: bool) -> tuple[Test, ...]:
    """The tests of an address against a set that is not read."""
    *implied, test = _tests(left, ())
    looked_at = {Field.SOURCE: Field.SOURCE_SET, Field.TARGET: Field.TARGET_SET}.get(test.field)
    if looked_at is None:
        return (UNKNOWN,)
    name = right if isinstance(right, str) else ""
    return (*implied, Test(looked_at, frozenset({name}), negated=negated))


def _all_but(left: Any, keys: Sequence[Any]) -> list[tuple[Test, ...]]:
    """The tests that a packet passes which none of a map's keys names."""
    if isinstance(left, Mapping) and "concat" in left:
        return [(UNKNOWN,)]
    if not keys:
        return _compared(left, (), negated=True)
    return [tuple(dict.fromkeys(test for key in keys for test in _tests(left, [key], negated=True)))]


def _compared(left: Any, rights: Sequence[Any], *, negated: bool) -> list[tuple[Test, ...]]:
    parts = left.get("concat") if isinstance(left, Mapping) else None
    if parts is None:
        return [_tests(left, rights, negated=negated)]
    if negated:
        return [(UNKNOWN,)]
    ways: list[tuple[Test, ...]] = []
    for right in rights:
        values = right.get("concat") if isinstance(right, Mapping) else None
        if values is None or len(values) != len(parts):
            return [(UNKNOWN,)]
        ways.append(tuple(test for part, one in zip(parts, values, strict=True) for test in _tests(part, [one])))
    return ways


def _tests(left: Any, rights: Sequence[Any], *, negated: bool = False) -> tuple[Test, ...]:
    """The tests of one expression against any of some values."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return (UNKNOWN,)
    ((kind, said),) = left.items()
    if kind == "&" and _is_payload(said[0], "ip", "frag-off"):
        return (_IMPLIED["ip"], _fragments(said[1], rights, negated=negated))
    if kind == "&" and rights and _is_payload(said[0], "tcp", "flags"):
        return (_IMPLIED["tcp"], tcp_flags(_flags(said[1]), _flags(rights), negated=negated))
    if kind == "meta":
        return (_named(_META.get(said["key"]), rights, negated=negated),)
    if kind == "payload":
        protocol, name = said.get("protocol", ""), said.get("field", "")
        implied = (_IMPLIED[protocol],) if protocol in _IMPLIED else ()
        looked_at = _PAYLOADS.get((protocol, name))
        if looked_at in (Field.SOURCE, Field.TARGET):
            return (*implied, _addresses(looked_at, rights, 6 if protocol == "ip6" else 4, negated=negated))
        if looked_at in (Field.SOURCE_PORT, Field.TARGET_PORT, Field.HOP_LIMIT):
            return (*implied, _ports(looked_at, rights, negated=negated))
        return (*implied, _named(looked_at, rights, negated=negated))
    if kind == "ct":
        return (_connection(said, rights, negated=negated),)
    if kind == "exthdr":
        # A plain packet passes where the header is to be missing.
        missing = "field" not in said and list(rights) == [negated]
        return (UNUSUAL._replace(negated=missing),)
    if kind == "fib":
        return (_routing(said, rights, negated=negated),)
    return (UNKNOWN,)


def _is_payload(said: Any, protocol: str, name: str) -> bool:
    return isinstance(said, Mapping) and said.get("payload") == {"protocol": protocol, "field": name}


def _fragments(mask: Any, rights: Sequence[Any], *, negated: bool) -> Test:
    """Whether a packet is a part of one: a whole one has zeros there."""
    if not isinstance(mask, int) or mask & _DONT_FRAGMENT or not all(isinstance(right, int) for right in rights):
        return UNKNOWN
    return UNUSUAL._replace(negated=(0 in rights) != negated)


def _flags(said: Any) -> frozenset[str]:
    """Flags that are joined, by whichever words."""
    if isinstance(said, Mapping):
        return frozenset(flag for value in said.values() for flag in _flags(value))
    if isinstance(said, (list, tuple)):
        return frozenset(flag for value in said for flag in _flags(value))
    return frozenset({said}) if isinstance(said, str) else frozenset()


def _named(looked_at: Field | None, rights: Iterable[Any], *, negated: bool) -> Test:
    names = [str(right) for right in rights if isinstance(right, (str, int))]
    if looked_at is None or len(names) != len(list(rights)):
        return UNKNOWN
    if looked_at is Field.PROTOCOL:
        names = [_PROTOCOLS.get(name, name) for name in names]
    elif looked_at is Field.VERSION:
        names = [_VERSIONS.get(name, name) for name in names]
    elif looked_at in (Field.TARGET_TYPE, Field.SOURCE_TYPE):
        names = [kind for name in names for kind in _ADDRESS_TYPES.get(name, (name,))]
    return Test(looked_at, frozenset(names), negated=negated)


def _connection(said: Json, rights: Sequence[Any], *, negated: bool) -> Test:
    if said.get("key") == "state":
        return _named(Field.STATE, rights, negated=negated)
    if said.get("key") == "status" and set(map(str, rights)) <= {"dnat", "snat"}:
        # Whose address is translated by a rule is not asked about here.
        return Test(Field.STATE, frozenset(f"status {right}" for right in rights), negated=negated)
    return UNKNOWN


def _routing(said: Json, rights: Sequence[Any], *, negated: bool) -> Test:
    flags = _routing_flags(said)
    if said.get("result") == "type":
        looked_at = Field.TARGET_TYPE if flags == ["daddr"] else Field.SOURCE_TYPE if flags == ["saddr"] else None
        return _named(looked_at, rights, negated=negated)
    if said.get("result") in ("oif", "check") and {"saddr", "iif"} <= set(flags) and len(rights) == 1:
        exists = rights[0]
        if isinstance(exists, bool):
            return Test(Field.REVERSE_PATH, frozenset({"exists" if exists else "missing"}), negated=negated)
    return UNKNOWN


def _routing_flags(said: Json) -> Sequence[str]:
    """What a fib expression looks up; nft prints a single one as a string."""
    flags = said.get("flags", ())
    return [flags] if isinstance(flags, str) else flags


def _ports(looked_at: Field, rights: Sequence[Any], *, negated: bool) -> Test:
    ranges: list[Range] = []
    for right in rights:
        ends = right["range"] if isinstance(right, Mapping) and "range" in right else [right, right]
        if not all(isinstance(end, int) for end in ends):
            return UNKNOWN
        ranges.append((ends[0], ends[1]))
    return Test(looked_at, ranges=tuple(ranges), negated=negated)


def _addresses(looked_at: Field, rights: Sequence[Any], version: int, *, negated: bool) -> Test:
    ranges: list[Range] = []
    for right in rights:
        try:
            ranges.append(_address_range(right))
        except (ValueError, KeyError, TypeError):
            return UNKNOWN
    return Test(looked_at, ranges=tuple(ranges), version=version, negated=negated)


def _address_range(right: Any) -> Range:
    if isinstance(right, Mapping) and "range" in right:
        low, high = (int(ipaddress.ip_address(end)) for end in right["range"])
        return low, high
    if isinstance(right, Mapping):
        prefix = right["prefix"]
        right = f"{prefix['addr']}/{prefix['len']}"
    subnet = ipaddress.ip_network(right, strict=False)
    return int(subnet.network_address), int(subnet.broadcast_address)


def _action(statement: Any) -> tuple[Action | None, str]:
    if not isinstance(statement, Mapping):
        return Action.QUEUE, ""
    ((kind, value),) = statement.items()
    if kind in ("jump", "goto"):
        return _ACTIONS[kind], str(value["target"])
    return _ACTIONS.get(kind), ""


# A rule in nft's words


def _words(statements: Sequence[Json]) -> str:
    """A rule as nft would print it, near enough to be found again."""
    return " ".join(filter(None, (_statement(kind, value) for one in statements for kind, value in one.items())))


def _statement(kind: str, value: Any) -> str:
    if kind == "match":
        operator = {"==": "", "in": ""}.get(value["op"], value["op"])
        return " ".join(filter(None, (_expression(value["left"]), operator, _expression(value["right"], quotes=True))))
    if kind in ("jump", "goto"):
        return f"{kind} {value['target']}"
    if kind == "vmap":
        return f"{_expression(value['key'])} vmap {_expression(value['data'])}"
    if kind == "reject" and isinstance(value, Mapping) and "expr" in value:
        return f"reject with {value.get('type', '')} {value['expr']}"
    if kind in _TRANSLATIONS and isinstance(value, Mapping):
        return _translation(kind, value)
    return "" if kind == "counter" else kind


def _translation(kind: str, value: Json) -> str:
    family = f" {value['family']}" if "family" in value else ""
    address = _expression(value["addr"]) if "addr" in value else ""
    port = f":{_expression(value['port'])}" if "port" in value else ""
    if port and ":" in address:
        address = f"[{address}]"
    return f"{kind}{family} to {address}{port}" if address or port else kind


def _expression(said: Any, *, quotes: bool = False) -> str:
    if isinstance(said, str):
        return f'"{said}"' if quotes and not said.replace(".", "").replace(":", "").isalnum() else said
    if isinstance(said, (bool, int)) or said is None:
        return str(said).lower()
    if isinstance(said, list):
        return ",".join(map(_expression, said))
    if len(said) != 1:
        return "…"
    ((kind, value),) = said.items()
    return str(_EXPRESSIONS[kind](value)) if kind in _EXPRESSIONS else "…"


def _set_words(value: Any) -> str:
    elements: Collection[Any] = value if isinstance(value, list) else [value]
    shown = [
        f"{_expression(one[0])} : {_words([one[1]])}" if isinstance(one, list) else _expression(_element(one))
        for one in elements
    ]
    return f"{{ {', '.join(shown[:8])}{', …' if len(shown) > 8 else ''} }}"


_EXPRESSIONS: Mapping[str, Any] = {
    "meta": lambda value: value["key"] if value["key"] in _META else f"meta {value['key']}",
    "payload": lambda value: f"{value.get('protocol', '@')} {value.get('field', '')}",
    "ct": lambda value: f"ct {value['key']}",
    "fib": lambda value: f"fib {' . '.join(_routing_flags(value))} {value.get('result', '')}",
    "prefix": lambda value: f"{value['addr']}/{value['len']}",
    "range": lambda value: f"{value[0]}-{value[1]}",
    "set": _set_words,
    "concat": lambda value: " . ".join(map(_expression, value)),
}
