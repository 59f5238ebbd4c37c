"""What the script of restore prints: what forwards need beside their rules, and is not as wanted. Pure."""

import enum
from typing import NamedTuple


class NeedKind(enum.Enum):
    """What a forward needs; the values are the script's words."""

    LINK = "link"
    """virtnet's link to a network is missing, or no forward needs it; by its name, like all that follow."""
    PORT = "port"
    """What goes into it is not handed to the network's bridge."""
    SETTING = "setting"
    """A kernel parameter or a flag of it is another."""
    ROUTE = "route"
    """A route over it is missing, or too many; by its subnet."""
    RULE = "rule"
    """What leads packets with the mark to these routes, by the version of IP: "ipv4"."""
    ACCEPT = "accept"
    """FORWARD of iptables lacks what lets the packets pass, by the program that would add it."""


class Need(NamedTuple):
    """One thing that is not as wanted."""

    kind: NeedKind
    name: str


def parse(printed: str) -> tuple[Need, ...]:
    """The needs that are not met, each once. Raises ValueError for a line that the script does not print."""
    found: dict[Need, None] = {}
    for line in printed.splitlines():
        word, _, name = line.partition(" ")
        found[Need(NeedKind(word), name)] = None
    return tuple(found)
