"""The rules of port forwards as text for nft. Pure.

The table has a common part, which is the same on each host, and of each forward a chain with its rules and the places
in maps that lead there. What is listened on is a key of a map whose keys may not overlap, so the kernel itself refuses
a second owner of a port.

Each text is one transaction, and may be loaded again over what it made. Connections that are open do not meet these
rules: the kernel translates them as it did when they were opened.
"""

from collections.abc import Iterable

from virtnet.port_forward.forward import Forward, PortRange, is_canonical
from virtnet.port_forward.rules.names import (
    COMMENT,
    LINK_PREFIX,
    MARK,
    TABLE,
    TRANSLATES,
    chain_of,
    family_of,
    gateways_of,
    link_names,
    listeners_of,
)
from virtnet.port_forward.rules.table import (
    Gateway,
    Listener,
    RulesState,
    Table,
    gateway_of,
    listeners_of_forward,
    sources_of,
    state,
)

#: Begins the line of a forward's file that says which link the restore script creates: the names of both ends, the
#: bridge, the subnet and the host's address in it.
LINK_LINE = "# virtnet-link:"

_ANY = {4: "0.0.0.0/0", 6: "::/0"}

_T = f"inet {TABLE}"

_MARKED = f"ct mark & {MARK:#x} == {MARK:#x}"

_SET_MARK = f"meta mark set meta mark | {MARK:#x}"

#: Those of the common part, each before those that it leads to.
BASE_CHAINS = ("from_outside", "from_host", "forwards", "route_marks", "route_marks_of_host", "hairpin")

#: The common part. Loading it empties and fills its chains at once, so that also fixes it. Packets get their mark last:
#: firewalld, at 10, looks for the way back by the mark, and drops IPv6 that would not go back as it came.
COMMON = f"""\
add table {_T}
add map {_T} listeners4 {{ type ipv4_addr . inet_proto . inet_service : verdict; flags interval; }}
add map {_T} listeners6 {{ type ipv6_addr . inet_proto . inet_service : verdict; flags interval; }}
add map {_T} gateways4 {{ type ipv4_addr . ipv4_addr : ipv4_addr; flags interval; }}
add map {_T} gateways6 {{ type ipv6_addr . ipv6_addr : ipv6_addr; flags interval; }}
add chain {_T} forwards
add chain {_T} from_outside {{ type nat hook prerouting priority {TRANSLATES}; policy accept; }}
add chain {_T} from_host {{ type nat hook output priority {TRANSLATES}; policy accept; }}
add chain {_T} route_marks {{ type filter hook prerouting priority 300; policy accept; }}
add chain {_T} route_marks_of_host {{ type route hook output priority -95; policy accept; }}
add chain {_T} hairpin {{ type nat hook postrouting priority 95; policy accept; }}
flush chain {_T} from_outside
flush chain {_T} from_host
flush chain {_T} forwards
flush chain {_T} route_marks
flush chain {_T} route_marks_of_host
flush chain {_T} hairpin
add rule {_T} forwards ip daddr 127.0.0.0/8 return comment "{COMMENT}"
add rule {_T} forwards ip6 daddr {{ ::1, fe80::/10 }} return comment "{COMMENT}"
add rule {_T} forwards ip daddr . meta l4proto . th dport vmap @listeners4 comment "{COMMENT}"
add rule {_T} forwards ip6 daddr . meta l4proto . th dport vmap @listeners6 comment "{COMMENT}"
add rule {_T} from_outside fib daddr type local jump forwards comment "{COMMENT}"
add rule {_T} from_host fib daddr type local jump forwards comment "{COMMENT}"
add rule {_T} route_marks {_MARKED} ct direction original ct status dnat {_SET_MARK} comment "{COMMENT}"
add rule {_T} route_marks {_MARKED} ct direction reply ct status snat {_SET_MARK} comment "{COMMENT}"
add rule {_T} route_marks_of_host {_MARKED} ct direction original ct status dnat {_SET_MARK} comment "{COMMENT}"
add rule {_T} hairpin oifname "{LINK_PREFIX}*" snat ip to ip saddr . ip daddr map @gateways4 comment "{COMMENT}"
add rule {_T} hairpin oifname "{LINK_PREFIX}*" snat ip6 to ip6 saddr . ip6 daddr map @gateways6 comment "{COMMENT}"
"""


def body(forward: Forward) -> str:
    """The rules of one forward, on top of the common part: loaded at boot, and again to fix them.

    Raises ValueError for a forward that is not canonical.
    """
    if not is_canonical(forward):
        raise ValueError(forward)
    chain, network, version = chain_of(forward.id), forward.network, forward.version
    link, port = link_names(network.uuid)
    elements = [_listener(one) for one in listeners_of_forward(forward)]
    return "\n".join(
        [
            f"{LINK_LINE} {link} {port} {network.bridge} {network.subnet} {network.gateway}",
            f"add chain {_T} {chain}",
            f"flush chain {_T} {chain}",
            *(f"add rule {_T} {chain} {_rule(forward, ports)}" for ports in forward.ports),
            f"add element {_T} {gateways_of(version)} {{ {_gateway(gateway_of(forward))} }}",
            f"add element {_T} {listeners_of(version)} {{ {', '.join(elements)} }}",
            "",
        ]
    )


def change(after: Forward | None, forward_id: str, there: Table) -> str:
    """The transaction that gives one forward its rules, or takes them; "" if all is as wanted.

    `there` is the table as it was listed. What it has of other forwards stays as it is; without any, the last one's
    removal removes the table. Raises ValueError as `body` does.
    """
    if after is None:
        return _removal(forward_id, there)
    repair = "" if there.common_intact else _repair(there)
    if not repair and state(after, there) is RulesState.INTACT:
        return ""
    stale, superseded = _stale(after, there)
    return "".join([repair, *_without_listeners(stale), *_without_gateways(superseded), body(after)])


def only_adds(after: Forward, there: Table) -> bool:
    """Whether `change` has something to load, and all of it adds to the table, or says again what is in it.

    Such a transaction does no harm where others changed the table since it was listed: it loads whole, or fails.
    """
    if there.common_intact and state(after, there) is RulesState.INTACT:
        return False
    common_goes = not there.common_intact and not there.chains.isdisjoint(BASE_CHAINS)
    return not common_goes and not any(_stale(after, there))


def _stale(after: Forward, there: Table) -> tuple[list[Listener], list[Gateway]]:
    """What to remove for one forward: listeners that it no longer has, and gateways that nobody needs."""
    wanted, gateway = set(listeners_of_forward(after)), gateway_of(after)
    return (
        [one for one in there.listeners if one.id == after.id and one not in wanted],
        [
            one
            for one in there.gateways
            if one != gateway and (one.overlaps(gateway) or not there.leads_into(one, but=after.id))
        ],
    )


def _removal(forward_id: str, there: Table) -> str:
    if not there.present:
        return ""
    if there.ids <= {forward_id} and not there.foreign:
        return f"delete table {_T}\n"
    if forward_id not in there.ids:
        return ""
    mine = [one for one in there.listeners if one.id == forward_id]
    unused = [one for one in there.gateways if not there.leads_into(one, but=forward_id)]
    lines = [*_without_listeners(mine), *_without_gateways(unused)]
    if chain_of(forward_id) in there.chains:
        lines += [f"flush chain {_T} {chain_of(forward_id)}\n", f"delete chain {_T} {chain_of(forward_id)}\n"]
    return "".join(lines)


def _repair(there: Table) -> str:
    """The common part, recreated. Chains of the wrong kind can't be changed; those that lead to others go first."""
    there_of_it = [chain for chain in BASE_CHAINS if chain in there.chains]
    return "".join(
        [
            *(f"flush chain {_T} {chain}\n" for chain in there_of_it),
            *(f"delete chain {_T} {chain}\n" for chain in there_of_it),
            COMMON,
        ]
    )


def _without_listeners(them: Iterable[Listener]) -> list[str]:
    return [f"delete element {_T} {listeners_of(one.version)} {{ {_listener_key(one)} }}\n" for one in them]


def _without_gateways(them: Iterable[Gateway]) -> list[str]:
    return [f"delete element {_T} {gateways_of(one.version)} {{ {one.subnet} . {one.subnet} }}\n" for one in them]


def _gateway(one: Gateway) -> str:
    return f"{one.subnet} . {one.subnet} : {one.address}"


def _listener(one: Listener) -> str:
    return f"{_listener_key(one)} : jump {chain_of(one.id)}"


def _listener_key(one: Listener) -> str:
    return f"{one.address or _ANY[one.version]} . {one.protocol} . {_ports(one.first, one.last)}"


def _ports(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _rule(forward: Forward, ports: PortRange) -> str:
    family = family_of(forward.version)
    sources = sources_of(forward.sources)
    return " ".join(
        [
            *([f"{family} saddr {{ {', '.join(map(str, sources))} }}"] if sources else []),
            f"{ports.protocol} dport {_ports(ports.listen, ports.last)}",
            f"ct mark set ct mark | {MARK:#x}",
            f"dnat {family} to {_destination(forward, ports)}",
            f'comment "{COMMENT} {forward.id}"',
        ]
    )


def _destination(forward: Forward, ports: PortRange) -> str:
    target = f"[{forward.target}]" if forward.version == 6 else forward.target
    if ports.listen == ports.last:
        return f"{target}:{ports.target}"
    if ports.listen == ports.target:
        return forward.target
    # nft has no word for a range that is moved as a whole (1.1), so each port is named.
    pairs = ", ".join(f"{port} : {port - ports.listen + ports.target}" for port in range(ports.listen, ports.last + 1))
    return f"{target} : {ports.protocol} dport map {{ {pairs} }}"
