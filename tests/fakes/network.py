"""Networks in memory, as tests of planning look at them."""

from collections.abc import Mapping

from virtnet.network.observed import ObservedNetwork
from virtnet.network.resource import NETWORK
from virtnet.planning.clients import Clients


def observe_there(
    clients: Clients, desired: Mapping[str, object] | None, recorded: Mapping[str, object]
) -> ObservedNetwork:
    """What is observed of a network that is there."""
    seen = NETWORK.observe(clients, desired, recorded)
    assert isinstance(seen, ObservedNetwork)
    return seen
