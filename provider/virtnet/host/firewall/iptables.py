"""iptables' rules as values, from what iptables-save and ip6tables-save print (iptables-extensions(8)). Pure.

It is the same whether the kernel keeps them in nftables or in tables of their own. The table nat decides where packets
go and not whether, so that none of its chains is at a hook here.
"""

import ipaddress
import re
import shlex
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import takewhile

from virtnet.host.firewall.ruleset import (
    REFUSALS,
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

#: The kernel's own chains, and the priorities at which each table's are asked (linux/netfilter_ipv4.h).
_HOOKS = {hook.name: hook for hook in Hook}
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}

_ACTIONS = {
    "ACCEPT": Action.ACCEPT,
    "DROP": Action.DROP,
    "REJECT": Action.REJECT,
    "TARPIT": Action.DROP,
    "RETURN": Action.RETURN,
    "QUEUE": Action.QUEUE,
    "NFQUEUE": Action.QUEUE,
    "TPROXY": Action.QUEUE,
    "SYNPROXY": Action.QUEUE,
    "DNAT": Action.TRANSLATE,
    "REDIRECT": Action.TRANSLATE,
}

#: Targets of extensions, after which a packet goes on to the next rule.
_PASSED_OVER = frozenset(
    {
        "AUDIT",
        "CHECKSUM",
        "CLASSIFY",
        "CONNMARK",
        "CONNSECMARK",
        "CT",
        "DSCP",
        "ECN",
        "HL",
        "HMARK",
        "IDLETIMER",
        "LED",
        "LOG",
        "MARK",
        "NFLOG",
        "NOTRACK",
        "RATEEST",
        "SECMARK",
        "SET",
        "TCPMSS",
        "TCPOPTSTRIP",
        "TEE",
        "TOS",
        "TRACE",
        "TTL",
        "ULOG",
    }
)

#: A policy, or a rule, that drops or rejects.
_REFUSING = re.compile(
    r"^(?::(\S+) (?:{0})\b|-A (\S+) .*-j (?:{0})\b)".format(
        "|".join(name for name, action in _ACTIONS.items() if action in REFUSALS)
    ),
    re.MULTILINE,
)

_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}

#: ICMPv6's by nft's names; iptables prints numbers.
_ICMP_TYPES = {
    "133": "nd-router-solicit",
    "134": "nd-router-advert",
    "135": "nd-neighbor-solicit",
    "136": "nd-neighbor-advert",
}

#: Matches of which a packet needs no more than its protocol, which stands before them; the others ask by their names.
_WHOLE_PROTOCOLS = frozenset({"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "esp", "mh"})

#: Matches of IPv6's headers, which a packet has to have, whatever else is asked of them.
_HEADERS = frozenset({"ah", "dst", "frag", "hbh", "rt"})

#: Options whose values are somebody's own words, which may look like options.
_FREE_TEXTS = frozenset({"--comment", "--hashlimit-name", "--hex-string", "--name", "--path", "--string"})

#: Options that ask nothing, or what another one beside them asks.
_WITHOUT_A_TEST = frozenset({"--comment", "--loose", "--validmark", "--accept-local", "--return-nomatch"})


@lru_cache(maxsize=8)
def tables(listing: str, version: int) -> tuple[Table, ...]:
    """The tables of a listing of a version of IP."""
    found: list[Table] = []
    table, policies, rules = "", dict[str, str](), dict[str, list[Rule]]()
    chains = frozenset[str]()
    for line in listing.splitlines():
        if line.startswith("*"):
            table, policies, rules, chains = line[1:].strip(), {}, {}, frozenset()
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            policies[name] = policy
            chains = frozenset()
        elif line.startswith("-A "):
            # iptables-save lists all chains of a table before its rules.
            chains = chains or frozenset(policies)
            chain, rule = _rule(line, version, chains)
            rules.setdefault(chain, []).append(rule)
        elif line.startswith("COMMIT") and table in _PRIORITIES:
            found.append(
                Table(
                    family="ip6tables" if version == 6 else "iptables",
                    name=table,
                    chains={
                        name: _chain(table, name, policy, rules.get(name, ())) for name, policy in policies.items()
                    },
                )
            )
    return tuple(found)


def refusing_chains(listing: str) -> frozenset[str]:
    """The chains with rules, or policies, that drop or reject packets. More may be named, as no rule is read."""
    return frozenset(policy or rule for policy, rule in _REFUSING.findall(listing))


@lru_cache(maxsize=8)
def names(listing: str) -> frozenset[str]:
    """The names of the tables that a listing has, also of nat."""
    return frozenset(line[1:].strip() for line in listing.splitlines() if line.startswith("*"))


def in_nftables(listing: str) -> bool:
    """Whether the kernel keeps them in nftables' tables: by the listing's own first line (1.8 and newer)."""
    return "(nf_tables)" in listing.partition("\n")[0]


def legacy_tables(listing: str | None, told: str | None) -> tuple[str, ...]:
    """Tables of iptables-legacy that a listing lacks, by the kernel's own list (`NAMES_IN_PROC`).

    The nftables variant of iptables-save lists none of them, and the legacy variant all. None means that no program
    listed.
    """
    listed = frozenset[str]() if listing is None or in_nftables(listing) else names(listing)
    return tuple(name for name in (told or "").split() if name not in listed)


def _chain(table: str, name: str, policy: str, rules: Sequence[Rule]) -> Chain:
    return Chain(
        name=name,
        rules=tuple(rules),
        # A user-defined chain has no policy, whatever its name is.
        hook=None if policy == "-" or table == "nat" else _HOOKS.get(name),
        priority=_PRIORITIES[table],
        policy=_ACTIONS.get(policy, Action.ACCEPT),
    )


# A listing after a change has the same lines but for a few: 500 networks have 5000 in all.
@lru_cache(maxsize=16384)
def _rule(line: str, version: int, chains: frozenset[str]) -> tuple[str, Rule]:
    """The chain and the rule of a line; one that cannot be read is one that cannot be judged."""
    text = " ".join(line.split(" ")[2:])
    try:
        _, chain, *words = shlex.split(line) if '"' in line else line.split()
        options = list(_options(words))
    except (ValueError, IndexError):
        return line[3:].partition(" ")[0], Rule((UNKNOWN,), Action.QUEUE, "", text)
    tests: list[Test] = []
    action: Action | None = None
    target = ""
    for place, (option, values, negated) in enumerate(options):
        if option in ("-j", "-g"):
            # What follows says how the target does it.
            action, target = _jump(option, values[0], chains)
            break
        if option == "-m":
            own = takewhile(lambda name: name.startswith("--"), (name for name, _, _ in options[place + 1 :]))
            tests += _of_match(values[0], frozenset(own))
        elif option not in _WITHOUT_A_TEST:
            tests.append(_test(option, values, version, negated=negated))
    return chain, Rule(tuple(tests), action, target, text)


def _of_match(name: str, options: Set[str]) -> Sequence[Test]:
    """The conditions of an extension's name alone; others are in its options."""
    if name in _HEADERS:
        return (UNUSUAL,)
    if name == "rpfilter" and "--invert" not in options:
        return (Test(Field.REVERSE_PATH, frozenset({"exists"})),)
    return () if options or name in _WHOLE_PROTOCOLS else (UNKNOWN,)


def _options(words: Sequence[str]) -> Iterator[tuple[str, Sequence[str], bool]]:
    """Each option with its values, and whether it is negated."""
    place = 0
    while place < len(words):
        negated = words[place] == "!"
        place += negated
        option = words[place]
        place += 1
        values: list[str] = []
        if option in _FREE_TEXTS:
            values.append(words[place])
            place += 1
        while place < len(words) and not _begins(words, place):
            values.append(words[place])
            place += 1
        # Old spellings have it behind the option.
        if values[:1] == ["!"] and option not in _FREE_TEXTS:
            values, negated = values[1:], True
        yield option, values or [""], negated


def _begins(words: Sequence[str], place: int) -> bool:
    """Whether an option begins there; a value that begins so is a free text, or a number."""
    word = words[place]
    if word == "!":
        return place + 1 < len(words) and words[place + 1].startswith("-")
    return word.startswith("--") or (len(word) == 2 and word[0] == "-" and word[1].isalpha())


def _jump(option: str, name: str, chains: Container[str]) -> tuple[Action | None, str]:
    if name in chains:
        return (Action.GOTO if option == "-g" else Action.JUMP), name
    # Of a target that is not known here it is not known either whether a packet goes on.
    return (None if name in _PASSED_OVER else _ACTIONS.get(name, Action.QUEUE)), ""


def _test(option: str, values: Sequence[str], version: int, *, negated: bool) -> Test:
    value = values[0]
    if option in ("-i", "-o"):
        looked_at = Field.INPUT_INTERFACE if option == "-i" else Field.OUTPUT_INTERFACE
        name = f"{value[:-1]}*" if value.endswith("+") else value
        return Test(looked_at, frozenset({name}), negated=negated)
    if option in ("-s", "-d"):
        return _addresses(Field.SOURCE if option == "-s" else Field.TARGET, value, version, negated=negated)
    if option == "-p":
        return _protocol(value, negated=negated)
    if option in ("--dport", "--dports", "--sport", "--sports"):
        looked_at = Field.TARGET_PORT if option.startswith("--d") else Field.SOURCE_PORT
        return _ports(looked_at, value, negated=negated)
    if option in ("--ctstate", "--state"):
        states = frozenset(
            {"DNAT": "status dnat", "SNAT": "status snat"}.get(one, one.lower()) for one in value.split(",")
        )
        return Test(Field.STATE, states, negated=negated)
    if option in ("--dst-type", "--src-type"):
        looked_at = Field.TARGET_TYPE if option == "--dst-type" else Field.SOURCE_TYPE
        return Test(looked_at, frozenset(value.lower().split(",")), negated=negated)
    if option == "--pkt-type":
        kinds = {"unicast": ("unicast", "local")}.get(value, (value,))
        return Test(Field.TARGET_TYPE, frozenset(kinds), negated=negated)
    if option in ("--icmp-type", "--icmpv6-type"):
        return Test(Field.ICMP_TYPE, frozenset({_ICMP_TYPES.get(value, value)}), negated=negated)
    if option in ("--hl-eq", "--ttl-eq"):
        return _ports(Field.HOP_LIMIT, value, negated=negated)
    if option == "-f":
        return UNUSUAL._replace(negated=negated)
    if option == "--physdev-is-bridged":
        return Test(Field.BRIDGED, frozenset({"yes"}), negated=negated)
    if option.startswith("--rt-"):
        return UNUSUAL
    if option == "--invert":  # of rpfilter
        return Test(Field.REVERSE_PATH, frozenset({"missing"}))
    if option == "--match-set":
        looked_at = Field.SOURCE_SET if values[-1].startswith("src") else Field.TARGET_SET
        return Test(looked_at, frozenset({value}), negated=negated)
    if option == "--tcp-flags":
        return tcp_flags(_flags(value), _flags(values[-1]), negated=negated)
    return UNKNOWN


def _flags(value: str) -> frozenset[str]:
    every = "fin,syn,rst,psh,ack,urg"
    return frozenset({"ALL": every, "NONE": ""}.get(value, value.lower()).split(",")) - {""}


def _protocol(value: str, *, negated: bool) -> Test:
    if value in ("all", "0"):
        return Test(Field.VERSION, frozenset({"4", "6"}), negated=negated)
    return Test(Field.PROTOCOL, frozenset({_PROTOCOLS.get(value, value)}), negated=negated)


def _addresses(looked_at: Field, value: str, version: int, *, negated: bool) -> Test:
    try:
        subnets = [ipaddress.ip_network(one, strict=False) for one in value.split(",")]
    except ValueError:
        return UNKNOWN  # a mask that isn't a prefix
    ranges = tuple((int(one.network_address), int(one.broadcast_address)) for one in subnets)
    return Test(looked_at, ranges=ranges, version=version, negated=negated)


def _ports(looked_at: Field, value: str, *, negated: bool) -> Test:
    ranges: list[Range] = []
    for one in value.split(","):
        low, _, high = one.partition(":")
        if not (low or "0").isdigit() or not (high or "0").isdigit():
            return UNKNOWN
        ranges.append((int(low or 0), int(high or (65535 if ":" in one else low))))
    return Test(looked_at, ranges=tuple(ranges), negated=negated)


#: The files that name the tables of iptables-legacy in use, by version of IP; only root reads them.
NAMES_IN_PROC: Mapping[int, str] = {4: "/proc/net/ip_tables_names", 6: "/proc/net/ip6_tables_names"}

#: By which a listing of each program is known.
VERSIONS: Mapping[str, int] = {"iptables-save": 4, "ip6tables-save": 6}
