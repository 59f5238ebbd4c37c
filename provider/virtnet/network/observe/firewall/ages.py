"""How old the listings may be in which a network's firewall rules are looked for.

What is missing in a listing of some seconds ago, or drops packets there, may have changed since, so it is looked for
once more before it is said.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtnet.network.observe.reads import SECONDS_RULES_STAND

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallReader


def ages_of_listings(host: "FirewallReader", since: float) -> Iterator[float]:
    """How many seconds old they may be: for a first look, and for one that says whether it is so.

    The second look's are no older than what is known of the network, which was read at `since` (of time.monotonic()).
    So networks that are read together share them.
    """
    yield max(host.seconds_a_listing_stands(SECONDS_RULES_STAND), time.monotonic() - since)
    yield time.monotonic() - since
