"""Problems of a forward, compared with its record: how they are found, fixed, and kept in a state. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from virtnet.planning.findings import Problem, Refusal, recorded_problem
from virtnet.planning.plan import ChangeClass
from virtnet.port_forward.forward import Forward
from virtnet.port_forward.kinds import Missing, ProblemKind
from virtnet.port_forward.observed import PortForwardReport, restore_missing
from virtnet.port_forward.plan.blocked import as_details, blocked
from virtnet.port_forward.plan.owners import Held, held_by_record, taken_from
from virtnet.port_forward.restore.files import path_of
from virtnet.port_forward.rules.table import RulesState, state
from virtnet.port_forward.target import Target, Unresolved, forward_of, resolve
from virtnet.spec.part import Values, as_list

#: What is foretold of what this run does, and what is found once it is done.
FORETOLD: Mapping[object, ProblemKind] = {
    ProblemKind.NETWORK_CHANGES: ProblemKind.NETWORK_CHANGED,
    ProblemKind.NETWORK_GOES: ProblemKind.NETWORK_MISSING,
    ProblemKind.TARGET_GOES: ProblemKind.RESERVATION_MISSING,
    ProblemKind.TARGET_MOVES: ProblemKind.TARGET_MOVED,
}

_MENDED_BY: Mapping[object, ChangeClass | None] = {
    ProblemKind.ADDRESS_MISSING: None,
    ProblemKind.BLOCKED: None,
    ProblemKind.NETWORK_UNFIT: None,
    ProblemKind.OWNER_CHANGED: ChangeClass.RECORDED,
    ProblemKind.TARGET_UNKNOWN: None,
}


def mended_by(problem: Problem) -> ChangeClass | None:
    """The class of the change that fixes it; None if no update does."""
    return _MENDED_BY.get(problem.kind, ChangeClass.LIVE)


def by_record(recorded: Values) -> list[Problem]:
    """The problems of a record, and what is foretold of it."""
    return [problem_of(one) for one in as_list(recorded.get("problems") or ())]


def with_foretold(found: Iterable[Problem], recorded: Values) -> list[Problem]:
    """The problems found, as they were foretold, so that a reviewer sees one change."""
    told = [one for one in by_record(recorded) if one.kind in FORETOLD]
    covered = {FORETOLD[one.kind] for one in told}
    return [*(one for one in found if one.kind not in covered), *told]


def problem_of(recorded: object) -> Problem:
    """A problem as a state has it."""
    return recorded_problem(recorded, ProblemKind.UNKNOWN)


def problems(inputs: Values, recorded: Values, observed: PortForwardReport) -> Iterator[Problem]:
    """Everything that differs from the record. `inputs` are the recorded ones."""
    held, target = held_by_record(recorded, observed), resolve(inputs, observed.network)
    expected = forward_of(inputs, target, held.id) if isinstance(target, Target) else None
    if (taken := taken_from(held, expected, observed)) is not None:
        yield Problem(ProblemKind.TAKEN_OVER, {"owner": taken.mark.owner_shown})
        return
    yield from _of_target(inputs, recorded, target)
    listens = inputs.get("listen_address")
    if isinstance(listens, str) and listens not in observed.addresses:
        yield Problem(ProblemKind.ADDRESS_MISSING, {"address": listens})
    if expected is not None and (place := blocked(expected, observed)):
        yield Problem(ProblemKind.BLOCKED, as_details(place))
    yield from _of_record(held, expected)
    yield from _of_rules(held, expected, observed)
    if missing := list(restore_missing(observed.restore, observed.service)):
        yield Problem(ProblemKind.RESTORE_MISSING, {"paths": missing})
    if observed.links:
        found = [{"kind": one.kind.value, "name": one.name} for one in observed.links]
        yield Problem(ProblemKind.LINKS_MISSING, {"missing": found})


def _of_target(inputs: Values, recorded: Values, target: Target | Unresolved | Refusal) -> Iterator[Problem]:
    if isinstance(target, Unresolved):
        details = {"network": target.network, "name": target.name}
        kinds = {Missing.NETWORK: ProblemKind.NETWORK_MISSING, Missing.RESERVATION: ProblemKind.RESERVATION_MISSING}
        yield Problem(kinds[target.what], details)
    elif isinstance(target, Refusal):
        yield Problem(ProblemKind.NETWORK_UNFIT, {"network": str(inputs["network"])})
    elif target.address != recorded.get("target"):
        yield Problem(ProblemKind.TARGET_MOVED, {"before": str(recorded.get("target")), "after": target.address})


def _of_record(held: Held, expected: Forward | None) -> Iterator[Problem]:
    """Compares its file with the record. A guest that moved shows in the target."""
    there = held.own
    if there is None:
        yield Problem(ProblemKind.RECORD_MISSING, {"path": path_of(held.id)})
    elif there.edited or (expected is not None and _meant(there.forward) != _meant(expected)):
        yield Problem(ProblemKind.RECORD_ALTERED, {"path": path_of(held.id)})
    elif expected is not None and not _on_same_network(there.forward, expected):
        yield Problem(ProblemKind.NETWORK_CHANGED, {"network": expected.network.name})


def _on_same_network(recorded: Forward, expected: Forward) -> bool:
    """Whether the network is as it was. A guest that moved to another of its subnets shows in the target."""
    moved = recorded.target != expected.target
    subnet = {"subnet": expected.network.subnet, "gateway": expected.network.gateway} if moved else {}
    return recorded.network._replace(**subnet) == expected.network


def _of_rules(held: Held, expected: Forward | None, observed: PortForwardReport) -> Iterator[Problem]:
    """Compares the rules with the file that they are loaded from."""
    meant = expected if held.own is None else held.own.forward
    found = RulesState.MISSING if meant is None else state(meant, observed.table)
    if found is RulesState.INTACT and not observed.table.common_intact:
        found = RulesState.ALTERED
    if found is RulesState.MISSING:
        yield Problem(ProblemKind.RULES_MISSING)
    elif found is RulesState.ALTERED:
        yield Problem(ProblemKind.RULES_ALTERED)


def _meant(forward: Forward) -> tuple[object, ...]:
    """The part that the program sets, which doesn't depend on the guest and network found for it."""
    return forward.listen_address, forward.ports, forward.sources
