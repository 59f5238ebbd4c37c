"""Which program owns a place in a firewall, so that messages say who drops packets and how to accept them. Pure."""

from enum import Enum

from virtnet.host.firewall.ruleset import Ruleset, Table
from virtnet.host.firewall.verdicts import Place


class Program(Enum):
    """Who writes rules."""

    LIBVIRT = "libvirt"
    DOCKER = "docker"
    UFW = "ufw"
    FIREWALLD = "firewalld"
    IPTABLES = "iptables"
    """Nobody known, by iptables."""
    NFTABLES = "nftables"
    """Nobody known, in a table of nftables."""


#: By which a table of iptables is known as one that a program fills; of two, the first has set the policies.
_CHAINS = (
    (Program.UFW, ("ufw-user-forward", "ufw6-user-forward")),
    (Program.FIREWALLD, ("FORWARD_IN_ZONES", "FORWARD_POLICIES_PRE")),
    (Program.DOCKER, ("DOCKER-USER",)),
)

_PREFIXES = (
    (Program.LIBVIRT, ("LIBVIRT_",)),
    (Program.UFW, ("ufw-", "ufw6-")),
    (Program.DOCKER, ("DOCKER",)),
)

_TABLES = {"libvirt_network": Program.LIBVIRT, "firewalld": Program.FIREWALLD}


def is_libvirts_chain(name: str) -> bool:
    """Whether libvirt writes the rules of a chain of iptables."""
    return name.startswith(dict(_PREFIXES)[Program.LIBVIRT])


def is_libvirts_table(name: str) -> bool:
    """Whether libvirt writes the rules of a table of nftables."""
    return _TABLES.get(name) is Program.LIBVIRT


def program_of(place: Place, ruleset: Ruleset) -> Program:
    """Who has a place: by its chain's name, its table's, and what else is in that."""
    if place.table in _TABLES:
        return _TABLES[place.table]
    if place.family not in ("iptables", "ip6tables"):
        return Program.NFTABLES
    for program, prefixes in _PREFIXES:
        if place.chain.startswith(prefixes):
            return program
    table = ruleset.table(place.family, place.table)
    # A rule in the kernel's own chain belongs to no program, no matter which programs run.
    if table is not None and (not place.rule or _fills_by_rules(table)):
        for program, chains in _CHAINS:
            if any(chain in table.chains for chain in chains):
                return program
    return Program.IPTABLES


def _fills_by_rules(table: Table) -> bool:
    """Whether firewalld writes there, which ends the kernel's own chains by rules and not by policies."""
    return any(chain in table.chains for chain in dict(_CHAINS)[Program.FIREWALLD])


def has_firewalld(ruleset: Ruleset) -> bool:
    """Whether firewalld's rules are there."""
    of_iptables = any(_fills_by_rules(table) for table in ruleset.tables)
    return of_iptables or any(table.name == "firewalld" for table in ruleset.tables)
