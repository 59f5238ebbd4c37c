"""What this run makes of a forward's network, and so of the forward: foretold of its record, and of its host. Pure."""

from collections.abc import Iterator

from virtnet.network.observed import ReportedNetwork
from virtnet.network.plan.announced import before_and_after, is_known, once_there
from virtnet.network.tree import ROUTED_MODES, mode_of, network_tree
from virtnet.network.versions import FORWARDS_NOTHING_FOR_OPEN
from virtnet.planning.announcements import Announced
from virtnet.planning.findings import Problem, problem_details
from virtnet.port_forward.check import TARGETS
from virtnet.port_forward.kinds import ProblemKind
from virtnet.port_forward.observed import APART, RESERVED, PortForwardReport, is_same_network
from virtnet.port_forward.target import Side, named_reservation, reservation_in, side_of
from virtnet.spec.part import Values, as_list


def foretold(desired: Values, recorded: Values, announced: Announced) -> Values:
    """The record with what will differ from it, so that an update of the forward follows.

    If the program itself changes the target, that is a change anyway.
    """
    retargeted = any(desired.get(name) != recorded.get(name) for name in TARGETS)
    if not recorded or retargeted or not is_same_network(desired, recorded):
        return recorded
    if announced.stands:
        recorded = {**recorded, **_reserved_in(desired, announced)}
    wrong = (_left_behind if announced.stands else _problems)(desired, recorded, announced)
    found = [problem_details(one) for one in wrong]
    return {**recorded, "problems": [*as_list(recorded.get("problems") or []), *found]} if found else recorded


def _reserved_in(desired: Values, announced: Announced) -> dict[str, str]:
    """The address that the network's program reserves for the guest; empty if the program doesn't name reservations."""
    network = network_tree(announced.desired)
    now = reservation_in(desired, network) if named_reservation(desired) else None
    # Reservations that the program doesn't name stay as they are on the host.
    all_named = "ips" in network and all("hosts" in item.get("dhcp", {}) for item in network["ips"])
    if now is None and not (named_reservation(desired) and all_named):
        return {}
    return {RESERVED: "" if now is None else now.address}


def _problems(desired: Values, recorded: Values, announced: Announced) -> Iterator[Problem]:
    called = announced.desired.get("name")
    network = called if isinstance(called, str) else str(desired["network"])
    names = {"network": network, "name": named_reservation(desired)}
    if not is_known(announced):
        yield Problem(ProblemKind.TARGET_UNKNOWN, names)
        return
    if not _is_called(str(desired["network"]), announced):
        yield Problem(ProblemKind.NETWORK_GOES, {"network": str(desired["network"]), "after": network})
        return
    before, after = before_and_after(announced)
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
    # If the guest moves to a subnet that stays as it is, the move is the only problem.
    if target and "ips" in before and _differ(side_of(moved, before) or side_of(target, before), side_of(moved, after)):
        yield Problem(ProblemKind.NETWORK_CHANGES, {"network": names["network"]})


def _is_called(name: str, announced: Announced) -> bool:
    """Whether a network still has a name, or a UUID, after this run."""
    if name in (announced.desired.get("name"), announced.desired.get("uuid")):
        return True
    by_uuid = name != announced.recorded.get("name")
    return by_uuid and not announced.is_replaced


def moved(inputs: Values, announced: Announced) -> Values:
    """The same inputs with the name that the network gets."""
    called = announced.desired.get("name")
    return {**inputs, "network": called} if isinstance(called, str) else inputs


def _differ(before: Side | None, after: Side | None) -> bool:
    """Whether two sides differ. A bridge that is not known is the same."""
    if before is None or after is None:
        return before is not after
    bridges_known = bool(before.bridge and after.bridge)
    return before != (after if bridges_known else after._replace(bridge=before.bridge))


def _left_behind(desired: Values, recorded: Values, announced: Announced) -> Iterator[Problem]:
    """Where a forward does not lead as its network stands: its own update failed, say, or was left out of a run."""
    after, name, target = network_tree(announced.desired), named_reservation(desired), str(recorded.get("target") or "")
    network = str(announced.desired.get("name") or desired["network"])
    as_found = announced.desired.get("adopt") and "forward" not in after
    if not as_found and mode_of(after) not in ROUTED_MODES:
        yield Problem(ProblemKind.NETWORK_UNFIT, {"network": network})
    elif RESERVED in recorded and recorded[RESERVED] not in (target, recorded.get(APART)):
        if recorded[RESERVED]:
            yield Problem(ProblemKind.TARGET_MOVED, {"before": target, "after": str(recorded[RESERVED])})
        else:
            yield Problem(ProblemKind.RESERVATION_MISSING, {"network": network, "name": name})


def as_observed(observed: PortForwardReport, announced: Announced) -> PortForwardReport:
    """What will be observed once the network is as this run makes it."""
    found, after = observed.network, announced.desired.get("name")
    if is_known(announced) and not _is_called(observed.called, announced):
        return observed._replace(network=None, renamed=str(after))
    network = once_there(found, announced)
    starts = (
        network is not None
        and _is_routed(network)
        and (found is None or not _is_routed(found))
        and not (network.running.mode == "open" and observed.libvirt_version >= FORWARDS_NOTHING_FOR_OPEN)
    )
    return observed._replace(
        network=network,
        comes=found is None,
        starts=starts,
        in_doubt=not is_known(announced),
    )


def _is_routed(network: ReportedNetwork) -> bool:
    return network.active and network.running.mode in ROUTED_MODES
