"""What this run makes of a forward's network, and so of the forward: foretold of its record, and of its host. Pure."""

from collections.abc import Iterator

from virtnet.network.plan.announced import is_known, once_there
from virtnet.network.tree import network_tree
from virtnet.planning.announcements import Announced
from virtnet.planning.findings import Problem, problem_details
from virtnet.port_forward.check import TARGETS
from virtnet.port_forward.kinds import ProblemKind
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.target import named_reservation, reservation_in, side_of
from virtnet.spec.part import Values, as_list


def foretold(desired: Values, recorded: Values, announced: Announced) -> Values:
    """The record with what will be otherwise than it says, which an update of the forward then follows.

    Where the program changes the target itself, that is a change anyway.
    """
    if not recorded or any(desired.get(name) != recorded.get(name) for name in ("network", *TARGETS)):
        return recorded
    found = [problem_details(one) for one in _problems(desired, recorded, announced)]
    return {**recorded, "problems": [*as_list(recorded.get("problems") or []), *found]} if found else recorded


def _problems(desired: Values, recorded: Values, announced: Announced) -> Iterator[Problem]:
    names = {"network": str(desired["network"]), "name": named_reservation(desired)}
    if not is_known(announced):
        yield Problem(ProblemKind.TARGET_UNKNOWN, names)
        return
    before, after = network_tree(announced.recorded), network_tree(announced.desired)
    target = str(recorded.get("target") or "")
    moved = target
    if names["name"]:
        now = reservation_in(desired, after)
        if now is None and reservation_in(desired, before) is not None:
            yield Problem(ProblemKind.TARGET_GOES, names)
            return
        if now is not None and now.address != target:
            moved = now.address
            yield Problem(ProblemKind.TARGET_MOVES, {**names, "before": target, "after": moved})
    if target and "ips" in before and side_of(target, before) != side_of(moved, after):
        yield Problem(ProblemKind.NETWORK_CHANGES, {"network": names["network"]})


def as_observed(observed: PortForwardReport, announced: Announced) -> PortForwardReport:
    """What will be observed once the network is as this run makes it."""
    return observed._replace(
        network=once_there(observed.network, announced),
        comes=observed.network is None,
        in_doubt=not is_known(announced),
    )
