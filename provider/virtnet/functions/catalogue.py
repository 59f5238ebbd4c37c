"""The list of the functions: what each takes and gives, and what answers it."""

from collections.abc import Callable
from dataclasses import dataclass

from virtnet.functions import answers
from virtnet.functions.answers import Asked
from virtnet.functions.spec import (
    Forwards,
    FreeSubnet,
    Guests,
    HostFacts,
    Leases,
    NetworkFacts,
    Networks,
    OfForwards,
    OfFreeSubnet,
    OfHost,
    OfNetwork,
)
from virtnet.spec.part import Part, Values


@dataclass(frozen=True)
class Function:
    """A function: its name, what it takes and gives, and what answers it."""

    name: str
    takes: type[Part]
    gives: type[Part]
    answer: Callable[[Asked, str, Values], dict[str, object]]
    always: frozenset[str] = frozenset()
    """Results that are always there, though their part is a resource's inputs too, where a program may omit them."""

    @property
    def summary(self) -> str:
        """What it answers, in a sentence for the schema: the first of `answer`'s docstring."""
        return (self.answer.__doc__ or "").partition("\n")[0]


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "getNetwork",
        OfNetwork,
        NetworkFacts,
        answers.get_network,
        always=frozenset({"uri", "uuid", "active", "autostart", "mac"}),
    ),
    Function("getNetworks", OfHost, Networks, answers.get_networks),
    Function("getLeases", OfNetwork, Leases, answers.get_leases),
    Function("getGuests", OfNetwork, Guests, answers.get_guests),
    Function("getHost", OfHost, HostFacts, answers.get_host),
    Function("getForwards", OfForwards, Forwards, answers.get_forwards),
    Function("getFreeSubnet", OfFreeSubnet, FreeSubnet, answers.get_free_subnet),
)
"""The functions, in the order of the schema."""
