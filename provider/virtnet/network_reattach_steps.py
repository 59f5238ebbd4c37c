"""The steps by which what is plugged into a network outlives its restart. Pure."""

from collections.abc import Sequence

from virtnet.network_park_steps import MakePark, ParkGuests, PlugGuestsIn, RemovePark
from virtnet.network_reattach import describe_plugged_in, subnets_change
from virtnet.observed import ObservedNetwork, PluggedIn
from virtnet.plan import Step
from virtnet.spec import Tree


def park_steps(target: Tree, live: Tree, observed: ObservedNetwork) -> list[Step]:
    """Before the stop: what is plugged in moves to the park."""
    report = observed.report
    if report is None or not observed.users:
        return []
    steps: list[Step] = []
    if observed.park:
        steps += _plug_in(report.uuid, observed.parked)
    names = describe_plugged_in(observed.users)
    bounce = subnets_change(target, live)
    return [*steps, MakePark(uuid=report.uuid, bounce=bounce), ParkGuests(uuid=report.uuid, names=names, bounce=bounce)]


def plug_in_steps(uuid: str, observed: ObservedNetwork, *, restarts: bool) -> list[Step]:
    """After the start: what is on the park moves back, that of a restart which was cut short too."""
    users = (*(observed.plugged_in if restarts else ()), *observed.parked)
    return _plug_in(uuid, users) if users or observed.park else []


def _plug_in(uuid: str, users: Sequence[PluggedIn]) -> list[Step]:
    return [PlugGuestsIn(uuid=uuid, names=describe_plugged_in(users) or "nothing"), RemovePark(uuid=uuid)]
