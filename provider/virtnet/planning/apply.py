"""The only place where steps run: all of a plan's, or, when one fails, as if none had."""

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
    """Carry out a plan's steps in order; take all of them back, last first, when one fails.

    `subject` and `messages` are for what is reported; sentences are imported when there is something to say. Raises
    Refused before the first effect when the plan holds refusals, and ApplyFailed after a failed step, whose sentence
    says whether everything was taken back. `progress` gets a line before each step, and fails the step by raising a
    VirtnetError. Any other exception (a KeyboardInterrupt, say) also takes the steps back before it goes on. Who
    watches the process hears of each step by the audit events virtnet.step.begin and virtnet.step.end, with the step;
    what is taken back is none.
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
    """Execute a step, and tell Python's audit hooks when it begins and ends (PEP 578), which costs nothing without."""
    sys.audit("virtnet.step.begin", step)
    try:
        step.execute(clients)
    finally:
        sys.audit("virtnet.step.end", step)


def _take_back(begun: Sequence[Step], clients: Clients) -> list[Left]:
    """Undo steps, last first; the failures. One that fails does not keep the others from trying.

    Only a host that cannot be reached any more is not asked again.
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
