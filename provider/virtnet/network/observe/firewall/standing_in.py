"""Whether the host's firewall lets a holding network stand in for the gateway of a network that restarts.

The holding network has no rules of libvirt's, because those name the network's own bridge. So packets through the host
pass where nothing else drops them: not behind Docker's or ufw's policy, which libvirt's rules come before.
"""

from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.firewall.verdicts import Fate
from virtnet.network.observe.firewall.paths import Path, paths
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall
from virtnet.network.observe.reads import SECONDS_RULES_STAND
from virtnet.network.observed import StandInObstacle
from virtnet.network.xml.holding import GUARDED_MODES, as_held

if TYPE_CHECKING:
    from virtnet.network.xml.definition import Definition
    from virtnet.planning.clients.host import HostReader

#: Those that lead through the host.
_THROUGH = (Path.OUTSIDE, Path.INSIDE)


def stand_in_obstacle(host: "HostReader", live: "Definition", uuid: str) -> StandInObstacle | None:
    """Why the host's firewall doesn't let the network's holding network stand in for its gateway; None if it does."""
    try:
        if live.mode in GUARDED_MODES and host.firewall_rules("nft-json", seconds_old=SECONDS_RULES_STAND) is None:
            return StandInObstacle.NO_NFTABLES
        rules = whole_firewall(host, seconds_old=SECONDS_RULES_STAND)
    except (HostFailure, AccessDenied):
        return StandInObstacle.NO_NFTABLES
    found = paths(as_held(live, uuid), rules, surroundings(host))
    passes = all(one.fate is Fate.ACCEPTED for one in found if one.path in _THROUGH)
    return None if passes else StandInObstacle.FIREWALL
