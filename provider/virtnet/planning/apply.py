"""The only module that runs steps: all steps of a plan, or if one fails, none in effect."""

import sys
from collections.abc import Callable, Sequence

from virtnet.errors import AccessDenied, ApplyFailed, Left, Refused, Unreachable, VirtnetError
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Messages, Subject
from virtnet.planning.plan import Plan, Step


def apply(
    plan: Plan,
    clients: Clients,
    subject: Subject,
    progress: Callable[[str], None] | None = None,
    *,
    messages: Callable[[], Messages],
) -> None:
    """Run a plan's steps in order; if one fails, roll all of them back, last first.

    `subject` and `messages` are for reports; sentences are imported only if there is something to report. Raises
    Refused before the first effect if the plan has refusals. Raises ApplyFailed after a failed step; its sentence says
    whether everything was rolled back. `progress` gets a line before each step. If it raises a VirtnetError, the step
    fails. Any other exception (for example a KeyboardInterrupt) also rolls the steps back, and then propagates. Each
    step raises the audit events virtnet.step.begin and virtnet.step.end with the step as argument; a rollback raises
    none.
    """
    if plan.refusals:
        from virtnet.planning.messages import refused

        raise Refused(refused(subject, plan.refusals, messages()))
    begun: list[Step] = []
    if progress is not None:
        from virtnet.planning.messages import progress as before_step
    try:
        for step in plan.steps:
            begun.append(step)
            if progress is not None:
                progress(before_step(subject, step.describe(), messages()))
            _execute(step, clients)
    except VirtnetError as error:
        left = tuple(_take_back(begun, clients))
        from virtnet.planning.messages import failed

        raise ApplyFailed(failed(subject, begun, error, left, messages()), left) from error
    except BaseException:
        _take_back(begun, clients)
        raise


def _execute(step: Step, clients: Clients) -> None:
    """Execute a step, between two audit events (PEP 578). Without an audit hook, these cost nothing."""
    sys.audit("virtnet.step.begin", step)
    try:
        step.execute(clients)
    finally:
        sys.audit("virtnet.step.end", step)


def _take_back(begun: Sequence[Step], clients: Clients) -> list[Left]:
    """Undo steps, last first, and return the failures. After a failure, the others are still undone.

    If the host can't be reached any more, nothing else is tried.
    """
    left: list[Left] = []
    lost = False
    for step in reversed(begun):
        undo = step.undo()
        if undo is None:
            continue
        summary = undo.describe()
        if lost:
            left.append(Left(summary.kind, summary.details, None))
            continue
        try:
            undo.execute(clients)
        except VirtnetError as error:
            left.append(Left(summary.kind, summary.details, error))
            lost = isinstance(error, Unreachable) and not isinstance(error, AccessDenied)
    return left
