"""How what others drop of a network's packets reads, and the commands that let them pass. Pure.

A command is of the program that has the place, so that what it changes stays with that: ufw keeps its rules, firewalld a
zone. Rules that nobody known has written are named with their place, and what stands before them there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from shlex import quote
from typing import Final, NamedTuple

from virtnet.host.firewall.programs import Program
from virtnet.host.firewall.ruleset import Hook
from virtnet.network.observe.firewall.paths import Path
from virtnet.planning.findings import Advice
from virtnet.planning.messages import listed

Dropped = Mapping[str, str]
"""One way, as a problem's details have it."""

_ANSWERS: Final = "-m conntrack --ctstate RELATED,ESTABLISHED"

#: What a host serves, by its port.
_PORTS: Final = {Path.DNS: 53, Path.DHCP: 67, Path.DHCPV6: 547, Path.TFTP: 69}

_PACKETS: Final[Mapping[Path, str]] = {
    Path.OUTSIDE: "packets from guests to the outside",
    Path.INSIDE: "packets from the outside to guests",
    Path.BETWEEN: "packets between guests",
    Path.DNS: "guests' DNS",
    Path.DHCP: "guests' DHCP",
    Path.DHCPV6: "guests' DHCPv6",
    Path.TFTP: "guests' TFTP",
}

_WHOSE: Final[Mapping[Program, str]] = {
    Program.DOCKER: "Docker",
    Program.UFW: "ufw",
    Program.FIREWALLD: "firewalld",
    Program.IPTABLES: "an iptables rule that isn't libvirt's",
    Program.NFTABLES: "an nftables table that isn't libvirt's",
    Program.LIBVIRT: "libvirt",
}


_OF_LIBVIRT: Final = "To have libvirt accept them, choose another forward.mode"


def packets_dropped(*, bridge: str, zone: str, dropped: Sequence[Dropped]) -> Advice:
    """What is wrong, and the commands that let it pass."""
    by_program: dict[Program, list[Dropped]] = {}
    for one in dropped:
        by_program.setdefault(Program(one["program"]), []).append(one)
    reasons = [f"{_WHOSE[program]} drops {_told(ways)}" for program, ways in by_program.items()]
    commands = [one for program, ways in by_program.items() for one in allowing(program, bridge, zone, ways)]
    fixes = [f"To accept them: {'; '.join(commands)}"] if commands else []
    # libvirt writes its rules by the definition, and rewrites what is changed in them.
    fixes += [_OF_LIBVIRT] if Program.LIBVIRT in by_program else []
    return Advice("; ".join(reasons), ". ".join(fixes))


def _told(ways: Sequence[Dropped]) -> str:
    by_place: dict[str, list[str]] = {}
    for one in ways:
        by_place.setdefault(place(one), []).append(packets(one))
    return ", and ".join(f"{listed(dict.fromkeys(those))} ({where})" for where, those in by_place.items())


def packets(way: Mapping[str, str]) -> str:
    """What goes a way."""
    path = Path(way["path"])
    return f"{_PACKETS[path]} by IPv6" if way["version"] == "6" and path is not Path.DHCPV6 else _PACKETS[path]


def place(one: Mapping[str, str]) -> str:
    """Where packets are dropped."""
    of = {"iptables": "iptables' table", "ip6tables": "ip6tables' table"}.get(one["family"], f"table {one['family']}")
    by = f'"{one["rule"]}" in' if one["rule"] else f"policy {one['action']} of"
    return f"{by} chain {one['chain']} of {of} {one['table']}"


def allowing(program: Program, bridge: str, zone: str, ways: Sequence[Dropped]) -> list[str]:
    """The commands that let what is dropped pass, each once; of libvirt there are none."""
    if program is Program.LIBVIRT:
        return []
    found = [command for one in ways for command in _COMMANDS[program](_Asked.of(one, bridge, zone))]
    # What lets all pass that goes there lets answers pass, too.
    whole = {command for command in found if _ANSWERS not in command}
    return [one for one in dict.fromkeys(found) if one in whole or one.replace(f" {_ANSWERS}", "") not in whole]


class _Asked(NamedTuple):
    """For what a command is asked."""

    path: Path
    hook: Hook | None
    """Of the base chain, where its name tells, as that of iptables does."""
    bridge: str
    zone: str
    way: Dropped

    @classmethod
    def of(cls, way: Dropped, bridge: str, zone: str) -> "_Asked":
        hook = next((hook for hook in Hook if hook.name == way["base"]), None)
        return cls(Path(way["path"]), hook, bridge, zone, way)

    @property
    def iptables(self) -> str:
        return "ip6tables" if self.way["version"] == "6" else "iptables"


def _of_docker(asked: _Asked) -> Iterator[str]:
    def insert(what: str) -> str:
        return f"{asked.iptables} -I DOCKER-USER {what} -j ACCEPT"

    if asked.path is Path.BETWEEN:
        yield insert(f"-i {asked.bridge} -o {asked.bridge}")
        return
    yield insert(f"-i {asked.bridge}")
    yield insert(f"-o {asked.bridge}" if asked.path is Path.INSIDE else f"-o {asked.bridge} {_ANSWERS}")


def _of_ufw(asked: _Asked) -> Iterator[str]:
    if asked.path in _PORTS and asked.hook is Hook.OUTPUT:
        yield f"ufw allow out on {asked.bridge}"
    elif asked.path in _PORTS:
        protocol = "" if asked.path is Path.DNS else " proto udp"
        yield f"ufw allow in on {asked.bridge} to any port {_PORTS[asked.path]}{protocol}"
    elif asked.path is Path.BETWEEN:
        yield f"ufw route allow in on {asked.bridge} out on {asked.bridge}"
    else:
        yield f"ufw route allow {'out' if asked.path is Path.INSIDE else 'in'} on {asked.bridge}"


def _of_firewalld(asked: _Asked) -> Iterator[str]:
    yield f"firewall-cmd --zone={asked.zone} --change-interface={asked.bridge}"


def _of_iptables(asked: _Asked) -> Iterator[str]:
    table = "" if asked.way["table"] == "filter" else f"-t {asked.way['table']} "
    for what in _both_ways(asked, inwards="-i", outwards="-o", answers=_ANSWERS, port="-p udp --dport {}"):
        yield f"{asked.iptables} {table}-I {asked.way['base']} {what} -j ACCEPT"


def _of_nftables(asked: _Asked) -> Iterator[str]:
    where = quote_all(asked.way["family"], asked.way["table"], asked.way["base"])
    ways = _both_ways(
        asked, inwards="iifname", outwards="oifname", answers="ct state related,established", port="udp dport {}"
    )
    for what in ways:
        yield f"nft insert rule {where} {what} accept"


def quote_all(*words: str) -> str:
    """Words of a shell's command."""
    return " ".join(map(quote, words))


def _both_ways(asked: _Asked, *, inwards: str, outwards: str, answers: str, port: str) -> Iterator[str]:
    """What is let pass at a base chain: as little as the way needs."""
    comes, goes = f"{inwards} {asked.bridge}", f"{outwards} {asked.bridge}"
    if asked.path in _PORTS:
        # The answer goes out again, where that is what is dropped.
        yield goes if asked.hook in (Hook.OUTPUT, Hook.POSTROUTING) else f"{comes} {port.format(_PORTS[asked.path])}"
    elif asked.path is Path.BETWEEN:
        yield f"{comes} {goes}"
    else:
        yield comes
        yield goes if asked.path is Path.INSIDE else f"{goes} {answers}"


_COMMANDS: Final[Mapping[Program, Callable[[_Asked], Iterator[str]]]] = {
    Program.DOCKER: _of_docker,
    Program.UFW: _of_ufw,
    Program.FIREWALLD: _of_firewalld,
    Program.IPTABLES: _of_iptables,
    Program.NFTABLES: _of_nftables,
}
