"""How much one observation of a network has to look at: decided before it, by what is desired and recorded. Pure."""

from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from virtnet.network.observed import Named
from virtnet.planning.findings import Problem
from virtnet.spec.part import Values


class Start(Enum):
    """Whether the network may have to be started, so that the whole host is worth a look."""

    NEVER = "never"
    IF_AMISS = "if amiss"
    """Where it does not run, or something is wrong with it."""
    PLANNED = "planned"


class Scope(NamedTuple):
    """What an observation is for. `diff.needs` makes it."""

    uuid: str = ""
    """That the network is known by; "" if it is looked for by name."""
    name: str = ""
    start: Start = Start.NEVER
    deletes: bool = False
    disconnects: bool = False
    """Whether a delete may cut off what is plugged in."""
    checks_firewall: bool = False
    """Whether its rules are looked for: not right after it was made or changed, when they are as new as it is."""
    attachments: bool = False
    """Whether what is attached is looked for. A refresh only tells of guests that are detached."""
    updates: bool = False
    """Whether it is for an update, which may have libvirt rebuild the network's rules."""
    seeks_rules_left: bool = False
    """Whether rules that libvirt left are looked for where nothing else asks for that."""
    recorded: Values = MappingProxyType({})
    """By what the state knows its network: the token, the owner and its URN; empty where there is no record."""
    bridges: frozenset[str] = frozenset()
    """The names of the bridges that it is to be on, or was."""
    own_bridge: str = ""
    """The name of the bridge that libvirt is to make for it; "" if it makes none, or that isn't known."""
    subnets: frozenset[str] = frozenset()
    """Those of its own addresses that it is to have."""
    of_rules: tuple[Problem, ...] = ()
    """The recorded problems of its firewall rules, which stay where nobody can look."""
    ip_versions: frozenset[int] | None = None
    """The versions of IP of a network with a bridge of its own, all of which is known; None if it is another."""
    named: Named = Named()
    """What is looked for on the host."""
    prefetches: bool = False
    """Whether it is worth asking the host before it is this network's turn."""
